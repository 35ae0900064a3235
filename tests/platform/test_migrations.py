"""Migrations: applied once, in order; a changed file, an unknown one and a late one are refused."""

import threading
from pathlib import Path

import psycopg
import pytest

from stocktower.platform import MigrationError, migrate, migrations_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two migrations."""
    (tmp_path / "0001_first.sql").write_text("CREATE SCHEMA sample;\nCREATE TABLE sample.a (n int); -- 100 %s\n")
    (tmp_path / "0002_second.sql").write_text("ALTER TABLE sample.a ADD m int;")
    (tmp_path / "README.md").write_text("Not a migration.")
    return tmp_path


@pytest.fixture
def empty_url(database_url: str) -> str:
    """A database that remembers no migration."""
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP TABLE public.stocktower_migration")
    return database_url


def test_applied_once_and_in_order(empty_url: str, folder: Path) -> None:
    assert migrate(empty_url, folder) == ["0001_first", "0002_second"]
    assert migrate(empty_url, folder) == []
    (folder / "0003_third.sql").write_text("DROP SCHEMA sample CASCADE;")
    assert migrate(empty_url, folder) == ["0003_third"]


def test_several_processes_at_once(empty_url: str, folder: Path) -> None:
    applied: list[list[str]] = []
    threads = [threading.Thread(target=lambda: applied.append(migrate(empty_url, folder))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [[], [], [], ["0001_first", "0002_second"]]


def test_a_changed_file_is_refused(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder)
    (folder / "0001_first.sql").write_text("CREATE SCHEMA other;")
    with pytest.raises(MigrationError, match="0001_first was changed"):
        migrate(empty_url, folder)


def test_a_database_of_a_newer_version_is_refused(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(MigrationError, match="does not know"):
        migrate(empty_url, folder)


def test_a_late_file_is_refused(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder)
    (folder / "0001_other.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="renumber"):
        migrate(empty_url, folder)


def test_one_that_fails_leaves_nothing(empty_url: str, folder: Path) -> None:
    (folder / "0003_third.sql").write_text("CREATE TABLE sample.b (n int);\nSELECT 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty_url, folder)
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT to_regclass('sample.a'), to_regclass('sample.b')").fetchone() == (
            "sample.a",
            None,
        )
    (folder / "0003_third.sql").unlink()
    assert migrate(empty_url, folder) == []


def test_the_repository_has_its_migrations() -> None:
    names = [path.name for path in sorted(migrations_folder().glob("*.sql"))]
    assert names[0] == "0001_platform.sql"
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
