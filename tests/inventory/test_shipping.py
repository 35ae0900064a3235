"""What left a site is recorded whatever was thought to be there: never below zero, never somebody else's units."""

import pytest
from msgspec.structs import replace

from stocktower import inventory
from stocktower.inventory import Posting
from stocktower.platform import Transaction
from tests.inventory.world import World, broken, events


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant with ten cups in the east and four in the west."""
    world = World(tx)
    world.count(tx, "EAST", {"CUP": 10, "LID": 20}, opening=True)
    world.count(tx, "WEST", {"CUP": 4}, opening=True)
    return world


def test_allocated_units_leave(tx: Transaction, world: World) -> None:
    world.order(tx, 1, "CUP", 3)
    result = world.ship(tx, 1, "CUP", 2)
    assert replace(result, left=()) == inventory.ConsumeResult()
    assert [(one.owner, one.quantity) for one in result.left] == [("own", 2)]
    assert world.row(tx, "EAST", "CUP") == (8, 1, 0)
    assert world.demand(tx, 1) == {"CUP": (1, 0, 2, 0)}
    assert events(tx, "stock.adjusted", "stock.counted") == []
    assert broken(tx) == []


def test_units_that_leave_from_another_site_free_the_first(tx: Transaction, world: World) -> None:
    world.order(tx, 1, "CUP", 3)
    result = world.ship(tx, 1, "CUP", 3, site="WEST")
    assert world.row(tx, "EAST", "CUP") == (10, 0, 0)
    assert world.row(tx, "WEST", "CUP") == (1, 0, 0)
    assert world.demand(tx, 1) == {"CUP": (0, 0, 3, 0)}
    assert [one.quantity for one in result.elsewhere] == [3]
    assert broken(tx) == []


def test_what_the_row_lacks_is_found(tx: Transaction, world: World) -> None:
    world.order(tx, 1, "CUP", 3, site="WEST")
    # Five leave the west, which has four, of which three are order 1's.
    result = world.ship(tx, 2, "CUP", 5, site="WEST")
    assert world.row(tx, "WEST", "CUP") == (3, 3, 4)
    assert world.demand(tx, 1) == {"CUP": (3, 0, 0, 0)}
    assert [one.units for one in result.shortfalls] == [4]
    assert result.excess == ((2, 1, world.sku["CUP"], 5),)
    [(_, data)] = events(tx, "stock.adjusted")
    assert (data["delta"], data["reason"]) == (4, "discrepancy")
    assert broken(tx) == []


def test_a_receipt_reverses_the_discrepancy_first(tx: Transaction, world: World) -> None:
    world.ship(tx, 2, "CUP", 5, site="WEST")
    assert world.row(tx, "WEST", "CUP") == (0, 0, 1)
    posting = Posting(world.sku["CUP"], world.site["WEST"], 6, tx.now, "PO-1", cost_minor=260)
    [posted] = inventory.receive(tx, [posting])
    assert posted.quantity_after == 5
    assert world.row(tx, "WEST", "CUP") == (5, 0, 0)
    told = [(kind, data["delta"], data["cost_minor"]) for kind, data in events(tx, "stock.received", "stock.adjusted")]
    assert told == [("stock.adjusted", 1, None), ("stock.received", 6, 260), ("stock.adjusted", -1, None)]
    assert broken(tx) == []


def test_a_site_without_a_row_ships_all_the_same(tx: Transaction, world: World) -> None:
    world.order(tx, 1, "ROPE", 1)
    result = world.ship(tx, 1, "ROPE", 1, site="STORE")
    assert world.row(tx, "STORE", "ROPE") == (0, 0, 1)
    assert world.demand(tx, 1) == {"ROPE": (0, 0, 1, 0)}
    assert len(result.shortfalls) == 1
    assert broken(tx) == []


def test_several_items_of_a_batch_see_each_other(tx: Transaction, world: World) -> None:
    world.order(tx, 1, "CUP", 6)
    world.order(tx, 2, "CUP", 4)
    cup, east = world.sku["CUP"], world.site["EAST"]
    items = [inventory.Consume(order, 1, cup, east, units, 7, tx.now) for order, units in ((1, 4), (2, 4), (1, 2))]
    result = inventory.consume(tx, items)
    assert replace(result, left=()) == inventory.ConsumeResult()
    assert [one.quantity for one in result.left] == [4, 4, 2]
    assert world.row(tx, "EAST", "CUP") == (0, 0, 0)
    assert world.demand(tx, 1) == {"CUP": (0, 0, 6, 0)}
    assert broken(tx) == []


def test_a_cancelled_unit_that_ships_is_shipped(tx: Transaction, world: World) -> None:
    world.order(tx, 1, "CUP", 2)
    supply = inventory.lock_supply(tx, [world.sku["CUP"]], giving=[world.sku["CUP"]])
    [demand] = inventory.load_demands(tx, [1])
    [held] = inventory.load_allocations(tx, [1])
    inventory.record_reservations(
        tx,
        supply,
        changed_demands=[
            inventory.Demand(
                1, 1, demand.sku_id, demand.kind, demand.channel_id, demand.priority, demand.placed_at, 1, 2, 0, 0, 0, 2
            )
        ],
        returns=[inventory.Grant(1, 1, held.sku_id, held.stock_id, held.quantity)],
    )
    assert world.ship(tx, 1, "CUP", 2).excess == ()
    assert world.demand(tx, 1) == {"CUP": (0, 0, 2, 0)}
    assert world.row(tx, "EAST", "CUP") == (8, 0, 0)
    assert broken(tx) == []


def test_an_adjustment_leaves_what_is_allocated(tx: Transaction, world: World) -> None:
    world.order(tx, 1, "CUP", 8)
    cup, east = world.sku["CUP"], world.site["EAST"]
    refused, taken = inventory.adjust(
        tx, [Posting(cup, east, -3, tx.now, reason="damage"), Posting(cup, east, -2, tx.now, reason="damage")]
    )
    assert refused.problem == "8 of 10 are allocated: only 2 can be taken out"
    assert (taken.problem, taken.quantity_after) == ("", 8)
    assert world.row(tx, "EAST", "CUP") == (8, 8, 0)
    assert broken(tx) == []


def test_balances_are_rebuilt_from_the_ledgers(tx: Transaction, world: World) -> None:
    world.order(tx, 1, "CUP", 3)
    world.ship(tx, 1, "CUP", 2)
    assert inventory.find_drift(tx) == []
    assert inventory.rebuild_balances(tx) == []
    tx.connection.execute(b"UPDATE inventory.stock SET quantity = quantity + 5, allocated = allocated + 1")
    assert "row_is_the_sum_of_its_moves" in broken(tx)
    assert {(one.quantity - one.moved, one.allocated - one.reserved) for one in inventory.rebuild_balances(tx)} == {
        (5, 1)
    }
    assert world.row(tx, "EAST", "CUP") == (8, 1, 0)
    assert broken(tx) == []
