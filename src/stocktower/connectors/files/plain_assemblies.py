"""What was made of its materials, or taken apart, as plain CSV.

Columns: reference, sku and quantity are needed (and site); disassemble, unit, occurred_at; lot or serial, of (the SKU
that has the lot; nothing: what is made), lot_quantity, expires_on. Rows of one reference and site are one assembly:
each further row names a lot of it, and states nothing else anew.
"""

from collections.abc import Sequence
from datetime import date

from stocktower.exchange import ASSEMBLY, AssemblyDocument, AssemblyLot

from .amounts import read_flag, read_quantity
from .columns import Columns
from .model import Reading, Source, Unreadable
from .plain_goods import LOT, SKU, UNIT, GoodsSheet
from .text import Record


class PlainAssemblies(GoodsSheet):
    """What workshops made, and took apart."""

    kind = ASSEMBLY

    def __init__(self, columns: Columns, source: Source, delimiter: str, digest: str) -> None:
        super().__init__(columns, source, delimiter, digest)
        find, need = columns.find, columns.need
        self.reference = need("reference", "number", "work order", "assembly", "assembly number")
        self.sku, self.site = need(*SKU), self._need_site()
        self.quantity = need("quantity", "qty", "units", "made")
        self.apart, self.unit = find("disassemble", "taken apart"), find(*UNIT)
        self.lot, self.of = find(*LOT, "serial", "serial number"), find("of", "lot of", "lot sku")
        self.lot_quantity = find("lot_quantity", "lot units", "quantity of lot")
        self.expires = find("expires_on", "expires", "expiry", "expiry date", "best before", "use by")
        self.at = find("occurred_at", "date", "at", "made at", "made on")
        self._dates(self.at, self.expires)

    def key_of(self, f: Sequence[str], line: int) -> str:
        """The reference at its site."""
        return f"{f[self.reference].strip()}\t{self._site(f)}" if f[self.reference].strip() else f"\0{line}"

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """One document; raises Unreadable."""
        self.line = rows[0].line
        reference = self._code(rows[0].fields[self.reference], "reference", "give the assembly a number")
        site = self._code(self._site(rows[0].fields), "site", "give it the code of its site")
        sku = self._code(self._one(rows, self.sku, "sku"), "sku", "give it the SKU that is made")
        document = AssemblyDocument(
            reference,
            site,
            sku,
            read_quantity(self._one(rows, self.quantity, "quantity"), "quantity", least=1),
            any(read_flag(row.fields[self.apart], "disassemble") for row in rows),
            tuple(self._lot(row, sku) for row in rows if row.fields[self.lot].strip()),
            self._one(rows, self.unit, "unit"),
            self._at(self._one(rows, self.at, "occurred_at"), "occurred_at"),
        )
        if len(rows) > max(1, len(document.lots)):
            fix = "give each assembly its own number; a further row of one names a lot"
            raise Unreadable("reference", f"{reference} stands several times", fix)
        return [Reading(self.kind, site, f"{site}/{reference}", document, len(rows), len(rows))]

    def _lot(self, row: Record, sku: str) -> AssemblyLot:
        self.line = row.line
        f = row.fields
        units = f[self.lot_quantity].strip()
        return AssemblyLot(
            f[self.of].strip() or sku,
            f[self.lot].strip(),
            read_quantity(units, "lot_quantity", least=1) if units else None,
            self._day(f[self.expires]),
        )

    def _day(self, text: str) -> date | None:
        at = self._at(text, "expires_on")
        return None if at is None else self._instants.day_of(at)
