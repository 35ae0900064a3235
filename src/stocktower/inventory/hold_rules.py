"""Decides which holds are given: all lines of a request or none, up to what the channel has available to sell. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from stocktower.model import Holds

from .free_stock import FreeStock
from .model import Grant, Hold, HoldRequest
from .rules import Levels, Reach, ats, kit_ats, kits_at, net, pool

Components = tuple[tuple[int, int], ...]


class Line(Struct, frozen=True):
    """A line of a request with what it takes of stocked SKUs."""

    sku_id: int
    quantity: int
    components: Components


class Given(Struct, frozen=True):
    """A hold that is given."""

    grants: tuple[Grant, ...]


class Missed(Struct, frozen=True):
    """A request that is refused: (sku_id, wanted, available to sell) of the first line that lacks something."""

    missing: tuple[tuple[int, int, int], ...]


class HoldDesk:
    """Serves requests one after the other from one view of what is free."""

    def __init__(self, stock: FreeStock, reach: Reach, safety: Mapping[int, Levels]) -> None:
        """`safety` is by SKU and site."""
        self._stock = stock
        self._reach = reach
        self._safety = safety
        self._orders: dict[int, tuple[int, ...]] = {}

    def serve(self, hold_id: int, request: HoldRequest, lines: Sequence[Line]) -> Given | Missed:
        """Take what a request asks for, or nothing of it."""
        taken: list[tuple[int, list[Grant]]] = []
        for line_no, line in enumerate(lines, start=1):
            available = self._available(line, request.channel_id)
            if line.quantity > available or not self._take(hold_id, line_no, line, request.channel_id, taken):
                for site_id, grants in taken:
                    self._stock.put_back(site_id, grants)
                return Missed(((line.sku_id, line.quantity, available),))
        return Given(tuple(grant for _, grants in taken for grant in grants))

    def _pools(self, sku_id: int) -> dict[int, int]:
        return pool(self._stock.levels(sku_id), self._safety.get(sku_id, {}))

    def _available(self, line: Line, channel_id: int) -> int:
        pools = {sku_id: self._pools(sku_id) for sku_id, _ in line.components}
        available = {
            sku_id: ats(net(pools[sku_id], self._reach, channel_id, self._stock.claims(sku_id)))
            for sku_id, _ in line.components
        }
        if line.components == ((line.sku_id, 1),):
            return available[line.sku_id]
        return kit_ats(line.components, pools, available, self._reach.sites(channel_id))

    def _take(
        self, hold_id: int, line_no: int, line: Line, channel_id: int, taken: list[tuple[int, list[Grant]]]
    ) -> bool:
        left = line.quantity
        allowed = self._stock.limits(channel_id, [sku_id for sku_id, _ in line.components]).at
        for site_id in self._sites(channel_id):
            pools = {sku_id: self._pools(sku_id) for sku_id, _ in line.components}
            for sku_id, levels in pools.items():
                levels[site_id] = min(levels.get(site_id, 0), allowed.get((sku_id, site_id), levels.get(site_id, 0)))
            part = min(left, kits_at(site_id, line.components, pools))
            for sku_id, units in line.components if part else ():
                taken.append((site_id, self._stock.take(hold_id, line_no, sku_id, site_id, part * units)))
            left -= part
            if not left:
                return True
        return False

    def _sites(self, channel_id: int) -> tuple[int, ...]:
        """Unprotected sites first, then by priority; a hold says nothing yet of where its order will ship from."""
        found = self._orders.get(channel_id)
        if found is None:
            sites = self._reach.network.sites
            found = self._orders[channel_id] = tuple(
                sorted(self._reach.sites(channel_id), key=lambda one: (sites[one].protected, sites[one].priority))
            )
        return found


def decide_extension(hold: Hold, policy: Holds, now: datetime) -> datetime | None:
    """Until when a hold that is over is kept for the payment of its cart; None: it lasted the longest that it may."""
    until = min(
        now + timedelta(minutes=policy.extend_minutes), hold.created_at + timedelta(minutes=policy.longest_minutes)
    )
    return until if until > now else None
