"""Decides what a word about goods on their way, or a receipt of them, does to an inbound. Pure.

expected = received + cancelled + open; what comes beyond what was expected is excess, and nothing is open then.
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from ..formulas.model import NO_LOT

PURCHASE = "purchase"
TRANSFER = "transfer"
PRODUCTION = "production"
INBOUND_KINDS = (PURCHASE, TRANSFER, PRODUCTION)

CONFIRMED = "confirmed"
CHANGED = "changed"
RECEIVED = "received"
CLOSED = "closed"


class StatedInbound(Struct, frozen=True):
    """What somebody says will come: the whole quantity of a line, not what is still open of it."""

    reference: str
    """Number of the purchase order, advice or transfer."""
    sku_id: int
    site_id: int
    quantity: int
    """Zero: nothing more will come."""
    expected_at: datetime | None = None
    """When it can be used at the site; None: nobody knows."""
    confirmed: bool = True
    """Whether who sends it has confirmed it; only then it may be promised."""
    kind: str = PURCHASE
    line: str = ""
    """Tells apart lines of one reference that have the same SKU."""
    lot: str = NO_LOT
    supplier: str = ""
    cost_minor: int | None = None
    """Unit cost in the entity's currency."""
    occurred_at: datetime | None = None
    """When it was said; None: now."""
    reference_id: int = 0
    """The message, or the transfer."""


class Inbound(Struct, frozen=True):
    """Goods on their way to a site."""

    inbound_id: int
    kind: str
    reference: str
    line: str
    sku_id: int
    site_id: int
    lot: str
    supplier: str
    expected: int
    received: int
    """Of what was expected."""
    cancelled: int
    open: int
    excess: int
    """Received beyond what was expected."""
    expected_at: datetime | None
    confirmed_at: datetime | None
    cost_minor: int | None
    state: str
    version: int

    @property
    def key(self) -> tuple[str, str, str, int, int, str]:
        """What identifies a line: kind, reference, line, SKU, site, lot."""
        return self.kind, self.reference, self.line, self.sku_id, self.site_id, self.lot


class InboundChange(Struct, frozen=True):
    """One change of an inbound: its figures after it, who said so and when."""

    inbound_id: int
    version: int
    kind: str
    expected: int
    received: int
    cancelled: int
    open: int
    excess: int
    expected_at: datetime | None
    confirmed_at: datetime | None
    cost_minor: int | None
    reason: str
    reference: str
    reference_id: int
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    supplier: str


def key_of(stated: StatedInbound) -> tuple[str, str, str, int, int, str]:
    """What identifies the line that a statement speaks of."""
    return stated.kind, stated.reference, stated.line, stated.sku_id, stated.site_id, stated.lot


def refuse_statement(stated: StatedInbound) -> str:
    """Why a statement cannot be meant; empty where it can."""
    if not stated.reference:
        return "reference: name the order, advice or transfer that will bring it"
    if stated.kind not in INBOUND_KINDS:
        return f"kind {stated.kind!r}: one of {', '.join(INBOUND_KINDS)}"
    if stated.quantity < 0:
        return f"quantity {stated.quantity}: nothing less than nothing can come; 0 cancels what is open"
    if stated.cost_minor is not None and stated.cost_minor < 0:
        return f"cost {stated.cost_minor}: state a cost of zero or more, or none"
    return ""


def new_inbound(inbound_id: int, stated: StatedInbound, now: datetime) -> Inbound:
    """The inbound that a first statement makes."""
    return Inbound(
        inbound_id=inbound_id,
        kind=stated.kind,
        reference=stated.reference,
        line=stated.line,
        sku_id=stated.sku_id,
        site_id=stated.site_id,
        lot=stated.lot,
        supplier=stated.supplier,
        expected=stated.quantity,
        received=0,
        cancelled=0,
        open=stated.quantity,
        excess=0,
        expected_at=stated.expected_at,
        confirmed_at=(stated.occurred_at or now) if stated.confirmed else None,
        cost_minor=stated.cost_minor,
        state=state_of(stated.quantity, 0, 0),
        version=1,
    )


def restate(before: Inbound, stated: StatedInbound, now: datetime) -> Inbound | None:
    """The inbound after a further word about it; None where it says nothing new.

    What is left out (supplier, cost, date) stays as it was known; a confirmation is not taken back by a repeat.
    """
    after = _with_quantity(before, stated.quantity)
    confirmed_at = before.confirmed_at
    if confirmed_at is None and stated.confirmed:
        confirmed_at = stated.occurred_at or now
    after = replace(
        after,
        supplier=stated.supplier or before.supplier,
        expected_at=before.expected_at if stated.expected_at is None else stated.expected_at,
        confirmed_at=confirmed_at,
        cost_minor=before.cost_minor if stated.cost_minor is None else stated.cost_minor,
    )
    return None if after == before else replace(after, version=before.version + 1)


def _with_quantity(before: Inbound, quantity: int) -> Inbound:
    if quantity == 0:
        return _figures(before, before.expected, before.received, before.cancelled + before.open, before.excess)
    if quantity == before.expected:
        return before
    total = before.received + before.excess
    received = min(total, quantity)
    return _figures(before, quantity, received, 0, total - received)


def receive_units(before: Inbound, units: int) -> Inbound:
    """The inbound after units of it came in: what was closed short comes back after what is open, the rest is excess.

    Below zero units were not received after all: they are expected again.
    """
    if units < 0:
        beyond = min(-units, before.excess)
        received = before.received + units + beyond
        after = _figures(before, before.expected, received, before.cancelled, before.excess - beyond)
        return replace(after, version=before.version + 1)
    opened = min(units, before.open)
    reopened = min(units - opened, before.cancelled)
    excess = before.excess + units - opened - reopened
    after = _figures(before, before.expected, before.received + opened + reopened, before.cancelled - reopened, excess)
    return replace(after, version=before.version + 1)


def close_short(before: Inbound) -> Inbound | None:
    """The inbound when nothing more will come of it; None where nothing was open."""
    if not before.open:
        return None
    after = _figures(before, before.expected, before.received, before.cancelled + before.open, before.excess)
    return replace(after, version=before.version + 1)


def withdraw(before: Inbound, units: int) -> Inbound | None:
    """The inbound when some of what is open will not come; None for nothing."""
    part = min(units, before.open)
    if not part:
        return None
    after = _figures(before, before.expected, before.received, before.cancelled + part, before.excess)
    return replace(after, version=before.version + 1)


def restore(before: Inbound, units: int) -> Inbound | None:
    """The inbound when some of what was not to come comes all the same; None for nothing."""
    part = min(units, before.cancelled)
    if not part:
        return None
    after = _figures(before, before.expected, before.received, before.cancelled - part, before.excess)
    return replace(after, version=before.version + 1)


def extend(before: Inbound, units: int) -> Inbound:
    """The inbound when so many more than expected are under way."""
    after = _figures(before, before.expected + units, before.received, before.cancelled, before.excess)
    return replace(after, version=before.version + 1)


def reopen(before: Inbound) -> Inbound | None:
    """The inbound when what was closed short is expected after all; None where nothing was."""
    if not before.cancelled:
        return None
    after = _figures(before, before.expected, before.received, 0, before.excess)
    return replace(after, version=before.version + 1)


def _figures(before: Inbound, expected: int, received: int, cancelled: int, excess: int) -> Inbound:
    left = expected - received - cancelled
    state = state_of(left, cancelled, received + excess)
    return replace(
        before, expected=expected, received=received, cancelled=cancelled, open=left, excess=excess, state=state
    )


def state_of(left: int, cancelled: int, received: int) -> str:
    """open, received, closed (something came, the rest will not) or cancelled (nothing came)."""
    if left:
        return "open"
    if not cancelled:
        return "received"
    return "closed" if received else "cancelled"


def is_promisable(inbound: Inbound, now: datetime) -> bool:
    """Whether an inbound may be counted on: confirmed, dated, and its date not gone by."""
    return inbound.confirmed_at is not None and inbound.expected_at is not None and inbound.expected_at >= now
