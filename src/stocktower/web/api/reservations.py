"""Reservations: soft holds; concurrent calls go to the database together."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from anyio import to_thread
from litestar import Response, delete, post, put
from litestar.params import FromPath, JSONBody

from stocktower import access, catalog, inventory, payments
from stocktower.network import load_network
from stocktower.platform import Transaction
from stocktower.web.api.stock import known_channel
from stocktower.web.api.writes import REFUSALS, Key, once_around, provide_request_hash
from stocktower.web.desk import AtDesk
from stocktower.web.problems import Unprocessable
from stocktower.web.services import Services

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


class Named(msgspec.Struct, frozen=True):
    """What a reservation names by code, as ids."""

    channel_id: int
    skus: dict[str, int]
    now: datetime


def find_names(_: Services, tx: Transaction, asked: Sequence[Reservation]) -> list[Named | Exception]:
    """The ids of what reservations name, for all that come at the same time."""
    channel_ids = load_network(tx).channel_ids
    known = catalog.find_skus(tx, {line.sku for one in asked for line in one.lines})
    answers: list[Named | Exception] = []
    for one in asked:
        try:
            channel_id = known_channel(one.channel, channel_ids, field="channel")
            answers.append(Named(channel_id, _known_skus(one, known), tx.now))
        except Unprocessable as error:
            answers.append(error)
    return answers


def _known_skus(wanted: Reservation, known: Mapping[str, catalog.Sku]) -> dict[str, int]:
    for index, line in enumerate(wanted.lines):
        if line.sku not in known:
            raise Unprocessable(f"There is no SKU {line.sku}", field=f"lines[{index}].sku", fix="Send a known code.")
    return {line.sku: known[line.sku].sku_id for line in wanted.lines}


@post(
    "/api/v1/reservations", status_code=201, tags=["Reservations"],
    responses=REFUSALS,
)  # fmt: skip
async def reserve(desk: AtDesk, data: JSONBody[Reservation], key: Key = None) -> Response[ReservationAnswer]:
    """Hold stock for a cart until it expires; refused with what is missing when the channel may not sell that much."""
    desk.require(access.Permission.RESERVE_STOCK)
    named = await desk.ask(find_names, data)
    codes = {sku_id: code for code, sku_id in named.skus.items()}
    request = inventory.HoldRequest(
        named.channel_id, data.reference, tuple((named.skus[line.sku], line.quantity) for line in data.lines),
        named.now + timedelta(minutes=data.minutes),
    )  # fmt: skip
    gatherer, merchant_id = desk.services.gatherer, desk.services.merchant_id
    if key is None:
        held = await gatherer.ask(merchant_id, request)
        answer = Response(answer_of(data.reference, held, codes), status_code=201)
    else:
        request_hash = await provide_request_hash(desk.request)
        answer = await to_thread.run_sync(
            lambda: once_around(
                desk, key, request_hash, ReservationAnswer, 201,
                lambda: answer_of(data.reference, gatherer.submit(merchant_id, request), codes),
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


def answer_of(reference: str, result: inventory.HoldResult, codes: dict[int, str]) -> ReservationAnswer:
    """A result with the codes of SKUs."""
    return ReservationAnswer(
        result.state, reference, result.hold_id, result.expires_at, result.repeated,
        [Missing(codes.get(sku_id, str(sku_id)), wanted, available) for sku_id, wanted, available in result.missing],
    )  # fmt: skip
