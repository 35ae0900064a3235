"""Pure decisions about speed: the class of what sells, with hysteresis, and the buffer for what others sell."""

from collections.abc import Mapping
from datetime import timedelta
from math import exp

from .model import Velocity

STAY = 5, 4
"""A SKU becomes slower only when it lasts a quarter longer than the threshold at which it became faster."""


def decide_velocity(current: str, units: int, days: int, ats: int, *, fast_days: int, slow_days: int) -> str:
    """The class of a SKU that sold so many units in so many days, with so many left.

    What lasts no longer than `fast_days` is fast, what lasts `slow_days` or does not sell is slow. It becomes faster at
    the threshold, and slower only a quarter beyond it, so that a figure that swings about it changes nothing.
    """
    if units <= 0:
        return Velocity.SLOW
    # Cover in days is ats * days / units; compared without dividing.
    cover, fast, slow = ats * days, fast_days * units, slow_days * units
    times, over = STAY
    if cover <= fast or (current == Velocity.FAST and cover * over <= fast * times):
        return Velocity.FAST
    if cover < slow or (current != Velocity.SLOW and cover * over < slow * times):
        return Velocity.NORMAL
    return Velocity.SLOW


def buffer_of(units: int, days: int, lag: timedelta, *, percent: int, at_most: int) -> int:
    """Units that others may sell during a lag, at the rate of so many in so many days: the least number that holds so
    surely, sales being Poisson, and no more than `at_most`."""
    mean = units / days * (lag / timedelta(days=1)) if units > 0 else 0.0
    if mean <= 0 or percent <= 0:
        return 0
    buffer, chance = 0, exp(-mean)
    surely = chance
    while surely < percent / 100 and buffer < at_most:
        buffer += 1
        chance *= mean / buffer
        surely += chance
    return buffer


def depletion(
    sold: Mapping[tuple[int, int], int], components: Mapping[int, tuple[tuple[int, int], ...]]
) -> dict[int, dict[int, int]]:
    """Stocked SKU -> channel -> units that went, kits as what they are made of; from (channel, SKU) -> units."""
    went: dict[int, dict[int, int]] = {}
    for (channel_id, sku_id), units in sold.items():
        for part, each in components.get(sku_id, ((sku_id, 1),)):
            by_channel = went.setdefault(part, {})
            by_channel[channel_id] = by_channel.get(channel_id, 0) + units * each
    return went
