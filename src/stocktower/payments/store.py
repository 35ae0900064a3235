"""The statements of the room, one typed function each."""

from collections.abc import Sequence

from stocktower.platform import Transaction, load_queries

from .model import Attempt, Payment

_Q = load_queries(__package__)


def copy_payments(tx: Transaction, payments: Sequence[Payment]) -> None:
    """New payments."""
    tx.copy(
        _Q.payment,
        [
            (
                tx.merchant_id, one.payment_id, one.order_id, one.method, one.reference, one.currency, one.amount_minor,
                one.captured_minor, one.refunded_minor, one.state, one.authorized_until, tx.now,
            )
            for one in payments
        ],
    )  # fmt: skip


def load_payments(tx: Transaction, order_ids: Sequence[int]) -> list[Payment]:
    """The payments of orders, in the order of their recording."""
    return tx.fetch(_Q.load_payments, Payment, order_ids=list(order_ids))


def load_payments_by_id(tx: Transaction, payment_ids: Sequence[int]) -> list[Payment]:
    """Payments by id."""
    return tx.fetch(_Q.load_payments_by_id, Payment, payment_ids=list(payment_ids))


def lock_payments(tx: Transaction, payment_ids: Sequence[int]) -> list[Payment]:
    """Payments by id, locked in the order of their ids."""
    return tx.fetch(_Q.lock_payments, Payment, payment_ids=list(payment_ids))


def update_payments(tx: Transaction, payments: Sequence[Payment]) -> None:
    """Where payments stand now."""
    tx.execute(
        _Q.update_payments,
        payment_ids=[payment.payment_id for payment in payments],
        amounts=[payment.amount_minor for payment in payments],
        captured=[payment.captured_minor for payment in payments],
        refunded=[payment.refunded_minor for payment in payments],
        states=[payment.state for payment in payments],
        untils=[payment.authorized_until for payment in payments],
    )


def upsert_attempts(tx: Transaction, stated: Sequence[tuple[int, str, str]]) -> None:
    """Where payments of carts stand, as (channel_id, reference, state)."""
    channel_ids, references, states = (list(column) for column in zip(*stated, strict=True))
    tx.execute(_Q.upsert_attempts, channel_ids=channel_ids, reference_texts=references, states=states)


def load_attempts(tx: Transaction, carts: Sequence[tuple[int, str]]) -> list[Attempt]:
    """Payments of carts, given as (channel_id, reference)."""
    channel_ids, references = (list(column) for column in zip(*carts, strict=True))
    return tx.fetch(_Q.load_attempts, Attempt, channel_ids=channel_ids, reference_texts=references)
