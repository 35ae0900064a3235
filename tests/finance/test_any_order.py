"""Messages in any order: whatever comes first of a transfer, the same stock and the same books are there in the end."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stocktower import exchange, finance, inventory, model, network, worklist
from stocktower.exchange import Incoming, TransferDocument, TransferLine
from stocktower.platform import Transaction, load_events_at
from tests.finance.world import broken as broken_books
from tests.finance.world import undone
from tests.inventory.world import TEXT, World, broken

HOUR = timedelta(hours=1)
ENTITY = '[[entities]]\ncode = "de"\nname = "Acme GmbH"\ncurrency = "USD"\n'
OF_US = ("East", "Store", "Supplier", "Web", "Wholesale")


def two_entities() -> str:
    """The merchant, with the west in the hands of another entity."""
    text = TEXT.replace('name = "West"', 'name = "West"\nentity = "de"') + ENTITY
    for name in OF_US:
        text = text.replace(f'name = "{name}"', f'name = "{name}"\nentity = "us"')
    return text


@pytest.fixture
def place(tx: Transaction) -> World:
    """Forty cups in the east; the west is another entity's."""
    place = World(tx, two_entities())
    east = place.site["EAST"]
    inventory.receive(tx, [inventory.Posting(place.sku["CUP"], east, 40, tx.now - 20 * HOUR, cost_minor=250)])
    post(tx)
    return place


def post(tx: Transaction) -> None:
    """What was told becomes journals."""
    told = load_events_at(tx, tx.write_events())
    finance.post(tx, model.load_applied(tx).configuration, network.load_network(tx), told)


def transfer(tx: Transaction, hours: int, step: str, *lines: TransferLine, document: str = "") -> TransferDocument:
    """A step of T-1, so many hours before now."""
    sites = ("EAST", "WEST") if step == "ordered" else ("", "")
    return TransferDocument("T-1", step, lines, *sites, tx.now - hours * HOUR, document=document)


def say(tx: Transaction, document: TransferDocument) -> None:
    """A message comes, and everything that is ready is worked, one message at a time."""
    item = Incoming("transfer", f"{document.reference}/{document.step}", msgspec.json.encode(document))
    exchange.receive(tx, "sites", [item], origin="test")
    while messages := exchange.claim(tx, ["transfer"], 1):
        inventory.take_transfers(tx, messages)


def outcome(tx: Transaction) -> dict[str, Any]:
    """Stock, books, open cases and unfinished messages, as they stand."""
    post(tx)
    rows = tx.connection.execute(
        "SELECT site_id, status, quantity - discrepancy, allocated FROM inventory.stock WHERE merchant_id = %s "
        "AND quantity - discrepancy + allocated <> 0 ORDER BY 1, 2",
        [tx.merchant_id],
    ).fetchall()
    lines = tx.connection.execute(
        "SELECT t.state, l.ordered, l.shipped, l.cancelled, l.arrived, l.damaged, l.lost, l.returned, l.ahead "
        "FROM inventory.transfer_line l JOIN inventory.transfer t USING (merchant_id, transfer_id) "
        "WHERE merchant_id = %s",
        [tx.merchant_id],
    ).fetchall()
    inbound = tx.connection.execute(
        "SELECT expected, received, cancelled, open FROM inventory.inbound WHERE merchant_id = %s", [tx.merchant_id]
    ).fetchall()
    return {
        "rows": rows,
        "lines": lines,
        "inbound": inbound,
        "books": sorted(
            (row.entity, row.account, row.debit_minor - row.credit_minor)
            for row in finance.trial_balance(tx).rows
            if row.debit_minor != row.credit_minor
        ),
        "cases": sorted(
            (one.kind, one.units) for one in worklist.load_cases(tx, worklist.CaseFilter(state="open")).cases
        ),
        "left": [(one.kind, one.state, one.messages) for one in exchange.load_backlog(tx)],
        "broken": (broken(tx), broken_books(tx)),
    }


STEPS = (
    ("ordered", 18, (TransferLine("CUP", 12),), ""),
    ("shipped", 16, (TransferLine("CUP", 7),), "A"),
    ("count", 15, (), ""),
    ("shipped", 14, (TransferLine("CUP", 6),), "B"),
    ("arrived", 12, (TransferLine("CUP", 6, 1),), "X"),
    ("lost", 11, (TransferLine("CUP", 2),), ""),
    ("arrived", 10, (TransferLine("CUP", 3),), "Y"),
    ("closed", 9, (), ""),
)


def tell(tx: Transaction, place: World, order: Sequence[int]) -> dict[str, Any]:
    """What comes of the steps in some order."""
    for number in order:
        step, hours, lines, document = STEPS[number]
        if step == "count":
            place.count(tx, "EAST", {"CUP": 33}, as_of=tx.now - hours * HOUR, message_id=7)
        else:
            say(tx, transfer(tx, hours, step, *lines, document=document))
    return outcome(tx)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(STEPS))))
def test_any_order_ends_the_same(tx: Transaction, place: World, in_order: dict[str, Any], order: list[int]) -> None:
    with undone(tx):
        assert tell(tx, place, order) == in_order


@pytest.fixture
def in_order(tx: Transaction, place: World) -> dict[str, Any]:
    """What comes of the steps in the order in which they happened."""
    found: dict[str, Any] = {}
    with undone(tx):
        found = tell(tx, place, range(len(STEPS)))
    assert [row[2:] for row in found["rows"]] == [(27, 0), (9, 0), (1, 0), (1, 0)]
    assert found["lines"] == [("in_transit", 13, 13, 0, 9, 1, 2, 0, 0)]
    assert (found["cases"], found["left"], found["broken"]) == ([("transfer_discrepancy", 1)], [], ([], {}))
    return found
