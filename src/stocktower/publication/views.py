"""Read models: what was told to whom, for pages and API."""

from collections.abc import Iterator
from datetime import datetime

from stocktower.platform import Transaction

from . import store
from .model import PublicationRow, Told


def load_told(tx: Transaction, sku_id: int) -> list[Told]:
    """The last word of every channel about the listings of a SKU."""
    return store.load_told_of_sku(tx, sku_id)


def load_told_at(tx: Transaction, sku_id: int, at: datetime) -> list[Told]:
    """The last word by an instant of every channel about the listings of a SKU."""
    return store.load_told_at(tx, sku_id, at)


def load_told_between(tx: Transaction, sku_id: int, after: datetime, until: datetime, limit: int = 5_000) -> list[Told]:
    """What was told of a SKU after an instant and up to another, in order, no more than a limit."""
    return store.load_told_between(tx, sku_id, after, until, limit)


def load_publications(tx: Transaction, *, channel_id: int = 0, limit: int = 50) -> list[PublicationRow]:
    """The latest publications, of one channel or of all."""
    return store.load_publications(tx, channel_id, limit)


def count_told(tx: Transaction) -> int:
    """How many listings were ever told to a channel."""
    return store.count_told(tx)


def walk_told(
    tx: Transaction, until: datetime, batch: int = 20_000
) -> Iterator[list[tuple[int, str, int, int, int, int, datetime]]]:
    """All that was told by an instant: publication_id, listing, channel_id, sku_id, shown, ats, told_at."""
    publication_id, listing = 0, ""
    while found := store.load_told_batch(tx, publication_id, listing, until, batch):
        yield found
        publication_id, listing = found[-1][0], found[-1][1]
