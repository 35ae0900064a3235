"""What people do about orders: hold and release, cancel, accept a total, plan anew; and what deadlines do.

Each runs inside the caller's transaction, which a dry run rolls back, and says what it did, one sentence each.
"""

from collections.abc import Callable, Sequence

import msgspec

from stocktower import fulfillment, inventory, payments, worklist
from stocktower.fulfillment import Report, ReportKind, RequestState
from stocktower.kernel import CaseKind
from stocktower.platform import Transaction
from stocktower.worklist import Raise, Waiter

from . import amounts, events, rules, store
from .capture import SYSTEM
from .carts import load_carts, lock_carts
from .changes import clear_hold as clear
from .changes import set_hold as set_one
from .leaving import leave
from .model import Facts, HoldName, Order, OrderStep, Plan
from .service import Desk, complete, map_lines, refreshed, skus_of_orders, write_changed, write_plan
from .shipments import cancel_units, recall, recallable
from .supply import resume_confirmations
from .words import sentence

Decide = Callable[[Order, Facts, Plan], None]


class UnknownOrder(LookupError):
    """There is no such order."""


class NotPossible(ValueError):
    """The order is past the point where this can be done; the message says why."""


def act(tx: Transaction, order_ids: Sequence[int], decide: Decide) -> list[str]:
    """Lock orders, do something about each, carry them on, write it; says what happened. Raises UnknownOrder."""
    desk = Desk(tx)
    orders = store.lock_orders(tx, order_ids)
    if len(orders) != len(set(order_ids)):
        raise UnknownOrder(f"there is no order {sorted(set(order_ids) - {order.order_id for order in orders})}")
    demands = complete(desk, orders)
    map_lines(desk, orders)
    plan = Plan()
    carts = lock_carts(tx, orders, {}, plan)
    wanted = skus_of_orders(orders) | carts.sku_ids
    supply = inventory.lock_supply(tx, wanted, giving=wanted) if wanted else None
    facts = desk.facts(supply or inventory.Supply({}, {}, {}), demands)
    load_carts(tx, orders, carts)
    for order in orders:
        decide(order, facts, plan)
    if plan.consumes:
        leave(tx, plan)
        refreshed(facts, tx, orders)
    rules.advance(orders, facts, tx.now, plan)
    write_changed(desk, orders)
    write_plan(desk, plan, supply)
    resume_confirmations(tx, orders, plan)
    done = [("order", order.order_id) for order in orders if order.step == OrderStep.DONE]
    worklist.drop_waiters(tx, done, [CaseKind.AUTHORISATION_EXPIRING])
    return [*plan.notes, *tell(desk, orders, plan)]


def tell(desk: Desk, orders: Sequence[Order], plan: Plan) -> list[str]:
    """What a plan did, one sentence an event, with the number of its order."""
    numbers = {order.order_id: order.number for order in orders}
    names = {"site": {site_id: site.code for site_id, site in desk.network.sites.items()}}
    return [
        f"{numbers.get(one.subject_id, '')}: {sentence(one.kind, msgspec.json.decode(one.data), names)}"
        for one in plan.events
    ]


def set_hold(tx: Transaction, order_id: int, name: str, reason: str) -> list[str]:
    """Hold an order by a name: it keeps what it has and is not released. Raises UnknownOrder, NotPossible."""

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        if order.is_history or order.step == OrderStep.DONE:
            raise NotPossible(f"order {order.number} is done")
        if not order.open_hold(name):
            set_one(order, name, reason, tx.actor, tx.now, plan)

    return act(tx, [order_id], decide)


def clear_hold(tx: Transaction, order_id: int, name: str) -> list[str]:
    """Clear a hold: the order goes on. Raises UnknownOrder, NotPossible."""

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        if not order.open_hold(name):
            raise NotPossible(f"order {order.number} is not held for {name}")
        if name in (HoldName.TOTAL_MISMATCH, HoldName.CURRENCY):
            raise NotPossible(f"the total of order {order.number} does not foot: accept it, or cancel the order")
        if name == HoldName.ADDRESS and order.holds[name].set_by == SYSTEM:
            raise NotPossible(
                f"order {order.number} cannot be shipped to its address: in its case, correct the address, "
                "or release it with a reason"
            )
        clear(order, name, tx.actor, tx.now, plan)

    return act(tx, [order_id], decide)


def accept_total(tx: Transaction, order_id: int) -> list[str]:
    """Let the total that the channel states stand: the lines take the difference. Raises UnknownOrder, NotPossible."""

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        names = [name for name in (HoldName.TOTAL_MISMATCH, HoldName.CURRENCY) if order.open_hold(name)]
        if not names:
            raise NotPossible(f"the total of order {order.number} is not in question")
        if HoldName.CURRENCY in names:
            _convert(Desk(tx), order)
        if any(line.shipped for line in order.lines):
            raise NotPossible(f"part of order {order.number} has shipped; its amounts are frozen")
        data = events.TotalAccepted(amounts.accept_total(order))
        plan.events.append(events.event("total.accepted", order, tx.now, data))
        for name in names:
            clear(order, name, tx.actor, tx.now, plan)

    return act(tx, [order_id], decide)


def _convert(desk: Desk, order: Order) -> None:
    channel = desk.network.channels[order.channel_id]
    order.book_total_minor = desk.books.convert(order.total_minor, order.currency, channel.entity, order.placed_at)


def cancel_order(tx: Transaction, order_id: int, reason: str = "by a person") -> list[str]:
    """Cancel what has not shipped and is not picked. Raises UnknownOrder, NotPossible."""

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        _cancel(tx, order, {line.line_no: line.live - line.shipped for line in order.lines}, reason, facts, plan)

    return act(tx, [order_id], decide)


def cancel_line(
    tx: Transaction, order_id: int, line_no: int, *, units: int | None = None, reason: str = "by a person"
) -> list[str]:
    """Cancel units of one line (None: all that has not shipped). Raises UnknownOrder, NotPossible."""

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        left = {line.line_no: line.live - line.shipped for line in order.lines}
        if line_no not in left:
            raise NotPossible(f"order {order.number} has no line {line_no}")
        wanted = left[line_no] if units is None else min(units, left[line_no])
        _cancel(tx, order, {line_no: wanted}, reason, facts, plan)

    return act(tx, [order_id], decide)


def cancel_backorders(tx: Transaction, order_ids: Sequence[int], sku_id: int, reason: str = "no stock") -> list[str]:
    """Cancel what orders wait for of one stocked SKU. Raises UnknownOrder."""

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        wanted = {
            line.line_no: line.backordered
            for line in order.lines
            if line.backordered and any(part == sku_id for part, _ in line.components)
        }
        if wanted:
            _cancel(tx, order, wanted, reason, facts, plan)

    return act(tx, order_ids, decide)


def _cancel(tx: Transaction, order: Order, units: dict[int, int], reason: str, facts: Facts, plan: Plan) -> None:
    """Cancel units by line; NotPossible where none can be."""
    wanted = [(line, units[line.line_no]) for line in order.lines if units.get(line.line_no, 0) > 0]
    if order.is_history or not wanted:
        raise NotPossible(f"nothing of order {order.number} is left to cancel")
    done, stuck = cancel_units(order, wanted, facts, tx.now, plan)
    if not done:
        raise NotPossible(f"order {order.number} is picked already; ask the site")
    plan.events.append(events.event("order.cancelled", order, tx.now, events.Cancelled(done, reason, stuck)))


def reroute(tx: Transaction, orders: int | Sequence[int], *, avoid_site: int | None = None) -> list[str]:
    """Plan what is not released anew; with a site: what it was asked for and has not picked, if others have all of it.

    Raises UnknownOrder, NotPossible.
    """

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        if order.is_history or order.step == OrderStep.DONE:
            raise NotPossible(f"order {order.number} is done")
        if avoid_site is None:
            recall(order, facts, tx.now, plan, released=False)
            # A person who plans anew knows more than what was doubted before.
            order.avoid = frozenset()
            return
        order.avoid |= {(line.line_no, avoid_site) for line in order.lines}
        units = recallable(order, avoid_site)
        if not units or not rules.has_elsewhere(order, units, facts):
            code = facts.network.sites[avoid_site].code
            plan.notes.append(f"{order.number}: left with {code}, no other site has all of it" if units else
                              f"{order.number}: nothing to take from {code}")  # fmt: skip
            return
        recall(order, facts, tx.now, plan, site_id=avoid_site)
        order.entitled.clear()

    return act(tx, [orders] if isinstance(orders, int) else orders, decide)


def acknowledge(tx: Transaction, fulfillment_ids: Sequence[int]) -> list[str]:
    """A person says that sites have acknowledged requests. Raises UnknownOrder."""
    wanted = set(fulfillment_ids)
    order_ids = sorted({request.order_id for request in fulfillment.load_requests(tx, fulfillment_ids)})

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        for request in order.requests:
            report = Report(ReportKind.ACKNOWLEDGED, tx.now)
            if request.fulfillment_id in wanted and fulfillment.decide_report(request, report).changed:
                plan.changed_requests[request.fulfillment_id] = request
                data = events.Reported(request.fulfillment_id, request.number, request.site_id)
                plan.events.append(events.event("fulfillment.acknowledged", order, tx.now, data))

    return act(tx, order_ids, decide) if order_ids else []


def not_acknowledged(tx: Transaction, fulfillment_ids: Sequence[int]) -> None:
    """Requests whose time to be acknowledged is up: one case for each site that is silent."""
    desk = Desk(tx)
    silent = [
        request
        for request in fulfillment.load_requests(tx, fulfillment_ids)
        if request.state == RequestState.RELEASED and request.acknowledge_by_at <= tx.now
    ]
    money = store.load_promises(tx, sorted({request.order_id for request in silent}))
    raises: list[Raise] = []
    for request in silent:
        site = desk.network.sites[request.site_id]
        book_minor, ship_by_at = money[request.order_id]
        waiter = Waiter("fulfillment", request.fulfillment_id, request.units, book_minor, ship_by_at)
        title = f"{site.name} does not acknowledge its requests"
        raises.append(
            Raise(
                CaseKind.NOT_ACKNOWLEDGED,
                f"site/{site.site_id}",
                title,
                {"site_id": site.site_id, "site": site.code},
                (waiter,),
            )
        )
    if raises:
        worklist.raise_cases(tx, desk.configuration, raises)


def expire_authorizations(tx: Transaction, payment_ids: Sequence[int]) -> None:
    """Authorisations whose time is up: their orders are held where they are not released yet."""
    found = [payments.load_payment(tx, payment_id) for payment_id in payment_ids]
    order_ids = sorted({one.order_id for one in found if one is not None})

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        before = recorded.get(order.order_id, [])
        after = [now_expired.get(one.payment_id, one) for one in before]
        if after == before:
            return
        channel = facts.network.channels[order.channel_id]
        plan.events += payments.decide_payment_changes(before, after, channel, tx.now)
        order.payment_state = payments.payment_state(after, order.total_minor)
        waits = any(line.open or line.backordered or line.allocated > line.released for line in order.lines)
        if waits and not order.is_history and order.terms_days is None and not order.open_hold(HoldName.PAYMENT):
            set_one(order, HoldName.PAYMENT, "the authorisation has expired", SYSTEM, tx.now, plan)

    store.lock_orders(tx, order_ids)
    recorded = payments.load_payments(tx, order_ids)
    now_expired = {after.payment_id: after for _, after in payments.expire_payments(tx, payment_ids)}
    if now_expired:
        act(tx, order_ids, decide)


def release_preorders(tx: Transaction, order_ids: Sequence[int]) -> None:
    """What was preordered may be released now."""

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        if order.open_hold(HoldName.PREORDER):
            clear(order, HoldName.PREORDER, SYSTEM, tx.now, plan)

    act(tx, order_ids, decide)


def tell_promise(tx: Transaction, order_ids: Sequence[int], inbound_id: int) -> list[str]:
    """Customers were told of the date that is promised now, because of an inbound. Raises UnknownOrder."""

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        for line_no, known in list(order.promises.items()):
            if known.broken_by == inbound_id:
                told = msgspec.structs.replace(known, told_on=known.promised_on, broken_by=None)
                order.promises[line_no] = told
                plan.promises.append((order.order_id, told))
                data = events.PromiseTold(line_no, told.told_on)
                plan.events.append(events.event("promise.told", order, tx.now, data))

    return act(tx, order_ids, decide)


def cancel_promised(tx: Transaction, order_ids: Sequence[int], inbound_id: int, reason: str) -> list[str]:
    """Cancel what an inbound was to bring and does not bring in time. Raises UnknownOrder."""

    def decide(order: Order, facts: Facts, plan: Plan) -> None:
        broken = {line_no for line_no, known in order.promises.items() if known.broken_by == inbound_id}
        wanted = {line.line_no: line.backordered for line in order.lines if line.line_no in broken}
        if any(wanted.values()):
            _cancel(tx, order, wanted, reason, facts, plan)

    return act(tx, order_ids, decide)
