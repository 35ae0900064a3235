"""Acts of cycle counts on cases: what approvers do about a sheet, and what is put on one because it is in doubt."""

from collections.abc import Sequence

from stocktower import catalog, counting, finance, model, network, reconciliation, worklist
from stocktower.app.output import CommandFailed
from stocktower.counting import Correction
from stocktower.kernel import format_minor
from stocktower.platform import Transaction

SHOWN = 3
MOST_SKUS = 1_000
"""How many rows one act puts on sheets."""


def ask(tx: Transaction, places: Sequence[tuple[int, int]]) -> list[str]:
    """Put SKUs of sites (site, SKU) on count sheets, one a site; what cannot be, or is on one already, is said."""
    facts = network.load_network(tx)
    skus = catalog.load_skus(tx, {sku_id for _, sku_id in places})
    notes: list[str] = []
    for site_id in sorted({site_id for site_id, _ in places}):
        site = facts.sites.get(site_id)
        codes = sorted({skus[sku_id].code for at, sku_id in places if at == site_id and sku_id in skus})
        try:
            planned = counting.plan(tx, site.code if site else "", skus=codes)
        except counting.CountRefused as refusal:
            notes.append(f"not asked of {site.code if site else site_id}: {refusal}")
            continue
        named = ", ".join(codes[:SHOWN]) + (f" and {len(codes) - SHOWN:,} more" if len(codes) > SHOWN else "")
        notes.append(f"sheet {planned.number} of {planned.site} is to be counted: {named}")
    return notes


def count_row(tx: Transaction, case: worklist.Case, actor: str, note: str) -> list[str]:
    """Put a row that lacks units on a count sheet of its site."""
    site_id = network.load_network(tx).site_ids.get(case.data["site"], 0)
    skus = catalog.find_skus(tx, [case.data["sku"]])
    return ask(tx, [(site_id, sku.sku_id) for sku in skus.values()])


def count_differences(tx: Transaction, case: worklist.Case, actor: str, note: str) -> list[str]:
    """Put what differs from another system on count sheets of its sites."""
    system, cause = reconciliation.split_cause_key(case.cause_key)
    places = [
        (line.site_id, line.sku_id)
        for status in reconciliation.load_status(tx, system)
        if status.row is not None
        for line, _ in reconciliation.load_lines(tx, status.row.system_id, cause=cause, limit=MOST_SKUS)
        if line.site_id and line.sku_id
    ]
    if not places:
        raise CommandFailed(f"{case.label}: no SKU waits for it; there is nothing to count")
    return [*ask(tx, places), "a count that agrees closes the case with the next statement"]


def approve(tx: Transaction, case: worklist.Case, actor: str, note: str) -> list[str]:
    """Stock becomes what was counted."""
    applied = counting.approve(tx, case.data["sheet"], by=actor)
    return [*counting.tell(tx, applied), *tell_worth(tx, case.data["site"], applied.corrections)]


def recount(tx: Transaction, case: worklist.Case, actor: str, note: str) -> list[str]:
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
