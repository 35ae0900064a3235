"""What people do to single rules: each act says what it changes of what channels are offered, and leaves a record."""

from typing import Any

from msgspec import Struct, to_builtins

from stocktower.access import record_act
from stocktower.catalog import find_skus, load_skus
from stocktower.model import ChannelRule, load_applied
from stocktower.network import Network, load_network
from stocktower.platform import Transaction

from . import rule_store
from .effects import Effect, measure_effects
from .rule_book import ALL_SKUS, RuleChange, concerned_skus, end_rule, set_rule
from .terms import Rule, RuleKind


class RuleAct(Struct, frozen=True):
    """What an act on a rule did, or would do."""

    version: int
    """Of the rules, after it."""
    rule_id: int
    effects: list[Effect]


class RuleView(Struct, frozen=True):
    """A rule that is meant now, in words and codes."""

    rule_id: int
    kind: str
    channel: str
    what: str
    """`sku:CODE`, `category:NAME`, or empty: everything."""
    where: str
    """`site:CODE`, `group:CODE`, or empty: the whole network."""
    says: str
    starts_at: str
    ends_at: str
    holds: bool
    """Whether now lies in its window."""
    by_person: bool
    """Else the configuration states it."""
    actor: str
    recorded_at: str


class RuleList(Struct, frozen=True):
    """The rules that are meant now, and their version, on which a change is based."""

    version: int
    rules: list[RuleView]


def list_rules(tx: Transaction, *, sku: str = "", channel: str = "", kind: str = "") -> RuleList:
    """The rules that are meant now, by kind and channel; of a SKU also those for its category and for everything."""
    network = load_network(tx)
    known = find_skus(tx, [sku]) if sku else {}
    found = (
        rule_store.load_rules(tx, [0, *(one.sku_id for one in known.values())])
        if sku
        else (rule_store.load_all_rules(tx))
    )
    category = known[sku].category if sku in known else ""
    skus = load_skus(tx, {one.sku_id for one in found if one.sku_id})
    rules = [
        view_rule(one, network, skus[one.sku_id].code if one.sku_id in skus else "", tx)
        for one in found
        if kind in ("", one.kind)
        and (not channel or one.channel_id == network.channel_ids.get(channel, -1))
        and (not sku or one.category in ("", category))
    ]
    return RuleList(rule_store.load_version(tx), sorted(rules, key=lambda one: (one.kind, one.channel, one.what)))


def view_rule(rule: Rule, network: Network, code: str, tx: Transaction) -> RuleView:
    """A rule in words."""
    channel = network.channels.get(rule.channel_id)
    site = network.sites.get(rule.site_id)
    return RuleView(
        rule.rule_id,
        rule.kind,
        channel.code if channel else "",
        f"sku:{code}" if rule.sku_id else f"category:{rule.category}" if rule.category else "",
        f"site:{site.code}" if site else f"group:{rule.site_group}" if rule.site_group else "",
        in_words(rule),
        rule.starts_at.isoformat() if rule.starts_at else "",
        rule.ends_at.isoformat() if rule.ends_at else "",
        rule.holds_at(tx.now),
        rule.by_person,
        rule.actor,
        rule.recorded_at.isoformat(),
    )


def in_words(rule: Rule) -> str:
    """What a rule says, short."""
    units = f"{rule.quantity:,}"
    if rule.kind == RuleKind.SHARE:
        return f"{rule.quantity}% of what there is"
    if rule.kind == RuleKind.EXCLUSIVE:
        return "sells alone" if rule.quantity else "does not sell alone"
    if rule.mode == "days":
        return f"{rule.days} days of cover by the last {rule.over_days}, at least {units}"
    words = {"set_aside": "set aside", "cap": "at most", "floor": "nothing below", "safety_stock": "keep"}
    return f"{words[rule.kind]} {units}" + (", used up by its orders" if rule.mode == "quota" else "")


def act_set_rule(tx: Transaction, rule: ChannelRule, base: int | None, *, record: bool = True) -> RuleAct:
    """Set one rule, and say what that changes. Raises RuleRefused, StaleRules."""
    configuration, network = load_applied(tx).configuration, load_network(tx)
    sku = find_skus(tx, [rule.sku]).get(rule.sku) if rule.sku else None
    skus = {sku.sku_id} if sku else None
    if rule.category and not rule.sku:
        skus = set(rule_store.load_category_skus(tx, [rule.category]))

    def change() -> RuleChange:
        return set_rule(tx, configuration, network, rule, base)

    done, effects = measure_effects(tx, change, skus)
    if record:
        record_act(tx, "rules.set", "rule", done.rule_ids[0], _plain(rule))
    return RuleAct(done.version, done.rule_ids[0], effects)


def act_end_rule(tx: Transaction, rule_id: int, base: int | None, *, record: bool = True) -> RuleAct:
    """End a rule that a person set, and say what that changes. Raises RuleRefused, StaleRules."""
    rules = rule_store.load_rules_by_id(tx, [rule_id])
    skus = concerned_skus(tx, rules) if rules else set[int]()

    def change() -> RuleChange:
        return end_rule(tx, rule_id, base)

    done, effects = measure_effects(tx, change, None if ALL_SKUS in skus else skus)
    if record:
        record_act(tx, "rules.end", "rule", rule_id, {"scope": rules[0].scope})
    return RuleAct(done.version, rule_id, effects)


def _plain(rule: ChannelRule) -> dict[str, Any]:
    return to_builtins(rule)
