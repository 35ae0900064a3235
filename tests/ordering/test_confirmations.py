"""What sites report: late, twice, too much, too little, before its order."""

from datetime import timedelta

import pytest

from stocktower import worklist
from stocktower.exchange import LineDocument, load_backlog
from stocktower.platform import Transaction
from tests.ordering.world import PLACED, World, document


@pytest.fixture
def world(tx: Transaction) -> World:
    """Stock at two sites, and order 1 for two cups and a rope, released from the east."""
    world = World(tx)
    world.stock("EAST", {"CUP": 10, "LID": 10, "ROPE": 10})
    world.stock("WEST", {"CUP": 3})
    world.order("web", document("1", ("CUP", 2), ("ROPE", 1)))
    return world


def test_a_report_before_its_order_waits_for_it(world: World, tx: Transaction) -> None:
    world.confirm("9", "shipped")
    assert [(one.kind, one.state) for one in load_backlog(tx)] == [("confirmation", "waiting")]
    world.order("web", document("9", ("CUP", 1)))
    assert world.state("9")[0] == "done"
    assert load_backlog(tx) == []
    world.check()


def test_a_report_by_the_channels_reference_finds_its_order(world: World) -> None:
    world.confirm("ref-1", "shipped")
    assert world.state("1")[0] == "done"


def test_a_missed_wake_up_is_made_up_by_time(world: World, tx: Transaction) -> None:
    from stocktower import exchange, ordering

    world.confirm("9", "shipped")
    (message,) = exchange.load_messages_of_key(tx, "EAST", "confirmation", "9")
    tx.now += timedelta(minutes=6)
    ordering.retry_confirmations(tx, [message.message_id])
    assert [one.state for one in load_backlog(tx)] == ["ready"]
    world.work()
    assert [one.state for one in load_backlog(tx)] == ["waiting"]


def test_a_report_for_an_order_that_is_held_waits_with_a_case(world: World, tx: Transaction) -> None:
    world.order("web", document("2", ("CUP", 1), financial_state="pending"))
    world.confirm("2", "shipped")
    assert world.cases() == {"confirmation_mismatch message": 1}
    world.order("web", document("2", ("CUP", 1)))
    assert world.state("2")[0] == "done"
    assert world.cases() == {}
    world.check()


def test_the_same_report_in_another_file_changes_nothing(world: World, tx: Transaction) -> None:
    at = tx.now
    world.confirm("1", "shipped", [("CUP", 1)], occurred_at=at, row=2)
    world.confirm("1", "shipped", [("CUP", 1)], occurred_at=at, row=7)
    assert world.available("EAST", "CUP") == (9, 1)
    assert len(world.told("1", "fulfillment.shipped")) == 1
    assert world.cases() == {}
    world.check()


def test_a_report_that_comes_again_is_not_of_a_later_request(world: World, tx: Transaction) -> None:
    world.stock("EAST", {"LID": 1})
    world.order("parts", document("2", ("LID", 2)))
    at = tx.now
    world.confirm("2", "shipped", [("LID", 1)], occurred_at=at, row=2)
    tx.now += timedelta(hours=1)
    world.stock("EAST", {"LID": 5}, as_of=tx.now)
    assert [(one.state, one.units) for one in world.find("2").fulfillments] == [("shipped", 1), ("released", 1)]
    world.confirm("2", "shipped", [("LID", 1)], occurred_at=at, row=7)
    assert world.available("EAST", "LID") == (5, 1)
    assert world.find("2").lines[0].shipped == 1
    assert world.cases() == {}
    world.check()


def test_more_than_is_outstanding_is_capped_with_a_case(world: World) -> None:
    world.confirm("1", "shipped", [("CUP", 5)])
    assert world.available("EAST", "CUP") == (8, 0)
    assert world.cases() == {"confirmation_mismatch message": 1}
    world.check()


def test_what_is_not_in_the_order_is_a_case_and_the_rest_is_taken(world: World) -> None:
    world.confirm("1", "shipped", [("LID", 1), ("CUP", 2)])
    assert world.available("EAST", "CUP") == (8, 0)
    assert world.available("EAST", "LID") == (10, 0)
    assert world.cases() == {"confirmation_mismatch message": 1}
    world.check()


def test_short_units_are_sourced_from_the_other_site(world: World) -> None:
    world.confirm("1", "short_picked", [("CUP", 2)])
    assert sorted((one.site, one.units, one.state) for one in world.find("1").fulfillments) == [
        ("EAST", 3, "acknowledged"),
        ("WEST", 2, "released"),
    ]
    assert world.available("EAST", "CUP") == (10, 0)
    assert world.available("WEST", "CUP") == (3, 2)
    assert world.cases() == {"shortfall stock": 1}
    world.confirm("1", "shipped", [("CUP", 2)], source="WEST")
    world.confirm("1", "shipped")
    assert world.state("1")[0] == "done"
    world.check()


def test_short_units_that_nobody_has_wait_for_a_count(world: World, tx: Transaction) -> None:
    world.confirm("1", "short_picked", [("ROPE", 1)])
    assert world.state("1") == ("reserve", "stock", "partially_backordered")
    assert world.cases() == {"shortfall stock": 1, "no_stock sku/ROPE": 1}
    world.check()
    world.confirm("1", "shipped")
    assert world.state("1") == ("reserve", "stock", "partially_shipped")
    tx.now += timedelta(hours=1)
    world.stock("EAST", {"ROPE": 10}, as_of=tx.now)
    assert world.state("1") == ("fulfil", "site_confirmation", "partially_shipped")
    world.check()


def test_short_units_go_where_stock_comes(world: World, tx: Transaction) -> None:
    world.confirm("1", "short_picked", [("ROPE", 1)])
    world.stock("WEST", {"ROPE": 4})
    assert [(one.site, one.units) for one in world.find("1").fulfillments] == [("EAST", 3), ("WEST", 1)]
    world.check()


def test_a_late_acknowledgement_is_no_step_back(world: World) -> None:
    world.confirm("1", "shipped", [("CUP", 2)])
    world.confirm("1", "acknowledged")
    world.confirm("1", "picked")
    assert world.state("1") == ("fulfil", "site_confirmation", "partially_shipped")
    assert world.cases() == {}
    world.check()


def test_shipping_more_than_once_after_the_end_is_a_case(world: World) -> None:
    world.confirm("1", "shipped")
    world.confirm("1", "shipped", [("CUP", 2)], tracking="again")
    assert world.available("EAST", "CUP") == (8, 0)
    assert world.cases() == {"confirmation_mismatch message": 1}
    world.check()


def test_what_was_called_back_and_ships_all_the_same_is_a_case(world: World) -> None:
    world.order("web", document("1", ("CUP", 2), ("ROPE", 1), cancelled_at=PLACED))
    world.confirm("1", "shipped", [("CUP", 2)])
    assert world.state("1") == ("done", "", "cancelled")
    assert world.cases() == {"confirmation_mismatch message": 1}
    world.check()


def test_shares_of_a_partly_shipped_line_make_the_whole(world: World) -> None:
    line = LineDocument("L1", "CUP", "Cup", 3, 3333, tax_minor=1000)
    world.order("web", document("2", line, goods_minor=9999, discount_minor=100, tax_minor=1000, shipping_minor=50))
    for tracking in ("A", "B", "C"):
        world.confirm("2", "shipped", [("CUP", 1)], tracking=tracking)
    told = [one["revenue"][0] for one in world.told("2", "fulfillment.shipped")]
    assert [one["discount_minor"] for one in told] == [34, 33, 33]
    for name, whole in (("goods_minor", 9999), ("discount_minor", 100), ("tax_minor", 1000), ("shipping_minor", 50)):
        assert sum(one[name] for one in told) == whole
    world.check()


def test_a_dismissed_case_keeps_its_evidence(world: World, tx: Transaction) -> None:
    world.confirm("1", "shipped", [("CUP", 5)])
    (case,) = worklist.load_cases(tx, worklist.CaseFilter()).cases
    assert case.data["problems"] == ["line 1: 5 stated, 2 more than outstanding"]
    assert case.units == 3


def test_an_unreadable_report_is_parked_with_a_case(world: World, tx: Transaction) -> None:
    from stocktower import exchange

    exchange.receive(tx, "EAST", [exchange.Incoming("confirmation", "1", b'{"order": 1}')], origin="test")
    world.work()
    assert world.cases() == {"parked_message message": 1}
    assert [one.state for one in load_backlog(tx)] == ["parked"]


def test_an_order_that_is_done_waits_in_no_case(world: World) -> None:
    world.order("web", document("1", ("CUP", 2), ("ROPE", 1), total_minor=2900))
    assert world.cases() == {"total_mismatch order": 1}
    world.confirm("1", "shipped")
    assert world.state("1") == ("done", "", "shipped")
    assert world.cases() == {}
    world.check()
