"""Read models of stock for pages and API: what happened to rows, and who has their units."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from stocktower.platform import Transaction

from . import store
from .book import Move

__all__ = ["Holder", "Move", "load_holders", "load_moves", "load_short_skus"]


class Holder(Struct, frozen=True):
    """An order line (or a hold) that has units of a stock row now."""

    order_id: int
    """Of a hold: the hold's id."""
    line_no: int
    stock_id: int
    site_id: int
    quantity: int
    since: datetime
    """When units were last taken or given back."""


def load_moves(tx: Transaction, stock_ids: Sequence[int], *, limit: int = 50) -> list[Move]:
    """The last moves of some stock rows, the newest first."""
    return store.load_moves(tx, stock_ids, limit) if stock_ids else []


def load_holders(tx: Transaction, stock_ids: Sequence[int], *, limit: int = 50) -> list[Holder]:
    """Who has units of some stock rows, the last to take them first."""
    return [Holder(*row) for row in store.load_holders(tx, stock_ids, limit)] if stock_ids else []


def load_short_skus(tx: Transaction) -> list[int]:
    """The SKUs that orders wait for."""
    return store.load_short_skus(tx)
