from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest

from stocktower.kernel import CaseKind
from stocktower.platform import Database, load_feed, load_invariants
from stocktower.worklist import CaseFilter, Raise, Waiter, close_by_cause, drop_waiters, load_cases, raise_cases
from tests.worklist.test_cases import CONFIGURATION

THREADS = 8
ROUNDS = 12


def no_stock(sku: int, *order_ids: int) -> Raise:
    waiters = tuple(Waiter("order", order_id, 1, 100) for order_id in order_ids)
    return Raise(CaseKind.NO_STOCK, f"sku/{sku}", "No stock", {}, waiters)


@pytest.fixture
def merchant_id(database: Database) -> int:
    return database.ensure_merchant("cases")


def assert_sound(database: Database, merchant_id: int) -> None:
    with database.reading(merchant_id) as tx:
        for name in ("stocktower.worklist", "stocktower.platform"):
            for invariant in load_invariants(name):
                assert tx.tuples(invariant.query) == [], invariant.name


def test_many_who_raise_one_cause_at_once_open_one_case(database: Database, merchant_id: int) -> None:
    together = Barrier(THREADS)

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            together.wait()
            with database.transaction(merchant_id, actor="worker") as tx:
                # Every thread states the causes in another order.
                skus = sorted(range(turn * 3, turn * 3 + 3), key=lambda sku: (sku * number) % 7)
                raise_cases(tx, CONFIGURATION, [no_stock(sku, number + 1) for sku in skus])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    with database.reading(merchant_id) as tx:
        cases = load_cases(tx, CaseFilter(), limit=1000).cases
        opened = [event for event in load_feed(tx, 0, 10_000) if event.kind == "case.opened"]
    assert len(cases) == len(opened) == ROUNDS * 3
    assert {case.waiters for case in cases} == {THREADS}
    assert_sound(database, merchant_id)


def test_raises_drops_and_closes_that_race_leave_nothing_wrong(database: Database, merchant_id: int) -> None:
    def work(number: int) -> None:
        for turn in range(ROUNDS):
            own = 1000 * number + turn
            for act in ("raise", "close", "drop"):
                retried(act, own, turn % 2)

    def retried(act: str, own: int, sku: int) -> None:
        while True:
            try:
                with database.transaction(merchant_id, actor="worker") as tx:
                    if act == "raise":
                        raise_cases(tx, CONFIGURATION, [no_stock(sku, own), no_stock(1 - sku, own)])
                    elif act == "drop":
                        drop_waiters(tx, [("order", own)], [CaseKind.NO_STOCK])
                    elif own % 5 == 0:
                        close_by_cause(tx, CaseKind.NO_STOCK, [f"sku/{sku}"], "closed")
                return
            except psycopg.errors.DeadlockDetected:
                continue

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    with database.reading(merchant_id) as tx:
        assert load_cases(tx, CaseFilter()).cases == ()
    assert_sound(database, merchant_id)


def test_the_last_two_who_leave_at_once_close_the_case(database: Database, merchant_id: int) -> None:
    for turn in range(ROUNDS):
        with database.transaction(merchant_id, actor="worker") as tx:
            raise_cases(tx, CONFIGURATION, [no_stock(turn, *range(1, THREADS + 1))])
        together = Barrier(THREADS)

        def leave(order_id: int, together: Barrier = together) -> list[int]:
            together.wait()
            with database.transaction(merchant_id, actor="worker") as tx:
                return drop_waiters(tx, [("order", order_id)], [CaseKind.NO_STOCK])

        with ThreadPoolExecutor(THREADS) as pool:
            closed = [case_id for found in pool.map(leave, range(1, THREADS + 1)) for case_id in found]
        assert len(closed) == 1
    assert_sound(database, merchant_id)


def test_a_call_with_very_many_causes_and_small_ones_keep_out_of_each_others_way(
    database: Database, merchant_id: int
) -> None:
    many = [no_stock(sku, 1) for sku in range(600)]

    def work(number: int) -> None:
        with database.transaction(merchant_id, actor="worker") as tx:
            raise_cases(tx, CONFIGURATION, many if number % 2 else [no_stock(number, number), no_stock(700, number)])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    with database.reading(merchant_id) as tx:
        assert load_cases(tx, CaseFilter()).total == 601
    assert_sound(database, merchant_id)
