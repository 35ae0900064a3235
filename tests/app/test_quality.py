"""The steward's commands: the queue, one SKU, duplicates, a merge rehearsed, done and undone, each with its record."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stocktower import access
from stocktower.app.home import Tower
from stocktower.app.verify import verify
from stocktower.app.workers import work_until_idle
from stocktower.exchange import PRODUCT, ProductDocument
from tests.app.shell import Shell
from tests.app.tower import open_tower, send


@pytest.fixture
def tower(database_url: str, tmp_path: Path) -> Iterator[Tower]:
    """A merchant with a cup, and the same cup once more."""
    tower = open_tower(database_url, tmp_path)
    twin = ProductDocument(
        "CUP-2", "Cup", cost_minor=200, currency="USD", weight_grams=90, price_minor=500, category="cups"
    )
    same = ProductDocument("CUP", "Cup", currency="USD", weight_grams=90, price_minor=500, category="cups")
    send(tower, PRODUCT, {"CUP": same, "CUP-2": twin})
    work_until_idle(tower)
    yield tower
    tower.database.close()


@pytest.fixture
def shell(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The command line of that merchant."""
    monkeypatch.setenv("STOCKTOWER_DATABASE_URL", tower.url)
    return Shell(tower.home.folder)


def test_the_queue_and_one_sku(shell: Shell) -> None:
    found = shell.ask("quality")
    assert found["overview"]["skus"] == 2, "products are checked by their own events"
    assert {row["sku"] for row in found["queue"]} == {"CUP", "CUP-2"}
    one = shell.ask("quality", "CUP")
    assert {item["name"] for item in one["failing"]} == {"duplicate_name", "missing_barcode"}
    assert one["quality"]["score"] == 82
    assert "missing_barcode" in shell.say("quality", "CUP").out
    assert "2 SKUs checked" in shell.say("quality").out
    assert shell.ask("quality", "check")["skus"] == 2
    assert "not a check" in shell.ask("quality", "--check", "ghosts", code=2)["error"]
    assert shell.ask("quality", "NONE", code=3)["code"] == 3


def test_a_merge_rehearsed_done_and_undone(shell: Shell, tower: Tower) -> None:
    (pair,) = shell.ask("quality", "duplicates")["duplicates"]
    assert (pair["first"], pair["second"], pair["score"]) == ("CUP", "CUP-2", 80)
    assert "has stock" in shell.ask("quality", "merge", "CUP", "CUP-2", code=2)["error"]
    rehearsed = shell.ask("quality", "merge", "CUP-2", "CUP", "--dry-run")
    assert rehearsed == {"dry_run": True, "notes": ["CUP-2 stands for CUP (Cup) and is not sold itself any more"]}
    assert shell.ask("quality", "duplicates")["duplicates"] != []
    shell.ask("quality", "merge", "CUP-2", "CUP", "--note", "counted twice")
    assert shell.ask("quality", "duplicates")["duplicates"] == []
    assert shell.ask("quality", "undo", "CUP-2")["notes"] == ["CUP-2 is a SKU of its own again"]
    assert "is not merged" in shell.ask("quality", "undo", "CUP-2", code=2)["error"]
    assert "Would be: CUP-2 and CUP are two" in shell.say("quality", "dismiss", "CUP-2", "CUP", "--dry-run").out
    with tower.reading() as tx:
        acts = [entry.act for entry in access.load_audit(tx, limit=20)]
    assert acts.count("sku.merge") == 1
    assert acts.count("sku.undo_merge") == 1
    work_until_idle(tower)
    assert verify(tower).broken == []
