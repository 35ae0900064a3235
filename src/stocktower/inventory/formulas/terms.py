"""Which rules hold for a SKU at an instant, and what they come to. Pure.

Of rules of one kind that speak of the same channel and place, the most specific holds: a SKU before its category before
everything; a site before a group before the network (deeper groups first); a window before always; what a person set
before what the configuration states; the later before the earlier. Rules for different places hold side by side, save
safety stock, where each site has one rule.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from stocktower.network import Network

from .claims import WHOLE, Claims, Kept, Terms

FAR = 1_000


class RuleKind(StrEnum):
    """What a rule limits."""

    SET_ASIDE = "set_aside"
    SHARE = "share"
    CAP = "cap"
    FLOOR = "floor"
    EXCLUSIVE = "exclusive"
    SAFETY_STOCK = "safety_stock"


LEVEL, QUOTA, DAYS = "level", "quota", "days"


class Rule(Struct, frozen=True, gc=False):
    """One version of a rule."""

    rule_id: int
    scope: str
    kind: str
    channel_id: int
    """0: every channel (safety stock)."""
    sku_id: int
    """0: by category, or everything."""
    category: str
    site_id: int
    """0: of a group, or the whole network."""
    site_group: str
    mode: str
    quantity: int
    """Units; of a share percent; exclusive: 1, or 0 for not."""
    days: int
    over_days: int
    starts_at: datetime | None
    ends_at: datetime | None
    counts_from: datetime | None
    """Of a quota or share: the orders that count were placed since."""
    by_person: bool
    actor: str
    recorded_at: datetime
    replaced_at: datetime | None = None

    def holds_at(self, now: datetime) -> bool:
        """Whether an instant lies in its window."""
        return (self.starts_at is None or self.starts_at <= now) and (self.ends_at is None or now < self.ends_at)


class Used(Struct, frozen=True):
    """What a channel's orders have of a SKU since a quota or share began."""

    used: int
    """Allocated or shipped."""
    accepted: int
    """What waits included."""


UNUSED = Used(0, 0)


class Offering(Struct, frozen=True):
    """What the rules say of one SKU or kit."""

    safety: Mapping[int, tuple[int, int]]
    """Site -> (units, rule), where a rule says so."""
    asides: Mapping[int, int]
    """Channel -> units still set aside; of a quota that was overdrawn below zero."""
    quotas: frozenset[int]
    """Channels whose aside is a quota."""
    bound: Claims
    """What is kept at some sites, or for some channels alone, and the rule behind each aside."""
    terms: Mapping[int, Terms]
    """By channel."""

    def claims(self, waiting: Mapping[int, int]) -> Claims:
        """With what waits."""
        asides = {channel_id: units for channel_id, units in self.asides.items() if units > 0}
        return Claims(asides, waiting, self.bound.placed, self.bound.exclusive, self.bound.rules)


class Rules(Struct, frozen=True):
    """The rules that may hold for some SKUs, and what they count."""

    general: Sequence[Rule] = ()
    by_sku: Mapping[int, Sequence[Rule]] = {}
    categories: Mapping[int, str] = {}
    """Of SKUs; empty where no rule goes by category."""
    usage: Mapping[tuple[int, int, datetime], Used] = {}
    """(SKU, channel, since)."""
    cover: Mapping[tuple[int, int, int], int] = {}
    """(rule, SKU, site) -> units."""

    def of(self, sku_id: int) -> list[Rule]:
        """The rules that speak of a SKU."""
        category = self.categories.get(sku_id)
        return [one for one in self.general if not one.category or one.category == category] + list(
            self.by_sku.get(sku_id, ())
        )

    def skus(self) -> Iterable[int]:
        """SKUs that have rules of their own."""
        return self.by_sku.keys()


def place_of(rule: Rule, network: Network) -> frozenset[int] | None:
    """The sites that a rule speaks of; None: the whole network."""
    if rule.site_id:
        return frozenset([rule.site_id])
    if rule.site_group:
        group = network.groups.get(rule.site_group)
        return group.site_ids if group else frozenset()
    return None


def depth_of(rule: Rule, network: Network) -> int:
    """How deep the place of a rule lies: 0 the network, then groups, then sites."""
    if rule.site_id:
        return FAR
    group = network.groups.get(rule.site_group)
    return group.depth if group else 0


def rank(rule: Rule, network: Network) -> tuple[int, int, bool, bool, datetime, int]:
    """The more specific a rule, the greater."""
    scope = 2 if rule.sku_id else 1 if rule.category else 0
    windowed = rule.starts_at is not None or rule.ends_at is not None
    return scope, depth_of(rule, network), windowed, rule.by_person, rule.recorded_at, rule.rule_id


def resolve(rules: Rules, sku_id: int, network: Network, now: datetime) -> Offering:
    """What the rules come to for one SKU at an instant."""
    holding = sorted((one for one in rules.of(sku_id) if one.holds_at(now)), key=lambda one: rank(one, network))
    safety: dict[int, Rule] = {}
    winners: dict[tuple[str, int, int, str], Rule] = {}
    for one in holding:
        if one.kind == RuleKind.SAFETY_STOCK:
            for site_id in network.sites if (place := place_of(one, network)) is None else place:
                safety[site_id] = one
        else:
            winners[one.kind, one.channel_id, one.site_id, one.site_group] = one
    asides: dict[int, int] = {}
    sources: dict[int, int] = {}
    quotas: set[int] = set()
    placed: list[Kept] = []
    exclusive: list[Kept] = []
    for one in winners.values():
        place = place_of(one, network)
        if one.kind == RuleKind.EXCLUSIVE and one.quantity:
            exclusive.append(Kept(one.channel_id, 1, place, one.rule_id))
        elif one.kind == RuleKind.SET_ASIDE and place is not None:
            placed.append(Kept(one.channel_id, one.quantity, place, one.rule_id))
        elif one.kind == RuleKind.SET_ASIDE:
            asides[one.channel_id] = one.quantity - (_used(rules, one, sku_id).used if one.mode == QUOTA else 0)
            sources[one.channel_id] = one.rule_id
            if one.mode == QUOTA:
                quotas.add(one.channel_id)
    channels = {one.channel_id for one in winners.values()}
    terms = {channel_id: _terms(rules, winners, channel_id, sku_id, network) for channel_id in channels}
    return Offering(
        {site_id: (_safety(rules, one, sku_id, site_id), one.rule_id) for site_id, one in safety.items()},
        asides,
        frozenset(quotas),
        Claims(placed=tuple(placed), exclusive=tuple(exclusive), rules=sources),
        terms,
    )


def _used(rules: Rules, rule: Rule, sku_id: int) -> Used:
    return rules.usage.get((sku_id, rule.channel_id, rule.counts_from), UNUSED) if rule.counts_from else UNUSED


def _safety(rules: Rules, rule: Rule, sku_id: int, site_id: int) -> int:
    """What is stated; by days of cover never less than it."""
    return (
        max(rule.quantity, rules.cover.get((rule.rule_id, sku_id, site_id), 0)) if rule.mode == DAYS else rule.quantity
    )


def _terms(
    rules: Rules, winners: Mapping[tuple[str, int, int, str], Rule], channel_id: int, sku_id: int, network: Network
) -> Terms:
    cap = winners.get((RuleKind.CAP, channel_id, 0, ""))
    share = winners.get((RuleKind.SHARE, channel_id, 0, ""))
    floor = winners.get((RuleKind.FLOOR, channel_id, 0, ""))
    placed = tuple(
        Kept(channel_id, one.quantity, place_of(one, network), one.rule_id)
        for one in winners.values()
        if one.kind == RuleKind.CAP and one.channel_id == channel_id and one is not cap
    )
    return Terms(
        cap.quantity if cap else None,
        share.quantity if share else WHOLE,
        _used(rules, share, sku_id).accepted if share and share.quantity != WHOLE else 0,
        floor.quantity if floor else 0,
        placed,
        cap.rule_id if cap else 0,
        share.rule_id if share else 0,
        floor.rule_id if floor else 0,
    )


def days_of_cover(shipped: int, days: int, over_days: int) -> int:
    """Units that last some days at the pace of what was shipped in the days before, rounded up."""
    return -(-shipped * days // max(1, over_days))
