"""Bins follow what is entered for their rows, where there are any."""

from stocktower.platform import Transaction

from ..stock.book import Book
from . import store
from .rules import BinMove, Binning


def follow_bins(tx: Transaction, book: Book) -> list[BinMove]:
    """What a book means for bins: moves to be written with it; its balances then say what lies in bins.

    Rows that have nothing in bins, and of which nobody says any, cost nothing. The SKUs are locked.
    """
    balances, notes = book.balances, book.notes
    stock_ids = {move.stock_id for move in book.moves if balances[move.stock_id].row.binned} | notes.rows()
    if not stock_ids:
        return []
    return Binning(book, store.load_bins(tx, stock_ids)).follow(stock_ids)
