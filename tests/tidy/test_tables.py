"""Every table says what it is, and every projection can be rebuilt: docs/tables.md, the schema and `rebuild` agree."""

import re
from typing import Any

import psycopg

from stocktower.app.rebuild import PROJECTIONS
from tests.tidy.test_schema import OUR_SCHEMAS, connection
from tests.tidy.tree import ROOT, report, statements

__all__ = ["connection"]
PAGE = ROOT / "docs" / "tables.md"
ROW = re.compile(r"^\| `([a-z_.]+)` \| (\w+) \| .+ \|$", re.MULTILINE)
KINDS = {"ledger", "record", "projection", "measured", "work", "head"}
# Which migrations were applied: of the migrator, not of a merchant.
NOT_OURS = {"public.stocktower_migration"}


def declared() -> dict[str, str]:
    """Table -> its kind, as the page says."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) == len({table for table, _ in rows}), "docs/tables.md names a table twice"
    return dict(rows)


def test_every_table_says_what_it_is(connection: psycopg.Connection[Any]) -> None:
    there = {
        name
        for (name,) in connection.execute(
            "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE c.relkind IN ('r', 'p') AND {OUR_SCHEMAS}".encode()
        ).fetchall()
    } - NOT_OURS
    stated = declared()
    report("docs/tables.md has a row for each table:", sorted(there - stated.keys()))
    report("docs/tables.md names tables that are there:", sorted(stated.keys() - there))
    report("A table is of one of the kinds:", sorted(f"{name}: {kind}" for name, kind in stated.items()
                                                     if kind not in KINDS))  # fmt: skip


def test_every_projection_has_a_rebuild() -> None:
    stated = {table for table, kind in declared().items() if kind == "projection"}
    rebuilt = {".".join(one.name.split(".")[:2]) for one in PROJECTIONS}
    report("app/rebuild.py compares and mends each projection:", sorted(stated - rebuilt))
    report("What rebuild mends is declared a projection in docs/tables.md:", sorted(rebuilt - stated))


CHANGES = re.compile(r"\b(?:UPDATE|DELETE FROM)\s+([a-z_]+\.[a-z_]+)|INSERT INTO ([a-z_.]+)[^;]*DO UPDATE")
# A body is erased; the message itself stays.
ERASED = {"exchange.message"}


def test_ledgers_are_append_only() -> None:
    kinds = declared()
    broken = [
        f"{one.where}: changes {table}"
        for one in statements("queries.sql")
        for table in (updated or upserted for updated, upserted in CHANGES.findall(one.text))
        if kinds.get(table) == "ledger" and table not in ERASED
    ]
    report("No statement changes what is in a ledger:", broken)
