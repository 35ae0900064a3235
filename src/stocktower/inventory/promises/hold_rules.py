"""Decides which holds are given: all lines of a request or none, up to what the channel has available to sell. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from stocktower.model import Holds

from ..formulas.claims import FREE, WHOLE, Levels, Net, Terms
from ..formulas.free_stock import FreeStock
from ..formulas.model import Grant, Hold, HoldRequest
from ..formulas.reach import Cell, Reach
from ..formulas.rules import (
    LevelsOf,
    ats,
    by_site,
    has_parts,
    kit_ats,
    kits_at,
    leave_claims,
    net,
    pool,
    pools_by_channel,
    positive,
)

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

    def __init__(
        self,
        stock: FreeStock,
        reach: Reach,
        safety: Mapping[int, Mapping[int, int]],
        terms: Mapping[int, Mapping[int, Terms]] | None = None,
    ) -> None:
        """`safety` is by SKU and site, `terms` by SKU (or kit) and channel."""
        self._stock = stock
        self._reach = reach
        self._safety = safety
        self._terms = terms or {}
        self._used: dict[tuple[int, int], int] = {}
        self._pools: dict[int, dict[Cell, int]] = {}
        self._orders: dict[int, tuple[int, ...]] = {}

    def serve(self, hold_id: int, request: HoldRequest, lines: Sequence[Line]) -> Given | Missed:
        """Take what a request asks for, or nothing of it."""
        taken: list[tuple[int, list[Grant]]] = []
        for line_no, line in enumerate(lines, start=1):
            nets = {sku_id: self._net(sku_id, request.channel_id) for sku_id, _ in line.components}
            available = self._available(line, request.channel_id, nets)
            if line.quantity > available or not self._take(hold_id, line_no, line, request.channel_id, nets, taken):
                for site_id, grants in taken:
                    self._stock.put_back(site_id, grants, request.channel_id)
                    for grant in grants:
                        self._use(grant.sku_id, request.channel_id, -grant.quantity)
                        self._follow(grant.sku_id, site_id)
                return Missed(((line.sku_id, line.quantity, available),))
        return Given(tuple(grant for _, grants in taken for grant in grants))

    def _net(self, sku_id: int, channel_id: int) -> Net:
        return net(self._pools_of(sku_id), self._reach, channel_id, self._stock.claims(sku_id))

    def _pools_of(self, sku_id: int) -> Levels | LevelsOf:
        """The pools of a SKU; where every channel may sell all of it they are kept, and follow what is taken."""
        found = self._pools.get(sku_id)
        if found is not None:
            return found
        levels, safety = self._stock.levels(sku_id), self._safety.get(sku_id, {})
        if has_parts(levels):
            return pools_by_channel(levels, safety, self._reach)
        made = self._pools[sku_id] = pool(levels, safety)
        return made

    def _follow(self, sku_id: int, site_id: int) -> None:
        """Something of a SKU was taken or put back at a site."""
        pools = self._pools.get(sku_id)
        if pools is not None:
            free = self._stock.free.get((sku_id, site_id), 0)
            pools[site_id] = positive(free - self._safety.get(sku_id, {}).get(site_id, 0))

    def _terms_of(self, sku_id: int, channel_id: int) -> Terms:
        """With what this batch took of a share that it counts against."""
        terms = self._terms.get(sku_id, {}).get(channel_id, FREE)
        used = self._used.get((sku_id, channel_id), 0)
        return replace(terms, own=terms.own + used) if used and terms.share != WHOLE else terms

    def _available(self, line: Line, channel_id: int, nets: Mapping[int, Net]) -> int:
        available = {sku_id: ats(nets[sku_id], self._terms_of(sku_id, channel_id)) for sku_id, _ in line.components}
        if line.components == ((line.sku_id, 1),):
            return available[line.sku_id]
        allowed = {sku_id: by_site(leave_claims(self._reach, channel_id, one)) for sku_id, one in nets.items()}
        sites = self._reach.sites(channel_id)
        return kit_ats(line.components, allowed, available, sites, self._terms_of(line.sku_id, channel_id))

    def _take(
        self, hold_id: int, line_no: int, line: Line, channel_id: int, nets: Mapping[int, Net],
        taken: list[tuple[int, list[Grant]]],
    ) -> bool:  # fmt: skip
        left = line.quantity
        allowed = {sku_id: by_site(leave_claims(self._reach, channel_id, one)) for sku_id, one in nets.items()}
        for site_id in self._sites(channel_id):
            part = min(left, kits_at(site_id, line.components, allowed))
            for sku_id, units in line.components if part else ():
                grants = self._stock.take(hold_id, line_no, sku_id, site_id, part * units, channel_id)
                taken.append((site_id, grants))
                self._use(sku_id, channel_id, part * units)
                self._follow(sku_id, site_id)
            left -= part
            if not left:
                return True
        return False

    def _use(self, sku_id: int, channel_id: int, units: int) -> None:
        self._used[sku_id, channel_id] = self._used.get((sku_id, channel_id), 0) + units

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
