"""What cannot be read, what is history, what is posted all the same."""

from datetime import timedelta

import msgspec
import pytest

from stocktower import exchange
from stocktower.exchange import Incoming, LineDocument, PaymentDocument, load_backlog
from stocktower.ordering.regressions import find_regressions
from stocktower.platform import Transaction
from tests.ordering.world import PLACED, TEXT, World, broken, document


def test_what_is_no_order_is_parked_and_the_rest_goes_on(tx: Transaction) -> None:
    world = World(tx)
    world.stock("EAST", {"CUP": 5})
    bad = [
        Incoming("order", "a", b"{}"),
        Incoming("order", "b", msgspec.json.encode(document("b", LineDocument("1", "CUP", "Cup", -1, 100)))),
        Incoming("order", "c", msgspec.json.encode(document("c"))),
    ]
    exchange.receive(tx, "web", bad, origin="test")
    exchange.receive(tx, "nowhere", [Incoming("order", "d", msgspec.json.encode(document("d")))], origin="test")
    world.order("web", document("1", ("CUP", 1)))
    assert world.state("1")[2] == "released"
    assert [(one.state, one.messages) for one in load_backlog(tx)] == [("parked", 4)]
    assert world.cases() == {"parked_message message": 1}
    world.check()


def test_history_is_posted_where_its_channel_asks_for_it(tx: Transaction) -> None:
    world = World(tx, TEXT.replace('name = "Web"', 'name = "Web"\npost_history = true'))
    early = PLACED.replace(year=2025)
    world.order("web", document("1", ("CUP", 2), placed_at=early, fulfillment_state="fulfilled"))
    assert world.kinds("1") == ["order.captured", "payment.captured", "fulfillment.shipped"]
    (shipped,) = world.told("1", "fulfillment.shipped")
    assert (shipped["elsewhere"], shipped["revenue"][0]["goods_minor"], shipped["stock"]) == (True, 2000, [])
    world.check()


def test_each_event_names_the_message_that_caused_it(tx: Transaction) -> None:
    world = World(tx)
    world.stock("EAST", {"CUP": 5})
    world.order("web", document("1", ("CUP", 1)))
    world.confirm("1", "shipped")
    first, *_, last = world.find("1").timeline
    assert first.cause_id == world.find("1").message_id
    assert last.kind == "fulfillment.shipped"
    assert last.cause_id not in (None, first.cause_id)
    assert all(entry.cause_id for entry in world.find("1").timeline)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"financial_state": "pending"}, True),
        ({"financial_state": "pending", "payments": (PaymentDocument("card", "p", 2000, "expired"),)}, False),
        ({"financial_state": "paid"}, False),
        ({"financial_state": "voided"}, False),
        ({"currency": "EUR"}, True),
        ({"cancelled_at": PLACED}, False),
        ({"placed_at": PLACED + timedelta(days=1)}, False),
    ],
)
def test_a_step_back_is_refused_and_a_step_on_is_not(changes: dict[str, object], refused: bool) -> None:
    tender = PaymentDocument("card", "p", 2000, "authorized")
    old = document("1", ("CUP", 2), financial_state="authorized", payments=(tender,))
    assert bool(find_regressions(old, msgspec.structs.replace(old, **changes))) == refused


def test_a_refund_or_a_shipment_that_is_taken_back_is_refused() -> None:
    line = LineDocument("L1", "CUP", "Cup", 2, 1000, shipped=1)
    old = document("1", line, refunded_minor=5, fulfillment_state="partial", cancelled_at=PLACED)
    new = msgspec.structs.replace(
        old,
        lines=(msgspec.structs.replace(line, shipped=0),),
        refunded_minor=0,
        cancelled_at=None,
        fulfillment_state="unfulfilled",
    )
    assert len(find_regressions(old, new)) == 4


def test_a_sku_that_is_made_active_again_maps_its_orders(tx: Transaction) -> None:
    from stocktower import catalog
    from stocktower.exchange import ProductDocument

    off = ProductDocument("OLD", "Old thing", active=False)
    world = World(tx, products=(off, ProductDocument("CUP", "Cup")))
    world.order("web", document("1", ("OLD", 1)))
    assert world.state("1")[1] == "listing"
    catalog.take_products(tx, [msgspec.structs.replace(off, active=True)])
    world.work()
    assert world.state("1")[1] == "stock"
    world.check()


@pytest.mark.parametrize("more", [1, -1])
def test_demand_and_reservations_that_differ_are_seen(tx: Transaction, more: int) -> None:
    world = World(tx)
    world.stock("EAST", {"CUP": 5})
    world.order("web", document("1", ("CUP", 2)), document("2", ("CUP", 9)))
    assert "reservations_follow_demand" not in str(broken(tx))
    changed = tx.connection.execute(
        "UPDATE inventory.demand SET allocated = allocated + %s, short = short - %s WHERE short > 1", (more, more)
    )
    assert changed.rowcount == 1
    assert "reservations_follow_demand" in str(broken(tx))
