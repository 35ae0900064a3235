"""Writes what is known of lots, and sees to it that their SKUs are looked at when time takes them out of sale."""

from collections.abc import Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from stocktower.network import Network
from stocktower.platform import Event, Transaction, reschedule, schedule

from ..stock import store
from ..stock.events import LotCorrected, supply_event
from . import lot_store
from .lots import LOOK, Lot, LotKey, end_of_day, expiries_of, is_expired, next_look


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


def look_at_grown(tx: Transaction, keys: Iterable[LotKey]) -> None:
    """Units came to rows of some lots: those that have expired are looked at at once."""
    wanted = set(keys)
    lots = lot_store.load_known_lots(tx, wanted).values() if wanted else ()
    look_now(tx, (one.sku_id for one in lots if is_expired(one.expires_at, tx.now)))


def load_expired_rows(tx: Transaction, sku_ids: Sequence[int]) -> list[int]:
    """The stock rows of some SKUs that have expired, and are still in a status which could be sold."""
    return lot_store.load_expired(tx, sku_ids) if sku_ids else []


def reschedule_looks(tx: Transaction, network: Network) -> None:
    """Work out anew when lots become too old for channels, which may ask for other days now."""
    sku_ids = lot_store.load_expiring_skus(tx)
    if sku_ids:
        schedule_looks(tx, sku_ids, network)


def correct_lot(
    tx: Transaction, sku_id: int, lot: str, network: Network, *, expires_on: date | None, made_on: date | None
) -> Lot | None:
    """A person says what the dates of a lot are; what is left out stays. Gives it as it was; None: it is not known.

    Units that had expired by an earlier date stay expired until somebody gives them another status.
    """
    store.lock_items(tx, [sku_id])
    before = lot_store.load_known_lots(tx, [(sku_id, lot)]).get((sku_id, lot))
    if before is None:
        return None
    zone = ZoneInfo(network.timezone)
    expires_at = end_of_day(expires_on, zone) if expires_on else before.expires_at
    after = replace(before, expires_at=expires_at, made_on=made_on or before.made_on)
    if after != before:
        record_lots(tx, [after], network)
        said = LotCorrected(sku_id, lot, before.expires_at, after.expires_at, before.made_on, after.made_on)
        tx.emit(Event("lot.corrected", "sku", sku_id, tx.now, msgspec.json.encode(said)))
        tx.emit_all(supply_event([sku_id], tx.now))
    return before


def schedule_looks(tx: Transaction, sku_ids: Sequence[int], network: Network) -> None:
    """Look at each SKU again when a lot of it expires next, or becomes too old for a channel."""
    least_days = [channel.min_shelf_life_days for channel in network.channels.values()]
    zones = [ZoneInfo(site.timezone or "UTC") for site in network.sites.values()]
    expiries = expiries_of(lot_store.load_lots_of(tx, sku_ids))
    looks = {sku_id: next_look(expiries.get(sku_id, ()), least_days, zones, tx.now) for sku_id in sku_ids}
    reschedule(tx, LOOK, list(looks.items()))
