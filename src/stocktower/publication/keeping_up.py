"""Pure decisions about one channel: how much it takes now, which rounds are due, whether it keeps up."""

from datetime import datetime, timedelta

from msgspec import Struct

from .model import ChannelRow, ChannelState, Pace
from .policies import Policy

MOST_AT_ONCE = 50_000
"""Listings in one publication."""
_MINUTE = timedelta(minutes=1)
_STATES = (ChannelState.NORMAL, ChannelState.BEHIND, ChannelState.DARK)


class Keeping(Struct, frozen=True):
    """How long a channel is silent, and how long what is due waits; None: there is nothing to wait for."""

    silent: timedelta | None
    waiting: timedelta | None


class Decided(Struct, frozen=True):
    """The state of a channel, and why."""

    state: str
    reason: str


def new_channel(channel_id: int, policy: Policy, now: datetime) -> ChannelRow:
    """A channel that was never told anything: it takes all that it may at once."""
    return ChannelRow(channel_id, ChannelState.NORMAL, "", now, policy.at_once or 0, now, None, None, None, 0, 0, 0)


def refill(row: ChannelRow, policy: Policy, now: datetime) -> None:
    """Fill the bucket for the time that passed: whole listings, and not a moment is lost or counted twice."""
    if policy.per_minute is None or policy.at_once is None:
        row.room = 0
        return
    fresh = max(timedelta(0), now - row.filled_at) * policy.per_minute // _MINUTE
    if row.room + fresh >= policy.at_once:
        row.room, row.filled_at = policy.at_once, max(now, row.filled_at)
    else:
        row.room += fresh
        # Rounded down, so that no moment is lost.
        row.filled_at += _MINUTE * fresh // policy.per_minute


def room_of(row: ChannelRow, policy: Policy) -> int:
    """How many listings the channel takes now."""
    return MOST_AT_ONCE if policy.per_minute is None else min(row.room, MOST_AT_ONCE)


def due_paces(row: ChannelRow, policy: Policy, now: datetime) -> list[str]:
    """What may go now: urgent changes always, the others when their round is due."""
    paces: list[str] = [Pace.NOW]
    if row.normal_at is None or now - row.normal_at >= policy.normal_every:
        paces.append(Pace.NORMAL)
    if row.slow_at is None or now - row.slow_at >= policy.slow_every:
        paces.append(Pace.SLOW)
    return paces


def take_room(row: ChannelRow, policy: Policy, listings: int) -> None:
    """So many listings are told: they are taken out of the bucket, where there is one."""
    if policy.per_minute is not None:
        row.room -= listings


def close_rounds(row: ChannelRow, policy: Policy, paces: list[str], now: datetime) -> None:
    """Note that these rounds told all that there was; the next ones are due an interval later, if there is one."""
    if Pace.NORMAL in paces and (policy.normal_every or row.normal_at is None):
        row.normal_at = now
    if Pace.SLOW in paces and (policy.slow_every or row.slow_at is None):
        row.slow_at = now


def overdue(pace: str, oldest_at: datetime, policy: Policy, now: datetime) -> timedelta:
    """How long the oldest change of a pace waits beyond the interval that it has to wait anyway."""
    interval = {Pace.NORMAL: policy.normal_every, Pace.SLOW: policy.slow_every}.get(Pace(pace), timedelta(0))
    return max(timedelta(0), now - oldest_at - interval)


def decide_state(current: str, keeping: Keeping, policy: Policy, dark_after: int) -> Decided:
    """Normal, behind past an objective, dark past `dark_after` times of it.

    It gets worse at these thresholds, and better only at half of each, so that it does not swing.
    """
    parts: list[tuple[timedelta, timedelta, str]] = []
    if policy.acknowledge_within is not None and keeping.silent is not None:
        words = f"a publication is not acknowledged for {_span(keeping.silent)}"
        parts.append((keeping.silent, policy.acknowledge_within, words))
    if keeping.waiting is not None:
        words = f"what is due waits for {_span(keeping.waiting)}"
        parts.append((keeping.waiting, policy.backlog_within, words))
    worse = max((_level(late, objective, dark_after, 1) for late, objective, _ in parts), default=0)
    stays = max((_level(late, objective, dark_after, 2) for late, objective, _ in parts), default=0)
    level = max(worse, min(_STATES.index(ChannelState(current)), stays))
    if level == 0:
        return Decided(ChannelState.NORMAL, "")
    _, objective, words = max(parts, key=lambda part: part[0] / part[1])
    return Decided(_STATES[level], f"{words}, its objective is {_span(objective)}")


def _level(late: timedelta, objective: timedelta, dark_after: int, part: int) -> int:
    if late * part > objective * dark_after:
        return 2
    return 1 if late * part > objective else 0


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h {rest:02} min" if hours else f"{rest} min"
