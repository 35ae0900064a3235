"""What a count is made of: rows that want to be counted, sheets and their lines, what was entered, what came of it."""

from datetime import date, datetime

from msgspec import Struct

OPEN = "open"
APPROVAL = "approval"
APPLIED = "applied"
REJECTED = "rejected"
UNFINISHED = (OPEN, APPROVAL)

AGREED = "agreed"
"""A line whose last count stands: within tolerance, or two counts say the same."""
DISPUTED = "disputed"
"""A line that was counted as often as is allowed, and no two counts agree."""
SUPERSEDED = "superseded"
"""A line whose row was counted again at a later instant by somebody else."""

RowKey = tuple[int, str, str]
"""(sku_id, status, lot) of a row at a site."""


class RowFacts(Struct, frozen=True):
    """A stock row as the plan sees it."""

    sku_id: int
    status: str
    lot: str
    quantity: int
    """What is thought to be there: quantity less an open discrepancy."""
    discrepancy: int
    cost_minor: int | None
    shipped: int
    """Units in the window."""
    opened_at: datetime | None
    moved_at: datetime | None
    surprised_at: datetime | None
    """When something was last not found, or left although it was not there."""
    counted_at: datetime | None
    """When it was last counted on a sheet."""

    @property
    def key(self) -> RowKey:
        """What identifies it at its site."""
        return self.sku_id, self.status, self.lot

    @property
    def shipped_minor(self) -> int:
        """The value that left in the window."""
        return self.shipped * (self.cost_minor or 0)


class PlannedLine(Struct, frozen=True):
    """A row that is to be counted, and why."""

    row: RowFacts
    grade: str
    """A, B or C."""
    why: str
    """discrepancy, surprise, empty, never or due; asked where a person named it."""
    bin: str | None = None
    """The place of the row that is counted: a bin, or what lies in none (empty); None: the row as a whole."""
    held: int | None = None
    """What is thought to be in that place."""
    leads: bool = True
    """The first line of its row on the sheet."""

    @property
    def book_quantity(self) -> int:
        """What is thought to be there."""
        return self.row.quantity if self.held is None else self.held


class Sheet(Struct, frozen=True):
    """What one site is to count."""

    sheet_id: int
    number: int
    site_id: int
    origin: str
    """plan, or asked: somebody named the SKUs."""
    planned_on: date
    """The site's own day."""
    state: str
    created_at: datetime
    created_by: str
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None


class Line(Struct, frozen=True):
    """One row of a sheet."""

    line_no: int
    sku_id: int
    status: str
    lot: str
    grade: str
    why: str
    state: str
    round: int
    """Which count of it is under way, or was the last."""
    book_quantity: int
    """What was thought to be there when the sheet was made."""
    cost_minor: int | None
    counted: int | None
    expected: int | None
    """What was thought to be there when it was counted."""
    counted_at: datetime | None
    stock_id: int | None
    moved: int | None
    """By how much the row changed when it was applied; of a row that is counted bin by bin, its lines' sum did."""
    by_bin: bool = False
    """It counts one place of its row, and other lines the others."""
    bin: str = ""
    """Which bin; empty: what lies in none."""
    leads: bool = True
    """The first line of its row on the sheet."""

    @property
    def key(self) -> RowKey:
        """The row that it counts."""
        return self.sku_id, self.status, self.lot

    @property
    def difference(self) -> int:
        """Counted less expected; 0 while it is not decided."""
        return (self.counted or 0) - (self.expected or 0)

    @property
    def difference_minor(self) -> int:
        """The value of the difference at the cost that was known; 0 where none was."""
        return self.difference * (self.cost_minor or 0)


class Entry(Struct, frozen=True):
    """What a counter wrote for a line; the last one of a round stands."""

    line_no: int
    round: int
    sequence: int
    quantity: int
    """Stock units."""
    stated: int
    unit: str
    """As it was written; empty: the stock unit."""
    counted_at: datetime
    counted_by: str
    recorded_at: datetime
    recorded_by: str
    """Who wrote it down, where that was another."""


class Count(Struct, frozen=True):
    """The count of a line in a round that is finished."""

    line_no: int
    round: int
    quantity: int
    expected: int
    """What was thought to be there at its instant, with what moved until then."""
    counted_at: datetime
    counted_by: str

    @property
    def difference(self) -> int:
        """Counted less expected."""
        return self.quantity - self.expected


class CountItem(Struct, frozen=True):
    """What a counter says of one row: by the line's number, or by the code or barcode of the SKU."""

    quantity: int
    sku: str = ""
    line_no: int = 0
    unit: str = ""
    """Empty: the stock unit."""
    status: str = ""
    """Empty: that of the only line of the SKU, else available."""
    lot: str = ""
    round: int = 0
    """Which count of the line it is meant for; 0: the one under way."""
    counted_at: datetime | None = None
    """None: now."""
    found: bool = False
    """It lay there and is not on the sheet: a line is made for it."""
    bin: str | None = None
    """Where a row is counted bin by bin: the bin; empty: in none; None: the only place of it on the sheet."""


class Entered(Struct, frozen=True):
    """What became of one thing that a counter said."""

    line_no: int
    sku: str
    quantity: int
    """Stock units."""
    outcome: str
    """new, corrected, repeated or refused."""
    problem: str = ""
    field: str = ""
    fix: str = ""


class Planned(Struct, frozen=True):
    """A sheet that was made, or would be; no number: nothing is to be counted."""

    site: str
    number: int | None
    lines: tuple[PlannedLine, ...]
    waiting: int
    """Rows that are due and did not fit into the day."""


class Finished(Struct, frozen=True):
    """What became of a round."""

    number: int
    state: str
    """Of the sheet: open while lines are to be counted again."""
    recounts: int
    """Lines that another person has to count again."""
    notes: tuple[str, ...] = ()
    """What was done, one sentence each."""


class Correction(Struct, frozen=True):
    """A line that was applied, and by how much its row changed."""

    line: Line
    stock_id: int
    moved: int


class Applied(Struct, frozen=True):
    """What approving a sheet did."""

    corrections: tuple[Correction, ...]
    superseded: tuple[int, ...]
    """Lines whose row was counted again later by somebody else."""
    cuts: tuple[tuple[int, int], ...]
    """(order or hold, sold units) that wait again."""
    missing: int
    """Units that are released to orders and not there."""
