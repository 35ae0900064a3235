from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from stocktower.finance.amounts import divide_half_even, in_book, part_of
from stocktower.kernel import convert

MONEY = st.integers(0, 10**12)


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
def test_division_rounds_to_the_nearest_and_ties_to_the_even(numerator: int, denominator: int) -> None:
    assert divide_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(MONEY, st.lists(st.integers(1, 1000), min_size=1, max_size=20))
def test_parts_taken_one_after_another_add_up_to_the_whole(total: int, quantities: list[int]) -> None:
    left, held = total, sum(quantities)
    for quantity in quantities:
        part = part_of(left, quantity, held)
        assert 0 <= part <= left
        left, held = left - part, held - quantity
    assert left == 0


@given(st.data(), st.lists(st.integers(1, 10**9), min_size=1, max_size=8), st.fractions(Fraction(1, 1000), 1000))
def test_a_balanced_list_balances_in_book_currency_too(data: st.DataObject, debits: list[int], rate: Fraction) -> None:
    total = sum(debits)
    cuts = sorted(data.draw(st.lists(st.integers(0, total), max_size=5)))
    credits = [end - start for start, end in zip([0, *cuts], [*cuts, total], strict=True)]
    amounts = [*debits, *(-amount for amount in credits)]
    known = [data.draw(st.none() | st.integers(0, 10**9)) if amount > 0 else None for amount in amounts]
    books, difference = in_book(amounts, known, lambda minor: convert(minor, rate, "EUR", "USD"))
    assert sum(books) + difference == 0
    assert all(book * amount >= 0 for book, amount in zip(books, amounts, strict=True))
    if not any(book is not None for book in known):
        assert difference == 0
        assert sum(book for book in books if book > 0) == convert(total, rate, "EUR", "USD")


def test_a_known_book_amount_stands_and_the_rate_difference_is_apart() -> None:
    books, difference = in_book([100, -80, -20], [110, None, None], lambda minor: minor * 5 // 4)
    assert books == [110, -100, -25]
    assert difference == 15
