"""A statement of another system from its file to its case, the acts on it, and the words of the command line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stocktower.app.actions import act
from stocktower.app.arguments import Arguments
from stocktower.app.files import import_file
from stocktower.app.home import Tower, apply_file
from stocktower.app.output import CommandFailed
from stocktower.app.verify import verify
from stocktower.app.workers import work_until_idle
from tests.app.shell import Shell
from tests.app.tower import open_cases, open_tower

SYSTEMS = """
[[systems]]
code = "wms"
name = "Warehouse"
kind = "wms"
every_hours = 24
"""
TWO_DAYS_LATER = 48


@pytest.fixture
def tower(database_url: str, tmp_path: Path) -> Iterator[Tower]:
    """A merchant with a hundred cups, and a warehouse system that states what it believes."""
    tower = open_tower(database_url, tmp_path)
    with tower.home.configuration_file.open("a", encoding="utf-8") as file:
        file.write(SYSTEMS)
    apply_file(tower, actor="tester")
    yield tower
    tower.database.close()


def state(tower: Tower, folder: Path, text: str, name: str = "a.csv") -> None:
    """Bring a statement in, and work it."""
    (folder / name).write_text(text, encoding="utf-8")
    import_file(tower, folder / name, kind="statement", system="wms", actor="tester")
    work_until_idle(tower)


def stock_of(tower: Tower) -> int:
    """How many cups there are."""
    from stocktower import catalog, inventory, network

    with tower.reading() as tx:
        sku = catalog.find_skus(tx, ["CUP"])["CUP"]
        return inventory.load_availability(tx, [sku.sku_id], network.load_network(tx)).on_hand(sku.sku_id)


STATED = "sku,quantity,as_of\nCUP,90,2026-06-01T12:00:00Z\n"


def test_taking_their_word_is_a_count_that_closes_the_case(tower: Tower, tmp_path: Path) -> None:
    state(tower, tmp_path, STATED)
    (case,) = open_cases(tower, "stock_difference")
    assert (case.cause_key, case.units, case.money_minor) == ("system/wms/shrinkage", 10, 2000)
    assert stock_of(tower) == 100, "a comparison moves nothing"
    rehearsed = act(tower, case.label, "accept_theirs", Arguments(), actor="ann", dry_run=True)
    assert rehearsed.notes == ("CUP at EAST, available: 100 becomes 90 as of 2026-06-01 12:00 UTC",)
    assert rehearsed.events["stock.counted"] == 1
    assert stock_of(tower) == 100
    act(tower, case.label, "accept_theirs", Arguments(sku="CUP"), actor="ann", dry_run=False)
    assert stock_of(tower) == 90
    work_until_idle(tower)
    assert open_cases(tower, "stock_difference") == []
    assert verify(tower).broken == []


def test_small_differences_are_left_out_for_a_time(tower: Tower, tmp_path: Path) -> None:
    state(tower, tmp_path, STATED)
    (case,) = open_cases(tower, "stock_difference")
    for wrong, problem in ((Arguments(units=10), "say why"), (Arguments(note="known"), "up to how many units")):
        with pytest.raises(CommandFailed, match=problem):
            act(tower, case.label, "allow", wrong, actor="ann", dry_run=False)
    act(
        tower,
        case.label,
        "allow",
        Arguments(units=10, hours=24, note="shelf check on Monday"),
        actor="ann",
        dry_run=False,
    )
    assert open_cases(tower, "stock_difference") == []
    state(tower, tmp_path, STATED.replace("90", "89"), "b.csv")
    (case,) = open_cases(tower, "stock_difference")
    assert case.units == 11, "what is larger is a case all the same"
    assert verify(tower).broken == []


def test_what_is_asked_for_is_noted(tower: Tower, tmp_path: Path) -> None:
    state(tower, tmp_path, STATED)
    (case,) = open_cases(tower, "stock_difference")
    done = act(tower, case.label, "wait_run", Arguments(), actor="ann", dry_run=False)
    assert done.notes == ("the next statement of wms is due by 2026-06-02 14:00 UTC",)
    asked = act(tower, case.label, "recount", Arguments(), actor="ann", dry_run=False).notes
    assert asked[0].startswith("sheet ")
    assert "CUP" in asked[0]
    again = act(tower, case.label, "recount", Arguments(), actor="ann", dry_run=False).notes
    assert "already" in again[0]
    assert [one.label for one in open_cases(tower, "stock_difference")] == [case.label]


def test_silence_is_a_case_that_can_be_put_off(tower: Tower, tmp_path: Path) -> None:
    from datetime import timedelta

    tower.clock.advance(timedelta(hours=TWO_DAYS_LATER))  # pyright: ignore[reportAttributeAccessIssue]
    work_until_idle(tower)
    (case,) = open_cases(tower, "statement_overdue")
    act(tower, case.label, "snooze", Arguments(hours=5), actor="ann", dry_run=False)
    work_until_idle(tower)
    assert open_cases(tower, "statement_overdue") == []
    tower.clock.advance(timedelta(hours=5))  # pyright: ignore[reportAttributeAccessIssue]
    work_until_idle(tower)
    assert len(open_cases(tower, "statement_overdue")) == 1
    state(tower, tmp_path, STATED.replace("06-01", "06-03"))
    assert open_cases(tower, "statement_overdue") == []


def test_a_file_of_nobody(tower: Tower, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(STATED, encoding="utf-8")
    with pytest.raises(CommandFailed, match="erp is not a system of the applied configuration") as refused:
        import_file(tower, tmp_path / "a.csv", kind="statement", system="erp", actor="tester")
    assert refused.value.code == 3
    with pytest.raises(CommandFailed, match="--system: say whose statement it is; one of wms"):
        import_file(tower, tmp_path / "a.csv", kind="statement", actor="tester")


@pytest.fixture
def shell(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The command line of that merchant."""
    monkeypatch.setenv("STOCKTOWER_DATABASE_URL", tower.url)
    return Shell(tower.home.folder)


def test_the_commands(shell: Shell, tower: Tower, tmp_path: Path) -> None:
    file = tmp_path / "wms.csv"
    file.write_text("sku,quantity\nCUP,90\nPUC,1\n", encoding="utf-8")
    words = ("import", "statement", file, "--system", "wms", "--as-of", "2026-06-01T12:00:00Z", "--complete")
    proof: Any = shell.ask(*words)
    assert (proof["rows"], proof["new"], proof["kind"]) == (2, 2, "statement")
    assert shell.ask(*words)["repeated"] == 2
    shell.ask("run")
    (system,) = shell.ask("reconcile", "status")["systems"]
    assert (system["run"]["different"], system["run"]["unknown"]) == (1, 1)
    shown = shell.ask("reconcile", "show", "wms")
    (line,) = shown["lines"]
    assert (line["sku"], line["ours"], line["theirs"], line["cause"]) == ("CUP", 100, 90, "shrinkage")
    assert [(one["sku"], one["problem"]) for one in shown["unknown"]] == [("PUC", "sku")]
    (again,) = shell.ask("reconcile", "run", "--system", "wms")["runs"]
    assert again["units_apart"] == 10
    assert "shrinkage" in shell.say("reconcile", "status").out
    assert "10 fewer there, and nothing explains it" in shell.say("reconcile", "show", "wms", "--sku", "CUP").out
    assert shell.ask("reconcile", "show", "wms", "--cause", "timing")["lines"] == []
    assert "not a cause" in shell.ask("reconcile", "show", "wms", "--cause", "ghosts", code=2)["error"]
    assert shell.ask("reconcile", "show", "nobody", code=3)["code"] == 3
    assert shell.ask("reconcile", "run", "--system", "nobody", code=3)["code"] == 3
