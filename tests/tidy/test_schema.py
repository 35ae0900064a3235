"""The migrated schema, asked through the catalogue; and every statement of the rooms, prepared against it."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import psycopg
import pytest
from psycopg.rows import tuple_row

from tests.tidy.test_sql_files import CLOCKS
from tests.tidy.tree import ROOT, Statement, report, statements

# Tables that belong to no merchant: the merchants themselves, and which migrations were applied.
OF_NO_MERCHANT = {"platform.merchant", "public.stocktower_migration"}

OUR_SCHEMAS = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
TABLES = f"""
    SELECT n.nspname || '.' || c.relname, EXISTS (
        SELECT FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'merchant_id' AND a.attnotnull AND a.atttypid = 'bigint'::regtype
    ), EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND {OUR_SCHEMAS} ORDER BY 1
"""
INDEXES = f"""
    SELECT n.nspname || '.' || c.relname, x.relname, a.attname
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class x ON x.oid = i.indexrelid
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] AND a.attnum > 0
    WHERE {OUR_SCHEMAS} ORDER BY 1, 2
"""
FOREIGN_KEYS = f"""
    SELECT n.nspname || '.' || c.relname, k.conname, f.nspname, n.nspname, a.attname
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class r ON r.oid = k.confrelid JOIN pg_namespace f ON f.oid = r.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
    WHERE k.contype = 'f' AND {OUR_SCHEMAS} ORDER BY 1, 2
"""
DEFAULTS = f"""
    SELECT n.nspname || '.' || c.relname || '.' || a.attname, pg_get_expr(d.adbin, d.adrelid)
    FROM pg_attrdef d
    JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE {OUR_SCHEMAS} ORDER BY 1
"""
TRIGGERS = f"""
    SELECT n.nspname || '.' || c.relname, t.tgname
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT t.tgisinternal AND {OUR_SCHEMAS} ORDER BY 1, 2
"""


@pytest.fixture
def connection(request: pytest.FixtureRequest) -> psycopg.Connection[Any]:
    """A connection to the migrated database; the test is skipped where there are no migrations yet."""
    if not any((ROOT / "migrations").glob("*.sql")):
        pytest.skip("there are no migrations yet")
    return request.getfixturevalue("tx").connection


@pytest.fixture
def rows(connection: psycopg.Connection[Any]) -> Any:
    """Run a catalogue query."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        yield lambda query: cursor.execute(query).fetchall()


def test_tables_belong_to_a_merchant(rows: Any) -> None:
    broken = [
        f"{table}: {'no primary key' if has_merchant else 'no merchant_id bigint NOT NULL'}"
        for table, has_merchant, has_key in rows(TABLES)
        if table not in OF_NO_MERCHANT and not (has_merchant and has_key)
    ]
    report("Every table has merchant_id and a primary key:", broken)


def test_merchant_leads_keys_and_indexes(rows: Any) -> None:
    broken = [
        f"{table}: {index} begins with {first or 'an expression'}"
        for table, index, first in rows(INDEXES)
        if table not in OF_NO_MERCHANT and first != "merchant_id"
    ]
    report("merchant_id leads every primary key, unique constraint and index:", broken)


def test_foreign_keys_stay_in_their_room(rows: Any) -> None:
    broken = [
        f"{table}: {name} {'leaves the schema' if schema != own else f'begins with {first}'}"
        for table, name, schema, own, first in rows(FOREIGN_KEYS)
        if schema != own or first != "merchant_id"
    ]
    report("A foreign key stays inside its schema and begins with merchant_id:", broken)


def test_defaults_have_no_clock(rows: Any) -> None:
    broken = [f"{column} DEFAULT {default}" for column, default in rows(DEFAULTS) if CLOCKS.search(default)]
    report("A default holds no clock and no dice:", broken)


def test_no_triggers(rows: Any) -> None:
    report("There are no triggers:", [f"{table}: {name}" for table, name in rows(TRIGGERS)])


def numbered(statement: Statement) -> str:
    """The statement as PREPARE takes it: named parameters as $1, $2 ..., escaped percent signs as they are meant."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[1] is None:
            return "%"
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    return re.sub(r"%(?:\((\w+)\)s|%)", number, statement.text)


def prepared(statement: Statement) -> str:
    """What is prepared for a statement: itself, or for a declared COPY a look at its columns."""
    if statement.kind == "name":
        return numbered(statement)
    table, columns = statement.copied
    return f"SELECT {', '.join(columns)} FROM {table}"


def all_statements() -> Iterator[Any]:
    """The statements of each SQL file."""
    for path, group in groupby(statements("queries.sql", "invariants.sql"), key=lambda statement: statement.path):
        yield pytest.param(list(group), id=f"{path.parent.name}/{path.name}")


@pytest.mark.parametrize("of_file", list(all_statements()))
def test_statements_prepare(of_file: list[Statement], connection: psycopg.Connection[Any]) -> None:
    broken: list[str] = []
    for statement in of_file:
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(f"PREPARE tidy AS {prepared(statement)}".encode())
                connection.execute("DEALLOCATE tidy")
        except psycopg.Error as error:
            broken.append(f"{statement.where}: {str(error).strip()}")
    report("PostgreSQL understands every statement against the migrated schema:", broken)
