"""What people do about orders, and what deadlines do; a dry run is the same, rolled back."""

from datetime import timedelta

import pytest

from stocktower import ordering
from stocktower.exchange import PaymentDocument, StockDocument, StockLine
from stocktower.ordering import NotPossible, UnknownOrder
from stocktower.platform import Transaction
from tests.ordering.world import PLACED, World, document


@pytest.fixture
def world(tx: Transaction) -> World:
    """Stock at two sites."""
    world = World(tx)
    world.stock("EAST", {"CUP": 10, "LID": 10, "ROPE": 10})
    world.stock("WEST", {"CUP": 10})
    return world


def order_id(world: World, number: str = "1") -> int:
    """The id of an order."""
    return world.find(number).order.order_id


def test_a_named_hold_keeps_stock_and_stops_release(world: World, tx: Transaction) -> None:
    world.order("web", document("1", ("ROPE", 12)))
    said = ordering.set_hold(tx, order_id(world), "ask", "customer called")
    assert said == ["1: Held for ask: customer called"]
    world.stock("EAST", {"ROPE": 20})
    assert world.state("1") == ("release", "hold", "reserved")
    world.check()
    said = ordering.clear_hold(tx, order_id(world), "ask")
    assert said == ["1: Hold ask cleared", "1: Validated", "1: Released 1-F1 to EAST (12 units)"]
    world.work()
    assert world.state("1")[2] == "released"
    with pytest.raises(NotPossible):
        ordering.clear_hold(tx, order_id(world), "ask")
    world.check()


def test_a_cleared_review_is_not_set_again_by_an_unrelated_change(world: World, tx: Transaction) -> None:
    world.order("web", document("1", ("CUP", 2), risk="high"))
    assert world.cases() == {"fraud_review order": 1}
    ordering.clear_hold(tx, order_id(world), "fraud_review")
    assert world.cases() == {}
    world.order("web", document("1", ("CUP", 3), risk="high"))
    assert world.state("1")[2] == "released"
    world.check()


@pytest.mark.parametrize(("stated", "goods", "discount"), [(2301, 2301, 0), (1950, 2000, 50)])
def test_an_accepted_total_is_taken_over_by_the_lines(
    world: World, tx: Transaction, stated: int, goods: int, discount: int
) -> None:
    world.order("web", document("1", ("CUP", 1), ("ROPE", 1), total_minor=stated))
    ordering.accept_total(tx, order_id(world))
    found = world.find("1").lines
    assert sum(line.goods_minor for line in found) == goods
    assert sum(line.discount_minor for line in found) == discount
    assert world.state("1")[2] == "released"
    assert world.cases() == {}
    world.check()


def test_cancel_by_a_person_and_the_channel_following_is_one_cancellation(world: World, tx: Transaction) -> None:
    world.order("web", document("1", ("CUP", 5)))
    ordering.cancel_line(tx, order_id(world), 1, units=2)
    world.order("web", document("1", ("CUP", 3)))
    (line,) = world.find("1").lines
    assert (line.ordered, line.cancelled, line.allocated) == (5, 2, 3)
    world.check()


def test_cancel_order_keeps_what_is_picked(world: World, tx: Transaction) -> None:
    world.order("web", document("1", ("CUP", 2), ("ROPE", 1)))
    world.confirm("1", "picked", [("CUP", 1)])
    said = ordering.cancel_order(tx, order_id(world), "changed mind")
    assert "1: 2 units cancelled (changed mind); 1 unit are picked already" in said
    with pytest.raises(NotPossible):
        ordering.cancel_order(tx, order_id(world))
    world.check()


def test_cancel_what_waits_for_a_sku(world: World, tx: Transaction) -> None:
    world.order("web", document("1", ("ROPE", 12), ("CUP", 1)), document("2", ("ROPE", 1)))
    ids = [order_id(world, "1"), order_id(world, "2")]
    ordering.cancel_backorders(tx, ids, world.sku["ROPE"])
    world.work()
    assert world.state("1")[2] == "released"
    assert world.state("2") == ("done", "", "cancelled")
    assert world.cases() == {}
    world.check()


def test_what_is_cancelled_goes_to_who_waits(world: World, tx: Transaction) -> None:
    world.order("web", document("1", ("ROPE", 10)), document("2", ("ROPE", 4)))
    ordering.cancel_order(tx, order_id(world, "1"))
    world.work()
    assert world.state("2")[2] == "released"
    world.check()


def test_reroute_leaves_a_site_out(world: World, tx: Transaction) -> None:
    world.order("web", document("1", ("CUP", 2)))
    ordering.reroute(tx, order_id(world), avoid_site=world.network.site_ids["EAST"])
    assert [(one.site, one.state) for one in world.find("1").fulfillments] == [
        ("EAST", "cancelled"),
        ("WEST", "released"),
    ]
    assert world.available("EAST", "CUP") == (10, 0)
    world.check()


def test_reroute_leaves_an_order_with_its_site_when_no_other_has_it(world: World, tx: Transaction) -> None:
    world.order("web", document("1", ("ROPE", 2), ("CUP", 1)))
    said = ordering.reroute(tx, order_id(world), avoid_site=world.network.site_ids["EAST"])
    assert said == ["1: left with EAST, no other site has all of it"]
    assert [(one.site, one.state) for one in world.find("1").fulfillments] == [("EAST", "released")]
    world.check()


def test_reroute_plans_what_is_not_released_anew(world: World, tx: Transaction) -> None:
    world.order("web", document("1", ("CUP", 2), risk="high"))
    said = ordering.reroute(tx, order_id(world))
    assert said[0] == "1: Gave back 2 units"
    assert world.state("1") == ("validate", "hold", "reserved")
    world.check()


def test_unknown_orders_are_refused(tx: Transaction, world: World) -> None:
    with pytest.raises(UnknownOrder):
        ordering.cancel_order(tx, 1)


def test_a_lapsed_authorisation_holds_what_is_not_released(world: World, tx: Transaction) -> None:
    tender = PaymentDocument("card", "p", 12000, "authorized", authorized_at=PLACED)
    world.order("web", document("1", ("ROPE", 12), financial_state="authorized", payments=(tender,)))
    assert world.state("1")[1] == "stock"
    tx.now = PLACED + timedelta(days=8)
    world.work()
    assert world.state("1")[:2] == ("validate", "payment")
    assert world.find("1").order.payment_state == "expired"
    world.check()
    world.stock("EAST", {"ROPE": 20})
    assert world.state("1") == ("validate", "payment", "reserved")
    world.check()


def test_a_person_says_that_a_payment_was_captured(world: World, tx: Transaction) -> None:
    from stocktower import payments

    tender = PaymentDocument("card", "p", 2000, "authorized", authorized_at=PLACED)
    world.order("web", document("1", ("CUP", 2), financial_state="authorized", payments=(tender,)))
    (payment,) = payments.load_payments(tx, [order_id(world)])[order_id(world)]
    until = tx.now + timedelta(days=3)
    assert ordering.extend_authorization(tx, payment.payment_id, until)[-1] == "authorised until 2026-06-04 12:00 UTC"
    ordering.capture_payment(tx, payment.payment_id)
    assert world.find("1").order.payment_state == "paid"
    with pytest.raises(NotPossible):
        ordering.capture_payment(tx, payment.payment_id)
    world.check()


def test_a_count_cuts_what_is_not_released_lowest_priority_first(world: World) -> None:
    held = {"risk": "high"}
    world.order("web", document("1", ("ROPE", 3)), document("2", ("ROPE", 3), **held))
    world.order("first", document("3", ("ROPE", 3), **held))
    world.stock("EAST", {"ROPE": 5})
    lines = {number: world.find(number).lines[0] for number in ("1", "2", "3")}
    assert {number: (line.allocated, line.backordered) for number, line in lines.items()} == {
        "1": (3, 0),
        "2": (0, 3),
        "3": (2, 1),
    }
    assert world.cases()["no_stock sku/ROPE"] == 2
    assert world.available("EAST", "ROPE") == (5, 5)
    world.check()
    world.stock("EAST", {"ROPE": 9})
    assert "no_stock sku/ROPE" not in world.cases()
    assert world.find("2").lines[0].allocated == 3
    world.check()


def test_a_count_below_what_is_released_is_a_shortfall(world: World) -> None:
    world.order("web", document("1", ("ROPE", 6)))
    world.stock("EAST", {"ROPE": 2})
    assert world.state("1")[2] == "released"
    assert world.cases() == {"shortfall stock": 1}
    world.check()


def test_a_doubtful_count_is_taken_on_a_persons_word(world: World, tx: Transaction) -> None:
    result = ordering.take_count(tx, StockDocument("EAST", tx.now, (StockLine("CUP", 4),)), 0)
    assert result.changed == 1
    assert world.available("EAST", "CUP") == (4, 0)


def test_a_dry_run_leaves_nothing(world: World, tx: Transaction) -> None:
    world.order("web", document("1", ("CUP", 2)))
    before = world.find("1")

    class Undone(Exception):
        pass

    def rehearse() -> None:
        with tx.savepoint():
            assert ordering.cancel_order(tx, order_id(world))
            raise Undone

    with pytest.raises(Undone):
        rehearse()
    tx.write_events()
    assert world.find("1") == before
    world.check()
