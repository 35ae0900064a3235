"""The projections of stock: stock rows, demand and inbound, each proved by its append-only ledger."""

from collections.abc import Sequence

from stocktower.platform import Drifted, Projection, Transaction, pair

from . import ledger_store, store


def decide_demand(row: tuple[int, ...]) -> Drifted:
    """What a demand should say: allocated and short by their ledgers; wanted stays what the order asked for.

    What is then too much or too little is consumed as far as the ledger knows of shipments, else cancelled. Pure.
    """
    order_id, line_no, sku_id, wanted, allocated, short, consumed, cancelled, taken, lacks, shipped = row
    left = wanted - taken - lacks
    rest = left - consumed - cancelled
    if rest > 0:
        more = min(rest, max(0, shipped - consumed))
        consumed_truth, cancelled_truth = consumed + more, cancelled + rest - more
    else:
        less = min(-rest, max(0, consumed - shipped))
        consumed_truth, cancelled_truth = consumed - less, cancelled + rest + less
    return Drifted(
        (order_id, line_no, sku_id),
        (allocated, short, consumed, cancelled),
        (taken, lacks, consumed_truth, cancelled_truth),
    )


def _find_stock(tx: Transaction) -> list[Drifted]:
    return [pair(row, 1) for row in store.load_rows_unlike_ledgers(tx)]


def _restore_stock(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.restore_rows(tx, [(*one.key, *(one.truth or ())) for one in drifted])  # pyright: ignore[reportArgumentType]  # row, quantity, allocated, sequence


def lock_rows(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    """Lock the SKUs of rows, which their keys begin with."""
    rows = store.load_rows_by_id(tx, sorted({one.key[0] for one in drifted}))
    store.lock_items(tx, sorted({row.sku_id for row in rows}))


def _lock_demand(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.lock_items(tx, sorted({one.key[2] for one in drifted}))


def _lock_inbound(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.lock_items(tx, sorted(ledger_store.load_skus_of_inbound(tx, [one.key[0] for one in drifted])))


def _truths(drifted: Sequence[Drifted]) -> list[tuple[int, ...]]:
    return [(*one.key, *(one.truth or ())) for one in drifted]


PROJECTIONS = (
    Projection(
        "inventory.stock", "quantity, allocated and sequence of stock rows, by moves and reservations",
        lambda tx: ledger_store.count_projections(tx)[0], _find_stock, lock_rows, _restore_stock,
    ),
    Projection(
        "inventory.demand", "what demand has and is short of, by reservations and shortages",
        lambda tx: ledger_store.count_projections(tx)[1],
        lambda tx: [decide_demand(row) for row in ledger_store.find_unlike_demand(tx)], _lock_demand,
        lambda tx, drifted: ledger_store.restore_demand(tx, _truths(drifted)),
    ),
    Projection(
        "inventory.inbound", "figures of inbound, by what was said about it",
        lambda tx: ledger_store.count_projections(tx)[2],
        lambda tx: [pair(row, 1) for row in ledger_store.find_unlike_inbound(tx)], _lock_inbound,
        lambda tx, drifted: ledger_store.restore_inbound(tx, _truths(drifted)),
    ),
)  # fmt: skip
