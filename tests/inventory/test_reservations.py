"""Recording reservations: the rows themselves refuse too much, mistakes of callers are named, and claims are read."""

import pytest
from msgspec.structs import replace

from stocktower import inventory
from stocktower.inventory import ORDER, Demand, FreeStock, Grant, NotLocked, OverAllocated, UnknownDemand
from stocktower.platform import FEW, Transaction
from tests.inventory.world import World, broken


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant with rope in two places."""
    world = World(tx)
    world.count(tx, "EAST", {"ROPE": 10}, opening=True)
    world.count(tx, "STORE", {"ROPE": 3}, opening=True)
    return world


def test_supply_tells_who_lays_claim(tx: Transaction, world: World) -> None:
    rope = world.sku["ROPE"]
    assert world.order(tx, 1, "ROPE", 15) == 10
    supply = inventory.lock_supply(tx, [rope])
    assert [row.site_id for row in supply.rows[rope]] == [world.site["STORE"]]
    assert supply.asides == {rope: {world.channel["b2b"]: 5}}
    assert supply.waiting == {rope: {world.channel["web"]: 5}}
    [waiting] = inventory.load_waiting(tx, [rope])
    assert (waiting.order_id, waiting.short) == (1, 5)


def test_who_waits_is_told_for_what_is_given_back_too(tx: Transaction, world: World) -> None:
    rope = world.sku["ROPE"]
    world.order(tx, 1, "ROPE", 15)
    world.order(tx, 2, "ROPE", 3, site="STORE")
    assert inventory.lock_supply(tx, [rope]).waiting == {}
    assert inventory.lock_supply(tx, [rope], giving=[rope]).waiting == {rope: {world.channel["web"]: 5}}


def test_the_write_itself_refuses_more_than_there_is(tx: Transaction, world: World) -> None:
    rope = world.sku["ROPE"]
    supply = inventory.lock_supply(tx, [rope])
    [row] = [row for row in supply.rows[rope] if row.site_id == world.site["EAST"]]
    inventory.record_reservations(tx, supply, grants=[Grant(1, 1, rope, row.stock_id, 11)])
    with pytest.raises(OverAllocated, match="stock_never_over_allocated"):
        tx.flush()


def test_few_entries_and_many_are_recorded_alike(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 1_000}, opening=True)
    cup = world.sku["CUP"]
    many = FEW + 50
    for first, count in ((1, 3), (1_000, many)):
        supply = inventory.lock_supply(tx, [cup])
        [row] = [row for row in supply.rows[cup] if row.site_id == world.site["EAST"]]
        demands = [
            Demand(order_id, 1, cup, ORDER, world.channel["web"], 1, tx.now, 1, wanted=1, allocated=1)
            for order_id in range(first, first + count)
        ]
        grants = [Grant(one.order_id, 1, cup, row.stock_id, 1) for one in demands]
        inventory.record_reservations(tx, supply, new_demands=demands, grants=grants)
        inventory.record_reservations(
            tx, supply, changed_demands=[replace(one, allocated=0, cancelled=1) for one in demands[:2]],
            returns=grants[:2], return_reason="cancelled",
        )  # fmt: skip
    assert broken(tx) == []


def test_only_what_is_locked_may_be_changed(tx: Transaction, world: World) -> None:
    with pytest.raises(NotLocked):
        inventory.record_reservations(tx, inventory.lock_supply(tx, []), grants=[Grant(1, 1, world.sku["ROPE"], 1, 1)])


def test_only_demand_that_is_there_can_change(tx: Transaction, world: World) -> None:
    world.order(tx, 1, "ROPE", 1)
    [demand] = inventory.load_demands(tx, [1])
    with pytest.raises(UnknownDemand):
        inventory.record_reservations(
            tx, inventory.lock_supply(tx, [world.sku["ROPE"]]), changed_demands=[replace(demand, line_no=9)]
        )


def test_one_batch_writes_each_row_once(tx: Transaction, world: World) -> None:
    rope = world.sku["ROPE"]
    supply = inventory.lock_supply(tx, [rope], giving=[rope])
    stock = FreeStock(supply, world.reach)
    east = world.site["EAST"]
    grants = [grant for order_id in (1, 2, 3) for grant in stock.take(order_id, 1, rope, east, 2)]
    demands = [
        inventory.Demand(one, 1, rope, inventory.ORDER, world.channel["web"], 30, tx.now, 1, 2, 2) for one in (1, 2, 3)
    ]
    inventory.record_reservations(tx, supply, new_demands=demands, grants=grants)
    assert world.row(tx, "EAST", "ROPE") == (10, 6, 0)
    assert [(one.order_id, one.quantity) for one in inventory.load_allocations(tx, [1, 2, 3])] == [
        (1, 2),
        (2, 2),
        (3, 2),
    ]
    assert broken(tx) == []


def test_safety_stock_and_asides_are_what_is_stated(tx: Transaction, world: World) -> None:
    available = inventory.load_availability(tx, [world.sku["ROPE"]], world.network)
    rope, web, b2b = world.sku["ROPE"], world.channel["web"], world.channel["b2b"]
    # East keeps two, the store one; five are set aside for wholesale, which only the east serves.
    assert available.free(rope, web) == 13
    assert available.pools(rope) == {world.site["EAST"]: 8, world.site["STORE"]: 2}
    assert available.ats(rope, web) == 5
    assert available.ats(rope, b2b) == 8
    assert available.shown(rope, b2b, 3) == 2
    keys = [step.key for step in available.waterfall(rope, web)]
    assert keys == ["on_hand", "safety_stock", "aside", "ats"]


def test_kits_are_computed_from_their_components(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 4, "LID": 5})
    world.count(tx, "WEST", {"CUP": 1, "LID": 9})
    available = inventory.load_availability(tx, [world.sku["SET"]], world.network)
    assert available.is_kit(world.sku["SET"])
    # Two sets in the east and one in the west, though there are cups for five and lids for seven.
    assert available.ats(world.sku["SET"], world.channel["web"]) == 3
    assert available.ats(world.sku["SET"], world.channel["b2b"]) == 2


def test_many_skus_at_once_say_what_one_says(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 40, "LID": 30, "ROPE": 20})
    world.count(tx, "STORE", {"CUP": 5, "LID": 2})
    world.count(tx, "WEST", {"ROPE": 9}, status="damaged")
    world.order(tx, 1, "CUP", 60)
    world.order(tx, 2, "ROPE", 3, channel="b2b")
    one = inventory.load_availability(tx, world.sku.values(), world.network)
    for wanted in (list(world.sku.values()), [world.sku["SET"]], None):
        offers = inventory.load_offers(tx, wanted, world.network)
        assert set(offers.sku_ids.tolist()) == set(wanted or world.sku.values())
        for channel_id in world.channel.values():
            assert offers.ats(channel_id).tolist() == [one.ats(sku, channel_id) for sku in offers.sku_ids.tolist()]
            places = offers.places([world.sku["SET"]])
            assert offers.shown(channel_id, places, 2).tolist() == [one.shown(world.sku["SET"], channel_id, 2)]
    assert max(inventory.load_offers(tx, None, world.network).ats(world.channel["web"])) > 0
    with pytest.raises(KeyError):
        inventory.load_offers(tx, [world.sku["CUP"]], world.network).places([world.sku["LID"]])
