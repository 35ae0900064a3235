"""Reservations: soft holds; concurrent calls go to the database together."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from litestar import Response, delete, post, put
from litestar.di import Provide
from litestar.params import FromPath, JSONBody

from stocktower import access, catalog, inventory, payments
from stocktower.web.api.stock import known_channel
from stocktower.web.api.writes import REFUSALS, Key, RequestHash, by_token, once_around, provide_request_hash
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
    "/api/v1/reservations", sync_to_thread=True, status_code=201, tags=["Reservations"], guards=[by_token],
    responses=REFUSALS, dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def reserve(
    desk: AtDesk, data: JSONBody[Reservation], request_hash: RequestHash, key: Key = None
) -> Response[ReservationAnswer]:
    """Hold stock for a cart until it expires; refused with what is missing when the channel may not sell that much."""
    desk.require(access.Permission.RESERVE_STOCK)
    with desk.reading() as tx:
        channel_id = known_channel(data.channel, desk.network(tx).channel_ids, field="channel")
        skus = catalog.find_skus(tx, {line.sku for line in data.lines})
        now = tx.now
    for index, line in enumerate(data.lines):
        if line.sku not in skus:
            raise Unprocessable(f"There is no SKU {line.sku}", field=f"lines[{index}].sku", fix="Send a known code.")
    codes = {sku.sku_id: code for code, sku in skus.items()}
    request = inventory.HoldRequest(
        channel_id, data.reference, tuple((skus[line.sku].sku_id, line.quantity) for line in data.lines),
        now + timedelta(minutes=data.minutes),
    )  # fmt: skip

    def do() -> ReservationAnswer:
        result = desk.services.gatherer.submit(desk.services.merchant_id, request)
        return answer_of(data.reference, result, codes)

    answer = once_around(desk, key, request_hash, ReservationAnswer, 201, do)
    if answer.content.state == "refused":
        answer.status_code = 409
    return answer


@delete(
    "/api/v1/reservations/{channel:str}/{reference:str}", sync_to_thread=True, status_code=200, tags=["Reservations"],
    guards=[by_token], responses=REFUSALS,
)  # fmt: skip
def give_back(desk: AtDesk, channel: FromPath[str], reference: FromPath[str]) -> ReservationAnswer:
    """Give a hold back before it expires; a repeat changes nothing."""
    desk.require(access.Permission.RESERVE_STOCK)
    with desk.reading() as tx:
        channel_id = known_channel(channel, desk.network(tx).channel_ids, field="channel")
    result = desk.services.gatherer.submit(desk.services.merchant_id, inventory.EndHold(channel_id, reference))
    return answer_of(reference, result, {})


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
    tags=["Reservations"], guards=[by_token], responses=REFUSALS,
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


def answer_of(reference: str, result: inventory.HoldResult, codes: dict[int, str]) -> ReservationAnswer:
    """A result with the codes of SKUs."""
    return ReservationAnswer(
        result.state, reference, result.hold_id, result.expires_at, result.repeated,
        [Missing(codes.get(sku_id, str(sku_id)), wanted, available) for sku_id, wanted, available in result.missing],
    )  # fmt: skip
