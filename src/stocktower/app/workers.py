"""The edge that works: inbox batches, subscribers, due work and publication, one transaction each.

A batch that fails is tried again at half its size until the message (or event, or deadline) that cannot be digested
stands alone; it is parked with a case, the later ones of its key wait behind it, and everything else goes on.
"""

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
    is_transient,
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
TAKEN = ".done"
FILE = "file"
"""Who acknowledges a publication by renaming its file."""
EVENTS = 2000
DUE = 500
PAUSES = (0.05, 0.2, 0.5, 1.0)
"""Seconds before a batch is tried again that met a deadlock or lost its connection."""
LONGEST_PROBLEM = 2000
OF_THE_MACHINE = ("08", "53", "57", "58")
"""Classes of errors that say nothing about what was worked: connection, resources, intervention, system."""

Progress = Callable[[str, int], None]
"""Called with what was worked and how many."""


class Work(msgspec.Struct, frozen=True):
    """One kind of work, in pieces: both are called in a transaction of their own and say how many they did."""

    name: str
    limit: int
    do: Callable[[Transaction, int], int]
    """Up to `limit` pieces; raises where one of them cannot be digested."""
    alone: Callable[[Transaction], int]
    """One piece; it is parked where it cannot be digested, by the same transaction that holds it."""


def work_until_idle(tower: Tower, *, progress: Progress | None = None) -> int:
    """Work through all that is due, in the order of the flow, until a whole round finds nothing; returns the pieces."""
    total = 0
    while True:
        done = work_round(tower, progress=progress)
        if done == 0:
            return total
        total += done


def work_round(tower: Tower, *, progress: Progress | None = None, going: Callable[[], bool] = lambda: True) -> int:
    """One round over every kind of work, each until it is idle, while `going` says so; returns the pieces done."""
    total = 0
    for work in all_work():
        while going():
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
    """One batch; halves itself on failure until one piece stands alone; returns the pieces done.

    Raises what says nothing about the pieces: a database that stays away, a disk that is full.
    """
    limit, tries, alone = work.limit, 0, False
    while True:
        try:
            with tower.transaction(WORKER) as tx:
                return work.alone(tx) if alone else work.do(tx, limit)
        except Exception as error:
            if is_transient(error) and tries < len(PAUSES):
                time.sleep(PAUSES[tries])
                tries += 1
            elif alone or not is_poison(error):
                raise
            else:
                limit, alone = max(1, limit // 2), limit == 1


def is_poison(error: Exception) -> bool:
    """Whether an error comes from what was worked, and not from the machine on which it was."""
    if isinstance(error, psycopg.OperationalError):
        return error.sqlstate is not None and error.sqlstate[:2] not in OF_THE_MACHINE and not is_transient(error)
    return not isinstance(error, OSError | MemoryError) and not is_transient(error)


def digest(tx: Transaction, handle: Callable[[], object]) -> str | None:
    """Do something or nothing of it; says what went wrong when it can never be done."""
    try:
        with tx.savepoint():
            handle()
    except Exception as error:
        if not is_poison(error):
            raise
        return describe(error)
    return None


def describe(error: Exception) -> str:
    """What went wrong and where, short enough for a case."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:LONGEST_PROBLEM]} ({place})"


def work_name(kind: str) -> str:
    """What the work on messages of a kind is called."""
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def message_work(kind: str) -> Work:
    """Inbox messages of one kind."""

    def do(tx: Transaction, limit: int) -> int:
        messages = exchange.claim(tx, [kind], limit)
        if messages:
            MESSAGE_HANDLERS[kind](tx, messages)
        return len(messages)

    def alone(tx: Transaction) -> int:
        messages = exchange.claim(tx, [kind], 1)
        for message in messages:
            problem = digest(tx, lambda: (MESSAGE_HANDLERS[kind](tx, messages), tx.write_events()))
            if problem is not None:
                exchange.park(tx, message.message_id, problem)
                cases.open_case(tx, cases.parked_message(message, problem))
        return len(messages)

    return Work(work_name(kind), AT_ONCE.get(kind, MESSAGES), do, alone)


def event_work(subscription: Subscription) -> Work:
    """Events behind one subscriber's cursor."""

    def load(tx: Transaction, limit: int) -> tuple[int, list[RecordedEvent], int]:
        """Where the cursor stood, what is to be handled, and up to where was read; later ones of a parked subject too
        are parked."""
        position = take_cursor(tx, subscription.name)
        if position is None:
            return 0, [], 0
        events, read_to = load_events_after(tx, position, limit, subscription.kinds)
        blocked = load_parked_subjects(tx, subscription.name) if events else set[tuple[str, int]]()
        for event in events:
            if (event.subject, event.subject_id) in blocked:
                park_event(tx, subscription.name, event, "waits for an earlier event of the same subject")
        return position, [event for event in events if (event.subject, event.subject_id) not in blocked], read_to

    def handle(tx: Transaction, events: Sequence[RecordedEvent], read_to: int) -> None:
        if events:
            subscription.handle(tx, events)
        move_cursor(tx, subscription.name, read_to)

    def do(tx: Transaction, limit: int) -> int:
        position, events, read_to = load(tx, limit)
        if read_to > position:
            handle(tx, events, read_to)
        return read_to - position

    def alone(tx: Transaction) -> int:
        position, events, read_to = load(tx, 1)
        if read_to == position:
            return 0
        problem = digest(tx, lambda: (handle(tx, events, read_to), tx.write_events()))
        if problem is not None:
            for event in events:
                park_event(tx, subscription.name, event, problem)
                cases.open_case(tx, cases.parked_event(subscription.name, event, problem))
            move_cursor(tx, subscription.name, read_to)
        return read_to - position

    return Work(subscription.name, EVENTS, do, alone)


def due_work(item: DueWork) -> Work:
    """Deadlines and resumes of one kind."""

    def do(tx: Transaction, limit: int) -> int:
        keys = take_due(tx, item.kind, limit)
        if keys:
            item.handle(tx, keys)
        return len(keys)

    def alone(tx: Transaction) -> int:
        keys = take_due(tx, item.kind, 1)
        for key in keys:
            problem = digest(tx, lambda: (item.handle(tx, keys), tx.write_events()))
            if problem is not None:
                cases.open_case(tx, cases.parked_due(item.kind, key, item.subject, problem))
        return len(keys)

    return Work(item.kind, DUE, do, alone)


def publish(tower: Tower) -> int:
    """Look at what changed, and tell every channel what it has to know now; says how much was done.

    The text is on disk as `.part` before the record commits and gets its name after; a crash between the two is mended
    by the next call, which looks at what was recorded. One process at a time: the cursor row is the lock.
    """
    outbox = tower.home.outbox
    outbox.mkdir(parents=True, exist_ok=True)
    with tower.transaction(WORKER) as tx:
        if take_cursor(tx, PUBLISHER) is None:
            return 0
        mend_parts(tx, outbox)
        facts = network.load_network(tx)
        publication.note_sent(tx, [publication_id for publication_id, _ in publication.load_not_sent(tx)])
        taken = note_taken(tx, facts, outbox)
        done = publication.publish_due(tx, facts, folder=str(outbox))
        for item in done.publications:
            part_of(Path(item.path)).write_text(item.text, encoding="utf-8")
    put_away(taken)
    for item in done.publications:
        with suppress(FileNotFoundError):
            part_of(Path(item.path)).replace(item.path)
    if done.publications:
        with tower.transaction(WORKER) as tx:
            publication.note_sent(tx, [item.publication_id for item in done.publications])
    return done.looked + len(done.publications) + len(taken)


def note_taken(tx: Transaction, facts: network.Network, outbox: Path) -> list[Path]:
    """Whoever renames a file to `.done` says that its channel has it; gives the files that say so."""
    files = sorted(outbox.glob(f"*{TAKEN}"))
    if files:
        known = publication.load_recorded_paths(tx, [str(file.with_suffix("")) for file in files])
        paths = sorted(known)
        if paths:
            publication.acknowledge(tx, facts, by=FILE, paths=paths)
    return files


def put_away(files: Sequence[Path]) -> None:
    """Move files that were taken over out of the way, after that is recorded; a repeat changes nothing."""
    for file in files:
        folder = file.parent / "done"
        folder.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            file.replace(folder / file.name)


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
