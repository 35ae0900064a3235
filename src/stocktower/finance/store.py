"""The statements of the room, one typed function each."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from stocktower.platform import Transaction, load_queries

from .facts import StockKey, TransitKey
from .model import (
    AccountBalance,
    AccountEntry,
    CustomerTotal,
    Entry,
    EntryKey,
    Journal,
    OrderBalance,
    Place,
    StockValue,
    Transit,
    TransitEntry,
    Valuation,
    ValuationEntry,
)

_Q = load_queries(__package__)

BalanceKey = tuple[str, str, str, date]
"""(entity, account, currency, day)"""
Turnover = tuple[int, int, int, int]
"""(debit, credit, book debit, book credit)"""


def record_journals(tx: Transaction, journals: Sequence[Journal]) -> None:
    """Write journals with their entries."""
    merchant_id = tx.merchant_id
    tx.copy(
        _Q.journal,
        [
            (
                merchant_id,
                item.journal_id,
                item.entity,
                item.event_kind,
                item.subject,
                item.subject_id,
                item.occurred_on,
                item.recorded_at,
                item.description,
            )
            for item in journals
        ],
    )
    tx.copy(
        _Q.entry,
        [
            (
                merchant_id,
                journal.journal_id,
                number,
                entry.entity,
                entry.account,
                journal.occurred_on,
                entry.currency,
                entry.amount_minor,
                entry.book_minor,
                entry.sku_id,
                entry.quantity,
            )
            for journal in journals
            for number, entry in enumerate(journal.entries, start=1)
        ],
    )


def record_valuation_entries(tx: Transaction, entries: Sequence[ValuationEntry]) -> None:
    """Append to the valuation ledger."""
    merchant_id = tx.merchant_id
    tx.copy(
        _Q.valuation_entry,
        [
            (
                merchant_id,
                entry.entity,
                entry.sku_id,
                entry.sequence,
                entry.journal_id,
                entry.delta_quantity,
                entry.delta_minor,
                entry.quantity_after,
                entry.value_after_minor,
            )
            for entry in entries
        ],
    )


def load_posted(tx: Transaction, positions: Sequence[int]) -> set[int]:
    """Which events have their journal."""
    return set(tx.values(_Q.load_posted, journal_ids=list(positions)))


def load_known_currencies(tx: Transaction) -> dict[str, str]:
    """Book currency by entity, of all that was ever posted in."""
    return dict(tx.tuples(_Q.load_known_currencies))


def load_known_accounts(tx: Transaction) -> set[tuple[str, str]]:
    """(role, account) of all that was ever posted to."""
    return {(role, account) for role, account in tx.tuples(_Q.load_known_accounts)}


def load_known_places(tx: Transaction) -> dict[int, Place]:
    """Where the goods of each site were last valued."""
    return {site_id: Place(entity, valued) for site_id, entity, valued in tx.tuples(_Q.load_known_places)}


def insert_currencies(tx: Transaction, currencies: Mapping[str, str]) -> None:
    """Book currencies of new entities."""
    tx.execute(_Q.insert_currencies, entities=list(currencies), currencies=list(currencies.values()))


def insert_accounts(tx: Transaction, accounts: Iterable[tuple[str, str]]) -> None:
    """New (role, account) pairs."""
    pairs = sorted(accounts)
    tx.execute(_Q.insert_accounts, roles=[role for role, _ in pairs], accounts=[account for _, account in pairs])


def upsert_places(tx: Transaction, places: Mapping[int, Place]) -> None:
    """Where the goods of sites are valued."""
    tx.execute(
        _Q.upsert_places,
        site_ids=list(places),
        entities=[place.entity for place in places.values()],
        valued=[place.valued for place in places.values()],
    )


def lock_order_balances(tx: Transaction, order_ids: Sequence[int]) -> dict[int, OrderBalance]:
    """The balances of orders that have one, locked."""
    return {row.order_id: row for row in tx.fetch(_Q.lock_order_balances, OrderBalance, order_ids=list(order_ids))}


def lock_valuations(tx: Transaction, sku_ids: Sequence[int]) -> dict[StockKey, Valuation]:
    """The valuations of SKUs in every entity, locked."""
    rows = tx.fetch(_Q.lock_valuations, Valuation, sku_ids=list(sku_ids))
    return {(row.entity, row.sku_id): row for row in rows}


def lock_transits(tx: Transaction, keys: Sequence[TransitKey]) -> dict[TransitKey, Transit]:
    """What lines of transfers have in transit, locked."""
    transfer_ids, line_nos = [key[0] for key in keys], [key[1] for key in keys]
    rows = tx.fetch(_Q.lock_transits, Transit, transfer_ids=transfer_ids, line_nos=line_nos)
    return {(row.transfer_id, row.line_no): row for row in rows}


def record_transit_entries(tx: Transaction, entries: Sequence[TransitEntry]) -> None:
    """Append to the ledger of what is in transit."""
    merchant_id = tx.merchant_id
    tx.copy(_Q.transit_entry, [(merchant_id, *msgspec.structs.astuple(entry)) for entry in entries])


def upsert_transits(tx: Transaction, lines: Sequence[Transit]) -> None:
    """What lines have in transit after a batch."""
    tx.execute(
        _Q.upsert_transits,
        transfer_ids=[line.transfer_id for line in lines],
        line_nos=[line.line_no for line in lines],
        entities=[line.entity for line in lines],
        sku_ids=[line.sku_id for line in lines],
        quantities=[line.quantity for line in lines],
        values=[line.value_minor for line in lines],
        sequences=[line.sequence for line in lines],
    )


def upsert_order_balances(tx: Transaction, balances: Sequence[OrderBalance]) -> None:
    """The balances of orders after a batch."""
    tx.execute(
        _Q.upsert_order_balances,
        order_ids=[item.order_id for item in balances],
        entities=[item.entity for item in balances],
        currencies=[item.currency for item in balances],
        deposits=[item.deposits_minor for item in balances],
        deposits_book=[item.deposits_book_minor for item in balances],
        receivables=[item.receivable_minor for item in balances],
        receivables_book=[item.receivable_book_minor for item in balances],
    )


def upsert_valuations(tx: Transaction, valuations: Sequence[Valuation]) -> None:
    """The valuations after a batch."""
    tx.execute(
        _Q.upsert_valuations,
        entities=[item.entity for item in valuations],
        sku_ids=[item.sku_id for item in valuations],
        quantities=[item.quantity for item in valuations],
        values=[item.value_minor for item in valuations],
        last_costs=[item.last_cost_minor for item in valuations],
        sequences=[item.sequence for item in valuations],
    )


def add_to_balances(tx: Transaction, turnovers: Mapping[BalanceKey, Turnover]) -> None:
    """What a batch adds to the trial balance."""
    keys = sorted(turnovers)
    sums = [turnovers[key] for key in keys]
    tx.execute(
        _Q.add_to_balances,
        entities=[entity for entity, _, _, _ in keys],
        accounts=[account for _, account, _, _ in keys],
        currencies=[currency for _, _, currency, _ in keys],
        days=[day for _, _, _, day in keys],
        debits=[debit for debit, _, _, _ in sums],
        credits=[credit for _, credit, _, _ in sums],
        book_debits=[debit for _, _, debit, _ in sums],
        book_credits=[credit for _, _, _, credit in sums],
    )


def sum_balances(tx: Transaction, as_of: date) -> list[AccountBalance]:
    """What every account held at the end of a day."""
    return tx.fetch(_Q.sum_balances, AccountBalance, as_of=as_of)


def sum_account_before(tx: Transaction, entity: str, account: str, key: EntryKey) -> int:
    """What an account held before an entry, in book currency."""
    return tx.value(_Q.sum_account_before, entity=entity, account=account, **_key(key)) or 0


def load_account_entries(tx: Transaction, entity: str, account: str, key: EntryKey, limit: int) -> list[AccountEntry]:
    """A page of an account before an entry, the newest first."""
    return tx.fetch(_Q.load_account_entries, AccountEntry, entity=entity, account=account, limit=limit, **_key(key))


def load_journals(tx: Transaction, journal_ids: Sequence[int]) -> list[Journal]:
    """Journals by id, with their entries."""
    return _with_entries(tx, tx.tuples(_Q.load_journals, journal_ids=list(journal_ids)))


def load_journals_of(tx: Transaction, subject: str, subject_id: int, limit: int) -> list[Journal]:
    """The journals of a subject in the order of posting, with their entries."""
    return _with_entries(tx, tx.tuples(_Q.load_journals_of, subject=subject, subject_id=subject_id, limit=limit))


def load_journals_before(tx: Transaction, key: EntryKey, limit: int) -> list[Journal]:
    """A page of journals before one, the newest day first, with their entries."""
    return _with_entries(
        tx,
        tx.tuples(_Q.load_journals_before, occurred_on=key.occurred_on, journal_id=key.journal_id, limit=limit),
    )


def load_journals_after(tx: Transaction, key: EntryKey, limit: int) -> list[Journal]:
    """A run of journals after one, the oldest day first, with their entries."""
    return _with_entries(
        tx,
        tx.tuples(_Q.load_journals_after, occurred_on=key.occurred_on, journal_id=key.journal_id, limit=limit),
    )


def load_opened_accounts(tx: Transaction) -> list[tuple[str, str, date, list[str]]]:
    """(entity, account, first day, currencies) of every account that was posted to."""
    return [
        (entity, account, day, list(currencies))
        for entity, account, day, currencies in tx.tuples(_Q.load_opened_accounts)
    ]


def load_order_balances(tx: Transaction, order_ids: Sequence[int]) -> dict[int, OrderBalance]:
    """The balances of orders that have one."""
    return {row.order_id: row for row in tx.fetch(_Q.load_order_balances, OrderBalance, order_ids=list(order_ids))}


def load_valuations(tx: Transaction, sku_ids: Sequence[int]) -> list[Valuation]:
    """What SKUs are worth in each entity."""
    return tx.fetch(_Q.load_valuations, Valuation, sku_ids=list(sku_ids))


def load_stock_values(tx: Transaction) -> list[StockValue]:
    """What the stock of each entity is worth by valuation and by ledger."""
    return tx.fetch(_Q.load_stock_values, StockValue)


def load_customer_totals(tx: Transaction) -> list[CustomerTotal]:
    """What all customers owe less what they paid ahead, by the sub-ledger and by the accounts."""
    return tx.fetch(_Q.load_customer_totals, CustomerTotal)


def _key(key: EntryKey) -> dict[str, Any]:
    return {"occurred_on": key.occurred_on, "journal_id": key.journal_id, "entry_no": key.entry_no}


def _with_entries(tx: Transaction, rows: Sequence[tuple[Any, ...]]) -> list[Journal]:
    entries: dict[int, list[Entry]] = {row[0]: [] for row in rows}
    for row in tx.tuples(_Q.load_entries, journal_ids=list(entries)) if rows else []:
        entries[row[0]].append(Entry(*row[1:]))
    columns: list[list[Any]] = [[*row, tuple(entries[row[0]])] for row in rows]
    return [Journal(*values) for values in columns]


def count_projections(tx: Transaction) -> tuple[int, int, int, int]:
    """Rows of valuations, of balances, of balances of orders, and of what is in transit."""
    return tx.tuples(_Q.count_projections)[0]  # pyright: ignore[reportReturnType] -- four counts


def find_unlike_valuations(tx: Transaction) -> list[tuple[Any, ...]]:
    """(entity, SKU, valuation, what its ledger adds up to) where they differ."""
    return tx.tuples(_Q.find_unlike_valuations)


def restore_valuations(tx: Transaction, truths: Sequence[tuple[Any, ...]], gone: Sequence[tuple[str, int]]) -> None:
    """Make (entity, SKU) what the ledger adds up to (quantity, value, sequence); take away what it does not know."""
    if gone:
        entities, sku_ids = zip(*gone, strict=True)
        tx.execute(_Q.delete_valuations, entities=entities, sku_ids=sku_ids)
    if truths:
        columns = [list(column) for column in zip(*truths, strict=True)]
        names = ("entities", "sku_ids", "quantities", "values", "sequences")
        tx.execute(_Q.restore_valuations, **dict(zip(names, columns, strict=True)))


def find_unlike_balances(tx: Transaction) -> list[tuple[Any, ...]]:
    """(entity, account, currency, day, sums, those of its entries) where they differ."""
    return tx.tuples(_Q.find_unlike_balances)


def restore_balances(tx: Transaction, keys: Sequence[tuple[Any, ...]], truths: Sequence[tuple[Any, ...]]) -> None:
    """Write days of accounts anew."""
    entities, accounts, currencies, days = zip(*keys, strict=True)
    tx.execute(_Q.delete_balances, entities=entities, accounts=accounts, currencies=currencies, days=days)
    tx.copy(_Q.balance, [(tx.merchant_id, *truth) for truth in truths])


def find_unlike_order_balances(tx: Transaction) -> list[tuple[Any, ...]]:
    """(order, balance, what the entries of its journals add up to) where they differ."""
    return tx.tuples(_Q.find_unlike_order_balances)


def delete_order_balances(tx: Transaction, order_ids: Sequence[int]) -> None:
    """Take balances of orders away."""
    if order_ids:
        tx.execute(_Q.delete_order_balances, order_ids=list(order_ids))


def find_unlike_transits(tx: Transaction) -> list[tuple[Any, ...]]:
    """(transfer, line, what is in transit, what its ledger adds up to) where they differ."""
    return tx.tuples(_Q.find_unlike_transits)


def restore_transits(tx: Transaction, truths: Sequence[tuple[Any, ...]]) -> None:
    """Make what lines (transfer, line) have in transit (quantity, value, sequence)."""
    names = ("transfer_ids", "line_nos", "quantities", "values", "sequences")
    columns = map(list, zip(*truths, strict=True))
    tx.execute(_Q.restore_transits, **dict(zip(names, columns, strict=True)))
