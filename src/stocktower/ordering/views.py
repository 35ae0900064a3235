"""Read models of orders for API and pages: the list with its filters, one order with its timeline, the strip of the flow."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from stocktower.network import Network
from stocktower.platform import Transaction


class OrderFilter(Struct, frozen=True):
    """Which orders to list; what is empty filters nothing, several values of one word mean any of them."""

    states: tuple[str, ...] = ()
    """Fulfillment states."""
    payments: tuple[str, ...] = ()
    """Payment states."""
    steps: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    """What the order waits for: listing, total, payment, hold, stock, site, site_confirmation."""
    holds: tuple[str, ...] = ()
    """Names of open holds."""
    channels: tuple[str, ...] = ()
    """Channel codes."""
    sites: tuple[str, ...] = ()
    """Site codes: orders with a request to one of them."""
    skus: tuple[str, ...] = ()
    """SKU codes of a line."""
    countries: tuple[str, ...] = ()
    placed_from: datetime | None = None
    placed_before: datetime | None = None
    total_above: int | None = None
    """Book currency, whole minor units."""
    total_below: int | None = None
    number: str = ""
    """The beginning of a number or reference."""
    under_way: bool | None = None
    """True: not done yet; False: done."""
    history: bool | None = None


class OrderRow(Struct, frozen=True):
    """One order of a list."""

    order_id: int
    number: str
    order_ref: str
    channel: str
    """Channel code."""
    is_history: bool
    placed_at: datetime
    captured_at: datetime
    released_at: datetime | None
    ship_by_at: datetime | None
    step: str
    waits_for: str
    fulfillment_state: str
    payment_state: str
    return_state: str
    ship_country: str
    ship_region: str
    units: int
    """Units ordered and not cancelled."""
    currency: str
    total_minor: int
    book_total_minor: int
    """In the book currency of the channel's legal entity."""


class OrderPage(Struct, frozen=True):
    """One page of a list; `next_key` is empty on the last one, else it is given as `after` for the next."""

    rows: tuple[OrderRow, ...]
    next_key: str
    total: int
    """How many match, counted no further than COUNT_LIMIT."""


class OrderLine(Struct, frozen=True):
    """One line of an order: ordered = open + backordered + allocated + shipped + cancelled."""

    line_no: int
    line_ref: str
    listing: str
    name: str
    sku_id: int | None
    sku: str
    """SKU code, empty while the listing is not mapped."""
    pack_quantity: int
    ordered: int
    open: int
    backordered: int
    allocated: int
    released: int
    shipped: int
    cancelled: int
    goods_minor: int
    """Frozen at capture, without tax where prices include it; so are the next two."""
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    refunded_minor: int
    sites: tuple[tuple[str, int], ...] = ()
    """(site code, units allocated there and not yet shipped)."""

    @property
    def total_minor(self) -> int:
        """What the customer owes for the line, tax included."""
        return self.goods_minor - self.discount_minor + self.shipping_minor + self.tax_minor


class OrderHold(Struct, frozen=True):
    """A named hold; open while `cleared_at` is None."""

    name: str
    reason: str
    set_at: datetime
    set_by: str
    cleared_at: datetime | None
    cleared_by: str | None


class FulfillmentLine(Struct, frozen=True):
    """One line of a request to a site, in units of the order line."""

    line_no: int
    sku_id: int
    sku: str
    quantity: int
    picked: int
    packed: int
    shipped: int
    short: int
    cancelled: int


class Fulfillment(Struct, frozen=True):
    """A request to a site."""

    fulfillment_id: int
    number: str
    site: str
    """Site code."""
    state: str
    released_at: datetime
    acknowledge_by_at: datetime
    acknowledged_at: datetime | None
    shipped_at: datetime | None
    carrier: str
    tracking: str
    units: int
    lines: tuple[FulfillmentLine, ...]


class TimelineEntry(Struct, frozen=True):
    """One event of an order, with how long nothing had happened before it, and what was waited for meanwhile."""

    position: int
    kind: str
    owner: str
    actor: str
    cause_id: int | None
    """The message that caused it."""
    occurred_at: datetime
    recorded_at: datetime
    data: Mapping[str, Any]
    sentence: str
    """What happened, in words."""
    waited_seconds: int
    waited_for: str


class OrderDetail(Struct, frozen=True):
    """One order with all that belongs to it; contact, payments, cases and raw messages come from their own rooms."""

    order: OrderRow
    channel_id: int
    configuration_version: int
    message_id: int | None
    """The channel's last word."""
    revision: int
    priority: int
    tax_included: bool
    marketplace_tax: bool
    goods_minor: int
    """As the channel states it (with tax where prices include it); so are the next two."""
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    refunded_minor: int
    lines: tuple[OrderLine, ...]
    holds: tuple[OrderHold, ...]
    fulfillments: tuple[Fulfillment, ...]
    timeline: tuple[TimelineEntry, ...]


class FlowStep(Struct, frozen=True):
    """One step of the flow now: how many orders stand there, since when, worth how much, waiting for what."""

    step: str
    orders: int
    oldest_at: datetime | None
    """When the oldest of them was placed."""
    money_minor: int
    """Book currency."""
    late: int
    """How many are past their promise to ship."""
    waits: tuple[tuple[str, int], ...]
    """(what is waited for, orders)."""
    passed_today: int
    """Orders that left the step since the day began (the caller says when)."""


COUNT_LIMIT = 10_000


def list_orders(tx: Transaction, network: Network, wanted: OrderFilter, *, after: str = "", limit: int = 50) -> OrderPage:
    """A page of orders, the last placed first."""
    raise NotImplementedError


def load_order(tx: Transaction, network: Network, order_id: int) -> OrderDetail | None:
    """One order, whole."""
    raise NotImplementedError


def find_orders(tx: Transaction, network: Network, text: str) -> list[OrderRow]:
    """The orders with exactly this number or reference, in any channel."""
    raise NotImplementedError


def load_rows(tx: Transaction, network: Network, order_ids: list[int]) -> list[OrderRow]:
    """Some orders as they stand in lists, in the order of the ids given."""
    raise NotImplementedError


def flow_strip(tx: Transaction, since: datetime) -> list[FlowStep]:
    """The steps from capture to fulfil in order, each also when nothing stands there; `since`: when the day began."""
    raise NotImplementedError


def count_states(tx: Transaction) -> dict[str, int]:
    """Orders by fulfillment state."""
    raise NotImplementedError
