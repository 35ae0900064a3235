"""Lots and serial numbers: what is known of them, what a statement adds, and when their SKU has to be looked at again.

A serial number is a lot of at most one unit. Pure.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

LOOK = "lot.look"
"""Kind of due work: lots of a SKU expire, or a channel may sell them no more; the key is the SKU."""
LOT, SERIAL = "lot", "serial"

LotKey = tuple[int, str]
"""(sku_id, lot)"""


class Lot(Struct, frozen=True):
    """A batch of a SKU, or one piece of it."""

    sku_id: int
    lot: str
    expires_at: datetime | None
    """From this instant on it may not be sold; None: it does not expire."""
    made_on: date | None
    received_at: datetime
    """When the first of it came."""
    state: Literal["open", "held"]
    recorded_at: datetime


class StatedLot(Struct, frozen=True):
    """What a row says of its lot."""

    expires_on: date | None = None
    """The last day on which it may be sold."""
    made_on: date | None = None


NOTHING_STATED = StatedLot()


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after a day: a date of expiry counts through its end."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)


def last_day(expires_at: datetime, zone: ZoneInfo) -> date:
    """The last day on which something may be sold."""
    return (expires_at.astimezone(zone) - timedelta(microseconds=1)).date()


def clash(known: Lot, stated: StatedLot, zone: ZoneInfo) -> tuple[str, str]:
    """(column, problem) where a row contradicts what is known of its lot; empty where it does not."""
    if stated.expires_on and known.expires_at and end_of_day(stated.expires_on, zone) != known.expires_at:
        day = last_day(known.expires_at, zone)
        return "expires", f"lot {known.lot} expires on {day}, the row says {stated.expires_on}"
    if stated.made_on and known.made_on and stated.made_on != known.made_on:
        return "made_on", f"lot {known.lot} was made on {known.made_on}, the row says {stated.made_on}"
    if stated.made_on and stated.expires_on and stated.expires_on < stated.made_on:
        return "expires", f"lot {known.lot} would expire before it was made, on {stated.made_on}"
    return "", ""


def learn(known: Lot, stated: StatedLot, zone: ZoneInfo) -> Lot:
    """What is known of a lot after a row that does not contradict it."""
    expires_at = known.expires_at or (end_of_day(stated.expires_on, zone) if stated.expires_on else None)
    return replace(known, expires_at=expires_at, made_on=known.made_on or stated.made_on)


def new_lot(sku_id: int, lot: str, received_at: datetime, now: datetime) -> Lot:
    """A lot of which only the code is known."""
    return Lot(sku_id, lot, None, None, received_at, "open", now)


def next_look(
    expiries: Iterable[datetime], least_days: Iterable[int], zones: Iterable[ZoneInfo], now: datetime
) -> datetime | None:
    """When what may be sold changes next because time passes: a lot expires, or keeps for too few days for a channel.

    A channel that asks for days sells a lot up to the begin of the day, at the site, on which too few are left.
    """
    cuts = [(days, zone) for days in set(least_days) if days > 0 for zone in set(zones)]
    instants: set[datetime] = set()
    for expires_at in expiries:
        instants.add(expires_at)
        for days, zone in cuts:
            instants.add(shelf_cutoff(expires_at, days, zone))
    return min((one for one in instants if one > now), default=None)


def shelf_cutoff(expires_at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The first midnight at a site from which a lot keeps for no more than so many days: at it, and after, it is too
    old for who asks for more.
    """
    local = expires_at.astimezone(zone)
    day = local.date() if local.time() == time() else local.date() + timedelta(days=1)
    return datetime.combine(day - timedelta(days=days), time(), tzinfo=zone).astimezone(UTC)


def is_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Whether something may not be sold any more."""
    return expires_at is not None and expires_at <= now


def expiries_of(lots: Iterable[Lot]) -> Mapping[int, list[datetime]]:
    """SKU -> when its lots expire."""
    found: dict[int, list[datetime]] = {}
    for lot in lots:
        if lot.expires_at is not None:
            found.setdefault(lot.sku_id, []).append(lot.expires_at)
    return found
