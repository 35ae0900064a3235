"""Money: parsing refuses to guess, splits add up, conversion rounds half-even."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower.kernel import MalformedAmount, UnknownCurrency, convert, exponent, format_minor, parse_minor, split

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF", "INR"])
AMOUNTS = st.integers(-(10**15), 10**15)


def test_exponents() -> None:
    assert [exponent(code) for code in ("USD", "JPY", "KWD", "CLF", "XOF", "HUF")] == [2, 0, 3, 4, 0, 2]
    for code in ("usd", "XXX", "", "US"):
        with pytest.raises(UnknownCurrency):
            exponent(code)


@pytest.mark.parametrize(
    ("text", "currency", "comma", "minor"),
    [
        ("12.30", "USD", False, 1230),
        ("12", "USD", False, 1200),
        (".5", "USD", False, 50),
        ("12.", "USD", False, 1200),
        ("-1,234.50", "USD", False, -123450),
        ("+0.00", "USD", False, 0),
        ("12.3000", "USD", False, 1230),
        ("1,23,456.70", "INR", False, 12345670),
        (" 7 ", "JPY", False, 7),
        ("7.0", "JPY", False, 7),
        ("1.5", "KWD", False, 1500),
        ("1.234,50", "EUR", True, 123450),
        ("1 234,5", "EUR", True, 123450),
        ("1\u202f234,50", "EUR", True, 123450),
        ("1'234,50", "CHF", True, 123450),
        ("12,30", "EUR", True, 1230),
    ],
)
def test_parsing(text: str, currency: str, comma: bool, minor: int) -> None:
    assert parse_minor(text, currency, decimal_comma=comma) == minor


@pytest.mark.parametrize(
    ("text", "currency", "comma"),
    [
        ("", "USD", False),
        (".", "USD", False),
        ("-", "USD", False),
        ("1,23", "USD", False),
        ("12,30", "USD", False),
        ("1.234.567", "USD", False),
        ("12.345", "USD", False),
        ("0.5", "JPY", False),
        ("$12.30", "USD", False),
        ("1e3", "USD", False),
        ("١٢", "USD", False),
        ("12.30", "EUR", True),
        ("1.23", "EUR", True),
        ("--1", "USD", False),
    ],
)
def test_what_is_not_an_amount_is_refused(text: str, currency: str, comma: bool) -> None:
    with pytest.raises(MalformedAmount):
        parse_minor(text, currency, decimal_comma=comma)


@given(AMOUNTS, CURRENCIES)
def test_what_is_formatted_can_be_parsed(minor: int, currency: str) -> None:
    text = format_minor(minor, currency)
    assert parse_minor(text, currency) == minor
    swapped = text.translate(str.maketrans(",.", ".,"))
    assert parse_minor(swapped, currency, decimal_comma=True) == minor


@given(st.text(alphabet="0123456789.,-+ '"), CURRENCIES, st.booleans())
def test_parsing_never_fails_otherwise(text: str, currency: str, comma: bool) -> None:
    try:
        minor = parse_minor(text, currency, decimal_comma=comma)
    except MalformedAmount:
        return
    digits = "".join(mark for mark in text if mark.isdigit())
    assert str(abs(minor)).strip("0") == digits.strip("0")


@given(AMOUNTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=12))
def test_a_split_adds_up_and_is_fair(total: int, weights: list[int]) -> None:
    shares = split(total, weights)
    assert sum(shares) == total
    assert all(share * total >= 0 for share in shares)
    whole = sum(weights)
    fair = [Fraction(total * weight, whole) if whole else Fraction(total, len(weights)) for weight in weights]
    assert all(abs(share - exact) < 1 for share, exact in zip(shares, fair, strict=True))
    # Where a share is exact it stays so: a line of weight nothing gets nothing.
    assert all(share == exact for share, exact in zip(shares, fair, strict=True) if exact.denominator == 1)


def test_the_remainder_goes_to_the_largest_and_then_to_the_first() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(-100, [1, 1, 1]) == [-34, -33, -33]
    assert split(10, [0, 0, 0]) == [4, 3, 3]
    assert split(1, [1, 2]) == [0, 1]
    assert split(7, [5]) == [7]
    assert split(0, []) == []
    with pytest.raises(ValueError, match="nobody"):
        split(1, [])
    with pytest.raises(ValueError, match="negative"):
        split(1, [2, -1])


def test_conversion_is_half_even() -> None:
    assert convert(250, Fraction(1, 100), "USD", "USD") == 2
    assert convert(350, Fraction(1, 100), "USD", "USD") == 4
    assert convert(-250, Decimal("0.01"), "USD", "USD") == -2
    assert convert(10_00, Decimal("150"), "USD", "JPY") == 1500
    assert convert(1500, Fraction(1, 150), "JPY", "USD") == 10_00
    assert convert(1_000, Decimal("3.25"), "KWD", "USD") == 325


@given(AMOUNTS, st.fractions(min_value=Fraction(1, 1000), max_value=1000), CURRENCIES, CURRENCIES)
def test_conversion_is_the_nearest_amount(minor: int, rate: Fraction, source: str, target: str) -> None:
    exact = Fraction(minor, 10 ** exponent(source)) * rate * 10 ** exponent(target)
    assert abs(convert(minor, rate, source, target) - exact) <= Fraction(1, 2)
