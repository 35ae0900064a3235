"""One transaction of one merchant: statements in batches, COPY, ids, and events that are written last."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import repeat, starmap
from typing import Any, TypeVar

import psycopg

from . import copytext
from .columns import Columns, read_columns
from .ids import IdSource
from .model import Event
from .sql import CopyTable, Query, load_queries

T = TypeVar("T")

_QUERIES = load_queries(__package__)
_ADVANCE_HEAD: Query = _QUERIES.advance_head
_EVENT: CopyTable = _QUERIES.event


class UnknownMerchant(LookupError):
    """The merchant has no head row: it was never made by ensure_merchant."""


class Transaction:
    """What a command works with: one merchant, one instant, one actor; only the edge commits it.

    Every statement gets `merchant_id` and `now` beside its own parameters.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        merchant_id: int,
        now: datetime,
        ids: IdSource,
        *,
        actor: str = "system",
        cause_id: int | None = None,
    ) -> None:
        self.connection = connection
        self.merchant_id = merchant_id
        self.now = now
        self.actor = actor
        self.cause_id = cause_id
        self._ids = ids
        self._cursor = psycopg.RawCursor(connection)
        self._events: list[Event] = []

    def _run(self, query: Query, params: dict[str, Any]) -> psycopg.RawCursor[Any]:
        params["merchant_id"] = self.merchant_id
        params["now"] = self.now
        try:
            values = [params[name] for name in query.parameters]
        except KeyError as missing:
            raise TypeError(f"{query.room}.{query.name} needs the parameter {missing}") from None
        return self._cursor.execute(query.statement.encode(), values, binary=True)

    def fetch(self, query: Query, row: type[T], **params: Any) -> list[T]:
        """All rows, each as a Struct built from its columns by position."""
        return list(starmap(row, self._run(query, params).fetchall()))

    def fetch_one(self, query: Query, row: type[T], **params: Any) -> T | None:
        """The first row as a Struct, or None."""
        found = self._run(query, params).fetchone()
        return None if found is None else row(*found)

    def tuples(self, query: Query, **params: Any) -> list[tuple[Any, ...]]:
        """All rows as tuples."""
        return self._run(query, params).fetchall()

    def values(self, query: Query, **params: Any) -> list[Any]:
        """The first column of all rows."""
        return [found[0] for found in self._run(query, params).fetchall()]

    def value(self, query: Query, **params: Any) -> Any:
        """The first column of the first row, or None."""
        found = self._run(query, params).fetchone()
        return None if found is None else found[0]

    def columns(self, query: Query, count: int, **params: Any) -> Columns:
        """The `count` columns of a statement as arrays of int64: all are bigint and never NULL."""
        return read_columns(self.connection, query, {**params, "merchant_id": self.merchant_id, "now": self.now}, count)

    def execute(self, query: Query, **params: Any) -> int:
        """Run a statement that changes rows, and say how many."""
        return self._run(query, params).rowcount

    def copy(self, table: CopyTable, rows: Sequence[tuple[Any, ...]]) -> None:
        """Append rows by COPY; each carries its merchant_id; bytes are JSON text unless the column says bytea."""
        if rows:
            self._write_blocks(table, copytext.blocks(rows, table.bytea))

    def _write_blocks(self, table: CopyTable, blocks: Iterable[bytes]) -> None:
        with self._cursor.copy(table.statement.encode()) as stream:
            for block in blocks:
                stream.write(block)

    def new_id(self) -> int:
        """An id that nothing else has."""
        return self._ids.take(self.connection, 1)[0]

    def new_ids(self, n: int) -> list[int]:
        """Ids that nothing else has, ascending."""
        return self._ids.take(self.connection, n)

    def emit(self, *events: Event) -> None:
        """Say what has happened; written at the end of the transaction, in the order of emission."""
        self._events.extend(events)

    def emit_all(self, events: Iterable[Event]) -> None:
        """Say what has happened; written at the end of the transaction, in the order of emission."""
        self._events.extend(events)

    @contextmanager
    def savepoint(self) -> Generator[None]:
        """A part that can fail alone: on an error its rows and events are undone, and the error goes on."""
        emitted = len(self._events)
        try:
            with self.connection.transaction():
                yield
        except BaseException:
            del self._events[emitted:]
            raise

    def write_events(self) -> list[int]:
        """Write the buffered events under the merchant's head row and say their positions; the last act before commit.

        The texts are made before the head row is taken, so that it is held as short as can be.
        """
        events, self._events = self._events, []
        if not events:
            return []
        count = len(events)
        columns = [
            copytext.column_texts(column)
            for column in (
                [event.kind for event in events],
                [event.version for event in events],
                [event.subject for event in events],
                [event.subject_id for event in events],
                [event.owner for event in events],
                [event.actor or self.actor for event in events],
                [self.cause_id if event.cause_id is None else event.cause_id for event in events],
                [event.occurred_at for event in events],
            )
        ]
        data = copytext.column_texts([event.data for event in events])
        head = self._run(_ADVANCE_HEAD, {"events": count}).fetchone()
        if head is None:
            raise UnknownMerchant(f"merchant {self.merchant_id} is not known here")
        last, recorded_at = head
        positions = range(last - count + 1, last + 1)
        block = copytext.join_columns(
            [
                repeat(str(self.merchant_id), count),
                map(str, positions),
                *columns,
                repeat(recorded_at.isoformat(), count),
                data,
            ]
        )
        self._write_blocks(_EVENT, (block,))
        return list(positions)
