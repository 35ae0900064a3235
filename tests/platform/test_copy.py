"""COPY: whatever the text, what comes out is what went in."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stocktower.platform import CopyTable, NotCopyable, SequenceIds, Transaction, connect
from stocktower.platform.copytext import array_literal, blocks

TABLE = CopyTable(
    name="sample",
    table="pg_temp.sample",
    columns=("n", "t", "f", "b", "j", "at", "on_day", "amount", "words", "numbers"),
    doc="One column of each kind.",
    room="platform",
    bytea=(False, False, False, True, False, False, False, False, False, False),
    statement="COPY pg_temp.sample (n, t, f, b, j, at, on_day, amount, words, numbers) FROM STDIN",
)

nasty = st.text(
    alphabet=st.one_of(
        st.sampled_from('\\\t\n\r\b\v"{},.N \u2028é🦊'),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=30,
)
instants = st.datetimes(
    min_value=datetime(1900, 1, 1),
    max_value=datetime(2200, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-3))]),
)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


rows = st.lists(
    st.tuples(
        maybe(st.integers(-(2**63), 2**63 - 1)),
        maybe(nasty),
        maybe(st.booleans()),
        maybe(st.binary(max_size=20)),
        maybe(st.dictionaries(nasty, st.one_of(nasty, st.integers(-1000, 1000)), max_size=3).map(msgspec.json.encode)),
        maybe(instants),
        maybe(st.dates(min_value=date(1, 1, 1))),
        maybe(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)),
        maybe(st.lists(maybe(nasty), max_size=3)),
        maybe(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3)),
    ),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def connection(worker_url: str) -> Iterator[psycopg.Connection]:
    """A connection with the sample table."""
    with connect(worker_url) as connection:
        connection.execute(
            "CREATE TEMP TABLE sample (place int GENERATED ALWAYS AS IDENTITY, n bigint, t text, f boolean, b bytea,"
            " j jsonb, at timestamptz, on_day date, amount numeric, words text[], numbers bigint[])"
        )
        yield connection


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(written=rows)
def test_round_trip(connection: psycopg.Connection, written: list[tuple[Any, ...]]) -> None:
    connection.execute("TRUNCATE sample")
    Transaction(connection, 1, datetime.now(UTC), SequenceIds()).copy(TABLE, written)
    with connection.cursor(binary=True) as cursor:
        read = cursor.execute(
            "SELECT n, t, f, b, j, at, on_day, amount, words, numbers FROM sample ORDER BY place"
        ).fetchall()
    assert [without_json(row) for row in read] == [without_json(row) for row in written]


def without_json(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """JSON comes back as bytes in PostgreSQL's own spelling."""
    return (*row[:4], row[4] and msgspec.json.decode(row[4]), *row[5:])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=st.lists(nasty, max_size=4), numbers=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4), at=instants)
def test_lists_as_parameters(
    connection: psycopg.Connection, words: list[str], numbers: list[int], at: datetime
) -> None:
    row = connection.execute(
        "SELECT %s::text[], %s::text[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::boolean[]",
        (words, [*words, None], numbers, [at, None], [at, at], [True, False]),
    ).fetchone()
    assert row == (words, [*words, None], numbers, [at, None], [at, at], [True, False])


def test_a_text_with_a_nul_is_no_two_elements() -> None:
    with pytest.raises(NotCopyable):
        array_literal(["a", "b\0c"])


class Kind(StrEnum):
    GOOD = "good\tand\\bad"


def test_many_rows_in_blocks_and_subclasses_of_text(connection: psycopg.Connection) -> None:
    connection.execute("TRUNCATE sample")
    written = [(n, Kind.GOOD, n % 2 == 0, None, None, None, None, Decimal(n), (), [n]) for n in range(10_000)]
    assert len(list(blocks(written, TABLE.bytea))) == 3
    Transaction(connection, 1, datetime.now(UTC), SequenceIds()).copy(TABLE, written)
    found = connection.execute("SELECT count(*), sum(n), max(t), count(*) FILTER (WHERE f) FROM sample").fetchone()
    assert found == (10_000, 49_995_000, "good\tand\\bad", 5000)


@pytest.mark.parametrize("value", [datetime(2026, 6, 1), "a\0b", b'"\0"', object(), {"a": 1}, [datetime(2026, 6, 1)]])
def test_what_no_column_takes_is_refused(value: Any) -> None:
    with pytest.raises(NotCopyable):
        list(blocks([(value,), (value,)], (False,)))


def test_uneven_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        list(blocks([(1, 2), (1,)], (False, False)))
    with pytest.raises(ValueError, match="2 values for 3 columns"):
        list(blocks([(1, 2)], (False, False, False)))
