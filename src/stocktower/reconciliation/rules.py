"""Pure rules of statements: when the next one is expected, what a system's words mean, what a case is about."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from stocktower.model import System
from stocktower.network import Network


class Scope(Struct, frozen=True):
    """What a system speaks of: its words for places and statuses, and ours."""

    places: dict[str, int]
    """Its code of a place, or ours, in lower case -> site."""
    statuses: dict[str, str]
    """Its word, in lower case -> ours; empty: such rows are left out."""
    site_ids: tuple[int, ...]
    channel_id: int
    """By whose listings it names SKUs; 0: by none."""


def scope_of(system: System, network: Network) -> Scope:
    """The words of a system under the applied configuration."""
    codes = system.sites or tuple(network.site_ids)
    site_ids = {code: network.site_ids[code] for code in codes if code in network.site_ids}
    places = {code.lower(): site_id for code, site_id in site_ids.items()}
    places |= {word.lower(): site_ids[code] for word, code in system.locations.items() if code in site_ids}
    if len(site_ids) == 1:
        places[""] = next(iter(site_ids.values()))
    statuses = {word.lower(): status for word, status in system.statuses.items()}
    return Scope(places, statuses, tuple(sorted(site_ids.values())), network.channel_ids.get(system.channel, 0))


def overdue_at(system: System, since: datetime, timezone: str) -> datetime | None:
    """When a statement later than `since` is overdue; None where none is expected by the clock.

    A statement may be a grace earlier than the time that it is for, and a grace later.
    """
    grace = timedelta(hours=system.grace_hours)
    found: list[datetime] = []
    if system.every_hours:
        found.append(since + timedelta(hours=system.every_hours) + grace)
    zone = ZoneInfo(system.timezone or timezone)
    for text in system.times:
        day = (since + grace).astimezone(zone).date()
        slot = datetime.combine(day, time.fromisoformat(text), zone).astimezone(UTC)
        if slot - grace <= since:
            slot = datetime.combine(day + timedelta(days=1), time.fromisoformat(text), zone).astimezone(UTC)
        found.append(slot + grace)
    return min(found, default=None)


def cause_key(system: str, cause: str) -> str:
    """What a case of differences is about: one cause in one system."""
    return f"system/{system}/{cause}"


def split_cause_key(key: str) -> tuple[str, str]:
    """The system and the cause of a case's key."""
    system, _, cause = key.removeprefix("system/").rpartition("/")
    return system, cause


def book_rates(rates: Mapping[str, tuple[int, int]]) -> tuple[list[str], list[int], list[int]]:
    """Rates by currency as columns: currency, numerator, denominator."""
    items = sorted(rates.items())
    return (
        [currency for currency, _ in items],
        [top for _, (top, _) in items],
        [bottom for _, (_, bottom) in items],
    )
