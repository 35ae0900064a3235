"""The sites that may serve a channel's orders to one place, in the order in which they are preferred. Pure."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from operator import attrgetter

from msgspec import Struct

from stocktower.model import Sourcing
from stocktower.network import Network, SiteFacts, distance_km, locate

FAR_KM = 21_000
"""More than half way round the world: where a site's place is not known."""

MOST_COMBINED = 8
"""Beyond so many sites only those that can give most are combined."""

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


class Combination(Struct, frozen=True, gc=False):
    """Sites that may divide an order among them, with what that is compared by whatever they have."""

    sites: tuple[Candidate, ...]
    places: tuple[int, ...]
    """In the lane."""
    mask: int
    """The places as bits."""
    measure: tuple[int, ...]
    """Smaller is better: the values of the preference, then the sites' places in the configuration."""


class Lane(Struct):
    """The candidates of a channel and a destination, the best single site first."""

    candidates: tuple[Candidate, ...]
    most_sites: int
    """How many sites an order may be divided among."""
    combined: list[Combination] | None = None
    """What `combinations` found."""

    def combinations(self, preference: tuple[str, ...]) -> list[Combination]:
        """All combinations of the candidates, the best first; worked out once."""
        if self.combined is None:
            self.combined = combine(self.candidates, range(len(self.candidates)), self.most_sites, preference)
        return self.combined


def combine(
    candidates: Sequence[Candidate], places: Sequence[int], most_sites: int, preference: tuple[str, ...]
) -> list[Combination]:
    """Every combination of some places of a lane, the best by the preference first."""
    found: list[Combination] = []
    for size in range(1, min(most_sites, len(places)) + 1):
        for chosen in combinations(places, size):
            sites = tuple([candidates[place] for place in chosen])
            values = {
                "protected": sum([item.protected for item in sites]),
                "splits": size - 1,
                "priority": sum([item.priority for item in sites]),
                "distance": sum([item.distance for item in sites]),
            }
            measure = (*[values[key] for key in preference], *[item.rank[-1] for item in sites])
            found.append(Combination(sites, chosen, sum([1 << place for place in chosen]), measure))
    return sorted(found, key=attrgetter("measure"))


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
