"""What a case is: a cause, who waits for it, and what was done about it."""

from datetime import datetime
from enum import IntEnum
from typing import Any

from msgspec import Struct

NOTHING: dict[str, Any] = {}


class Waiter(Struct, frozen=True):
    """An object that a case holds up, with the units and the money (book currency) at risk and its own deadline."""

    subject: str
    subject_id: int
    units: int = 0
    money_minor: int = 0
    due_at: datetime | None = None


class Raise(Struct, frozen=True):
    """A cause to open a case for, or to add waiters to; the last title and data stated for a cause are shown."""

    kind: str
    cause_key: str
    title: str
    data: dict[str, Any] = NOTHING
    waiters: tuple[Waiter, ...] = ()


class Severity(IntEnum):
    """How bad a case is, by the money and the time at risk."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The word that pages show."""
        return self.name.lower()


class Case(Struct, frozen=True):
    """A case with the sums over what waits for it now (when closed: over all that ever waited)."""

    case_id: int
    number: int
    kind: str
    cause_key: str
    title: str
    state: str
    role: str
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None
    data: dict[str, Any]
    waiters: int
    units: int
    money_minor: int
    soonest_at: datetime | None
    severity: Severity = Severity.LOW

    @property
    def label(self) -> str:
        """The number as people say it."""
        return case_label(self.number)

    @property
    def at_risk_at(self) -> datetime:
        """When it hurts: the SLA of the case, or the first deadline of what waits, whichever comes first."""
        return self.due_at if self.soonest_at is None else min(self.due_at, self.soonest_at)


class CaseWaiter(Struct, frozen=True):
    """One object that waits, or waited until `left_at`."""

    subject: str
    subject_id: int
    units: int
    money_minor: int
    due_at: datetime | None
    since: datetime
    left_at: datetime | None


class HistoryEntry(Struct, frozen=True):
    """One thing that was done about a case."""

    sequence: int
    at: datetime
    actor: str
    act: str
    data: dict[str, Any]


class CaseDetail(Struct, frozen=True):
    """A case with the first of those who wait, its history, what fixes it and the acts that are allowed."""

    case: Case
    waiters: tuple[CaseWaiter, ...]
    history: tuple[HistoryEntry, ...]
    fix: str
    actions: tuple[str, ...]


class CaseFilter(Struct, frozen=True):
    """Which cases to list; an empty string filters nothing. `sort` is severity, money, due or number."""

    state: str = "open"
    kind: str = ""
    role: str = ""
    sort: str = "severity"


class CasePage(Struct, frozen=True):
    """One page of a list of cases; `total` counts all that match."""

    cases: tuple[Case, ...]
    total: int


class KindCount(Struct, frozen=True):
    """The open cases of one kind; what waits for two cases of the kind counts once."""

    kind: str
    cases: int
    waiters: int
    units: int
    money_minor: int
    oldest_at: datetime
    at_risk_at: datetime
    severity: Severity = Severity.LOW


def case_label(number: int) -> str:
    """A case's number as people say it: C-101."""
    return f"C-{number}"


def parse_case_number(text: str) -> int | None:
    """The number in `C-101`, `c101` or `101`; None where it is none."""
    digits = text.strip().upper().removeprefix("C").removeprefix("-")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
