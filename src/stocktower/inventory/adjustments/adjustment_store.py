"""One function per statement on adjustments."""

from collections.abc import Iterable, Sequence

import msgspec
import psycopg

from stocktower.platform import Transaction, load_queries

from ..stock.store import StockMoved
from .adjustment_model import Adjustment

_SQL = load_queries(__package__)


def find_adjustments(tx: Transaction, reference_texts: Sequence[str]) -> list[Adjustment]:
    """Adjustments by reference."""
    return tx.fetch(_SQL.find_adjustments, Adjustment, reference_texts=list(reference_texts))


def lock_adjustment(tx: Transaction, adjustment_id: int) -> Adjustment | None:
    """An adjustment by id, locked."""
    return tx.fetch_one(_SQL.lock_adjustment, Adjustment, adjustment_id=adjustment_id)


def insert_adjustments(tx: Transaction, adjustments: Iterable[Adjustment]) -> None:
    """Write new adjustments; raises StockMoved when somebody else entered one of the same key meanwhile."""
    merchant_id = tx.merchant_id
    try:
        tx.copy(_SQL.adjustment, [(merchant_id, *msgspec.structs.astuple(one)) for one in adjustments])
        tx.flush()
    except psycopg.errors.UniqueViolation as error:
        raise StockMoved("the same adjustment was entered by somebody else meanwhile") from error


def decide_adjustment(tx: Transaction, adjustment_id: int, state: str, decided_by: str) -> None:
    """Note how somebody decided."""
    tx.execute(_SQL.decide_adjustment, adjustment_id=adjustment_id, state=state, decided_by=decided_by)
