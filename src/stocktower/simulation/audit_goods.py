"""What the auditor expects of goods that move without being sold: shelves, and what is owed for deliveries."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from stocktower.exchange import AdjustmentDocument, AssemblyDocument, ReceiptDocument, TransferDocument

from .audit_money import INVENTORY, RECEIVED, Ledger
from .audit_stock import Gone, Key, StockModel, key_of
from .merchant import Merchant
from .warehouse import AVAILABLE, DAMAGED

TRANSIT = "in_transit"


def deliver(document: ReceiptDocument, merchant: Merchant, stock: StockModel, ledger: Ledger) -> None:
    """What came lies on the shelves, and is owed to the supplier at its stated cost."""
    place = merchant.place(document.site)
    assert document.received_at is not None
    for line in document.lines:
        come(stock, key_of(document.site, line.sku, AVAILABLE, line.lot), line.quantity, document.received_at)
        come(stock, key_of(document.site, line.sku, DAMAGED, line.lot), line.damaged, document.received_at)
        value = (line.quantity + line.damaged) * (line.cost_minor or 0)
        if place.is_ours:
            ledger.post(place.entity, merchant.currencies[place.entity], [(INVENTORY, value), (RECEIVED, -value)])


def find(document: AdjustmentDocument, stock: StockModel) -> None:
    """What was found lies on the shelf."""
    assert document.occurred_at is not None
    key = key_of(document.site, document.sku, document.status, document.lot)
    come(stock, key, document.quantity, document.occurred_at)


def carry(document: TransferDocument, stock: StockModel) -> None:
    """What left is on its way, what arrived is there."""
    at = document.occurred_at
    assert at is not None
    for line in document.lines:
        leaves, comes = (
            key_of(site, line.sku, AVAILABLE, line.lot) for site in (document.origin, document.destination)
        )
        between = key_of(document.destination, line.sku, TRANSIT, line.lot)
        if document.step == "shipped":
            come(stock, leaves, -line.quantity, at)
            come(stock, between, line.quantity, at)
        elif document.step == "arrived":
            come(stock, between, -line.quantity, at)
            come(stock, comes, line.quantity, at)


def make(
    document: AssemblyDocument, moved: Sequence[tuple[str, int]], merchant: Merchant, stock: StockModel
) -> list[str]:
    """What was made is there, and what it was made of is not; says in what the tower's answer differs."""
    assert document.occurred_at is not None
    units = -document.quantity if document.disassemble else document.quantity
    expected = Counter({document.sku: units})
    for sku, each in merchant.good(document.sku).materials:
        expected[sku] -= units * each
    for sku, count in expected.items():
        come(stock, key_of(document.site, sku, AVAILABLE), count, document.occurred_at)
    said = Counter[str]()
    for sku, count in moved:
        said[sku] += count
    return [] if said == expected else [f"{document.reference}: it moved {dict(said)}, not {dict(expected)}"]


def come(stock: StockModel, key: Key, units: int, at: datetime) -> None:
    """Units come to a shelf, or leave it (below zero)."""
    if units:
        stock.ship(key, Gone(at, at, -units))
