"""The envelope of events: as a command emits them, and as they stand in the log."""

from datetime import datetime

import msgspec


class Event(msgspec.Struct, frozen=True, gc=False):
    """What a command says has happened; the transaction adds position, actor, cause and the time of recording."""

    kind: str
    subject: str
    subject_id: int
    occurred_at: datetime
    data: bytes = b"{}"
    """JSON, encoded by the emitter."""
    owner: str = "tower"
    cause_id: int | None = None
    """The message that caused it; None: the transaction's."""
    actor: str | None = None
    """Who did it; None: the transaction's."""
    version: int = 1


class RecordedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event of the log; positions are gapless per merchant and in commit order."""

    position: int
    kind: str
    version: int
    subject: str
    subject_id: int
    owner: str
    actor: str
    cause_id: int | None
    occurred_at: datetime
    recorded_at: datetime
    data: bytes


class ParkedEvent(msgspec.Struct, frozen=True):
    """An event that a subscriber could not digest, or a later one of the same subject."""

    position: int
    subject: str
    subject_id: int
    error: str
    parked_at: datetime
