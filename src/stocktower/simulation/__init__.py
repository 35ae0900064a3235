"""The simulation: a small outside world made from a seed, and an auditor who predicts what the tower must come to.

Both are pure: the world gives letters (canonical documents, late, twice, reordered and changed) and reads what sites
are asked for; the auditor is told what was worked and compares. They share no code with the product besides the
documents; `stocktower.app.simulate` drives the production services between them.
"""

from .auditor import NEWEST_COUNTS, Auditor
from .deeds import Cart, CartLeft, CartPaid, Deed, Done, Making, Recall, RecallEnded
from .letters import Letter
from .merchant import VIP, Merchant
from .seen import (
    SeenBin,
    SeenBooks,
    SeenClaim,
    SeenComing,
    SeenHold,
    SeenLine,
    SeenOrder,
    SeenRequest,
    SeenRequestLine,
    SeenStock,
    SeenTower,
)
from .world import STEPS, World

__all__ = [
    "NEWEST_COUNTS",
    "STEPS",
    "VIP",
    "Auditor",
    "Cart",
    "CartLeft",
    "CartPaid",
    "Deed",
    "Done",
    "Letter",
    "Making",
    "Merchant",
    "Recall",
    "RecallEnded",
    "SeenBin",
    "SeenBooks",
    "SeenClaim",
    "SeenComing",
    "SeenHold",
    "SeenLine",
    "SeenOrder",
    "SeenRequest",
    "SeenRequestLine",
    "SeenStock",
    "SeenTower",
    "World",
]
