"""Orders and what sites report of them."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody, QueryParameter

from stocktower import access, exchange, payments, worklist
from stocktower.kernel import UnknownCurrency, exponent
from stocktower.ordering import views
from stocktower.platform import Transaction
from stocktower.web import formats
from stocktower.web.api.writes import REFUSALS, Key, RequestHash, once, provide_request_hash
from stocktower.web.desk import AtDesk
from stocktower.web.filters import Filter
from stocktower.web.pages.orders import find_orders, read_filter
from stocktower.web.problems import Unprocessable

MOST = 500


class OrderList(msgspec.Struct, frozen=True):
    """A page of orders, the last placed first; `next` is given as `after` for the following page, empty at the end."""

    orders: tuple[views.OrderRow, ...]
    next: str
    total: int


class OrderAnswer(msgspec.Struct, frozen=True):
    """One order with its payments and the cases that it waits for or waited for."""

    order: views.OrderDetail
    payments: list[payments.Payment]
    cases: list[worklist.Case]


class Accepted(msgspec.Struct, frozen=True):
    """A message that is durable in the inbox; it is worked within a moment."""

    message_id: int
    outcome: str
    """new, changed, or repeated."""


def understood(wanted: Filter) -> Filter:
    """A filter without problems; raises what they are."""
    if wanted.problems:
        raise Unprocessable("; ".join(wanted.problems), field="q", fix="Write words that are known.")
    return wanted


@get("/api/v1/orders", sync_to_thread=True, tags=["Orders"])
def list_orders(
    desk: AtDesk,
    q: Annotated[str, QueryParameter(description="Words, as on the page: state:backordered age>2d")] = "",
    after: Annotated[str, QueryParameter(description="`next` of the page before.")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=MOST)] = 50,
) -> OrderList:
    """Orders that a sentence of words asks for."""
    wanted = understood(read_filter(q))
    with desk.reading() as tx:
        minor_units = 10 ** formats.exponent_of(desk.book_currency(tx))
        page = find_orders(tx, desk.network(tx), wanted, minor_units, after=after, limit=limit)
        return OrderList(page.rows, page.next_key, page.total)


@get("/api/v1/orders/{order_id:int}", sync_to_thread=True, tags=["Orders"])
def get_order(desk: AtDesk, order_id: FromPath[int]) -> OrderAnswer:
    """One order: lines, holds, requests to sites, timeline, payments, cases."""
    with desk.reading() as tx:
        detail = views.load_order(tx, desk.network(tx), order_id)
        if detail is None:
            raise NotFoundException(f"There is no order {order_id}.")
        paid = payments.load_payments(tx, [order_id]).get(order_id, [])
        return OrderAnswer(detail, paid, worklist.load_cases_of(tx, "order", order_id))


@post(
    "/api/v1/orders", sync_to_thread=True, status_code=202, tags=["Orders"], responses=REFUSALS,
    dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def take_order(
    desk: AtDesk,
    channel: Annotated[str, QueryParameter(description="Code of the channel that the order is from.")],
    data: JSONBody[exchange.OrderDocument],
    request_hash: RequestHash,
    key: Key = None,
) -> Response[Accepted]:
    """Send an order, whole, as its channel last states it; a repeat changes nothing, other content is a change."""
    desk.require(access.Permission.IMPORT_FILES)
    check_order(data)

    def write(tx: Transaction) -> Accepted:
        known = desk.network(tx).channel_ids
        if channel not in known:
            raise Unprocessable(
                f"{channel} is not a channel", field="channel", fix=f"Name one of {', '.join(sorted(known))}."
            )
        return receive(tx, channel, exchange.ORDER, data.order_ref, data)

    return once(desk, key, request_hash, Accepted, 202, write)


@post(
    "/api/v1/confirmations", sync_to_thread=True, status_code=202, tags=["Orders"],
    responses=REFUSALS, dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def take_confirmation(
    desk: AtDesk, data: JSONBody[exchange.ConfirmationDocument], request_hash: RequestHash, key: Key = None
) -> Response[Accepted]:
    """Report what a site did of an order: acknowledged, picked, short_picked, packed or shipped."""
    desk.require(access.Permission.CONFIRM_SHIPMENTS)
    _check_aware(data.occurred_at.tzinfo, "occurred_at")

    def write(tx: Transaction) -> Accepted:
        known = desk.network(tx).site_ids
        if data.site and data.site not in known:
            raise Unprocessable(
                f"{data.site} is not a site", field="site", fix=f"Name one of {', '.join(sorted(known))}."
            )
        return receive(tx, data.site or "api", exchange.CONFIRMATION, data.order, data)

    return once(desk, key, request_hash, Accepted, 202, write)


def receive(tx: Transaction, source: str, kind: str, key: str, document: Any) -> Accepted:
    """Put one document into the inbox."""
    incoming = exchange.Incoming(kind=kind, key=key, body=msgspec.json.encode(document))
    receipt = exchange.receive(tx, source, [incoming], origin="api")[0]
    return Accepted(receipt.message_id, receipt.outcome)


def check_order(document: exchange.OrderDocument) -> None:
    """What every order needs before it is taken; the rest is for its steps to decide."""
    if not document.order_ref:
        raise Unprocessable("The order has no reference", field="order_ref", fix="Send the channel's own immutable id.")
    if not document.lines:
        raise Unprocessable("The order has no lines", field="lines", fix="Send every line of the order.")
    try:
        exponent(document.currency)
    except UnknownCurrency as error:
        raise Unprocessable(str(error), field="currency", fix="Send an ISO 4217 code.") from error
    _check_aware(document.placed_at.tzinfo, "placed_at")
    for index, line in enumerate(document.lines):
        if line.quantity < 0 or line.unit_price_minor < 0:
            raise Unprocessable(
                "A quantity or price is below zero", field=f"lines[{index}]", fix="Send refunds as refunded_minor."
            )


def _check_aware(zone: object, field: str) -> None:
    if zone is None:
        raise Unprocessable(f"{field} has no offset", field=field, fix="Write it like 2026-06-08T10:05:00-04:00.")
