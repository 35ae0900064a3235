"""One transaction of one merchant: statements in batches, COPY, ids, and events that are written last."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import repeat, starmap
from typing import Any, Generic, TypeVar, cast

import psycopg
from psycopg.pq import TransactionStatus

from . import copytext
from .columns import Columns, read_columns
from .ids import IdSource
from .model import Event
from .sql import CopyTable, Query, load_queries
from .wire import NONE, Message, StatementFailed, encode, wire_of

T = TypeVar("T")
U = TypeVar("U")

_QUERIES = load_queries(__package__)
_ADVANCE_HEAD: Query = _QUERIES.advance_head
_APPEND_EVENTS: Query = _QUERIES.append_events
_COLUMN_TYPES: Query = _QUERIES.load_column_types
_EVENT: CopyTable = _QUERIES.event
_COMMIT = "COMMIT"
FEW = 128
"""Up to so many rows are appended by a statement that shares a round trip with others; more go by COPY."""
_inserts: dict[str, str | None] = {}
"""The statement that appends a few rows to a table, by its COPY; None where a column is itself an array."""


class UnknownMerchant(LookupError):
    """The merchant has no head row: it was never made by ensure_merchant."""


class NotCommitted(Exception):
    """The command swallowed an error of the database, so that nothing of its transaction could be kept."""


class Answer(Generic[T]):
    """What a statement will answer that goes to the server with the next one that somebody waits for."""

    __slots__ = ("_take",)

    def __init__(self, take: Callable[[], T]) -> None:
        self._take = take

    def get(self) -> T:
        """The answer; asks for it, and for all that waits, when it is not there yet."""
        return self._take()

    def then(self, change: Callable[[T], U]) -> "Answer[U]":
        """What is made of the answer."""
        return Answer(lambda: change(self._take()))


Translate = Callable[[psycopg.Error], Exception]
"""What an error of a statement means to whoever gave it; another error, or the same."""


class _Sent:
    """A statement on its way, and what the server said to it."""

    __slots__ = ("error", "message", "result")

    def __init__(self, message: Message, error: Translate | None = None) -> None:
        self.message = message
        self.error = error
        self.result: Any = None


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
        allowed_by: str = "",
        begin: str = "",
    ) -> None:
        """`allowed_by`: the stated rule by which its actor may do it, for the records.

        `begin`: the statement that begins it, sent with its first; where there is none, it was begun already."""
        self.merchant_id = merchant_id
        self.now = now
        self.actor = actor
        self.cause_id = cause_id
        self.allowed_by = allowed_by
        self._connection = connection
        self._wire = wire_of(connection)
        self._ids = ids
        self._begin = begin
        self._waiting: list[_Sent] = []
        self._events: list[Event] = []

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """The connection, once all that was given to this transaction has come to the server."""
        self.flush()
        return self._connection

    def _ask(self, statement: str, values: Sequence[Any], read: Callable[[Any], T]) -> Answer[T]:
        sent = _Sent((statement, encode(values)))
        self._waiting.append(sent)

        def take() -> T:
            if sent.result is None:
                self.flush()
            if sent.result is None:
                raise RuntimeError("there is no answer: the statement was not run, because one before it failed")
            return read(sent.result)

        return Answer(take)

    def _ask_query(self, query: Query, params: dict[str, Any], read: Callable[[Any], T]) -> Answer[T]:
        params["merchant_id"] = self.merchant_id
        params["now"] = self.now
        try:
            values = [params[name] for name in query.parameters]
        except KeyError as missing:
            raise TypeError(f"{query.room}.{query.name} needs the parameter {missing}") from None
        return self._ask(query.statement, values, read)

    def flush(self) -> None:
        """Send what waits; raises the error of the first statement that failed."""
        self._send()

    def _send(self, *last: str) -> list[Any]:
        """Send what waits and then some statements without parameters; gives the results of those."""
        waiting, self._waiting = self._waiting, []
        messages = [sent.message for sent in waiting]
        if self._begin:
            messages.insert(0, (self._begin, NONE))
        messages.extend((statement, NONE) for statement in last)
        if not messages:
            return []
        first = 1 if self._begin else 0
        self._begin = ""
        try:
            results = self._wire.send(messages)
        except StatementFailed as failed:
            place = failed.place - first
            translate = waiting[place].error if 0 <= place < len(waiting) else None
            error = translate(failed.error) if translate else failed.error
            raise error from (failed.error if error is not failed.error else None)
        for sent, result in zip(waiting, results[first:], strict=False):
            sent.result = result
        return results[len(results) - len(last) :]

    def ask(self, query: Query, row: type[T], **params: Any) -> Answer[list[T]]:
        """All rows as `fetch` gives them, later: the statement goes with the next one that somebody waits for."""
        return self._ask_query(query, params, lambda result: list(starmap(row, self._wire.rows(result))))

    def ask_tuples(self, query: Query, **params: Any) -> Answer[list[tuple[Any, ...]]]:
        """All rows as tuples, later."""
        return self._ask_query(query, params, self._wire.rows)

    def fetch(self, query: Query, row: type[T], **params: Any) -> list[T]:
        """All rows, each as a Struct built from its columns by position."""
        return self.ask(query, row, **params).get()

    def fetch_one(self, query: Query, row: type[T], **params: Any) -> T | None:
        """The first row as a Struct, or None."""
        found = self.tuples(query, **params)
        return row(*found[0]) if found else None

    def tuples(self, query: Query, **params: Any) -> list[tuple[Any, ...]]:
        """All rows as tuples."""
        return self.ask_tuples(query, **params).get()

    def values(self, query: Query, **params: Any) -> list[Any]:
        """The first column of all rows."""
        return [found[0] for found in self.tuples(query, **params)]

    def value(self, query: Query, **params: Any) -> Any:
        """The first column of the first row, or None."""
        found = self.tuples(query, **params)
        return found[0][0] if found else None

    def columns(self, query: Query, count: int, **params: Any) -> Columns:
        """The `count` columns of a statement as arrays of int64: all are bigint and never NULL."""
        return read_columns(self.connection, query, {**params, "merchant_id": self.merchant_id, "now": self.now}, count)

    def execute(self, query: Query, **params: Any) -> int:
        """Run a statement that changes rows, and say how many."""
        return self._ask_query(query, params, _count).get()

    def post(self, query: Query, error: Translate | None = None, **params: Any) -> None:
        """Run a statement that nobody waits for; `error` says what one of it means, wherever it then comes up."""
        self._ask_query(query, params, _count)
        self._waiting[-1].error = error

    def copy(self, table: CopyTable, rows: Sequence[tuple[Any, ...]]) -> None:
        """Append rows; each carries its merchant_id; bytes are JSON text unless the column says bytea.

        A few rows go with the next statement that somebody waits for, and fail there if they fail: whoever waits for
        their error calls `flush`. Many go by COPY, at once.
        """
        if not rows:
            return
        insert = self._insert_of(table) if len(rows) <= FEW else None
        if insert is None:
            self._write_blocks(table, copytext.blocks(rows, table.bytea))
        else:
            self._ask(insert, copytext.arrays(rows, table.bytea), _count)

    def _insert_of(self, table: CopyTable) -> str | None:
        """The statement that appends a few rows to a table: an array for each column, of the column's type."""
        if table.statement not in _inserts:
            types = dict(self.tuples(_COLUMN_TYPES, table_name=table.table))
            kinds = [cast("str", types[column]) for column in table.columns]
            arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(kinds, start=1))
            _inserts[table.statement] = (
                None
                if any(kind.endswith("[]") for kind in kinds)
                else f"INSERT INTO {table.table} ({', '.join(table.columns)}) SELECT * FROM unnest({arrays})"
            )
        return _inserts[table.statement]

    def _write_blocks(self, table: CopyTable, blocks: Iterable[bytes]) -> None:
        with psycopg.RawCursor(self.connection).copy(table.statement.encode()) as stream:
            for block in blocks:
                stream.write(block)

    def new_id(self) -> int:
        """An id that nothing else has."""
        return self._ids.take(self._connection, 1)[0]

    def new_ids(self, n: int) -> list[int]:
        """Ids that nothing else has, ascending."""
        return self._ids.take(self._connection, n)

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
                try:
                    yield
                    self.flush()
                finally:
                    self._waiting.clear()
        except BaseException:
            del self._events[emitted:]
            raise

    def write_events(self) -> list[int]:
        """Write the buffered events under the merchant's head row and say their positions; the last act before commit.

        The texts are made before the head row is taken, so that it is held as short as can be.
        """
        positions = self._write_events()
        return positions.get() if positions else []

    def commit(self) -> None:
        """Write what waits and the events, and commit, in one round trip; raises NotCommitted, UnknownMerchant."""
        if self._wire.status == TransactionStatus.INERROR:
            raise NotCommitted("a statement failed and its error was swallowed; the transaction was rolled back")
        self._write_events()
        if self._begin and not self._waiting:
            return
        [done] = self._send(_COMMIT)
        if done.command_status != b"COMMIT":
            raise NotCommitted("the transaction was rolled back")

    def _no_position(self, error: psycopg.Error) -> Exception:
        """Without a head row events have no position."""
        return self._unknown() if isinstance(error, psycopg.errors.NotNullViolation) else error

    def _unknown(self) -> UnknownMerchant:
        return UnknownMerchant(f"merchant {self.merchant_id} is not known here")

    def _write_events(self) -> Answer[list[int]] | None:
        events, self._events = self._events, []
        if not events:
            return None
        columns = [
            [event.kind for event in events],
            [event.version for event in events],
            [event.subject for event in events],
            [event.subject_id for event in events],
            [event.owner for event in events],
            [event.actor or self.actor for event in events],
            [self.cause_id if event.cause_id is None else event.cause_id for event in events],
            [event.occurred_at for event in events],
            [event.data for event in events],
        ]
        if len(events) > FEW:
            written = self._copy_events(columns)
            return Answer(lambda: written)
        names = ("kinds", "versions", "subjects", "subject_ids", "owners", "actors", "cause_ids", "times", "data")
        params: dict[str, Any] = dict(zip(names, columns, strict=True))
        params["data"] = [one.decode() for one in params["data"]]
        params["events"] = len(events)
        positions = self._ask_query(_APPEND_EVENTS, params, self._firsts)
        self._waiting[-1].error = self._no_position
        return positions

    def _firsts(self, result: Any) -> list[int]:
        return [row[0] for row in self._wire.rows(result)]

    def _copy_events(self, columns: Sequence[Sequence[Any]]) -> list[int]:
        """Many events, by COPY."""
        *texts, data = [copytext.column_texts(column) for column in columns]
        count = len(columns[0])
        head = self.tuples(_ADVANCE_HEAD, events=count)
        if not head:
            raise self._unknown()
        last, recorded_at = head[0]
        positions = range(last - count + 1, last + 1)
        block = copytext.join_columns(
            [
                repeat(str(self.merchant_id), count),
                map(str, positions),
                *texts,
                repeat(recorded_at.isoformat(), count),
                data,
            ]
        )
        self._write_blocks(_EVENT, (block,))
        return list(positions)


def _count(result: Any) -> int:
    return result.command_tuples or 0
