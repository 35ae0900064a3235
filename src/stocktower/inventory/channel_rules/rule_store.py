"""One function per statement of the rules of what is offered."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from stocktower.platform import Answer, Columns, Transaction, load_queries

from ..formulas.terms import Rule

_SQL = load_queries(__package__)
_astuple = msgspec.structs.astuple


def load_rules(tx: Transaction, sku_ids: Sequence[int]) -> list[Rule]:
    """The rules that are meant now: of some SKUs (0: those by category or for everything)."""
    return ask_rules(tx, sku_ids).get()


def ask_rules(tx: Transaction, sku_ids: Sequence[int]) -> Answer[list[Rule]]:
    """The rules that are meant now, later."""
    return tx.ask(_SQL.load_rules, Rule, sku_ids=list(sku_ids))


def load_rules_at(tx: Transaction, sku_ids: Sequence[int], at: datetime) -> list[Rule]:
    """The rules that were meant at an instant: of some SKUs (0: the general ones)."""
    return tx.fetch(_SQL.load_rules_at, Rule, sku_ids=list(sku_ids), at=at)


def load_all_rules(tx: Transaction) -> list[Rule]:
    """Every rule that is meant now."""
    return tx.fetch(_SQL.load_all_rules, Rule)


def load_rules_by_id(tx: Transaction, rule_ids: Sequence[int]) -> list[Rule]:
    """Rules by id, whether meant still or not."""
    return tx.fetch(_SQL.load_rules_by_id, Rule, rule_ids=list(rule_ids)) if rule_ids else []


def load_ended_rules(tx: Transaction, sku_ids: Sequence[int], *, limit: int) -> list[Rule]:
    """Rules that are not meant any more, of some SKUs (0: the general ones) or of all (none), the latest first."""
    return tx.fetch(_SQL.load_ended_rules, Rule, sku_ids=list(sku_ids), limit=limit)


def load_stated(tx: Transaction) -> list[tuple[int, str, str, int, int, int]]:
    """(rule_id, scope, mode, quantity, days, over_days) of the rules that the configuration states now."""
    return tx.tuples(_SQL.load_stated_rules)


def load_counting(tx: Transaction, sku_ids: Sequence[int]) -> list[tuple[int, int, str, datetime]]:
    """(sku_id, channel_id, category, since) of quotas and shares that may count demand of some SKUs."""
    return tx.tuples(_SQL.load_counting_rules, sku_ids=list(sku_ids))


def load_categories(tx: Transaction, sku_ids: Sequence[int]) -> dict[int, str]:
    """The categories of SKUs."""
    return dict(tx.tuples(_SQL.load_categories, sku_ids=list(sku_ids)))


def load_categories_at(tx: Transaction, sku_ids: Sequence[int], at: datetime) -> dict[int, str]:
    """The categories that SKUs had at an instant."""
    return dict(tx.tuples(_SQL.load_categories_at, sku_ids=list(sku_ids), at=at))


def load_category_skus(tx: Transaction, categories: Sequence[str]) -> list[int]:
    """The SKUs of some categories."""
    return tx.values(_SQL.load_category_skus, categories=list(categories))


def insert_rules(tx: Transaction, rules: Iterable[Rule]) -> None:
    """Append rules."""
    tx.copy(_SQL.rule, [(tx.merchant_id, *_astuple(rule)) for rule in rules])


def replace_rules(tx: Transaction, rule_ids: Sequence[int]) -> None:
    """Note that rules are not meant any more."""
    if rule_ids:
        tx.execute(_SQL.replace_rules, rule_ids=list(rule_ids))


def lock_head(tx: Transaction) -> int:
    """Lock the version of the rules, and say it."""
    tx.execute(_SQL.insert_rule_head)
    return tx.value(_SQL.lock_rule_head)


def load_version(tx: Transaction) -> int:
    """How often rules were changed."""
    return tx.value(_SQL.load_rule_version) or 0


def move_head(tx: Transaction) -> None:
    """Count a change of the rules."""
    tx.execute(_SQL.move_rule_head, actor=tx.actor)


def load_usage(tx: Transaction, sku_ids: Sequence[int]) -> list[tuple[int, int, datetime, int, int]]:
    """(sku_id, channel_id, since, used, accepted)."""
    return tx.tuples(_SQL.load_usage, sku_ids=list(sku_ids))


def add_usage(tx: Transaction, rows: Sequence[tuple[int, int, datetime, int, int]]) -> None:
    """Add (sku_id, channel_id, since, used, accepted) to what was used."""
    if rows:
        sku_ids, channel_ids, since, used, accepted = zip(*rows, strict=True)
        tx.execute(_SQL.add_usage, sku_ids=sku_ids, channel_ids=channel_ids, since=since, used=used, accepted=accepted)


def count_usage(tx: Transaction, sku_ids: Sequence[int], channel_id: int, since: datetime) -> None:
    """Count what a channel's demand has of SKUs since an instant, from demand itself."""
    tx.execute(_SQL.count_usage, sku_ids=list(sku_ids), channel_id=channel_id, since=since)


def load_usage_at(
    tx: Transaction, sku_ids: Sequence[int], counting: Iterable[tuple[int, datetime]], at: datetime
) -> list[tuple[int, int, datetime, int, int]]:
    """(sku_id, channel_id, since, used, accepted) by an instant, of (channel_id, since)."""
    pairs = sorted(counting)
    channel_ids, since = [channel_id for channel_id, _ in pairs], [one for _, one in pairs]
    return tx.tuples(_SQL.load_usage_at, sku_ids=list(sku_ids), channel_ids=channel_ids, since=since, at=at)


def forget_usage(tx: Transaction, sku_ids: Sequence[int], counted: Sequence[tuple[int, int, datetime]]) -> None:
    """Forget what is counted no more of some SKUs; (sku_id, channel_id, since) is."""
    tx.execute(
        _SQL.forget_usage,
        sku_ids=list(sku_ids),
        counted_ids=[sku_id for sku_id, _, _ in counted],
        channel_ids=[channel_id for _, channel_id, _ in counted],
        since=[start for _, _, start in counted],
    )


def count_usage_rows(tx: Transaction) -> int:
    """How many quotas and shares of SKUs are counted."""
    return tx.value(_SQL.count_usage_rows) or 0


def find_unlike_usage(tx: Transaction) -> list[tuple[Any, ...]]:
    """(sku_id, channel_id, since, used, accepted, what demand says) where they differ."""
    return tx.tuples(_SQL.find_unlike_usage)


def restore_usage(tx: Transaction, rows: Sequence[tuple[Any, ...]]) -> None:
    """Make what is counted (sku_id, channel_id, since, used, accepted)."""
    names = ("sku_ids", "channel_ids", "since", "used", "accepted")
    tx.execute(_SQL.restore_usage, **dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def drop_usage(tx: Transaction) -> None:
    """Forget what no rule counts any more."""
    tx.execute(_SQL.drop_usage)


def load_cover(tx: Transaction, sku_ids: Sequence[int], at: datetime) -> list[tuple[int, int, int, int]]:
    """(rule_id, sku_id, site_id, units) of days of cover, as it was at an instant."""
    return tx.tuples(_SQL.load_cover, sku_ids=list(sku_ids), at=at)


def measure_cover(
    tx: Transaction, sku_ids: Sequence[int], since: datetime, *, every: bool
) -> list[tuple[int, int, int]]:
    """(sku_id, site_id, units shipped since an instant)."""
    return tx.tuples(_SQL.measure_cover, sku_ids=list(sku_ids), since=since, every=every)


def load_rule_cover(tx: Transaction, rule_id: int) -> dict[tuple[int, int], int]:
    """(sku_id, site_id) -> units that a rule of days of cover comes to now."""
    return {(sku_id, site_id): units for sku_id, site_id, units in tx.tuples(_SQL.load_rule_cover, rule_id=rule_id)}


def replace_cover(tx: Transaction, rule_id: int, rows: Sequence[tuple[int, int, int, int]]) -> None:
    """Make what a rule comes to (sku_id, site_id, units, shipped) at some places, dated."""
    if rows:
        sku_ids, site_ids, _, _ = zip(*rows, strict=True)
        tx.execute(_SQL.end_cover, rule_id=rule_id, sku_ids=sku_ids, site_ids=site_ids)
        tx.copy(_SQL.cover, [(tx.merchant_id, rule_id, *row, tx.now, None) for row in rows])


def load_rule_columns(
    tx: Transaction, sku_ids: Sequence[int], kinds: Sequence[str], groups: Sequence[str], *, every: bool
) -> Columns:
    """(rule_id, sku_id, place of the kind from 1, channel_id, site_id, place of the group from 1, quantity, is a quota,
    used, accepted) of rules of SKUs that hold now, the stronger ones of a place last.
    """
    return tx.columns(
        _SQL.load_rule_columns, 10, sku_ids=list(sku_ids), kinds=list(kinds), groups=list(groups), every=every
    )


def load_category_columns(
    tx: Transaction, sku_ids: Sequence[int], categories: Sequence[str], *, every: bool
) -> Columns:
    """(sku_id, place of the category from 1)."""
    return tx.columns(_SQL.load_category_columns, 2, sku_ids=list(sku_ids), categories=list(categories), every=every)


def load_usage_columns(tx: Transaction, channel_id: int, since: datetime) -> Columns:
    """(sku_id, used, accepted) of a channel since an instant."""
    return tx.columns(_SQL.load_usage_columns, 3, channel_id=channel_id, since=since)


def load_cover_columns(tx: Transaction) -> Columns:
    """(rule_id, sku_id, site_id, units) of days of cover."""
    return tx.columns(_SQL.load_cover_columns, 4)
