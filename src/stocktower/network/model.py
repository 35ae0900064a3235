"""Sites and channels as the rooms above read them: the applied configuration joined with the ids."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

SELLS = ("own", "supplier")
"""Whose goods a channel sells unless it is configured: our own, and what drop-ship suppliers hold."""


class SiteFacts(Struct, frozen=True):
    """A place that holds or supplies stock."""

    site_id: int
    code: str
    name: str
    kind: str
    entity: str
    """Code of the legal entity that owns what lies there."""
    country: str
    region: str
    latitude: float | None
    longitude: float | None
    timezone: str
    priority: int
    """Lower is preferred."""
    protected: bool
    ships_to: tuple[str, ...]
    """Countries; empty: all."""
    fulfills: bool
    """Ships orders that the tower routes."""
    acknowledge_hours: int
    safety_stock: int
    """Default per SKU."""
    sellable: bool
    """Its available stock may be offered."""
    bins: bool = False
    """It keeps bins."""
    active: bool = True
    """False: no longer in the configuration; kept because stock and orders name it."""

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude, where both are known."""
        return None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)


class ChannelFacts(Struct, frozen=True):
    """A place where the merchant sells."""

    channel_id: int
    code: str
    name: str
    kind: str
    format: str
    entity: str
    """Code of the legal entity that sells."""
    currency: str
    live_from: datetime
    timezone: str
    site_ids: tuple[int, ...]
    """Sites that serve it, in the order of the configuration."""
    priority: int
    """Lower is served first when stock is short."""
    tax_included: bool
    marketplace_tax: bool
    authorization_days: int
    terms_days: int | None
    ship_by_hours: int | None
    ship_by_cutoff: str
    max_splits: int
    ship_partial: bool
    publish_every_minutes: int
    post_history: bool
    hold_high_risk: bool
    active: bool = True
    """False: no longer in the configuration; kept because orders name it."""
    owners: tuple[str, ...] = SELLS
    """Whose goods it may sell; `*`: all."""
    min_shelf_life_days: int = 0
    """How long goods must still keep that it sells."""


class Group(Struct, frozen=True):
    """A part of the network between the whole of it and a site, such as a region."""

    code: str
    name: str
    depth: int
    """1 below the network itself, 2 below another group, ..."""
    site_ids: frozenset[int]
    """Its sites, and those of the groups below it."""


NO_GROUPS: Mapping[str, Group] = {}


class Network(Struct, frozen=True):
    """All sites and channels of a merchant under one configuration version."""

    version: int
    timezone: str
    """The merchant's own."""
    sites: dict[int, SiteFacts]
    channels: dict[int, ChannelFacts]
    site_ids: dict[str, int]
    """By code; only those that are in the configuration."""
    channel_ids: dict[str, int]
    """By code; only those that are in the configuration."""
    groups: Mapping[str, Group] = NO_GROUPS
    """Groups of sites by code."""
