"""What leaves stock for orders: taken out of it, and told with whose units they were, and of which lots."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from stocktower import inventory
from stocktower.inventory import OWN, SUPPLIER, Left
from stocktower.platform import Transaction

from . import events
from .model import Plan


def leave(tx: Transaction, plan: Plan, *, lenders: Iterable[int] = ()) -> None:
    """Take out of bins what was picked, and out of stock what a plan says has left.

    `lenders` are locked, and may change lots with who ships.
    """
    if plan.fetches:
        inventory.fetch(tx, plan.fetches, also={item.sku_id for item in plan.consumes})
    if plan.consumes:
        say_whose(plan, inventory.consume(tx, plan.consumes, lenders=lenders).left)


def say_whose(plan: Plan, left: Sequence[Left]) -> None:
    """The shipped events of a plan tell whose units left, and of which lots, where that does not go without saying."""
    pools: dict[int, dict[int, list[Left]]] = {}
    for one in left:
        pools.setdefault(one.reference_id, {}).setdefault(one.sku_id, []).append(one)
    telling = {
        reference_id
        for reference_id, by_sku in pools.items()
        if any(one.lot or one.owner not in (OWN, SUPPLIER) for parts in by_sku.values() for one in parts)
    }
    for place, event in enumerate(plan.events) if telling else ():
        if event.kind == "fulfillment.shipped":
            data = msgspec.json.decode(event.data, type=events.Shipped)
            if data.fulfillment_id in telling:
                stock = [part for line in data.stock for part in _split(line, pools[data.fulfillment_id])]
                encoded = msgspec.json.encode(replace(data, stock=stock))
                plan.events[place] = replace(event, data=encoded)


def _split(line: events.StockLine, pools: dict[int, list[Left]]) -> list[events.StockLine]:
    """The units of a line by owner and lot, in the order in which they left."""
    parts: dict[tuple[str, str], int] = {}
    units, pool = line.quantity, pools.get(line.sku_id, [])
    while pool and units:
        first = pool[0]
        part = min(units, first.quantity)
        parts[first.owner, first.lot] = parts.get((first.owner, first.lot), 0) + part
        pool[0:1] = [replace(first, quantity=first.quantity - part)] if first.quantity > part else []
        units -= part
    told = [events.StockLine(line.sku_id, part, owner, lot) for (owner, lot), part in parts.items()]
    return [*told, *([events.StockLine(line.sku_id, units)] if units else [])]
