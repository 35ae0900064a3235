"""Read models of the steward's queue: what fails, what it touches, what may be one, and what is wrong with places."""

from collections.abc import Sequence

from msgspec import Struct

from stocktower.model import load_applied
from stocktower.platform import Transaction

from . import store
from .model import CheckCount, Duplicate, Failure, Merge, PlaceFinding, Quality
from .rules import check_places


class Overview(Struct, frozen=True):
    """How good the master data is in all."""

    skus: int
    """Checked."""
    perfect: int
    points: int
    """The sum of all scores."""
    checks: tuple[CheckCount, ...]
    places: tuple[PlaceFinding, ...]

    @property
    def average(self) -> float:
        """The mean score; 100 where nothing was checked."""
        return self.points / self.skus if self.skus else 100.0


class QueueRow(Struct, frozen=True):
    """A SKU of the queue with what it fails, the heaviest first."""

    quality: Quality
    failing: tuple[Failure, ...]


def load_overview(tx: Transaction) -> Overview:
    """All of it, in a few figures."""
    skus, perfect, points = store.count_quality(tx)
    counts = sorted(store.count_failing(tx), key=lambda one: (-one.at_stake_minor, -one.skus, one.name))
    return Overview(skus, perfect, points, tuple(counts), tuple(check_places(load_applied(tx).configuration)))


def load_queue(tx: Transaction, *, check: str = "", limit: int = 50, offset: int = 0) -> list[QueueRow]:
    """SKUs that fail a check ('': any), the most money touched first."""
    return _with_failing(tx, store.load_queue(tx, check, limit, offset))


def load_quality(tx: Transaction, sku_ids: Sequence[int]) -> dict[int, QueueRow]:
    """The quality of some SKUs, those that were checked."""
    return {row.quality.sku_id: row for row in _with_failing(tx, store.load_quality(tx, sku_ids))}


def _with_failing(tx: Transaction, found: Sequence[Quality]) -> list[QueueRow]:
    failing: dict[int, list[Failure]] = {}
    for one in store.load_failing_of(tx, [quality.sku_id for quality in found]):
        failing.setdefault(one.sku_id, []).append(one)
    return [
        QueueRow(one, tuple(sorted(failing.get(one.sku_id, []), key=lambda item: (-item.check.weight, item.name))))
        for one in found
    ]


def load_duplicates(tx: Transaction, *, limit: int = 50) -> list[Duplicate]:
    """Pairs that may be one SKU, the likeliest first."""
    return store.load_duplicates(tx, limit)


def load_merges(tx: Transaction, *, limit: int = 20) -> list[Merge]:
    """The last merges, those undone too."""
    return store.load_merges(tx, limit)
