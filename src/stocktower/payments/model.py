"""A payment of an order, and its states."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class State(StrEnum):
    """Where a payment stands; it never goes back."""

    PENDING = "pending"
    FAILED = "failed"
    AUTHORIZED = "authorized"
    EXPIRED = "expired"
    VOIDED = "voided"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


class Payment(Struct, frozen=True):
    """One tender of an order; `0 <= refunded_minor <= captured_minor`."""

    payment_id: int
    """0 until it is recorded."""
    order_id: int
    """0 until it is recorded."""
    method: str
    reference: str
    currency: str
    amount_minor: int
    captured_minor: int
    refunded_minor: int
    state: str
    authorized_until: datetime | None = None
    """Only while the authorisation matters; None where it never lapses."""


class AttemptState(StrEnum):
    """Where the payment of a cart stands; a customer may try again after it failed."""

    PENDING = "pending"
    AUTHORIZING = "authorizing"
    AUTHORIZED = "authorized"
    FAILED = "failed"
    ABANDONED = "abandoned"


class Attempt(Struct, frozen=True):
    """The payment of a cart, by the reference under which the cart holds stock."""

    channel_id: int
    reference: str
    state: str
    started_at: datetime
    updated_at: datetime
