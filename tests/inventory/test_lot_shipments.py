"""Shipments that name the lot or serial number they sent: reservations change places, nobody loses units."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stocktower import inventory, worklist
from stocktower.exchange import ProductDocument, StockDocument, StockLine
from stocktower.inventory import AdjustmentRequest, Consume, ConsumeResult, DeliveredLine, Delivery, StockMoved
from stocktower.platform import Database, Transaction
from tests.inventory.world import PRODUCTS, TEXT, World, broken

MORE = """
[[consignors]]
code = "ART"
"""
TRACKED = (
    *PRODUCTS,
    ProductDocument("MILK", "Milk", tracking="lot"),
    ProductDocument("PHONE", "Phone", tracking="serial"),
)


class Undone(Exception):
    """Ends an example, so that the next begins with nothing."""


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant with SKUs by lot and serial number."""
    return World(tx, TEXT + MORE, TRACKED)


def stock(world: World, tx: Transaction, lots: dict[str, int], *, sku: str = "MILK", site: str = "EAST") -> None:
    """A site has these lots."""
    lines = tuple(StockLine(sku, units, lot=lot, row=row) for row, (lot, units) in enumerate(lots.items(), start=2))
    inventory.take_snapshot(tx, StockDocument(site, None, lines), 1, may_cut=lambda _: set())


def ship(
    world: World, tx: Transaction, order_id: int, units: int, lot: str, *,
    sku: str = "MILK", lenders: list[int] | None = None,
) -> ConsumeResult:  # fmt: skip
    """Units of a named lot leave for an order."""
    item = Consume(order_id, 1, world.sku[sku], world.site["EAST"], units, 900 + order_id, tx.now, lot)
    return inventory.consume(tx, [item], lenders=lenders or ())


def lots(tx: Transaction, world: World, sku: str = "MILK") -> dict[str, tuple[int, int, int]]:
    """Lot -> (quantity, allocated, discrepancy)."""
    rows = inventory.load_availability(tx, [world.sku[sku]], world.network).rows(world.sku[sku])
    return {row.lot: (row.quantity, row.allocated, row.discrepancy) for row in rows}


def has(tx: Transaction, world: World, order_id: int) -> dict[str, int]:
    """Lot -> units that an order has."""
    rows = inventory.load_availability(tx, [world.sku["MILK"]], world.network).rows(world.sku["MILK"])
    names = {row.stock_id: row.lot for row in rows}
    return {names[one.stock_id]: one.quantity for one in inventory.load_allocations(tx, [order_id])}


def test_the_named_lot_leaves_and_the_others_become_free(tx: Transaction, world: World) -> None:
    stock(world, tx, {"A": 5})
    assert world.order(tx, 1, "MILK", 5) == 5
    stock(world, tx, {"B": 5})
    result = ship(world, tx, 1, 3, "B")
    assert (result.shortfalls, result.excess) == ((), ())
    assert lots(tx, world) == {"A": (5, 2, 0), "B": (2, 0, 0)}
    assert world.demand(tx, 1)["MILK"] == (2, 0, 3, 0)
    assert [(one.lot, one.owner, one.quantity) for one in result.left] == [("B", "own", 3)]
    assert broken(tx) == []


def test_who_has_the_named_lot_gets_the_other_for_it(tx: Transaction, world: World) -> None:
    stock(world, tx, {"A": 5})
    world.order(tx, 1, "MILK", 5)
    stock(world, tx, {"B": 5})
    world.order(tx, 2, "MILK", 5)
    assert (has(tx, world, 1), has(tx, world, 2)) == ({"A": 5}, {"B": 5})
    ship(world, tx, 1, 4, "B", lenders=[2])
    assert (has(tx, world, 1), has(tx, world, 2)) == ({"A": 1}, {"A": 4, "B": 1})
    assert lots(tx, world) == {"A": (5, 5, 0), "B": (1, 1, 0)}
    reasons = tx.connection.execute(
        "SELECT reason, sum(abs(delta)) FROM inventory.reservation WHERE merchant_id = %s GROUP BY 1 ORDER BY 1",
        (tx.merchant_id,),
    ).fetchall()
    assert reasons == [("allocated", 10), ("shipped", 4), ("swapped", 16)]
    assert broken(tx) == []


def test_who_is_not_locked_keeps_the_lot_and_what_left_is_missing(tx: Transaction, world: World) -> None:
    stock(world, tx, {"A": 5})
    world.order(tx, 1, "MILK", 5)
    stock(world, tx, {"B": 5})
    world.order(tx, 2, "MILK", 5)
    result = ship(world, tx, 1, 4, "B")
    assert [(one.units) for one in result.shortfalls] == [4]
    assert lots(tx, world) == {"A": (5, 1, 0), "B": (5, 5, 4)}
    assert has(tx, world, 2) == {"B": 5}
    assert broken(tx) == []


def test_a_lot_that_nobody_knew_is_known_when_it_has_left(tx: Transaction, world: World) -> None:
    stock(world, tx, {"A": 5})
    world.order(tx, 1, "MILK", 2)
    result = ship(world, tx, 1, 2, "GHOST")
    assert [one.units for one in result.shortfalls] == [2]
    assert lots(tx, world) == {"A": (5, 0, 0), "GHOST": (0, 0, 2)}
    assert world.demand(tx, 1)["MILK"] == (0, 0, 2, 0)
    assert broken(tx) == []


def test_a_serial_number_leaves_in_place_of_another(tx: Transaction, world: World) -> None:
    stock(world, tx, {"S1": 1, "S2": 1}, sku="PHONE")
    world.order(tx, 1, "PHONE", 1)
    world.order(tx, 2, "PHONE", 1)
    ship(world, tx, 1, 1, "S2", sku="PHONE", lenders=[2])
    assert lots(tx, world, "PHONE") == {"S1": (1, 1, 0), "S2": (0, 0, 0)}
    assert broken(tx) == []


def test_a_count_that_saw_the_shipment_is_right_about_the_named_lot(tx: Transaction, world: World) -> None:
    stock(world, tx, {"A": 5, "B": 5})
    world.order(tx, 1, "MILK", 5)
    before = has(tx, world, 1)
    [had] = before
    other = "B" if had == "A" else "A"
    left_at = tx.now + timedelta(minutes=1)
    tx.now += timedelta(minutes=5)
    stock(world, tx, {other: 2})
    item = Consume(1, 1, world.sku["MILK"], world.site["EAST"], 3, 901, left_at, other)
    inventory.consume(tx, [item])
    assert lots(tx, world) == {had: (5, 2, 0), other: (2, 0, 0)}
    assert broken(tx) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    sent=st.lists(st.tuples(st.integers(1, 3), st.sampled_from("ABC"), st.integers(1, 4), st.booleans()), max_size=6),
)
def test_whatever_is_sent_no_unit_is_promised_twice(
    tx: Transaction, wanted: list[int], sent: list[tuple[int, str, int, bool]]
) -> None:
    """Some orders want milk of lots A and B; lots A to C are sent for them, with or without the others locked."""
    with suppress(Undone), tx.savepoint():
        world = World(tx, TEXT + MORE, TRACKED)
        stock(world, tx, {"A": 4, "B": 3})
        got = {number: world.order(tx, number, "MILK", units) for number, units in enumerate(wanted, start=1)}
        shipped: dict[int, int] = dict.fromkeys(got, 0)
        for order_id, lot, units, is_locked in sent:
            if order_id in got:
                ship(world, tx, order_id, units, lot, lenders=[1, 2, 3] if is_locked else [])
                shipped[order_id] += units
        rows = lots(tx, world)
        # What left is gone, known or not: real = quantity - discrepancy.
        assert sum(quantity - missing for quantity, _, missing in rows.values()) == 7 - sum(shipped.values())
        for order_id, units in got.items():
            allocated, short, consumed, _ = world.demand(tx, order_id)["MILK"]
            assert allocated + short + consumed == wanted[order_id - 1]
            assert consumed == min(shipped[order_id], wanted[order_id - 1])
            assert allocated <= units
        assert broken(tx) == []
        raise Undone


def test_another_lot_leaves_while_others_reserve(database: Database) -> None:
    merchant_id = database.ensure_merchant("lots")
    with database.transaction(merchant_id, actor="tester") as tx:
        world = World(tx, TEXT + MORE, TRACKED)
        stock(world, tx, {"A": 20})
        for order_id in range(1, 11):
            assert world.order(tx, order_id, "MILK", 2) == 2
        stock(world, tx, {"B": 20})
    barrier = threading.Barrier(4)
    errors: list[Exception] = []

    def work(numbers: range, *, sends: bool) -> None:
        barrier.wait()
        for number in numbers:
            try:
                for _ in range(20):
                    try:
                        with database.transaction(merchant_id, actor="tester") as tx:
                            if sends:
                                ship(world, tx, number, 2, "B")
                            else:
                                world.order(tx, number, "MILK", 3)
                        break
                    except StockMoved:
                        continue
            except Exception as error:
                errors.append(error)

    threads = [
        threading.Thread(target=work, args=(numbers,), kwargs={"sends": sends})
        for numbers, sends in (
            (range(1, 6), True),
            (range(6, 11), True),
            (range(100, 106), False),
            (range(200, 206), False),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.transaction(merchant_id, actor="tester") as tx:
        assert broken(tx) == []
        rows = lots(tx, world)
        assert sum(quantity - missing for quantity, _, missing in rows.values()) == 20
        assert sum(allocated for _, allocated, _ in rows.values()) <= sum(quantity for quantity, _, _ in rows.values())
        assert all(world.demand(tx, number)["MILK"] == (0, 0, 2, 0) for number in range(1, 11))


def test_a_serial_number_is_one_piece_in_one_place(tx: Transaction, world: World) -> None:
    """Whatever says so: receipts, adjustments, each alone or several at once; a correction may move it."""
    east, west, phone = world.site["EAST"], world.site["WEST"], world.sku["PHONE"]

    def receive(reference: str, site_id: int, *lines: DeliveredLine) -> str:
        (result,) = inventory.receive_deliveries(tx, [Delivery(reference, site_id, tx.now, lines)])
        return result.problem

    def adjust(reference: str, site_id: int, *lots: str, delta: int = 1) -> list[str]:
        asked = [
            AdjustmentRequest(
                f"{reference}-{place}", phone, site_id, delta, "found" if delta > 0 else "missing", lot=lot
            )
            for place, lot in enumerate(lots)
        ]
        return [one.problem for one in inventory.adjust_stock(tx, asked)]

    assert "stands for one piece" in receive("D-1", east, *[DeliveredLine(phone, 1, lot="S1", line=n) for n in "ab"])
    assert receive("D-1", east, DeliveredLine(phone, 1, lot="S1"), DeliveredLine(phone, 1, lot="S2")) == ""
    assert "S1 lies at EAST (available) already" in receive("D-2", west, DeliveredLine(phone, 1, lot="S1"))
    assert (
        receive("D-1", east, DeliveredLine(phone, 1, lot="S1", status="damaged"), DeliveredLine(phone, 1, lot="S2"))
        == ""
    )
    assert {row.status: row.quantity for row in rows(tx, world, "S1")} == {"available": 0, "damaged": 1}
    first, second, third = adjust("A", west, "S2", "S3", "S3")
    assert ("S2 lies at EAST" in first, second, "stands for one piece" in third) == (True, "", True)
    assert adjust("B", east, "S2", delta=-1) == [""]
    assert adjust("C", west, "S2") == [""]
    assert broken(tx) == []


def rows(tx: Transaction, world: World, lot: str) -> list[inventory.StockRow]:
    """The rows of one serial number."""
    found = inventory.load_availability(tx, [world.sku["PHONE"]], world.network).rows(world.sku["PHONE"])
    return [row for row in found if row.lot == lot]


def test_what_left_of_no_lot_is_explained_by_what_is_said_of_the_lots(tx: Transaction, world: World) -> None:
    """Three leave where no lot is known: they are missing of none until the site says what lies there."""
    ship(world, tx, 1, 3, "")
    assert lots(tx, world) == {"": (0, 0, 3)}
    tx.now += timedelta(hours=1)
    # Another lot comes, of which a part had left already: fewer are found than came.
    line = DeliveredLine(world.sku["MILK"], 10, lot="L2")
    inventory.receive_deliveries(tx, [Delivery("D-1", world.site["EAST"], tx.now, (line,))])
    tx.now += timedelta(hours=1)
    # What the site had before they left says nothing of them.
    says = StockDocument("EAST", tx.now - timedelta(hours=3), (StockLine("MILK", 2, lot="L1"),))
    inventory.take_snapshot(tx, says, 2, may_cut=lambda _: set())
    assert lots(tx, world)[""] == (0, 0, 3)
    line = DeliveredLine(world.sku["MILK"], 4, lot="L3")
    inventory.receive_deliveries(tx, [Delivery("D-2", world.site["EAST"], tx.now, (line,))])
    tx.now += timedelta(hours=1)
    stock(world, tx, {"L2": 9})
    assert lots(tx, world) == {"": (0, 0, 2), "L1": (2, 0, 0), "L2": (9, 0, 0), "L3": (4, 0, 0)}
    # Every lot that lies there is stated: nothing more is missing.
    stock(world, tx, {"L1": 0, "L2": 9, "L3": 4})
    assert lots(tx, world)[""] == (0, 0, 0)
    assert worklist.load_cases(tx, worklist.CaseFilter(kind="shortfall", state="open")).total == 0
    assert broken(tx) == []
