"""Decides what a shipment does to stock rows, reservations and demand. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from ..bins.rules import FETCHED
from ..formulas.model import (
    AVAILABLE,
    NO_LOT,
    Allocation,
    Consume,
    ConsumeResult,
    Demand,
    Grant,
    Left,
    Shortfall,
    StockRow,
)
from ..stock.book import Balance, Book, Cause
from ..stock.events import COUNT, DISCREPANCY, SHIPPED

Key = tuple[int, int, int]
"""(order_id, line_no, sku_id)"""
Place = tuple[int, int, str]
"""(sku_id, site_id, lot)"""
MayHave = Callable[[Demand, StockRow], bool]
"""Whether a demand may have units of a row: its channel sells goods of that owner, and of that age."""
SWAPPED = "swapped"


class Shipment:
    """Takes shipped units out of a book: what the line has at the site, then what is free there, then what is found.

    A site may name the lot that it sent. Where the line has another one, it changes its reservation for that lot: with
    what is free of it, then with who has it and is locked, so that nobody loses units; evidence is in the ledger.

    A shipment that happened before its row was last counted, of units that were allocated before the count, is in that
    count already: what the site really has stays as it is, so that it makes no difference which of the two came first.
    Of the same instant, what was recorded first happened first.
    """

    def __init__(
        self,
        book: Book,
        demands: Mapping[Key, Demand],
        allocations: Iterable[Allocation],
        may_have: MayHave = lambda demand, row: True,
        fetched: Mapping[tuple[int, int], int] | None = None,
    ) -> None:
        """`allocations` are those of the demands, the lot that expires first before the others where it counts.

        `fetched`: (fulfillment_id, stock_id) -> units that were picked out of bins for it before.
        """
        self.book = book
        self._fetched = dict(fetched or {})
        self._may_have = may_have
        self._left: list[Left] = []
        self.demands: dict[Key, Demand] = dict(demands)
        self._taken: defaultdict[Key, list[Allocation]] = defaultdict(list)
        for one in allocations:
            self._taken[one.order_id, one.line_no, one.sku_id].append(one)
        self._rows: defaultdict[tuple[int, int], list[Balance]] = defaultdict(list)
        for balance in reversed(book.balances.values()):
            self._known(balance)
        self._of_lot: defaultdict[Place, list[Balance]] = defaultdict(list)
        for balance in book.balances.values():
            self._of_lot[_place(balance.row)].append(balance)
        self._elsewhere: list[Grant] = []
        self._excess: list[tuple[int, int, int, int]] = []

    def _known(self, balance: Balance) -> None:
        row = balance.row
        if row.sellable:
            self._rows[row.sku_id, row.site_id].insert(0, balance)
        elif row.status == AVAILABLE:
            self._rows[row.sku_id, row.site_id].append(balance)

    def places_without_row(self, items: Sequence[Consume]) -> list[Place]:
        """(sku_id, site_id, lot) that something left although no row is there."""
        unnamed = {(item.sku_id, item.site_id) for item in items if not item.lot} - self._rows.keys()
        named = {(item.sku_id, item.site_id, item.lot) for item in items if item.lot} - self._of_lot.keys()
        return sorted({*named, *((sku_id, site_id, NO_LOT) for sku_id, site_id in unnamed)})

    def open(self, row: StockRow) -> None:
        """Add an empty row."""
        balance = self.book.open(row)
        self._known(balance)
        self._of_lot[_place(row)].append(balance)

    def ship(self, item: Consume) -> None:
        """Enter one item."""
        key = (item.order_id, item.line_no, item.sku_id)
        cause = Cause(SHIPPED, "customer", "fulfillment", item.reference_id, item.occurred_at)
        row = self._row_of(item)
        if item.lot and not _counted_since(row, item):
            self._swap(key, item, row)
        left = item.quantity
        for place, allocation in enumerate(self._taken[key]):
            balance = self.book.balances[allocation.stock_id]
            if allocation.site_id == item.site_id and left and item.lot in (NO_LOT, balance.row.lot):
                part = min(left, allocation.quantity)
                if part:
                    self._ship_allocated(item, balance, allocation, part, cause)
                    self._taken[key][place] = replace(
                        allocation, quantity=allocation.quantity - part, seen=max(0, allocation.seen - part)
                    )
                    left -= part
        if left:
            self._ship_free(item, row, left, cause)
            self._settle(key, left)
        if item.quantity > left and key in self.demands:
            self._change(key, allocated=left - item.quantity, consumed=item.quantity - left)

    def _row_of(self, item: Consume) -> Balance:
        """The row that units come from which nobody has: of the named lot, what is sellable and most of it first."""
        if not item.lot:
            return self._rows[item.sku_id, item.site_id][0]
        rows = self._of_lot[item.sku_id, item.site_id, item.lot]
        return max(rows, key=lambda balance: (balance.row.sellable, balance.quantity))

    def _swap(self, key: Key, item: Consume, target: Balance) -> None:
        """Let a line have the lot that its site sent, in place of others that it has there."""
        needed = item.quantity - sum(
            one.quantity
            for one in self._taken[key]
            if one.site_id == item.site_id and self.book.balances[one.stock_id].row.lot == item.lot
        )
        for place, own in enumerate(list(self._taken[key])):
            lot = self.book.balances[own.stock_id].row.lot
            if needed > 0 and own.site_id == item.site_id and lot != item.lot and own.quantity:
                part = min(needed, own.quantity)
                got = self._swap_free(key, own, target, part)
                got += self._swap_with_others(key, own, target, part - got)
                self._taken[key][place] = replace(own, quantity=own.quantity - got, seen=max(0, own.seen - got))
                if got:
                    stock_id = target.row.stock_id
                    self._taken[key].append(Allocation(*key, stock_id, item.site_id, got))
                needed -= got

    def _swap_free(self, key: Key, own: Allocation, target: Balance, units: int) -> int:
        """What is free of a lot goes to the line, and as much of its own becomes free."""
        part = max(0, min(units, target.free))
        order_id, line_no, _ = key
        self.book.reserve(own.stock_id, order_id, line_no, -part, SWAPPED)
        self.book.reserve(target.row.stock_id, order_id, line_no, part, SWAPPED)
        return part

    def _swap_with_others(self, key: Key, own: Allocation, target: Balance, units: int) -> int:
        """Who has the lot gets as much of the line's own for it, where their channel may have that."""
        order_id, line_no, sku_id = key
        row, swapped = self.book.balances[own.stock_id].row, 0
        for other in [other for other in self._taken if other != key and other[2] == sku_id]:
            demand = self.demands.get(other)
            if demand is None or not self._may_have(demand, row):
                continue
            for place, theirs in enumerate(list(self._taken[other])):
                part = min(units - swapped, theirs.quantity) if theirs.stock_id == target.row.stock_id else 0
                if part:
                    self.book.reserve(own.stock_id, order_id, line_no, -part, SWAPPED)
                    self.book.reserve(target.row.stock_id, other[0], other[1], -part, SWAPPED)
                    self.book.reserve(own.stock_id, other[0], other[1], part, SWAPPED)
                    self.book.reserve(target.row.stock_id, order_id, line_no, part, SWAPPED)
                    self._taken[other][place] = replace(
                        theirs, quantity=theirs.quantity - part, seen=max(0, theirs.seen - part)
                    )
                    self._taken[other].append(Allocation(*other, own.stock_id, own.site_id, part))
                    swapped += part
        return swapped

    def _note(self, item: Consume, balance: Balance, units: int, cause: Cause) -> None:
        row = balance.row
        place = (item.reference_id, row.stock_id)
        fetched = min(units, self._fetched.get(place, 0))
        if fetched:
            self._fetched[place] -= fetched
            self.book.notes.name(row.stock_id, cause, FETCHED, fetched)
        if units > fetched:
            self.book.notes.name(row.stock_id, cause, item.bin, units - fetched)
        self._left.append(
            Left(item.order_id, item.line_no, item.sku_id, item.reference_id, row.stock_id, row.owner, row.lot, units)
        )

    def _ship_allocated(
        self, item: Consume, balance: Balance, allocation: Allocation, units: int, cause: Cause
    ) -> None:
        self.book.ship(balance.row.stock_id, item.order_id, item.line_no, units, cause)
        self._note(item, balance, units, cause)
        counted_at = balance.counted_at
        seen = min(units, allocation.seen)
        if counted_at is not None and item.occurred_at < counted_at and seen:
            covered = min(seen, balance.discrepancy)
            balance.discrepancy -= covered
            self.book.notes.note_gone(balance.row.stock_id, cause, seen)
            self.book.move(balance.row.stock_id, seen - covered, counted(item))

    def _ship_free(self, item: Consume, balance: Balance, units: int, cause: Cause) -> None:
        stock_id = balance.row.stock_id
        self._note(item, balance, units, cause)
        if _counted_since(balance, item):
            covered = min(units, balance.discrepancy, balance.free)
            balance.discrepancy -= covered
            self.book.notes.note_gone(stock_id, cause, units)
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
        return ConsumeResult(shortfalls, tuple(self._elsewhere), tuple(self._excess), tuple(self._left))


def _place(row: StockRow) -> Place:
    return row.sku_id, row.site_id, row.lot


def _counted_since(balance: Balance, item: Consume) -> bool:
    """Whether a count saw already that the units had left."""
    return balance.counted_at is not None and item.occurred_at < balance.counted_at


def counted(item: Consume) -> Cause:
    """A count that saw the shipment already explains its difference by it: the rest of it is taken back."""
    return Cause(COUNT, "count", "fulfillment", item.reference_id, item.occurred_at)
