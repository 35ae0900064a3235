"""A small merchant behind its pages: every document goes through the inbox and is worked as the edge works it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from stocktower import access, exchange
from stocktower.app.home import Home, Tower, apply_file
from stocktower.app.workers import work_until_idle
from stocktower.exchange import (
    Address,
    ConfirmationDocument,
    Incoming,
    LineDocument,
    OrderDocument,
    PaymentDocument,
    ProductDocument,
    StockDocument,
    StockLine,
)
from stocktower.platform import Database, FrozenClock

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
CONFIGURATION = """
[merchant]
code = "lumen"
name = "Lumen Lamps"
timezone = "America/New_York"

[[entities]]
code = "us"
name = "Lumen Inc."
currency = "USD"

[[sites]]
code = "EAST"
name = "East warehouse"
kind = "warehouse"
country = "US"
region = "NJ"
priority = 10
acknowledge_hours = 4

[[sites]]
code = "STORE"
name = "Store, Boston"
kind = "store"
country = "US"
region = "MA"
priority = 60
protected = true

[[channels]]
code = "web"
name = "Web shop"
kind = "shopify"
format = "csv"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["EAST", "STORE"]
priority = 30
ship_by_hours = 48

[[channels]]
code = "market"
name = "Market"
kind = "amazon"
format = "csv"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["EAST"]
marketplace_tax = true
priority = 20

[[safety_stock]]
site = "EAST"
sku = "LAMP"
quantity = 5
"""

PRODUCTS = (
    ProductDocument("LAMP", "Desk lamp, brass", category="lamps", cost_minor=2_000, price_minor=5_000, currency="USD",
                    listings=(("web", "LAMP", 1), ("market", "MK-LAMP", 1))),
    ProductDocument("BULB", "Bulb, warm", category="bulbs", cost_minor=200, price_minor=900, currency="USD",
                    backorder=True, listings=(("web", "BULB", 1), ("market", "MK-BULB", 2))),
    ProductDocument("SET", "Lamp with two bulbs", price_minor=6_500, currency="USD",
                    components=(("LAMP", 1), ("BULB", 2)), listings=(("web", "SET", 1),)),
)  # fmt: skip


def order(
    ref: str, listing: str, quantity: int, price_minor: int, placed_at: datetime, *, risk: str = "", total: int = 0
) -> OrderDocument:
    """A paid order of one line."""
    goods = quantity * price_minor
    return OrderDocument(
        order_ref=ref,
        number=f"#{ref}",
        placed_at=placed_at,
        currency="USD",
        lines=(LineDocument("1", listing, f"The {listing}", quantity, price_minor),),
        goods_minor=goods,
        total_minor=total or goods,
        payments=(PaymentDocument("card", f"pay-{ref}", total or goods, "captured"),),
        financial_state="paid",
        email=f"{ref}@example.com",
        ship_to=Address(
            name="Ada <Byron>", street="1 Main St", city="Albany", region="NY", postal_code="12207", country="US"
        ),
        risk=risk,
    )


def send(tower: Tower, source: str, kind: str, items: Sequence[tuple[str, object]]) -> None:
    """Put documents into the inbox and work through all that is due."""
    incoming = [Incoming(kind, key, msgspec.json.encode(document)) for key, document in items]
    with tower.transaction("tester") as tx:
        exchange.receive(tx, source, incoming, origin="test")
    work_until_idle(tower)


def open_world(url: str, folder: Path) -> Tower:
    """A tower on a fresh database, with products, stock, and orders in many states."""
    clock = FrozenClock(NOW - timedelta(days=3))
    database = Database(url, clock)
    home = Home(folder)
    home.data.mkdir(parents=True, exist_ok=True)
    home.configuration_file.write_text(CONFIGURATION, encoding="utf-8")
    tower = Tower(home=home, database=database, merchant_id=database.ensure_merchant("lumen"), clock=clock, url=url)
    apply_file(tower, actor="tester")
    send(tower, "catalog", exchange.PRODUCT, [(product.sku, product) for product in PRODUCTS])
    apply_file(tower, actor="tester")
    stock = (StockLine("LAMP", 40, cost_minor=2_000), StockLine("BULB", 12, cost_minor=200))
    send(tower, "EAST", exchange.STOCK, [("EAST/1/0", StockDocument("EAST", clock.now(), stock, opening=True))])
    few = (StockLine("LAMP", 3, cost_minor=2_000),)
    send(tower, "STORE", exchange.STOCK, [("STORE/1/0", StockDocument("STORE", clock.now(), few, opening=True))])
    clock.at = NOW - timedelta(days=2)
    send(tower, "web", exchange.ORDER, [(one.order_ref, one) for one in _web_orders(clock.now())])
    market = [order(f"M{n}", "MK-TWO", 1, 1_700, clock.now()) for n in range(3)]
    send(tower, "market", exchange.ORDER, [(one.order_ref, one) for one in market])
    shipped = ConfirmationDocument(
        "#1001", "shipped", clock.now() + timedelta(hours=1), "EAST", carrier="UPS", tracking="1Z9"
    )
    clock.at = NOW - timedelta(days=1)
    send(tower, "EAST", exchange.CONFIRMATION, [("#1001", shipped)])
    clock.at = NOW
    work_until_idle(tower)
    return tower


def _web_orders(at: datetime) -> list[OrderDocument]:
    return [
        order("1001", "LAMP", 2, 5_000, at),
        order("1002", "LAMP", 1, 5_000, at - timedelta(hours=1)),
        order("1003", "BULB", 40, 900, at),
        order("1004", "SET", 1, 6_500, at),
        order("1005", "LAMP", 1, 5_000, at, risk="high"),
        order("1006", "LAMP", 1, 5_000, at, total=4_321),
    ]


def sign_in(tower: Tower, role: access.Role = access.Role.ADMINISTRATOR) -> str:
    """A sign-in link's secret for somebody with a role."""
    return _secret(tower, role, "link")


def token(tower: Tower, role: access.Role = access.Role.ADMINISTRATOR) -> str:
    """A bearer token for somebody with a role."""
    return _secret(tower, role, "api")


def _secret(tower: Tower, role: access.Role, kind: access.TokenKind) -> str:
    with tower.transaction("tester") as tx:
        person = access.ensure_person(tx, f"a {role}", role)
        secret = f"{kind}-{role}-{tx.new_id()}"
        return access.create_token(tx, person, kind=kind, label="test", expires_at=None, secret=secret)
