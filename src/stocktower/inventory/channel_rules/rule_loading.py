"""Reads the rules of what is offered, as they are now or were at an instant."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from stocktower.network import Network, load_network
from stocktower.platform import Answer, Transaction

from ..formulas.terms import DAYS, Offering, Rule, Rules, Used, resolve
from . import rule_store


def load_offering(
    tx: Transaction, sku_ids: Collection[int], network: Network | None = None, *, at: datetime | None = None
) -> dict[int, Offering]:
    """What the rules say of some SKUs and kits, where they say anything (in the applied network)."""
    return offering_of(tx, load_rules(tx, sku_ids, at=at), sku_ids, network, at=at)


def offering_of(
    tx: Transaction,
    rules: Rules,
    sku_ids: Collection[int],
    network: Network | None = None,
    *,
    at: datetime | None = None,
) -> dict[int, Offering]:
    """What rules that were loaded say of some SKUs and kits."""
    if not rules.general and not rules.by_sku:
        return {}
    now, places = at or tx.now, network or load_network(tx)
    return {sku_id: resolve(rules, sku_id, places, now) for sku_id in sku_ids if rules.of(sku_id)}


def ask_rules(tx: Transaction, sku_ids: Collection[int]) -> Answer[Rules]:
    """The rules that may hold for some SKUs now, later."""
    wanted = sorted(sku_ids)
    return rule_store.ask_rules(tx, [0, *wanted]).then(lambda found: _complete(tx, wanted, found))


def load_rules(tx: Transaction, sku_ids: Collection[int], *, at: datetime | None = None) -> Rules:
    """The rules that may hold for some SKUs, and what they count; at an instant, as they were meant then."""
    wanted = sorted(sku_ids)
    if not wanted:
        return Rules()
    if at is None:
        return ask_rules(tx, wanted).get()
    return _complete(tx, wanted, rule_store.load_rules_at(tx, [0, *wanted], at), at)


def _complete(tx: Transaction, wanted: Sequence[int], found: Sequence[Rule], at: datetime | None = None) -> Rules:
    """Rules with what they count."""
    if not found:
        return Rules()
    general = [one for one in found if not one.sku_id]
    by_sku: dict[int, list[Rule]] = {}
    for one in found:
        if one.sku_id:
            by_sku.setdefault(one.sku_id, []).append(one)
    categories: Mapping[int, str] = {}
    if any(one.category for one in general):
        load_categories = rule_store.load_categories
        categories = load_categories(tx, wanted) if at is None else rule_store.load_categories_at(tx, wanted, at)
    usage: Mapping[tuple[int, int, datetime], Used] = {}
    if any(one.counts_from for one in found):
        usage = _load_usage(tx, wanted, found, at)
    cover: dict[tuple[int, int, int], int] = {}
    if any(one.mode == DAYS for one in found):
        for rule_id, sku_id, site_id, units in rule_store.load_cover(tx, wanted, at or tx.now):
            cover[rule_id, sku_id, site_id] = units
    return Rules(general, by_sku, categories, usage, cover)


def _load_usage(
    tx: Transaction, sku_ids: Sequence[int], rules: Sequence[Rule], at: datetime | None
) -> dict[tuple[int, int, datetime], Used]:
    """What channels used, now or by an instant."""
    if at is None:
        found = rule_store.load_usage(tx, sku_ids)
    else:
        counting = {(one.channel_id, one.counts_from) for one in rules if one.counts_from}
        found = rule_store.load_usage_at(tx, sku_ids, counting, at)
    return {(sku_id, channel_id, since): Used(used, accepted) for sku_id, channel_id, since, used, accepted in found}
