"""Commands on the rules of what is offered: stated in a file, set and ended by people, begun and ended in time.

Every change is a new version of a rule; who was meant until when stays on record. Quotas and shares count from their
begin, under the locks of the SKUs that they speak of.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from stocktower.catalog import find_skus, load_resolved
from stocktower.model import ChannelRule, Configuration, check_rule, rule_scope, stated_rules
from stocktower.network import Network
from stocktower.platform import Transaction, schedule, unschedule

from ..channel_rules import rule_store
from ..formulas.terms import DAYS, LEVEL, QUOTA, Rule, RuleKind, days_of_cover
from ..lots.lot_service import reschedule_looks
from ..stock import store
from ..stock.events import supply_event
from ..supply.service import apply_statuses

WINDOW = "rule.window"
"""Kind of due work: a rule begins or ends to hold; its key is the rule."""
COVER = "rule.cover"
"""Kind of due work: days of cover are measured again; its key is the rule."""
EVERY = timedelta(days=1)
ALL_SKUS = 0
"""Stands for every SKU in an event."""
_NOT_OF_KITS = {RuleKind.SET_ASIDE, RuleKind.SHARE, RuleKind.EXCLUSIVE, RuleKind.SAFETY_STOCK}


class StaleRules(Exception):
    """The rules were changed since the version that a change was based on."""

    def __init__(self, base: int, current: int) -> None:
        super().__init__(
            f"based on version {base} of the rules, and version {current} is there by now; look at what changed "
            f"(stocktower rules list), then try with --base {current}"
        )


class RuleRefused(ValueError):
    """A rule that cannot be meant as it stands."""

    def __init__(self, field: str, problem: str, fix: str) -> None:
        super().__init__(f"{field}: {problem}; {fix}")
        self.field, self.problem, self.fix = field, problem, fix


class RuleChange(Struct, frozen=True):
    """What a change of rules did."""

    version: int
    rule_ids: tuple[int, ...] = ()
    """New versions of rules."""
    ended_ids: tuple[int, ...] = ()
    sku_ids: tuple[int, ...] = ()
    """The SKUs concerned; 0: all."""


def apply_rules(tx: Transaction, configuration: Configuration, network: Network, sku_ids: Mapping[str, int]) -> None:
    """Make statuses and rules of the configuration the ones that are meant, for SKUs that exist (`sku_ids` by code).

    What the configuration does not state any more ends; what a person set stays. Run it again when SKUs have come.
    """
    apply_statuses(tx, configuration)
    reschedule_looks(tx, network)
    every = [one for one in stated_rules(configuration) if one.ends_at is None or one.ends_at > tx.now]
    stated = {rule_scope(one): one for one in every}
    named = sorted({sku_ids[one.sku] for one in stated.values() if one.sku in sku_ids})
    kits = {sku_id for sku_id, one in load_resolved(tx, named).items() if one.components != ((sku_id, 1),)}
    meant = {
        scope: one
        for scope, one in stated.items()
        if not one.sku or (one.sku in sku_ids and not (one.kind in _NOT_OF_KITS and sku_ids[one.sku] in kits))
    }
    known = {scope: (rule_id, *figures) for rule_id, scope, *figures in rule_store.load_stated(tx)}
    changed = {scope: one for scope, one in meant.items() if known.get(scope, (0,))[1:] != _figures(one)}
    ended = [known[scope][0] for scope in known if scope not in meant or scope in changed]
    if changed or ended:
        rules = _versions(tx, changed.values(), network, sku_ids, by_person=False)
        # That the configuration was applied, or a SKU made, has its own event.
        write_rules(tx, rules, rule_store.load_rules_by_id(tx, ended), None, tell=False)


def set_rule(
    tx: Transaction, configuration: Configuration, network: Network, rule: ChannelRule, base: int | None
) -> RuleChange:
    """Set one rule; it stands before what the configuration states of the same. Raises RuleRefused, StaleRules."""
    for field, problem, fix in check_rule(rule, configuration):
        raise RuleRefused(field, problem, fix)
    if rule.ends_at and rule.ends_at <= tx.now:
        raise RuleRefused("ends_at", "has gone by", "name an instant to come")
    skus = find_skus(tx, [rule.sku]) if rule.sku else {}
    if rule.sku and rule.sku not in skus:
        raise RuleRefused("sku", f"there is no SKU {rule.sku}", "import the product first, or mend the code")
    if rule.sku and skus[rule.sku].kind == "kit" and rule.kind in _NOT_OF_KITS:
        raise RuleRefused("sku", f"{rule.sku} is a kit, stocked as its components", "state the rule for those")
    rule_store.lock_head(tx)
    [made] = _versions(tx, [rule], network, {code: sku.sku_id for code, sku in skus.items()}, by_person=True)
    before = [one for one in rule_store.load_rules(tx, [made.sku_id]) if one.scope == made.scope and one.by_person]
    return write_rules(tx, [made], before, base)


def end_rule(tx: Transaction, rule_id: int, base: int | None) -> RuleChange:
    """End a rule that a person set. Raises RuleRefused, StaleRules."""
    rule_store.lock_head(tx)
    found = [one for one in rule_store.load_rules_by_id(tx, [rule_id]) if one.replaced_at is None]
    if not found:
        raise RuleRefused("rule", f"no rule {rule_id} is meant now", "list the rules, and name one of them")
    if not found[0].by_person:
        raise RuleRefused(
            "rule", "the configuration states it", "take it out of stocktower.toml and apply, or set another over it"
        )
    return write_rules(tx, [], found, base)


def _versions(
    tx: Transaction,
    stated: Iterable[ChannelRule],
    network: Network,
    sku_ids: Mapping[str, int],
    *,
    by_person: bool,
) -> list[Rule]:
    rules = list(stated)
    return [
        Rule(
            rule_id,
            rule_scope(one),
            one.kind,
            network.channel_ids.get(one.channel, 0),
            sku_ids[one.sku] if one.sku else 0,
            one.category,
            network.site_ids.get(one.site, 0),
            one.group,
            *_figures(one),
            one.starts_at,
            one.ends_at,
            (one.starts_at or tx.now) if one.kind == RuleKind.SHARE.value or one.mode == QUOTA else None,
            by_person,
            tx.actor,
            tx.now,
        )
        for rule_id, one in zip(tx.new_ids(len(rules)), rules, strict=True)
    ]


def _figures(rule: ChannelRule) -> tuple[str, int, int, int]:
    """(mode, quantity, days, over_days) as they are kept."""
    mode = rule.mode or (LEVEL if rule.kind == RuleKind.SET_ASIDE.value else "")
    stated = rule.percent if rule.kind == RuleKind.SHARE.value else rule.quantity
    quantity = stated if stated is not None else 1 if rule.kind == RuleKind.EXCLUSIVE.value else 0
    return mode, quantity, rule.days if mode == DAYS else 0, rule.over_days if mode == DAYS else 0


def write_rules(
    tx: Transaction, new: Sequence[Rule], before: Sequence[Rule], base: int | None, *, tell: bool = True
) -> RuleChange:
    """Write new versions of rules and end others, on the version that the change was based on. Raises StaleRules."""
    version = rule_store.lock_head(tx)
    if base is not None and base != version:
        raise StaleRules(base, version)
    began = {(one.scope, one.by_person): one.counts_from for one in before}
    rules = [
        # Another figure of the same quota goes on counting where the one before it began.
        replace(one, counts_from=began.get((one.scope, one.by_person)) or one.counts_from) if one.counts_from else one
        for one in new
    ]
    rule_store.replace_rules(tx, [one.rule_id for one in before])
    rule_store.insert_rules(tx, rules)
    rule_store.move_head(tx)
    _count(tx, rules, {(one.scope, one.counts_from) for one in before})
    if any(one.counts_from for one in before):
        rule_store.drop_usage(tx)
    unschedule(tx, WINDOW, [one.rule_id for one in before])
    unschedule(tx, COVER, [one.rule_id for one in before])
    schedule(tx, WINDOW, [(one.rule_id, at) for one in rules if (at := next_turn(one, tx.now))])
    schedule(tx, COVER, [(one.rule_id, tx.now) for one in rules if one.mode == DAYS])
    concerned = concerned_skus(tx, [*rules, *before])
    if tell:
        tx.emit_all(supply_event(concerned, tx.now))
    return RuleChange(
        version + 1,
        tuple(one.rule_id for one in rules),
        tuple(one.rule_id for one in before),
        tuple(sorted(concerned)),
    )


def next_turn(rule: Rule, now: datetime) -> datetime | None:
    """When a rule begins or ends to hold next; None: never."""
    return next((at for at in (rule.starts_at, rule.ends_at) if at is not None and at > now), None)


def concerned_skus(tx: Transaction, rules: Iterable[Rule]) -> set[int]:
    """The SKUs that rules speak of; ALL_SKUS alone where one speaks of everything."""
    skus: set[int] = set()
    categories: set[str] = set()
    for one in rules:
        if one.sku_id:
            skus.add(one.sku_id)
        elif one.category:
            categories.add(one.category)
        else:
            return {ALL_SKUS}
    return skus | (set(rule_store.load_category_skus(tx, sorted(categories))) if categories else set())


def _count(tx: Transaction, rules: Sequence[Rule], known: set[tuple[str, datetime | None]]) -> None:
    """Begin to count what quotas and shares count; those that went on counting are right already."""
    fresh = [one for one in rules if one.counts_from and (one.scope, one.counts_from) not in known]
    if not fresh:
        return
    concerned = {one.rule_id: concerned_skus(tx, [one]) for one in fresh}
    every = any(ALL_SKUS in skus for skus in concerned.values())
    stocked = store.load_stocked_skus(tx) if every else []
    store.lock_items(tx, sorted({*stocked, *(sku_id for skus in concerned.values() for sku_id in skus)} - {ALL_SKUS}))
    for one in fresh:
        skus = stocked if ALL_SKUS in concerned[one.rule_id] else sorted(concerned[one.rule_id])
        if one.counts_from:
            rule_store.count_usage(tx, skus, one.channel_id, one.counts_from)


def turn_rules(tx: Transaction, rule_ids: Sequence[int]) -> set[int]:
    """Rules whose window begins or ends now: their SKUs are looked at again; one that is over is not meant any more.

    Gives the SKUs concerned (0: all).
    """
    rules = [one for one in rule_store.load_rules_by_id(tx, rule_ids) if one.replaced_at is None]
    over = [one for one in rules if one.ends_at is not None and one.ends_at <= tx.now]
    if over:
        rule_store.lock_head(tx)
        rule_store.replace_rules(tx, [one.rule_id for one in over])
        rule_store.move_head(tx)
        rule_store.drop_usage(tx)
        unschedule(tx, COVER, [one.rule_id for one in over])
    schedule(tx, WINDOW, [(one.rule_id, at) for one in rules if (at := next_turn(one, tx.now))])
    concerned = concerned_skus(tx, rules)
    tx.emit_all(supply_event(concerned, tx.now))
    return concerned


def measure_cover(tx: Transaction, rule_ids: Sequence[int]) -> set[int]:
    """Measure the demand of SKUs under days of cover again, and keep what it comes to, dated; once a day for each rule.

    Gives the SKUs whose safety stock changed.
    """
    touched: set[int] = set()
    rules = [one for one in rule_store.load_rules_by_id(tx, rule_ids) if one.replaced_at is None and one.mode == DAYS]
    for rule in rules:
        skus = concerned_skus(tx, [rule])
        every = ALL_SKUS in skus
        shipped = rule_store.measure_cover(
            tx, sorted(skus - {ALL_SKUS}), tx.now - timedelta(days=rule.over_days), every=every
        )
        known = rule_store.load_rule_cover(tx, rule.rule_id)
        found = {
            (sku_id, site_id): (days_of_cover(units, rule.days, rule.over_days), units)
            for sku_id, site_id, units in shipped
        }
        found |= dict.fromkeys(known.keys() - found.keys(), (0, 0))
        fresh = [(*key, units, sold) for key, (units, sold) in sorted(found.items()) if known.get(key, 0) != units]
        rule_store.replace_cover(tx, rule.rule_id, fresh)
        touched |= {sku_id for sku_id, _, _, _ in fresh}
    schedule(tx, COVER, [(one.rule_id, tx.now + EVERY) for one in rules])
    tx.emit_all(supply_event(touched, tx.now))
    return touched
