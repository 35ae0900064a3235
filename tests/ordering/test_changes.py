"""Changes and cancellations from the channel, at every stage of an order."""

from datetime import timedelta
from typing import Any

import pytest

from stocktower import catalog, inventory
from stocktower.exchange import Address, LineDocument, PaymentDocument, ProductDocument
from stocktower.inventory import views as inventory_views
from stocktower.platform import Transaction
from tests.ordering.world import PLACED, World, document

RENO = Address(street="2 Side St", city="Reno", region="NV", postal_code="89501", country="US")


@pytest.fixture
def world(tx: Transaction) -> World:
    """Plenty of stock at two sites."""
    world = World(tx)
    world.stock("EAST", {"CUP": 10, "LID": 10, "ROPE": 10})
    world.stock("WEST", {"CUP": 10, "ROPE": 3})
    return world


def line(sku: str, quantity: int, ref: str = "L1", **changes: Any) -> LineDocument:
    """A line at 10.00."""
    return LineDocument(ref, sku, f"Name of {sku}", quantity, 1000, **changes)


def bring_to(world: World, stage: str, *lines: LineDocument) -> None:
    """Order 1 at a stage of its life."""
    held = {"risk": "high"} if stage == "held" else {}
    world.order("web", document("1", *lines, **held))
    for step in ("acknowledged", "picked", "packed"):
        if stage == "held" or stage == "released":
            break
        world.confirm("1", step)
        if stage == step:
            break
    world.check()


def units(world: World, line_no: int = 1) -> tuple[int, int, int, int]:
    """(ordered, allocated, released, cancelled) of a line of order 1."""
    found = world.find("1").lines[line_no - 1]
    return found.ordered, found.allocated, found.released, found.cancelled


@pytest.mark.parametrize("stage", ["held", "released", "acknowledged"])
def test_units_down_before_picking_are_cancelled(world: World, stage: str) -> None:
    bring_to(world, stage, line("CUP", 5))
    held = {"risk": "high"} if stage == "held" else {}
    world.order("web", document("1", line("CUP", 2), **held))
    assert units(world) == (5, 2, 0 if stage == "held" else 2, 3)
    assert world.available("EAST", "CUP") == (10, 2)
    (cancelled,) = world.told("1", "order.cancelled")
    assert cancelled["lines"] == [[1, 3]]
    assert world.find("1").order.total_minor == 2000
    world.check()


@pytest.mark.parametrize("stage", ["picked", "packed"])
def test_units_down_after_picking_are_a_case(world: World, stage: str) -> None:
    bring_to(world, stage, line("CUP", 5))
    world.order("web", document("1", line("CUP", 2)))
    assert units(world) == (5, 5, 5, 0)
    assert world.cases() == {"confirmation_mismatch message": 1}
    (changed,) = world.told("1", "order.changed")
    assert changed["stuck"] == [[1, 3]]
    world.check()


@pytest.mark.parametrize("stage", ["held", "released", "picked"])
def test_units_up_are_reserved_and_released_beside(world: World, stage: str) -> None:
    bring_to(world, stage, line("CUP", 2))
    held = {"risk": "high"} if stage == "held" else {}
    world.order("web", document("1", line("CUP", 5), **held))
    assert units(world) == (5, 5, 0 if stage == "held" else 5, 0)
    assert len(world.find("1").fulfillments) == (0 if stage == "held" else 2)
    world.check()


def test_units_up_beyond_stock_wait(world: World) -> None:
    bring_to(world, "released", line("ROPE", 2))
    world.order("web", document("1", line("ROPE", 20)))
    found = world.find("1").lines[0]
    assert (found.allocated, found.backordered) == (13, 7)
    assert world.state("1")[:2] == ("reserve", "stock")
    world.order("web", document("1", line("ROPE", 5)))
    found = world.find("1").lines[0]
    assert (found.allocated, found.backordered, found.cancelled) == (5, 0, 15)
    assert world.cases() == {}
    world.check()


def test_a_line_comes_and_a_line_goes(world: World) -> None:
    bring_to(world, "released", line("CUP", 2, "A"), line("LID", 3, "B"))
    world.order("web", document("1", line("LID", 3, "B"), line("ROPE", 1, "C")))
    found = world.find("1").lines
    assert [(one.line_ref, one.allocated, one.cancelled, one.total_minor) for one in found] == [
        ("A", 0, 2, 0),
        ("B", 3, 0, 3000),
        ("C", 1, 0, 1000),
    ]
    assert world.state("1")[2] == "released"
    world.check()


def test_a_new_line_that_is_not_mapped_holds_up_the_rest(world: World) -> None:
    bring_to(world, "held", line("CUP", 2, "A"))
    world.order("web", document("1", line("CUP", 2, "A"), line("WHAT", 1, "B")))
    assert world.state("1")[:2] == ("capture", "listing")
    assert world.available("EAST", "CUP") == (10, 2)
    world.check()


@pytest.mark.parametrize("stage", ["held", "released", "acknowledged"])
def test_a_cancelled_order_gives_everything_back(world: World, stage: str) -> None:
    bring_to(world, stage, line("CUP", 2, "A"), line("ROPE", 1, "B"))
    world.order(
        "web", document("1", line("CUP", 2, "A"), line("ROPE", 1, "B"), cancelled_at=PLACED + timedelta(hours=1))
    )
    assert world.state("1") == ("done", "", "cancelled")
    assert world.available("EAST", "CUP") == (10, 0)
    assert [request.state for request in world.find("1").fulfillments] == ([] if stage == "held" else ["cancelled"])
    assert world.cases() == {}
    world.check()


def test_what_is_picked_ships_and_the_rest_is_cancelled(world: World) -> None:
    bring_to(world, "released", line("CUP", 2, "A"), line("ROPE", 1, "B"))
    world.confirm("1", "picked", [("CUP", 2)])
    world.order("web", document("1", line("CUP", 2, "A"), line("ROPE", 1, "B"), cancelled_at=PLACED))
    assert [(one.allocated, one.cancelled) for one in world.find("1").lines] == [(2, 0), (0, 1)]
    assert world.cases() == {"confirmation_mismatch message": 1}
    world.confirm("1", "shipped")
    assert world.state("1") == ("done", "", "shipped")
    world.check()


def test_an_order_that_arrives_cancelled_is_done(world: World) -> None:
    tender = PaymentDocument("card", "p", 2000, "refunded", refunded_minor=2000)
    world.order(
        "web",
        document(
            "1",
            line("CUP", 2),
            cancelled_at=PLACED,
            financial_state="refunded",
            refunded_minor=2000,
            payments=(tender,),
            risk="high",
        ),
    )
    assert world.state("1") == ("done", "", "cancelled")
    assert world.kinds("1") == ["order.captured", "payment.captured", "order.cancelled", "refund.issued"]
    (refund,) = world.told("1", "refund.issued")
    assert (refund["amount_minor"], refund["before_shipment_minor"]) == (2000, 2000)
    assert world.cases() == {}
    world.check()


def test_a_new_address_is_planned_anew(world: World, tx: Transaction) -> None:
    bring_to(world, "released", line("CUP", 2))
    world.order("web", document("1", line("CUP", 2), ship_to=RENO))
    first, second = world.find("1").fulfillments
    assert (first.state, second.state) == ("cancelled", "released")
    assert world.find("1").order.ship_region == "NV"
    world.check()


def test_a_new_address_keeps_scarce_stock_from_those_who_wait(world: World) -> None:
    world.stock("WEST", {"ROPE": 0})
    bring_to(world, "released", line("ROPE", 10))
    world.order("first", document("2", line("ROPE", 4)))
    world.order("web", document("1", line("ROPE", 10), ship_to=RENO))
    assert world.state("1")[2] == "released"
    assert world.state("2")[2] == "backordered"
    world.check()


def test_a_new_address_after_picking_is_a_case(world: World) -> None:
    bring_to(world, "picked", line("CUP", 2))
    world.order("web", document("1", line("CUP", 2), ship_to=RENO))
    assert world.cases() == {"confirmation_mismatch message": 1}
    assert [request.state for request in world.find("1").fulfillments] == ["picked"]
    world.check()


def test_payment_that_comes_releases(world: World) -> None:
    world.order("web", document("1", line("CUP", 2), financial_state="pending"))
    assert world.state("1")[:2] == ("validate", "payment")
    world.order("web", document("1", line("CUP", 2)))
    assert world.state("1")[2] == "released"
    assert world.kinds("1")[-5:] == [
        "payment.captured",
        "hold.cleared",
        "order.changed",
        "order.validated",
        "order.released",
    ]
    assert world.find("1").order.payment_state == "paid"
    world.check()


def test_an_older_state_that_comes_late_is_refused(world: World) -> None:
    world.order("web", document("1", line("CUP", 2)))
    before = world.find("1")
    world.order("web", document("1", line("CUP", 1), financial_state="pending"))
    after = world.find("1")
    assert after.lines == before.lines
    assert after.message_id == before.message_id
    (refused,) = world.told("1", "order.change_refused")
    assert refused["reasons"] == ["it was paid already, it says pending"]
    assert after.order.payment_state == "paid"
    world.check()


def test_shipped_elsewhere_before_release_gives_stock_back(world: World) -> None:
    bring_to(world, "held", line("CUP", 3))
    world.order("web", document("1", line("CUP", 3), risk="high", fulfillment_state="fulfilled"))
    assert world.state("1") == ("done", "", "shipped")
    assert world.available("EAST", "CUP") == (10, 0)
    (shipped,) = world.told("1", "fulfillment.shipped")
    assert (shipped["elsewhere"], shipped["revenue"][0]["goods_minor"], shipped["stock"]) == (True, 3000, [])
    assert world.cases() == {}
    world.check()


def test_the_channel_knows_of_a_shipment_before_its_site_says_so(world: World) -> None:
    bring_to(world, "released", line("CUP", 3))
    world.order("web", document("1", line("CUP", 3), fulfillment_state="fulfilled"))
    assert world.state("1") == ("done", "", "shipped")
    assert world.available("EAST", "CUP") == (7, 0)
    world.confirm("1", "shipped", [("CUP", 3)], tracking="T1")
    assert world.available("EAST", "CUP") == (7, 0)
    assert world.find("1").fulfillments[0].tracking == "T1"
    assert world.cases() == {}
    world.check()


def test_the_sites_word_of_what_its_channel_told_of_is_not_of_a_later_request(world: World) -> None:
    bring_to(world, "released", line("CUP", 1))
    held = line("LID", 20, "L2")
    world.order("web", document("1", line("CUP", 1, shipped=1), held, fulfillment_state="partial"))
    world.order("web", document("1", line("CUP", 2, shipped=1), fulfillment_state="partial"))
    assert [(one.state, one.units) for one in world.find("1").fulfillments] == [("shipped", 1), ("released", 1)]
    world.confirm("1", "shipped", [("CUP", 1)], tracking="T1")
    assert world.available("EAST", "CUP") == (9, 1)
    assert world.find("1").fulfillments[0].tracking == "T1"
    world.confirm("1", "shipped", [("CUP", 1)], tracking="T2")
    assert world.available("EAST", "CUP") == (8, 0)
    assert world.state("1") == ("done", "", "shipped")
    assert world.cases() == {}
    world.check()


def test_our_own_shipment_told_back_changes_nothing(world: World) -> None:
    bring_to(world, "released", line("CUP", 3))
    world.confirm("1", "shipped")
    world.order("web", document("1", line("CUP", 3), fulfillment_state="fulfilled"))
    assert world.state("1") == ("done", "", "shipped")
    assert world.available("EAST", "CUP") == (7, 0)
    assert len(world.told("1", "fulfillment.shipped")) == 1
    world.check()


def refunded(amount: int, *lines: LineDocument, **changes: Any) -> Any:
    """Order 1 with so much refunded."""
    total = sum(one.quantity * one.unit_price_minor for one in lines)
    state = "refunded" if amount == total else "partially_refunded"
    tender = PaymentDocument("card", "pay-1", total, state, refunded_minor=amount)
    return document("1", *lines, financial_state=state, refunded_minor=amount, payments=(tender,), **changes)


def test_refunds_before_and_after_shipment(world: World) -> None:
    bring_to(world, "released", line("CUP", 4))
    world.order("web", refunded(500, line("CUP", 4)))
    world.confirm("1", "shipped", [("CUP", 2)])
    world.order("web", refunded(2000, line("CUP", 4)))
    world.order("web", refunded(3000, line("CUP", 4)))
    first, second, third = world.told("1", "refund.issued")
    assert (first["amount_minor"], first["before_shipment_minor"]) == (500, 500)
    assert (second["amount_minor"], second["before_shipment_minor"], second["after"]["goods_minor"]) == (1500, 0, 1500)
    assert (third["amount_minor"], third["before_shipment_minor"], third["after"]["goods_minor"]) == (1000, 500, 500)
    world.check()


def test_a_full_refund_of_what_waits_holds_it(world: World) -> None:
    bring_to(world, "held", line("CUP", 4))
    world.order("web", refunded(4000, line("CUP", 4), risk="high"))
    assert [hold.name for hold in world.find("1").holds] == ["fraud_review", "payment"]
    world.check()


def test_amounts_that_change_before_shipment_are_frozen_anew(world: World) -> None:
    bring_to(world, "released", line("CUP", 3), line("ROPE", 1, "L2"))
    world.order("web", document("1", line("CUP", 3), line("ROPE", 1, "L2"), discount_minor=401, shipping_minor=700))
    found = world.find("1").lines
    assert [(one.goods_minor, one.discount_minor, one.shipping_minor) for one in found] == [
        (3000, 301, 525),
        (1000, 100, 175),
    ]
    world.check()


def test_more_units_of_a_shipped_line_are_a_line_of_their_own(world: World) -> None:
    bring_to(world, "released", line("CUP", 2))
    world.confirm("1", "shipped")
    world.order("web", document("1", line("CUP", 3)))
    first, second = world.find("1").lines
    assert (first.shipped, first.total_minor, second.allocated, second.total_minor) == (2, 2000, 1, 1000)
    world.confirm("1", "shipped", tracking="T2")
    assert world.state("1")[0] == "done"
    assert sum(one["revenue"][0]["goods_minor"] for one in world.told("1", "fulfillment.shipped")) == 3000
    world.check()


def test_a_total_that_foots_again_clears_its_hold_and_case(world: World) -> None:
    world.order("web", document("1", line("CUP", 2), total_minor=1))
    assert world.cases() == {"total_mismatch order": 1}
    world.order("web", document("1", line("CUP", 2), total_minor=2000))
    assert world.state("1")[2] == "released"
    assert world.cases() == {}
    world.check()


def test_history_follows_its_channel(world: World) -> None:
    early = PLACED.replace(year=2025)
    world.order("web", document("1", line("CUP", 2), placed_at=early))
    world.order("web", document("1", line("CUP", 2), placed_at=early, fulfillment_state="fulfilled"))
    assert world.state("1") == ("done", "", "shipped")
    world.order("web", refunded(2000, line("CUP", 2), placed_at=early, fulfillment_state="fulfilled"))
    assert world.kinds("1") == ["order.captured", "order.changed", "order.changed"]
    assert world.find("1").refunded_minor == 2000
    world.check()


def test_two_words_in_one_batch_are_taken_one_after_the_other(world: World, tx: Transaction) -> None:
    world.order("web", document("1", line("CUP", 2)), document("1", line("CUP", 3)), document("2", line("CUP", 1)))
    assert units(world) == (3, 3, 3, 0)
    world.check()


def test_an_erased_message_is_made_up_from_the_order(world: World, tx: Transaction) -> None:
    from stocktower import exchange

    bring_to(world, "held", line("CUP", 4))
    message_id = world.find("1").message_id
    assert message_id is not None
    exchange.erase_bodies(tx, [message_id])
    world.order("web", document("1", line("CUP", 1)))
    assert units(world) == (4, 1, 1, 3)
    world.check()


def test_units_taken_off_a_line_that_has_begun_cost_nothing_more(world: World) -> None:
    before = document("1", ("CUP", 2), ("LID", 1))
    world.order("web", before)
    world.confirm("1", "shipped", [("CUP", 1)])
    world.order("web", document("1", ("CUP", 1), ("LID", 1)))
    cup, lid = world.find("1").lines
    assert (cup.shipped, cup.cancelled, cup.total_minor) == (1, 1, 1000)
    assert lid.total_minor == 1000
    world.confirm("1", "shipped", tracking="T2")
    assert sum(line["goods_minor"] for one in world.told("1", "fulfillment.shipped") for line in one["revenue"]) == 2000
    world.check()


def test_units_added_to_a_paid_order_wait_until_they_are_paid(world: World) -> None:
    payment = PaymentDocument("card", "c", 2000, "captured")
    world.stock("EAST", {"CUP": 0})
    world.order("web", document("1", ("CUP", 2), payments=(payment,)))
    world.order("web", document("1", ("CUP", 3), payments=(payment,), financial_state="partially_paid"))
    assert world.find("1").lines[0].ordered == 3
    assert "order.change_refused" not in world.kinds("1")
    assert world.state("1")[:2] == ("validate", "payment")
    world.check()


def test_a_line_that_was_taken_off_before_it_was_mapped_may_come_back_after_it(world: World, tx: Transaction) -> None:
    new = line("MUG", 1, "L2")
    world.order("web", document("1", line("CUP", 1), new))
    world.order("web", document("1", line("CUP", 1)))
    catalog.take_products(tx, [ProductDocument("MUG", "Mug")])
    world.work()
    world.stock("EAST", {"MUG": 5})
    world.order("web", document("1", line("CUP", 1), new, note="again"))
    assert world.state("1")[:2] == ("fulfil", "site_confirmation")
    assert world.cases() == {}
    world.check()


def test_a_channel_that_only_guesses_how_much_shipped_does_not_overrule_our_sites(world: World) -> None:
    bring_to(world, "released", line("CUP", 4))
    world.confirm("1", "shipped", [("CUP", 1)])
    world.order("web", document("1", line("CUP", 4, shipped=3, shipped_estimated=True), fulfillment_state="partial"))
    assert world.find("1").lines[0].shipped == 1
    world.check()


def test_an_older_word_by_the_channels_own_clock_is_refused(world: World) -> None:
    world.order("web", document("1", line("CUP", 4), stated_at=PLACED + timedelta(hours=2)))
    world.order("web", document("1", line("CUP", 1), stated_at=PLACED + timedelta(hours=1)))
    assert units(world) == (4, 4, 4, 0)
    assert world.told("1", "order.change_refused")
    world.check()


def test_a_shipped_line_that_is_not_stated_any_more_stays_owed(world: World) -> None:
    bring_to(world, "released", line("CUP", 1), line("LID", 3, "L2"))
    world.confirm("1", "shipped", [("CUP", 1)])
    # Something is off the price of what waits; but the three lids do not pay for the cup that was sent.
    world.order("web", document("1", line("LID", 3, "L2"), total_minor=2600, discount_minor=400))
    cup, lids = world.find("1").lines
    assert (cup.total_minor, lids.total_minor) == (1000, 1600)
    world.order("web", document("1", line("LID", 1, "L2"), total_minor=500, discount_minor=500))
    assert [one.total_minor for one in world.find("1").lines] == [1000, 0]
    world.check()


def revenue(world: World, number: str) -> int:
    """What the shipments of an order have earned of goods."""
    told = world.told(number, "fulfillment.shipped")
    return sum(part["goods_minor"] for event in told for part in event["revenue"])


@pytest.mark.parametrize("shipped", [0, 1])
def test_a_unit_that_is_cancelled_no_more_has_the_price_that_it_had(world: World, shipped: int) -> None:
    cancelled = LineDocument("A", "CUP", "Cup", 3, 1000, cancelled=1)
    world.order("web", document("1", cancelled))
    if shipped:
        world.confirm("1", "shipped", [("CUP", shipped)])
    world.order("web", document("1", LineDocument("A", "CUP", "Cup", 3, 1000)))
    world.check()
    world.confirm("1", "shipped")
    assert world.state("1")[2] == "shipped"
    assert revenue(world, "1") == 3000
    world.check()


def test_a_line_that_joins_cancelled_is_part_of_the_total(world: World) -> None:
    world.order("web", document("1", line("CUP", 2, "A"), financial_state="pending"))
    world.order("web", document("1", line("CUP", 2, "A"), LineDocument("B", "ROPE", "Rope", 2, 500, cancelled=2)))
    assert [(one.sku, one.ordered, one.cancelled) for one in world.find("1").lines] == [("CUP", 2, 0), ("ROPE", 2, 2)]
    assert world.state("1")[2] == "released"
    world.check()
    world.order("web", document("1", line("CUP", 2, "A"), LineDocument("B", "ROPE", "Rope", 2, 500)))
    world.confirm("1", "shipped")
    assert revenue(world, "1") == 3000
    world.check()


def test_what_a_site_does_not_have_is_not_free_when_its_order_lets_it_go(tx: Transaction) -> None:
    """Four are with the site for an order, one was counted: cancelled, one is free and no four."""
    world = World(tx)
    world.stock("EAST", {"CUP": 4})
    world.order("web", document("1", ("CUP", 4)))
    world.stock("EAST", {"CUP": 1}, tx.now)
    assert world.available("EAST", "CUP") == (4, 4)
    assert "shortfall stock" in world.cases()
    # In one batch with who wants them: what is not there is given to nobody.
    world.order(
        "web", document("1", ("CUP", 4), cancelled_at=PLACED), document("2", ("CUP", 1)), document("3", ("CUP", 1))
    )
    assert world.state("1")[2] == "cancelled"
    assert [world.state(number)[2] for number in ("2", "3")] == ["released", "backordered"]
    assert world.available("EAST", "CUP") == (1, 1)
    assert "shortfall stock" not in world.cases()
    stock_ids = [
        row.stock_id
        for row in inventory.load_availability(tx, [world.sku["CUP"]], world.network).rows(world.sku["CUP"])
    ]
    last = inventory_views.load_moves(tx, stock_ids, limit=1)[0]
    assert (last.delta, last.reason, last.reference) == (-3, "discrepancy", "order")
    world.check()
