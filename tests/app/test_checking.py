"""The scheduled look at every invariant: a case while one is broken, and no longer."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from stocktower.app import checking
from stocktower.app.checking import begin_checking, check_when_due
from stocktower.app.home import Tower
from stocktower.app.workers import work_until_idle
from stocktower.platform import FrozenClock
from tests.app.tower import open_cases, open_tower, send_orders


@pytest.fixture
def tower(database_url: str, tmp_path: Path) -> Iterator[Tower]:
    """A merchant with a hundred cups, of which somebody ordered three."""
    tower = open_tower(database_url, tmp_path)
    send_orders(tower, range(3))
    work_until_idle(tower)
    yield tower
    tower.database.close()


def later(tower: Tower, minutes: int) -> None:
    """Let time pass."""
    assert isinstance(tower.clock, FrozenClock)
    tower.clock.at += timedelta(minutes=minutes)


def tamper(tower: Tower, units: int) -> None:
    """Change a stock row behind everybody's back."""
    with psycopg.connect(tower.url, autocommit=True) as connection:
        connection.execute("UPDATE inventory.stock SET quantity = quantity + %s", (units,))


def test_it_looks_at_first_and_then_every_ten_minutes(tower: Tower) -> None:
    assert check_when_due(tower) is None
    begin_checking(tower)
    found = check_when_due(tower)
    assert found is not None
    assert found.ok
    assert check_when_due(tower) is None
    later(tower, 9)
    assert check_when_due(tower) is None
    later(tower, 1)
    assert check_when_due(tower) is not None
    assert open_cases(tower) == []


def test_a_broken_invariant_is_a_case_until_it_holds_again(tower: Tower) -> None:
    tamper(tower, 1)
    begin_checking(tower)
    check_when_due(tower)
    broken = open_cases(tower, "broken_invariant")
    assert "inventory" in {case.data["invariant"].partition(".")[0] for case in broken}
    assert all(case.title.startswith("Does not hold: ") and case.data["rows"] for case in broken)
    # Seen again, it is the same case.
    later(tower, 10)
    check_when_due(tower)
    assert [case.case_id for case in open_cases(tower, "broken_invariant")] == [case.case_id for case in broken]
    tamper(tower, -1)
    # What a subscriber has yet to catch up with is not judged, and its case stays until then.
    work_until_idle(tower)
    later(tower, 10)
    check_when_due(tower)
    assert open_cases(tower, "broken_invariant") == []


def test_a_long_look_comes_seldom(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "SHARE", 10**9)
    begin_checking(tower)
    assert check_when_due(tower) is not None
    later(tower, 60)
    assert check_when_due(tower) is None
