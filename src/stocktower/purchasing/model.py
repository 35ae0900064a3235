"""What should be ordered, and why."""

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct


class ProposalState(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    SUPERSEDED = "superseded"
    """What it was for came, or is not needed any more."""


class Figure(Struct, frozen=True):
    """One figure that a proposal rests on."""

    name: str
    value: str


class Sold(Struct, frozen=True):
    """Units that one channel accepted of a SKU on one day."""

    channel_id: int
    day: date
    units: int


class Position(Struct, frozen=True):
    """What there is of a SKU, and what it is promised to."""

    free: int
    coming: int
    """Open inbound, confirmed or not."""
    waiting: int

    @property
    def units(self) -> int:
        """What can serve demand that is still to come; below zero where more waits."""
        return self.free + self.coming - self.waiting


class Need(Struct, frozen=True):
    """That something is to be ordered, and how much."""

    quantity: int
    reorder_point: int
    order_up_to: int
    figures: tuple[Figure, ...]


class Proposal(Struct, frozen=True):
    """To order a quantity of a SKU for a site of a supplier."""

    proposal_id: int
    sku_id: int
    site_id: int
    supplier: str
    quantity: int
    state: str
    is_changed: bool
    """A person stated the quantity: it is not computed over."""
    figures: list[Figure]
    computed_at: datetime
    decided_at: datetime | None = None
    decided_by: str = ""
    note: str = ""
    reference: str = ""
    """Of the inbound that it became."""
