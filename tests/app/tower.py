"""A small merchant with stock, and short ways to put orders into its inbox without working them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from stocktower import exchange, worklist
from stocktower.app.home import Home, Tower, apply_file
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
from stocktower.platform import Database, FrozenClock
from stocktower.worklist import Case, CaseFilter

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
CONFIGURATION = """
[merchant]
code = "small"
name = "Small"

[[entities]]
code = "us"
name = "Small Inc."
currency = "USD"

[[sites]]
code = "EAST"
name = "East"
kind = "warehouse"
country = "US"

[[channels]]
code = "web"
name = "Web"
kind = "shopify"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["EAST"]
"""


def order(number: int, sku: str = "CUP", *, total: int = 500) -> OrderDocument:
    """A paid order of one cup; a total other than 500 does not foot."""
    return OrderDocument(
        order_ref=f"A{number}", number=f"A{number}", placed_at=NOW, currency="USD",
        lines=(LineDocument("1", sku, sku.lower(), 1, 500),), goods_minor=500, total_minor=total,
        payments=(PaymentDocument("card", f"pay-{number}", total, "captured"),), financial_state="paid",
        ship_to=Address(name="Ada", street="1 Main St", city="Albany", region="NY", postal_code="12207", country="US"),
    )  # fmt: skip


def open_tower(url: str, folder: Path) -> Tower:
    """The merchant, with a hundred cups."""
    clock = FrozenClock(NOW)
    database = Database(url, clock)
    home = Home(folder)
    home.data.mkdir(parents=True, exist_ok=True)
    home.configuration_file.write_text(CONFIGURATION, encoding="utf-8")
    tower = Tower(home=home, database=database, merchant_id=database.ensure_merchant("small"), clock=clock, url=url)
    apply_file(tower, actor="tester")
    send(tower, exchange.PRODUCT, {"CUP": ProductDocument("CUP", "Cup", cost_minor=200, currency="USD")})
    stock = StockDocument("EAST", NOW, (StockLine("CUP", 100, cost_minor=200),), opening=True)
    send(tower, exchange.STOCK, {"EAST": stock})
    work_until_idle(tower)
    return tower


def send(tower: Tower, kind: str, documents: Mapping[str, object]) -> None:
    """Put documents into the inbox, by key."""
    incoming = [
        Incoming(kind, key, document if isinstance(document, bytes) else msgspec.json.encode(document))
        for key, document in documents.items()
    ]
    with tower.transaction("tester") as tx:
        exchange.receive(tx, "web", incoming, origin="test")


def send_orders(tower: Tower, numbers: Iterable[int]) -> None:
    """Put orders into the inbox."""
    send(tower, exchange.ORDER, {f"A{number}": order(number) for number in numbers})


def open_cases(tower: Tower, kind: str = "", *, state: str = "open") -> list[Case]:
    """What is stuck, or was."""
    with tower.reading() as tx:
        return list(worklist.load_cases(tx, CaseFilter(kind=kind, state=state)).cases)
