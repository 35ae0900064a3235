"""Payments owns the tenders of orders: what was authorised, captured and refunded, and until when; and payments of
carts that have no order yet.

A payment never goes back: no captured or refunded amount falls, and no more is refunded than was captured.
"""

from .attempts import is_under_way, load_attempts, record_attempts
from .model import Attempt, AttemptState, Payment, State
from .rules import capture, continue_payments, decide_payment_changes, payment_state, payment_states, refund
from .service import (
    AUTHORIZATION_DUE,
    EXPIRY_DUE,
    change_payments,
    expire_payments,
    load_expiring,
    load_payment,
    load_payments,
    record_payments,
)

__all__ = [
    "AUTHORIZATION_DUE",
    "EXPIRY_DUE",
    "Attempt",
    "AttemptState",
    "Payment",
    "State",
    "capture",
    "change_payments",
    "continue_payments",
    "decide_payment_changes",
    "expire_payments",
    "is_under_way",
    "load_attempts",
    "load_expiring",
    "load_payment",
    "load_payments",
    "payment_state",
    "payment_states",
    "record_attempts",
    "record_payments",
    "refund",
]
