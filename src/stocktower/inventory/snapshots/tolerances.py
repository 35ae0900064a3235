"""Whether what a snapshot says differs from what was expected by more than its site may, or empties too much. Pure."""

from collections.abc import Collection, Mapping

from msgspec import Struct

from stocktower.kernel import allowed_units
from stocktower.model import SnapshotRule

from ..stock.book import Balance
from ..stock.counts import RowKey, Stated, Verdict
from .whole_sites import Size


class Beyond(Struct, frozen=True):
    """A row that differs by more than the tolerance."""

    stated: Stated
    stock_id: int
    expected: int
    delta: int
    worth_minor: int
    """Of the difference, at the cost of the catalogue."""

    @property
    def is_emptied(self) -> bool:
        """Whether nothing is said to be left of what was there."""
        return self.stated.quantity == 0


def covers(rule: SnapshotRule, expected: int, delta: int, worth_minor: int) -> bool:
    """Whether a difference is within the tolerance: in units, and in what it is worth where that is stated."""
    by_units = rule.tolerance_units is not None or rule.tolerance_percent is not None
    allowed = allowed_units(expected, rule.tolerance_units or 0, rule.tolerance_percent or 0)
    if by_units and abs(delta) > allowed:
        return False
    return rule.tolerance_minor is None or worth_minor <= rule.tolerance_minor


def judge_differences(
    verdict: Verdict, balances: Mapping[int, Balance], costs: Mapping[int, int], rule: SnapshotRule
) -> list[Beyond]:
    """The targets beyond the tolerance; a row that never held anything is stated for the first time, and is none."""
    found: list[Beyond] = []
    for stock_id, real, one in verdict.targets:
        balance = balances[stock_id]
        delta = real - (balance.quantity - balance.discrepancy)
        if not delta or not balance.before:
            continue
        worth = abs(delta) * costs.get(one.sku_id, 0)
        expected = one.quantity - delta
        if not covers(rule, expected, delta, worth):
            found.append(Beyond(one, stock_id, expected, delta, worth))
    return found


def judge_emptied(
    verdict: Verdict, balances: Mapping[int, Balance], costs: Mapping[int, int], left_out: Collection[RowKey]
) -> tuple[list[Beyond], Size]:
    """The targets that say that nothing is left of what was there, and the size of all that they speak of.

    `left_out`: what is none because a whole site leaves it out; that was judged before.
    """
    found: list[Beyond] = []
    rows = units = 0
    for stock_id, real, one in verdict.targets:
        balance = balances[stock_id]
        delta = real - (balance.quantity - balance.discrepancy)
        expected = one.quantity - delta
        if expected <= 0 or one.key in left_out:
            continue
        rows += 1
        units += expected
        if one.quantity == 0:
            found.append(Beyond(one, stock_id, expected, delta, expected * costs.get(one.sku_id, 0)))
    return found, Size(rows, units)
