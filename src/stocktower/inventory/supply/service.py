"""Locks supply, records what was decided on it, and writes the rules of what is offered."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from stocktower.model import Configuration
from stocktower.network import load_network
from stocktower.platform import FEW, Answer, Transaction

from ..bins import store as bin_store
from ..bins.following import follow_bins
from ..channel_rules.rule_loading import ask_rules, offering_of
from ..channel_rules.usage import count_demands, counted_by
from ..coming.inbound_claims import trim_claims
from ..formulas.model import EXPIRED, Allocation, Demand, Grant, StockRow, Supply, SupplyRow, Waiting
from ..formulas.terms import Rules
from ..lots.lot_service import look_at_grown
from ..stock import store
from ..stock.book import Book, recorded_as
from ..stock.discrepancies import drop_missing, settle_discrepancies
from ..stock.events import status_changed, stock_events, supply_event
from .shortages import note_shortages, shortages_of

WAITING_AT_ONCE = 5_000


class NotLocked(Exception):
    """Stock of a SKU was to be changed whose lock the transaction does not have: a mistake of the caller."""


class UnknownDemand(LookupError):
    """Demand was to be changed that is not there: a mistake of the caller."""


def lock_supply(tx: Transaction, sku_ids: Iterable[int], *, giving: Iterable[int] = ()) -> Supply:
    """Lock SKUs in key order, and read what is free of them and who lays claim to it; once per transaction.

    `giving` names those of the SKUs that the batch may give units back of, so that who waits for them is known too.
    Demand and reservations of a SKU change only under its lock: read them after this, not before.
    """
    locked = sorted(set(sku_ids))
    given_back = frozenset(giving)
    if not locked:
        return Supply({}, {}, {}, given_back)
    there = store.ask_items(tx, locked)
    free_rows, claims, asked = _ask_supply(tx, locked, given_back)
    if there.get() != len(locked):
        # What was read of SKUs that nobody could lock before is read again under the lock.
        store.insert_items(tx, locked)
        free_rows, claims, asked = _ask_supply(tx, locked, given_back)
    rows: dict[int, list[SupplyRow]] = {}
    for row in free_rows.get():
        found = rows.get(row.sku_id)
        if found is None:
            rows[row.sku_id] = [row]
        else:
            found.append(row)
    waiting: dict[int, dict[int, int]] = {}
    for sku_id, channel_id, units in claims.get():
        waiting.setdefault(sku_id, {})[channel_id] = units
    rules = asked.get()
    offering = offering_of(tx, rules, locked)
    return Supply(
        rows,
        {sku_id: dict(one.asides) for sku_id, one in offering.items() if one.asides},
        waiting,
        given_back,
        frozenset(locked),
        {sku_id: one.bound for sku_id, one in offering.items() if one.bound.placed or one.bound.exclusive},
        frozenset((sku_id, channel_id) for sku_id, one in offering.items() for channel_id in one.quotas),
        offering,
        counted_by(rules, locked),
    )


def _ask_supply(
    tx: Transaction, locked: Sequence[int], given_back: frozenset[int]
) -> tuple[Answer[list[SupplyRow]], Answer[list[tuple[int, int, int]]], Answer[Rules]]:
    """What is free of SKUs, who waits for it, and what the rules say; asked after their lock, in its round trip."""
    return (
        store.ask_free_rows(tx, locked, given_back),
        store.ask_claims_on_free(tx, locked, given_back),
        ask_rules(tx, locked),
    )


def load_waiting(tx: Transaction, sku_ids: Sequence[int], limit: int = WAITING_AT_ONCE) -> list[Waiting]:
    """Demand of orders that is short of some SKUs, in the order in which it is served: priority, then age."""
    return store.load_waiting(tx, sku_ids, limit)


def load_unclaimed(tx: Transaction, sku_ids: Sequence[int], limit: int = WAITING_AT_ONCE) -> list[Waiting]:
    """Demand of orders that is short of more than it claims of inbound, by priority, then age."""
    return store.load_unclaimed(tx, sku_ids, limit)


def lock_used(tx: Transaction, sku_ids: Sequence[int]) -> list[int]:
    """Lock SKUs, and say which of them have stock rows: so none gets its first row while the caller decides."""
    store.lock_items(tx, sorted(set(sku_ids)))
    return store.load_used_skus(tx, sku_ids)


def load_demands(tx: Transaction, order_ids: Sequence[int]) -> list[Demand]:
    """All demand of some orders (or holds), by order, line and SKU."""
    return store.load_demands(tx, order_ids)


def load_allocations(tx: Transaction, order_ids: Sequence[int]) -> list[Allocation]:
    """What some orders (or holds) have of stock rows now, by order, line, SKU and row."""
    return store.load_allocations(tx, order_ids)


def record_reservations(
    tx: Transaction,
    supply: Supply,
    *,
    new_demands: Sequence[Demand] = (),
    changed_demands: Sequence[Demand] = (),
    grants: Sequence[Grant] = (),
    returns: Sequence[Grant] = (),
    reason: str = "allocated",
    return_reason: str = "returned",
) -> None:
    """Write what was decided under the lock: demand with its new figures, and what it takes from and gives to stock
    rows.

    The rows are changed by differences and refuse more than there is (OverAllocated, when the statement is run: at the
    latest by the commit); the ledger's sequences and balances are those that the rows then have. Raises NotLocked,
    UnknownDemand.
    """
    entries: defaultdict[int, list[tuple[int, int, int, str]]] = defaultdict(list)
    locked = supply.locked
    for grant in returns:
        if grant.sku_id not in locked:
            raise NotLocked(f"SKU {grant.sku_id}")
        entries[grant.stock_id].append((grant.order_id, grant.line_no, -grant.quantity, return_reason))
    for grant in grants:
        if grant.sku_id not in locked:
            raise NotLocked(f"SKU {grant.sku_id}")
        entries[grant.stock_id].append((grant.order_id, grant.line_no, grant.quantity, reason))
    count_demands(tx, new_demands, changed_demands, supply.counted)
    store.insert_demands(tx, new_demands)
    changed, shorter = store.change_demands(tx, changed_demands)
    if changed != len(changed_demands):
        raise UnknownDemand("demand that was to be changed is not there")
    note_shortages(tx, [*shortages_of(new_demands), *shorter])
    trim_claims(tx, [one.order_id for one in shorter if one.delta < 0])
    write_entries(tx, entries)
    _drop_missing(tx, returns)
    touched = {one.sku_id for one in new_demands} | {one.sku_id for one in changed_demands}
    touched.update([one.sku_id for one in grants], [one.sku_id for one in returns])
    tx.emit_all(supply_event(touched, tx.now))


def _drop_missing(tx: Transaction, returns: Sequence[Grant]) -> None:
    """What was given back of rows that lack something is not there: it is not free, it goes."""
    order_ids = {one.stock_id: one.order_id for one in returns}
    rows = [one for one in store.load_rows_by_id(tx, sorted(order_ids)) if one.discrepancy] if order_ids else []
    if not rows:
        return
    network = load_network(tx)
    book = open_book(tx, rows)
    drop_missing(book, order_ids)
    write_book(tx, book)
    tx.emit_all(stock_events(book, network))
    settle_discrepancies(tx, book, network)


def write_entries(tx: Transaction, entries: Mapping[int, Sequence[tuple[int, int, int, str]]]) -> None:
    """Change stock rows, then append (order, line, delta, reason) of each to the ledger as the row now stands."""
    changes = [(stock_id, sum([one[2] for one in of_row]), len(of_row)) for stock_id, of_row in entries.items()]
    if not changes:
        return
    if sum([one[2] for one in changes]) <= FEW:
        store.reserve_few(tx, changes, list(_numbered(entries)))
        return
    merchant_id = tx.merchant_id
    ledger: list[tuple[int, int, int, int, int, int, int, str, datetime]] = []
    add = ledger.append
    for stock_id, sequence, allocated, recorded_at in store.reserve_stock(tx, changes):
        of_row = entries[stock_id]
        sequence -= len(of_row)
        allocated -= sum([one[2] for one in of_row])
        for order_id, line_no, delta, reason in of_row:
            sequence += 1
            allocated += delta
            add((merchant_id, stock_id, sequence, order_id, line_no, delta, allocated, reason, recorded_at))
    store.copy_reservations(tx, ledger)


def _numbered(
    entries: Mapping[int, Sequence[tuple[int, int, int, str]]],
) -> Iterator[tuple[int, int, int, int, int, int, str]]:
    for stock_id, of_row in entries.items():
        total = 0
        for place, (order_id, line_no, delta, reason) in enumerate(of_row, start=1):
            total += delta
            yield stock_id, place, order_id, line_no, delta, total, reason


def open_book(tx: Transaction, rows: Iterable[StockRow]) -> Book:
    """A book on rows that were read under their SKUs' locks."""
    return Book(rows, actor=tx.actor, now=tx.now)


def write_book(tx: Transaction, book: Book) -> None:
    """Write a book: rows that are new, rows that changed with what lies in their bins, and the ledgers, each in one
    statement.
    """
    drop_missing(book)
    bin_moves = follow_bins(tx, book)
    changed = [balance for balance in book.balances.values() if balance.changed or balance.is_new]
    store.insert_stock(tx, [balance for balance in changed if balance.is_new])
    recorded = store.change_stock(tx, [balance for balance in changed if not balance.is_new])
    store.record_moves(tx, recorded_as(book.moves, recorded))
    store.record_entries(tx, book.entries, recorded)
    bin_store.write_bins(tx, bin_moves, recorded)
    grown = [one.row for one in changed if one.row.lot and one.quantity > one.row.quantity]
    look_at_grown(tx, [(row.sku_id, row.lot) for row in grown if row.status != EXPIRED])


def change_demands(tx: Transaction, demands: Sequence[Demand]) -> None:
    """Write what became of demand, and note what it is short of more or less than before."""
    count_demands(tx, (), demands)
    _, shorter = store.change_demands(tx, demands)
    note_shortages(tx, shorter)
    trim_claims(tx, [one.order_id for one in shorter if one.delta < 0])


def apply_statuses(tx: Transaction, configuration: Configuration) -> None:
    """Make the merchant's own statuses what the configuration says from now on, and tell whose stock they concern.

    Stock in a status that is not stated any more stays where it is, and is not sellable.
    """
    changed = store.replace_statuses(tx, [(one.code, one.name, one.sellable) for one in configuration.statuses])
    sku_ids = store.load_skus_in(tx, changed) if changed else []
    if sku_ids:
        tx.emit_all(supply_event(sku_ids, tx.now))
        tx.emit(status_changed(changed, sku_ids, tx.now))
