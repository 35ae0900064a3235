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


class Balance:
    """A stock row while it is being written."""

    __slots__ = ("allocated", "before", "counted_at", "discrepancy", "is_new", "quantity", "row", "sequence")

    def __init__(self, row: StockRow, is_new: bool) -> None:
        self.row = row
        self.is_new = is_new
        self.before = row.sequence
        self.quantity = row.quantity
        self.allocated = row.allocated
        self.discrepancy = row.discrepancy
        self.sequence = row.sequence
        self.counted_at = row.counted_at

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
        self._actor = actor
        self._now = now

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
                self._actor,
                cause.occurred_at,
                self._now,
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
