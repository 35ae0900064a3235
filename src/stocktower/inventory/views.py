"""Read models of stock for pages and API: what happened to rows, who has their units, what lies in their bins."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from stocktower.platform import Transaction

from .bins.contents import (
    BinMoveKey,
    BinPlace,
    BinsAsked,
    load_bin_moves,
    load_bin_page,
    load_bins,
    load_rows_in_bins,
    walk_bin_moves,
)
from .bins.rules import FETCHED, NOT_PUT_AWAY, BinRow, plan_pick, walking_order, zone_of
from .bins.store import Found as InBin
from .bins.store import Moved as BinMoved
from .bins.store import load_fetched, name_relocations
from .formulas.model import StockRow
from .papers import (
    ASSEMBLY,
    RECEIPT,
    AssemblyPaper,
    ReceiptPaper,
    TransferPaper,
    find_assembly,
    find_receipt,
    find_transfers,
    load_assembly_paper,
    load_receipt_paper,
    load_receipts_of,
    load_transfer_paper,
    name_papers,
    transfer_cause,
)
from .promises import hold_store
from .stock import ledger_store, store
from .stock.book import Move
from .transfers import transfer_store

__all__ = [
    "ASSEMBLY",
    "FETCHED",
    "FIRST",
    "NOT_PUT_AWAY",
    "RECEIPT",
    "AssemblyPaper",
    "BinMoveKey",
    "BinMoved",
    "BinPlace",
    "BinRow",
    "BinsAsked",
    "Entry",
    "HistoryKey",
    "HistoryPage",
    "Holder",
    "InBin",
    "Move",
    "ReceiptPaper",
    "TransferPaper",
    "Waiter",
    "find_assembly",
    "find_receipt",
    "find_transfers",
    "load_assembly_paper",
    "load_bin_moves",
    "load_bin_page",
    "load_bins",
    "load_change_instants",
    "load_fetched",
    "load_history",
    "load_holders",
    "load_holders_at",
    "load_last_moves_at",
    "load_moves",
    "load_moves_at",
    "load_moves_of",
    "load_names",
    "load_receipt_paper",
    "load_receipts_of",
    "load_rows_by_id",
    "load_rows_in_bins",
    "load_short_skus",
    "load_transfer_paper",
    "load_waiters_at",
    "name_papers",
    "name_relocations",
    "plan_pick",
    "transfer_cause",
    "walk_bin_moves",
    "walk_moves",
    "walk_reservations",
    "walking_order",
    "zone_of",
]


class HistoryKey(Struct, frozen=True, order=True):
    """A place in the history of stock rows: what comes before it is older."""

    recorded_at: datetime
    stock_id: int
    sequence: int


FIRST = (2**63 - 1, 2**63 - 1)
"""Above every row and sequence: with an instant, the place after all that was recorded by then."""


class Entry(Struct, frozen=True):
    """One entry of a stock row, of either ledger, with both balances after it."""

    recorded_at: datetime
    stock_id: int
    sequence: int
    is_move: bool
    """False: a reservation."""
    delta: int
    """Of the quantity for a move, of what is allocated for a reservation."""
    quantity_after: int
    allocated_after: int
    reason: str
    counterpart: str
    reference: str
    """Of a reservation: order (or hold)."""
    reference_id: int
    line_no: int
    actor: str
    occurred_at: datetime


class HistoryPage(Struct, frozen=True):
    """Entries, the newest first, and the place that the next page begins at; None: there are no more."""

    entries: list[Entry]
    before: HistoryKey | None


class Waiter(Struct, frozen=True):
    """An order line that waited for a SKU at an instant."""

    order_id: int
    line_no: int
    channel_id: int
    units: int
    since: datetime
    """When it was last short of more or less."""
    sequence: int = 0
    """Of that entry among the shortages of the SKU."""


class Holder(Struct, frozen=True):
    """An order line (or a hold) that has units of a stock row now."""

    order_id: int
    """Of a hold: the hold's id."""
    line_no: int
    stock_id: int
    site_id: int
    quantity: int
    since: datetime
    """When units were last taken or given back."""
    kind: str = "order"
    """order, hold or transfer."""
    sequence: int = 0
    """Of that reservation along the row."""


def load_moves(tx: Transaction, stock_ids: Sequence[int], *, limit: int = 50) -> list[Move]:
    """The last moves of some stock rows, the newest first."""
    return store.load_moves(tx, stock_ids, limit) if stock_ids else []


def load_holders(tx: Transaction, stock_ids: Sequence[int], *, limit: int = 50) -> list[Holder]:
    """Who has units of some stock rows, the last to take them first."""
    return [Holder(*row) for row in store.load_holders(tx, stock_ids, limit)] if stock_ids else []


def load_short_skus(tx: Transaction) -> list[int]:
    """The SKUs that orders wait for."""
    return store.load_short_skus(tx)


def load_history(
    tx: Transaction, stock_ids: Sequence[int], *, before: HistoryKey | None = None, limit: int = 50
) -> HistoryPage:
    """What happened to some stock rows, moves and reservations interleaved, the newest first.

    A move and a reservation of one sequence (a shipment) stay on one page.
    """
    if not stock_ids:
        return HistoryPage([], None)
    key = before or HistoryKey(tx.now, *FIRST)
    found = [
        Entry(*row)
        for row in ledger_store.load_history(tx, stock_ids, key.recorded_at, key.stock_id, key.sequence, limit + 2)
    ]
    cut = limit
    if len(found) > limit and _key(found[limit - 1]) == _key(found[limit]):
        cut += 1
    if len(found) <= cut:
        return HistoryPage(found, None)
    return HistoryPage(found[:cut], _key(found[cut - 1]))


def load_moves_at(tx: Transaction, stock_ids: Sequence[int], at: datetime) -> list[Entry]:
    """The moves of some stock rows that happened at an instant, by row and sequence."""
    return [Entry(*row) for row in ledger_store.load_moves_at(tx, stock_ids, at)] if stock_ids else []


def load_moves_of(
    tx: Transaction, sku_ids: Iterable[int], reference: str, reference_id: int, since: datetime
) -> tuple[list[Entry], dict[int, StockRow]]:
    """The moves that one thing (a transfer, a receipt) made of some SKUs, as they were entered, and their rows."""
    rows = {row.stock_id: row for row in store.load_rows(tx, sorted(set(sku_ids)))}
    found = ledger_store.load_moves_of(tx, sorted(rows), reference, reference_id, since) if rows else []
    moves = [Entry(*row) for row in found]
    return moves, {one.stock_id: rows[one.stock_id] for one in moves}


def load_change_instants(
    tx: Transaction, stock_ids: Sequence[int], after: datetime, until: datetime, limit: int
) -> list[datetime]:
    """When something was recorded of some stock rows, the newest first, no more than a limit."""
    return ledger_store.load_change_instants(tx, stock_ids, after, until, limit) if stock_ids else []


def _key(entry: Entry) -> HistoryKey:
    return HistoryKey(entry.recorded_at, entry.stock_id, entry.sequence)


def load_holders_at(tx: Transaction, stock_ids: Mapping[int, int], at: datetime) -> list[Holder]:
    """Who had units of some stock rows (row -> site) at an instant, the most units first."""
    return [
        Holder(order_id, line_no, stock_id, stock_ids[stock_id], units, since, kind, sequence)
        for order_id, line_no, stock_id, units, since, kind, sequence in ledger_store.load_holders_at(
            tx, sorted(stock_ids), at
        )
    ]


def load_last_moves_at(tx: Transaction, stock_ids: Sequence[int], at: datetime) -> dict[int, tuple[int, str]]:
    """Row -> sequence and reason of its last move by an instant; a row that was never moved by then is missing."""
    found = ledger_store.load_last_moves_at(tx, sorted(stock_ids), at) if stock_ids else []
    return {stock_id: (sequence, reason) for stock_id, sequence, reason in found}


def load_names(tx: Transaction, ids: Collection[int]) -> dict[int, str]:
    """What holds and transfers are called by whoever made them: `hold cart-7`, `transfer T-1`; others are missing."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    names = {hold_id: f"hold {reference}" for hold_id, reference in hold_store.load_references(tx, wanted)}
    transfers = transfer_store.load_transfers(tx, wanted)
    return names | {one.transfer_id: f"transfer {one.reference}" for one in transfers}


def load_waiters_at(tx: Transaction, sku_id: int, at: datetime) -> list[Waiter]:
    """Who waited for a SKU at an instant, the most units first."""
    return [Waiter(*row) for row in ledger_store.load_waiting_orders_at(tx, sku_id, at)]


BATCH = 20_000
"""Entries that are read at a time."""


def walk_moves(tx: Transaction, until: datetime, batch: int = BATCH) -> Iterator[list[tuple[Any, ...]]]:
    """All moves that were recorded by an instant, by row and sequence: stock_id, sequence, delta, quantity after,
    allocated after, reason, counterpart, reference, reference_id, actor, occurred_at, recorded_at.
    """
    place = (0, 0)
    while found := ledger_store.load_move_batch(tx, *place, until, batch):
        yield found
        place = (found[-1][0], found[-1][1])


def walk_reservations(tx: Transaction, until: datetime, batch: int = BATCH) -> Iterator[list[tuple[Any, ...]]]:
    """All reservations that were recorded by an instant, by row and sequence: stock_id, sequence, order_id, line_no,
    delta, allocated after, reason, recorded_at.
    """
    place = (0, 0)
    while found := ledger_store.load_reservation_batch(tx, *place, until, batch):
        yield found
        place = (found[-1][0], found[-1][1])


def load_rows_by_id(tx: Transaction, stock_ids: Sequence[int]) -> dict[int, StockRow]:
    """Stock rows as they are now, by id."""
    return {row.stock_id: row for row in store.load_rows_by_id(tx, stock_ids)} if stock_ids else {}
