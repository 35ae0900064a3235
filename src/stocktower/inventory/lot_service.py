"""Writes what is known of lots, and sees to it that their SKUs are looked at when time takes them out of sale."""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from stocktower.network import Network
from stocktower.platform import Transaction, schedule, unschedule

from . import lot_store
from .lots import LOOK, Lot, expiries_of, is_expired, next_look


def record_lots(tx: Transaction, lots: Iterable[Lot], network: Network) -> None:
    """Write lots that are new, or of which more is known now; the caller has the locks of their SKUs."""
    wanted = {(one.sku_id, one.lot): one for one in lots}
    if not wanted:
        return
    known = lot_store.load_known_lots(tx, wanted.keys())
    lot_store.insert_lots(tx, [one for key, one in wanted.items() if key not in known])
    lot_store.change_lots(tx, [one for key, one in wanted.items() if key in known])
    schedule_looks(tx, sorted({sku_id for sku_id, _ in wanted}), network)
    look_now(tx, (sku_id for (sku_id, _), one in wanted.items() if is_expired(one.expires_at, tx.now)))


def look_now(tx: Transaction, sku_ids: Iterable[int]) -> None:
    """Look at SKUs at once: something of them has expired already."""
    schedule(tx, LOOK, [(sku_id, tx.now) for sku_id in sorted(set(sku_ids))])


def load_expired_rows(tx: Transaction, sku_ids: Sequence[int]) -> list[int]:
    """The stock rows of some SKUs that have expired, and are still in a status which could be sold."""
    return lot_store.load_expired(tx, sku_ids) if sku_ids else []


def reschedule_looks(tx: Transaction, network: Network) -> None:
    """Work out anew when lots become too old for channels, which may ask for other days now."""
    sku_ids = lot_store.load_expiring_skus(tx)
    if sku_ids:
        schedule_looks(tx, sku_ids, network)


def schedule_looks(tx: Transaction, sku_ids: Sequence[int], network: Network) -> None:
    """Look at each SKU again when a lot of it expires next, or becomes too old for a channel."""
    least_days = [channel.min_shelf_life_days for channel in network.channels.values()]
    zones = [ZoneInfo(site.timezone or "UTC") for site in network.sites.values()]
    expiries = expiries_of(lot_store.load_lots_of(tx, sku_ids))
    looks = {sku_id: next_look(expiries.get(sku_id, ()), least_days, zones, tx.now) for sku_id in sku_ids}
    schedule(tx, LOOK, [(sku_id, at) for sku_id, at in looks.items() if at is not None])
    unschedule(tx, LOOK, [sku_id for sku_id, at in looks.items() if at is None])
