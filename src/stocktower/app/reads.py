"""What the reading commands find, as data: the same for --json and for words."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from stocktower import (
    access,
    catalog,
    customers,
    exchange,
    finance,
    inventory,
    model,
    network,
    ordering,
    payments,
    publication,
    worklist,
)
from stocktower.app.home import Tower
from stocktower.app.options import is_allowed
from stocktower.app.output import CommandFailed
from stocktower.app.verify import Verification
from stocktower.insight import AtsAnswer, explain_ats
from stocktower.inventory import Basis
from stocktower.kernel import CaseKind
from stocktower.platform import Transaction


class ChannelAts(Struct, frozen=True):
    """What a channel may still sell over all SKUs; kits are counted as SKUs, never added up with their components."""

    skus: int
    sellable: int
    """SKUs with an ATS above zero."""
    units: int
    """ATS of all stocked SKUs."""


class Summary(Struct, frozen=True):
    """What a run of the demo came to."""

    orders: dict[str, int]
    ats: dict[str, ChannelAts]
    cases: dict[str, int]
    trial_balance: finance.TrialBalance
    verify: Verification
    imports: list[exchange.ImportSummary]
    untouched: float
    """Share of the orders that are not history on which no case and no hold ever waited."""


def status(tower: Tower) -> dict[str, Any]:
    """Orders by state, the flow, the backlog, cases by kind, what channels were told that is not true."""
    with tower.reading() as tx:
        facts = network.load_network(tx)
        return {
            "now": tx.now,
            "orders": ordering.count_states(tx),
            "flow": ordering.flow_strip(tx, tx.now.replace(hour=0, minute=0, second=0, microsecond=0)),
            "backlog": exchange.load_backlog(tx),
            "cases": worklist.count_kinds(tx),
            "told_wrong": publication.compare(tx, facts),
        }


def channel_ats(tx: Transaction) -> dict[str, ChannelAts]:
    """What every channel may still sell."""
    facts = network.load_network(tx)
    skus = catalog.load_skus(tx, catalog.load_active_ids(tx))
    availability = inventory.load_availability(tx, sorted(skus), facts)
    found: dict[str, ChannelAts] = {}
    for channel in facts.channels.values():
        figures = {sku_id: availability.ats(sku_id, channel.channel_id) for sku_id in skus}
        found[channel.code] = ChannelAts(
            skus=len(skus),
            sellable=sum(1 for figure in figures.values() if figure > 0),
            units=sum(figure for sku_id, figure in figures.items() if skus[sku_id].kind != "kit"),
        )
    return found


def ats(tower: Tower, code: str, channel: str | None, at: datetime | None, basis: Basis) -> AtsAnswer:
    """The ATS of a SKU in one channel or in all, now or as of an instant, with its waterfall and what was told."""
    with tower.reading() as tx:
        moment = moment_of(tx, at, basis)
        facts = moment.network if moment else network.load_network(tx)
        sku = find_sku(tx, code)
        if channel is not None and channel not in facts.channel_ids:
            raise CommandFailed(
                f"--channel {channel}: not a channel; one of {', '.join(sorted(facts.channel_ids))}", code=3
            )
        return explain_ats(tx, sku, channel=channel or "", moment=moment)


def moment_of(tx: Transaction, at: datetime | None, basis: Basis = Basis.RECORDED) -> inventory.Moment | None:
    """The moment of an instant given by --at; None: now."""
    if at is None:
        return None
    try:
        return inventory.load_moment(tx, at, basis)
    except (inventory.FutureInstant, model.NotAppliedThen) as error:
        raise CommandFailed(f"--at: {error}") from error


def find_sku(tx: Transaction, code: str) -> catalog.Sku:
    """The SKU of a code, or a failure that names near ones."""
    found = catalog.find_skus(tx, [code])
    if code in found:
        return found[code]
    near = ", ".join(near_codes(tx, code))
    raise CommandFailed(f"{code}: no such SKU; {f'near it: {near}' if near else 'import products first'}", code=3)


def near_codes(tx: Transaction, code: str) -> list[str]:
    """Codes of SKUs that hold most of what was written, as far as it is right."""
    for length in range(len(code), 1, -1):
        if found := catalog.search(tx, code[:length], limit=5).skus:
            return [sku.code for sku in found]
    return []


def order(tower: Tower, number: str) -> dict[str, Any]:
    """One order, whole; raises when none or several have the number."""
    with tower.reading() as tx:
        facts = network.load_network(tx)
        # A shell takes what follows a # for a comment.
        rows = ordering.find_orders(tx, facts, number) or ordering.find_orders(tx, facts, f"#{number}")
        if not rows:
            raise CommandFailed(f"{number}: no such order; give its number as the channel shows it", code=3)
        found = ordering.load_order(tx, facts, rows[0].order_id)
        assert found is not None
        return {
            "order": found,
            "payments": payments.load_payments(tx, [rows[0].order_id]).get(rows[0].order_id, []),
            "contact": (
                customers.load_contact(tx, rows[0].order_id)
                if is_allowed(tx, access.Permission.READ_PERSONAL_DATA)
                else None
            ),
            "cases": worklist.load_cases_of(tx, "order", rows[0].order_id),
            "journals": (
                finance.load_journals_of(tx, "order", rows[0].order_id)
                if is_allowed(tx, access.Permission.READ_BOOKS)
                else []
            ),
            "same_number": [row.channel for row in rows[1:]],
        }


def cases(tower: Tower, *, kind: str | None, closed: bool) -> list[worklist.Case]:
    """The cases of a kind, or of all, the most severe first."""
    if kind is not None and kind not in set(CaseKind):
        raise CommandFailed(f"--kind {kind}: not a kind of case; one of {', '.join(sorted(CaseKind))}")
    with tower.reading() as tx:
        wanted = worklist.CaseFilter(state="closed" if closed else "open", kind=kind or "")
        return list(worklist.load_cases(tx, wanted, limit=500).cases)


def load_case(tx: Transaction, number: str) -> worklist.CaseDetail:
    """One case by its number, as people write it."""
    parsed = worklist.parse_case_number(number)
    found = worklist.load_case(tx, parsed) if parsed is not None else None
    if found is None:
        raise CommandFailed(f"{number}: no such case; `stocktower cases` lists them", code=3)
    return found


def case(tower: Tower, number: str) -> worklist.CaseDetail:
    """One case with what waits for it and its history."""
    with tower.reading() as tx:
        return load_case(tx, number)


def trial_balance(tower: Tower, as_of: date | None) -> finance.TrialBalance:
    """The trial balance at the end of a day, or of all that is posted."""
    with tower.reading() as tx:
        return finance.trial_balance(tx, as_of)


def summary(tower: Tower, imports: Sequence[exchange.ImportSummary], verification: Verification) -> Summary:
    """What the demo came to."""
    with tower.reading() as tx:
        return Summary(
            orders=ordering.count_states(tx),
            ats=channel_ats(tx),
            cases={count.kind: count.cases for count in worklist.count_kinds(tx)},
            trial_balance=finance.trial_balance(tx),
            verify=verification,
            imports=list(imports),
            untouched=ordering.share_untouched(tx),
        )
