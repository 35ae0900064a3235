"""Rebuild: whatever is written past its ledger is found, and comes back identical."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stocktower import exchange
from stocktower.app.home import Tower
from stocktower.app.rebuild import PROJECTIONS, rebuild_projections
from stocktower.app.verify import verify
from stocktower.app.workers import work_until_idle
from stocktower.platform import FrozenClock
from tests.web import world

TABLES = {
    "inventory.stock": "inventory.stock",
    "inventory.demand": "inventory.demand",
    "inventory.inbound": "inventory.inbound",
    "inventory.bin": "inventory.bin",
    "publication.standing": "publication.standing",
    "finance.valuation": "finance.valuation",
    "finance.balance": "finance.balance",
}
CORRUPTIONS = (
    ("inventory.stock", "UPDATE inventory.stock SET quantity = quantity + 7, sequence = sequence + 2"),
    ("inventory.stock", "UPDATE inventory.stock SET allocated = 0 WHERE allocated > 0"),
    ("inventory.demand", "UPDATE inventory.demand SET allocated = 0, consumed = consumed + allocated "
                         "WHERE allocated > 0"),
    ("inventory.demand", "UPDATE inventory.demand SET short = 0, cancelled = cancelled + short WHERE short > 0"),
    ("inventory.demand", "UPDATE inventory.demand SET consumed = 0, allocated = allocated + consumed "
                         "WHERE consumed > 0"),
    ("publication.standing", "UPDATE publication.standing SET told = told + 1 WHERE told IS NOT NULL"),
    ("publication.standing", "UPDATE publication.standing SET told = NULL, told_at = NULL, publication_id = NULL "
                             "WHERE told IS NOT NULL"),
    ("finance.valuation", "UPDATE finance.valuation SET value_minor = value_minor + 1, sequence = sequence - 1"),
    ("finance.balance", "UPDATE finance.balance SET debit_minor = debit_minor + 1"),
    ("finance.balance", "DELETE FROM finance.balance"),
)  # fmt: skip


@pytest.fixture(scope="module")
def tower(new_database_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tower]:
    opened = world.open_world(new_database_url(), Path(tmp_path_factory.mktemp("rebuilt")))
    yield opened
    opened.database.close()


def everything(tower: Tower) -> dict[str, list[str]]:
    """All rows of all projections."""
    with tower.reading() as tx:
        return {
            name: sorted(map(repr, tx.connection.execute(f"SELECT * FROM {table}".encode()).fetchall()))
            for name, table in TABLES.items()
        }


def test_every_projection_is_tested() -> None:
    assert {projection.name for projection in PROJECTIONS} == TABLES.keys()


@pytest.mark.parametrize(("name", "statement"), CORRUPTIONS)
def test_what_was_written_past_a_ledger_comes_back_identical(tower: Tower, name: str, statement: str) -> None:
    before = everything(tower)
    assert rebuild_projections(tower, by="tester", dry_run=True).differing == 0
    with tower.transaction("vandal") as tx:
        changed = tx.connection.execute(statement.encode()).rowcount
        assert changed
    assert everything(tower) != before
    rehearsed = rebuild_projections(tower, by="tester", dry_run=True)
    found = {one.name: (one.differing, one.repaired) for one in rehearsed.projections if one.differing}
    assert found == {name: (changed, 0)}
    assert everything(tower) != before
    done = rebuild_projections(tower, by="tester", dry_run=False)
    assert {one.name: (one.differing, one.repaired) for one in done.projections if one.differing} == {
        name: (changed, changed)
    }
    assert everything(tower) == before
    assert verify(tower).ok


def test_it_goes_on_while_workers_work(tower: Tower) -> None:
    with tower.transaction("vandal") as tx:
        tx.connection.execute(b"UPDATE inventory.stock SET quantity = quantity + 3, sequence = sequence + 1")
        tx.connection.execute(b"UPDATE publication.standing SET told = told + 1 WHERE told IS NOT NULL")
        tx.connection.execute(b"UPDATE finance.balance SET credit_minor = credit_minor + 1")
    assert isinstance(tower.clock, FrozenClock)
    tower.clock.at += timedelta(minutes=1)
    orders = [world.order(f"R{n}", "LAMP" if n % 2 else "BULB", 1, 900, tower.clock.now()) for n in range(20)]
    errors: list[BaseException] = []

    def work() -> None:
        try:
            world.send(tower, "web", exchange.ORDER, [(one.order_ref, one) for one in orders])
        except BaseException as error:
            errors.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    for _ in range(3):
        rebuild_projections(tower, by="tester", dry_run=False)
    worker.join()
    assert errors == []
    work_until_idle(tower)
    rebuild_projections(tower, by="tester", dry_run=False)
    assert rebuild_projections(tower, by="tester", dry_run=True).differing == 0
    assert verify(tower).ok
