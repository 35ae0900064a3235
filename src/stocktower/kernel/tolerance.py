"""Which difference is none: the one form that counts, snapshots, receipts and statements share. Pure."""

from decimal import Decimal


def allowed_units(expected: int, units: int, percent: Decimal | int) -> int:
    """By how many units a figure may differ: the larger of so many, and a share of what was expected, rounded down."""
    return max(units, int(Decimal(percent) * max(0, expected) / 100))
