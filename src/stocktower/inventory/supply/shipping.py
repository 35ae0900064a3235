"""What left a site: allocated units first, then free ones; what the row lacks is found and stays a discrepancy."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from stocktower.network import Network, load_network
from stocktower.platform import Transaction

from ..bins import store as bin_store
from ..bins.lacking import tell_lacking
from ..formulas.model import AVAILABLE, HOLD, Allocation, Consume, ConsumeResult, Demand, StockRow
from ..formulas.rules import owner_at
from ..lots import lot_store
from ..lots.lot_service import record_lots
from ..lots.lots import new_lot, shelf_cutoff
from ..stock import store
from ..stock.discrepancies import settle_discrepancies
from ..stock.events import stock_events, supply_event
from .service import change_demands, open_book, write_book
from .shipment import Place, Shipment


def consume(tx: Transaction, items: Sequence[Consume], *, lenders: Iterable[int] = ()) -> ConsumeResult:
    """Take shipped units out of stock: moves, reservations and demand, whatever the tower thought was there.

    Units are taken from what the line has at the site, then from what is free there, then they are found by a
    discrepancy (with a case), never from what is allocated to somebody else. The caller has locked the orders.
    A lot that a site names is taken whoever has it, where that is one of `lenders`, which are locked too, or a hold:
    they get what the line had for it. `load_lenders` says whom to lock.
    """
    if not items:
        return ConsumeResult()
    named = {(item.sku_id, item.site_id, item.lot) for item in items if item.lot}
    order_ids = sorted({item.order_id for item in items})
    sku_ids = sorted({item.sku_id for item in items})
    store.lock_items(tx, sku_ids)
    network = load_network(tx)
    rows = store.load_rows(tx, sku_ids)
    book = open_book(tx, rows)
    holders = _holders(tx, rows, named, set(order_ids), set(lenders)) if named else []
    demands = {(one.order_id, one.line_no, one.sku_id): one for one in store.load_demands(tx, [*order_ids, *holders])}
    locked = set(sku_ids)
    allocations = [one for one in store.load_allocations(tx, [*order_ids, *holders]) if one.sku_id in locked]
    if any(row.lot for row in rows):
        allocations = _first_expired_first(allocations, rows)
    keeps_bins = any(row.binned for row in rows)
    fetched = bin_store.load_fetched(tx, {item.reference_id for item in items}) if keeps_bins else {}
    shipment = Shipment(book, demands, allocations, lambda demand, row: may_have(network, demand, row, tx.now), fetched)
    missing = shipment.places_without_row(items)
    for stock_id, (sku_id, site_id, lot) in zip(tx.new_ids(len(missing)), missing, strict=True):
        owner = owner_at(network.sites[site_id])
        shipment.open(StockRow(stock_id, sku_id, site_id, AVAILABLE, owner, lot, 0, 0, 0, 0, None))
    for item in items:
        shipment.ship(item)
    _record_unknown_lots(tx, items, network)
    write_book(tx, book)
    tell_lacking(tx, book, network)
    change_demands(tx, [one for key, one in shipment.demands.items() if one is not demands[key]])
    tx.emit_all(stock_events(book, network))
    tx.emit_all(supply_event(sku_ids, tx.now))
    settle_discrepancies(tx, book, network)
    return shipment.result()


def load_lenders(tx: Transaction, lots: Iterable[str]) -> list[int]:
    """The orders and holds that have units of lots, given by code: the caller locks them before `consume`."""
    wanted = sorted(set(lots))
    stock_ids = store.load_rows_of_lots(tx, wanted) if wanted else []
    return store.load_allocated_orders(tx, stock_ids) if stock_ids else []


def may_have(network: Network, demand: Demand, row: StockRow, now: datetime) -> bool:
    """Whether a demand's channel sells goods of a row: of its owner, and that still keep for long enough."""
    channel = network.channels.get(demand.channel_id)
    if channel is None:
        return True
    if row.owner not in channel.owners and "*" not in channel.owners:
        return False
    if row.expires_at is None:
        return True
    zone = ZoneInfo(network.sites[row.site_id].timezone or "UTC")
    days = channel.min_shelf_life_days
    return row.expires_at > now and (not days or shelf_cutoff(row.expires_at, days, zone) > now)


def _holders(
    tx: Transaction, rows: Sequence[StockRow], named: set[Place], order_ids: set[int], lenders: set[int]
) -> list[int]:
    """Who has units of the named lots and may give them up for others: orders that are locked, and holds."""
    stock_ids = [row.stock_id for row in rows if row.allocated and (row.sku_id, row.site_id, row.lot) in named]
    others = [one for one in store.load_allocated_orders(tx, stock_ids) if one not in order_ids] if stock_ids else []
    holds = {one.order_id for one in store.load_demands(tx, others) if one.kind == HOLD} if others else set[int]()
    return [one for one in others if one in lenders or one in holds]


def _first_expired_first(allocations: Sequence[Allocation], rows: Sequence[StockRow]) -> list[Allocation]:
    never = datetime.max.replace(tzinfo=UTC)
    expiries = {row.stock_id: row.expires_at or never for row in rows}
    return sorted(
        allocations, key=lambda one: (one.order_id, one.line_no, one.sku_id, expiries[one.stock_id], one.stock_id)
    )


def _record_unknown_lots(tx: Transaction, items: Sequence[Consume], network: Network) -> None:
    """A lot that nobody had heard of before it left is known from now on."""
    named = {(item.sku_id, item.lot): item.occurred_at for item in items if item.lot}
    known = lot_store.load_known_lots(tx, named.keys())
    record_lots(tx, [new_lot(*key, at, tx.now) for key, at in named.items() if key not in known], network)
