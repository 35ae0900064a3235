"""All of stock as a table for others: rows, ledgers, ATS and what was told, as of any instant, streamed in batches."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from typing import IO, Any

import msgspec

from stocktower import catalog
from stocktower.inventory import Moment
from stocktower.inventory import views as ledger
from stocktower.network import Network, load_network
from stocktower.platform import Transaction
from stocktower.publication import views as told

from .explained import ask, name_skus
from .grid import name_rows, rows_by_sku, walk_skus
from .in_bins import load_bins_of

FORMATS = ("csv", "parquet")
SKUS_AT_ONCE = 500

Rows = list[tuple[Any, ...]]
"""Texts, whole numbers, booleans, instants; each in the order of the table's columns."""


class Column(msgspec.Struct, frozen=True):
    """A column of an exported table: text, whole (int64), flag, or instant (microseconds, UTC)."""

    name: str
    kind: str


class Table(msgspec.Struct, frozen=True):
    """What can be exported, and how its rows are read as of a moment (None: now), batch after batch."""

    name: str
    title: str
    columns: tuple[Column, ...]
    read: Callable[[Transaction, Moment | None], Iterator[Rows]]


class Written(msgspec.Struct, frozen=True):
    """What an export came to."""

    table: str
    format: str
    rows: int
    as_of: datetime


def as_of(tx: Transaction, moment: Moment | None) -> datetime:
    """The instant that a table is of."""
    return moment.at if moment else tx.now


def _batches(skus: Iterator[catalog.Sku]) -> Iterator[list[catalog.Sku]]:
    batch: list[catalog.Sku] = []
    for sku in skus:
        batch.append(sku)
        if len(batch) == SKUS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _stock(tx: Transaction, moment: Moment | None) -> Iterator[Rows]:
    network, at = load_network(tx), as_of(tx, moment)
    for skus in _batches(walk_skus(tx)):
        by_sku = rows_by_sku(tx, [sku.sku_id for sku in skus], moment)
        yield [
            (at, row.sku, row.name, row.category, row.site, row.status, row.owner, row.lot, row.expires_at,
             row.sellable, row.on_hand, row.allocated, row.free)
            for sku in name_skus(tx, skus, moment)
            for row in name_rows(network, sku, by_sku.get(sku.sku_id, ()), detail=True)
        ]  # fmt: skip


def _bins(tx: Transaction, moment: Moment | None) -> Iterator[Rows]:
    network, at = load_network(tx), as_of(tx, moment)
    for skus in _batches(walk_skus(tx)):
        by_sku = rows_by_sku(tx, [sku.sku_id for sku in skus], moment)
        lines = (
            line
            for sku in name_skus(tx, skus, moment)
            for line in load_bins_of(tx, sku, by_sku.get(sku.sku_id, ()), network, moment)
        )
        yield [
            (at, one.sku, one.name, one.site, one.zone, one.bin, one.status, one.owner, one.lot, one.quantity)
            for one in lines
        ]  # fmt: skip


def _ats(tx: Transaction, moment: Moment | None) -> Iterator[Rows]:
    at = as_of(tx, moment)
    for skus in _batches(walk_skus(tx)):
        asked = ask(tx, [sku.sku_id for sku in skus], moment)
        channels = [channel for channel in asked.network.channels.values() if channel.active]
        yield [
            (at, sku.code, sku.kind, channel.code, asked.availability.ats(sku.sku_id, channel.channel_id))
            for sku in skus
            for channel in channels
        ]


class _Names:
    """The names of stock rows, read once for each run of entries."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._network: Network = load_network(tx)
        self._of: dict[int, tuple[str, str, str, str, str]] = {}

    def learn(self, stock_ids: Sequence[int]) -> None:
        """Make sure that these are known, and forget the others."""
        wanted = sorted(set(stock_ids))
        rows = ledger.load_rows_by_id(self._tx, wanted)
        skus = catalog.load_skus(self._tx, {row.sku_id for row in rows.values()})
        sites = self._network.sites
        self._of = {
            stock_id: (
                skus[row.sku_id].code, sites[row.site_id].code if row.site_id in sites else str(row.site_id),
                row.status, row.owner, row.lot,
            )
            for stock_id, row in rows.items()
        }  # fmt: skip

    def __getitem__(self, stock_id: int) -> tuple[str, str, str, str, str]:
        return self._of[stock_id]


def _moves(tx: Transaction, moment: Moment | None) -> Iterator[Rows]:
    names = _Names(tx)
    for batch in ledger.walk_moves(tx, as_of(tx, moment)):
        names.learn([entry[0] for entry in batch])
        yield [
            (entry[11], entry[10], *names[entry[0]], entry[1], entry[2], entry[3], entry[4], *entry[5:10])
            for entry in batch
        ]


def _bin_moves(tx: Transaction, moment: Moment | None) -> Iterator[Rows]:
    names = _Names(tx)
    for batch in ledger.walk_bin_moves(tx, as_of(tx, moment)):
        names.learn([entry[0] for entry in batch])
        yield [(entry[10], entry[9], *names[entry[0]], *entry[1:9]) for entry in batch]


def _reservations(tx: Transaction, moment: Moment | None) -> Iterator[Rows]:
    names = _Names(tx)
    for batch in ledger.walk_reservations(tx, as_of(tx, moment)):
        names.learn([entry[0] for entry in batch])
        yield [
            (entry[7], *names[entry[0]], entry[1], entry[2], entry[3], entry[4], entry[5], entry[6]) for entry in batch
        ]


def _told(tx: Transaction, moment: Moment | None) -> Iterator[Rows]:
    channels = {channel_id: one.code for channel_id, one in load_network(tx).channels.items()}
    for batch in told.walk_told(tx, as_of(tx, moment)):
        skus = catalog.load_skus(tx, {row[3] for row in batch})
        yield [
            (row[6], channels.get(row[2], str(row[2])), row[1], skus[row[3]].code if row[3] in skus else "", row[4],
             row[5], row[0])
            for row in batch
        ]  # fmt: skip


def _columns(text: str) -> tuple[Column, ...]:
    """`name` is text, `name#` a whole number, `name?` a flag, `name@` an instant."""
    kinds = {"#": "whole", "?": "flag", "@": "instant"}
    return tuple(Column(word.rstrip("#?@"), kinds.get(word[-1], "text")) for word in text.split())


_ROW = "sku site status owner lot"
TABLES = {
    table.name: table
    for table in (
        Table(
            "stock", "Stock rows", _columns("as_of@ sku name category site status owner lot expires_at@ sellable? "
                                            "on_hand# allocated# free#"), _stock,
        ),
        Table(
            "moves", "Every change of quantity",
            _columns(f"recorded_at@ occurred_at@ {_ROW} sequence# change# on_hand# allocated# reason counterpart "
                     "reference reference_id# actor"), _moves,
        ),
        Table(
            "reservations", "Every change of what is allocated",
            _columns(f"recorded_at@ {_ROW} sequence# order_id# line# change# allocated# reason"), _reservations,
        ),
        Table(
            "bins", "What lies in bins",
            _columns("as_of@ sku name site zone bin status owner lot quantity#"), _bins,
        ),
        Table(
            "bin_moves", "Every change of what lies in a bin",
            _columns(f"recorded_at@ occurred_at@ {_ROW} bin sequence# change# in_bin# reason reference reference_id# "
                     "actor"), _bin_moves,
        ),
        Table("ats", "Available to sell by channel", _columns("as_of@ sku kind channel ats#"), _ats),
        Table(
            "told", "What channels were told",
            _columns("told_at@ channel listing sku shown# ats# publication_id#"), _told,
        ),
    )
}  # fmt: skip


def write_table(
    tx: Transaction, table: Table, moment: Moment | None, format: str, out: IO[bytes], *,
    progress: Callable[[int], None] = lambda rows: None,
) -> Written:  # fmt: skip
    """Write a table as CSV or Parquet, a batch in memory at a time; `progress` hears how many rows there are."""
    writer = _write_parquet if format == "parquet" else _write_csv
    rows = 0
    for count in writer(table, table.read(tx, moment), out):
        rows += count
        progress(rows)
    return Written(table.name, format, rows, as_of(tx, moment))


def _write_csv(table: Table, batches: Iterator[Rows], out: IO[bytes]) -> Iterator[int]:
    """UTF-8, a header, instants in ISO 8601 and UTC, nothing where there is nothing."""
    out.write((",".join(column.name for column in table.columns) + "\r\n").encode())
    for rows in batches:
        text = io.StringIO()
        csv.writer(text).writerows([[_cell(value) for value in row] for row in rows])
        out.write(text.getvalue().encode())
        yield len(rows)


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def _write_parquet(table: Table, batches: Iterator[Rows], out: IO[bytes]) -> Iterator[int]:
    """One row group a batch, compressed with Zstandard."""
    # Read only here: it takes a quarter of a second, and has no types.
    arrow: Any = import_module("pyarrow")
    parquet: Any = import_module("pyarrow.parquet")
    kinds = {
        "text": arrow.string(),
        "whole": arrow.int64(),
        "flag": arrow.bool_(),
        "instant": arrow.timestamp("us", tz="UTC"),
    }
    schema = arrow.schema([(column.name, kinds[column.kind]) for column in table.columns])
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for rows in batches:
            if rows:
                columns = list(zip(*rows, strict=True))
                arrays = [
                    arrow.array(values, type=kinds[column.kind])
                    for column, values in zip(table.columns, columns, strict=True)
                ]
                writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))
            yield len(rows)
