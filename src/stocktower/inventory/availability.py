"""Reads what availability is computed from, in a few statements, and gives every figure by the one set of rules."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from stocktower.catalog import Resolved, load_resolved
from stocktower.network import Network
from stocktower.platform import Transaction

from . import store
from .model import StockRow
from .rules import Claims, Net, Reach, ats, free, kit_ats, net, pool, shown
from .waterfall import Step, kit_waterfall, sku_waterfall


class Facts(Struct, frozen=True):
    """Everything that the figures of some stocked SKUs rest on."""

    rows: dict[int, list[StockRow]]
    """By SKU, all statuses."""
    safety: dict[tuple[int, int], int]
    """(sku_id, site_id) -> units, where stated; else the site's default."""
    claims: dict[int, Claims]
    kits: dict[int, tuple[tuple[int, int], ...]]
    """Kit -> (component, units in one)."""


def load_availability(tx: Transaction, sku_ids: Iterable[int], network: Network) -> "Availability":
    """The figures of some SKUs, kits among them, as the transaction sees them; nothing is locked."""
    wanted = sorted(set(sku_ids))
    resolved = load_resolved(tx, wanted) if wanted else {}
    return Availability(network, load_facts(tx, resolved))


def load_facts(tx: Transaction, resolved: Mapping[int, Resolved]) -> Facts:
    """The facts of resolved SKUs and of the components of those that are kits."""
    kits = {sku_id: one.components for sku_id, one in resolved.items() if one.components != ((sku_id, 1),)}
    stocked = sorted({sku_id for one in resolved.values() for sku_id, _ in one.components})
    rows: dict[int, list[StockRow]] = {}
    for row in store.load_rows(tx, stocked):
        rows.setdefault(row.sku_id, []).append(row)
    asides: dict[int, dict[int, int]] = {}
    waiting: dict[int, dict[int, int]] = {}
    for is_aside, sku_id, channel_id, units in store.load_claims(tx, stocked, stocked):
        (asides if is_aside else waiting).setdefault(sku_id, {})[channel_id] = units
    claims = {
        sku_id: Claims(asides.get(sku_id, {}), waiting.get(sku_id, {})) for sku_id in asides.keys() | waiting.keys()
    }
    return Facts(rows, safety_of(store.load_safety(tx, stocked)), claims, kits)


def safety_of(stated: Iterable[tuple[int, int, int]]) -> dict[tuple[int, int], int]:
    """Stated safety stock by SKU and site."""
    return {(sku_id, site_id): units for sku_id, site_id, units in stated}


def safety_levels(network: Network, safety: Mapping[tuple[int, int], int], sku_id: int) -> dict[int, int]:
    """The safety stock of a SKU by site: what is stated for it, else the site's default."""
    return {site_id: safety.get((sku_id, site_id), site.safety_stock) for site_id, site in network.sites.items()}


class Availability:
    """What is free, pooled, available to sell and shown, of the SKUs that it was loaded for."""

    def __init__(self, network: Network, facts: Facts) -> None:
        self.network = network
        self.facts = facts
        self.reach = Reach(network)
        """Which sites serve which channel."""
        self._levels: dict[int, dict[int, int]] = {}
        self._pools: dict[int, dict[int, int]] = {}

    def is_kit(self, sku_id: int) -> bool:
        """Whether a SKU is stocked as its components."""
        return sku_id in self.facts.kits

    def rows(self, sku_id: int) -> list[StockRow]:
        """The stock rows of a stocked SKU, by site, status and owner."""
        return self.facts.rows.get(sku_id, [])

    def on_hand(self, sku_id: int) -> int:
        """All units of a stocked SKU, whatever their status."""
        return sum(row.quantity for row in self.rows(sku_id))

    def levels(self, sku_id: int) -> dict[int, int]:
        """What is free of a stocked SKU by site."""
        found = self._levels.get(sku_id)
        if found is None:
            found = self._levels[sku_id] = free(row for row in self.rows(sku_id) if row.sellable)
        return found

    def pools(self, sku_id: int) -> dict[int, int]:
        """What is free of a stocked SKU by site, less safety stock."""
        found = self._pools.get(sku_id)
        if found is None:
            safety = safety_levels(self.network, self.facts.safety, sku_id)
            found = self._pools[sku_id] = pool(self.levels(sku_id), safety)
        return found

    def free(self, sku_id: int, channel_id: int) -> int:
        """What is free of a stocked SKU at the sites that serve a channel."""
        levels = self.levels(sku_id)
        return sum(levels.get(site_id, 0) for site_id in self.reach.sites(channel_id))

    def net(self, sku_id: int, channel_id: int) -> Net:
        """The pools of a stocked SKU less what others claim."""
        return net(self.pools(sku_id), self.reach, channel_id, self.facts.claims.get(sku_id, Claims()))

    def ats(self, sku_id: int, channel_id: int) -> int:
        """Available to sell of a SKU or kit, in its stock units."""
        components = self.facts.kits.get(sku_id)
        if components is None:
            return ats(self.net(sku_id, channel_id))
        pools, available = self._of_kit(components, channel_id)
        return kit_ats(components, pools, available, self.reach.sites(channel_id))

    def shown(self, sku_id: int, channel_id: int, pack_quantity: int) -> int:
        """What the channel is to be told of a listing of the SKU, in whole packs."""
        return shown(self.ats(sku_id, channel_id), pack_quantity)

    def waterfall(self, sku_id: int, channel_id: int) -> list[Step]:
        """How the ATS of a SKU or kit comes about, down from what is on hand."""
        components = self.facts.kits.get(sku_id)
        if components is None:
            return sku_waterfall(
                self.rows(sku_id),
                self.pools(sku_id),
                self.levels(sku_id),
                self.net(sku_id, channel_id),
                self.reach,
                channel_id,
            )
        pools, available = self._of_kit(components, channel_id)
        return kit_waterfall(components, pools, available, self.reach.sites(channel_id))

    def _of_kit(
        self, components: tuple[tuple[int, int], ...], channel_id: int
    ) -> tuple[dict[int, dict[int, int]], dict[int, int]]:
        pools = {sku_id: self.pools(sku_id) for sku_id, _ in components}
        return pools, {sku_id: ats(self.net(sku_id, channel_id)) for sku_id, _ in components}
