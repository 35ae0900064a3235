"""The bare limit of the machine: the rows that a run has written, written again by COPY and UPDATE, nothing decided."""

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import psycopg
from msgspec import Struct

from benchmarks.places import Place

BATCH = 1_000

_OF_ORDER = "order_id BETWEEN %(first)s AND %(last)s"
_TABLES = {
    "ordering.order_header": _OF_ORDER,
    "ordering.line": _OF_ORDER,
    "customers.contact": _OF_ORDER,
    "payments.payment": _OF_ORDER,
    "inventory.demand": _OF_ORDER,
    "inventory.reservation": _OF_ORDER,
    "fulfillment.request": _OF_ORDER,
    "fulfillment.request_line": f"fulfillment_id IN (SELECT fulfillment_id FROM fulfillment.request WHERE {_OF_ORDER})",
    "platform.due": f"""key IN (SELECT fulfillment_id FROM fulfillment.request WHERE {_OF_ORDER}
        UNION ALL SELECT payment_id FROM payments.payment WHERE {_OF_ORDER})""",
    "platform.event": "subject = 'order' AND subject_id BETWEEN %(first)s AND %(last)s",
}
_RESERVE = """
UPDATE inventory.stock AS stock
SET allocated = stock.allocated + change.units, sequence = stock.sequence + change.entries
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS change (stock_id, units, entries)
WHERE stock.merchant_id = %s AND stock.stock_id = change.stock_id"""


class Written(Struct, frozen=True):
    """What one batch has written."""

    tables: tuple[tuple[str, bytes], ...]
    """(table, COPY text)"""
    rows: int
    stock_ids: list[int]
    units: list[int]
    entries: list[int]
    sku_ids: list[int]
    message_ids: list[int]
    events: int


def read_written(place: Place, batch: int = BATCH) -> list[Written]:
    """What a run has written, in batches of so many orders."""
    with psycopg.connect(place.url) as connection:
        ids = [one for (one,) in connection.execute("SELECT order_id FROM ordering.order_header ORDER BY 1").fetchall()]
        return [_read_batch(connection, ids[at : at + batch]) for at in range(0, len(ids), batch)]


def _read_batch(connection: psycopg.Connection, ids: Sequence[int]) -> Written:
    bounds = {"first": ids[0], "last": ids[-1]}
    tables: list[tuple[str, bytes]] = []
    rows = events = 0
    for table, where in _TABLES.items():
        with connection.cursor().copy(f"COPY (SELECT * FROM {table} WHERE {where}) TO STDOUT".encode(), bounds) as copy:
            text = b"".join(bytes(block) for block in copy)
        tables.append((table, text))
        count = text.count(b"\n")
        rows += count
        events = count if table == "platform.event" else events
    changed = connection.execute(
        "SELECT stock_id, sum(delta)::bigint, count(*) FROM inventory.reservation "
        f"WHERE {_OF_ORDER} GROUP BY stock_id ORDER BY stock_id",
        bounds,
    ).fetchall()
    skus = connection.execute(
        f"SELECT DISTINCT sku_id FROM inventory.demand WHERE {_OF_ORDER} ORDER BY sku_id", bounds
    ).fetchall()
    messages = connection.execute(f"SELECT message_id FROM ordering.order_header WHERE {_OF_ORDER}", bounds).fetchall()
    return Written(
        tuple(tables),
        rows,
        [row[0] for row in changed],
        [row[1] for row in changed],
        [row[2] for row in changed],
        [row[0] for row in skus],
        [row[0] for row in messages],
        events,
    )


def write_again(place: Place, batches: Sequence[Written], processes: int) -> float:
    """Write all of it into a copy of the database as it was before; seconds from a common start."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes)
    answers: Queue[tuple[float, float]] = context.Queue()
    started = [
        context.Process(target=_write, args=(place, list(batches[one::processes]), barrier, answers))
        for one in range(processes)
    ]
    for process in started:
        process.start()
    times = [answers.get(timeout=300) for _ in started]
    for process in started:
        process.join()
    return max(ended for _, ended in times) - min(began for began, _ in times)


def _write(place: Place, batches: list[Written], barrier: Barrier, answers: "Queue[tuple[float, float]]") -> None:
    with psycopg.connect(place.url, autocommit=True) as connection:
        merchant_id = connection.execute("SELECT merchant_id FROM platform.head").fetchall()[0][0]
        barrier.wait(300)
        began = time.monotonic()
        for batch in batches:
            with connection.transaction():
                _write_batch(connection, merchant_id, batch)
        answers.put((began, time.monotonic()))


def _write_batch(connection: psycopg.Connection, merchant_id: int, batch: Written) -> None:
    """As the product does: locks in key order, appends, the differences of stock rows, the inbox, the head row."""
    connection.execute(
        "SELECT count(*) FROM (SELECT FROM inventory.item WHERE merchant_id = %s AND sku_id = ANY(%s) "
        "ORDER BY sku_id FOR UPDATE) AS locked",
        (merchant_id, batch.sku_ids),
    )
    for table, text in batch.tables:
        with connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
            copy.write(text)
    connection.execute(_RESERVE, (batch.stock_ids, batch.units, batch.entries, merchant_id))
    connection.execute(
        "DELETE FROM exchange.work WHERE merchant_id = %s AND message_id = ANY(%s)", (merchant_id, batch.message_ids)
    )
    connection.execute(
        "UPDATE platform.head SET position = position + %s WHERE merchant_id = %s", (batch.events, merchant_id)
    )
