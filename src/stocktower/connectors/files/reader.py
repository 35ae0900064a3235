"""Opens a file and gives its readings one after another: surveyed once, then read once, never held in memory."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from stocktower.exchange import KeptRow

from . import grouping
from .amazon import AmazonOrders
from .columns import Columns
from .dates import DateEvidence, Instants
from .grouping import Group, KeyOf, Survey
from .model import FileError, Reading, Source, Unreadable
from .plain_assemblies import PlainAssemblies
from .plain_bins import PlainBinMoves
from .plain_goods import SHEETS as GOODS
from .plain_listings import PlainListings
from .plain_orders import PlainOrders
from .plain_products import PlainProducts
from .plain_shipments import PlainShipments
from .plain_statements import PlainStatements
from .plain_stock import PlainStock
from .shopify import ShopifyOrders
from .text import Record, Records, as_text, examine

SHEETS = {**GOODS, "bin-moves": PlainBinMoves, "assemblies": PlainAssemblies}
KINDS = ("products", "listings", "stock", "orders", "shipments", "statement", *SHEETS)
FORMATS = ("shopify", "amazon", "csv")


class Format(Protocol):
    """What the reader of one layout has to be able to do."""

    kind: str
    convention: bool | None
    """Whether short dates of the layout have the day first; None: it has no convention."""
    date_columns: tuple[int, ...]
    line: int
    """Where it is reading, for what it cannot read."""

    def begin(self, instants: Instants) -> None:
        """Take the reader of dates."""
        ...

    def keys(self) -> KeyOf:
        """What rows belong together by; begins anew for each pass."""
        ...

    def statements(self, group: Group) -> Group:
        """The rows of one key, once for each time that the file states the whole."""
        ...

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """What one statement says; raises Unreadable."""
        ...

    def finish(self) -> list[Reading]:
        """What was gathered and is not given yet."""
        ...


class Reader:
    """One file with its readings; raises FileError where it cannot be read at all."""

    def __init__(
        self,
        path: Path,
        *,
        kind: str,
        source: Source,
        name: str = "",
        opening: bool = False,
        as_of: datetime | None = None,
    ) -> None:
        self.file = examine(path, name)
        self._source = source
        self._quoted = not (kind == "orders" and source.format == "amazon")
        self._records = Records(self.file, quoted=self._quoted)
        columns = Columns(self.file.name, self._records.header)
        delimiter = self._records.delimiter
        self._format: Format
        if kind == "orders" and source.format not in FORMATS:
            raise FileError(
                self.file.name, 0, "", f"{source.format!r} is not a format of orders", f"one of {', '.join(FORMATS)}"
            )
        if kind == "orders":
            self._format = _order_format(columns, source, delimiter)
        elif kind == "products":
            self._format = PlainProducts(columns, source, delimiter)
        elif kind == "listings":
            self._format = PlainListings(columns, source, delimiter)
        elif kind == "stock":
            self._format = PlainStock(columns, source, delimiter, self.file.sha256, opening=opening, as_of=as_of)
        elif kind == "shipments":
            self._format = PlainShipments(columns, source, delimiter)
        elif kind in SHEETS:
            self._format = SHEETS[kind](columns, source, delimiter, self.file.sha256)
        elif kind == "statement":
            self._format = PlainStatements(columns, source, delimiter, self.file.sha256, as_of=as_of)
        else:
            raise FileError(self.file.name, 0, "", f"{kind!r} is not a kind of file", f"one of {', '.join(KINDS)}")
        self._needed = columns.last_used + 1
        self._survey = self._look_through()
        self.rows = self._survey.rows
        """Data rows of the file, counted before anything is read."""

    @property
    def notes(self) -> list[str]:
        """What was assumed in reading, for people to see."""
        notes: list[str] = []
        if self.file.has_bad_bytes:
            notes.append(f"read as {self.file.encoding.removesuffix('-sig').upper()}: the file is not UTF-8 throughout")
        if text := self._instants.assumed:
            notes.append(f"dates such as {text} were read as {self._instants.order}: no date of the file tells")
        return notes

    def _look_through(self) -> Survey:
        survey, evidence = Survey(), DateEvidence()
        see, key_of, dates = survey.see, self._format.keys(), self._format.date_columns
        self._records.needed = self._needed
        for record in self._records:
            see(key_of(record))
            if not record.problem:
                fields = record.fields
                for index in dates:
                    text = fields[index]
                    if text and not text[:4].isdigit():
                        evidence.look(text)
        survey.close()
        self._records.close()
        try:
            instants = Instants(
                self._source.zone, evidence, day_first=self._source.day_first, convention=self._format.convention
            )
        except ValueError as error:
            raise FileError(self.file.name, 0, "", str(error), "correct the time zone of the channel") from None
        self._instants = instants
        self._format.begin(instants)
        return survey

    def __iter__(self) -> Iterator[Reading]:
        """Everything that the file says; each of its rows is counted in exactly one reading."""
        self._records = Records(self.file, quoted=self._quoted)
        self._records.needed = self._needed
        too_many = ""
        try:
            for key, group in grouping.groups(self._records, self._format.keys(), self._survey):
                if key == too_many or sum(map(len, group)) >= grouping.MOST_ROWS:
                    too_many = key
                    problem = f"{grouping.MOST_ROWS:,} rows or more stand under {key!r}"
                    yield self._keep([row for run in group for row in run], Unreadable("", problem, "divide them"))
                else:
                    yield from self._read(key, group)
            yield from self._format.finish()
        finally:
            self._records.close()

    def _read(self, key: str, group: Group) -> Iterator[Reading]:
        broken = next((row for run in group for row in run if row.problem), None)
        if broken is not None:
            rows = [row for run in group for row in run]
            fix = "mend the row, or export the file again; the rows beside it were read"
            yield self._keep(rows, Unreadable("", broken.problem, fix, broken.line))
            return
        self._format.line = group[0][0].line
        try:
            stated = self._format.statements(group)
        except Unreadable as unreadable:
            yield self._keep([row for run in group for row in run], unreadable)
            return
        for rows in stated:
            try:
                yield from self._format.translate(key, rows)
            except Unreadable as unreadable:
                yield self._keep(rows, unreadable)

    def _keep(self, rows: list[Record], unreadable: Unreadable) -> Reading:
        """Keep rows whole; they are known by their text, wherever they stand."""
        texts = tuple(as_text(row.raw.rstrip("\r\n")) for row in rows)
        digest = blake2b("\n".join(texts).encode(), digest_size=16).hexdigest()
        line = unreadable.line or (self._format.line if not rows[0].problem else rows[0].line)
        item = KeptRow(self.file.name, line, unreadable.column, unreadable.problem, unreadable.fix, texts)
        return Reading("kept", self._source.code, digest, item, len(rows))


def _order_format(columns: Columns, source: Source, delimiter: str) -> Format:
    if source.format == "shopify":
        return ShopifyOrders(columns, source, delimiter)
    if source.format == "amazon":
        return AmazonOrders(columns, source, delimiter)
    return PlainOrders(columns, source, delimiter)
