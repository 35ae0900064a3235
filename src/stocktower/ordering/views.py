"""Read models of orders for API and pages: lists with filters, one order with its timeline, the strip of the flow."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from stocktower import fulfillment
from stocktower.catalog import find_skus, load_skus
from stocktower.inventory import load_allocations
from stocktower.network import Network
from stocktower.platform import Transaction, count_kinds, find_position_at, load_events_of

from . import store
from .model import FulfillmentState, LinePromise, Order, OrderStep
from .picking import Fulfillment, asked_of, load_picks
from .service import load_demands
from .words import Names, sentence, waits_after


class OrderFilter(Struct, frozen=True):
    """Which orders to list; what is empty filters nothing, several values of one word mean any of them."""

    states: tuple[str, ...] = ()
    """Fulfillment states."""
    payments: tuple[str, ...] = ()
    """Payment states."""
    steps: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    """What the order waits for: listing, total, payment, hold, stock, inbound, site, site_confirmation."""
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
    duties_minor: int
    refunded_minor: int
    sites: tuple[tuple[str, int], ...] = ()
    """(site code, units allocated there and not yet shipped)."""
    promise: LinePromise | None = None
    """Of a line that stock could not serve at once and inbound could; else the order's ship_by_at is the promise."""

    @property
    def total_minor(self) -> int:
        """What the customer owes for the line, tax and duties included."""
        return self.goods_minor - self.discount_minor + self.shipping_minor + self.tax_minor + self.duties_minor


class OrderHold(Struct, frozen=True):
    """A named hold; open while `cleared_at` is None."""

    name: str
    reason: str
    set_at: datetime
    set_by: str
    cleared_at: datetime | None
    cleared_by: str | None


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
    duties_minor: int
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


_END = datetime(9999, 1, 1, tzinfo=UTC)
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_MOST = 2**62
_EVENTS = 1_000
# The event by which an order leaves a step.
_PASSED = {
    OrderStep.CAPTURE: "order.captured",
    OrderStep.VALIDATE: "order.validated",
    OrderStep.RESERVE: "order.reserved",
    OrderStep.ROUTE: "order.routed",
    OrderStep.RELEASE: "order.released",
    OrderStep.FULFIL: "fulfillment.shipped",
}
_DONE_STATES = {FulfillmentState.SHIPPED, FulfillmentState.CANCELLED, FulfillmentState.HISTORY}


def list_orders(
    tx: Transaction, network: Network, wanted: OrderFilter, *, after: str = "", limit: int = 50
) -> OrderPage:
    """A page of orders, the last placed first."""
    before = _place(after)
    found = _find(tx, network, wanted, before, limit + 1)
    total = len(found)
    if after or total > limit:
        total = len(_find(tx, network, wanted, (_END, _MOST), COUNT_LIMIT))
    page = found[:limit]
    more = f"{page[-1][1].isoformat()}/{page[-1][0]}" if len(found) > limit else ""
    return OrderPage(tuple(load_rows(tx, network, [order_id for order_id, _ in page])), more, total)


def _place(after: str) -> tuple[datetime, int]:
    """Where a page begins; a text that is no place begins at the first."""
    at, _, order_id = after.partition("/")
    try:
        return datetime.fromisoformat(at), int(order_id)
    except ValueError:
        return _END, _MOST


def _find(
    tx: Transaction, network: Network, wanted: OrderFilter, before: tuple[datetime, int], limit: int
) -> list[tuple[int, datetime]]:
    """(order_id, placed_at) of what a filter asks for, from a place on."""
    if wanted.number:
        return store.find_by_beginning(tx, wanted.number, list(network.channels), before, limit)
    sites = [network.site_ids[code] for code in wanted.sites if code in network.site_ids]
    channels = [network.channel_ids[code] for code in wanted.channels if code in network.channel_ids]
    skus = [sku.sku_id for sku in find_skus(tx, wanted.skus).values()] if wanted.skus else []
    if (
        len(sites) < len(wanted.sites[:1])
        or len(channels) < len(wanted.channels[:1])
        or len(skus) < len(wanted.skus[:1])
    ):
        return []
    figures: dict[str, Any] = {
        "before_at": before[0],
        "before_id": before[1],
        "placed_from": wanted.placed_from or _BEGINNING,
        "placed_before": wanted.placed_before or _END,
        "states": list(wanted.states),
        "payments": list(wanted.payments),
        "steps": list(wanted.steps),
        "waits": list(wanted.waits),
        "channel_ids": channels,
        "countries": list(wanted.countries),
        "total_above": -_MOST if wanted.total_above is None else wanted.total_above,
        "total_below": _MOST if wanted.total_below is None else wanted.total_below,
        "is_history": wanted.history,
        "holds": list(wanted.holds),
        "sku_ids": skus,
        "site_ids": sites,
        "limit": limit,
    }
    return store.find_matching(tx, is_done=_is_done(wanted), **figures)


def _is_done(wanted: OrderFilter) -> bool | None:
    """Whether a filter asks only for orders that are done, or only for those that are not."""
    if wanted.under_way is not None:
        return not wanted.under_way
    only_open = (
        any(wanted.waits)
        or (wanted.steps and OrderStep.DONE not in wanted.steps)
        or (wanted.states and _DONE_STATES.isdisjoint(wanted.states))
    )
    return False if only_open else None


def load_rows(tx: Transaction, network: Network, order_ids: Sequence[int]) -> list[OrderRow]:
    """Some orders as they stand in lists, in the order of the ids given."""
    if not order_ids:
        return []
    found = {row[0]: row for row in store.load_rows(tx, order_ids)}
    return [_row(found[order_id], network) for order_id in order_ids if order_id in found]


def _row(row: tuple[Any, ...], network: Network) -> OrderRow:
    channel = network.channels.get(row[3])
    return OrderRow(row[0], row[1], row[2], channel.code if channel else str(row[3]), *row[4:])


def find_orders(tx: Transaction, network: Network, text: str) -> list[OrderRow]:
    """The orders with exactly this number or reference, in any channel."""
    found = store.find_orders_by_number(tx, [text], list(network.channels))
    return load_rows(tx, network, sorted({order_id for _, order_id, _ in found}))


def load_order(tx: Transaction, network: Network, order_id: int) -> OrderDetail | None:
    """One order, whole."""
    order = store.load_order(tx, order_id)
    if order is None:
        return None
    order.lines = [line for _, line in store.load_lines(tx, [order_id])]
    requests = fulfillment.load_requests_of(tx, [order_id]).get(order_id, [])
    skus = {sku_id: sku.code for sku_id, sku in load_skus(tx, _sku_ids(order)).items()}
    sites = {site_id: site.code for site_id, site in network.sites.items()}
    lines = _lines(tx, order, skus, sites)
    picks = load_picks(tx, network, order, requests)
    return OrderDetail(
        order=load_rows(tx, network, [order_id])[0],
        channel_id=order.channel_id,
        configuration_version=order.configuration_version,
        message_id=order.message_id,
        revision=order.revision,
        priority=order.priority,
        tax_included=order.tax_included,
        marketplace_tax=order.marketplace_tax,
        goods_minor=order.goods_minor,
        discount_minor=order.discount_minor,
        shipping_minor=order.shipping_minor,
        tax_minor=order.tax_minor,
        duties_minor=order.duties_minor,
        refunded_minor=order.refunded_minor,
        lines=lines,
        holds=tuple(
            OrderHold(hold.name, hold.reason, hold.set_at, hold.set_by, hold.cleared_at, hold.cleared_by)
            for _, hold in store.load_holds(tx, [order_id])
        ),
        fulfillments=tuple(asked_of(request, skus, sites, picks) for request in requests),
        timeline=tuple(_timeline(tx, order, {"sku": skus, "site": sites})),
    )


def _sku_ids(order: Order) -> set[int]:
    return {line.sku_id for line in order.lines if line.sku_id is not None}


def _lines(tx: Transaction, order: Order, skus: Mapping[int, str], sites: Mapping[int, str]) -> tuple[OrderLine, ...]:
    """The lines, with where their units lie."""
    load_demands(tx, {order.order_id: order})
    promises = {promise.line_no: promise for _, promise in store.load_line_promises(tx, [order.order_id])}
    per_unit = {line.line_no: line.components[0] for line in order.lines if line.components}
    where: dict[int, list[tuple[str, int]]] = {}
    for held in load_allocations(tx, [order.order_id]):
        sku_id, units = per_unit[held.line_no]
        if held.sku_id == sku_id:
            code = sites.get(held.site_id, str(held.site_id))
            where.setdefault(held.line_no, []).append((code, held.quantity // units))
    return tuple(
        OrderLine(
            line.line_no,
            line.line_ref,
            line.listing,
            line.name,
            line.sku_id,
            skus.get(line.sku_id or 0, ""),
            line.pack_quantity,
            line.ordered,
            line.open,
            line.backordered,
            line.allocated,
            line.released,
            line.shipped,
            line.cancelled,
            line.goods_minor,
            line.discount_minor,
            line.shipping_minor,
            line.tax_minor,
            line.duties_minor,
            line.refunded_minor,
            tuple(where.get(line.line_no, ())),
            promises.get(line.line_no),
        )
        for line in order.lines
    )


def _timeline(tx: Transaction, order: Order, names: Names) -> Iterator[TimelineEntry]:
    """The events of an order, with the wait before each."""
    before: datetime | None = None
    waits = ""
    for one in load_events_of(tx, order.order_id, _EVENTS):
        data: dict[str, Any] = msgspec.json.decode(one.data)
        waited = 0 if before is None else max(0, int((one.occurred_at - before).total_seconds()))
        yield TimelineEntry(
            one.position,
            one.kind,
            one.owner,
            one.actor,
            one.cause_id,
            one.occurred_at,
            one.recorded_at,
            data,
            sentence(one.kind, data, names),
            waited,
            waits if waited else "",
        )
        before = one.occurred_at if before is None else max(before, one.occurred_at)
        waits = waits_after(one.kind, data, waits)


def flow_strip(tx: Transaction, since: datetime) -> list[FlowStep]:
    """The steps from capture to fulfil in order, each also when nothing stands there; `since`: when the day began."""
    passed = count_kinds(tx, find_position_at(tx, since), list(_PASSED.values()))
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for row in store.count_flow(tx):
        rows.setdefault(row[0], []).append(row)
    return [
        FlowStep(
            step,
            sum(row[2] for row in rows.get(step, ())),
            min((row[3] for row in rows.get(step, ())), default=None),
            sum(row[4] for row in rows.get(step, ())),
            sum(row[5] for row in rows.get(step, ())),
            tuple((row[1], row[2]) for row in sorted(rows.get(step, ()), key=lambda row: -row[2])),
            passed.get(kind, 0),
        )
        for step, kind in _PASSED.items()
    ]


def count_states(tx: Transaction) -> dict[str, int]:
    """Orders by fulfillment state."""
    return store.count_states(tx)


def share_untouched(tx: Transaction) -> float:
    """Of the orders that are not history, the share that no hold and no case ever held up; 1 where there is none."""
    orders, untouched = store.count_untouched(tx)
    return untouched / orders if orders else 1.0
