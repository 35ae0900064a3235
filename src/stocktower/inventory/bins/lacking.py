"""The cases of bins out of which more was taken than was known to lie there: they close when the bins are counted."""

from collections.abc import Collection, Sequence

from stocktower.catalog import load_skus
from stocktower.kernel import CaseKind
from stocktower.model import load_applied
from stocktower.network import Network
from stocktower.platform import Transaction
from stocktower.worklist import Raise, Waiter, close_by_cause, raise_cases

from ..stock.book import Book, Lack

NAMED = 3


def tell_lacking(tx: Transaction, book: Book, network: Network) -> None:
    """Open a case for each row of a book one of whose bins had less than was taken out of it.

    Of a row that is not known to lie in any bin there is nothing to tell.
    """
    lacking: dict[int, list[Lack]] = {}
    for one in book.notes.lacking:
        if book.balances[one.stock_id].row.binned:
            lacking.setdefault(one.stock_id, []).append(one)
    if not lacking:
        return
    skus = load_skus(tx, sorted({book.balances[stock_id].row.sku_id for stock_id in lacking}))
    raises: list[Raise] = []
    for stock_id, of_row in lacking.items():
        row = book.balances[stock_id].row
        sku, site = skus[row.sku_id], network.sites[row.site_id]
        units = sum(one.taken - one.known for one in of_row)
        data = {
            "stock_id": stock_id, "sku": sku.code, "site": site.code, "units": units,
            "bins": ", ".join(sorted({one.bin for one in of_row})),
        }  # fmt: skip
        title = f"{site.code}: {_words(of_row)} of {sku.code}"
        raises.append(
            Raise(CaseKind.BIN_DIFFERENCE, cause_key(stock_id), title, data, (Waiter("sku", sku.sku_id, units),))
        )
    raise_cases(tx, load_applied(tx).configuration, raises)


def close_lacking(tx: Transaction, stock_ids: Collection[int]) -> None:
    """The bins of some rows are counted: what was doubted of them is settled."""
    if stock_ids:
        keys = [cause_key(stock_id) for stock_id in sorted(stock_ids)]
        close_by_cause(tx, CaseKind.BIN_DIFFERENCE, keys, "the bins were counted")


def cause_key(stock_id: int) -> str:
    """What identifies the cause: the row."""
    return f"bins/{stock_id}"


def _words(lacking: Sequence[Lack]) -> str:
    told = [f"{one.taken:,} taken out of {one.bin}, which held {one.known:,}" for one in lacking[:NAMED]]
    more = f" and of {len(lacking) - NAMED:,} more" if len(lacking) > NAMED else ""
    return "; ".join(told) + more
