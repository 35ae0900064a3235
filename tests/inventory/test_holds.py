"""Holds: all lines or none, no more than the channel may sell, once per reference, given back in time."""

from datetime import timedelta

import pytest

from stocktower import inventory
from stocktower.inventory import EXPIRY, Cart, CartResult, EndHold, HoldRequest, UnknownName
from stocktower.inventory.promises.carts import hold_carts
from stocktower.platform import Transaction, next_due_at, take_due
from tests.inventory.world import World, broken, events

HOUR = timedelta(hours=1)


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant with a little of everything."""
    world = World(tx)
    world.count(tx, "EAST", {"CUP": 4, "LID": 9, "ROPE": 10}, opening=True)
    world.count(tx, "WEST", {"CUP": 2}, opening=True)
    world.count(tx, "STORE", {"CUP": 3}, opening=True)
    return world


def ask(tx: Transaction, world: World, reference: str, *lines: tuple[str, int], channel: str = "web") -> HoldRequest:
    """A request for an hour."""
    return HoldRequest(
        world.channel[channel], reference, tuple((world.sku[code], units) for code, units in lines), tx.now + HOUR
    )


def test_a_hold_takes_from_unprotected_sites_first_and_leaves_safety_stock(tx: Transaction, world: World) -> None:
    [result] = inventory.hold(tx, [ask(tx, world, "a", ("CUP", 7))])
    assert result.state == "held"
    assert result.hold_id is not None
    assert [world.row(tx, site, "CUP")[1] for site in ("EAST", "WEST", "STORE")] == [4, 2, 1]
    assert world.demand(tx, result.hold_id) == {"CUP": (7, 0, 0, 0)}
    assert next_due_at(tx) == tx.now + HOUR
    assert events(tx, "supply.changed") == [("supply.changed", {"sku_ids": [world.sku["CUP"]]})]
    assert broken(tx) == []


def test_all_lines_or_none(tx: Transaction, world: World) -> None:
    [result] = inventory.hold(tx, [ask(tx, world, "a", ("LID", 3), ("CUP", 9))])
    assert result.state == "refused"
    assert result.missing == ((world.sku["CUP"], 9, 8),)
    assert world.row(tx, "EAST", "LID") == (9, 0, 0)


def test_requests_of_a_batch_see_each_other(tx: Transaction, world: World) -> None:
    results = inventory.hold(tx, [ask(tx, world, str(number), ("CUP", 3)) for number in range(4)])
    assert [one.state for one in results] == ["held", "held", "refused", "refused"]
    assert results[2].missing == ((world.sku["CUP"], 3, 2),)
    assert broken(tx) == []


def test_a_cart_of_unknown_names_is_answered_so_and_its_neighbours_are_served(tx: Transaction, world: World) -> None:
    def cart(reference: str, *lines: tuple[str, int], channel: str = "web") -> Cart:
        return Cart(channel, reference, lines, HOUR)

    first, nothing, nowhere, last = hold_carts(
        tx,
        [cart("a", ("CUP", 3)), cart("b", ("LID", 1), ("NONE", 1)), cart("c", channel="moon"), cart("d", ("CUP", 9))],
    )
    assert isinstance(first, CartResult)
    assert first.result.state == "held"
    assert first.result.expires_at == tx.now + HOUR
    assert nothing == UnknownName("NONE", 1)
    assert nowhere == UnknownName("moon", known=tuple(world.channel))
    assert isinstance(last, CartResult)
    assert last.codes == {world.sku["CUP"]: "CUP"}
    assert last.result.missing == ((world.sku["CUP"], 9, 5),)
    assert world.row(tx, "EAST", "LID") == (9, 0, 0)


def test_another_channels_aside_is_left(tx: Transaction, world: World) -> None:
    [web] = inventory.hold(tx, [ask(tx, world, "a", ("ROPE", 4))])
    assert web.missing == ((world.sku["ROPE"], 4, 3),)
    [b2b] = inventory.hold(tx, [ask(tx, world, "a", ("ROPE", 8), channel="b2b")])
    assert b2b.state == "held"


def test_kits_are_held_whole(tx: Transaction, world: World) -> None:
    [result] = inventory.hold(tx, [ask(tx, world, "a", ("SET", 4))])
    assert result.hold_id is not None
    assert world.demand(tx, result.hold_id) == {"CUP": (4, 0, 0, 0), "LID": (8, 0, 0, 0)}
    assert world.row(tx, "EAST", "CUP") == (4, 4, 0)
    assert broken(tx) == []


def test_a_reference_is_held_once(tx: Transaction, world: World) -> None:
    first, again = inventory.hold(tx, [ask(tx, world, "a", ("CUP", 2)), ask(tx, world, "a", ("CUP", 2))])
    [later] = inventory.hold(tx, [ask(tx, world, "a", ("CUP", 2))])
    assert first.hold_id == again.hold_id == later.hold_id
    assert (first.repeated, again.repeated, later.repeated) == (False, True, True)
    assert world.row(tx, "EAST", "CUP") == (4, 2, 0)


def test_a_repeat_that_asks_for_longer_extends(tx: Transaction, world: World) -> None:
    inventory.hold(tx, [ask(tx, world, "a", ("CUP", 2))])
    tx.now += HOUR / 2
    [longer] = inventory.hold(tx, [ask(tx, world, "a", ("CUP", 2))])
    assert longer.expires_at == tx.now + HOUR
    assert next_due_at(tx) == tx.now + HOUR
    tx.now += HOUR / 2
    assert take_due(tx, EXPIRY, 10) == []


def test_a_hold_expires(tx: Transaction, world: World) -> None:
    [result] = inventory.hold(tx, [ask(tx, world, "a", ("CUP", 5))])
    assert result.hold_id is not None
    tx.now += 2 * HOUR
    inventory.expire_holds(tx, take_due(tx, EXPIRY, 10))
    assert world.demand(tx, result.hold_id) == {"CUP": (0, 0, 0, 5)}
    assert world.row(tx, "EAST", "CUP") == (4, 0, 0)
    [repeat] = inventory.hold(tx, [ask(tx, world, "a", ("CUP", 1))])
    assert (repeat.state, repeat.repeated) == ("expired", True)
    assert [data["delta"] for _, data in events(tx, "hold.ended")] == [-5]
    assert broken(tx) == []


def test_a_hold_is_given_back_once(tx: Transaction, world: World) -> None:
    inventory.hold(tx, [ask(tx, world, "a", ("CUP", 5))])
    end = EndHold(world.channel["web"], "a")
    [first] = inventory.release_holds(tx, [end])
    [again] = inventory.release_holds(tx, [end])
    [unknown] = inventory.release_holds(tx, [EndHold(world.channel["web"], "nobody")])
    assert (first.state, first.repeated) == ("released", False)
    assert (again.state, again.repeated) == ("released", True)
    assert unknown.state == "refused"
    assert world.row(tx, "EAST", "CUP") == (4, 0, 0)
    assert next_due_at(tx) is None
    assert broken(tx) == []


def test_held_units_are_not_offered(tx: Transaction, world: World) -> None:
    inventory.hold(tx, [ask(tx, world, "a", ("CUP", 5))])
    available = inventory.load_availability(tx, [world.sku["CUP"]], world.network)
    assert available.ats(world.sku["CUP"], world.channel["web"]) == 3
    assert [one.reference for one in inventory.load_open_holds(tx)] == ["a"]
