"""Receipts and adjustments: changes of quantity that somebody states by their difference."""

from collections.abc import Sequence

from msgspec import Struct

from stocktower.network import Network, load_network
from stocktower.platform import Transaction

from . import store
from .book import Balance, Book, Cause
from .discrepancies import settle_discrepancies
from .events import DISCREPANCY, RECEIPT, stock_events
from .model import NO_LOT, Posting, StockRow
from .rules import owner_at
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
    places = _open_rows(tx, items, book, network)
    answers: list[Posted] = []
    for item in items:
        balance = places[item.sku_id, item.site_id, item.status]
        problem = refuse(item, balance)
        if not problem:
            _enter(book, balance, item, reason or item.reason)
        answers.append(Posted(balance.row.stock_id, balance.quantity, problem))
    write_book(tx, book)
    tx.emit_all(stock_events(book, network))
    settle_discrepancies(tx, book, network)
    return answers


def _open_rows(
    tx: Transaction, items: Sequence[Posting], book: Book, network: Network
) -> dict[tuple[int, int, str], Balance]:
    """The row of each item, new where there is none."""
    places: dict[tuple[int, int, str], Balance] = {}
    for one in book.balances.values():
        places.setdefault((one.row.sku_id, one.row.site_id, one.row.status), one)
    missing = sorted({(item.sku_id, item.site_id, item.status) for item in items} - places.keys())
    for stock_id, (sku_id, site_id, status) in zip(tx.new_ids(len(missing)), missing, strict=True):
        owner = owner_at(network.sites[site_id])
        row = StockRow(stock_id, sku_id, site_id, status, owner, NO_LOT, 0, 0, 0, 0, None)
        places[sku_id, site_id, status] = book.open(row)
    return places


def refuse(item: Posting, balance: Balance) -> str:
    """Why an item cannot be entered; empty where it can."""
    if item.delta == 0:
        return "a posting of nothing"
    if balance.free + item.delta < 0:
        return f"{balance.allocated} of {balance.quantity} are allocated: only {balance.free} can be taken out"
    return ""


def _enter(book: Book, balance: Balance, item: Posting, reason: str) -> None:
    counterpart = "supplier" if reason == RECEIPT else reason
    stock_id = balance.row.stock_id
    book.move(
        stock_id,
        item.delta,
        Cause(reason, counterpart, item.reference, item.reference_id, item.occurred_at, item.cost_minor),
    )
    found = min(balance.discrepancy, item.delta)
    if found > 0:
        balance.discrepancy -= found
        book.move(stock_id, -found, Cause(DISCREPANCY, reason, item.reference, item.reference_id, item.occurred_at))
