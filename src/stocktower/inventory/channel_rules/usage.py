"""What channels used of their quotas and shares: counted where demand is written, whatever else has happened before."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from stocktower.platform import Transaction

from ..formulas.model import Demand
from ..formulas.terms import Rules
from ..stock import store
from . import rule_store

Counted = Mapping[tuple[int, int], Collection[datetime]]
"""(SKU, channel) -> since when quotas and shares count what it uses; only what is counted."""


def count_demands(
    tx: Transaction, new: Sequence[Demand], changed: Sequence[Demand], counted: Counted | None = None
) -> None:
    """Count demand that is about to be written: under the SKUs' locks, before it is written.

    Costs one look-up where it is not known what is counted of the SKUs.
    """
    sku_ids = {one.sku_id for one in new} | {one.sku_id for one in changed}
    since = counted if counted is not None else load_counted(tx, sku_ids) if sku_ids else {}
    if not since:
        return
    added: defaultdict[tuple[int, int, datetime], list[int]] = defaultdict(lambda: [0, 0])
    _add(added, since, new, 1)
    again = [one for one in changed if (one.sku_id, one.channel_id) in since]
    if again:
        keys = {(one.order_id, one.line_no, one.sku_id) for one in again}
        before = store.load_demands(tx, sorted({one.order_id for one in again}))
        _add(added, since, [one for one in before if (one.order_id, one.line_no, one.sku_id) in keys], -1)
        _add(added, since, again, 1)
    rows = [(*key, used, accepted) for key, (used, accepted) in sorted(added.items()) if used or accepted]
    rule_store.add_usage(tx, rows)


def _add(
    added: defaultdict[tuple[int, int, datetime], list[int]],
    since: Counted,
    demands: Iterable[Demand],
    sign: int,
) -> None:
    for one in demands:
        for start in since.get((one.sku_id, one.channel_id), ()):
            if one.placed_at >= start:
                sums = added[one.sku_id, one.channel_id, start]
                sums[0] += sign * (one.allocated + one.consumed)
                sums[1] += sign * (one.allocated + one.consumed + one.short)


def load_counted(tx: Transaction, sku_ids: Iterable[int]) -> dict[tuple[int, int], set[datetime]]:
    """(SKU, channel) -> since when quotas and shares count what it uses; only what is counted."""
    wanted = sorted(sku_ids)
    rules = rule_store.load_counting(tx, [0, *wanted])
    by_category = any(category for _, _, category, _ in rules)
    return _counted(rules, wanted, rule_store.load_categories(tx, wanted) if by_category else {})


def counted_by(rules: Rules, sku_ids: Iterable[int]) -> dict[tuple[int, int], set[datetime]]:
    """The same, from the rules that were loaded of the SKUs."""
    found = [*rules.general, *(one for of_sku in rules.by_sku.values() for one in of_sku)]
    counting = [(one.sku_id, one.channel_id, one.category, one.counts_from) for one in found if one.counts_from]
    return _counted(counting, sorted(sku_ids), rules.categories)


def _counted(
    rules: Iterable[tuple[int, int, str, datetime]], wanted: Sequence[int], categories: Mapping[int, str]
) -> dict[tuple[int, int], set[datetime]]:
    counted: defaultdict[tuple[int, int], set[datetime]] = defaultdict(set)
    for sku_id, channel_id, category, start in rules:
        for one in [sku_id] if sku_id else wanted:
            if not category or categories.get(one) == category:
                counted[one, channel_id].add(start)
    return dict(counted)


def recount(tx: Transaction, sku_ids: Sequence[int]) -> None:
    """Count what quotas and shares count of some SKUs from demand itself, such as when their category changed.

    Their locks are taken.
    """
    wanted = sorted(set(sku_ids))
    store.lock_items(tx, wanted)
    groups: defaultdict[tuple[int, datetime], list[int]] = defaultdict(list)
    counted_since = load_counted(tx, wanted)
    for (sku_id, channel_id), starts in counted_since.items():
        for start in starts:
            groups[channel_id, start].append(sku_id)
    rule_store.forget_usage(tx, wanted, [(*key, start) for key, starts in counted_since.items() for start in starts])
    for (channel_id, start), counted in sorted(groups.items()):
        rule_store.count_usage(tx, counted, channel_id, start)
