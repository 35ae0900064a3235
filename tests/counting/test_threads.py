"""Threads and commits: counting goes on while orders reserve and ship; each line is counted by one and applied once."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest

from stocktower import catalog, counting, inventory, network, worklist
from stocktower.counting import CountItem, CountRefused
from stocktower.inventory import views as stock
from stocktower.platform import Database, FrozenClock, Transaction, is_transient
from tests.counting.world import PRODUCTS, TEXT, broken
from tests.ordering import world as orders
from tests.ordering.world import document

STOCK = 60
T = TypeVar("T")


@pytest.fixture
def merchant(database: Database) -> int:
    """A merchant with ropes, committed."""
    merchant_id = database.ensure_merchant("acme")
    with database.transaction(merchant_id, actor="tester") as tx:
        orders.setup(tx, TEXT, PRODUCTS)
        orders.stock(tx, "EAST", {"ROPE": STOCK, "CUP": STOCK})
    work(database, merchant_id)
    return merchant_id


WORKING = threading.Lock()
"""One worker: two would find each other's cursor taken."""


def work(database: Database, merchant_id: int) -> None:
    """Everything that is due, until nothing is."""
    with WORKING:
        while commit(database, merchant_id, "worker", orders.work_once):
            pass


def commit(database: Database, merchant_id: int, actor: str, do: Callable[[Transaction], T]) -> T:
    """One command, run again where it met another."""
    for _ in range(50):
        try:
            with database.transaction(merchant_id, actor=actor) as tx:
                return do(tx)
        except Exception as error:
            if not is_transient(error):
                raise
    raise AssertionError("met others fifty times")


def together(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Begin all at the same moment."""
    gate = threading.Barrier(len(tasks))

    def run(task: Callable[[], T]) -> T:
        gate.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [one.result() for one in [pool.submit(run, task) for task in tasks]]


def check(database: Database, merchant_id: int) -> tuple[int, int]:
    """Every invariant holds; (what is really there, allocated) of the ropes."""
    with database.reading(merchant_id) as tx:
        assert orders.broken(tx) == []
        assert broken(tx) == {}
        sku_id = catalog.find_skus(tx, ["ROPE"])["ROPE"].sku_id
        rows = inventory.load_availability(tx, [sku_id], network.load_network(tx)).rows(sku_id)
        return sum(row.quantity - row.discrepancy for row in rows), sum(row.allocated for row in rows)


def plan(database: Database, merchant_id: int, *skus: str) -> int:
    """A sheet for the ropes."""
    planned = commit(database, merchant_id, "zoe", lambda tx: counting.plan(tx, "EAST", skus=skus or ["ROPE"]))
    assert planned.number is not None
    return planned.number


def enter(database: Database, merchant_id: int, number: int, units: int, by: str) -> str:
    """Somebody counts the ropes; gives the outcome."""
    (one,) = commit(database, merchant_id, by, lambda tx: counting.enter(tx, number, [CountItem(units, sku="ROPE")]))
    return one.outcome


def finish(database: Database, merchant_id: int, number: int, by: str) -> str:
    """End the round; gives the state of the sheet, or refused."""
    try:
        return commit(database, merchant_id, by, lambda tx: counting.finish(tx, number)).state
    except CountRefused:
        return "refused"


def test_two_who_enter_one_line_at_once_and_one_counts_it(database: Database, merchant: int) -> None:
    number = plan(database, merchant)
    people = [f"p{n}" for n in range(4)]
    outcomes = together([lambda by=by: enter(database, merchant, number, 50, by) for by in people])
    assert sorted(outcomes) == ["new", "refused", "refused", "refused"]
    again = [lambda: enter(database, merchant, number, 50, people[outcomes.index("new")]) for _ in range(3)]
    assert together(again) == ["repeated"] * 3
    check(database, merchant)


def test_sheets_planned_at_once_share_no_row(database: Database, merchant: int) -> None:
    def propose() -> int | None:
        return commit(database, merchant, "zoe", lambda tx: counting.plan(tx, "EAST")).number

    numbers = together([propose] * 4)
    assert sum(1 for number in numbers if number) == 1
    check(database, merchant)


def test_a_round_that_several_end_at_once_ends_once(database: Database, merchant: int) -> None:
    number = plan(database, merchant)
    assert enter(database, merchant, number, STOCK - 2, "ann") == "new"
    assert enter(database, merchant, number, STOCK - 2, "bob") == "refused"
    states = together([lambda: finish(database, merchant, number, "ann")] * 3)
    assert sorted(states) == ["open", "refused", "refused"]
    assert enter(database, merchant, number, STOCK - 2, "bob") == "new"
    states = together([lambda: finish(database, merchant, number, "bob")] * 3)
    assert sorted(states) == ["approval", "refused", "refused"]
    assert check(database, merchant) == (STOCK, 0)
    commit(database, merchant, "zoe", lambda tx: counting.approve(tx, number))
    assert check(database, merchant) == (STOCK - 2, 0)


def test_counts_while_orders_reserve_and_ship_lose_and_invent_nothing(
    database: Database, merchant: int, clock: FrozenClock
) -> None:
    number = plan(database, merchant)

    def sell(first: int) -> None:
        for n in range(first, first + 5):
            commit(database, merchant, "web", lambda tx, n=n: orders.send(tx, "web", document(f"o{n}", ("ROPE", 1))))
            work(database, merchant)

    def count() -> str:
        # What is in the building: everything, for nothing has shipped yet at this instant.
        enter(database, merchant, number, STOCK, "ann")
        return finish(database, merchant, number, "ann")

    together([lambda: sell(0), lambda: sell(100), count])
    work(database, merchant)
    assert check(database, merchant) == (STOCK, 10)
    clock.at += timedelta(minutes=5)
    number = plan(database, merchant)

    def ship() -> None:
        for n in range(5):
            commit(database, merchant, "EAST", lambda tx, n=n: orders.confirm(tx, f"o{n}", "shipped", [("ROPE", 1)]))
            work(database, merchant)

    enter(database, merchant, number, STOCK - 2, "ann")
    assert finish(database, merchant, number, "ann") == "open"
    enter(database, merchant, number, STOCK - 2, "bob")
    together([ship, lambda: finish(database, merchant, number, "bob")])
    work(database, merchant)
    quantity, allocated = check(database, merchant)
    # Shipments of the very instant of the count came before or after it, as they were recorded; nothing else differs.
    assert STOCK - 2 - 5 <= quantity <= STOCK - 2
    assert allocated == 5


def test_approval_while_a_snapshot_comes_applies_each_line_once(
    database: Database, merchant: int, clock: FrozenClock
) -> None:
    number = plan(database, merchant, "ROPE", "CUP")
    for by in ("ann", "bob"):
        items = [CountItem(10, sku="ROPE"), CountItem(STOCK, sku="CUP")][: 2 if by == "ann" else 1]
        commit(database, merchant, by, lambda tx, items=items: counting.enter(tx, number, items))
        finish(database, merchant, number, by)

    def snapshot() -> None:
        commit(database, merchant, "EAST", lambda tx: orders.stock(tx, "EAST", {"ROPE": 20, "CUP": 30}))
        work(database, merchant)

    def approve(by: str) -> str:
        try:
            commit(database, merchant, by, lambda tx: counting.approve(tx, number))
            return "approved"
        except CountRefused:
            return "refused"

    def sell() -> None:
        commit(database, merchant, "web", lambda tx: orders.send(tx, "web", document("o1", ("ROPE", 30))))
        work(database, merchant)

    results = together([snapshot, lambda: approve("zoe"), lambda: approve("yan"), sell])
    work(database, merchant)
    assert sorted(one for one in results if one) == ["approved", "refused"]
    assert check(database, merchant)[0] in (10, 20)
    with database.reading(merchant) as tx:
        assert worklist.load_cases(tx, worklist.CaseFilter(kind="count_approval")).total == 0
        rows = inventory.load_site_rows(tx, network.load_network(tx).site_ids["EAST"], clock.now())
        moves = [one for one in stock.load_moves(tx, [row.stock_id for row in rows]) if one.reference == "count"]
        assert len({one.stock_id for one in moves}) == len(moves)
