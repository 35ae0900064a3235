"""Statements that share a round trip: their order, their answers, their errors, and what goes with them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stocktower.platform import (
    Database,
    NotCopyable,
    Query,
    Transaction,
    UnknownMerchant,
    is_transient,
    load_head,
    load_queries,
)
from stocktower.platform.model import Event
from stocktower.platform.wire import Wire

QUERIES = load_queries("stocktower.platform")
AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def query(text: str, *parameters: str) -> Query:
    return Query("sample", text, "A sample.", "tests", text, parameters)


DOUBLE = query("SELECT $1::bigint * 2", "n")
FAIL = query("SELECT 1 / $1::bigint", "n")
DUE = query("SELECT count(*) FROM platform.due WHERE merchant_id = $1::bigint AND kind = 'sample'", "merchant_id")


class Colour(StrEnum):
    RED = "red"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements went in each round trip."""
    counts: list[int] = []
    send = Wire.send

    def counted(self: Wire, messages: Any) -> list[Any]:
        counts.append(len(messages))
        return send(self, messages)

    monkeypatch.setattr(Wire, "send", counted)
    return counts


def due(tx: Transaction, *keys: int | None) -> None:
    tx.copy(QUERIES.due, [(tx.merchant_id, "sample", key, AT) for key in keys])


def test_what_nobody_waits_for_goes_with_the_next(tx: Transaction, sent: list[int]) -> None:
    due(tx, 1)
    assert tx.value(DUE) == 1
    sent.clear()
    asked = [tx.ask_tuples(DOUBLE, n=n).then(lambda rows: rows[0][0]) for n in range(5)]
    due(tx, 2, 3)
    assert sent == []
    assert tx.value(DUE) == 3
    assert sent == [7]
    assert [one.get() for one in asked] == [0, 2, 4, 6, 8]
    assert sent == [7]


def test_a_whole_command_takes_as_many_round_trips_as_it_waits(database: Database, sent: list[int]) -> None:
    merchant_id = database.ensure_merchant("acme")
    with database.transaction(merchant_id, actor="tester") as tx:
        due(tx, 1)  # asks for the types of the columns once
    sent.clear()
    with database.transaction(merchant_id, actor="tester") as tx:
        due(tx, 2)
        assert tx.value(DUE) == 2
        due(tx, 3)
        tx.emit(Event("a.happened", "a", 1, tx.now))
    assert sent == [3, 3]  # BEGIN, COPY, SELECT; then COPY, the event, COMMIT
    with database.transaction(merchant_id, actor="tester"):
        pass
    assert sent == [3, 3]
    with database.reading(merchant_id) as tx:
        assert (tx.value(DUE), load_head(tx)) == (3, 1)


def test_the_first_error_is_told_and_nothing_after_it_was_run(tx: Transaction) -> None:
    before = tx.ask_tuples(DOUBLE, n=1)
    wrong = tx.ask_tuples(FAIL, n=0)
    after = tx.ask_tuples(query("SELECT $1::bigint * 3", "n"), n=1)
    with pytest.raises(psycopg.errors.DivisionByZero):
        before.get()
    for lost in (wrong, after):
        with pytest.raises(RuntimeError, match="one before it failed"):
            lost.get()
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        tx.value(DOUBLE, n=1)


def test_an_error_is_told_in_the_words_of_who_gave_the_statement(tx: Transaction) -> None:
    def fail(before: int, after: int) -> None:
        with tx.savepoint():
            for n in range(before):
                tx.post(DOUBLE, lambda error: KeyError(str(error)), n=n)
            tx.post(FAIL, lambda error: LookupError(type(error).__name__), n=0)
            for n in range(after):
                tx.post(query(f"SELECT $1::bigint * {n}", "n"), lambda error: KeyError(str(error)), n=n)

    for before, after in ((0, 0), (3, 0), (0, 3), (2, 2)):
        with pytest.raises(LookupError, match="DivisionByZero") as raised:
            fail(before, after)
        assert isinstance(raised.value.__cause__, psycopg.errors.DivisionByZero)
    with pytest.raises(psycopg.errors.DivisionByZero):
        tx.value(FAIL, n=0)


def test_a_statement_that_was_not_prepared_because_of_an_error_is_prepared_later(tx: Transaction) -> None:
    new = query("SELECT $1::bigint * 5 AS never_before", "n")

    def fail() -> None:
        with tx.savepoint():
            tx.ask_tuples(FAIL, n=0)
            tx.value(new, n=1)

    with pytest.raises(psycopg.errors.DivisionByZero):
        fail()
    assert tx.value(new, n=2) == 10


def test_a_savepoint_undoes_what_was_given_inside_it_and_nothing_else(tx: Transaction) -> None:
    due(tx, 1)

    def fail() -> None:
        with tx.savepoint():
            due(tx, 2)
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    assert tx.value(DUE) == 1

    def collide() -> None:
        with tx.savepoint():
            due(tx, None)

    with pytest.raises(psycopg.errors.NotNullViolation):
        collide()
    with tx.savepoint():
        due(tx, 2)
    assert tx.value(DUE) == 2


def test_an_error_of_the_last_round_trip_commits_nothing(database: Database) -> None:
    merchant_id = database.ensure_merchant("acme")

    def collide() -> None:
        with database.transaction(merchant_id, actor="tester") as tx:
            tx.emit(Event("a.happened", "a", 1, tx.now))
            due(tx, 1)
            due(tx, None)

    with pytest.raises(psycopg.errors.NotNullViolation):
        collide()

    def unknown(events: int) -> None:
        with database.transaction(merchant_id + 1, actor="tester") as tx:
            due(tx, 1)
            tx.emit_all(Event("a.happened", "a", n, tx.now) for n in range(events))

    for events in (1, 1_000):
        with pytest.raises(UnknownMerchant):
            unknown(events)
    with database.reading(merchant_id + 1) as tx:
        assert tx.value(DUE) == 0
    with database.reading(merchant_id) as tx:
        assert (tx.value(DUE), load_head(tx)) == (0, 0)


def test_more_than_fits_the_sockets_both_ways(tx: Transaction) -> None:
    echo = query("SELECT upper($1::text)", "text")
    asked = [tx.ask_tuples(echo, text=f"{n}" + "x" * 400_000) for n in range(20)]
    assert [one.get()[0][0] for one in asked] == [f"{n}" + "X" * 400_000 for n in range(20)]


def test_a_connection_that_ends_in_the_middle_is_a_reason_to_try_again(database: Database) -> None:
    merchant_id = database.ensure_merchant("acme")
    end = query("SELECT pg_terminate_backend(pg_backend_pid())")

    def be_ended(before: int, after: int) -> None:
        with database.transaction(merchant_id, actor="tester") as tx:
            for n in range(before):
                tx.ask_tuples(DOUBLE, n=n)
            tx.ask_tuples(end)
            for n in range(after):
                tx.ask_tuples(query(f"SELECT $1::bigint + {n}", "n"), n=n)

    for before, after in ((0, 0), (0, 5), (5, 0), (40, 40)):
        with pytest.raises(psycopg.OperationalError) as raised:
            be_ended(before, after)
        assert is_transient(raised.value)
        with database.reading(merchant_id) as tx:
            assert tx.value(DOUBLE, n=4) == 8


def test_few_rows_and_many_are_the_same_rows(tx: Transaction) -> None:
    events = [Event("a.happened", "a", n, AT, data=b'{"a": "\\\\ \\" {,} \xc3\xa9"}') for n in range(1_000)]
    tx.emit_all(events)
    assert tx.write_events() == list(range(1, 1_001))
    tx.emit_all(events[:100])
    assert tx.write_events() == list(range(1_001, 1_101))
    same = query(
        "SELECT count(*) FROM platform.event AS one JOIN platform.event AS other USING (merchant_id, subject_id) "
        "WHERE merchant_id = $1::bigint AND one.position <= 1000 AND other.position > 1000 "
        "AND ROW(one.kind, one.version, one.subject, one.owner, one.actor, one.cause_id, one.occurred_at, one.data) "
        "IS NOT DISTINCT FROM ROW(other.kind, other.version, other.subject, other.owner, other.actor, other.cause_id, "
        "other.occurred_at, other.data)",
        "merchant_id",
    )
    assert tx.value(same) == 100


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
ROUND = query(
    "SELECT $1::bigint, $2::text, $3::boolean, $4::timestamptz, $5::date, $6::numeric, $7::bytea, $8::text[], "
    "$9::interval, $10::double precision, $11::bigint[]",
    *"abcdefghijk",
)


ROWS = st.tuples(
    st.integers(-(2**63), 2**63 - 1), texts, st.booleans(),
    st.datetimes(datetime(1900, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC)),
    st.dates(date(1, 1, 1)), st.decimals(allow_nan=False, allow_infinity=False, places=6), st.binary(),
    st.lists(texts), st.timedeltas(timedelta(-900), timedelta(900)), st.floats(allow_nan=False),
    st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))),
)  # fmt: skip


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, min_size=10, max_size=30))
def test_values_come_back_as_they_went(tx: Transaction, rows: list[tuple[Any, ...]]) -> None:
    asked = [tx.ask_tuples(ROUND, **dict(zip("abcdefghijk", one, strict=True))) for one in rows]
    assert [answer.get() for answer in asked] == [[one] for one in rows]
    assert tx.tuples(ROUND, **dict.fromkeys("abcdefghijk")) == [(None,) * 11]


def test_what_has_no_form_is_said_before_it_is_sent(tx: Transaction) -> None:
    echo = query("SELECT $1::text", "text")
    assert tx.value(echo, text=Colour.RED) == "red"
    with pytest.raises(NotCopyable, match="NUL"):
        tx.value(echo, text="a\0b")
    with pytest.raises(NotCopyable, match="time zone"):
        tx.value(echo, text=datetime(2026, 1, 1))
    with pytest.raises(NotCopyable, match="object has no form"):
        tx.value(echo, text=object())
    assert tx.value(echo, text="still there") == "still there"
    assert tx.value(query("SELECT $1::numeric + 1", "n"), n=Decimal("1.5")) == Decimal("2.5")
