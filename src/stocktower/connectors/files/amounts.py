"""Money, quantities and flags as exports write them."""

import re

from stocktower.kernel import MalformedAmount, UnknownCurrency, exponent, parse_minor

from .model import Unreadable

_MARKS = re.compile(r"^[^\d+\-.,'()]+|[^\d)'.,]+$")
_COMMA_DECIMALS = re.compile(r"[+-]?\d{1,3}(?:[.' ]\d{3})+,\d+|[+-]?\d+,(?:\d{1,2}|\d{4,})")
_WHOLE = re.compile(r"[+-]?\d+(?:\.0*)?|[+-]?\d{1,3}(?:,\d{3})+(?:\.0*)?", re.ASCII)
_TOO_MUCH = 10**15
_MOST_UNITS = 10**9
_CACHED = 20_000
_YES = {"true", "yes", "y", "1", "x", "t"}
_NO = {"false", "no", "n", "0", "", "f"}


class Money:
    """Reads the amounts of one currency as whole minor units; raises Unreadable rather than round or guess."""

    def __init__(self, currency: str, column: str = "Currency") -> None:
        try:
            exponent(currency)
        except UnknownCurrency as error:
            raise Unreadable(column, str(error), "use the three letters of ISO 4217") from None
        self.currency = currency
        self._known: dict[str, int] = {"": 0}

    def read(self, text: str, column: str) -> int:
        """The minor units; nothing stated is 0."""
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= _CACHED:
                self._known = {"": 0}
            found = self._known[text] = self._parse(text, column)
        return found

    def read_positive(self, text: str, column: str) -> int:
        """The same, and below zero is unreadable."""
        found = self.read(text, column)
        if found < 0:
            raise Unreadable(column, f"{text!r} is below zero", "state it as a positive amount")
        return found

    def _parse(self, text: str, column: str) -> int:
        plain = _MARKS.sub("", text.strip()).strip()
        if not text.strip():
            return 0
        if plain.startswith("(") and plain.endswith(")"):
            plain = f"-{plain[1:-1]}"
        comma = _COMMA_DECIMALS.fullmatch(plain) is not None
        try:
            minor = parse_minor(plain, self.currency, decimal_comma=comma)
        except MalformedAmount as error:
            reason = str(error) if plain == text.strip() else f"{text!r} is not an amount of {self.currency}"
            raise Unreadable(column, reason, f"write it as 1234.50 in {self.currency}") from None
        if abs(minor) > _TOO_MUCH:
            raise Unreadable(column, f"{text!r} is too large to be an amount", "check the column")
        return minor


def read_quantity(text: str, column: str, *, least: int = 0) -> int:
    """A whole number of units; raises Unreadable for parts of units and for less than `least`."""
    if text.isdecimal() and text.isascii() and len(text) < 10:
        quantity = int(text)
    else:
        plain = text.strip()
        if not _WHOLE.fullmatch(plain):
            problem = f"{text!r} is not a whole number of units" if plain else "there is no quantity"
            raise Unreadable(column, problem, "state a whole number of stock units")
        quantity = int(plain.split(".")[0].replace(",", ""))
    if quantity < least:
        raise Unreadable(column, f"the quantity {quantity} is below {least}", f"state a whole number from {least} up")
    if quantity > _MOST_UNITS:
        raise Unreadable(column, f"{text!r} is too large to be a quantity", "check the column")
    return quantity


def read_flag(text: str, column: str, *, default: bool = False) -> bool:
    """Yes or no; nothing stated is the default."""
    word = text.strip().lower()
    if not word:
        return default
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Unreadable(column, f"{text!r} is neither yes nor no", "write yes or no")
