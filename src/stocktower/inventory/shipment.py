"""Decides what a shipment does to stock rows, reservations and demand. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from .book import Balance, Book, Cause
from .events import COUNT, DISCREPANCY, SHIPPED
from .model import Allocation, Consume, ConsumeResult, Demand, Grant, Shortfall, StockRow

Key = tuple[int, int, int]
"""(order_id, line_no, sku_id)"""


class Shipment:
    """Takes shipped units out of a book: what the line has at the site, then what is free there, then what is found.

    A shipment that happened before its row was last counted, of units that were allocated before the count, is in that
    count already: what the site really has stays as it is, so that it makes no difference which of the two came first.
    Of the same instant, what was recorded first happened first.
    """

    def __init__(self, book: Book, demands: Mapping[Key, Demand], allocations: Iterable[Allocation]) -> None:
        self.book = book
        self.demands: dict[Key, Demand] = dict(demands)
        self._taken: defaultdict[Key, list[Allocation]] = defaultdict(list)
        for one in allocations:
            self._taken[one.order_id, one.line_no, one.sku_id].append(one)
        self._rows: defaultdict[tuple[int, int], list[Balance]] = defaultdict(list)
        for balance in book.balances.values():
            self._known(balance)
        self._elsewhere: list[Grant] = []
        self._excess: list[tuple[int, int, int, int]] = []

    def _known(self, balance: Balance) -> None:
        if balance.row.sellable:
            self._rows[balance.row.sku_id, balance.row.site_id].append(balance)

    def places_without_row(self, items: Sequence[Consume]) -> list[tuple[int, int]]:
        """(sku_id, site_id) that something left although no row is there."""
        return sorted({(item.sku_id, item.site_id) for item in items} - self._rows.keys())

    def open(self, row: StockRow) -> None:
        """Add an empty row."""
        self._known(self.book.open(row))

    def ship(self, item: Consume) -> None:
        """Enter one item."""
        key = (item.order_id, item.line_no, item.sku_id)
        cause = Cause(SHIPPED, "customer", "fulfillment", item.reference_id, item.occurred_at)
        left = item.quantity
        for place, allocation in enumerate(self._taken[key]):
            if allocation.site_id == item.site_id and left:
                part = min(left, allocation.quantity)
                if part:
                    self._ship_allocated(item, self.book.balances[allocation.stock_id], allocation, part, cause)
                    self._taken[key][place] = replace(
                        allocation, quantity=allocation.quantity - part, seen=max(0, allocation.seen - part)
                    )
                    left -= part
        if left:
            self._ship_free(item, self._rows[item.sku_id, item.site_id][0], left, cause)
            self._settle(key, left)
        if item.quantity > left and key in self.demands:
            self._change(key, allocated=left - item.quantity, consumed=item.quantity - left)

    def _ship_allocated(
        self, item: Consume, balance: Balance, allocation: Allocation, units: int, cause: Cause
    ) -> None:
        self.book.ship(balance.row.stock_id, item.order_id, item.line_no, units, cause)
        counted_at = balance.counted_at
        seen = min(units, allocation.seen)
        if counted_at is not None and item.occurred_at < counted_at and seen:
            covered = min(seen, balance.discrepancy)
            balance.discrepancy -= covered
            self.book.move(balance.row.stock_id, seen - covered, counted(item))

    def _ship_free(self, item: Consume, balance: Balance, units: int, cause: Cause) -> None:
        stock_id = balance.row.stock_id
        if balance.counted_at is not None and item.occurred_at < balance.counted_at:
            covered = min(units, balance.discrepancy, balance.free)
            balance.discrepancy -= covered
            self.book.move(stock_id, units - covered, counted(item))
        elif units > balance.free:
            found = units - balance.free
            balance.discrepancy += found
            self.book.move(
                stock_id, found, Cause(DISCREPANCY, "unknown", "fulfillment", item.reference_id, item.occurred_at)
            )
        self.book.move(stock_id, -units, cause)

    def _settle(self, key: Key, units: int) -> None:
        """Units that were not allocated here: what they settle of the demand, other sites' allocations first."""
        demand = self.demands.get(key)
        if demand is None:
            self._excess.append((*key, units))
            return
        given = 0
        for place, allocation in enumerate(self._taken[key]):
            part = min(units - given, allocation.quantity)
            if part:
                order_id, line_no, sku_id = key
                self.book.reserve(allocation.stock_id, order_id, line_no, -part, "shipped_elsewhere")
                self._elsewhere.append(Grant(order_id, line_no, sku_id, allocation.stock_id, part))
                self._taken[key][place] = replace(allocation, quantity=allocation.quantity - part)
                given += part
        short = min(units - given, demand.short)
        cancelled = min(units - given - short, demand.cancelled)
        excess = units - given - short - cancelled
        self._change(key, allocated=-given, short=-short, cancelled=-cancelled, consumed=units - excess)
        if excess:
            self._excess.append((*key, excess))

    def _change(self, key: Key, *, allocated: int = 0, short: int = 0, cancelled: int = 0, consumed: int = 0) -> None:
        one = self.demands[key]
        self.demands[key] = replace(
            one,
            allocated=one.allocated + allocated,
            short=one.short + short,
            cancelled=one.cancelled + cancelled,
            consumed=one.consumed + consumed,
        )

    def result(self) -> ConsumeResult:
        """What happened beyond taking what was allocated."""
        shortfalls = tuple(
            Shortfall(balance.row.stock_id, balance.row.sku_id, balance.row.site_id, balance.discrepancy)
            for balance in self.book.balances.values()
            if balance.discrepancy > balance.row.discrepancy
        )
        return ConsumeResult(shortfalls, tuple(self._elsewhere), tuple(self._excess))


def counted(item: Consume) -> Cause:
    """A count that saw the shipment already explains its difference by it: the rest of it is taken back."""
    return Cause(COUNT, "count", "fulfillment", item.reference_id, item.occurred_at)
