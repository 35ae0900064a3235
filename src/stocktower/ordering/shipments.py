"""What leaves, and what is called back: shipments, short picks and cancellations on an order's lines. Pure."""

from collections.abc import Sequence
from datetime import datetime

from stocktower import fulfillment
from stocktower.fulfillment import Request
from stocktower.inventory import Consume, Fetch
from stocktower.network import ChannelFacts

from . import amounts, events
from .earnings import earn, say_elsewhere
from .model import Facts, Line, Order, Plan
from .rules import give_back, unreleased_units

Sent = tuple[str, str, int]
"""(lot, bin, stock units) that a site says it sent; nothing where it names none."""


def note_shipped(
    order: Order,
    request: Request,
    moved: Sequence[tuple[int, int]],
    channel: ChannelFacts,
    occurred_at: datetime,
    plan: Plan,
    named: dict[int, list[Sent]] | None = None,
) -> None:
    """Units of a request have left its site: lines, stock, and what they earn.

    `named`: by SKU, what the site says of units that it sent; what was told of is taken out of it.
    """
    lines = {line.line_no: line for line in order.lines}
    stock: dict[int, int] = {}
    revenue: list[events.RevenueLine] = []
    for line_no, units in moved:
        line = lines[line_no]
        revenue.append(earn(line, units))
        line.allocated -= units
        line.released -= units
        key = (line_no, request.site_id)
        if key in order.where:
            order.where[key] -= units
        for sku_id, per_unit in line.components:
            count = units * per_unit
            stock[sku_id] = stock.get(sku_id, 0) + count
            for lot, place, part in take_named(named or {}, sku_id, count):
                plan.consumes.append(
                    Consume(
                        order.order_id, line_no, sku_id, request.site_id, part, request.fulfillment_id, occurred_at,
                        lot, place,
                    )
                )  # fmt: skip
    data = events.Shipped(
        request.fulfillment_id,
        request.number,
        request.site_id,
        channel.entity,
        order.channel_id,
        order.currency,
        revenue,
        [events.StockLine(sku_id, units) for sku_id, units in stock.items()],
        request.carrier,
        request.tracking,
        order.terms_days,
        order.marketplace_tax,
    )
    plan.events.append(events.event("fulfillment.shipped", order, occurred_at, data))


def take_named(named: dict[int, list[Sent]], sku_id: int, units: int) -> list[Sent]:
    """What was said of so many units of a SKU; of the rest nothing was."""
    sent = named.get(sku_id)
    taken: list[Sent] = []
    while sent and units:
        lot, place, there = sent[0]
        part = min(units, there)
        taken.append((lot, place, part))
        sent[0:1] = [(lot, place, there - part)] if there > part else []
        units -= part
    return [*taken, *([("", "", units)] if units else [])]


def note_fetched(
    order: Order,
    request: Request,
    moved: Sequence[tuple[int, int]],
    occurred_at: datetime,
    plan: Plan,
    named: dict[int, list[Sent]],
    *,
    found: bool,
) -> None:
    """A site names the bins that units were picked out of, or were not found in; what it says is taken out of `named`.

    What it names no bin of leaves bins when it ships.
    """
    lines = {line.line_no: line for line in order.lines}
    for line_no, units in moved if named else ():
        for sku_id, per_unit in lines[line_no].components:
            for lot, place, part in take_named(named, sku_id, units * per_unit):
                if place:
                    plan.fetches.append(
                        Fetch(
                            order.order_id, line_no, sku_id, request.site_id, part, request.fulfillment_id,
                            occurred_at, place, lot, found,
                        )
                    )  # fmt: skip


def note_shipped_elsewhere(
    order: Order, moved: Sequence[tuple[Line, int]], channel: ChannelFacts, occurred_at: datetime, plan: Plan
) -> None:
    """The channel shipped units that no site of ours was asked for: they earn, and no stock moves."""
    say_elsewhere(order, [earn(line, units) for line, units in moved], channel, occurred_at, plan)


def note_short(
    order: Order, request: Request, moved: Sequence[tuple[int, int]], facts: Facts, now: datetime, plan: Plan
) -> None:
    """Units that a site did not find go back to waiting; the order is not sent there again in this decision."""
    lines = {line.line_no: line for line in order.lines}
    given: list[events.Reserved] = []
    for line_no, units in moved:
        line = lines[line_no]
        given += give_back(order, line, request.site_id, units, facts, plan)
        line.released -= units
        line.allocated -= units
        line.open += units
        line.touched = True
    order.avoid |= {(line_no, request.site_id) for line_no, _ in moved}
    _say_given(order, given, now, plan)


def cancel_units(
    order: Order, wanted: Sequence[tuple[Line, int]], facts: Facts, now: datetime, plan: Plan
) -> tuple[list[events.UnitsOf], list[events.UnitsOf]]:
    """Cancel units of lines, those furthest from shipping first; gives (cancelled, picked already) by line."""
    done: list[events.UnitsOf] = []
    stuck: list[events.UnitsOf] = []
    given: list[events.Reserved] = []
    called_back: dict[int, list[events.UnitsOf]] = {}
    for line, units in wanted:
        left = _cancel_waiting(order, line, units, facts)
        if left:
            left = _cancel_allocated(order, line, left, facts, plan, given)
        if left:
            left = _cancel_released(order, line, left, facts, plan, given, called_back)
        if units > left:
            line.cancelled += units - left
            line.touched = True
            done.append((line.line_no, units - left))
        if left:
            stuck.append((line.line_no, left))
    for request in order.requests:
        if request.fulfillment_id in called_back:
            lines = called_back[request.fulfillment_id]
            data = events.Reported(request.fulfillment_id, request.number, request.site_id, lines)
            plan.events.append(events.event("fulfillment.cancelled", order, now, data))
    _say_given(order, given, now, plan)
    return done, stuck


def _cancel_waiting(order: Order, line: Line, units: int, facts: Facts) -> int:
    """Units that nothing is reserved for; says how many are left."""
    part = min(units, line.open)
    line.open -= part
    line.grown -= min(line.grown, part)
    units -= part
    part = min(units, line.backordered)
    line.backordered -= part
    for sku_id, per_unit in line.components if part else ():
        facts.free.wait(sku_id, order.channel_id, -part * per_unit)
    return units - part


def _cancel_allocated(
    order: Order, line: Line, units: int, facts: Facts, plan: Plan, given: list[events.Reserved]
) -> int:
    """Units that are reserved and not released; says how many are left."""
    for (line_no, site_id), there in unreleased_units(order).items():
        if line_no == line.line_no and units:
            part = min(units, there)
            given += give_back(order, line, site_id, part, facts, plan)
            line.allocated -= part
            units -= part
    return units


def _cancel_released(
    order: Order,
    line: Line,
    units: int,
    facts: Facts,
    plan: Plan,
    given: list[events.Reserved],
    called_back: dict[int, list[events.UnitsOf]],
) -> int:
    """Units that a site has and has not picked; says how many are left."""
    for request in reversed(order.requests):
        if not units:
            break
        part = fulfillment.cancel_units(request, line.line_no, units)
        if part:
            plan.changed_requests[request.fulfillment_id] = request
            called_back.setdefault(request.fulfillment_id, []).append((line.line_no, part))
            given += give_back(order, line, request.site_id, part, facts, plan)
            line.allocated -= part
            line.released -= part
            units -= part
    return units


def recallable(order: Order, site_id: int) -> dict[int, int]:
    """Units by line that a site was asked for and has not picked."""
    found: dict[int, int] = {}
    for request in order.requests:
        for line in request.lines if request.site_id == site_id else ():
            units = line.live - max(line.picked, line.shipped)
            if units > 0:
                found[line.line_no] = found.get(line.line_no, 0) + units
    return found


def recall(
    order: Order, facts: Facts, now: datetime, plan: Plan, *, released: bool = True, site_id: int | None = None
) -> list[events.UnitsOf]:
    """Take everything back that is not picked, so that it is planned anew; says which units are picked already.

    `released`: also from sites that were asked already; `site_id`: only what is there.
    """
    given: list[events.Reserved] = []
    stuck: list[events.UnitsOf] = []
    lines = {line.line_no: line for line in order.lines}
    for request in order.requests if released else ():
        if site_id in (None, request.site_id):
            stuck += _call_back(order, request, lines, now, plan)
    for (line_no, place), units in unreleased_units(order).items():
        if site_id not in (None, place):
            continue
        line = lines[line_no]
        given += give_back(order, line, place, units, facts, plan)
        line.allocated -= units
        line.open += units
        line.touched = True
    for _, sku_id, _, units in given:
        order.entitled[sku_id] = order.entitled.get(sku_id, 0) + units
    _say_given(order, given, now, plan)
    return stuck


def _call_back(
    order: Order, request: Request, lines: dict[int, Line], now: datetime, plan: Plan
) -> list[events.UnitsOf]:
    """Tell a site not to send what it has not picked; says what it has."""
    back: list[events.UnitsOf] = []
    stuck: list[events.UnitsOf] = []
    for request_line in request.lines:
        line = lines[request_line.line_no]
        part = fulfillment.cancel_units(request, line.line_no, request_line.outstanding)
        if part:
            line.released -= part
            line.touched = True
            back.append((line.line_no, part))
        if request_line.outstanding:
            stuck.append((line.line_no, request_line.outstanding))
    if back:
        plan.changed_requests[request.fulfillment_id] = request
        data = events.Reported(request.fulfillment_id, request.number, request.site_id, back)
        plan.events.append(events.event("fulfillment.cancelled", order, now, data))
    return stuck


def _say_given(order: Order, given: list[events.Reserved], now: datetime, plan: Plan) -> None:
    if given:
        plan.events.append(events.event("allocation.released", order, now, events.ReservedLines(given)))


def say_shipped_before(order: Order, channel: ChannelFacts, at: datetime, plan: Plan) -> None:
    """What had shipped when an order was captured earns what it earns; no stock of ours moved."""
    revenue: list[events.RevenueLine] = []
    for line in order.lines:
        if line.shipped:
            earned = amounts.earned(line, 0, line.shipped)
            revenue.append(events.RevenueLine(line.line_no, line.sku_id, line.shipped, *earned))
    if revenue:
        say_elsewhere(order, revenue, channel, at, plan)
