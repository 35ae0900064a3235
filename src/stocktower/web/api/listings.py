"""Listings: what each channel sells under which name, which SKU of ours that is, and what the channel says of it."""

from typing import Annotated, Literal

import msgspec
from litestar import Response, get, post
from litestar.di import Provide
from litestar.params import JSONBody, QueryParameter

from stocktower import access, catalog, exchange
from stocktower.platform import Transaction
from stocktower.web.api.lots import known_sku
from stocktower.web.api.orders import Accepted
from stocktower.web.api.writes import REFUSALS, Key, RequestHash, once, provide_request_hash
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.problems import Unprocessable

MOST = 5_000


class ListingRow(msgspec.Struct, frozen=True):
    """A listing, with what it stands for and what its channel says of it."""

    channel: str
    listing: str
    sku: str
    """Empty: it is not mapped."""
    pack_quantity: int
    mapped_by: str
    title: str
    barcode: str
    price_minor: int | None
    currency: str
    status: str
    """active, inactive or removed; empty: the channel has not said anything of it."""


class ListingPage(msgspec.Struct, frozen=True):
    """Listings by channel and name; `next` is the `after` of the next page, empty on the last."""

    listings: list[ListingRow]
    next: str


class StatedListings(msgspec.Struct, frozen=True):
    """What a channel says of its listings."""

    channel: str
    listings: list[exchange.ListingDocument]


class TakenListings(msgspec.Struct, frozen=True):
    """The messages that hold them, in their order."""

    messages: list[Accepted]


@get("/api/v1/listings", sync_to_thread=True, tags=["Master data"])
def list_listings(
    desk: AtDesk,
    channel: Annotated[str, QueryParameter(description="Code of a channel; needed for the next page.")] = "",
    sku: Annotated[str, QueryParameter(description="Code of a SKU.")] = "",
    status: Annotated[
        Literal["", "active", "inactive", "removed"], QueryParameter(description="What its channel says of it.")
    ] = "",
    unmapped: Annotated[bool, QueryParameter(description="Only those that stand for no SKU.")] = False,
    after: Annotated[str, QueryParameter(description="`next` of the page before.")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 200,
) -> ListingPage:
    """Listings of a channel or of all."""
    with desk.reading() as tx:
        facts = desk.network(tx)
        channel_id = channel_of(desk, tx, channel) if channel else 0
        sku_id = known_sku(catalog.find_skus(tx, [sku]), sku).sku_id if sku else 0
        code, _, key = after.partition("/")
        start = (facts.channel_ids.get(code, 0), key)
        found = catalog.load_listing_views(
            tx, channel_id=channel_id, sku_id=sku_id, status=status, unmapped=unmapped, after=start, limit=limit
        )
        skus = catalog.load_skus(tx, {one.sku_id for one in found if one.sku_id})
        rows = [
            ListingRow(
                facts.channels[one.channel_id].code, one.key, skus[one.sku_id].code if one.sku_id else "",
                one.pack_quantity, one.mapped_by, one.title, one.barcode, one.price_minor, one.currency, one.status,
            )
            for one in found
        ]  # fmt: skip
        return ListingPage(rows, f"{rows[-1].channel}/{rows[-1].listing}" if len(rows) == limit else "")


@post(
    "/api/v1/listings", sync_to_thread=True, status_code=202, tags=["Master data"],
    responses=REFUSALS, dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def take_listings(
    desk: AtDesk, data: JSONBody[StatedListings], request_hash: RequestHash, key: Key = None
) -> Response[TakenListings]:
    """State up to 5,000 listings of a channel; what is left out stays as it was, the same again changes nothing."""
    desk.require(access.Permission.CHANGE_MAPPING)
    if not 1 <= len(data.listings) <= MOST:
        fix = f"Send 1 to {MOST:,} listings a request."
        raise Unprocessable(f"{len(data.listings):,} listings", field="listings", fix=fix)

    def do(tx: Transaction) -> TakenListings:
        channel_of(desk, tx, data.channel)
        for index, one in enumerate(data.listings):
            if problem := catalog.refuse_listing(one):
                field, _, words = problem.partition(": ")
                said, _, fix = words.partition("; ")
                raise Unprocessable(said, field=f"listings[{index}].{field}", fix=fix)
        encode = msgspec.json.Encoder().encode
        incoming = [exchange.Incoming(exchange.LISTING, one.listing, encode(one)) for one in data.listings]
        receipts = exchange.receive(tx, data.channel, incoming, origin="api")
        access.record_act(tx, "listings.state", "channel", 0, {"channel": data.channel, "listings": len(incoming)})
        return TakenListings([Accepted(one.message_id, one.outcome) for one in receipts])

    return once(desk, key, request_hash, TakenListings, 202, do)


def channel_of(desk: Desk, tx: Transaction, code: str) -> int:
    """The id of a channel, or a problem."""
    known = desk.network(tx).channel_ids
    if code not in known:
        raise Unprocessable(f"{code} is not a channel", field="channel", fix=f"Name one of {', '.join(sorted(known))}.")
    return known[code]
