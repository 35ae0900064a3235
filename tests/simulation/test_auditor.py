"""The auditor can fail: a letter that the tower never got, and what somebody changed behind its back, are noticed."""

import copy
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from stocktower.app.simulate import Failed, Simulation
from stocktower.exchange import AssemblyDocument
from stocktower.simulation import VIP, Cart, Done, Making, Recall
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
    """A world with a cart, a recalled lot, one that has expired, and preorders, of which nothing is wrong."""
    simulation = Simulation(3, url, tmp_path_factory.mktemp("home"), steps=STEPS, crashes=0)
    simulation.begin()
    for _ in range(6):
        simulation.step()
    simulation.world.now += timedelta(days=1)
    simulation.step()
    rows = simulation.window.see_all(simulation.tower).stock
    lot = next(row for row in rows if row.lot and row.quantity > row.allocated)
    plain = {row.sku for row in rows if not row.lot and row.status == "available" and row.quantity > row.allocated}
    shop = simulation.world.merchant.shops[0].code
    # Some of it is kept for others: one of the carts at least is given what it asks for.
    carts = [Cart(shop, f"cart of {sku}", ((sku, 1),), 600) for sku in sorted(plain)]
    simulation.do([Recall(lot.sku, lot.lot), *carts])
    simulation.check()
    yield simulation
    simulation.close()


TAMPERED = {
    "units": ("inventory.stock", "UPDATE inventory.stock SET quantity = quantity + 1", "should be there"),
    "promises": ("inventory.stock", "UPDATE inventory.stock SET allocated = quantity", "are allocated"),
    "a recalled lot": (
        "inventory.stock",
        "UPDATE inventory.stock SET allocated = quantity WHERE lot <> ''",
        "are promised",
    ),
    "an expired lot": (
        "inventory.stock",
        "UPDATE inventory.stock AS sold SET quantity = sold.quantity + old.quantity FROM inventory.stock AS old WHERE "
        "(old.sku_id, old.site_id, old.owner, old.lot) = (sold.sku_id, sold.site_id, sold.owner, sold.lot) "
        "AND old.status = 'expired' AND old.quantity > 0 AND sold.status = 'available'",
        "has expired",
    ),
    "a longer hold": (
        "inventory.hold",
        "UPDATE inventory.hold SET expires_at = expires_at + interval '1 hour' WHERE state = 'held'",
        "it holds until",
    ),
    "an inbound": (
        "inventory.inbound",
        "UPDATE inventory.inbound SET expected_at = expected_at + interval '1 day' WHERE open > 0",
        "should come at",
    ),
    "a promise of it": (
        "inventory.inbound_claim",
        "UPDATE inventory.inbound_claim SET claimed = claimed + 100 WHERE claimed > 0",
        "that will come",
    ),
    "a day": (
        "ordering.promise",
        "UPDATE ordering.promise SET promised_on = promised_on + 1 WHERE promised_on IS NOT NULL",
        "promised for",
    ),
    "more in a bin": (
        "inventory.bin",
        "UPDATE inventory.bin SET quantity = quantity + 50 WHERE quantity > 0 AND bin <> 'picked'",
        "should lie in",
    ),
    "another picked": ("inventory.bin", "UPDATE inventory.bin SET bin = 'picked' WHERE bin = 'B-1'", "in picked"),
    "what has left bins": ("inventory.bin", "UPDATE inventory.bin SET quantity = 0", "in bins at least"),
    "no hold": ("inventory.hold", "DELETE FROM inventory.hold WHERE state = 'held'", "its hold is gone"),
}


def stored_columns(connection: psycopg.Connection, table: str) -> str:
    """The columns of a table that are not worked out from others."""
    found = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
        "AND attgenerated = '' ORDER BY attnum",
        [table],
    )
    return ", ".join(name for (name,) in found.fetchall())


@pytest.mark.parametrize("what", TAMPERED)
def test_what_somebody_changed_is_noticed(what: str, simulation: Simulation, url: str) -> None:
    table, statement, words = TAMPERED[what]
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        columns = stored_columns(connection, table)
        connection.execute(f"CREATE TEMP TABLE kept AS SELECT {columns} FROM {table}".encode())
        changed = connection.execute(statement.encode()).rowcount
        connection.commit()
        found = simulation.auditor.compare(simulation.window.see_all(simulation.tower))
        connection.execute(f"DELETE FROM {table}".encode())
        connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM kept".encode())
    assert changed
    assert any(words in one for one in found), found
    assert simulation.auditor.compare(simulation.window.see_all(simulation.tower)) == []


def test_an_answer_that_does_not_add_up_is_noticed(simulation: Simulation) -> None:
    """What was made, and a recall that leaves out who has the lot."""
    auditor = simulation.auditor
    good = next(good for good in simulation.world.merchant.goods if good.materials)
    document = AssemblyDocument("M-x", "EAST", good.sku, 2, occurred_at=simulation.clock.at)
    tower = simulation.window.see_all(simulation.tower)
    known = copy.deepcopy(auditor)
    known.hear(Making(document), Done("made", moved=((good.sku, 2),)), simulation.clock.at)
    assert any("it moved" in one for one in known.compare(tower))
    known = copy.deepcopy(auditor)
    known.lots.ship("S-00", "L", ("web", "WEB-1"))
    known.hear(Recall("S-00", "L"), Done("held"), simulation.clock.at)
    assert any("recalled from" in one for one in known.compare(tower))


def test_who_ranks_first_and_waits_for_what_others_keep_is_noticed(simulation: Simulation) -> None:
    auditor, merchant = copy.deepcopy(simulation.auditor), simulation.world.merchant
    tower = simulation.window.see_all(simulation.tower)
    aside = {sku for _, sku, _ in merchant.asides}
    first, other = next(
        (first, other)
        for first in tower.orders
        for other in tower.orders
        if first is not other and other.step != "done" and (first.shop == other.shop)
        for listing in [auditor.orders[first.shop, first.order_ref].lines[0].listing]
        if auditor.orders[other.shop, other.order_ref].lines[0].listing == listing
        and (offer := merchant.offer(first.shop, listing)).pack == 1
        and offer.sku not in aside
        and not merchant.good(offer.sku).components
    )
    for order, name in ((first, VIP), (other, "")):
        model = auditor.orders[order.shop, order.order_ref]
        model.document = replace(model.document, customer_class=name)
    site = merchant.shop(first.shop).sites[0]
    short = replace(first, lines=(replace(first.lines[0], ordered=1, backordered=1),))
    keeps = replace(other, lines=(replace(other.lines[0], unreleased=((site, 1),)), *other.lines[1:]))
    orders = tuple({first: short, other: keeps}.get(one, one) for one in tower.orders)
    found = auditor.compare(replace(tower, orders=orders))
    assert any(f"{other.order_ref} keeps 1" in one for one in found), found
