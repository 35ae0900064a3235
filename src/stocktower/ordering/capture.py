"""From a channel's document to an order: what it is, what is frozen, what holds it up, what of it is history. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from stocktower.catalog import Resolved
from stocktower.exchange import LineDocument, OrderDocument
from stocktower.kernel import UnknownCurrency, convert, exponent
from stocktower.model import RateMissing
from stocktower.network import ChannelFacts, ship_by
from stocktower.payments import Payment, payment_state

from . import amounts, events
from .addresses import decide_unshippable, is_shipped_to_somebody
from .model import Hold, HoldName, Line, Order, OrderStep
from .states import settle

SYSTEM = "system"
_COD = ("cod", "cash on delivery", "cash_on_delivery")


class UnusableDocument(ValueError):
    """A document that cannot become an order; the message says why."""


class Captured(Struct, frozen=True):
    """What a new order needs beside its document."""

    order_id: int
    message_id: int
    channel: ChannelFacts
    configuration_version: int
    payments: Sequence[Payment]
    now: datetime


class Books:
    """Amounts in the book currency of the legal entity that sells; a rate is looked up once a day and currency."""

    def __init__(self, currency_of: Mapping[str, str], rate: Callable[[str, str, date], object]) -> None:
        self._currency_of = currency_of
        self._rate = rate
        self._known: dict[tuple[str, str, date], object] = {}

    def convert(self, minor: int, currency: str, entity: str, on: datetime) -> int:
        """An amount in an entity's book currency; raises UnknownCurrency, RateMissing."""
        book = self._currency_of[entity]
        if currency == book:
            exponent(currency)
            return minor
        key = (currency, book, on.date())
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._rate(*key)
        return convert(minor, found, currency, book)  # pyright: ignore[reportArgumentType]  # a Fraction


def open_order(document: OrderDocument, given: Captured, resolved: Mapping[str, Resolved], books: Books) -> Order:
    """The order that a document states, with its lines, holds and frozen amounts; raises UnusableDocument."""
    channel, now = given.channel, given.now
    order = _header(document, given)
    to = document.ship_to
    if to.latitude is not None and to.longitude is not None:
        order.destination = (to.latitude, to.longitude)
    order.lines = _lines(document, resolved)
    if not document.amounts_stated:
        amounts.complete(order)
    try:
        order.book_total_minor = books.convert(order.total_minor, document.currency, channel.entity, document.placed_at)
    except (UnknownCurrency, RateMissing) as error:
        order.holds[HoldName.CURRENCY] = Hold(HoldName.CURRENCY, str(error), now, SYSTEM)
    if order.is_history:
        order.holds.clear()
    else:
        for name, reason in find_holds(document, channel, given.payments).items():
            order.holds[name] = Hold(name, reason, now, SYSTEM)
        order.needs_listing = unmapped(order.lines)
    settle(order)
    if order.step == OrderStep.DONE:
        order.holds.clear()
    return order


def _header(document: OrderDocument, given: Captured) -> Order:
    channel = given.channel
    return Order(
        given.order_id,
        channel.channel_id,
        document.order_ref,
        document.number,
        given.message_id,
        given.configuration_version,
        is_history(document, channel),
        document.placed_at,
        given.now,
        None,
        document.ship_by_at or ship_by(channel, document.placed_at),
        channel.priority,
        document.currency,
        document.tax_included,
        document.marketplace_tax or channel.marketplace_tax,
        document.terms_days if document.terms_days is not None else channel.terms_days,
        document.goods_minor,
        document.discount_minor,
        document.shipping_minor,
        document.tax_minor,
        document.duties_minor,
        document.total_minor,
        0,
        0,
        0,
        document.ship_to.country,
        document.ship_to.region,
        OrderStep.CAPTURE,
        "",
        "",
        payment_state(given.payments, document.total_minor),
        "none",
        1,
        is_new=True,
        cause_id=given.message_id,
    )


def unmapped(lines: Sequence[Line]) -> tuple[str, ...]:
    """The listings of open lines that are not mapped."""
    missing = [line.listing for line in lines if line.sku_id is None and line.ships and line.open]
    return tuple(dict.fromkeys(missing)) if missing else ()


def is_history(document: OrderDocument, channel: ChannelFacts) -> bool:
    """Whether a new order is history: placed before the cut-over, in a marketplace's custody, or shipped already."""
    if document.placed_at < channel.live_from or document.custody == "marketplace":
        return True
    if document.cancelled_at is not None:
        return False
    if document.fulfillment_state == "fulfilled":
        return True
    shipped = sum(line.shipped for line in document.lines)
    return shipped > 0 and all(line.shipped + line.cancelled >= line.quantity for line in document.lines)


def shipped_of(line: LineDocument, document: OrderDocument) -> int:
    """How many units of a line have shipped according to the channel."""
    left = max(0, line.quantity - line.cancelled)
    if document.fulfillment_state == "fulfilled" and document.cancelled_at is None:
        return left
    return min(line.shipped, left)


def _lines(document: OrderDocument, resolved: Mapping[str, Resolved]) -> list[Line]:
    if not document.lines:
        raise UnusableDocument(f"order {document.number} has no lines")
    cancelled = document.cancelled_at is not None
    made: list[Line] = []
    for line_no, (line, frozen) in enumerate(zip(document.lines, amounts.freeze(document), strict=True), start=1):
        made.append(_line(line_no, line, document, frozen, cancelled, resolved.get(line.listing)))
    return made


def _line(
    line_no: int,
    line: LineDocument,
    document: OrderDocument,
    frozen: amounts.Amounts,
    all_cancelled: bool,
    found: Resolved | None,
) -> Line:
    ordered = line.quantity
    if ordered < 0 or line.shipped < 0 or line.cancelled < 0:
        raise UnusableDocument(f"order {document.number} line {line_no}: units below zero")
    shipped = shipped_of(line, document)
    cancelled = ordered - shipped if all_cancelled else min(line.cancelled, ordered)
    sku_id, pack = (None, 1) if found is None else (found.sku_id, found.pack_quantity)
    return Line(
        line_no,
        line.line_ref,
        line.listing,
        line.name,
        sku_id,
        pack,
        ordered,
        ordered - shipped - cancelled,
        0,
        0,
        0,
        shipped,
        cancelled,
        ordered,
        frozen[0],
        frozen[1],
        frozen[2],
        frozen[3],
        frozen[4],
        0,
        line.requires_shipping,
        () if found is None or not line.requires_shipping else components_of(found),
    )


def components_of(found: Resolved) -> tuple[tuple[int, int], ...]:
    """(stocked SKU, its units in one sold unit of a listing)."""
    pack = found.pack_quantity
    if pack == 1:
        return found.components
    return tuple([(sku_id, units * pack) for sku_id, units in found.components])


def find_holds(document: OrderDocument, channel: ChannelFacts, payments: Sequence[Payment]) -> dict[str, str]:
    """The holds that validation sets on what a document states, with the reason of each."""
    found: dict[str, str] = {}
    wrong = amounts.decide_foots(document)
    if wrong:
        found[HoldName.TOTAL_MISMATCH] = "; ".join(wrong)
    reason = _payment_missing(document, channel, payments)
    if reason:
        found[HoldName.PAYMENT] = reason
    unshippable = decide_unshippable(document.ship_to, whole=document.address_stated)
    if unshippable and is_shipped_to_somebody(document, channel):
        found[HoldName.ADDRESS] = "; ".join(unshippable)
    if document.risk == "high" and channel.hold_high_risk:
        found[HoldName.FRAUD_REVIEW] = "the channel calls the risk high"
    return found


def _payment_missing(document: OrderDocument, channel: ChannelFacts, payments: Sequence[Payment]) -> str:
    """Why an order may not be released for its payment; empty when it may."""
    state = document.financial_state
    terms = document.terms_days is not None or channel.terms_days is not None
    if state == "voided":
        return "the payment was voided"
    if state == "refunded" and document.total_minor > 0:
        return "all of it was refunded"
    if (
        terms
        or (document.total_minor <= 0 and document.amounts_stated)
        or any(is_cash_on_delivery(payment.method) for payment in payments)
    ):
        return ""
    if state in ("paid", "partially_refunded"):
        return ""
    if state == "authorized":
        expired = [payment for payment in payments if payment.state == "expired"]
        return "the authorisation has expired" if expired else ""
    return "part of it is not paid" if state == "partially_paid" else "not paid"


def is_cash_on_delivery(method: str) -> bool:
    """Whether a tender is paid when the goods are handed over."""
    name = method.casefold()
    return name == "cod" or any(word in name for word in _COD[1:]) or "(cod)" in name


def main_method(payments: Sequence[Payment], channel: ChannelFacts) -> str:
    """The method of the largest tender."""
    if not payments:
        return channel.kind
    return payments[0].method if len(payments) == 1 else max(payments, key=lambda item: item.amount_minor).method


def captured_data(order: Order, channel: ChannelFacts, method: str) -> events.Captured:
    """The data of order.captured."""
    goods = discount = shipping = tax = duties = units = 0
    for line in order.lines:
        goods += line.goods_minor
        discount += line.discount_minor
        shipping += line.shipping_minor
        tax += line.tax_minor
        duties += line.duties_minor
        units += line.ordered
    return events.Captured(
        order.channel_id,
        channel.entity,
        order.order_ref,
        order.number,
        order.currency,
        goods,
        discount,
        shipping,
        tax,
        order.total_minor,
        len(order.lines),
        units,
        order.placed_at,
        method,
        order.marketplace_tax,
        order.is_history,
        channel.post_history if order.is_history else False,
        order.fulfillment_state if order.is_history else "",
        duties,
    )
