"""Holds whose order has come: it takes over what they have, in the plan that reserves for it.

A shopper is never in the way of their own order, and nobody comes between: the units are given back and taken in one
transaction, under the locks of the order, the hold and its SKUs.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from stocktower.platform import Transaction, unschedule

from ..formulas.model import Allocation, Grant, HeldUnits, Hold, Supply
from ..stock import store
from ..stock.events import hold_ended_events
from ..supply.service import record_reservations
from . import hold_store
from .holds import EXPIRY, Key


def lock_carts(tx: Transaction, carts: Sequence[Key]) -> list[Hold]:
    """Lock the holds of carts by (channel_id, reference), also those that are over; before any stock is locked."""
    return hold_store.lock_carts(tx, sorted(set(carts))) if carts else []


def lock_holds_of_orders(tx: Transaction, order_ids: Sequence[int]) -> list[Hold]:
    """Lock the holds that wait for their orders to reserve; before any stock is locked."""
    return hold_store.lock_holds_of_orders(tx, order_ids) if order_ids else []


def load_held_skus(tx: Transaction, holds: Sequence[Hold]) -> set[int]:
    """The stocked SKUs that holds have units of: to be locked, and named as given back."""
    return {one.sku_id for one in store.load_demands(tx, [hold.hold_id for hold in holds])} if holds else set()


def load_held_units(tx: Transaction, holds: Sequence[Hold]) -> dict[int, HeldUnits]:
    """What holds have, by hold; after their SKUs were locked."""
    found: defaultdict[int, list[Allocation]] = defaultdict(list)
    for one in store.load_allocations(tx, [hold.hold_id for hold in holds]) if holds else ():
        found[one.order_id].append(one)
    return {hold.hold_id: HeldUnits(hold.hold_id, hold.reference, tuple(found[hold.hold_id])) for hold in holds}


def await_orders(tx: Transaction, taken: Sequence[tuple[int, int]]) -> None:
    """Holds, as (hold_id, order_id), whose orders cannot reserve yet: they are kept for them and do not expire."""
    if taken:
        hold_store.set_hold_orders(tx, taken)
        unschedule(tx, EXPIRY, [hold_id for hold_id, _ in taken])


def supersede_holds(
    tx: Transaction, supply: Supply, taken: Sequence[tuple[int, HeldUnits]], got: Mapping[tuple[int, int], int]
) -> None:
    """End holds, as (order_id, what it has), in favour of their orders; to be recorded before what the orders take.

    `got`: what orders take in this plan, by (order_id, sku_id); who waits is told of what they leave.
    """
    if not taken:
        return
    hold_ids = sorted({held.hold_id for _, held in taken})
    returns = [
        Grant(one.order_id, one.line_no, one.sku_id, one.stock_id, one.quantity)
        for _, held in taken
        for one in held.allocations
    ]
    demands = [one for one in store.load_demands(tx, hold_ids) if one.allocated]
    changed = [replace(one, allocated=0, cancelled=one.cancelled + one.allocated) for one in demands]
    record_reservations(tx, supply, changed_demands=changed, returns=returns, return_reason="superseded")
    hold_store.set_hold_orders(tx, sorted((held.hold_id, order_id) for order_id, held in taken))
    hold_store.end_holds(tx, hold_ids, "superseded")
    unschedule(tx, EXPIRY, hold_ids)
    left: defaultdict[int, int] = defaultdict(int)
    for order_id, held in taken:
        given: defaultdict[int, int] = defaultdict(int)
        for one in held.allocations:
            given[one.sku_id] += one.quantity
        for sku_id, units in given.items():
            left[sku_id] += max(0, units - got.get((order_id, sku_id), 0))
    tx.emit_all(hold_ended_events(left, tx.now))
