"""Units of a tracked SKU that left of no named lot, and were not there: what is said of the lots explains them. Pure.

Such units stand as a discrepancy of the row without a lot. They were of some lot: where a site finds fewer of a lot
than was thought, these are they; where it has stated every lot that lies there, nothing of them is open any more.
"""

from collections.abc import Collection, Iterable, Mapping

from ..formulas.model import NO_LOT
from ..stock.book import Balance


def is_unnamed(balance: Balance, tracked: Collection[int]) -> bool:
    """Whether a row carries units of a tracked SKU that are missing of no lot."""
    row = balance.row
    return row.sku_id in tracked and row.lot == NO_LOT and balance.discrepancy > 0


def explain_unnamed(
    unnamed: Iterable[Balance], balances: Iterable[Balance], deltas: Mapping[int, int], moved: Mapping[int, int]
) -> None:
    """Lower what is missing of no lot by what a snapshot says of lots.

    `deltas`: by how much each row that is stated changed; `moved`: what happened to the rows without a lot since its
    instant, which it cannot explain.
    """
    rows = list(balances)
    for one in unnamed:
        row = one.row
        lots = [
            other
            for other in rows
            if other.row.lot
            and (other.row.sku_id, other.row.status, other.row.owner) == (row.sku_id, row.status, row.owner)
        ]
        stated = [other for other in lots if other.row.stock_id in deltas]
        if not stated:
            continue
        open_then = max(0, one.discrepancy + min(0, moved.get(row.stock_id, 0)))
        is_whole = all(other.row.stock_id in deltas for other in lots if other.row.quantity)
        fewer = sum(max(0, -deltas[other.row.stock_id]) for other in stated)
        one.discrepancy -= open_then if is_whole else min(open_then, fewer)
