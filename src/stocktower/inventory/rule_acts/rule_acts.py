"""What people do to single rules: each act says what it changes of what channels are offered, and leaves a record."""

from typing import Any

from msgspec import Struct, to_builtins

from stocktower.access import record_act
from stocktower.catalog import find_skus
from stocktower.model import ChannelRule, load_applied
from stocktower.network import load_network
from stocktower.platform import Transaction

from ..channel_rules import rule_store
from .effects import Effect, measure_effects
from .rule_book import ALL_SKUS, RuleChange, concerned_skus, end_rule, set_rule


class RuleAct(Struct, frozen=True):
    """What an act on a rule did, or would do."""

    version: int
    """Of the rules, after it."""
    rule_id: int
    effects: list[Effect]


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
