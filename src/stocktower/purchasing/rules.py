"""Decides when to order and how much, from demand with its spread and lead time with its spread. Pure.

reorder point = demand over the lead time + z x sigma, sigma from the spread of both; ordered is up to the reorder point
and the days to be covered, in whole multiples and at least the least that the supplier takes.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil, sqrt
from statistics import NormalDist, pstdev

from stocktower.inventory import LeadTime
from stocktower.model import SupplyRule

from .model import Figure, Need, Position, Sold

_NINETY = NormalDist().inv_cdf(0.9)


def by_day(sold: Sequence[Sold], days: Sequence[date]) -> list[int]:
    """Units of all channels on each of some days, also those on which nothing was sold."""
    units = dict.fromkeys(days, 0)
    for one in sold:
        if one.day in units:
            units[one.day] += one.units
    return list(units.values())


def decide_need(
    sold: Sequence[Sold],
    days: Sequence[date],
    lead_time: LeadTime,
    rule: SupplyRule,
    position: Position,
    channels: Mapping[int, str],
) -> Need | None:
    """What is to be ordered of a SKU; None while its position is above the reorder point, or nothing is sold of it."""
    units = by_day(sold, days)
    if not any(units):
        return None
    mean, spread = sum(units) / len(units), pstdev(units)
    late = (lead_time.late_days - lead_time.days) / _NINETY
    z = NormalDist().inv_cdf(rule.service_percent / 100)
    sigma = sqrt(lead_time.days * spread**2 + mean**2 * late**2)
    safety = max(0.0, z * sigma)
    point = ceil(mean * lead_time.days + safety)
    up_to = ceil(mean * (lead_time.days + rule.cover_days) + safety)
    if position.units > point:
        return None
    quantity = rounded(max(1, up_to - position.units), rule.moq, rule.order_multiple)
    shares = {channel_id: sum(one.units for one in sold if one.channel_id == channel_id) for channel_id in channels}
    figures = [
        Figure("demand per day", f"{mean:.2f} over {len(units)} days"),
        Figure("spread of demand per day", f"{spread:.2f}"),
        *(
            Figure(f"of it {channels[channel_id]}", f"{total / len(units):.2f} per day")
            for channel_id, total in sorted(shares.items(), key=lambda item: -item[1])
            if total
        ),
        Figure("lead time", f"{lead_time.days} days, {_source(lead_time)}"),
        Figure("nine of ten within", f"{lead_time.late_days} days"),
        Figure("service", f"{rule.service_percent} %, z = {z:.2f}"),
        Figure("safety", f"{safety:.1f}"),
        Figure("reorder point", str(point)),
        Figure("order up to", f"{up_to}, {rule.cover_days} days beyond the lead time"),
        Figure("free", str(position.free)),
        Figure("coming", str(position.coming)),
        Figure("waiting", str(position.waiting)),
        Figure("least order and multiple", f"{rule.moq} and {rule.order_multiple}"),
    ]
    return Need(quantity, point, up_to, tuple(figures))


def _source(lead_time: LeadTime) -> str:
    return f"measured from {lead_time.deliveries} deliveries" if lead_time.deliveries else "stated"


def rounded(units: int, least: int, multiple: int) -> int:
    """The quantity that can be ordered for at least so many units: in whole multiples, and not below the least."""
    return -(-max(units, least) // multiple) * multiple
