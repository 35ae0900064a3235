"""The statements of the room, one typed function each."""

from collections.abc import Sequence
from typing import Any

from stocktower.platform import Transaction, load_queries

from .model import Component, Listing, Sku

_Q = load_queries(__package__)


def resolve_listings(tx: Transaction, keys: Sequence[tuple[int, str, str]]) -> list[tuple[Any, ...]]:
    """(channel, key, sku, pack quantity, component or None, its quantity or None) of keys (channel, key, name)."""
    return tx.tuples(
        _Q.resolve_listings,
        channel_ids=[channel_id for channel_id, _, _ in keys],
        keys=[key for _, key, _ in keys],
        names=[name for _, _, name in keys],
    )


def load_skus(tx: Transaction, sku_ids: Sequence[int]) -> list[Sku]:
    """SKUs by id."""
    return tx.fetch(_Q.load_skus, Sku, sku_ids=list(sku_ids))


def load_skus_by_code(tx: Transaction, codes: Sequence[str]) -> list[Sku]:
    """SKUs by code."""
    return tx.fetch(_Q.load_skus_by_code, Sku, codes=list(codes))


def lock_skus_by_code(tx: Transaction, codes: Sequence[str]) -> list[Sku]:
    """SKUs by code, locked in code order."""
    return tx.fetch(_Q.lock_skus_by_code, Sku, codes=list(codes))


def search_skus(tx: Transaction, text: str, limit: int, offset: int) -> list[Sku]:
    """A page of the SKUs whose code, name or barcode holds a text."""
    return tx.fetch(_Q.search_skus, Sku, text=text, limit=limit, offset=offset)


def count_skus(tx: Transaction, text: str) -> int:
    """How many SKUs search_skus finds in all."""
    return tx.value(_Q.count_skus, text=text) or 0


def copy_skus(tx: Transaction, skus: Sequence[Sku]) -> None:
    """New SKUs."""
    tx.copy(
        _Q.sku,
        [
            (
                tx.merchant_id, sku.sku_id, sku.code, sku.name, sku.kind, sku.stock_unit, sku.barcode, sku.category,
                sku.weight_grams, sku.cost_minor, sku.price_minor, sku.currency, sku.backorder, sku.active,
            )
            for sku in skus
        ],
    )  # fmt: skip


def update_skus(tx: Transaction, skus: Sequence[Sku]) -> None:
    """What is stated of SKUs that are there; code and stock unit never change."""
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
    )


def load_components(tx: Transaction, kit_ids: Sequence[int]) -> list[Component]:
    """The components of kits, in order."""
    return tx.fetch(_Q.load_components, Component, kit_ids=list(kit_ids))


def load_kits_of(tx: Transaction, component_ids: Sequence[int]) -> list[Component]:
    """The kits that some SKUs are components of."""
    return tx.fetch(_Q.load_kits_of, Component, component_ids=list(component_ids))


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


def load_channels(tx: Transaction) -> dict[str, int]:
    """The ids of channels by code."""
    return dict(tx.tuples(_Q.load_channels))


def upsert_listings(tx: Transaction, listings: Sequence[tuple[int, str, int, int]], mapped_by: str) -> list[Listing]:
    """(channel, key, SKU, pack quantity): gives back those that are new or stand for something else now."""
    return tx.fetch(
        _Q.upsert_listings,
        Listing,
        channel_ids=[channel_id for channel_id, _, _, _ in listings],
        keys=[key for _, key, _, _ in listings],
        sku_ids=[sku_id for _, _, sku_id, _ in listings],
        pack_quantities=[pack_quantity for _, _, _, pack_quantity in listings],
        mapped_by=mapped_by,
    )


def load_listings_of(tx: Transaction, sku_ids: Sequence[int]) -> list[Listing]:
    """The listings of some SKUs."""
    return tx.fetch(_Q.load_listings_of, Listing, sku_ids=list(sku_ids))


def load_listings_of_channel(tx: Transaction, channel_id: int) -> list[Listing]:
    """All listings of a channel."""
    return tx.fetch(_Q.load_listings_of_channel, Listing, channel_id=channel_id)


def load_active_ids(tx: Transaction) -> list[int]:
    """Every SKU that is sold."""
    return tx.values(_Q.load_active_ids)
