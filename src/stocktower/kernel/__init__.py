"""The kernel owns what is true without a database: amounts of money, and the words that all rooms share.

Money is whole minor units everywhere; a split always adds up to its whole; nothing here does I/O or reads a clock.
"""

from .money import MalformedAmount, UnknownCurrency, convert, exponent, format_minor, parse_minor, split
from .tolerance import allowed_units
from .vocabulary import TOWER, CaseKind, Domain, Role, Step

__all__ = [
    "TOWER",
    "CaseKind",
    "Domain",
    "MalformedAmount",
    "Role",
    "Step",
    "UnknownCurrency",
    "allowed_units",
    "convert",
    "exponent",
    "format_minor",
    "parse_minor",
    "split",
]
