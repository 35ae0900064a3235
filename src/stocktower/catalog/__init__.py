"""The catalogue owns SKUs, their units and kits, and what each channel's listing stands for.

A kit holds stocked SKUs only. Code, kind, stock unit and the size of a unit never change once they are recorded.
"""

from .model import Component, Listing, ProductOutcome, ProductResult, Resolved, Sku
from .rules import NAME_KEY, CatalogFacts, ProductPlan, decide_products
from .service import (
    PackNotPositive,
    UnknownSku,
    find_skus,
    load_kits_of,
    load_resolved,
    load_skus,
    load_units,
    map_listing,
    resolve_listings,
    take_products,
)
from .views import SkuPage, load_active_ids, load_listings, load_listings_of, search

__all__ = [
    "NAME_KEY",
    "CatalogFacts",
    "Component",
    "Listing",
    "PackNotPositive",
    "ProductOutcome",
    "ProductPlan",
    "ProductResult",
    "Resolved",
    "Sku",
    "SkuPage",
    "UnknownSku",
    "decide_products",
    "find_skus",
    "load_active_ids",
    "load_kits_of",
    "load_listings",
    "load_listings_of",
    "load_resolved",
    "load_skus",
    "load_units",
    "map_listing",
    "resolve_listings",
    "search",
    "take_products",
]
