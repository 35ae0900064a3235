"""How fast things sell, what a buffer holds, what a channel takes, whether it keeps up: pure, with hysteresis."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import exp

from hypothesis import given
from hypothesis import strategies as st

from stocktower.publication.keeping_up import (
    Keeping,
    close_rounds,
    decide_state,
    due_paces,
    new_channel,
    overdue,
    refill,
    room_of,
    take_room,
)
from stocktower.publication.policies import Policy
from stocktower.publication.velocity import buffer_of, decide_velocity, depletion

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SPEED = {"slow": 0, "normal": 1, "fast": 2}
SEVERITY = {"normal": 0, "behind": 1, "dark": 2}


def policy(
    *, per_minute: int | None = None, at_once: int | None = None, within: int | None = 10, backlog: int = 60,
    every: int = 0, slow_every: int = 0,
) -> Policy:  # fmt: skip
    """How a channel is told, in minutes."""
    return Policy(
        1, "web", "Web", every * MINUTE, slow_every * MINUTE, per_minute, per_minute if at_once is None else at_once,
        None if within is None else within * MINUTE, backlog * MINUTE, timedelta(0),
    )  # fmt: skip


# Velocity.


@given(st.sampled_from(list(SPEED)), st.integers(0, 500), st.integers(1, 30), st.integers(0, 2_000))
def test_a_velocity_that_was_decided_stays(current: str, units: int, days: int, ats: int) -> None:
    decided = decide_velocity(current, units, days, ats, fast_days=3, slow_days=30)
    assert decide_velocity(decided, units, days, ats, fast_days=3, slow_days=30) == decided


@given(st.sampled_from(list(SPEED)), st.integers(1, 500), st.integers(1, 30), st.integers(0, 2_000), st.integers(0, 99))
def test_more_left_is_never_faster(current: str, units: int, days: int, ats: int, more: int) -> None:
    one = decide_velocity(current, units, days, ats, fast_days=3, slow_days=30)
    other = decide_velocity(current, units, days, ats + more, fast_days=3, slow_days=30)
    assert SPEED[other] <= SPEED[one]


@given(st.integers(1, 200), st.lists(st.integers(-15, 15), min_size=2, max_size=20))
def test_what_swings_about_a_threshold_changes_once(units: int, swings: list[int]) -> None:
    """Within a seventh of the threshold, up and down: it becomes faster at most once, and never slower again."""
    days = 10
    threshold = 3 * units // days
    current, seen = "normal", []
    for swing in swings:
        ats = max(0, threshold + threshold * swing // 100)
        current = decide_velocity(current, units, days, ats, fast_days=3, slow_days=30)
        seen.append(SPEED[current])
    assert all(first <= second for first, second in pairwise(seen))


def test_velocity_by_cover() -> None:
    def decide(current: str, units: int, ats: int) -> str:
        return decide_velocity(current, units, 10, ats, fast_days=3, slow_days=30)

    # Ten a day: thirty last three days.
    assert [decide("normal", 100, ats) for ats in (0, 30, 31, 299, 300)] == [
        "fast",
        "fast",
        "normal",
        "normal",
        "normal",
    ]
    assert [decide("fast", 100, ats) for ats in (30, 37, 38)] == ["fast", "fast", "normal"]
    assert [decide("slow", 100, ats) for ats in (299, 300)] == ["normal", "slow"]
    assert [decide("normal", 100, ats) for ats in (374, 375)] == ["normal", "slow"]
    assert decide("fast", 0, 0) == "slow"


# Buffers.


@given(st.integers(0, 300), st.integers(1, 30), st.integers(0, 2_000), st.integers(1, 99))
def test_a_buffer_is_the_least_that_holds_so_surely(units: int, days: int, minutes: int, percent: int) -> None:
    buffer = buffer_of(units, days, minutes * MINUTE, percent=percent, at_most=10_000)
    mean = units / days * minutes / 1440
    chance = [exp(-mean)]
    for n in range(1, buffer + 1):
        chance.append(chance[-1] * mean / n)
    assert sum(chance) >= percent / 100 - 1e-9
    assert buffer == 0 or sum(chance[:-1]) < percent / 100


@given(st.integers(0, 300), st.integers(0, 5_000), st.integers(0, 50), st.integers(0, 300), st.integers(0, 5_000))
def test_a_buffer_grows_with_sales_and_lag_up_to_its_cap(
    units: int, minutes: int, cap: int, more: int, longer: int
) -> None:
    less = buffer_of(units, 14, minutes * MINUTE, percent=95, at_most=cap)
    greater = buffer_of(units + more, 14, (minutes + longer) * MINUTE, percent=95, at_most=cap)
    assert 0 <= less <= greater <= cap
    assert buffer_of(units, 14, minutes * MINUTE, percent=0, at_most=cap) == 0


def test_kits_deplete_what_they_are_made_of() -> None:
    went = depletion({(1, 10): 5, (2, 30): 2, (2, 10): 1}, {30: ((10, 1), (20, 2)), 10: ((10, 1),)})
    assert went == {10: {1: 5, 2: 3}, 20: {2: 4}}


# Rates.


@given(
    st.integers(1, 120), st.integers(1, 200), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 50)), max_size=20)
)
def test_a_channel_is_never_told_more_than_its_rate_allows(
    per_minute: int, at_once: int, steps: list[tuple[int, int]]
) -> None:
    how = policy(per_minute=per_minute, at_once=at_once)
    row, told, now = new_channel(1, how, NOW), 0, NOW
    for seconds, wanted in steps:
        now += timedelta(seconds=seconds)
        refill(row, how, now)
        room = room_of(row, how)
        assert 0 <= room <= at_once
        take_room(row, how, min(room, wanted))
        told += min(room, wanted)
        passed = (now - NOW).total_seconds() / 60
        assert told <= at_once + passed * per_minute + 1e-3


@given(st.integers(1, 120), st.lists(st.integers(0, 90), min_size=1, max_size=30))
def test_no_moment_of_a_rate_is_lost(per_minute: int, pauses: list[int]) -> None:
    """Looked at often or seldom, a channel whose bucket is not full has been given what its rate says."""
    how = policy(per_minute=per_minute, at_once=10_000)
    often, seldom, now = new_channel(1, how, NOW), new_channel(1, how, NOW), NOW
    often.room = seldom.room = 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        refill(often, how, now)
    refill(seldom, how, now)
    assert often.room == seldom.room == int((now - NOW).total_seconds() * per_minute) // 60


def test_without_a_rate_it_takes_any_number_and_writes_nothing() -> None:
    how = policy()
    row = new_channel(1, how, NOW)
    refill(row, how, NOW + MINUTE)
    assert room_of(row, how) == 50_000
    take_room(row, how, 700)
    assert (row.room, row.filled_at) == (0, NOW)


# Rounds.


def test_rounds_come_at_their_intervals() -> None:
    how = policy(every=10, slow_every=40)
    row = new_channel(1, how, NOW)
    assert due_paces(row, how, NOW) == ["now", "normal", "slow"]
    close_rounds(row, how, ["now", "normal", "slow"], NOW)
    assert due_paces(row, how, NOW + 9 * MINUTE) == ["now"]
    assert due_paces(row, how, NOW + 10 * MINUTE) == ["now", "normal"]
    close_rounds(row, how, ["now", "normal"], NOW + 12 * MINUTE)
    assert due_paces(row, how, NOW + 21 * MINUTE) == ["now"]
    assert due_paces(row, how, NOW + 40 * MINUTE) == ["now", "normal", "slow"]
    assert overdue("slow", NOW, how, NOW + 50 * MINUTE) == 10 * MINUTE
    assert overdue("now", NOW, how, NOW + 50 * MINUTE) == 50 * MINUTE


# States.

late = st.none() | st.integers(0, 400)


def state(current: str, silent: int | None, waiting: int | None, how: Policy | None = None) -> str:
    """The state after so many minutes."""
    keeping = Keeping(
        None if silent is None else silent * MINUTE, None if waiting is None else waiting * MINUTE
    )  # fmt: skip
    return decide_state(current, keeping, how or policy(), 4).state


@given(st.sampled_from(list(SEVERITY)), late, late)
def test_a_state_that_was_decided_stays(current: str, silent: int | None, waiting: int | None) -> None:
    decided = state(current, silent, waiting)
    assert state(decided, silent, waiting) == decided


@given(st.sampled_from(list(SEVERITY)), st.integers(0, 200), st.integers(0, 400), st.integers(0, 100))
def test_later_is_never_better(current: str, silent: int, waiting: int, more: int) -> None:
    now = SEVERITY[state(current, silent, waiting)]
    assert now <= SEVERITY[state(current, silent + more, waiting)]
    assert now <= SEVERITY[state(current, silent, waiting + more)]


@given(st.lists(st.integers(6, 10), min_size=1, max_size=20))
def test_between_the_thresholds_nothing_changes(silences: list[int]) -> None:
    for start in ("normal", "behind"):
        current = start
        for silent in silences:
            current = state(current, silent, None)
            assert current == start


def test_states_by_silence_and_backlog() -> None:
    assert [state("normal", n, None) for n in (10, 11, 40, 41)] == ["normal", "behind", "behind", "dark"]
    assert [state("dark", n, None) for n in (41, 21, 20, 6, 5)] == ["dark", "dark", "behind", "behind", "normal"]
    assert [state("normal", None, n) for n in (60, 61, 240, 241)] == ["normal", "behind", "behind", "dark"]
    assert state("dark", None, None) == "normal"
    # Who never acknowledges is not silent.
    assert state("normal", 999, None, policy(within=None)) == "normal"
    reason = decide_state("normal", Keeping(75 * MINUTE, 61 * MINUTE), policy(), 4).reason
    assert reason == "a publication is not acknowledged for 1 h 15 min, its objective is 10 min"
