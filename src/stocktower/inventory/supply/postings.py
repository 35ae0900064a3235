"""Receipts and adjustments: changes of quantity that somebody states by their difference."""

from collections.abc import Sequence

from msgspec import Struct

from stocktower.network import load_network
from stocktower.platform import Transaction

from ..formulas.model import Posting
from ..stock import store
from ..stock.book import Balance, Cause
from ..stock.discrepancies import settle_discrepancies
from ..stock.entering import Rows, can_take, enter
from ..stock.events import RECEIPT, stock_events
from .service import open_book, write_book


class Posted(Struct, frozen=True):
    """What became of one posting."""

    stock_id: int
    quantity_after: int
    problem: str = ""
    """Not empty: it was refused, and nothing changed."""


def receive(tx: Transaction, items: Sequence[Posting]) -> list[Posted]:
    """Enter goods that came in; an open discrepancy of the row is reversed by them first. One result an item."""
    return _post(tx, items, RECEIPT)


def adjust(tx: Transaction, items: Sequence[Posting]) -> list[Posted]:
    """Enter adjustments with their reasons; one that would leave less than is allocated is refused."""
    return _post(tx, items, "")


def _post(tx: Transaction, items: Sequence[Posting], reason: str) -> list[Posted]:
    if not items:
        return []
    network = load_network(tx)
    sku_ids = sorted({item.sku_id for item in items})
    store.lock_items(tx, sku_ids)
    book = open_book(tx, store.load_rows(tx, sku_ids))
    rows = Rows(book, network, tx.new_ids(len(items)))
    answers: list[Posted] = []
    for item in items:
        balance = rows.open(rows.key(item.sku_id, item.site_id, item.status, item.owner, item.lot))
        why = reason or item.reason
        counterpart = "supplier" if why == RECEIPT else why
        cause = Cause(
            why, counterpart, item.reference, item.reference_id, item.occurred_at, item.cost_minor, item.against
        )
        problem = refuse(item, balance, cause)
        if not problem:
            enter(book, balance, item.delta, cause)
        answers.append(Posted(balance.row.stock_id, balance.quantity, problem))
    write_book(tx, book)
    tx.emit_all(stock_events(book, network))
    settle_discrepancies(tx, book, network)
    return answers


def refuse(item: Posting, balance: Balance, cause: Cause) -> str:
    """Why an item cannot be entered; empty where it can."""
    if item.delta == 0:
        return "a posting of nothing"
    if not can_take(balance, -item.delta, cause):
        return f"{balance.allocated} of {balance.quantity} are allocated: only {balance.free} can be taken out"
    return ""
