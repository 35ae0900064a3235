"""What the events of an order say: their data, encoded once."""

from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from stocktower.kernel import TOWER
from stocktower.platform import Event

from .model import Order

_encode = msgspec.json.Encoder().encode

UnitsOf = tuple[int, int]
"""(line_no, sold units)"""
Reserved = tuple[int, int, int, int]
"""(line_no, stocked SKU, site, units of the SKU)"""


class Captured(Struct, frozen=True, gc=False, omit_defaults=True):
    """order.captured: amounts are those of the frozen lines, without tax where prices include it."""

    channel_id: int
    entity: str
    order_ref: str
    number: str
    currency: str
    goods_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    lines: int
    units: int
    placed_at: datetime
    method: str = ""
    marketplace_tax: bool = False
    is_history: bool = False
    post_history: bool = False
    """Whether the channel's history is posted to the books."""
    fulfillment_state: str = ""
    """Of history: what the channel said."""
    duties_minor: int = 0


class Changed(Struct, frozen=True, gc=False, omit_defaults=True):
    """order.changed: what the channel's new word changed."""

    revision: int
    changes: list[str]
    lines: list[UnitsOf] = []
    """Units that each line gained or lost."""
    stuck: list[UnitsOf] = []
    """Units that were to be cancelled and are picked already."""
    total_minor: int | None = None
    not_refundable_minor: int = 0


class Refused(Struct, frozen=True, gc=False):
    """order.change_refused: an older state of the order, kept as evidence."""

    message_id: int
    reasons: list[str]


class Cancelled(Struct, frozen=True, gc=False, omit_defaults=True):
    """order.cancelled: what will not ship any more."""

    lines: list[UnitsOf]
    reason: str
    stuck: list[UnitsOf] = []


class HoldSet(Struct, frozen=True, gc=False, omit_defaults=True):
    """hold.set and hold.cleared."""

    name: str
    reason: str = ""


class ReservedLines(Struct, frozen=True, gc=False, omit_defaults=True):
    """order.reserved and allocation.released."""

    lines: list[Reserved]
    reason: str = ""


class Prioritized(Struct, frozen=True, gc=False):
    """order.prioritized: its rank, lower is served first, by which rule and why."""

    rank: int
    rule: str
    reasons: tuple[str, ...]


class Superseded(Struct, frozen=True, gc=False):
    """hold.superseded: the hold of its cart, and what it gave to the order as (stocked SKU, site, units)."""

    hold_id: int
    reference: str
    units: list[tuple[int, int, int]]


class Lapsed(Struct, frozen=True, gc=False):
    """hold.lapsed: the hold of its cart was over before the order came, so it reserves like any other."""

    hold_id: int
    reference: str
    state: str


class Backordered(Struct, frozen=True, gc=False):
    """line.backordered: sold units for which there is nothing now."""

    line_no: int
    sku_id: int
    quantity: int


class Preordered(Struct, frozen=True, gc=False):
    """line.preordered: sold units that were promised from an inbound, and until when."""

    line_no: int
    sku_id: int
    quantity: int
    inbound_id: int
    promised_on: date | None


class PromiseMoved(Struct, frozen=True, gc=False):
    """promise.moved: the inbound by which a line was promised moved, or will not bring it (after: None)."""

    line_no: int
    before: date | None
    after: date | None
    inbound_id: int
    late: bool
    """Later than the customer was told, by more than is tolerated."""


class PromiseTold(Struct, frozen=True, gc=False):
    """promise.told: the customer knows the date that is promised now."""

    line_no: int
    told_on: date | None


class Routed(Struct, frozen=True, gc=False):
    """order.routed: the plan, with sites and reasons as sourcing gave them."""

    choice: Any


class Released(Struct, frozen=True, gc=False):
    """order.released: (fulfillment_id, number, site_id, sold units) of each request."""

    fulfillments: list[tuple[int, str, int, int]]


class Reported(Struct, frozen=True, gc=False, omit_defaults=True):
    """fulfillment.acknowledged, .picked, .short_picked, .packed, .cancelled."""

    fulfillment_id: int
    number: str
    site_id: int
    lines: list[UnitsOf] = []


class RevenueLine(Struct, frozen=True, gc=False, omit_defaults=True):
    """The share of a line's frozen amounts that shipped units carry."""

    line_no: int
    sku_id: int | None
    quantity: int
    goods_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    duties_minor: int = 0


class StockLine(Struct, frozen=True, gc=False, omit_defaults=True):
    """Units of a stocked SKU that left: whose they were, and of which lot."""

    sku_id: int
    quantity: int
    owner: str = ""
    """Empty: who owns what lies at the site."""
    lot: str = ""


class Shipped(Struct, frozen=True, gc=False, omit_defaults=True):
    """fulfillment.shipped: fulfillment_id 0 where the channel shipped it elsewhere, and no stock of ours moved."""

    fulfillment_id: int
    number: str
    site_id: int
    entity: str
    channel_id: int
    currency: str
    revenue: list[RevenueLine]
    stock: list[StockLine]
    carrier: str = ""
    tracking: str = ""
    terms_days: int | None = None
    marketplace_tax: bool = False
    elsewhere: bool = False
    nothing_sent: bool = False
    """A tip, a service, a digital good."""


class RefundedShares(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a refund gives back of what was shipped."""

    goods_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    duties_minor: int = 0


class RefundIssued(Struct, frozen=True, gc=False, omit_defaults=True):
    """refund.issued: amount = before_shipment + the goods - discount + shipping + tax + duties given back."""

    order_id: int
    entity: str
    channel_id: int
    currency: str
    method: str
    amount_minor: int
    before_shipment_minor: int
    after: RefundedShares
    marketplace_tax: bool = False


class AddressCorrected(Struct, frozen=True, gc=False):
    """address.corrected: which parts a person stated anew; never what they say, which is personal."""

    parts: tuple[str, ...]


class TotalAccepted(Struct, frozen=True, gc=False):
    """total.accepted: what the lines took over so that the stated total stands."""

    difference_minor: int


NO_DATA = b"{}"


def event(kind: str, order: Order, at: datetime, data: Struct | None = None) -> Event:
    """An event of an order, caused by the message that is being worked for it."""
    return Event(kind, "order", order.order_id, at, NO_DATA if data is None else _encode(data), TOWER, order.cause_id)
