"""What can be promised for a date: never a unit twice, more as time goes on, and now what may be sold now."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stocktower.inventory.formulas.atp import (
    Arrival,
    Promise,
    Timeline,
    beyond_safety,
    decide_kit_timeline,
    decide_timeline,
    promises_against,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
days = st.integers(0, 12)
units = st.integers(0, 9)
arrivals = st.lists(st.tuples(days, units), max_size=5).map(
    lambda found: [Arrival(NOW + day * DAY, n, 1, "purchase", place, "PO") for place, (day, n) in enumerate(found)]
)
promises = st.lists(st.tuples(st.none() | days, units), max_size=5).map(
    lambda found: [Promise(None if day is None else NOW + day * DAY, n, 101) for day, n in found]
)
base = st.integers(-5, 12)


def level(base: int, coming: list[Arrival], due: list[Promise], at: datetime) -> int:
    """The definition, as it is written: stock, and what can be used by then, less what is due by then."""
    used = sum(one.units for one in coming if one.at <= at)
    return base + used - sum(one.units for one in due if (one.due_at or NOW) <= at)


def serves_all(stock: int, coming: list[Arrival], due: list[Promise]) -> bool:
    """Whether every promise gets its units by its date: what is due first takes what is there first."""
    left = sorted([NOW] * stock + [one.at for one in coming for _ in range(one.units)])
    for one in sorted(due, key=lambda one: one.due_at or NOW):
        for _ in range(one.units):
            if not left or left.pop(0) > (one.due_at or NOW):
                return False
    return True


@given(base, arrivals, promises, days)
def test_it_is_the_least_from_then_on(stock: int, coming: list[Arrival], due: list[Promise], day: int) -> None:
    at = NOW + day * DAY
    timeline = decide_timeline(stock, coming, due, NOW)
    later = [at, *(NOW + n * DAY for n in range(day, 13))]
    assert timeline.atp(at) == max(0, min(level(stock, coming, due, one) for one in later))


@given(base, arrivals, promises)
def test_more_can_be_promised_as_time_goes_on(stock: int, coming: list[Arrival], due: list[Promise]) -> None:
    timeline = decide_timeline(stock, coming, due, NOW)
    found = [point.atp for point in timeline.points]
    assert found == sorted(found)
    assert timeline.points[0].at == NOW


@given(base, st.integers(0, 9))
def test_without_anything_to_come_it_is_what_may_be_sold_now(stock: int, waiting: int) -> None:
    timeline = decide_timeline(stock + waiting, [], [Promise(None, waiting, 101)], NOW)
    assert timeline.atp(NOW) == timeline.atp(NOW + 9 * DAY) == max(0, stock)


@given(st.integers(0, 12), arrivals, promises, st.lists(st.tuples(days, st.integers(1, 9)), max_size=6))
def test_no_unit_is_promised_twice(
    stock: int, coming: list[Arrival], due: list[Promise], asked: list[tuple[int, int]]
) -> None:
    if not serves_all(stock, coming, due):
        due = []
    for day, quantity in asked:
        at = NOW + day * DAY
        possible = decide_timeline(stock, coming, due, NOW).atp(at)
        assert possible is not None
        if quantity <= possible:
            due = [*due, Promise(at, quantity, 101)]
            assert serves_all(stock, coming, due)
        else:
            assert not serves_all(stock, coming, [*due, Promise(at, quantity, 101)])


@given(base, arrivals, promises, st.integers(1, 30))
def test_the_earliest_date_is_the_first_that_has_enough(
    stock: int, coming: list[Arrival], due: list[Promise], quantity: int
) -> None:
    timeline = decide_timeline(stock, coming, due, NOW)
    found = timeline.earliest(quantity)
    days_with_enough = [NOW + n * DAY for n in range(13) if (timeline.atp(NOW + n * DAY) or 0) >= quantity]
    assert found == next(iter(days_with_enough), None)


@given(base, arrivals, promises, days, st.integers(1, 30))
def test_beyond_the_lead_time_anything_can_be_promised(
    stock: int, coming: list[Arrival], due: list[Promise], lead: int, quantity: int
) -> None:
    always_at = NOW + lead * DAY
    timeline = decide_timeline(stock, coming, due, NOW, always_at)
    assert timeline.atp(always_at) is None
    found = timeline.earliest(quantity)
    assert found is not None
    assert found <= always_at
    without = decide_timeline(stock, coming, due, NOW)
    for point in timeline.points:
        assert point.at >= always_at or point.atp >= (without.atp(point.at) or 0)


@given(arrivals, st.integers(-3, 12))
def test_safety_stock_is_filled_before_anything_is_promised(coming: list[Arrival], missing: int) -> None:
    left = beyond_safety(coming, {1: missing})
    total = sum(one.units for one in coming)
    assert sum(one.units for one in left) == max(0, total - max(0, missing))
    # What comes first fills it.
    assert decide_timeline(0, left, [], NOW).atp(NOW) == max(
        0, sum(one.units for one in coming if one.at == NOW) - max(0, missing)
    )


@given(promises, st.integers(0, 20))
def test_an_own_aside_serves_what_is_due_first(due: list[Promise], counted: int) -> None:
    total = sum(one.units for one in due)
    against = promises_against(due, {101: min(counted, total), 102: 5})
    assert sum(one.units for one in against) == min(counted, total)
    if against and counted < total:
        served = [one for one in due if one.units and (one.due_at or NOW) > max(a.due_at or NOW for a in against)]
        assert served == []


@given(st.lists(st.tuples(base, arrivals, st.integers(1, 3)), min_size=1, max_size=3), st.integers(0, 12), days)
def test_a_kit_can_be_promised_when_all_of_its_components_can(
    parts: list[tuple[int, list[Arrival], int]], limit: int, day: int
) -> None:
    components: list[tuple[Timeline, int]] = [(decide_timeline(b, a, [], NOW), n) for b, a, n in parts]
    kit = decide_kit_timeline(components, NOW, limit)
    at = NOW + day * DAY
    possible = min((timeline.atp(at) or 0) // n for timeline, n in components)
    assert kit.atp(NOW + 13 * DAY) is not None
    assert (kit.atp(at) or 0) <= possible
    if any(point.at > NOW and point.at <= at for point in kit.points):
        assert kit.atp(at) == possible
    assert [point.atp for point in kit.points] == sorted(point.atp for point in kit.points)
