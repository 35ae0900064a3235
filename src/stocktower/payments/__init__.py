"""Payments owns the tenders of orders: what was authorised, captured and refunded, and until when.

A payment never goes back: no captured or refunded amount falls, and no more is refunded than was captured.
"""

from .model import Payment, State
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
    "Payment",
    "State",
    "capture",
    "change_payments",
    "continue_payments",
    "decide_payment_changes",
    "expire_payments",
    "load_expiring",
    "load_payment",
    "load_payments",
    "payment_state",
    "payment_states",
    "record_payments",
    "refund",
]
