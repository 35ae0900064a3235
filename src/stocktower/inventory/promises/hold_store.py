"""One function per statement on holds."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec

from stocktower.platform import Answer, Transaction, load_queries

from ..formulas.model import Hold

_SQL = load_queries(__package__)
_astuple = msgspec.structs.astuple


def insert_holds(tx: Transaction, holds: Iterable[Hold]) -> None:
    """Append new holds."""
    merchant_id = tx.merchant_id
    tx.copy(_SQL.hold, [(merchant_id, *_astuple(hold)) for hold in holds])


def find_holds(tx: Transaction, keys: Collection[tuple[int, str]]) -> list[Hold]:
    """Holds by (channel_id, reference)."""
    return ask_holds(tx, keys).get() if keys else []


def ask_holds(tx: Transaction, keys: Collection[tuple[int, str]]) -> Answer[list[Hold]]:
    """Holds by (channel_id, reference), later."""
    channel_ids, reference_texts = zip(*sorted(set(keys)), strict=True)
    return tx.ask(_SQL.find_holds, Hold, channel_ids=channel_ids, reference_texts=reference_texts)


def load_references(tx: Transaction, hold_ids: Sequence[int]) -> list[tuple[int, str]]:
    """(hold_id, reference) of some holds."""
    return tx.tuples(_SQL.load_hold_references, hold_ids=list(hold_ids))


def lock_holds(tx: Transaction, hold_ids: Sequence[int]) -> list[Hold]:
    """Lock holds under way."""
    return tx.fetch(_SQL.lock_holds, Hold, hold_ids=list(hold_ids))


def lock_carts(tx: Transaction, keys: Sequence[tuple[int, str]]) -> list[Hold]:
    """Lock holds by (channel_id, reference), whatever became of them."""
    channel_ids, references = (list(column) for column in zip(*keys, strict=True))
    return tx.fetch(_SQL.lock_carts, Hold, channel_ids=channel_ids, reference_texts=references)


def lock_holds_of_orders(tx: Transaction, order_ids: Sequence[int]) -> list[Hold]:
    """Lock holds that wait for their orders to reserve."""
    return tx.fetch(_SQL.lock_holds_of_orders, Hold, order_ids=list(order_ids))


def set_hold_orders(tx: Transaction, taken: Sequence[tuple[int, int]]) -> None:
    """Note the orders of holds, as (hold_id, order_id)."""
    hold_ids, order_ids = (list(column) for column in zip(*taken, strict=True))
    tx.execute(_SQL.set_hold_orders, hold_ids=hold_ids, order_ids=order_ids)


def end_holds(tx: Transaction, hold_ids: Sequence[int], state: str) -> None:
    """Note that holds are over."""
    tx.execute(_SQL.end_holds, hold_ids=list(hold_ids), state=state)


def extend_holds(tx: Transaction, longer: Sequence[tuple[int, datetime]]) -> None:
    """Note that holds last longer."""
    if longer:
        hold_ids, times = zip(*longer, strict=True)
        tx.execute(_SQL.extend_holds, hold_ids=hold_ids, times=times)


def load_open_holds(tx: Transaction, limit: int) -> list[Hold]:
    """Holds under way, the one that ends first before the others."""
    return tx.fetch(_SQL.load_open_holds, Hold, limit=limit)
