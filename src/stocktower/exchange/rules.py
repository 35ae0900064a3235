"""Whether a message is new, changed or repeated: pure."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import msgspec

from .model import (
    ADJUSTMENT,
    ASSEMBLY,
    BIN_MOVE,
    CHANGED,
    CONFIRMATION,
    INBOUND,
    KEPT,
    LISTING,
    NEW,
    ORDER,
    PRODUCT,
    RECEIPT,
    REPEATED,
    STATEMENT,
    STOCK,
    TRANSFER,
    Incoming,
    KnownMessage,
)

LANES = {
    **dict.fromkeys((CONFIRMATION, PRODUCT, LISTING, INBOUND, RECEIPT, TRANSFER, ADJUSTMENT, BIN_MOVE, ASSEMBLY), 0),
    ORDER: 1,
    STOCK: 2,
    STATEMENT: 3,
}
"""Lower lanes are worked first: what a warehouse did, before what a channel asks, before what is counted,
and before what is only compared."""
_DEFAULT_LANE = 1
_UNQUEUED = {KEPT}
# An absolute statement: the newest counts, and going back to an earlier one is a change. For the other kinds an earlier
# state that comes again is late, not new.
_NEWEST_COUNTS = {PRODUCT, LISTING, STOCK, INBOUND, RECEIPT}


class Decision(msgspec.Struct, frozen=True):
    """What becomes of one incoming message."""

    outcome: str
    place: int
    """Of the message that holds it: below zero, -1 for the first new message of the batch, -2 for the second ...;
    otherwise the id of a message that is there."""
    sequence: int
    content_hash: bytes


def lane_of(kind: str) -> int | None:
    """The lane that a kind is worked in; None: it is not work."""
    return None if kind in _UNQUEUED else LANES.get(kind, _DEFAULT_LANE)


def content_hash(body: bytes, sequence: int = 0) -> bytes:
    """16 bytes that stand for a body; with a sequence, for a body that came again after another."""
    return blake2b(body, digest_size=16, salt=sequence.to_bytes(8, "big")).digest()


class _History:
    """The messages of one key so far."""

    __slots__ = ("hashes", "newest", "sequence")

    def __init__(self) -> None:
        self.hashes: dict[bytes, int] = {}
        self.newest = b""
        self.sequence = 0

    def add(self, digest: bytes, sequence: int, place: int) -> None:
        """Take a message that is there into account."""
        self.hashes[digest] = place
        if sequence > self.sequence:
            self.newest, self.sequence = digest, sequence

    def find(self, kind: str, body: bytes, digest: bytes) -> int | None:
        """The message that already says this, if any."""
        if kind not in _NEWEST_COUNTS:
            return self.hashes.get(digest)
        if self.newest in (digest, content_hash(body, self.sequence)):
            return self.hashes[self.newest]
        return None


def decide_receipts(items: Sequence[Incoming], known: Iterable[KnownMessage]) -> list[Decision]:
    """For each message in turn whether it is new, changed or repeated, by what is known and what came before it."""
    histories: dict[tuple[str, str], _History] = {}
    for message in known:
        history = histories.setdefault((message.kind, message.key), _History())
        history.add(message.content_hash, message.sequence, message.message_id)
    decisions: list[Decision] = []
    place = 0
    for item in items:
        digest = content_hash(item.body)
        history = histories.get((item.kind, item.key))
        if history is None:
            history = histories[item.kind, item.key] = _History()
        elif (found := history.find(item.kind, item.body, digest)) is not None:
            decisions.append(Decision(REPEATED, found, history.sequence, digest))
            continue
        sequence = history.sequence + 1
        if digest in history.hashes:
            digest = content_hash(item.body, sequence)
        place -= 1
        decisions.append(Decision(NEW if sequence == 1 else CHANGED, place, sequence, digest))
        history.add(digest, sequence, place)
    return decisions
