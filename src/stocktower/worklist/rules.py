"""Pure decisions about cases: how bad one is, in what order they are shown, how raises of one cause come together."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from .model import Case, Raise, Severity, Waiter

Cause = tuple[str, str]
"""(kind, cause_key)"""

# Minor units of the book currency; each step passed is one point.
MONEY_STEPS = (10_000, 100_000, 1_000_000)
# Time left; each step passed is one point.
TIME_STEPS = (timedelta(hours=24), timedelta(hours=4), timedelta(0))

_LEVELS = (
    Severity.LOW,
    Severity.LOW,
    Severity.MEDIUM,
    Severity.HIGH,
    Severity.HIGH,
    Severity.CRITICAL,
    Severity.CRITICAL,
)
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def severity(money_minor: int, due_at: datetime | None, now: datetime) -> Severity:
    """How bad it is: up to three points for the money at risk, and up to three for how little time is left."""
    points = sum(money_minor >= step for step in MONEY_STEPS)
    if due_at is not None:
        points += sum(due_at - now <= step for step in TIME_STEPS)
    return _LEVELS[points]


def assess(cases: Sequence[Case], now: datetime) -> list[Case]:
    """The cases with their severity at an instant."""
    return [replace(case, severity=severity(case.money_minor, case.at_risk_at, now)) for case in cases]


def in_order(cases: Sequence[Case], sort: str) -> list[Case]:
    """Cases as a list shows them: by severity, money, due (the default tie-breakers in this order) or number."""
    if sort == "number":
        return sorted(cases, key=lambda case: -case.number)
    if sort == "due":
        return sorted(cases, key=lambda case: (case.at_risk_at, -case.money_minor, case.number))
    if sort == "money":
        return sorted(cases, key=lambda case: (-case.money_minor, case.at_risk_at, case.number))
    return sorted(cases, key=lambda case: (-case.severity, -case.money_minor, case.at_risk_at, case.number))


def merge(raises: Sequence[Raise]) -> dict[Cause, Raise]:
    """One raise a cause, in key order: the last title and data stated, every waiter once."""
    merged: dict[Cause, Raise] = {}
    waiters: dict[Cause, dict[tuple[str, int], Waiter]] = {}
    for item in raises:
        cause = (str(item.kind), item.cause_key)
        merged[cause] = item
        waiting = waiters.setdefault(cause, {})
        for waiter in item.waiters:
            key = (waiter.subject, waiter.subject_id)
            known = waiting.get(key)
            waiting[key] = waiter if known is None else both(known, waiter)
    return {cause: replace(merged[cause], waiters=tuple(waiters[cause].values())) for cause in sorted(merged)}


def both(first: Waiter, second: Waiter) -> Waiter:
    """One object that waits for a cause on several grounds at once (two lines on one SKU): its parts add up."""
    return Waiter(
        subject=first.subject,
        subject_id=first.subject_id,
        units=first.units + second.units,
        money_minor=first.money_minor + second.money_minor,
        due_at=min(first.due_at or _END_OF_TIME, second.due_at or _END_OF_TIME)
        if first.due_at or second.due_at
        else None,
    )
