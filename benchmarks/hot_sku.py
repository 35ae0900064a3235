"""Everybody wants one SKU: many threads reserve through the gatherer, and exactly the stock is given."""

import gc
import threading
import time
from datetime import timedelta

import msgspec
import psycopg

from benchmarks import merchant
from benchmarks.measures import Measure, Options, percentile
from benchmarks.places import Bench, Place, opened, settle_down
from stocktower import catalog, exchange
from stocktower.app.home import Tower
from stocktower.app.workers import work_until_idle
from stocktower.exchange import Incoming, ProductDocument, StockDocument, StockLine
from stocktower.inventory import Gatherer, HoldRequest
from stocktower.network import load_network

GOAL = 4_000.0
P99_GOAL_MS = 25.0
CODE = "HOT"


def measure_hot_sku(bench: Bench, options: Options) -> list[Measure]:
    """Reservations a second from 16 and from 64 threads of one process, and the time that a caller waits."""
    stock = 4_000 if options.quick else 16_000
    place = bench.make("hot", merchant.configuration(), merchant.CODE, merchant.NOW)
    with opened(place) as tower:
        load_stock(tower, stock)
    settle_down(place)
    measures: list[Measure] = []
    for threads in (16, 64):
        rates: list[float] = []
        waits: list[float] = []
        for _ in range(options.runs):
            copy = bench.copy(place, "hot_run")
            rate, p99 = _run(copy, threads, stock)
            rates.append(rate)
            waits.append(p99 * 1000)
            bench.drop(copy)
        note = f"{stock:,} in stock, all given and no more"
        measures += [
            Measure(f"one hot SKU, {threads} threads", "reservations/s", tuple(rates), GOAL, note=note),
            Measure(f"one hot SKU, {threads} threads, p99", "ms", tuple(waits), P99_GOAL_MS, more_is_better=False),
        ]
    bench.drop(place)
    return measures


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


def _run(place: Place, threads: int, stock: int) -> tuple[float, float]:
    """Reservations a second, and the 99th percentile of the seconds that a caller waited."""
    asked = stock * 11 // 10 // threads + 1
    with opened(place) as tower, Gatherer(tower.database) as gatherer:
        with tower.reading() as tx:
            sku_id = catalog.find_skus(tx, [CODE])[CODE].sku_id
            channel_id = load_network(tx).channel_ids[merchant.CHANNELS[0]]
        waits: list[list[float]] = [[] for _ in range(threads)]
        held = [0] * threads
        start = threading.Barrier(threads + 1)

        def reserve(mine: int) -> None:
            ends_at = place.now + timedelta(hours=1)
            start.wait()
            for number in range(asked):
                before = time.perf_counter()
                request = HoldRequest(channel_id, f"{mine}-{number}", ((sku_id, 1),), ends_at)
                answer = gatherer.submit(tower.merchant_id, request)
                waits[mine].append(time.perf_counter() - before)
                held[mine] += answer.state == "held"

        running = [threading.Thread(target=reserve, args=(mine,)) for mine in range(threads)]
        for thread in running:
            thread.start()
        gc.collect()
        start.wait()
        began = time.perf_counter()
        for thread in running:
            thread.join()
        seconds = time.perf_counter() - began
    check_all_given(place, stock)
    if sum(held) != stock:
        raise AssertionError(f"{sum(held)} were told that they have one of {stock}")
    return asked * threads / seconds, percentile([one for own in waits for one in own], 0.99)


def check_all_given(place: Place, stock: int) -> None:
    """All of the stock is allocated and no more."""
    with psycopg.connect(place.url) as connection:
        row = connection.execute("SELECT quantity, allocated FROM inventory.stock").fetchone()
    if row != (stock, stock):
        raise AssertionError(f"{row} (quantity, allocated) in stock, {stock} were there")
