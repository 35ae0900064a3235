"""How far what a site says it holds may differ before somebody has to look."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct


class SnapshotRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is taken over of the snapshots of some sites without a word; the first rule that names a site counts."""

    sites: tuple[str, ...] = ()
    """Empty: every site that no earlier rule names."""
    tolerance_units: int | None = None
    tolerance_percent: Decimal | None = None
    """Of what was expected; the larger of the two counts. Neither stated: any number of units."""
    tolerance_minor: int | None = None
    """What a difference may be worth besides, in book currency at catalogue cost; not stated: anything."""
    above: Literal["case", "wait"] = "case"
    """What differs by more is taken over with a case, or waits for a person."""
    missing_percent: int = 10
    """A snapshot of the whole site that leaves out a larger share of its rows or units waits for a person,"""
    missing_rows: int = 5
    """unless it leaves out no more rows than this."""

    @property
    def has_tolerance(self) -> bool:
        """Whether any difference is a case."""
        return (self.tolerance_units, self.tolerance_percent, self.tolerance_minor) != (None, None, None)


def snapshot_rule(rules: Sequence[SnapshotRule], site: str) -> SnapshotRule:
    """The rule of a site; where none names it, what holds if nothing is configured."""
    named = next((rule for rule in rules if site in rule.sites), None)
    return named or next((rule for rule in rules if not rule.sites), SnapshotRule())
