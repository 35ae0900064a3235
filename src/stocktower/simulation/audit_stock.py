"""What the auditor expects at each site: what was counted last, less what left since."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from stocktower.exchange import StockDocument, StockLine

from .warehouse import AVAILABLE, EXPIRED

Key = tuple[str, str, str, str]
"""(site, SKU, status, lot); an expired lot stands under available, whenever it was put aside."""

LARGE = 10
"""A smaller difference is never taken for another unit of measure."""


def key_of(site: str, sku: str, status: str, lot: str = "") -> Key:
    """Where units stand."""
    return site, sku, AVAILABLE if lot and status == EXPIRED else status, lot


class Gone(Struct, frozen=True):
    """Units that left; a site cannot have sent them before it was asked to, but may have said so of others."""

    occurred_at: datetime
    asked_at: datetime
    units: int


class Shelf(Struct):
    """What really lies there, as far as anybody has said; below zero where more left than was ever counted."""

    counted: int = 0
    counted_at: datetime | None = None
    gone: list[Gone] = field(default_factory=list[Gone])

    def real(self) -> int:
        """What was counted, less what left after it was."""
        return self.counted - self.left_after(self.counted_at)

    def left_after(self, instant: datetime | None) -> int:
        """Units that left after an instant."""
        return sum(one.units for one in self.gone if instant is None or one.occurred_at > instant)

    def doubtful(self) -> int:
        """Units that are said to have left before the count, and were asked for after it: either may be true."""
        at = self.counted_at
        return sum(one.units for one in self.gone if at is not None and one.occurred_at <= at < one.asked_at)


class StockModel(Struct):
    """All shelves; `cases` are the units in a case by SKU."""

    cases: Mapping[str, int]
    shelves: dict[Key, Shelf] = field(default_factory=dict[Key, Shelf])
    suspected: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """(site, SKU) whose last count looked like cases and was not applied."""

    def shelf(self, key: Key) -> Shelf:
        """The shelf of a key, empty at first."""
        return self.shelves.setdefault(key, Shelf())

    def ship(self, key: Key, gone: Gone) -> None:
        """Units left."""
        self.shelf(key).gone.append(gone)

    def count(self, document: StockDocument, now: datetime) -> dict[Key, tuple[int, StockLine]]:
        """Take a count; gives (difference, line) of each shelf that it was applied to."""
        as_of = min(document.as_of or now, now)
        applied: dict[Key, tuple[int, StockLine]] = {}
        suspected: set[tuple[str, str]] = set()
        for key, (line, quantity) in _counted(document).items():
            shelf = self.shelf(key)
            if shelf.counted_at is not None and shelf.counted_at > as_of:
                continue
            expected = shelf.real() + shelf.left_after(as_of)
            if not line.unit and self._looks_like_cases(line.sku, quantity, expected):
                suspected.add((document.site, line.sku))
                continue
            # What left a shelf that nobody had counted was found there; what came to it is known.
            before = shelf.real() if shelf.counted_at is not None else max(0, shelf.real())
            shelf.counted, shelf.counted_at = quantity, as_of
            applied[key] = (shelf.real() - before, line)
        self.suspected -= {(site, sku) for site, sku, _, _ in applied}
        self.suspected |= suspected
        return applied

    def _looks_like_cases(self, sku: str, stated: int, expected: int) -> bool:
        case = self.cases.get(sku, 0)
        if not case or stated <= 0 or expected <= 0 or abs(stated - expected) < LARGE:
            return False
        return stated * case == expected or expected * case == stated


def _counted(document: StockDocument) -> dict[Key, tuple[StockLine, int]]:
    """The shelves that a count is of, each with its first line and all of its units."""
    found: dict[Key, tuple[StockLine, int]] = {}
    for line in document.lines:
        key = key_of(document.site, line.sku, line.status, line.lot)
        first, units = found.get(key, (line, 0))
        found[key] = (first, units + line.quantity)
    return found
