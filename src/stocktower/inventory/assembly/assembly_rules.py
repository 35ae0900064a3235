"""What an assembly takes and makes: materials by the bill, the first to expire first, never what is allocated. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from msgspec import Struct

from ..formulas.model import NO_LOT

ASSEMBLY = "assembly"
MADE, UNDONE = "made", "undone"
_NEVER = datetime.max.replace(tzinfo=UTC)


class NamedLot(Struct, frozen=True):
    """A lot that units are taken from, or that they become."""

    sku_id: int
    lot: str
    units: int | None = None
    """None: all that no other lot is named for."""
    expires_on: date | None = None
    """Of a lot that is made: the last day on which it may be sold."""


class AssemblyRequest(Struct, frozen=True):
    """Units of an assembled SKU that are made at one site, or (below zero) taken apart."""

    reference: str
    """Unique; the same again changes nothing."""
    sku_id: int
    site_id: int
    units: int
    lots: tuple[NamedLot, ...] = ()
    occurred_at: datetime | None = None


class Assembly(Struct, frozen=True):
    """An assembly as it was entered."""

    assembly_id: int
    reference: str
    sku_id: int
    site_id: int
    units: int
    """Made; below zero: taken apart."""
    actor: str
    occurred_at: datetime
    recorded_at: datetime


class AssemblyLine(Struct, frozen=True):
    """What an assembly did to one stock row."""

    assembly_id: int
    line_no: int
    stock_id: int
    sku_id: int
    lot: str
    per_unit: int
    """By the bill of then, for each unit made: 1 of the assembled SKU, less than zero of its materials."""
    delta: int


class Source(Struct, frozen=True):
    """A stock row that units may be taken from."""

    stock_id: int
    lot: str
    free: int
    expires_at: datetime | None = None
    is_counted: bool = False
    """It was counted after the assembly: what that took of it is in the count already, whatever is free."""


def changes_of(sku_id: int, bill: Sequence[tuple[int, int]]) -> dict[int, int]:
    """SKU -> by how much it changes for each unit made: the assembled SKU first, then its materials."""
    return {sku_id: 1} | {material_id: -quantity for material_id, quantity in bill}


def spread_named(named: Iterable[NamedLot], units: int) -> tuple[dict[str, int], int]:
    """(lot -> units, how many no lot is named for); below zero: more are named than there are units.

    The first lot without a quantity stands for all that is left.
    """
    spread: dict[str, int] = {}
    for one in sorted(named, key=lambda one: one.units is None):
        part = max(0, units - sum(spread.values())) if one.units is None else one.units
        spread[one.lot] = spread.get(one.lot, 0) + part
    return spread, units - sum(spread.values())


def choose(sources: Sequence[Source], units: int, named: Mapping[str, int]) -> tuple[dict[int, int], int]:
    """(row -> units, how many are lacking): of the lots that are named, then of the first to expire."""
    taken: dict[int, int] = {}
    ordered = sorted(sources, key=lambda one: (one.expires_at or _NEVER, one.lot, one.stock_id))
    lacking = 0
    for lot, wanted in named.items():
        lacking += _take([one for one in ordered if one.lot == lot], wanted, taken)
    lacking += _take(ordered, units - sum(named.values()), taken)
    return taken, lacking


def _take(sources: Sequence[Source], units: int, taken: dict[int, int]) -> int:
    for one in sources:
        part = min(units, one.free - taken.get(one.stock_id, 0))
        if part > 0:
            taken[one.stock_id] = taken.get(one.stock_id, 0) + part
            units -= part
    counted = next((one.stock_id for one in sources if one.is_counted), None)
    if units and counted is not None:
        taken[counted] = taken.get(counted, 0) + units
        units = 0
    return units


def is_same(
    request: AssemblyRequest, known: Assembly, lines: Iterable[AssemblyLine], named: Mapping[tuple[int, str], int]
) -> bool:
    """Whether a request says what was entered under its reference already."""
    if (request.sku_id, request.site_id, request.units) != (known.sku_id, known.site_id, known.units):
        return False
    moved: dict[tuple[int, str], int] = {}
    for line in lines:
        moved[line.sku_id, line.lot] = moved.get((line.sku_id, line.lot), 0) + abs(line.delta)
    return all(moved.get(key, 0) >= units for key, units in named.items())


def refuse_assembly(request: AssemblyRequest, changes: Mapping[int, int], tracked: Mapping[int, str]) -> str:
    """Why a request cannot be meant, as `field: words; fix`, but for what is free; `tracked`: SKU -> how."""
    if not request.reference.strip():
        return "reference: the assembly has no number; give it one, so that a repeat is known"
    if not request.units:
        return "quantity: nothing would be made; state how many"
    if len(changes) == 1:
        return "sku: it is made of nothing; state its materials with its product"
    for one in request.lots:
        if one.sku_id not in changes:
            return f"lots {one.lot}: its SKU has no part in this assembly; name lots of the SKU and its materials"
        if tracked[one.sku_id] == "none" or one.lot == NO_LOT:
            return f"lots {one.lot}: its SKU is not tracked by lot; leave it out"
        if one.units is not None and one.units < 1:
            return f"lots {one.lot}: {one.units} units of it; state how many"
    return ""
