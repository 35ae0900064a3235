"""What may be sold of a row: its status, the state of its lot and its expiry say so, wherever rows are read."""

from datetime import timedelta

import pytest

from stocktower import inventory
from stocktower.inventory import FreeStock, Grant
from stocktower.platform import Transaction
from tests.inventory.world import TEXT, World, broken


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant whose stock is all in one place."""
    return World(tx)


def put_in_lot(tx: Transaction, lot: str, *, days: int | None = None, state: str = "open") -> None:
    """All stock becomes of one lot that expires in some days."""
    expires_at = None if days is None else tx.now + timedelta(days=days)
    tx.connection.execute("UPDATE inventory.stock SET lot = %s WHERE merchant_id = %s", (lot, tx.merchant_id))
    tx.connection.execute(
        "INSERT INTO inventory.lot SELECT merchant_id, sku_id, lot, %s, NULL, %s, %s, %s FROM inventory.stock "
        "WHERE merchant_id = %s",
        (expires_at, tx.now, state, tx.now, tx.merchant_id),
    )


@pytest.mark.parametrize(
    ("days", "state", "is_sold"),
    [(None, "open", True), (1, "open", True), (0, "open", False), (-1, "open", False), (1, "held", False)],
)
def test_a_lot_is_sold_while_it_is_open_and_not_expired(
    tx: Transaction, world: World, days: int | None, state: str, is_sold: bool
) -> None:
    world.count(tx, "EAST", {"CUP": 10}, opening=True)
    put_in_lot(tx, "A1", days=days, state=state)
    cup = world.sku["CUP"]
    supply = inventory.lock_supply(tx, [cup])
    available = inventory.load_availability(tx, [cup], world.network)
    [row] = available.rows(cup)
    assert (cup in supply.rows, row.sellable, available.ats(cup, world.channel["web"])) == (
        is_sold, is_sold, 10 if is_sold else 0,
    )  # fmt: skip
    assert row.expires_at == (None if days is None else tx.now + timedelta(days=days))
    if is_sold:
        assert (supply.rows[cup][0].lot, supply.rows[cup][0].expires_at) == ("A1", row.expires_at)
    # That no recall holds it is seen.
    assert broken(tx) == (["lots_are_held_by_recalls"] if state == "held" else [])


@pytest.mark.parametrize(
    ("sellable", "is_over", "is_sold"), [(True, False, True), (False, False, False), (True, True, False)]
)
def test_a_status_of_the_merchants_own_says_whether_it_is_sold(
    tx: Transaction, sellable: bool, is_over: bool, is_sold: bool
) -> None:
    world = World(tx, f'{TEXT}[[statuses]]\ncode = "outlet"\nsellable = {str(sellable).lower()}\n')
    world.count(tx, "EAST", {"CUP": 10}, opening=True, status="outlet")
    world.count(tx, "WEST", {"CUP": 3}, opening=True, status="quarantine")
    if is_over:
        tx.connection.execute("UPDATE inventory.status SET until = since WHERE merchant_id = %s", (tx.merchant_id,))
    cup = world.sku["CUP"]
    available = inventory.load_availability(tx, [cup], world.network)
    assert (cup in inventory.lock_supply(tx, [cup]).rows, available.ats(cup, world.channel["web"])) == (
        is_sold, 10 if is_sold else 0,
    )  # fmt: skip
    assert available.waterfall(cup, world.channel["web"])[-1].running == (10 if is_sold else 0)


def test_what_is_given_back_to_a_held_lot_is_not_taken_again(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 10}, opening=True)
    assert world.order(tx, 1, "CUP", 10) == 10
    put_in_lot(tx, "A1", state="held")
    cup, east = world.sku["CUP"], world.site["EAST"]
    supply = inventory.lock_supply(tx, [cup], giving=[cup])
    [row] = supply.rows[cup]
    stock = FreeStock(supply, world.reach)
    stock.give(cup, east, row.stock_id, 4)
    assert (row.sellable, stock.free.get((cup, east), 0)) == (False, 0)
    inventory.record_reservations(tx, supply, returns=[Grant(1, 1, cup, row.stock_id, 4)])
    assert world.row(tx, "EAST", "CUP") == (10, 6, 0)


def test_a_lot_that_nobody_knows_breaks_a_rule(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 1}, opening=True)
    tx.connection.execute("UPDATE inventory.stock SET lot = 'A1' WHERE merchant_id = %s", (tx.merchant_id,))
    assert broken(tx) == ["lots_are_known"]
