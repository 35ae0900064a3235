"""What a transfer is, and what each step does to the figures of its lines. Pure.

ordered = open + shipped + cancelled; shipped = in transit + arrived + damaged + lost + claimed + returned.
"""

from collections.abc import Iterable, Sequence
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
STEPS = (ORDERED, SHIPPED, ARRIVED, CLOSED, CANCELLED)
"""What may be stated of a transfer; lost, claimed and returned are what people decide about what is missing."""
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
    changes = {kind: getattr(line, kind) + units}
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
    if transfer.state in ("closed", "cancelled") and step.step != ARRIVED:
        return f"transfer {step.reference} is {transfer.state}: nothing of it is outstanding"
    return ""


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
