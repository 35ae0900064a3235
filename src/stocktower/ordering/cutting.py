"""Orders that lose what they had: locked before stock is, asked what may be taken back, and told what was."""

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from stocktower import inventory
from stocktower.inventory import Candidate, Cut

from . import events, rules, store
from .model import Order, Plan
from .service import Desk, complete, write_changed, write_plan

T = TypeVar("T")


def run_with_cuts(
    desk: Desk,
    order_ids: Sequence[int],
    command: Callable[[inventory.MayCut], T],
    cuts_of: Callable[[T], Sequence[Cut]],
    message_id: int = 0,
) -> T:
    """Lock orders, run a command of inventory that may take back what is not released, and let the orders wait again.

    Raises inventory.StockMoved where another order took of the stock meanwhile: to be run again.
    """
    orders = {order.order_id: order for order in store.lock_orders(desk.tx, order_ids)} if order_ids else {}
    if orders:
        complete(desk, list(orders.values()))

    def may_cut(candidates: Sequence[Candidate]) -> Collection[tuple[int, int]]:
        if not all(one.order_id in orders for one in candidates):
            raise inventory.StockMoved("another order took what is taken back, before it was locked: to be run again")
        unreleased = {
            (order_id, line.line_no) for order_id, order in orders.items() for line in order.lines if not line.released
        }
        return {(one.order_id, one.line_no) for one in candidates} & unreleased

    result = command(may_cut)
    cuts = cuts_of(result)
    lose = {one.order_id for one in cuts}
    _note_cuts(desk, [order for order_id, order in orders.items() if order_id in lose], cuts, message_id)
    return result


def _note_cuts(desk: Desk, orders: Sequence[Order], cuts: Sequence[Cut], message_id: int) -> None:
    """Lines of orders whose stock was taken back are backordered; inventory has written the rest."""
    if not orders:
        return
    by_id = {order.order_id: order for order in orders}
    plan = Plan()
    for cut in cuts:
        order = by_id.get(cut.order_id)
        if order is None:
            continue
        order.cause_id = message_id or None
        line = next(line for line in order.lines if line.line_no == cut.line_no)
        line.allocated -= cut.sold_units
        line.backordered += cut.sold_units
        line.touched = True
        given = [(line.line_no, sku_id, cut.site_id, units) for sku_id, units in cut.components]
        plan.events.append(events.event("allocation.released", order, desk.tx.now, events.ReservedLines(given)))
        if line.sku_id is not None:
            data = events.Backordered(line.line_no, line.sku_id, cut.sold_units)
            plan.events.append(events.event("line.backordered", order, desk.tx.now, data))
    facts = desk.facts(inventory.Supply({}, {}, {}), {})
    rules.conclude(orders, facts, plan)
    write_changed(desk, orders)
    write_plan(desk, plan, None)
