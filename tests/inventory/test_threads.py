"""Threads and commits: nothing is promised twice, nothing is lost, and a bad request fails alone."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from stocktower import inventory
from stocktower.inventory import EndHold, Gatherer, GathererClosed, HoldRequest
from stocktower.platform import Database, FrozenClock, Transaction, is_transient
from tests.inventory.world import World, broken

STOCK = 100


@pytest.fixture
def merchant(database: Database) -> int:
    """A merchant whose stock is committed."""
    return database.ensure_merchant("acme")


@pytest.fixture
def world(database: Database, merchant: int) -> World:
    """A hundred cups and a hundred lids in the east."""
    with database.transaction(merchant, actor="tester") as tx:
        world = World(tx)
        world.count(tx, "EAST", {"CUP": STOCK, "LID": STOCK}, opening=True)
    return world


@pytest.fixture
def gatherer(database: Database) -> Iterator[Gatherer]:
    """A running gatherer."""
    with Gatherer(database) as running:
        yield running


def again(database: Database, merchant: int, do: Callable[[Transaction], object]) -> None:
    """A transaction that is run again when it lost against another, as the edge does."""
    while True:
        try:
            with database.transaction(merchant, actor="tester") as tx:
                do(tx)
        except Exception as error:
            if not is_transient(error):
                raise
        else:
            return


def check(database: Database, merchant: int) -> None:
    """Every invariant holds, and rows are what their ledgers say."""
    with database.reading(merchant) as tx:
        assert broken(tx) == []
        assert inventory.find_drift(tx) == []


def row(database: Database, merchant: int, world: World, code: str) -> tuple[int, int, int]:
    """(quantity, allocated, discrepancy) in the east."""
    with database.reading(merchant) as tx:
        return world.row(tx, "EAST", code)


def test_competing_orders_take_exactly_what_is_there(database: Database, merchant: int, world: World) -> None:
    got: list[int] = []

    def take(first: int) -> None:
        for order_id in range(first, first + 20):
            again(database, merchant, lambda tx, one=order_id: got.append(world.order(tx, one, "SET", 1)))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(take, range(1000, 9000, 1000)))
    # A set takes two lids: fifty sets.
    assert sum(got) == STOCK // 2
    assert row(database, merchant, world, "LID") == (STOCK, STOCK, 0)
    assert row(database, merchant, world, "CUP") == (STOCK, STOCK // 2, 0)
    check(database, merchant)


def test_batches_that_name_skus_in_any_order_do_not_lock_in_a_circle(
    database: Database, merchant: int, world: World
) -> None:
    skus = [world.sku[code] for code in ("CUP", "LID", "ROPE")]
    barrier = threading.Barrier(2)

    def lock(order: Sequence[int]) -> None:
        for _ in range(50):
            barrier.wait()
            with database.transaction(merchant, actor="tester") as tx:
                inventory.lock_supply(tx, order)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lock, [skus, skus[::-1]]))


def test_a_stock_file_against_orders(database: Database, merchant: int, world: World, clock: FrozenClock) -> None:
    """While orders reserve and ship, files say less and less: what is there is never promised twice."""
    released = range(1, 1000, 7)

    def take(first: int) -> None:
        for order_id in range(first, first + 15):
            again(database, merchant, lambda tx, one=order_id: world.order(tx, one, "CUP", 2))

    def file(quantities: Sequence[int]) -> None:
        for number, quantity in enumerate(quantities):
            at = clock.now() + timedelta(minutes=number)
            again(
                database,
                merchant,
                lambda tx, at=at, units=quantity: world.count(tx, "EAST", {"CUP": units}, as_of=at, released=released),
            )

    def ship(orders: Sequence[int]) -> None:
        for order_id in orders:
            again(database, merchant, lambda tx, one=order_id: world.ship(tx, one, "CUP", 1))

    with ThreadPoolExecutor(5) as threads:
        work = [threads.submit(take, 100), threads.submit(take, 200), threads.submit(take, 300)]
        work += [threads.submit(file, [90, 70, 71, 35, 30]), threads.submit(ship, range(100, 110))]
        for one in work:
            one.result()
    check(database, merchant)
    with database.reading(merchant) as tx:
        demands = inventory.load_demands(tx, [*range(100, 115), *range(200, 215), *range(300, 315)])
    quantity, allocated, _ = row(database, merchant, world, "CUP")
    assert len(demands) == 45
    assert all(one.wanted == one.allocated + one.short + one.consumed for one in demands)
    assert sum(one.allocated for one in demands) == allocated <= quantity


@pytest.mark.parametrize("callers", [16, 64])
def test_a_hot_sku_is_held_to_the_last_unit_and_no_further(
    database: Database, merchant: int, world: World, gatherer: Gatherer, clock: FrozenClock, callers: int
) -> None:
    expires_at = clock.now() + timedelta(minutes=10)

    def call(caller: int) -> list[str]:
        return [
            gatherer.submit(
                merchant, HoldRequest(world.channel["web"], f"{caller}/{turn}", ((world.sku["CUP"], 1),), expires_at)
            ).state
            for turn in range(160 // callers)
        ]

    with ThreadPoolExecutor(callers) as threads:
        states = [state for found in threads.map(call, range(callers)) for state in found]
    assert states.count("held") == STOCK
    assert set(states) <= {"held", "refused"}
    assert row(database, merchant, world, "CUP") == (STOCK, STOCK, 0)
    check(database, merchant)


def test_every_caller_gets_its_own_answer(
    database: Database, merchant: int, world: World, gatherer: Gatherer, clock: FrozenClock
) -> None:
    """A request that the database refuses fails alone; repeats get the hold that is there; ends make room."""
    expires_at = clock.now() + timedelta(minutes=10)
    start = threading.Barrier(30)

    def call(caller: int) -> str:
        reference = "bad\0text" if caller % 10 == 3 else f"cart {caller // 2}"
        request = HoldRequest(world.channel["web"], reference, ((world.sku["CUP"], 2),), expires_at)
        start.wait()
        try:
            return gatherer.submit(merchant, request).state
        except Exception as error:
            return type(error).__name__

    with ThreadPoolExecutor(30) as threads:
        answers = list(threads.map(call, range(30)))
    assert answers.count("held") == 27
    assert len(set(answers)) == 2
    # Fifteen carts, of which no caller was lost but three: the neighbours of those have theirs.
    assert row(database, merchant, world, "CUP") == (STOCK, 30, 0)
    assert gatherer.submit(merchant, EndHold(world.channel["web"], "cart 0")).state == "released"
    assert row(database, merchant, world, "CUP") == (STOCK, 28, 0)
    check(database, merchant)


def test_callers_of_an_event_loop_are_gathered_with_the_threads(
    database: Database, merchant: int, world: World, gatherer: Gatherer, clock: FrozenClock
) -> None:
    expires_at = clock.now() + timedelta(minutes=10)

    def request(reference: str) -> HoldRequest:
        return HoldRequest(world.channel["web"], reference, ((world.sku["CUP"], 1),), expires_at)

    async def ask_all() -> list[Any]:
        asked = [gatherer.ask(merchant, request("bad\0text" if n == 7 else f"cart {n}")) for n in range(40)]
        return await asyncio.gather(*asked, return_exceptions=True)

    with ThreadPoolExecutor(2) as threads:
        by_thread = threads.submit(lambda: [gatherer.submit(merchant, request(f"cart {n}")).state for n in range(40)])
        answers = threads.submit(asyncio.run, ask_all()).result()
        assert by_thread.result() == ["held"] * 40
    assert [n for n, answer in enumerate(answers) if isinstance(answer, Exception)] == [7]
    assert all(answer.state == "held" for n, answer in enumerate(answers) if n != 7)
    assert row(database, merchant, world, "CUP") == (STOCK, 40, 0)
    check(database, merchant)


def test_who_comes_too_late_is_told_so(database: Database, merchant: int, world: World) -> None:
    with Gatherer(database) as gatherer:
        pass
    with pytest.raises(GathererClosed):
        gatherer.submit(merchant, EndHold(world.channel["web"], "cart"))
