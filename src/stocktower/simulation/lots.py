"""Lots as they really lie at the sites: when each expires, what is on the shelf of it, and which are recalled."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from .deeds import Deed, Recall, RecallEnded
from .merchant import TIMEZONE, Place

FAR = date(2099, 12, 31)


def day_of(instant: datetime) -> date:
    """The day that it is at the sites."""
    return instant.astimezone(ZoneInfo(TIMEZONE)).date()


class Lots(Struct):
    """All lots of the SKUs that are tracked by one."""

    random: Random
    tick: Callable[[], datetime]
    expires_on: dict[tuple[str, str], date | None] = field(default_factory=dict[tuple[str, str], date | None])
    """(SKU, lot) -> the last day on which it may be sold."""
    shelves: dict[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])
    """(site, SKU, lot) -> units on the shelf."""
    recalled: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    deeds: list[Deed] = field(default_factory=list[Deed])
    """Done since they were last taken."""

    def make(self, sku: str, *, keeps: bool = False) -> str:
        """A new lot; some keep for a day or two, some for ever (`keeps`: this one)."""
        lot = f"{sku}-{len(self.expires_on) + 1}"
        days = self.random.choice((0, 1, 2, 4, 30, None))
        self.expires_on[sku, lot] = None if keeps or days is None else day_of(self.tick()) + timedelta(days=days)
        return lot

    def some(self, place: Place, sku: str) -> str:
        """A lot that lies at a site, or a new one."""
        known = self.at(place.code, sku)
        return self.random.choice(known) if known and self.random.random() < 0.6 else self.make(sku)

    def put(self, site: str, sku: str, lot: str, units: int) -> None:
        """Units come to the shelf of a lot, or vanish from it; never below nothing."""
        self.shelves[site, sku, lot] = max(0, self.shelves.get((site, sku, lot), 0) + units)

    def at(self, site: str, sku: str) -> list[str]:
        """The lots that ever lay at a site, the first to expire first."""
        lots = [lot for at, of, lot in self.shelves if (at, of) == (site, sku)]
        return sorted(lots, key=lambda lot: (self.expires_on[sku, lot] or FAR, lot))

    def is_expired(self, sku: str, lot: str, at: datetime) -> bool:
        """Whether the last day of a lot is over."""
        last = self.expires_on[sku, lot]
        return last is not None and day_of(at) > last

    def usable(self, site: str, sku: str, at: datetime) -> dict[str, int]:
        """What can be picked: neither expired nor recalled, the first to expire first."""
        return {
            lot: self.shelves[site, sku, lot]
            for lot in self.at(site, sku)
            if not self.is_expired(sku, lot, at) and (sku, lot) not in self.recalled
        }

    def pick(self, site: str, sku: str, units: int, at: datetime) -> dict[str, int]:
        """Take units off the shelf, lot by lot; there are as many."""
        taken: dict[str, int] = {}
        for lot, there in self.usable(site, sku, at).items():
            part = min(units, there)
            if part:
                taken[lot] = part
                self.put(site, sku, lot, -part)
                units -= part
        assert not units
        return taken

    def act(self) -> None:
        """A lot turns out to be bad, or was good after all."""
        if self.recalled and self.random.random() < 0.3:
            self.give_back(self.random.choice(self.recalled))
        elif self.expires_on and self.random.random() < 0.35:
            one = self.random.choice(list(self.expires_on))
            if one not in self.recalled and any(units for (_, *of), units in self.shelves.items() if (*of,) == one):
                self.recalled.append(one)
                self.deeds.append(Recall(*one))

    def give_back(self, one: tuple[str, str]) -> None:
        """End a recall."""
        self.recalled.remove(one)
        self.deeds.append(RecallEnded(*one))

    def take_deeds(self) -> Iterable[Deed]:
        """What was done since it was last asked."""
        taken, self.deeds = self.deeds, []
        return taken
