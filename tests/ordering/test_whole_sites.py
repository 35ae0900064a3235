"""Snapshots of whole sites: what is left out is none, half a file waits for a person; too large a difference."""

import threading
from datetime import timedelta
from typing import Any

import msgspec

from stocktower import exchange, inventory, ordering, worklist
from stocktower.exchange import Incoming, StockDocument, StockLine
from stocktower.platform import Database, Transaction
from tests.inventory.world import TEXT, World, broken

HOUR = timedelta(hours=1)
CODES = ("CUP", "LID", "ROPE")


def world(tx: Transaction, more: str = "") -> World:
    """Forty cups, thirty lids and twenty ropes in the east; some are damaged; the west has a few."""
    place = World(tx, TEXT + more)
    before = tx.now - 9 * HOUR
    place.count(tx, "EAST", {"CUP": 40, "LID": 30, "ROPE": 20}, as_of=before, opening=True)
    place.count(tx, "EAST", {"CUP": 4}, as_of=before, opening=True, status="damaged")
    place.count(tx, "WEST", {"CUP": 5}, as_of=before, opening=True)
    return place


def send(tx: Transaction, stated: dict[str, int], part: int = 0, hours: int = 2, **more: Any) -> int:
    """A part of what the east says it held so many hours ago."""
    lines = tuple(StockLine(code, units, row=row) for row, (code, units) in enumerate(stated.items(), start=2))
    document = StockDocument("EAST", tx.now - hours * HOUR, lines, part=part, **more)
    assert document.as_of is not None
    key = f"EAST/{document.as_of.isoformat()}/{part}"
    item = Incoming("stock", key, msgspec.json.encode(document))
    return exchange.receive(tx, "EAST", [item], origin="test")[0].message_id


def work(tx: Transaction) -> None:
    """Everything that is ready is worked."""
    while messages := exchange.claim(tx, ["stock"], 1):
        ordering.take_stock(tx, messages)


def held(tx: Transaction, place: World, status: str = "available") -> list[int]:
    """What the east has of each SKU."""
    return [place.row(tx, "EAST", code, status)[0] for code in CODES]


def cases(tx: Transaction) -> list[tuple[str, int]]:
    """(kind, units) of the open cases."""
    found = worklist.load_cases(tx, worklist.CaseFilter(state="open")).cases
    return sorted((one.kind, one.units) for one in found)


def backlog(tx: Transaction) -> list[tuple[str, int]]:
    """(state, messages) of what is not done."""
    return [(one.state, one.messages) for one in exchange.load_backlog(tx)]


def test_what_a_whole_site_leaves_out_is_none(tx: Transaction) -> None:
    """The last part comes first, and waits for the others; what came after the instant is there all the same."""
    place = world(tx, "\n[[snapshots]]\nmissing_percent = 60\n")
    inventory.receive(tx, [inventory.Posting(place.sku["LID"], place.site["EAST"], 7, tx.now - HOUR, cost_minor=50)])
    send(tx, {}, 2, complete=True, parts=3)
    work(tx)
    send(tx, {"CUP": 38}, 0)
    work(tx)
    assert (held(tx, place), backlog(tx)) == ([38, 37, 20], [("waiting", 1)])
    send(tx, {"GONE": 1, "ROPE": 20}, 1)
    work(tx)
    assert held(tx, place) == [38, 7, 20]
    # Of the status that it does not name, and of other sites, it says nothing.
    assert (held(tx, place, "damaged"), place.row(tx, "WEST", "CUP")) == ([4, 0, 0], (5, 0, 0))
    assert (cases(tx), backlog(tx), broken(tx)) == ([("unreadable_row", 0)], [], [])
    # An older one does not undo what was counted since; one that names statuses speaks of those.
    send(tx, {"CUP": 1}, hours=3, complete=True)
    send(tx, {"CUP": 38, "LID": 7, "ROPE": 20}, hours=1, complete=True, statuses=("available", "damaged"))
    work(tx)
    assert (held(tx, place), held(tx, place, "damaged")) == ([38, 7, 20], [0, 0, 0])
    assert broken(tx) == []


def test_half_a_file_waits_for_a_person(tx: Transaction) -> None:
    place = world(tx, "\n[[snapshots]]\nmissing_rows = 1\n")
    first = send(tx, {"CUP": 39}, complete=True)
    work(tx)
    assert held(tx, place) == [39, 30, 20]
    assert (cases(tx), backlog(tx)) == ([("snapshot_incomplete", 50)], [("parked", 1)])
    [case] = worklist.load_cases(tx, worklist.CaseFilter(state="open")).cases
    assert case.title.startswith("The snapshot of all of EAST leaves out 2 of 3 rows, 50 of 90 units: as much as half")
    # A later one that is whole answers it.
    send(tx, {"CUP": 39, "LID": 30}, hours=1, complete=True)
    work(tx)
    assert (held(tx, place), cases(tx), backlog(tx)) == ([39, 30, 0], [], [])
    # What could not be read may stand for what is left out.
    last = send(tx, {"CUP": 39}, hours=0, complete=True, unreadable=1)
    work(tx)
    assert (held(tx, place), cases(tx)) == ([39, 30, 0], [("snapshot_incomplete", 30)])
    assert ordering.accept_rest(tx, [last]) == ["1 rows of EAST hold nothing: 30 units less, as of its instant"]
    assert held(tx, place) == [39, 0, 0]
    assert (backlog(tx), broken(tx)) == ([], [])
    assert first < last


def test_zeros_for_a_whole_site_wait_for_a_person(tx: Transaction) -> None:
    """Also in an earlier part, and in a snapshot that is not of the whole; what it says of other rows is taken over."""
    place = world(tx, "\n[[snapshots]]\nmissing_rows = 1\n")
    first = send(tx, {"CUP": 39, "LID": 0, "ROPE": 0}, 0, whole=True)
    send(tx, {}, 1, complete=True, parts=2)
    work(tx)
    assert (held(tx, place), backlog(tx)) == ([39, 30, 20], [])
    assert cases(tx) == [("snapshot_difference", 50)]
    [case] = worklist.load_cases(tx, worklist.CaseFilter(state="open")).cases
    assert case.title == "EAST states that nothing is left of 2 rows, 50 units: they wait for somebody"
    # A later one that knows of them answers it for these.
    send(tx, {"LID": 29}, hours=1)
    work(tx)
    assert (held(tx, place), cases(tx)) == ([39, 29, 20], [("snapshot_difference", 20)])
    # One that is not of the whole empties a large share of the site as well as of what it names; one row is no share.
    send(tx, {"ROPE": 0}, hours=0)
    work(tx)
    assert (held(tx, place), cases(tx)) == ([39, 29, 0], [])
    last = send(tx, {"CUP": 0, "LID": 0}, hours=0, part=3)
    work(tx)
    assert (held(tx, place), cases(tx)) == ([39, 29, 0], [("snapshot_difference", 68)])
    skus = [place.sku["CUP"], place.sku["LID"]]
    assert ordering.accept_differences(tx, [last], skus) == [
        f"2 SKUs of EAST are taken over as stated in message {last}"
    ]
    assert (held(tx, place), broken(tx)) == ([0, 0, 0], [])
    assert first < last


def test_an_empty_file_of_a_small_site_waits_too(tx: Transaction) -> None:
    """No rows are few where they are all that the site has: neither left out, nor by zeros."""
    place = world(tx)
    message = send(tx, {}, complete=True)
    work(tx)
    assert (held(tx, place), cases(tx)) == ([40, 30, 20], [("snapshot_incomplete", 90)])
    # The zeros say of each SKU that it is known: nothing is left out any more, and what they say waits itself.
    send(tx, {"CUP": 0, "LID": 0, "ROPE": 0}, hours=1, complete=True)
    work(tx)
    assert (held(tx, place), cases(tx)) == ([40, 30, 20], [("snapshot_difference", 90)])
    send(tx, {"CUP": 40, "LID": 29, "ROPE": 20}, hours=0, complete=True)
    work(tx)
    assert (held(tx, place), cases(tx), backlog(tx), broken(tx)) == ([40, 29, 20], [], [], [])
    assert message > 0


def test_a_difference_beyond_the_tolerance(tx: Transaction) -> None:
    """Within it nobody is asked; beyond it a case opens, or it waits; dear units are beyond it sooner."""
    rules = (
        '\n[[snapshots]]\nsites = ["EAST"]\ntolerance_units = 3\ntolerance_percent = "10"\ntolerance_minor = 1000\n'
        'above = "wait"\n[[snapshots]]\ntolerance_units = 2\n'
    )
    place = world(tx, rules)
    message = send(tx, {"CUP": 36, "LID": 26, "ROPE": 18})
    work(tx)
    # 4 cups of 2.50 are within 10 % and 10.00; 4 lids are beyond 3; 2 ropes are worth 18.00.
    assert held(tx, place) == [36, 30, 20]
    assert (cases(tx), backlog(tx)) == ([("snapshot_difference", 6)], [])
    send(tx, {"ROPE": 20}, hours=1)
    work(tx)
    assert cases(tx) == [("snapshot_difference", 4)]
    skus = [place.sku["LID"]]
    assert ordering.accept_differences(tx, [message], skus) == [
        f"1 SKUs of EAST are taken over as stated in message {message}"
    ]
    assert held(tx, place) == [36, 26, 20]
    # In the west it is taken over, with a case that a snapshot which agrees closes.
    for units, open_cases in ((8, 2), (8, 1)):
        document = StockDocument("WEST", tx.now - units * HOUR // 8, (StockLine("CUP", units),))
        item = Incoming("stock", f"WEST/{open_cases}", msgspec.json.encode(document))
        exchange.receive(tx, "WEST", [item], origin="test")
        work(tx)
        assert len(cases(tx)) == open_cases
        assert place.row(tx, "WEST", "CUP") == (8, 0, 0)
        tx.now += HOUR
    assert broken(tx) == []


def test_a_last_part_that_meets_an_earlier_one_goes_on_when_that_is_done(database: Database) -> None:
    merchant_id = database.ensure_merchant("acme")
    with database.transaction(merchant_id, actor="tester") as tx:
        place = world(tx, "\n[[snapshots]]\nmissing_percent = 60\n")
        send(tx, {"CUP": 38}, 0)

    def last() -> None:
        with database.transaction(merchant_id, actor="tester") as tx:
            ordering.take_stock(tx, exchange.claim(tx, ["stock"], 1))

    with database.transaction(merchant_id, actor="tester") as tx:
        (first,) = exchange.claim(tx, ["stock"], 1)
        with database.transaction(merchant_id, actor="tester") as other:
            document = msgspec.json.decode(first.body, type=StockDocument)
            body = msgspec.structs.replace(document, lines=(), part=1, complete=True, parts=2)
            key = f"{first.key.rpartition('/')[0]}/1"
            exchange.receive(other, "EAST", [Incoming("stock", key, msgspec.json.encode(body))], origin="test")
        ordering.take_stock(tx, [first])
        meeting = threading.Thread(target=last)
        meeting.start()
        meeting.join(timeout=0.5)
        assert meeting.is_alive()
    meeting.join()
    with database.transaction(merchant_id, actor="tester") as tx:
        assert (held(tx, place), backlog(tx)) == ([38, 0, 0], [])
        assert broken(tx) == []
