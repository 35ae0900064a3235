"""A lot as people ask for it: where it is, what happened to it, which orders have it, and who their customers are."""

from datetime import datetime

from msgspec import Struct

from stocktower import catalog, customers, fulfillment, inventory
from stocktower.inventory import LotFacts, LotMove, StockRow
from stocktower.network import Network
from stocktower.platform import Transaction

from .views import OrderRow, load_rows


class LotOrder(Struct, frozen=True):
    """An order that has, or had, units of the lot."""

    order: OrderRow
    fulfillment: str
    """Number of the request; empty where none has them yet."""
    fulfillment_id: int
    """Of the request; 0 where there is none."""
    site_id: int
    units: int
    state: str
    """allocated, with its site, or shipped."""
    at: datetime | None
    """When it shipped."""
    contact: customers.ContactDetails | None
    """Only where personal data may be read."""


class LotDetail(Struct, frozen=True):
    """Everything about one lot of a SKU."""

    sku: catalog.Sku
    lot: LotFacts
    rows: tuple[StockRow, ...]
    moves: tuple[LotMove, ...]
    orders: tuple[LotOrder, ...]


def load_lot(tx: Transaction, network: Network, code: str, lot: str, *, personal: bool) -> LotDetail | None:
    """One lot, whole; None where the SKU has no such lot. `personal`: with the customers of its orders."""
    sku = catalog.find_skus(tx, [code]).get(code)
    if sku is None:
        return None
    facts = next((one for one in inventory.load_lots(tx, code=lot, sku_id=sku.sku_id) if one.lot == lot), None)
    if facts is None:
        return None
    trace = inventory.trace_lot(tx, sku.sku_id, lot)
    requests = {one.fulfillment_id: one for one in fulfillment.load_requests(tx, _fulfillments(trace))}
    holding = [one for one in trace.allocated if one.kind == inventory.ORDER]
    order_ids = sorted({*(one.order_id for one in requests.values()), *(one.order_id for one in holding)})
    orders = {row.order_id: row for row in load_rows(tx, network, order_ids)}
    contacts = customers.load_contacts(tx, order_ids) if personal else {}
    open_at = {
        (request.order_id, request.site_id): request
        for requests_of in fulfillment.load_requests_of(tx, sorted({one.order_id for one in holding})).values()
        for request in requests_of
        if any(line.outstanding for line in request.lines)
    }
    found = [
        LotOrder(
            orders[one.order_id],
            request.number if (request := open_at.get((one.order_id, one.site_id))) else "",
            request.fulfillment_id if request else 0,
            one.site_id,
            one.units,
            "with its site" if request else "allocated",
            None,
            contacts.get(one.order_id),
        )
        for one in holding
    ]
    found += [
        LotOrder(
            orders[requests[one.fulfillment_id].order_id],
            requests[one.fulfillment_id].number,
            one.fulfillment_id,
            one.site_id,
            one.units,
            "shipped",
            one.occurred_at,
            contacts.get(requests[one.fulfillment_id].order_id),
        )
        for one in trace.shipped
        if one.fulfillment_id in requests
    ]
    return LotDetail(sku, facts, trace.rows, trace.moves, tuple(found))


def _fulfillments(trace: inventory.LotTrace) -> list[int]:
    return sorted({one.fulfillment_id for one in trace.shipped})
