"""A transaction: parameters, rows, ids, savepoints; committed as a whole or not at all."""

import threading
from datetime import datetime

import msgspec
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from stocktower.platform import (
    CountingIds,
    Database,
    Event,
    FrozenClock,
    NoFreeConnection,
    NotCommitted,
    Query,
    SequenceIds,
    Transaction,
    is_transient,
    load_head,
)


def query(text: str, *parameters: str) -> Query:
    return Query("sample", text, "A sample.", "tests", text, parameters)


class Row(msgspec.Struct, frozen=True):
    number: int
    at: datetime


ROWS = query("SELECT n, $2::timestamptz FROM generate_series(1, $1::bigint) AS n", "n", "now")
FAIL = query("SELECT 1 / 0")


def test_rows_values_and_what_is_missing(tx: Transaction) -> None:
    assert tx.fetch(ROWS, Row, n=2) == [Row(1, tx.now), Row(2, tx.now)]
    assert tx.fetch_one(ROWS, Row, n=1) == Row(1, tx.now)
    assert tx.fetch_one(ROWS, Row, n=0) is None
    assert tx.values(ROWS, n=3) == [1, 2, 3]
    assert tx.value(ROWS, n=0) is None
    assert tx.tuples(ROWS, n=1) == [(1, tx.now)]
    with pytest.raises(TypeError, match=r"tests\.sample needs the parameter 'n'"):
        tx.values(ROWS)


def test_a_statement_is_prepared_once_whatever_the_size_of_its_numbers(tx: Transaction) -> None:
    size = query("SELECT $1::bigint + 0 AS the_sum", "n")
    for n in (1, 70_000, 2**40, -5, None):
        assert tx.value(size, n=n) == n
    prepared = query("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%the_sum'")
    assert tx.value(prepared) == 1


def test_json_comes_out_as_bytes(tx: Transaction) -> None:
    assert tx.tuples(query("""SELECT '{"a": 1}'::jsonb, '[1]'::json""")) == [(b'{"a": 1}', b"[1]")]


def test_ids_are_new_and_ascend(tx: Transaction, worker_connection: psycopg.Connection) -> None:
    ids = [tx.new_id(), *tx.new_ids(3000), tx.new_id()]
    assert len(set(ids)) == 3002
    assert ids == sorted(ids)
    assert tx.new_ids(0) == []
    other = SequenceIds()
    assert not set(ids) & set(other.take(worker_connection, 2000))
    assert CountingIds(5).take(None, 3) == [5, 6, 7]


def test_threads_share_the_ids_of_a_process(database: Database) -> None:
    merchant_id = database.ensure_merchant("acme")
    taken: list[int] = []

    def take() -> None:
        for _ in range(20):
            with database.transaction(merchant_id, actor="tester") as tx:
                taken.extend(tx.new_ids(77))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(taken)) == len(taken) == 4 * 20 * 77


def test_a_savepoint_undoes_rows_and_events(tx: Transaction) -> None:
    tx.emit(Event("a.kept", "a", 1, tx.now))

    def fail() -> None:
        with tx.savepoint():
            tx.emit(Event("a.lost", "a", 1, tx.now))
            tx.execute(FAIL)

    with pytest.raises(psycopg.errors.DivisionByZero):
        fail()
    with tx.savepoint():
        tx.emit(Event("a.kept_too", "a", 1, tx.now))
    assert tx.write_events() == [1, 2]


def test_nothing_is_kept_of_a_command_that_fails(database: Database) -> None:
    merchant_id = database.ensure_merchant("acme")

    def fail() -> None:
        with database.transaction(merchant_id, actor="tester") as tx:
            tx.emit(Event("a.lost", "a", 1, tx.now))
            tx.write_events()
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    with database.reading(merchant_id) as tx:
        assert load_head(tx) == 0


def test_a_swallowed_error_is_not_committed_in_silence(database: Database) -> None:
    merchant_id = database.ensure_merchant("acme")

    def swallow() -> None:
        with database.transaction(merchant_id, actor="tester") as tx, pytest.raises(psycopg.errors.DivisionByZero):
            tx.execute(FAIL)

    with pytest.raises(NotCommitted):
        swallow()


def test_reading_sees_one_moment_and_changes_nothing(database: Database) -> None:
    merchant_id = database.ensure_merchant("acme")
    with database.reading(merchant_id) as reading:
        assert load_head(reading) == 0
        with database.transaction(merchant_id, actor="tester") as tx:
            tx.emit(Event("a.happened", "a", 1, tx.now))
        assert load_head(reading) == 0

    def emit() -> None:
        with database.reading(merchant_id) as tx:
            tx.emit(Event("a.happened", "a", 1, tx.now))

    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        emit()


def test_merchants_are_made_once(database: Database) -> None:
    made: list[int] = []
    threads = [threading.Thread(target=lambda: made.append(database.ensure_merchant("acme"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert database.merchants() == {"acme": made[0]}
    assert set(made) == {made[0]}


def test_connections_that_died_are_replaced(database: Database, database_url: str) -> None:
    merchant_id = database.ensure_merchant("acme")
    name = conninfo_to_dict(database_url)["dbname"]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
            "WHERE datname = %s AND pid <> pg_backend_pid()",
            (name,),
        )
    with database.transaction(merchant_id, actor="tester") as tx:
        tx.emit(Event("a.happened", "a", 1, tx.now))

    def be_ended() -> None:
        with database.transaction(merchant_id, actor="tester") as tx:
            tx.execute(query("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(psycopg.OperationalError) as raised:
        be_ended()
    assert is_transient(raised.value)
    with database.reading(merchant_id) as tx:
        assert load_head(tx) == 1


def test_no_more_connections_than_allowed(database_url: str, clock: FrozenClock) -> None:
    database = Database(database_url, clock, connections=1, patience=0.05)
    merchant_id = database.ensure_merchant("acme")
    with database.reading(merchant_id), pytest.raises(NoFreeConnection):
        database.ensure_merchant("other")
    assert database.ensure_merchant("other") != merchant_id
    database.close()
    with pytest.raises(psycopg.OperationalError, match="was closed"):
        database.ensure_merchant("third")


def test_a_plan_that_was_made_while_a_table_was_small_is_made_again(database: Database) -> None:
    merchant_id = database.ensure_merchant("plans")
    insert = query(
        "INSERT INTO platform.due (merchant_id, kind, key, due_at) "
        "SELECT $1::bigint, 'sample', key, $2::timestamptz FROM generate_series($3::bigint, $4::bigint) AS key",
        "merchant_id", "now", "first", "last",
    )  # fmt: skip
    find = query("SELECT key FROM platform.due WHERE merchant_id = $1::bigint AND key = $2::bigint", "merchant_id", "k")

    def plan_used(tx: Transaction) -> str:
        found = tx.connection.execute(
            "SELECT name FROM pg_prepared_statements WHERE statement LIKE 'SELECT key FROM platform.due WHERE%'"
        ).fetchone()
        assert found is not None
        lines = tx.connection.execute(f"EXPLAIN EXECUTE {found[0]} ({merchant_id}, 7)".encode(), prepare=False)
        return "\n".join(line for (line,) in lines.fetchall())

    costs: list[str] = []
    for count in range(200):
        with database.transaction(merchant_id, actor="tests") as tx:
            if count < 8 or count % 10 == 0:
                tx.execute(insert, first=count * 1_000 + 1, last=count * 1_000 + (1_000 if count > 8 else 1))
            assert tx.values(find, k=count * 1_000 + 1)[:1] in ([], [count * 1_000 + 1])
            costs.append(plan_used(tx))
        with database.reading(merchant_id) as tx:
            assert tx.values(find, k=1) == [1]
    assert len(set(costs)) > 2, costs[-1]


def test_a_reader_makes_its_plans_again_too(database: Database) -> None:
    merchant_id = database.ensure_merchant("readers")
    for _ in range(40):
        with database.reading(merchant_id) as tx:
            assert tx.connection.execute("SHOW transaction_isolation").fetchone() == ("repeatable read",)
