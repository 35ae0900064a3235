"""A merchant whose orders come through the inbox and are worked as the edge works them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from stocktower import catalog, exchange, inventory, model, network, ordering, worklist
from stocktower.exchange import (
    Address,
    ConfirmationDocument,
    ConfirmationLine,
    Incoming,
    LineDocument,
    OrderDocument,
    PaymentDocument,
    ProductDocument,
    StockDocument,
    StockLine,
)
from stocktower.ordering import OrderDetail
from stocktower.platform import (
    Transaction,
    load_events_after,
    load_events_of,
    load_invariants,
    move_cursor,
    take_cursor,
    take_due,
)

PLACED = datetime(2026, 5, 31, 9, 0, tzinfo=UTC)
TEXT = """
[merchant]
code = "acme"
name = "Acme"

[[entities]]
code = "us"
name = "Acme Inc."
currency = "USD"

[[rates]]
source = "EUR"
target = "USD"
rate = "1.10"

[[sites]]
code = "EAST"
name = "East"
kind = "warehouse"
country = "US"
region = "NJ"
priority = 10

[[sites]]
code = "WEST"
name = "West"
kind = "warehouse"
country = "US"
region = "NV"
priority = 20

[[sites]]
code = "EU"
name = "Europe"
kind = "3pl"
country = "NL"
priority = 10
ships_to = ["DE", "NL"]

[[channels]]
code = "web"
name = "Web"
kind = "shopify"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["EAST", "WEST"]
priority = 30

[[channels]]
code = "first"
name = "First"
kind = "amazon"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["EAST", "WEST"]
priority = 10
marketplace_tax = true

[[channels]]
code = "parts"
name = "In parts"
kind = "b2b"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["EAST", "WEST"]
priority = 40
ship_partial = true
terms_days = 30

[[channels]]
code = "eu"
name = "Europe"
kind = "shopify"
currency = "EUR"
live_from = 2026-01-01T00:00:00Z
sites = ["EU"]
tax_included = true
"""

PRODUCTS = (
    ProductDocument("CUP", "Cup", cost_minor=250),
    ProductDocument("LID", "Lid", cost_minor=50),
    ProductDocument("ROPE", "Rope", cost_minor=900),
    ProductDocument("SET", "Cup with lids", components=(("CUP", 1), ("LID", 2))),
    ProductDocument("PAIR", "Two ropes", listings=(("web", "ROPE-2", 2),)),
)
US = Address(name="Ann Ames", street="1 Main St", city="Newark", region="NJ", postal_code="07101", country="US")
DE = Address(name="Eva Eis", street="Weg 1", city="Berlin", postal_code="10115", country="DE")


def document(number: str, *lines: tuple[str, int] | LineDocument, **changes: Any) -> OrderDocument:
    """An order that foots: each line is (listing, quantity) at 10.00, paid, without tax or shipping."""
    stated = tuple(
        line
        if isinstance(line, LineDocument)
        else LineDocument(f"L{place}", line[0], f"Name of {line[0]}", line[1], 1000)
        for place, line in enumerate(lines, start=1)
    )
    goods = sum(line.quantity * line.unit_price_minor for line in stated)
    figures: dict[str, Any] = {
        "order_ref": f"ref-{number}",
        "number": number,
        "placed_at": PLACED,
        "currency": "USD",
        "lines": stated,
        "goods_minor": goods,
        "financial_state": "paid",
        "email": "ann@example.com",
        "ship_to": US,
        **changes,
    }
    if "total_minor" not in figures:
        figures["total_minor"] = (
            figures["goods_minor"]
            - figures.get("discount_minor", 0)
            + figures.get("shipping_minor", 0)
            + (0 if figures.get("tax_included") else figures.get("tax_minor", 0))
        )
    if "payments" not in figures and figures["financial_state"] in ("paid", "authorized"):
        state = "captured" if figures["financial_state"] == "paid" else "authorized"
        figures["payments"] = (PaymentDocument("card", f"pay-{number}", figures["total_minor"], state),)
    return OrderDocument(**figures)


class World:
    """One merchant in one transaction."""

    def __init__(self, tx: Transaction, text: str = TEXT, products: Sequence[ProductDocument] = PRODUCTS) -> None:
        self.tx = tx
        setup(tx, text, products)
        self.sku = {code: one.sku_id for code, one in catalog.find_skus(tx, [item.sku for item in products]).items()}
        self.codes = {sku_id: code for code, sku_id in self.sku.items()}
        self.network = network.load_network(tx)

    def stock(self, site: str, quantities: Mapping[str, int], as_of: datetime | None = None) -> None:
        """A site says what it holds; the edge works it, and what waits for it."""
        stock(self.tx, site, quantities, as_of)
        self.work()

    def order(self, channel: str, *documents: OrderDocument) -> None:
        """A channel states orders."""
        send(self.tx, channel, *documents)
        self.work()

    def confirm(self, number: str, kind: str, lines: Sequence[tuple[str, int]] = (), **changes: Any) -> None:
        """A site reports."""
        confirm(self.tx, number, kind, lines, **changes)
        self.work()

    def work(self) -> None:
        """Everything that is due, until nothing is."""
        while work_once(self.tx):
            pass

    def find(self, number: str) -> OrderDetail:
        """An order by number."""
        rows = ordering.find_orders(self.tx, self.network, number)
        assert len(rows) == 1, f"{len(rows)} orders {number}"
        found = ordering.load_order(self.tx, self.network, rows[0].order_id)
        assert found is not None
        return found

    def state(self, number: str) -> tuple[str, str, str]:
        """(step, what it waits for, fulfillment state)."""
        row = self.find(number).order
        return row.step, row.waits_for, row.fulfillment_state

    def kinds(self, number: str) -> list[str]:
        """The kinds of an order's events, in order."""
        return [entry.kind for entry in self.find(number).timeline]

    def told(self, number: str, kind: str) -> list[dict[str, Any]]:
        """The data of an order's events of one kind."""
        order_id = self.find(number).order.order_id
        return [msgspec.json.decode(one.data) for one in load_events_of(self.tx, order_id, 1000) if one.kind == kind]

    def cases(self) -> dict[str, int]:
        """Open cases as `kind cause` -> waiters."""
        page = worklist.load_cases(self.tx, worklist.CaseFilter(), limit=1000)
        return {f"{case.kind} {self.named(case.cause_key)}": case.waiters for case in page.cases}

    def named(self, cause_key: str) -> str:
        """A cause key with the SKU's code in place of its id, and without other ids."""
        sort, _, name = cause_key.partition("/")
        if sort == "sku":
            return f"sku/{self.codes[int(name)]}"
        return sort if name.isdigit() else cause_key

    def available(self, site: str, code: str) -> tuple[int, int]:
        """(quantity, allocated) of a stock row."""
        facts = inventory.load_availability(self.tx, [self.sku[code]], self.network)
        for row in facts.rows(self.sku[code]):
            if row.site_id == self.network.site_ids[site]:
                return row.quantity, row.allocated
        return 0, 0

    def check(self) -> None:
        """Every invariant of the rooms below and of this one holds."""
        assert broken(self.tx) == []


def setup(tx: Transaction, text: str = TEXT, products: Sequence[ProductDocument] = PRODUCTS) -> None:
    """Apply the configuration and take the products."""
    outcome = model.apply_configuration(tx, text, base_version=None, author="tester", file="stocktower.toml")
    network.apply_network(tx, outcome.configuration)
    catalog.take_products(tx, products)


def send(tx: Transaction, channel: str, *documents: OrderDocument) -> list[int]:
    """Put orders into the inbox; gives the messages."""
    incoming = [Incoming("order", item.order_ref, msgspec.json.encode(item)) for item in documents]
    return [receipt.message_id for receipt in exchange.receive(tx, channel, incoming, origin="test")]


def stock(tx: Transaction, site: str, quantities: Mapping[str, int], as_of: datetime | None = None) -> None:
    """Put a snapshot into the inbox."""
    lines = tuple(StockLine(sku, units, row=row) for row, (sku, units) in enumerate(quantities.items(), start=2))
    body = msgspec.json.encode(StockDocument(site, as_of, lines))
    exchange.receive(tx, site, [Incoming("stock", f"{site}/{as_of}", body)], origin="test")


def confirm(
    tx: Transaction, number: str, kind: str, lines: Sequence[tuple[str, int]] = (), source: str = "EAST",
    lots: Sequence[ConfirmationLine] = (), **changes: Any,
) -> None:  # fmt: skip
    """Put a site's report into the inbox; lines are (SKU code, units), or `lots` with more."""
    figures: dict[str, Any] = {"occurred_at": tx.now, "site": "", **changes}
    stated = (*(ConfirmationLine(units, sku) for sku, units in lines), *lots)
    body = msgspec.json.encode(ConfirmationDocument(number, kind, lines=stated, **figures))
    exchange.receive(tx, source if not figures["site"] else figures["site"], [Incoming("confirmation", number, body)],
                     origin="test")  # fmt: skip


HANDLERS = {
    "order": ordering.take_orders,
    "confirmation": ordering.take_confirmations,
    "stock": ordering.take_stock,
}
DUE = {
    ordering.ADVANCE: ordering.resume_orders,
    ordering.FILL: ordering.fill_backorders,
    ordering.CLAIM: ordering.claim_inbound,
    ordering.RETRY: ordering.retry_confirmations,
    "fulfillment.acknowledge": ordering.not_acknowledged,
    "payment.expiry": ordering.expire_authorizations,
}


def work_once(tx: Transaction, kinds: Iterable[str] = ("order", "confirmation", "stock")) -> int:
    """One round of what the edge does: messages, deadlines, events; gives how much there was."""
    done = 0
    for kind in kinds:
        messages = exchange.claim(tx, [kind], 1000)
        if messages:
            HANDLERS[kind](tx, messages)
            done += len(messages)
    for kind, handle in DUE.items():
        keys = take_due(tx, kind, 500)
        if keys:
            handle(tx, keys)
            done += len(keys)
    tx.write_events()
    position = take_cursor(tx, "resume")
    assert position is not None
    events, read_to = load_events_after(tx, position, 2000, ordering.RESUME_KINDS)
    if events:
        ordering.resume_events(tx, events)
    if read_to > position:
        move_cursor(tx, "resume", read_to)
        done += len(events)
    tx.write_events()
    return done


def broken(tx: Transaction) -> list[str]:
    """The invariants that do not hold, with the first rows that break them."""
    found: list[str] = []
    for room in ("inventory", "fulfillment", "ordering", "worklist", "payments", "exchange"):
        for one in load_invariants(f"stocktower.{room}"):
            rows = tx.tuples(one.query)
            if rows:
                found.append(f"{room}.{one.name}: {rows[:3]}")
    return found
