"""One function per statement of inventory."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
import psycopg

from stocktower.platform import Answer, Transaction, load_queries

from ..formulas.model import Allocation, Demand, Shortage, StockRow, SupplyRow, Waiting
from .book import Balance, Entry, Move

_SQL = load_queries(__package__)
_astuple = msgspec.structs.astuple


class OverAllocated(Exception):
    """More was to be allocated of a stock row than there is: it was changed without its SKU's lock."""


class StockMoved(psycopg.errors.SerializationFailure):
    """A stock row changed after it was read, or more SKUs are touched than were locked: to be run again."""


def lock_items(tx: Transaction, sku_ids: Sequence[int]) -> None:
    """Lock SKUs in key order, ascending ids without repeats; a SKU seen for the first time gets its row."""
    if not sku_ids:
        return
    if ask_items(tx, sku_ids).get() != len(sku_ids):
        insert_items(tx, sku_ids)


def ask_items(tx: Transaction, sku_ids: Sequence[int]) -> Answer[int]:
    """Lock the SKUs that have a row to lock, in key order, and say how many."""
    return tx.ask_tuples(_SQL.lock_items, sku_ids=list(sku_ids)).then(lambda rows: rows[0][0])


def insert_items(tx: Transaction, sku_ids: Sequence[int]) -> None:
    """Give SKUs the row that they are locked by, and lock it."""
    tx.execute(_SQL.insert_items, sku_ids=list(sku_ids))


def ask_free_rows(
    tx: Transaction, sku_ids: Sequence[int], given_sku_ids: Collection[int] = ()
) -> Answer[list[SupplyRow]]:
    """Sellable rows that have something free; of the given SKUs also all that somebody has units of."""
    return tx.ask(_SQL.load_free_rows, SupplyRow, sku_ids=list(sku_ids), given_sku_ids=list(given_sku_ids))


def ask_claims_on_free(
    tx: Transaction, sku_ids: Sequence[int], given_sku_ids: Collection[int]
) -> Answer[list[tuple[int, int, int]]]:
    """(sku_id, channel_id, units) that wait of SKUs that have something free or are given back."""
    return tx.ask_tuples(_SQL.load_claims_on_free, sku_ids=list(sku_ids), given_sku_ids=list(given_sku_ids))


def ask_claims(tx: Transaction, sku_ids: Collection[int]) -> Answer[list[tuple[int, int, int]]]:
    """(sku_id, channel_id, units) that wait, later."""
    return tx.ask_tuples(_SQL.load_claims, sku_ids=list(sku_ids))


def load_waiting(tx: Transaction, sku_ids: Sequence[int], limit: int) -> list[Waiting]:
    """Demand that is short, in the order in which it is served."""
    return tx.fetch(_SQL.load_waiting, Waiting, sku_ids=list(sku_ids), limit=limit)


def load_unclaimed(tx: Transaction, sku_ids: Sequence[int], limit: int) -> list[Waiting]:
    """Demand of orders that is short of more than it claims of inbound, in the order in which it is served."""
    return tx.fetch(_SQL.load_unclaimed, Waiting, sku_ids=list(sku_ids), limit=limit)


def reserve_stock(tx: Transaction, changes: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int, datetime]]:
    """Apply (stock_id, units, entries); gives (stock_id, sequence, allocated, recorded at) after it.

    Raises OverAllocated.
    """
    stock_ids, units, entries = zip(*changes, strict=True)
    try:
        return tx.tuples(_SQL.reserve_stock, stock_ids=stock_ids, units=units, entries=entries)
    except psycopg.errors.CheckViolation as error:
        raise OverAllocated(str(error)) from error


def reserve_few(
    tx: Transaction, changes: Sequence[tuple[int, int, int]], rows: Sequence[tuple[int, int, int, int, int, int, str]]
) -> None:
    """The same with a few entries of the ledger, in one statement that nobody waits for; OverAllocated comes up later.

    Each row is (stock_id, place in its row, order, line, delta, sum of the deltas up to it, reason).
    """
    stock_ids, units, entries = zip(*changes, strict=True)
    of_rows, places, order_ids, line_nos, deltas, totals, reasons = zip(*rows, strict=True)
    tx.post(
        _SQL.reserve_few, _over_allocated, stock_ids=stock_ids, units=units, entries=entries, of_rows=of_rows,
        places=places, order_ids=order_ids, line_nos=line_nos, deltas=deltas, totals=totals, reasons=reasons,
    )  # fmt: skip


def _over_allocated(error: psycopg.Error) -> Exception:
    return OverAllocated(str(error)) if isinstance(error, psycopg.errors.CheckViolation) else error


def change_stock(tx: Transaction, balances: Sequence[Balance]) -> dict[int, datetime]:
    """Write rows that were there before, now; raises StockMoved when one changed meanwhile.

    Gives those, by stock_id, that are written as of a later instant: of the row's last entry, where somebody who began
    later was first.
    """
    if not balances:
        return {}
    try:
        changed = tx.tuples(
            _SQL.change_stock,
            stock_ids=[item.row.stock_id for item in balances],
            before=[item.before for item in balances],
            quantities=[item.quantity - item.row.quantity for item in balances],
            allocateds=[item.allocated - item.row.allocated for item in balances],
            discrepancies=[item.discrepancy for item in balances],
            sequences=[item.sequence for item in balances],
            counted=[item.counted_at for item in balances],
            binned=[item.binned for item in balances],
        )
    except psycopg.errors.CheckViolation as error:
        raise OverAllocated(str(error)) from error
    if changed[0][0] != len(balances):
        raise StockMoved("a stock row changed after it was read under its SKU's lock")
    return {stock_id: recorded_at for _, stock_id, recorded_at in changed if stock_id is not None}


def insert_stock(tx: Transaction, balances: Sequence[Balance]) -> None:
    """Write rows that are new."""
    tx.copy(
        _SQL.stock,
        [
            (
                tx.merchant_id,
                item.row.stock_id,
                item.row.sku_id,
                item.row.site_id,
                item.row.status,
                item.row.owner,
                item.row.lot,
                item.quantity,
                item.allocated,
                item.discrepancy,
                item.sequence,
                item.counted_at,
                tx.now,
                item.binned,
            )
            for item in balances
        ],
    )


def record_moves(tx: Transaction, moves: Iterable[Move]) -> None:
    """Append to the ledger of moves."""
    merchant_id = tx.merchant_id
    tx.copy(_SQL.move, [(merchant_id, *_astuple(move)) for move in moves])


def record_entries(tx: Transaction, entries: Iterable[Entry], recorded: Mapping[int, datetime]) -> None:
    """Append to the reservation ledger, as recorded by row, else now."""
    merchant_id, now = tx.merchant_id, tx.now
    rows = [(merchant_id, *_astuple(entry), recorded.get(entry.stock_id, now)) for entry in entries]
    tx.copy(_SQL.reservation, rows)


def copy_reservations(tx: Transaction, rows: Sequence[tuple[int, int, int, int, int, int, int, str, datetime]]) -> None:
    """Append (merchant, row, sequence, order, line, delta, allocated after, reason, recorded) to the ledger."""
    tx.copy(_SQL.reservation, rows)


def insert_demands(tx: Transaction, demands: Iterable[Demand]) -> None:
    """Append new demand."""
    merchant_id = tx.merchant_id
    tx.copy(_SQL.demand, [(merchant_id, *_astuple(demand)) for demand in demands])


def change_demands(tx: Transaction, demands: Sequence[Demand]) -> tuple[int, list[Shortage]]:
    """Write what became of demand; says how many rows were there, and by how much more or less they are short."""
    if not demands:
        return 0, []
    found = tx.tuples(
        _SQL.change_demands,
        order_ids=[demand.order_id for demand in demands],
        line_nos=[demand.line_no for demand in demands],
        sku_ids=[demand.sku_id for demand in demands],
        wanteds=[demand.wanted for demand in demands],
        allocateds=[demand.allocated for demand in demands],
        shorts=[demand.short for demand in demands],
        consumeds=[demand.consumed for demand in demands],
        cancelleds=[demand.cancelled for demand in demands],
    )
    return found[0][0], [Shortage(*row[1:]) for row in found if row[5] is not None]


def load_last_shortages(tx: Transaction, keys: Sequence[tuple[int, int]]) -> list[tuple[int, int, int, datetime, int]]:
    """(sku_id, channel_id, last sequence of the SKU, earliest instant of the next, units that wait) of each key."""
    sku_ids, channel_ids = zip(*keys, strict=True)
    return tx.tuples(_SQL.load_last_shortages, sku_ids=sku_ids, channel_ids=channel_ids)


def copy_shortages(tx: Transaction, rows: Sequence[tuple[int, int, int, int, int, int, int, int, datetime]]) -> None:
    """Append (merchant, SKU, sequence, channel, order, line, delta, waiting after, recorded) to the ledger."""
    tx.copy(_SQL.shortage, rows)


def load_demands(tx: Transaction, order_ids: Sequence[int]) -> list[Demand]:
    """All demand of some orders or holds."""
    return tx.fetch(_SQL.load_demands, Demand, order_ids=list(order_ids))


def load_allocations(tx: Transaction, order_ids: Sequence[int]) -> list[Allocation]:
    """What some orders or holds have of stock rows."""
    return tx.fetch(_SQL.load_allocations, Allocation, order_ids=list(order_ids))


def load_allocated_orders(tx: Transaction, stock_ids: Sequence[int]) -> list[int]:
    """The orders and holds that have units of some stock rows."""
    return tx.values(_SQL.load_allocated_orders, stock_ids=list(stock_ids))


def load_rows(tx: Transaction, sku_ids: Sequence[int], site_id: int = 0) -> list[StockRow]:
    """Stock rows of some SKUs, at one site or at all."""
    return ask_rows(tx, sku_ids, site_id).get()


def ask_rows(tx: Transaction, sku_ids: Sequence[int], site_id: int = 0) -> Answer[list[StockRow]]:
    """Stock rows of some SKUs, at one site or at all, later."""
    return tx.ask(_SQL.load_rows, StockRow, sku_ids=list(sku_ids), site_id=site_id)


def load_rows_taken(tx: Transaction, sku_ids: Sequence[int], site_id: int) -> list[StockRow]:
    """Stock rows of some SKUs at one site that somebody has units of."""
    return tx.fetch(_SQL.load_rows_taken, StockRow, sku_ids=list(sku_ids), site_id=site_id)


def load_rows_of_lots(tx: Transaction, lots: Sequence[str]) -> list[int]:
    """The stock rows of lots that somebody has units of."""
    return tx.values(_SQL.load_rows_of_lots, lots=list(lots))


def load_rows_by_id(tx: Transaction, stock_ids: Sequence[int]) -> list[StockRow]:
    """Stock rows by id."""
    return tx.fetch(_SQL.load_rows_by_id, StockRow, stock_ids=list(stock_ids))


def load_moved_after(tx: Transaction, stock_ids: Sequence[int], as_of: datetime) -> dict[int, int]:
    """What happened to stock rows after an instant."""
    return dict(tx.tuples(_SQL.load_moved_after, stock_ids=list(stock_ids), as_of=as_of))


def load_moved_after_each(tx: Transaction, rows: Sequence[tuple[int, datetime]]) -> dict[int, int]:
    """What happened to stock rows after an instant of each."""
    stock_ids, times = zip(*rows, strict=True)
    return dict(tx.tuples(_SQL.load_moved_after_each, stock_ids=stock_ids, times=times))


def replace_statuses(tx: Transaction, stated: Sequence[tuple[str, str, bool]]) -> list[str]:
    """Make statuses (code, name, sellable) what is stated from now on; gives those that mean something else now."""
    codes, names, sellables = ([row[place] for row in stated] for place in range(3))
    ended = tx.values(_SQL.end_statuses, codes=codes, names=names, sellables=sellables)
    begun = tx.values(_SQL.begin_statuses, codes=codes, names=names, sellables=sellables)
    return sorted({*ended, *begun})


def load_skus_in(tx: Transaction, statuses: Sequence[str]) -> list[int]:
    """The SKUs that there is something of in some statuses."""
    return tx.values(_SQL.load_skus_in, statuses=list(statuses))


def load_moves(tx: Transaction, stock_ids: Sequence[int], limit: int) -> list[Move]:
    """The last moves of some stock rows, the newest first."""
    return tx.fetch(_SQL.load_moves, Move, stock_ids=list(stock_ids), limit=limit)


def load_holders(
    tx: Transaction, stock_ids: Sequence[int], limit: int
) -> list[tuple[int, int, int, int, int, datetime]]:
    """(order_id, line_no, stock_id, site_id, units, since) of those that have units of some stock rows."""
    return tx.tuples(_SQL.load_holders, stock_ids=list(stock_ids), limit=limit)


def load_held(tx: Transaction, sku_ids: Sequence[int]) -> dict[int, int]:
    """Stock row -> units that holds under way have of it."""
    return dict(tx.tuples(_SQL.load_held, sku_ids=list(sku_ids))) if sku_ids else {}


def load_short_skus(tx: Transaction) -> list[int]:
    """The SKUs that some demand lacks units of."""
    return tx.values(_SQL.load_short_skus)


def load_used_skus(tx: Transaction, sku_ids: Sequence[int]) -> list[int]:
    """Of some SKUs, those that have stock rows."""
    return tx.values(_SQL.load_used_skus, sku_ids=list(sku_ids))


def load_stocked_skus(tx: Transaction) -> list[int]:
    """Every SKU that has a row to lock, in key order."""
    return tx.values(_SQL.load_stocked_skus)


def load_rows_unlike_ledgers(tx: Transaction) -> list[tuple[int, int, int, int, int, int, int]]:
    """(stock_id, quantity, allocated, sequence, moved, taken, last sequence) of rows that differ from their ledgers."""
    return tx.tuples(_SQL.rebuild_stock)


def restore_rows(tx: Transaction, truths: Sequence[tuple[int, int, int, int]]) -> None:
    """Set rows to (stock_id, quantity, allocated, sequence)."""
    stock_ids, quantities, allocateds, sequences = zip(*truths, strict=True)
    try:
        tx.execute(
            _SQL.restore_stock, stock_ids=stock_ids, quantities=quantities, allocateds=allocateds, sequences=sequences
        )
    except psycopg.errors.CheckViolation as error:
        raise OverAllocated(str(error)) from error
