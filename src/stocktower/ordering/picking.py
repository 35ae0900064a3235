"""What sites are asked to ship of an order, and in which bins they find it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from stocktower.catalog import load_skus
from stocktower.fulfillment import Request
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
    """Where sites with bins find what they still have to ship of an order.

    Who was allocated units of a row before others fetches them first: no two requests are sent to the same units.
    """
    open_at: defaultdict[int, list[Request]] = defaultdict(list)
    for request in requests:
        if request.is_open and network.sites[request.site_id].bins:
            open_at[request.site_id].append(request)
    if not open_at:
        return {}
    held = [one for one in load_allocations(tx, [order.order_id]) if one.site_id in open_at]
    rows = ledger.load_rows_by_id(tx, sorted({one.stock_id for one in held}))
    bins = ledger.load_bins(tx, rows)
    codes = {sku_id: sku.code for sku_id, sku in load_skus(tx, {row.sku_id for row in rows.values()}).items()}
    before = _before(ledger.load_holders(tx, sorted(rows), limit=MOST_HOLDERS), order.order_id)
    per_unit = {(line.line_no, sku_id): units for line in order.lines for sku_id, units in line.components}
    found: dict[LineKey, tuple[Pick, ...]] = {}
    for site_id, of_site in open_at.items():
        left = {(one.line_no, one.stock_id): one.quantity for one in held if one.site_id == site_id}
        taken = {key: before.get(key, 0) for key in left}
        for request in of_site:
            for line in request.lines:
                picks: list[Pick] = []
                wanted: dict[int, int] = {
                    sku_id: line.outstanding * units
                    for (line_no, sku_id), units in per_unit.items()
                    if line_no == line.line_no
                }
                for key in [key for key in left if key[0] == line.line_no]:
                    row = rows[key[1]]
                    part = min(wanted.get(row.sku_id, 0), left[key])
                    if part:
                        of_row = {one.bin: one.quantity for one in bins.get(row.stock_id, ())}
                        loose = row.quantity - row.binned
                        plan = ledger.plan_pick(of_row, loose, part, after=taken[key])
                        picks += [Pick(codes[row.sku_id], row.lot, code, units) for code, units in plan]
                        wanted[row.sku_id] -= part
                        left[key] -= part
                        taken[key] += part
                found[request.fulfillment_id, line.line_no] = tuple(picks)
    return found


def _before(holders: Sequence[ledger.Holder], order_id: int) -> dict[tuple[int, int], int]:
    """(line_no, stock_id) of an order -> units of the row that others were allocated before it."""
    found: dict[tuple[int, int], int] = {}
    sums: defaultdict[int, int] = defaultdict(int)
    for one in sorted(holders, key=lambda one: (one.since, one.order_id, one.line_no)):
        if one.order_id == order_id:
            found[one.line_no, one.stock_id] = sums[one.stock_id]
        sums[one.stock_id] += one.quantity
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
