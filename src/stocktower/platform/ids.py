"""Ids are known before rows are written: a process takes blocks of them from a sequence and counts inside."""

import threading
from typing import Any, Protocol

import psycopg

from .sql import load_queries

BLOCK = 1024
_NEXT_BLOCKS = load_queries(__package__).next_id_blocks


class IdSource(Protocol):
    """Gives ids that nobody else has."""

    def take(self, connection: psycopg.Connection[Any], n: int) -> list[int]:
        """The next n ids, ascending."""
        ...


class SequenceIds:
    """Ids in blocks of 1,024 from the database's sequence; one per Database, shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0
        self._end = 0

    def take(self, connection: psycopg.Connection[Any], n: int) -> list[int]:
        """The next n ids; asks the database only when the block is used up (a block taken is never given back)."""
        with self._lock:
            ids = list(range(self._next, min(self._next + n, self._end)))
            self._next += len(ids)
            missing = n - len(ids)
            if missing:
                cursor = psycopg.RawCursor(connection)
                cursor.execute(_NEXT_BLOCKS.statement, (-(-missing // BLOCK),))
                for (block,) in cursor.fetchall():
                    self._next, self._end = block * BLOCK, (block + 1) * BLOCK
                    part = range(self._next, min(self._next + n - len(ids), self._end))
                    ids.extend(part)
                    self._next += len(part)
            return ids


class CountingIds:
    """Ids counted up from a start: for the simulation and for runs that must come out the same every time."""

    def __init__(self, start: int = 1) -> None:
        self._lock = threading.Lock()
        self._next = start

    def take(self, connection: psycopg.Connection[Any] | None, n: int) -> list[int]:
        """The next n ids; the connection is not used."""
        with self._lock:
            ids = list(range(self._next, self._next + n))
            self._next += n
            return ids
