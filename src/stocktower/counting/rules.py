"""Pure rules of cycle counts: classes by value, what is counted first, which difference is none, who has to look."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from stocktower.kernel import allowed_units
from stocktower.model import CountClass, Counting

from .model import AGREED, DISPUTED, OPEN, Count, CountItem, Entry, Line, PlannedLine, RowFacts, RowKey

A, B, C = "A", "B", "C"
COUNTED_KINDS = ("warehouse", "store")
"""Sites whose own people count; what others hold, others count, and say so by snapshots."""
_URGENT = ("discrepancy", "surprise", "empty")


def grade_by_value(values: Mapping[int, int], a_percent: int, b_percent: int) -> dict[int, str]:
    """The class of each SKU by its share of the value shipped: the first that make up A, then B, the rest C.

    The SKU that reaches a boundary is still inside it; what shipped nothing of value is C.
    """
    total = sum(value for value in values.values() if value > 0)
    grades: dict[int, str] = {}
    before = 0
    for sku_id, value in sorted(values.items(), key=lambda item: (-item[1], item[0])):
        if value <= 0:
            grades[sku_id] = C
            continue
        share = before * 100
        grades[sku_id] = A if share < a_percent * total else B if share < (a_percent + b_percent) * total else C
        before += value
    return grades


def class_of(settings: Counting, grade: str) -> CountClass:
    """The interval and the tolerance of a class."""
    return {A: settings.a, B: settings.b, C: settings.c}[grade]


def grade_rows(rows: Iterable[RowFacts], settings: Counting) -> dict[int, str]:
    """The class of each SKU of a site, by what shipped there in the window."""
    values: dict[int, int] = {}
    for row in rows:
        values[row.sku_id] = values.get(row.sku_id, 0) + row.shipped_minor
    return grade_by_value(values, settings.a_percent, settings.b_percent)


def decide_plan(rows: Iterable[RowFacts], settings: Counting, now: datetime) -> list[PlannedLine]:
    """What is due to be counted, the most urgent first.

    First rows that are known to lack something, then those that surprised since their last count, then those that ran
    empty since (an empty place is counted in a glance); then by age against the interval of their class, where a row
    that was never counted is one interval ahead.
    """
    known = list(rows)
    grades = grade_rows(known, settings)
    due: list[tuple[int, int, PlannedLine]] = []
    for row in known:
        interval = class_of(settings, grades[row.sku_id]).interval_days
        why, age = _why(row, interval, now)
        if why:
            rank = _URGENT.index(why) if why in _URGENT else len(_URGENT)
            due.append((rank, -age, PlannedLine(row, grades[row.sku_id], why)))
    due.sort(key=lambda item: (item[0], item[1], item[2].grade, -item[2].row.shipped_minor, item[2].row.key))
    return [line for _, _, line in due]


def _why(row: RowFacts, interval_days: int, now: datetime) -> tuple[str, int]:
    """Why a row is to be counted (nothing: it is not), and its age in thousandths of its interval."""
    since = row.counted_at
    age = (now - (since or row.opened_at or now)) // timedelta(seconds=1) * 1000 // (interval_days * 86_400)
    if since is None:
        age += 1000
    if row.discrepancy:
        return "discrepancy", age
    if row.surprised_at is not None and (since is None or row.surprised_at > since):
        return "surprise", age
    moved = row.moved_at is not None and (since is None or row.moved_at > since)
    if not row.quantity:
        return ("empty", age) if moved else ("", age)
    if age < 1000:
        return "", age
    return ("never" if since is None else "due"), age


def tolerance(expected: int, of_class: CountClass) -> int:
    """Units by which a count may differ from what was expected: the larger of the two tolerances, rounded down."""
    return allowed_units(expected, of_class.tolerance_units, of_class.tolerance_percent)


def decide_line(counts: Sequence[Count], of_class: CountClass, recounts: int) -> str:
    """Whether the last count of a line stands (agreed), is to be repeated (open), or is the approver's to judge
    (disputed).

    `counts` are those of its rounds, in order. Counts agree when they differ from what was expected at their instants
    by the same, within the tolerance: what moved between them is taken into account.
    """
    last = counts[-1]
    allowed = tolerance(last.expected, of_class)
    if abs(last.difference) <= allowed or any(abs(one.difference - last.difference) <= allowed for one in counts[:-1]):
        return AGREED
    return OPEN if len(counts) <= recounts else DISPUTED


def decide_approval(lines: Sequence[Line], settings: Counting) -> list[tuple[str, tuple[int, ...]]]:
    """Why somebody has to approve a sheet, and for which lines; nothing: it is applied by itself.

    Of a row that is counted bin by bin counts what its places differ by in all: what lies in another bin is not lost.
    """
    rows: dict[RowKey, list[Line]] = {}
    for line in lines:
        rows.setdefault(line.key, []).append(line)
    net = {key: sum(line.difference for line in of_row) for key, of_row in rows.items()}
    worth = {key: sum(line.difference_minor for line in of_row) for key, of_row in rows.items()}
    reasons: list[tuple[str, tuple[int, ...]]] = []
    disputed = tuple(line.line_no for line in lines if line.state == DISPUTED)
    if disputed:
        reasons.append(("counts do not agree", disputed))
    unknown = tuple(line.line_no for line in lines if net[line.key] and line.difference and not line.cost_minor)
    if unknown:
        reasons.append(("the cost is unknown", unknown))
    most = settings.approve_line_minor
    dear = tuple(line.line_no for line in lines if line.difference and abs(worth[line.key]) > most)
    if dear:
        reasons.append(("the difference of a line is worth more than may pass", dear))
    if abs(sum(worth.values())) > settings.approve_net_minor:
        differing = tuple(line.line_no for line in lines if line.difference)
        reasons.append(("the difference of the sheet is worth more than may pass", differing))
    return reasons


def own_day(now: datetime, zone: str) -> date:
    """The day that it is at a site."""
    return now.astimezone(ZoneInfo(zone or "UTC")).date()


def next_morning(now: datetime, zone: str, plan_at: str) -> datetime:
    """The next time that it is `plan_at` (HH:MM) at a site, after now."""
    local = now.astimezone(ZoneInfo(zone or "UTC"))
    at = datetime.combine(local.date(), time.fromisoformat(plan_at), tzinfo=local.tzinfo)
    if at <= now:
        at = datetime.combine(local.date() + timedelta(days=1), at.time(), tzinfo=local.tzinfo)
    return at


def room_today(settings: Counting, planned_today: int, left_over: int) -> int:
    """How many lines may still be planned for a site today: what is left over from before takes its place."""
    return max(0, settings.lines_per_day - planned_today - left_over)


def decide_entry(
    line: Line, entries: Sequence[Entry], item: CountItem, by: str, *, same_person: bool, after: int | None
) -> tuple[str, str]:
    """What an entry is (new, corrected, repeated or refused), and why where it is refused.

    `entries` are all of the line. `after` is the last entry of the round that its writer had seen (0: none); what is
    said again with the same quantity by somebody who had not seen their own entry is a repeat.
    """
    if line.state != OPEN:
        return "refused", "the line is counted, and waits for what is to be done about it"
    if item.round and item.round != line.round:
        return "refused", f"count {item.round} of the line is over; open the sheet again"
    earlier = {one.counted_by for one in entries if one.round < line.round}
    if by in earlier and not same_person:
        return "refused", f"{by} counted it before; another person has to count it again"
    current = [one for one in entries if one.round == line.round]
    if not current:
        return "new", ""
    last = current[-1]
    if last.counted_by != by:
        return "refused", f"{last.counted_by} has counted it already; if it is to be counted again, the sheet says so"
    seen = after is not None and after >= last.sequence
    same = (last.stated, last.unit) == (item.quantity, item.unit) and item.counted_at in (None, last.counted_at)
    return ("repeated" if same and not seen else "corrected"), ""
