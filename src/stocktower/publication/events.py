"""What publication tells upward: a channel has what it was told, is tightened, is restored."""

from datetime import datetime

import msgspec

from stocktower.platform import Event

from .keeping_up import Decided
from .model import ChannelRow, PublicationRow


class Acknowledged(msgspec.Struct, frozen=True):
    """publication.acknowledged: a channel says that it has what it was told."""

    publication_id: int
    channel_id: int
    listings: int
    by: str
    lag_seconds: int


class Tightened(msgspec.Struct, frozen=True):
    """channel.tightened and channel.restored: how a channel keeps up, before and now."""

    channel_id: int
    channel: str
    before: str
    state: str
    reason: str


def acknowledged(row: PublicationRow, by: str, now: datetime) -> Event:
    """A publication was taken over by its channel."""
    lag = int((now - (row.sent_at or row.published_at)).total_seconds())
    data = Acknowledged(row.publication_id, row.channel_id, row.listings, by, max(0, lag))
    return Event("publication.acknowledged", "channel", row.channel_id, now, msgspec.json.encode(data))


def state_changed(row: ChannelRow, code: str, after: Decided, now: datetime) -> Event:
    """A channel is shown less because it does not keep up, or as much as before because it does."""
    kind = "channel.restored" if after.state == "normal" else "channel.tightened"
    data = Tightened(row.channel_id, code, row.state, after.state, after.reason)
    return Event(kind, "channel", row.channel_id, now, msgspec.json.encode(data))
