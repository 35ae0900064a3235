"""Purchasing owns the first reorder trigger: what should be ordered of whom, with every figure that it rests on.

Always true: a SKU has one open proposal a site at most; an accepted proposal is an inbound, which is no promise until
the supplier confirms it; what a person changed is not computed over.
"""

from .model import Figure, Need, Proposal, ProposalState
from .rules import decide_need, rounded
from .service import (
    RECOMPUTE,
    NotOrderable,
    UnknownProposal,
    accept,
    change,
    dismiss,
    load_open,
    recompute,
    recompute_due,
    schedule_recompute,
)
from .supply import SupplyView, load_supply

__all__ = [
    "RECOMPUTE",
    "Figure",
    "Need",
    "NotOrderable",
    "Proposal",
    "ProposalState",
    "SupplyView",
    "UnknownProposal",
    "accept",
    "change",
    "decide_need",
    "dismiss",
    "load_open",
    "load_supply",
    "recompute",
    "recompute_due",
    "rounded",
    "schedule_recompute",
]
