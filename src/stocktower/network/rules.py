"""Pure rules of places: facts from the configuration, distance, the promise to ship."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from zoneinfo import ZoneInfo

from stocktower.model import Channel, Configuration, Site, entity_of_channel, entity_of_site

from .centroids import Point, locate
from .model import ChannelFacts, Group, Network, SiteFacts

EARTH_RADIUS_KM = 6371.0


def distance_km(a: Point, b: Point) -> float:
    """The great-circle distance of two points."""
    north_a, north_b = radians(a[0]), radians(b[0])
    half = sin((north_b - north_a) / 2) ** 2 + cos(north_a) * cos(north_b) * sin(radians(b[1] - a[1]) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))


def ship_by(channel: ChannelFacts, placed_at: datetime) -> datetime | None:
    """When an order must have shipped by the channel's promise; None where it makes none."""
    if channel.ship_by_hours is not None:
        return placed_at + timedelta(hours=channel.ship_by_hours)
    if not channel.ship_by_cutoff:
        return None
    zone, cutoff = _cutoff(channel.timezone, channel.ship_by_cutoff)
    local = placed_at.astimezone(zone)
    day = local.date() if local.time() < cutoff else local.date() + timedelta(days=1)
    return datetime.combine(day, cutoff, tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=256)
def _cutoff(timezone: str, cutoff: str) -> tuple[ZoneInfo, time]:
    return ZoneInfo(timezone), time.fromisoformat(cutoff)


def site_facts(configuration: Configuration, site: Site, site_id: int, *, active: bool = True) -> SiteFacts:
    """A site of the configuration with its id; without coordinates it stands in the middle of its region or country."""
    point = None if site.latitude is None or site.longitude is None else (site.latitude, site.longitude)
    north, east = point or locate(site.country, site.region) or (None, None)
    return SiteFacts(
        site_id=site_id,
        code=site.code,
        name=site.name,
        kind=site.kind,
        entity=entity_of_site(configuration, site.code),
        country=site.country,
        region=site.region,
        latitude=north,
        longitude=east,
        timezone=site.timezone or configuration.merchant.timezone,
        priority=site.priority,
        protected=site.protected,
        ships_to=site.ships_to,
        fulfills=site.fulfills and active,
        acknowledge_hours=site.acknowledge_hours,
        safety_stock=site.safety_stock,
        sellable=site.kind != "virtual" and active,
        bins=site.bins,
        active=active,
    )


def channel_facts(
    configuration: Configuration, channel: Channel, channel_id: int, site_ids: Mapping[str, int], *, active: bool = True
) -> ChannelFacts:
    """A channel of the configuration with its id and those of the sites that serve it."""
    return ChannelFacts(
        channel_id=channel_id,
        code=channel.code,
        name=channel.name,
        kind=channel.kind,
        format=channel.format,
        entity=entity_of_channel(configuration, channel.code),
        currency=channel.currency,
        live_from=channel.live_from,
        timezone=channel.timezone or configuration.merchant.timezone,
        site_ids=tuple(site_ids[code] for code in channel.sites if code in site_ids) if active else (),
        priority=channel.priority,
        tax_included=channel.tax_included,
        marketplace_tax=channel.marketplace_tax,
        authorization_days=channel.authorization_days,
        terms_days=channel.terms_days,
        ship_by_hours=channel.ship_by_hours,
        ship_by_cutoff=channel.ship_by_cutoff,
        max_splits=channel.max_splits,
        ship_partial=channel.ship_partial,
        publish_every_minutes=channel.publish_every_minutes,
        post_history=channel.post_history,
        hold_high_risk=channel.hold_high_risk,
        active=active,
        owners=channel.owners,
        min_shelf_life_days=channel.min_shelf_life_days,
    )


def build_network(
    version: int, configuration: Configuration, site_ids: Mapping[str, int], channel_ids: Mapping[str, int]
) -> Network:
    """The network of one configuration; places of the configuration without an id are left out."""
    known_sites = {site.code: site_ids[site.code] for site in configuration.sites if site.code in site_ids}
    known_channels = {one.code: channel_ids[one.code] for one in configuration.channels if one.code in channel_ids}
    return Network(
        version=version,
        timezone=configuration.merchant.timezone,
        sites={
            known_sites[site.code]: site_facts(configuration, site, known_sites[site.code])
            for site in configuration.sites
            if site.code in known_sites
        },
        channels={
            known_channels[one.code]: channel_facts(configuration, one, known_channels[one.code], known_sites)
            for one in configuration.channels
            if one.code in known_channels
        },
        site_ids=known_sites,
        channel_ids=known_channels,
        groups=site_groups(configuration, known_sites),
    )


def site_groups(configuration: Configuration, site_ids: Mapping[str, int]) -> dict[str, Group]:
    """The groups of the configuration with the ids of their sites."""
    parents = {group.code: group.parent for group in configuration.groups}
    members: dict[str, set[int]] = {group.code: set() for group in configuration.groups}
    for site in configuration.sites:
        for code in line_of(site.group, parents):
            if site.code in site_ids:
                members[code].add(site_ids[site.code])
    return {
        group.code: Group(group.code, group.name, len(line_of(group.code, parents)), frozenset(members[group.code]))
        for group in configuration.groups
    }


def line_of(code: str, parents: Mapping[str, str]) -> list[str]:
    """A group and those above it; none for no group."""
    line: list[str] = []
    while code in parents and code not in line:
        line.append(code)
        code = parents[code]
    return line


def add_former(
    network: Network, former: Configuration, site_ids: Mapping[str, int], channel_ids: Mapping[str, int]
) -> None:
    """Add what an earlier configuration knew and the network does not: it serves nothing any more, but has a name."""
    for site in former.sites:
        site_id = site_ids.get(site.code)
        if site_id is not None and site_id not in network.sites:
            network.sites[site_id] = site_facts(former, site, site_id, active=False)
    for channel in former.channels:
        channel_id = channel_ids.get(channel.code)
        if channel_id is not None and channel_id not in network.channels:
            network.channels[channel_id] = channel_facts(former, channel, channel_id, {}, active=False)
