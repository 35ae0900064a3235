"""Insight answers questions that reach over several rooms, now or as of any instant; it reads, and changes nothing.

Every figure comes from the rules of the room that owns it, so that no two places can say two things.
"""

from .explained import (
    Asked,
    AtsAnswer,
    BadInstant,
    ChannelAts,
    ExplainedStep,
    ListingShown,
    Piece,
    ask,
    explain_ats,
    read_moment,
)
from .history import HistoryEntry, Point, load_points, name_entries, window

__all__ = [
    "Asked",
    "AtsAnswer",
    "BadInstant",
    "ChannelAts",
    "ExplainedStep",
    "HistoryEntry",
    "ListingShown",
    "Piece",
    "Point",
    "ask",
    "explain_ats",
    "load_points",
    "name_entries",
    "read_moment",
    "window",
]
