"""Preorders: promised units of a named inbound, which arrive for their lines first, and dates that move with it."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from stocktower import catalog, inventory, ordering
from stocktower.inventory import DeliveredLine, Delivery, StatedInbound
from stocktower.ordering.service import Desk
from stocktower.platform import Transaction, load_events_of, take_due
from tests.ordering.world import DE, PLACED, TEXT, World, document, setup

DAY = timedelta(days=1)
PREORDERS = (
    TEXT
    + """
[promises]
handling_days = 1
tolerance_days = 2

[[preorders]]
sku = "CUP"

[[preorders]]
sku = "SET"
channels = ["parts"]

[[preorders]]
sku = "ROPE"
channels = ["web"]
release_on = 2026-06-10
"""
)


@pytest.fixture
def world(tx: Transaction) -> World:
    """Nothing is in stock; cups and ropes may be preordered."""
    return World(tx, PREORDERS)


def coming(world: World, reference: str, code: str, units: int, days: float | None, **changes: Any) -> None:
    """A supplier says that so many come to the east in so many days; the edge works what follows."""
    at = None if days is None else datetime(2026, 6, 1, 12, tzinfo=PLACED.tzinfo) + days * DAY
    figures: dict[str, Any] = {"site_id": world.network.site_ids["EAST"], "expected_at": at, **changes}
    (result,) = inventory.record_inbound(
        world.tx, [StatedInbound(reference, world.sku[code], quantity=units, **figures)]
    )
    assert result.problem == ""
    world.work()


def reconfigure(world: World, text: str) -> None:
    """Another configuration is applied; the edge works what follows."""
    setup(world.tx, text, ())
    world.work()


def receive(world: World, reference: str, code: str, units: int, *, status: str = "available") -> None:
    """Units of an inbound come in; the edge works what follows."""
    take_in(world.tx, world.network.site_ids["EAST"], world.sku[code], reference, units, status)
    world.work()


def take_in(tx: Transaction, site_id: int, sku_id: int, reference: str, units: int, status: str = "available") -> None:
    """A delivery of its own for units of an inbound."""
    line = DeliveredLine(sku_id, units, status=status)
    delivery = Delivery(f"D-{tx.new_id()}", site_id, tx.now, (line,), inbound=reference)
    (result,) = inventory.receive_deliveries(tx, [delivery])
    assert result.problem == ""


def raw(world: World, text: str, **values: Any) -> list[tuple[Any, ...]]:
    """Rows as they stand, by a statement of the test's own."""
    found = world.tx.connection.execute(text.encode(), [world.tx.merchant_id, *values.values()])
    return [tuple(row) for row in found.fetchall()]


def claims(world: World) -> dict[tuple[str, str], tuple[int, int]]:
    """(order number, inbound) -> (claimed, arrived)."""
    rows = raw(
        world,
        "SELECT header.number, inbound.reference, claim.claimed, claim.arrived FROM inventory.inbound_claim AS claim "
        "JOIN inventory.inbound AS inbound USING (merchant_id, inbound_id) "
        "JOIN ordering.order_header AS header USING (merchant_id, order_id) "
        "WHERE claim.merchant_id = %s AND claim.claimed + claim.arrived > 0",
    )
    return {(number, reference): (claimed, arrived) for number, reference, claimed, arrived in rows}


def promised(world: World, number: str) -> tuple[date, date | None, date | None] | None:
    """(first, now, told) of the first line."""
    order_id = world.find(number).order.order_id
    rows = raw(
        world,
        "SELECT first_on, promised_on, told_on FROM ordering.promise WHERE merchant_id = %s AND order_id = %s",
        order_id=order_id,
    )
    return rows[0] if rows else None


def test_a_line_that_cannot_be_allocated_is_promised_from_inbound(world: World) -> None:
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("web", document("a", ("CUP", 4)))
    assert world.state("a") == ("reserve", "inbound", "backordered")
    assert claims(world) == {("a", "PO-1"): (4, 0)}
    assert promised(world, "a") == (date(2026, 6, 7), date(2026, 6, 7), date(2026, 6, 7))
    (told,) = world.told("a", "line.preordered")
    assert (told["quantity"], told["promised_on"]) == (4, "2026-06-07")
    assert world.told("a", "line.backordered") == []
    assert world.cases() == {}
    world.check()


def test_no_more_is_promised_than_comes(world: World) -> None:
    coming(world, "PO-1", "CUP", 10, 5)
    coming(world, "PO-2", "CUP", 10, 9)
    world.order("web", *[document(str(number), ("CUP", 4)) for number in range(6)])
    assert claims(world) == {
        ("0", "PO-1"): (4, 0),
        ("1", "PO-1"): (4, 0),
        ("2", "PO-1"): (2, 0),
        ("2", "PO-2"): (2, 0),
        ("3", "PO-2"): (4, 0),
        ("4", "PO-2"): (4, 0),
    }
    assert world.state("5")[1] == "stock"
    assert promised(world, "2") == (date(2026, 6, 11),) * 3
    world.check()


def test_a_line_that_grows_claims_more_of_the_same_inbound(world: World) -> None:
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("web", document("a", ("CUP", 4)))
    world.order("web", document("a", ("CUP", 7)))
    assert claims(world) == {("a", "PO-1"): (7, 0)}
    receive(world, "PO-1", "CUP", 10)
    assert world.state("a")[2] == "released"
    assert claims(world) == {}
    world.check()


def test_a_part_of_a_pack_that_came_too_soon_is_made_up(tx: Transaction) -> None:
    world = World(tx, PREORDERS + '\n[[preorders]]\nsku = "PAIR"\n')
    coming(world, "PO-1", "PAIR", 10, 5)
    world.order("web", document("a", ("ROPE-2", 1)))
    assert claims(world) == {("a", "PO-1"): (2, 0)}
    receive(world, "PO-1", "PAIR", 1)
    assert claims(world) == {("a", "PO-1"): (2, 0)}
    world.check()
    receive(world, "PO-1", "PAIR", 1)
    assert world.state("a")[2] == "released"
    assert claims(world) == {}
    world.check()


def test_who_waits_already_is_served_before_anything_is_promised(world: World) -> None:
    world.order("web", document("waits", ("CUP", 7)))
    assert world.state("waits")[1] == "stock"
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("first", document("fits", ("CUP", 3)))
    assert world.state("fits")[1] == "inbound"
    world.order("first", document("late", ("CUP", 1)))
    assert world.state("late")[1] == "stock"
    world.check()


def test_a_rule_that_is_applied_later_promises_what_comes_to_who_waits(tx: Transaction) -> None:
    world = World(tx)
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("web", document("a", ("CUP", 4)))
    world.order("eu", document("b", ("CUP", 2), ship_to=DE))
    assert world.state("a")[1] == "stock"
    reconfigure(world, PREORDERS.replace('sites = ["EU"]', 'sites = ["EU", "EAST"]'))
    assert claims(world) == {("a", "PO-1"): (4, 0), ("b", "PO-1"): (2, 0)}
    assert world.state("a")[1] == "inbound"
    world.check()


def test_who_waited_before_goods_were_announced_is_promised_them_by_priority(world: World) -> None:
    world.order("parts", document("last", ("CUP", 5)))
    world.order("web", document("second", ("CUP", 4)))
    world.order("first", document("first", ("CUP", 3)))
    assert world.cases() == {"no_stock sku/CUP": 3}
    coming(world, "PO-1", "CUP", 8, 5, confirmed=False)
    assert claims(world) == {}
    coming(world, "PO-1", "CUP", 8, 5)
    # Of the eight the third can only have one: it is promised whole or not at all.
    assert claims(world) == {("first", "PO-1"): (3, 0), ("second", "PO-1"): (4, 0)}
    assert world.state("second") == ("reserve", "inbound", "backordered")
    assert world.state("last")[1] == "stock"
    assert promised(world, "second") == (date(2026, 6, 7),) * 3
    (told,) = world.told("second", "line.preordered")
    assert (told["quantity"], told["promised_on"]) == (4, "2026-06-07")
    assert len(world.told("second", "line.backordered")) == 1
    assert world.cases() == {"no_stock sku/CUP": 1}
    coming(world, "PO-1", "CUP", 12, 5)
    assert claims(world)["last", "PO-1"] == (5, 0)
    assert world.cases() == {}
    # Who came later is promised what is given back: by stock that came sooner, by who does not want it any more.
    world.order("parts", document("later", ("CUP", 3)))
    assert world.state("later")[1] == "stock"
    world.stock("WEST", {"CUP": 3})
    assert world.state("first")[2] == "released"
    assert claims(world) == {("second", "PO-1"): (4, 0), ("last", "PO-1"): (5, 0), ("later", "PO-1"): (3, 0)}
    world.order("parts", document("latest", ("CUP", 4)))
    world.order("web", document("second", ("CUP", 4), cancelled_at=PLACED))
    assert claims(world)["latest", "PO-1"] == (4, 0)
    world.check()


def test_what_waits_for_more_than_comes_is_not_overtaken(world: World) -> None:
    world.order("first", document("much", ("CUP", 9)))
    world.order("web", document("few", ("CUP", 2)))
    world.order("parts", document("lid", ("LID", 1)), document("set", ("SET", 1)))
    coming(world, "PO-1", "CUP", 8, 5)
    coming(world, "PO-2", "LID", 1, 5)
    assert claims(world) == {}
    coming(world, "PO-3", "CUP", 1, 9)
    assert claims(world) == {("much", "PO-1"): (8, 0), ("much", "PO-3"): (1, 0)}
    assert promised(world, "much") == (date(2026, 6, 11),) * 3
    assert {world.state(number)[1] for number in ("few", "lid", "set")} == {"stock"}
    world.check()


def test_only_where_the_rule_allows(world: World) -> None:
    coming(world, "PO-1", "LID", 10, 5)
    coming(world, "PO-2", "ROPE", 10, 5)
    world.order("web", document("lid", ("LID", 1)), document("set", ("SET", 1)))
    world.order("parts", document("rope", ("ROPE", 1)))
    assert {world.state(number)[1] for number in ("lid", "set", "rope")} == {"stock"}
    world.check()


def test_what_is_received_goes_to_its_claims_first(world: World) -> None:
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("parts", document("early", ("CUP", 3)))
    world.order("web", document("second", ("CUP", 3)))
    coming(world, "PO-2", "CUP", 2, 4, confirmed=False)
    # Somebody with a higher priority waits without a promise; what comes is not theirs.
    world.order("first", document("waits", ("CUP", 6)))
    assert world.state("waits")[1] == "stock"
    receive(world, "PO-1", "CUP", 4)
    assert world.state("second")[2] == "released"
    assert world.find("early").lines[0].allocated == 1
    assert claims(world) == {("early", "PO-1"): (2, 0)}
    assert world.find("waits").lines[0].allocated == 0
    receive(world, "PO-1", "CUP", 6)
    assert world.find("early").lines[0].allocated == 3
    assert world.find("waits").lines[0].allocated == 4
    assert claims(world) == {}
    world.check()


def test_a_promise_moves_with_its_inbound_and_says_so(world: World) -> None:
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("web", document("a", ("CUP", 4)))
    coming(world, "PO-1", "CUP", 10, 6)
    assert promised(world, "a") == (date(2026, 6, 7), date(2026, 6, 8), date(2026, 6, 7))
    assert world.told("a", "promise.moved")[0]["late"] is False
    assert world.cases() == {}
    coming(world, "PO-1", "CUP", 10, 9)
    assert promised(world, "a") == (date(2026, 6, 7), date(2026, 6, 11), date(2026, 6, 7))
    assert world.cases() == {"promise_broken inbound": 1}
    world.check()
    coming(world, "PO-1", "CUP", 10, 4)
    assert world.cases() == {}
    assert promised(world, "a") == (date(2026, 6, 7), date(2026, 6, 6), date(2026, 6, 7))
    world.check()


def test_who_waits_for_a_listing_too_is_still_to_be_told_of_a_broken_promise(world: World) -> None:
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("web", document("a", ("CUP", 4)))
    coming(world, "PO-1", "CUP", 10, 12)
    world.order("web", document("a", ("CUP", 4), ("NOBODY-KNOWS", 1)))
    assert world.state("a")[1] == "listing"
    assert world.cases() == {"promise_broken inbound": 1, "unmapped_listing web/NOBODY-KNOWS": 1}
    world.check()


def test_a_day_that_goes_by_without_the_goods_is_a_broken_promise(world: World) -> None:
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("web", document("a", ("CUP", 4)))
    world.tx.now = datetime(2026, 6, 7, 23, 0, tzinfo=PLACED.tzinfo)
    assert take_due(world.tx, ordering.PROMISE, 10) == []
    world.tx.now += 2 * timedelta(hours=1)
    ordering.resume_orders(world.tx, take_due(world.tx, ordering.PROMISE, 10))
    assert promised(world, "a") == (date(2026, 6, 7), None, date(2026, 6, 7))
    assert world.cases() == {"promise_broken inbound": 1}
    world.check()
    (claim,) = inventory.load_claims(world.tx, [world.find("a").order.order_id])
    ordering.tell_promise(world.tx, [claim.order_id], claim.inbound_id)
    assert world.cases() == {}
    # The supplier names another day: the customer was told of none, so that it is news and no case.
    coming(world, "PO-1", "CUP", 10, 12)
    assert promised(world, "a") == (date(2026, 6, 7), date(2026, 6, 14), None)
    assert world.cases() == {}
    world.check()


def test_a_customer_who_was_told_is_no_case(world: World) -> None:
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("web", document("a", ("CUP", 4)))
    coming(world, "PO-1", "CUP", 10, 20)
    order = world.find("a").order
    (claim,) = inventory.load_claims(world.tx, [order.order_id])
    said = ordering.tell_promise(world.tx, [order.order_id], claim.inbound_id)
    assert said == ["a: The customer was told: 2026-06-22"]
    assert world.cases() == {}
    assert promised(world, "a") == (date(2026, 6, 7), date(2026, 6, 22), date(2026, 6, 22))
    world.check()


def test_what_an_inbound_does_not_bring_is_made_up_by_the_next(world: World) -> None:
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("web", document("a", ("CUP", 6)), document("b", ("CUP", 4)))
    coming(world, "PO-2", "CUP", 10, 6)
    coming(world, "PO-1", "CUP", 7, 5)
    # The last of them lost three, which the next inbound brings a day later: within what is tolerated.
    assert claims(world) == {("a", "PO-1"): (6, 0), ("b", "PO-1"): (1, 0), ("b", "PO-2"): (3, 0)}
    assert promised(world, "b") == (date(2026, 6, 7), date(2026, 6, 8), date(2026, 6, 7))
    assert world.cases() == {}
    world.check()


def test_what_nothing_makes_up_is_a_broken_promise_until_it_is_served(world: World) -> None:
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("web", document("a", ("CUP", 6)), document("b", ("CUP", 4)))
    coming(world, "PO-1", "CUP", 0, 5)
    assert claims(world) == {}
    assert promised(world, "a") == (date(2026, 6, 7), None, date(2026, 6, 7))
    assert world.cases() == {"promise_broken inbound": 2, "no_stock sku/CUP": 2}
    world.check()
    world.stock("EAST", {"CUP": 6})
    assert world.state("a")[2] == "released"
    assert world.cases() == {"promise_broken inbound": 1, "no_stock sku/CUP": 1}
    order = world.find("b").order
    rows = raw(world, "SELECT inbound_id FROM inventory.inbound WHERE merchant_id = %s")
    ordering.cancel_promised(world.tx, [order.order_id], rows[0][0], "never mind")
    assert world.state("b")[2] == "cancelled"
    assert world.cases() == {}
    world.check()


def test_stock_that_comes_first_serves_and_gives_the_claim_up(world: World) -> None:
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("web", document("a", ("CUP", 6)))
    world.stock("WEST", {"CUP": 4})
    assert claims(world) == {("a", "PO-1"): (2, 0)}
    world.order("web", document("a", ("CUP", 6), cancelled_at=PLACED))
    assert claims(world) == {}
    world.check()


def test_nothing_ships_before_its_release(world: World) -> None:
    coming(world, "PO-1", "ROPE", 5, 2)
    world.order("web", document("a", ("ROPE", 2)))
    assert world.state("a")[1] == "inbound"
    receive(world, "PO-1", "ROPE", 5)
    assert world.state("a") == ("release", "hold", "reserved")
    world.tx.now = datetime(2026, 6, 10, 0, 1, tzinfo=PLACED.tzinfo)
    ordering.release_preorders(world.tx, take_due(world.tx, ordering.RELEASE, 10))
    world.work()
    assert world.state("a")[2] == "released"
    world.check()


def test_what_is_promised_by_date_is_not_promised_again(world: World) -> None:
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("web", document("a", ("CUP", 4)))
    promisable = inventory.load_promisable(world.tx, [world.sku["CUP"]], world.network)
    timeline = promisable.timeline(world.sku["CUP"], world.network.channel_ids["web"])
    assert [(point.promised, point.atp) for point in timeline.points] == [(0, 0), (4, 6)]


def test_what_arrives_broken_was_promised_in_vain(world: World) -> None:
    coming(world, "PO-1", "CUP", 4, 5)
    world.order("web", document("a", ("CUP", 4)))
    receive(world, "PO-1", "CUP", 4, status="damaged")
    assert claims(world) == {}
    assert world.state("a")[1] == "stock"
    assert world.cases() == {"promise_broken inbound": 1, "no_stock sku/CUP": 1}
    world.check()


def test_a_pack_is_promised_whole(world: World) -> None:
    catalog.map_listing(world.tx, world.network.channel_ids["web"], "SIX", world.sku["CUP"], 6, "tester")
    coming(world, "PO-1", "CUP", 10, 5)
    coming(world, "PO-2", "CUP", 10, 7)
    world.order("web", document("a", ("SIX", 2)))
    assert claims(world) == {("a", "PO-1"): (6, 0), ("a", "PO-2"): (6, 0)}
    world.check()


def test_a_kit_is_promised_when_each_component_is_in_stock_or_coming(world: World) -> None:
    """A cup and two lids make a set: lids lie in the east, cups come there; the latest date is the promise."""
    world.stock("EAST", {"LID": 5})
    coming(world, "PO-1", "CUP", 3, 5)
    coming(world, "PO-2", "CUP", 4, 8)
    world.order("web", document("not", ("SET", 1), placed_at=PLACED + DAY))
    assert world.state("not")[1] == "inbound", "cups may be preordered in each channel, and lids are there"
    assert claims(world) == {("not", "PO-1"): (1, 0)}
    # Three lids are left: one set of them, and more lids nowhere; two are not promised.
    world.order("parts", document("two", ("SET", 2)))
    assert world.state("two")[1] == "stock"
    coming(world, "PO-3", "LID", 9, 12)
    two = {("not", "PO-1"): (1, 0), ("two", "PO-1"): (2, 0), ("two", "PO-3"): (1, 0)}
    assert claims(world) == two
    world.order("parts", document("three", ("SET", 3)))
    assert claims(world) == two | {("three", "PO-2"): (3, 0), ("three", "PO-3"): (6, 0)}
    assert promised(world, "three") == (date(2026, 6, 14),) * 3
    world.check()
    # Nobody takes the lids that are counted on.
    world.order("first", document("lids", ("LID", 4)))
    assert world.find("lids").lines[0].allocated == 0
    receive(world, "PO-1", "CUP", 3)
    assert world.state("not")[2] == "released"
    world.check()


def test_what_came_for_a_kit_waits_for_the_rest_of_it(world: World) -> None:
    coming(world, "PO-1", "CUP", 4, 5)
    coming(world, "PO-2", "LID", 4, 8)
    world.order("parts", document("a", ("SET", 2)))
    assert claims(world) == {("a", "PO-1"): (2, 0), ("a", "PO-2"): (4, 0)}
    assert promised(world, "a") == (date(2026, 6, 10),) * 3
    receive(world, "PO-1", "CUP", 4)
    assert claims(world) == {("a", "PO-1"): (0, 2), ("a", "PO-2"): (4, 0)}
    # Two cups are for the kit, whoever ranks before it; the promise stands.
    world.order("first", document("cups", ("CUP", 4)))
    assert world.find("cups").lines[0].allocated in (0, 2)
    assert world.state("a")[1] == "inbound"
    coming(world, "PO-2", "LID", 4, 9)
    assert promised(world, "a") == (date(2026, 6, 10), date(2026, 6, 11), date(2026, 6, 10))
    receive(world, "PO-2", "LID", 4)
    assert world.state("a")[2] == "released"
    assert claims(world) == {}
    world.check()


def test_a_kit_is_made_at_one_site(world: World) -> None:
    world.stock("WEST", {"LID": 20})
    coming(world, "PO-1", "CUP", 4, 5)
    world.order("parts", document("a", ("SET", 1)))
    assert world.state("a")[1] == "stock", "the cups come to the east, the lids are in the west"
    coming(world, "PO-2", "CUP", 4, 7, site_id=world.network.site_ids["WEST"])
    world.order("parts", document("b", ("SET", 2)))
    assert claims(world) == {("a", "PO-2"): (1, 0), ("b", "PO-2"): (2, 0)}
    assert promised(world, "b") == (date(2026, 6, 9),) * 3
    world.check()


def test_a_kit_loses_its_promise_with_what_it_counted_on(world: World) -> None:
    world.stock("EAST", {"LID": 4})
    coming(world, "PO-1", "CUP", 4, 5)
    world.order("parts", document("a", ("SET", 2)))
    assert world.state("a")[1] == "inbound"
    world.stock("EAST", {"LID": 1}, as_of=world.tx.now)
    coming(world, "PO-1", "CUP", 4, 6)
    assert promised(world, "a") == (date(2026, 6, 7), None, date(2026, 6, 7))
    assert world.cases() == {"promise_broken inbound": 1, "no_stock sku/LID": 1, "no_stock sku/CUP": 1}
    coming(world, "PO-2", "LID", 10, 7)
    coming(world, "PO-1", "CUP", 4, 5)
    assert promised(world, "a") == (date(2026, 6, 7), date(2026, 6, 9), date(2026, 6, 7))
    assert world.cases() == {}
    world.check()


def test_desk_reads_what_is_promised(world: World) -> None:
    rules = Desk(world.tx).promising
    assert set(rules.preorders) == {world.sku["CUP"], world.sku["SET"], world.sku["ROPE"]}
    assert rules.parts == {world.sku["CUP"], world.sku["LID"], world.sku["ROPE"]}
    assert rules.preorders[world.sku["ROPE"]].serves(world.network.channel_ids["web"])
    assert not rules.preorders[world.sku["ROPE"]].serves(world.network.channel_ids["first"])
    assert load_events_of(world.tx, 0, 1) == []
