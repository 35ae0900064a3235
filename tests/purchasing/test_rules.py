"""When to order and how much: the position against demand over the lead time, and the spread of both."""

from datetime import date, timedelta
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from stocktower.inventory import LeadTime, measure_lead_time
from stocktower.model import SupplyRule
from stocktower.purchasing import decide_need, rounded
from stocktower.purchasing.model import Position, Sold

DAY = 86_400
TODAY = date(2026, 6, 1)
DAYS = [TODAY - timedelta(days=n) for n in range(28, 0, -1)]
CHANNELS = {101: "web", 102: "b2b"}


def rule(moq: int = 1, order_multiple: int = 1) -> SupplyRule:
    """A supplier of whom two weeks are covered."""
    return SupplyRule("Porcelain Ltd", "EAST", cover_days=14, moq=moq, order_multiple=order_multiple)


def steady(units: int) -> list[Sold]:
    """So many a day."""
    return [Sold(101, day, units) for day in DAYS]


def test_steady_demand_needs_no_safety() -> None:
    lead_time = LeadTime(10, 10, 0)
    assert decide_need(steady(3), DAYS, lead_time, rule(), Position(31, 0, 0), CHANNELS) is None
    need = decide_need(steady(3), DAYS, lead_time, rule(), Position(40, 0, 10), CHANNELS)
    assert need is not None
    assert (need.reorder_point, need.order_up_to, need.quantity) == (30, 72, 42)
    assert ("demand per day", "3.00 over 28 days") in [(one.name, one.value) for one in need.figures]


def test_what_comes_is_counted_and_what_waits_is_served_first() -> None:
    lead_time = LeadTime(10, 10, 0)
    assert decide_need(steady(3), DAYS, lead_time, rule(), Position(0, 31, 0), CHANNELS) is None
    need = decide_need(steady(3), DAYS, lead_time, rule(), Position(0, 0, 5), CHANNELS)
    assert need is not None
    assert need.quantity == 77


def test_spread_of_demand_and_of_the_lead_time_ask_for_safety() -> None:
    uneven = [Sold(101, day, 6 if n % 2 else 0) for n, day in enumerate(DAYS)]
    for sold, lead_time in ((uneven, LeadTime(10, 10, 0)), (steady(3), LeadTime(10, 15, 5))):
        need = decide_need(sold, DAYS, lead_time, rule(), Position(0, 0, 0), CHANNELS)
        assert need is not None
        assert need.reorder_point > 30
    # 1.645 x sqrt(10 x 3^2) = 15.6
    need = decide_need(uneven, DAYS, LeadTime(10, 10, 0), rule(), Position(0, 0, 0), CHANNELS)
    assert need is not None
    assert need.reorder_point == ceil(30 + 15.6)


def test_nothing_is_ordered_of_what_nobody_buys() -> None:
    assert decide_need([], DAYS, LeadTime(10, 12, 0), rule(), Position(0, 0, 0), CHANNELS) is None
    old = [Sold(101, DAYS[0] - timedelta(days=1), 100)]
    assert decide_need(old, DAYS, LeadTime(10, 12, 0), rule(), Position(0, 0, 0), CHANNELS) is None


units = st.integers(0, 20)


@given(
    st.lists(st.tuples(st.sampled_from([101, 102]), st.sampled_from(DAYS), units), max_size=20),
    st.tuples(st.integers(0, 60), st.integers(0, 30)),
    st.tuples(units, units, units),
    st.integers(1, 50),
    st.integers(1, 12),
)
def test_an_order_brings_the_position_to_where_it_should_be(
    sold: list[tuple[int, date, int]], days: tuple[int, int], there: tuple[int, int, int], moq: int, multiple: int
) -> None:
    position = Position(*there)
    lead_time = LeadTime(days[0], sum(days), 0)
    need = decide_need([Sold(*one) for one in sold], DAYS, lead_time, rule(moq, multiple), position, CHANNELS)
    if need is None:
        return
    assert position.units <= need.reorder_point <= need.order_up_to
    assert position.units + need.quantity >= need.order_up_to
    assert need.quantity % multiple == 0
    assert need.quantity >= moq
    # Nothing less would do.
    less = need.quantity - multiple
    assert less < max(moq, 1) or position.units + less < need.order_up_to


@given(st.integers(1, 1000), st.integers(1, 500), st.integers(1, 100))
def test_an_order_is_what_the_supplier_takes(wanted: int, least: int, multiple: int) -> None:
    found = rounded(wanted, least, multiple)
    assert found >= max(wanted, least)
    assert found % multiple == 0
    assert found - multiple < max(wanted, least)


def test_a_lead_time_is_measured_from_three_deliveries_on() -> None:
    assert measure_lead_time([10 * DAY, 12 * DAY]) is None
    assert measure_lead_time([10 * DAY, 12 * DAY, 30 * DAY]) == LeadTime(12, 30, 3)
    assert measure_lead_time([10 * DAY] * 10 + [40 * DAY]) == LeadTime(10, 10, 11)
    assert measure_lead_time([DAY * 5 // 2] * 4) == LeadTime(3, 3, 4)


@given(st.lists(st.integers(0, 100 * DAY), min_size=3, max_size=40))
def test_nine_of_ten_come_within_the_late_days(seconds: list[int]) -> None:
    found = measure_lead_time(seconds)
    assert found is not None
    within = sum(1 for one in seconds if one <= found.late_days * DAY)
    assert within * 10 >= 9 * len(seconds)
    assert found.days <= found.late_days
