"""What was picked for a request that is over and has not left with it: it is picked for nobody, and is not put away."""

from collections.abc import Sequence

from stocktower.platform import Transaction

from ..bins import store as bin_store
from ..bins.rules import FETCHED, NOT_PUT_AWAY
from ..stock import store
from ..stock.book import Cause, Shift
from ..supply.service import open_book, write_book
from .fetch_rules import FULFILLMENT

PUT_BACK = "put_back"
"""Reason of such moves, and kind of the due work that makes them; the key is the fulfillment."""


def put_back(tx: Transaction, fulfillment_ids: Sequence[int]) -> None:
    """Take what is left of the picks of requests that are over out of the place of what is picked."""
    stock_ids = sorted({stock_id for _, stock_id in bin_store.load_fetched(tx, fulfillment_ids)})
    if not stock_ids:
        return
    store.lock_items(tx, sorted({row.sku_id for row in store.load_rows_by_id(tx, stock_ids)}))
    book = open_book(tx, store.load_rows_by_id(tx, stock_ids))
    picked = {one.stock_id: one.quantity for one in bin_store.load_bins(tx, stock_ids) if one.bin == FETCHED}
    for (fulfillment_id, stock_id), units in bin_store.load_fetched(tx, fulfillment_ids).items():
        part = min(units, picked.get(stock_id, 0))
        if part:
            picked[stock_id] -= part
            cause = Cause(PUT_BACK, NOT_PUT_AWAY, FULFILLMENT, fulfillment_id, tx.now)
            book.notes.shifted.append(Shift(stock_id, FETCHED, NOT_PUT_AWAY, part, cause))
    write_book(tx, book)
