"""What publication is made of: how listings stand, what waits, what was told, how fast it sells, who keeps up."""

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

ASSUMED = "assumed"
"""Who acknowledges for a channel that never says so itself."""


class Velocity(StrEnum):
    """How fast a SKU sells in a channel against what is there."""

    FAST = "fast"
    NORMAL = "normal"
    SLOW = "slow"


class Pace(StrEnum):
    """When a change goes: at once, or with the channel's next round."""

    NOW = "now"
    NORMAL = "normal"
    SLOW = "slow"


class Exposure(StrEnum):
    """What the word that a channel is known to show is worth."""

    UNLISTED = "unlisted"
    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"
    """It shows more than could be sold."""


class ChannelState(StrEnum):
    """How a channel keeps up."""

    NORMAL = "normal"
    BEHIND = "behind"
    DARK = "dark"


class Truth(Struct, frozen=True, gc=False):
    """What a listing should show now."""

    channel_id: int
    listing: str
    sku_id: int
    pack_quantity: int
    ats: int
    """Stock units."""
    shown: int
    """Whole packs, less the buffer."""
    most: int
    """Whole packs that could be sold without a buffer."""
    listed: bool
    """False: the SKU is sold no more, or the name stands for nothing."""
    value_minor: int
    """Of one pack."""


class Standing(Struct, gc=False):
    """How a listing stands: what is true, what was told, what its channel is known to show; changed in a round."""

    channel_id: int
    listing: str
    sku_id: int
    pack_quantity: int
    ats: int
    shown: int
    most: int
    listed: bool
    told: int | None
    told_at: datetime | None
    publication_id: int | None
    acknowledged: int | None
    word_at: datetime | None
    word_id: int | None
    """When, and by which publication, the acknowledged word was told."""
    exposure: str
    since: datetime


class Stretch(Struct, frozen=True, gc=False):
    """How a listing stood for a stretch of time."""

    channel_id: int
    listing: str
    from_at: datetime
    until_at: datetime
    sku_id: int
    exposure: str
    shown: int
    most: int
    acknowledged: int | None


class Pending(Struct, frozen=True, gc=False):
    """A listing that is worth telling and was not told yet."""

    channel_id: int
    listing: str
    sku_id: int
    pace: str
    turn_at: datetime
    """Who has the earliest turn is told first."""
    danger: int
    """Money at stake in a day, minor units."""
    since: datetime
    resend: bool = False
    """Told again although it shows what was told."""


class Ahead(Struct, frozen=True):
    """What may be ordered ahead of a listing."""

    quantity: int = 0
    """Packs."""
    available_on: date | None = None
    """The day on which they ship; None: nothing can be promised."""


class PreorderWord(Struct, frozen=True):
    """What may be ordered ahead of a listing, packs, and what its channel was told of it."""

    channel_id: int
    listing: str
    sku_id: int
    quantity: int
    available_on: date | None
    """The day on which it ships; None: nothing can be promised."""
    told_quantity: int | None
    """None: never told."""
    told_on: date | None
    publication_id: int | None


class Told(Struct, frozen=True):
    """The last word to a channel about a listing."""

    channel_id: int
    listing: str
    sku_id: int
    shown: int
    told_at: datetime
    publication_id: int


class Publication(Struct, frozen=True):
    """What is told to one channel at once, with the text of its file."""

    publication_id: int
    channel_id: int
    path: str
    text: str
    listings: tuple[Standing, ...]


class Round(Struct, frozen=True):
    """What one run of the publisher did."""

    looked: int
    """SKUs."""
    publications: tuple[Publication, ...] = ()


class PublicationRow(Struct, frozen=True):
    """A publication that was made."""

    publication_id: int
    channel_id: int
    published_at: datetime
    listings: int
    path: str
    sent_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    """`assumed` for a channel that never says so itself."""


class Difference(Struct, frozen=True):
    """A listing of which the channel was told something else than is true now."""

    channel_id: int
    listing: str
    sku_id: int
    told: int
    truth: int
    told_at: datetime
    most: int = 0
    """What could be sold."""

    @property
    def over_exposed(self) -> int:
        """Packs that the channel may sell and we do not have."""
        return max(0, self.told - self.most)


class SkuVelocity(Struct, frozen=True, gc=False):
    """How fast a SKU sells in a channel, and the buffer held back there."""

    channel_id: int
    sku_id: int
    velocity: str
    set_by: str
    """Who set it by hand; empty: computed."""
    units: int
    """Accepted in the window."""
    elsewhere: int
    """Units that went in other channels which share its sites, kits as their components."""
    days: int
    """Of the window."""
    buffer: int
    changed_at: datetime


class ChannelRow(Struct, gc=False):
    """How a channel keeps up: its state, the bucket of its rate limit, its rounds, its lag."""

    channel_id: int
    state: str
    reason: str
    since: datetime
    room: int
    """Listings that it takes at once."""
    filled_at: datetime
    normal_at: datetime | None
    slow_at: datetime | None
    refreshed_at: datetime | None
    lag_p50_seconds: int
    lag_p95_seconds: int
    lag_samples: int


class Accepted(Struct, frozen=True, gc=False):
    """A line that a channel accepted."""

    order_id: int
    line_no: int
    channel_id: int
    listing: str
    sku_id: int
    pack_quantity: int
    ordered: int
    """Listed units."""
    placed_at: datetime
    accepted_at: datetime
    """When it was recorded."""
    backordered: int = 0
    """Listed units that could not be allocated at first; they are oversold unless the SKU may be backordered."""


class Backlog(Struct, frozen=True):
    """What waits to be told to a channel at one pace."""

    channel_id: int
    pace: str
    listings: int
    oldest_at: datetime


class Accuracy(Struct, frozen=True):
    """Seconds in which listings were listed, and in which the known word was right, or more than could be sold."""

    listed: int
    right: int
    over: int

    @property
    def share(self) -> float | None:
        """Right of listed; None where nothing was listed."""
        return self.right / self.listed if self.listed else None


class AccuracyRow(Struct, frozen=True):
    """The accuracy of one SKU in one channel, or of one day of a channel."""

    channel_id: int
    sku_id: int
    day: date | None
    accuracy: Accuracy


class StaleSale(Struct, frozen=True):
    """A line that a channel accepted for more than was true."""

    order_id: int
    line_no: int
    channel_id: int
    listing: str
    sku_id: int
    ordered: int
    most: int
    acknowledged: int | None
    lag_seconds: int | None
    placed_at: datetime
    accepted_at: datetime
    oversold: int
    """Stock units."""
