"""Goods that move, as plain CSV: what will come (inbound), what came (receipts), transfers, and adjustments.

Inbound: reference, sku and quantity are needed (and site); line, lot, unit, supplier, kind, expected_at, confirmed,
cost, currency. Receipts: reference, sku and quantity (and site); inbound, damaged, line, lot, expires_on, unit,
received_at, complete, bin, cost, currency. Rows of one reference and site are one document. Transfers: reference and
step; sku, quantity, damaged, lot, unit, from, to, occurred_at, expected_at, document; rows of one reference that agree
in all but the line are one step. Adjustments: sku, quantity and reason (and site); reference, status, lot, unit,
occurred_at, note, cost, currency; a row without a reference is known by its file and line. An expected day without a
time counts through its end.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from stocktower.exchange import (
    AdjustmentDocument,
    InboundDocument,
    InboundLine,
    ReceiptDocument,
    ReceiptLine,
    TransferDocument,
    TransferLine,
)

from . import grouping
from .amounts import Money, read_flag, read_quantity
from .columns import MISSING, Columns
from .dates import Instants
from .grouping import Group
from .model import Reading, Source, Unreadable
from .text import Record, fields_of

_LONGEST = 200
_DAY = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\s*")
SKU = ("sku", "item", "item code", "article", "product code")
SITE = ("site", "site code", "warehouse", "location", "facility")
UNIT = ("unit", "uom", "unit of measure")
LOT = ("lot", "batch", "lot number", "batch number")
_COST = ("cost", "unit cost", "price")
BIN = ("bin", "bin location", "shelf")


class GoodsSheet:
    """What the readers of goods have in common: columns by name, keys, fields that can be read."""

    kind = ""
    convention: bool | None = None

    def __init__(self, columns: Columns, source: Source, delimiter: str, digest: str) -> None:
        self._columns, self._source, self._delimiter, self._digest = columns, source, delimiter, digest
        self._width = columns.width + 1
        self._moneys: dict[str, Money] = {}
        self.sku = MISSING
        self.site = MISSING
        self.cost, self.currency = MISSING, MISSING
        self.date_columns: tuple[int, ...] = ()
        self.line = 0

    def begin(self, instants: Instants) -> None:
        """Take the reader of dates, which needs the whole file to be seen first."""
        self._instants = instants

    def finish(self) -> list[Reading]:
        """Nothing is gathered."""
        return []

    def keys(self) -> grouping.KeyOf:
        """What rows belong together by."""

        def key_of(record: Record) -> str:
            f = record.fields
            if record.problem:
                guess = fields_of(record, self._delimiter)
                f = [*guess, *[""] * (self._width - len(guess))]
            return self.key_of(f, record.line)

        return key_of

    def key_of(self, f: Sequence[str], line: int) -> str:
        """The key of one row."""
        raise NotImplementedError  # each kind of file says what its rows belong to

    def statements(self, group: Group) -> Group:
        """All rows of one key."""
        return [[row for run in group for row in run]]

    def _need_site(self) -> int:
        return self._columns.find(*SITE) if self._source.site else self._columns.need(*SITE)

    def _dates(self, *indexes: int) -> None:
        self.date_columns = tuple(index for index in indexes if index != MISSING)

    def _site(self, f: Sequence[str]) -> str:
        return f[self.site].strip() or self._source.site

    def _code(self, text: str, column: str, fix: str) -> str:
        text = text.strip()
        if not text or len(text) > _LONGEST:
            raise Unreadable(column, f"the row has no usable {column}", fix)
        return text

    def _at(self, text: str, column: str) -> datetime | None:
        return self._instants.read_optional(text, column)

    def _cost(self, f: Sequence[str], site: str) -> int | None:
        text = f[self.cost].strip()
        if not text:
            return None
        currency = f[self.currency].strip().upper() or self._source.site_currencies.get(site, self._source.currency)
        if not currency:
            raise Unreadable("currency", "the cost has no currency", "add a column named 'currency'")
        money = self._moneys.get(currency)
        if money is None:
            money = self._moneys[currency] = Money(currency, "currency")
        return money.read_positive(text, "cost")

    def _one(self, rows: Sequence[Record], index: int, column: str) -> str:
        """What all rows of a document agree on."""
        stated = dict.fromkeys(row.fields[index].strip() for row in rows)
        stated.pop("", None)
        if len(stated) > 1:
            raise Unreadable(
                column, f"rows of one document state {' and '.join(stated)}", f"state one {column} for all"
            )
        return next(iter(stated), "")


class PlainInbound(GoodsSheet):
    """What suppliers and workshops will deliver."""

    kind = "inbound"

    def __init__(self, columns: Columns, source: Source, delimiter: str, digest: str) -> None:
        super().__init__(columns, source, delimiter, digest)
        find, need = columns.find, columns.need
        self.reference = need("reference", "po", "po number", "purchase order", "order", "asn", "number")
        self.sku, self.site = need(*SKU), self._need_site()
        self.quantity = need("quantity", "qty", "units", "quantity ordered", "expected")
        self.of_line, self.lot, self.unit = find("line", "line number", "position"), find(*LOT), find(*UNIT)
        self.supplier, self.what = find("supplier", "vendor"), find("kind", "type")
        self.expected = find("expected_at", "expected", "expected on", "expected date", "eta", "due", "arrival", "date")
        self.confirmed = find("confirmed")
        self.cost, self.currency = find(*_COST), find("currency", "currency code")
        self._dates(self.expected)

    def key_of(self, f: Sequence[str], line: int) -> str:
        """The reference at its site."""
        return f"{f[self.reference].strip()}\t{self._site(f)}" if f[self.reference].strip() else f"\0{line}"

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """One document; raises Unreadable."""
        self.line = rows[0].line
        reference = self._code(rows[0].fields[self.reference], "reference", "name the order or advice")
        site = self._code(self._site(rows[0].fields), "site", "give it the code of its site")
        kind = self._one(rows, self.what, "kind").lower() or "purchase"
        confirmed = read_flag(self._one(rows, self.confirmed, "confirmed"), "confirmed", default=True)
        document = InboundDocument(
            reference,
            site,
            tuple(self._line(row, site) for row in rows),
            kind,
            self._one(rows, self.supplier, "supplier"),
            confirmed,
        )
        return [Reading(self.kind, site, f"{kind}/{reference}/{site}", document, len(rows), len(rows))]

    def _line(self, row: Record, site: str) -> InboundLine:
        self.line = row.line
        f = row.fields
        return InboundLine(
            sku=self._code(f[self.sku], "sku", "give it the SKU that will come"),
            quantity=read_quantity(f[self.quantity], "quantity"),
            expected_at=end_of_day(f[self.expected], self._at(f[self.expected], "expected_at")),
            line=f[self.of_line].strip(),
            lot=f[self.lot].strip(),
            unit=f[self.unit].strip(),
            cost_minor=self._cost(f, site),
            row=row.line,
        )


class PlainReceipts(GoodsSheet):
    """What sites received."""

    kind = "receipt"

    def __init__(self, columns: Columns, source: Source, delimiter: str, digest: str) -> None:
        super().__init__(columns, source, delimiter, digest)
        find, need = columns.find, columns.need
        self.reference = need("reference", "receipt", "receipt number", "delivery note", "grn", "number")
        self.sku, self.site = need(*SKU), self._need_site()
        self.quantity = need("quantity", "qty", "units", "received", "quantity received")
        self.damaged = find("damaged", "quantity damaged")
        self.inbound = find("inbound", "po", "po number", "purchase order", "order", "asn")
        self.of_line, self.lot, self.unit = find("line", "line number", "position"), find(*LOT), find(*UNIT)
        self.expires = find("expires_on", "expires", "expiry", "expiry date", "best before", "use by")
        self.bin = find(*BIN)
        self.at = find("received_at", "received on", "received date", "receipt date", "date", "at")
        self.complete = find("complete", "final", "last")
        self.cost, self.currency = find(*_COST), find("currency", "currency code")
        self._dates(self.at, self.expires)

    def key_of(self, f: Sequence[str], line: int) -> str:
        """The receipt's number at its site."""
        return f"{f[self.reference].strip()}\t{self._site(f)}" if f[self.reference].strip() else f"\0{line}"

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """One document; raises Unreadable."""
        self.line = rows[0].line
        reference = self._code(rows[0].fields[self.reference], "reference", "give the delivery its number")
        site = self._code(self._site(rows[0].fields), "site", "give it the code of its site")
        lines = tuple(self._line(row, site) for row in rows)
        document = ReceiptDocument(
            reference,
            site,
            lines,
            self._one(rows, self.inbound, "inbound"),
            self._at(self._one(rows, self.at, "received_at"), "received_at"),
            any(read_flag(row.fields[self.complete], "complete") for row in rows),
        )
        return [Reading(self.kind, site, f"{site}/{reference}", document, len(rows), len(rows))]

    def _line(self, row: Record, site: str) -> ReceiptLine:
        self.line = row.line
        f = row.fields
        damaged = f[self.damaged].strip()
        return ReceiptLine(
            sku=self._code(f[self.sku], "sku", "give it the SKU that came"),
            quantity=read_quantity(f[self.quantity], "quantity"),
            damaged=read_quantity(damaged, "damaged") if damaged else 0,
            line=f[self.of_line].strip(),
            lot=f[self.lot].strip(),
            expires_on=self._day(f[self.expires]),
            unit=f[self.unit].strip(),
            cost_minor=self._cost(f, site),
            row=row.line,
            bin=f[self.bin].strip(),
        )

    def _day(self, text: str) -> date | None:
        at = self._at(text, "expires_on")
        return None if at is None else self._instants.day_of(at)


_STEPS = {
    "ordered": "ordered", "order": "ordered", "requested": "ordered", "shipped": "shipped", "ship": "shipped",
    "dispatched": "shipped", "sent": "shipped", "arrived": "arrived", "arrive": "arrived", "received": "arrived",
    "lost": "lost", "returned": "returned", "claimed": "claimed", "closed": "closed", "complete": "closed",
    "close": "closed", "cancelled": "cancelled", "canceled": "cancelled", "cancel": "cancelled",
}  # fmt: skip
_Step = tuple[str, str, str, datetime | None, datetime | None, str]


class PlainTransfers(GoodsSheet):
    """Steps of transfers between sites."""

    kind = "transfer"

    def __init__(self, columns: Columns, source: Source, delimiter: str, digest: str) -> None:
        super().__init__(columns, source, delimiter, digest)
        find, need = columns.find, columns.need
        self.reference = need("reference", "transfer", "transfer number", "number")
        self.step = need("step", "event", "status")
        self.sku, self.quantity = find(*SKU), find("quantity", "qty", "units")
        self.damaged, self.lot, self.unit = find("damaged"), find(*LOT), find(*UNIT)
        self.origin = find("from", "from site", "origin", "source site")
        self.destination = find("to", "to site", "destination", "target site")
        self.at = find("occurred_at", "date", "at", "shipped at", "arrived at")
        self.expected = find("expected_at", "expected", "expected on", "eta")
        self.document = find("document", "delivery note", "paper")
        self._dates(self.at, self.expected)

    def key_of(self, f: Sequence[str], line: int) -> str:
        """The transfer."""
        return f[self.reference].strip() or f"\0{line}"

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """Its steps; raises Unreadable."""
        self.line = rows[0].line
        reference = self._code(rows[0].fields[self.reference], "reference", "give the transfer its number")
        steps: dict[_Step, list[Record]] = {}
        for row in rows:
            steps.setdefault(self._step(row), []).append(row)
        return [self._reading(reference, step, part) for step, part in steps.items()]

    def _step(self, row: Record) -> _Step:
        self.line = row.line
        f = row.fields
        step = _STEPS.get(f[self.step].strip().lower())
        if step is None:
            fix = f"one of {', '.join(sorted(set(_STEPS.values())))}"
            raise Unreadable("step", f"{f[self.step]!r} is not a step of a transfer", fix)
        expected = end_of_day(f[self.expected], self._at(f[self.expected], "expected_at"))
        at = self._at(f[self.at], "occurred_at")
        return step, f[self.origin].strip(), f[self.destination].strip(), at, expected, f[self.document].strip()

    def _reading(self, reference: str, stated: _Step, rows: list[Record]) -> Reading:
        step, origin, destination, at, expected, document = stated
        lines = [line for row in rows if (line := self._line(row))]
        if lines and len(lines) < len(rows):
            raise Unreadable(
                "sku", "one row states all that is outstanding, another a line of it", "state lines, or none"
            )
        found = TransferDocument(reference, step, tuple(lines), origin, destination, at, expected, document)
        # Each step is a message of its own key, so that one which waits for the order does not stand before the order.
        return Reading(self.kind, self._source.code, f"{reference}/{step}", found, len(rows), len(lines))

    def _line(self, row: Record) -> TransferLine | None:
        self.line = row.line
        f = row.fields
        sku, quantity, damaged = f[self.sku].strip(), f[self.quantity].strip(), f[self.damaged].strip()
        if not sku and not quantity:
            return None
        return TransferLine(
            sku=self._code(sku, "sku", "name the SKU, or leave SKU and quantity empty"),
            quantity=read_quantity(quantity, "quantity") if quantity or not damaged else 0,
            damaged=read_quantity(damaged, "damaged") if damaged else 0,
            lot=f[self.lot].strip(),
            unit=f[self.unit].strip(),
            row=row.line,
        )


class PlainAdjustments(GoodsSheet):
    """Changes of stock by a difference, each for a reason."""

    kind = "adjustment"

    def __init__(self, columns: Columns, source: Source, delimiter: str, digest: str) -> None:
        super().__init__(columns, source, delimiter, digest)
        find, need = columns.find, columns.need
        self.sku, self.site = need(*SKU), self._need_site()
        self.quantity = need("quantity", "qty", "delta", "difference", "units", "change")
        self.reason = need("reason", "reason code", "code")
        self.reference = find("reference", "number", "adjustment", "adjustment number")
        self.status, self.lot, self.unit = find("status", "stock status"), find(*LOT), find(*UNIT)
        self.at, self.note = find("occurred_at", "date", "at", "adjusted at"), find("note", "comment", "remark")
        self.cost, self.currency = find(*_COST), find("currency", "currency code")
        self._dates(self.at)

    def key_of(self, f: Sequence[str], line: int) -> str:
        """Each row is for itself."""
        return f"\0{line}"

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """One document a row; raises Unreadable."""
        row = rows[0]
        self.line = row.line
        f = row.fields
        site = self._code(self._site(f), "site", "give it the code of its site")
        reference = f[self.reference].strip() or f"{self._digest[:16]}/{row.line}"
        document = AdjustmentDocument(
            reference,
            site,
            self._code(f[self.sku], "sku", "give it the SKU that is adjusted"),
            read_difference(f[self.quantity]),
            self._code(f[self.reason], "reason", "give it a reason of the configuration"),
            f[self.status].strip().lower().replace(" ", "_") or "available",
            f[self.lot].strip(),
            f[self.unit].strip(),
            self._cost(f, site),
            f[self.note].strip(),
            self._at(f[self.at], "occurred_at"),
            row.line,
        )
        key = "/".join((site, reference, document.sku, document.status, document.lot)).rstrip("/")
        return [Reading(self.kind, site, key, document, 1, 1)]


Sheet = PlainInbound | PlainReceipts | PlainTransfers | PlainAdjustments
SHEETS: dict[str, Callable[[Columns, Source, str, str], Sheet]] = {
    "inbound": PlainInbound,
    "receipts": PlainReceipts,
    "transfers": PlainTransfers,
    "adjustments": PlainAdjustments,
}
"""The readers by kind of file."""


def read_difference(text: str) -> int:
    """A whole number of units that may be below zero; raises Unreadable."""
    plain = text.strip().replace("\u2212", "-")
    negative = plain.startswith("-") or (plain.startswith("(") and plain.endswith(")"))
    units = read_quantity(plain.strip("-+()"), "quantity", least=1)
    return -units if negative else units


def end_of_day(text: str, at: datetime | None) -> datetime | None:
    """A day that is stated without a time counts through its end."""
    return at + timedelta(days=1) if at is not None and _DAY.fullmatch(text) else at
