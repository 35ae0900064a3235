"""Rows of stock are a projection of their ledgers: they can be compared with them, and rebuilt from them."""

from msgspec import Struct

from stocktower.platform import Transaction

from . import store


class Drift(Struct, frozen=True):
    """A stock row that says something else than its ledgers."""

    stock_id: int
    quantity: int
    allocated: int
    sequence: int
    moved: int
    """The sum of its moves."""
    reserved: int
    """The sum of its reservations."""
    last_sequence: int
    """Of the last entry in either ledger."""


def find_drift(tx: Transaction) -> list[Drift]:
    """The stock rows that differ from their ledgers; none, unless somebody wrote past this room."""
    return [Drift(*row) for row in store.load_rows_unlike_ledgers(tx)]


def rebuild_balances(tx: Transaction) -> list[Drift]:
    """Set every stock row to what its ledgers say, and tell what was different.

    A ledger that itself allocates more than there is cannot be written to a row (OverAllocated).
    """
    sku_ids = store.load_stocked_skus(tx)
    store.lock_items(tx, sku_ids)
    drift = find_drift(tx)
    if drift:
        store.restore_rows(tx, [(one.stock_id, one.moved, one.reserved, one.last_sequence) for one in drift])
    return drift
