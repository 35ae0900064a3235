"""What sites are asked to ship of an order, and in which bins they find it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from stocktower.catalog import load_skus
from stocktower.fulfillment import Request, RequestLine, load_requests_of
from stocktower.inventory import load_allocations
from stocktower.inventory import views as ledger
from stocktower.network import Network
from stocktower.platform import Transaction

from .model import Order

LineKey = tuple[int, int]
"""(fulfillment_id, line_no)"""
MOST_HOLDERS = 2_000


class Pick(Struct, frozen=True):
    """Units of a stocked SKU that are to be fetched at one place of a site, in stock units."""

    sku: str
    lot: str
    bin: str
    """Empty: they are not put away."""
    units: int


class FulfillmentLine(Struct, frozen=True):
    """One line of a request to a site, in units of the order line."""

    line_no: int
    sku_id: int
    sku: str
    quantity: int
    picked: int
    packed: int
    shipped: int
    short: int
    cancelled: int
    picks: tuple[Pick, ...] = ()
    """Where its outstanding units lie, at a site that keeps bins, in the order in which people walk."""


class Fulfillment(Struct, frozen=True):
    """A request to a site."""

    fulfillment_id: int
    number: str
    site: str
    """Site code."""
    state: str
    released_at: datetime
    acknowledge_by_at: datetime
    acknowledged_at: datetime | None
    shipped_at: datetime | None
    carrier: str
    tracking: str
    units: int
    lines: tuple[FulfillmentLine, ...]


def load_picks(
    tx: Transaction, network: Network, order: Order, requests: Sequence[Request]
) -> dict[LineKey, tuple[Pick, ...]]:
    """Where sites with bins find what they still have to fetch for an order.

    Who was allocated units of a row before others fetches them first: no two requests are sent to the same units.
    """
    asked = [request for request in requests if request.is_open and network.sites[request.site_id].bins]
    if not asked:
        return {}
    walk = _Walk(tx, order, {request.site_id for request in asked})
    return {
        (request.fulfillment_id, line.line_no): tuple(walk.fetch(request, line))
        for request in asked
        for line in request.lines
    }


class _Walk:
    """Hands out what lies in the bins of the rows that an order has units of, request by request."""

    def __init__(self, tx: Transaction, order: Order, site_ids: set[int]) -> None:
        held = [one for one in load_allocations(tx, [order.order_id]) if one.site_id in site_ids]
        self._left = {(one.line_no, one.stock_id): one.quantity for one in held}
        self._rows = ledger.load_rows_by_id(tx, sorted({one.stock_id for one in held}))
        self._bins = {
            stock_id: {one.bin: one.quantity for one in of_row}
            for stock_id, of_row in ledger.load_bins(tx, self._rows).items()
        }
        self._skus = load_skus(tx, {row.sku_id for row in self._rows.values()})
        holders = ledger.load_holders(tx, sorted(self._rows), limit=MOST_HOLDERS)
        self._fetched: dict[tuple[int, int], int] = {}
        """(fulfillment_id, stock_id) -> units that are picked and out of their bins."""
        others: dict[tuple[int, int], int] = {}
        if any(ledger.FETCHED in of_row for of_row in self._bins.values()):
            of_order = load_requests_of(tx, sorted({one.order_id for one in holders}))
            order_ids = {one.fulfillment_id: order_id for order_id, of in of_order.items() for one in of}
            self._fetched = ledger.load_fetched(tx, order_ids)
            for (fulfillment_id, stock_id), units in self._fetched.items():
                key = (order_ids[fulfillment_id], stock_id)
                others[key] = others.get(key, 0) + units
        self._taken = _before(holders, order.order_id, others)
        self._per_unit = {line.line_no: dict(line.components) for line in order.lines}

    def fetch(self, request: Request, line: RequestLine) -> list[Pick]:
        """Where the units of one line of a request lie that are not picked yet."""
        per_unit = self._per_unit.get(line.line_no, {})
        outstanding = {sku_id: line.outstanding * units for sku_id, units in per_unit.items()}
        picked = {sku_id: (line.picked - line.shipped) * units for sku_id, units in per_unit.items()}
        picks: list[Pick] = []
        for key in [key for key in self._left if key[0] == line.line_no]:
            row = self._rows[key[1]]
            if row.site_id != request.site_id or row.sku_id not in per_unit:
                continue
            part = min(outstanding[row.sku_id], self._left[key])
            done = min(part, picked[row.sku_id])
            place = (request.fulfillment_id, row.stock_id)
            out_of_bins = min(done, self._fetched.get(place, 0))
            # What was picked of no named bin leaves bins when it ships: the walk goes past it.
            after = self._taken.get(key, 0) + done - out_of_bins
            loose = row.quantity - row.binned
            plan = ledger.plan_pick(self._bins.get(row.stock_id, {}), loose, part - done, after=after)
            picks += [Pick(self._skus[row.sku_id].code, row.lot, code, units) for code, units in plan]
            outstanding[row.sku_id] -= part
            picked[row.sku_id] -= done
            self._left[key] -= part
            self._taken[key] = after + part - done
            if out_of_bins:
                self._fetched[place] -= out_of_bins
        return picks


def _before(
    holders: Sequence[ledger.Holder], order_id: int, fetched: dict[tuple[int, int], int]
) -> dict[tuple[int, int], int]:
    """(line_no, stock_id) of an order -> units of the row that others were allocated before it and take out of bins.

    `fetched`: (order_id, stock_id) -> units that are out of them already.
    """
    found: dict[tuple[int, int], int] = {}
    sums: defaultdict[int, int] = defaultdict(int)
    for one in sorted(holders, key=lambda one: (one.since, one.order_id, one.line_no)):
        if one.order_id == order_id:
            found[one.line_no, one.stock_id] = sums[one.stock_id]
        out_of_bins = min(one.quantity, fetched.get((one.order_id, one.stock_id), 0))
        if out_of_bins:
            fetched[one.order_id, one.stock_id] -= out_of_bins
        sums[one.stock_id] += one.quantity - out_of_bins
    return found


def asked_of(
    request: Request, skus: Mapping[int, str], sites: Mapping[int, str], picks: Mapping[LineKey, tuple[Pick, ...]]
) -> Fulfillment:
    """A request by its names."""
    return Fulfillment(
        request.fulfillment_id,
        request.number,
        sites.get(request.site_id, str(request.site_id)),
        request.state,
        request.released_at,
        request.acknowledge_by_at,
        request.acknowledged_at,
        request.shipped_at,
        request.carrier,
        request.tracking,
        request.units,
        tuple(
            FulfillmentLine(
                line.line_no,
                line.sku_id,
                skus.get(line.sku_id, str(line.sku_id)),
                line.quantity,
                line.picked,
                line.packed,
                line.shipped,
                line.short,
                line.cancelled,
                picks.get((request.fulfillment_id, line.line_no), ()),
            )
            for line in request.lines
        ),
    )
