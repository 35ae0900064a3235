"""The auditor can fail: a letter that the tower never got, and a stock row that somebody changed, are noticed."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from stocktower.app.simulate import Failed, Simulation
from tests.simulation.worlds import STEPS


def test_a_lost_order_is_noticed(new_database_url: Callable[[], str], tmp_path: Path) -> None:
    simulation = Simulation(3, new_database_url(), tmp_path / "home", steps=STEPS, crashes=0)
    lost: list[str] = []

    def drop(letter: object) -> bool:
        kind, key = getattr(letter, "kind", ""), getattr(letter, "key", "")
        if kind == "order" and not lost:
            lost.append(key)
        return kind == "order" and key in lost

    simulation.drop = drop
    try:
        with pytest.raises(Failed):
            simulation.run()
    finally:
        simulation.close()
    assert lost


def test_a_changed_stock_row_is_noticed(new_database_url: Callable[[], str], tmp_path: Path) -> None:
    url = new_database_url()
    simulation = Simulation(4, url, tmp_path / "home", steps=STEPS, crashes=0)
    try:
        simulation.begin()
        for _ in range(6):
            simulation.step()
        simulation.calm()
        with psycopg.connect(url) as connection:
            changed = connection.execute("UPDATE inventory.stock SET quantity = quantity + 1").rowcount
        assert changed
        with pytest.raises(Failed):
            simulation.check(end=True)
    finally:
        simulation.close()
