"""A site that keeps no bins any more: its units lie nowhere in particular."""

from stocktower.network import Network
from stocktower.platform import Transaction

from ..bins import store as bin_store
from ..stock import store
from ..stock.book import Cause, Shift
from ..supply.service import open_book, write_book

GIVEN_UP = "bins_given_up"


def give_up_bins(tx: Transaction, network: Network) -> int:
    """Take everything out of the bins of sites that keep none, by moves; how many stock rows had any."""
    site_ids = [site.site_id for site in network.sites.values() if not site.bins]
    rows = bin_store.load_binned_rows(tx, site_ids)
    if not rows:
        return 0
    store.lock_items(tx, sorted({sku_id for _, sku_id in rows}))
    book = open_book(tx, store.load_rows_by_id(tx, sorted(stock_id for stock_id, _ in rows)))
    cause = Cause(GIVEN_UP, "", "configuration", network.version, tx.now)
    for one in bin_store.load_bins(tx, list(book.balances)):
        book.notes.shifted.append(Shift(one.stock_id, one.bin, "", one.quantity, cause))
    write_book(tx, book)
    return len(rows)
