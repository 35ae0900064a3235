"""What a transfer is, and what each step does to the figures of its lines. Pure.

ordered = open + shipped + cancelled; shipped = in transit + arrived + damaged + lost + claimed + returned.

Messages come in any order: what arrives before its source has said that it left is shipped all the same, `ahead` of
that word; what left after it was cancelled is not cancelled any more. So the steps of a transfer come to the same in
every order.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from ..formulas.model import AVAILABLE, NO_LOT

ORDERED = "ordered"
SHIPPED = "shipped"
CANCELLED = "cancelled"
ARRIVED = "arrived"
DAMAGED = "damaged"
LOST = "lost"
CLAIMED = "claimed"
RETURNED = "returned"
CLOSED = "closed"
AHEAD = "ahead"
"""Kind of change: units are known to have left by what became of them, before their source has said so."""
TOLD = "told"
"""Kind of change: the source says so now."""
UNCANCELLED = "uncancelled"
"""Kind of change: what was cancelled left all the same."""
OUTCOMES = (ARRIVED, LOST, CLAIMED, RETURNED)
"""What may become of units in transit."""
STEPS = (ORDERED, SHIPPED, *OUTCOMES, CLOSED, CANCELLED)
"""What may be stated of a transfer, in the order in which it happens."""
_FIGURES: Mapping[str, tuple[str, int]] = {AHEAD: (AHEAD, 1), TOLD: (AHEAD, -1), UNCANCELLED: (CANCELLED, -1)}
"""Kinds of change that are not the name of their figure: the figure, and the sign."""
TRANSIT = "in_transit"
"""Status of what is on its way, at the site that it goes to."""
DEMAND = "transfer"
"""Kind of the demand that reserves units at the source."""


class StepLine(Struct, frozen=True):
    """Units of one SKU in a step."""

    sku_id: int
    units: int
    damaged: int = 0
    lot: str = ""
    """Empty: whichever lots are there, the first to expire first."""


class TransferStep(Struct, frozen=True):
    """One step of a transfer; without lines it is about all that is outstanding."""

    reference: str
    step: str
    lines: tuple[StepLine, ...] = ()
    from_site_id: int = 0
    to_site_id: int = 0
    occurred_at: datetime | None = None
    """None: now."""
    expected_at: datetime | None = None
    status: str = AVAILABLE
    """Of the stock that is ordered."""
    document: str = ""
    message_id: int = 0


class Transfer(Struct, frozen=True):
    """Goods that go from one site to another."""

    transfer_id: int
    reference: str
    from_site_id: int
    to_site_id: int
    state: str
    expected_at: datetime | None
    ordered_at: datetime
    recorded_at: datetime
    closed_at: datetime | None = None
    """When it was said that nothing more will arrive."""


class TransferLine(Struct, frozen=True):
    """Units of one stock row's identity in a transfer."""

    transfer_id: int
    line_no: int
    sku_id: int
    status: str
    owner: str
    lot: str
    ordered: int
    shipped: int = 0
    cancelled: int = 0
    arrived: int = 0
    damaged: int = 0
    lost: int = 0
    claimed: int = 0
    returned: int = 0
    ahead: int = 0
    """Of the shipped: units of which the source has not said that they left."""

    @property
    def open(self) -> int:
        """Units that are still to be shipped."""
        return self.ordered - self.shipped - self.cancelled

    @property
    def in_transit(self) -> int:
        """Units that left and did not arrive."""
        return self.shipped - self.arrived - self.damaged - self.lost - self.claimed - self.returned


class TransferChange(Struct, frozen=True):
    """One step of one line."""

    transfer_id: int
    sequence: int
    line_no: int
    kind: str
    units: int
    document: str
    message_id: int
    actor: str
    occurred_at: datetime
    recorded_at: datetime


class Standing(Struct, frozen=True):
    """A transfer while steps of it are entered."""

    transfer: Transfer
    lines: Sequence[TransferLine]
    beyond_before: int
    """Units that had arrived beyond what was ordered and what had left, when it was read."""
    beyond: int


def state_of(lines: Iterable[TransferLine]) -> str:
    """ordered, in_transit, closed, or cancelled (nothing was ever shipped)."""
    lines = list(lines)
    if any(line.in_transit for line in lines):
        return "in_transit"
    if any(line.open for line in lines):
        return "in_transit" if any(line.shipped for line in lines) else "ordered"
    return "closed" if any(line.shipped for line in lines) else "cancelled"


def after_step(line: TransferLine, kind: str, units: int) -> TransferLine:
    """A line after units of it were shipped, arrived and so on; what ships beyond the order raises it."""
    figure, sign = _FIGURES.get(kind, (kind, 1))
    changes = {figure: getattr(line, figure) + sign * units}
    if kind == SHIPPED and units > line.open:
        changes[ORDERED] = line.ordered + units - line.open
    return replace(line, **changes)


def spread(
    units: int, lot: str, lines: Sequence[TransferLine], room: str
) -> tuple[list[tuple[TransferLine, int]], int]:
    """(line, units) of what a step states of one SKU, over the lines that have `room`; and what is beyond them."""
    parts: list[tuple[TransferLine, int]] = []
    for line in lines:
        part = min(units, getattr(line, room)) if lot in (NO_LOT, line.lot) else 0
        if part > 0:
            parts.append((line, part))
            units -= part
    return parts, units


def refuse_step(step: TransferStep, transfer: Transfer | None) -> str:
    """Why a step cannot be meant; empty where it can."""
    if not step.reference:
        return "reference: give the transfer a number"
    if step.step not in STEPS:
        return f"step {step.step!r}: one of {', '.join(STEPS)}"
    if any(line.units < 0 or line.damaged < 0 for line in step.lines):
        return "quantity: nothing less than nothing can move"
    if step.step == ORDERED:
        return _refuse_order(step, transfer)
    if transfer is None:
        return f"reference: no transfer {step.reference} was ordered; order it first"
    if step.step in (CLOSED, CANCELLED) and step.lines:
        return f"lines: {step.step} is about all that is outstanding; leave the lines out"
    if any(line.damaged for line in step.lines) and step.step != ARRIVED:
        return "damaged: only what arrived can be found damaged"
    return ""


def still_to_be_told(line: TransferLine, ordered: int) -> int:
    """Units of a line that its source has still to say left, where it says it of all; `ordered` as it was at first."""
    return max(0, ordered - (line.shipped - line.ahead))


def parts_ahead(changes: Iterable[TransferChange]) -> list[tuple[datetime, int]]:
    """(when they were taken to have left, units) of what a line still has ahead; what was first, is told first."""
    parts: list[tuple[datetime, int]] = []
    for one in changes:
        if one.kind == AHEAD:
            parts.append((one.occurred_at, one.units))
        elif one.kind == TOLD:
            _, parts = split_parts(parts, one.units)
    return parts


def split_parts(
    parts: Sequence[tuple[datetime, int]], units: int
) -> tuple[list[tuple[datetime, int]], list[tuple[datetime, int]]]:
    """The first units of some parts, and what is left of them."""
    taken: list[tuple[datetime, int]] = []
    left: list[tuple[datetime, int]] = []
    for at, count in parts:
        part = min(units, count)
        units -= part
        if part:
            taken.append((at, part))
        if count > part:
            left.append((at, count - part))
    return taken, left


def comes_early(step: TransferStep) -> bool:
    """Whether a step of a transfer that nobody has ordered can be meant once somebody has."""
    return (
        bool(step.reference) and step.step in STEPS[1:] and all(min(one.units, one.damaged) >= 0 for one in step.lines)
    )


def _refuse_order(step: TransferStep, transfer: Transfer | None) -> str:
    if transfer is not None:
        return f"reference: transfer {step.reference} was ordered already; give this one its own number"
    if not step.from_site_id or not step.to_site_id:
        return "from, to: name both sites"
    if step.from_site_id == step.to_site_id:
        return "to: a transfer goes to another site; change the status of stock that stays"
    if not any(line.units for line in step.lines):
        return "lines: say what is to go"
    if step.status == TRANSIT:
        return "status: what is in transit already cannot be ordered"
    return ""
