"""Assemblies against real stock: what is free goes in, what comes out can be sold; lots, repeats, counts, threads."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from stocktower import inventory
from stocktower.catalog import find_skus
from stocktower.exchange import AssemblyDocument, AssemblyLot, ProductDocument, ReceiptDocument, ReceiptLine
from stocktower.inventory import NotUsable, StatedAssembly
from stocktower.inventory.assembly import assembly_store
from stocktower.network import load_network
from stocktower.platform import Database, Transaction
from tests.inventory.test_threads import again, check, merchant
from tests.inventory.world import PRODUCTS, TEXT, World, broken, events

__all__ = ["merchant"]
HOUR = timedelta(hours=1)
MADE = (
    ProductDocument("MILK", "Milk", tracking="lot"),
    ProductDocument("CHIP", "Chip", tracking="serial"),
    ProductDocument("GIFT", "Cups with lids in a box", materials=(("CUP", 2), ("LID", 3))),
    ProductDocument("SHAKE", "Shake", materials=(("MILK", 2), ("CUP", 1)), tracking="lot"),
    ProductDocument("RADIO", "Radio", materials=(("CHIP", 1), ("LID", 1)), tracking="serial"),
)


def new_world(tx: Transaction) -> World:
    """Forty cups and thirty lids in the east."""
    place = World(tx, TEXT, (*PRODUCTS, *MADE))
    place.count(tx, "EAST", {"CUP": 40, "LID": 30}, as_of=tx.now - 9 * HOUR)
    return place


@pytest.fixture
def place(tx: Transaction) -> World:
    """In a transaction that is undone."""
    return new_world(tx)


def make(
    tx: Transaction, sku: str, units: int, *lots: AssemblyLot, reference: str = "W-1", site: str = "EAST",
    apart: bool = False, at: datetime | None = None,
) -> StatedAssembly:  # fmt: skip
    """State an assembly."""
    return inventory.state_assembly(tx, AssemblyDocument(reference, site, sku, units, apart, lots, "", at))


def refused(tx: Transaction, sku: str, units: int, *lots: AssemblyLot, reference: str = "W-1", **more: object) -> str:
    """What an assembly is refused with; nothing changed."""
    before = stock(tx)
    with pytest.raises(NotUsable) as raised:
        make(tx, sku, units, *lots, reference=reference, **more)  # pyright: ignore[reportArgumentType] -- keywords of make
    assert stock(tx) == before
    return str(raised.value)


def stock(tx: Transaction) -> dict[tuple[str, str, str], int]:
    """(SKU, status, lot) -> units in the east."""
    codes = {one.sku_id: code for code, one in find_skus(tx, [p.sku for p in (*PRODUCTS, *MADE)]).items()}
    found = inventory.load_availability(tx, sorted(codes), load_network(tx))
    return {
        (codes[sku_id], row.status, row.lot): row.quantity
        for sku_id in codes
        for row in found.rows(sku_id)
        if row.quantity
    }


def milk(tx: Transaction, reference: str, lot: str, units: int, expires: date | None) -> None:
    """Milk comes in."""
    line = ReceiptLine("MILK", units, lot=lot, expires_on=expires)
    inventory.state_receipt(tx, ReceiptDocument(reference, "EAST", (line,)))


def test_materials_become_the_product_and_come_out_of_it_again(tx: Transaction, place: World) -> None:
    done = make(tx, "GIFT", 4)
    assert sorted((one.sku, one.units) for one in done.lines) == [("CUP", -8), ("GIFT", 4), ("LID", -12)]
    assert stock(tx) == {("CUP", "available", ""): 32, ("LID", "available", ""): 18, ("GIFT", "available", ""): 4}
    undone = make(tx, "GIFT", 1, reference="W-2", apart=True)
    assert (undone.state, undone.units) == ("taken apart", -1)
    assert stock(tx) == {("CUP", "available", ""): 34, ("LID", "available", ""): 21, ("GIFT", "available", ""): 3}
    assert broken(tx) == []
    assert [kind for kind, _ in events(tx, "assembly.made", "assembly.undone")] == ["assembly.made", "assembly.undone"]
    moved = [(data["sku_id"], data["delta"]) for _, data in events(tx, "stock.moved")][:3]
    assert moved[2] == (place.sku["GIFT"], 4)
    assert sorted(moved[:2]) == [(place.sku["CUP"], -8), (place.sku["LID"], -12)]
    assert set(inventory.SUPPLY_KINDS) >= {"stock.moved"}


def test_a_repeat_changes_nothing_and_other_content_is_refused(tx: Transaction, place: World) -> None:
    first = make(tx, "GIFT", 2)
    before = stock(tx)
    repeat = make(tx, "GIFT", 2)
    assert (repeat.state, repeat.lines) == ("repeated", first.lines)
    assert stock(tx) == before
    assert "stands for another assembly" in refused(tx, "GIFT", 3)
    assert "stands for another assembly" in refused(tx, "GIFT", 2, apart=True)
    assert "stands for another assembly" in refused(tx, "GIFT", 2, site="WEST")
    requests = [inventory.AssemblyRequest("W-9", place.sku["GIFT"], place.site["EAST"], units) for units in (1, 1, 2)]
    results = inventory.assemble(tx, requests)
    assert [(one.repeated, bool(one.problem)) for one in results] == [(False, False), (True, False), (False, True)]
    assert broken(tx) == []


def test_what_is_allocated_is_not_taken(tx: Transaction, place: World) -> None:
    place.order(tx, 1, "LID", 25)
    place.order(tx, 2, "CUP", 38)
    problem = refused(tx, "GIFT", 3)
    assert problem == (
        "quantity: EAST lacks 4 of CUP (2 free, 6 needed) and 4 of LID (5 free, 9 needed); no more than 1 can be"
    )
    assert "bring them there, or free them" in refused(tx, "GIFT", 1, site="WEST")
    make(tx, "GIFT", 1)
    assert place.row(tx, "EAST", "LID") == (27, 25, 0)
    assert broken(tx) == []


def test_what_cannot_be_meant_says_why(tx: Transaction, place: World) -> None:
    assert refused(tx, "CUP", 1).startswith("sku: CUP is not assembled")
    assert refused(tx, "SET", 1).startswith("sku: SET is a kit")
    assert refused(tx, "GIFT", 0).startswith("quantity: 0 units")
    assert refused(tx, "GIFT", 1, reference=" ").startswith("reference: the assembly has no number")
    assert refused(tx, "GIFT", 1, site="DROP").startswith("site: what lies at DROP is its supplier's")
    assert refused(tx, "GIFT", 1, site="MOON").startswith("site: 'MOON' is not a site")
    assert refused(tx, "GIFT", 1, AssemblyLot("CUP", "L1")).startswith("lots: L1: its SKU is not tracked")
    assert refused(tx, "GIFT", 1, AssemblyLot("ROPE", "L1")).startswith("lots: L1: its SKU has no part")
    milk(tx, "D-1", "M1", 9, None)
    assert refused(tx, "SHAKE", 1).startswith("lots: 1 units of SHAKE have none")
    too_many = AssemblyLot("SHAKE", "S1", 5)
    assert refused(tx, "SHAKE", 1, too_many).startswith("lots: 5 units of SHAKE are named, not 1")


def test_the_first_to_expire_goes_in_and_the_product_keeps_no_longer(tx: Transaction, place: World) -> None:
    late, soon = tx.now.date() + timedelta(days=30), tx.now.date() + timedelta(days=9)
    milk(tx, "D-1", "LATE", 6, late)
    milk(tx, "D-2", "SOON", 3, soon)
    milk(tx, "D-3", "OLD", 50, tx.now.date() - timedelta(days=2))
    made = make(tx, "SHAKE", 2, AssemblyLot("SHAKE", "S1"))
    assert [(one.sku, one.lot, one.units) for one in made.lines if one.lot] == [
        ("MILK", "SOON", -3), ("MILK", "LATE", -1), ("SHAKE", "S1", 2),
    ]  # fmt: skip
    ends = {one.lot: one.expires_at for one in inventory.load_lots(tx) if one.sku_id == place.sku["SHAKE"]}
    assert ends == {"S1": datetime.combine(soon + timedelta(days=1), datetime.min.time(), UTC)}
    named = make(tx, "SHAKE", 1, AssemblyLot("SHAKE", "S2"), AssemblyLot("MILK", "LATE", 2), reference="W-2")
    assert ("MILK", "LATE", -2) in [(one.sku, one.lot, one.units) for one in named.lines]
    assert "lacks 1 of MILK" in refused(tx, "SHAKE", 2, AssemblyLot("SHAKE", "S3"), reference="W-3")
    back = (AssemblyLot("SHAKE", "S1"), AssemblyLot("MILK", "LATE", 3), AssemblyLot("MILK", "SOON"))
    make(tx, "SHAKE", 2, *back, reference="W-4", apart=True)
    after = stock(tx)
    assert (after["MILK", "available", "LATE"], after["MILK", "available", "SOON"]) == (6 - 1 - 2 + 3, 1)
    assert broken(tx) == []


def test_every_piece_has_its_own_serial_number(tx: Transaction, place: World) -> None:
    lines = tuple(ReceiptLine("CHIP", 1, lot=f"C{number}", line=str(number)) for number in range(3))
    inventory.state_receipt(tx, ReceiptDocument("D-1", "EAST", lines))
    pieces = AssemblyLot("RADIO", "R1"), AssemblyLot("RADIO", "R2")
    assert "name each serial number" in refused(tx, "RADIO", 2, pieces[0])
    assert "have one serial number" in refused(tx, "RADIO", 2, AssemblyLot("RADIO", "R1", 2))
    assert "named twice" in refused(tx, "RADIO", 2, pieces[0], pieces[0])
    made = make(tx, "RADIO", 2, *pieces, AssemblyLot("CHIP", "C2"))
    assert sorted((one.lot, one.units) for one in made.lines if one.lot) == [
        ("C0", -1), ("C2", -1), ("R1", 1), ("R2", 1),
    ]  # fmt: skip
    assert "is in stock already" in refused(tx, "RADIO", 1, pieces[0], reference="W-2")
    make(tx, "RADIO", 1, pieces[1], AssemblyLot("CHIP", "C2"), reference="W-3", apart=True)
    assert ("RADIO", "available", "R2") not in stock(tx)
    assert broken(tx) == []


def test_what_does_not_add_up_is_seen(tx: Transaction, place: World) -> None:
    make(tx, "GIFT", 2)
    [one] = assembly_store.find_assemblies(tx, ["W-1"])
    other = replace(one, assembly_id=tx.new_id(), reference="W-2")
    lines = [
        replace(line, assembly_id=other.assembly_id, delta=line.delta - (line.sku_id == place.sku["LID"]))
        for line in assembly_store.load_assembly_lines(tx, [one.assembly_id])
    ]
    assembly_store.insert_assemblies(tx, [other], lines)
    assert broken(tx) == ["assemblies_are_their_bills", "assemblies_are_their_moves"]


def test_a_count_that_saw_it_stands(tx: Transaction, place: World) -> None:
    """Ten sets of materials went in at eight; the count of nine saw what was left, and is known first."""
    place.count(tx, "EAST", {"CUP": 20, "LID": 0, "GIFT": 10}, as_of=tx.now - HOUR)
    make(tx, "GIFT", 10, at=tx.now - 2 * HOUR)
    assert stock(tx) == {("CUP", "available", ""): 20, ("GIFT", "available", ""): 10}
    assert broken(tx) == []


def test_a_discrepancy_of_the_product_is_explained_first(tx: Transaction, place: World) -> None:
    place.ship(tx, 5, "GIFT", 1)
    assert place.row(tx, "EAST", "GIFT") == (0, 0, 1)
    make(tx, "GIFT", 3)
    assert place.row(tx, "EAST", "GIFT") == (2, 0, 0)
    assert broken(tx) == []


def test_assemblies_against_orders_for_a_material(database: Database, merchant: int) -> None:
    """Whoever is first has the lids; no lid is in a gift and promised."""
    with database.transaction(merchant, actor="tester") as tx:
        world = new_world(tx)
    barrier = threading.Barrier(4)
    made: list[str] = []
    got: list[int] = []

    def workshop(number: int) -> None:
        barrier.wait()
        for turn in range(6):

            def one(tx: Transaction, reference: str = f"W-{number}-{turn}") -> None:
                request = inventory.AssemblyRequest(reference, world.sku["GIFT"], world.site["EAST"], 1)
                [result] = inventory.assemble(tx, [request])
                if not result.problem:
                    made.append(reference)

            again(database, merchant, one)

    def shop(number: int) -> None:
        barrier.wait()
        for turn in range(6):
            order_id = number * 100 + turn
            again(database, merchant, lambda tx, one=order_id: got.append(world.order(tx, one, "LID", 2)))

    with ThreadPoolExecutor(4) as threads:
        jobs = [threads.submit(workshop, 1), threads.submit(workshop, 2)]
        jobs += [threads.submit(shop, 3), threads.submit(shop, 4)]
        for job in jobs:
            job.result()
    check(database, merchant)
    with database.reading(merchant) as tx:
        lids, taken, _ = world.row(tx, "EAST", "LID")
        gifts = world.row(tx, "EAST", "GIFT")[0]
        assert lids == 30 - 3 * gifts
        assert taken <= lids
        assert gifts == len(set(made))
        assert lids - taken < 3 or gifts == 12


def test_one_reference_from_two_sides_is_one_assembly(database: Database, merchant: int) -> None:
    with database.transaction(merchant, actor="tester") as tx:
        world = new_world(tx)
    barrier = threading.Barrier(2)
    repeated: list[bool] = []

    def state(_: int) -> None:
        barrier.wait()

        def one(tx: Transaction) -> bool:
            request = inventory.AssemblyRequest("W-1", world.sku["GIFT"], world.site["EAST"], 2)
            return inventory.assemble(tx, [request])[0].repeated

        again(database, merchant, lambda tx: repeated.append(one(tx)))

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(state, range(2)))
    assert sorted(repeated) == [False, True]
    check(database, merchant)
    with database.reading(merchant) as tx:
        assert world.row(tx, "EAST", "GIFT") == (2, 0, 0)
