"""Classes, the order of a plan, tolerances, recounts, approvals and mornings: pure rules with their properties."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from stocktower.counting import CountItem, Line, RowFacts
from stocktower.counting.model import Count, Entry
from stocktower.counting.rules import (
    class_of,
    decide_approval,
    decide_entry,
    decide_line,
    decide_plan,
    grade_by_value,
    next_morning,
    own_day,
    room_today,
    tolerance,
)
from stocktower.model import CountClass, Counting

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SETTINGS = Counting()
DAY = timedelta(days=1)


def row(sku_id: int, **facts: object) -> RowFacts:
    """A row that holds 10, at 1.00, opened a day ago and never moved since."""
    figures: dict[str, object] = {
        "status": "available", "lot": "", "quantity": 10, "discrepancy": 0, "cost_minor": 100, "shipped": 0,
        "opened_at": NOW - DAY, "moved_at": NOW - DAY, "surprised_at": None, "counted_at": NOW - DAY / 2, **facts,
    }  # fmt: skip
    return RowFacts(sku_id, **figures)  # pyright: ignore[reportArgumentType]  # by name


def count(round_: int, quantity: int, expected: int, by: str = "ann") -> Count:
    """A count of line 1."""
    return Count(1, round_, quantity, expected, NOW, by)


def line(no: int, counted: int, expected: int, cost: int | None = 100, state: str = "agreed") -> Line:
    """A line that is counted."""
    return Line(no, no, "available", "", "A", "due", state, 1, expected, cost, counted, expected, NOW, None, None)


def test_classes_by_share_of_value() -> None:
    grades = grade_by_value({1: 700, 2: 150, 3: 100, 4: 50, 5: 0}, 80, 15)
    assert grades == {1: "A", 2: "A", 3: "B", 4: "C", 5: "C"}
    assert grade_by_value({1: 0, 2: 0}, 80, 15) == {1: "C", 2: "C"}
    assert grade_by_value({1: 5}, 0, 0) == {1: "C"}


@given(
    st.dictionaries(st.integers(1, 60), st.integers(0, 10_000), max_size=40), st.integers(0, 100), st.integers(0, 100)
)
def test_a_and_b_make_up_their_shares_and_no_sku_too_many(values: dict[int, int], a: int, b: int) -> None:
    b = min(b, 100 - a)
    grades = grade_by_value(values, a, b)
    assert grades.keys() == values.keys()
    total = sum(values.values())
    for letters, percent in (("A", a), ("AB", a + b)):
        inside = [values[sku] for sku, grade in grades.items() if grade in letters]
        if total:
            assert sum(inside) * 100 >= percent * total or len(inside) == sum(1 for value in values.values() if value)
            # Without its smallest the share is not made up: none is in it too many.
            assert not inside or (sum(inside) - min(inside)) * 100 < percent * total
    ranked = sorted(values, key=lambda sku: (-values[sku], sku))
    assert [grades[sku] for sku in ranked] == sorted(grades[sku] for sku in ranked)


def test_what_is_counted_first() -> None:
    rows = [
        row(1, counted_at=NOW - 200 * DAY),
        row(2),
        row(3, discrepancy=2),
        row(4, surprised_at=NOW),
        row(5, quantity=0, moved_at=NOW),
        row(6, counted_at=None),
        row(7, quantity=0, counted_at=NOW),
        row(8, surprised_at=NOW - 2 * DAY, counted_at=NOW - DAY),
    ]
    assert [(one.row.sku_id, one.why) for one in decide_plan(rows, SETTINGS, NOW)] == [
        (3, "discrepancy"), (4, "surprise"), (5, "empty"), (1, "due"), (6, "never"),
    ]  # fmt: skip


def test_age_is_measured_against_the_interval_of_the_class() -> None:
    dear = row(1, shipped=1000, counted_at=NOW - 45 * DAY)
    cheap = row(2, counted_at=NOW - 200 * DAY)
    planned = decide_plan([cheap, dear], SETTINGS, NOW)
    assert [(one.row.sku_id, one.grade) for one in planned] == [(1, "A"), (2, "C")]
    assert [one.row.sku_id for one in decide_plan([row(3, shipped=9, counted_at=NOW - 29 * DAY)], SETTINGS, NOW)] == []


rows_of_a_site = st.lists(
    st.builds(
        row,
        st.integers(1, 30),
        quantity=st.integers(0, 5),
        discrepancy=st.integers(0, 1),
        shipped=st.integers(0, 50),
        moved_at=st.integers(0, 300).map(lambda days: NOW - days * DAY),
        surprised_at=st.none() | st.integers(0, 300).map(lambda days: NOW - days * DAY),
        counted_at=st.none() | st.integers(0, 300).map(lambda days: NOW - days * DAY),
    ),
    max_size=25,
    unique_by=lambda one: one.sku_id,
)


@given(rows_of_a_site)
def test_a_plan_names_each_due_row_once_and_does_not_depend_on_the_order(rows: list[RowFacts]) -> None:
    planned = decide_plan(rows, SETTINGS, NOW)
    assert planned == decide_plan(rows[::-1], SETTINGS, NOW)
    keys = [one.row.key for one in planned]
    assert len(keys) == len(set(keys))
    for one in rows:
        is_due = one.key in keys
        assert not one.discrepancy or is_due
        if one.quantity and not one.discrepancy and one.counted_at is None:
            assert is_due
    # Whatever waits long enough comes to the front of what is merely due.
    old = [one for one in planned if one.why in ("due", "never")]
    later = decide_plan(rows, SETTINGS, NOW + 10_000 * DAY)
    assert {one.row.key for one in old} <= {one.row.key for one in later}


def test_a_morning_is_the_sites_own() -> None:
    assert next_morning(NOW, "America/New_York", "05:00") == datetime(2026, 6, 2, 9, tzinfo=UTC)
    assert next_morning(NOW, "America/New_York", "09:00") == datetime(2026, 6, 1, 13, tzinfo=UTC)
    assert next_morning(NOW, "", "12:00") == NOW + DAY
    assert own_day(datetime(2026, 6, 1, 2, tzinfo=UTC), "America/New_York").day == 31
    # The night in which the clocks go forward.
    before = datetime(2026, 3, 8, 1, tzinfo=UTC)
    assert next_morning(before, "America/New_York", "05:00") == datetime(2026, 3, 8, 9, tzinfo=UTC)


def test_what_is_left_over_takes_the_place_of_what_is_new() -> None:
    assert room_today(SETTINGS, 0, 0) == 50
    assert room_today(SETTINGS, 20, 25) == 5
    assert room_today(SETTINGS, 50, 25) == 0


@given(st.integers(0, 10**6), st.integers(0, 50), st.integers(0, 1000))
def test_the_larger_tolerance_counts_and_is_never_rounded_up(expected: int, units: int, tenths: int) -> None:
    allowed = tolerance(expected, CountClass(30, units, Decimal(tenths) / 10))
    share = expected * tenths / 1000
    assert allowed >= units
    assert allowed == units or units < allowed <= share + 1e-6


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=5), st.integers(0, 3))
def test_a_line_is_agreed_disputed_or_counted_again(pairs: list[tuple[int, int]], recounts: int) -> None:
    counts = [count(no, counted, expected) for no, (counted, expected) in enumerate(pairs, start=1)]
    exact = CountClass(30)
    verdict = decide_line(counts, exact, recounts)
    last = counts[-1]
    agrees = last.difference == 0 or any(one.difference == last.difference for one in counts[:-1])
    assert (verdict == "agreed") == agrees
    assert verdict != "open" or len(counts) <= recounts
    assert verdict != "disputed" or len(counts) > recounts


def test_counts_agree_with_what_moved_between_taken_into_account() -> None:
    exact = CountClass(30)
    assert decide_line([count(1, 8, 10)], exact, 2) == "open"
    # Three left between the counts: 5 of 7 is the same finding as 8 of 10.
    assert decide_line([count(1, 8, 10), count(2, 5, 7)], exact, 2) == "agreed"
    assert decide_line([count(1, 8, 10), count(2, 8, 7)], exact, 2) == "open"
    assert decide_line([count(1, 8, 10), count(2, 8, 7), count(3, 6, 7)], exact, 2) == "disputed"
    assert decide_line([count(1, 8, 10), count(2, 9, 10)], CountClass(30, 1), 2) == "agreed"
    assert decide_line([count(1, 9, 10)], exact, 0) == "disputed"


def test_who_has_to_look() -> None:
    assert decide_approval([line(1, 9, 10), line(2, 10, 10)], SETTINGS) == []
    assert decide_approval([line(1, 0, 200)], SETTINGS)[0][1] == (1,)
    assert [no for _, no in decide_approval([line(1, 9, 10, None)], SETTINGS)] == [(1,)]
    assert decide_approval([line(1, 10, 10, None)], SETTINGS) == []
    assert [no for _, no in decide_approval([line(1, 9, 10, state="disputed")], SETTINGS)] == [(1,)]
    many = [line(no, 10, 100) for no in range(1, 7)]
    assert [no for _, no in decide_approval(many, SETTINGS)] == [(1, 2, 3, 4, 5, 6)]
    # What is lost here and found there is worth nothing together, and each of them little.
    both = [line(no, 100 + (10 if no % 2 else -10), 100) for no in range(1, 101)]
    assert decide_approval(both, SETTINGS) == []


def entry(round_: int, quantity: int, by: str, sequence: int = 1) -> Entry:
    """An entry of line 1."""
    return Entry(1, round_, sequence, quantity, quantity, "", NOW, by, NOW, by)


def decide(item: CountItem, *entries: Entry, by: str = "ann", round_: int = 1, after: int | None = None) -> str:
    """What an entry is."""
    open_line = Line(1, 1, "available", "", "A", "due", "open", round_, 10, 100, None, None, None, None, None)
    return decide_entry(open_line, entries, item, by, same_person=False, after=after)[0]


def test_one_person_counts_a_round_and_another_the_next() -> None:
    assert decide(CountItem(5)) == "new"
    assert decide(CountItem(5), entry(1, 5, "ann")) == "repeated"
    assert decide(CountItem(6), entry(1, 5, "ann")) == "corrected"
    assert decide(CountItem(5), entry(1, 5, "bob")) == "refused"
    assert decide(CountItem(5), entry(1, 5, "ann"), round_=2) == "refused"
    assert decide(CountItem(5), entry(1, 5, "bob"), round_=2) == "new"
    assert decide(CountItem(5, round=1), entry(1, 5, "bob"), round_=2) == "refused"
    # The same again by somebody who saw what they had written is a count at a later instant.
    assert decide(CountItem(5), entry(1, 5, "ann"), after=1) == "corrected"
    assert decide(CountItem(5), entry(1, 5, "ann"), after=0) == "repeated"
    assert decide(CountItem(5, counted_at=NOW + DAY), entry(1, 5, "ann")) == "corrected"


def test_each_class_has_its_own_words() -> None:
    assert [class_of(SETTINGS, grade).interval_days for grade in "ABC"] == [30, 90, 180]
