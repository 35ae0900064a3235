"""The life of an order, decided: reserve and route by one plan, and release; in memory, with no I/O.

`advance` changes the orders it is given and collects what has to be written in a plan. It may be run on the same order
at any time: what is done already stays as it is, and a second run right after the first changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from stocktower import inventory, sourcing
from stocktower.fulfillment import Request, RequestLine, RequestState
from stocktower.inventory import Allocation, Demand, Grant
from stocktower.kernel import CaseKind

from . import events
from .earnings import finish_unsent
from .model import Cause, Facts, HoldName, Line, Order, OrderStep, Plan, WaitsFor
from .preorders import (
    covered,
    follow_promises,
    give_up_arrived,
    give_up_unreachable,
    hold_until_release,
    preorder,
    refresh_claims,
)
from .states import derive_step, settle

HOLD_CASES = {
    HoldName.TOTAL_MISMATCH: CaseKind.TOTAL_MISMATCH,
    HoldName.CURRENCY: CaseKind.TOTAL_MISMATCH,
    HoldName.ADDRESS: CaseKind.ADDRESS,
    HoldName.FRAUD_REVIEW: CaseKind.FRAUD_REVIEW,
}
"""The holds that somebody has to decide on; what the customer or the channel has to mend waits without a case."""


def advance(orders: Sequence[Order], facts: Facts, now: datetime, plan: Plan | None = None) -> Plan:
    """Carry orders as far as they can go, those with the highest priority first; refusals are part of the plan."""
    plan = plan or Plan()
    for order in sorted(orders, key=_rank):
        if not order.is_history:
            _advance_one(order, facts, now, plan)
        if not order.is_new:
            _restate_demands(order, facts, plan)
        refresh_claims(order)
        follow_promises(order, facts, now, plan)
        settle(order)
        _follow_waits(order, facts, plan)
    return plan


def conclude(orders: Sequence[Order], facts: Facts, plan: Plan) -> None:
    """Say where orders stand after something was done about them, without planning anything."""
    for order in orders:
        refresh_claims(order)
        settle(order)
        _follow_waits(order, facts, plan)


def _rank(order: Order) -> tuple[int, datetime, int]:
    return order.priority, order.placed_at, order.order_id


def _advance_one(order: Order, facts: Facts, now: datetime, plan: Plan) -> None:
    live = any(line.open or line.backordered or line.allocated for line in order.lines)
    if order.carts and not (live and order.needs_listing):
        take_over(order, facts, now, plan)
    if order.needs_listing or not live:
        return
    held = order.holds and any(hold.cleared_at is None for hold in order.holds.values())
    if not order.validated and not (held and derive_step(order)[0] == OrderStep.VALIDATE):
        order.validated = True
        plan.events.append(events.event("order.validated", order, now))
    if facts.promising.preorders:
        hold_until_release(order, facts, now, plan)
        held = held or order.open_hold(HoldName.PREORDER)
    for line in order.lines:
        if (line.open or line.backordered) and line.ships:
            _reserve(order, facts, now, plan)
            break
    if not held:
        _release(order, facts, now, plan)


def _reserve(order: Order, facts: Facts, now: datetime, plan: Plan) -> None:
    """Allocate what is open or backordered at the sites of one sourcing plan; the rest is backordered."""
    free: inventory.FreeStock = facts.free
    channel_id = order.channel_id
    wanting = [line for line in order.lines if (line.open or line.backordered) and line.ships]
    if not order.is_new and not facts.filling:
        for line in wanting:
            for sku_id, per_unit in line.components if line.backordered else ():
                free.wait(sku_id, channel_id, -line.backordered * per_unit)
    request = sourcing.SourcingRequest(
        order.order_id,
        channel_id,
        order.ship_country,
        order.ship_region,
        tuple([sourcing.SourcingLine(line.line_no, line.open + line.backordered, line.components) for line in wanting]),
        order.destination,
    )
    limits = free.limits(channel_id, {sku_id for line in wanting for sku_id, _ in line.components})
    if order.entitled and limits:
        limits = limits.with_own(order.entitled)
    view = _view_without(order, facts) if order.avoid else free.free
    choice: sourcing.Choice = facts.planner.decide(request, view, limits)
    order.no_site = choice.no_site
    if choice.assignments:
        _take(order, choice, facts, now, plan)
    got = _units_by_line(choice.assignments)
    if order.claims:
        give_up_unreachable(order, facts, plan)
    for line in wanting:
        taken = got.get(line.line_no, 0)
        missing = line.open + line.backordered - taken
        if not line.demanded:
            _want(order, line, taken, missing, plan)
        if missing and order.claims and not facts.filling:
            give_up_arrived(order, line, taken, facts, plan)
        promised = preorder(order, line, missing, facts, now, plan) if missing else 0
        if missing - promised > line.backordered and line.sku_id is not None:
            data = events.Backordered(line.line_no, line.sku_id, missing - promised - line.backordered)
            plan.events.append(events.event("line.backordered", order, now, data))
        if missing > line.backordered and order.precedence is not None and order.precedence.takes:
            plan.short.append(order.order_id)
        line.allocated += taken
        line.open = 0
        line.backordered = missing
        line.touched = True
        if missing:
            for sku_id, per_unit in line.components:
                free.wait(sku_id, channel_id, missing * per_unit)


def take_over(order: Order, facts: Facts, now: datetime, plan: Plan) -> None:
    """Give an order what the holds of its cart have, right before it reserves, so that nobody comes between."""
    for held in order.carts:
        for one in held.allocations:
            facts.free.give(one.sku_id, one.site_id, one.stock_id, one.quantity)
            order.entitled[one.sku_id] = order.entitled.get(one.sku_id, 0) + one.quantity
        plan.superseded.append((order.order_id, held))
        units = [(one.sku_id, one.site_id, one.quantity) for one in held.allocations]
        data = events.Superseded(held.hold_id, held.reference, units)
        plan.events.append(events.event("hold.superseded", order, now, data))
    order.carts = []


def has_elsewhere(order: Order, units: Mapping[int, int], facts: Facts) -> bool:
    """Whether sites that an order does not avoid have all of some units by line."""
    lines = [line for line in order.lines if units.get(line.line_no)]
    request = sourcing.SourcingRequest(
        order.order_id,
        order.channel_id,
        order.ship_country,
        order.ship_region,
        tuple([sourcing.SourcingLine(line.line_no, units[line.line_no], line.components) for line in lines]),
        order.destination,
    )
    limits = facts.free.limits(order.channel_id, {sku_id for line in lines for sku_id, _ in line.components})
    return not facts.planner.decide(request, _view_without(order, facts), limits).missing


def _units_by_line(assignments: Sequence[tuple[int, int, int]]) -> dict[int, int]:
    got: dict[int, int] = {}
    for line_no, _, units in assignments:
        got[line_no] = got.get(line_no, 0) + units
    return got


def _take(order: Order, choice: sourcing.Choice, facts: Facts, now: datetime, plan: Plan) -> None:
    """Grant what was assigned, and say so."""
    order_id = order.order_id
    lines = {line.line_no: line for line in order.lines}
    reserved: list[events.Reserved] = []
    take = facts.free.take
    where = order.where
    for line_no, site_id, units in choice.assignments:
        where[line_no, site_id] = where.get((line_no, site_id), 0) + units
        for sku_id, per_unit in lines[line_no].components:
            plan.grants += take(order_id, line_no, sku_id, site_id, units * per_unit, order.channel_id)
            reserved.append((line_no, sku_id, site_id, units * per_unit))
    plan.events.append(events.event("order.reserved", order, now, events.ReservedLines(reserved)))
    plan.events.append(events.event("order.routed", order, now, events.Routed(choice.reason)))


def _want(order: Order, line: Line, allocated: int, short: int, plan: Plan) -> None:
    """Tell inventory for the first time what a line wants."""
    line.demanded = True
    for sku_id, per_unit in line.components:
        plan.new_demands.append(
            Demand(
                order.order_id,
                line.line_no,
                sku_id,
                inventory.ORDER,
                order.channel_id,
                order.priority,
                order.placed_at,
                per_unit,
                (allocated + short) * per_unit,
                allocated * per_unit,
                short * per_unit,
            )
        )


def _restate_demands(order: Order, facts: Facts, plan: Plan) -> None:
    """Tell inventory what changed about lines that it knows: what is not allocated, short or consumed is cancelled."""
    known = facts.demands.get(order.order_id)
    if not known:
        return
    lines = {line.line_no: line for line in order.lines if line.touched}
    for demand in known:
        line = lines.get(demand.line_no)
        if line is None:
            continue
        per_unit = demand.per_unit
        allocated, short = line.allocated * per_unit, line.backordered * per_unit
        wanted = max(demand.wanted + line.grown * per_unit, demand.consumed + allocated + short)
        plan.changed_demands.append(
            Demand(
                demand.order_id,
                demand.line_no,
                demand.sku_id,
                demand.kind,
                demand.channel_id,
                demand.priority,
                demand.placed_at,
                per_unit,
                wanted,
                allocated,
                short,
                demand.consumed,
                wanted - demand.consumed - allocated - short,
            )
        )
    for line in lines.values():
        line.grown = 0


def _release(order: Order, facts: Facts, now: datetime, plan: Plan) -> None:
    """Hand what is allocated and not released over to its sites, when nothing is missing or parts may go."""
    missing = unreleased = unsent = False
    for line in order.lines:
        if not line.ships:
            unsent = unsent or line.open > 0
        elif line.open or line.backordered:
            missing = True
        if line.allocated > line.released:
            unreleased = True
    channel = facts.network.channels[order.channel_id]
    if missing and not channel.ship_partial:
        return
    if unsent:
        finish_unsent(order, channel, now, plan)
    if unreleased:
        _request(order, facts, now, plan)


def _request(order: Order, facts: Facts, now: datetime, plan: Plan) -> None:
    """Make a request to each site for what is allocated there and not released."""
    waiting = order.where if order.is_new else unreleased_units(order)
    by_site: dict[int, list[tuple[int, int]]] = {}
    for (line_no, site_id), units in waiting.items():
        by_site.setdefault(site_id, []).append((line_no, units))
    lines = {line.line_no: line for line in order.lines}
    made: list[tuple[int, str, int, int]] = []
    for site_id, parts in by_site.items():
        request_lines: list[RequestLine] = []
        total = 0
        for line_no, units in parts:
            line = lines[line_no]
            line.released += units
            line.touched = True
            total += units
            request_lines.append(RequestLine(line_no, line.sku_id or 0, units))
        request = Request(
            facts.new_id(),
            order.order_id,
            f"{order.number}-F{len(order.requests) + 1}",
            order.channel_id,
            site_id,
            RequestState.RELEASED,
            now,
            now + _hours(facts.network.sites[site_id].acknowledge_hours),
            None,
            None,
            None,
            "",
            "",
            total,
            request_lines,
        )
        order.requests.append(request)
        plan.requests.append(request)
        made.append((request.fulfillment_id, request.number, site_id, total))
    if order.released_at is None:
        order.released_at = now
    plan.events.append(events.event("order.released", order, now, events.Released(made)))


_HOURS: dict[int, timedelta] = {}


def _hours(count: int) -> timedelta:
    found = _HOURS.get(count)
    if found is None:
        found = _HOURS[count] = timedelta(hours=count)
    return found


def unreleased_units(order: Order) -> dict[tuple[int, int], int]:
    """(line_no, site_id) -> units that are allocated there and not in an open request."""
    left = dict(order.where)
    for request in order.requests:
        for line in request.lines:
            key = (line.line_no, request.site_id)
            if key in left:
                left[key] -= line.outstanding
    return {key: units for key, units in left.items() if units > 0}


def give_back(order: Order, line: Line, site_id: int, units: int, facts: Facts, plan: Plan) -> list[events.Reserved]:
    """Give units of a line back to the rows of a site, and say what; the line's own figures are the caller's."""
    key = (line.line_no, site_id)
    given: list[events.Reserved] = []
    held = order.held.get(key, [])
    for sku_id, per_unit in line.components:
        left = units * per_unit
        for place, allocation in enumerate(held):
            if allocation.sku_id != sku_id or not left:
                continue
            part = min(left, allocation.quantity)
            if not part:
                continue
            left -= part
            held[place] = _less(allocation, part)
            plan.returns.append(Grant(order.order_id, line.line_no, sku_id, allocation.stock_id, part))
            facts.free.give(sku_id, site_id, allocation.stock_id, part)
        given.append((line.line_no, sku_id, site_id, units * per_unit))
    order.where[key] -= units
    if not order.where[key]:
        del order.where[key]
    return given


def _less(allocation: Allocation, units: int) -> Allocation:
    return Allocation(
        allocation.order_id,
        allocation.line_no,
        allocation.sku_id,
        allocation.stock_id,
        allocation.site_id,
        allocation.quantity - units,
        min(allocation.seen, allocation.quantity - units),
    )


def _view_without(order: Order, facts: Facts) -> dict[tuple[int, int], int]:
    """What is free for an order, without the places that it has to avoid."""
    avoided = {
        (sku_id, site_id)
        for line_no, site_id in order.avoid
        for line in order.lines
        if line.line_no == line_no
        for sku_id, _ in line.components
    }
    skus = {sku_id for line in order.lines for sku_id, _ in line.components}
    free = facts.free.free
    keys = [(sku_id, site_id) for sku_id in skus for site_id in facts.network.sites]
    return {key: free.get(key, 0) for key in keys if key not in avoided}


def _follow_waits(order: Order, facts: Facts, plan: Plan) -> None:
    """Which causes an order waits for now; what it waited for before and does not any more is left."""
    waits: dict[Cause, int] = {}
    if order.waits_for == WaitsFor.LISTING:
        code = facts.network.channels[order.channel_id].code
        for line in order.lines:
            if line.sku_id is None and line.ships and line.open:
                cause = (str(CaseKind.UNMAPPED_LISTING), f"{code}/{line.listing}")
                waits[cause] = waits.get(cause, 0) + line.open
    elif order.step != OrderStep.DONE:
        for line in order.lines:
            if line.backordered:
                _wait_for_supply(order, line, facts, waits)
        for name, kind in HOLD_CASES.items():
            if order.open_hold(name):
                waits[str(kind), f"order/{order.order_id}"] = sum(line.live for line in order.lines)
    if order.step != OrderStep.DONE:
        for line in order.lines:
            if line.backordered:
                _wait_for_word(order, line, waits)
    if waits:
        plan.waits.append((order, waits))
    if order.causes:
        plan.leaves += [(order, cause) for cause in order.causes if cause not in waits]


def _wait_for_word(order: Order, line: Line, waits: dict[Cause, int]) -> None:
    """A line whose promise cannot be kept waits until somebody tells the customer, or it is served."""
    promise = order.promises.get(line.line_no)
    if promise is not None and promise.broken_by is not None:
        cause = (str(CaseKind.PROMISE_BROKEN), f"inbound/{promise.broken_by}")
        waits[cause] = waits.get(cause, 0) + line.backordered


def _wait_for_supply(order: Order, line: Line, facts: Facts, waits: dict[Cause, int]) -> None:
    """A short line waits for a site that serves it, or for the component that there is least of."""
    if order.no_site:
        if order.open_hold(HoldName.ADDRESS):
            # That no site goes there is what comes of the address.
            return
        cause = (str(CaseKind.NO_SITE), f"order/{order.order_id}")
        waits[cause] = waits.get(cause, 0) + line.backordered
        return
    lacking = line.backordered - covered(order, line)
    if lacking <= 0:
        return
    free = facts.free.free
    sites = facts.network.channels[order.channel_id].site_ids
    kits = {
        sku_id: sum(free.get((sku_id, site_id), 0) for site_id in sites) // per_unit
        for sku_id, per_unit in line.components
    }
    least = min(kits.values(), default=0)
    for sku_id, per_unit in line.components:
        if kits[sku_id] == least:
            cause = (str(CaseKind.NO_STOCK), f"sku/{sku_id}")
            waits[cause] = waits.get(cause, 0) + lacking * per_unit


def possible_causes(order: Order, channel_code: str) -> frozenset[Cause]:
    """The cases that an order may wait for as it stands."""
    own = f"order/{order.order_id}"
    causes: set[Cause] = {(str(kind), own) for name, kind in HOLD_CASES.items() if name in order.holds}
    for promise in order.promises.values():
        if promise.broken_by is not None:
            causes.add((str(CaseKind.PROMISE_BROKEN), f"inbound/{promise.broken_by}"))
    for line in order.lines:
        if line.backordered:
            causes.add((str(CaseKind.NO_SITE), own))
            causes.update((str(CaseKind.NO_STOCK), f"sku/{sku_id}") for sku_id, _ in line.components)
        if line.sku_id is None:
            causes.add((str(CaseKind.UNMAPPED_LISTING), f"{channel_code}/{line.listing}"))
    return frozenset(causes)
