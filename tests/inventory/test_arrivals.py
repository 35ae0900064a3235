"""Deliveries: what was expected, more, less, damaged, blind, again, corrected; late ones and counts commute."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from stocktower import catalog, inventory, worklist
from stocktower.exchange import ProductDocument, ReceiptDocument, ReceiptLine
from stocktower.inventory import DeliveredLine, Delivery, DeliveryResult, Inbound, StatedInbound
from stocktower.inventory.coming.inbound_store import load_inbound_by_id
from stocktower.platform import Database, Transaction
from tests.inventory.test_threads import again, merchant, world
from tests.inventory.world import TEXT, World, broken, events

__all__ = ["merchant", "world"]
HOUR = timedelta(hours=1)
TOLERANT = TEXT + "\n[receiving]\nover_percent = 10\nover_units = 1\nshort_percent = 10\n"


@pytest.fixture
def place(tx: Transaction) -> World:
    """A merchant without stock."""
    return World(tx)


def order(tx: Transaction, world: World, code: str, quantity: int, *, line: str = "", cost: int | None = 240) -> None:
    """A supplier confirms what will come to the east."""
    item = StatedInbound(
        "PO-1", world.sku[code], world.site["EAST"], quantity, tx.now + timedelta(days=1), line=line, cost_minor=cost
    )
    inventory.record_inbound(tx, [item])


def deliver(
    tx: Transaction,
    world: World,
    quantities: dict[str, int],
    *,
    note: str = "DN-1",
    damaged: dict[str, int] | None = None,
    **more: Any,
) -> DeliveryResult:
    """A delivery to the east."""
    lines = [DeliveredLine(world.sku[code], units) for code, units in quantities.items()]
    lines += [DeliveredLine(world.sku[code], units, "damaged") for code, units in (damaged or {}).items()]
    given: dict[str, Any] = {"inbound": "PO-1", "received_at": tx.now, **more}
    [result] = inventory.receive_deliveries(tx, [Delivery(note, world.site["EAST"], lines=tuple(lines), **given)])
    return result


def inbound(tx: Transaction, world: World, code: str = "CUP") -> Inbound:
    """The only inbound of a SKU, open or not."""
    row = tx.connection.execute(
        "SELECT inbound_id FROM inventory.inbound WHERE merchant_id = %s AND sku_id = %s",
        [tx.merchant_id, world.sku[code]],
    ).fetchone()
    assert row is not None

    return load_inbound_by_id(tx, [row[0]])[0]


def open_cases(tx: Transaction) -> list[tuple[str, int]]:
    """(kind, units) of the open cases."""
    return sorted((one.kind, one.units) for one in worklist.load_cases(tx, worklist.CaseFilter()).cases)


def test_what_was_expected_comes_at_its_cost(tx: Transaction, place: World) -> None:
    order(tx, place, "CUP", 24)
    result = deliver(tx, place, {"CUP": 20}, damaged={"CUP": 4})
    assert (result.entered, result.is_correction, result.problem) == (24, False, "")
    assert place.row(tx, "EAST", "CUP") == (20, 0, 0)
    assert place.row(tx, "EAST", "CUP", "damaged") == (4, 0, 0)
    one = inbound(tx, place)
    assert (one.received, one.open, one.state) == (24, 0, "received")
    assert [data["cost_minor"] for _, data in events(tx, "stock.received")] == [240, 240]
    assert open_cases(tx) == []
    assert broken(tx) == []


def test_the_same_delivery_again_changes_nothing(tx: Transaction, place: World) -> None:
    order(tx, place, "CUP", 24)
    first = deliver(tx, place, {"CUP": 20})
    second = deliver(tx, place, {"CUP": 20})
    assert (second.receipt_id, second.entered) == (first.receipt_id, 0)
    assert place.row(tx, "EAST", "CUP") == (20, 0, 0)
    assert inbound(tx, place).open == 4


def test_a_correction_enters_the_difference_only(tx: Transaction, place: World) -> None:
    order(tx, place, "CUP", 24)
    deliver(tx, place, {"CUP": 24})
    result = deliver(tx, place, {"CUP": 20, "LID": 3})
    assert (result.entered, result.is_correction) == (-1, True)
    assert place.row(tx, "EAST", "CUP") == (20, 0, 0)
    assert place.row(tx, "EAST", "LID") == (3, 0, 0)
    assert (inbound(tx, place).received, inbound(tx, place).open) == (20, 4)
    assert open_cases(tx) == [("receipt_over", 3)]
    assert broken(tx) == []


def test_a_correction_never_takes_what_is_allocated(tx: Transaction, place: World) -> None:
    deliver(tx, place, {"CUP": 24}, inbound="")
    place.order(tx, 1, "CUP", 20)
    result = deliver(tx, place, {"CUP": 3}, inbound="")
    assert result.problem.startswith("quantity: the correction takes 21 back of which only 4")
    assert place.row(tx, "EAST", "CUP") == (24, 20, 0)


def test_more_than_was_expected_is_in_with_a_case(tx: Transaction, place: World) -> None:
    order(tx, place, "CUP", 24)
    deliver(tx, place, {"CUP": 30})
    assert place.row(tx, "EAST", "CUP") == (30, 0, 0)
    assert (inbound(tx, place).received, inbound(tx, place).excess) == (24, 6)
    assert open_cases(tx) == [("receipt_over", 6)]
    order(tx, place, "CUP", 30)
    assert inbound(tx, place).excess == 0
    assert open_cases(tx) == []


def test_a_corrected_excess_closes_its_case(tx: Transaction, place: World) -> None:
    order(tx, place, "CUP", 24)
    deliver(tx, place, {"CUP": 30})
    deliver(tx, place, {"CUP": 24})
    assert open_cases(tx) == []
    assert broken(tx) == []


def test_within_the_tolerance_nobody_is_asked(tx: Transaction) -> None:
    place = World(tx, TOLERANT)
    order(tx, place, "CUP", 100)
    deliver(tx, place, {"CUP": 110})
    order(tx, place, "LID", 10)
    deliver(tx, place, {"LID": 9}, note="DN-2", complete=True)
    assert open_cases(tx) == []
    deliver(tx, place, {"CUP": 111})
    assert open_cases(tx) == [("receipt_over", 11)]


def test_short_and_closed_is_a_case_until_it_comes(tx: Transaction, place: World) -> None:
    order(tx, place, "CUP", 24)
    result = deliver(tx, place, {"CUP": 20}, complete=True)
    assert len(result.closed_short) == 1
    assert inbound(tx, place).state == "closed"
    assert open_cases(tx) == [("receipt_short", 4)]
    deliver(tx, place, {"CUP": 4}, note="DN-2")
    assert inbound(tx, place).state == "received"
    assert open_cases(tx) == []
    assert broken(tx) == []


def test_expecting_the_rest_reopens_it(tx: Transaction, place: World) -> None:
    order(tx, place, "CUP", 24)
    deliver(tx, place, {"CUP": 20}, complete=True)
    one = inventory.expect_rest(tx, inbound(tx, place).inbound_id)
    assert one is not None
    assert (one.open, one.state) == (4, "open")
    assert open_cases(tx) == []
    assert inventory.expect_rest(tx, one.inbound_id) is None


def test_lines_of_one_order_fill_by_line_or_by_what_is_open(tx: Transaction, place: World) -> None:
    order(tx, place, "CUP", 10, line="1")
    order(tx, place, "CUP", 10, line="2")
    site, sku = place.site["EAST"], place.sku["CUP"]
    inventory.receive_deliveries(tx, [Delivery("A", site, tx.now, (DeliveredLine(sku, 4, line="2"),), "PO-1")])
    inventory.receive_deliveries(tx, [Delivery("B", site, tx.now, (DeliveredLine(sku, 14),), "PO-1")])
    coming = inventory.load_inbound(tx, [sku])
    assert [(one.line, one.open) for one in coming] == [("2", 2)]
    assert broken(tx) == []


def test_a_discrepancy_is_reversed_by_what_comes(tx: Transaction, place: World) -> None:
    place.ship(tx, 1, "CUP", 3)
    assert place.row(tx, "EAST", "CUP") == (0, 0, 3)
    deliver(tx, place, {"CUP": 5}, inbound="")
    assert place.row(tx, "EAST", "CUP") == (2, 0, 0)
    assert broken(tx) == []


@pytest.mark.parametrize("count_first", [True, False])
def test_a_count_and_a_late_delivery_commute(tx: Transaction, place: World, count_first: bool) -> None:
    """30 were there, 10 came at 9:00, 38 were counted at 10:00: whichever is learned first, 38 are there."""
    place.count(tx, "EAST", {"CUP": 30}, as_of=tx.now - 5 * HOUR)
    came, counted = tx.now - 2 * HOUR, tx.now - HOUR
    if count_first:
        place.count(tx, "EAST", {"CUP": 38}, as_of=counted)
        deliver(tx, place, {"CUP": 10}, inbound="", received_at=came)
    else:
        deliver(tx, place, {"CUP": 10}, inbound="", received_at=came)
        place.count(tx, "EAST", {"CUP": 38}, as_of=counted)
    assert place.row(tx, "EAST", "CUP") == (38, 0, 0)
    assert broken(tx) == []


def test_what_cannot_be_meant_is_refused_whole(tx: Transaction, place: World) -> None:
    assert deliver(tx, place, {"CUP": 1}, note="").problem.startswith("reference")
    assert deliver(tx, place, {"CUP": -1}).problem.startswith("quantity")
    assert deliver(tx, place, {"CUP": 1}, inbound="", complete=True).problem.startswith("complete")
    assert place.row(tx, "EAST", "CUP") == (0, 0, 0)


def test_two_deliveries_of_one_order_at_once(database: Database, merchant: int, world: World) -> None:

    with database.transaction(merchant, actor="tester") as tx:
        order(tx, world, "CUP", 40)
    start = threading.Barrier(4)

    def bring(number: int) -> None:
        start.wait()
        again(database, merchant, lambda tx: deliver(tx, world, {"CUP": 12}, note=f"DN-{number % 3}"))

    threads = [threading.Thread(target=bring, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading(merchant) as tx:
        assert world.row(tx, "EAST", "CUP") == (136, 0, 0)
        assert inbound(tx, world).open == 4
        assert broken(tx) == []


def test_a_delivery_while_units_are_reserved(database: Database, merchant: int, world: World) -> None:

    start = threading.Barrier(6)
    got: list[int] = []

    def bring(number: int) -> None:
        start.wait()
        again(database, merchant, lambda tx: deliver(tx, world, {"CUP": 10}, note=f"DN-{number}", inbound=""))

    def take(number: int) -> None:
        start.wait()
        again(database, merchant, lambda tx: got.append(world.order(tx, number, "CUP", 50)))

    threads = [threading.Thread(target=bring, args=(number,)) for number in range(3)]
    threads += [threading.Thread(target=take, args=(number,)) for number in range(100, 103)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading(merchant) as tx:
        quantity, allocated, _ = world.row(tx, "EAST", "CUP")
        assert quantity == 130
        assert allocated == sum(got)
        assert broken(tx) == []


def test_a_delivery_makes_its_lots_known_with_their_dates(tx: Transaction, place: World) -> None:
    catalog.take_products(tx, [ProductDocument("MILK", "Milk", cost_minor=90, tracking="lot")])
    documents = [
        ReceiptDocument("DN-1", "EAST", (ReceiptLine("MILK", 8, lot="L1", expires_on=date(2026, 6, 30)),)),
        ReceiptDocument("DN-2", "EAST", (ReceiptLine("MILK", 8, lot="L1", expires_on=date(2026, 7, 30)),)),
        ReceiptDocument("DN-3", "EAST", (ReceiptLine("MILK", 8),)),
    ]
    assert inventory.state_receipt(tx, documents[0]).units == 8
    with pytest.raises(inventory.NotUsable, match="expires: lot L1 expires on 2026-06-30"):
        inventory.state_receipt(tx, documents[1])
    with pytest.raises(inventory.NotUsable, match="lot: MILK is tracked by lot"):
        inventory.state_receipt(tx, documents[2])
    [lot] = inventory.load_lots(tx, code="L1", sku_id=0, state="", limit=9)
    assert (lot.quantity, lot.expires_at) == (8, datetime(2026, 7, 1, tzinfo=UTC))
    assert broken(tx) == []
