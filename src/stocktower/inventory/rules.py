"""What is free, what is available to sell, and what a channel is shown: each of these functions exists once.

Levels are a mapping of site -> units of one SKU: what is free there, or the pool (free less safety stock). ATS is
computed from pools, what an accepted order may take from free: so an order for no more than the ATS can always be
allocated.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from stocktower.network import Network, SiteFacts

from .model import OWN, SUPPLIER, StockRow, SupplyRow

Levels = Mapping[int, int]
_NOTHING: Mapping[int, int] = {}


class Reach:
    """Which sites can serve which channel, worked out once per network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        fulfilling = {site_id for site_id, site in network.sites.items() if site.fulfills and site.sellable}
        self._sites = {
            channel_id: tuple(site_id for site_id in channel.site_ids if site_id in fulfilling)
            for channel_id, channel in network.channels.items()
        }
        self._sets = {channel_id: frozenset(sites) for channel_id, sites in self._sites.items()}
        self._only: dict[tuple[int, int], tuple[int, ...]] = {}

    def sites(self, channel_id: int) -> tuple[int, ...]:
        """The sites that serve a channel and ship orders, in the configured order; none of an unknown channel."""
        return self._sites.get(channel_id, ())

    def shares(self, channel_id: int, other_id: int) -> bool:
        """Whether two channels have a site in common; a channel that is configured no more lays claim everywhere."""
        mine, theirs = self._sets.get(channel_id), self._sets.get(other_id)
        return mine is None or theirs is None or not mine.isdisjoint(theirs)

    def only(self, other_id: int, channel_id: int) -> tuple[int, ...]:
        """The sites that serve the other channel and not this one."""
        key = (other_id, channel_id)
        found = self._only.get(key)
        if found is None:
            mine = self._sets.get(channel_id, frozenset())
            found = self._only[key] = tuple(site for site in self.sites(other_id) if site not in mine)
        return found


class Claims(Struct, frozen=True):
    """Who else lays claim to one SKU."""

    asides: Mapping[int, int] = _NOTHING
    """Channel -> units set aside for it, a level."""
    waiting: Mapping[int, int] = _NOTHING
    """Channel -> units accepted and not allocated."""


class Net(Struct, frozen=True):
    """What is left of a level for one channel, with each claim that was taken off: net = level - waiting - aside."""

    level: int
    waiting: tuple[tuple[int, int], ...]
    """(channel, units) of each claim above zero."""
    aside: tuple[tuple[int, int], ...]
    net: int
    """Below zero where more is claimed than there is."""


def free(rows: Iterable[SupplyRow | StockRow]) -> dict[int, int]:
    """Units not allocated, by site."""
    levels: dict[int, int] = {}
    for row in rows:
        levels[row.site_id] = levels.get(row.site_id, 0) + row.quantity - row.allocated
    return levels


def pool(levels: Levels, safety: Levels) -> dict[int, int]:
    """Free less safety stock by site, never below zero."""
    return {site_id: max(0, units - safety.get(site_id, 0)) for site_id, units in levels.items()}


def net(levels: Levels, reach: Reach, channel_id: int, claims: Claims) -> Net:
    """What a channel has of a level on its sites, less what waits there and what is set aside for others.

    A channel's waiting demand uses its own aside first, so that only the rest of it counts against the others; of an
    aside only that counts which sites out of this channel's reach do not hold.
    """
    waiting: list[tuple[int, int]] = []
    aside: list[tuple[int, int]] = []
    for other_id, units in claims.waiting.items():
        if other_id != channel_id:
            units -= claims.asides.get(other_id, 0)
        if units > 0 and (other_id == channel_id or reach.shares(channel_id, other_id)):
            waiting.append((other_id, units))
    for other_id, units in claims.asides.items():
        if other_id != channel_id:
            units -= sum(levels.get(site_id, 0) for site_id in reach.only(other_id, channel_id))
            if units > 0 and reach.shares(channel_id, other_id):
                aside.append((other_id, units))
    level = sum(levels.get(site_id, 0) for site_id in reach.sites(channel_id))
    claimed = sum(units for _, units in waiting) + sum(units for _, units in aside)
    return Net(level, tuple(waiting), tuple(aside), level - claimed)


def leave_claims(levels: Levels, reach: Reach, channel_id: int, offered: Net) -> dict[int, int]:
    """What a channel may take at each of its sites, so that every claim in `offered` can still be served.

    Each claim is left where it can be used: at sites that serve its channel too, first those that have least.
    """
    allowed = {site_id: max(0, levels.get(site_id, 0)) for site_id in reach.sites(channel_id)}
    claims: list[tuple[list[int], int]] = []
    for other_id, units in (*offered.waiting, *offered.aside):
        theirs = set(reach.sites(other_id)) or allowed.keys()
        claims.append(([site_id for site_id in allowed if site_id in theirs], units))
    for sites, units in sorted(claims, key=lambda claim: len(claim[0])):
        left = units
        for site_id in sorted(sites, key=lambda site_id: allowed[site_id]):
            part = min(left, allowed[site_id])
            allowed[site_id] -= part
            left -= part
    return allowed


def ats(offered: Net) -> int:
    """Available to sell: the net of the pool, never below zero."""
    return max(0, offered.net)


def shown(available: int, pack_quantity: int) -> int:
    """What a channel is told of a listing: whole packs."""
    return available // pack_quantity


def kit_ats(
    components: Sequence[tuple[int, int]],
    pools: Mapping[int, Levels],
    available: Mapping[int, int],
    sites: Sequence[int],
) -> int:
    """Whole kits: no more than can be put together at single sites, and than each component is available to sell.

    `components` are (sku_id, units in one kit), `pools` and `available` go by component.
    """
    if not components:
        return 0
    together = sum(kits_at(site_id, components, pools) for site_id in sites)
    return min(together, *(available[sku_id] // units for sku_id, units in components))


def kits_at(site_id: int, components: Sequence[tuple[int, int]], levels: Mapping[int, Levels]) -> int:
    """Whole kits that one site can put together."""
    return min(levels.get(sku_id, _NOTHING).get(site_id, 0) // units for sku_id, units in components)


def owner_at(site: SiteFacts) -> str:
    """Whose goods lie at a site: a drop-ship supplier's are sold by us and never valued."""
    return SUPPLIER if site.kind == "dropship" else OWN
