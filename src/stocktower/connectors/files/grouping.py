"""Rows that belong together: streamed where they stand together, gathered through temporary files where they do not."""

import sys
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import chain
from typing import IO

import msgspec

from .text import Record

KeyOf = Callable[[Record], str]
Group = list[list[Record]]
"""The rows of one key, as the runs in which they stand in the file."""

MOST_ROWS = 5_000
"""More rows under one key are not one order."""
_PARTS = 64
_LENGTH = 4


def _digest(key: str) -> int:
    """64 bits of a key, the same in every process, so that the order of scattered keys is too."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "big")


class Survey:
    """One look through a file before it is read: how many rows, and which keys stand in more than one place.

    Costs eight bytes for each run of rows, whatever the rows hold.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._parts = [array("Q") for _ in range(_PARTS)]
        self._last: str | None = None
        self._scattered = array("Q")

    def see(self, key: str) -> None:
        """Take the next row into account."""
        self.rows += 1
        if key != self._last:
            self._last = key
            digest = _digest(key)
            self._parts[digest >> 58].append(digest)

    def close(self) -> None:
        """Find the keys that came again after another."""
        for part in self._parts:
            last = -1
            for digest in sorted(part):
                if digest == last and (not self._scattered or self._scattered[-1] != digest):
                    self._scattered.append(digest)
                last = digest
        self._parts.clear()

    @property
    def has_scattered(self) -> bool:
        """Whether any key stands in more than one place."""
        return bool(self._scattered)

    def is_scattered(self, key: str) -> bool:
        """Whether rows of the key stand in more than one place."""
        digest = _digest(key)
        place = bisect_left(self._scattered, digest)
        return place < len(self._scattered) and self._scattered[place] == digest


def runs(records: Iterable[Record], key_of: KeyOf) -> Iterator[tuple[str, list[Record]]]:
    """Rows that follow one another under one key, at most MOST_ROWS at a time."""
    current: list[Record] = []
    current_key = ""
    for record in records:
        key = key_of(record)
        if current and (key != current_key or len(current) >= MOST_ROWS):
            yield current_key, current
            current = []
        current_key = key
        current.append(record)
    if current:
        yield current_key, current


def groups(records: Iterable[Record], key_of: KeyOf, survey: Survey) -> Iterator[tuple[str, Group]]:
    """All rows by key: those that stand together in the order of the file, then those that are scattered."""
    if not survey.has_scattered:
        for key, run in runs(records, key_of):
            yield key, [run]
        return
    with _Spool() as spool:
        for key, run in runs(records, key_of):
            if survey.is_scattered(key):
                spool.put(key, run)
            else:
                yield key, [run]
        yield from spool.groups()


class _Spool:
    """Runs of scattered keys on disk, divided so that one part fits in memory."""

    def __init__(self) -> None:
        self._files: dict[int, IO[bytes]] = {}
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(tuple[str, list[Record]])

    def __enter__(self) -> "_Spool":
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def put(self, key: str, run: list[Record]) -> None:
        """Set a run aside."""
        part = _digest(key) >> 58
        file = self._files.get(part)
        if file is None:
            file = self._files[part] = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by __exit__
        block = self._encoder.encode((key, run))
        file.write(len(block).to_bytes(_LENGTH, sys.byteorder))
        file.write(block)

    def groups(self) -> Iterator[tuple[str, Group]]:
        """Everything that was set aside, by key, in the order of its first row."""
        found: list[Iterator[tuple[str, Group]]] = []
        for file in self._files.values():
            found.append(self._groups_of(file))
        return chain.from_iterable(found)

    def _groups_of(self, file: IO[bytes]) -> Iterator[tuple[str, Group]]:
        by_key: dict[str, Group] = {}
        file.seek(0)
        while length := file.read(_LENGTH):
            key, run = self._decoder.decode(file.read(int.from_bytes(length, sys.byteorder)))
            by_key.setdefault(key, []).append(run)
        yield from by_key.items()


def statements(group: Group) -> Group:
    """Runs that hold the same rows are each the whole, stated again; others are parts of one whole."""
    if len(group) == 1:
        return group
    first = sorted(record.raw.rstrip("\r\n") for record in group[0])
    if all(sorted(record.raw.rstrip("\r\n") for record in run) == first for run in group[1:]):
        return group
    return [list(chain.from_iterable(group))]
