"""Read models: what was told to whom, for pages and API."""

from stocktower.platform import Transaction

from . import store
from .model import PublicationRow, Told


def load_told(tx: Transaction, sku_id: int) -> list[Told]:
    """The last word of every channel about the listings of a SKU."""
    return store.load_told_of_sku(tx, sku_id)


def load_publications(tx: Transaction, *, channel_id: int = 0, limit: int = 50) -> list[PublicationRow]:
    """The latest publications, of one channel or of all."""
    return store.load_publications(tx, channel_id, limit)


def count_told(tx: Transaction) -> int:
    """How many listings were ever told to a channel."""
    return store.count_told(tx)
