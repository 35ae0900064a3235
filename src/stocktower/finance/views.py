"""The books as pages and the API read them: from the trial balance down to a journal, its event and its message."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from stocktower.platform import RecordedEvent, Transaction, load_events_at

from . import store
from .model import (
    AccountBalance,
    AccountEntry,
    AccountPage,
    CustomerTotal,
    EntityTotal,
    EntryKey,
    Journal,
    JournalPage,
    OrderBalance,
    StockValue,
    TrialBalance,
    TrialBalanceRow,
    Valuation,
)

THE_END = EntryKey(date(9999, 12, 31), 0)
"""Before this stands everything."""


class JournalDetail(Struct, frozen=True):
    """A journal with the event it is of, whose `cause_id` is the message that caused it."""

    journal: Journal
    event: RecordedEvent | None


def trial_balance(tx: Transaction, as_of: date | None = None) -> TrialBalance:
    """Every account in book currency at the end of a day; None: with all that is posted."""
    currencies = store.load_known_currencies(tx)
    balances = store.sum_balances(tx, as_of or THE_END.occurred_on)
    rows = [
        _row(list(parts), currencies.get(entity, ""))
        for (entity, _), parts in groupby(balances, key=lambda item: (item.entity, item.account))
    ]
    totals = [
        EntityTotal(entity, currencies.get(entity, ""), sum(debits), sum(credits))
        for entity, debits, credits in (
            (entity, [row.debit_minor for row in rows if row.entity == entity],
             [row.credit_minor for row in rows if row.entity == entity])
            for entity in sorted({row.entity for row in rows})
        )
    ]  # fmt: skip
    return TrialBalance(as_of, tuple(rows), tuple(totals))


def _row(parts: Sequence[AccountBalance], book_currency: str) -> TrialBalanceRow:
    book = sum(part.book_minor for part in parts)
    first = parts[0]
    return TrialBalanceRow(first.entity, first.account, book_currency, max(book, 0), max(-book, 0), tuple(parts))


def load_account(
    tx: Transaction,
    entity: str,
    account: str,
    *,
    as_of: date | None = None,
    before: EntryKey | None = None,
    limit: int = 50,
) -> AccountPage:
    """A page of an account's register with the running balance in book currency, the newest entry first."""
    key = before or (THE_END if as_of is None else EntryKey(as_of + timedelta(days=1), 0))
    found = store.load_account_entries(tx, entity, account, key, limit + 1)
    closing = balance = store.sum_account_before(tx, entity, account, key)
    entries: list[AccountEntry] = []
    for entry in found[:limit]:
        entries.append(replace(entry, balance_minor=balance))
        balance -= entry.book_minor
    last = entries[-1] if len(found) > limit else None
    return AccountPage(
        entity=entity,
        account=account,
        currency=store.load_known_currencies(tx).get(entity, ""),
        entries=tuple(entries),
        closing_minor=closing,
        before=None if last is None else EntryKey(last.occurred_on, last.journal_id, last.entry_no),
    )


def load_journal(tx: Transaction, journal_id: int) -> JournalDetail | None:
    """A journal with its entries and its event; None: there is no such journal."""
    journals = store.load_journals(tx, [journal_id])
    if not journals:
        return None
    events = load_events_at(tx, [journal_id])
    return JournalDetail(journals[0], events[0] if events else None)


def find_posted(tx: Transaction, positions: Sequence[int]) -> set[int]:
    """Which events have their journal, whose id is their position."""
    return store.load_posted(tx, positions) if positions else set()


def load_journals(tx: Transaction, *, before: EntryKey | None = None, limit: int = 50) -> JournalPage:
    """A page of all journals with their entries, the newest day first."""
    found = store.load_journals_before(tx, before or THE_END, limit + 1)
    journals = tuple(found[:limit])
    more = len(found) > limit
    return JournalPage(journals, EntryKey(journals[-1].occurred_on, journals[-1].journal_id) if more else None)


def load_journals_of(tx: Transaction, subject: str, subject_id: int, *, limit: int = 100) -> list[Journal]:
    """The journals of an order or a SKU in the order of posting, with their entries."""
    return store.load_journals_of(tx, subject, subject_id, limit)


def load_order_balances(tx: Transaction, order_ids: Sequence[int]) -> dict[int, OrderBalance]:
    """What customers have paid ahead and what they owe; orders without a balance are not in the answer."""
    return store.load_order_balances(tx, order_ids)


def load_valuations(tx: Transaction, sku_ids: Sequence[int]) -> dict[int, list[Valuation]]:
    """What SKUs are worth, by SKU and then entity; those never valued are not in the answer."""
    found: dict[int, list[Valuation]] = {}
    for valuation in store.load_valuations(tx, sku_ids):
        found.setdefault(valuation.sku_id, []).append(valuation)
    return found


def load_stock_values(tx: Transaction) -> list[StockValue]:
    """What the stock of each entity is worth by its valuation, and what its inventory accounts hold."""
    return store.load_stock_values(tx)


def load_customer_totals(tx: Transaction) -> list[CustomerTotal]:
    """What the customers of each entity owe less what they paid ahead, order by order and by the accounts."""
    return store.load_customer_totals(tx)
