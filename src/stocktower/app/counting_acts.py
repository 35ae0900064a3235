"""What approvers do about a count sheet: the acts on its case, with what they are worth in the books."""

from collections.abc import Sequence

from stocktower import counting, finance, model, network, worklist
from stocktower.counting import Correction
from stocktower.kernel import format_minor
from stocktower.platform import Transaction


def approve(tx: Transaction, case: worklist.Case, actor: str) -> list[str]:
    """Stock becomes what was counted."""
    applied = counting.approve(tx, case.data["sheet"], by=actor)
    return [*counting.tell(tx, applied), *tell_worth(tx, case.data["site"], applied.corrections)]


def recount(tx: Transaction, case: worklist.Case, actor: str) -> list[str]:
    """The lines in doubt are counted again by somebody who has not yet."""
    lines = counting.recount(tx, case.data["sheet"], by=actor)
    words = "line is" if len(lines) == 1 else "lines are"
    return [f"{len(lines):,} {words} counted again on sheet {case.data['sheet']}"]


def reject(tx: Transaction, case: worklist.Case, actor: str, reason: str) -> list[str]:
    """The sheet is closed without effect."""
    lines = counting.reject(tx, case.data["sheet"], reason, by=actor)
    return [f"sheet {case.data['sheet']} is rejected: its {lines:,} lines change nothing and are due again"]


def tell_worth(tx: Transaction, site: str, corrections: Sequence[Correction]) -> list[str]:
    """What the books will lose or gain, at their average cost of this moment."""
    moved = [one for one in corrections if one.moved]
    if not moved:
        return []
    facts = network.load_network(tx)
    entity = facts.sites[facts.site_ids[site]].entity
    currency = next(one.currency for one in model.load_applied(tx).configuration.entities if one.code == entity)
    held = {
        sku_id: one
        for sku_id, of_sku in finance.load_valuations(tx, sorted({one.line.sku_id for one in moved})).items()
        for one in of_sku
        if one.entity == entity
    }
    lost = sum(-_worth(held.get(one.line.sku_id), one) for one in moved)
    if not lost:
        return ["nothing is posted as shrinkage"]
    word = "is posted as shrinkage" if lost > 0 else "is taken back from shrinkage"
    return [f"{format_minor(abs(lost), currency)} {currency} {word}, at the average cost of the books"]


def _worth(held: finance.Valuation | None, one: Correction) -> int:
    """The value of what a row gained or lost: at the average, else the last cost, else what the catalogue says."""
    if held is not None and held.quantity:
        units = max(one.moved, -held.quantity)
        return held.value_minor * units // held.quantity if units > 0 else -(held.value_minor * -units // held.quantity)
    known = held.last_cost_minor if held is not None and held.last_cost_minor else one.line.cost_minor
    return one.moved * (known or 0) if one.moved > 0 else 0
