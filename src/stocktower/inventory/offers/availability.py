"""Reads what availability is computed from, in a few statements, and gives every figure by the one set of rules."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from stocktower.catalog import Resolved, load_resolved
from stocktower.network import Network
from stocktower.platform import Transaction

from ..channel_rules.rule_loading import ask_rules, offering_of
from ..formulas.claims import FREE, Claims, Net, Terms
from ..formulas.model import StockRow
from ..formulas.reach import Cell, Reach
from ..formulas.rules import (
    LevelsOf,
    ats,
    by_site,
    free_by_cell,
    kit_ats,
    leave_claims,
    net,
    pool,
    pools_by_channel,
    shown,
)
from ..formulas.terms import Offering
from ..formulas.waterfall import Step, Stock, kit_waterfall, shown_waterfall, sku_waterfall
from ..stock import store

_NO_TERMS: Mapping[int, Mapping[int, Terms]] = {}
_NO_RULES: Mapping[tuple[int, int], int] = {}
_NOTHING: Mapping[int, int] = {}
_UNCLAIMED = Claims()


class Facts(Struct, frozen=True):
    """Everything that the figures of some stocked SKUs rest on."""

    rows: Mapping[int, list[StockRow]]
    """By SKU, all statuses."""
    safety: Mapping[tuple[int, int], int]
    """(sku_id, site_id) -> units, where stated; else the site's default."""
    claims: Mapping[int, Claims]
    kits: Mapping[int, tuple[tuple[int, int], ...]]
    """Kit -> (component, units in one)."""
    terms: Mapping[int, Mapping[int, Terms]] = _NO_TERMS
    """SKU or kit -> channel -> how much of what is left it is offered; else all of it."""
    safety_rules: Mapping[tuple[int, int], int] = _NO_RULES
    """(sku_id, site_id) -> the rule that safety stock comes from."""
    held: Mapping[int, int] = _NOTHING
    """Stock row -> units that holds have of it; only where it was asked for."""
    now: datetime | None = None
    """The instant by which shelf life is judged."""


def load_availability(
    tx: Transaction, sku_ids: Iterable[int], network: Network, *, explain: bool = False
) -> "Availability":
    """The figures of some SKUs, kits among them, as the transaction sees them; nothing is locked.

    To explain them, holds are told from orders.
    """
    wanted = sorted(set(sku_ids))
    resolved = load_resolved(tx, wanted) if wanted else {}
    return Availability(network, load_facts(tx, resolved, network, explain=explain))


def load_facts(tx: Transaction, resolved: Mapping[int, Resolved], network: Network, *, explain: bool = False) -> Facts:
    """The facts of resolved SKUs and of the components of those that are kits."""
    kits = {sku_id: one.components for sku_id, one in resolved.items() if one.components != ((sku_id, 1),)}
    stocked = sorted({sku_id for one in resolved.values() for sku_id, _ in one.components})
    if not stocked:
        return facts_of({}, {}, {}, kits, tx.now)
    offered = {*stocked, *kits}
    asked_rows, asked_claims, asked_rules = (
        store.ask_rows(tx, stocked),
        store.ask_claims(tx, stocked),
        ask_rules(tx, offered),
    )
    rows: dict[int, list[StockRow]] = {}
    for row in asked_rows.get():
        rows.setdefault(row.sku_id, []).append(row)
    waiting: dict[int, dict[int, int]] = {}
    for sku_id, channel_id, units in asked_claims.get():
        waiting.setdefault(sku_id, {})[channel_id] = units
    offering = offering_of(tx, asked_rules.get(), offered, network)
    held = store.load_held(tx, stocked) if explain else {}
    return facts_of(rows, offering, waiting, kits, tx.now, held)


def facts_of(
    rows: Mapping[int, list[StockRow]],
    offering: Mapping[int, Offering],
    waiting: Mapping[int, Mapping[int, int]],
    kits: Mapping[int, tuple[tuple[int, int], ...]],
    now: datetime,
    held: Mapping[int, int] | None = None,
) -> Facts:
    """The facts with what the rules say of each SKU."""
    # In one order, so that what is explained twice is explained alike.
    waiting = {sku_id: dict(sorted(channels.items())) for sku_id, channels in waiting.items()}
    claims: dict[int, Claims] = {sku_id: Claims(waiting=channels) for sku_id, channels in waiting.items()}
    safety: dict[tuple[int, int], int] = {}
    sources: dict[tuple[int, int], int] = {}
    for sku_id, one in offering.items():
        claims[sku_id] = one.claims(waiting.get(sku_id, _NOTHING))
        for site_id, (units, rule_id) in one.safety.items():
            safety[sku_id, site_id], sources[sku_id, site_id] = units, rule_id
    terms = {sku_id: one.terms for sku_id, one in offering.items()}
    return Facts(rows, safety, claims, kits, terms, sources, held or {}, now)


def safety_levels(network: Network, safety: Mapping[tuple[int, int], int], sku_id: int) -> dict[int, int]:
    """The safety stock of a SKU by site: what is stated for it, else the site's default."""
    return {site_id: safety.get((sku_id, site_id), site.safety_stock) for site_id, site in network.sites.items()}


class Availability:
    """What is free, pooled, available to sell and shown, of the SKUs that it was loaded for."""

    def __init__(self, network: Network, facts: Facts) -> None:
        self.network = network
        self.facts = facts
        self.reach = Reach(network, facts.now)
        """Which sites serve which channel."""
        self._levels: dict[int, dict[Cell, int]] = {}
        self._pools: dict[int, LevelsOf] = {}
        self._nets: dict[tuple[int, int], Net] = {}

    def is_kit(self, sku_id: int) -> bool:
        """Whether a SKU is stocked as its components."""
        return sku_id in self.facts.kits

    def rows(self, sku_id: int) -> list[StockRow]:
        """The stock rows of a stocked SKU, by site, status and owner."""
        return self.facts.rows.get(sku_id, [])

    def on_hand(self, sku_id: int) -> int:
        """All units of a stocked SKU, whatever their status."""
        return sum(row.quantity for row in self.rows(sku_id))

    def _free(self, sku_id: int) -> dict[Cell, int]:
        found = self._levels.get(sku_id)
        if found is None:
            found = self._levels[sku_id] = free_by_cell((row for row in self.rows(sku_id) if row.sellable), self.reach)
        return found

    def _pools_of(self, sku_id: int) -> LevelsOf:
        found = self._pools.get(sku_id)
        if found is None:
            safety = safety_levels(self.network, self.facts.safety, sku_id)
            found = self._pools[sku_id] = pools_by_channel(self._free(sku_id), safety, self.reach)
        return found

    def levels(self, sku_id: int) -> dict[int, int]:
        """What is free of a stocked SKU by site, whoever may sell it."""
        return by_site(self._free(sku_id))

    def pools(self, sku_id: int) -> dict[int, int]:
        """What is free of a stocked SKU by site, less safety stock, whoever may sell it."""
        return by_site(pool(self._free(sku_id), safety_levels(self.network, self.facts.safety, sku_id)))

    def free(self, sku_id: int, channel_id: int) -> int:
        """What is free of a stocked SKU and may be sold by a channel, at the sites that serve it."""
        levels = self._free(sku_id)
        return sum(levels.get(cell, 0) for cell in self.reach.cells(channel_id, levels))

    def net(self, sku_id: int, channel_id: int) -> Net:
        """The pools of a stocked SKU less what others claim."""
        found = self._nets.get((sku_id, channel_id))
        if found is None:
            claims = self.facts.claims.get(sku_id, _UNCLAIMED)
            found = self._nets[sku_id, channel_id] = net(self._pools_of(sku_id), self.reach, channel_id, claims)
        return found

    def terms(self, sku_id: int, channel_id: int) -> Terms:
        """How much of what is left a channel is offered of a SKU or kit."""
        return self.facts.terms.get(sku_id, {}).get(channel_id, FREE)

    def ats(self, sku_id: int, channel_id: int) -> int:
        """Available to sell of a SKU or kit, in its stock units."""
        terms = self.terms(sku_id, channel_id)
        components = self.facts.kits.get(sku_id)
        if components is None:
            return ats(self.net(sku_id, channel_id), terms)
        allowed, available = self._of_kit(components, channel_id)
        return kit_ats(components, allowed, available, self.reach.sites(channel_id), terms)

    def shown(self, sku_id: int, channel_id: int, pack_quantity: int, buffer: int = 0) -> int:
        """What the channel is to be told of a listing of the SKU, in whole packs."""
        floor = self.terms(sku_id, channel_id).floor
        return shown(self.ats(sku_id, channel_id), pack_quantity, buffer, floor)

    def waterfall(self, sku_id: int, channel_id: int) -> list[Step]:
        """How the ATS of a SKU or kit comes about, down from what is on hand."""
        terms = self.terms(sku_id, channel_id)
        components = self.facts.kits.get(sku_id)
        if components is not None:
            allowed, available = self._of_kit(components, channel_id)
            return kit_waterfall(components, allowed, available, self.reach.sites(channel_id), terms, channel_id)
        rules = {site_id: rule_id for (of, site_id), rule_id in self.facts.safety_rules.items() if of == sku_id}
        return sku_waterfall(
            Stock(self.rows(sku_id), self.facts.held, rules),
            self._free(sku_id),
            self._pools_of(sku_id)(channel_id),
            self.net(sku_id, channel_id),
            terms,
            self.reach,
            channel_id,
        )

    def shown_waterfall(self, sku_id: int, channel_id: int, pack_quantity: int, buffer: int = 0) -> list[Step]:
        """How what is shown of a listing comes about, in stock units, down from the ATS."""
        available = self.ats(sku_id, channel_id)
        return shown_waterfall(available, pack_quantity, buffer, self.terms(sku_id, channel_id))

    def _of_kit(
        self, components: tuple[tuple[int, int], ...], channel_id: int
    ) -> tuple[dict[int, dict[int, int]], dict[int, int]]:
        """What may be taken of each component by site, and its ATS."""
        allowed = {
            sku_id: by_site(leave_claims(self.reach, channel_id, self.net(sku_id, channel_id)))
            for sku_id, _ in components
        }
        available = {
            sku_id: ats(self.net(sku_id, channel_id), self.terms(sku_id, channel_id)) for sku_id, _ in components
        }
        return allowed, available
