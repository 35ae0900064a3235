"""What units earn when they have shipped, or nothing has to be sent for them. Pure."""

from datetime import datetime

from stocktower.network import ChannelFacts

from . import amounts, events
from .model import Line, Order, Plan


def earn(line: Line, units: int) -> events.RevenueLine:
    """Count units as shipped, and say what they earn."""
    earned = amounts.earned(line, line.shipped, line.shipped + units)
    line.shipped += units
    line.touched = True
    return events.RevenueLine(line.line_no, line.sku_id, units, *earned)


def say_elsewhere(
    order: Order,
    revenue: list[events.RevenueLine],
    channel: ChannelFacts,
    at: datetime,
    plan: Plan,
    *,
    sent: bool = True,
) -> None:
    """Units earn and no stock of ours moved: the channel shipped them itself, or (`sent` false) nothing is sent."""
    data = events.Shipped(
        0,
        f"{order.number}-C",
        0,
        channel.entity,
        order.channel_id,
        order.currency,
        revenue,
        [],
        terms_days=order.terms_days,
        marketplace_tax=order.marketplace_tax,
        elsewhere=True,
        nothing_sent=not sent,
    )
    plan.events.append(events.event("fulfillment.shipped", order, at, data))


def finish_unsent(order: Order, channel: ChannelFacts, now: datetime, plan: Plan) -> None:
    """Lines for which nothing is sent are done once the order is released."""
    revenue: list[events.RevenueLine] = []
    for line in order.lines:
        if not line.ships and line.open:
            units, line.open = line.open, 0
            revenue.append(earn(line, units))
    if revenue:
        say_elsewhere(order, revenue, channel, now, plan, sent=False)
