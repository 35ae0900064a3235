"""Enters what somebody states by its difference into a book, so that it makes no difference when it is learned.

A change that happened before its row was last counted is in that count already: what the site really has stays as it
is. Units that come in reverse an open discrepancy of the row first. What is stated as a fact and not there is found by
a discrepancy, never taken from what is allocated. Pure.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from stocktower.network import Network

from ..formulas.model import StockRow
from ..formulas.rules import owner_at
from .book import Balance, Book, Cause
from .events import COUNT, DISCREPANCY

RowKey = tuple[int, int, str, str, str]
"""(sku_id, site_id, status, owner, lot)"""


class Rows:
    """The rows of a book by what identifies them; one that is not there is opened empty."""

    def __init__(self, book: Book, network: Network, new_ids: Iterable[int]) -> None:
        self.book = book
        self._network = network
        self._new_ids = iter(new_ids)
        self._places = {key_of_row(one.row): one for one in book.balances.values()}

    def key(self, sku_id: int, site_id: int, status: str, owner: str, lot: str) -> RowKey:
        """The key of a row; no owner is who owns what lies at the site."""
        return sku_id, site_id, status, owner or owner_at(self._network.sites[site_id]), lot

    def find(self, key: RowKey) -> Balance | None:
        """The row of a key, where there is one."""
        return self._places.get(key)

    def open(self, key: RowKey) -> Balance:
        """The row of a key, new where there is none."""
        found = self._places.get(key)
        if found is None:
            row = StockRow(next(self._new_ids), *key, 0, 0, 0, 0, None)
            found = self._places[key] = self.book.open(row)
        return found


def key_of_row(row: StockRow) -> RowKey:
    """What identifies a row."""
    return row.sku_id, row.site_id, row.status, row.owner, row.lot


def is_counted(balance: Balance, cause: Cause) -> bool:
    """Whether the row was counted after this happened: the count saw it."""
    return balance.counted_at is not None and cause.occurred_at < balance.counted_at


def can_take(balance: Balance, units: int, cause: Cause) -> bool:
    """Whether units can be taken out without touching what is allocated."""
    return units <= balance.free or is_counted(balance, cause)


def enter(book: Book, balance: Balance, delta: int, cause: Cause) -> None:
    """Enter a change of a row; what is taken out and not there is found (see the module)."""
    stock_id = balance.row.stock_id
    if is_counted(balance, cause):
        counted = replace(cause, reason=COUNT, counterpart=COUNT, cost_minor=None, against="")
        covered = min(max(0, -delta), balance.discrepancy, max(0, balance.free))
        balance.discrepancy -= covered
        if delta < 0:
            book.move(stock_id, -delta - covered, counted)
            book.move(stock_id, delta, cause)
        else:
            book.move(stock_id, delta, cause)
            book.move(stock_id, -delta, counted)
        return
    if delta > 0:
        book.move(stock_id, delta, cause)
        found = min(balance.discrepancy, delta)
        balance.discrepancy -= found
        book.move(stock_id, -found, _discrepancy(cause, cause.reason))
        return
    missing = max(0, -delta - balance.free)
    balance.discrepancy += missing
    book.move(stock_id, missing, _discrepancy(cause, "unknown"))
    book.move(stock_id, delta, cause)


def _discrepancy(cause: Cause, counterpart: str) -> Cause:
    return replace(cause, reason=DISCREPANCY, counterpart=counterpart, cost_minor=None, against="")
