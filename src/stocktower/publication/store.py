"""The statements of the room, one typed function each."""

from collections.abc import Sequence
from datetime import datetime

from stocktower.platform import Transaction, load_queries

from .model import Listing, Publication, PublicationRow, Told

_Q = load_queries(__package__)


def mark_changed(tx: Transaction, positions: dict[int, int]) -> None:
    """Note the event that last touched each SKU."""
    tx.execute(_Q.mark_changed, sku_ids=list(positions), positions=list(positions.values()))


def load_changed(tx: Transaction, position: int) -> list[int]:
    """The SKUs touched after an event; 0 among them stands for all."""
    return tx.values(_Q.load_changed, position=position)


def load_looks(tx: Transaction) -> dict[int, tuple[datetime, int]]:
    """When each channel was last looked at, and up to which event."""
    return {channel_id: (looked_at, position) for channel_id, looked_at, position in tx.tuples(_Q.load_looks)}


def record_look(tx: Transaction, channel_id: int, position: int) -> None:
    """A channel was looked at now."""
    tx.execute(_Q.record_look, channel_id=channel_id, position=position)


def record_publication(tx: Transaction, made: Publication) -> None:
    """Keep what was told, and make it the last word."""
    tx.execute(
        _Q.record_publication, publication_id=made.publication_id, channel_id=made.channel_id,
        listings=len(made.listings), path=made.path,
    )  # fmt: skip
    tx.copy(_Q.told, [(*told_row(tx.merchant_id, made, item), tx.now) for item in made.listings])
    tx.execute(
        _Q.record_last_told,
        channel_id=made.channel_id,
        publication_id=made.publication_id,
        listings=[item.listing for item in made.listings],
        sku_ids=[item.sku_id for item in made.listings],
        shown=[item.shown for item in made.listings],
    )


def told_row(merchant_id: int, made: Publication, item: Listing) -> tuple[int, int, int, str, int, int, int]:
    """A row of what was told."""
    return (merchant_id, made.publication_id, made.channel_id, item.listing, item.sku_id, item.shown, item.ats)


def load_told(tx: Transaction, channel_id: int, listings: Sequence[str]) -> dict[str, Told]:
    """The last word to one channel by listing."""
    return {told.listing: told for told in tx.fetch(_Q.load_told, Told, channel_id=channel_id, listings=list(listings))}


def load_told_of_sku(tx: Transaction, sku_id: int) -> list[Told]:
    """The last word of every channel about the listings of a SKU."""
    return tx.fetch(_Q.load_told_of_sku, Told, sku_id=sku_id)


def load_told_at(tx: Transaction, sku_id: int, at: datetime) -> list[Told]:
    """The last word by an instant about the listings of a SKU."""
    return tx.fetch(_Q.load_told_at, Told, sku_id=sku_id, at=at)


def load_told_between(tx: Transaction, sku_id: int, after: datetime, until: datetime, limit: int) -> list[Told]:
    """What was told of a SKU after an instant and up to another, in order."""
    return tx.fetch(_Q.load_told_between, Told, sku_id=sku_id, after=after, until=until, limit=limit)


def load_recorded_paths(tx: Transaction, paths: Sequence[str]) -> set[str]:
    """Which of these files stand for a publication that was made."""
    return set(tx.values(_Q.load_recorded_paths, paths=list(paths)))


def load_publications(tx: Transaction, channel_id: int, limit: int) -> list[PublicationRow]:
    """The latest publications, of one channel or of all (0)."""
    return tx.fetch(_Q.load_publications, PublicationRow, channel_id=channel_id, limit=limit)


def count_told(tx: Transaction) -> int:
    """How many listings were ever told to a channel."""
    return tx.value(_Q.count_told) or 0


def load_told_batch(
    tx: Transaction, publication_id: int, listing: str, until: datetime, limit: int
) -> list[tuple[int, str, int, int, int, int, datetime]]:
    """(publication_id, listing, channel_id, sku_id, shown, ats, told_at) by an instant, after a place."""
    return tx.tuples(_Q.load_told_batch, publication_id=publication_id, listing=listing, until=until, limit=limit)
