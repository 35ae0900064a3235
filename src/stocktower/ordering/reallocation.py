"""An order that is short takes what is not released of orders that come after it, where the rules of both allow it.

One transaction: who gives goes back to waiting in it, or is planned anew from what is left.
"""

from collections.abc import Sequence

from stocktower import inventory
from stocktower.platform import Transaction

from . import events, rules, store
from .model import Facts, Order, OrderStep, Plan
from .priorities import may_take
from .service import Desk, complete, map_lines, skus_of_orders, write_changed, write_plan
from .supply import resume_confirmations

MOST_GIVERS = 200
"""Orders that are looked at for one that is short, the last in rank first."""


def reallocate(tx: Transaction, order_ids: Sequence[int]) -> None:
    """Give orders that are short what orders of a lower rank have and may give; each in its turn, the first first."""
    desk = Desk(tx)
    givers = store.find_givers(tx, order_ids, MOST_GIVERS)
    orders = store.lock_orders(tx, {*order_ids, *givers})
    demands = complete(desk, orders)
    map_lines(desk, orders)
    wanted = skus_of_orders(orders)
    if not wanted:
        return
    supply = inventory.lock_supply(tx, wanted, giving=wanted)
    facts = desk.facts(supply, demands)
    plan = Plan()
    asked = set(order_ids)
    takers = sorted((order for order in orders if order.order_id in asked), key=_rank)
    touched = {order.order_id: order for order in takers}
    for taker in takers:
        for giver in sorted(orders, key=_rank, reverse=True):
            if giver.order_id not in asked and _give(taker, giver, facts, plan, desk):
                touched[giver.order_id] = giver
    rules.advance(list(touched.values()), facts, tx.now, plan)
    write_changed(desk, list(touched.values()))
    write_plan(desk, plan, supply)
    resume_confirmations(tx, list(touched.values()), plan)


def _rank(order: Order) -> tuple[int, object, int]:
    return order.priority, order.placed_at, order.order_id


def _give(taker: Order, giver: Order, facts: Facts, plan: Plan, desk: Desk) -> bool:
    """Take what a taker lacks from one order; says whether anything was taken."""
    now = desk.tx.now
    if taker.step == OrderStep.DONE or giver.step == OrderStep.DONE:
        return False
    if not may_take(taker.precedence, giver.precedence, giver.ship_by_at, now):
        return False
    lacking = _lacking(taker)
    sites = set(desk.reach.sites(taker.channel_id))
    given: list[events.Reserved] = []
    lines = {line.line_no: line for line in giver.lines}
    for (line_no, site_id), units in rules.unreleased_units(giver).items():
        line = lines[line_no]
        useful = [-(-lacking[sku_id] // per_unit) for sku_id, per_unit in line.components if lacking.get(sku_id, 0) > 0]
        part = min(units, max(useful, default=0))
        if site_id not in sites or part <= 0:
            continue
        given += rules.give_back(giver, line, site_id, part, facts, plan)
        line.allocated -= part
        line.open += part
        line.touched = True
        for sku_id, per_unit in line.components:
            freed = part * per_unit
            lacking[sku_id] = lacking.get(sku_id, 0) - freed
            taker.entitled[sku_id] = taker.entitled.get(sku_id, 0) + freed
            # What the taker leaves goes back to whoever gave it.
            giver.entitled[sku_id] = giver.entitled.get(sku_id, 0) + freed
    if given:
        data = events.ReservedLines(given, f"taken for order {taker.number}, which ranks before it")
        plan.events.append(events.event("allocation.released", giver, now, data))
    return bool(given)


def _lacking(taker: Order) -> dict[int, int]:
    """Stock units that an order lacks and has not been given yet in this decision, by SKU."""
    lacking: dict[int, int] = {}
    for line in taker.lines:
        for sku_id, per_unit in line.components:
            lacking[sku_id] = lacking.get(sku_id, 0) + (line.open + line.backordered) * per_unit
    return {sku_id: units - taker.entitled.get(sku_id, 0) for sku_id, units in lacking.items()}
