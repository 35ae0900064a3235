"""Due work: expiry, deadlines and resumes are rows that say what is to be looked at again, and when.

Nobody ever waits for a row: what a worker has in hand is left with it, and a key may be scheduled anew meanwhile. So
whoever works a key must look at what is true by then; it may be looked at once too often, never once too few.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from .sql import load_queries
from .transaction import Transaction

_QUERIES = load_queries(__package__)
_ALWAYS = datetime.min.replace(tzinfo=UTC)


def schedule(tx: Transaction, kind: str, items: Sequence[tuple[int, datetime]]) -> None:
    """Look at each key again at its time; a time given before is replaced, and of two in one call the later counts."""
    if items:
        times = sorted(dict(items).items())
        tx.execute(
            _QUERIES.replace_due, kind=kind, keys=[key for key, _ in times], times=[due_at for _, due_at in times]
        )


def schedule_new(tx: Transaction, kind: str, items: Sequence[tuple[int, datetime]]) -> None:
    """Look at each key at its time, for keys that are new in this transaction: by COPY, a third of the cost."""
    merchant_id = tx.merchant_id
    tx.copy(_QUERIES.due, [(merchant_id, kind, key, due_at) for key, due_at in items])


def reschedule(tx: Transaction, kind: str, items: Sequence[tuple[int, datetime | None]]) -> None:
    """Look at each key at its time (None: no more) instead of the one given before, unless that has come already.

    For who works out when something is due next: what is due and not worked yet must not be forgotten for it.
    """
    times = sorted((key, due_at) for key, due_at in dict(items).items() if due_at is not None)
    if items:
        tx.execute(_QUERIES.delete_due, kind=kind, keys=sorted(key for key, _ in items), after=tx.now)
    if times:
        tx.execute(_QUERIES.insert_due, kind=kind, keys=[key for key, _ in times], times=[at for _, at in times])


def unschedule(tx: Transaction, kind: str, keys: Sequence[int]) -> None:
    """Look at the keys no more, but for those that a worker has in hand."""
    if keys:
        tx.execute(_QUERIES.delete_due, kind=kind, keys=sorted(keys), after=_ALWAYS)


def take_due(tx: Transaction, kind: str, limit: int) -> list[int]:
    """The keys due by now, oldest first, that no other worker has; they are gone when the transaction commits.

    `limit` is of rows: keys may be fewer.
    """
    return tx.values(_QUERIES.take_due, kind=kind, limit=limit)


def next_due_at(tx: Transaction) -> datetime | None:
    """When the next work of any kind is due."""
    return tx.value(_QUERIES.next_due_at)
