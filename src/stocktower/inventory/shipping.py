"""What left a site: allocated units first, then free ones; what the row lacks is found and stays a discrepancy."""

from collections.abc import Sequence

from stocktower.network import load_network
from stocktower.platform import Transaction

from . import store
from .discrepancies import settle_discrepancies
from .events import stock_events, supply_event
from .model import AVAILABLE, NO_LOT, Consume, ConsumeResult, StockRow
from .rules import owner_at
from .service import change_demands, open_book, write_book
from .shipment import Shipment


def consume(tx: Transaction, items: Sequence[Consume]) -> ConsumeResult:
    """Take shipped units out of stock: moves, reservations and demand, whatever the tower thought was there.

    Units are taken from what the line has at the site, then from what is free there, then they are found by a
    discrepancy (with a case), never from what is allocated to somebody else. The caller has locked the orders.
    """
    if not items:
        return ConsumeResult()
    order_ids = sorted({item.order_id for item in items})
    sku_ids = sorted({item.sku_id for item in items})
    store.lock_items(tx, sku_ids)
    network = load_network(tx)
    demands = {(one.order_id, one.line_no, one.sku_id): one for one in store.load_demands(tx, order_ids)}
    book = open_book(tx, store.load_rows(tx, sku_ids))
    locked = set(sku_ids)
    allocations = [one for one in store.load_allocations(tx, order_ids) if one.sku_id in locked]
    shipment = Shipment(book, demands, allocations)
    missing = shipment.places_without_row(items)
    for stock_id, (sku_id, site_id) in zip(tx.new_ids(len(missing)), missing, strict=True):
        owner = owner_at(network.sites[site_id])
        shipment.open(StockRow(stock_id, sku_id, site_id, AVAILABLE, owner, NO_LOT, 0, 0, 0, 0, None))
    for item in items:
        shipment.ship(item)
    write_book(tx, book)
    change_demands(tx, [one for key, one in shipment.demands.items() if one is not demands[key]])
    tx.emit_all(stock_events(book, network))
    tx.emit_all(supply_event(sku_ids, tx.now))
    settle_discrepancies(tx, book, network)
    return shipment.result()
