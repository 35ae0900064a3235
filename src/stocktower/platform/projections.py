"""What a room stores although its ledgers say it: a projection can be compared with them, and set to what they say."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from .transaction import Transaction


class Drifted(msgspec.Struct, frozen=True):
    """A row of a projection that says something else than its ledgers."""

    key: tuple[Any, ...]
    stored: tuple[Any, ...] | None
    """None: it is missing."""
    truth: tuple[Any, ...] | None
    """None: its ledgers know nothing of it."""


class Projection(msgspec.Struct, frozen=True):
    """One projection of a room, and how it is proved and mended."""

    name: str
    doc: str
    count: Callable[[Transaction], int]
    find: Callable[[Transaction], list[Drifted]]
    """All rows that differ, in one view."""
    lock: Callable[[Transaction, Sequence[Drifted]], None]
    """Keep everybody from changing these rows and their ledgers until the commit; raises what is transient."""
    restore: Callable[[Transaction, Sequence[Drifted]], None]
    """Set them to the truth, under that lock."""


def pair(row: Sequence[Any], keys: int) -> Drifted:
    """A row of a query: the key, then what is stored, then the truth, each as many columns; all NULL: not there."""
    half = (len(row) - keys) // 2
    stored, truth = tuple(row[keys : keys + half]), tuple(row[keys + half :])
    return Drifted(
        tuple(row[:keys]),
        None if all(value is None for value in stored) else stored,
        None if all(value is None for value in truth) else truth,
    )
