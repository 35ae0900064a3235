"""The kernel owns what is true without a database: amounts of money, the codes of countries, and the words that all
rooms share.

Money is whole minor units everywhere; a split always adds up to its whole; nothing here does I/O or reads a clock.
"""

from .money import MalformedAmount, UnknownCurrency, convert, exponent, format_minor, parse_minor, split
from .places import COUNTRIES, country_code, region_code
from .tolerance import allowed_units
from .vocabulary import TOWER, CaseKind, Domain, Permission, Role, Step

__all__ = [
    "COUNTRIES",
    "TOWER",
    "CaseKind",
    "Domain",
    "MalformedAmount",
    "Permission",
    "Role",
    "Step",
    "UnknownCurrency",
    "allowed_units",
    "convert",
    "country_code",
    "exponent",
    "format_minor",
    "parse_minor",
    "region_code",
    "split",
]
