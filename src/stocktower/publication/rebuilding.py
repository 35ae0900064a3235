"""A projection of publication: the last word about each listing, proved by all that was told."""

from collections.abc import Sequence

from stocktower.platform import Drifted, Projection, Transaction, pair

from . import store


def _lock(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.lock_standings_by_key(tx, [(one.key[0], one.key[1]) for one in drifted])


def _restore(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.restore_told(tx, [(*one.key, *(one.truth or (None, None, None))) for one in drifted])


PROJECTIONS = (
    Projection(
        "publication.standing", "the last word about each listing, by all that was told", store.count_standings,
        lambda tx: [pair(row, 2) for row in store.find_unlike_told(tx)], _lock, _restore,
    ),
)  # fmt: skip
