"""An order and its lines as they are worked on, the words for their states, and the plan that a decision comes to."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct, field

from stocktower.fulfillment import Request
from stocktower.inventory import (
    Allocation,
    ComingStock,
    Consume,
    Demand,
    Fetch,
    FreeStock,
    Grant,
    HeldUnits,
    InboundClaim,
)
from stocktower.network import Network
from stocktower.platform import Event
from stocktower.sourcing import Planner
from stocktower.worklist import Raise

Cause = tuple[str, str]
"""(kind of case, cause key)"""


class OrderStep(StrEnum):
    """Where an order stands: the step that it could not complete yet."""

    CAPTURE = "capture"
    VALIDATE = "validate"
    RESERVE = "reserve"
    ROUTE = "route"
    RELEASE = "release"
    FULFIL = "fulfil"
    DONE = "done"


class WaitsFor(StrEnum):
    """What an order waits for at its step."""

    NOTHING = ""
    LISTING = "listing"
    TOTAL = "total"
    PAYMENT = "payment"
    HOLD = "hold"
    STOCK = "stock"
    INBOUND = "inbound"
    """All that it lacks was promised from inbound."""
    SITE = "site"
    SITE_CONFIRMATION = "site_confirmation"


class FulfillmentState(StrEnum):
    """The fulfillment axis."""

    OPEN = "open"
    BACKORDERED = "backordered"
    PARTIALLY_BACKORDERED = "partially_backordered"
    RESERVED = "reserved"
    PARTIALLY_RESERVED = "partially_reserved"
    RELEASED = "released"
    PICKED = "picked"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    HISTORY = "history"


class HoldName(StrEnum):
    """The holds that validation sets by itself; people may set others by any name."""

    TOTAL_MISMATCH = "total_mismatch"
    PAYMENT = "payment"
    ADDRESS = "address"
    FRAUD_REVIEW = "fraud_review"
    CURRENCY = "currency"
    PREORDER = "preorder"
    """Not released before a date; clears by itself then."""


class LinePromise(Struct, frozen=True):
    """Until when a line was promised that could not be served from stock."""

    line_no: int
    first_on: date
    promised_on: date | None
    """None: nobody knows any more."""
    told_on: date | None
    """What the customer was told last."""
    inbound_id: int
    """The last inbound that it rests on, or rested on."""
    broken_by: int | None
    """The inbound because of which it cannot be kept, until it is served or the customer was told."""


class Precedence(Struct, frozen=True):
    """The rank of an order among others, frozen when it was captured, and what its rule allows."""

    rank: int
    rule: str
    reasons: tuple[str, ...]
    takes: bool
    """Where it is short, it may take what lower ranks have."""
    gives: bool
    """What is not released of it may be taken by higher ranks,"""
    protect_hours: int
    """but not so many hours before it has to ship."""


class PreorderRule(Struct, frozen=True):
    """Where a SKU may be preordered, and from when on it is released."""

    channel_ids: frozenset[int]
    """Empty: everywhere."""
    release_at: datetime | None

    def serves(self, channel_id: int) -> bool:
        """Whether it may be preordered in a channel."""
        return not self.channel_ids or channel_id in self.channel_ids


class Promising(Struct, frozen=True):
    """What the configuration says of promises."""

    preorders: dict[int, PreorderRule] = {}
    """By SKU; of a kit: whatever is in it."""
    parts: frozenset[int] = frozenset()
    """The stocked SKUs that these come down to."""
    handling_days: int = 0
    tolerance_days: int = 0


class Line(Struct, gc=False):
    """One line of an order in sold units: ordered = open + backordered + allocated + shipped + cancelled.

    Only the rules of this room change it. Amounts are frozen for `priced` units and never contain tax.
    """

    line_no: int
    line_ref: str
    listing: str
    name: str
    sku_id: int | None
    pack_quantity: int
    ordered: int
    open: int
    backordered: int
    allocated: int
    released: int
    shipped: int
    cancelled: int
    priced: int
    goods_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    duties_minor: int
    refunded_minor: int
    ships: bool = True
    """False: nothing is sent for it; it needs no SKU and no stock, and is done when the order is released."""
    components: tuple[tuple[int, int], ...] = ()
    """(stocked SKU, its units in one sold unit); empty while the listing is not mapped, and where nothing is sent."""
    demanded: bool = False
    """Whether inventory knows what the line wants."""
    grown: int = 0
    """Units that were added to a demanded line and inventory does not know yet."""
    touched: bool = False
    """Whether something about the line changed since it was loaded."""
    is_new: bool = False
    """Whether it joined an order that was there before."""

    @property
    def live(self) -> int:
        """Units that have shipped or still can."""
        return self.ordered - self.cancelled

    @property
    def total_minor(self) -> int:
        """What the customer owes for the line, tax and duties included."""
        return self.goods_minor - self.discount_minor + self.shipping_minor + self.tax_minor + self.duties_minor


class Hold(Struct, gc=False):
    """A named reason not to release an order; open while `cleared_at` is None."""

    name: str
    reason: str
    set_at: datetime
    set_by: str
    cleared_at: datetime | None = None
    cleared_by: str | None = None


class Order(Struct, gc=False):
    """An order while it is worked on; only the rules of this room change it."""

    order_id: int
    channel_id: int
    order_ref: str
    number: str
    message_id: int | None
    configuration_version: int
    is_history: bool
    placed_at: datetime
    captured_at: datetime
    released_at: datetime | None
    ship_by_at: datetime | None
    priority: int
    currency: str
    tax_included: bool
    marketplace_tax: bool
    terms_days: int | None
    goods_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    duties_minor: int
    total_minor: int
    refunded_minor: int
    refunded_before_minor: int
    book_total_minor: int
    ship_country: str
    ship_region: str
    step: str
    waits_for: str
    fulfillment_state: str
    payment_state: str
    return_state: str
    revision: int
    lines: list[Line] = field(default_factory=list[Line])
    holds: dict[str, Hold] = field(default_factory=dict[str, Hold])
    requests: list[Request] = field(default_factory=list[Request])
    where: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    """(line_no, site_id) -> sold units allocated there."""
    held: dict[tuple[int, int], list[Allocation]] = field(default_factory=dict[tuple[int, int], list[Allocation]])
    """(line_no, site_id) -> the rows that hold them; only of orders that were loaded."""
    destination: tuple[float, float] | None = None
    is_new: bool = False
    cause_id: int | None = None
    """The message that is being worked for it."""
    validated: bool = False
    """Whether `order.validated` was said since it was last held up."""
    no_site: bool = False
    """Whether no site serves the order, whatever its stock."""
    avoid: frozenset[tuple[int, int]] = frozenset()
    """(line_no, site_id) that turned out not to have what it should, and was not counted since."""
    needs_listing: tuple[str, ...] = ()
    """Listings that are not mapped."""
    causes: frozenset[Cause] = frozenset()
    """The cases that it may have waited for when it was loaded."""
    entitled: dict[int, int] = field(default_factory=dict[int, int])
    """Units by SKU that it gave back only to be planned anew: nobody who waits comes before it for these."""

    claims: list[InboundClaim] = field(default_factory=list[InboundClaim])
    """What its lines were promised of inbound and wait for, the soonest first."""
    promises: dict[int, LinePromise] = field(default_factory=dict[int, LinePromise])
    """By line; of lines that were not served from stock at once."""
    precedence: Precedence | None = None
    """Of new orders, and of those that were loaded to take or give; None: no rule fits, or it is not loaded."""
    carts: list[HeldUnits] = field(default_factory=list[HeldUnits])
    """Holds of its cart that it takes over as soon as it can reserve."""

    def open_hold(self, name: str) -> bool:
        """Whether a hold is set and not cleared."""
        hold = self.holds.get(name)
        return hold is not None and hold.cleared_at is None


class Plan(Struct):
    """What a decision comes to: written by one statement per table."""

    new_demands: list[Demand] = field(default_factory=list[Demand])
    changed_demands: list[Demand] = field(default_factory=list[Demand])
    grants: list[Grant] = field(default_factory=list[Grant])
    returns: list[Grant] = field(default_factory=list[Grant])
    consumes: list[Consume] = field(default_factory=list[Consume])
    """What left sites; taken out of stock before anything else is recorded."""
    fetches: list[Fetch] = field(default_factory=list[Fetch])
    """What sites took out of bins, or did not find there; done before anything leaves."""
    requests: list[Request] = field(default_factory=list[Request])
    changed_requests: dict[int, Request] = field(default_factory=dict[int, Request])
    changed_holds: list[tuple[int, Hold]] = field(default_factory=list[tuple[int, Hold]])
    events: list[Event] = field(default_factory=list[Event])
    claims: list[InboundClaim] = field(default_factory=list[InboundClaim])
    """What lines claim of inbound; recorded after what they take of stock."""
    short: list[int] = field(default_factory=list[int])
    """Orders that have just become short and may take from others."""
    not_there: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """(order_id, line_no, sku_id) for which something arrived that cannot be taken."""
    unreachable: list[InboundClaim] = field(default_factory=list[InboundClaim])
    """Claims on what comes to sites that may not serve their orders."""
    promises: list[tuple[int, LinePromise]] = field(default_factory=list[tuple[int, LinePromise]])
    """(order_id, promise) that are new or changed."""
    looks: list[tuple[int, datetime]] = field(default_factory=list[tuple[int, datetime]])
    """(order_id, when what it was promised should have shipped)."""
    releases: list[tuple[int, datetime]] = field(default_factory=list[tuple[int, datetime]])
    """(order_id, from when on it may be released)."""
    superseded: list[tuple[int, HeldUnits]] = field(default_factory=list[tuple[int, HeldUnits]])
    """(order_id, what the hold of its cart had): given back before anything is taken."""
    notes: list[str] = field(default_factory=list[str])
    """What was left undone, in words."""
    raises: list[Raise] = field(default_factory=list[Raise])
    waits: list[tuple[Order, dict[Cause, int]]] = field(default_factory=list[tuple[Order, dict[Cause, int]]])
    """What orders wait for now, with the units that wait."""
    leaves: list[tuple[Order, Cause]] = field(default_factory=list[tuple[Order, Cause]])
    """What orders wait for no more."""


class Facts(Struct, frozen=True):
    """What a decision is taken on, beside the orders themselves."""

    network: Network
    planner: Planner
    free: FreeStock
    new_id: Callable[[], int]
    """Gives an id that nothing else has."""
    demands: dict[int, list[Demand]] = {}
    """By order, of those that inventory knows."""
    filling: bool = False
    """Whether what these orders wait for was taken out of what waits before: they are served in their order."""
    coming: ComingStock | None = None
    """What may be promised of inbound; None: nothing, or nobody may be promised any now."""
    promising: Promising = Promising()
