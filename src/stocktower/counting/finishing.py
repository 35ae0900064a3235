"""Ends a round of a sheet: what is counted again, what waits for approval, what becomes stock; what approvers do."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from stocktower import access, catalog, inventory, ordering, worklist
from stocktower.exchange import StockDocument, StockLine
from stocktower.kernel import CaseKind
from stocktower.model import Counting, load_applied
from stocktower.network import load_network
from stocktower.platform import Transaction
from stocktower.worklist import Raise, Waiter

from . import rules, sheets, store
from .model import (
    AGREED,
    APPLIED,
    APPROVAL,
    DISPUTED,
    OPEN,
    REJECTED,
    SUPERSEDED,
    Applied,
    Correction,
    Count,
    CountItem,
    Entry,
    Finished,
    Line,
    RowKey,
    Sheet,
)
from .places import load_expected, share_out, stated_by_bin
from .sheets import CountRefused

NAMED = 5


def finish(tx: Transaction, number: int, *, by: str = "", rest_not_found: bool = False) -> Finished:
    """End the round of an open sheet: lines out of tolerance are counted again, else it is approved or applied.

    `rest_not_found`: nothing was found of the lines that are not counted, says `by`. Raises UnknownSheet, CountRefused,
    and inventory.StockMoved: run again.
    """
    by = by.strip() or tx.actor
    sheet = sheets.lock(tx, number, [OPEN])
    settings = sheets.settings_of(tx)
    lines = store.load_lines(tx, sheet.sheet_id)
    entries = store.load_entries(tx, sheet.sheet_id)
    entries += _not_found(tx, sheet, lines, entries, by, settings, allowed=rest_not_found)
    decided = _decide_round(tx, sheet, lines, entries, settings)
    store.change_lines(tx, sheet.sheet_id, decided)
    changed = {line.line_no: line for line in decided}
    lines = [changed.get(line.line_no, line) for line in lines]
    again = [line.line_no for line in lines if line.state == OPEN]
    if again:
        tx.emit(sheets.event(tx, "count.recount_asked", sheet, tx.now, {"lines": again}))
        finished = Finished(number, OPEN, len(again))
    else:
        finished = _conclude(tx, sheet, lines, settings)
    data = {"sheet": number, "by": by, "rest_not_found": rest_not_found, "state": finished.state, "recounts": again}
    access.record_act(tx, "count.finish", sheets.SUBJECT, sheet.sheet_id, data)
    return finished


def _not_found(
    tx: Transaction,
    sheet: Sheet,
    lines: Sequence[Line],
    entries: Sequence[Entry],
    by: str,
    settings: Counting,
    *,
    allowed: bool,
) -> list[Entry]:
    """Nothing was found of what is not counted, if that is said; else raises CountRefused with what is missing."""
    done = {(one.line_no, one.round) for one in entries}
    missing = [line for line in lines if line.state == OPEN and (line.line_no, line.round) not in done]
    if missing and not allowed:
        codes = [sku.code for sku in catalog.load_skus(tx, {line.sku_id for line in missing}).values()]
        more = f" and {len(codes) - NAMED} more" if len(codes) > NAMED else ""
        raise CountRefused(
            f"{len(missing):,} lines of sheet {sheet.number} are not counted: {', '.join(sorted(codes)[:NAMED])}{more}",
            field="rest_not_found",
            fix="count them, or say that nothing of them was found",
        )
    found: list[Entry] = []
    for line in missing:
        of_line = [one for one in entries if one.line_no == line.line_no]
        item = CountItem(0, line_no=line.line_no)
        same_person = settings.same_person_recounts
        _, problem = rules.decide_entry(line, of_line, item, by, same_person=same_person, after=None)
        if problem:
            raise CountRefused(f"line {line.line_no}: {problem}", field="rest_not_found")
        found.append(Entry(line.line_no, line.round, 1, 0, 0, "", tx.now, by, tx.now, tx.actor))
    store.record_entries(tx, sheet.sheet_id, found)
    return found


def _decide_round(
    tx: Transaction, sheet: Sheet, lines: Sequence[Line], entries: Sequence[Entry], settings: Counting
) -> list[Line]:
    """Write the counts of the round, and say what becomes of its lines."""
    last = {(one.line_no, one.round): one for one in entries}
    counted = [(line, last[line.line_no, line.round]) for line in lines if line.state == OPEN]
    held = load_expected(tx, sheet.site_id, [(line, entry.counted_at) for line, entry in counted])
    counts = [
        Count(line.line_no, line.round, entry.quantity, expected, entry.counted_at, entry.counted_by)
        for (line, entry), expected in zip(counted, held, strict=True)
    ]
    store.record_counts(tx, sheet.sheet_id, counts)
    earlier: dict[int, list[Count]] = {}
    for one in store.load_counts(tx, sheet.sheet_id):
        earlier.setdefault(one.line_no, []).append(one)
    decided: list[Line] = []
    for (line, _), count in zip(counted, counts, strict=True):
        of_class = rules.class_of(settings, line.grade)
        state = rules.decide_line(earlier[line.line_no], of_class, settings.recounts)
        decided.append(
            _again(line)
            if state == OPEN
            else replace(
                line, state=state, counted=count.quantity, expected=count.expected, counted_at=count.counted_at
            )
        )
    return decided


def _again(line: Line) -> Line:
    """The line, to be counted once more."""
    return replace(line, state=OPEN, round=line.round + 1, counted=None, expected=None, counted_at=None)


def _conclude(tx: Transaction, sheet: Sheet, lines: Sequence[Line], settings: Counting) -> Finished:
    """Everything is counted: it waits for approval, or becomes stock."""
    reasons = rules.decide_approval(lines, settings)
    if not reasons:
        applied = _apply(tx, sheet, lines, "applied by itself: within what may pass")
        return Finished(sheet.number, APPLIED, 0, tuple(tell(tx, applied)))
    store.change_sheet(tx, sheet.sheet_id, APPROVAL)
    words = tuple(f"{reason}: {_lines(line_nos)}" for reason, line_nos in reasons)
    tx.emit(sheets.event(tx, "count.approval_asked", sheet, tx.now, {"reasons": words}))
    worklist.raise_cases(tx, load_applied(tx).configuration, [_case(tx, sheet, lines, words)])
    return Finished(sheet.number, APPROVAL, 0, words)


def _lines(line_nos: Sequence[int]) -> str:
    named = ", ".join(map(str, line_nos[:NAMED]))
    more = f" and {len(line_nos) - NAMED} more" if len(line_nos) > NAMED else ""
    return f"{'line' if len(line_nos) == 1 else 'lines'} {named}{more}"


def cause_key(sheet_id: int) -> str:
    """What identifies the case of a sheet."""
    return f"count/{sheet_id}"


def _case(tx: Transaction, sheet: Sheet, lines: Sequence[Line], reasons: Sequence[str]) -> Raise:
    site = load_network(tx).sites[sheet.site_id]
    differing = [line for line in lines if line.difference]
    counted_by = sorted({one.counted_by for one in store.load_counts(tx, sheet.sheet_id)})
    return Raise(
        kind=CaseKind.COUNT_APPROVAL,
        cause_key=cause_key(sheet.sheet_id),
        title=f"Sheet {sheet.number} of {site.code} differs in {len(differing)} of {len(lines)} lines",
        data={
            "site": site.code,
            "sheet": sheet.number,
            "sheet_id": sheet.sheet_id,
            "reasons": "; ".join(reasons),
            "lines": len(lines),
            "differing": len(differing),
            "net_minor": sum(line.difference_minor for line in lines),
            "absolute_minor": sum(abs(line.difference_minor) for line in lines),
            "counted_by": ", ".join(counted_by),
        },
        waiters=(
            Waiter("count", sheet.sheet_id, sum(abs(line.difference) for line in lines),
                   sum(abs(line.difference_minor) for line in lines)),
        ),
    )  # fmt: skip


def approve(tx: Transaction, number: int, *, by: str = "") -> Applied:
    """Make stock what a sheet says, with all of its lines. Who counted may not approve.

    Raises UnknownSheet, CountRefused, and inventory.StockMoved: run again.
    """
    by = by.strip() or tx.actor
    sheet = sheets.lock(tx, number, [APPROVAL])
    if by in {one.counted_by for one in store.load_entries(tx, sheet.sheet_id)}:
        raise CountRefused(f"{by} counted on sheet {number}", field="by", fix="another person has to approve it")
    applied = _apply(tx, sheet, store.load_lines(tx, sheet.sheet_id), f"approved by {by}")
    worklist.close_by_cause(tx, CaseKind.COUNT_APPROVAL, [cause_key(sheet.sheet_id)], f"approved by {by}")
    return applied


def recount(tx: Transaction, number: int, *, by: str = "") -> list[int]:
    """Have the lines that made a sheet wait counted again by somebody who has not yet; gives their numbers."""
    by = by.strip() or tx.actor
    sheet = sheets.lock(tx, number, [APPROVAL])
    lines = store.load_lines(tx, sheet.sheet_id)
    reasons = rules.decide_approval(lines, sheets.settings_of(tx))
    # What may pass can have been set anew since: then all that differs is looked at again.
    doubtful = {line_no for _, line_nos in reasons for line_no in line_nos}
    doubtful = doubtful or {line.line_no for line in lines if line.difference or line.state == DISPUTED}
    again = [_again(line) for line in lines if line.line_no in doubtful]
    store.change_lines(tx, sheet.sheet_id, again)
    store.change_sheet(tx, sheet.sheet_id, OPEN)
    numbers = [line.line_no for line in again]
    tx.emit(sheets.event(tx, "count.recount_asked", sheet, tx.now, {"lines": numbers}))
    outcome = f"to be counted again, asked by {by}"
    worklist.close_by_cause(tx, CaseKind.COUNT_APPROVAL, [cause_key(sheet.sheet_id)], outcome)
    return numbers


def reject(tx: Transaction, number: int, reason: str, *, by: str = "") -> int:
    """Close an unfinished sheet without any effect; gives how many lines it had. Raises UnknownSheet, CountRefused.

    One that waits for approval is rejected by the act on its case, which has its own record; else see drop.
    """
    by = by.strip() or tx.actor
    sheet = sheets.lock(tx, number, [OPEN, APPROVAL])
    lines = store.load_lines(tx, sheet.sheet_id)
    outcome = f"rejected by {by}" + (f": {reason.strip()}" if reason.strip() else "")
    store.change_lines(tx, sheet.sheet_id, [replace(line, state=REJECTED) for line in lines])
    store.change_sheet(tx, sheet.sheet_id, REJECTED, closed_by=by, outcome=outcome)
    tx.emit(sheets.event(tx, "count.rejected", sheet, tx.now, {"reason": reason.strip()}))
    worklist.close_by_cause(tx, CaseKind.COUNT_APPROVAL, [cause_key(sheet.sheet_id)], outcome)
    return len(lines)


def drop(tx: Transaction, number: int, reason: str) -> int:
    """Close a sheet that is being counted, without any effect; gives how many lines it had."""
    sheet = sheets.lock(tx, number, [OPEN])
    lines = reject(tx, number, reason)
    data = {"sheet": number, "reason": reason.strip()}
    access.record_act(tx, "count.reject", sheets.SUBJECT, sheet.sheet_id, data)
    return lines


def _apply(tx: Transaction, sheet: Sheet, lines: Sequence[Line], outcome: str) -> Applied:
    """Give what was counted to ordering as what the site held at the instants of the lines, in the same transaction.

    A row that was counted bin by bin is what its places add up to, as of its last line. A row that somebody counted at
    a later instant keeps that count: its lines are superseded.
    """
    site = sheets.site_of_sheet(load_network(tx), sheet)
    standing = [line for line in lines if line.state in (AGREED, DISPUTED)]
    codes = {sku_id: sku.code for sku_id, sku in catalog.load_skus(tx, {line.sku_id for line in standing}).items()}
    rows: dict[RowKey, list[Line]] = {}
    for line in standing:
        rows.setdefault(line.key, []).append(line)
    stated = [
        StockLine(
            sku=codes[line.sku_id],
            quantity=line.counted or 0,
            status=line.status,
            row=line.line_no,
            as_of=line.counted_at,
            lot=line.lot,
        )
        for line in standing
        if not line.by_bin
    ]
    stated += stated_by_bin(tx, site.site_id, [of_row for of_row in rows.values() if of_row[0].by_bin], codes)
    result = ordering.take_count(tx, StockDocument(site.code, tx.now, tuple(stated)), 0, sheet_id=sheet.sheet_id)
    if result.refused:
        first = result.refused[0]
        raise CountRefused(f"line {first.row}, {first.sku}: {first.problem}", field="sheet", fix="reject the sheet")
    taken = {one.row: one for one in result.taken}
    done: list[Line] = []
    for of_row in rows.values():
        one = next((taken[line.line_no] for line in of_row if line.line_no in taken), None)
        if one is None:
            done += [replace(line, state=SUPERSEDED) for line in of_row]
            continue
        parts = share_out(of_row, one.delta)
        done += [
            replace(line, state=APPLIED, stock_id=one.stock_id, moved=parts[line.line_no]) for line in of_row
        ]  # fmt: skip
    done.sort(key=lambda line: line.line_no)
    store.change_lines(tx, sheet.sheet_id, done)
    store.change_sheet(tx, sheet.sheet_id, APPLIED, closed_by=tx.actor, outcome=outcome)
    applied = Applied(
        corrections=tuple(
            Correction(line, line.stock_id or 0, line.moved or 0) for line in done if line.state == APPLIED
        ),
        superseded=tuple(line.line_no for line in done if line.state == SUPERSEDED),
        cuts=tuple((cut.order_id, cut.sold_units) for cut in result.cuts if cut.kind != inventory.HOLD),
        missing=sum(one.units for one in result.shortfalls),
    )
    data = {
        "lines": len(done),
        "right": sum(1 for line in done if not line.difference),
        "moved": sum(one.moved for one in applied.corrections),
        "superseded": applied.superseded,
        "outcome": outcome,
    }
    tx.emit(sheets.event(tx, "count.applied", sheet, tx.now, msgspec.to_builtins(data)))
    return applied


def _place(line: Line) -> str:
    return "" if not line.by_bin else f" in {line.bin}" if line.bin else " in no bin"


def tell(tx: Transaction, applied: Applied) -> list[str]:
    """What applying a sheet did, one sentence each."""
    moved = [one for one in applied.corrections if one.moved]
    skus = catalog.load_skus(tx, {one.line.sku_id for one in moved})
    notes = [
        f"{skus[one.line.sku_id].code}{_place(one.line)}: {one.line.counted:,} counted, "
        f"{one.line.expected:,} expected; stock changes by {one.moved:+,}"
        for one in moved
    ]
    right = len(applied.corrections) - len(moved)
    if right:
        notes.append(f"{right:,} {'line is' if right == 1 else 'lines are'} as the books say")
    if applied.superseded:
        notes.append(f"{_lines(applied.superseded)} left out: the row was counted again later")
    if applied.cuts:
        units, orders = sum(units for _, units in applied.cuts), len({order_id for order_id, _ in applied.cuts})
        notes.append(f"{units:,} sold units of {orders:,} orders go back to waiting")
    if applied.missing:
        notes.append(f"{applied.missing:,} units are released to orders and not there: a case says where")
    return notes
