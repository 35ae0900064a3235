"""Deliveries come in: against the inbound that they were expected under, or blind; over, short and damaged are seen."""

from collections import defaultdict
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct

from stocktower.catalog import load_tracking
from stocktower.model import load_applied
from stocktower.network import load_network
from stocktower.platform import Transaction

from ..bins import store as bin_store
from ..bins.rules import NOT_PUT_AWAY, decide_put
from ..coming import inbound_store
from ..coming.arrival_rules import (
    Delivery,
    Difference,
    ReceiptLine,
    candidates,
    decide_differences,
    divide,
    refuse_delivery,
    take_back,
)
from ..coming.inbound_rules import CHANGED, CLOSED, RECEIVED, TRANSFER, Inbound, close_short, receive_units
from ..lots import lot_store
from ..lots.lot_service import record_lots
from ..lots.lots import SERIAL, Lot, LotKey, StatedLot, clash, learn, new_lot
from ..lots.serials import find_second, say_second
from ..stock import store
from ..stock.book import Book, Cause
from ..stock.discrepancies import settle_discrepancies
from ..stock.entering import RowKey, Rows, can_take, enter, is_counted
from ..stock.events import RECEIPT, stock_events
from ..supply.service import open_book, write_book
from .arrival_cases import NotOnOrder, tell_arrivals
from .inbound import InboundBook


class DeliveryResult(Struct, frozen=True):
    """What became of one delivery."""

    receipt_id: int = 0
    entered: int = 0
    """Units that came in now; corrections count with their sign."""
    is_correction: bool = False
    closed_short: tuple[int, ...] = ()
    """Inbound of which nothing more will come."""
    problem: str = ""
    """Not empty: it was refused whole, and nothing changed."""


def receive_deliveries(tx: Transaction, items: Sequence[Delivery]) -> list[DeliveryResult]:
    """Enter deliveries, one result an item; the same again changes nothing, with other figures it is corrected.

    What came beyond what was expected, or beyond its tolerance, is in all the same, with a case.
    """
    if not items:
        return []
    return _Arrival(tx, items).enter()


class _Arrival:
    """Some deliveries on their way into stock: locked, compared with what is entered, written."""

    def __init__(self, tx: Transaction, items: Sequence[Delivery]) -> None:
        self._tx = tx
        self._items = items
        self._network = load_network(tx)
        places = sorted({(item.site_id, item.reference) for item in items})
        references = sorted({item.inbound for item in items if item.inbound})
        sku_ids = {line.sku_id for item in items for line in item.lines}
        sku_ids |= {one.sku_id for one in inbound_store.load_inbound_of_references(tx, references)}
        sku_ids |= {one.sku_id for one in inbound_store.load_receipt_lines(tx, places)}
        store.lock_items(tx, sorted(sku_ids))
        self._receipts = inbound_store.find_receipts(tx, places)
        self._entered: defaultdict[int, list[ReceiptLine]] = defaultdict(list)
        for one in inbound_store.load_receipt_lines(tx, places):
            self._entered[one.receipt_id].append(one)
        self._inbound = InboundBook(tx, inbound_store.load_inbound_of_references(tx, references))
        self._book: Book = open_book(tx, store.load_rows(tx, sorted(sku_ids)))
        self._rows = Rows(self._book, self._network, tx.new_ids(sum(len(item.lines) for item in items) + 1))
        self._new_receipts: list[tuple[int, Delivery]] = []
        self._new_lines: list[ReceiptLine] = []
        self._not_on_order: list[NotOnOrder] = []
        self._closed: set[int] = set()
        named = {(line.sku_id, line.lot) for item in items for line in item.lines if line.lot}
        tracking = load_tracking(tx, {sku_id for sku_id, _ in named})
        self._serials = {sku_id for sku_id, how in tracking.items() if how == SERIAL}
        self._known_lots = lot_store.load_known_lots(tx, named)
        self._lots: dict[LotKey, Lot] = {}
        self._put: defaultdict[tuple[int, int], dict[str, int]] = defaultdict(dict)
        """(receipt_id, stock_id) -> what the receipt put into bins."""
        if any(line.bin for item in items for line in item.lines):
            for receipt_id, stock_id, code, units in bin_store.load_put_by_receipts(tx, self._receipts.values()):
                self._put[receipt_id, stock_id][code] = units

    def enter(self) -> list[DeliveryResult]:
        """Enter all of them, and write what they did."""
        tx = self._tx
        results = [self._enter(item) for item in self._items]
        inbound_store.insert_receipts(tx, self._new_receipts)
        inbound_store.record_receipt_lines(tx, self._new_lines)
        record_lots(tx, self._lots.values(), self._network)
        write_book(tx, self._book)
        tx.emit_all(stock_events(self._book, self._network))
        changed = self._inbound.changed
        self._inbound.write()
        configuration = load_applied(tx).configuration
        settle_discrepancies(tx, self._book, self._network)
        tell_arrivals(tx, configuration, self._network, changed, self._closed, self._not_on_order)
        return results

    def _enter(self, item: Delivery) -> DeliveryResult:
        receipt_id = self._receipts.get((item.site_id, item.reference), 0)
        entered = self._entered[receipt_id] if receipt_id else []
        differences = decide_differences(item.lines, entered)
        problem = refuse_delivery(item) or self._refuse(item, differences) or self._learn_lots(item)
        if problem:
            return DeliveryResult(receipt_id, problem=problem)
        is_correction = bool(entered)
        if not receipt_id:
            receipt_id = self._receipts[item.site_id, item.reference] = self._tx.new_id()
            self._new_receipts.append((receipt_id, item))
            entered = self._entered[receipt_id]
        for one in differences:
            self._take_in(item, receipt_id, entered, one)
        self._put_away(item, receipt_id)
        closed = self._close(item) if item.complete else ()
        return DeliveryResult(receipt_id, sum(one.units for one in differences), is_correction, closed)

    def _refuse(self, item: Delivery, differences: Sequence[Difference]) -> str:
        """Why a delivery cannot be entered."""
        if any(one.kind == TRANSFER for one in self._named(item)) and item.lines:
            return f"inbound {item.inbound} is a transfer: state its arrival, which also takes it out of transit"
        added: dict[LotKey, int] = {}
        for one in differences:
            sku_id, _, lot, _ = one.key
            added[sku_id, lot] = added.get((sku_id, lot), 0) + one.units
        second = find_second(added, ((one.row, one.quantity) for one in self._book.balances.values()), self._serials)
        if second is not None:
            return say_second(*second, {site_id: site.code for site_id, site in self._network.sites.items()})
        for one in differences:
            if one.units > 0:
                break
            sku_id, status, lot, _ = one.key
            balance = self._rows.find(self._rows.key(sku_id, item.site_id, status, "", lot))
            cause = Cause(RECEIPT, "supplier", "receipt", 0, item.received_at)
            if balance is None or not can_take(balance, -one.units, cause):
                free = balance.free if balance else 0
                return (
                    f"quantity: the correction takes {-one.units} back of which only {free} are not allocated; "
                    "free them, or adjust the stock"
                )
        return ""

    def _learn_lots(self, item: Delivery) -> str:
        """Note what a delivery says of its lots; or why that cannot be."""
        zone = ZoneInfo(self._network.timezone)
        for line in item.lines:
            if not line.lot:
                continue
            key = (line.sku_id, line.lot)
            known = self._lots.get(key) or self._known_lots.get(key)
            known = known or new_lot(line.sku_id, line.lot, item.received_at, self._tx.now)
            said = StatedLot(line.expires_on)
            column, problem = clash(known, said, zone)
            if problem:
                return f"{column}: {problem}; mend the date, or the lot"
            self._lots[key] = learn(known, said, zone)
        return ""

    def _named(self, item: Delivery) -> list[Inbound]:
        return [one for one in self._inbound.rows.values() if item.inbound and one.reference == item.inbound]

    def _take_in(self, item: Delivery, receipt_id: int, entered: list[ReceiptLine], one: Difference) -> None:
        sku_id, status, lot, line = one.key
        balance = self._rows.open(self._rows.key(sku_id, item.site_id, status, "", lot))
        lines = candidates(self._named(item), item, sku_id, lot, line)
        parts = divide(one.units, lines) if one.units > 0 else take_back(-one.units, entered, one.key)
        cost = one.cost_minor if one.cost_minor is not None else next((i.cost_minor for i in lines), None)
        for inbound_id, units in parts:
            if inbound_id:
                after = receive_units(self._inbound.rows[inbound_id], units)
                kind = RECEIVED if units > 0 else CHANGED
                self._inbound.enter(
                    kind, after, occurred_at=item.received_at, reason="receipt" if units > 0 else "correction",
                    reference="receipt", reference_id=receipt_id,
                )  # fmt: skip
            elif item.inbound and units > 0:
                self._not_on_order.append(NotOnOrder(receipt_id, item, sku_id, units))
            row = ReceiptLine(
                receipt_id, len(entered) + 1, balance.row.stock_id, sku_id, status, lot, line, inbound_id, units,
                cost if units > 0 else None, item.message_id, self._tx.actor, item.received_at, self._tx.now,
            )  # fmt: skip
            entered.append(row)
            self._new_lines.append(row)
        enter(
            self._book,
            balance,
            one.units,
            Cause(RECEIPT, "supplier", "receipt", receipt_id, item.received_at, cost if one.units > 0 else None),
        )

    def _put_away(self, item: Delivery, receipt_id: int) -> None:
        """Put what came where the delivery says that it lies; a correction moves only the difference."""
        wanted: defaultdict[RowKey, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        for line in item.lines:
            wanted[self._rows.key(line.sku_id, item.site_id, line.status, "", line.lot)][line.bin] += line.units
        cause = Cause(RECEIPT, "supplier", "receipt", receipt_id, item.received_at)
        for key, bins in wanted.items():
            balance = self._rows.find(key)
            bins.pop(NOT_PUT_AWAY, None)
            if balance is None or not bins or is_counted(balance, cause):
                continue
            stock_id = balance.row.stock_id
            put = self._put[receipt_id, stock_id]
            self._book.notes.change(stock_id, cause, dict(decide_put(bins, put)))
            self._put[receipt_id, stock_id] = dict(bins)

    def _close(self, item: Delivery) -> tuple[int, ...]:
        closed: list[int] = []
        for one in self._named(item):
            after = close_short(one) if one.site_id == item.site_id else None
            if after is not None:
                self._inbound.enter(CLOSED, after, occurred_at=item.received_at, reason="closed short")
                closed.append(after.inbound_id)
        self._closed.update(closed)
        return tuple(closed)
