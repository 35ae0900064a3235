"""What the merchant stocks and sells, and what became of a product that was stated."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Sku(Struct, frozen=True):
    """The thing stocked (`stocked`), stocked and made of others (`assembled`), or sold as one and stocked as its
    components (`kit`).
    """

    sku_id: int
    code: str
    name: str
    kind: str
    stock_unit: str
    barcode: str
    category: str
    weight_grams: int | None
    cost_minor: int | None
    price_minor: int | None
    currency: str
    backorder: bool
    active: bool
    tracking: str = "none"
    """What identifies its units beyond the SKU: none, lot or serial (one number a unit)."""


class SupplyTerms(Struct, frozen=True):
    """How a SKU is ordered, as its product states it; what is not stated is empty or None."""

    supplier: str = ""
    moq: int | None = None
    order_multiple: int | None = None
    lead_time_days: int | None = None
    """From the supplier's confirmation to receipt."""


class Component(Struct, frozen=True):
    """How many of a SKU are in one kit, or are needed for one of an assembled SKU."""

    kit_id: int
    component_id: int
    quantity: int


class Listing(Struct, frozen=True):
    """How one channel names a SKU."""

    channel_id: int
    key: str
    sku_id: int
    pack_quantity: int
    """Units of the SKU in one sold unit."""
    mapped_by: str


class ListingVersion(Struct, frozen=True):
    """What a listing stood for from an instant on; orders that came before keep what it stood for then."""

    channel_id: int
    key: str
    version: int
    sku_id: int
    pack_quantity: int
    mapped_by: str
    mapped_at: datetime


class Resolved(Struct, frozen=True):
    """What a listing stands for."""

    sku_id: int
    pack_quantity: int
    components: tuple[tuple[int, int], ...]
    """(stocked SKU, units) in one unit of sku_id, kits in kits taken apart; a stocked SKU is ((sku_id, 1),)."""


class ProductOutcome(StrEnum):
    """What became of a stated product."""

    NEW = "new"
    CHANGED = "changed"
    REPEATED = "repeated"
    REFUSED = "refused"


class ProductResult(Struct, frozen=True):
    """What became of one stated product, and why where it was refused."""

    sku: str
    outcome: ProductOutcome
    sku_id: int | None = None
    problem: str = ""
    """Empty where it was taken."""
