"""The only place where the time of day is read."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Says what time it is, as an aware instant in UTC."""

    def now(self) -> datetime:
        """The present instant."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)


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
