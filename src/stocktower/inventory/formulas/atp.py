"""Available to promise for a date: what is left of stock and of what is coming, after all that is promised. Pure.

    ATP(t) = max(0, min over u >= t of (base + what can be used by u - promises due by u))

The least from then on, so that a promise for a date never takes what a later one needs. `base` is the net of a channel
(what it may sell now), unclamped, with what waits given back: that stands among the promises, due now if it is undated.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from .claims import Claims, Net
from .reach import Reach


class Arrival(Struct, frozen=True):
    """Units that can be used from an instant on."""

    at: datetime
    units: int
    site_id: int
    kind: str
    """purchase, transfer or production."""
    id: int
    """Of the inbound."""
    reference: str


class Promise(Struct, frozen=True):
    """Units that are promised to somebody."""

    due_at: datetime | None
    """None: due now."""
    units: int
    channel_id: int


class Point(Struct, frozen=True):
    """An instant at which something changes."""

    at: datetime
    arriving: int
    promised: int
    level: int
    """What is left after it; below zero where more is promised than comes."""
    atp: int
    """What can be promised for this instant, and for any until the next point."""
    arrivals: tuple[Arrival, ...] = ()


class Timeline(Struct, frozen=True):
    """What can be promised from now on; the first point is now."""

    base: int
    points: tuple[Point, ...]
    always_at: datetime | None = None
    """From then on any quantity: so long it takes to buy or make more. None: what is coming is all."""

    def atp(self, at: datetime) -> int | None:
        """What can be promised for an instant; None: as much as anybody wants."""
        if self.always_at is not None and at >= self.always_at:
            return None
        found = 0
        for point in self.points:
            if point.at > at:
                break
            found = point.atp
        return found

    def earliest(self, quantity: int) -> datetime | None:
        """The first instant for which a quantity can be promised; None: none that is known."""
        return next((point.at for point in self.points if point.atp >= quantity), self.always_at)


def decide_timeline(
    base: int,
    arrivals: Iterable[Arrival],
    promises: Iterable[Promise],
    now: datetime,
    always_at: datetime | None = None,
) -> Timeline:
    """What can be promised from now on; what should have come before now is the caller's to leave out."""
    coming: dict[datetime, list[Arrival]] = {now: []}
    due: dict[datetime, int] = {now: 0}
    for arrival in arrivals:
        coming.setdefault(max(arrival.at, now), []).append(arrival)
    for promise in promises:
        at = now if promise.due_at is None else max(promise.due_at, now)
        due[at] = due.get(at, 0) + promise.units
    level = base
    steps: list[tuple[datetime, list[Arrival], int, int]] = []
    for at in sorted(coming.keys() | due.keys()):
        if always_at is not None and at >= always_at and at > now:
            break
        level += sum(one.units for one in coming.get(at, ())) - due.get(at, 0)
        steps.append((at, coming.get(at, []), due.get(at, 0), level))
    least: int | None = None
    points: list[Point] = []
    for at, came, promised, left in reversed(steps):
        least = left if least is None else min(least, left)
        points.append(Point(at, sum(one.units for one in came), promised, left, max(0, least), tuple(came)))
    return Timeline(base, tuple(reversed(points)), None if always_at is None else max(always_at, now))


def decide_kit_timeline(components: Sequence[tuple[Timeline, int]], now: datetime, limit: int) -> Timeline:
    """Whole kits that can be promised, by the components as (timeline, units in one kit).

    `limit`: how many can be put together at single sites now.
    """
    instants = sorted({now, *(point.at for timeline, _ in components for point in timeline.points)})
    ends = [timeline.always_at for timeline, _ in components]
    always_at = max((end for end in ends if end is not None), default=None) if all(ends) else None
    points: list[Point] = []
    for at in instants:
        if always_at is not None and at >= always_at and at > now:
            break
        parts = [found // units for timeline, units in components if (found := timeline.atp(at)) is not None]
        kits = min(parts, default=0)
        kits = min(kits, limit) if at == now else kits
        points.append(Point(at, 0, 0, kits, kits))
    return Timeline(points[0].level, tuple(points), always_at)


def beyond_safety(arrivals: Iterable[Arrival], missing: Mapping[int, int]) -> list[Arrival]:
    """What arrivals leave to be promised when what a site's safety stock lacks (by site) is filled first."""
    left = dict(missing)
    found: list[Arrival] = []
    for one in sorted(arrivals, key=lambda one: (one.at, one.id)):
        taken = min(one.units, max(0, left.get(one.site_id, 0)))
        if taken:
            left[one.site_id] -= taken
        if one.units > taken:
            found.append(Arrival(one.at, one.units - taken, one.site_id, one.kind, one.id, one.reference))
    return found


def promises_against(promises: Sequence[Promise], counted: Mapping[int, int]) -> list[Promise]:
    """Of what is promised, that which counts against a channel: so many units by channel, the last due of each.

    A channel's own aside serves first what is due first, so that only the rest is taken from others.
    """
    left = dict(counted)
    found: list[Promise] = []
    undated = [one for one in promises if one.due_at is None]
    dated = [(one.due_at, one) for one in promises if one.due_at is not None]
    for one in [*(one for _, one in sorted(dated, key=lambda item: item[0], reverse=True)), *undated]:
        units = min(one.units, left.get(one.channel_id, 0))
        if units:
            left[one.channel_id] -= units
            found.append(Promise(one.due_at, units, one.channel_id))
    return found


def decide_channel_timeline(
    offered: Net,
    claims: Claims,
    reach: Reach,
    channel_id: int,
    arrivals: Sequence[Arrival],
    promises: Sequence[Promise],
    now: datetime,
    always_at: datetime | None = None,
) -> Timeline:
    """What a channel can promise, from what it may sell now, what comes to its sites, and all that is promised.

    What waits elsewhere counts against it where they have a site in common: now where it can be served from what lies
    there, else from the first arrival on.
    """
    at_once: dict[int, int] = {one.channel_id: one.units for one in offered.waiting}
    counted: dict[int, int] = {}
    for other, units in claims.waiting.items():
        if other != channel_id:
            kept = claims.asides.get(other, 0) + sum(one.units for one in claims.placed if one.channel_id == other)
            units = units - kept if reach.shares(channel_id, other) else 0
        if max(units, at_once.get(other, 0)) > 0:
            counted[other] = max(units, at_once.get(other, 0))
    first = min((one.at for one in arrivals), default=None)
    later = {other: units - at_once.get(other, 0) for other, units in counted.items()}
    due: list[Promise] = []
    for one in promises_against(promises, counted):
        moved = min(one.units, later.get(one.channel_id, 0)) if one.due_at is None else 0
        if moved:
            later[one.channel_id] -= moved
            if first is not None:
                due.append(Promise(first, moved, one.channel_id))
        if one.units > moved:
            due.append(Promise(one.due_at, one.units - moved, one.channel_id))
    return decide_timeline(offered.net + sum(at_once.values()), arrivals, due, now, always_at)
