"""What it means for bins that a site has picked units out of one, or has not found them there. Pure.

What is picked lies in a place of its own until it leaves. A bin that has less than was picked out of it had more than
anybody knew: as far as units were not put away, they were found there. What a site did not find in a bin is not put
away: nobody else is sent there for it. What happened before the bins were counted is in that count.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from ..bins.rules import FETCHED, NOT_PUT_AWAY, BinRow
from ..formulas.model import AVAILABLE, NO_LOT, Allocation, Fetch, StockRow
from ..stock.book import Cause, Lack, Shift
from ..stock.events import DISCREPANCY

FULFILLMENT = "fulfillment"
PICK, SHORT_PICK = "picked", "short_picked"


class Shelves:
    """What lies in the bins of rows while units are fetched for lines."""

    def __init__(
        self,
        rows: Sequence[StockRow],
        bins: Iterable[BinRow],
        counted: Mapping[int, datetime],
        allocations: Iterable[Allocation],
    ) -> None:
        """`counted`: to which instants the bins of rows are counted. `allocations`: those of the lines."""
        self._counted = counted
        self._rows: defaultdict[tuple[int, int], list[StockRow]] = defaultdict(list)
        self._there: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in rows:
            if row.status == AVAILABLE:
                self._rows[row.sku_id, row.site_id].append(row)
            self._there[row.stock_id][NOT_PUT_AWAY] = row.quantity - row.binned
        for one in bins:
            self._there[one.stock_id][one.bin] = one.quantity
        self._held: defaultdict[tuple[int, int, int], dict[int, int]] = defaultdict(dict)
        for one in allocations:
            self._held[one.order_id, one.line_no, one.sku_id][one.stock_id] = one.quantity
        self.shifts: list[Shift] = []
        self.lacking: list[Lack] = []

    def fetch(self, item: Fetch) -> None:
        """Enter one item: out of the rows that the line has at the site, then out of others of the SKU there."""
        rows = [row for row in self._rows[item.sku_id, item.site_id] if item.lot in (NO_LOT, row.lot)]
        held = self._held[item.order_id, item.line_no, item.sku_id]
        rows.sort(key=lambda row: (row.stock_id not in held, -self._there[row.stock_id][item.bin], row.stock_id))
        left = item.quantity
        for limited in (True, False):
            for row in rows:
                most = held.get(row.stock_id, 0) if limited else left
                part = min(left, most, self._there[row.stock_id][item.bin])
                if self._is_counted(row, item):
                    part = min(left, most, self._there[row.stock_id][NOT_PUT_AWAY]) if item.found else 0
                    self._shift(row, item, NOT_PUT_AWAY, FETCHED, part, PICK)
                else:
                    there = FETCHED if item.found else NOT_PUT_AWAY
                    self._shift(row, item, item.bin, there, part, PICK if item.found else SHORT_PICK)
                left -= part
        if left and item.found and rows and not self._is_counted(rows[0], item):
            self._find(rows[0], item, left)

    def _find(self, row: StockRow, item: Fetch, units: int) -> None:
        """Units were in a bin that nobody knew there: of what is not put away, as far as there is such."""
        there = self._there[row.stock_id]
        self.lacking.append(Lack(row.stock_id, item.bin, item.quantity, item.quantity - units))
        part = min(units, there[NOT_PUT_AWAY])
        self._shift(row, item, NOT_PUT_AWAY, item.bin, part, DISCREPANCY)
        self._shift(row, item, item.bin, FETCHED, part, PICK)

    def _is_counted(self, row: StockRow, item: Fetch) -> bool:
        """Whether a count of the bins saw already that the units were gone."""
        counted_at = self._counted.get(row.stock_id)
        return counted_at is not None and item.occurred_at < counted_at

    def _shift(self, row: StockRow, item: Fetch, origin: str, destination: str, units: int, reason: str) -> None:
        if not units or origin == destination:
            return
        there = self._there[row.stock_id]
        there[origin] -= units
        there[destination] += units
        cause = Cause(reason, destination, FULFILLMENT, item.reference_id, item.occurred_at)
        self.shifts.append(Shift(row.stock_id, origin, destination, units, cause))
