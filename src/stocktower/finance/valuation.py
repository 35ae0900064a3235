"""Moving average as total value and quantity per SKU and entity: pure, and no value is ever lost to rounding."""

from collections.abc import Sequence

from .amounts import divide_half_even, part_of
from .model import Valuation, ValuationEntry


def issue(held: Valuation, quantity: int, journal_id: int) -> tuple[Valuation, ValuationEntry]:
    """Units go out at the average; the last unit takes the remainder. There must be as many."""
    if not 0 < quantity <= held.quantity:
        raise ValueError(f"{quantity} of SKU {held.sku_id} cannot go out of {held.quantity}")
    cost = part_of(held.value_minor, quantity, held.quantity)
    return _change(held, -quantity, -cost, held.last_cost_minor, journal_id)


def receive(held: Valuation, quantity: int, value_minor: int, journal_id: int) -> tuple[Valuation, ValuationEntry]:
    """Units come in at a total value; the last known cost stays."""
    return _change(held, quantity, value_minor, held.last_cost_minor, journal_id)


def receive_at(held: Valuation, quantity: int, cost_minor: int, journal_id: int) -> tuple[Valuation, ValuationEntry]:
    """Units come in at a unit cost, which is then the last known one."""
    return _change(held, quantity, quantity * cost_minor, cost_minor, journal_id)


def receive_made(held: Valuation, quantity: int, value_minor: int, journal_id: int) -> tuple[Valuation, ValuationEntry]:
    """Units come in at the value of what they were made of, which is their last known cost where there is any."""
    last_cost = divide_half_even(value_minor, quantity) or held.last_cost_minor
    return _change(held, quantity, value_minor, last_cost, journal_id)


def value_found(held: Valuation, quantity: int) -> int | None:
    """The value of units that turn up: at the current average, else at the last cost; None where neither is known."""
    if held.quantity and (held.value_minor or held.last_cost_minor):
        return part_of(held.value_minor, quantity, held.quantity)
    return held.last_cost_minor * quantity if held.last_cost_minor else None


def fold(entries: Sequence[ValuationEntry]) -> tuple[int, int]:
    """Quantity and value that a ledger adds up to."""
    return sum(entry.delta_quantity for entry in entries), sum(entry.delta_minor for entry in entries)


def _change(
    held: Valuation, delta_quantity: int, delta_minor: int, last_cost_minor: int, journal_id: int
) -> tuple[Valuation, ValuationEntry]:
    after = Valuation(
        held.entity,
        held.sku_id,
        held.quantity + delta_quantity,
        held.value_minor + delta_minor,
        last_cost_minor,
        held.sequence + 1,
    )
    entry = ValuationEntry(
        held.entity,
        held.sku_id,
        after.sequence,
        journal_id,
        delta_quantity,
        delta_minor,
        after.quantity,
        after.value_minor,
    )
    return after, entry
