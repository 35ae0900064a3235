"""An inbound adds up whatever is said about it, and says nothing new twice."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from stocktower.inventory.coming.inbound_rules import (
    Inbound,
    StatedInbound,
    close_short,
    new_inbound,
    receive_units,
    refuse_statement,
    restate,
    state_of,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
UNITS = st.integers(0, 50)
WORDS = st.one_of(
    st.tuples(st.just("state"), UNITS),
    st.tuples(st.just("receive"), st.integers(1, 50)),
    st.tuples(st.just("close"), st.just(0)),
)


def stated(quantity: int, **more: object) -> StatedInbound:
    return StatedInbound("PO-1", 1, 2, quantity, **more)  # type: ignore[arg-type]


def holds(one: Inbound) -> bool:
    """What the table's constraints say."""
    return (
        one.expected == one.received + one.cancelled + one.open
        and min(one.received, one.cancelled, one.open, one.excess) >= 0
        and (one.excess == 0 or one.open == 0)
        and one.state == state_of(one.open, one.cancelled, one.received + one.excess)
    )


@given(UNITS, st.lists(WORDS, max_size=12))
def test_it_adds_up_and_what_came_in_is_never_lost(first: int, words: list[tuple[str, int]]) -> None:
    one = new_inbound(1, stated(first), NOW)
    came = 0
    for word, units in words:
        if word == "receive":
            after: Inbound | None = receive_units(one, units)
            came += units
        else:
            after = restate(one, stated(units), NOW) if word == "state" else close_short(one)
        assert after is None or after.version == one.version + 1
        one = after or one
        assert holds(one)
        assert one.received + one.excess == came


@given(UNITS, st.lists(WORDS, max_size=6), UNITS)
def test_the_same_word_again_says_nothing(first: int, words: list[tuple[str, int]], last: int) -> None:
    one = new_inbound(1, stated(first), NOW)
    for word, units in words:
        if word == "receive":
            one = receive_units(one, units)
        else:
            one = (restate(one, stated(units), NOW) if word == "state" else close_short(one)) or one
    one = restate(one, stated(last), NOW) or one
    assert restate(one, stated(last), NOW) is None
    assert close_short(close_short(one) or one) is None


def test_a_repeat_after_a_short_close_does_not_reopen_it() -> None:
    one = close_short(receive_units(new_inbound(1, stated(10), NOW), 7))
    assert one is not None
    assert (one.received, one.cancelled, one.open, one.state) == (7, 3, 0, "closed")
    assert restate(one, stated(10), NOW) is None


def test_what_was_closed_short_and_comes_after_all_is_not_excess() -> None:
    one = close_short(receive_units(new_inbound(1, stated(10), NOW), 7))
    assert one is not None
    late = receive_units(one, 5)
    assert (late.received, late.cancelled, late.excess, late.state) == (10, 0, 2, "received")


def test_a_word_without_a_date_keeps_the_date_and_a_repeat_does_not_take_a_confirmation_back() -> None:
    one = new_inbound(1, stated(10, expected_at=NOW, cost_minor=5, supplier="Acme"), NOW)
    assert restate(one, stated(10, confirmed=False), NOW) is None


def test_what_cannot_be_meant_says_which_field() -> None:
    assert refuse_statement(stated(1)) == ""
    assert refuse_statement(stated(-1)).startswith("quantity -1")
    assert refuse_statement(stated(1, kind="gift")).startswith("kind 'gift'")
    assert refuse_statement(stated(1, cost_minor=-1)).startswith("cost -1")
    assert refuse_statement(StatedInbound("", 1, 2, 1)).startswith("reference")
