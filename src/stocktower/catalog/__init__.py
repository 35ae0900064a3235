"""The catalogue owns SKUs, their units and kits, and what each channel's listing stands for.

A kit comes down to stocked SKUs, whatever kits are in it; an assembled SKU is stocked itself and made of others. Code,
stock unit and the size of a unit never change once they are recorded, nor how a SKU is tracked once it has stock.
"""

from .kits import expand, find_cycle
from .listing_rules import LISTING_STATES, ListingOutcome, ListingResult, refuse_listing
from .listings import ListingView, load_listing_views, map_stated, take_listings
from .merging import CannotMerge, Merged, lock_pair, merge_skus, split_skus
from .model import Component, Listing, ListingVersion, ProductOutcome, ProductResult, Resolved, Sku, SupplyTerms
from .rebuilding import PROJECTIONS
from .rules import NAME_KEY, CatalogFacts, ProductPlan, decide_products
from .service import (
    PackNotPositive,
    UnknownSku,
    find_by_barcode,
    find_skus,
    find_stocked,
    load_kits_of,
    load_materials,
    load_resolved,
    load_resolved_at,
    load_skus,
    load_supply_terms,
    load_tracking,
    load_units,
    map_listing,
    resolve_listings,
    take_products,
)
from .views import (
    SkuPage,
    listings_at,
    load_active_ids,
    load_listing_versions,
    load_listings,
    load_listings_of,
    load_sku_page,
    load_versions_of_sku,
    search,
)

__all__ = [
    "LISTING_STATES",
    "NAME_KEY",
    "PROJECTIONS",
    "CannotMerge",
    "CatalogFacts",
    "Component",
    "Listing",
    "ListingOutcome",
    "ListingResult",
    "ListingVersion",
    "ListingView",
    "Merged",
    "PackNotPositive",
    "ProductOutcome",
    "ProductPlan",
    "ProductResult",
    "Resolved",
    "Sku",
    "SkuPage",
    "SupplyTerms",
    "UnknownSku",
    "decide_products",
    "expand",
    "find_by_barcode",
    "find_cycle",
    "find_skus",
    "find_stocked",
    "listings_at",
    "load_active_ids",
    "load_kits_of",
    "load_listing_versions",
    "load_listing_views",
    "load_listings",
    "load_listings_of",
    "load_materials",
    "load_resolved",
    "load_resolved_at",
    "load_sku_page",
    "load_skus",
    "load_supply_terms",
    "load_tracking",
    "load_units",
    "load_versions_of_sku",
    "lock_pair",
    "map_listing",
    "map_stated",
    "merge_skus",
    "refuse_listing",
    "resolve_listings",
    "search",
    "split_skus",
    "take_listings",
    "take_products",
]
