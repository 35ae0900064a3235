"""The event log as its subscribers read it: cursors, ranges, and what could not be digested."""

from collections.abc import Sequence
from datetime import datetime

from .model import ParkedEvent, RecordedEvent
from .sql import load_queries
from .transaction import Transaction

_QUERIES = load_queries(__package__)
# With kinds given, one call looks through so many events for each that it may return.
_LOOK_THROUGH = 50


def take_cursor(tx: Transaction, subscriber: str) -> int | None:
    """Lock a subscriber's cursor and say where it stands; None when another worker has it."""
    position = tx.value(_QUERIES.lock_cursor, subscriber=subscriber)
    if position is None and tx.value(_QUERIES.find_cursor, subscriber=subscriber) is None:
        tx.execute(_QUERIES.insert_cursor, subscriber=subscriber)
        position = tx.value(_QUERIES.lock_cursor, subscriber=subscriber)
    return position


def move_cursor(tx: Transaction, subscriber: str, position: int) -> None:
    """Note that a subscriber has read up to a position; its cursor must have been taken and never goes back."""
    if tx.execute(_QUERIES.move_cursor, subscriber=subscriber, position=position) != 1:
        raise ValueError(f"the cursor of {subscriber} cannot go to {position}: it is not there, or further already")


def load_cursors(tx: Transaction) -> dict[str, int]:
    """How far every subscriber has read."""
    return dict(tx.tuples(_QUERIES.load_cursors))


def load_head(tx: Transaction) -> int:
    """The position of the last event."""
    return tx.value(_QUERIES.load_head) or 0


def load_events_after(
    tx: Transaction, position: int, limit: int, kinds: Sequence[str] | None = None, *, head: int | None = None
) -> tuple[list[RecordedEvent], int]:
    """The next events in order, and the position that was read up to: the cursor may move there.

    With kinds given there may be no event in what was read; nothing is left to read only when the position returned
    is the one given. `head`: the position of the last event, where the caller knows it.
    """
    head = load_head(tx) if head is None else head
    if head <= position:
        return [], position
    if kinds is None:
        events = tx.fetch(_QUERIES.load_events, RecordedEvent, after=position, until=head, limit=limit)
        return events, events[-1].position if events else head
    until = min(head, position + limit * _LOOK_THROUGH)
    events = tx.fetch(
        _QUERIES.load_events_of_kinds, RecordedEvent, after=position, until=until, limit=limit, kinds=list(kinds)
    )
    return events, events[-1].position if len(events) == limit else until


def load_feed(tx: Transaction, after: int, limit: int) -> list[RecordedEvent]:
    """The events after a position, in order, as the API gives them out."""
    return load_events_after(tx, after, limit)[0]


def load_events_of(tx: Transaction, subject_id: int, limit: int) -> list[RecordedEvent]:
    """What happened to one subject, in order; the newest ones where there are more than the limit."""
    return tx.fetch(_QUERIES.load_events_of_subject, RecordedEvent, subject_id=subject_id, limit=limit)[::-1]


def load_events_of_subjects(
    tx: Transaction, subject_ids: Sequence[int], kinds: Sequence[str], after: int, limit: int
) -> list[RecordedEvent]:
    """The events of some kinds and subjects after a position, in order, no more than a limit."""
    return tx.fetch(
        _QUERIES.load_events_of_subjects, RecordedEvent, subject_ids=list(subject_ids), kinds=list(kinds),
        after=after, limit=limit,
    )  # fmt: skip


def load_events_at(tx: Transaction, positions: Sequence[int]) -> list[RecordedEvent]:
    """The events at some positions, in order."""
    return tx.fetch(_QUERIES.load_events_at, RecordedEvent, positions=list(positions))


def count_kinds(tx: Transaction, after: int, kinds: Sequence[str]) -> dict[str, int]:
    """How many events of some kinds there are after a position."""
    return dict(tx.tuples(_QUERIES.count_kinds, after=after, kinds=list(kinds)))


def find_position_at(tx: Transaction, at: datetime) -> int:
    """The position of the last event recorded at or before an instant; 0 before the first."""
    return tx.value(_QUERIES.find_position_at, at=at) or 0


def park_event(tx: Transaction, subscriber: str, event: RecordedEvent, error: str) -> None:
    """Keep an event that a subscriber cannot digest, so that its cursor can go on."""
    tx.execute(
        _QUERIES.insert_parked,
        subscriber=subscriber,
        position=event.position,
        subject=event.subject,
        subject_id=event.subject_id,
        error=error.replace("\0", ""),
    )


def load_parked_subjects(tx: Transaction, subscriber: str) -> set[tuple[str, int]]:
    """The subjects (word, id) whose later events the subscriber must park too."""
    return set(tx.tuples(_QUERIES.load_parked_subjects, subscriber=subscriber))


def load_parked(tx: Transaction, subscriber: str) -> list[ParkedEvent]:
    """What a subscriber has parked, in order."""
    return tx.fetch(_QUERIES.load_parked, ParkedEvent, subscriber=subscriber)


def unpark(tx: Transaction, subscriber: str, subject: str, subject_id: int) -> list[RecordedEvent]:
    """Take a subject's parked events out and give them back in order, to be handled in this transaction."""
    positions = tx.values(_QUERIES.delete_parked, subscriber=subscriber, subject=subject, subject_id=subject_id)
    return load_events_at(tx, positions) if positions else []
