"""Workers that meet: on one order, on one SKU, a cancellation against a shipment, a count against reservations."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from stocktower import exchange, inventory, network, ordering
from stocktower.catalog import find_skus
from stocktower.ordering import OrderDetail
from stocktower.platform import Database, Transaction, is_transient
from tests.ordering.world import HANDLERS, PLACED, broken, confirm, document, send, setup, stock, work_once

TRIES = 20


class Edge:
    """One merchant of a database, worked by threads as the edge works it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.merchant_id = database.ensure_merchant("acme")

    def run(self, command: Callable[[Transaction], Any]) -> Any:
        """A command, run again where another stood in its way."""
        for _ in range(TRIES):
            try:
                with self.database.transaction(self.merchant_id, actor="tester") as tx:
                    return command(tx)
            except (psycopg.errors.UniqueViolation, psycopg.OperationalError) as error:
                if not (isinstance(error, psycopg.errors.UniqueViolation) or is_transient(error)):
                    raise
        raise AssertionError(f"still in the way after {TRIES} tries")

    def take(self, kind: str, limit: int) -> int:
        """One batch of one kind of message, as a worker takes it."""

        def work(tx: Transaction) -> int:
            messages = exchange.claim(tx, [kind], limit)
            if messages:
                HANDLERS[kind](tx, messages)
            return len(messages)

        return self.run(work)

    def drain(self, kind: str, limit: int) -> None:
        """Batches until nothing is left to claim."""
        while self.take(kind, limit):
            pass

    def settle(self) -> None:
        """Everything that is due, by one worker."""
        while self.run(work_once):
            pass

    def at_once(self, *commands: Callable[[], Any]) -> None:
        """Commands that begin together."""
        barrier = threading.Barrier(len(commands))
        failed: list[BaseException] = []

        def begin(command: Callable[[], Any]) -> None:
            try:
                barrier.wait(30)
                command()
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=begin, args=(command,)) for command in commands]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert failed == []

    def find(self, number: str) -> OrderDetail:
        """An order by number."""

        def look(tx: Transaction) -> OrderDetail:
            places = network.load_network(tx)
            (row,) = ordering.find_orders(tx, places, number)
            found = ordering.load_order(tx, places, row.order_id)
            assert found is not None
            return found

        return self.run(look)

    def row(self, site: str, code: str) -> tuple[int, int]:
        """(quantity, allocated) of a stock row."""

        def look(tx: Transaction) -> tuple[int, int]:
            places = network.load_network(tx)
            sku_id = find_skus(tx, [code])[code].sku_id
            rows = inventory.load_availability(tx, [sku_id], places).rows(sku_id)
            return next((row.quantity, row.allocated) for row in rows if row.site_id == places.site_ids[site])

        return self.run(look)

    def check(self) -> None:
        """Every invariant holds."""
        assert self.run(broken) == []


@pytest.fixture
def edge(database: Database) -> Edge:
    """A merchant with a hundred cups in the east."""
    edge = Edge(database)
    edge.run(setup)
    edge.run(lambda tx: stock(tx, "EAST", {"CUP": 100, "ROPE": 60, "LID": 100}))
    edge.settle()
    return edge


def test_competing_workers_take_every_order_once(edge: Edge) -> None:
    numbers = [str(number) for number in range(120)]
    documents = [document(number, ("CUP", 1), ("ROPE", 1), ("LID", 1)) for number in numbers]
    edge.run(lambda tx: send(tx, "web", *documents))
    edge.at_once(*[lambda: edge.drain("order", 10)] * 4)
    edge.settle()
    assert edge.row("EAST", "ROPE") == (60, 60)
    assert edge.row("EAST", "CUP")[1] == 100
    orders = [edge.find(number) for number in numbers]
    assert sum(line.allocated for order in orders for line in order.lines if line.sku == "ROPE") == 60
    edge.check()


def test_the_same_order_in_two_batches_is_captured_once(edge: Edge) -> None:
    def take(tx: Transaction) -> None:
        # Not by a claim, which would keep the two apart: two transactions that both have the message in their hands.
        messages = exchange.load_messages_of_key(tx, "web", "order", "ref-1")
        ordering.take_orders(tx, messages)

    edge.run(lambda tx: send(tx, "web", document("1", ("CUP", 2))))
    edge.at_once(*[lambda: edge.run(take)] * 4)
    edge.settle()
    order = edge.find("1")
    assert [entry.kind for entry in order.timeline].count("order.captured") == 1
    assert edge.row("EAST", "CUP") == (100, 2)
    edge.check()


@pytest.mark.parametrize("attempt", range(5))
def test_a_cancellation_against_a_shipment(edge: Edge, attempt: int) -> None:
    edge.run(lambda tx: send(tx, "web", document("1", ("CUP", 5), ("ROPE", 2))))
    edge.settle()
    edge.run(lambda tx: send(tx, "web", document("1", ("CUP", 5), ("ROPE", 2), cancelled_at=PLACED)))
    edge.run(lambda tx: confirm(tx, "1", "shipped", [("CUP", 3)]))
    edge.at_once(lambda: edge.drain("order", 10), lambda: edge.drain("confirmation", 10))
    edge.settle()
    cups, ropes = edge.find("1").lines
    assert (cups.shipped, cups.cancelled, ropes.cancelled) in ((3, 2, 2), (0, 5, 2))
    assert edge.row("EAST", "CUP") == (100 - cups.shipped, 0)
    assert edge.find("1").order.step == "done"
    edge.check()


def test_a_count_against_reservations(edge: Edge) -> None:
    documents = [document(str(number), ("ROPE", 1), risk="high") for number in range(60)]
    edge.run(lambda tx: send(tx, "web", *documents))

    def count() -> None:
        for units in (40, 20, 30):
            edge.run(lambda tx, units=units: stock(tx, "EAST", {"ROPE": units}, tx.now + timedelta(minutes=units)))
            edge.drain("stock", 1)

    edge.at_once(*[lambda: edge.drain("order", 7)] * 3, count)
    edge.settle()
    quantity, allocated = edge.row("EAST", "ROPE")
    assert allocated == quantity == 30
    orders = [edge.find(str(number)) for number in range(60)]
    assert sum(order.lines[0].allocated for order in orders) == 30
    edge.check()


def test_acts_of_people_against_workers(edge: Edge) -> None:
    documents = [document(str(number), ("CUP", 1), ("LID", 1)) for number in range(40)]
    edge.run(lambda tx: send(tx, "web", *documents))
    edge.settle()
    ids = [edge.find(str(number)).order.order_id for number in range(40)]

    def cancel(order_ids: Sequence[int]) -> Callable[[], None]:
        def each() -> None:
            for order_id in order_ids:
                edge.run(lambda tx, order_id=order_id: ordering.cancel_order(tx, order_id))

        return each

    more = [document(f"more-{number}", ("LID", 1), ("CUP", 2)) for number in range(40)]
    edge.run(lambda tx: send(tx, "web", *more))
    edge.at_once(cancel(ids[:20]), cancel(ids[20:]), *[lambda: edge.drain("order", 5)] * 2)
    edge.settle()
    assert edge.row("EAST", "CUP") == (100, 80)
    edge.check()
