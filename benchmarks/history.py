"""A year of history beside an empty one: what a reservation costs, and what a question about the past costs."""

import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import msgspec
import psycopg
from msgspec.structs import replace

from benchmarks import merchant
from benchmarks.measures import Measure, Options, say
from benchmarks.places import Bench, opened, settle_down
from stocktower import catalog, exchange, inventory
from stocktower.app.home import Tower
from stocktower.app.workers import work_until_idle
from stocktower.exchange import Incoming, ProductDocument, StockDocument, StockLine
from stocktower.inventory import HoldRequest
from stocktower.network import load_network

SKUS = 500
UNITS = 10_000
MOVES = 10_000_000
QUICK_MOVES = 200_000
CALLS = 200
A_CALL = 16
"""Reservations in one transaction, as the gatherer makes them."""
GOAL = 120.0
"""Percent of what it costs without."""
_FILL = """
INSERT INTO inventory.move (merchant_id, stock_id, sequence, delta, quantity_after, allocated_after, reason,
    counterpart, reference, reference_id, actor, occurred_at, recorded_at)
SELECT stock.merchant_id, stock.stock_id, stock.sequence + step, CASE WHEN step %% 2 = 1 THEN 1 ELSE -1 END,
    stock.quantity + step %% 2, stock.allocated, 'adjustment', 'adjustment', 'bench', 1, 'bench', instant.at, instant.at
FROM inventory.stock AS stock
CROSS JOIN generate_series(1, %(each)s) AS step
CROSS JOIN LATERAL (
    SELECT stock.recorded_at + (%(now)s - stock.recorded_at) * step / (%(each)s + 1) AS at
) AS instant
"""
_STAND = """
UPDATE inventory.stock AS stock SET sequence = stock.sequence + %(each)s, recorded_at = %(now)s
"""


def measure_history(bench: Bench, options: Options) -> list[Measure]:
    """Reservations with a year of moves behind their rows, by those without; and figures as of mid-year."""
    moves = QUICK_MOVES if options.quick else MOVES
    place = bench.make("history", merchant.configuration(), merchant.CODE, merchant.NOW - timedelta(days=365))
    with opened(place) as tower:
        _stock(tower)
    empty, full = (replace(bench.copy(place, f"history_{name}"), now=merchant.NOW) for name in ("empty", "full"))
    began = time.monotonic()
    with psycopg.connect(full.url) as connection:
        each = moves // SKUS // 2 * 2
        given = {"each": each, "now": merchant.NOW}
        written = connection.execute(_FILL.encode(), given).rowcount
        connection.execute(_STAND.encode(), given)
    say(f"  history: {written:,} moves written in {time.monotonic() - began:.1f} s (not counted)")
    settle_down(empty)
    settle_down(full)
    costs: list[float] = []
    past: list[float] = []
    with opened(empty) as without, opened(full) as beside:
        sides = (Side(without), Side(beside))
        for run in range(options.runs):
            # Turn by turn, so that whatever else the machine does is done to both.
            costs.append(_ratio(sides, CALLS, lambda side, call, run=run: side.reserve(f"{run}-{call}", call)))
            past.append(_ratio(sides, CALLS // 2, lambda side, call: side.ask(call)))
    for one in (empty, full, place):
        bench.drop(one)
    note = f"{written:,} moves beside none"
    return [
        Measure("a reservation by a year of history", "%", tuple(costs), GOAL, more_is_better=False, note=note),
        Measure("rows as of mid-year by a year of history", "%", tuple(past), more_is_better=False, note=note),
    ]


def _stock(tower: Tower) -> None:
    encode = msgspec.json.encode
    site = merchant.SITES[0][0]
    codes = [f"H{number:05}" for number in range(SKUS)]
    with tower.transaction("bench") as tx:
        products = [ProductDocument(code, code, cost_minor=100, currency="USD") for code in codes]
        exchange.receive(
            tx, "catalog", [Incoming(exchange.PRODUCT, one.sku, encode(one)) for one in products], origin="bench"
        )
    work_until_idle(tower)
    with tower.transaction("bench") as tx:
        lines = tuple(StockLine(code, UNITS, cost_minor=100) for code in codes)
        document = StockDocument(site, None, lines, opening=True)
        exchange.receive(tx, site, [Incoming(exchange.STOCK, f"{site}/opening", encode(document))], origin="bench")
    work_until_idle(tower)


class Side:
    """One of the two, open."""

    def __init__(self, tower: Tower) -> None:
        self._tower = tower
        with tower.reading() as tx:
            self._sku_ids = [sku.sku_id for sku in catalog.search(tx, "H", limit=SKUS).skus]
            self._channel_id = load_network(tx).channel_ids[merchant.CHANNELS[0]]
            self._moment = inventory.load_moment(tx, merchant.NOW - timedelta(days=182))

    def reserve(self, name: str, call: int) -> float:
        """Seconds of one transaction with a few reservations."""
        skus = [self._sku_ids[(call * A_CALL + number) % SKUS] for number in range(A_CALL)]
        began = time.perf_counter()
        with self._tower.transaction("bench") as tx:
            until = tx.now + timedelta(hours=1)
            requests = [HoldRequest(self._channel_id, f"{name}-{sku_id}", ((sku_id, 1),), until) for sku_id in skus]
            answers = inventory.hold(tx, requests)
        seconds = time.perf_counter() - began
        if any(answer.state != "held" for answer in answers):
            raise AssertionError(f"not held: {answers}")
        return seconds

    def ask(self, call: int) -> float:
        """Seconds of a question for the rows of fifty SKUs as of the middle of the year."""
        asked = self._sku_ids[call % 10 * 50 : call % 10 * 50 + 50]
        with self._tower.reading() as tx:
            began = time.perf_counter()
            rows = inventory.load_rows_at(tx, asked, self._moment)
            seconds = time.perf_counter() - began
        if len(rows) != len(asked):
            raise AssertionError(f"{len(rows)} rows of {len(asked)} SKUs")
        return seconds


def _ratio(sides: tuple[Side, Side], calls: int, do: Callable[[Side, int], float]) -> float:
    """The middle cost beside history, in percent of the middle cost without."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for call in range(calls):
        for place in (0, 1) if call % 2 else (1, 0):
            seconds[place].append(do(sides[place], call))
    return 100 * statistics.median(seconds[1]) / statistics.median(seconds[0])
