"""The only place where the time of day is read."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Protocol

SET_BACK = timedelta(minutes=1)
"""By how much a clock is set back when it is corrected; by more, it was wrong before."""


def _machine_now() -> datetime:
    return datetime.now(UTC)


class Clock(Protocol):
    """Says what time it is, as an aware instant in UTC."""

    def now(self) -> datetime:
        """The present instant."""
        ...


class SystemClock:
    """The clock of the machine, that hardly moves while that is corrected: nothing happens before what led to it."""

    def __init__(self, read: Callable[[], datetime] = _machine_now) -> None:
        self._read = read
        self._lock = Lock()
        self._last = read()

    def now(self) -> datetime:
        """The present instant; later than the last one said, unless the machine was more than a minute ahead."""
        with self._lock:
            at, last = self._read(), self._last
            if last - SET_BACK <= at <= last:
                at = last + timedelta.resolution
            self._last = at
            return at


MACHINE_CLOCK = SystemClock()
"""The one clock of a process, so that all that it does agrees on what came first."""


class FrozenClock:
    """A clock that stands still until it is set: for tests, the demo and the simulation."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError(f"a clock needs an aware instant, not {at!r}")
        self.at = at.astimezone(UTC)

    def now(self) -> datetime:
        """The instant that the clock was set to."""
        return self.at

    def advance(self, by: timedelta) -> datetime:
        """Move the clock on and say the new instant."""
        self.at += by
        return self.at
