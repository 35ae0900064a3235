"""What a comparison is made of: systems, runs, lines that differ with the evidence for each cause, verdicts."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct


class Cause(StrEnum):
    """Why two figures are likely to differ, in the order in which groups are shown."""

    MISSED_MESSAGE = "missed_message"
    UNIT_ERROR = "unit_error"
    MAPPING = "mapping"
    STATUS = "status"
    LOCATION = "location"
    LOT = "lot"
    DUPLICATE = "duplicate"
    SHRINKAGE = "shrinkage"
    TIMING = "timing"
    TOLERANCE = "tolerance"


CAUSE_WORDS: dict[str, str] = {
    Cause.TIMING: "the same figure, a little earlier or later",
    Cause.MISSED_MESSAGE: "something that one side was not told of",
    Cause.UNIT_ERROR: "packs counted as pieces, or pieces as packs",
    Cause.MAPPING: "booked under another SKU, or a code that means nothing here",
    Cause.STATUS: "in another status",
    Cause.LOCATION: "at another site",
    Cause.LOT: "in another lot",
    Cause.DUPLICATE: "counted twice",
    Cause.SHRINKAGE: "nothing explains it: lost, found, or never recorded",
    Cause.TOLERANCE: "within the tolerance",
}


class Key(Struct, frozen=True, gc=False, order=True):
    """What is compared: a SKU at a site in a status; a lot where the statement names lots."""

    sku_id: int
    site_id: int
    status: str
    lot: str


class Moved(Struct, frozen=True, gc=False):
    """A move near the instant, as evidence."""

    stock_id: int
    sequence: int
    delta: int
    reason: str
    reference: str
    reference_id: int
    occurred_at: datetime
    recorded_at: datetime


class Underway(Struct, frozen=True, gc=False):
    """Units that were to leave by a request that the site has not confirmed."""

    order_id: int
    fulfillment_id: int
    units: int


class Unworked(Struct, frozen=True, gc=False):
    """What a message of the inbox will change once it is worked."""

    message_id: int
    units: int
    """Below zero: units that leave."""


class Coming(Struct, frozen=True, gc=False):
    """Units that are announced to the site and not received here: there they may be in already."""

    inbound_id: int
    reference: str
    units: int
    expected_at: datetime | None


class LineFacts(Struct, frozen=True):
    """Everything that speaks for one cause or another of one line; quantities in stock units."""

    key: Key
    ours: int
    recorded: int
    theirs: int
    as_of: datetime
    moves: tuple[Moved, ...] = ()
    """Of some days before the instant and of the window after it, by time of happening."""
    underway: tuple[Underway, ...] = ()
    unworked: tuple[Unworked, ...] = ()
    coming: tuple[Coming, ...] = ()
    """Of available stock: what is announced and not received."""
    factors: tuple[int, ...] = ()
    """Stock units in the packs of the SKU."""
    siblings: tuple[tuple[Key, int], ...] = ()
    """Other lines of the SKU that differ, with their differences."""
    pair_sku_id: int = 0
    """The only other SKU at the site whose difference is equal and opposite; 0: none, or several."""

    @property
    def delta(self) -> int:
        """Theirs less ours."""
        return self.theirs - self.ours


class Verdict(Struct, frozen=True):
    """The likely cause of a line, how sure that is (0 to 100), and what shows it."""

    cause: Cause
    confidence: int
    reason: str
    evidence: dict[str, Any]


class Difference(Struct, frozen=True):
    """A line that differs in one run."""

    sku_id: int
    site_id: int
    status: str
    lot: str
    ours: int
    recorded: int
    theirs: int
    before: int | None
    """The difference at the statement before; None: there was none."""
    since_at: datetime
    within: bool
    cause: str
    confidence: int
    value_minor: int
    evidence: bytes

    @property
    def key(self) -> Key:
        """What was compared."""
        return Key(self.sku_id, self.site_id, self.status, self.lot)

    @property
    def delta(self) -> int:
        """Theirs less ours."""
        return self.theirs - self.ours

    @property
    def trend(self) -> str:
        """new, growing, shrinking or unchanged, beside the statement before."""
        if self.before is None or (self.before > 0) != (self.delta > 0):
            return "new"
        if abs(self.before) == abs(self.delta):
            return "unchanged"
        return "growing" if abs(self.delta) > abs(self.before) else "shrinking"


class Run(Struct, frozen=True):
    """A comparison: compared = matched + within + different."""

    run_id: int
    system_id: int
    statement_id: int
    as_of: datetime
    ran_at: datetime
    stated: int
    unknown: int
    compared: int
    matched: int
    within: int
    different: int
    resolved: int
    units_ours: int
    units_theirs: int
    units_apart: int
    value_minor: int
    value_apart_minor: int

    @property
    def share_of_lines(self) -> float:
        """Lines that agree, of those compared; 1 where there are none."""
        return (self.matched + self.within) / self.compared if self.compared else 1.0

    @property
    def share_of_units(self) -> float:
        """Units that agree, of the larger of both figures; 1 where there are none."""
        whole = max(self.units_ours, self.units_theirs)
        return max(0.0, 1 - self.units_apart / whole) if whole else 1.0


class CauseCount(Struct, frozen=True):
    """The lines of one cause, in one run or as they stand now."""

    cause: str
    lines: int
    units: int
    value_minor: int


class UnknownLine(Struct, frozen=True):
    """A line of a statement that names nothing of ours, and what to do about it."""

    location: str
    sku: str
    status: str
    unit: str
    quantity: int
    problem: str
    row_no: int


class Statement(Struct, frozen=True):
    """What an outside system stated of an instant."""

    statement_id: int
    system_id: int
    as_of: datetime
    digest: str
    complete: bool
    parts: int | None
    received: int
    lines: int
    unreadable: int
    message_id: int
    received_at: datetime
    compared_at: datetime | None

    @property
    def is_whole(self) -> bool:
        """All of its parts are here, and every row could be read: what it leaves out is zero, if it says so."""
        return self.complete and self.unreadable == 0 and self.received == self.parts


class SystemRow(Struct, frozen=True):
    """A system as the room knows it."""

    system_id: int
    code: str
    since: datetime
    last_as_of: datetime | None


class Allowance(Struct, frozen=True):
    """Differences of one cause, up to a size, that somebody leaves out of the cases for a time."""

    allowance_id: int
    cause: str
    units: int
    reason: str
    actor: str
    made_at: datetime
    until_at: datetime
