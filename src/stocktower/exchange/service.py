"""Commands of the inbox, inside the caller's transaction."""

from collections.abc import Sequence

from stocktower.platform import Transaction

from . import store
from .model import Answer, ImportProgress, ImportSummary, Incoming, Message, Receipt
from .rules import LANES, decide_receipts, lane_of

_LONGEST_KEY = 500
_LONGEST_ERROR = 4000


class UnusableKey(ValueError):
    """A message without a key, or with one that is too long to be one."""


class UnknownImport(LookupError):
    """There is no import with this id."""


class KeyAnsweredOtherwise(Exception):
    """An idempotency key came again with a different request; the first answer stands."""


def receive(
    tx: Transaction, source: str, items: Sequence[Incoming], *, origin: str, import_id: int | None = None
) -> list[Receipt]:
    """Store messages once and queue what is work; one receipt an item, in their order; raises UnusableKey.

    Until the transaction ends nobody else receives from the source; several sources go in sorted order.
    """
    if not items:
        return []
    if any(not 0 < len(item.key) <= _LONGEST_KEY for item in items):
        raise UnusableKey(f"a message of {source} needs a key of 1 to {_LONGEST_KEY} characters")
    store.lock_source(tx, source)
    keys = list(dict.fromkeys((item.kind, item.key) for item in items))
    decisions = decide_receipts(items, store.load_known(tx, source, keys))
    ids = tx.new_ids(-min([0, *(decision.place for decision in decisions)]))
    messages: list[tuple[object, ...]] = []
    work: list[tuple[object, ...]] = []
    receipts: list[Receipt] = []
    for item, decision in zip(items, decisions, strict=True):
        if decision.place >= 0:
            receipts.append(Receipt(decision.place, decision.outcome))
            continue
        message_id = ids[-decision.place - 1]
        receipts.append(Receipt(message_id, decision.outcome))
        if -decision.place <= len(messages):
            continue
        sequence = decision.sequence
        messages.append(
            (tx.merchant_id, message_id, source, item.kind, item.key, sequence, decision.content_hash, item.body,
             origin, import_id, tx.now, item.rows)
        )  # fmt: skip
        if (lane := lane_of(item.kind)) is not None:
            work.append((tx.merchant_id, message_id, lane, source, item.kind, item.key, sequence, "ready", 0))
    store.record_messages(tx, messages)
    store.record_work(tx, work)
    return receipts


def claim(tx: Transaction, kinds: Sequence[str], limit: int) -> list[Message]:
    """The next messages of some kinds, by lane and age, locked until the transaction ends; never two of one key."""
    lanes = sorted({lane for kind in kinds if (lane := lane_of(kind)) is not None})
    claimed: list[Message] = []
    for lane in lanes:
        if len(claimed) < limit:
            claimed += store.claim(tx, lane, kinds, limit - len(claimed))
    return claimed


def finish(tx: Transaction, message_ids: Sequence[int]) -> None:
    """These messages are done."""
    if message_ids:
        store.delete_work(tx, message_ids)


def wait(tx: Transaction, items: Sequence[tuple[int, str]]) -> None:
    """(message_id, cause): these messages wait, and the later ones of their key with them."""
    if items:
        store.set_waiting(tx, items)


def resume(tx: Transaction, causes: Sequence[str]) -> int:
    """What waited for one of these causes goes on; returns how many messages did."""
    return store.resume(tx, causes) if causes else 0


def lock_causes(tx: Transaction, causes: Sequence[str]) -> None:
    """Before looking whether causes are resolved, or resuming who waits for them: neither misses the other.

    Take it last, so that nobody who has it waits for anything else.
    """
    if causes:
        store.lock_causes(tx, causes)


def park(tx: Transaction, message_id: int, error: str) -> None:
    """Put aside a message that cannot be worked; the later ones of its key wait behind it."""
    store.set_parked(tx, message_id, (error.replace("\0", "") or "unknown error")[:_LONGEST_ERROR])


def unpark(tx: Transaction, message_ids: Sequence[int]) -> int:
    """Try parked messages again; returns how many were parked."""
    return store.unpark(tx, message_ids) if message_ids else 0


def erase_bodies(tx: Transaction, message_ids: Sequence[int]) -> int:
    """Erase what messages say (personal data); what was not worked yet never will be; returns how many had a body."""
    if not message_ids:
        return 0
    store.delete_work(tx, message_ids)
    return store.erase_bodies(tx, message_ids)


def begin_import(
    tx: Transaction,
    *,
    kind: str,
    source: str,
    format: str,
    name: str,
    sha256: str,
    bytes: int,
    notes: str = "",
    rows: int = 0,
) -> int:
    """Record that an import of so many rows begins, and say its id; those of the file that broke off are ended."""
    store.end_broken_imports(tx, kind=kind, source=source, sha256=sha256)
    import_id = tx.new_id()
    store.insert_import(
        tx, import_id, kind=kind, source=source, format=format, name=name, sha256=sha256, bytes=bytes, notes=notes,
        rows=rows,
    )  # fmt: skip
    return import_id


def add_progress(tx: Transaction, import_id: int, progress: ImportProgress) -> None:
    """Count a batch; the database holds that rows = new + changed + repeated + kept."""
    store.add_progress(tx, import_id, progress)


def end_import(tx: Transaction, import_id: int, *, state: str = "done", notes: str = "") -> ImportSummary:
    """Record how an import ended and say what it came to; raises UnknownImport."""
    store.end_import(tx, import_id, state, notes)
    summary = store.load_import(tx, import_id)
    if summary is None:
        raise UnknownImport(f"there is no import {import_id}")
    return summary


def remember_answer(tx: Transaction, key: str, request_hash: bytes, status: int, response: bytes) -> None:
    """Remember the answer to a keyed write, in the transaction of the write.

    Raises KeyAnsweredOtherwise when somebody else answered the key meanwhile: roll back, and load the answer.
    """
    if not store.insert_answer(tx, key, request_hash, status, response):
        raise KeyAnsweredOtherwise(f"the key {key!r} has been answered")


def load_answer(tx: Transaction, key: str, request_hash: bytes | None = None) -> Answer | None:
    """The answer given to a key; raises KeyAnsweredOtherwise when it was the answer to a different request."""
    answer = store.load_answer(tx, key)
    if answer is not None and request_hash is not None and answer.request_hash != request_hash:
        raise KeyAnsweredOtherwise(f"the key {key!r} was used for a different request")
    return answer


def message_kinds() -> tuple[str, ...]:
    """The kinds of message that are work, in the order of their lanes."""
    return tuple(sorted(LANES, key=lambda kind: LANES[kind]))
