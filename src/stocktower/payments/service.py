"""Commands of the room: payments are recorded and changed in batches, inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import structs

from stocktower.platform import Transaction, schedule, schedule_new, unschedule

from . import store
from .model import Payment, State

AUTHORIZATION_DUE = "payment.authorization"
"""Due work, key payment_id: the authorisation lapses within a day."""
EXPIRY_DUE = "payment.expiry"
"""Due work, key payment_id: the authorisation is over."""
WARNING = timedelta(days=1)


def record_payments(tx: Transaction, new: Sequence[Payment]) -> None:
    """Record new payments, which have their ids; authorisations are scheduled for their warning and their end.

    One COPY, and two statements more where any is authorized.
    """
    if not new:
        return
    store.copy_payments(tx, new)
    ends = _ends(new)
    if ends:
        schedule_new(tx, AUTHORIZATION_DUE, [(payment_id, until - WARNING) for payment_id, until in ends])
        schedule_new(tx, EXPIRY_DUE, ends)


def change_payments(tx: Transaction, changed: Sequence[Payment]) -> None:
    """Record where payments stand now; the order that they belong to is locked by the caller."""
    if not changed:
        return
    store.update_payments(tx, changed)
    ended = [payment.payment_id for payment in changed if payment.state != State.AUTHORIZED]
    if ended:
        unschedule(tx, AUTHORIZATION_DUE, ended)
        unschedule(tx, EXPIRY_DUE, ended)
    _schedule(tx, changed)


def _ends(payments: Sequence[Payment]) -> list[tuple[int, datetime]]:
    """When the authorisations that run are over."""
    return [
        (payment.payment_id, payment.authorized_until)
        for payment in payments
        if payment.state == State.AUTHORIZED and payment.authorized_until is not None
    ]


def _schedule(tx: Transaction, payments: Sequence[Payment]) -> None:
    ends = _ends(payments)
    if ends:
        schedule(tx, AUTHORIZATION_DUE, [(payment_id, until - WARNING) for payment_id, until in ends])
        schedule(tx, EXPIRY_DUE, ends)


def load_payments(tx: Transaction, order_ids: Iterable[int]) -> dict[int, list[Payment]]:
    """The payments of orders by order, in the order of their recording; an order without any is missing."""
    wanted = sorted(set(order_ids))
    found: dict[int, list[Payment]] = {}
    for payment in store.load_payments(tx, wanted) if wanted else ():
        found.setdefault(payment.order_id, []).append(payment)
    return found


def load_payment(tx: Transaction, payment_id: int) -> Payment | None:
    """One payment."""
    return next(iter(store.load_payments_by_id(tx, [payment_id])), None)


def load_expiring(tx: Transaction, payment_ids: Sequence[int]) -> list[Payment]:
    """Of these payments, those whose authorisation still runs: what to warn of when due work says so."""
    return [
        payment
        for payment in (store.load_payments_by_id(tx, payment_ids) if payment_ids else ())
        if payment.state == State.AUTHORIZED
        and payment.authorized_until is not None
        and payment.authorized_until > tx.now
    ]


def expire_payments(tx: Transaction, payment_ids: Sequence[int]) -> list[tuple[Payment, Payment]]:
    """Let authorisations lapse whose time is over; gives back (before, after) of those that did.

    The caller, who knows the channel, emits what `decide_payment_changes` says of them and mends the order's state.
    """
    lapsed = [
        (payment, structs.replace(payment, state=str(State.EXPIRED)))
        for payment in (store.lock_payments(tx, payment_ids) if payment_ids else ())
        if payment.state == State.AUTHORIZED
        and payment.authorized_until is not None
        and payment.authorized_until <= tx.now
    ]
    change_payments(tx, [after for _, after in lapsed])
    return lapsed
