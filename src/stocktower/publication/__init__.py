"""Publication owns what we told whom: every word to a channel is kept, and compared with the truth.

A listing is told only when what it shows has changed; the last word of each is a projection of all that was told.
"""

from .model import Difference, Listing, Publication, PublicationRow, Told
from .rules import changed_skus
from .service import KINDS, compare, load_recorded_paths, publish_due, take_events
from .shelf import Offer, Shelf
from .views import count_told, load_publications, load_told, load_told_at, load_told_between

__all__ = [
    "KINDS",
    "Difference",
    "Listing",
    "Offer",
    "Publication",
    "PublicationRow",
    "Shelf",
    "Told",
    "changed_skus",
    "compare",
    "count_told",
    "load_publications",
    "load_recorded_paths",
    "load_told",
    "load_told_at",
    "load_told_between",
    "publish_due",
    "take_events",
]
