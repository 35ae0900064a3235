"""A serial number stands for one piece, and the piece is in one place: what would make it two is refused. Pure."""

from collections.abc import Collection, Iterable, Mapping

from ..formulas.model import StockRow
from .lots import LotKey


def find_second(
    added: Mapping[LotKey, int], there: Iterable[tuple[StockRow, int]], serials: Collection[int]
) -> tuple[LotKey, StockRow | None] | None:
    """The first serial number of which there would be more than one piece, and the row that has one already (None:
    it would come twice at once). `added`: by how much each changes; `there`: rows with what they hold now.
    """
    of_serials = {key: units for key, units in added.items() if key[0] in serials and units > 0}
    if not of_serials:
        return None
    held: dict[LotKey, list[tuple[StockRow, int]]] = {}
    for row, quantity in there:
        if quantity > 0:
            held.setdefault((row.sku_id, row.lot), []).append((row, quantity))
    for key, units in sorted(of_serials.items()):
        known = held.get(key, [])
        if sum(quantity for _, quantity in known) + units > 1:
            return key, known[0][0] if known else None
    return None


def say_second(key: LotKey, row: StockRow | None, sites: Mapping[int, str]) -> str:
    """Why that cannot be, as `field: words; fix`; `sites`: code by id."""
    if row is None:
        return f"lot: serial number {key[1]} stands for one piece; state each piece with its own"
    return (
        f"lot: serial number {key[1]} lies at {sites[row.site_id]} ({row.status}) already; take it out there, or "
        "transfer it"
    )
