"""Read models: what was told to whom, how channels keep up, and what was right when; for pages, API and commands."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from stocktower import inventory
from stocktower.inventory import Moment
from stocktower.network import Network
from stocktower.platform import Transaction

from . import preorder_store, store
from .keeping_up import refill, room_of
from .model import (
    Accuracy,
    AccuracyRow,
    ChannelRow,
    ChannelState,
    PreorderWord,
    PublicationRow,
    StaleSale,
    Standing,
    Told,
)
from .rules import matters
from .truths import Desk, load_desk, load_desk_at

NOTHING = Accuracy(0, 0, 0)
DAY, WEEK = timedelta(days=1), timedelta(days=7)


class ChannelHealth(Struct, frozen=True):
    """How one channel is told and keeps up."""

    channel_id: int
    channel: str
    name: str
    state: str
    reason: str
    since: datetime | None
    """In this state since; None: it was never told anything."""
    listings: int
    backlog: int
    oldest_at: datetime | None
    """Since when the oldest of the backlog waits."""
    silent_since: datetime | None
    """Since when something is not acknowledged."""
    lag_p50_seconds: int
    lag_p95_seconds: int
    lag_samples: int
    per_minute: int | None
    """How many listings it takes; None: any number."""
    room: int | None
    """How many it takes now."""
    buffered_skus: int
    buffer_units: int
    fast: int
    normal: int
    """SKUs by velocity; the others are slow."""
    over_exposed: int
    over_units: int
    accuracy_day: Accuracy
    accuracy_week: Accuracy
    oversold_units: int
    """In seven days, on lines accepted on a stale word."""
    ahead_day: Accuracy
    """Of what was told of what may be ordered ahead; over: too much, or too soon."""
    ahead_week: Accuracy


def load_told(tx: Transaction, sku_id: int) -> list[Told]:
    """The last word of every channel about the listings of a SKU."""
    return store.load_told(tx, [sku_id])


def load_told_at(tx: Transaction, sku_id: int, at: datetime) -> list[Told]:
    """The last word by an instant of every channel about the listings of a SKU."""
    return store.load_told_at(tx, sku_id, at)


def load_told_between(tx: Transaction, sku_id: int, after: datetime, until: datetime, limit: int = 5_000) -> list[Told]:
    """What was told of a SKU after an instant and up to another, in order, no more than a limit."""
    return store.load_told_between(tx, sku_id, after, until, limit)


class Shown:
    """What listings of one SKU should show, now or as of a moment."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def offered(self, channel_id: int, sku_id: int, ats: int, pack_quantity: int, floor: int) -> tuple[int, int]:
        """What a listing should show of an ATS, and what could be sold of it without buffer and floor; whole packs."""
        if channel_id in self._desk.channels:
            return self._desk.offered(channel_id, sku_id, ats, pack_quantity, floor)
        return inventory.shown(ats, pack_quantity, 0, floor), inventory.shown(ats, pack_quantity)

    def held_back(self, channel_id: int, sku_id: int, ats: int) -> tuple[int, str]:
        """Units that are held back of an ATS, and why in words."""
        row = self._desk.channels.get(channel_id)
        if row is None:
            return 0, ""
        buffer, limits = self._desk.buffer(channel_id, sku_id), self._desk.policies.rules
        if row.state == ChannelState.NORMAL:
            return buffer, "Buffer for what others sell while it lags"
        if row.state == ChannelState.DARK and ats <= limits.low_stock:
            return max(0, ats), "Nothing of what is low while it is dark"
        return buffer * limits.tighten_times, f"Buffer, {limits.tighten_times} times while it is {row.state}"

    def is_wrong(self, word: Told, ats: int, pack_quantity: int, floor: int) -> bool:
        """Whether a word about a listing is, or was, worth correcting."""
        if word.channel_id in self._desk.channels:
            return self._desk.is_wrong(word, ats, pack_quantity, floor)
        shown, most = self.offered(word.channel_id, word.sku_id, ats, pack_quantity, floor)
        return matters(word.shown, shown, most)


def load_shown(tx: Transaction, network: Network, sku_id: int, moment: Moment | None = None) -> Shown:
    """What the listings of a SKU should show, now or as of a moment."""
    return Shown(load_desk(tx, network, [sku_id]) if moment is None else load_desk_at(tx, moment, sku_id))


def load_publications(tx: Transaction, *, channel_id: int = 0, limit: int = 50) -> list[PublicationRow]:
    """The latest publications, of one channel or of all."""
    return store.load_publications(tx, channel_id, limit)


def count_told(tx: Transaction) -> int:
    """How many listings were ever told to a channel."""
    return store.count_told(tx)


def walk_told(
    tx: Transaction, until: datetime, batch: int = 20_000
) -> Iterator[list[tuple[int, str, int, int, int, int, datetime]]]:
    """All that was told by an instant: publication_id, listing, channel_id, sku_id, shown, ats, told_at."""
    publication_id, listing = 0, ""
    while found := store.load_told_batch(tx, publication_id, listing, until, batch):
        yield found
        publication_id, listing = found[-1][0], found[-1][1]


def load_offers(tx: Transaction, network: Network, sku_ids: Sequence[int]) -> Desk:
    """What turns an ATS into what a listing shows: buffers, and how channels keep up."""
    return load_desk(tx, network, sku_ids)


def load_health(tx: Transaction, network: Network) -> list[ChannelHealth]:
    """How every channel is told and keeps up, in the order of the configuration."""
    desk = load_desk(tx, network)
    known = store.load_channels(tx)
    backlogs = store.load_backlogs(tx)
    silence = store.load_silence(tx)
    listings, buffers = store.count_listings(tx), store.sum_buffers(tx)
    day = store.measure_accuracy(tx, tx.now - DAY, tx.now)
    week = store.measure_accuracy(tx, tx.now - WEEK, tx.now)
    ahead_day = _by_channel(preorder_store.measure_accuracy(tx, tx.now - DAY, tx.now))
    ahead_week = _by_channel(preorder_store.measure_accuracy(tx, tx.now - WEEK, tx.now))
    oversold = store.sum_oversold(tx, tx.now - WEEK)
    found: list[ChannelHealth] = []
    for channel_id, row in desk.channels.items():
        policy = desk.policies.channels[channel_id]
        own = [one for one in backlogs if one.channel_id == channel_id]
        listed, over, over_units = listings.get(channel_id, (0, 0, 0))
        buffered, units, fast, normal = buffers.get(channel_id, (0, 0, 0, 0))
        found.append(
            ChannelHealth(
                channel_id=channel_id,
                channel=policy.code,
                name=policy.name,
                state=row.state,
                reason=row.reason,
                since=row.since if channel_id in known else None,
                listings=listed,
                backlog=sum(one.listings for one in own),
                oldest_at=min((one.oldest_at for one in own), default=None),
                silent_since=silence.get(channel_id) if policy.acknowledges else None,
                lag_p50_seconds=row.lag_p50_seconds,
                lag_p95_seconds=row.lag_p95_seconds,
                lag_samples=row.lag_samples,
                per_minute=policy.per_minute,
                room=_room(row, desk, tx.now),
                buffered_skus=buffered,
                buffer_units=units,
                fast=fast,
                normal=normal,
                over_exposed=over,
                over_units=over_units,
                accuracy_day=day.get(channel_id, NOTHING),
                accuracy_week=week.get(channel_id, NOTHING),
                oversold_units=oversold.get(channel_id, 0),
                ahead_day=ahead_day.get(channel_id, NOTHING),
                ahead_week=ahead_week.get(channel_id, NOTHING),
            )
        )
    return found


def _by_channel(rows: Sequence[AccuracyRow]) -> dict[int, Accuracy]:
    found: dict[int, Accuracy] = {}
    for one in rows:
        before, more = found.get(one.channel_id, NOTHING), one.accuracy
        found[one.channel_id] = Accuracy(
            before.listed + more.listed, before.right + more.right, before.over + more.over
        )
    return found


def _room(row: ChannelRow, desk: Desk, now: datetime) -> int | None:
    policy = desk.policies.channels[row.channel_id]
    if policy.per_minute is None:
        return None
    refill(row, policy, now)
    return room_of(row, policy)


def load_over_exposed(tx: Transaction, *, channel_id: int = 0, limit: int = 50) -> list[Standing]:
    """Listings of which a channel, or any, shows more than could be sold, the most units first."""
    return store.load_over_exposed(tx, channel_id, limit)


def load_stale_sales(
    tx: Transaction, since: datetime, *, channel_id: int = 0, sku_id: int = 0, limit: int = 50
) -> list[StaleSale]:
    """Lines accepted on a stale word, of one channel and SKU or of any, the last first."""
    return store.load_stale_sales(tx, channel_id, sku_id, since, limit)


def load_accuracy_by_day(tx: Transaction, network: Network, channel_id: int, days: int) -> list[AccuracyRow]:
    """The accuracy of a channel by the merchant's own days, today the last of so many, the first day first."""
    zone = ZoneInfo(network.timezone)
    first = tx.now.astimezone(zone).date() - timedelta(days=days - 1)
    since = datetime.combine(first, time(), tzinfo=zone)
    return store.measure_accuracy_by_day(tx, channel_id, since, tx.now, network.timezone)


def load_accuracy_of_skus(tx: Transaction, sku_ids: Sequence[int], since: datetime) -> list[AccuracyRow]:
    """The accuracy of some SKUs by channel since an instant."""
    return store.measure_accuracy_of_skus(tx, sku_ids, since, tx.now) if sku_ids else []


def load_preorders(tx: Transaction, sku_ids: Sequence[int] = ()) -> list[PreorderWord]:
    """What may be ordered ahead of the listings of some SKUs (none: of all), and what channels were told of it."""
    return preorder_store.load_preorders(tx, sku_ids)


def load_preorders_at(tx: Transaction, sku_ids: Sequence[int], at: datetime) -> list[PreorderWord]:
    """What could be ordered ahead of the listings of some SKUs at an instant, as it was looked at last, and what
    channels had been told of it."""
    return preorder_store.load_preorders_at(tx, sku_ids, at)


def load_accuracy_ahead(tx: Transaction, since: datetime) -> list[AccuracyRow]:
    """The accuracy of what was told of what may be ordered ahead, by channel and SKU since an instant."""
    return preorder_store.measure_accuracy(tx, since, tx.now)
