"""Stock and what is available to sell."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter

from stocktower import catalog, inventory, publication
from stocktower.web.api.orders import understood
from stocktower.web.desk import AtDesk
from stocktower.web.filters import parse_filter
from stocktower.web.pages.stock import PAGE, VOCABULARY, find
from stocktower.web.problems import Unprocessable


class SiteStock(msgspec.Struct, frozen=True):
    """A stock row: SKU x site x status x owner x lot."""

    site: str
    status: str
    owner: str
    lot: str
    on_hand: int
    allocated: int
    free: int


class SkuStock(msgspec.Struct, frozen=True):
    """One SKU and its rows; a kit has none, its stock is its components'."""

    sku: str
    name: str
    kind: str
    on_hand: int
    allocated: int
    rows: list[SiteStock]


class StockAnswer(msgspec.Struct, frozen=True):
    """A page of SKUs."""

    skus: list[SkuStock]
    total: int


class ListingShown(msgspec.Struct, frozen=True):
    """What a listing shows now, in whole packs, and what its channel was last told."""

    listing: str
    pack_quantity: int
    shown: int
    told: int | None
    told_at: str | None


class ChannelAts(msgspec.Struct, frozen=True):
    """What one channel may sell of a SKU, in stock units; with explain, the way from on hand to it."""

    channel: str
    ats: int
    listings: list[ListingShown]
    steps: list[inventory.Step] | None = None


class AtsAnswer(msgspec.Struct, frozen=True):
    """The ATS of a SKU in one channel or in all."""

    sku: str
    channels: list[ChannelAts]


@get("/api/v1/stock", sync_to_thread=True, tags=["Stock"])
def list_stock(
    desk: AtDesk,
    q: Annotated[str, QueryParameter(description="Part of a code or name, or words: is:waiting sku:BOTTLE")] = "",
    page: Annotated[int, QueryParameter(ge=1)] = 1,
) -> StockAnswer:
    """Stock rows by SKU, 50 SKUs a page."""
    wanted = understood(parse_filter(q, VOCABULARY))
    with desk.reading() as tx:
        network = desk.network(tx)
        found = find(tx, network, wanted, (page - 1) * PAGE)
        availability = inventory.load_availability(tx, [sku.sku_id for sku in found.skus], network)
        skus = [_of(sku, availability) for sku in found.skus]
        return StockAnswer(skus, found.total)


def _of(sku: catalog.Sku, availability: inventory.Availability) -> SkuStock:
    sites = availability.network.sites
    rows = [
        SiteStock(
            sites[row.site_id].code if row.site_id in sites else str(row.site_id), row.status, row.owner, row.lot,
            row.quantity, row.allocated, row.quantity - row.allocated,
        )
        for row in availability.rows(sku.sku_id)
    ]  # fmt: skip
    on_hand, allocated = sum(row.on_hand for row in rows), sum(row.allocated for row in rows)
    return SkuStock(sku.code, sku.name, sku.kind, on_hand, allocated, rows)


@get("/api/v1/ats", sync_to_thread=True, tags=["Stock"])
def get_ats(
    desk: AtDesk,
    sku: Annotated[str, QueryParameter(description="Code of the SKU.")],
    channel: Annotated[str, QueryParameter(description="Code of a channel; nothing: all of them.")] = "",
    explain: Annotated[bool, QueryParameter(description="With the steps from on hand to ATS.")] = False,
) -> AtsAnswer:
    """What channels may still sell of a SKU, and what they were told."""
    with desk.reading() as tx:
        network = desk.network(tx)
        if channel:
            known_channel(channel, network.channel_ids, field="channel")
        found = catalog.find_skus(tx, [sku]).get(sku)
        if found is None:
            raise NotFoundException(f"There is no SKU {sku}.")
        availability = inventory.load_availability(tx, [found.sku_id], network)
        listings = catalog.load_listings_of(tx, [found.sku_id]).get(found.sku_id, [])
        told = {(word.channel_id, word.listing): word for word in publication.load_told(tx, found.sku_id)}
        channels = [one for one in network.channels.values() if one.active and channel in ("", one.code)]
        return AtsAnswer(
            found.code,
            [
                ChannelAts(
                    one.code,
                    ats := availability.ats(found.sku_id, one.channel_id),
                    [_shown(item, ats, told) for item in listings if item.channel_id == one.channel_id],
                    availability.waterfall(found.sku_id, one.channel_id) if explain else None,
                )
                for one in channels
            ],
        )


class OfferAnswer(msgspec.Struct, frozen=True):
    """The ATS of SKUs in one channel, all as of one position of the event feed."""

    channel: str
    position: int
    ats: dict[str, int]
    """By code, in stock units."""
    unknown: list[str]
    """Codes that are no SKU."""


@get("/api/v1/channels/{channel:str}/ats", sync_to_thread=True, tags=["Stock"])
def get_offer(
    desk: AtDesk,
    channel: FromPath[str],
    sku: Annotated[
        list[str], QueryParameter(description="Codes of SKUs and kits; repeat it.", min_items=1, max_items=500)
    ],
) -> OfferAnswer:
    """What one channel may still sell of many SKUs: for a storefront that asks for each page it shows."""
    with desk.reading() as tx:
        channel_id = known_channel(channel, desk.network(tx).channel_ids, field="channel")
        offer = desk.services.shelf.look(tx, channel_id, sku)
    unknown = [code for code in dict.fromkeys(sku) if code not in offer.ats]
    return OfferAnswer(channel, offer.position, offer.ats, unknown)


def known_channel(code: str, known: Mapping[str, int], *, field: str) -> int:
    """The id of a channel, or a problem that names those there are."""
    if code not in known:
        raise Unprocessable(f"{code} is not a channel", field=field, fix=f"Name one of {', '.join(sorted(known))}.")
    return known[code]


def _shown(listing: catalog.Listing, ats: int, told: dict[tuple[int, str], publication.Told]) -> ListingShown:
    word = told.get((listing.channel_id, listing.key))
    return ListingShown(
        listing.key, listing.pack_quantity, inventory.shown(ats, listing.pack_quantity),
        word.shown if word else None, word.told_at.isoformat() if word else None,
    )  # fmt: skip
