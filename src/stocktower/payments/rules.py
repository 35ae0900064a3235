"""Pure rules of payments: from what a channel states to payments, what changed, and the state of an order's money."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import structs

from stocktower.exchange import OrderDocument, PaymentDocument
from stocktower.network import ChannelFacts
from stocktower.platform import Event

from .model import Payment, State

# A payment goes only forward: to a state of a higher rank.
_RANK: dict[str, int] = {
    State.PENDING: 0,
    State.FAILED: 1,
    State.AUTHORIZED: 2,
    State.EXPIRED: 3,
    State.VOIDED: 4,
    State.CAPTURED: 5,
    State.PARTIALLY_REFUNDED: 6,
    State.REFUNDED: 7,
}
_WITH_MONEY = {State.CAPTURED, State.PARTIALLY_REFUNDED, State.REFUNDED}
# What the channel says of the whole order, where it names no tender; partly paid says nothing of how much.
_STATE_OF_ORDER = {
    "authorized": State.AUTHORIZED,
    "paid": State.CAPTURED,
    "partially_refunded": State.CAPTURED,
    "refunded": State.CAPTURED,
    "voided": State.VOIDED,
}


def payment_states(document: OrderDocument, channel: ChannelFacts, now: datetime) -> list[Payment]:
    """The payments that an order's document states, without ids; an authorisation that is over by now is expired.

    Where the document names no tender but says that the order is authorized or paid, the channel is the one tender.
    Refunds that no tender accounts for are spread over what was captured, in order.
    """
    stated = document.payments or _payment_of_order(document, channel)
    if not stated:
        return []
    payments = [_payment(one, document, channel, now) for one in stated]
    missing = document.refunded_minor - sum(payment.refunded_minor for payment in payments)
    return _spread_refund(payments, missing) if missing > 0 else payments


def _payment_of_order(document: OrderDocument, channel: ChannelFacts) -> tuple[PaymentDocument, ...]:
    state = _STATE_OF_ORDER.get(document.financial_state)
    if state is None or document.total_minor <= 0:
        return ()
    return (
        PaymentDocument(
            method=channel.kind, reference=document.order_ref, amount_minor=document.total_minor, state=state
        ),
    )


def _payment(stated: PaymentDocument, document: OrderDocument, channel: ChannelFacts, now: datetime) -> Payment:
    captured = stated.amount_minor if stated.state in _WITH_MONEY else 0
    refunded = min(stated.refunded_minor, captured)
    if stated.state == State.REFUNDED and not stated.refunded_minor:
        refunded = captured
    state, until = stated.state, None
    if state == State.AUTHORIZED:
        until = (stated.authorized_at or document.placed_at) + timedelta(days=channel.authorization_days)
        if until <= now:
            state = State.EXPIRED
    return Payment(
        payment_id=0,
        order_id=0,
        method=stated.method,
        reference=stated.reference,
        currency=document.currency,
        amount_minor=stated.amount_minor,
        captured_minor=captured,
        refunded_minor=refunded,
        state=_with_refund(state, captured, refunded),
        authorized_until=until,
    )


def _with_refund(state: str, captured_minor: int, refunded_minor: int) -> str:
    if not captured_minor or state not in _WITH_MONEY:
        return str(state)
    if not refunded_minor:
        return str(State.CAPTURED)
    return str(State.REFUNDED if refunded_minor == captured_minor else State.PARTIALLY_REFUNDED)


def _spread_refund(payments: Sequence[Payment], refunded_minor: int) -> list[Payment]:
    spread: list[Payment] = []
    for payment in payments:
        part = min(refunded_minor, payment.captured_minor - payment.refunded_minor)
        refunded_minor -= part
        spread.append(refund(payment, part) if part else payment)
    return spread


def refund(payment: Payment, refunded_minor: int) -> Payment:
    """The payment after more of it was given back, at most what was captured."""
    refunded = min(payment.refunded_minor + refunded_minor, payment.captured_minor)
    return structs.replace(
        payment, refunded_minor=refunded, state=_with_refund(payment.state, payment.captured_minor, refunded)
    )


def capture(payment: Payment) -> Payment:
    """The payment after the whole of it was captured."""
    return structs.replace(
        payment,
        captured_minor=payment.amount_minor,
        state=_with_refund(State.CAPTURED, payment.amount_minor, payment.refunded_minor),
        authorized_until=None,
    )


def continue_payments(old: Sequence[Payment], stated: Sequence[Payment]) -> list[Payment]:
    """The stated payments as they continue the recorded ones of their order: those that are new keep the id 0.

    A payment is the same by method and reference, and by its place among those of one name. What a late message takes
    back is not taken back: no state goes back, no captured or refunded amount falls. What is no longer stated stays as
    it is, and is left out.
    """
    waiting: dict[tuple[str, str], list[Payment]] = {}
    for payment in old:
        waiting.setdefault((payment.method, payment.reference), []).append(payment)
    continued: list[Payment] = []
    for payment in stated:
        known = waiting.get((payment.method, payment.reference))
        continued.append(_continue(known.pop(0), payment) if known else payment)
    return continued


def _continue(old: Payment, stated: Payment) -> Payment:
    captured = max(old.captured_minor, stated.captured_minor)
    refunded = min(max(old.refunded_minor, stated.refunded_minor), captured)
    # An expired authorisation that was renewed, and a failed payment that was tried again, are the channel's word.
    renewed = old.state == State.EXPIRED and stated.state == State.AUTHORIZED
    forward = renewed or _RANK[stated.state] >= _RANK[old.state]
    latest = stated if forward else old
    return structs.replace(
        latest,
        payment_id=old.payment_id,
        order_id=old.order_id,
        currency=old.currency,
        amount_minor=max(latest.amount_minor, captured),
        captured_minor=captured,
        refunded_minor=refunded,
        state=_with_refund(State.CAPTURED if captured else latest.state, captured, refunded),
        authorized_until=None if captured else latest.authorized_until,
    )


def decide_payment_changes(
    old: Sequence[Payment], new: Sequence[Payment], channel: ChannelFacts, occurred_at: datetime
) -> list[Event]:
    """What happened between the recorded payments (none for a new order) and the new ones, which have their ids."""
    before = {payment.payment_id: payment for payment in old}
    events: list[Event] = []
    for payment in new:
        was = before.get(payment.payment_id)
        captured = payment.captured_minor - (was.captured_minor if was else 0)
        if captured > 0:
            events.append(_event("payment.captured", payment, channel, captured, occurred_at))
        state_before = was.state if was else State.PENDING
        if payment.state != state_before and payment.state in _EVENT_OF_STATE:
            events.append(_event(_EVENT_OF_STATE[payment.state], payment, channel, payment.amount_minor, occurred_at))
    return events


_EVENT_OF_STATE: dict[str, str] = {
    State.AUTHORIZED: "payment.authorized",
    State.VOIDED: "payment.voided",
    State.EXPIRED: "payment.expired",
    State.FAILED: "payment.failed",
}


def _event(kind: str, payment: Payment, channel: ChannelFacts, amount_minor: int, occurred_at: datetime) -> Event:
    data: dict[str, Any] = {
        "payment_id": payment.payment_id,
        "order_id": payment.order_id,
        "entity": channel.entity,
        "channel_id": channel.channel_id,
        "method": payment.method,
        "amount_minor": amount_minor,
        "currency": payment.currency,
    }
    if kind == "payment.authorized":
        data["until"] = payment.authorized_until
    return Event(
        kind=kind,
        subject="order",
        subject_id=payment.order_id,
        occurred_at=occurred_at,
        data=msgspec.json.encode(data),
    )


def payment_state(payments: Sequence[Payment], due_minor: int | None = None) -> str:
    """Where an order's money stands, in one word of the payment axis.

    unpaid, authorized, partially_paid, paid, partially_refunded, refunded, voided or expired. `due_minor`: what the
    order costs; without it, all that its live payments are about.
    """
    captured = sum(payment.captured_minor for payment in payments)
    if captured:
        refunded = sum(payment.refunded_minor for payment in payments)
        if refunded:
            return "refunded" if refunded == captured else "partially_refunded"
        due = due_minor
        if due is None:
            due = sum(payment.amount_minor for payment in payments if payment.state not in _DEAD)
        return "paid" if captured >= due else "partially_paid"
    states = {payment.state for payment in payments}
    for state in (State.AUTHORIZED, State.PENDING, State.EXPIRED, State.VOIDED):
        if state in states:
            return "unpaid" if state == State.PENDING else str(state)
    return "unpaid"


_DEAD = {State.FAILED, State.VOIDED, State.EXPIRED}
