"""The projections of the books: valuations and transit by their ledgers, balances by the entries of journals."""

from collections.abc import Sequence

from stocktower.platform import Drifted, Projection, Transaction, pair, take_cursor

from . import store
from .model import OrderBalance

SUBSCRIBER = "finance"


class StillPosting(Exception):
    """Somebody posts just now: to be run again."""


def _lock(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    """Postings are made under the cursor of finance alone."""
    if take_cursor(tx, SUBSCRIBER) is None:
        raise StillPosting("a worker posts just now")


def _restore_valuations(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.restore_valuations(
        tx,
        [(*one.key, *one.truth) for one in drifted if one.truth is not None],
        [(one.key[0], one.key[1]) for one in drifted if one.truth is None],
    )


def _restore_balances(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.restore_balances(
        tx, [one.key for one in drifted], [(*one.key, *one.truth) for one in drifted if one.truth is not None]
    )


def _restore_orders(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.delete_order_balances(tx, [one.key[0] for one in drifted if one.truth is None])
    store.upsert_order_balances(tx, [OrderBalance(*one.key, *one.truth) for one in drifted if one.truth is not None])


def _restore_transits(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.restore_transits(tx, [(*one.key, *(one.truth or (0, 0, 0))) for one in drifted])


PROJECTIONS = (
    Projection(
        "finance.valuation", "quantity and value of stock by entity, by the valuation ledger",
        lambda tx: store.count_projections(tx)[0],
        lambda tx: [pair(row, 2) for row in store.find_unlike_valuations(tx)], _lock, _restore_valuations,
    ),
    Projection(
        "finance.order_balance", "what customers paid ahead and owe, by the entries of journals",
        lambda tx: store.count_projections(tx)[2],
        lambda tx: [pair(row, 1) for row in store.find_unlike_order_balances(tx)], _lock, _restore_orders,
    ),
    Projection(
        "finance.transit", "quantity and value in transit by line of a transfer, by the transit ledger",
        lambda tx: store.count_projections(tx)[3],
        lambda tx: [pair(row, 2) for row in store.find_unlike_transits(tx)], _lock, _restore_transits,
    ),
    Projection(
        "finance.balance", "the trial balance by day, by the entries of journals",
        lambda tx: store.count_projections(tx)[1],
        lambda tx: [pair(row, 4) for row in store.find_unlike_balances(tx)], _lock, _restore_balances,
    ),
)  # fmt: skip
