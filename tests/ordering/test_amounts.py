"""Splits of money add up, whatever the order: at capture, in shipments, in refunds."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stocktower.exchange import LineDocument, OrderDocument
from stocktower.kernel import split
from stocktower.ordering import amounts
from stocktower.ordering.model import Line, Order
from tests.ordering.world import PLACED

MONEY = st.integers(0, 10**7)
LineFigures = tuple[int, int, int, int | None, int | None, bool]
"""(quantity, price, discount, tax, duties, whether it is sent)"""
STATED_LINES = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.integers(0, 50_000),
        st.integers(0, 2_000),
        st.none() | st.integers(0, 2_000),
        st.none() | st.integers(0, 2_000),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


def stated(
    lines: list[LineFigures], more: int, shipping: int, tax: int, duties: int, *, included: bool
) -> OrderDocument:
    """A document whose order-level figures are what its lines state and more."""
    made = tuple(
        LineDocument(f"L{place}", "X", "X", quantity, price, discount_minor=discount, tax_minor=line_tax,
                     duties_minor=line_duties, requires_shipping=is_sent)
        for place, (quantity, price, discount, line_tax, line_duties, is_sent) in enumerate(lines)
    )  # fmt: skip
    goods = sum(line.quantity * line.unit_price_minor for line in made)
    discount = sum(line.discount_minor for line in made) + more
    duties += sum(line.duties_minor or 0 for line in made)
    total = goods - discount + shipping + (0 if included else tax) + duties
    return OrderDocument(
        "r", "1", PLACED, "USD", made, goods, discount, shipping, tax, total, tax_included=included,
        duties_minor=duties,
    )  # fmt: skip


@given(STATED_LINES, st.integers(0, 5_000), MONEY, MONEY, MONEY, st.booleans())
def test_frozen_amounts_make_the_total(
    lines: list[LineFigures], more: int, shipping: int, tax: int, duties: int, included: bool
) -> None:
    document = stated(lines, more, shipping, tax, duties, included=included)
    frozen = amounts.freeze(document)
    assert len(frozen) == len(lines)
    wholes = [goods - discount + ship + line_tax + owed for goods, discount, ship, line_tax, owed in frozen]
    assert sum(wholes) == document.total_minor
    assert sum(line_tax for _, _, _, line_tax, _ in frozen) == tax
    assert sum(owed for *_, owed in frozen) == document.duties_minor
    if any(line.requires_shipping for line in document.lines):
        # What nothing is sent for bears no duties but its own.
        assert all(
            owed == (line.duties_minor or 0)
            for line, (*_, owed) in zip(document.lines, frozen, strict=True)
            if not line.requires_shipping
        )
    if not included:
        assert [goods for goods, *_ in frozen] == [line.quantity * line.unit_price_minor for line in document.lines]
        assert sum(discount for _, discount, *_ in frozen) == document.discount_minor
        assert sum(ship for _, _, ship, *_ in frozen) == shipping


@given(STATED_LINES, MONEY, st.integers(1, 10**6), st.booleans())
def test_duties_foot_with_the_total_and_with_those_of_lines(
    lines: list[LineFigures], tax: int, wrong_by: int, included: bool
) -> None:
    own: list[LineFigures] = [(*one[:3], None, *one[4:]) for one in lines]
    document = stated(own, 0, 0, tax, 0, included=included)
    assert amounts.decide_foots(document) == []
    less = replace(document, duties_minor=document.duties_minor + wrong_by)
    assert any(said.startswith("parts make") for said in amounts.decide_foots(less))
    if all(one.duties_minor is not None for one in document.lines):
        assert any(said.startswith("duties of lines make") for said in amounts.decide_foots(less))


@given(st.integers(-(10**9), 10**9), st.integers(1, 60))
def test_a_share_is_the_sum_of_the_first_shares(amount: int, of: int) -> None:
    shares = split(amount, [1] * of)
    for units in range(of + 1):
        assert amounts.share(amount, units, of) == sum(shares[:units])


def line(priced: int, frozen: amounts.Amounts, shipped: int, cancelled: int, line_no: int = 1) -> Line:
    """A line of which some units have shipped and some are cancelled."""
    left = priced - shipped - cancelled
    return Line(
        line_no, "L", "X", "X", 1, 1, priced, left, 0, 0, 0, shipped, cancelled, priced, *frozen, 0
    )  # fmt: skip


def order(lines: list[Line]) -> Order:
    """An order with these lines."""
    total = sum(one.total_minor for one in lines)
    return Order(
        1, 1, "r", "1", None, 1, False, PLACED, PLACED, None, None, 1, "USD", False, False, None, 0, 0, 0, 0, 0,
        total, 0, 0, total, "US", "", "release", "", "", "", "none", 1, lines=lines,
    )  # fmt: skip


LINES = st.lists(
    st.integers(1, 9).flatmap(
        lambda priced: st.tuples(
            st.just(priced),
            st.tuples(
                st.integers(100, 9_999),
                st.integers(0, 99),
                st.integers(0, 500),
                st.integers(0, 500),
                st.integers(0, 500),
            ),
            st.integers(0, priced),
        ).flatmap(lambda made: st.tuples(*map(st.just, made), st.integers(0, made[0] - made[2])))
    ),
    min_size=1,
    max_size=4,
)


@given(LINES, st.lists(st.integers(1, 20_000), max_size=8))
def test_refunds_are_capped_and_their_parts_add_up(
    made: list[tuple[int, amounts.Amounts, int, int]], wanted: list[int]
) -> None:
    lines = [line(*one, line_no=place) for place, one in enumerate(made, start=1)]
    known = order(lines)
    shipped = sum(amounts.shipped_minor(one) for one in lines)
    given_back: list[amounts.RefundShare] = []
    for amount in wanted:
        share = amounts.refund(known, amount, known.total_minor)
        assert share.amount_minor + share.over_minor == amount
        after = share.goods_minor - share.discount_minor + share.shipping_minor + share.tax_minor + share.duties_minor
        assert share.before_minor + after == share.amount_minor
        assert min(share.before_minor, after, share.over_minor) >= 0
        given_back.append(share)
    assert known.refunded_minor == sum(one.amount_minor for one in given_back) <= known.total_minor
    assert known.refunded_minor - known.refunded_before_minor == sum(one.refunded_minor for one in lines) <= shipped
    assert known.refunded_before_minor <= known.total_minor - shipped
    for one in lines:
        assert one.refunded_minor <= amounts.shipped_minor(one)
    if known.refunded_minor == known.total_minor:
        earned = [amounts.earned(one, 0, one.shipped) for one in lines if one.shipped]
        assert sum(one.tax_minor for one in given_back) == sum(tax for _, _, _, tax, _ in earned)
        assert sum(one.duties_minor for one in given_back) == sum(owed for *_, owed in earned)
        assert sum(one.goods_minor for one in given_back) == sum(goods for goods, *_ in earned)


@given(LINES, st.integers(-5_000, 5_000))
def test_an_accepted_total_is_what_the_lines_make(
    made: list[tuple[int, amounts.Amounts, int, int]], difference: int
) -> None:
    known = order([line(*one, line_no=place) for place, one in enumerate(made, start=1)])
    known.total_minor += difference
    assert amounts.accept_total(known) == difference
    assert sum(one.total_minor for one in known.lines) == known.total_minor


def test_a_net_price_takes_the_tax_out_of_each_part() -> None:
    lines = (LineDocument("a", "X", "X", 1, 11900), LineDocument("b", "Y", "Y", 2, 1190))
    document = OrderDocument("r", "1", PLACED, "EUR", lines, 14280, 1190, 595, 2185, 13685, tax_included=True)
    assert amounts.decide_foots(document) == []
    assert amounts.freeze(document) == [(10000, 834, 417, 1821, 0), (2000, 166, 83, 364, 0)]
