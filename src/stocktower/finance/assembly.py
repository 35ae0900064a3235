"""What assemblies do to the books: the value of what goes in is that of what comes out, to the last minor unit.

Several SKUs that come out of one share its value by what they cost else; one whose cost nobody knows gets none of it,
unless none is known: then units share.
"""

from stocktower.kernel import split

from .facts import Facts
from .goods import Moved, inventory_entry
from .happenings import Assembled, AssembledSku, Happening
from .model import Entry, UnknownCost, Valuation, ValuationEntry
from .model import PostingRole as Role
from .valuation import issue, receive_made, value_found


def describe(kind: str, data: Assembled) -> str:
    """The words of an assembly's journal."""
    return f"Assembly {data.reference}{' taken apart' if kind == 'assembly.undone' else ''}"


def carry_value(happening: Happening, data: Assembled, facts: Facts) -> Moved:
    """What goes in leaves at its average; what comes out has that value."""
    entity = facts.place_of(data.site_id).entity
    currency = facts.currency_of(entity)
    valuations: list[Valuation] = []
    ledger: list[ValuationEntry] = []
    unknown: list[UnknownCost] = []
    value = found = 0
    for line in data.lines:
        if line.units >= 0:
            continue
        held = facts.valuation_of(entity, line.sku_id)
        covered = min(-line.units, held.quantity)
        if covered:
            after, entry = issue(held, covered, happening.position)
            valuations.append(after)
            ledger.append(entry)
            value -= entry.delta_minor
        # What the books did not have is found (shrinkage reversed) and goes in at once.
        lacking = -line.units - covered
        found += lacking * held.last_cost_minor
        if lacking and not held.last_cost_minor:
            unknown.append(UnknownCost(entity, line.sku_id, lacking, happening.position))
    made = [line for line in data.lines if line.units > 0]
    costs = [_cost(happening, line, entity, facts) for line in made]
    weights = [cost or 0 for cost in costs] if any(costs) else [line.units for line in made]
    for line, cost, share in zip(made, costs, split(value + found, weights), strict=True):
        after, entry = receive_made(facts.valuation_of(entity, line.sku_id), line.units, share, happening.position)
        valuations.append(after)
        ledger.append(entry)
        if not share and cost is None:
            unknown.append(UnknownCost(entity, line.sku_id, line.units, happening.position))
    entries = [inventory_entry(facts, currency, entry) for entry in ledger]
    if found:
        entries.append(Entry(entity, facts.accounts[Role.SHRINKAGE], currency, -found, -found))
    return Moved(entity, entries, tuple(valuations), tuple(ledger), tuple(unknown))


def _cost(happening: Happening, line: AssembledSku, entity: str, facts: Facts) -> int | None:
    """What these units cost by what the books know, else the catalogue; None where neither does."""
    known = value_found(facts.valuation_of(entity, line.sku_id), line.units)
    if known is not None:
        return known
    stated = facts.unit_cost(line.sku_id, entity, happening.occurred_on)
    return None if stated is None else stated * line.units
