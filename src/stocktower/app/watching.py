"""How far a run is, in words: rows of files that are worked, of those that there were."""

import time
from collections.abc import Mapping

from stocktower import exchange
from stocktower.app.home import Tower
from stocktower.app.workers import work_name

SELDOM = 20
"""A look at the inbox takes no more than one part in so many of the time."""
LEAST = 1.0
"""Seconds between two looks."""


class Watch:
    """Looks at the inbox now and then, and says what is done of it."""

    def __init__(self, tower: Tower) -> None:
        self._tower = tower
        self._total: dict[str, int] = {}
        self._left: dict[str, int] = {}
        self._look()
        self._next_look = time.monotonic() + LEAST

    def words(self, name: str, counts: Mapping[str, int]) -> str:
        """What the work of a name has come to, and all others in short."""
        now = time.monotonic()
        if now >= self._next_look:
            self._look()
            took = time.monotonic() - now
            self._next_look = now + max(LEAST, took * SELDOM)
        kind = next((kind for kind in self._total if work_name(kind) == name), "")
        others = ", ".join(f"{n} {count:,}" for n, count in counts.items())
        total = self._total.get(kind, 0)
        if not total:
            return others
        return f"{name}: {total - self._left.get(kind, 0):,} of {total:,} rows ({others})"

    def _look(self) -> None:
        with self._tower.reading() as tx:
            left = exchange.load_rows_to_work(tx)
        for kind, rows in left.items():
            # What comes while it runs is to be worked too.
            self._total[kind] = max(self._total.get(kind, 0), self._total.get(kind, 0) + rows - self._left.get(kind, 0))
        self._left = left
