"""Posting, inside the subscriber's transaction: a batch of events becomes journals in a handful of statements."""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from stocktower import catalog, model, worklist
from stocktower.kernel import CaseKind
from stocktower.model import Configuration
from stocktower.network import Network
from stocktower.platform import RecordedEvent, Transaction

from . import store
from .facts import Facts, Plan
from .goods import costs_wanted
from .happenings import Assembled, Happening, Shipped, StockChanged, TransferMoved, read_data
from .model import BookCurrencyChanged, Cost, Journal, Place, PostingRole, UnknownCost
from .rules import decide_journals
from .transit import keys_of


def post(tx: Transaction, configuration: Configuration, network: Network, events: Sequence[RecordedEvent]) -> None:
    """Post the journals of events, in order; kinds that do not concern the books, and repeats, are passed over.

    Raises a named error (UnknownPlace, ForeignBalance, BookCurrencyChanged, model.RateMissing, msgspec.ValidationError)
    for an event that cannot be posted as it stands.
    """
    happenings = _read(tx, configuration, events)
    if not happenings:
        return
    facts = _stated_facts(configuration, network)
    _register(tx, facts)
    facts = _with_balances(tx, facts, happenings)
    plan = decide_journals(happenings, facts)
    _record(tx, plan)
    learned = _learned_costs(facts, plan)
    if learned:
        worklist.close_by_cause(tx, CaseKind.COST_UNKNOWN, learned, "a cost is known now")
    if plan.unknown_costs:
        worklist.raise_cases(tx, configuration, [_unknown_cost(tx, item) for item in plan.unknown_costs])


def _read(tx: Transaction, configuration: Configuration, events: Sequence[RecordedEvent]) -> list[Happening]:
    """The events that are still to be posted, each on the merchant's own day."""
    known = [(event, data) for event in events if (data := read_data(event.kind, event.data)) is not None]
    if not known:
        return []
    posted = store.load_posted(tx, [event.position for event, _ in known])
    zone = ZoneInfo(configuration.merchant.timezone)
    return [
        Happening(
            event.position,
            event.kind,
            event.subject,
            event.subject_id,
            event.occurred_at.astimezone(zone).date(),
            event.recorded_at,
            data,
        )
        for event, data in known
        if event.position not in posted
    ]


def _stated_facts(configuration: Configuration, network: Network) -> Facts:
    """What the configuration says: accounts, currencies, rates, whose sites they are."""

    @cache
    def rate(source: str, target: str, on: date) -> Fraction:
        return model.rate(configuration, source, target, on)

    return Facts(
        accounts={role: model.account(configuration, role) for role in PostingRole},
        currencies={entity.code: entity.currency for entity in configuration.entities},
        places={site_id: Place(site.entity, site.kind != "dropship") for site_id, site in network.sites.items()},
        marketplaces=frozenset(
            channel_id for channel_id, channel in network.channels.items() if channel.kind == "amazon"
        ),
        rate=rate,
    )


def _register(tx: Transaction, facts: Facts) -> None:
    """Keep what postings rest on, so that balances can be proved later whatever the configuration says by then."""
    known = store.load_known_currencies(tx)
    for entity, currency in facts.currencies.items():
        if known.get(entity, currency) != currency:
            raise BookCurrencyChanged(f"{entity} keeps its books in {known[entity]}; it cannot change to {currency}")
    currencies = {entity: currency for entity, currency in facts.currencies.items() if entity not in known}
    if currencies:
        store.insert_currencies(tx, currencies)
    accounts = {(str(role), account) for role, account in facts.accounts.items()} - store.load_known_accounts(tx)
    if accounts:
        store.insert_accounts(tx, accounts)
    known_places = store.load_known_places(tx)
    places = {site_id: place for site_id, place in facts.places.items() if known_places.get(site_id) != place}
    if places:
        store.upsert_places(tx, places)


def _with_balances(tx: Transaction, facts: Facts, happenings: Sequence[Happening]) -> Facts:
    """The facts with the balances that these events touch, locked in key order, and the costs that may be needed."""
    order_ids: set[int] = set()
    sku_ids: set[int] = set()
    transfers: list[TransferMoved] = []
    for happening in happenings:
        data = happening.data
        if isinstance(data, StockChanged):
            sku_ids.add(data.sku_id)
        elif isinstance(data, Shipped):
            order_ids.add(happening.subject_id)
            sku_ids.update(item.sku_id for item in data.stock)
        elif isinstance(data, TransferMoved):
            sku_ids.update(line.sku_id for line in data.lines)
            transfers.append(data)
        elif isinstance(data, Assembled):
            sku_ids.update(line.sku_id for line in data.lines)
        else:
            order_ids.add(data.order_id)
    facts = replace(
        facts,
        orders=store.lock_order_balances(tx, sorted(order_ids)) if order_ids else {},
        stock=store.lock_valuations(tx, sorted(sku_ids)) if sku_ids else {},
        transit=store.lock_transits(tx, keys_of(transfers)) if transfers else {},
    )
    wanted = costs_wanted(happenings, facts)
    return replace(facts, costs=_load_costs(tx, wanted)) if wanted else facts


def _load_costs(tx: Transaction, sku_ids: Iterable[int]) -> dict[int, Cost]:
    """The unit costs that the catalogue states."""
    skus = catalog.load_skus(tx, sorted(sku_ids))
    return {
        sku.sku_id: Cost(sku.cost_minor, sku.currency)
        for sku in skus.values()
        if sku.cost_minor is not None and sku.currency
    }


def _record(tx: Transaction, plan: Plan) -> None:
    if not plan.journals:
        return
    store.record_journals(tx, plan.journals)
    store.record_valuation_entries(tx, plan.valuation_entries)
    if plan.valuations:
        store.upsert_valuations(tx, list(plan.valuations.values()))
    store.record_transit_entries(tx, plan.transit_entries)
    if plan.transits:
        store.upsert_transits(tx, list(plan.transits.values()))
    if plan.orders:
        store.upsert_order_balances(tx, list(plan.orders.values()))
    store.add_to_balances(tx, sum_turnovers(plan.journals))


def sum_turnovers(journals: Sequence[Journal]) -> dict[store.BalanceKey, store.Turnover]:
    """Debits and credits of journals by entity, account, currency and day."""
    sums: dict[store.BalanceKey, list[int]] = {}
    for journal in journals:
        day = journal.occurred_on
        for entry in journal.entries:
            key = (entry.entity, entry.account, entry.currency, day)
            turnover = sums.get(key)
            if turnover is None:
                turnover = sums[key] = [0, 0, 0, 0]
            amount, book = entry.amount_minor, entry.book_minor
            if amount > 0:
                turnover[0] += amount
            else:
                turnover[1] -= amount
            if book > 0:
                turnover[2] += book
            else:
                turnover[3] -= book
    return {key: (turnover[0], turnover[1], turnover[2], turnover[3]) for key, turnover in sums.items()}


def _learned_costs(facts: Facts, plan: Plan) -> list[str]:
    """The cause keys of SKUs of which this batch brought the first known cost."""
    return [
        f"sku/{sku_id}"
        for (entity, sku_id), valuation in plan.valuations.items()
        if valuation.last_cost_minor and not facts.valuation_of(entity, sku_id).last_cost_minor
    ]


def _unknown_cost(tx: Transaction, item: UnknownCost) -> worklist.Raise:
    return worklist.Raise(
        kind=CaseKind.COST_UNKNOWN,
        cause_key=f"sku/{item.sku_id}",
        title="Units were posted at a value of zero: no cost of the SKU is known",
        data={"entity": item.entity, "sku_id": item.sku_id, "journal_id": item.journal_id},
        waiters=(worklist.Waiter(subject="sku", subject_id=item.sku_id, units=item.quantity),),
    )
