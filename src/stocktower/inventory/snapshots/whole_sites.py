"""What a snapshot of a whole site leaves out: it is none there, unless so much is missing that half a file is likelier.

Pure.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from msgspec import Struct

from stocktower.model import SnapshotRule

from ..formulas.model import AVAILABLE, EXPIRED
from ..stock.site_rows import HeldRow

Place = tuple[int, str, str]
"""(sku_id, status, owner)"""


class Rest(Struct, frozen=True):
    """What is left out of a whole site, beside all that it held in the statuses that are spoken of."""

    rows: tuple[HeldRow, ...]
    units: int
    rows_held: int
    units_held: int


def decide_rest(held: Iterable[HeldRow], named: Collection[Place], statuses: Collection[str], as_of: datetime) -> Rest:
    """The rows that are left out; `statuses` none: those that are named. A later count of a row stands.

    What a site calls available is expired here once its day is over, so that who speaks of one speaks of the other. A
    SKU that is named in a status, well or badly, is not left out of it.
    """
    spoken = {(status, owner) for _, status, owner in named}
    owners = {owner for _, owner in spoken}
    if statuses:
        spoken = {(status, owner) for status in statuses for owner in owners}
    if any(status == AVAILABLE for status, _ in spoken):
        spoken |= {(EXPIRED, owner) for status, owner in spoken if status == AVAILABLE}
    rows: list[HeldRow] = []
    rows_held = units_held = 0
    for row in held:
        if row.held <= 0 or (row.status, row.owner) not in spoken:
            continue
        rows_held += 1
        units_held += row.held
        said = AVAILABLE if row.status == EXPIRED else row.status
        is_named = (row.sku_id, row.status, row.owner) in named or (row.sku_id, said, row.owner) in named
        if not is_named and (row.counted_at is None or row.counted_at <= as_of):
            rows.append(row)
    return Rest(tuple(rows), sum(row.held for row in rows), rows_held, units_held)


def is_too_much(rest: Rest, rule: SnapshotRule) -> bool:
    """Whether so much is left out that a person has to say that it is gone."""
    if len(rest.rows) <= rule.missing_rows:
        return False
    return (
        len(rest.rows) * 100 > rule.missing_percent * rest.rows_held
        or rest.units * 100 > rule.missing_percent * rest.units_held
    )
