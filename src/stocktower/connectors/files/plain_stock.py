"""Stock as plain CSV: what sites hold, absolute; one row a SKU, site, status, owner, lot and bin.

Columns: site, sku and quantity are needed (site not where the source has one); status, unit, as_of, cost, currency,
owner, lot or serial, expires, made_on, bin. Rows that agree in all of these are added up where the file has a column
bin, lot or location; where it has none, a SKU that stands twice is unreadable: one of the rows could be an old one.
"""

from datetime import datetime

from stocktower.exchange import StockDocument, StockLine

from . import grouping
from .amounts import Money, read_quantity
from .columns import MISSING, Columns
from .dates import Instants
from .grouping import Group
from .model import Reading, Source, Unreadable
from .text import Record, fields_of

_LONGEST = 200
_LINES_A_PART = 2_000
_GATHERED = 20_000
_WHOLE = ("", "", "")
"""Stock that is told apart by nothing more than its status."""
_STATUS_FIX = "write lower-case letters and underscores, such as available or damaged"


class _Part:
    """Lines of one site that become one message."""

    def __init__(self) -> None:
        self.lines: list[StockLine] = []
        self.rows = 0


class PlainStock:
    """Gathers stock lines into snapshots of a site."""

    kind = "stock"
    convention: bool | None = None

    def __init__(
        self, columns: Columns, source: Source, delimiter: str, digest: str, *, opening: bool, as_of: datetime | None
    ) -> None:
        self._source, self._delimiter = source, delimiter
        self._digest = digest + ("/whole" if source.complete else "")
        self._opening, self._as_of = opening, as_of
        find, need = columns.find, columns.need
        site = ("site", "site code", "warehouse", "location code", "facility")
        self.site = find(*site) if source.site else need(*site)
        self.sku = need("sku", "item", "item code", "article", "product code")
        self.quantity = need("quantity", "qty", "on hand", "qty on hand", "stock", "units")
        self.status, self.unit = find("status", "stock status", "condition"), find("unit", "uom", "unit of measure")
        self.as_of, self.cost = find("as_of", "as of date", "snapshot at", "counted at"), find("cost", "unit cost")
        self.currency = find("currency", "currency code")
        self.owner = find("owner", "owned by")
        self.lot, self.serial = find("lot", "batch", "lot number"), find("serial", "serial number", "serial no")
        self.expires = find("expires", "expiry", "expiry date", "best before", "expires on")
        self.made_on = find("made_on", "production date", "manufactured on")
        self.bin = find("bin", "bin location", "shelf")
        self._width = columns.width + 1
        self._adds_up = find("bin", "lot", "batch", "location", "bin location") != MISSING
        told_apart_by = (self.owner, self.lot, self.serial, self.bin, self.expires, self.made_on)
        self._has_parts = any(column != MISSING for column in told_apart_by)
        self._all_lots = self.lot != MISSING or self.serial != MISSING
        dates = (self.as_of, self.expires, self.made_on)
        self.date_columns: tuple[int, ...] = tuple(column for column in dates if column != MISSING)
        self._moneys: dict[str, Money] = {}
        self._parts: dict[tuple[str, datetime | None], _Part] = {}
        self._numbers: dict[tuple[str, datetime | None], int] = {}
        self._gathered = 0
        self._unreadable = 0
        self.line = 0

    def begin(self, instants: Instants) -> None:
        """Take the reader of dates, which needs the whole file to be seen first."""
        self._instants = instants

    def keys(self) -> grouping.KeyOf:
        """What one row states the quantity of."""
        self._unreadable = 0

        def key_of(record: Record) -> str:
            f = record.fields
            if record.problem:
                self._unreadable += 1
                guess = fields_of(record, self._delimiter)
                f = [*guess, *[""] * (self._width - len(guess))]
            site = f[self.site].strip() or self._source.site
            return f"{site}\t{f[self.sku].strip()}\t{_status(f[self.status])}\t{f[self.as_of].strip()}"

        return key_of

    def statements(self, group: Group) -> Group:
        """All rows of one SKU, site and status."""
        return [[row for run in group for row in run]]

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """Gather a line; a part is given when the next one begins; raises Unreadable."""
        try:
            lines, site, as_of = self._read(rows)
        except Unreadable:
            self._unreadable += 1
            raise
        part = self._parts.get((site, as_of))
        given = [self._give(site, as_of, part)] if part is not None and len(part.lines) >= _LINES_A_PART else []
        part = self._parts.setdefault((site, as_of), _Part())
        part.lines += lines
        part.rows += len(rows)
        self._gathered += len(lines)
        if self._gathered >= _GATHERED and not self._source.complete:
            given += self.finish()
        return given

    def finish(self) -> list[Reading]:
        """The last part of each snapshot; that of a whole site says how many there are."""
        return [
            self._give(site, as_of, part, last=self._source.complete)
            for (site, as_of), part in list(self._parts.items())
        ]

    def _give(self, site: str, as_of: datetime | None, part: _Part, *, last: bool = False) -> Reading:
        number = self._numbers.get((site, as_of), 0)
        self._numbers[site, as_of] = number + 1
        del self._parts[site, as_of]
        self._gathered -= len(part.lines)
        document = StockDocument(
            site, as_of, tuple(part.lines), opening=self._opening, part=number, all_lots=self._all_lots, complete=last,
            parts=number + 1 if last else 0, statuses=self._source.statuses if last else (),
            unreadable=self._unreadable if last else 0, bins=self.bin != MISSING,
            whole=self._source.complete and not last,
        )  # fmt: skip
        at = as_of.isoformat() if as_of else self._digest
        return Reading("stock", site, f"{site}/{at}/{number}", document, part.rows, len(part.lines))

    def _read(self, rows: list[Record]) -> tuple[list[StockLine], str, datetime | None]:
        f = rows[0].fields
        self.line = rows[0].line
        site, sku = f[self.site].strip() or self._source.site, f[self.sku].strip()
        if not site or len(site) > _LONGEST:
            raise Unreadable("site", "the row has no usable site", "give it the code of its site")
        if not sku or len(sku) > _LONGEST:
            raise Unreadable("sku", "the row has no usable SKU", "give it the SKU that is held")
        status = _status(f[self.status])
        if not status.isidentifier() or len(status) > 40:
            raise Unreadable("status", f"{f[self.status]!r} is not a status", _STATUS_FIX)
        as_of = (self._instants.read_optional(f[self.as_of], "as_of") if f[self.as_of] else None) or self._as_of
        unit = f[self.unit].strip()
        if len(rows) == 1:
            return [self._line(site, sku, status, unit, self._part_of(rows[0]), rows)], site, as_of
        if any(row.fields[self.unit].strip() != unit for row in rows):
            raise Unreadable("unit", f"rows of {sku} are in different units", "state them in one unit")
        parts: dict[tuple[str, str, str], list[Record]] = {}
        for row in rows:
            parts.setdefault(self._part_of(row), []).append(row)
        return [self._line(site, sku, status, unit, part, of_part) for part, of_part in parts.items()], site, as_of

    def _part_of(self, row: Record) -> tuple[str, str, str]:
        """(owner, lot or serial number, bin) of a row."""
        if not self._has_parts:
            return _WHOLE
        self.line, f = row.line, row.fields
        lot, serial, place = f[self.lot].strip(), f[self.serial].strip(), f[self.bin].strip()
        if lot and serial and lot != serial:
            raise Unreadable("serial", "the row names a lot and a serial number", "state the one the SKU is tracked by")
        if max(len(lot), len(serial), len(place)) > _LONGEST:
            raise Unreadable(
                "lot", "lot, serial number or bin is too long to be a code", "check the columns of the row"
            )
        return f[self.owner].strip(), lot or serial, place

    def _line(
        self, site: str, sku: str, status: str, unit: str, part: tuple[str, str, str], rows: list[Record]
    ) -> StockLine:
        """One line of rows that agree in all but the quantity."""
        if len(rows) > 1 and not self._adds_up:
            self.line = rows[1].line
            lines = ", ".join(str(row.line) for row in rows[:10])
            problem = f"{sku} stands several times for {site} (lines {lines})"
            fix = "add the rows up, or give each its bin, lot or location in a column of that name"
            raise Unreadable("sku", problem, fix)
        quantity = 0
        for row in rows:
            self.line = row.line
            quantity += read_quantity(row.fields[self.quantity], "quantity")
        self.line = rows[0].line
        cost = None if self.cost == MISSING else self._cost(site, rows)
        if part is _WHOLE:
            return StockLine(sku, quantity, status, self.line, unit, cost)
        f = rows[0].fields
        owner, lot, place = part
        return StockLine(
            sku, quantity, status, self.line, unit, cost, owner=owner, lot=lot,
            expires_on=self._instants.read_date(f[self.expires], "expires"),
            made_on=self._instants.read_date(f[self.made_on], "made_on"), bin=place,
        )  # fmt: skip

    def _cost(self, site: str, rows: list[Record]) -> int | None:
        f = rows[0].fields
        stated = {row.fields[self.cost].strip() for row in rows} - {""}
        if not stated:
            return None
        if len(stated) > 1:
            raise Unreadable("cost", "rows of one SKU state different costs", "state one cost for each SKU")
        currency = f[self.currency].strip().upper() or self._source.site_currencies.get(site, self._source.currency)
        if not currency:
            raise Unreadable("currency", "the cost has no currency", "add a column named 'currency'")
        money = self._moneys.get(currency)
        if money is None:
            money = self._moneys[currency] = Money(currency, "currency")
        return money.read_positive(stated.pop(), "cost")


def _status(text: str) -> str:
    return (text.strip().lower().replace(" ", "_") if text else "") or "available"
