"""Payments of carts: under way before there is an order that they could be a tender of."""

from collections.abc import Sequence

from stocktower.platform import Transaction

from . import store
from .model import Attempt, AttemptState

_UNDER_WAY = (AttemptState.PENDING, AttemptState.AUTHORIZING, AttemptState.AUTHORIZED)
"""The cart is being paid, or is paid and its order has not come yet."""


def record_attempts(tx: Transaction, stated: Sequence[tuple[int, str, AttemptState]]) -> None:
    """Record where payments of carts stand, as (channel_id, reference, state); the last word of a cart counts."""
    last = {(channel_id, reference): state for channel_id, reference, state in stated}
    if last:
        store.upsert_attempts(tx, [(*key, state) for key, state in sorted(last.items())])


def load_attempts(tx: Transaction, carts: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Attempt]:
    """Payments of carts by (channel_id, reference); a cart that nobody began to pay is missing."""
    found = store.load_attempts(tx, carts) if carts else []
    return {(one.channel_id, one.reference): one for one in found}


def is_under_way(attempt: Attempt | None) -> bool:
    """Whether what the cart holds should stay held for its payment."""
    return attempt is not None and attempt.state in _UNDER_WAY
