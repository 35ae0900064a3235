"""The feed of events, by cursor."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import QueryParameter

from stocktower import platform
from stocktower.web.desk import AtDesk


class EventAnswer(msgspec.Struct, frozen=True):
    """One event: what happened to what, decided by whom, when it happened and when it was recorded."""

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
    data: dict[str, Any]


class Feed(msgspec.Struct, frozen=True):
    """Events in order; ask again with `next_after`. There is more as long as it is below `head`."""

    events: list[EventAnswer]
    next_after: int
    head: int


@get("/api/v1/events", sync_to_thread=True, tags=["Events"])
def feed(
    desk: AtDesk,
    after: Annotated[int, QueryParameter(ge=0, description="Position of the last event that is known.")] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
) -> Feed:
    """Everything that happened after a position, without gaps and in the order in which it was committed."""
    with desk.reading() as tx:
        head = platform.load_head(tx)
        found = platform.load_feed(tx, after, limit)
    events = [
        EventAnswer(
            one.position, one.kind, one.version, one.subject, one.subject_id, one.owner, one.actor, one.cause_id,
            one.occurred_at, one.recorded_at, msgspec.json.decode(one.data),
        )
        for one in found
    ]  # fmt: skip
    return Feed(events, events[-1].position if events else after, head)
