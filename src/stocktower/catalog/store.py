"""The statements of the room, one typed function each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from stocktower.platform import Answer, Transaction, load_queries

from .listing_rules import StatedListing
from .model import Component, Listing, ListingVersion, Sku, SupplyTerms

_astuple = msgspec.structs.astuple
_Q = load_queries(__package__)


def resolve_listings(tx: Transaction, keys: Sequence[tuple[int, str, str]]) -> list[tuple[Any, ...]]:
    """(channel, key, sku, pack quantity, stocked part or None, its quantity or None) of keys (channel, key, name)."""
    return tx.tuples(
        _Q.resolve_listings,
        channel_ids=[channel_id for channel_id, _, _ in keys],
        keys=[key for _, key, _ in keys],
        names=[name for _, _, name in keys],
    )


def load_skus(tx: Transaction, sku_ids: Sequence[int]) -> list[Sku]:
    """SKUs by id."""
    return tx.fetch(_Q.load_skus, Sku, sku_ids=list(sku_ids))


def load_tracking(tx: Transaction, sku_ids: Sequence[int]) -> list[tuple[int, str]]:
    """(sku_id, tracking) of those that are tracked."""
    return tx.tuples(_Q.load_tracking, sku_ids=list(sku_ids))


def load_skus_by_code(tx: Transaction, codes: Sequence[str]) -> list[Sku]:
    """SKUs by code."""
    return tx.fetch(_Q.load_skus_by_code, Sku, codes=list(codes))


def load_skus_by_barcode(tx: Transaction, barcodes: Sequence[str]) -> list[Sku]:
    """SKUs by barcode."""
    return tx.fetch(_Q.load_skus_by_barcode, Sku, barcodes=list(barcodes))


def lock_skus_by_code(tx: Transaction, codes: Sequence[str]) -> list[Sku]:
    """SKUs by code, locked in code order."""
    return tx.fetch(_Q.lock_skus_by_code, Sku, codes=list(codes))


def search_skus(tx: Transaction, text: str, limit: int, offset: int) -> list[Sku]:
    """A page of the SKUs whose code, name or barcode holds a text."""
    return tx.fetch(_Q.search_skus, Sku, text=text, limit=limit, offset=offset)


def load_sku_page(tx: Transaction, after: str, limit: int, category: str, sku_ids: Sequence[int] | None) -> list[Sku]:
    """The SKUs after a code by code, of a category (empty: all), of some ids (None: all)."""
    if sku_ids is not None:
        query, given = _Q.load_sku_page_of_ids, {"sku_ids": list(sku_ids), "category": category}
    else:
        query, given = (_Q.load_sku_page_of_category, {"category": category}) if category else (_Q.load_sku_page, {})
    return tx.fetch(query, Sku, after=after, limit=limit, **given)


def count_skus(tx: Transaction, text: str) -> int:
    """How many SKUs search_skus finds in all."""
    return tx.value(_Q.count_skus, text=text) or 0


def load_words_at(tx: Transaction, sku_ids: Sequence[int], at: datetime) -> list[tuple[int, str | None, str | None]]:
    """(sku_id, name, category) that SKUs had at an instant and have no more; None: it is still so."""
    return tx.tuples(_Q.load_words_at, sku_ids=list(sku_ids), at=at)


def load_ids_of_category_at(tx: Transaction, category: str, at: datetime) -> list[int]:
    """The SKUs that were of a category at an instant."""
    return tx.values(_Q.load_ids_of_category_at, category=category, at=at)


def copy_skus(tx: Transaction, skus: Sequence[Sku]) -> None:
    """New SKUs."""
    tx.copy(
        _Q.sku,
        [
            (
                tx.merchant_id, sku.sku_id, sku.code, sku.name, sku.kind, sku.stock_unit, sku.barcode, sku.category,
                sku.weight_grams, sku.cost_minor, sku.price_minor, sku.currency, sku.backorder, sku.active,
                sku.tracking,
            )
            for sku in skus
        ],
    )  # fmt: skip


def update_skus(tx: Transaction, skus: Sequence[Sku]) -> None:
    """What is stated of SKUs that are there; code and stock unit never change, former names and categories are kept."""
    tx.execute(_Q.record_past_names, sku_ids=[sku.sku_id for sku in skus], names=[sku.name for sku in skus])
    tx.execute(
        _Q.record_past_categories,
        sku_ids=[sku.sku_id for sku in skus],
        categories=[sku.category for sku in skus],
    )
    tx.execute(
        _Q.update_skus,
        sku_ids=[sku.sku_id for sku in skus],
        names=[sku.name for sku in skus],
        kinds=[sku.kind for sku in skus],
        barcodes=[sku.barcode for sku in skus],
        categories=[sku.category for sku in skus],
        weights=[sku.weight_grams for sku in skus],
        costs=[sku.cost_minor for sku in skus],
        prices=[sku.price_minor for sku in skus],
        currencies=[sku.currency for sku in skus],
        backorders=[sku.backorder for sku in skus],
        actives=[sku.active for sku in skus],
        trackings=[sku.tracking for sku in skus],
    )


def load_components(tx: Transaction, kit_ids: Sequence[int]) -> list[Component]:
    """The components of kits, in order."""
    return tx.fetch(_Q.load_components, Component, kit_ids=list(kit_ids))


def load_components_below(tx: Transaction, kit_ids: Sequence[int]) -> list[Component]:
    """The components of kits, and those of the kits in them."""
    return tx.fetch(_Q.load_components_below, Component, kit_ids=list(kit_ids))


def load_kits_above(tx: Transaction, component_ids: Sequence[int]) -> list[int]:
    """The kits that hold some SKUs, themselves or in other kits."""
    return tx.values(_Q.load_kits_above, component_ids=list(component_ids))


def ask_parts(tx: Transaction, kit_ids: Sequence[int]) -> Answer[list[Component]]:
    """The stocked SKUs that kits come down to, in order."""
    return tx.ask(_Q.load_parts, Component, kit_ids=list(kit_ids))


def load_parts_at(
    tx: Transaction, kit_ids: Sequence[int], instants: Sequence[datetime]
) -> list[tuple[datetime, int, int, int]]:
    """(instant, kit, stocked part, quantity) of kits as they were at some instants, in order."""
    return tx.tuples(_Q.load_parts_at, kit_ids=list(kit_ids), instants=list(instants))


def record_past_kits(tx: Transaction, kit_ids: Sequence[int]) -> None:
    """Keep what kits come down to, before they come down to something else."""
    tx.execute(_Q.record_past_kits, kit_ids=list(kit_ids))


def load_kits_of(tx: Transaction, part_ids: Sequence[int]) -> list[Component]:
    """The kits that come down to some stocked SKUs."""
    return tx.fetch(_Q.load_kits_of, Component, part_ids=list(part_ids))


def load_touched(tx: Transaction, sku_ids: Sequence[int]) -> list[int]:
    """Some SKUs with their parts and the kits of both."""
    return tx.values(_Q.load_touched, sku_ids=list(sku_ids))


def lock_parts(tx: Transaction) -> None:
    """Let no other transaction write what kits come down to before this one ends."""
    tx.value(_Q.lock_parts)


def replace_parts(tx: Transaction, kit_ids: Sequence[int], parts: Sequence[Component]) -> None:
    """Write the parts of kits anew."""
    tx.execute(_Q.delete_parts, kit_ids=list(kit_ids))
    tx.execute(
        _Q.insert_parts,
        kit_ids=[part.kit_id for part in parts],
        part_ids=[part.component_id for part in parts],
        quantities=[part.quantity for part in parts],
    )


def load_materials(tx: Transaction, assembled_ids: Sequence[int]) -> list[Component]:
    """What one unit of assembled SKUs is made of, in order."""
    return tx.fetch(_Q.load_materials, Component, assembled_ids=list(assembled_ids))


def load_materials_below(tx: Transaction, assembled_ids: Sequence[int]) -> list[Component]:
    """What assembled SKUs are made of, and what those are made of."""
    return tx.fetch(_Q.load_materials_below, Component, assembled_ids=list(assembled_ids))


def replace_materials(tx: Transaction, assembled_ids: Sequence[int], materials: Sequence[Component]) -> None:
    """State the materials of assembled SKUs anew."""
    tx.execute(_Q.delete_materials, assembled_ids=list(assembled_ids))
    tx.execute(
        _Q.insert_materials,
        assembled_ids=[one.kit_id for one in materials],
        material_ids=[one.component_id for one in materials],
        quantities=[one.quantity for one in materials],
    )


def replace_components(tx: Transaction, kit_ids: Sequence[int], components: Sequence[Component]) -> None:
    """State the components of kits anew."""
    tx.execute(_Q.delete_components, kit_ids=list(kit_ids))
    tx.execute(
        _Q.insert_components,
        kit_ids=[component.kit_id for component in components],
        component_ids=[component.component_id for component in components],
        quantities=[component.quantity for component in components],
    )


def load_units(tx: Transaction, sku_ids: Sequence[int]) -> list[tuple[int, str, int]]:
    """(SKU, unit, stock units in it), in order."""
    return [(sku_id, unit, factor) for sku_id, unit, factor in tx.tuples(_Q.load_units, sku_ids=list(sku_ids))]


def insert_units(tx: Transaction, units: Sequence[tuple[int, str, int]]) -> None:
    """New units: (SKU, unit, stock units in it)."""
    tx.execute(
        _Q.insert_units,
        sku_ids=[sku_id for sku_id, _, _ in units],
        units=[unit for _, unit, _ in units],
        factors=[factor for _, _, factor in units],
    )


def load_supply(tx: Transaction, sku_ids: Sequence[int]) -> dict[int, SupplyTerms]:
    """How SKUs are ordered, of those of which it is stated."""
    return {row[0]: SupplyTerms(*row[1:]) for row in tx.tuples(_Q.load_supply, sku_ids=list(sku_ids))}


def load_supply_at(tx: Transaction, sku_ids: Sequence[int], at: datetime) -> dict[int, SupplyTerms]:
    """How SKUs were ordered at an instant, of those of which it was stated by then."""
    rows = tx.tuples(_Q.load_supply_at, sku_ids=list(sku_ids), at=at)
    return {row[0]: SupplyTerms(*row[1:]) for row in rows}


def upsert_supply(tx: Transaction, terms: Mapping[int, SupplyTerms]) -> None:
    """State how SKUs are ordered, and keep how they were."""
    ordered = sorted(terms.items())
    tx.execute(_Q.record_past_supply, sku_ids=[sku_id for sku_id, _ in ordered])
    tx.execute(
        _Q.upsert_supply,
        sku_ids=[sku_id for sku_id, _ in ordered],
        suppliers=[one.supplier for _, one in ordered],
        moqs=[one.moq for _, one in ordered],
        multiples=[one.order_multiple for _, one in ordered],
        lead_times=[one.lead_time_days for _, one in ordered],
    )


def load_channels(tx: Transaction) -> dict[str, int]:
    """The ids of channels by code."""
    return dict(tx.tuples(_Q.load_channels))


def upsert_listings(
    tx: Transaction, listings: Sequence[tuple[int, str, int, int]], mapped_by: str
) -> list[ListingVersion]:
    """(channel, key, SKU, pack quantity): gives back those that are new or stand for something else now."""
    return tx.fetch(
        _Q.upsert_listings,
        ListingVersion,
        channel_ids=[channel_id for channel_id, _, _, _ in listings],
        keys=[key for _, key, _, _ in listings],
        sku_ids=[sku_id for _, _, sku_id, _ in listings],
        pack_quantities=[pack_quantity for _, _, _, pack_quantity in listings],
        mapped_by=mapped_by,
    )


def record_listing_versions(tx: Transaction, versions: Sequence[ListingVersion]) -> None:
    """Append to what listings stood for."""
    merchant_id = tx.merchant_id
    tx.copy(_Q.listing_version, [(merchant_id, *_astuple(one)) for one in versions])


def load_listing_versions(tx: Transaction, channel_id: int, key: str) -> list[ListingVersion]:
    """Everything that a listing ever stood for, the first first."""
    return tx.fetch(_Q.load_listing_versions, ListingVersion, channel_id=channel_id, key=key)


def load_versions_of_sku(tx: Transaction, sku_id: int) -> list[ListingVersion]:
    """Everything that the listings ever stood for that once stood for a SKU, each listing's first first."""
    return tx.fetch(_Q.load_versions_of_sku, ListingVersion, sku_id=sku_id)


def load_listings_of(tx: Transaction, sku_ids: Sequence[int]) -> list[Listing]:
    """The listings of some SKUs."""
    return tx.fetch(_Q.load_listings_of, Listing, sku_ids=list(sku_ids))


def load_listings_of_channel(tx: Transaction, channel_id: int) -> list[Listing]:
    """All listings of a channel."""
    return tx.fetch(_Q.load_listings_of_channel, Listing, channel_id=channel_id)


def load_listings_by_key(tx: Transaction, places: Sequence[tuple[int, str]]) -> list[Listing]:
    """Listings by (channel, key); those that are not mapped are missing."""
    return tx.fetch(_Q.load_listings_by_key, Listing, **_places(places))


def lock_stated_listings(tx: Transaction, places: Sequence[tuple[int, str]]) -> list[StatedListing]:
    """What channels said of listings, by (channel, key), locked in that order."""
    return tx.fetch(_Q.lock_stated_listings, StatedListing, **_places(places))


def _places(places: Sequence[tuple[int, str]]) -> dict[str, list[Any]]:
    return {"channel_ids": [channel_id for channel_id, _ in places], "keys": [key for _, key in places]}


def upsert_stated_listings(tx: Transaction, listings: Sequence[StatedListing]) -> None:
    """What channels say of listings now."""
    if listings:
        tx.execute(
            _Q.upsert_stated_listings,
            channel_ids=[one.channel_id for one in listings],
            keys=[one.key for one in listings],
            codes=[one.sku_code for one in listings],
            barcodes=[one.barcode for one in listings],
            packs=[one.pack_quantity for one in listings],
            titles=[one.title for one in listings],
            prices=[one.price_minor for one in listings],
            currencies=[one.currency for one in listings],
            statuses=[one.status for one in listings],
        )


def load_unmapped(tx: Transaction, codes: Sequence[str], barcodes: Sequence[str]) -> list[StatedListing]:
    """Listings that stand for nothing yet, and name one of some codes or barcodes."""
    return tx.fetch(_Q.load_unmapped, StatedListing, codes=list(codes), barcodes=list(barcodes))


def load_listing_views(tx: Transaction, **asked: Any) -> list[tuple[Any, ...]]:
    """Listings with what they stand for and what is said of them, by channel and key."""
    return tx.tuples(_Q.load_listing_views, **asked)


def load_active_ids(tx: Transaction) -> list[int]:
    """Every SKU that is sold."""
    return tx.values(_Q.load_active_ids)


def load_aliases(tx: Transaction, codes: Sequence[str]) -> dict[str, int]:
    """Code of a merged SKU -> its survivor."""
    return dict(tx.tuples(_Q.load_aliases, codes=list(codes)))


def load_survivors(tx: Transaction, sku_ids: Sequence[int]) -> dict[int, int]:
    """Merged SKU -> its survivor."""
    return dict(tx.tuples(_Q.load_survivors, sku_ids=list(sku_ids)))


def insert_alias(tx: Transaction, code: str, sku_id: int, merged_id: int) -> None:
    """A code stands for a survivor."""
    tx.execute(_Q.insert_alias, code=code, sku_id=sku_id, merged_id=merged_id)


def redirect_aliases(tx: Transaction, loser_id: int, survivor_id: int) -> list[str]:
    """What stood for one SKU stands for another; gives the codes."""
    return sorted(tx.values(_Q.redirect_aliases, loser_id=loser_id, survivor_id=survivor_id))


def return_aliases(tx: Transaction, codes: Sequence[str], loser_id: int) -> None:
    """Codes stand for a SKU again."""
    tx.execute(_Q.return_aliases, codes=list(codes), loser_id=loser_id)


def delete_alias(tx: Transaction, code: str) -> None:
    """A code stands for itself."""
    tx.execute(_Q.delete_alias, code=code)


def load_direct_kits(tx: Transaction, component_ids: Sequence[int]) -> list[int]:
    """The kits that were stated to hold some SKUs."""
    return tx.values(_Q.load_direct_kits, component_ids=list(component_ids))


def load_direct_assembled(tx: Transaction, material_id: int) -> list[str]:
    """Codes of the assembled SKUs that are made of a SKU."""
    return tx.values(_Q.load_direct_assembled, material_id=material_id)


def count_projections(tx: Transaction) -> tuple[int, int]:
    """Rows of parts and listings."""
    return tx.tuples(_Q.count_projections)[0]  # pyright: ignore[reportReturnType] -- two counts


def find_unlike_parts(tx: Transaction) -> list[tuple[Any, ...]]:
    """(kit, part, quantity, what the components come down to) where they differ."""
    return tx.tuples(_Q.find_unlike_parts)


def find_unlike_listings(tx: Transaction) -> list[tuple[Any, ...]]:
    """(channel, key, what it stands for, what its last version says) where they differ."""
    return tx.tuples(_Q.find_unlike_listings)


def lock_listings(tx: Transaction, keys: Sequence[tuple[int, str]]) -> None:
    """Keep what some listings (channel, key) stand for until the commit."""
    tx.execute(_Q.lock_listings, channel_ids=[one for one, _ in keys], keys=[key for _, key in keys])


def restore_listings(tx: Transaction, truths: Sequence[tuple[Any, ...]], gone: Sequence[tuple[Any, ...]]) -> None:
    """Make listings (channel, key) what (SKU, pack, by, at, version) says, and take others away."""
    if truths:
        names = ("channel_ids", "keys", "sku_ids", "pack_quantities", "mapped_bys", "times", "versions")
        columns = map(list, zip(*truths, strict=True))
        tx.execute(_Q.restore_listings, **dict(zip(names, columns, strict=True)))
    if gone:
        tx.execute(_Q.delete_listings, channel_ids=[one for one, _ in gone], keys=[key for _, key in gone])
