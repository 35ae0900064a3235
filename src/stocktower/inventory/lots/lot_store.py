"""One function per statement on lots."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from stocktower.platform import Transaction, load_queries

from .lots import Lot, LotKey

_SQL = load_queries(__package__)
_astuple = msgspec.structs.astuple


def load_known_lots(tx: Transaction, keys: Collection[LotKey]) -> dict[LotKey, Lot]:
    """Lots by (sku_id, lot); unknown ones are missing."""
    if not keys:
        return {}
    sku_ids, lots = zip(*sorted(keys), strict=True)
    found = tx.fetch(_SQL.load_known_lots, Lot, sku_ids=list(sku_ids), lots=list(lots))
    return {(one.sku_id, one.lot): one for one in found}


def load_lots_of(tx: Transaction, sku_ids: Sequence[int]) -> list[Lot]:
    """The lots of some SKUs, the first to expire before the others."""
    return tx.fetch(_SQL.load_lots_of, Lot, sku_ids=list(sku_ids))


def load_expired(tx: Transaction, sku_ids: Sequence[int]) -> list[int]:
    """The stock rows of some SKUs that have expired in a status which could be sold."""
    return tx.values(_SQL.load_expired, sku_ids=list(sku_ids))


def load_expiring_skus(tx: Transaction) -> list[int]:
    """The SKUs of which a lot is still to expire."""
    return tx.values(_SQL.load_expiring_skus)


def insert_lots(tx: Transaction, lots: Sequence[Lot]) -> None:
    """Write lots that are new."""
    merchant_id = tx.merchant_id
    tx.copy(_SQL.lot, [(merchant_id, *_astuple(lot)) for lot in lots])


def change_lots(tx: Transaction, lots: Sequence[Lot]) -> None:
    """Write what is known of lots now; what was known of them before is kept."""
    if not lots:
        return
    for query in (_SQL.record_past_lots, _SQL.change_lots):
        tx.execute(
            query,
            sku_ids=[one.sku_id for one in lots],
            lots=[one.lot for one in lots],
            expiries=[one.expires_at for one in lots],
            made=[one.made_on for one in lots],
            states=[one.state for one in lots],
        )


def load_lots(tx: Transaction, *, code: str, sku_id: int, state: str, limit: int) -> list[tuple[Any, ...]]:
    """Lots with what is on hand of each, the first to expire first."""
    return tx.tuples(_SQL.load_lots, code=code, sku_id=sku_id, state=state, limit=limit)


def load_lot_moves(tx: Transaction, stock_ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """All moves of some stock rows, as recorded."""
    return tx.tuples(_SQL.load_lot_moves, stock_ids=list(stock_ids))


def load_lot_holders(tx: Transaction, stock_ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Who has units of some stock rows now."""
    return tx.tuples(_SQL.load_lot_holders, stock_ids=list(stock_ids))


def load_lots_of_orders(tx: Transaction, order_ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """What lines of some orders have or had of lots."""
    return tx.tuples(_SQL.load_lots_of_orders, order_ids=list(order_ids))
