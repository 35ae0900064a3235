"""How far a run is: rows that are worked, of those that there were and that came meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stocktower import exchange
from stocktower.app.home import Tower
from stocktower.app.watching import Watch
from stocktower.app.workers import work_until_idle
from tests.app.tower import open_tower, order, send


@pytest.fixture
def tower(database_url: str, tmp_path: Path) -> Iterator[Tower]:
    """A merchant whose inbox is empty."""
    tower = open_tower(database_url, tmp_path)
    work_until_idle(tower)
    yield tower
    tower.database.close()


def test_rows_done_of_rows(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stocktower.app.watching.LEAST", 0.0)
    monkeypatch.setattr("stocktower.app.watching.SELDOM", 0)
    send(tower, exchange.ORDER, {f"A{n}": order(n) for n in range(1, 6)})
    watch = Watch(tower)
    assert watch.words("orders", {"orders": 0}) == "orders: 0 of 5 rows (orders 0)"
    send(tower, exchange.ORDER, {"A6": order(6)})
    assert watch.words("orders", {"orders": 0}) == "orders: 0 of 6 rows (orders 0)"
    work_until_idle(tower)
    assert watch.words("orders", {"orders": 6}) == "orders: 6 of 6 rows (orders 6)"
    assert watch.words("finance", {"orders": 6, "finance": 9}) == "orders 6, finance 9"
