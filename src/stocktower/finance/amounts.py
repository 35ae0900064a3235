"""Amounts in two currencies at once: pure, exact, and never off by a unit."""

from collections.abc import Callable, Sequence

from stocktower.kernel import split


def divide_half_even(numerator: int, denominator: int) -> int:
    """The quotient rounded to the nearest whole number, ties to the even one; the denominator is positive."""
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    return quotient + (twice > denominator or (twice == denominator and quotient % 2 == 1))


def part_of(total: int, quantity: int, whole: int) -> int:
    """The share of a total that a part of a quantity carries; the last part takes what is left."""
    return total if quantity == whole else divide_half_even(total * quantity, whole)


def in_book(
    amounts: Sequence[int], known: Sequence[int | None], convert: Callable[[int], int]
) -> tuple[list[int], int]:
    """The book amounts of a balanced list of debits and credits, and the difference that makes them balance too.

    Each side is converted as one sum and split by largest remainder; where a book amount is already known (what was
    paid ahead has its own), that one stands, and the difference is what its rate has moved since.
    """
    books = [0] * len(amounts)
    for sign in (1, -1):
        side = [index for index, amount in enumerate(amounts) if amount * sign > 0]
        shares = split(convert(sum(amounts[index] * sign for index in side)), [abs(amounts[index]) for index in side])
        for index, share in zip(side, shares, strict=True):
            books[index] = share * sign
    for index, book in enumerate(known):
        if book is not None:
            books[index] = book
    return books, -sum(books)
