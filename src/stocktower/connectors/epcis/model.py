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
