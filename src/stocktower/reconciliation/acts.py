"""What people do about a group of differences: take the system's word, or allow it for a time."""

from collections.abc import Sequence
from datetime import datetime

from stocktower import catalog, ordering
from stocktower.exchange import StockDocument, StockLine
from stocktower.model import load_applied
from stocktower.network import load_network
from stocktower.platform import Transaction, schedule

from . import store
from .group_cases import tell_cases
from .model import Difference, SystemRow
from .service import COMPARE, UnknownSystem

MOST_LINES = 1_000
"""Lines that one act takes over; more is more than a person has looked at."""
SHOWN = 8


class NotPossible(Exception):
    """An act that cannot be done as it stands; the message says why and what to do."""


def row_of(tx: Transaction, code: str) -> SystemRow:
    """A system by its code; raises UnknownSystem."""
    found = next((row for row in store.load_systems(tx) if row.code == code), None)
    if found is None:
        raise UnknownSystem(f"{code} is not a system that was ever applied")
    return found


def accept_theirs(tx: Transaction, code: str, cause: str, *, sku_id: int = 0) -> list[str]:
    """Take over what a system states of the lines of a cause, or of one SKU of them, as a count of its instant.

    What moved since the instant is taken into account; promises that are not covered wait again. The statement is
    compared again, which closes the case. Raises NotPossible, UnknownSystem.
    """
    row = row_of(tx, code)
    found = store.load_standing_lines(tx, row.system_id, cause, sku_id, MOST_LINES + 1, 0)
    lines = [(line, as_of) for line, as_of in found if not line.within]
    if not lines:
        raise NotPossible(f"nothing stands between {code} and us under {cause}")
    if len(lines) > MOST_LINES:
        raise NotPossible(f"more than {MOST_LINES:,} lines: accept them SKU by SKU, or import the file as stock")
    skus = catalog.load_skus(tx, {line.sku_id for line, _ in lines})
    sites = load_network(tx).sites
    documents: dict[tuple[int, datetime], list[StockLine]] = {}
    notes: list[str] = []
    for line, as_of in lines:
        sku = skus[line.sku_id]
        why = why_not(line, sku)
        if why:
            notes.append(f"not taken: {sku.code} at {sites[line.site_id].code} {why}")
            continue
        stated = StockLine(sku.code, line.theirs, line.status, unit=sku.stock_unit, lot=line.lot)
        documents.setdefault((line.site_id, as_of), []).append(stated)
    taken = [(line, as_of) for line, as_of in lines if not why_not(line, skus[line.sku_id])]
    if not taken:
        raise NotPossible("; ".join(notes[:SHOWN]))
    statements = store.load_last_statements(tx)
    statement = next((one for one in statements if one.system_id == row.system_id), None)
    results = ordering.take_counts(
        tx,
        [
            StockDocument(sites[site_id].code, as_of, tuple(stated))
            for (site_id, as_of), stated in sorted(documents.items())
        ],
        statement.message_id if statement else 0,
    )
    notes += [f"not taken: {one.sku}: {one.problem}" for result in results for one in result.refused]
    if statement is not None:
        schedule(tx, COMPARE, [(statement.statement_id, tx.now)])
    return [*_said(taken, {key: sku.code for key, sku in skus.items()}, {k: s.code for k, s in sites.items()}), *notes]


def why_not(line: Difference, sku: catalog.Sku) -> str:
    """Why the word of a system on a line cannot be taken as a count; empty where it can. Pure."""
    if line.theirs < 0:
        return "states less than nothing"
    if line.lot and sku.tracking == "none":
        return f"is of lot {line.lot}, and we keep no lots of it: count the SKU"
    if not line.lot and sku.tracking != "none":
        return f"is tracked by {sku.tracking}, and no {sku.tracking} is stated: count each of them"
    if sku.tracking == "serial" and line.theirs > 1:
        return f"states {line.theirs:,} of serial number {line.lot}, which is one piece"
    return ""


def _said(lines: Sequence[tuple[Difference, datetime]], skus: dict[int, str], sites: dict[int, str]) -> list[str]:
    said = [
        f"{skus[line.sku_id]}{f' lot {line.lot}' if line.lot else ''} at {sites[line.site_id]}, {line.status}: "
        f"{line.ours:,} becomes {line.theirs:,} as of "
        f"{as_of:%Y-%m-%d %H:%M} UTC"
        for line, as_of in lines[:SHOWN]
    ]
    return [*said, f"and {len(lines) - SHOWN:,} lines more"] if len(lines) > SHOWN else said


def allow(tx: Transaction, code: str, cause: str, *, units: int, until_at: datetime, reason: str) -> list[str]:
    """Leave differences of a cause, each up to so many units, out of the cases until a time. Raises NotPossible."""
    if units < 1:
        raise NotPossible("units: state up to how many units a difference is left out, 1 or more")
    if not reason.strip():
        raise NotPossible("note: say why these differences are left out; it is kept with them")
    row = row_of(tx, code)
    store.insert_allowance(
        tx, allowance_id=tx.new_id(), system_id=row.system_id, cause=cause, units=units, reason=reason.strip(),
        until_at=until_at,
    )  # fmt: skip
    runs = store.load_runs(tx, row.system_id, 1)
    if runs:
        tell_cases(tx, load_applied(tx).configuration, row, runs[0])
    return [f"differences of up to {units:,} units are left out of the case until {until_at:%Y-%m-%d %H:%M} UTC"]
