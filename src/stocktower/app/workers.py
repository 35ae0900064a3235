"""The edge that works: inbox batches, subscribers, due work and publication, one transaction each.

A batch that fails is tried again at half its size until the message (or event) that cannot be digested stands alone; it
is parked with a case, the later ones of its key wait behind it, and everything else goes on.
"""

import os
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import psycopg

from stocktower import exchange, network, publication
from stocktower.app import cases
from stocktower.app.home import Tower
from stocktower.app.subscriptions import DUE_WORK, MESSAGE_HANDLERS, SUBSCRIPTIONS, DueWork, Subscription
from stocktower.platform import (
    RecordedEvent,
    Transaction,
    load_events_after,
    load_parked_subjects,
    move_cursor,
    park_event,
    take_cursor,
    take_due,
)

WORKER = "worker"
PUBLISHER = "publisher"
MESSAGES = 1000
AT_ONCE = {"stock": 1}
"""A stock document locks its SKUs in order, and once: of two in a transaction, workers would wait in a circle."""
EVENTS = 2000
DUE = 500
TRIES = 5

Progress = Callable[[str, int], None]
"""Called with what was worked and how many."""


class Work(msgspec.Struct, frozen=True):
    """One unit of work: does up to `limit` pieces in a transaction and says how many; parks one that fails alone."""

    name: str
    limit: int
    do: Callable[[Transaction, int], int]
    park: Callable[[Transaction, str], int] | None = None


def work_until_idle(tower: Tower, *, progress: Progress | None = None) -> int:
    """Work through all that is due, in the order of the flow, until a whole round finds nothing; returns the pieces."""
    total = 0
    while True:
        done = work_round(tower, progress=progress)
        if done == 0:
            return total
        total += done


def work_round(tower: Tower, *, progress: Progress | None = None) -> int:
    """One round over every kind of work, each until it is idle; returns the pieces done."""
    total = 0
    for work in all_work():
        while True:
            done = work_batch(tower, work)
            total += done
            if done and progress is not None:
                progress(work.name, done)
            if done == 0:
                break
    return total + publish(tower)


def all_work() -> list[Work]:
    """Everything there is to work, in the order of the flow."""
    works = [message_work(kind) for kind in MESSAGE_HANDLERS]
    works += [due_work(item) for item in DUE_WORK]
    works += [event_work(item) for item in SUBSCRIPTIONS]
    return works


def work_batch(tower: Tower, work: Work) -> int:
    """One batch; halves itself on failure until one piece stands alone, which is parked; returns the pieces done."""
    limit, tries = work.limit, 0
    while True:
        try:
            with tower.transaction(WORKER) as tx:
                return work.do(tx, limit)
        except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
            tries += 1
            if tries >= TRIES:
                raise
        except psycopg.OperationalError:
            raise
        except Exception as error:
            if limit > 1:
                limit = max(1, limit // 2)
                continue
            if work.park is None:
                raise
            with tower.transaction(WORKER) as tx:
                return work.park(tx, describe(error))


def describe(error: Exception) -> str:
    """What went wrong and where, short enough for a case."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__}: {error} ({place})"[:2000]


def message_work(kind: str) -> Work:
    """Inbox messages of one kind."""

    def do(tx: Transaction, limit: int) -> int:
        messages = exchange.claim(tx, [kind], limit)
        if messages:
            MESSAGE_HANDLERS[kind](tx, messages)
        return len(messages)

    def park(tx: Transaction, problem: str) -> int:
        messages = exchange.claim(tx, [kind], 1)
        for message in messages:
            exchange.park(tx, message.message_id, problem)
            cases.open_case(tx, cases.parked_message(message, problem))
        return len(messages)

    return Work(f"{kind}s", AT_ONCE.get(kind, MESSAGES), do, park)


def event_work(subscription: Subscription) -> Work:
    """Events behind one subscriber's cursor."""

    def load(tx: Transaction, limit: int) -> tuple[int, Sequence[RecordedEvent], int] | None:
        position = take_cursor(tx, subscription.name)
        if position is None:
            return None
        events, read_to = load_events_after(tx, position, limit, subscription.kinds)
        return (position, events, read_to) if read_to > position else None

    def do(tx: Transaction, limit: int) -> int:
        loaded = load(tx, limit)
        if loaded is None:
            return 0
        position, events, read_to = loaded
        blocked = load_parked_subjects(tx, subscription.name)
        for event in events:
            if (event.subject, event.subject_id) in blocked:
                park_event(tx, subscription.name, event, "waits for an earlier event of the same subject")
        clear = [event for event in events if (event.subject, event.subject_id) not in blocked]
        if clear:
            subscription.handle(tx, clear)
        move_cursor(tx, subscription.name, read_to)
        return read_to - position

    def park(tx: Transaction, problem: str) -> int:
        loaded = load(tx, 1)
        if loaded is None:
            return 0
        position, events, read_to = loaded
        for event in events:
            park_event(tx, subscription.name, event, problem)
            cases.open_case(tx, cases.parked_event(subscription.name, event, problem))
        move_cursor(tx, subscription.name, read_to)
        return read_to - position

    return Work(subscription.name, EVENTS, do, park)


def due_work(item: DueWork) -> Work:
    """Deadlines and resumes of one kind."""

    def do(tx: Transaction, limit: int) -> int:
        keys = take_due(tx, item.kind, limit)
        if keys:
            item.handle(tx, keys)
        return len(keys)

    return Work(item.kind, DUE, do)


def publish(tower: Tower) -> int:
    """Tell every channel that is due what changed.

    The text is on disk as `.part` before the record commits and gets its name after; a crash between the two is mended
    by the next call, which looks at what was recorded. One process at a time: the cursor row is the lock.
    """
    outbox = tower.home.outbox
    outbox.mkdir(parents=True, exist_ok=True)
    with tower.transaction(WORKER) as tx:
        if take_cursor(tx, PUBLISHER) is None:
            return 0
        mend_parts(tx, outbox)
        written = publication.publish_due(tx, network.load_network(tx), folder=str(outbox))
        for item in written:
            part_of(Path(item.path)).write_text(item.text, encoding="utf-8")
    for item in written:
        with suppress(FileNotFoundError):
            part_of(Path(item.path)).replace(item.path)
    return len(written)


def part_of(path: Path) -> Path:
    """Where a file is written before it has its name."""
    return path.with_name(path.name + ".part")


def mend_parts(tx: Transaction, outbox: Path) -> None:
    """Give what a crash left unnamed its name where it was recorded, and remove it where it was not."""
    parts = sorted(outbox.glob("*.part"))
    if not parts:
        return
    recorded = publication.load_recorded_paths(tx, [str(part.with_suffix("")) for part in parts])
    for part in parts:
        with suppress(FileNotFoundError):
            if str(part.with_suffix("")) in recorded:
                part.replace(part.with_suffix(""))
            else:
                part.unlink()


def work_forever(tower: Tower, *, idle_seconds: float = 0.5) -> None:
    """The worker process: rounds without end, a pause when there is nothing; survives a server that restarts."""
    parent = os.getppid()
    while os.getppid() == parent:
        try:
            done = work_round(tower)
        except psycopg.OperationalError:
            time.sleep(idle_seconds)
            continue
        if done == 0:
            time.sleep(idle_seconds)
