"""When a statement is expected, and what a system's words mean."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower.model import ConfigurationError, System, load_configuration
from stocktower.network import build_network
from stocktower.reconciliation import cause_key, overdue_at, scope_of, split_cause_key
from tests.reconciliation.world import TEXT

instants = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))


def system(**changes: object) -> System:
    """A system that is stated."""
    return System(code="erp", name="ERP", kind="erp", **changes)  # pyright: ignore[reportArgumentType]


@given(instants, st.integers(1, 72), st.integers(0, 8))
def test_by_age(since: datetime, every: int, grace: int) -> None:
    assert overdue_at(system(every_hours=every, grace_hours=grace), since, "UTC") == since + timedelta(
        hours=every + grace
    )


@given(instants, st.lists(st.sampled_from(["00:00", "06:00", "12:30", "23:59"]), min_size=1), st.integers(0, 5))
def test_by_the_clock_it_is_the_next_time_that_the_last_was_not_for(
    since: datetime, times: list[str], grace: int
) -> None:
    zone = "America/New_York"
    at = overdue_at(system(times=tuple(times), grace_hours=grace), since, zone)
    assert at is not None
    slot = at - timedelta(hours=grace)
    assert since < slot - timedelta(hours=grace) <= since + timedelta(hours=25)


def test_the_zone_of_the_system_counts() -> None:
    night = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
    spoken = system(times=("06:00",), timezone="Asia/Tokyo", grace_hours=1)
    assert overdue_at(spoken, night, "UTC") == datetime(2026, 6, 1, 22, 0, tzinfo=UTC)


def test_nothing_is_expected_without_a_schedule() -> None:
    assert overdue_at(system(), datetime(2026, 6, 1, tzinfo=UTC), "UTC") is None


def test_words_of_a_system() -> None:
    configuration = load_configuration(TEXT, file="x")
    network = build_network(1, configuration, {"EAST": 1, "WEST": 2, "EU": 3}, {"web": 9})
    erp, fba = (scope_of(one, network) for one in configuration.systems)
    assert erp.places == {"east": 1, "west": 2, "eu": 3, "0001": 1, "0002": 2}
    assert erp.statuses == {"blocked": "quarantine", "scrap": ""}
    assert fba.places == {"west": 2, "": 2}
    assert (erp.channel_id, fba.channel_id) == (0, 9)


@pytest.mark.parametrize("code", ["erp", "system", "a-b"])
def test_the_cause_of_a_case_is_read_back(code: str) -> None:
    assert split_cause_key(cause_key(code, "unit_error")) == (code, "unit_error")


@pytest.mark.parametrize(
    ("change", "path", "problem"),
    [
        ('sites = ["NOWHERE"]', "systems[1].sites", "NOWHERE is not a site"),
        ('channel = "nobody"', "systems[1].channel", "nobody is not a channel"),
        ('times = ["25:00"]', "systems[1].times", "is not a time of day"),
        ("tolerance_percent = 101", "systems[1].tolerance_percent", "above a hundred"),
        ("tolerance_units = -1", "systems[1].tolerance_units", "below zero"),
        ("window_hours = 0", "systems[1].window_hours", "1 to 744"),
        ('timezone = "Mars"', "systems[1].timezone", "not a time zone"),
        ('code = "a/b"', "systems[1].code", "cannot be a code"),
        ('statuses = { Q = "No Way" }', "systems[1].statuses.Q", "is not a status"),
        ('locations = { X = "NOWHERE" }', "systems[1].locations.X", "is not a site"),
        ('sites = ["EAST"]\nlocations = { X = "WEST" }', "systems[1].locations.X", "not one of its sites"),
    ],
)
def test_a_wrong_system_is_named_with_its_line(change: str, path: str, problem: str) -> None:
    code = "" if change.startswith("code") else 'code = "erp"\n'
    text = TEXT[: TEXT.index("[[systems]]")] + f'[[systems]]\n{code}name = "ERP"\nkind = "erp"\n{change}\n'
    with pytest.raises(ConfigurationError) as refused:
        load_configuration(text, file="stocktower.toml")
    (found,) = refused.value.problems
    assert found.path == path
    assert problem in found.problem
    assert found.fix
    assert found.line >= TEXT[: TEXT.index("[[systems]]")].count("\n") + 1


def test_two_systems_of_one_code() -> None:
    with pytest.raises(ConfigurationError, match="stands twice"):
        load_configuration(TEXT.replace('code = "fba"', 'code = "erp"'), file="x")
