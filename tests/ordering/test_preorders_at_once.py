"""Preorders while others do something: receipts, words of suppliers, cancellations and stock that comes sooner."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from stocktower import catalog, inventory, network
from stocktower.inventory import StatedInbound
from stocktower.platform import Database, Transaction
from tests.ordering.test_preorders import DAY, PREORDERS, take_in
from tests.ordering.test_threads import Edge
from tests.ordering.world import PLACED, document, send, setup, stock


@pytest.fixture
def edge(database: Database) -> Edge:
    """Forty cups are to come."""
    edge = Edge(database)
    edge.run(lambda tx: setup(tx, PREORDERS))

    def state(tx: Transaction) -> None:
        inventory.record_inbound(tx, [stated(tx, 40, 5)])

    edge.run(state)
    edge.settle()
    return edge


def stated(tx: Transaction, units: int, days: int) -> StatedInbound:
    """A word about the inbound."""
    sku_id = catalog.find_skus(tx, ["CUP"])["CUP"].sku_id
    site_id = network.load_network(tx).site_ids["EAST"]
    return StatedInbound("PO", sku_id, site_id, units, tx.now + days * DAY)


@pytest.mark.parametrize("attempt", range(4))
def test_preorders_against_receipts_and_words_of_the_supplier(edge: Edge, attempt: int) -> None:
    documents = [document(str(number), ("CUP", 1)) for number in range(60)]
    edge.run(lambda tx: send(tx, "web", *documents))

    def receive_some() -> None:
        for units in (5, 7, 8):

            def take(tx: Transaction, units: int = units) -> None:
                one = stated(tx, 40, 5)
                take_in(tx, one.site_id, one.sku_id, "PO", units)

            edge.run(take)

    def say() -> None:
        for units, days in ((30, 6), (45, 4), (35, 9)):
            edge.run(lambda tx, units=units, days=days: inventory.record_inbound(tx, [stated(tx, units, days)]))

    edge.at_once(receive_some, say, *[lambda: edge.drain("order", 7)] * 2)
    edge.settle()
    edge.check()
    assert edge.row("EAST", "CUP") == (20, 20)
    orders: Mapping[str, Any] = {str(number): edge.find(str(number)) for number in range(60)}
    assert sum(order.lines[0].allocated for order in orders.values()) == 20
    assert [order.order.waits_for for order in orders.values()].count("inbound") == 15


@pytest.mark.parametrize("attempt", range(2))
def test_backorders_against_what_is_announced_and_given_back(edge: Edge, attempt: int) -> None:
    """Of sixty who wait forty are promised what comes; more is announced, some comes sooner, some want it no more."""
    documents = {number: document(str(number), ("CUP", 1)) for number in range(70)}
    edge.run(lambda tx: send(tx, "web", *[documents[number] for number in range(60)]))
    edge.settle()

    def announce() -> None:
        for units in (41, 45, 52):
            edge.run(lambda tx, units=units: inventory.record_inbound(tx, [stated(tx, units, 5)]))

    def change() -> None:
        ends = [document(str(number), ("CUP", 1), cancelled_at=PLACED) for number in range(0, 12, 2)]
        edge.run(lambda tx: send(tx, "web", *ends, *[documents[number] for number in range(60, 70)]))
        edge.drain("order", 4)

    def sooner() -> None:
        edge.run(lambda tx: stock(tx, "WEST", {"CUP": 3}))
        edge.drain("stock", 1)

    edge.at_once(announce, change, sooner, edge.settle)
    edge.settle()
    edge.check()
    orders = [edge.find(str(number)) for number in range(70)]
    states = Counter(one.order.fulfillment_state for one in orders)
    assert states == {"cancelled": 6, "released": 3, "backordered": 61}
    assert Counter(one.order.waits_for for one in orders)["inbound"] == 52
