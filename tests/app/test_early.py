"""What comes before the order that it names waits and goes on by itself; somebody is asked when it waits too long."""

import threading
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from stocktower import exchange, inventory, worklist
from stocktower.app.actions import act_in
from stocktower.app.arguments import Arguments
from stocktower.app.output import CommandFailed
from stocktower.exchange import InboundDocument, InboundLine, Incoming, ReceiptDocument, ReceiptLine
from stocktower.exchange import TransferDocument as Step
from stocktower.exchange import TransferLine as Line
from stocktower.platform import Database, Transaction, take_due
from tests.inventory.test_threads import again, merchant, world
from tests.inventory.world import World, broken

__all__ = ["merchant", "world"]
HOUR = timedelta(hours=1)
HANDLERS = {"inbound": inventory.take_inbound, "receipt": inventory.take_receipts, "transfer": inventory.take_transfers}
ORDER = InboundDocument("PO-1", "EAST", (InboundLine("CUP", 24),))
DELIVERY = ReceiptDocument("DN-1", "EAST", (ReceiptLine("CUP", 20),), "PO-1")


@pytest.fixture
def place(tx: Transaction) -> World:
    """Forty cups in the east."""
    place = World(tx)
    place.count(tx, "EAST", {"CUP": 40}, as_of=tx.now - 9 * HOUR)
    return place


def send(tx: Transaction, document: Any) -> None:
    """A message comes."""
    kind = {"Inb": "inbound", "Rec": "receipt"}.get(type(document).__name__[:3], "transfer")
    item = Incoming(kind, f"{document.reference}/{getattr(document, 'step', '')}", msgspec.json.encode(document))
    exchange.receive(tx, "sites", [item], origin="test")


def work(tx: Transaction) -> int:
    """Everything that is ready is worked."""
    done = 0
    while messages := exchange.claim(tx, list(HANDLERS), 1):
        HANDLERS[messages[0].kind](tx, messages)
        done += 1
    return done


def later(tx: Transaction, passed: timedelta) -> None:
    """Time passes, and what is due is done."""
    tx.now += passed
    inventory.look_for_orders(tx, take_due(tx, inventory.LOOK_FOR_ORDER, 100))
    inventory.look_at_transfers(tx, take_due(tx, inventory.LOOK_AT_TRANSFER, 100))
    work(tx)


def cases(tx: Transaction) -> list[tuple[str, str]]:
    """(kind, title) of the open cases."""
    found = worklist.load_cases(tx, worklist.CaseFilter(state="open")).cases
    return sorted((one.kind, one.title) for one in found)


def test_a_delivery_waits_for_its_order(tx: Transaction, place: World) -> None:
    send(tx, DELIVERY)
    work(tx)
    assert place.row(tx, "EAST", "CUP") == (40, 0, 0)
    later(tx, 3 * HOUR)
    assert cases(tx) == []
    later(tx, HOUR)
    [(kind, title)] = cases(tx)
    assert (kind, title.split(" has")[0]) == ("reference_missing", "receipt DN-1/ from sites")
    send(tx, ORDER)
    work(tx)
    assert place.row(tx, "EAST", "CUP") == (60, 0, 0)
    assert [one.open for one in inventory.load_inbound(tx, [place.sku["CUP"]])] == [4]
    assert (cases(tx), exchange.load_backlog(tx), broken(tx)) == ([], [], [])


def test_a_delivery_can_be_taken_in_without_its_order(tx: Transaction, place: World) -> None:
    send(tx, DELIVERY)
    work(tx)
    later(tx, 4 * HOUR)
    [case] = worklist.load_cases(tx, worklist.CaseFilter(state="open")).cases
    done = act_in(tx, case.label, "take_in", Arguments(), person=None, dry_run=True)
    assert (done.notes, done.events["stock.received"]) == (("DN-1/ is taken in; nothing of it was expected",), 1)
    assert place.row(tx, "EAST", "CUP") == (40, 0, 0)
    act_in(tx, case.label, "take_in", Arguments(), person=None, dry_run=False)
    assert place.row(tx, "EAST", "CUP") == (60, 0, 0)
    assert [kind for kind, _ in cases(tx)] == ["receipt_over"]
    assert exchange.load_backlog(tx) == []


def test_steps_wait_for_the_transfer(tx: Transaction, place: World) -> None:
    send(tx, Step("T-1", "arrived"))
    send(tx, Step("T-1", "shipped", (Line("CUP", 5),)))
    assert work(tx) == 2
    later(tx, 5 * HOUR)
    assert [kind for kind, _ in cases(tx)] == ["reference_missing"] * 2
    [case, _] = worklist.load_cases(tx, worklist.CaseFilter(state="open")).cases
    with pytest.raises(CommandFailed, match="order transfer T-1"):
        act_in(tx, case.label, "take_in", Arguments(), person=None, dry_run=False)
    send(tx, Step("T-1", "ordered", (Line("CUP", 8),), "EAST", "WEST"))
    work(tx)
    assert (place.row(tx, "EAST", "CUP"), place.row(tx, "WEST", "CUP")) == ((35, 3, 0), (5, 0, 0))
    assert (cases(tx), exchange.load_backlog(tx), broken(tx)) == ([], [], [])


def test_what_arrives_before_it_is_said_to_have_left(tx: Transaction, place: World) -> None:
    send(tx, Step("T-1", "ordered", (Line("CUP", 8),), "EAST", "WEST", tx.now - 3 * HOUR))
    send(tx, Step("T-1", "arrived", (Line("CUP", 8),), occurred_at=tx.now - HOUR))
    work(tx)
    assert (place.row(tx, "EAST", "CUP"), place.row(tx, "WEST", "CUP")) == ((32, 0, 0), (8, 0, 0))
    assert cases(tx) == []
    later(tx, 4 * HOUR)
    assert [kind for kind, _ in cases(tx)] == ["transfer_discrepancy"]
    send(tx, Step("T-1", "shipped", occurred_at=tx.now - 6 * HOUR))
    work(tx)
    assert (place.row(tx, "EAST", "CUP"), place.row(tx, "WEST", "CUP")) == ((32, 0, 0), (8, 0, 0))
    assert (cases(tx), exchange.load_backlog(tx), broken(tx)) == ([], [], [])
    held = inventory.load_held_at(
        tx, place.site["EAST"], [(place.sku["CUP"], "available", "", tx.now - hours * HOUR) for hours in (7, 6, 5)]
    )
    assert held == [40, 32, 32]


def test_several_hands_take_the_steps_of_one_transfer(database: Database, merchant: int, world: World) -> None:
    documents = [
        Step("T-1", "ordered", (Line("CUP", 40),), "EAST", "WEST"),
        *(Step("T-1", "shipped", (Line("CUP", 10),), document=f"S{n}") for n in range(4)),
        *(Step("T-1", "arrived", (Line("CUP", 10),), document=f"A{n}") for n in range(4)),
        Step("T-1", "closed"),
    ]
    with database.transaction(merchant, actor="tester") as tx:
        for place, one in enumerate(documents):
            item = Incoming("transfer", f"{place}", msgspec.json.encode(one))
            exchange.receive(tx, "sites", [item], origin="test")
    start = threading.Barrier(4)

    def take(tx: Transaction, limit: int, left: list[int]) -> None:
        messages = exchange.claim(tx, ["transfer"], limit)[::-1]
        left[:] = [len(messages)]
        inventory.take_transfers(tx, messages)

    def worker(limit: int) -> None:
        start.wait()
        left = [1]
        while left[0]:
            again(database, merchant, lambda tx: take(tx, limit, left))

    threads = [threading.Thread(target=worker, args=(limit,)) for limit in (1, 2, 1, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.transaction(merchant, actor="tester") as tx:
        # Whoever waited while the transfer was ordered by another hand is looked at again when it is due.
        later(tx, HOUR)
        assert (world.row(tx, "EAST", "CUP"), world.row(tx, "WEST", "CUP")) == ((60, 0, 0), (40, 0, 0))
        assert (cases(tx), exchange.load_backlog(tx), broken(tx)) == ([], [], [])
        assert inventory.find_drift(tx) == []
