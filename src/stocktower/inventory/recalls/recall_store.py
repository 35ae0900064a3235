"""One function per statement on recalls."""

from collections.abc import Collection, Sequence
from typing import Any

from stocktower.platform import Transaction, load_queries

from ..lots.lots import LotKey
from ..lots.trace import LotFacts
from .recall_model import LotLink, RecallLot

_SQL = load_queries(__package__)


def load_lot_links(tx: Transaction, sku_id: int, lot: str, towards: int) -> list[LotLink]:
    """Every assembly that leads on from a lot: to what was made of it (1), or to what it was made of (-1)."""
    return tx.fetch(_SQL.load_lot_links, LotLink, sku_id=sku_id, lot=lot, towards=towards)


def load_facts_of_lots(tx: Transaction, keys: Collection[LotKey]) -> list[LotFacts]:
    """Some lots with what is on hand of each; unknown ones are missing."""
    return tx.fetch(_SQL.load_facts_of_lots, LotFacts, **_keys(keys)) if keys else []


def set_lot_states(tx: Transaction, keys: Collection[LotKey], state: str) -> list[LotKey]:
    """Hold lots or let them back; gives those that were not in that state."""
    found = tx.tuples(_SQL.set_lot_states, state=state, **_keys(keys)) if keys else []
    return sorted((sku_id, lot) for sku_id, lot in found)


def count_lots(tx: Transaction) -> int:
    """How many lots are known."""
    return tx.value(_SQL.count_lots) or 0


def find_unlike_lots(tx: Transaction) -> list[tuple[Any, ...]]:
    """(sku_id, lot, state, what recalls say) where they differ."""
    return tx.tuples(_SQL.find_unlike_lots)


def load_recalls(tx: Transaction, keys: Collection[LotKey]) -> list[RecallLot]:
    """Every lot of the recalls that go on and hold one of some lots."""
    return tx.fetch(_SQL.load_recalls, RecallLot, **_keys(keys)) if keys else []


def insert_recall_lots(tx: Transaction, lots: Sequence[RecallLot]) -> None:
    """Recalls hold some lots from now on."""
    ids = tx.new_ids(len(lots))
    rows = [
        (tx.merchant_id, entry_id, *one.root, *one.key, one.note, one.actor, one.recorded_at)
        for entry_id, one in zip(ids, lots, strict=True)
    ]
    tx.copy(_SQL.recall_lot, rows)


def end_recalls(tx: Transaction, lots: Sequence[RecallLot], note: str) -> None:
    """Recalls hold some lots no more."""
    tx.execute(
        _SQL.end_recalls,
        root_sku_ids=[one.root_sku_id for one in lots],
        root_lots=[one.root_lot for one in lots],
        actor=tx.actor,
        note=note,
        **_keys([one.key for one in lots]),
    )


def _keys(keys: Collection[LotKey]) -> dict[str, list[Any]]:
    ordered = list(keys)
    return {"sku_ids": [sku_id for sku_id, _ in ordered], "lots": [lot for _, lot in ordered]}
