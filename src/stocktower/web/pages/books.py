"""Books: from the trial balance down to an account, a journal, its event and the message that caused it."""

from datetime import date
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import FromPath, FromQuery

from stocktower import access, catalog, finance, insight
from stocktower.inventory import views as ledger
from stocktower.platform import Transaction
from stocktower.web import labels
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.pages.sku import write_place


def read_date(text: str) -> date | None:
    """The day that a page is as of; nothing: now."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValidationException(f"as_of={text} is not a date; write it like 2026-06-08") from None


def read_key(text: str) -> finance.EntryKey | None:
    """Where a page of a register begins, as it stands in the URL: 2026-06-08.1234.2."""
    if not text:
        return None
    try:
        day, journal_id, entry_no = text.split(".")
        return finance.EntryKey(date.fromisoformat(day), int(journal_id), int(entry_no))
    except ValueError:
        raise ValidationException(f"before={text} is no place in a register") from None


def write_key(key: finance.EntryKey | None) -> str:
    """The place in a register for a URL."""
    return f"{key.occurred_on.isoformat()}.{key.journal_id}.{key.entry_no}" if key else ""


@get("/books", sync_to_thread=True)
def trial_balance_page(desk: AtDesk, as_of: FromQuery[str] = "") -> Response[str]:
    """The trial balance, now or at the end of a day."""
    desk.require(access.Permission.READ_BOOKS)
    day = read_date(as_of)
    with desk.reading() as tx:
        return desk.show(tx, "books.html", title="Trial balance", balance=finance.trial_balance(tx, day), as_of=as_of)


@get("/books/accounts/{entity:str}/{account:str}", sync_to_thread=True)
def account_page(
    desk: AtDesk,
    entity: FromPath[str],
    account: FromPath[str],
    as_of: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> Response[str]:
    """The register of an account, the newest entry first, with its running balance."""
    desk.require(access.Permission.READ_BOOKS)
    day = read_date(as_of)
    with desk.reading() as tx:
        page = finance.load_account(tx, entity, account, as_of=day, before=read_key(before))
        if not page.currency:
            raise NotFoundException(f"{entity} has no account {account}.")
        skus = catalog.load_skus(tx, {entry.sku_id for entry in page.entries if entry.sku_id is not None})
        subjects = {(entry.subject, entry.subject_id) for entry in page.entries}
        return desk.show(
            tx, "account.html", title=account, page=page, as_of=as_of, next_key=write_key(page.before), skus=skus,
            subjects=labels.of_subjects(tx, desk.network(tx), subjects), is_first=not before,
        )  # fmt: skip


@get("/books/journals", sync_to_thread=True)
def journals_page(desk: AtDesk, as_of: FromQuery[str] = "", before: FromQuery[str] = "") -> Response[str]:
    """All journals, the newest day first."""
    desk.require(access.Permission.READ_BOOKS)
    key = read_key(before)
    day = read_date(as_of)
    if key is None and day is not None:
        key = finance.EntryKey(date.fromordinal(day.toordinal() + 1), 0)
    with desk.reading() as tx:
        page = finance.load_journals(tx, before=key)
        subjects = {(journal.subject, journal.subject_id) for journal in page.journals}
        return desk.show(
            tx, "journals.html", title="Journals", page=page, as_of=as_of, next_key=write_key(page.before),
            subjects=labels.of_subjects(tx, desk.network(tx), subjects), is_first=not before,
        )  # fmt: skip


@get("/books/journals/{journal_id:int}", sync_to_thread=True)
def journal_page(desk: AtDesk, journal_id: FromPath[int]) -> Response[str]:
    """One journal: its entries, the event it is of, and the message that caused it."""
    desk.require(access.Permission.READ_BOOKS)
    with desk.reading() as tx:
        detail = finance.load_journal(tx, journal_id)
        if detail is None:
            raise NotFoundException(f"There is no journal {journal_id}.")
        journal = detail.journal
        skus = catalog.load_skus(tx, {entry.sku_id for entry in journal.entries if entry.sku_id is not None})
        currencies = {row.entity: row.book_currency for row in finance.trial_balance(tx).rows}
        subjects = labels.of_subjects(tx, desk.network(tx), {(journal.subject, journal.subject_id)})
        return desk.show(
            tx, "journal.html", title=f"Journal {journal_id}", journal=journal, event=detail.event, skus=skus,
            currencies=currencies, subjects=subjects, moves=moves_of(desk, tx, detail),
        )  # fmt: skip


class MoveRow(msgspec.Struct, frozen=True):
    """A move that a journal is of, and its place in the history of its row."""

    sku: str
    entry: insight.HistoryEntry
    href: str


def moves_of(desk: Desk, tx: Transaction, detail: finance.JournalDetail) -> list[MoveRow]:
    """The moves of stock that the event of a journal tells of."""
    entries = insight.load_moves_of(tx, detail.event) if detail.event else []
    rows = ledger.load_rows_by_id(tx, sorted({one.stock_id for one in entries}))
    codes = {sku_id: sku.code for sku_id, sku in catalog.load_skus(tx, {row.sku_id for row in rows.values()}).items()}
    named = insight.name_entries(tx, desk.network(tx), rows, entries, address=labels.address)
    made: list[MoveRow] = []
    for entry, one in zip(entries, named, strict=True):
        code = codes[rows[entry.stock_id].sku_id]
        place = write_place(ledger.HistoryKey(entry.recorded_at, entry.stock_id, entry.sequence + 1))
        href = f"{labels.history_href(code, entry.stock_id)}&{urlencode({'before': place})}"
        made.append(MoveRow(code, one, href))
    return made
