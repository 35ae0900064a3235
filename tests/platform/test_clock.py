"""The clock of a machine that is set while somebody works."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stocktower.platform import MACHINE_CLOCK
from stocktower.platform.clock import SET_BACK, SystemClock

START = datetime(2026, 3, 2, 8, 5, tzinfo=UTC)


@given(st.lists(st.integers(-90, 90), min_size=1))
def test_time_does_not_run_backwards_while_the_machine_is_corrected(seconds: list[int]) -> None:
    told = [START + timedelta(seconds=one) for one in (0, *seconds)]
    clock = SystemClock(iter(told).__next__)
    last = START
    for at in told[1:]:
        said = clock.now()
        if last - SET_BACK <= at:
            assert said == max(at, last + timedelta.resolution)
        else:
            assert said == at
        last = said


def test_a_machine_that_was_far_ahead_is_believed_when_it_is_set_right() -> None:
    hour = timedelta(hours=1)
    clock = SystemClock(iter([START + hour, START, START + SET_BACK]).__next__)
    assert [clock.now(), clock.now()] == [START, START + SET_BACK]


def test_it_says_the_time_of_the_machine() -> None:
    assert abs(MACHINE_CLOCK.now() - datetime.now(UTC)) < timedelta(minutes=10)
