"""The pure decision in memory: orders captured and advanced with no database, as a simulation runs it."""

import gc
import random
import time
from itertools import count

import msgspec

from benchmarks import merchant
from benchmarks.measures import Measure, Options
from stocktower.catalog import Resolved
from stocktower.inventory import FreeStock, Reach, Supply, SupplyRow
from stocktower.model import Configuration, load_configuration
from stocktower.network import Network
from stocktower.network.rules import build_network
from stocktower.ordering.capture import Books, Captured, open_order
from stocktower.ordering.model import Facts, Order
from stocktower.ordering.rules import advance
from stocktower.payments import payment_states
from stocktower.sourcing import Planner

GOAL = 10_000.0
BATCH = 1_000


def measure_decisions(options: Options) -> list[Measure]:
    """Orders a second through `advance`, and through capture and `advance`, one thread."""
    total = 10_000 if options.quick else 40_000
    configuration = load_configuration(merchant.configuration(), file="bench")
    sites = {site.code: place for place, site in enumerate(configuration.sites, start=1)}
    channels = {channel.code: place for place, channel in enumerate(configuration.channels, start=101)}
    network = build_network(1, configuration, sites, channels)
    bodies = [(channel, msgspec.json.encode(document)) for channel, document in merchant.orders(total)]
    advanced: list[float] = []
    captured: list[float] = []
    for _ in range(max(3, options.runs)):
        capture_seconds, advance_seconds = _run(configuration, network, bodies)
        advanced.append(total / advance_seconds)
        captured.append(total / (capture_seconds + advance_seconds))
    note = f"{total:,} orders, one thread"
    return [
        Measure("advance in memory", "orders/s", tuple(advanced), GOAL, note=note),
        Measure("decode, capture and advance in memory", "orders/s", tuple(captured), note=note),
    ]


def _run(configuration: Configuration, network: Network, bodies: list[tuple[str, bytes]]) -> tuple[float, float]:
    """Seconds for decoding and capturing, and for advancing."""
    resolved = _resolved()
    supply = _supply(network)
    books = Books({entity.code: entity.currency for entity in configuration.entities}, lambda *_: 1)
    planner, reach = Planner(network, configuration.sourcing), Reach(network)
    ids = count(1_000_000)
    capture_seconds = advance_seconds = 0.0
    released = 0
    gc.collect()
    for start in range(0, len(bodies), BATCH):
        before = time.perf_counter()
        orders = [
            _capture(network, channel, body, resolved, books, next(ids))
            for channel, body in bodies[start : start + BATCH]
        ]
        between = time.perf_counter()
        # A batch's own view of what it locked, as the worker makes it.
        facts = Facts(network, planner, FreeStock(supply, reach), ids.__next__)
        plan = advance(orders, facts, merchant.NOW)
        advance_seconds += time.perf_counter() - between
        capture_seconds += between - before
        released += len({request.order_id for request in plan.requests})
    if released != len(bodies):
        raise AssertionError(f"{released} of {len(bodies)} orders were released")
    return capture_seconds, advance_seconds


_decode = msgspec.json.Decoder(merchant.OrderDocument).decode


def _capture(
    network: Network, channel: str, body: bytes, resolved: dict[str, Resolved], books: Books, order_id: int
) -> Order:
    document = _decode(body)
    facts = network.channels[network.channel_ids[channel]]
    tenders = payment_states(document, facts, merchant.NOW)
    return open_order(document, Captured(order_id, order_id, facts, 1, tenders, merchant.NOW), resolved, books)


def _resolved() -> dict[str, Resolved]:
    ids = {product.sku: number for number, product in enumerate(merchant.products(), start=1)}
    return {
        product.sku: Resolved(
            ids[product.sku],
            1,
            tuple((ids[code], units) for code, units in product.components) or ((ids[product.sku], 1),),
        )
        for product in merchant.products()
    }


def _supply(network: Network) -> Supply:
    drawn = random.Random(7)
    rows: dict[int, list[SupplyRow]] = {}
    stock_ids = count(1)
    for number in range(1, merchant.SKUS - merchant.KITS + 1):
        held = drawn.sample(list(network.sites), drawn.randint(3, len(network.sites)))
        rows[number] = [SupplyRow(next(stock_ids), number, site_id, 1_000_000, 0, 0) for site_id in sorted(held)]
    return Supply(rows, {}, {}, frozenset(), frozenset(rows))
