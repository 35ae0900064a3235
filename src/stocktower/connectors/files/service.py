"""Imports a file: streamed, in batches of one transaction each, with the proof that no row was dropped."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from stocktower.exchange import (
    CHANGED,
    KEPT,
    NEW,
    ORDER,
    REPEATED,
    ImportProgress,
    ImportSummary,
    Incoming,
    KeptRow,
    Receipt,
    add_progress,
    begin_import,
    end_import,
    load_import,
    receive,
)
from stocktower.platform import Database, Transaction, is_transient

from .model import Reading, Source
from .reader import Reader

OnKept = Callable[[Transaction, Sequence[tuple[int, KeptRow]]], int]
"""Takes (message id, kept row) of what is kept for the first time, in its transaction; returns the cases it opened."""
OnProgress = Callable[[int, int], None]
"""Told the rows that are through, and those of the file, after each commit."""

_MESSAGES = 1_000
_BYTES = 8_000_000
_PAUSES = (0.1, 0.5, 2.0, 5.0, 10.0)
_LONGEST_NOTE = 2_000


class RowsLost(Exception):
    """The rows that were counted are not those of the file: a fault of the reader; what was read stays."""


def import_file(
    database: Database,
    merchant_id: int,
    path: Path,
    *,
    kind: str,
    source: Source,
    opening: bool = False,
    as_of: datetime | None = None,
    actor: str,
    name: str = "",
    on_kept: OnKept | None = None,
    progress: OnProgress | None = None,
) -> ImportSummary:
    """Bring a file into the inbox and say what it came to; raises FileError where it cannot be read at all.

    Each batch is one commit with its part of the proof, so that a killed import leaves whole messages only; importing
    the file again brings the rest and repeats what is there.
    """
    reader = Reader(path, kind=kind, source=source, name=name, opening=opening, as_of=as_of)
    file = reader.file
    with database.transaction(merchant_id, actor=actor) as tx:
        import_id = begin_import(
            tx,
            kind=kind,
            source=source.code,
            format=source.format if kind == "orders" else "csv",
            name=file.name,
            sha256=file.sha256,
            bytes=file.size,
            rows=reader.rows,
        )
    rows = 0
    try:
        for batch in _batches(reader):
            rows = _commit(database, merchant_id, actor, import_id, rows, batch, on_kept)
            if progress is not None:
                progress(rows, reader.rows)
        if rows != reader.rows:
            raise RowsLost(f"{file.name}: {rows:,} of {reader.rows:,} rows were accounted for")
    except BaseException as error:
        with suppress(Exception), database.transaction(merchant_id, actor=actor) as tx:
            end_import(tx, import_id, state="failed", notes=f"{type(error).__name__}: {error}"[:_LONGEST_NOTE])
        raise
    with database.transaction(merchant_id, actor=actor) as tx:
        return end_import(tx, import_id, notes="; ".join(reader.notes))


_Batch = list[tuple[Reading, bytes]]


def _batches(reader: Reader) -> Iterator[_Batch]:
    """Readings with their encoded bodies, a bounded number and size at a time."""
    encode = msgspec.json.Encoder().encode
    batch: _Batch = []
    size = 0
    for reading in reader:
        body = encode(reading.item)
        batch.append((reading, body))
        size += len(body)
        if len(batch) >= _MESSAGES or size >= _BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _commit(
    database: Database, merchant_id: int, actor: str, import_id: int, before: int, batch: _Batch, on_kept: OnKept | None
) -> int:
    """Store one batch with its part of the proof; returns the rows through so far.

    After a deadlock or a lost connection it is tried again, unless the lost commit turns out to have been made.
    """
    after = before + sum(reading.rows for reading, _ in batch)
    for pause in (*_PAUSES, None):
        try:
            with database.transaction(merchant_id, actor=actor) as tx:
                done = load_import(tx, import_id)
                if done is None or done.rows < after:
                    _record(tx, import_id, batch, on_kept)
            return after
        except Exception as error:
            if pause is None or not is_transient(error):
                raise
            time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def _record(tx: Transaction, import_id: int, batch: _Batch, on_kept: OnKept | None) -> None:
    origin = f"file/{import_id}"
    by_source: dict[str, _Batch] = {}
    for reading, body in batch:
        by_source.setdefault(reading.source, []).append((reading, body))
    received: list[tuple[Reading, Receipt]] = []
    for each, part in sorted(by_source.items()):
        items = [Incoming(reading.kind, reading.key, body, reading.rows) for reading, body in part]
        receipts = receive(tx, each, items, origin=origin, import_id=import_id)
        received += zip((reading for reading, _ in part), receipts, strict=True)
    fresh = [
        (receipt.message_id, reading.item)
        for reading, receipt in received
        if isinstance(reading.item, KeptRow) and receipt.outcome == NEW
    ]
    cases = on_kept(tx, fresh) if fresh and on_kept is not None else 0
    add_progress(tx, import_id, _count(received, cases))


def _count(received: Sequence[tuple[Reading, Receipt]], cases: int) -> ImportProgress:
    rows = {NEW: 0, CHANGED: 0, REPEATED: 0, KEPT: 0}
    orders = lines = 0
    for reading, receipt in received:
        if reading.kind == KEPT:
            rows[KEPT] += reading.rows
        else:
            rows[receipt.outcome] += reading.rows
            orders += reading.kind == ORDER
            lines += reading.lines
    return ImportProgress(rows[NEW], rows[CHANGED], rows[REPEATED], rows[KEPT], orders, lines, cases)
