"""Starts of the demo that meet, are killed, or are told to end: nothing is lost, nothing comes twice, nothing stays."""

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.app.shell import Program, processes_of, wait_for


@pytest.fixture(scope="module")
def at_once(place: Path) -> list[Any]:
    """What two starts at the same moment, in the same folder, print."""
    folder = place / "two"
    folder.mkdir()
    programs = [Program(folder, "demo", "--once", "--json") for _ in range(2)]
    return [program.end(code=0).json for program in programs]


def figures(summary: Any) -> dict[str, Any]:
    """What a summary says, without the ids of what was imported."""
    return {name: value for name, value in summary.items() if name != "imports"}


def rows(summary: Any) -> dict[str, int]:
    """The rows of each file, from the import that was done."""
    return {one["name"]: one["rows"] for one in summary["imports"] if one["state"] == "done"}


def test_two_starts_at_once_do_not_fight(at_once: list[Any], place: Path) -> None:
    first, second = at_once
    assert first == second
    assert first["verify"]["ok"]
    # Each file was brought in by one of them, once.
    assert len({one["name"] for one in first["imports"]}) == len(first["imports"])
    assert processes_of(place / "two") == {}


def test_a_start_after_a_kill_comes_to_the_same(at_once: list[Any], place: Path) -> None:
    folder = place / "killed"
    folder.mkdir()
    for word in ("07 May", "04 Jun"):
        program = Program(folder, "demo", "--once", "--json")
        program.error_with(word)
        program.signal(signal.SIGKILL)
        program.process.communicate()
    again = Program(folder, "demo", "--once", "--json").end(code=0).json
    assert figures(again) == figures(at_once[0])
    assert rows(again) == rows(at_once[0])
    assert processes_of(folder) == {}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_start_that_is_told_to_end_leaves_nothing_running(place: Path, number: signal.Signals, code: int) -> None:
    folder = place / "told"
    folder.mkdir(exist_ok=True)
    program = Program(folder, "demo", "--once", "--json")
    program.error_with("rows")
    program.signal(number)
    said = program.end(code=code)
    assert said.out == ""
    wait_for(lambda: processes_of(folder) == {}, "PostgreSQL and all else have ended")
