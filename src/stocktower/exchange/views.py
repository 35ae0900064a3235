"""Read models: imports, raw messages, what is not finished."""

from collections.abc import Sequence

import msgspec

from stocktower.platform import Transaction

from . import store
from .documents import KeptRow
from .model import Backlog, ImportSummary, ImportWork, Message, MessageView, Newest


def load_imports(tx: Transaction, *, limit: int = 1000, offset: int = 0) -> list[ImportSummary]:
    """A page of imports, the newest first."""
    return store.load_imports(tx, limit, offset)


def load_import(tx: Transaction, import_id: int) -> ImportSummary | None:
    """One import; None: no such import."""
    return store.load_import(tx, import_id)


def load_messages_of_import(tx: Transaction, import_id: int, *, limit: int = 1000) -> list[int]:
    """Ids of the messages that an import brought, without those that it repeated."""
    return store.load_messages_of_import(tx, import_id, limit)


def load_kept(tx: Transaction, import_id: int, *, limit: int = 200) -> list[tuple[int, KeptRow]]:
    """The rows of an import that could not be read, each with the id of its message, in the order of the file."""
    return [
        (message_id, msgspec.json.decode(body, type=KeptRow))
        for message_id, body in store.load_kept_of_import(tx, import_id, limit)
    ]


def load_messages(tx: Transaction, message_ids: Sequence[int]) -> list[Message]:
    """Messages by id, in the order of their ids."""
    return store.load_messages(tx, message_ids) if message_ids else []


def load_messages_of_key(tx: Transaction, source: str, kind: str, key: str) -> list[Message]:
    """All different messages of a key in the order of their receipt."""
    return store.load_messages_of_key(tx, source, kind, key)


def load_import_work(tx: Transaction, import_ids: Sequence[int]) -> dict[int, ImportWork]:
    """How far the rows of imports are; those that brought nothing are not among them."""
    return {one.import_id: one for one in store.load_import_work(tx, import_ids)} if import_ids else {}


def load_rows_to_work(tx: Transaction) -> dict[str, int]:
    """How many rows of messages are ready to be worked, by kind."""
    return store.load_rows_to_work(tx)


def find_waiting(tx: Transaction, causes: Sequence[str]) -> list[int]:
    """The ids of messages that wait for some causes."""
    return store.find_waiting(tx, causes) if causes else []


def load_newest_of_keys(tx: Transaction, source: str, kind: str, keys: Sequence[str]) -> list[Newest]:
    """The newest message of each of some keys, with the state of its work, in the order of their receipt."""
    return store.load_newest_of_keys(tx, source, kind, keys) if keys else []


def view_messages(tx: Transaction, message_ids: Sequence[int]) -> list[MessageView]:
    """Messages by id with their text and what became of them, in the order of their receipt."""
    return store.view_messages(tx, message_ids) if message_ids else []


def view_message(tx: Transaction, message_id: int) -> MessageView | None:
    """One message with its text; None: no such message."""
    return next(iter(store.view_messages(tx, [message_id])), None)


def view_messages_of_key(tx: Transaction, source: str, kind: str, key: str) -> list[MessageView]:
    """All different messages of a key with their text, in the order of their receipt."""
    return store.view_messages_of_key(tx, source, kind, key)


def load_backlog(tx: Transaction) -> list[Backlog]:
    """How many messages are ready, waiting and parked, by kind, and since when."""
    return store.load_backlog(tx)
