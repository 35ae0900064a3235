"""From a lot to everyone who has or had units of it, and from orders back to lots: read from the two ledgers."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from stocktower.platform import Transaction

from ..formulas.model import StockRow
from ..stock import store
from ..stock.events import SHIPPED
from . import lot_store
from .lots import LotKey


class LotFacts(Struct, frozen=True):
    """A lot of a SKU, with what is on hand of it."""

    sku_id: int
    lot: str
    expires_at: datetime | None
    received_at: datetime
    state: str
    """open or held."""
    quantity: int
    allocated: int


class LotMove(Struct, frozen=True):
    """One move of a stock row of the lot."""

    stock_id: int
    sequence: int
    site_id: int
    status: str
    delta: int
    quantity_after: int
    reason: str
    counterpart: str
    reference: str
    reference_id: int
    occurred_at: datetime
    recorded_at: datetime


class LotShipment(Struct, frozen=True):
    """Units of the lot that left for an order."""

    fulfillment_id: int
    site_id: int
    units: int
    occurred_at: datetime


class LotHolder(Struct, frozen=True):
    """Units of the lot that an order or a cart has now."""

    stock_id: int
    order_id: int
    line_no: int
    kind: str
    site_id: int
    units: int


class LotTrace(Struct, frozen=True):
    """Everything that happened to a lot, the first first."""

    rows: tuple[StockRow, ...]
    moves: tuple[LotMove, ...]
    shipped: tuple[LotShipment, ...]
    allocated: tuple[LotHolder, ...]


class OrderLot(Struct, frozen=True):
    """What a line of an order has or had of a lot, in stock units."""

    order_id: int
    line_no: int
    sku_id: int
    lot: str
    site_id: int
    allocated: int
    shipped: int


def trace_lots(tx: Transaction, keys: Collection[LotKey]) -> dict[LotKey, LotTrace]:
    """Where the units of lots are, where they came from, and who has them; empty where nothing ever had the lot."""
    wanted = dict.fromkeys(keys, LotTrace((), (), (), ()))
    rows = [row for row in store.load_rows(tx, sorted({one for one, _ in wanted})) if (row.sku_id, row.lot) in wanted]
    ids = [row.stock_id for row in rows]
    if not ids:
        return wanted
    lot_of = {row.stock_id: (row.sku_id, row.lot) for row in rows}
    moves = [LotMove(*row) for row in lot_store.load_lot_moves(tx, ids)]
    holders = [LotHolder(*row) for row in lot_store.load_lot_holders(tx, ids)]
    for key in set(lot_of.values()):
        of_lot = tuple(move for move in moves if lot_of[move.stock_id] == key)
        shipped = tuple(
            LotShipment(move.reference_id, move.site_id, -move.delta, move.occurred_at)
            for move in of_lot
            if move.reason == SHIPPED and move.reference == "fulfillment"
        )
        of_rows = tuple(row for row in rows if lot_of[row.stock_id] == key)
        wanted[key] = LotTrace(of_rows, of_lot, shipped, tuple(one for one in holders if lot_of[one.stock_id] == key))
    return wanted


def trace_lot(tx: Transaction, sku_id: int, lot: str) -> LotTrace:
    """The trace of one lot."""
    return trace_lots(tx, [(sku_id, lot)])[sku_id, lot]


def load_lots(tx: Transaction, *, code: str = "", sku_id: int = 0, state: str = "", limit: int = 200) -> list[LotFacts]:
    """Lots by the beginning of their code, of one SKU or of all, in one state or any; the first to expire first."""
    return [LotFacts(*row) for row in lot_store.load_lots(tx, code=code, sku_id=sku_id, state=state, limit=limit)]


def load_lots_of_orders(tx: Transaction, order_ids: Sequence[int]) -> list[OrderLot]:
    """Which lots the lines of some orders have or had."""
    return [OrderLot(*row) for row in lot_store.load_lots_of_orders(tx, order_ids)] if order_ids else []
