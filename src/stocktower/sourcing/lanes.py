"""The sites that may serve a channel's orders to one place, in the order in which they are preferred. Pure."""

from collections.abc import Mapping

from msgspec import Struct

from stocktower.model import Sourcing
from stocktower.network import Network, SiteFacts, distance_km, locate

FAR_KM = 21_000
"""More than half way round the world: where a site's place is not known."""

DEFAULT_PREFERENCE = ("protected", "splits", "priority", "distance")


class Candidate(Struct, frozen=True):
    """A site that may serve, with what plans are compared by."""

    site_id: int
    code: str
    protected: int
    priority: int
    distance: int
    """Whole kilometres; 0 where the destination is not known."""
    rank: tuple[int, ...]
    """Its values in the order of the preference, without splits; ends with its place in the configuration."""


class Lane(Struct, frozen=True):
    """The candidates of a channel and a destination, the best single site first."""

    candidates: tuple[Candidate, ...]
    most_sites: int
    """How many sites an order may be divided among."""


def complete_preference(sourcing: Sourcing) -> tuple[str, ...]:
    """The configured keys, and after them those that it does not name."""
    named = tuple(dict.fromkeys(sourcing.prefer))
    return (*named, *(key for key in DEFAULT_PREFERENCE if key not in named))


def make_lane(
    network: Network,
    preference: tuple[str, ...],
    channel_id: int,
    country: str,
    region: str,
    destination: tuple[float, float] | None,
) -> Lane:
    """The lane of a channel to a destination; a site without a list of countries ships everywhere."""
    channel = network.channels.get(channel_id)
    if channel is None:
        return Lane((), 1)
    to = destination or locate(country, region)
    keys = tuple(key for key in preference if key != "splits")
    found: list[Candidate] = []
    for place, site_id in enumerate(channel.site_ids):
        site = network.sites.get(site_id)
        if site is None or not site.fulfills or (country and site.ships_to and country not in site.ships_to):
            continue
        values = {"protected": int(site.protected), "priority": site.priority, "distance": _km(site, to)}
        rank = (*(values[key] for key in keys), place)
        found.append(Candidate(site_id, site.code, rank=rank, **values))
    return Lane(tuple(sorted(found, key=lambda item: item.rank)), channel.max_splits + 1)


def _km(site: SiteFacts, to: tuple[float, float] | None) -> int:
    if to is None:
        return 0
    if site.latitude is not None and site.longitude is not None:
        return round(distance_km((site.latitude, site.longitude), to))
    place = locate(site.country, site.region)
    return FAR_KM if place is None else round(distance_km(place, to))


def sites_by_id(lane: Lane) -> Mapping[int, Candidate]:
    """The candidates of a lane by site."""
    return {item.site_id: item for item in lane.candidates}
