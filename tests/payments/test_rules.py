"""What a channel states of payments, what changed, and where an order's money stands."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stocktower.exchange import OrderDocument, PaymentDocument
from stocktower.network import ChannelFacts
from stocktower.payments import (
    Payment,
    State,
    capture,
    continue_payments,
    decide_payment_changes,
    payment_state,
    payment_states,
    refund,
)

PLACED = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
NOW = PLACED + timedelta(hours=2)
CHANNEL = ChannelFacts(
    channel_id=7, code="shop", name="Shop", kind="shopify", format="shopify", entity="us", currency="USD",
    live_from=PLACED, timezone="UTC", site_ids=(), priority=50, tax_included=False, marketplace_tax=False,
    authorization_days=7, terms_days=None, ship_by_hours=None, ship_by_cutoff="", max_splits=3, ship_partial=False,
    publish_every_minutes=0, post_history=False, hold_high_risk=True,
)  # fmt: skip

AMOUNTS = st.integers(0, 10_000)
TENDERS = st.builds(
    PaymentDocument,
    method=st.sampled_from(["card", "gift card"]),
    reference=st.sampled_from(["", "r1", "r2"]),
    amount_minor=AMOUNTS,
    state=st.sampled_from(sorted(State)),
    refunded_minor=AMOUNTS,
    authorized_at=st.none() | st.just(PLACED - timedelta(days=10)),
)


def document(*payments: PaymentDocument, **fields: Any) -> OrderDocument:
    """An order of 100.00 as stated."""
    stated: dict[str, Any] = {"goods_minor": 10_000, "total_minor": 10_000, **fields}
    return OrderDocument("o-1", "#1", PLACED, "USD", (), payments=payments, **stated)


DOCUMENTS = st.builds(
    lambda tenders, refunded: document(*tenders, refunded_minor=refunded), st.lists(TENDERS, max_size=4), AMOUNTS
)


def recorded(payments: list[Payment], first_id: int = 1) -> list[Payment]:
    """Payments with ids where they have none."""
    return [
        payment if payment.payment_id else replace(payment, payment_id=first_id + place, order_id=9)
        for place, payment in enumerate(payments)
    ]


def assert_sound(payment: Payment) -> None:
    """What the table and the invariants ask of a payment."""
    assert 0 <= payment.refunded_minor <= payment.captured_minor <= payment.amount_minor
    if payment.captured_minor:
        expected = "captured" if not payment.refunded_minor else "partially_refunded"
        assert payment.state == ("refunded" if payment.refunded_minor == payment.captured_minor else expected)
    if payment.state == State.AUTHORIZED:
        assert payment.authorized_until is not None


@given(DOCUMENTS)
def test_stated_payments_are_sound(stated: OrderDocument) -> None:
    payments = payment_states(stated, CHANNEL, NOW)
    for payment in payments:
        assert_sound(payment)
    captured = sum(payment.captured_minor for payment in payments)
    assert sum(payment.refunded_minor for payment in payments) >= min(stated.refunded_minor, captured)


@given(DOCUMENTS)
def test_a_repeat_changes_nothing(stated: OrderDocument) -> None:
    old = recorded(payment_states(stated, CHANNEL, NOW))
    again = continue_payments(old, payment_states(stated, CHANNEL, NOW))
    assert again == old
    assert decide_payment_changes(old, again, CHANNEL, NOW) == []


@given(DOCUMENTS, DOCUMENTS)
def test_money_never_goes_back(first: OrderDocument, second: OrderDocument) -> None:
    old = recorded(payment_states(first, CHANNEL, NOW))
    new = recorded(continue_payments(old, payment_states(second, CHANNEL, NOW)), 100)
    before = {payment.payment_id: payment for payment in old}
    for payment in new:
        assert_sound(payment)
        was = before.get(payment.payment_id)
        if was is not None:
            assert payment.captured_minor >= was.captured_minor
            assert payment.refunded_minor >= was.refunded_minor
    captured = sum(
        msgspec.json.decode(event.data)["amount_minor"]
        for event in decide_payment_changes(old, new, CHANNEL, NOW)
        if event.kind == "payment.captured"
    )
    grown = sum(payment.captured_minor for payment in new)
    assert captured == grown - sum(before[one.payment_id].captured_minor for one in new if one.payment_id in before)


def test_an_authorisation_runs_for_the_channels_days() -> None:
    (payment,) = payment_states(document(PaymentDocument("card", "r", 10_000, "authorized")), CHANNEL, NOW)
    assert (payment.state, payment.authorized_until) == ("authorized", PLACED + timedelta(days=7))
    (late,) = payment_states(
        document(PaymentDocument("card", "r", 10_000, "authorized")), CHANNEL, NOW + timedelta(days=7)
    )
    assert late.state == "expired"


@pytest.mark.parametrize(
    ("financial_state", "state", "captured"),
    [("paid", "captured", 10_000), ("authorized", "authorized", 0), ("voided", "voided", 0)],
)
def test_without_tenders_the_channel_is_the_tender(financial_state: str, state: str, captured: int) -> None:
    (payment,) = payment_states(document(financial_state=financial_state), CHANNEL, NOW)
    assert (payment.method, payment.reference, payment.state) == ("shopify", "o-1", state)
    assert (payment.amount_minor, payment.captured_minor) == (10_000, captured)


def test_unpaid_orders_have_no_payment() -> None:
    assert payment_states(document(), CHANNEL, NOW) == []
    assert payment_states(document(financial_state="partially_paid"), CHANNEL, NOW) == []
    assert payment_states(document(financial_state="paid", total_minor=0), CHANNEL, NOW) == []


def test_a_refund_of_the_order_is_spread_over_what_was_captured() -> None:
    tenders = (
        PaymentDocument("card", "a", 6_000, "captured"),
        PaymentDocument("gift card", "b", 1_000, "voided"),
        PaymentDocument("card", "c", 4_000, "captured"),
    )
    payments = payment_states(document(*tenders, refunded_minor=7_000), CHANNEL, NOW)
    assert [(payment.refunded_minor, payment.state) for payment in payments] == [
        (6_000, "refunded"), (0, "voided"), (1_000, "partially_refunded"),
    ]  # fmt: skip
    (all_of_it,) = payment_states(document(PaymentDocument("card", "a", 6_000, "refunded")), CHANNEL, NOW)
    assert (all_of_it.refunded_minor, all_of_it.state) == (6_000, "refunded")


def test_events_of_a_payment_that_is_authorised_and_captured() -> None:
    new = recorded(payment_states(document(PaymentDocument("card", "r", 10_000, "authorized")), CHANNEL, NOW))
    (authorized,) = decide_payment_changes([], new, CHANNEL, NOW)
    assert (authorized.kind, authorized.subject, authorized.subject_id) == ("payment.authorized", "order", 9)
    assert msgspec.json.decode(authorized.data)["until"] == "2026-06-08T10:00:00Z"
    (event,) = decide_payment_changes(new, [capture(new[0])], CHANNEL, NOW)
    assert event.kind == "payment.captured"
    assert msgspec.json.decode(event.data) == {
        "payment_id": 1, "order_id": 9, "entity": "us", "channel_id": 7, "method": "card", "amount_minor": 10_000,
        "currency": "USD",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "stated", "now_is"),
    [
        ("captured", "authorized", "captured"),
        ("captured", "voided", "captured"),
        ("voided", "authorized", "voided"),
        ("expired", "authorized", "authorized"),
        ("failed", "authorized", "authorized"),
        ("expired", "captured", "captured"),
        ("authorized", "voided", "voided"),
        ("authorized", "pending", "authorized"),
    ],
)
def test_a_late_state_is_no_step_back(old: str, stated: str, now_is: str) -> None:
    first = recorded(payment_states(document(PaymentDocument("card", "r", 10_000, old)), CHANNEL, NOW))
    later = payment_states(document(PaymentDocument("card", "r", 10_000, stated)), CHANNEL, NOW)
    (payment,) = continue_payments(first, later)
    assert (payment.payment_id, payment.state) == (1, now_is)
    assert_sound(payment)


def test_tenders_of_one_name_are_told_apart_by_place() -> None:
    tenders = (PaymentDocument("card", "", 4_000, "captured"), PaymentDocument("card", "", 6_000, "authorized"))
    old = recorded(payment_states(document(*tenders), CHANNEL, NOW))
    tenders = (tenders[0], replace(tenders[1], state="captured"), PaymentDocument("cash", "", 10, "captured"))
    new = continue_payments(old, payment_states(document(*tenders), CHANNEL, NOW))
    assert [(payment.payment_id, payment.captured_minor) for payment in new] == [(1, 4_000), (2, 6_000), (0, 10)]


@pytest.mark.parametrize(
    ("states", "due", "expected"),
    [
        ([], None, "unpaid"),
        (["pending"], None, "unpaid"),
        (["failed"], None, "unpaid"),
        (["authorized", "pending"], None, "authorized"),
        (["captured"], None, "paid"),
        (["captured"], 10_000, "paid"),
        (["captured"], 10_001, "partially_paid"),
        (["captured", "authorized"], None, "partially_paid"),
        (["captured", "voided"], None, "paid"),
        (["partially_refunded"], None, "partially_refunded"),
        (["refunded"], None, "refunded"),
        (["refunded", "captured"], None, "partially_refunded"),
        (["voided"], None, "voided"),
        (["expired", "voided"], None, "expired"),
    ],
)
def test_state_of_an_orders_money(states: list[str], due: int | None, expected: str) -> None:
    tenders = [
        PaymentDocument("card", str(place), 10_000, state, refunded_minor=1_000 * (state == "partially_refunded"))
        for place, state in enumerate(states)
    ]
    assert payment_state(payment_states(document(*tenders), CHANNEL, NOW), due) == expected


def test_refund_is_capped_by_what_was_captured() -> None:
    (payment,) = payment_states(document(PaymentDocument("card", "r", 10_000, "captured")), CHANNEL, NOW)
    part = refund(payment, 4_000)
    assert (part.refunded_minor, part.state) == (4_000, "partially_refunded")
    assert refund(part, 9_000).state == "refunded"
    assert refund(part, 9_000).refunded_minor == 10_000
