"""The auditor can fail: a letter that the tower never got, and what somebody changed behind its back, are noticed."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from stocktower.app.simulate import Failed, Simulation
from stocktower.simulation import Cart, Recall
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


@pytest.fixture(scope="module")
def url(new_database_url: Callable[[], str]) -> str:
    """The database of a world in the middle of its life."""
    return new_database_url()


@pytest.fixture(scope="module")
def simulation(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    """A world with a cart, a recalled lot and one that has expired, of which nothing is wrong."""
    simulation = Simulation(4, url, tmp_path_factory.mktemp("home"), steps=STEPS, crashes=0)
    simulation.begin()
    for _ in range(STEPS // 3):
        simulation.step()
    simulation.world.now += timedelta(days=1)
    simulation.step()
    rows = simulation.window.see_all(simulation.tower).stock
    lot = next(row for row in rows if row.lot and row.quantity > row.allocated)
    plain = next(row for row in rows if not row.lot and row.status == "available" and row.quantity > row.allocated)
    shop = next(shop for shop in simulation.world.merchant.shops if plain.site in shop.sites)
    simulation.do([Recall(lot.sku, lot.lot), Cart(shop.code, "a cart", ((plain.sku, 1),), 600)])
    simulation.check()
    yield simulation
    simulation.close()


TAMPERED = {
    "units": ("stock", "UPDATE inventory.stock SET quantity = quantity + 1", "should be there"),
    "promises": ("stock", "UPDATE inventory.stock SET allocated = quantity", "are allocated"),
    "a recalled lot": ("stock", "UPDATE inventory.stock SET allocated = quantity WHERE lot <> ''", "are promised"),
    "an expired lot": (
        "stock",
        "UPDATE inventory.stock AS sold SET quantity = sold.quantity + old.quantity FROM inventory.stock AS old WHERE "
        "(old.sku_id, old.site_id, old.owner, old.lot) = (sold.sku_id, sold.site_id, sold.owner, sold.lot) "
        "AND old.status = 'expired' AND old.quantity > 0 AND sold.status = 'available'",
        "has expired",
    ),
    "a longer hold": (
        "hold",
        "UPDATE inventory.hold SET expires_at = expires_at + interval '1 hour' WHERE state = 'held'",
        "it holds until",
    ),
    "no hold": ("hold", "DELETE FROM inventory.hold WHERE state = 'held'", "its hold is gone"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_somebody_changed_is_noticed(what: str, simulation: Simulation, url: str) -> None:
    table, statement, words = TAMPERED[what]
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM inventory.{table}".encode())
        changed = connection.execute(statement.encode()).rowcount
        connection.commit()
        found = simulation.auditor.compare(simulation.window.see_all(simulation.tower))
        connection.execute(f"DELETE FROM inventory.{table}".encode())
        connection.execute(f"INSERT INTO inventory.{table} SELECT * FROM kept".encode())
    assert changed
    assert any(words in one for one in found), found
    assert simulation.auditor.compare(simulation.window.see_all(simulation.tower)) == []
