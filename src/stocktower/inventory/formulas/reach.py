"""Which channel may sell what lies where: the sites that serve it, and of their stock what its rules let it sell.

A cell is what lies at one site and is sold by the same channels: the site's id where every channel that the site serves
may sell it, else a `Part` with the channels that may. Most SKUs have one cell a site.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from stocktower.network import ChannelFacts, Network


class Part(NamedTuple):
    """Stock of a site that only some of its channels may sell."""

    site_id: int
    channel_ids: frozenset[int]


Cell = int | Part

ALL_OWNERS = "*"


def site_of(cell: Cell) -> int:
    """The site of a cell."""
    return cell if isinstance(cell, int) else cell.site_id


def in_order(cells: Iterable[Cell]) -> list[Cell]:
    """Cells by site, what most channels may sell first, so that safety stock is kept of what everybody could sell."""
    return sorted(cells, key=lambda cell: (site_of(cell), *_narrowness(cell)))


def _narrowness(cell: Cell) -> tuple[int, list[int]]:
    return (-1, []) if isinstance(cell, int) else (1_000_000 - len(cell.channel_ids), sorted(cell.channel_ids))


class Reach:
    """Which sites can serve which channel, and which rows it may sell, worked out once per network and instant."""

    def __init__(self, network: Network, now: datetime | None = None) -> None:
        """Without an instant nobody is asked how long goods still keep."""
        self.network = network
        self._now = now
        fulfilling = {site_id for site_id, site in network.sites.items() if site.fulfills and site.sellable}
        self._sites = {
            channel_id: tuple(site_id for site_id in channel.site_ids if site_id in fulfilling)
            for channel_id, channel in network.channels.items()
        }
        self._sets = {channel_id: frozenset(sites) for channel_id, sites in self._sites.items()}
        self._serving: dict[int, frozenset[int]] = {
            site_id: frozenset(one for one, sites in self._sets.items() if site_id in sites)
            for site_id in network.sites
        }
        self._choosy = any(channel.min_shelf_life_days for channel in network.channels.values())
        self._cells: dict[tuple[int, str], Cell] = {}
        self._cutoffs: dict[tuple[int, int], datetime] = {}

    def at(self, now: datetime) -> "Reach":
        """The same at an instant; itself where no channel asks how long goods still keep."""
        return Reach(self.network, now) if self._choosy else self

    def sites(self, channel_id: int) -> tuple[int, ...]:
        """The sites that serve a channel and ship orders, in the configured order; none of an unknown channel."""
        return self._sites.get(channel_id, ())

    def channels(self, site_id: int) -> frozenset[int]:
        """The channels that a site serves."""
        return self._serving.get(site_id, frozenset())

    def shares(self, channel_id: int, other_id: int) -> bool:
        """Whether two channels have a site in common; a channel that is configured no more lays claim everywhere."""
        mine, theirs = self._sets.get(channel_id), self._sets.get(other_id)
        return mine is None or theirs is None or not mine.isdisjoint(theirs)

    def cells(self, channel_id: int, levels: Mapping[Cell, Any]) -> tuple[Cell, ...]:
        """The cells that a channel may sell from, its preferred sites first."""
        sites = self.sites(channel_id)
        parts = [cell for cell in levels if isinstance(cell, Part) and channel_id in cell.channel_ids]
        if not parts:
            return sites
        place = {site_id: number for number, site_id in enumerate(sites)}
        here = [cell for cell in in_order(parts) if site_of(cell) in place]
        return tuple(sorted((*sites, *here), key=lambda cell: place[site_of(cell)]))

    def cell(self, site_id: int, owner: str, expires_at: datetime | None = None) -> Cell:
        """Where goods of an owner lie at a site: with what all of its channels sell, or with what only some may."""
        if expires_at is None or not self._choosy or self._now is None:
            found = self._cells.get((site_id, owner))
            if found is None:
                found = self._cells[site_id, owner] = self._cell(site_id, self._sellers(site_id, owner))
            return found
        return self._cell(
            site_id,
            [one for one in self._sellers(site_id, owner) if expires_at > self.cutoff(site_id, one)],
        )

    def _cell(self, site_id: int, sellers: Iterable[int]) -> Cell:
        channel_ids = frozenset(sellers)
        return site_id if channel_ids == self.channels(site_id) else Part(site_id, channel_ids)

    def _sellers(self, site_id: int, owner: str) -> Iterator[int]:
        channels = self.network.channels
        return (one for one in self.channels(site_id) if may_sell(channels[one], owner))

    def may_take(self, channel_id: int, site_id: int, owner: str, expires_at: datetime | None) -> bool:
        """Whether a channel may sell goods of an owner at a site of its own."""
        cell = self.cell(site_id, owner, expires_at)
        return isinstance(cell, int) or channel_id in cell.channel_ids

    def cutoff(self, site_id: int, channel_id: int) -> datetime:
        """What a channel sells at a site must keep beyond this instant.

        It is the begin of the day, in the site's zone, through which goods still have to keep.
        """
        key = (site_id, channel_id)
        found = self._cutoffs.get(key)
        if found is None:
            assert self._now is not None
            days = self.network.channels[channel_id].min_shelf_life_days
            zone = ZoneInfo(self.network.sites[site_id].timezone or "UTC")
            day = self._now.astimezone(zone).date() + timedelta(days=days)
            found = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC) if days else self._now
            self._cutoffs[key] = found
        return found


def may_sell(channel: ChannelFacts, owner: str) -> bool:
    """Whether a channel may sell goods of an owner."""
    return owner in channel.owners or ALL_OWNERS in channel.owners
