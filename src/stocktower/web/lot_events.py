"""A lot as the plain facts that an EPCIS document is made of; the command line and the API write the same one."""

from collections.abc import Mapping

from stocktower import catalog, inventory, model, ordering
from stocktower.connectors import epcis
from stocktower.network import Network, load_network
from stocktower.platform import Transaction

ASSEMBLY = "assembly"


def as_epcis(tx: Transaction, detail: ordering.LotDetail) -> bytes:
    """What happened to a lot as a GS1 EPCIS 2.0 document: every move, and each assembly that it had a part in whole."""
    facts = load_network(tx)
    merchant = epcis.Merchant(model.load_applied(tx).configuration.merchant.code, tx.now)
    numbers = {one.fulfillment_id: one.order.number for one in detail.orders}
    made = inventory.load_assemblies(tx, {one.reference_id for one in detail.moves if one.reference == ASSEMBLY})
    skus = catalog.load_skus(tx, {line.sku_id for _, lines in made.values() for line in lines})
    events: dict[str, epcis.LotEvent | epcis.Transformation] = {}
    for move in detail.moves:
        if move.reference == ASSEMBLY and move.reference_id in made:
            one = _transformation(facts, skus, *made[move.reference_id])
            events.setdefault(f"{ASSEMBLY} {one.event_id}", one)
        else:
            order = numbers.get(move.reference_id, "") if move.reference == "fulfillment" else ""
            moved = _moved(facts, detail, move, order)
            events[moved.event_id] = moved
    return epcis.encode(epcis.to_document(merchant, events.values()))


def _moved(facts: Network, detail: ordering.LotDetail, move: inventory.LotMove, order: str) -> epcis.LotEvent:
    site = facts.sites[move.site_id]
    return epcis.LotEvent(
        event_id=f"{move.stock_id}-{move.sequence}",
        sku=detail.sku.code,
        gtin=detail.sku.barcode,
        lot=detail.lot.lot,
        is_serial=detail.sku.tracking == "serial",
        unit=detail.sku.stock_unit,
        site=site.code,
        zone=site.timezone,
        status=move.status,
        counterpart=move.counterpart,
        reason=move.reason,
        delta=move.delta,
        quantity_after=move.quantity_after,
        order=order,
        occurred_at=move.occurred_at,
        recorded_at=move.recorded_at,
    )


def _transformation(
    facts: Network, skus: Mapping[int, catalog.Sku], one: inventory.Assembly, lines: tuple[inventory.AssemblyLine, ...]
) -> epcis.Transformation:
    site = facts.sites[one.site_id]
    parts = [
        (line.delta, epcis.Part(
            (sku := skus[line.sku_id]).code, sku.barcode, line.lot, bool(line.lot) and sku.tracking == "serial",
            sku.stock_unit, abs(line.delta),
        )) for line in lines
    ]  # fmt: skip
    return epcis.Transformation(
        event_id=str(one.assembly_id),
        site=site.code,
        zone=site.timezone,
        is_apart=one.units < 0,
        inputs=tuple(part for delta, part in parts if delta < 0),
        outputs=tuple(part for delta, part in parts if delta > 0),
        occurred_at=one.occurred_at,
        recorded_at=one.recorded_at,
    )
