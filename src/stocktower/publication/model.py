"""What publication is made of: listings, what was told, and where it differs from the truth."""

from datetime import datetime

from msgspec import Struct


class Listing(Struct, frozen=True):
    """A listing of one channel, and what it would show now."""

    listing: str
    sku_id: int
    pack_quantity: int
    ats: int
    """Stock units."""
    shown: int
    """Whole packs."""
    active: bool = True
    """False: the SKU is sold no more."""


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
    listings: tuple[Listing, ...]


class PublicationRow(Struct, frozen=True):
    """A publication that was made."""

    publication_id: int
    channel_id: int
    published_at: datetime
    listings: int
    path: str


class Difference(Struct, frozen=True):
    """A listing of which the channel was told something else than is true now."""

    channel_id: int
    listing: str
    sku_id: int
    told: int
    truth: int
    told_at: datetime

    @property
    def over_exposed(self) -> int:
        """Packs that the channel may sell and we do not have."""
        return max(0, self.told - self.truth)
