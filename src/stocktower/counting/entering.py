"""Takes what counters say, line by line or many at once; each is written, repeated, corrected or refused alone."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from stocktower import access, catalog, inventory
from stocktower.inventory import views as ledger
from stocktower.network import load_network
from stocktower.platform import Transaction

from . import rules, sheets, store
from .model import OPEN, CountItem, Entered, Entry, Line, PlannedLine, RowFacts, Sheet
from .places import IN_NO_BIN, load_expected
from .planning import found_lines
from .sheets import CountRefused

LARGEST = 1_000_000_000
LONGEST_BIN = 100


def enter(
    tx: Transaction, number: int, items: Sequence[CountItem], *, by: str = "", after: int | None = None
) -> list[Entered]:
    """Write what a counter says into an open sheet; one result an item, refused ones say why. Raises CountRefused.

    `by`: who counted, where somebody else writes it down. `after`: see rules.decide_entry.
    """
    by = by.strip() or tx.actor
    finds = any(item.found for item in items)
    sheet = sheets.lock(tx, number, [OPEN]) if finds else sheets.share(tx, number)
    desk = _Desk(tx, sheet, items)
    results = [desk.place(item) for item in items]
    desk.take_lines([line_no for line_no in results if isinstance(line_no, int)])
    answers = [
        desk.write(place, item, by, after) if isinstance(place, int) else place
        for place, item in zip(results, items, strict=True)
    ]
    store.record_entries(tx, sheet.sheet_id, desk.entries)
    written = [one for one in answers if one.outcome in ("new", "corrected")]
    if written:
        data = {"sheet": number, "by": by, "lines": [[one.line_no, one.quantity, one.outcome] for one in written]}
        access.record_act(tx, "count.enter", sheets.SUBJECT, sheet.sheet_id, data)
    return answers


class _Desk:
    """One call: the sheet, what is named, and what is written."""

    def __init__(self, tx: Transaction, sheet: Sheet, items: Sequence[CountItem]) -> None:
        self._tx = tx
        self._sheet = sheet
        self._site = sheets.site_of_sheet(load_network(tx), sheet)
        self._lines = {line.line_no: line for line in store.load_lines(tx, sheet.sheet_id)}
        self._named = sheets.find_items(tx, [item.sku for item in items])
        ids = {line.sku_id for line in self._lines.values()} | {sku.sku_id for sku in self._named.values()}
        self._skus = catalog.load_skus(tx, ids)
        self._units = catalog.load_units(tx, ids)
        self._same_person = sheets.settings_of(tx).same_person_recounts
        self._written: dict[int, list[Entry]] = {}
        self.entries: list[Entry] = []

    def place(self, item: CountItem) -> int | Entered:
        """The line that an item is about, made where something was found; or why there is none."""
        try:
            return self._line_of(item)
        except CountRefused as refusal:
            return _refused(item, refusal.problem, refusal.field, refusal.fix)

    def _line_of(self, item: CountItem) -> int:
        if item.line_no:
            if item.line_no not in self._lines:
                raise CountRefused(f"the sheet has no line {item.line_no}", field="line", fix="open the sheet again")
            return item.line_no
        sku = self._named.get(item.sku)
        if sku is None:
            words = f"{item.sku} is no SKU and no barcode" if item.sku else "no SKU is named"
            raise CountRefused(words, field="sku", fix="name it by its code or barcode")
        of_sku = [line for line in self._lines.values() if line.sku_id == sku.sku_id]
        lines = [line for line in of_sku if line.lot == item.lot]
        if not lines and not item.lot and not item.found:
            # Without a lot the only one on the sheet is meant.
            lines = of_sku if len({line.lot for line in of_sku}) == 1 else []
            if not lines and of_sku:
                named = ", ".join(line.lot for line in of_sku)
                raise CountRefused(f"{sku.code} has several lots", field="lot", fix=f"name one of {named}")
        of_status = [line for line in lines if line.status == (item.status or inventory.AVAILABLE)]
        if not of_status and not item.status and len({line.status for line in lines}) == 1:
            of_status = lines
        if of_status:
            return _in_place(sku, of_status, item) or self._add_place(of_status[0], item)
        if lines and not item.status:
            statuses = ", ".join(sorted({line.status for line in lines}))
            raise CountRefused(f"{sku.code} has several lines", field="status", fix=f"name one of {statuses}")
        if not item.found:
            raise CountRefused(f"{sku.code} is not on the sheet", field="found", fix="say that it was found")
        return self._add(sku, item)

    def _add(self, sku: catalog.Sku, item: CountItem) -> int:
        status = item.status or inventory.AVAILABLE
        statuses = sheets.statuses_of(self._tx)
        if status not in statuses:
            raise CountRefused(f"{status} is no status of a shelf", field="status", fix=f"one of {', '.join(statuses)}")
        if (sku.tracking != "none") != bool(item.lot):
            words, fix = (
                ("has no lots", "leave it out") if item.lot else ("is tracked", "name its lot or serial number")
            )
            raise CountRefused(f"{sku.code} {words}", field="lot", fix=fix)
        if item.bin and not self._site.bins:
            raise CountRefused(f"{self._site.code} keeps no bins", field="bin", fix="leave it out")
        _check_bin(item)
        sheets.check_countable(sku)
        self._quantity(sku.sku_id, item)
        first = max(self._lines, default=0) + 1
        lines = found_lines(self._tx, self._site, sku, status, item.lot, item.bin)
        numbers = store.insert_lines(self._tx, self._sheet.sheet_id, self._site.site_id, lines, first)
        if not numbers:
            other = store.load_under_way(self._tx, self._site.site_id).get(lines[0].row.key)
            raise CountRefused(f"{sku.code} is on sheet {other}", field="sku", fix="count it there")
        self._lines |= {line.line_no: line for line in store.lock_lines(self._tx, self._sheet.sheet_id, numbers)}
        wanted = (item.bin or IN_NO_BIN) if self._site.bins else None
        return first + next(place for place, line in enumerate(lines) if line.bin == wanted)

    def _add_place(self, known: Line, item: CountItem) -> int:
        """Another bin that a row of the sheet was found in."""
        _check_bin(item)
        self._quantity(known.sku_id, item)
        line_no = max(self._lines) + 1
        row = RowFacts(
            known.sku_id, known.status, known.lot, 0, 0, known.cost_minor, 0, None, None, None, None
        )  # fmt: skip
        line = replace(known, line_no=line_no, state=OPEN, round=1, by_bin=True, bin=item.bin or IN_NO_BIN, leads=False)
        (held,) = load_expected(self._tx, self._site.site_id, [(line, self._tx.now)])
        planned = PlannedLine(row, known.grade, "found", item.bin or IN_NO_BIN, held, leads=False)
        store.insert_bin_line(self._tx, self._sheet.sheet_id, self._site.site_id, planned, line_no)
        (made,) = store.lock_lines(self._tx, self._sheet.sheet_id, [line_no])
        self._lines[line_no] = made
        return line_no

    def take_lines(self, line_nos: Sequence[int]) -> None:
        """Lock the lines that are written, and read what is on them by now."""
        if line_nos:
            for line in store.lock_lines(self._tx, self._sheet.sheet_id, line_nos):
                self._lines[line.line_no] = line
            for entry in store.load_entries(self._tx, self._sheet.sheet_id):
                self._written.setdefault(entry.line_no, []).append(entry)

    def write(self, line_no: int, item: CountItem, by: str, after: int | None) -> Entered:
        """Write one item to its line, or say why not."""
        line = self._lines[line_no]
        before = self._written.setdefault(line_no, [])
        try:
            quantity = self._quantity(line.sku_id, item)
            self._check_time(item)
        except CountRefused as refusal:
            return _refused(item, refusal.problem, refusal.field, refusal.fix, line_no)
        outcome, problem = rules.decide_entry(line, before, item, by, same_person=self._same_person, after=after)
        if problem:
            return _refused(item, problem, "line", "", line_no)
        if outcome != "repeated":
            entry = self._entry(line, before, item, quantity, by)
            before.append(entry)
            self.entries.append(entry)
        return Entered(line_no, self._skus[line.sku_id].code, quantity, outcome)

    def _entry(self, line: Line, before: Sequence[Entry], item: CountItem, quantity: int, by: str) -> Entry:
        tx = self._tx
        sequence = max((one.sequence for one in before if one.round == line.round), default=0) + 1
        at = item.counted_at or tx.now
        return Entry(
            line.line_no, line.round, sequence, quantity, item.quantity, item.unit, at, by, tx.now, tx.actor
        )  # fmt: skip

    def _quantity(self, sku_id: int, item: CountItem) -> int:
        """What was stated, in stock units; raises CountRefused."""
        sku = self._skus[sku_id]
        factor = unit_factor(sku, self._units.get(sku_id, {}), item.unit)
        if not 0 <= item.quantity <= LARGEST:
            raise CountRefused(f"{item.quantity} of {sku.code}", field="quantity", fix="state a whole number from 0")
        if sku.tracking == "serial" and item.quantity * factor > 1:
            raise CountRefused(f"a serial number of {sku.code} is one piece", field="quantity", fix="state 0 or 1")
        return item.quantity * factor

    def _check_time(self, item: CountItem) -> None:
        at, sheet = item.counted_at, self._sheet
        if at is None:
            return
        if at.tzinfo is None:
            raise CountRefused("the instant has no offset", field="counted_at", fix="2026-06-01T09:30:00-04:00")
        if not sheet.created_at <= at <= self._tx.now:
            raise CountRefused(
                f"counted at {at:%Y-%m-%d %H:%M %Z}",
                field="counted_at",
                fix="state when it was counted: after the sheet was made, and not later than now",
            )


def _in_place(sku: catalog.Sku, lines: Sequence[Line], item: CountItem) -> int | None:
    """The line of a row for the place that is named, None where it was found in another bin; raises CountRefused."""
    if not lines[0].by_bin:
        if item.bin:
            raise CountRefused(f"{sku.code} is counted as a whole", field="bin", fix="leave it out")
        return lines[0].line_no
    if item.bin is None:
        if len(lines) == 1 and not item.found:
            return lines[0].line_no
        places = ", ".join(line.bin or "nothing for what lies in none" for line in lines)
        raise CountRefused(f"{sku.code} is counted bin by bin", field="bin", fix=f"name one of {places}")
    same = next((line.line_no for line in lines if line.bin == item.bin), None)
    if same is None and not item.found:
        where = f"in {item.bin}" if item.bin else "in no bin"
        raise CountRefused(f"{sku.code} {where} is not on the sheet", field="found", fix="say that it was found")
    return same


def _check_bin(item: CountItem) -> None:
    if item.bin and len(item.bin) > LONGEST_BIN:
        raise CountRefused(f"{item.bin[:20]}... is too long to be the code of a bin", field="bin", fix="name the bin")
    if item.bin == ledger.FETCHED:
        fix = "leave the bin empty: what is picked lies in none"
        raise CountRefused(f"{item.bin} is no bin", field="bin", fix=fix)


def unit_factor(sku: catalog.Sku, units: Mapping[str, int], unit: str) -> int:
    """Stock units in a unit that a counter may use; raises CountRefused."""
    if unit in ("", sku.stock_unit):
        return 1
    if unit not in units:
        known = ", ".join([sku.stock_unit, *sorted(units)])
        raise CountRefused(f"{unit} is not a unit of {sku.code}", field="unit", fix=f"use one of {known}")
    return units[unit]


def _refused(item: CountItem, problem: str, field: str, fix: str, line_no: int = 0) -> Entered:
    return Entered(line_no or item.line_no, item.sku, item.quantity, "refused", problem, field, fix)
