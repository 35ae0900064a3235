"""Amounts of money: whole minor units of an ISO 4217 currency, and the only places where they are rounded."""

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

_TWO_DIGITS = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF "
    "CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK "
    "HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR "
    "MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP "
    "SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER "
    "ZAR ZMW ZWG ZWL"
)
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DIGITS = "CLF UYW"

# The active codes of ISO 4217, and those that ended since 2020, which old orders still carry.
_EXPONENTS: dict[str, int] = {
    code: digits
    for digits, codes in ((0, _NO_DIGITS), (2, _TWO_DIGITS), (3, _THREE_DIGITS), (4, _FOUR_DIGITS))
    for code in codes.split()
}

# A sign, whole digits (plain, or grouped by threes or in the Indian way), and decimals.
_POINT = re.compile(r"([+-]?)(\d+|\d{1,3}(?:,\d{2,3})*,\d{3})?(?:\.(\d*))?", re.ASCII)
_COMMA = re.compile(r"([+-]?)(\d+|\d{1,3}(?:[. '\u00a0\u202f\u2019]\d{3})+)?(?:,(\d*))?", re.ASCII)
_GROUPING = str.maketrans("", "", ",. '\u00a0\u202f\u2019")


class UnknownCurrency(ValueError):
    """The code is not one of ISO 4217."""


class MalformedAmount(ValueError):
    """The text is not an amount of its currency: not a number, or finer than the currency's minor unit."""


def exponent(currency: str) -> int:
    """The number of minor digits of a currency; raises UnknownCurrency."""
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency!r} is not an ISO 4217 currency code (such as USD)") from None


def parse_minor(text: str, currency: str, *, decimal_comma: bool = False) -> int:
    """The minor units that a text states exactly; raises MalformedAmount rather than round or guess."""
    digits = exponent(currency)
    match = (_COMMA if decimal_comma else _POINT).fullmatch(text.strip())
    if match is None:
        raise MalformedAmount(f"{text!r} is not an amount of money")
    sign, whole, decimals = match.groups(default="")
    if not whole and not decimals:
        raise MalformedAmount(f"{text!r} is not an amount of money")
    if len(decimals) > digits:
        if decimals[digits:].strip("0"):
            raise MalformedAmount(f"{text!r} is finer than {currency} allows ({digits} decimals)")
        decimals = decimals[:digits]
    minor = int(whole.translate(_GROUPING) + decimals.ljust(digits, "0") or "0")
    return -minor if sign == "-" else minor


def format_minor(minor: int, currency: str) -> str:
    """An amount as people write it, without its code: 123450 of USD is "1,234.50"."""
    digits = exponent(currency)
    sign = "-" if minor < 0 else ""
    whole, decimals = divmod(abs(minor), 10**digits)
    return f"{sign}{whole:,}.{decimals:0{digits}d}" if digits else f"{sign}{whole:,}"


def split(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Shares in proportion to the weights that add up to the total exactly (largest remainder, ties to the first)."""
    if not weights:
        if total_minor:
            raise ValueError(f"{total_minor} cannot be split among nobody")
        return []
    if min(weights) < 0:
        raise ValueError("weights of a split are never negative")
    if len(weights) == 1:
        return [total_minor]
    if total_minor < 0:
        return [-share for share in split(-total_minor, weights)]
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    shares: list[int] = []
    remainders: list[int] = []
    for weight in weights:
        share, remainder = divmod(total_minor * weight, whole)
        shares.append(share)
        remainders.append(-remainder)
    missing = total_minor - sum(shares)
    if missing:
        for index in sorted(range(len(weights)), key=remainders.__getitem__)[:missing]:
            shares[index] += 1
    return shares


def convert(minor: int, rate: Fraction | Decimal, source: str, target: str) -> int:
    """An amount in another currency, half-even; the rate is whole units of target for one whole unit of source."""
    scaled = Fraction(rate) * minor * 10 ** exponent(target) / 10 ** exponent(source)
    return round(scaled)
