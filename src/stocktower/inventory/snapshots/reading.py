"""Reads what rows of a snapshot mean: SKU, status, owner, lot and stock units; or says which column to mend. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from stocktower.catalog import Sku
from stocktower.exchange import StockLine

from ..formulas.model import AVAILABLE, EXPIRED, NO_LOT, Refused
from ..lots.lots import LOT, SERIAL, Lot, LotKey, StatedLot, clash, is_expired, learn, new_lot
from ..stock.counts import RowKey, Stated


class Meaning(Struct, frozen=True):
    """What rows are read with."""

    skus: Mapping[str, Sku]
    units: Mapping[int, Mapping[str, int]]
    """The other units of measure of SKUs."""
    factors: Mapping[str, int]
    """SKU code -> a person's word on how many stock units one stated unit is."""
    statuses: frozenset[str]
    owners: frozenset[str]
    owner: str
    """Of what lies at the site, where a row names none."""
    lots: Mapping[LotKey, Lot]
    """Those that the rows name, as far as they are known."""
    zone: ZoneInfo
    """In which days begin and end."""
    as_of: datetime
    now: datetime
    bins: bool = False
    """The site keeps bins: what rows say of them counts."""
    all_bins: bool = False
    """A row that names no bin is not put away; else nothing is said of it."""


class ReadRows(Struct, frozen=True):
    """What was read."""

    stated: list[Stated]
    """Repeats of a row's key are summed."""
    refused: list[Refused]
    lots: dict[LotKey, Lot]
    """Those that are new, or of which more is known now."""
    emptied: frozenset[tuple[int, str, str]]
    """(sku_id, status, owner) of tracked SKUs of which the site says that it has none, of no lot."""
    bins: dict[RowKey, dict[str, int]]
    """What lies in the bins of rows, of which anything is said; the rest of them is not put away."""


def read_rows(lines: Iterable[StockLine], meaning: Meaning) -> ReadRows:
    """What each row means; rows that cannot be meant as they stand say why, the others count."""
    stated: dict[RowKey, Stated] = {}
    refused: list[Refused] = []
    lots: dict[LotKey, Lot] = {}
    emptied: set[tuple[int, str, str]] = set()
    bins: dict[RowKey, dict[str, int]] = {}
    for line in lines:
        sku = meaning.skus.get(line.sku)
        column, problem = _problem(line, sku, meaning)
        if problem or sku is None:
            refused.append(Refused(line.row, line.sku, problem, column))
            continue
        owner = line.owner or meaning.owner
        lot = line.lot if sku.tracking != "none" else NO_LOT
        key = (sku.sku_id, lot)
        if lot:
            known = lots.get(key) or meaning.lots.get(key) or new_lot(*key, line.as_of or meaning.as_of, meaning.now)
            said = StatedLot(line.expires_on, line.made_on)
            column, problem = clash(known, said, meaning.zone)
            if problem:
                fix = f"correct the row, or the lot: `stocktower lot set {line.sku} {lot}`"
                refused.append(Refused(line.row, line.sku, f"{problem}; {fix}", column))
                continue
            learned = learn(known, said, meaning.zone)
            if learned != meaning.lots.get(key):
                lots[key] = learned
        elif sku.tracking != "none":
            emptied.add((sku.sku_id, line.status, owner))
            continue
        factor = _factor(line, sku, meaning) or 1
        status = line.status
        if lot and status == AVAILABLE and is_expired((lots.get(key) or meaning.lots[key]).expires_at, meaning.now):
            # A site that does not look at dates goes on calling it available.
            status = EXPIRED
        place = (sku.sku_id, status, owner, lot)
        before = stated.get(place)
        if before is not None and line.cost_minor not in (None, before.cost_minor):
            refused.append(Refused(line.row, line.sku, "another row of it states another cost", "cost"))
            continue
        quantity = line.quantity * factor + (before.quantity if before else 0)
        if sku.tracking == SERIAL and quantity > 1:
            refused.append(
                Refused(line.row, line.sku, f"serial {lot} stands for one unit, not for {quantity}", "quantity")
            )
            continue
        trusted = sku.tracking == SERIAL or line.sku in meaning.factors or bool(line.unit)
        stated[place] = Stated(
            sku.sku_id, sku.code, status, quantity, line.row, line.cost_minor, trusted, line.as_of, owner, lot
        )  # fmt: skip
        if meaning.bins and (line.bin or meaning.all_bins):
            there = bins.setdefault(place, {})
            if line.bin and line.quantity:
                there[line.bin] = there.get(line.bin, 0) + line.quantity * factor
    return ReadRows(list(stated.values()), refused, lots, frozenset(emptied), bins)


def _problem(line: StockLine, sku: Sku | None, meaning: Meaning) -> tuple[str, str]:
    """(column, problem) of a row that cannot be meant as it stands; empty where it can."""
    if sku is None:
        return "sku", "no SKU has this code: import the product, then retry"
    if sku.kind == "kit":
        return "sku", "a kit is stocked as its components: state those"
    if line.status == "in_transit":
        return "status", "what is in transit is known by its transfer: state the transfer's steps"
    if line.status not in meaning.statuses:
        known = ", ".join(sorted(meaning.statuses))
        fix = f"write one of {known}; or add [[statuses]] with code = {line.status!r} to the configuration, then retry"
        return "status", f"{line.status!r} is no status; {fix}"
    if line.owner and line.owner not in meaning.owners:
        known = ", ".join(sorted(meaning.owners))
        fix = f"write one of {known}; or add [[consignors]] to the configuration, then retry"
        return "owner", f"{line.owner!r} is no owner; {fix}"
    if line.unit and _factor(line, sku, meaning) is None:
        return "unit", f"{line.unit!r} is not a unit of this SKU"
    if line.quantity < 0:
        return "quantity", "a site cannot hold less than nothing"
    if sku.tracking != "none" and not line.lot and line.quantity:
        word = "serial number" if sku.tracking == SERIAL else LOT
        fix = f"state it in a column {sku.tracking!r}, a row for each"
        return sku.tracking, f"{sku.code} is tracked by {word}, and the row names none; {fix}"
    return "", ""


def _factor(line: StockLine, sku: Sku, meaning: Meaning) -> int | None:
    """How many stock units one stated unit is; None: the unit is not one of the SKU's."""
    factor = meaning.factors.get(line.sku)
    if factor is not None:
        return factor
    if not line.unit or line.unit == sku.stock_unit:
        return 1
    return meaning.units.get(sku.sku_id, {}).get(line.unit)
