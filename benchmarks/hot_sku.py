"""Everybody wants one SKU: threads, and callers of an event loop, reserve through the gatherer; all is given, no more.

Beside it the bare limit: the rows that were written, written again by COPY and UPDATE, as many at once as there are
callers, and nothing decided.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

import msgspec
import psycopg
import uvloop

from benchmarks import merchant
from benchmarks.measures import Measure, Options, percentile
from benchmarks.places import Bench, Place, opened, settle_down
from stocktower import catalog, exchange
from stocktower.app.home import Tower
from stocktower.app.worker_process import collect_less
from stocktower.app.workers import work_until_idle
from stocktower.exchange import Incoming, ProductDocument, StockDocument, StockLine
from stocktower.inventory import Gatherer, HoldRequest
from stocktower.network import load_network

P99_GOAL_MS = {"threads": 25.0, "callers of an event loop": 50.0}
GOALS = {("threads", 16): 4_000.0, ("threads", 64): 4_000.0, ("callers of an event loop", 192): 8_000.0}
CODE = "HOT"
_TABLES = ("inventory.hold", "inventory.demand", "inventory.reservation", "platform.due", "platform.event")


def measure_hot_sku(bench: Bench, options: Options) -> list[Measure]:
    """Reservations a second from callers of one process, and the time that a caller waits."""
    stock = 4_000 if options.quick else 16_000
    place = bench.make("hot", merchant.configuration(), merchant.CODE, merchant.NOW)
    with opened(place) as tower:
        load_stock(tower, stock)
    settle_down(place)
    measures: list[Measure] = []
    note = f"{stock:,} in stock, all given and no more"
    for (kind, callers), goal in GOALS.items():
        run = _run_threads if kind == "threads" else _run_loop
        rates: list[float] = []
        waits: list[float] = []
        limits: list[float] = []
        for _ in range(options.runs):
            copy = bench.copy(place, "hot_run")
            rate, p99 = _run(copy, run, callers, stock)
            rates.append(rate)
            waits.append(p99 * 1000)
            limit = bench.copy(place, "hot_bare")
            limits.append(stock / _write_again(copy, limit, -(-stock // callers)))
            bench.drop(copy)
            bench.drop(limit)
        measures += [
            Measure(f"one hot SKU, {callers} {kind}", "reservations/s", tuple(rates), goal, bare=median(limits),
                    note=note),
            Measure(f"one hot SKU, {callers} {kind}, p99", "ms", tuple(waits), P99_GOAL_MS[kind], more_is_better=False),
        ]  # fmt: skip
    bench.drop(place)
    return measures


def _write_again(written: Place, empty: Place, batches: int) -> float:
    """Seconds to write the rows of a run into a database that has none of them, in so many transactions."""
    with psycopg.connect(written.url) as connection:
        after = {table: _read(connection, table) for table in _TABLES}
    with psycopg.connect(empty.url, autocommit=True) as connection:
        before = {table: set(_read(connection, table)) for table in _TABLES}
        rows = {table: [row for row in found if row not in before[table]] for table, found in after.items()}
        parts = {table: [_part(found, batches, number) for number in range(batches)] for table, found in rows.items()}
        began = time.perf_counter()
        for number in range(batches):
            with connection.transaction():
                connection.execute("SELECT FROM inventory.item FOR UPDATE")
                for table in _TABLES:
                    if text := b"".join(parts[table][number]):
                        with connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
                            copy.write(text)
                units = len(parts["inventory.reservation"][number])
                connection.execute("UPDATE inventory.stock SET allocated = allocated + %s", (units,))
                events = len(parts["platform.event"][number])
                connection.execute("UPDATE platform.head SET position = position + %s", (events,))
        return time.perf_counter() - began


def _read(connection: psycopg.Connection, table: str) -> list[bytes]:
    """The rows of a table as COPY has them."""
    with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
        return b"".join(bytes(block) for block in copy).splitlines(keepends=True)


def _part(rows: list[bytes], parts: int, number: int) -> list[bytes]:
    """One of so many even parts."""
    return rows[len(rows) * number // parts : len(rows) * (number + 1) // parts]


def load_stock(tower: Tower, units: int) -> None:
    """One SKU with so many units at one site."""
    encode = msgspec.json.encode
    site = merchant.SITES[0][0]
    with tower.transaction("bench") as tx:
        product = ProductDocument(CODE, "Hot", cost_minor=100, currency="USD")
        exchange.receive(tx, "catalog", [Incoming(exchange.PRODUCT, CODE, encode(product))], origin="bench")
    work_until_idle(tower)
    with tower.transaction("bench") as tx:
        opening = StockDocument(site, None, (StockLine(CODE, units, cost_minor=100),), opening=True)
        exchange.receive(tx, site, [Incoming(exchange.STOCK, f"{site}/opening", encode(opening))], origin="bench")
    work_until_idle(tower)


class _Asked(msgspec.Struct):
    """Who asks for what, and what came of it."""

    gatherer: Gatherer
    merchant_id: int
    request: Callable[[str], HoldRequest]
    callers: int
    times: int
    """That each caller asks."""
    waits: list[float] = []
    states: list[str] = []


def _run(place: Place, run: Callable[[_Asked], float], callers: int, stock: int) -> tuple[float, float]:
    """Reservations a second, and the 99th percentile of the seconds that a caller waited."""
    times = stock * 11 // 10 // callers + 1
    with opened(place) as tower, Gatherer(tower.database) as gatherer:
        with tower.reading() as tx:
            lines = ((catalog.find_skus(tx, [CODE])[CODE].sku_id, 1),)
            channel_id = load_network(tx).channel_ids[merchant.CHANNELS[0]]
        ends_at = place.now + timedelta(hours=1)
        asked = _Asked(
            gatherer, tower.merchant_id, lambda name: HoldRequest(channel_id, name, lines, ends_at), callers, times
        )
        collect_less()
        seconds = run(asked)
    check_all_given(place, stock)
    if asked.states.count("held") != stock:
        raise AssertionError(f"{asked.states.count('held')} were told that they have one of {stock}")
    return times * callers / seconds, percentile(asked.waits, 0.99)


def _run_threads(asked: _Asked) -> float:
    """Seconds until each of many threads has had all its answers."""
    start = threading.Barrier(asked.callers + 1)

    def reserve(mine: int) -> None:
        start.wait()
        for number in range(asked.times):
            before = time.perf_counter()
            answer = asked.gatherer.submit(asked.merchant_id, asked.request(f"{mine}-{number}"))
            asked.waits.append(time.perf_counter() - before)
            asked.states.append(answer.state)

    running = [threading.Thread(target=reserve, args=(mine,)) for mine in range(asked.callers)]
    for thread in running:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in running:
        thread.join()
    return time.perf_counter() - began


def _run_loop(asked: _Asked) -> float:
    """Seconds until each of many callers of one event loop has had all its answers."""

    async def reserve(mine: int) -> None:
        for number in range(asked.times):
            before = time.perf_counter()
            answer = await asked.gatherer.ask(asked.merchant_id, asked.request(f"{mine}-{number}"))
            asked.waits.append(time.perf_counter() - before)
            asked.states.append(answer.state)

    async def reserve_all() -> float:
        began = time.perf_counter()
        await asyncio.gather(*(reserve(mine) for mine in range(asked.callers)))
        return time.perf_counter() - began

    return uvloop.run(reserve_all())


def check_all_given(place: Place, stock: int) -> None:
    """All of the stock is allocated and no more."""
    with psycopg.connect(place.url) as connection:
        row = connection.execute("SELECT quantity, allocated FROM inventory.stock").fetchone()
    if row != (stock, stock):
        raise AssertionError(f"{row} (quantity, allocated) in stock, {stock} were there")
