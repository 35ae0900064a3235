"""The statements of the room, one typed function each."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from stocktower.platform import Transaction, load_queries

from .model import Count, Entry, Line, PlannedLine, RowKey, Sheet

_Q = load_queries(__package__)
_astuple = msgspec.structs.astuple
T = TypeVar("T")


def take_number(tx: Transaction) -> int:
    """The next number of a sheet."""
    return tx.value(_Q.take_number)


def insert_sheet(tx: Transaction, sheet: Sheet) -> None:
    """A new sheet."""
    tx.copy(_Q.sheet, [(tx.merchant_id, *_astuple(sheet))])


def insert_lines(
    tx: Transaction, sheet_id: int, site_id: int, lines: Sequence[PlannedLine], first_no: int = 1
) -> set[int]:
    """New lines of a sheet, numbered on; says the numbers of those whose row is on no other unfinished sheet."""
    found: list[int] = tx.values(
        _Q.insert_lines,
        sheet_id=sheet_id,
        site_id=site_id,
        line_nos=list(range(first_no, first_no + len(lines))),
        sku_ids=[line.row.sku_id for line in lines],
        statuses=[line.row.status for line in lines],
        lots=[line.row.lot for line in lines],
        grades=[line.grade for line in lines],
        whys=[line.why for line in lines],
        book_quantities=[line.book_quantity for line in lines],
        costs=[line.row.cost_minor for line in lines],
        by_bins=[line.bin is not None for line in lines],
        bins=[line.bin or "" for line in lines],
        leads=[line.leads for line in lines],
    )
    return set(found)


def insert_bin_line(tx: Transaction, sheet_id: int, site_id: int, line: PlannedLine, line_no: int) -> None:
    """Another place of a row that is on the sheet, which is locked."""
    row = line.row
    tx.execute(
        _Q.insert_bin_line, sheet_id=sheet_id, line_no=line_no, site_id=site_id, sku_id=row.sku_id, status=row.status,
        lot=row.lot, grade=line.grade, why=line.why, book_quantity=line.book_quantity, cost_minor=row.cost_minor,
        bin=line.bin or "",
    )  # fmt: skip


def load_under_way(tx: Transaction, site_id: int) -> dict[RowKey, int]:
    """Rows of a site that are on an unfinished sheet -> its number."""
    return {(sku, status, lot): number for sku, status, lot, number in tx.tuples(_Q.load_under_way, site_id=site_id)}


def count_planned(tx: Transaction, site_id: int, day: date) -> tuple[int, int]:
    """(lines that a site was given on a day, lines of earlier days that are still to be counted)."""
    today, left_over = tx.tuples(_Q.count_planned, site_id=site_id, day=day)[0]
    return today, left_over


def load_last_counts(tx: Transaction, site_id: int) -> dict[RowKey, datetime]:
    """When rows of a site were last counted on a sheet."""
    return {(sku, status, lot): at for sku, status, lot, at in tx.tuples(_Q.load_last_counts, site_id=site_id)}


def find_sheet(tx: Transaction, number: int) -> Sheet | None:
    """A sheet by number."""
    return tx.fetch_one(_Q.find_sheet, Sheet, number=number)


def load_sheets_by_id(tx: Transaction, sheet_ids: Sequence[int]) -> list[Sheet]:
    """Sheets by id."""
    return tx.fetch(_Q.load_sheets_by_id, Sheet, sheet_ids=list(sheet_ids))


def share_sheet(tx: Transaction, number: int) -> Sheet | None:
    """A sheet by number, kept from being finished meanwhile."""
    return tx.fetch_one(_Q.share_sheet, Sheet, number=number)


def lock_sheet(tx: Transaction, number: int) -> Sheet | None:
    """A sheet by number, locked."""
    return tx.fetch_one(_Q.lock_sheet, Sheet, number=number)


def load_lines(tx: Transaction, sheet_id: int) -> list[Line]:
    """The lines of a sheet."""
    return tx.fetch(_Q.load_lines, Line, sheet_id=sheet_id)


def lock_lines(tx: Transaction, sheet_id: int, line_nos: Iterable[int]) -> list[Line]:
    """Lines of a sheet, locked in order."""
    return tx.fetch(_Q.lock_lines, Line, sheet_id=sheet_id, line_nos=sorted(set(line_nos)))


def load_entries(tx: Transaction, sheet_id: int) -> list[Entry]:
    """What was entered for the lines of a sheet."""
    return tx.fetch(_Q.load_entries, Entry, sheet_id=sheet_id)


def record_entries(tx: Transaction, sheet_id: int, entries: Iterable[Entry]) -> None:
    """Append entries."""
    tx.copy(_Q.entry, [(tx.merchant_id, sheet_id, *_astuple(entry)) for entry in entries])


def load_counts(tx: Transaction, sheet_id: int) -> list[Count]:
    """The counts of finished rounds."""
    return tx.fetch(_Q.load_counts, Count, sheet_id=sheet_id)


def record_counts(tx: Transaction, sheet_id: int, counts: Iterable[Count]) -> None:
    """Append the counts of a round."""
    tx.copy(_Q.count, [(tx.merchant_id, sheet_id, *_astuple(count)) for count in counts])


def change_lines(tx: Transaction, sheet_id: int, lines: Sequence[Line]) -> None:
    """Write what became of lines."""
    if lines:
        tx.execute(
            _Q.change_lines,
            sheet_id=sheet_id,
            line_nos=[line.line_no for line in lines],
            states=[line.state for line in lines],
            rounds=[line.round for line in lines],
            counteds=[line.counted for line in lines],
            expecteds=[line.expected for line in lines],
            counted_ats=[line.counted_at for line in lines],
            stock_ids=[line.stock_id for line in lines],
            moveds=[line.moved for line in lines],
        )


def change_sheet(
    tx: Transaction, sheet_id: int, state: str, *, closed_by: str | None = None, outcome: str | None = None
) -> None:
    """Write what became of a sheet; with an outcome it is closed."""
    closed_at = None if outcome is None else tx.now
    tx.execute(
        _Q.change_sheet, sheet_id=sheet_id, state=state, closed_at=closed_at, closed_by=closed_by, outcome=outcome
    )


def list_sheets(tx: Transaction, site_id: int, *, unfinished: bool, limit: int, offset: int) -> list[tuple[Any, ...]]:
    """Sheets of a site (0: all) with how far they are, the newest first."""
    return tx.tuples(_Q.list_sheets, site_id=site_id, unfinished=unfinished, limit=limit, offset=offset)


def count_sheets(tx: Transaction, site_id: int) -> tuple[int, int]:
    """(unfinished, closed) sheets of a site (0: all)."""
    unfinished, closed = tx.tuples(_Q.count_sheets, site_id=site_id)[0]
    return unfinished, closed


def load_accuracy(tx: Transaction, site_id: int, timezone: str, row: type[T]) -> list[T]:
    """How right the books were, by month and site."""
    return tx.fetch(_Q.load_accuracy, row, site_id=site_id, timezone=timezone)
