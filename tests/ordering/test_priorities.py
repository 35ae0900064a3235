"""Who is served before whom, and who gives what to whom: by rules, with reasons, never what is released or due soon."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower import inventory, ordering
from stocktower.model import Priority
from stocktower.network import load_network
from stocktower.ordering.model import Precedence
from stocktower.ordering.priorities import decide_precedence, may_take
from stocktower.platform import Database, Transaction
from tests.ordering.test_threads import Edge
from tests.ordering.world import DUE, PLACED, TEXT, World, document, send, setup, stock

DUE[ordering.REALLOCATE] = ordering.reallocate
HOUR = timedelta(hours=1)
RULES = (
    TEXT
    + """
[[priorities]]
name = "best customers"
rank = 5
customer_classes = ["VIP"]
takes = true

[[priorities]]
name = "express"
rank = 20
services = ["express"]
channels = ["web"]

[[priorities]]
name = "the rest of the web"
rank = 50
channels = ["web"]
gives = true
protect_hours = 24
"""
)
LATER = PLACED + 30 * 24 * HOUR


@pytest.fixture
def world(tx: Transaction) -> World:
    """Ten cups in the east."""
    world = World(tx, RULES)
    world.stock("EAST", {"CUP": 10, "LID": 20})
    return world


def held(number: str, units: int, **changes: Any) -> Any:
    """An order of the rest of the web that reserves and is not released."""
    return document(number, ("CUP", units), risk="high", ship_by_at=LATER, **changes)


@pytest.mark.parametrize(
    ("changes", "rank", "reasons"),
    [
        ({"customer_class": "vip"}, 5, ("customer class vip",)),
        ({"tags": ("new", "Vip")}, 5, ("customer class Vip",)),
        ({"ship_service": "EXPRESS"}, 20, ("channel web", "service EXPRESS")),
        ({}, 50, ("channel web",)),
    ],
)
def test_the_first_rule_that_fits_ranks_an_order(
    world: World, changes: dict[str, Any], rank: int, reasons: tuple[str, ...]
) -> None:
    world.order("web", document("a", ("CUP", 1), **changes))
    assert world.find("a").priority == rank
    (told,) = world.told("a", "order.prioritized")
    assert (told["rank"], tuple(told["reasons"])) == (rank, reasons)
    world.check()


def test_without_a_rule_the_channel_counts(world: World) -> None:
    world.order("parts", document("a", ("CUP", 1)))
    assert world.find("a").priority == 40
    assert world.told("a", "order.prioritized") == []


def test_a_promise_within_hours_is_a_condition(world: World) -> None:
    rule = Priority(rank=1, within_hours=24)
    channel = world.network.channels[world.network.channel_ids["web"]]
    one = document("a", ("CUP", 1))
    assert decide_precedence([rule], one, channel, PLACED + 24 * HOUR) is not None
    assert decide_precedence([rule], one, channel, PLACED + 25 * HOUR) is None
    assert decide_precedence([rule], one, channel, None) is None


def test_what_is_short_takes_from_the_last_in_rank(world: World) -> None:
    world.order("web", held("first", 5), held("second", 5))
    world.order("web", document("best", ("CUP", 3), customer_class="VIP"))
    assert world.state("best")[2] == "released"
    assert world.find("first").lines[0].allocated == 5
    assert world.find("second").lines[0].allocated == 2
    (told,) = world.told("second", "allocation.released")
    assert told["reason"] == "taken for order best, which ranks before it"
    assert [data["quantity"] for data in world.told("second", "line.backordered")] == [3]
    world.check()


def test_what_a_site_did_not_find_is_taken_from_the_last_in_rank(world: World) -> None:
    world.stock("WEST", {"CUP": 2})
    world.order("web", document("vip", ("CUP", 2), customer_class="VIP"))
    assert world.find("vip").fulfillments[0].site == "EAST"
    world.order("web", held("rest", 2))
    world.order("web", held("more", 6))
    world.stock("EAST", {"CUP": 10}, world.tx.now - HOUR)
    assert sum(units for number in ("rest", "more") for _, units in world.find(number).lines[0].sites) == 8
    world.order("web", held("last", 2))
    assert world.find("last").lines[0].sites == (("WEST", 2),)
    world.confirm("vip", "short_picked", [("CUP", 2)])
    assert world.find("vip").lines[0].sites == (("WEST", 2),)
    assert world.state("vip")[2] == "released"
    assert world.find("last").lines[0].sites != (("WEST", 2),)
    world.check()


def test_who_gave_is_planned_anew_from_what_is_left(world: World) -> None:
    world.order("web", held("a", 10))
    world.stock("WEST", {"CUP": 2})
    world.order("web", document("best", ("CUP", 4), customer_class="VIP"))
    # Two come from the west, so that only two are taken.
    assert world.state("best")[2] == "released"
    assert world.find("a").lines[0].allocated == 8
    world.check()


def test_who_waits_longer_does_not_get_what_is_taken(world: World) -> None:
    world.order("web", held("a", 10))
    world.order("first", document("waits", ("CUP", 4)))
    world.order("web", document("best", ("CUP", 4), customer_class="VIP"))
    assert world.state("best")[2] == "released"
    assert world.state("waits")[1] == "stock"
    world.check()


def test_nothing_is_taken_of_what_is_released_protected_or_may_not_be(world: World) -> None:
    world.order("web", document("released", ("CUP", 4), ship_by_at=LATER))
    world.order("web", document("soon", ("CUP", 3), risk="high", ship_by_at=world.tx.now + 24 * HOUR))
    world.order("web", document("express", ("CUP", 3), risk="high", ship_service="express", ship_by_at=LATER))
    world.order("web", document("best", ("CUP", 2), customer_class="VIP"))
    assert world.state("best")[1] == "stock"
    assert [world.find(number).lines[0].allocated for number in ("released", "soon", "express")] == [4, 3, 3]
    world.check()


def test_a_kit_takes_its_components(world: World) -> None:
    world.order("web", document("a", ("SET", 10), risk="high", ship_by_at=LATER))
    world.order("web", document("best", ("SET", 4), customer_class="VIP"))
    assert world.state("best")[2] == "released"
    assert world.find("a").lines[0].allocated == 6
    world.check()


ranks = st.integers(1, 5)
hours = st.integers(0, 72)


@given(ranks, ranks, st.booleans(), st.booleans(), hours, st.none() | st.integers(-10, 100))
def test_units_go_only_from_a_lower_rank_that_gives_to_one_that_takes(
    mine: int, theirs: int, takes: bool, gives: bool, protect: int, due: int | None
) -> None:
    now = datetime(2026, 6, 1, tzinfo=PLACED.tzinfo)
    taker = Precedence(mine, "a", (), takes, False, 0)
    giver = Precedence(theirs, "b", (), False, gives, protect)
    ships_by = None if due is None else now + due * HOUR
    expected = takes and gives and theirs > mine and (due is None or due > protect)
    assert may_take(taker, giver, ships_by, now) is expected
    assert not may_take(None, giver, ships_by, now)
    assert not may_take(taker, None, ships_by, now)


@pytest.fixture
def edge(database: Database) -> Edge:
    """Ten orders that are not released have all cups."""
    edge = Edge(database)
    edge.run(lambda tx: setup(tx, RULES))
    edge.run(lambda tx: stock(tx, "EAST", {"CUP": 20}))
    edge.settle()
    edge.run(lambda tx: send(tx, "web", *[held(str(number), 2) for number in range(10)]))
    edge.settle()
    return edge


@pytest.mark.parametrize("attempt", range(4))
def test_taking_against_release(edge: Edge, attempt: int) -> None:
    ids = [edge.find(str(number)).order.order_id for number in range(10)]
    best = [document(f"best {number}", ("CUP", 1), customer_class="VIP") for number in range(8)]
    edge.run(lambda tx: send(tx, "web", *best))
    edge.drain("order", 4)
    takers = [edge.find(f"best {number}").order.order_id for number in range(8)]

    def release() -> None:
        for order_id in ids[::2]:
            edge.run(lambda tx, order_id=order_id: ordering.clear_hold(tx, order_id, "fraud_review"))

    def take(order_ids: list[int]) -> None:
        for order_id in order_ids:
            edge.run(lambda tx, order_id=order_id: ordering.reallocate(tx, [order_id]))

    edge.at_once(release, lambda: take(takers[:4]), lambda: take(takers[4:]))
    edge.settle()
    edge.check()
    assert edge.row("EAST", "CUP") == (20, 20)
    orders = [edge.find(str(number)) for number in range(10)]
    for order in orders:
        assert order.lines[0].released <= order.lines[0].allocated
    served = [edge.find(f"best {number}").lines[0].allocated for number in range(8)]
    assert served == [1] * 8
    assert sum(order.lines[0].allocated for order in orders) == 12
    assert edge.run(load_network).channel_ids
    assert edge.run(inventory.load_open_holds) == []
