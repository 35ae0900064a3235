"""What a snapshot says is none, by leaving it out of a whole site or by a zero: so, unless half a file is likelier.

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


class Size(Struct, frozen=True):
    """Rows that hold something, and their units."""

    rows: int
    units: int


def is_too_much(rest: Rest, rule: SnapshotRule) -> bool:
    """Whether so much is left out that a person has to say that it is gone."""
    gone, held = Size(len(rest.rows), rest.units), Size(rest.rows_held, rest.units_held)
    return is_all(gone, held) or is_large(gone, held, rule)


def is_all(gone: Size, held: Size) -> bool:
    """Whether nothing would be left of several rows."""
    return gone.rows == held.rows > 1


def is_large(gone: Size, held: Size, rule: SnapshotRule) -> bool:
    """Whether it is more than a few rows, and a large share of the rows or units."""
    if gone.rows <= rule.missing_rows:
        return False
    percent = rule.missing_percent
    return gone.rows * 100 > percent * held.rows or gone.units * 100 > percent * held.units
