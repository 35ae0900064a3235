"""What sites report of orders, as plain CSV: one row a line of a shipment.

Columns: order and occurred_at are needed; event (acknowledged, picked, short_picked, packed or shipped, which is the
default), sku or line, quantity (without both: all that is outstanding), lot or serial, bin, site, carrier, tracking.
Rows of one order that agree in all but the line, its lot and its bin are one confirmation. A confirmation is known by
what it says: two equal partial shipments need different tracking numbers or times, or the second is a repetition.
"""

from datetime import datetime

from stocktower.exchange import ConfirmationDocument, ConfirmationLine

from . import grouping
from .amounts import read_quantity
from .columns import Columns
from .dates import Instants
from .grouping import Group
from .model import Reading, Source, Unreadable
from .text import Record, fields_of

_LONGEST = 200
_KINDS = {
    "": "shipped", "shipped": "shipped", "ship": "shipped", "dispatched": "shipped", "fulfilled": "shipped",
    "acknowledged": "acknowledged", "accepted": "acknowledged", "received": "acknowledged", "picked": "picked",
    "short picked": "short_picked", "short pick": "short_picked", "short": "short_picked", "packed": "packed",
}  # fmt: skip

_Event = tuple[str, str, str, str, datetime]


class PlainShipments:
    """Translates the rows of one order into confirmations."""

    kind = "confirmation"
    convention: bool | None = None

    def __init__(self, columns: Columns, source: Source, delimiter: str) -> None:
        self._source, self._delimiter = source, delimiter
        find, need = columns.find, columns.need
        self.order = need("order", "order number", "order no", "order id", "order ref", "number")
        self.at = need("occurred_at", "shipped at", "ship date", "shipped on", "date", "at", "time")
        self.event = find("event", "kind", "status")
        self.sku, self.line_ref = (
            find("sku", "item", "item code", "article"),
            find("line", "line id", "line ref", "line number"),
        )
        self.quantity = find("quantity", "qty", "units", "quantity shipped")
        self.lot, self.serial = find("lot", "batch", "lot number"), find("serial", "serial number", "serial no")
        self.bin = find("bin", "bin location", "shelf")
        self.site = find("site", "site code", "warehouse", "location", "facility")
        self.carrier = find("carrier", "shipping carrier")
        self.tracking = find("tracking", "tracking number", "tracking no", "tracking id")
        self.date_columns = (self.at,)
        self._kind_fix = f"one of {', '.join(sorted(set(_KINDS.values())))}"
        self.line = 0

    def begin(self, instants: Instants) -> None:
        """Take the reader of dates, which needs the whole file to be seen first."""
        self._instants = instants

    def keys(self) -> grouping.KeyOf:
        """The order that a row is about."""

        def key_of(record: Record) -> str:
            fields = fields_of(record, self._delimiter) if record.problem else record.fields
            key = fields[self.order].strip() if self.order < len(fields) else ""
            return key or f"\0{record.line}"

        return key_of

    def statements(self, group: Group) -> Group:
        """All rows of one order, each once."""
        whole = grouping.statements(group)
        return whole if len(whole) > 1 else [[row for run in whole for row in run]]

    def finish(self) -> list[Reading]:
        """Nothing is gathered."""
        return []

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """The confirmations in the rows of one order; raises Unreadable."""
        if key.startswith("\0") or len(key) > _LONGEST:
            raise Unreadable("order", "the row has no usable order number", "give it the number of its order")
        events: dict[_Event, list[Record]] = {}
        for row in rows:
            events.setdefault(self._event(row), []).append(row)
        return [self._confirmation(key, event, rows) for event, rows in events.items()]

    def _event(self, row: Record) -> _Event:
        self.line = row.line
        f = row.fields
        kind = _KINDS.get(f[self.event].strip().lower().replace("_", " ").replace("-", " "))
        if kind is None:
            raise Unreadable("event", f"{f[self.event]!r} is not an event that is known", self._kind_fix)
        site = f[self.site].strip() or self._source.site
        if len(site) > _LONGEST:
            raise Unreadable("site", "the site is too long to be a code", "check the columns of the row")
        return (
            kind,
            site,
            f[self.carrier].strip(),
            f[self.tracking].strip(),
            self._instants.read(f[self.at], "occurred_at"),
        )

    def _confirmation(self, key: str, event: _Event, rows: list[Record]) -> Reading:
        kind, site, carrier, tracking, occurred_at = event
        lines = [line for row in rows if (line := self._line(row))]
        if lines and len(lines) < len(rows):
            raise Unreadable(
                "sku", "one row states all that is outstanding, another a line of it", "state lines, or none"
            )
        document = ConfirmationDocument(key, kind, occurred_at, site, tuple(lines), carrier, tracking)
        return Reading("confirmation", site or self._source.code, key, document, len(rows), len(lines))

    def _line(self, row: Record) -> ConfirmationLine | None:
        self.line = row.line
        f = row.fields
        sku, line_ref, quantity = f[self.sku].strip(), f[self.line_ref].strip(), f[self.quantity].strip()
        if not sku and not line_ref and not quantity:
            return None
        if not sku and not line_ref:
            raise Unreadable("sku", "the row has a quantity and says not of what", "name the SKU, or leave both empty")
        if not quantity:
            raise Unreadable(
                "quantity", "the row says what and not how many", "state the quantity, or leave both empty"
            )
        lot, serial = f[self.lot].strip(), f[self.serial].strip()
        if lot and serial and lot != serial:
            raise Unreadable("serial", "the row names a lot and a serial number", "state the one the SKU is tracked by")
        place = f[self.bin].strip()
        if max(len(lot), len(serial), len(place)) > _LONGEST:
            problem = "lot, serial number or bin is too long to be a code"
            raise Unreadable("lot", problem, "check the columns of the row")
        return ConfirmationLine(read_quantity(quantity, "quantity", least=1), sku, line_ref, lot or serial, place)
