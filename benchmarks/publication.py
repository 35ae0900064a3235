"""A burst: every SKU of a large merchant changes at once, and all channels are looked at, ranked and told."""

import time

import psycopg

from benchmarks.measures import Measure, Options
from benchmarks.merchant import NOW
from benchmarks.places import Bench, Place, opened
from stocktower import catalog, network, ordering, publication
from stocktower.exchange import ProductDocument, StockDocument, StockLine
from stocktower.platform import Transaction
from stocktower.publication import service
from stocktower.publication.board import Board
from stocktower.publication.truths import load_desk, load_touched

GOAL = 1.0
CHANNELS = 10
CONFIGURATION = """
[merchant]
code = "burst"
name = "Burst"

[[entities]]
code = "us"
name = "Burst Inc."
currency = "USD"

[[sites]]
code = "MAIN"
name = "Main"
kind = "warehouse"
country = "US"
""" + "".join(
    f"""
[[channels]]
code = "c{n}"
name = "Channel {n}"
kind = "other"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["MAIN"]
"""
    for n in range(CHANNELS)
)


def measure_publication(bench: Bench, options: Options) -> list[Measure]:
    """Seconds from a burst of changed SKUs to what every channel is to be told, in turn; and until all is recorded."""
    skus = 1_000 if options.quick else 10_000
    place = bench.make("burst", CONFIGURATION, "burst", NOW)
    ready: list[float] = []
    told: list[float] = []
    with opened(place) as tower:
        with tower.transaction("bench") as tx:
            products = [ProductDocument(f"S{n}", f"SKU {n}", price_minor=100 + n, cost_minor=50) for n in range(skus)]
            catalog.take_products(tx, products)
        for run in range(max(2, options.runs) + 1):
            with tower.transaction("bench") as tx:
                change(tx, skus, 100 + 7 * run)
            with tower.transaction("bench") as tx:
                seconds = measure_ready(tx)
            began = time.perf_counter()
            with tower.transaction("bench") as tx:
                done = publication.publish_due(tx, network.load_network(tx), folder="out")
            assert sum(len(one.listings) for one in done.publications) == skus * CHANNELS
            if run:
                ready.append(seconds)
                told.append(time.perf_counter() - began)
    bare = measure_bare(place)
    note = f"{skus:,} SKUs on {CHANNELS} channels, all changed"
    return [
        Measure("burst ready to publish", "s", tuple(ready), GOAL, more_is_better=False, bare=bare, note=note),
        Measure("burst told and recorded", "s", tuple(told), more_is_better=False, bare=bare, note=note),
    ]


def change(tx: Transaction, skus: int, quantity: int) -> None:
    """Every SKU is counted anew, and noted as changed."""
    lines = tuple(StockLine(f"S{n}", quantity, row=n + 2) for n in range(skus))
    ordering.take_count(tx, StockDocument("MAIN", tx.now, lines), tx.new_id())
    ids = {sku.sku_id: 1 for sku in catalog.find_skus(tx, [f"S{n}" for n in range(skus)]).values()}
    service.store.mark_changed(tx, ids)


def measure_ready(tx: Transaction) -> float:
    """Seconds to look at all that changed and to rank it; nothing of it is written."""
    changed = service.store.load_changed(tx)
    began = time.perf_counter()
    touched = load_touched(tx, changed)
    desk = load_desk(tx, network.load_network(tx), touched)
    seen = service.look(tx, desk, Board(), touched)
    service.rules.in_turn(seen.candidates.values())
    return time.perf_counter() - began


def measure_bare(place: Place) -> float:
    """Seconds for the database alone to read how all listings stand, and to write as many rows again."""
    with psycopg.connect(place.url) as connection:
        began = time.perf_counter()
        connection.execute("CREATE TEMPORARY TABLE bare AS SELECT * FROM publication.standing")
        connection.execute("UPDATE publication.standing SET shown = shown")
        seconds = time.perf_counter() - began
        connection.rollback()
    return seconds
