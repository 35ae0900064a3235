"""Reservations: soft holds; concurrent calls go to the database together."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from anyio import to_thread
from litestar import Response, delete, post, put
from litestar.params import FromPath, JSONBody

from stocktower import access, inventory, payments
from stocktower.web.api.stock import known_channel, no_such_place
from stocktower.web.api.writes import REFUSALS, Key, once_around, provide_request_hash
from stocktower.web.desk import AtDesk
from stocktower.web.problems import Unprocessable

LONGEST_REFERENCE = 200


class ReservationLine(msgspec.Struct, frozen=True):
    """Units of a SKU, or of a kit."""

    sku: str
    quantity: Annotated[int, msgspec.Meta(ge=1)]


class Reservation(msgspec.Struct, frozen=True):
    """What a cart asks for: all of its lines, or none."""

    channel: str
    reference: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_REFERENCE)]
    """Unique in the channel; a repeat gets the same hold."""
    lines: Annotated[list[ReservationLine], msgspec.Meta(min_length=1, max_length=500)]
    minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 15
    """How long it holds."""


class Missing(msgspec.Struct, frozen=True):
    """A line that is more than the channel may sell."""

    sku: str
    wanted: int
    available: int


class ReservationAnswer(msgspec.Struct, frozen=True):
    """What became of a reservation: held, released, expired, superseded (by its order) or refused."""

    state: str
    reference: str
    hold_id: int | None
    expires_at: datetime | None
    repeated: bool
    missing: list[Missing] = []


@post(
    "/api/v1/reservations", status_code=201, tags=["Reservations"],
    responses=REFUSALS,
)  # fmt: skip
async def reserve(desk: AtDesk, data: JSONBody[Reservation], key: Key = None) -> Response[ReservationAnswer]:
    """Hold stock for a cart until it expires; refused with what is missing when the channel may not sell that much."""
    desk.require(access.Permission.RESERVE_STOCK)
    lines = tuple([(line.sku, line.quantity) for line in data.lines])
    cart = inventory.Cart(data.channel, data.reference, lines, timedelta(minutes=data.minutes))
    gatherer, merchant_id = desk.services.gatherer, desk.services.merchant_id
    if key is None:
        answer = Response(answer_of(cart, await gatherer.ask(merchant_id, cart)), status_code=201)
    else:
        request_hash = await provide_request_hash(desk.request)
        answer = await to_thread.run_sync(
            lambda: once_around(
                desk, key, request_hash, ReservationAnswer, 201,
                lambda: answer_of(cart, gatherer.submit(merchant_id, cart)),
            )
        )  # fmt: skip
    if answer.content.state == "refused":
        answer.status_code = 409
    return answer


@delete(
    "/api/v1/reservations/{channel:str}/{reference:str}", sync_to_thread=True, status_code=200, tags=["Reservations"],
    responses=REFUSALS,
)  # fmt: skip
def give_back(desk: AtDesk, channel: FromPath[str], reference: FromPath[str]) -> ReservationAnswer:
    """Give a hold back before it expires; a repeat changes nothing."""
    desk.require(access.Permission.RESERVE_STOCK)
    with desk.reading() as tx:
        channel_id = known_channel(channel, desk.network(tx).channel_ids, field="channel")
    result = desk.services.gatherer.submit(desk.services.merchant_id, inventory.EndHold(channel_id, reference))
    return _as_answer(reference, result, {})


class CartPayment(msgspec.Struct, frozen=True):
    """Where the payment of a cart stands."""

    state: Literal["pending", "authorizing", "authorized", "failed", "abandoned"]
    """While it is pending, authorizing or authorized, a hold that would expire is extended, up to its longest."""


class CartPaymentAnswer(msgspec.Struct, frozen=True):
    """The payment as it is known now."""

    channel: str
    reference: str
    state: str


@put(
    "/api/v1/reservations/{channel:str}/{reference:str}/payment", sync_to_thread=True, status_code=200,
    tags=["Reservations"], responses=REFUSALS,
)  # fmt: skip
def pay(
    desk: AtDesk, channel: FromPath[str], reference: FromPath[str], data: JSONBody[CartPayment]
) -> CartPaymentAnswer:
    """Say where the payment of a cart stands, so that its stock stays held meanwhile; the last word counts."""
    desk.require(access.Permission.RESERVE_STOCK)
    if not 1 <= len(reference) <= LONGEST_REFERENCE:
        raise Unprocessable("The reference is too long", field="reference", fix="Send the one that the cart holds by.")
    with desk.writing() as tx:
        channel_id = known_channel(channel, desk.network(tx).channel_ids, field="channel")
        payments.record_attempts(tx, [(channel_id, reference, payments.AttemptState(data.state))])
    return CartPaymentAnswer(channel, reference, data.state)


def answer_of(cart: inventory.Cart, held: inventory.CartResult | inventory.UnknownName) -> ReservationAnswer:
    """What became of a cart; raises Unprocessable when it names something that there is not."""
    if isinstance(held, inventory.CartResult):
        return _as_answer(cart.reference, held.result, held.codes)
    if held.line is None:
        raise no_such_place(held.code, held.known, field="channel")
    raise Unprocessable(f"There is no SKU {held.code}", field=f"lines[{held.line}].sku", fix="Send a known code.")


def _as_answer(reference: str, result: inventory.HoldResult, codes: Mapping[int, str]) -> ReservationAnswer:
    return ReservationAnswer(
        result.state, reference, result.hold_id, result.expires_at, result.repeated,
        [Missing(codes.get(sku_id, str(sku_id)), wanted, available) for sku_id, wanted, available in result.missing],
    )  # fmt: skip
