"""Decides what a delivery brings beyond what was entered of it before, and under which inbound it comes. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec import Struct

from stocktower.kernel import allowed_units
from stocktower.model import Receiving

from ..formulas.model import AVAILABLE, NO_LOT
from .inbound_rules import TRANSFER, Inbound

LineKey = tuple[int, str, str, str]
"""(sku_id, status, lot, line)"""


class DeliveredLine(Struct, frozen=True):
    """Units of one SKU that a delivery brought."""

    sku_id: int
    units: int
    status: str = AVAILABLE
    """`damaged` for what arrived broken."""
    lot: str = NO_LOT
    cost_minor: int | None = None
    """Unit cost in the entity's currency; None: that of the inbound."""
    line: str = ""
    """Line of the inbound; empty: whichever has the SKU."""
    expires_on: date | None = None
    """The last day on which the lot may be sold."""
    bin: str = ""
    """Where it was put; empty: it is not put away."""


class Delivery(Struct, frozen=True):
    """What a site says that came in under one number of its own, whole: the same number again is a correction."""

    reference: str
    site_id: int
    received_at: datetime
    lines: tuple[DeliveredLine, ...]
    inbound: str = ""
    """Reference of the inbound that it was expected under; empty: blind."""
    complete: bool = False
    """Nothing more will come of the inbound at this site: what is open of it is closed short."""
    message_id: int = 0


class Receipt(Struct, frozen=True):
    """A delivery that a site reported, known by its number there."""

    receipt_id: int
    site_id: int
    reference: str
    inbound_reference: str
    received_at: datetime
    recorded_at: datetime


class ReceiptLine(Struct, frozen=True):
    """What was entered of a delivery."""

    receipt_id: int
    sequence: int
    stock_id: int
    sku_id: int
    status: str
    lot: str
    line: str
    inbound_id: int
    units: int
    cost_minor: int | None
    message_id: int
    actor: str
    occurred_at: datetime
    recorded_at: datetime


class Difference(Struct, frozen=True):
    """Units of one line that are still to be entered, or to be taken back where below zero."""

    key: LineKey
    units: int
    cost_minor: int | None


def decide_differences(lines: Iterable[DeliveredLine], entered: Iterable[ReceiptLine]) -> list[Difference]:
    """What a delivery says beyond what was entered of it; what is taken back comes first."""
    units: dict[LineKey, int] = {}
    costs: dict[LineKey, int | None] = {}
    for line in lines:
        key = (line.sku_id, line.status, line.lot, line.line)
        units[key] = units.get(key, 0) + line.units
        costs[key] = line.cost_minor if line.cost_minor is not None else costs.get(key)
    for one in entered:
        key = (one.sku_id, one.status, one.lot, one.line)
        units[key] = units.get(key, 0) - one.units
    found = [Difference(key, count, costs.get(key)) for key, count in units.items() if count]
    return sorted(found, key=lambda one: (one.units > 0, one.key))


def refuse_delivery(delivery: Delivery) -> str:
    """Why a delivery cannot be meant; empty where it can."""
    if not delivery.reference:
        return "reference: give the delivery a number, such as that of its delivery note"
    below = next((line for line in delivery.lines if line.units < 0), None)
    if below is not None:
        return f"quantity {below.units}: state what came in as a whole; a smaller figure than before is a correction"
    if delivery.complete and not delivery.inbound:
        return "complete: name the inbound of which nothing more will come"
    return ""


def candidates(inbound: Iterable[Inbound], delivery: Delivery, sku_id: int, lot: str, line: str) -> list[Inbound]:
    """The lines of an inbound that units may have come under: this site, this lot and what is open first."""
    found = [
        one
        for one in inbound
        if one.reference == delivery.inbound
        and one.kind != TRANSFER
        and one.sku_id == sku_id
        and line in ("", one.line)
        and one.lot in (NO_LOT, lot)
    ]
    here = [one for one in found if one.site_id == delivery.site_id] or found
    return sorted(here, key=lambda one: (one.lot != lot, not one.open))


def divide(units: int, lines: Sequence[Inbound]) -> list[tuple[int, int]]:
    """(inbound_id, units) of what came in: to what is open, to what was closed short, the rest to the last line."""
    parts: dict[int, int] = {}
    for room in ("open", "cancelled"):
        for one in lines:
            part = min(units, one.open if room == "open" else one.cancelled)
            if part:
                parts[one.inbound_id] = parts.get(one.inbound_id, 0) + part
                units -= part
    if units and lines:
        last = lines[-1].inbound_id
        parts[last] = parts.get(last, 0) + units
        units = 0
    return [*parts.items(), *([(0, units)] if units else [])]


def take_back(units: int, entered: Iterable[ReceiptLine], key: LineKey) -> list[tuple[int, int]]:
    """(inbound_id, units below zero) of what a correction takes back: what was entered last goes first."""
    net: dict[int, int] = {}
    for one in entered:
        if (one.sku_id, one.status, one.lot, one.line) == key:
            net[one.inbound_id] = net.get(one.inbound_id, 0) + one.units
    parts: list[tuple[int, int]] = []
    for inbound_id in sorted(net, key=lambda one: (one != 0, -one)):
        part = min(units, net[inbound_id])
        if part > 0:
            parts.append((inbound_id, -part))
            units -= part
    return parts


def is_too_much(inbound: Inbound, receiving: Receiving) -> bool:
    """Whether more came than the tolerance allows."""
    return inbound.excess > allowed_units(inbound.expected, receiving.over_units, receiving.over_percent)


def is_too_little(inbound: Inbound, receiving: Receiving) -> bool:
    """Whether what will not come is more than the tolerance allows."""
    return inbound.cancelled > allowed_units(inbound.expected, receiving.short_units, receiving.short_percent)
