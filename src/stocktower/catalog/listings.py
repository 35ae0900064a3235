"""Listings as channels state them: what is said is kept, what can be mapped is mapped, and orders that waited go on."""

from collections.abc import Collection, Sequence

from msgspec import Struct

from stocktower.exchange import ListingDocument
from stocktower.platform import Transaction

from . import store
from .listing_rules import ListingFacts, ListingPlan, ListingResult, decide_listings
from .model import Sku
from .service import emit_mapped, find_by_barcode, find_stocked, load_skus, write_listings


class ListingView(Struct, frozen=True):
    """A listing as it is known: what it stands for, and what its channel says of it."""

    channel_id: int
    key: str
    sku_id: int
    """0: it is not mapped."""
    pack_quantity: int
    mapped_by: str
    title: str
    barcode: str
    price_minor: int | None
    currency: str
    status: str
    """Empty: its channel has not said anything of it."""


def take_listings(tx: Transaction, documents: Sequence[tuple[int, ListingDocument]]) -> list[ListingResult]:
    """Keep what channels say of listings, each given with its channel, and map those that say which SKU they are.

    One result a document in its order. Who waits for a listing goes on by the event of its mapping.
    """
    if not documents:
        return []
    plan = decide_listings(documents, _load_facts(tx, documents))
    _write(tx, plan)
    return plan.results


def map_stated(tx: Transaction, skus: Collection[Sku]) -> None:
    """Map listings that waited for SKUs which are new: they name them, or have their barcode."""
    codes = sorted({sku.code for sku in skus})
    barcodes = sorted({sku.barcode for sku in skus if sku.barcode})
    waiting = store.load_unmapped(tx, codes, barcodes)
    if waiting:
        again = [(one.channel_id, ListingDocument(one.key)) for one in waiting]
        _write(tx, decide_listings(again, _load_facts(tx, again)))


def load_listing_views(
    tx: Transaction, *, channel_id: int = 0, sku_id: int = 0, status: str = "", unmapped: bool = False,
    after: tuple[int, str] = (0, ""), limit: int = 200,
) -> list[ListingView]:  # fmt: skip
    """Listings of a channel or of all, by channel and key: those that are mapped, and those that are only stated."""
    rows = store.load_listing_views(
        tx, channel_id=channel_id, sku_id=sku_id, status=status, unmapped=unmapped, after_channel=after[0],
        after_key=after[1], limit=limit,
    )  # fmt: skip
    return [ListingView(*row) for row in rows]


def _load_facts(tx: Transaction, documents: Sequence[tuple[int, ListingDocument]]) -> ListingFacts:
    places = sorted({(channel_id, document.listing) for channel_id, document in documents})
    stated = {(one.channel_id, one.key): one for one in store.lock_stated_listings(tx, places)}
    mapped = {(one.channel_id, one.key): one for one in store.load_listings_by_key(tx, places)}
    codes = {document.sku for _, document in documents} | {key for _, key in places}
    codes |= {one.sku_code for one in stated.values()}
    skus = find_stocked(tx, codes - {""})
    by_id = load_skus(tx, (one.sku_id for one in mapped.values()))
    barcodes = {document.barcode for _, document in documents} | {one.barcode for one in stated.values()}
    alike = {barcode: [sku for sku in found if sku.active] for barcode, found in find_by_barcode(tx, barcodes).items()}
    return ListingFacts(skus, by_id, alike, mapped, stated)


def _write(tx: Transaction, plan: ListingPlan) -> None:
    store.upsert_stated_listings(tx, list(plan.stated.values()))
    rows = [(channel_id, key, sku_id, pack) for (channel_id, key), (sku_id, pack) in plan.mappings.items()]
    emit_mapped(tx, write_listings(tx, rows, tx.actor))
