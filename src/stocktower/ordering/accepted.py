"""What channels accepted: the lines of orders that are not history, as those who measure sales read them."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from stocktower.platform import Transaction

from . import store


class AcceptedLine(Struct, frozen=True, gc=False):
    """A line that stands for a SKU and is sent."""

    order_id: int
    line_no: int
    channel_id: int
    listing: str
    sku_id: int
    pack_quantity: int
    ordered: int
    backordered: int
    placed_at: datetime


def load_accepted(tx: Transaction, order_ids: Sequence[int]) -> list[AcceptedLine]:
    """The lines of some orders that stand for a SKU and are sent; none of history."""
    return [AcceptedLine(*row) for row in store.load_accepted(tx, order_ids)] if order_ids else []
