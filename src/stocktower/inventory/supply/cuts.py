"""Takes back what is allocated of stock rows, lowest priority first: what is not there, or may not be sold any more."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

from msgspec.structs import replace

from stocktower.platform import Transaction

from ..formulas.model import ORDER, Allocation, Candidate, Cut, Demand
from ..stock import store
from ..stock.book import Book
from ..stock.counts import decide_cuts

MayCut = Callable[[Sequence[Candidate]], Collection[tuple[int, int]]]
"""Of the demands that have too much: the (order_id, line_no) that are not released and whose order is locked."""


class Cutter:
    """The demands on some rows of a book, while units are taken back from them.

    The SKUs of the book are locked, with those that are components of the same lines (`locked`).
    """

    def __init__(self, tx: Transaction, book: Book, locked: Collection[int]) -> None:
        self._tx = tx
        self._book = book
        self._locked = frozenset(locked)
        self._demands: dict[tuple[int, int, int], Demand] = {}
        self._changed: dict[tuple[int, int, int], Demand] = {}
        self._allocations: list[Allocation] = []

    @property
    def changed(self) -> list[Demand]:
        """The demands that have less now."""
        return list(self._changed.values())

    def cut(self, needed: Sequence[tuple[int, int]], may_cut: MayCut) -> list[Cut]:
        """Free so many units of each row, (stock_id, units), as far as they may be taken. Raises StockMoved.

        A line gives whole sold units, with each of its components at the site of the row; a hold gives before orders.
        """
        if not needed:
            return []
        candidates = self._candidates({stock_id for stock_id, _ in needed})
        orders = [one for one in candidates if one.kind == ORDER]
        allowed = set(may_cut(orders)) if orders else set[tuple[int, int]]()
        cuts: list[Cut] = []
        for stock_id, units in needed:
            # What a cut for an earlier row took of this one counts.
            left = units - sum(one.quantity - self._held(one) for one in candidates if one.stock_id == stock_id)
            of_row = [
                replace(one, quantity=self._held(one))
                for one in candidates
                if one.stock_id == stock_id and (one.kind != ORDER or (one.order_id, one.line_no) in allowed)
            ]
            for one, sold_units in decide_cuts(left, of_row):
                cuts.append(self._take_back(one, sold_units))
        return cuts

    def _candidates(self, stock_ids: set[int]) -> list[Candidate]:
        order_ids = store.load_allocated_orders(self._tx, sorted(stock_ids))
        demands = store.load_demands(self._tx, order_ids)
        if not {one.sku_id for one in demands} <= self._locked:
            raise store.StockMoved("another order took of the stock, before it was locked")
        self._demands = {(one.order_id, one.line_no, one.sku_id): one for one in demands}
        self._allocations = store.load_allocations(self._tx, order_ids)
        found: list[Candidate] = []
        for one in self._allocations:
            if one.stock_id in stock_ids:
                demand = self._demands[one.order_id, one.line_no, one.sku_id]
                found.append(
                    Candidate(
                        one.order_id,
                        one.line_no,
                        one.sku_id,
                        one.stock_id,
                        demand.kind,
                        demand.per_unit,
                        one.quantity,
                        demand.priority,
                        demand.placed_at,
                        one.site_id,
                    )
                )
        return found

    def _held(self, candidate: Candidate) -> int:
        """What a candidate has of its row now: a cut of another component may have taken some of it."""
        return sum(
            one.quantity
            for one in self._allocations
            if (one.order_id, one.line_no, one.stock_id) == (candidate.order_id, candidate.line_no, candidate.stock_id)
        )

    def _take_back(self, candidate: Candidate, sold_units: int) -> Cut:
        """Give back whole sold units of a line, with each of its components at the site."""
        key = (candidate.order_id, candidate.line_no)
        left = {
            sku_id: self._changed.get((*key, sku_id), demand).per_unit * sold_units
            for (order_id, line_no, sku_id), demand in self._demands.items()
            if (order_id, line_no) == key
        }
        taken: defaultdict[int, int] = defaultdict(int)
        # The row that lacks units gives first; a component may lie in several rows of the site.
        for place, one in sorted(enumerate(self._allocations), key=lambda item: item[1].stock_id != candidate.stock_id):
            here = (one.order_id, one.line_no) == key and one.site_id == candidate.site_id
            part = min(left[one.sku_id], one.quantity) if here else 0
            if part:
                self._book.reserve(one.stock_id, one.order_id, one.line_no, -part, "cut")
                self._allocations[place] = replace(one, quantity=one.quantity - part)
                left[one.sku_id] -= part
                taken[one.sku_id] += part
        for sku_id, units in taken.items():
            demand = self._changed.get((*key, sku_id), self._demands[*key, sku_id])
            if candidate.kind != ORDER:
                demand = replace(demand, allocated=demand.allocated - units, cancelled=demand.cancelled + units)
            else:
                demand = replace(demand, allocated=demand.allocated - units, short=demand.short + units)
            self._changed[*key, sku_id] = demand
        return Cut(*key, candidate.kind, candidate.site_id, sold_units, tuple(sorted(taken.items())))
