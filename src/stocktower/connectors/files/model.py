"""What readers of files are given and what they give back."""

import msgspec

from stocktower.exchange import (
    AdjustmentDocument,
    AssemblyDocument,
    BinMoveDocument,
    ConfirmationDocument,
    InboundDocument,
    KeptRow,
    ListingDocument,
    OrderDocument,
    ProductDocument,
    ReceiptDocument,
    StatementDocument,
    StockDocument,
    TransferDocument,
)

GoodsDocument = (
    InboundDocument | ReceiptDocument | TransferDocument | AdjustmentDocument | BinMoveDocument | AssemblyDocument
)
Document = (
    OrderDocument | ProductDocument | ListingDocument | StockDocument | ConfirmationDocument | GoodsDocument
    | StatementDocument
)  # fmt: skip


class Source(msgspec.Struct, frozen=True):
    """The plain facts about where a file comes from that a reader needs."""

    code: str
    """The channel's code for orders; who sends it otherwise."""
    zone: str = "UTC"
    """For dates without an offset."""
    currency: str = ""
    """For amounts whose currency the file does not state."""
    tax_included: bool = False
    """For orders that do not show by their own total whether prices include tax."""
    marketplace_tax: bool = False
    format: str = "csv"
    """shopify, amazon or csv; what orders are written in."""
    day_first: bool | None = None
    """How to read 03/04/2026 in a file where no date tells; None: by the format's convention, see dates.py."""
    site: str = ""
    """The site of stock and shipments that do not name one."""
    complete: bool = False
    """Of a statement or of stock: the whole of each place that it names."""
    statuses: tuple[str, ...] = ()
    """Of stock that is complete: the statuses that it is the whole of; none: those that it names."""
    site_currencies: dict[str, str] = {}
    """Book currency by site code, for costs whose currency the file does not state."""


class Reading(msgspec.Struct, frozen=True):
    """What some physical rows say, as one message; each row of a file belongs to exactly one reading."""

    kind: str
    """order, product, listing, stock, confirmation or statement; `kept` for what could not be read."""
    source: str
    key: str
    item: Document | KeptRow
    rows: int
    lines: int = 0
    """Order lines, stock lines and so on in it."""


class FileError(Exception):
    """A file that cannot be read at all: where, why, and what to do about it."""

    def __init__(self, file: str, line: int, column: str, problem: str, fix: str) -> None:
        self.file = file
        self.line = line
        self.column = column
        self.problem = problem
        self.fix = fix
        place = f"{file} line {line}" if line else file
        super().__init__(f"{place}{f', column {column}' if column else ''}: {problem}; {fix}")


class Unreadable(Exception):
    """A row, and with it its order, that cannot be read; raised inside readers and turned into a kept row."""

    def __init__(self, column: str, problem: str, fix: str, line: int = 0) -> None:
        self.column = column
        self.problem = problem
        self.fix = fix
        self.line = line
        super().__init__(problem)
