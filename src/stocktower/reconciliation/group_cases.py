"""One case for one cause in one system, however many SKUs; it closes by itself when a later statement agrees."""

from collections.abc import Sequence
from typing import Any

from stocktower.kernel import CaseKind
from stocktower.model import Configuration
from stocktower.platform import Transaction
from stocktower.worklist import Raise, Waiter, close_by_cause, leave_cases, load_waiting, raise_cases

from . import store
from .model import CAUSE_WORDS, Cause, CauseCount, Run, SystemRow
from .rules import cause_key

WAITERS = 200
"""SKUs that wait for one case, those with most money first; the figures of the case count all."""
UNKNOWN_SHOWN = 20
PROBLEMS = {
    "place": "its place is no site of ours: map it under [systems.locations]",
    "sku": "no SKU has this code or barcode, nor is it listed by the system's channel",
    "kit": "it is a kit here, stocked as its components",
    "unit": "the SKU has no such unit",
}


def tell_cases(tx: Transaction, configuration: Configuration, row: SystemRow, run: Run) -> None:
    """Open, restate and close the cases of a system by what stands now, and by what of a run is unknown."""
    standing = {count.cause: count for count in store.load_standing_causes(tx, row.system_id)}
    names = {system.code: system.name for system in configuration.systems}
    name = names.get(row.code, row.code)
    raises: list[Raise] = []
    gone: list[str] = []
    for cause in Cause:
        count = standing.get(cause)
        unknown = run.unknown if cause == Cause.MAPPING else 0
        if cause == Cause.TOLERANCE or (count is None and not unknown):
            gone.append(cause_key(row.code, cause))
        else:
            raises.append(_raise(tx, row, name, run, cause, count or CauseCount(cause, 0, 0, 0), unknown))
    _let_go(tx, raises)
    close_by_cause(tx, CaseKind.STOCK_DIFFERENCE, gone, "a later statement agrees, or it is within what is allowed")
    raise_cases(tx, configuration, raises)


def _raise(
    tx: Transaction, row: SystemRow, name: str, run: Run, cause: Cause, count: CauseCount, unknown: int
) -> Raise:
    skus = store.load_standing_skus(tx, row.system_id, cause, WAITERS)
    lines = f"{count.lines:,} line{'' if count.lines == 1 else 's'} differ{'s' if count.lines == 1 else ''} by "
    parts = [f"{lines}{count.units:,} units"] if count.lines else []
    if unknown:
        parts.append(f"{unknown:,} line{'' if unknown == 1 else 's'} name{'s' if unknown == 1 else ''} nothing of ours")
    data: dict[str, Any] = {
        "system": row.code,
        "cause": str(cause),
        "lines": count.lines,
        "units": count.units,
        "value_minor": count.value_minor,
        "unknown": unknown,
        "as_of": str(run.as_of),
        "run_id": run.run_id,
    }
    if unknown:
        found = store.load_unknown(tx, run.run_id, UNKNOWN_SHOWN)
        data["unknown_lines"] = [
            f"row {one.row_no}: {one.sku or one.location}: {PROBLEMS.get(one.problem, one.problem)}" for one in found
        ]
    return Raise(
        kind=CaseKind.STOCK_DIFFERENCE,
        cause_key=cause_key(row.code, cause),
        title=f"{name}: {' and '.join(parts)}: {CAUSE_WORDS[cause]}",
        data=data,
        waiters=tuple(Waiter("sku", sku_id, units, value) for sku_id, units, value in skus),
    )


def _let_go(tx: Transaction, raises: Sequence[Raise]) -> None:
    """SKUs that no longer stand under a cause wait for its case no more."""
    known = load_waiting(tx, CaseKind.STOCK_DIFFERENCE, [one.cause_key for one in raises], "sku")
    left: list[tuple[str, str, str, int]] = []
    for one in raises:
        stays = {waiter.subject_id for waiter in one.waiters}
        if not stays:
            continue
        left += [
            (str(one.kind), one.cause_key, "sku", sku_id)
            for sku_id in known.get(one.cause_key, [])
            if sku_id not in stays
        ]
    leave_cases(tx, left)
