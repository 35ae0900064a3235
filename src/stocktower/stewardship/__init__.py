"""Stewardship watches master data: checks declared once, a score by SKU, what it costs, and SKUs that are really one.

Always true: a score is a hundred less the weights of what fails; a merge moves no stock and no promise, is written down
with all that it changed, and leaves a code that resolves for good. What a person said of two SKUs stays said.
"""

from .merges import dismiss, merge, undo_merge
from .model import CHECK_BY_NAME, CHECKS, Check, CheckCount, Duplicate, Failure, Member, Merge, PlaceFinding, Quality
from .rules import (
    LARGEST_BLOCK,
    PROPOSED,
    check_places,
    compare_members,
    has_right_check_digit,
    is_gtin,
    likeness,
    propose,
    score_of,
)
from .service import CHECK, EVERYTHING, KINDS, begin, check_due, check_everything, check_skus, take_events
from .views import Overview, QueueRow, load_duplicates, load_merges, load_overview, load_quality, load_queue

__all__ = [
    "CHECK",
    "CHECKS",
    "CHECK_BY_NAME",
    "EVERYTHING",
    "KINDS",
    "LARGEST_BLOCK",
    "PROPOSED",
    "Check",
    "CheckCount",
    "Duplicate",
    "Failure",
    "Member",
    "Merge",
    "Overview",
    "PlaceFinding",
    "Quality",
    "QueueRow",
    "begin",
    "check_due",
    "check_everything",
    "check_places",
    "check_skus",
    "compare_members",
    "dismiss",
    "has_right_check_digit",
    "is_gtin",
    "likeness",
    "load_duplicates",
    "load_merges",
    "load_overview",
    "load_quality",
    "load_queue",
    "merge",
    "propose",
    "score_of",
    "take_events",
    "undo_merge",
]
