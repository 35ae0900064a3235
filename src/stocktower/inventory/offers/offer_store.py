"""One function per statement that what is offered is computed from."""

from collections.abc import Sequence

from stocktower.platform import Columns, Transaction, load_queries

_SQL = load_queries(__package__)


def load_level_columns(tx: Transaction, sku_ids: Sequence[int], owners: Sequence[str], *, every: bool) -> Columns:
    """(sku_id, site_id, place of the owner from 1, expiry in microseconds, units free) of sellable rows."""
    return tx.columns(_SQL.load_level_columns, 5, sku_ids=list(sku_ids), owners=list(owners), every=every)


def load_waiting_columns(tx: Transaction, sku_ids: Sequence[int], *, every: bool) -> Columns:
    """(sku_id, channel_id, units) that wait."""
    return tx.columns(_SQL.load_waiting_columns, 3, sku_ids=list(sku_ids), every=every)
