"""Decides what a snapshot of a site means: which rows it changes, which look like another unit, and what must be cut.
Pure.

real = quantity - discrepancy is what a site has as far as anybody has said. A snapshot sets real to what was counted
and what has happened since; where more is allocated and cannot be cut, the row keeps it and the rest stays a
discrepancy.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from ..formulas.model import HOLD, NO_LOT, OWN, Candidate
from .book import Balance

RowKey = tuple[int, str, str, str]
"""(sku_id, status, owner, lot) of a row at one site."""
LARGE = 10
"""Stock units; a smaller difference is never taken for another unit."""


class Stated(Struct, frozen=True, gc=False):
    """What a snapshot says of one row: a SKU in one status, of one owner and lot, in stock units."""

    sku_id: int
    sku: str
    status: str
    quantity: int
    row: int
    cost_minor: int | None = None
    trusted: bool = False
    """The unit is stated, or a person has said how it is meant."""
    as_of: datetime | None = None
    """When it was counted; None: at the instant of the snapshot."""
    owner: str = OWN
    lot: str = NO_LOT

    @property
    def key(self) -> "RowKey":
        """Which row it speaks of."""
        return self.sku_id, self.status, self.owner, self.lot


class Mismatch(Struct, frozen=True):
    """A quantity that differs from what was expected by exactly one pack, and was not applied."""

    stated: Stated
    stock_id: int
    expected: int
    factor: int
    by_packs: bool
    """True: the site seems to have counted packs; false: pieces where packs are kept."""


class Verdict(Struct, frozen=True):
    """What a snapshot does: targets by row (what is really there now), rows it is too old for, and those it may
    misstate.
    """

    targets: tuple[tuple[int, int, Stated], ...]
    """(stock_id, real units now, what said so)."""
    stale: int
    mismatches: tuple[Mismatch, ...]


def decide_snapshot(
    stated: Sequence[Stated],
    balances: Mapping[RowKey, Balance],
    moved_since: Mapping[int, int],
    units: Mapping[int, Mapping[str, int]],
    as_of: datetime,
) -> Verdict:
    """What each statement means for its row; `balances` by its key, `moved_since` its own instant by row.

    A row that was counted at a later instant keeps that count. The same instant again gives the same row.
    """
    targets: list[tuple[int, int, Stated]] = []
    mismatches: list[Mismatch] = []
    stale = 0
    for one in stated:
        balance = balances[one.key]
        stock_id = balance.row.stock_id
        if balance.counted_at is not None and balance.counted_at > (one.as_of or as_of):
            stale += 1
            continue
        since = moved_since.get(stock_id, 0)
        expected = balance.quantity - balance.discrepancy - since
        others = None if one.trusted else units.get(one.sku_id)
        suspicion = suspect_unit(one.quantity, expected, others.values()) if others else None
        if suspicion is None:
            targets.append((stock_id, one.quantity + since, one))
        else:
            mismatches.append(Mismatch(one, stock_id, expected, *suspicion))
    return Verdict(tuple(targets), stale, tuple(mismatches))


def suspect_unit(stated: int, expected: int, factors: Iterable[int]) -> tuple[int, bool] | None:
    """(factor, counted by packs) where two quantities differ by exactly one known pack, and by much; else None."""
    if abs(stated - expected) < LARGE or stated <= 0 or expected <= 0:
        return None
    for factor in sorted(set(factors)):
        if factor > 1 and stated * factor == expected:
            return factor, True
        if factor > 1 and expected * factor == stated:
            return factor, False
    return None


def decide_cuts(needed: int, candidates: Iterable[Candidate]) -> list[tuple[Candidate, int]]:
    """Whom to take units of one row from, lowest priority first, and how many sold units of each.

    Holds go before orders, then who is served last: priority, then age. A line gives whole sold units, so that a kit or
    a pack may give a little more than is needed; with lines of single units the sum is exact, or all that there is.
    """
    cuts: list[tuple[Candidate, int]] = []
    for one in sorted(
        candidates,
        key=lambda one: (one.kind == HOLD, one.priority, one.placed_at, one.order_id, one.line_no),
        reverse=True,
    ):
        if needed <= 0:
            break
        sold_units = min(-(-needed // one.per_unit), one.quantity // one.per_unit)
        if sold_units:
            cuts.append((one, sold_units))
            needed -= sold_units * one.per_unit
    return cuts


def settle(balance: Balance, real: int) -> int:
    """Set what the row is known to lack, and say by how much its quantity changes to be as near to it as it can."""
    quantity = max(real, balance.allocated)
    balance.discrepancy = quantity - real
    return quantity - balance.quantity
