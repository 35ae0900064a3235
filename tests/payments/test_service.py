"""Payments in the database: recorded, changed, warned of, lapsed."""

from datetime import datetime, timedelta

import psycopg
import pytest
from msgspec.structs import replace

from stocktower.payments import (
    AUTHORIZATION_DUE,
    EXPIRY_DUE,
    Payment,
    capture,
    change_payments,
    expire_payments,
    load_expiring,
    load_payment,
    load_payments,
    record_payments,
)
from stocktower.platform import Transaction, load_invariants, take_due

AUTHORIZED = Payment(1, 10, "card", "a", "USD", 5_000, 0, 0, "authorized")
CAPTURED = Payment(2, 10, "gift card", "b", "USD", 700, 700, 200, "partially_refunded")


@pytest.fixture
def until(tx: Transaction) -> datetime:
    """When the authorisation of two recorded payments ends."""
    until = tx.now + timedelta(days=3)
    record_payments(tx, [replace(AUTHORIZED, authorized_until=until), CAPTURED])
    return until


def test_payments_are_read_back_by_order(tx: Transaction, until: datetime) -> None:
    assert load_payments(tx, [10, 11]) == {10: [replace(AUTHORIZED, authorized_until=until), CAPTURED]}
    assert load_payment(tx, 2) == CAPTURED
    assert load_payment(tx, 3) is None
    assert load_payments(tx, []) == {}


def test_an_authorisation_is_warned_of_a_day_before_its_end(tx: Transaction, until: datetime) -> None:
    tx.now = until - timedelta(days=1, seconds=1)
    assert take_due(tx, AUTHORIZATION_DUE, 10) == []
    tx.now = until - timedelta(days=1)
    assert [payment.payment_id for payment in load_expiring(tx, take_due(tx, AUTHORIZATION_DUE, 10))] == [1]
    assert take_due(tx, EXPIRY_DUE, 10) == []


def test_an_authorisation_lapses_once(tx: Transaction, until: datetime) -> None:
    assert expire_payments(tx, [1, 2]) == []
    tx.now = until
    ((before, after),) = expire_payments(tx, take_due(tx, EXPIRY_DUE, 10))
    assert (before.state, after.state) == ("authorized", "expired")
    assert load_payment(tx, 1) == after
    assert expire_payments(tx, [1]) == []
    assert load_expiring(tx, [1, 2]) == []


def test_what_is_captured_is_no_longer_due(tx: Transaction, until: datetime) -> None:
    captured = capture(load_payments(tx, [10])[10][0])
    change_payments(tx, [captured])
    assert load_payment(tx, 1) == captured
    tx.now = until
    assert take_due(tx, AUTHORIZATION_DUE, 10) == take_due(tx, EXPIRY_DUE, 10) == []


def test_a_longer_authorisation_is_due_later(tx: Transaction, until: datetime) -> None:
    change_payments(tx, [replace(AUTHORIZED, authorized_until=until + timedelta(days=7))])
    tx.now = until
    assert take_due(tx, EXPIRY_DUE, 10) == []
    tx.now = until + timedelta(days=7)
    assert take_due(tx, EXPIRY_DUE, 10) == [1]


def test_the_database_refuses_more_refunded_than_captured(tx: Transaction, until: datetime) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="payment_refund_capped"), tx.savepoint():
        change_payments(tx, [replace(CAPTURED, refunded_minor=701)])


def test_invariants_hold_and_find_what_is_broken(tx: Transaction, until: datetime) -> None:
    invariants = load_invariants("stocktower.payments")
    assert [invariant.name for invariant in invariants if tx.tuples(invariant.query)] == []
    change_payments(
        tx,
        [
            replace(AUTHORIZED, captured_minor=6_000),
            replace(CAPTURED, state="authorized", captured_minor=0, refunded_minor=0),
        ],
    )
    broken = {invariant.name for invariant in invariants if tx.tuples(invariant.query)}
    assert broken == {"state_fits_amounts", "captured_within_amount", "authorizations_end"}
