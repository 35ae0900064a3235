"""The plain facts that an EPCIS document is made of."""

from datetime import datetime

from msgspec import Struct


class Merchant(Struct, frozen=True):
    """Who says so, and when."""

    code: str
    now: datetime


class LotEvent(Struct, frozen=True):
    """One move of a lot at a site."""

    event_id: str
    """Stable: the same event has the same id in every document."""
    sku: str
    gtin: str
    """GTIN-8, -12, -13 or -14; empty or anything else: the SKU has none."""
    lot: str
    """Batch or serial number."""
    is_serial: bool
    unit: str
    """Stock unit: each, gram, millimetre, ..."""
    site: str
    zone: str
    """IANA name of the site's zone."""
    status: str
    """Of the units after the move."""
    counterpart: str
    """Where they came from or went to; of a status change, the other status."""
    reason: str
    delta: int
    quantity_after: int
    order: str
    """Number of the order that they shipped for; empty otherwise."""
    occurred_at: datetime
    recorded_at: datetime


class Part(Struct, frozen=True):
    """Units that went into an assembly, or came out of it."""

    sku: str
    gtin: str
    lot: str
    """Empty: the SKU is not tracked."""
    is_serial: bool
    unit: str
    units: int


class Transformation(Struct, frozen=True):
    """Units of some lots that became units of others: an assembly, or the taking apart of one."""

    event_id: str
    site: str
    zone: str
    is_apart: bool
    inputs: tuple[Part, ...]
    outputs: tuple[Part, ...]
    occurred_at: datetime
    recorded_at: datetime
