"""The hold of a cart and its order: taken over in one plan, kept while it is paid, never sold twice in between."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from stocktower import catalog, inventory, network, payments
from stocktower.inventory import EXPIRY, HoldRequest
from stocktower.payments import AttemptState
from stocktower.platform import Database, Transaction, next_due_at, take_due
from tests.ordering.test_threads import Edge
from tests.ordering.world import PLACED, World, document, send, setup, stock

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(tx: Transaction) -> World:
    """Three cups in the east, two in the west, and lids."""
    world = World(tx)
    world.stock("EAST", {"CUP": 3, "LID": 10})
    world.stock("WEST", {"CUP": 2})
    return world


def hold(world: World, reference: str, *lines: tuple[str, int]) -> int:
    """A cart of the web that holds stock for an hour."""
    [result] = inventory.hold(world.tx, [request(world, reference, lines)])
    assert result.hold_id is not None, result.missing
    return result.hold_id


def request(world: World, reference: str, lines: Sequence[tuple[str, int]]) -> HoldRequest:
    """What the cart asks for."""
    wanted = tuple((world.sku[code], units) for code, units in lines)
    return HoldRequest(world.network.channel_ids["web"], reference, wanted, world.tx.now + HOUR)


def state(world: World, reference: str) -> str:
    """What became of the hold of a cart, as a repeat of its request is told."""
    [result] = inventory.hold(world.tx, [request(world, reference, [("LID", 1)])])
    return result.state


def test_an_order_has_what_its_cart_held_though_nothing_else_is_free(world: World) -> None:
    hold(world, "cart", ("CUP", 5))
    world.order("web", document("other", ("CUP", 1)), document("mine", ("CUP", 5), hold="cart"))
    assert world.state("mine")[2] == "released"
    assert world.state("other")[1] == "stock"
    assert (world.available("EAST", "CUP"), world.available("WEST", "CUP")) == ((3, 3), (2, 2))
    assert state(world, "cart") == "superseded"
    world.tx.now += 2 * HOUR
    assert take_due(world.tx, EXPIRY, 10) == []
    world.check()


def test_an_order_of_the_same_batch_that_comes_first_does_not_take_it(world: World) -> None:
    hold(world, "cart", ("CUP", 5))
    early = document("early", ("CUP", 2), placed_at=PLACED - HOUR)
    world.order("web", early, document("mine", ("CUP", 5), hold="cart"))
    assert world.state("mine")[2] == "released"
    assert world.state("early")[1] == "stock"
    world.check()


def test_of_two_orders_that_name_one_cart_the_first_has_it(world: World) -> None:
    hold(world, "cart", ("CUP", 5))
    late = document("late", ("CUP", 5), hold="cart")
    early = document("early", ("CUP", 5), hold="cart", placed_at=PLACED - HOUR)
    gone = document("gone", ("CUP", 5), hold="cart", placed_at=PLACED - 2 * HOUR, cancelled_at=PLACED - HOUR)
    world.order("web", late, gone, early)
    assert world.state("early")[2] == "released"
    assert world.state("late")[1] == "stock"
    assert [one["state"] for one in world.told("late", "hold.lapsed")] == ["superseded"]
    assert world.told("early", "hold.lapsed") == []
    world.check()


def test_who_waits_longer_does_not_come_before_the_shopper(world: World) -> None:
    hold(world, "cart", ("CUP", 5))
    world.order("first", document("waits", ("CUP", 2)))
    assert world.state("waits")[1] == "stock"
    world.order("web", document("mine", ("CUP", 4), hold="cart"))
    assert world.state("mine")[2] == "released"
    # The fifth cup was left by the order, and is given to who waits: one of two.
    assert world.available("EAST", "CUP")[1] + world.available("WEST", "CUP")[1] == 5
    assert world.find("waits").lines[0].allocated == 1
    world.check()


def test_an_order_for_more_than_its_cart_held_takes_the_rest_like_any_other(world: World) -> None:
    hold(world, "cart", ("CUP", 2))
    world.order("web", document("mine", ("CUP", 4), hold="cart"))
    assert world.state("mine")[2] == "released"
    assert [told["reference"] for told in world.told("mine", "hold.superseded")] == ["cart"]
    world.check()


def test_a_kit_is_taken_over_as_its_components(world: World) -> None:
    hold(world, "cart", ("SET", 3), ("CUP", 2))
    world.order("web", document("mine", ("SET", 3), ("CUP", 2), hold="cart"))
    assert world.state("mine")[2] == "released"
    assert world.available("EAST", "LID") == (10, 6)
    world.check()


def test_a_hold_that_is_over_says_so_and_the_order_reserves_like_any_other(world: World) -> None:
    hold(world, "cart", ("CUP", 5))
    world.tx.now += 2 * HOUR
    inventory.expire_holds(world.tx, take_due(world.tx, EXPIRY, 10))
    world.order("web", document("other", ("CUP", 2)))
    world.order("web", document("mine", ("CUP", 5), hold="cart"))
    assert [told["state"] for told in world.told("mine", "hold.lapsed")] == ["expired"]
    assert world.find("mine").lines[0].allocated == 3
    world.check()


@pytest.mark.parametrize(
    "changes", [{"cancelled_at": PLACED}, {"placed_at": PLACED - 300 * 24 * HOUR}, {"fulfillment_state": "fulfilled"}]
)
def test_an_order_that_needs_nothing_gives_it_to_who_waits(world: World, changes: dict[str, Any]) -> None:
    hold(world, "cart", ("CUP", 5))
    world.order("web", document("waits", ("CUP", 4)))
    world.order("web", document("mine", ("CUP", 5), hold="cart", **changes))
    assert world.state("waits")[2] == "released"
    assert state(world, "cart") == "superseded"
    world.check()


def test_a_hold_is_kept_for_an_order_that_cannot_reserve_yet(world: World) -> None:
    hold(world, "cart", ("CUP", 5))
    world.order("web", document("mine", ("NEW", 5), hold="cart"))
    assert world.state("mine")[:2] == ("capture", "listing")
    world.tx.now += 10 * HOUR
    inventory.expire_holds(world.tx, take_due(world.tx, EXPIRY, 10))
    assert state(world, "cart") == "held"
    world.check()
    catalog.map_listing(world.tx, world.network.channel_ids["web"], "NEW", world.sku["CUP"], 1, "tester")
    world.work()
    assert world.state("mine")[2] == "released"
    assert state(world, "cart") == "superseded"
    world.check()


def test_a_hold_that_was_kept_is_given_back_when_its_order_is_cancelled(world: World) -> None:
    hold(world, "cart", ("CUP", 5))
    world.order("web", document("mine", ("NEW", 5), hold="cart"), document("waits", ("CUP", 1)))
    world.order("web", document("mine", ("NEW", 5), hold="cart", cancelled_at=PLACED))
    assert world.state("waits")[2] == "released"
    world.check()


def test_a_known_order_that_names_its_cart_late_takes_it_over(world: World) -> None:
    hold(world, "cart", ("CUP", 5))
    world.order("web", document("mine", ("CUP", 5)))
    assert world.state("mine")[1] == "stock"
    world.order("web", document("mine", ("CUP", 5), hold="cart"))
    assert world.state("mine")[2] == "released"
    world.check()


def test_the_hold_of_a_cart_that_is_being_paid_is_extended_up_to_the_longest(world: World) -> None:
    hold(world, "paid", ("CUP", 1))
    hold(world, "not", ("CUP", 1))
    channel_id = world.network.channel_ids["web"]
    payments.record_attempts(world.tx, [(channel_id, "paid", AttemptState.PENDING)])
    payments.record_attempts(world.tx, [(channel_id, "not", AttemptState.FAILED)])
    ends: list[float] = []
    start = world.tx.now
    while (due := next_due_at(world.tx)) is not None:
        ends.append((due - start) / MINUTE)
        world.tx.now = due
        inventory.expire_holds(world.tx, take_due(world.tx, EXPIRY, 10))
        world.check()
    assert ends == [60, 70, 80, 90, 100, 110, 120]
    assert (state(world, "paid"), state(world, "not")) == ("expired", "expired")


def test_a_payment_that_failed_may_begin_again(world: World) -> None:
    cart = (world.network.channel_ids["web"], "cart")
    for stated in (AttemptState.PENDING, AttemptState.FAILED, AttemptState.AUTHORIZING):
        payments.record_attempts(world.tx, [(*cart, stated)])
    assert payments.load_attempts(world.tx, [cart])[cart].state == "authorizing"
    assert payments.is_under_way(payments.load_attempts(world.tx, [cart])[cart])
    assert not payments.is_under_way(None)


@pytest.fixture
def edge(database: Database) -> Edge:
    """A merchant with twenty cups, all of them held by twenty carts."""
    edge = Edge(database)
    edge.run(setup)
    edge.run(lambda tx: stock(tx, "EAST", {"CUP": 20}))
    edge.settle()
    edge.run(lambda tx: inventory.hold(tx, carts(tx)))
    return edge


def carts(tx: Transaction, minutes: int = 10) -> list[HoldRequest]:
    """What twenty carts ask for."""
    sku_id = catalog.find_skus(tx, ["CUP"])["CUP"].sku_id
    channel_id = network.load_network(tx).channel_ids["web"]
    until = tx.now + minutes * MINUTE
    return [HoldRequest(channel_id, f"cart {number}", ((sku_id, 1),), until) for number in range(20)]


@pytest.mark.parametrize("attempt", range(4))
def test_expiry_against_orders_against_extensions(edge: Edge, attempt: int) -> None:
    """Whoever comes first: each cup is held, allocated or free, once; an answer `held` is true."""
    ids = [one.hold_id for one in edge.run(inventory.load_open_holds)]
    documents = [document(str(number), ("CUP", 1), hold=f"cart {number}") for number in range(20)]
    strangers = [document(f"stranger {number}", ("CUP", 1)) for number in range(20)]
    edge.run(lambda tx: send(tx, "web", *documents))
    edge.run(lambda tx: send(tx, "parts", *strangers))
    answers: list[tuple[str, Any]] = []

    def expire() -> None:
        def do(tx: Transaction) -> None:
            tx.now += 11 * MINUTE
            inventory.expire_holds(tx, ids)

        edge.run(do)

    def extend() -> None:
        results = edge.run(lambda tx: inventory.hold(tx, carts(tx, 30)))
        answers.extend((one.state, one.expires_at) for one in results)

    edge.at_once(expire, extend, lambda: edge.drain("order", 7), lambda: edge.drain("order", 7))
    edge.settle()
    edge.check()
    orders = [edge.find(str(number)) for number in range(20)] + [edge.find(f"stranger {n}") for n in range(20)]
    allocated = sum(order.lines[0].allocated for order in orders)
    assert edge.row("EAST", "CUP") == (20, allocated)
    assert allocated == 20
    assert len(answers) == 20
    for number in range(20):
        kinds = [entry.kind for entry in orders[number].timeline]
        if "hold.superseded" in kinds:
            assert orders[number].lines[0].allocated == 1
        else:
            assert "hold.lapsed" in kinds
