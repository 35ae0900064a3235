"""What a channel that takes preorders is told beside stock: how many packs may be ordered ahead, and when they ship.

It is the next batch of what is confirmed to come: what can be promised then beyond what can be sold now. When that is
ordered the batch after it is told.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from stocktower import catalog, inventory
from stocktower.inventory import Timeline
from stocktower.model import Preorder, load_applied
from stocktower.platform import Transaction, schedule

from . import preorder_store, store
from .model import Ahead, Pace, PreorderWord, Publication, Truth
from .store import Key
from .truths import Desk

LOOK = "publication.preorder"
"""Kind of due work: a day on which something should have come goes by; the key is the SKU."""


NOTHING = Ahead()


def ahead_of(timeline: Timeline, pack_quantity: int, rule: Preorder, handling_days: int, zone: ZoneInfo) -> Ahead:
    """The next batch that can be promised beyond what can be sold now, in whole packs. Pure."""
    now, *later = timeline.points
    sold_now = now.atp // pack_quantity
    for point in later:
        packs = point.atp // pack_quantity - sold_now
        if packs > 0:
            day = point.at.astimezone(zone).date() + timedelta(days=handling_days)
            return Ahead(packs, max(day, rule.release_on or day))
    return NOTHING


def pace_of(word: PreorderWord) -> str:
    """When a correction goes; empty: there is none. At once: what was told too much of or too soon, and what is new."""
    told, true = Ahead(word.told_quantity or 0, word.told_on), Ahead(word.quantity, word.available_on)
    if told == true:
        return ""
    later = told.available_on is not None and true.available_on is not None and true.available_on > told.available_on
    return Pace.NOW if told.quantity > true.quantity or later or not told.quantity else Pace.NORMAL


def takers(desk: Desk) -> set[int]:
    """The channels that take preorders."""
    return {channel_id for channel_id, policy in desk.policies.channels.items() if policy.preorders}


def look_ahead(tx: Transaction, desk: Desk, truths: Iterable[Truth], touched: Collection[int]) -> dict[Key, str]:
    """Note what may be ordered ahead of the listings that were looked at; gives the pace of those to be corrected."""
    known = {(one.channel_id, one.listing): one for one in preorder_store.load_preorders(tx, sorted(touched))}
    true = _load_ahead(tx, desk, truths) if takers(desk) else {}
    words: list[PreorderWord] = []
    for key in sorted(known.keys() | true.keys()):
        before = known.get(key)
        sku_id, now = true.get(key) or (before.sku_id if before else 0, NOTHING)
        told = (before.told_quantity, before.told_on, before.publication_id) if before else (None, None, None)
        words.append(PreorderWord(*key, sku_id, now.quantity, now.available_on, *told))
    changed = [one for one in words if known.get((one.channel_id, one.listing)) != one]
    preorder_store.upsert_preorders(tx, changed)
    return {(one.channel_id, one.listing): pace for one in words if (pace := pace_of(one))}


def _load_ahead(tx: Transaction, desk: Desk, truths: Iterable[Truth]) -> dict[Key, tuple[int, Ahead]]:
    """(channel, listing) -> (SKU, what may be ordered ahead), of SKUs that may be preordered there."""
    configuration = load_applied(tx).configuration
    rules = {rule.sku: rule for rule in configuration.preorders}
    skus = {one.sku_id: rules[code] for code, one in catalog.find_skus(tx, rules).items()} if rules else {}
    wanted = [one for one in truths if one.listed and one.channel_id in takers(desk) and one.sku_id in skus]
    wanted = [one for one in wanted if _serves(skus[one.sku_id], desk, one.channel_id)]
    if not wanted:
        return {}
    promisable = inventory.load_promisable(tx, sorted({one.sku_id for one in wanted}), desk.network)
    zone, days = ZoneInfo(desk.network.timezone), configuration.promises.handling_days
    found: dict[Key, tuple[int, Ahead]] = {}
    timelines: dict[tuple[int, int], Timeline] = {}
    for one in wanted:
        place = (one.sku_id, one.channel_id)
        if place not in timelines:
            timelines[place] = promisable.timeline(*place)
        ahead = ahead_of(timelines[place], one.pack_quantity, skus[one.sku_id], days, zone)
        found[one.channel_id, one.listing] = one.sku_id, ahead
    soonest = {(point.at, sku_id) for (sku_id, _), timeline in timelines.items() for point in timeline.points[1:2]}
    schedule(tx, LOOK, [(sku_id, at + timedelta(seconds=1)) for at, sku_id in sorted(soonest, reverse=True)])
    return found


def _serves(rule: Preorder, desk: Desk, channel_id: int) -> bool:
    return not rule.channels or desk.network.channels[channel_id].code in rule.channels


def look_again(tx: Transaction, sku_ids: Sequence[int]) -> None:
    """Due work: what should have come by now is there, or is late and cannot be promised any more."""
    store.mark_changed(tx, dict.fromkeys(sku_ids, 0))


def load_ahead(tx: Transaction, channel_id: int, listings: Sequence[str]) -> dict[str, Ahead]:
    """What may be ordered ahead of listings of a channel, as it was looked at last."""
    words = preorder_store.load_preorders_named(tx, channel_id, listings)
    return {one.listing: Ahead(one.quantity, one.available_on) for one in words}


def note_told(tx: Transaction, made: Iterable[Publication]) -> None:
    """Publications that are recorded have told what may be ordered ahead of their listings."""
    for item in made:
        listings = [one.listing for one in item.listings]
        words = preorder_store.load_preorders_named(tx, item.channel_id, listings)
        preorder_store.record_told_preorders(tx, item.publication_id, words)
