"""The books: trial balance and journals."""

from datetime import date
from typing import Annotated

import msgspec
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter

from stocktower import access, finance
from stocktower.web.desk import AtDesk
from stocktower.web.pages.books import read_key, write_key


class JournalList(msgspec.Struct, frozen=True):
    """A page of journals, the newest day first; `next` is given as `before` for the following page."""

    journals: tuple[finance.Journal, ...]
    next: str


@get("/api/v1/trial-balance", sync_to_thread=True, tags=["Books"])
def trial_balance(
    desk: AtDesk,
    as_of: Annotated[date | None, QueryParameter(description="At the end of this day; nothing: now.")] = None,
) -> finance.TrialBalance:
    """Every account by legal entity, in its book currency and by currency of the transactions."""
    desk.require(access.Permission.READ_BOOKS)
    with desk.reading() as tx:
        return finance.trial_balance(tx, as_of)


@get("/api/v1/journals", sync_to_thread=True, tags=["Books"])
def list_journals(
    desk: AtDesk,
    before: Annotated[str, QueryParameter(description="`next` of the page before.")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
) -> JournalList:
    """Journals with their entries; a journal's id is the position of its event."""
    desk.require(access.Permission.READ_BOOKS)
    with desk.reading() as tx:
        page = finance.load_journals(tx, before=read_key(before), limit=limit)
        return JournalList(page.journals, write_key(page.before))


@get("/api/v1/journals/{journal_id:int}", sync_to_thread=True, tags=["Books"])
def get_journal(desk: AtDesk, journal_id: FromPath[int]) -> finance.Journal:
    """One journal."""
    desk.require(access.Permission.READ_BOOKS)
    with desk.reading() as tx:
        detail = finance.load_journal(tx, journal_id)
    if detail is None:
        raise NotFoundException(f"There is no journal {journal_id}.")
    return detail.journal
