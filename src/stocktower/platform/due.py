"""Due work: expiry, deadlines and resumes are rows that say what is to be looked at again, and when."""

from collections.abc import Sequence
from datetime import datetime

from .sql import load_queries
from .transaction import Transaction

_QUERIES = load_queries(__package__)


def schedule(tx: Transaction, kind: str, items: Sequence[tuple[int, datetime]]) -> None:
    """Look at each key again at its time; a time given before is replaced, and of two in one call the later counts."""
    if items:
        times = sorted(dict(items).items())
        tx.execute(
            _QUERIES.upsert_due, kind=kind, keys=[key for key, _ in times], times=[due_at for _, due_at in times]
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
    never = sorted(key for key, due_at in dict(items).items() if due_at is None)
    if times:
        tx.execute(_QUERIES.move_due, kind=kind, keys=[key for key, _ in times], times=[at for _, at in times])
    if never:
        tx.execute(_QUERIES.delete_later, kind=kind, keys=never)


def unschedule(tx: Transaction, kind: str, keys: Sequence[int]) -> None:
    """Look at the keys no more."""
    if keys:
        tx.execute(_QUERIES.delete_due, kind=kind, keys=sorted(keys))


def take_due(tx: Transaction, kind: str, limit: int) -> list[int]:
    """The keys due by now, oldest first, that no other worker has; they are gone when the transaction commits."""
    return tx.values(_QUERIES.take_due, kind=kind, limit=limit)


def next_due_at(tx: Transaction) -> datetime | None:
    """When the next work of any kind is due."""
    return tx.value(_QUERIES.next_due_at)
