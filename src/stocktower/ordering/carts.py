"""The hold of a cart passes to the order of the cart: found, locked and read; the rules say when it is taken over."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from stocktower import inventory
from stocktower.inventory import Hold
from stocktower.platform import Transaction

from . import events
from .model import Order, OrderStep, Plan

TAKEN = "superseded"
"""How a hold stands to an order that names it, when another order has it."""


class Found(Struct, frozen=True):
    """Locked holds of carts with the orders that take them over."""

    holds: dict[int, list[Hold]]
    """By order."""
    sku_ids: frozenset[int]
    """What the holds have: to be locked, and named as given back."""


def lock_carts(tx: Transaction, orders: Sequence[Order], references: Mapping[int, str], plan: Plan) -> Found:
    """Lock the holds of the carts that orders came of; `references` are those that the channel names now, by order.

    What is over already, or another order's, is said to have lapsed: the order reserves like any other.
    """
    naming: dict[tuple[int, str], list[Order]] = {}
    for order in orders:
        if reference := references.get(order.order_id):
            naming.setdefault((order.channel_id, reference), []).append(order)
    named = {key: min(some, key=_turn) for key, some in naming.items()}
    waiting = [order for order in orders if not order.is_new and order.step == OrderStep.CAPTURE]
    found: dict[int, list[Hold]] = {}
    for hold in inventory.lock_carts(tx, list(named)):
        order = named[hold.channel_id, hold.reference]
        for other in naming[hold.channel_id, hold.reference]:
            if other is not order and other.is_new:
                data = events.Lapsed(hold.hold_id, hold.reference, TAKEN)
                plan.events.append(events.event("hold.lapsed", other, tx.now, data))
        if hold.state == "held" and hold.order_id in (None, order.order_id):
            found.setdefault(order.order_id, []).append(hold)
        elif order.is_new:
            data = events.Lapsed(hold.hold_id, hold.reference, hold.state)
            plan.events.append(events.event("hold.lapsed", order, tx.now, data))
    known = {hold.hold_id for holds in found.values() for hold in holds}
    for hold in inventory.lock_holds_of_orders(tx, [order.order_id for order in waiting]):
        if hold.hold_id not in known and hold.order_id is not None:
            found.setdefault(hold.order_id, []).append(hold)
    holds = [hold for of_order in found.values() for hold in of_order]
    return Found(found, frozenset(inventory.load_held_skus(tx, holds)))


def _turn(order: Order) -> tuple[bool, datetime, int]:
    """Of several orders that name one cart the first that still wants something has it, whatever comes first."""
    return order.is_history or order.step == OrderStep.DONE, order.placed_at, order.order_id


def load_carts(tx: Transaction, orders: Sequence[Order], found: Found) -> None:
    """Tell orders what the holds of their carts have, now that the SKUs are locked."""
    if not found.holds:
        return
    units = inventory.load_held_units(tx, [hold for holds in found.holds.values() for hold in holds])
    for order in orders:
        order.carts = [units[hold.hold_id] for hold in found.holds.get(order.order_id, ())]


def await_orders(tx: Transaction, orders: Sequence[Order]) -> None:
    """Holds that their orders could not take over yet are kept for them."""
    inventory.await_orders(tx, [(held.hold_id, order.order_id) for order in orders for held in order.carts])
