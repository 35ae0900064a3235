"""Rules of what channels are offered as people read them: which are meant, are to come or were, in words and codes."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from stocktower.catalog import find_skus, load_skus
from stocktower.network import Network, load_network
from stocktower.platform import Transaction

from ..formulas.terms import Rule, RuleKind
from . import rule_store

IN_FORCE, FUTURE, ENDED = "in_force", "future", "ended"
RULE_STATES = (IN_FORCE, FUTURE, ENDED)
MOST_ENDED = 2_000
"""Of rules that ended, the latest are looked through."""


class RuleView(Struct, frozen=True):
    """A rule in words and codes."""

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
    state: str
    """in_force, future, or ended: it is not meant any more."""
    replaced_at: str
    """Until when it was meant; empty: it still is."""


class RuleList(Struct, frozen=True):
    """Rules, and the version of all rules, on which a change is based."""

    version: int
    rules: list[RuleView]
    total: int
    """With those that are not listed."""


class RulesAsked(Struct, frozen=True):
    """Which rules are asked for; nothing means any, of states those that are meant."""

    rule_id: int = 0
    """One rule, whatever became of it."""
    sku: str = ""
    """Those that may hold for it: of its own, for its category, and for everything."""
    category: str = ""
    channel: str = ""
    kind: str = ""
    site: str = ""
    group: str = ""
    by: str = ""
    """person or configuration."""
    state: str = ""


def list_rules(tx: Transaction, asked: RulesAsked, *, limit: int | None = None, offset: int = 0) -> RuleList:
    """The rules that are asked for, by kind, channel and what they speak of; of those that ended the latest first."""
    network = load_network(tx)
    known = find_skus(tx, [asked.sku]) if asked.sku else {}
    skus = [0, *(one.sku_id for one in known.values())] if asked.sku else []
    category = known[asked.sku].category if asked.sku in known else ""
    found = [
        one
        for one in _load(tx, asked, skus)
        if _is_asked(one, asked, network)
        and asked.state in ("", state_of(one, tx))
        and (asked.rule_id or not asked.sku or one.category in ("", category))
    ]
    if asked.state != ENDED:
        found.sort(key=lambda one: (one.scope, one.by_person))
    shown = found[offset:] if limit is None else found[offset : offset + limit]
    return RuleList(rule_store.load_version(tx), view_rules(tx, shown, network), len(found))


def _load(tx: Transaction, asked: RulesAsked, sku_ids: Sequence[int]) -> list[Rule]:
    if asked.rule_id:
        return rule_store.load_rules_by_id(tx, [asked.rule_id])
    if asked.state == ENDED:
        return rule_store.load_ended_rules(tx, sku_ids, limit=MOST_ENDED)
    return rule_store.load_rules(tx, sku_ids) if asked.sku else rule_store.load_all_rules(tx)


def _is_asked(rule: Rule, asked: RulesAsked, network: Network) -> bool:
    return (
        asked.kind in ("", rule.kind)
        and asked.category in ("", rule.category)
        and asked.group in ("", rule.site_group)
        and (not asked.channel or rule.channel_id == network.channel_ids.get(asked.channel, -1))
        and (not asked.site or rule.site_id == network.site_ids.get(asked.site, -1))
        and asked.by in ("", "person" if rule.by_person else "configuration")
    )


def load_rule_views(tx: Transaction, rule_ids: Iterable[int]) -> dict[int, RuleView]:
    """Rules by id, meant still or not."""
    rules = rule_store.load_rules_by_id(tx, sorted(set(rule_ids)))
    return {one.rule_id: one for one in view_rules(tx, rules, load_network(tx))}


def view_rules(tx: Transaction, rules: Sequence[Rule], network: Network) -> list[RuleView]:
    """Rules in words, in the same order."""
    skus = load_skus(tx, {one.sku_id for one in rules if one.sku_id})
    return [_view(one, network, skus[one.sku_id].code if one.sku_id in skus else "", tx) for one in rules]


def _view(rule: Rule, network: Network, code: str, tx: Transaction) -> RuleView:
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
        rule.replaced_at is None and rule.holds_at(tx.now),
        rule.by_person,
        rule.actor,
        rule.recorded_at.isoformat(),
        state_of(rule, tx),
        rule.replaced_at.isoformat() if rule.replaced_at else "",
    )


def state_of(rule: Rule, tx: Transaction) -> str:
    """What became of a rule by now."""
    if rule.replaced_at is not None or (rule.ends_at is not None and rule.ends_at <= tx.now):
        return ENDED
    return IN_FORCE if rule.holds_at(tx.now) else FUTURE


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
