"""How SKUs come, and how long it takes until goods that are ordered can be used.

A measured lead time counts first, then what the product states (supplier, least order, multiple, lead time), then the
table of the configuration that names the SKU, then the first for its supplier, then the first for all.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from stocktower import catalog
from stocktower.catalog import Sku, SupplyTerms
from stocktower.model import Configuration, SupplyRule
from stocktower.network import Network
from stocktower.platform import Transaction, load_queries

from .inbound_rules import PRODUCTION, PURCHASE

_SQL = load_queries(__package__)
ENOUGH = 3
"""Deliveries from which on a lead time is measured; before that it is as stated."""
NEWEST = 50
"""Deliveries of a SKU that are looked at, the newest first."""
_DAY_SECONDS = 86_400


class LeadTime(Struct, frozen=True):
    """Days from the confirmation of an order until its goods were received."""

    days: int
    """The median."""
    late_days: int
    """Nine of ten take no longer."""
    deliveries: int
    """That it is measured from; 0: it is stated."""


class Supplied(Struct, frozen=True):
    """How a SKU comes: the rule that names it, where to, and how long it takes."""

    sku_id: int
    site_id: int
    rule: SupplyRule
    lead_time: LeadTime | None
    """None: nothing is stated, and too little was received to measure it."""
    of_product: tuple[str, ...] = ()
    """What of the rule its product states: it counts before the configuration."""


def measure_lead_time(seconds: Sequence[int]) -> LeadTime | None:
    """The lead time of deliveries that took so long each; None where there are too few."""
    if len(seconds) < ENOUGH:
        return None
    days = sorted(Fraction(one, _DAY_SECONDS) for one in seconds)
    middle = len(days) // 2
    median = days[middle] if len(days) % 2 else (days[middle - 1] + days[middle]) / 2
    late = days[-(-9 * len(days) // 10) - 1]
    return LeadTime(_up(median), _up(max(late, median)), len(days))


def stated_lead_time(rule: SupplyRule) -> LeadTime | None:
    """The lead time that a rule states."""
    if rule.lead_time_days is None:
        return None
    return LeadTime(rule.lead_time_days, rule.lead_time_days + rule.spread_days, 0)


def _up(days: Fraction) -> int:
    return -(-days.numerator // days.denominator)


def load_supplied(
    tx: Transaction, configuration: Configuration, network: Network, sku_ids: Sequence[int], at: datetime | None = None
) -> dict[int, Supplied]:
    """How some stocked SKUs come, or came as was known at an instant, by SKU; who states nothing is missing.

    Configuration and network are those of the instant.
    """
    terms = catalog.load_supply_terms(tx, sku_ids, at)
    if not sku_ids or not (terms or configuration.supply):
        return {}
    skus = catalog.load_skus(tx, sku_ids)
    measured: dict[tuple[int, str, str], list[int]] = {}
    for sku_id, kind, supplier, seconds in _load_delivery_times(tx, sorted(set(sku_ids)), at):
        measured.setdefault((sku_id, kind, supplier), []).append(seconds)
    home = home_of(network)
    found: dict[int, Supplied] = {}
    for sku_id, sku in skus.items():
        stated = terms.get(sku_id, SupplyTerms())
        rule = rule_of(configuration.supply, sku, stated, home)
        site_id = None if rule is None else network.site_ids.get(rule.site)
        if rule is None or site_id is None or sku.kind == "kit":
            continue
        kind = PRODUCTION if rule.kind == "assembled" else PURCHASE
        lead_time = measure_lead_time(measured.get((sku_id, kind, rule.supplier), ())) or stated_lead_time(rule)
        found[sku_id] = Supplied(sku_id, site_id, rule, lead_time, stated_of(stated))
    return found


def _load_delivery_times(
    tx: Transaction, sku_ids: Sequence[int], at: datetime | None
) -> list[tuple[int, str, str, int]]:
    """(sku_id, kind of inbound, supplier, seconds) of the newest deliveries, as known now or at an instant."""
    if at is None:
        return tx.tuples(_SQL.load_delivery_times, sku_ids=list(sku_ids), limit=NEWEST)
    return tx.tuples(_SQL.load_delivery_times_at, sku_ids=list(sku_ids), at=at, limit=NEWEST)


def home_of(network: Network) -> str:
    """Where goods are delivered that no table of the configuration sends elsewhere: the preferred warehouse."""
    sites = [one for one in network.sites.values() if one.active and one.kind == "warehouse"]
    return min(sites, key=lambda one: (one.priority, one.code)).code if sites else ""


def rule_of(rules: Sequence[SupplyRule], sku: Sku, terms: SupplyTerms, home: str) -> SupplyRule | None:
    """The rule that says how a SKU comes, with what its product states of it; None where nothing is stated. Pure.

    Terms of another supplier than the product's do not count for it; where and how it is ordered does.
    """
    for_all = [one for one in rules if not one.skus]
    known = (
        next((one for one in rules if sku.code in one.skus), None)
        or next((one for one in for_all if one.supplier == terms.supplier), None)
        or next(iter(for_all), None)
    )
    if known is None and terms == SupplyTerms():
        return None
    if known is None:
        kind = "assembled" if sku.kind == "assembled" else "purchased"
        known = SupplyRule(supplier=terms.supplier, site=home, kind=kind)
    elif terms.supplier and terms.supplier != known.supplier:
        known = replace(
            known, supplier=terms.supplier, lead_time_days=None, spread_days=0, moq=1, order_multiple=1
        )  # fmt: skip
    stated = {name: value for name in stated_of(terms) if (value := getattr(terms, name)) is not None}
    return replace(known, **stated)


def stated_of(terms: SupplyTerms) -> tuple[str, ...]:
    """The names of what a product states."""
    return tuple(name for name in SupplyTerms.__struct_fields__ if getattr(terms, name) not in ("", None))


def always_from(supplied: Mapping[int, Supplied], now: datetime) -> dict[int, tuple[datetime, int]]:
    """SKU -> (from when on any quantity can be promised, site), where the rule allows it: nine of ten come by then."""
    return {
        sku_id: (now + timedelta(days=one.lead_time.late_days), one.site_id)
        for sku_id, one in supplied.items()
        if one.rule.promise and one.lead_time is not None
    }
