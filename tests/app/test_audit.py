"""What people do at the edge leaves a record: configurations that they apply, and files that they bring in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stocktower import access
from stocktower.app.files import import_file
from stocktower.app.home import Tower, apply_file
from stocktower.app.output import CommandFailed
from tests.app.tower import CONFIGURATION, open_tower


@pytest.fixture
def tower(database_url: str, tmp_path: Path) -> Iterator[Tower]:
    tower = open_tower(database_url, tmp_path)
    yield tower
    tower.database.close()


def acts(tower: Tower) -> list[tuple[str, str]]:
    """Who did what, the first first."""
    with tower.reading() as tx:
        assert access.verify_audit(tx) == []
        return [(entry.actor, entry.act) for entry in reversed(access.load_audit(tx))]


def test_a_configuration_that_changes_something_is_an_act(tower: Tower) -> None:
    assert acts(tower) == [("tester", "configuration.apply")]
    apply_file(tower, actor="ada")
    tower.home.configuration_file.write_text(CONFIGURATION.replace('"East"', '"Far east"'), encoding="utf-8")
    apply_file(tower, actor="ada", dry_run=True)
    assert acts(tower) == [("tester", "configuration.apply")]
    apply_file(tower, actor="ben")
    assert acts(tower)[1:] == [("ben", "configuration.apply")]


def test_a_file_that_is_brought_in_is_an_act(tower: Tower, tmp_path: Path) -> None:
    path = tmp_path / "stock.csv"
    path.write_text("site,sku,quantity\nEAST,CUP,90\n", encoding="utf-8")
    with pytest.raises(CommandFailed):
        import_file(tower, tmp_path / "missing.csv", kind="stock", actor="ada")
    import_file(tower, path, kind="stock", actor="ada")
    assert acts(tower)[1:] == [("ada", "import.file")]
    with tower.reading() as tx:
        assert access.load_audit(tx, limit=1)[0].data == {"kind": "stock", "name": "stock.csv", "source": "sites"}
