"""What channels are told: how they keep up, what they acknowledge, telling again, velocity."""

from datetime import date, timedelta
from typing import Annotated, Literal

import msgspec
from litestar import get, post, put
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody, QueryParameter

from stocktower import access, catalog, publication
from stocktower.network import Network
from stocktower.web.api.stock import known_channel
from stocktower.web.api.writes import REFUSALS
from stocktower.web.desk import AtDesk
from stocktower.web.problems import Unprocessable


class PublicationStatus(msgspec.Struct, frozen=True):
    """How channels keep up, and what they show that could not be sold."""

    channels: list[publication.ChannelHealth]
    over_exposed: list[publication.Standing]
    stale_sales: list[publication.StaleSale]
    """In seven days."""


class PreorderRow(msgspec.Struct, frozen=True):
    """What may be ordered ahead of a listing, and what its channel was told last; packs."""

    channel: str
    listing: str
    sku: str
    quantity: int
    available_on: date | None
    told_quantity: int | None
    """None: never told."""
    told_on: date | None
    accuracy: publication.Accuracy
    """In seven days, in seconds, of the listings of the SKU in the channel: while something could be ordered ahead or
    was told to be, while the word was right, and while it promised too much or too soon."""


class PreorderList(msgspec.Struct, frozen=True):
    """Of the channels that take preorders."""

    preorders: list[PreorderRow]


class PublicationList(msgspec.Struct, frozen=True):
    """Publications, the last first."""

    publications: list[publication.PublicationRow]


class Acknowledged(msgspec.Struct, frozen=True):
    """What became of an acknowledgement; a repeat changes nothing."""

    publication_id: int
    listings: int
    repeated: bool


class ResendRequest(msgspec.Struct, frozen=True):
    """Which SKUs are told again; none: all that the channel lists."""

    skus: list[str] = []


class Resent(msgspec.Struct, frozen=True):
    """How many listings are told again."""

    channel: str
    listings: int


class VelocityRequest(msgspec.Struct, frozen=True):
    """How fast a SKU counts as selling in a channel; auto: computed again."""

    velocity: Literal["fast", "normal", "slow", "auto"]


@get("/api/v1/publication", sync_to_thread=True, tags=["Channels"])
def get_status(
    desk: AtDesk, channel: Annotated[str, QueryParameter(description="Code of a channel; nothing: all of them.")] = ""
) -> PublicationStatus:
    """State, backlog, lag, buffers and accuracy by channel; what is over-exposed, and what was sold on a stale word."""
    with desk.reading() as tx:
        network = desk.network(tx)
        channel_id = known_channel(channel, network.channel_ids, field="channel") if channel else 0
        found = publication.load_health(tx, network)
        return PublicationStatus(
            [one for one in found if channel_id in (0, one.channel_id)],
            publication.load_over_exposed(tx, channel_id=channel_id, limit=500),
            publication.load_stale_sales(tx, tx.now - timedelta(days=7), channel_id=channel_id, limit=500),
        )


@get("/api/v1/publication/preorders", sync_to_thread=True, tags=["Channels"])
def list_preorders(desk: AtDesk) -> PreorderList:
    """What may be ordered ahead of listings, in packs and with the day on which they ship, and what was told of it."""
    with desk.reading() as tx:
        words = publication.load_preorders(tx)
        rows = publication.load_accuracy_ahead(tx, tx.now - timedelta(days=7))
        accuracy = {(one.channel_id, one.sku_id): one.accuracy for one in rows}
        skus = catalog.load_skus(tx, {one.sku_id for one in words})
        channels = desk.network(tx).channels
        return PreorderList(
            [
                PreorderRow(
                    channels[one.channel_id].code, one.listing, skus[one.sku_id].code, one.quantity, one.available_on,
                    one.told_quantity, one.told_on,
                    accuracy.get((one.channel_id, one.sku_id), publication.Accuracy(0, 0, 0)),
                )
                for one in words
            ]
        )  # fmt: skip


@get("/api/v1/publications", sync_to_thread=True, tags=["Channels"])
def list_publications(
    desk: AtDesk,
    channel: Annotated[str, QueryParameter(description="Code of a channel; nothing: all of them.")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
) -> PublicationList:
    """What was told to channels, when it was at their disposal, and when they said that they have it."""
    with desk.reading() as tx:
        network = desk.network(tx)
        channel_id = known_channel(channel, network.channel_ids, field="channel") if channel else 0
        return PublicationList(publication.load_publications(tx, channel_id=channel_id, limit=limit))


@post("/api/v1/publications/{publication_id:int}/acknowledgement", sync_to_thread=True, status_code=200,
      tags=["Channels"], responses=REFUSALS)  # fmt: skip
def acknowledge(desk: AtDesk, publication_id: FromPath[int]) -> Acknowledged:
    """A channel says that it has a publication; from now on it is known to show its words."""
    desk.require(access.Permission.MANAGE_PUBLICATION)
    with desk.writing() as tx:
        try:
            rows = publication.acknowledge(
                tx, desk.network(tx), by=desk.person.name, publication_ids=[publication_id]
            )  # fmt: skip
        except publication.UnknownPublication as error:
            raise NotFoundException(f"There is no publication {publication_id}.") from error
        for row in rows:
            access.record_act(tx, "publication.acknowledge", "publication", row.publication_id, {"path": row.path})
    return Acknowledged(publication_id, sum(row.listings for row in rows), repeated=not rows)


@post("/api/v1/channels/{channel:str}/resend", sync_to_thread=True, status_code=200, tags=["Channels"],
    responses=REFUSALS)  # fmt: skip
def resend(desk: AtDesk, channel: FromPath[str], data: JSONBody[ResendRequest]) -> Resent:
    """Tell a channel again what it lists, although nothing changed; its rate limit holds."""
    desk.require(access.Permission.MANAGE_PUBLICATION)
    with desk.writing() as tx:
        network = desk.network(tx)
        channel_id = known_channel(channel, network.channel_ids, field="channel")
        skus = catalog.find_skus(tx, data.skus)
        for n, code in enumerate(data.skus):
            if code not in skus:
                raise Unprocessable(f"There is no SKU {code}", field=f"skus[{n}]", fix="Send known codes, or none.")
        ids = [sku.sku_id for sku in skus.values()]
        count = publication.resend(tx, network, channel_id, ids)
        access.record_act(tx, "publication.resend", "channel", channel_id, {"skus": ids, "listings": count})
    return Resent(channel, count)


@put("/api/v1/channels/{channel:str}/velocity", sync_to_thread=True, status_code=200, tags=["Channels"],
    responses=REFUSALS)  # fmt: skip
def set_velocity(
    desk: AtDesk,
    channel: FromPath[str],
    data: JSONBody[VelocityRequest],
    sku: Annotated[str, QueryParameter(description="Code of the SKU.")],
) -> publication.SkuVelocity:
    """Set how fast a SKU counts as selling in a channel, or have it computed again."""
    desk.require(access.Permission.MANAGE_PUBLICATION)
    with desk.writing() as tx:
        network: Network = desk.network(tx)
        channel_id = known_channel(channel, network.channel_ids, field="channel")
        found = catalog.find_skus(tx, [sku]).get(sku)
        if found is None:
            raise Unprocessable(f"There is no SKU {sku}", field="sku", fix="Send a known code.")
        after = publication.set_velocity(tx, network, channel_id, found.sku_id, data.velocity, desk.person.name)
        told = {"channel": channel, "sku": sku, "velocity": data.velocity}
        access.record_act(tx, "publication.class", "sku", found.sku_id, told)
    return after
