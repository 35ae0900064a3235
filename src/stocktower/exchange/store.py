"""The statements of the room, one typed function each."""

from collections.abc import Sequence
from typing import Any

from stocktower.platform import Transaction, load_queries

from .model import (
    Answer,
    Backlog,
    ImportProgress,
    ImportSummary,
    ImportWork,
    KnownMessage,
    Message,
    MessageView,
    Newest,
)

_Q = load_queries(__package__)


def lock_source(tx: Transaction, source: str) -> None:
    """Wait until nobody else is receiving from a source; given back with the end of the transaction."""
    tx.value(_Q.lock_source, source=source)


def lock_causes(tx: Transaction, causes: Sequence[str]) -> None:
    """Locked until the transaction ends, in their order."""
    tx.value(_Q.lock_causes, causes=list(causes))


def load_known(tx: Transaction, source: str, keys: Sequence[tuple[str, str]]) -> list[KnownMessage]:
    """What is known of (kind, key) pairs."""
    kinds, names = [kind for kind, _ in keys], [key for _, key in keys]
    return tx.fetch(_Q.load_known, KnownMessage, source=source, kinds=kinds, keys=names)


def record_messages(tx: Transaction, rows: Sequence[tuple[object, ...]]) -> None:
    """Append messages, in the columns of the declared COPY."""
    tx.copy(_Q.message, rows)


def record_work(tx: Transaction, rows: Sequence[tuple[object, ...]]) -> None:
    """Queue messages, in the columns of the declared COPY."""
    tx.copy(_Q.work, rows)


def claim(tx: Transaction, lane: int, kinds: Sequence[str], limit: int) -> list[Message]:
    """The next messages of a lane, locked."""
    return tx.fetch(_Q.claim, Message, lane=lane, kinds=list(kinds), limit=limit)


def delete_work(tx: Transaction, message_ids: Sequence[int]) -> int:
    """Take messages out of the queue; returns how many were in it."""
    return tx.execute(_Q.delete_work, message_ids=list(message_ids))


def set_waiting(tx: Transaction, items: Sequence[tuple[int, str]]) -> None:
    """Let messages wait for their causes."""
    message_ids, causes = [message_id for message_id, _ in items], [cause for _, cause in items]
    tx.execute(_Q.set_waiting, message_ids=message_ids, causes=causes)


def set_parked(tx: Transaction, message_id: int, error: str) -> None:
    """Put a message aside."""
    tx.execute(_Q.set_parked, message_id=message_id, error=error)


def resume(tx: Transaction, causes: Sequence[str]) -> int:
    """Make ready what waited for causes; returns how many."""
    return tx.execute(_Q.resume, causes=list(causes))


def unpark(tx: Transaction, message_ids: Sequence[int]) -> int:
    """Make parked messages ready; returns how many."""
    return tx.execute(_Q.unpark, message_ids=list(message_ids))


def load_messages(tx: Transaction, message_ids: Sequence[int]) -> list[Message]:
    """Messages by id."""
    return tx.fetch(_Q.load_messages, Message, message_ids=list(message_ids))


def load_messages_of_key(tx: Transaction, source: str, kind: str, key: str) -> list[Message]:
    """The messages of a key in the order of their receipt."""
    return tx.fetch(_Q.load_messages_of_key, Message, source=source, kind=kind, key=key)


def load_import_work(tx: Transaction, import_ids: Sequence[int]) -> list[ImportWork]:
    """How far the rows of imports are."""
    return tx.fetch(_Q.load_import_work, ImportWork, import_ids=list(import_ids))


def load_rows_to_work(tx: Transaction) -> dict[str, int]:
    """How many rows are ready to be worked, by kind of message."""
    return dict(tx.tuples(_Q.load_rows_to_work))


def find_waiting(tx: Transaction, causes: Sequence[str]) -> list[int]:
    """Messages that wait for some causes."""
    return tx.values(_Q.find_waiting, causes=list(causes))


def load_newest_of_keys(tx: Transaction, source: str, kind: str, keys: Sequence[str]) -> list[Newest]:
    """The newest message of each of some keys, in the order of their receipt."""
    return tx.fetch(_Q.load_newest_of_keys, Newest, source=source, kind=kind, keys=list(keys))


def view_messages(tx: Transaction, message_ids: Sequence[int]) -> list[MessageView]:
    """Messages by id with their text."""
    return [_view(row) for row in tx.tuples(_Q.view_messages, message_ids=list(message_ids))]


def view_messages_of_key(tx: Transaction, source: str, kind: str, key: str) -> list[MessageView]:
    """The messages of a key with their text."""
    return [_view(row) for row in tx.tuples(_Q.view_messages_of_key, source=source, kind=kind, key=key)]


def _view(row: tuple[Any, ...]) -> MessageView:
    return MessageView(*row[:12], body=row[12].decode("utf-8", "replace"))


def load_backlog(tx: Transaction) -> list[Backlog]:
    """What is not finished, by kind and state."""
    return tx.fetch(_Q.load_backlog, Backlog)


def erase_bodies(tx: Transaction, message_ids: Sequence[int]) -> int:
    """Erase bodies; returns how many there were."""
    return tx.execute(_Q.erase_bodies, message_ids=list(message_ids))


def insert_import(
    tx: Transaction,
    import_id: int,
    *,
    kind: str,
    source: str,
    format: str,
    name: str,
    sha256: str,
    bytes: int,
    notes: str,
    rows: int,
) -> None:
    """Record that an import begins."""
    tx.execute(
        _Q.insert_import, import_id=import_id, kind=kind, source=source, format=format, name=name, sha256=sha256,
        bytes=bytes, actor=tx.actor, notes=notes, rows_total=rows,
    )  # fmt: skip


def end_broken_imports(tx: Transaction, *, kind: str, source: str, sha256: str) -> int:
    """End what a killed process left running of the same file."""
    return tx.execute(_Q.end_broken_imports, kind=kind, source=source, sha256=sha256)


def add_progress(tx: Transaction, import_id: int, progress: ImportProgress) -> None:
    """Add a batch to an import."""
    counts = {name: getattr(progress, name) for name in progress.__struct_fields__}
    tx.execute(_Q.add_progress, import_id=import_id, rows=progress.rows, **counts)


def end_import(tx: Transaction, import_id: int, state: str, notes: str) -> None:
    """Record how an import ended."""
    tx.execute(_Q.end_import, import_id=import_id, state=state, notes=notes)


def load_import(tx: Transaction, import_id: int) -> ImportSummary | None:
    """One import; None where there is none."""
    return tx.fetch_one(_Q.load_import, ImportSummary, import_id=import_id)


def load_imports(tx: Transaction, limit: int, offset: int) -> list[ImportSummary]:
    """Imports, the newest first."""
    return tx.fetch(_Q.load_imports, ImportSummary, limit=limit, offset=offset)


def load_kept_of_import(tx: Transaction, import_id: int, limit: int) -> list[tuple[int, bytes]]:
    """(message id, body) of the rows of an import that could not be read."""
    return tx.tuples(_Q.load_kept_of_import, import_id=import_id, limit=limit)


def load_messages_of_import(tx: Transaction, import_id: int, limit: int) -> list[int]:
    """Ids of the messages that an import brought."""
    return tx.values(_Q.load_messages_of_import, import_id=import_id, limit=limit)


def insert_answer(tx: Transaction, key: str, request_hash: bytes, status: int, response: bytes) -> bool:
    """Remember an answer; False when the key has one."""
    return tx.execute(_Q.insert_answer, key=key, request_hash=request_hash, status=status, response=response) == 1


def load_answer(tx: Transaction, key: str) -> Answer | None:
    """The answer given to a key."""
    return tx.fetch_one(_Q.load_answer, Answer, key=key)
