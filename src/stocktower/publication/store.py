"""The statements of the room, one typed function each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from stocktower.platform import Transaction, load_queries

from .model import (
    Accepted,
    Accuracy,
    AccuracyRow,
    Backlog,
    ChannelRow,
    Pending,
    Publication,
    PublicationRow,
    SkuVelocity,
    StaleSale,
    Standing,
    Stretch,
    Told,
    Velocity,
)

_Q = load_queries(__package__)
_astuple = msgspec.structs.astuple
Key = tuple[int, str]
"""(channel, listing)"""


def lock_publication(tx: Transaction) -> None:
    """Wait until nobody else changes how listings stand; until the transaction ends, nobody does."""
    tx.execute(_Q.lock_publication)


def mark_changed(tx: Transaction, positions: Mapping[int, int]) -> None:
    """Note the event that last touched each SKU."""
    if positions:
        tx.execute(_Q.mark_changed, sku_ids=list(positions), positions=list(positions.values()))


def load_changed(tx: Transaction) -> list[int]:
    """The SKUs that are to be looked at; 0 among them stands for all."""
    return tx.values(_Q.load_changed)


def take_all_changed(tx: Transaction) -> int | None:
    """The event for which every SKU is to be looked at, if there is one; it is noted no more."""
    return tx.value(_Q.take_all_changed)


def take_changed(tx: Transaction, limit: int) -> list[int]:
    """Some SKUs that are to be looked at; they are noted no more."""
    return tx.values(_Q.take_changed, limit=limit)


def has_changed(tx: Transaction) -> bool:
    """Whether any SKU is still to be looked at."""
    return bool(tx.value(_Q.has_changed))


def load_standings(tx: Transaction, sku_ids: Sequence[int]) -> list[Standing]:
    """How the listings of some SKUs stand."""
    return tx.fetch(_Q.load_standings, Standing, sku_ids=list(sku_ids))


def load_standings_named(tx: Transaction, keys: Sequence[Key]) -> list[Standing]:
    """How some listings stand, whatever SKU they stood for."""
    if not keys:
        return []
    channel_ids, listings = zip(*keys, strict=True)
    return tx.fetch(_Q.load_standings_named, Standing, channel_ids=list(channel_ids), listings=list(listings))


def load_standings_of_channel(tx: Transaction, channel_id: int, sku_ids: Sequence[int]) -> list[Standing]:
    """How all that a channel was told stands, of some SKUs or of all."""
    return tx.fetch(_Q.load_standings_of_channel, Standing, channel_id=channel_id, sku_ids=list(sku_ids))


def insert_standings(tx: Transaction, standings: Sequence[Standing]) -> None:
    """Listings that are seen for the first time."""
    tx.copy(_Q.standing, [(tx.merchant_id, *_astuple(item)) for item in standings])


def change_standings(tx: Transaction, standings: Sequence[Standing]) -> None:
    """How listings stand now."""
    if not standings:
        return
    names = (
        "channel_ids", "listings", "sku_ids", "packs", "ats", "shown", "most", "listed", "told", "told_ats",
        "publication_ids", "acknowledged", "word_ats", "word_ids", "exposures", "sinces",
    )  # fmt: skip
    columns = zip(*map(_astuple, standings), strict=True)
    tx.execute(_Q.change_standings, **dict(zip(names, map(list, columns), strict=True)))


def record_stretches(tx: Transaction, stretches: Iterable[Stretch]) -> None:
    """How listings stood for a time that is over."""
    tx.copy(_Q.exposure, [(tx.merchant_id, *_astuple(item)) for item in stretches])


def load_told(tx: Transaction, sku_ids: Sequence[int]) -> list[Told]:
    """The last word of every channel about the listings of some SKUs."""
    return tx.fetch(_Q.load_told, Told, sku_ids=list(sku_ids))


def load_told_at(tx: Transaction, sku_id: int, at: datetime) -> list[Told]:
    """The last word of every channel about the listings of a SKU by an instant."""
    return tx.fetch(_Q.load_told_at, Told, sku_id=sku_id, at=at)


def load_told_between(tx: Transaction, sku_id: int, after: datetime, until: datetime, limit: int) -> list[Told]:
    """What was told of a SKU after an instant and up to another, in order."""
    return tx.fetch(_Q.load_told_between, Told, sku_id=sku_id, after=after, until=until, limit=limit)


def count_told(tx: Transaction) -> int:
    """How many listings were ever told to a channel."""
    return tx.value(_Q.count_told) or 0


def load_ats(tx: Transaction, channel_id: int, sku_ids: Sequence[int]) -> dict[int, int]:
    """What was last found available of some SKUs in a channel."""
    return dict(tx.tuples(_Q.load_ats, channel_id=channel_id, sku_ids=list(sku_ids)))


def load_tight_skus(tx: Transaction, channel_id: int, low_stock: int) -> list[int]:
    """The SKUs of which a channel is shown less while it does not keep up."""
    return tx.values(_Q.load_tight_skus, channel_id=channel_id, low_stock=low_stock)


def load_pending_of(tx: Transaction, sku_ids: Sequence[int]) -> list[Pending]:
    """What waits of the listings of some SKUs."""
    return tx.fetch(_Q.load_pending_of, Pending, sku_ids=list(sku_ids))


def load_next(tx: Transaction, channel_id: int, paces: Sequence[str], limit: int) -> list[Pending]:
    """What a channel is told next, in turn."""
    return tx.fetch(_Q.load_next, Pending, channel_id=channel_id, paces=list(paces), limit=limit)


def load_waiting_channels(tx: Transaction, channel_ids: Sequence[int]) -> set[int]:
    """Of some channels those for which something waits."""
    return set(tx.values(_Q.load_waiting_channels, channel_ids=list(channel_ids)))


def load_pending_skus(tx: Transaction) -> list[int]:
    """The SKUs of which something waits."""
    return tx.values(_Q.load_pending_skus)


def upsert_pending(tx: Transaction, items: Sequence[Pending]) -> None:
    """What waits."""
    if not items:
        return
    names = ("channel_ids", "listings", "sku_ids", "paces", "turn_ats", "dangers", "sinces", "resends")
    columns = zip(*map(_astuple, items), strict=True)
    tx.execute(_Q.upsert_pending, **dict(zip(names, map(list, columns), strict=True)))


def delete_pending(tx: Transaction, keys: Sequence[Key]) -> None:
    """What waits no more."""
    if keys:
        channel_ids, listings = zip(*keys, strict=True)
        tx.execute(_Q.delete_pending, channel_ids=list(channel_ids), listings=list(listings))


def load_backlogs(tx: Transaction) -> list[Backlog]:
    """What waits by channel and pace."""
    return tx.fetch(_Q.load_backlogs, Backlog)


def record_publications(tx: Transaction, made: Sequence[Publication], assumed: Sequence[bool]) -> None:
    """Keep what was told; assumed: its channel never says that it has it."""
    if not made:
        return
    tx.execute(
        _Q.record_publications,
        publication_ids=[item.publication_id for item in made],
        channel_ids=[item.channel_id for item in made],
        listings=[len(item.listings) for item in made],
        paths=[item.path for item in made],
        assumed=list(assumed),
    )
    merchant_id = tx.merchant_id
    tx.copy(
        _Q.told,
        [
            (merchant_id, item.publication_id, item.channel_id, one.listing, one.sku_id, one.shown, one.ats, tx.now)
            for item in made
            for one in item.listings
        ],
    )


def load_not_sent(tx: Transaction) -> list[tuple[int, str]]:
    """(publication, path) of what was recorded and not noted as sent."""
    return tx.tuples(_Q.load_not_sent)


def record_sent(tx: Transaction, publication_ids: Sequence[int]) -> None:
    """Publications are at the disposal of their channels now."""
    if publication_ids:
        tx.execute(_Q.record_sent, publication_ids=list(publication_ids))


def load_recorded_paths(tx: Transaction, paths: Sequence[str]) -> set[str]:
    """Which of these files stand for a publication that was made."""
    return set(tx.values(_Q.load_recorded_paths, paths=list(paths)))


def find_publications(
    tx: Transaction, publication_ids: Sequence[int] = (), paths: Sequence[str] = ()
) -> list[PublicationRow]:
    """Publications by id or path, in the order in which they were made."""
    return tx.fetch(
        _Q.find_publications, PublicationRow, publication_ids=list(publication_ids), paths=list(paths)
    )  # fmt: skip


def record_acknowledged(tx: Transaction, publication_ids: Sequence[int], by: str) -> list[int]:
    """Channels say that they have these publications; gives those of which nobody had said so."""
    return tx.values(_Q.record_acknowledged, publication_ids=list(publication_ids), by=by)


def load_words(tx: Transaction, publication_ids: Sequence[int]) -> dict[Key, tuple[int, datetime, int]]:
    """What some publications said of each listing, the newest word, when it was told and by which."""
    rows = tx.tuples(_Q.load_words, publication_ids=list(publication_ids))
    return {(channel_id, listing): (shown, told_at, by) for channel_id, listing, shown, told_at, by in rows}


def load_publications(tx: Transaction, channel_id: int, limit: int) -> list[PublicationRow]:
    """The latest publications, of one channel or of all (0)."""
    return tx.fetch(_Q.load_publications, PublicationRow, channel_id=channel_id, limit=limit)


def load_told_batch(
    tx: Transaction, publication_id: int, listing: str, until: datetime, limit: int
) -> list[tuple[int, str, int, int, int, int, datetime]]:
    """(publication_id, listing, channel_id, sku_id, shown, ats, told_at) by an instant, after a place."""
    return tx.tuples(_Q.load_told_batch, publication_id=publication_id, listing=listing, until=until, limit=limit)


def load_silence(tx: Transaction) -> dict[int, datetime]:
    """Since when each channel has something that it did not acknowledge."""
    return dict(tx.tuples(_Q.load_silence))


def load_channels(tx: Transaction) -> dict[int, ChannelRow]:
    """How the channels keep up."""
    return {row.channel_id: row for row in tx.fetch(_Q.load_channels, ChannelRow)}


def upsert_channels(tx: Transaction, rows: Sequence[ChannelRow]) -> None:
    """How channels keep up now."""
    if not rows:
        return
    names = (
        "channel_ids", "states", "reasons", "sinces", "rooms", "filled_ats", "normal_ats", "slow_ats", "refreshed_ats",
        "p50s", "p95s", "samples",
    )  # fmt: skip
    columns = zip(*map(_astuple, rows), strict=True)
    tx.execute(_Q.upsert_channels, **dict(zip(names, map(list, columns), strict=True)))


def measure_lags(tx: Transaction, channel_ids: Sequence[int], since: datetime) -> dict[int, tuple[int, int, int]]:
    """Seconds from told to effective by channel: median, 95th percentile, how often measured."""
    rows = tx.tuples(_Q.measure_lags, channel_ids=list(channel_ids), since=since)
    return {channel_id: (p50, p95, count) for channel_id, p50, p95, count in rows}


def record_lags(tx: Transaction, lags: Mapping[int, tuple[int, int, int]]) -> None:
    """Channel -> median, 95th percentile, how often measured; of channels that were told something."""
    if lags:
        p50s, p95s, samples = (list(column) for column in zip(*lags.values(), strict=True))
        tx.execute(_Q.record_lags, channel_ids=list(lags), p50s=p50s, p95s=p95s, samples=samples)


def add_sales(tx: Transaction, units: Mapping[tuple[int, int, date], int]) -> None:
    """(SKU, channel, day) -> units accepted."""
    if units:
        sku_ids, channel_ids, days = zip(*units, strict=True)
        tx.execute(
            _Q.add_sales, sku_ids=list(sku_ids), channel_ids=list(channel_ids), days=list(days),
            units=list(units.values()),
        )  # fmt: skip


def load_sold(tx: Transaction, since: date) -> dict[tuple[int, int], int]:
    """(channel, SKU) -> units accepted since a day."""
    return {(channel_id, sku_id): units for channel_id, sku_id, units in tx.tuples(_Q.load_sold, since=since)}


def load_first_day(tx: Transaction) -> date | None:
    """The first day on which anything was accepted."""
    return tx.value(_Q.load_first_day)


def load_velocities(tx: Transaction, sku_ids: Sequence[int]) -> list[SkuVelocity]:
    """How fast some SKUs sell in every channel."""
    return tx.fetch(_Q.load_velocities, SkuVelocity, sku_ids=list(sku_ids))


def load_velocities_of_channel(tx: Transaction, channel_id: int) -> list[SkuVelocity]:
    """How fast SKUs sell in one channel."""
    return tx.fetch(_Q.load_velocities_of_channel, SkuVelocity, channel_id=channel_id)


def upsert_velocities(tx: Transaction, rows: Sequence[SkuVelocity]) -> None:
    """How fast SKUs sell, and the buffers held back; former ones are kept."""
    if not rows:
        return
    _record_past_velocities(tx, rows)
    names = (
        "channel_ids", "sku_ids", "velocities", "set_bys", "units", "elsewheres", "days", "buffers", "changed_ats"
    )  # fmt: skip
    columns = zip(*map(_astuple, rows), strict=True)
    tx.execute(_Q.upsert_velocities, **dict(zip(names, map(list, columns), strict=True)))


def delete_velocities(tx: Transaction, channel_id: int, sku_ids: Sequence[int]) -> None:
    """SKUs that sell no more; how they sold is kept."""
    if sku_ids:
        slow = [SkuVelocity(channel_id, sku_id, Velocity.SLOW, "", 0, 0, 1, 0, tx.now) for sku_id in sku_ids]
        _record_past_velocities(tx, slow)
        tx.execute(_Q.delete_velocities, channel_id=channel_id, sku_ids=list(sku_ids))


def _record_past_velocities(tx: Transaction, fresh: Sequence[SkuVelocity]) -> None:
    """Keep what velocities and buffers were, of those that become others."""
    tx.execute(
        _Q.record_past_velocities,
        channel_ids=[item.channel_id for item in fresh],
        sku_ids=[item.sku_id for item in fresh],
        velocities=[item.velocity for item in fresh],
        elsewheres=[item.elsewhere for item in fresh],
        buffers=[item.buffer for item in fresh],
    )


def load_velocities_at(tx: Transaction, sku_id: int, at: datetime) -> list[SkuVelocity]:
    """How fast a SKU sold in every channel at an instant, and its buffers; how many units that was by is not kept."""
    return [
        SkuVelocity(channel_id, sku_id, velocity, "", 0, elsewhere, 1, buffer, at)
        for channel_id, velocity, elsewhere, buffer in tx.tuples(_Q.load_velocities_at, sku_id=sku_id, at=at)
    ]


def record_past_channels(tx: Transaction, channel_ids: Sequence[int]) -> None:
    """Keep how channels kept up, before they do otherwise."""
    if channel_ids:
        tx.execute(_Q.record_past_channels, channel_ids=list(channel_ids))


def load_states_at(tx: Transaction, at: datetime) -> dict[int, str]:
    """How channels kept up at an instant."""
    return dict(tx.tuples(_Q.load_states_at, at=at))


def record_stale_sales(
    tx: Transaction, lines: Sequence[Accepted], oversold: Sequence[int], longest: timedelta
) -> int:  # fmt: skip
    """Keep the lines that were accepted for more than was true; says how many. A lag is no longer than `longest`."""
    if not lines:
        return 0
    return tx.execute(
        _Q.record_stale_sales,
        order_ids=[line.order_id for line in lines],
        line_nos=[line.line_no for line in lines],
        channel_ids=[line.channel_id for line in lines],
        listings=[line.listing for line in lines],
        sku_ids=[line.sku_id for line in lines],
        ordered=[line.ordered for line in lines],
        placed_ats=[line.placed_at for line in lines],
        accepted_ats=[line.accepted_at for line in lines],
        oversolds=list(oversold),
        longest=longest,
    )


def load_stale_sales(tx: Transaction, channel_id: int, sku_id: int, since: datetime, limit: int) -> list[StaleSale]:
    """Lines accepted on a stale word, of one channel and SKU or of any (0), the last first."""
    return tx.fetch(_Q.load_stale_sales, StaleSale, channel_id=channel_id, sku_id=sku_id, since=since, limit=limit)


def measure_accuracy(tx: Transaction, since: datetime, until: datetime) -> dict[int, Accuracy]:
    """Seconds listed, right and over-exposed between two instants, by channel."""
    rows = tx.tuples(_Q.measure_accuracy, since=since, until=until)
    return {channel_id: Accuracy(listed, right, over) for channel_id, listed, right, over in rows}


def measure_accuracy_of_skus(
    tx: Transaction, sku_ids: Sequence[int], since: datetime, until: datetime
) -> list[AccuracyRow]:
    """The same by SKU and channel."""
    rows = tx.tuples(_Q.measure_accuracy_of_skus, sku_ids=list(sku_ids), since=since, until=until)
    return [AccuracyRow(channel_id, sku_id, None, Accuracy(*seconds)) for channel_id, sku_id, *seconds in rows]


def measure_accuracy_by_day(
    tx: Transaction, channel_id: int, since: datetime, until: datetime, zone: str
) -> list[AccuracyRow]:
    """The same by day in a zone of one channel, the first day first."""
    rows = tx.tuples(_Q.measure_accuracy_by_day, channel_id=channel_id, since=since, until=until, zone=zone)
    return [AccuracyRow(channel_id, 0, day, Accuracy(*seconds)) for day, *seconds in rows]


def load_over_exposed(tx: Transaction, channel_id: int, limit: int) -> list[Standing]:
    """Listings of which a channel, or any (0), shows more than could be sold."""
    return tx.fetch(_Q.load_over_exposed, Standing, channel_id=channel_id, limit=limit)


def count_listings(tx: Transaction) -> dict[int, tuple[int, int, int]]:
    """By channel: listings, those over-exposed, and their units."""
    return {channel_id: (listed, over, units) for channel_id, listed, over, units in tx.tuples(_Q.count_listings)}


def sum_buffers(tx: Transaction) -> dict[int, tuple[int, int, int, int]]:
    """By channel: SKUs with a buffer, units of it in all, SKUs that are fast, SKUs that are normal."""
    return {
        channel_id: (skus, units, fast, normal) for channel_id, skus, units, fast, normal in tx.tuples(_Q.sum_buffers)
    }


def sum_oversold(tx: Transaction, since: datetime) -> dict[int, int]:
    """By channel: units oversold on lines accepted on a stale word since an instant."""
    return dict(tx.tuples(_Q.sum_oversold, since=since))


def count_standings(tx: Transaction) -> int:
    """How many listings have a standing."""
    return tx.value(_Q.count_standings) or 0


def lock_standings_by_key(tx: Transaction, keys: Sequence[tuple[int, str]]) -> None:
    """Keep some listings from being told anything until the commit."""
    channel_ids, listings = (list(column) for column in zip(*keys, strict=True))
    tx.values(_Q.lock_standings_by_key, channel_ids=channel_ids, listings=listings)


def load_every_standing(tx: Transaction, channel_id: int) -> list[Standing]:
    """How every listing of a channel stands."""
    return tx.fetch(_Q.load_every_standing, Standing, channel_id=channel_id)


def load_standing_channels(tx: Transaction) -> list[int]:
    """The channels that listings stand in."""
    return tx.values(_Q.load_standing_channels)


def load_newest_words(tx: Transaction, channel_id: int) -> dict[str, tuple[Any, ...]]:
    """Listing -> (told, told at, publication, acknowledged, told at, publication) by all that a channel was told."""
    return {listing: tuple(words) for listing, *words in tx.tuples(_Q.load_newest_words, channel_id=channel_id)}


def restore_words(tx: Transaction, truths: Sequence[tuple[Any, ...]]) -> None:
    """Make (channel, listing, the six of load_newest_words, exposure) what stands."""
    columns = [list(column) for column in zip(*truths, strict=True)]
    names = (
        "channel_ids", "listings", "tolds", "times", "publication_ids", "acknowledgeds", "word_ats", "word_ids",
        "exposures",
    )  # fmt: skip
    tx.execute(_Q.restore_words, **dict(zip(names, columns, strict=True)))
