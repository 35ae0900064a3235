"""Units are picked out of the bins that sites name, before they leave: bins fall there, and rows stay as they are."""

from collections.abc import Iterable, Sequence

from stocktower.network import load_network
from stocktower.platform import Transaction

from ..bins import store as bin_store
from ..bins.lacking import tell_lacking
from ..formulas.model import Fetch
from ..stock import store
from ..supply.service import open_book, write_book
from .fetch_rules import Shelves


def fetch(tx: Transaction, items: Sequence[Fetch], *, also: Iterable[int] = ()) -> None:
    """Take picked units out of their bins, or what was not found in them; at sites that keep none nothing happens.

    A bin that has less is a case, and takes nothing from any other. `also`: SKUs that the transaction locks after it.
    The caller has locked the orders.
    """
    network = load_network(tx)
    items = [item for item in items if item.bin and network.sites[item.site_id].bins]
    if not items:
        return
    sku_ids = sorted({item.sku_id for item in items})
    store.lock_items(tx, sorted({*sku_ids, *also}))
    sites = {item.site_id for item in items}
    rows = [row for row in store.load_rows(tx, sku_ids) if row.site_id in sites]
    book = open_book(tx, rows)
    stock_ids = list(book.balances)
    allocations = store.load_allocations(tx, sorted({item.order_id for item in items}))
    shelves = Shelves(rows, bin_store.load_bins(tx, stock_ids), bin_store.load_counts(tx, stock_ids), allocations)
    for item in items:
        shelves.fetch(item)
    book.notes.shifted += shelves.shifts
    book.notes.lacking += shelves.lacking
    write_book(tx, book)
    tell_lacking(tx, book, network)
