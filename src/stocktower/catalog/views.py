"""Read models of the room for pages, API and publication."""

from collections.abc import Collection, Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from stocktower.platform import Transaction

from . import store
from .model import Listing, ListingVersion, Sku


class SkuPage(Struct, frozen=True):
    """A page of SKUs, and how many there are in all."""

    skus: list[Sku]
    total: int


def search(tx: Transaction, text: str = "", *, limit: int = 50, offset: int = 0) -> SkuPage:
    """SKUs whose code, name or barcode holds a text (empty: all), the exact code first."""
    return SkuPage(store.search_skus(tx, text.strip(), limit, offset), store.count_skus(tx, text.strip()))


def load_sku_page(
    tx: Transaction, *, after: str = "", limit: int = 50, category: str = "", sku_ids: Collection[int] | None = None
) -> list[Sku]:
    """The SKUs after a code, by code; of a category, and of some ids, where they are given."""
    return store.load_sku_page(tx, after, limit, category, None if sku_ids is None else sorted(sku_ids))


def name_as_of(tx: Transaction, skus: Iterable[Sku], at: datetime) -> list[Sku]:
    """SKUs with the names and categories that they had at an instant, in their order; the rest of them is of now."""
    now = list(skus)
    then = {sku_id: words for sku_id, *words in store.load_words_at(tx, [sku.sku_id for sku in now], at)} if now else {}
    return [
        replace(sku, name=sku.name if name is None else name, category=sku.category if category is None else category)
        for sku in now
        for name, category in [then.get(sku.sku_id, (None, None))]
    ]


def load_ids_of_category_at(tx: Transaction, category: str, at: datetime) -> set[int]:
    """The SKUs that were of a category at an instant."""
    return set(store.load_ids_of_category_at(tx, category, at))


def load_listings_of(tx: Transaction, sku_ids: Iterable[int]) -> dict[int, list[Listing]]:
    """The listings of SKUs; a SKU without any is missing."""
    wanted = sorted(set(sku_ids))
    found: dict[int, list[Listing]] = {}
    for listing in store.load_listings_of(tx, wanted) if wanted else ():
        found.setdefault(listing.sku_id, []).append(listing)
    return found


def load_versions_of_sku(tx: Transaction, sku_id: int) -> list[ListingVersion]:
    """Everything that the listings ever stood for that once stood for a SKU, each listing's first first."""
    return store.load_versions_of_sku(tx, sku_id)


def listings_at(versions: Iterable[ListingVersion], sku_id: int, at: datetime) -> list[Listing]:
    """The listings of a SKU at an instant, by channel and key, from all that they ever stood for. Pure."""
    last = {(one.channel_id, one.key): one for one in versions if one.mapped_at <= at}
    return [
        Listing(one.channel_id, one.key, sku_id, one.pack_quantity, one.mapped_by)
        for one in last.values()
        if one.sku_id == sku_id
    ]


def load_listings(tx: Transaction, channel_id: int) -> list[Listing]:
    """All listings of a channel, by key."""
    return store.load_listings_of_channel(tx, channel_id)


def load_listing_versions(tx: Transaction, channel_id: int, key: str) -> list[ListingVersion]:
    """Everything that a listing ever stood for, the first first."""
    return store.load_listing_versions(tx, channel_id, key)


def load_active_ids(tx: Transaction) -> list[int]:
    """Every SKU that is sold."""
    return store.load_active_ids(tx)
