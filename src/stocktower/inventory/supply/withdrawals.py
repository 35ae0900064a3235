"""Takes stock out of sale: units of a row change their status. What a recall holds is taken the same way.

What is free goes first, then what is allocated and not released gives way, lowest priority first. Units of released
requests stay where they are: their site has them in hand. Whoever may lose units is locked before the SKUs
(`load_holders_of_rows`).
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from stocktower.network import load_network
from stocktower.platform import Transaction

from ..formulas.model import Cut, StockRow
from ..formulas.rules import owner_at
from ..stock import store
from ..stock.book import Balance, Book, Cause
from ..stock.discrepancies import settle_discrepancies
from ..stock.events import STATUS_CHANGE, stock_events, supply_event
from .cuts import Cutter, MayCut
from .service import change_demands, open_book, write_book

HELD, OPEN = "held", "open"
"""States of a lot."""


class Withdraw(Struct, frozen=True):
    """Units of a stock row that get another status, and why."""

    stock_id: int
    to_status: str
    why: str
    """A word that the move keeps: expired, quarantine, ..."""
    units: int | None = None
    """None: all that is there."""
    reference_id: int = 0


class Withdrawn(Struct, frozen=True):
    """What became of it."""

    moved: tuple[tuple[int, int, int], ...] = ()
    """(stock_id, stock_id of the row that has the units now, units)"""
    stuck: tuple[tuple[int, int], ...] = ()
    """(stock_id, units) that are allocated and could not be taken back."""
    cuts: tuple[Cut, ...] = ()


class UnknownLot(LookupError):
    """No lot of the SKU has this code."""


def load_holders_of_rows(tx: Transaction, stock_ids: Sequence[int]) -> list[int]:
    """The orders and holds that have units of some rows, ascending."""
    return store.load_allocated_orders(tx, stock_ids) if stock_ids else []


def find_row(tx: Transaction, sku_id: int, site_id: int, status: str, owner: str, lot: str) -> StockRow | None:
    """The row of a SKU at a site; no owner: who owns what lies there. None where there is none."""
    who = owner or owner_at(load_network(tx).sites[site_id])
    wanted = (status, who, lot)
    return next(
        (row for row in store.load_rows(tx, [sku_id], site_id) if (row.status, row.owner, row.lot) == wanted), None
    )


def withdraw(tx: Transaction, items: Sequence[Withdraw], *, may_cut: MayCut) -> Withdrawn:
    """Give units another status, at their site, of their owner and lot; each row at most once. Raises StockMoved."""
    wanted = {one.stock_id: one for one in items}
    if len(wanted) != len(items):
        raise ValueError("a stock row is named twice: add its units up")
    if not wanted:
        return Withdrawn()
    skus = {row.sku_id for row in store.load_rows_by_id(tx, sorted(wanted))}
    book, locked = lock_with_holders(tx, skus, sorted(wanted))
    units = {
        stock_id: min(
            book.balances[stock_id].quantity if one.units is None else one.units, book.balances[stock_id].quantity
        )
        for stock_id, one in wanted.items()
    }
    cutter = Cutter(tx, book, locked)
    lacking = [(stock_id, count - book.balances[stock_id].free) for stock_id, count in sorted(units.items())]
    cuts = cutter.cut([(stock_id, count) for stock_id, count in lacking if count > 0], may_cut)
    targets = _targets(tx, book, wanted.values())
    moved: list[tuple[int, int, int]] = []
    stuck: list[tuple[int, int]] = []
    for stock_id, one in sorted(wanted.items()):
        balance, target = book.balances[stock_id], targets[stock_id]
        part = min(units[stock_id], balance.free)
        if part and target is not balance:
            book.notes.carried[stock_id, one.why, one.reference_id] = target.row.stock_id
            book.move(stock_id, -part, Cause(STATUS_CHANGE, one.to_status, one.why, one.reference_id, tx.now))
            book.move(
                target.row.stock_id, part, Cause(STATUS_CHANGE, balance.row.status, one.why, one.reference_id, tx.now)
            )
            moved.append((stock_id, target.row.stock_id, part))
        if units[stock_id] > part:
            stuck.append((stock_id, units[stock_id] - part))
    write_withdrawn(tx, book, cutter)
    return Withdrawn(tuple(moved), tuple(stuck), tuple(cuts))


def lock_with_holders(tx: Transaction, sku_ids: set[int], stock_ids: Sequence[int]) -> tuple[Book, set[int]]:
    """Lock SKUs and those that are components of the same lines, and read their rows."""
    holders = load_holders_of_rows(tx, stock_ids)
    locked = sku_ids | {one.sku_id for one in (store.load_demands(tx, holders) if holders else ())}
    store.lock_items(tx, sorted(locked))
    return open_book(tx, store.load_rows(tx, sorted(locked))), locked


def _targets(tx: Transaction, book: Book, items: Iterable[Withdraw]) -> dict[int, Balance]:
    """The row that takes the units of each item, new where there is none."""
    by_place = {_place(one.row, one.row.status): one for one in book.balances.values()}
    found: dict[int, Balance] = {}
    for one in items:
        row = book.balances[one.stock_id].row
        place = _place(row, one.to_status)
        if place not in by_place:
            fresh = StockRow(tx.new_id(), row.sku_id, row.site_id, one.to_status, row.owner, row.lot, 0, 0, 0, 0, None)
            by_place[place] = book.open(fresh)
        found[one.stock_id] = by_place[place]
    return found


def _place(row: StockRow, status: str) -> tuple[int, int, str, str, str]:
    return row.sku_id, row.site_id, status, row.owner, row.lot


def write_withdrawn(tx: Transaction, book: Book, cutter: Cutter) -> None:
    """Write what was withdrawn, and tell it."""
    network = load_network(tx)
    write_book(tx, book)
    change_demands(tx, cutter.changed)
    tx.emit_all(stock_events(book, network))
    tx.emit_all(supply_event([one.sku_id for one in cutter.changed], tx.now))
    settle_discrepancies(tx, book, network)
