"""A lot as the plain facts that an EPCIS document is made of; the command line and the API write the same one."""

from stocktower import model, ordering
from stocktower.connectors import epcis
from stocktower.network import load_network
from stocktower.platform import Transaction


def as_epcis(tx: Transaction, detail: ordering.LotDetail) -> bytes:
    """Every move of a lot as a GS1 EPCIS 2.0 document."""
    sites = load_network(tx).sites
    merchant = epcis.Merchant(model.load_applied(tx).configuration.merchant.code, tx.now)
    numbers = {one.fulfillment_id: one.order.number for one in detail.orders}
    events = [
        epcis.LotEvent(
            event_id=f"{move.stock_id}-{move.sequence}",
            sku=detail.sku.code,
            gtin=detail.sku.barcode,
            lot=detail.lot.lot,
            is_serial=detail.sku.tracking == "serial",
            unit=detail.sku.stock_unit,
            site=sites[move.site_id].code,
            zone=sites[move.site_id].timezone,
            status=move.status,
            counterpart=move.counterpart,
            reason=move.reason,
            delta=move.delta,
            quantity_after=move.quantity_after,
            order=numbers.get(move.reference_id, "") if move.reference == "fulfillment" else "",
            occurred_at=move.occurred_at,
            recorded_at=move.recorded_at,
        )
        for move in detail.moves
    ]
    return epcis.encode(epcis.to_document(merchant, events))
