"""The journals as a Beancount file: streamed, with the position of each event, and clean under `bean-check`."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from stocktower.kernel import exponent
from stocktower.model import Configuration
from stocktower.platform import Transaction

from . import store
from .model import Entry, EntryKey, Journal

_ROOTS = ("Assets", "Liabilities", "Equity", "Income", "Expenses")
_JOURNALS_A_RUN = 2000
_THE_BEGINNING = EntryKey(date(1, 1, 1), 0)


def export_beancount(tx: Transaction, configuration: Configuration) -> Iterator[str]:
    """Lines of a Beancount file with every journal; an entity is the second part of each account's name."""
    opened = store.load_opened_accounts(tx)
    names: dict[tuple[str, str], str] = {}
    for entity, account, _, _ in opened:
        names[entity, account] = _unused(account_name(entity, account), set(names.values()))
    book = store.load_known_currencies(tx)
    yield f'option "title" {_text(configuration.merchant.name)}\n'
    for currency in sorted(set(book.values())):
        yield f'option "operating_currency" "{currency}"\n'
    yield "\n"
    since = min((day for _, _, day, _ in opened), default=_THE_BEGINNING.occurred_on)
    for currency in sorted(
        {currency for _, _, _, currencies in opened for currency in currencies} | set(book.values())
    ):
        yield f"{since.isoformat()} commodity {currency}\n"
    for entity, account, day, _ in opened:
        yield f"{day.isoformat()} open {names[entity, account]}\n"
        yield f"  entity: {_text(entity)}\n  account: {_text(account)}\n"
    for journal in _all_journals(tx):
        yield _transaction(journal, names, book)


def _all_journals(tx: Transaction) -> Iterator[Journal]:
    after = _THE_BEGINNING
    while run := store.load_journals_after(tx, after, _JOURNALS_A_RUN):
        yield from run
        after = EntryKey(run[-1].occurred_on, run[-1].journal_id)


def _transaction(journal: Journal, names: dict[tuple[str, str], str], book: dict[str, str]) -> str:
    lines = [
        f"\n{journal.occurred_on.isoformat()} * {_text(journal.description)}\n"
        f"  position: {journal.journal_id}\n  event: {_text(journal.event_kind)}\n"
        f"  subject: {_text(f'{journal.subject}/{journal.subject_id}')}\n"
    ]
    lines += [
        f"  {names[entry.entity, entry.account]}  {_amount(entry, book[entry.entity])}\n" for entry in journal.entries
    ]
    return "".join(lines)


def _amount(entry: Entry, book_currency: str) -> str:
    """The amount of an entry; in another currency than the books', with its whole price in theirs."""
    if entry.currency == book_currency or not entry.amount_minor:
        return f"{decimal_text(entry.book_minor, book_currency)} {book_currency}"
    amount = f"{decimal_text(entry.amount_minor, entry.currency)} {entry.currency}"
    return f"{amount} @@ {decimal_text(abs(entry.book_minor), book_currency)} {book_currency}"


def decimal_text(minor: int, currency: str) -> str:
    """An amount with the digits of its currency and no grouping."""
    return f"{Decimal(minor).scaleb(-exponent(currency)):f}"


def account_name(entity: str, account: str) -> str:
    """A valid Beancount account: a known root, the entity, then the parts of the account's name."""
    parts = [part for part in account.split(":") if part.strip()]
    root = parts[0] if parts and parts[0] in _ROOTS else "Equity"
    rest = parts[1:] if parts and parts[0] in _ROOTS else parts
    return ":".join([root, _component(entity), *map(_component, rest)])


def _component(text: str) -> str:
    """A part of an account's name: letters, digits and hyphens, beginning with a capital letter or a digit."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-") or "X"
    return plain[0].upper() + plain[1:]


def _unused(name: str, taken: set[str]) -> str:
    """The name itself, or with a number where another account came to the same one."""
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate


def _text(text: str) -> str:
    """A Beancount string on one line."""
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
