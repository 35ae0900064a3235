"""One function per statement on what may be ordered ahead."""

from collections.abc import Sequence
from datetime import datetime

from stocktower.platform import Transaction, load_queries

from .model import Accuracy, AccuracyRow, PreorderWord

_Q = load_queries(__package__)


def load_preorders(tx: Transaction, sku_ids: Sequence[int]) -> list[PreorderWord]:
    """What may be ordered ahead of the listings of some SKUs; of all of them where none are given."""
    return tx.fetch(_Q.load_preorders, PreorderWord, sku_ids=list(sku_ids))


def load_preorders_at(tx: Transaction, sku_ids: Sequence[int], at: datetime) -> list[PreorderWord]:
    """What could be ordered ahead of the listings of some SKUs at an instant, and what had been told of it."""
    return tx.fetch(_Q.load_preorders_at, PreorderWord, sku_ids=list(sku_ids), at=at)


def measure_accuracy(tx: Transaction, since: datetime, until: datetime) -> list[AccuracyRow]:
    """By channel and SKU: seconds in which something could be ordered ahead or was told to be, in which the word was
    right, and in which it promised too much or too soon."""
    rows = tx.tuples(_Q.measure_accuracy_ahead, since=since, until=until)
    return [AccuracyRow(channel_id, sku_id, None, Accuracy(*seconds)) for channel_id, sku_id, *seconds in rows]


def load_preorders_named(tx: Transaction, channel_id: int, listings: Sequence[str]) -> list[PreorderWord]:
    """What may be ordered ahead of some listings of a channel."""
    return tx.fetch(_Q.load_preorders_named, PreorderWord, channel_id=channel_id, listings=list(listings))


def upsert_preorders(tx: Transaction, words: Sequence[PreorderWord]) -> None:
    """What may be ordered ahead now, and how that stood before, of listings of which it changed."""
    if words:
        _record_past(tx, words)
        tx.execute(
            _Q.upsert_preorders,
            channel_ids=[one.channel_id for one in words],
            listings=[one.listing for one in words],
            sku_ids=[one.sku_id for one in words],
            quantities=[one.quantity for one in words],
            days=[one.available_on for one in words],
        )


def record_told_preorders(tx: Transaction, publication_id: int, words: Sequence[PreorderWord]) -> None:
    """A publication tells what may be ordered ahead, as it is now."""
    if words:
        _record_past(tx, [one for one in words if (one.told_quantity, one.told_on) != (one.quantity, one.available_on)])
        tx.execute(
            _Q.note_told_preorders,
            channel_ids=[one.channel_id for one in words],
            listings=[one.listing for one in words],
            publication_id=publication_id,
        )
        rows = [
            (tx.merchant_id, publication_id, one.channel_id, one.listing, one.sku_id, one.quantity, one.available_on)
            for one in words
        ]
        tx.copy(_Q.told_preorder, rows)


def _record_past(tx: Transaction, words: Sequence[PreorderWord]) -> None:
    if words:
        tx.execute(
            _Q.record_past_preorders,
            channel_ids=[one.channel_id for one in words],
            listings=[one.listing for one in words],
        )
