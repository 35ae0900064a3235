"""Rows that carry, or have given, units which their site does not have: what becomes of these, and their cases."""

from collections.abc import Mapping

from stocktower.catalog import load_skus
from stocktower.kernel import CaseKind
from stocktower.model import load_applied
from stocktower.network import Network
from stocktower.platform import Transaction
from stocktower.worklist import Raise, Waiter, close_by_cause, raise_cases

from .book import Balance, Book, Cause
from .events import DISCREPANCY


def drop_missing(book: Book, given_back: Mapping[int, int] | None = None) -> None:
    """Units that rows carried only because they were allocated, and that sites do not have, go when nobody has them any
    more: they are not free. `given_back`: by which order, by row, beside what the book's own entries say."""
    last = {**(given_back or {}), **{entry.stock_id: entry.order_id for entry in book.entries}}
    for stock_id, balance in book.balances.items():
        part = min(balance.discrepancy, balance.free)
        if part > 0:
            balance.discrepancy -= part
            book.move(stock_id, -part, Cause(DISCREPANCY, "unknown", "order", last.get(stock_id, 0), book.now))


def settle_discrepancies(tx: Transaction, book: Book, network: Network) -> None:
    """Open a case for each row whose discrepancy grew, and close it when nothing of it is left."""
    grown = [one for one in book.balances.values() if one.discrepancy > one.row.discrepancy]
    gone = [one for one in book.balances.values() if one.row.discrepancy and not one.discrepancy]
    if gone:
        close_by_cause(tx, CaseKind.SHORTFALL, [cause_key(one) for one in gone], "what was missing is explained")
    if not grown:
        return
    skus = load_skus(tx, sorted({one.row.sku_id for one in grown}))
    configuration = load_applied(tx).configuration
    raises: list[Raise] = []
    for one in grown:
        sku, site = skus[one.row.sku_id], network.sites[one.row.site_id]
        units = one.discrepancy
        raises.append(
            Raise(
                kind=CaseKind.SHORTFALL,
                cause_key=cause_key(one),
                title=f"{site.code} lacks {units} of {sku.code}",
                data={"stock_id": one.row.stock_id, "sku": sku.code, "site": site.code, "units": units},
                waiters=(Waiter("sku", sku.sku_id, units, units * (sku.cost_minor or 0)),),
            )
        )
    raise_cases(tx, configuration, raises)


def cause_key(balance: Balance) -> str:
    """What identifies the cause: the row."""
    return f"stock/{balance.row.stock_id}"
