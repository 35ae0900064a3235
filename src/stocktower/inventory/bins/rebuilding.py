"""The projections of bins, proved by their ledger."""

from collections.abc import Sequence

from stocktower.platform import Drifted, Projection, Transaction, pair

from ..stock.rebuilding import lock_rows
from . import store


def _restore_bins(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.restore_bins(
        tx,
        [(*one.key, *one.truth) for one in drifted if one.truth is not None],  # pyright: ignore[reportArgumentType] -- row, bin, quantity, sequence
        [(one.key[0], one.key[1]) for one in drifted if one.truth is None],
    )


def _restore_binned(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.restore_binned(tx, [(one.key[0], one.truth[0]) for one in drifted if one.truth is not None])


PROJECTIONS = (
    Projection(
        "inventory.bin", "what lies in bins, by their moves", lambda tx: store.count_bins(tx)[0],
        lambda tx: [pair(row, 2) for row in store.find_unlike_bins(tx)], lock_rows, _restore_bins,
    ),
    Projection(
        "inventory.stock.binned", "what stock rows have in bins, by the moves of those",
        lambda tx: store.count_bins(tx)[1], lambda tx: [pair(row, 1) for row in store.find_unlike_binned(tx)],
        lock_rows, _restore_binned,
    ),
)  # fmt: skip
