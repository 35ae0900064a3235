"""What an outside system believes of stock, as plain CSV: compared with ours, never applied.

Columns: sku and quantity are needed, and as_of unless the command states it; site (or location), status, unit, lot.
SKU, site and status stand in the system's own words; they are mapped when the statement is compared, so that a mapping
that is mended later counts. Rows of one SKU, site, status and lot are added up then.
"""

from datetime import datetime

from stocktower.exchange import StatementDocument, StatementLine

from . import grouping
from .amounts import read_quantity
from .columns import MISSING, Columns
from .dates import Instants
from .grouping import Group
from .model import Reading, Source, Unreadable
from .text import Record

_LONGEST = 200
_LINES_A_PART = 2_000


class PlainStatements:
    """Gathers rows into the parts of a statement, one statement for each instant."""

    kind = "statement"
    convention: bool | None = None

    def __init__(
        self, columns: Columns, source: Source, delimiter: str, digest: str, *, as_of: datetime | None
    ) -> None:
        self._source, self._as_of = source, as_of
        self._digest = digest[:32] + ("/whole" if source.complete else "")
        find, need = columns.find, columns.need
        self.sku = need("sku", "item", "item code", "article", "product code", "seller-sku", "barcode", "ean", "gtin")
        self.quantity = need("quantity", "qty", "on hand", "qty on hand", "stock", "units", "afn-warehouse-quantity")
        self.site = find("site", "site code", "warehouse", "location code", "location", "facility", "plant")
        self.status, self.unit = find("status", "stock status", "condition"), find("unit", "uom", "unit of measure")
        self.lot = find("lot", "batch", "lot number", "batch number")
        name, *synonyms = "as_of", "as of date", "snapshot at", "counted at", "date"
        fix = "add a column named 'as_of', or state --as-of: the instant that the figures are of"
        self.as_of = find(name, *synonyms) if as_of is not None else need(name, *synonyms, fix=fix)
        self.date_columns: tuple[int, ...] = () if self.as_of == MISSING else (self.as_of,)
        self._parts: dict[datetime, list[StatementLine]] = {}
        self._rows: dict[datetime, int] = {}
        self._numbers: dict[datetime, int] = {}
        self._unreadable = 0
        self.line = 0

    def begin(self, instants: Instants) -> None:
        """Take the reader of dates, which needs the whole file to be seen first."""
        self._instants = instants

    def keys(self) -> grouping.KeyOf:
        """Each row stands for itself: what belongs together is added up when all of it is mapped."""
        self._unreadable = 0

        def key_of(record: Record) -> str:
            if record.problem:
                self._unreadable += 1
            return str(record.line)

        return key_of

    def statements(self, group: Group) -> Group:
        """The row."""
        return group

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """Gather a row; a part is given when the next one begins; raises Unreadable."""
        try:
            as_of, line = self._read(rows[0])
        except Unreadable:
            self._unreadable += 1
            raise
        lines = self._parts.setdefault(as_of, [])
        given = [self._give(as_of, lines)] if len(lines) >= _LINES_A_PART else []
        self._parts.setdefault(as_of, []).append(line)
        return given

    def finish(self) -> list[Reading]:
        """The last part of each statement, which says how many there are."""
        return [self._give(as_of, lines, last=True) for as_of, lines in list(self._parts.items())]

    def _give(self, as_of: datetime, lines: list[StatementLine], *, last: bool = False) -> Reading:
        part = self._numbers.get(as_of, 0)
        self._numbers[as_of] = part + 1
        del self._parts[as_of]
        system = self._source.code
        document = StatementDocument(
            system, as_of, self._digest, tuple(lines), part, part + 1 if last else 0, self._source.complete,
            self._unreadable if last else 0,
        )  # fmt: skip
        key = f"{as_of.isoformat()}/{self._digest}/{part}"
        return Reading("statement", f"system/{system}", key, document, len(lines), len(lines))

    def _read(self, record: Record) -> tuple[datetime, StatementLine]:
        f = record.fields
        self.line = record.line
        sku = f[self.sku].strip().lstrip("'")
        if not sku or len(sku) > _LONGEST:
            raise Unreadable("sku", "the row has no usable SKU", "give it a SKU, a barcode or the channel's own code")
        words = {"site": f[self.site], "status": f[self.status], "unit": f[self.unit], "lot": f[self.lot]}
        for column, text in words.items():
            if len(text) > _LONGEST:
                raise Unreadable(column, f"the {column} is too long to be one", "check the columns of the row")
        quantity = read_quantity(f[self.quantity], "quantity", least=-(10**9))
        as_of = self._instants.read_optional(f[self.as_of], "as_of") or self._as_of
        if as_of is None:
            raise Unreadable("as_of", "the row does not say what instant it is of", "state as_of, or --as-of")
        line = StatementLine(
            words["site"].strip(), sku, quantity, words["status"].strip(), words["unit"].strip(), words["lot"].strip(),
            record.line,
        )  # fmt: skip
        return as_of, line
