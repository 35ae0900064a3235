"""Read models for pages, API and the command line: how each system agrees with us, by cause and over time."""

from datetime import datetime

from msgspec import Struct

from stocktower.model import System, load_applied
from stocktower.platform import Transaction

from . import store
from .model import Allowance, CauseCount, Difference, Run, Statement, SystemRow, UnknownLine
from .rules import overdue_at

TREND = 30
"""Runs that a trend looks back over."""


class Group(Struct, frozen=True):
    """What stands of one cause in one system now, and how it went over the last runs, the oldest first."""

    cause: str
    lines: int
    units: int
    value_minor: int
    since_at: datetime
    trend: tuple[int, ...]


class SystemStatus(Struct, frozen=True):
    """A system, its last statement and comparison, and what stands between it and us."""

    system: System
    row: SystemRow | None
    statement: Statement | None
    run: Run | None
    """None: it was never compared."""
    overdue_at: datetime | None
    groups: tuple[Group, ...]
    units: tuple[int, ...]
    """Units apart in the last runs, the oldest first."""

    @property
    def lines(self) -> int:
        """All lines that stand, those within the tolerance too."""
        return sum(group.lines for group in self.groups)


def load_systems(tx: Transaction) -> list[SystemRow]:
    """The systems that were ever applied, by code."""
    return store.load_systems(tx)


def load_status(tx: Transaction, code: str = "") -> list[SystemStatus]:
    """How every applied system, or one, stands with us."""
    configuration = load_applied(tx).configuration
    rows = {row.code: row for row in store.load_systems(tx)}
    statements = {one.system_id: one for one in store.load_last_statements(tx)}
    standing: dict[int, list[tuple[CauseCount, datetime]]] = {}
    for system_id, count, since_at in store.count_standing(tx):
        standing.setdefault(system_id, []).append((count, since_at))
    found: list[SystemStatus] = []
    for system in configuration.systems:
        if code not in ("", system.code):
            continue
        row = rows.get(system.code)
        system_id = row.system_id if row else 0
        runs = store.load_runs(tx, system_id, TREND)[::-1]
        by_run: dict[int, dict[str, int]] = {}
        for run_id, count in store.load_run_causes(tx, [run.run_id for run in runs]):
            by_run.setdefault(run_id, {})[count.cause] = count.units
        groups = [
            Group(
                count.cause, count.lines, count.units, count.value_minor, since_at,
                tuple(by_run.get(run.run_id, {}).get(count.cause, 0) for run in runs),
            )
            for count, since_at in standing.get(system_id, [])
        ]  # fmt: skip
        groups.sort(key=lambda group: (-group.value_minor, -group.units, group.cause))
        since = (row.last_as_of or row.since) if row else None
        found.append(
            SystemStatus(
                system=system,
                row=row,
                statement=statements.get(system_id),
                run=runs[-1] if runs else None,
                overdue_at=overdue_at(system, since, configuration.merchant.timezone) if since else None,
                groups=tuple(groups),
                units=tuple(run.units_apart for run in runs),
            )
        )
    return found


def load_lines(
    tx: Transaction, system_id: int, *, cause: str = "", sku_id: int = 0, limit: int = 100, offset: int = 0
) -> list[tuple[Difference, datetime]]:
    """Lines that stand, each with the instant of its statement; the most money first."""
    return store.load_standing_lines(tx, system_id, cause, sku_id, limit, offset)


def load_runs(tx: Transaction, system_id: int, *, limit: int = TREND) -> list[Run]:
    """The last runs of a system, the newest first."""
    return store.load_runs(tx, system_id, limit)


def load_unknown(tx: Transaction, run_id: int, *, limit: int = 100) -> list[UnknownLine]:
    """Lines of a run that name nothing of ours."""
    return store.load_unknown(tx, run_id, limit)


def load_allowances(tx: Transaction, system_id: int) -> list[Allowance]:
    """What people leave out of the cases of a system now."""
    return store.load_allowances(tx, system_id)
