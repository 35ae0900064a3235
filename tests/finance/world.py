"""A small merchant for the tests of the books: two entities, a supplier's site, a marketplace; events as they come."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from stocktower.finance import PostingRole, post
from stocktower.finance.facts import Facts
from stocktower.finance.happenings import Happening, read_data
from stocktower.finance.model import Place
from stocktower.model import Channel, Configuration, LegalEntity, Merchant, Rate, Site
from stocktower.network import Network, build_network
from stocktower.platform import Event, Transaction, load_events_at, load_invariants

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
EAST, EU_3PL, DROPSHIP = 11, 12, 13
WEB, WEB_EU, AMAZON = 21, 22, 23
EUR_USD = Decimal("1.25")


def configuration(eur_usd: Decimal = EUR_USD, **changes: Any) -> Configuration:
    """The merchant's file; dollars for the American entity, euros for the German one."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    stated: dict[str, Any] = {
        "merchant": Merchant(code="test", name='Test "Goods" \\ Co', timezone="America/New_York"),
        "entities": (
            LegalEntity(code="us", name="US Inc.", currency="USD"),
            LegalEntity(code="de", name="DE GmbH", currency="EUR"),
        ),
        "sites": (
            Site(code="EAST", name="East", kind="warehouse", entity="us", country="US"),
            Site(code="EU", name="EU 3PL", kind="3pl", entity="de", country="DE"),
            Site(code="DROP", name="Supplier", kind="dropship", entity="us", country="US"),
        ),
        "channels": (
            Channel(
                code="web",
                name="Web",
                kind="shopify",
                currency="USD",
                live_from=start,
                sites=("EAST",),
                entity="us",
            ),
            Channel(
                code="eu",
                name="EU",
                kind="shopify",
                currency="EUR",
                live_from=start,
                sites=("EU",),
                entity="us",
            ),
            Channel(
                code="amz",
                name="Amazon",
                kind="amazon",
                currency="USD",
                live_from=start,
                sites=("EAST",),
                entity="us",
            ),
        ),
        "rates": (
            Rate(source="EUR", target="USD", rate=eur_usd),
            Rate(source="GBP", target="USD", rate=Decimal("1.3333")),
        ),
    }
    return Configuration(**{**stated, **changes})


def network(of: Configuration) -> Network:
    """The places of the merchant under fixed ids."""
    return build_network(
        1, of, {"EAST": EAST, "EU": EU_3PL, "DROP": DROPSHIP}, {"web": WEB, "eu": WEB_EU, "amz": AMAZON}
    )


def facts(rates: dict[tuple[str, str], Fraction] | None = None, **changes: Any) -> Facts:
    """What pure rules decide on, without a database."""
    stated = rates or {("EUR", "USD"): Fraction(5, 4), ("GBP", "USD"): Fraction(4, 3)}

    def rate(source: str, target: str, on: date) -> Fraction:
        return stated[source, target]

    known: dict[str, Any] = {
        "accounts": {role: str(role) for role in PostingRole},
        "currencies": {"us": "USD", "de": "EUR"},
        "places": {EAST: Place("us", True), EU_3PL: Place("de", True), DROPSHIP: Place("us", False)},
        "marketplaces": frozenset({AMAZON}),
        "rate": rate,
    }
    return Facts(**{**known, **changes})


def happen(*events: Event) -> list[Happening]:
    """Events as posting rules see them, at positions 1, 2, 3."""
    found: list[Happening] = []
    for position, event in enumerate(events, start=1):
        data = read_data(event.kind, event.data)
        assert data is not None
        day = event.occurred_at.date()
        found.append(Happening(position, event.kind, event.subject, event.subject_id, day, event.occurred_at, data))
    return found


def event(kind: str, subject: str, subject_id: int, at: datetime = AT, **data: Any) -> Event:
    """Any event."""
    return Event(kind=kind, subject=subject, subject_id=subject_id, occurred_at=at, data=msgspec.json.encode(data))


def stock(
    kind: str,
    sku_id: int,
    delta: int,
    cost_minor: int | None = None,
    *,
    site: int = EAST,
    owner: str = "own",
    at: datetime = AT,
) -> Event:
    """Goods that came or went without a sale."""
    return event(
        f"stock.{kind}",
        "sku",
        sku_id,
        at,
        stock_id=sku_id,
        sku_id=sku_id,
        site_id=site,
        status="available",
        owner=owner,
        delta=delta,
        cost_minor=cost_minor,
        reason=kind,
        quantity_after=0,
    )


def paid(
    order_id: int, amount: int, *, channel: int = WEB, method: str = "card", currency: str = "USD", at: datetime = AT
) -> Event:
    """Money of a customer came in."""
    return event(
        "payment.captured",
        "order",
        order_id,
        at,
        payment_id=order_id,
        order_id=order_id,
        entity="us",
        channel_id=channel,
        method=method,
        amount_minor=amount,
        currency=currency,
    )


def shipped(
    order_id: int,
    goods: int,
    *,
    discount: int = 0,
    shipping: int = 0,
    tax: int = 0,
    duties: int = 0,
    items: Sequence[tuple[int, int]] = (),
    owned: Sequence[tuple[int, int, str]] = (),
    site: int = EAST,
    channel: int = WEB,
    currency: str = "USD",
    at: datetime = AT,
    marketplace_tax: bool = False,
) -> Event:
    """Control passed to the customer."""
    share = {
        "line_no": 1,
        "sku_id": 1,
        "quantity": 1,
        "goods_minor": goods,
        "discount_minor": discount,
        "shipping_minor": shipping,
        "tax_minor": tax,
        "duties_minor": duties,
    }
    return event(
        "fulfillment.shipped",
        "order",
        order_id,
        at,
        fulfillment_id=order_id,
        number=f"F-{order_id}",
        site_id=site,
        entity="us",
        channel_id=channel,
        currency=currency,
        revenue=[share],
        terms_days=None,
        stock=[
            {"sku_id": sku_id, "quantity": quantity, **({"owner": owner} if owner else {})}
            for sku_id, quantity, owner in (*((*item, "") for item in items), *owned)
        ],
        marketplace_tax=marketplace_tax,
    )


def refunded(
    order_id: int,
    amount: int,
    *,
    before: int = 0,
    method: str = "card",
    currency: str = "USD",
    at: datetime = AT,
    channel: int = WEB,
    **after: int,
) -> Event:
    """Money went back to a customer; `after`: goods_minor, discount_minor, shipping_minor, tax_minor, duties_minor."""
    shares = {"goods_minor": 0, "discount_minor": 0, "shipping_minor": 0, "tax_minor": 0, **after}
    return event(
        "refund.issued",
        "order",
        order_id,
        at,
        order_id=order_id,
        entity="us",
        channel_id=channel,
        currency=currency,
        method=method,
        amount_minor=amount,
        before_shipment_minor=before,
        after=shares,
    )


def feed(tx: Transaction, *events: Event, under: Configuration | None = None) -> list[int]:
    """Record events and post them; gives back their positions."""
    tx.emit_all(events)
    positions = tx.write_events()
    stated = under or configuration()
    post(tx, stated, network(stated), load_events_at(tx, positions))
    return positions


def broken(tx: Transaction, *skipped: str) -> dict[str, list[tuple[Any, ...]]]:
    """The invariants of the books that do not hold, save those named."""
    found = {
        item.name: tx.tuples(item.query) for item in load_invariants("stocktower.finance") if item.name not in skipped
    }
    return {name: rows for name, rows in found.items() if rows}


class _UndoneError(Exception):
    """Ends a part of a test that leaves nothing behind."""


@contextmanager
def undone(tx: Transaction) -> Iterator[None]:
    """A part of a test that leaves nothing behind."""
    with suppress(_UndoneError), tx.savepoint():
        yield
        raise _UndoneError
