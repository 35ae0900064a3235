"""Sends statements to the server in groups: those that do not wait for each other's answers share one round trip.

A round trip costs both sides more than most statements do. Parameters go in as text, whose type the statement's cast
says, so each statement is prepared once in a connection, whatever its values are.
"""

import select
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, Format, TransactionStatus

from .copytext import HoldsNul, NotCopyable, array_literal

_BINARY = Format.BINARY
_BROKEN = (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED)
_LOOK_UP_MS = 200
"""How often somebody who waits for the server looks whether a signal came."""

Params = tuple[Sequence[bytes | None], Sequence[int]]
"""Values as text (or, where the format says so, as bytes) and the format of each."""
Message = tuple[str, Params]
"""A statement with positional parameters, and what to put there."""
NONE: Params = ((), ())


def _instant(value: datetime) -> bytes:
    if value.tzinfo is None:
        raise NotCopyable(f"an instant needs a time zone: {value!r}")
    return value.isoformat().encode()


def _interval(value: timedelta) -> bytes:
    return f"{value.days} days {value.seconds} seconds {value.microseconds} microseconds".encode()


def _plain(value: Any) -> bytes:
    return str(value).encode()


def _array(value: Sequence[Any]) -> bytes:
    return array_literal(value).encode()


_ENCODERS: dict[type, Callable[[Any], bytes]] = {
    int: _plain,
    str: str.encode,
    bool: lambda value: b"t" if value else b"f",
    datetime: _instant,
    date: lambda value: value.isoformat().encode(),
    Decimal: _plain,
    float: _plain,
    timedelta: _interval,
    list: _array,
    tuple: _array,
}


def _encoder(kind: type) -> Callable[[Any], bytes]:
    # A subclass, such as a StrEnum: the first base that is known.
    found = next((_ENCODERS[base] for base in kind.__mro__ if base in _ENCODERS), None)
    if found is None:
        raise NotCopyable(f"{kind.__name__} has no form as a parameter")
    return found


def encode(values: Sequence[Any]) -> Params:
    """Values as parameters of a statement; raises NotCopyable, HoldsNul."""
    texts: list[bytes | None] = []
    formats: list[int] = []
    for value in values:
        kind = cast("type[Any]", type(value))
        if kind is bytes:
            texts.append(value)
            formats.append(_BINARY)
            continue
        text = None if value is None else (_ENCODERS.get(kind) or _encoder(kind))(value)
        if text is not None and b"\0" in text:
            raise HoldsNul
        texts.append(text)
        formats.append(0)
    return texts, formats


class StatementFailed(Exception):
    """What the server said of the statement at a place among those that were sent together."""

    def __init__(self, place: int, error: psycopg.Error) -> None:
        super().__init__(str(error))
        self.place = place
        self.error = error


class Wire:
    """The statements of one connection: sent, prepared where they are new, and answered in order."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._pg = connection.pgconn
        self._names: dict[str, bytes] = {}
        self._transformer = Transformer(connection)
        self._poll = select.poll()
        self._socket = self._pg.socket
        self._poll.register(self._socket, select.POLLIN)

    @property
    def status(self) -> TransactionStatus:
        """Whether the connection is idle, in a transaction, or in one that failed."""
        return TransactionStatus(self._pg.transaction_status)

    def is_quiet(self) -> bool:
        """Whether the server has said nothing unasked: it does when it ends the connection."""
        return not self._poll.poll(0)

    def send(self, messages: Sequence[Message]) -> list[Any]:
        """Send all in one round trip, and give the result of each, in order.

        Raises StatementFailed for the first that fails; those after it were not run.
        """
        new: dict[str, bytes] = {}
        pg = self._pg
        pg.enter_pipeline_mode()
        for statement, (values, formats) in messages:
            name = self._names.get(statement) or new.get(statement)
            if name is None:
                name = new[statement] = b"s%d" % (len(self._names) + len(new))
                pg.send_prepare(name, statement.encode())
            pg.send_query_prepared(name, values, formats, _BINARY)
        pg.pipeline_sync()
        self._write()
        results: list[Any] = []
        failed: Any = None
        place = 0
        for number, (statement, _) in enumerate(messages):
            if statement in new:
                prepared = self._next()
                if prepared.status in _BROKEN:
                    failed, place = (failed, place) if failed else (prepared, number)
                else:
                    self._names[statement] = new.pop(statement)
            result = self._next()
            if result.status in _BROKEN and not failed:
                failed, place = result, number
            results.append(result)
        self._wait()
        while (end := pg.get_result()) is not None and end.status != ExecStatus.PIPELINE_SYNC:
            self._wait()
        pg.exit_pipeline_mode()
        if failed is not None:
            raise StatementFailed(place, errors.error_from_result(failed, "utf-8"))
        return results

    def rows(self, result: Any) -> list[tuple[Any, ...]]:
        """The rows of a result."""
        count = result.ntuples
        if not count:
            return []
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, count, tuple)

    def _next(self) -> Any:
        """The result of the next command; each is followed by nothing."""
        self._wait()
        result = self._pg.get_result()
        if result is None:
            raise psycopg.OperationalError("the server ended the connection before it answered")
        self._wait()
        self._pg.get_result()
        return result

    def _wait(self) -> None:
        pg, poll = self._pg, self._poll
        while pg.is_busy():
            while not poll.poll(_LOOK_UP_MS):
                pass
            pg.consume_input()

    def _write(self) -> None:
        """Everything that waits to be sent; what the server says meanwhile is taken, so that neither waits forever."""
        pg = self._pg
        if not pg.flush():
            return
        both = select.poll()
        both.register(self._socket, select.POLLIN | select.POLLOUT)
        while pg.flush():
            for _, event in both.poll(_LOOK_UP_MS):
                if event & ~select.POLLOUT:
                    pg.consume_input()


_wires: WeakKeyDictionary[psycopg.Connection[Any], Wire] = WeakKeyDictionary()


def wire_of(connection: psycopg.Connection[Any]) -> Wire:
    """The wire of a connection, which knows what was prepared on it."""
    found = _wires.get(connection)
    if found is None:
        found = _wires[connection] = Wire(connection)
    return found
