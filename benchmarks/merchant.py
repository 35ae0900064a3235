"""A merchant with 2,000 SKUs at 6 sites, and orders of 1 to 4 lines; seeded, so that every run gets the same."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from stocktower import exchange
from stocktower.app.home import Tower
from stocktower.app.workers import work_until_idle
from stocktower.exchange import (
    Address,
    Incoming,
    LineDocument,
    OrderDocument,
    PaymentDocument,
    ProductDocument,
    StockDocument,
    StockLine,
)

CODE = "bench"
NOW = datetime(2026, 6, 8, 12, 0, tzinfo=UTC)
SKUS = 2_000
KITS = 40
"""Of the SKUs, the last ones: kits of two others."""
SITES = (
    ("EAST", "warehouse", "NJ", 40.74, -74.17, 10),
    ("MID", "warehouse", "OH", 39.96, -83.00, 15),
    ("WEST", "warehouse", "NV", 39.53, -119.81, 20),
    ("SOUTH", "3pl", "TX", 32.78, -96.80, 30),
    ("STORE-BOS", "store", "MA", 42.36, -71.06, 60),
    ("STORE-SEA", "store", "WA", 47.61, -122.33, 60),
)
CHANNELS = ("web", "market")
_STATES = ("NY", "CA", "TX", "FL", "IL", "PA", "OH", "GA", "NC", "MI", "NJ", "WA", "MA", "AZ", "CO", "OR")
_PRICES = (590, 1290, 1990, 2490, 3900, 4999, 7450, 12900)

_encode = msgspec.json.Encoder().encode


def configuration() -> str:
    """The merchant's file."""
    parts = [
        f'[merchant]\ncode = "{CODE}"\nname = "Bench"\ntimezone = "America/New_York"\n',
        '[[entities]]\ncode = "main"\nname = "Bench Inc."\ncurrency = "USD"\n',
    ]
    for code, kind, region, latitude, longitude, priority in SITES:
        protected = "protected = true\n" if kind == "store" else ""
        parts.append(
            f'[[sites]]\ncode = "{code}"\nname = "{code}"\nkind = "{kind}"\ncountry = "US"\nregion = "{region}"\n'
            f"latitude = {latitude}\nlongitude = {longitude}\npriority = {priority}\n{protected}"
        )
    sites = ", ".join(f'"{site[0]}"' for site in SITES)
    for place, code in enumerate(CHANNELS):
        parts.append(
            f'[[channels]]\ncode = "{code}"\nname = "{code}"\nkind = "shopify"\ncurrency = "USD"\n'
            f"live_from = 2026-01-01T00:00:00+00:00\nsites = [{sites}]\npriority = {30 + 10 * place}\n"
        )
    return "\n".join(parts)


def sku(number: int) -> str:
    """The code of a SKU by its number."""
    return f"SKU-{number:05d}"


def products() -> Iterator[ProductDocument]:
    """The catalogue."""
    for number in range(SKUS):
        parts = () if number < SKUS - KITS else ((sku(number - KITS * 3), 1), (sku(number - KITS * 5), 2))
        yield ProductDocument(
            sku(number), f"Product {number}", cost_minor=None if parts else 300, currency="USD", components=parts
        )


def stock(units: int = 1_000_000) -> Iterator[StockDocument]:
    """Opening stock: each SKU at three to six of the sites, so that some orders have to be divided."""
    drawn = random.Random(7)
    held: dict[str, list[StockLine]] = {site[0]: [] for site in SITES}
    for number in range(SKUS - KITS):
        for code in drawn.sample(list(held), drawn.randint(3, len(SITES))):
            held[code].append(StockLine(sku(number), units, cost_minor=300))
    for code, lines in held.items():
        yield StockDocument(code, None, tuple(lines), opening=True)


def orders(count: int, seed: int = 11) -> Iterator[tuple[str, OrderDocument]]:
    """(channel, order): 1 to 4 lines, some SKUs in more demand than others, four of five paid, the rest authorized."""
    drawn = random.Random(seed)
    weights = [1 / (place + 60) for place in range(SKUS)]
    chosen = drawn.choices(range(SKUS), weights, k=count * 4)
    for number in range(count):
        many = drawn.choice((1, 1, 2, 2, 3, 4))
        picked = dict.fromkeys(chosen[number * 4 : number * 4 + many])
        placed_at = NOW - timedelta(seconds=count - number)
        yield CHANNELS[number % len(CHANNELS)], _order(drawn, number, list(picked), placed_at)


def _order(drawn: random.Random, number: int, picked: Sequence[int], placed_at: datetime) -> OrderDocument:
    lines: list[LineDocument] = []
    goods = 0
    for place, one in enumerate(picked, start=1):
        quantity = drawn.choice((1, 1, 1, 2, 3))
        price = _PRICES[one % len(_PRICES)]
        goods += quantity * price
        lines.append(LineDocument(str(place), sku(one), f"Product {one}", quantity, price))
    tax, shipping, discount = goods * 7 // 100, 495, 500 if number % 7 == 0 else 0
    total = goods - discount + shipping + tax
    paid = number % 5 != 0
    state = drawn.choice(_STATES)
    name = f"Customer {number % 9_973}"
    to = Address(name, "", f"{number % 900 + 1} Main Street", "Springfield", state, f"{number % 90_000:05d}", "US")
    tender = PaymentDocument("card", f"P{number}", total, "captured" if paid else "authorized", authorized_at=placed_at)
    return OrderDocument(
        order_ref=f"{5_000_000_000 + number}",
        number=f"#{100_000 + number}",
        placed_at=placed_at,
        currency="USD",
        lines=tuple(lines),
        goods_minor=goods,
        discount_minor=discount,
        shipping_minor=shipping,
        tax_minor=tax,
        total_minor=total,
        payments=(tender,),
        financial_state="paid" if paid else "authorized",
        email=f"customer{number % 9_973}@example.test",
        ship_to=to,
        bill_to=to,
    )


def load_master_data(tower: Tower, units: int = 1_000_000) -> None:
    """Products and opening stock, worked through by the product itself."""
    items = [Incoming(exchange.PRODUCT, one.sku, _encode(one)) for one in products()]
    with tower.transaction("bench") as tx:
        exchange.receive(tx, "catalog", items, origin="bench")
    work_until_idle(tower)
    for document in stock(units):
        with tower.transaction("bench") as tx:
            item = Incoming(exchange.STOCK, f"{document.site}/opening", _encode(document), len(document.lines))
            exchange.receive(tx, document.site, [item], origin="bench")
    work_until_idle(tower)


def load_orders(tower: Tower, count: int) -> None:
    """Order messages, durable in the inbox."""
    by_channel: dict[str, list[Incoming]] = {code: [] for code in CHANNELS}
    for channel, document in orders(count):
        by_channel[channel].append(Incoming(exchange.ORDER, document.order_ref, _encode(document), len(document.lines)))
    at_once = 2_500
    for start in range(0, count, at_once):
        for channel, items in by_channel.items():
            with tower.transaction("bench") as tx:
                exchange.receive(tx, channel, items[start : start + at_once], origin="bench")
