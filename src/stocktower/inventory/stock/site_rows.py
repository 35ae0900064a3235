"""What counts and snapshots ask of a site's rows: how much each wants to be counted, what it held at an instant."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from stocktower.platform import Transaction, load_queries

_SQL = load_queries(__package__)


class SiteRow(Struct, frozen=True):
    """A stock row of a site, with what tells how much it wants to be counted."""

    stock_id: int
    sku_id: int
    status: str
    owner: str
    lot: str
    quantity: int
    discrepancy: int
    shipped: int
    """Units that left to customers in the window."""
    surprised_at: datetime | None
    """When something last left, in the window, that was not there as far as we knew."""
    opened_at: datetime | None
    """Of its first move."""
    moved_at: datetime | None
    """Of its last move."""


class HeldRow(Struct, frozen=True, gc=False):
    """What a row of a site held at an instant, as far as is known now."""

    stock_id: int
    sku_id: int
    status: str
    owner: str
    lot: str
    held: int
    counted_at: datetime | None


def load_held_rows(tx: Transaction, site_id: int, as_of: datetime) -> list[HeldRow]:
    """All rows of a site, but those in transit to it, with what they held at an instant."""
    return tx.fetch(_SQL.load_held_rows, HeldRow, site_id=site_id, as_of=as_of)


def load_site_size(tx: Transaction, site_id: int, statuses: Collection[str]) -> tuple[int, int]:
    """(rows, units) of what a site holds in some statuses."""
    [(rows, units)] = tx.tuples(_SQL.load_site_size, site_id=site_id, statuses=sorted(statuses))
    return rows, units


def load_site_rows(tx: Transaction, site_id: int, since: datetime) -> list[SiteRow]:
    """All rows of a site, with what left them after an instant."""
    return tx.fetch(_SQL.load_site_rows, SiteRow, site_id=site_id, since=since)


def load_held_at(tx: Transaction, site_id: int, rows: Sequence[tuple[int, str, str, datetime]]) -> list[int]:
    """What our rows (SKU, status, lot) of a site held at an instant of each, as far as is known now; one each."""
    if not rows:
        return []
    sku_ids, statuses, lots, times = zip(*rows, strict=True)
    found = dict(
        tx.tuples(_SQL.load_held_at, site_id=site_id, sku_ids=sku_ids, statuses=statuses, lots=lots, times=times)
    )
    return [found.get(place, 0) for place in range(1, len(rows) + 1)]


def load_held_in_bins(
    tx: Transaction, site_id: int, rows: Sequence[tuple[int, str, str, datetime]]
) -> list[dict[str, int]]:
    """What our rows (SKU, status, lot) of a site held in which bin at an instant of each, as far as is known now."""
    found: list[dict[str, int]] = [{} for _ in rows]
    if rows:
        sku_ids, statuses, lots, times = zip(*rows, strict=True)
        named = {"site_id": site_id, "sku_ids": sku_ids, "statuses": statuses, "lots": lots, "times": times}
        for place, code, units in tx.tuples(_SQL.load_held_in_bins, **named):
            found[place - 1][code] = units
    return found
