"""From where to ship: one plan for an order out of what is free, with the reason and the runner-up. Pure, no I/O.

A plan assigns whole sold units (a kit with all its components) to sites that serve the channel and ship to the country.
Plans that serve more units come first; then the configured preference decides: fewer protected sites, fewer splits, the
sum of priorities, the sum of distances. With the default order a protected site is used only where no plan without it
serves the order at an accepted number of splits. What several lines need of one SKU is summed before it is compared.
"""

from collections.abc import Mapping

from stocktower.inventory import UNLIMITED, Limits
from stocktower.model import Sourcing
from stocktower.network import Network

from .lanes import Candidate, Lane, complete_preference, make_lane
from .model import Choice, Reason, SourcingRequest
from .plans import FreeView, choose_plan, needs_of

_LANES_KEPT = 20_000


class Allowed:
    """What is free, where others have no claim to it."""

    __slots__ = ("_allowed", "_free")

    def __init__(self, free: FreeView, allowed: Mapping[tuple[int, int], int]) -> None:
        self._free = free
        self._allowed = allowed

    def get(self, key: tuple[int, int], default: int = 0, /) -> int:
        """Units of a SKU at a site."""
        free = self._free.get(key, default)
        return min(free, self._allowed.get(key, free))


class Planner:
    """Decides for one network and preference; remembers the lanes, so that most decisions are a few look-ups."""

    def __init__(self, network: Network, sourcing: Sourcing) -> None:
        self._network = network
        self._preference = complete_preference(sourcing)
        keys = tuple(key for key in self._preference if key != "splits")
        self._keys = (*keys, "order")
        # A single unprotected site beats every other plan unless priority or distance outweigh a split.
        self._single_first = self._preference.index("splits") < min(
            self._preference.index("priority"), self._preference.index("distance")
        )
        self._lanes: dict[tuple[int, str, str], Lane] = {}

    def decide(self, order: SourcingRequest, free: FreeView, limits: Limits = UNLIMITED) -> Choice:
        """The plan for an order out of what is free, within what others' claims leave to its channel."""
        lane = self._lane(order)
        if not lane.candidates:
            missing = tuple((line.line_no, line.quantity) for line in order.lines)
            return Choice((), missing, Reason("none", short=sum(units for _, units in missing)), no_site=True)
        if limits:
            free = Allowed(free, limits.at)
        if self._single_first:
            choice = self._single(order, lane, free, limits)
            if choice is not None:
                return choice
        return choose_plan(order, lane, self._preference, free, limits.units)

    def sites(self, channel_id: int, country: str, region: str) -> list[int]:
        """The sites that may serve a channel's orders to a place, whatever they have, the preferred first."""
        return [one.site_id for one in self._known_lane((channel_id, country, region)).candidates]

    def _lane(self, order: SourcingRequest) -> Lane:
        if order.destination is not None:
            return make_lane(
                self._network, self._preference, order.channel_id, order.country, order.region, order.destination
            )
        return self._known_lane((order.channel_id, order.country, order.region))

    def _known_lane(self, key: tuple[int, str, str]) -> Lane:
        lane = self._lanes.get(key)
        if lane is None:
            if len(self._lanes) >= _LANES_KEPT:
                self._lanes.clear()
            lane = self._lanes[key] = make_lane(self._network, self._preference, *key, None)
        return lane

    def _single(self, order: SourcingRequest, lane: Lane, free: FreeView, limits: Limits) -> Choice | None:
        """The best site that serves all of the order alone, unless it is protected: then a split may be better."""
        needs = needs_of(order)
        if limits and any(units > limits.units.get(sku_id, units) for sku_id, units in needs):
            return None
        chosen: Candidate | None = None
        other: Candidate | None = None
        lacking: list[str] = []
        for candidate in lane.candidates:
            site_id = candidate.site_id
            for sku_id, units in needs:
                if free.get((sku_id, site_id), 0) < units:
                    break
            else:
                if chosen is not None:
                    other = candidate
                    break
                if candidate.protected:
                    return None
                chosen = candidate
                continue
            if chosen is None:
                lacking.append(candidate.code)
        if chosen is None:
            return None
        site_id = chosen.site_id
        return Choice(
            tuple([(line.line_no, site_id, line.quantity) for line in order.lines]),
            (),
            self._reason(chosen, other, lacking),
            () if other is None else (other.site_id,),
        )

    def _reason(self, chosen: Candidate, other: Candidate | None, lacking: list[str]) -> Reason:
        if other is None:
            return Reason("only", (chosen.code,), lacking=tuple(lacking))
        for key, mine, theirs in zip(self._keys, chosen.rank, other.rank, strict=True):
            if mine != theirs:
                values = None if key == "order" else (mine, theirs)
                return Reason(key, (chosen.code,), (other.code,), values, tuple(lacking))
        raise AssertionError("two sites have the same place in the configuration")


def decide(
    order: SourcingRequest,
    free: FreeView,
    network: Network,
    sourcing: Sourcing,
    limits: Limits = UNLIMITED,
) -> Choice:
    """The plan for one order; for many orders make one Planner."""
    return Planner(network, sourcing).decide(order, free, limits)
