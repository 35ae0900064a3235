"""One function per statement on what may be ordered ahead."""

from collections.abc import Sequence

from stocktower.platform import Transaction, load_queries

from .model import PreorderWord

_Q = load_queries(__package__)


def load_preorders(tx: Transaction, sku_ids: Sequence[int]) -> list[PreorderWord]:
    """What may be ordered ahead of the listings of some SKUs; of all of them where none are given."""
    return tx.fetch(_Q.load_preorders, PreorderWord, sku_ids=list(sku_ids))


def load_preorders_named(tx: Transaction, channel_id: int, listings: Sequence[str]) -> list[PreorderWord]:
    """What may be ordered ahead of some listings of a channel."""
    return tx.fetch(_Q.load_preorders_named, PreorderWord, channel_id=channel_id, listings=list(listings))


def upsert_preorders(tx: Transaction, words: Sequence[PreorderWord]) -> None:
    """What may be ordered ahead now."""
    if words:
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
