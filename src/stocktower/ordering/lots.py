"""A lot as people ask for it: where it is, what it is made of and is in, which orders have it, and their customers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from stocktower import catalog, customers, fulfillment, inventory
from stocktower.inventory import LotFacts, LotMove, RecallLot, Relative, StockRow
from stocktower.network import Network
from stocktower.platform import Transaction

from .recall_cases import LotName
from .views import OrderRow, load_rows


class LotOrder(Struct, frozen=True):
    """An order that has, or had, units of the lot, or of one that its units are in."""

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
    sku: str
    lot: str
    """The lot that the order has."""


class LotRelative(Struct, frozen=True):
    """A lot that this one is made of, or is in."""

    sku: str
    lot: str
    """Empty: units of a SKU that is not tracked; they cannot be told from others."""
    depth: int
    """Assemblies between them."""
    units: int
    """Of that lot, in the assemblies that lead to it."""
    references: tuple[str, ...]
    """Of these assemblies."""
    apart: bool
    """It came of something that was taken apart."""
    state: str
    """open or held; empty where there is no lot."""
    quantity: int
    """On hand now."""


class LotRecall(Struct, frozen=True):
    """A recall that holds the lot."""

    root: LotName
    """The lot that is recalled."""
    note: str
    actor: str
    recorded_at: datetime


class LotDetail(Struct, frozen=True):
    """Everything about one lot of a SKU."""

    sku: catalog.Sku
    lot: LotFacts
    rows: tuple[StockRow, ...]
    moves: tuple[LotMove, ...]
    orders: tuple[LotOrder, ...]
    """That have it, or a lot that its units are in."""
    made_of: tuple[LotRelative, ...]
    is_in: tuple[LotRelative, ...]
    recalls: tuple[LotRecall, ...]


def load_lot(tx: Transaction, network: Network, code: str, lot: str, *, personal: bool) -> LotDetail | None:
    """One lot, whole; None where the SKU has no such lot. `personal`: with the customers of its orders."""
    sku = catalog.find_skus(tx, [code]).get(code)
    if sku is None:
        return None
    facts = inventory.load_lot(tx, sku.sku_id, lot)
    if facts is None:
        return None
    lineage = inventory.load_lineage(tx, sku.sku_id, lot)
    recalls = inventory.load_recalls(tx, sku.sku_id, lot)
    relatives = {one.sku_id for one in (*lineage.up, *lineage.down)}
    skus = catalog.load_skus(tx, {sku.sku_id, *relatives, *(one.root_sku_id for one in recalls)})
    codes = {sku_id: one.code for sku_id, one in skus.items()}
    keys = [(sku.sku_id, lot), *((one.sku_id, one.lot) for one in lineage.down if one.lot)]
    traces = inventory.trace_lots(tx, keys)
    own = traces[sku.sku_id, lot]
    return LotDetail(
        sku,
        facts,
        own.rows,
        own.moves,
        tuple(_orders(tx, network, codes, traces, personal=personal)),
        _relatives(codes, lineage.up),
        _relatives(codes, lineage.down),
        tuple(_recall(codes, one) for one in recalls),
    )


def _orders(
    tx: Transaction, network: Network, codes: Mapping[int, str], traces: Mapping[tuple[int, str], inventory.LotTrace],
    *, personal: bool,
) -> list[LotOrder]:  # fmt: skip
    """Who has units of some lots: what is with sites or allocated, then what has shipped."""
    shipped = [(key, one) for key, trace in traces.items() for one in trace.shipped]
    holding = [(key, one) for key, trace in traces.items() for one in trace.allocated if one.kind == inventory.ORDER]
    found = fulfillment.load_requests(tx, sorted({one.fulfillment_id for _, one in shipped}))
    requests = {one.fulfillment_id: one for one in found}
    held_by = sorted({one.order_id for _, one in holding})
    order_ids = sorted({*(one.order_id for one in requests.values()), *held_by})
    orders = {row.order_id: row for row in load_rows(tx, network, order_ids)}
    contacts = customers.load_contacts(tx, order_ids) if personal else {}
    open_at = {
        (request.order_id, request.site_id): request
        for requests_of in fulfillment.load_requests_of(tx, held_by).values()
        for request in requests_of
        if any(line.outstanding for line in request.lines)
    }
    answer: list[LotOrder] = []
    for (sku_id, lot), one in holding:
        request = open_at.get((one.order_id, one.site_id))
        answer.append(
            LotOrder(
                orders[one.order_id],
                request.number if request else "",
                request.fulfillment_id if request else 0,
                one.site_id,
                one.units,
                "with its site" if request else "allocated",
                None,
                contacts.get(one.order_id),
                codes[sku_id],
                lot,
            )
        )
    for (sku_id, lot), one in shipped:
        if (request := requests.get(one.fulfillment_id)) is not None:
            answer.append(
                LotOrder(
                    orders[request.order_id],
                    request.number,
                    one.fulfillment_id,
                    one.site_id,
                    one.units,
                    "shipped",
                    one.occurred_at,
                    contacts.get(request.order_id),
                    codes[sku_id],
                    lot,
                )
            )
    return answer


def _relatives(codes: Mapping[int, str], found: Sequence[Relative]) -> tuple[LotRelative, ...]:
    return tuple(
        LotRelative(
            codes[one.sku_id],
            one.lot,
            one.depth,
            one.units,
            one.references,
            one.apart,
            one.facts.state if one.facts else "",
            one.facts.quantity if one.facts else 0,
        )
        for one in found
    )


def _recall(codes: Mapping[int, str], one: RecallLot) -> LotRecall:
    return LotRecall(LotName(codes[one.root_sku_id], one.root_lot), one.note, one.actor, one.recorded_at)
