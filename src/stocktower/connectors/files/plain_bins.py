"""What went from bin to bin inside a site, as plain CSV.

Columns: reference, sku, quantity and to are needed (and site); from (nothing: it was not put away), status, owner, lot,
unit, occurred_at. `to` left empty takes units out of bins. Rows of one reference and site are one document.
"""

from collections.abc import Sequence

from stocktower.exchange import BinMoveDocument, BinMoveLine

from .amounts import read_quantity
from .columns import Columns
from .model import Reading, Source, Unreadable
from .plain_goods import LOT, SKU, UNIT, GoodsSheet
from .text import Record

_LONGEST_BIN = 100


class PlainBinMoves(GoodsSheet):
    """What sites put away, and moved among their bins."""

    kind = "bin_move"

    def __init__(self, columns: Columns, source: Source, delimiter: str, digest: str) -> None:
        super().__init__(columns, source, delimiter, digest)
        find, need = columns.find, columns.need
        self.reference = need("reference", "number", "task", "task number", "document")
        self.sku, self.site = need(*SKU), self._need_site()
        self.quantity = need("quantity", "qty", "units")
        self.origin = find("from", "from bin", "from location", "source bin")
        self.destination = need("to", "to bin", "to location", "target bin", "bin")
        self.status, self.owner = find("status", "stock status"), find("owner", "owned by")
        self.lot, self.unit = find(*LOT), find(*UNIT)
        self.at = find("occurred_at", "date", "at", "moved at", "time")
        self._dates(self.at)

    def key_of(self, f: Sequence[str], line: int) -> str:
        """The reference at its site."""
        return f"{f[self.reference].strip()}\t{self._site(f)}" if f[self.reference].strip() else f"\0{line}"

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """One document; raises Unreadable."""
        self.line = rows[0].line
        reference = self._code(rows[0].fields[self.reference], "reference", "give the moves a number")
        site = self._code(self._site(rows[0].fields), "site", "give it the code of its site")
        document = BinMoveDocument(
            reference,
            site,
            tuple(self._line(row) for row in rows),
            self._at(self._one(rows, self.at, "occurred_at"), "occurred_at"),
        )
        return [Reading(self.kind, site, f"{site}/{reference}", document, len(rows), len(rows))]

    def _line(self, row: Record) -> BinMoveLine:
        self.line = row.line
        f = row.fields
        origin, destination = f[self.origin].strip(), f[self.destination].strip()
        if max(len(origin), len(destination)) > _LONGEST_BIN:
            raise Unreadable("to", "the bin is too long to be a code", "check the columns of the row")
        if origin == destination:
            raise Unreadable("to", "the row names no other bin to go to", "name the bin that the units lie in now")
        return BinMoveLine(
            sku=self._code(f[self.sku], "sku", "give it the SKU that was moved"),
            quantity=read_quantity(f[self.quantity], "quantity", least=1),
            origin=origin,
            destination=destination,
            status=f[self.status].strip().lower().replace(" ", "_") or "available",
            lot=f[self.lot].strip(),
            owner=f[self.owner].strip(),
            unit=f[self.unit].strip(),
            row=row.line,
        )
