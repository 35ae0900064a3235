from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stocktower.kernel import CaseKind
from stocktower.model import CasePolicy, Configuration, LegalEntity, Merchant
from stocktower.platform import Transaction, load_feed, load_invariants
from stocktower.worklist import (
    RESOLVED_ITSELF,
    CaseFilter,
    Raise,
    Severity,
    Waiter,
    close_by_cause,
    close_case,
    close_cases,
    count_kinds,
    drop_waiters,
    load_case,
    load_case_by_id,
    load_cases,
    load_cases_of,
    load_open_cases_of,
    load_waiters,
    load_waiting,
    note_act,
    raise_cases,
)
from stocktower.worklist.service import MANY

CONFIGURATION = Configuration(
    merchant=Merchant(code="m", name="M"),
    entities=(LegalEntity(code="us", name="US", currency="USD"),),
    sites=(),
    channels=(),
    cases={CaseKind.NO_STOCK: CasePolicy(role="operations", sla_hours=6)},
)
OPEN = CaseFilter()
CLOSED = CaseFilter(state="closed")


@pytest.fixture(autouse=True)
def _invariants(tx: Transaction) -> Iterator[None]:
    """After every test the invariants of the room hold."""
    yield
    assert_invariants(tx)


def assert_invariants(tx: Transaction) -> None:
    for invariant in load_invariants("stocktower.worklist"):
        assert tx.tuples(invariant.query) == [], invariant.name


def orders(*ids: int, units: int = 1, money: int = 100, due_at: datetime | None = None) -> tuple[Waiter, ...]:
    return tuple(Waiter("order", order_id, units, money, due_at) for order_id in ids)


def no_stock(sku_id: int, *waiters: Waiter, title: str = "No stock", **data: Any) -> Raise:
    return Raise(CaseKind.NO_STOCK, f"sku/{sku_id}", title, data, waiters)


def open_case(tx: Transaction, *raises: Raise) -> list[int]:
    return list(raise_cases(tx, CONFIGURATION, raises).values())


def kinds_of_events(tx: Transaction) -> list[str]:
    tx.write_events()
    return [event.kind for event in load_feed(tx, 0, 1000)]


def test_a_cause_has_one_case_however_often_it_is_raised(tx: Transaction) -> None:
    (first,) = open_case(tx, no_stock(1, *orders(10, 11, units=2, money=500)))
    (again,) = open_case(tx, no_stock(1, *orders(11, 12, units=3, money=700), title="Still none", short=5))
    assert first == again
    (case,) = load_cases(tx, OPEN).cases
    assert (case.label, case.title, case.data) == (f"C-{case.number}", "Still none", {"short": 5})
    assert case.number > 100
    assert (case.waiters, case.units, case.money_minor) == (3, 2 + 3 + 3, 500 + 700 + 700)
    assert (case.role, case.due_at) == ("operations", tx.now + timedelta(hours=6))
    assert kinds_of_events(tx) == ["case.opened"]


def test_causes_of_one_call_are_told_apart_and_numbered(tx: Transaction) -> None:
    raised = raise_cases(
        tx,
        CONFIGURATION,
        [no_stock(2), no_stock(1), no_stock(2), Raise(CaseKind.FRAUD_REVIEW, "order/5", "Review", {}, orders(5))],
    )
    assert len(set(raised.values())) == len(raised) == 3
    assert len({case.number for case in load_cases(tx, OPEN).cases}) == 3
    assert raise_cases(tx, CONFIGURATION, []) == {}


def test_a_case_closes_when_the_last_waiter_leaves(tx: Transaction) -> None:
    case_id, other = open_case(tx, no_stock(1, *orders(10, 11)), no_stock(2, *orders(10)))
    assert drop_waiters(tx, [("order", 10)], [CaseKind.FRAUD_REVIEW]) == []
    assert drop_waiters(tx, [("sku", 10), ("order", 99)], [CaseKind.NO_STOCK]) == []
    assert drop_waiters(tx, [("order", 10)], [CaseKind.NO_STOCK]) == [other]
    assert drop_waiters(tx, [("order", 10), ("order", 11)], [CaseKind.NO_STOCK]) == [case_id]
    assert drop_waiters(tx, [("order", 11)], [CaseKind.NO_STOCK]) == []
    detail = load_case_by_id(tx, case_id)
    assert detail is not None
    assert (detail.case.state, detail.case.outcome, detail.case.closed_by) == ("closed", RESOLVED_ITSELF, "tester")
    assert detail.case.waiters == 2
    assert [waiter.left_at for waiter in detail.waiters] == [tx.now, tx.now]
    assert [entry.act for entry in detail.history] == ["opened", "closed"]
    assert detail.actions == ()
    assert kinds_of_events(tx) == ["case.opened", "case.opened", "case.closed", "case.closed"]


def test_a_cause_that_comes_back_is_a_new_case(tx: Transaction) -> None:
    (first,) = open_case(tx, no_stock(1, *orders(10)))
    assert close_by_cause(tx, CaseKind.NO_STOCK, ["sku/1", "sku/7", "sku/1"], "stock came") == [first]
    (second,) = open_case(tx, no_stock(1, *orders(10)))
    assert first != second
    assert [case.case_id for case in load_cases(tx, OPEN).cases] == [second]
    assert [case.case_id for case in load_cases(tx, CLOSED).cases] == [first]
    assert close_by_cause(tx, CaseKind.NO_STOCK, [], "nothing") == []


def test_of_many_causes_the_open_one_is_closed(tx: Transaction) -> None:
    many = [f"sku/{number}" for number in range(MANY + 50)]
    assert close_by_cause(tx, CaseKind.NO_STOCK, many, "stock came") == []
    (case_id,) = open_case(tx, no_stock(MANY + 7, *orders(10)))
    assert close_by_cause(tx, CaseKind.FRAUD_REVIEW, many, "looked at") == []
    assert close_by_cause(tx, CaseKind.NO_STOCK, many, "stock came") == [case_id]


def test_a_waiter_that_left_and_comes_back_waits_anew(tx: Transaction) -> None:
    (case_id,) = open_case(tx, no_stock(1, *orders(10, 11)))
    drop_waiters(tx, [("order", 10)], [CaseKind.NO_STOCK])
    assert [case.waiters for case in load_cases(tx, OPEN).cases] == [1]
    started, tx.now = tx.now, tx.now + timedelta(hours=1)
    open_case(tx, no_stock(1, *orders(10, 11)))
    since = {waiter.subject_id: waiter.since for waiter in load_waiters(tx, case_id)}
    assert since == {10: tx.now, 11: started}


def test_closing_lets_go_what_waits_and_says_who_did_it(tx: Transaction) -> None:
    one, two = open_case(tx, no_stock(1, *orders(10)), no_stock(2, *orders(10)))
    note_act(tx, one, "remind", "ann", {"site": "EAST"})
    assert close_case(tx, one, "accepted", by="ann")
    assert not close_case(tx, one, "accepted")
    assert close_cases(tx, [one, two], "done") == [two]
    assert close_cases(tx, [], "done") == []
    note_act(tx, one, "looked at again")
    detail = load_case(tx, load_cases_of(tx, "order", 10)[0].number)
    assert detail is not None
    assert [(entry.actor, entry.act) for entry in detail.history] == [
        ("tester", "opened"),
        ("ann", "remind"),
        ("ann", "closed"),
        ("tester", "looked at again"),
    ]
    assert load_open_cases_of(tx, "order", [10]) == {}
    assert [case.case_id for case in load_cases_of(tx, "order", 10)] == [one, two]
    tx.write_events()
    closed = [event for event in load_feed(tx, 0, 100) if event.kind == "case.closed"]
    assert msgspec.json.decode(closed[0].data)["outcome"] == "accepted"


def test_lists_filter_sort_and_page(tx: Transaction) -> None:
    soon = tx.now + timedelta(hours=1)
    open_case(
        tx,
        no_stock(1, *orders(1, money=90_000)),
        no_stock(2, *orders(2, money=5_000, due_at=soon)),
        Raise(CaseKind.FRAUD_REVIEW, "order/3", "Review", {}, orders(3, money=3_000_000, due_at=soon)),
    )
    worst = load_cases(tx, OPEN)
    assert [case.cause_key for case in worst.cases] == ["order/3", "sku/1", "sku/2"]
    assert worst.cases[0].severity is Severity.CRITICAL
    assert [case.cause_key for case in load_cases(tx, CaseFilter(sort="due")).cases] == ["order/3", "sku/2", "sku/1"]
    numbers = [case.number for case in load_cases(tx, CaseFilter(sort="number")).cases]
    assert numbers == sorted(numbers, reverse=True)
    assert [case.money_minor for case in load_cases(tx, CaseFilter(sort="money")).cases] == [3_000_000, 90_000, 5_000]
    assert [case.cause_key for case in load_cases(tx, CaseFilter(role="operations")).cases] == ["sku/1", "sku/2"]
    page = load_cases(tx, CaseFilter(kind=CaseKind.NO_STOCK), limit=1, offset=1)
    assert (len(page.cases), page.total) == (1, 2)
    close_by_cause(tx, CaseKind.NO_STOCK, ["sku/1", "sku/2"], "done")
    page = load_cases(tx, CLOSED, limit=1)
    assert (len(page.cases), page.total) == (1, 2)
    assert load_cases(tx, CaseFilter(state="closed", role="nobody")).total == 0


def test_kinds_count_an_object_once(tx: Transaction) -> None:
    open_case(tx, no_stock(1, *orders(1, 2, money=100)), no_stock(2, *orders(2, 3, money=200)), no_stock(9))
    open_case(tx, Raise(CaseKind.PARKED_MESSAGE, "message/1", "Parked"))
    first, second = count_kinds(tx)
    assert (first.kind, first.cases, first.waiters, first.units, first.money_minor) == ("no_stock", 3, 3, 3, 500)
    assert (second.kind, second.cases, second.waiters) == ("parked_message", 1, 0)


def test_who_waits_for_a_cause(tx: Transaction) -> None:
    open_case(tx, no_stock(1, *orders(1, 2)), no_stock(2, *orders(2), Waiter("sku", 7)))
    drop_waiters(tx, [("order", 1)], [CaseKind.NO_STOCK])
    assert load_waiting(tx, CaseKind.NO_STOCK, ["sku/1", "sku/2", "sku/3"], "order") == {"sku/1": [2], "sku/2": [2]}
    found = load_open_cases_of(tx, "order", [1, 2])
    assert {order_id: [case.cause_key for case in cases] for order_id, cases in found.items()} == {
        2: ["sku/1", "sku/2"]
    }
    assert load_case(tx, 1) is None


Step = tuple[str, int, list[int]]
steps = st.lists(
    st.tuples(st.sampled_from(["raise", "drop", "close"]), st.integers(1, 3), st.lists(st.integers(1, 4), max_size=3)),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_any_life_of_cases_is_what_sets_of_waiters_say(tx: Transaction, steps: Sequence[Step]) -> None:
    base = tx.new_id() * 10
    expected: dict[int, set[int]] = {}
    for act, sku, ids in steps:
        if act == "raise":
            open_case(tx, no_stock(base + sku, *orders(*(base + i for i in ids))))
            expected.setdefault(sku, set()).update(ids)
        elif act == "drop":
            drop_waiters(tx, [("order", base + i) for i in ids], [CaseKind.NO_STOCK])
            touched = {key for key, waiting in expected.items() if waiting & set(ids)}
            expected = {key: waiting - set(ids) for key, waiting in expected.items()}
            expected = {key: waiting for key, waiting in expected.items() if waiting or key not in touched}
        else:
            close_by_cause(tx, CaseKind.NO_STOCK, [f"sku/{base + sku}"], "closed")
            expected.pop(sku, None)
    mine = {f"sku/{base + sku}": waiting for sku, waiting in expected.items()}
    cases = {case.cause_key: case for case in load_cases(tx, OPEN, limit=10_000).cases if case.cause_key in mine}
    assert set(cases) == set(mine)
    assert {key: case.waiters for key, case in cases.items()} == {key: len(waiting) for key, waiting in mine.items()}
    open_now = [case.cause_key for case in load_cases(tx, OPEN, limit=10_000).cases]
    assert not {f"sku/{base + sku}" for sku in (1, 2, 3)} & (set(open_now) - set(mine))
    assert_invariants(tx)


def test_merchants_have_their_own_cases(tx: Transaction) -> None:
    open_case(tx, no_stock(1, *orders(10)))
    mine, tx.merchant_id = tx.merchant_id, tx.new_id()
    assert load_cases(tx, OPEN).cases == ()
    assert drop_waiters(tx, [("order", 10)], [CaseKind.NO_STOCK]) == []
    assert close_by_cause(tx, CaseKind.NO_STOCK, ["sku/1"], "not mine") == []
    tx.merchant_id = mine
    assert len(load_cases(tx, OPEN).cases) == 1
