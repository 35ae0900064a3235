"""What is exported is what is there: CSV and Parquet, read back by somebody else, as of any instant, batch by batch."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import polars
import pytest

from stocktower import insight, inventory
from stocktower.insight import TABLES, exports
from stocktower.inventory import views as ledger
from stocktower.platform import Transaction
from tests.inventory.test_as_of import History


@pytest.fixture
def history(tx: Transaction, monkeypatch: pytest.MonkeyPatch) -> History:
    """A random history, exported in small batches."""
    monkeypatch.setattr(exports, "SKUS_AT_ONCE", 2)
    walk_moves, walk_reservations = ledger.walk_moves, ledger.walk_reservations
    monkeypatch.setattr(ledger, "walk_moves", lambda tx, until: walk_moves(tx, until, 7))
    monkeypatch.setattr(ledger, "walk_reservations", lambda tx, until: walk_reservations(tx, until, 7))
    made = History(tx, 11)
    made.live(50)
    return made


def export(tx: Transaction, name: str, format: str, at: datetime | None = None) -> bytes:
    out = io.BytesIO()
    moment = inventory.load_moment(tx, at) if at else None
    written = insight.write_table(tx, TABLES[name], moment, format, out)
    assert written.as_of == (at or tx.now)
    return out.getvalue()


def expected(tx: Transaction, name: str, at: datetime | None = None) -> list[tuple[Any, ...]]:
    moment = inventory.load_moment(tx, at) if at else None
    return [row for batch in TABLES[name].read(tx, moment) for row in batch]


@pytest.mark.parametrize("name", list(TABLES))
def test_parquet_and_csv_hold_the_same_rows(tx: Transaction, history: History, name: str) -> None:
    rows = expected(tx, name)
    assert rows or name in ("told", "bins", "bin_moves")
    frame = polars.read_parquet(io.BytesIO(export(tx, name, "parquet")))
    assert frame.columns == [column.name for column in TABLES[name].columns]
    assert frame.rows() == rows
    kinds = {"text": polars.String, "whole": polars.Int64, "flag": polars.Boolean}
    for column in TABLES[name].columns:
        wanted = kinds.get(column.kind, polars.Datetime("us", "UTC"))
        assert frame.schema[column.name] == wanted
    lines = list(csv.reader(io.StringIO(export(tx, name, "csv").decode())))
    assert lines[0] == frame.columns
    assert [tuple(line) for line in lines[1:]] == [tuple(as_text(value) for value in row) for row in rows]


def as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def test_tables_are_the_ledgers_and_add_up(tx: Transaction, history: History) -> None:
    moves = polars.read_parquet(io.BytesIO(export(tx, "moves", "parquet")))
    taken = polars.read_parquet(io.BytesIO(export(tx, "reservations", "parquet")))
    stock = polars.read_parquet(io.BytesIO(export(tx, "stock", "parquet")))
    keys = ["sku", "site", "status", "owner", "lot"]
    for one in stock.iter_rows(named=True):
        same = (polars.col(key) == one[key] for key in keys)
        assert moves.filter(*same)["change"].sum() == one["on_hand"]
        same = (polars.col(key) == one[key] for key in keys)
        assert taken.filter(*same)["change"].sum() == one["allocated"]
    assert len(moves) > 10
    assert len(taken) > 10


def test_as_of_an_instant(tx: Transaction, history: History) -> None:
    instants = sorted(history.seen)
    at = instants[len(instants) // 2]
    rows = polars.read_parquet(io.BytesIO(export(tx, "stock", "parquet", at)))
    then = [(row[5], row[6]) for row in history.seen[at]["rows"]]
    assert sorted(zip(rows["on_hand"], rows["allocated"], strict=True)) == sorted(then)
    ats = polars.read_parquet(io.BytesIO(export(tx, "ats", "parquet", at)))
    assert {(row["sku"], row["channel"]): row["ats"] for row in ats.iter_rows(named=True)} == history.seen[at]["ats"]
    moves = polars.read_parquet(io.BytesIO(export(tx, "moves", "parquet", at)))
    assert 0 < len(moves) < len(expected(tx, "moves"))
    assert all(recorded_at <= at for recorded_at in moves["recorded_at"])


def test_nothing_is_a_table_too(tx: Transaction, history: History) -> None:
    first = sorted(history.seen)[0]
    begin = min(first, tx.now)
    assert polars.read_parquet(io.BytesIO(export(tx, "told", "parquet", begin))).is_empty()
    assert export(tx, "told", "csv", begin).decode().splitlines() == [
        "told_at,channel,listing,sku,shown,ats,publication_id"
    ]
