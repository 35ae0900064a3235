"""Writes the ledgers of stock rows in memory: each entry takes the row's next sequence and both balances after it.
Pure.

The rows were read under the lock of their SKUs; the shell writes moves, reservations and rows in one statement each,
and the rows only where they still stand at the sequence they were read at.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from ..formulas.model import StockRow


class NotEnough(Exception):
    """An entry would leave a row with less than is allocated, or with less than nothing: the plan was wrong."""


class Move(Struct, frozen=True, gc=False):
    """One change of quantity, with both balances after it."""

    stock_id: int
    sequence: int
    delta: int
    quantity_after: int
    allocated_after: int
    reason: str
    counterpart: str
    reference: str
    reference_id: int
    actor: str
    occurred_at: datetime
    recorded_at: datetime


def recorded_as(moves: Sequence[Move], recorded: Mapping[int, datetime]) -> list[Move]:
    """Moves with the instants at which their rows were written, where that is not the one that they were entered at."""
    if not recorded:
        return list(moves)
    return [
        move
        if recorded.get(move.stock_id, move.recorded_at) == move.recorded_at
        else replace(move, recorded_at=recorded[move.stock_id])
        for move in moves
    ]


class Entry(Struct, frozen=True):
    """One change of what is allocated."""

    stock_id: int
    sequence: int
    order_id: int
    line_no: int
    delta: int
    allocated_after: int
    reason: str


class Cause(Struct, frozen=True, gc=False):
    """Why a quantity changes: the reason, where from or where to, and what says so."""

    reason: str
    counterpart: str
    reference: str
    reference_id: int
    occurred_at: datetime
    cost_minor: int | None = None
    """Unit cost that is stated with it, in the entity's currency."""
    against: str = ""
    """Posting role of the account that stands against it; empty: that of its reason."""


Document = tuple[int, str, int]
"""(stock_id, reference, reference_id): what one document did to a row."""


class InBins(Struct, frozen=True):
    """What is said of the bins of a row: all that lies in any, or by how much they change."""

    bins: Mapping[str, int]
    cause: Cause


class Shift(Struct, frozen=True):
    """Units of a row that go from bin to bin; no bin: not put away."""

    stock_id: int
    origin: str
    destination: str
    units: int
    cause: Cause


class Lack(Struct, frozen=True):
    """A bin out of which more was taken than was known to lie there."""

    stock_id: int
    bin: str
    taken: int
    known: int


class BinNotes:
    """What is said of bins while rows are written; what is not said follows by rule."""

    __slots__ = ("carried", "changed", "gone", "lacking", "named", "shifted", "stated")

    def __init__(self) -> None:
        self.named: dict[Document, list[tuple[str, int]]] = {}
        """(bin, units) that a document takes out of a row, or brings into it."""
        self.changed: dict[Document, InBins] = {}
        """By how much a document changes bins."""
        self.carried: dict[Document, int] = {}
        """The row that has the units then, which lie where they lay."""
        self.gone: dict[Document, int] = {}
        """Units of a document that had left when the row was counted: what lies in bins is without them."""
        self.stated: dict[int, InBins] = {}
        """Row -> what was counted in its bins."""
        self.shifted: list[Shift] = []
        self.lacking: list[Lack] = []
        """What came out while it was entered: bins that were said to have more than was known."""

    def name(self, stock_id: int, cause: Cause, code: str, units: int) -> None:
        """A document says which bin its units are of; nothing where it names none."""
        if code:
            self.named.setdefault((stock_id, cause.reference, cause.reference_id), []).append((code, units))

    def note_gone(self, stock_id: int, cause: Cause, units: int) -> None:
        """A count saw already that units of a document had left."""
        key = (stock_id, cause.reference, cause.reference_id)
        self.gone[key] = self.gone.get(key, 0) + units

    def change(self, stock_id: int, cause: Cause, bins: Mapping[str, int]) -> None:
        """A document says by how much bins change, as far as its units allow; it may change the row as well."""
        if bins:
            key = (stock_id, cause.reference, cause.reference_id)
            before: Mapping[str, int] = self.changed[key].bins if key in self.changed else {}
            both = {code: before.get(code, 0) + bins.get(code, 0) for code in (*before, *bins)}
            self.changed[key] = InBins(both, cause)

    def rows(self) -> set[int]:
        """The rows that something is said of."""
        return {
            *(key[0] for key in self.named),
            *(key[0] for key in self.changed),
            *(key[0] for key in self.carried),
            *self.carried.values(),
            *self.stated,
            *(one.stock_id for one in self.shifted),
        }


class Balance:
    """A stock row while it is being written."""

    __slots__ = (
        "allocated", "before", "binned", "counted_at", "discrepancy", "is_new", "quantity", "row", "sequence",
        "shifted",
    )  # fmt: skip

    def __init__(self, row: StockRow, is_new: bool) -> None:
        self.row = row
        self.is_new = is_new
        self.before = row.sequence
        self.quantity = row.quantity
        self.allocated = row.allocated
        self.discrepancy = row.discrepancy
        self.sequence = row.sequence
        self.counted_at = row.counted_at
        self.binned = row.binned
        self.shifted = False
        """Whether something went in or out of a bin of it."""

    @property
    def free(self) -> int:
        """Units not allocated."""
        return self.quantity - self.allocated

    @property
    def changed(self) -> bool:
        """Whether the row has to be written."""
        return (
            self.sequence != self.before
            or self.discrepancy != self.row.discrepancy
            or self.counted_at != self.row.counted_at
            or self.shifted
        )


class Book:
    """Stock rows under the lock of their SKUs, and what is entered for them."""

    def __init__(self, rows: Iterable[StockRow], *, actor: str, now: datetime) -> None:
        self.balances: dict[int, Balance] = {row.stock_id: Balance(row, False) for row in rows}
        self.moves: list[Move] = []
        self.entries: list[Entry] = []
        self.costs: dict[tuple[int, int], int] = {}
        """(stock_id, sequence) -> the unit cost stated with a move."""
        self.against: dict[tuple[int, int], str] = {}
        """(stock_id, sequence) -> the posting role stated with a move."""
        self.notes = BinNotes()
        self.actor = actor
        self.now = now

    def open(self, row: StockRow) -> Balance:
        """A row that is not there yet, empty."""
        balance = self.balances[row.stock_id] = Balance(row, True)
        return balance

    def move(self, stock_id: int, delta: int, cause: Cause) -> None:
        """Change the quantity of a row; nothing for a difference of zero. Raises NotEnough."""
        if delta:
            balance = self.balances[stock_id]
            balance.sequence += 1
            self._move(balance, delta, cause)

    def reserve(self, stock_id: int, order_id: int, line_no: int, delta: int, reason: str) -> None:
        """Change what a demand has of a row; nothing for a difference of zero. Raises NotEnough."""
        if delta:
            balance = self.balances[stock_id]
            balance.sequence += 1
            self._reserve(balance, order_id, line_no, delta, reason)

    def ship(self, stock_id: int, order_id: int, line_no: int, units: int, cause: Cause) -> None:
        """Take allocated units out of a row: one sequence for both ledgers, so that no balance stands between them."""
        balance = self.balances[stock_id]
        balance.sequence += 1
        self._reserve(balance, order_id, line_no, -units, cause.reason)
        self._move(balance, -units, cause)

    def _move(self, balance: Balance, delta: int, cause: Cause) -> None:
        balance.quantity += delta
        self._check(balance)
        if cause.cost_minor is not None:
            self.costs[balance.row.stock_id, balance.sequence] = cause.cost_minor
        if cause.against:
            self.against[balance.row.stock_id, balance.sequence] = cause.against
        self.moves.append(
            Move(
                balance.row.stock_id,
                balance.sequence,
                delta,
                balance.quantity,
                balance.allocated,
                cause.reason,
                cause.counterpart,
                cause.reference,
                cause.reference_id,
                self.actor,
                cause.occurred_at,
                self.now,
            )
        )

    def _reserve(self, balance: Balance, order_id: int, line_no: int, delta: int, reason: str) -> None:
        balance.allocated += delta
        self._check(balance)
        self.entries.append(
            Entry(balance.row.stock_id, balance.sequence, order_id, line_no, delta, balance.allocated, reason)
        )

    def _check(self, balance: Balance) -> None:
        if not 0 <= balance.allocated <= balance.quantity:
            raise NotEnough(
                f"stock row {balance.row.stock_id} would have {balance.allocated} allocated of {balance.quantity}"
            )
