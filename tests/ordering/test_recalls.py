"""A recalled material and everything that was made of it: followed to any depth, held and let back in one act."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower import access, inventory, ordering, worklist
from stocktower.catalog import find_skus
from stocktower.exchange import AssemblyDocument, AssemblyLot, ProductDocument, ReceiptDocument, ReceiptLine
from stocktower.inventory.recalls.lineage import relate
from stocktower.inventory.recalls.recall_model import LotLink
from stocktower.ordering import LotName, NotPossible
from stocktower.platform import Database, Transaction, run_again
from tests.ordering.world import PRODUCTS, TEXT, World, broken, document, setup

AT = datetime(2026, 6, 1, tzinfo=UTC)
MADE = (
    ProductDocument("MILK", "Milk", tracking="lot"),
    ProductDocument("SHAKE", "Shake", materials=(("MILK", 2), ("CUP", 1)), tracking="lot"),
    ProductDocument("CRATE", "Two shakes", materials=(("SHAKE", 2),), tracking="lot"),
    ProductDocument("PUDDING", "Pudding", materials=(("MILK", 1),)),
)

Edge = tuple[tuple[int, str], tuple[int, str], int]
keys = st.tuples(st.integers(1, 3), st.sampled_from(["", "A", "B"]))


@given(st.lists(st.tuples(keys, keys, st.integers(1, 5)), max_size=12))
def test_each_lot_that_can_be_reached_is_met_once_by_the_shortest_way(edges: list[Edge]) -> None:
    links = [LotLink(*near, *far, number, f"W{number}", 1, 1, 1, 1, AT) for near, far, number in edges if near[1]]
    root: tuple[int, str] = (1, "A")
    distance: dict[tuple[int, str], int] = {root: 0}
    for _ in range(len(links) + 1):
        for one in links:
            near, far = (one.sku_id, one.lot), (one.far_sku_id, one.far_lot)
            if near in distance:
                distance[far] = min(distance.get(far, 99), distance[near] + 1)
    found = relate(root, [one for one in links if (one.sku_id, one.lot) in distance])
    assert {(one.sku_id, one.lot): one.depth for one in found} == {k: v for k, v in distance.items() if k != root}
    assert [one.depth for one in found] == sorted(one.depth for one in found)


def make(tx: Transaction, reference: str, sku: str, units: int, *lots: AssemblyLot, apart: bool = False) -> None:
    """An assembly in the east."""
    inventory.state_assembly(tx, AssemblyDocument(reference, "EAST", sku, units, apart, lots, "", None))


def receive(tx: Transaction, **lots: int) -> None:
    """Lots of milk come in, and cups."""
    milk = [ReceiptLine("MILK", units, lot=lot, line=lot) for lot, units in lots.items()]
    inventory.state_receipt(tx, ReceiptDocument("D-1", "EAST", (*milk, ReceiptLine("CUP", 50, line="c"))))


@pytest.fixture
def world(tx: Transaction) -> World:
    """Milk of two lots is in shakes, some of both; shakes are in crates, and milk in puddings without lots."""
    world = World(tx, TEXT, (*PRODUCTS, *MADE))
    receive(tx, M1=20, M2=20)
    make(tx, "W-1", "SHAKE", 5, AssemblyLot("SHAKE", "S1"), AssemblyLot("MILK", "M1"))
    make(tx, "W-2", "SHAKE", 4, AssemblyLot("SHAKE", "S2"), AssemblyLot("MILK", "M2"))
    make(
        tx, "W-3", "SHAKE", 1, AssemblyLot("SHAKE", "BOTH"), AssemblyLot("MILK", "M1", 1), AssemblyLot("MILK", "M2", 1)
    )
    make(tx, "W-4", "CRATE", 2, AssemblyLot("CRATE", "C1"), AssemblyLot("SHAKE", "S1"))
    make(tx, "W-5", "PUDDING", 3, AssemblyLot("MILK", "M1"))
    world.work()
    return world


def states(world: World) -> dict[str, str]:
    return {one.lot: one.state for one in inventory.load_lots(world.tx)}


def recall_case(world: World) -> worklist.Case:
    """The case of the recall."""
    (case,) = worklist.load_cases(world.tx, worklist.CaseFilter(kind="lot_recalled")).cases
    return case


def test_a_recall_follows_a_lot_to_every_customer_and_is_undone_whole(world: World) -> None:
    tx, milk = world.tx, world.sku["MILK"]
    world.order("web", document("gone", ("CRATE", 1)))
    world.confirm("gone", "shipped")
    world.order("web", document("hand", ("CRATE", 1)))
    world.order("web", document("kept", ("SHAKE", 2), financial_state="pending"))
    make(tx, "W-6", "CRATE", 1, AssemblyLot("CRATE", "C2"), AssemblyLot("SHAKE", "S2"))
    ids = {number: world.find(number).order.order_id for number in ("gone", "hand", "kept")}

    found = ordering.load_lot(tx, world.network, "MILK", "M1", personal=True)
    assert found is not None
    assert [(one.depth, one.sku, one.lot, one.units) for one in found.is_in] == [
        (1, "SHAKE", "BOTH", 1), (1, "SHAKE", "S1", 5), (1, "PUDDING", "", 3), (2, "CRATE", "C1", 2),
    ]  # fmt: skip
    assert found.made_of == ()
    assert {(one.order.order_id, one.lot, one.state) for one in found.orders if one.lot == "C1"} == {
        (ids["gone"], "C1", "shipped"), (ids["hand"], "C1", "with its site"),
    }  # fmt: skip
    assert all(one.contact is not None for one in found.orders)
    crate = ordering.load_lot(tx, world.network, "CRATE", "C1", personal=False)
    assert crate is not None
    assert [(one.depth, one.sku, one.lot) for one in crate.made_of] == [
        (1, "SHAKE", "S1"), (2, "CUP", ""), (2, "MILK", "M1"),
    ]  # fmt: skip

    done = ordering.hold_lot(tx, milk, "M1", "glass in it")
    world.work()
    assert [str(one) for one in done.lots] == ["M1 of MILK", "BOTH of SHAKE", "S1 of SHAKE", "C1 of CRATE"]
    assert (done.shipped, done.at_sites) == ((ids["gone"],), (ids["hand"],))
    assert done.not_tracked == ("PUDDING",)
    assert states(world) == {
        "M1": "held",
        "BOTH": "held",
        "S1": "held",
        "C1": "held",
        "M2": "open",
        "S2": "open",
        "C2": "open",
    }
    (case,) = [
        one for one in worklist.load_cases(tx, worklist.CaseFilter(), limit=99).cases if one.kind == "lot_recalled"
    ]
    assert "with 3 lots made of it" in case.title
    assert case.waiters == 2
    # Who had a held shake and was not released has another one.
    assert {one.lot for one in inventory.load_lots_of_orders(tx, [ids["kept"]])} == {"S2"}
    world.check()

    # Taken apart, a crate gives shakes: a circle, and more is in what was held.
    back = ordering.release_lot(tx, milk, "M1", "it was sugar")
    world.work()
    assert {str(one) for one in back.lots} == {str(one) for one in done.lots}
    assert set(states(world).values()) == {"open"}
    assert not any(kind.startswith("lot_recalled") for kind in world.cases())
    with pytest.raises(NotPossible, match="not held"):
        ordering.release_lot(tx, milk, "M1", "")
    assert [entry.act for entry in access.load_audit(tx, limit=2)] == ["lot.release", "lot.hold"]
    world.check()


def test_what_two_recalls_hold_is_let_back_by_neither_alone(world: World) -> None:
    tx, milk, shake = world.tx, world.sku["MILK"], world.sku["SHAKE"]
    with pytest.raises(NotPossible, match="S2 of SHAKE has nothing of lot M1"):
        ordering.hold_lot(tx, milk, "M1", "", left_out=[LotName("SHAKE", "S2")])
    first = ordering.hold_lot(tx, milk, "M1", "glass", left_out=[LotName("CRATE", "C1")])
    assert [str(one) for one in first.left_out] == ["C1 of CRATE"]
    assert states(world)["C1"] == "open"
    assert ordering.hold_lot(tx, milk, "M2", "sour").lots[1:] == (LotName("SHAKE", "BOTH"), LotName("SHAKE", "S2"))
    with pytest.raises(NotPossible, match="held already"):
        ordering.hold_lot(tx, milk, "M1", "", alone=True)
    # The one that was left out joins the recall that goes on.
    assert LotName("CRATE", "C1") in ordering.hold_lot(tx, milk, "M1", "glass").lots
    back = ordering.release_lot(tx, milk, "M1", "no glass")
    assert [(str(one), str(root)) for one, root in back.still_held] == [("BOTH of SHAKE", "M2 of MILK")]
    assert states(world) | {"M2": "", "S2": "", "BOTH": ""} == {
        "M1": "open", "S1": "open", "C1": "open", "M2": "", "S2": "", "BOTH": "",
    }  # fmt: skip
    # One lot alone is let back; the rest of its recall stays.
    assert ordering.release_lot(tx, shake, "S2", "is good").lots == (LotName("SHAKE", "S2"),)
    assert {lot for lot, state in states(world).items() if state == "held"} == {"M2", "BOTH"}
    world.check()


def test_circles_end_and_what_came_out_of_a_lot_is_with_it(world: World) -> None:
    tx = world.tx
    apart = AssemblyLot("CRATE", "C1"), AssemblyLot("SHAKE", "S1", 1), AssemblyLot("SHAKE", "S9", 1)
    make(tx, "W-7", "CRATE", 1, *apart, apart=True)
    lineage = inventory.load_lineage(tx, world.sku["SHAKE"], "S1")
    assert [(one.lot, one.depth, one.apart) for one in lineage.down] == [("C1", 1, False), ("S9", 2, True)]
    assert [(one.lot, one.depth) for one in lineage.up if one.lot] == [("M1", 1), ("C1", 1)]
    held = ordering.hold_lot(tx, world.sku["MILK"], "M1", "glass")
    assert LotName("SHAKE", "S9") in held.lots
    world.check()


def test_what_was_made_before_a_recall_and_is_learned_of_after_it_is_held_with_it(world: World) -> None:
    tx, milk = world.tx, world.sku["MILK"]
    ordering.hold_lot(tx, milk, "M1", "glass")
    before, lots = tx.now - timedelta(hours=2), (AssemblyLot("SHAKE", "S7"), AssemblyLot("MILK", "M1"))

    def state(reference: str, *named: AssemblyLot, at: datetime | None = before) -> None:
        inventory.state_assembly(tx, AssemblyDocument(reference, "EAST", "SHAKE", 1, False, named, "", at))

    with pytest.raises(inventory.NotUsable, match="lacks 2 of MILK"):
        state("W-9", *lots, at=None)
    state("W-9", *lots)
    assert states(world)["S7"] == "held"
    found = ordering.load_lot(tx, world.network, "SHAKE", "S7", personal=False)
    assert found is not None
    assert [str(one.root) for one in found.recalls] == ["M1 of MILK"]
    # The case of the recall names it too.
    assert "S7 of SHAKE" not in recall_case(world).data["lots"]
    world.work()
    assert "S7 of SHAKE" in recall_case(world).data["lots"]
    world.order("web", document("has", ("SHAKE", 4), financial_state="pending"))
    assert {one.lot for one in inventory.load_lots_of_orders(tx, [world.find("has").order.order_id])} == {"S2"}
    with pytest.raises(inventory.NotUsable, match="orders have units of it; name another"):
        state("W-10", AssemblyLot("SHAKE", "S2"), AssemblyLot("MILK", "M1"))
    # What is not named is not taken of what is recalled, whenever it was.
    state("W-11", AssemblyLot("SHAKE", "S8"))
    assert states(world)["S8"] == "open"
    world.check()
    assert LotName("SHAKE", "S7") in ordering.release_lot(tx, milk, "M1", "sugar").lots
    assert states(world)["S7"] == "open"
    world.check()


def test_nothing_is_made_of_a_lot_past_its_recall(database: Database) -> None:
    """A workshop goes on while the milk is recalled: every shake that has of it is held in the end."""
    merchant = database.ensure_merchant("acme")
    with database.transaction(merchant, actor="tester") as tx:
        setup(tx, TEXT, (*PRODUCTS, *MADE))
        receive(tx, M1=30)
        milk = find_skus(tx, ["MILK"])["MILK"].sku_id
    barrier = threading.Barrier(3)

    def command(do: object) -> None:
        def once() -> None:
            with database.transaction(merchant, actor="tester") as tx:
                do(tx)  # pyright: ignore[reportCallIssue] -- a command on a transaction

        run_again(once)

    def workshop(name: int) -> int:
        barrier.wait()
        for turn in range(6):
            lot = f"S{name}-{turn}"
            try:
                command(lambda tx, lot=lot: make(tx, lot, "SHAKE", 1, AssemblyLot("SHAKE", lot)))
            except inventory.NotUsable:
                return turn
        return 6

    def recall() -> None:
        barrier.wait()
        command(lambda tx: ordering.hold_lot(tx, milk, "M1", "glass"))

    with ThreadPoolExecutor(3) as threads:
        jobs = [threads.submit(workshop, 1), threads.submit(workshop, 2)]
        threads.submit(recall).result()
        made = sum(job.result() for job in jobs)
    with database.reading(merchant) as tx:
        lots = inventory.load_lots(tx)
        assert [one.lot for one in lots if one.state != "held"] == []
        assert len(lots) == 1 + made
        assert broken(tx) == []
