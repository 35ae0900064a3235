"""Where the units of a stock row lie inside a site that keeps bins: bins follow what is entered for their row. Pure.

Bins are sub-rows: together they hold no more than their row has, and the rest of the row is not put away. What comes in
is not put away unless its bin is named. What is picked (shipped, transferred, assembled) leaves the bin that is named,
then the bins in walking order, then what is not put away; what a named bin lacks was first not put away. What leaves
otherwise (a count, an adjustment) is first what is not put away, then what lies in the bins in walking order. What
changes its status stays in its bin. Units that a site has fetched out of a named bin lie in a place of their own until
they leave: nobody else is sent to them, and they are the last to go for anybody else.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from ..stock.book import Balance, Book, Cause, Document, Lack, Move
from ..stock.events import ASSEMBLY_MOVE, COUNT, DISCREPANCY, SHIPPED, TRANSFER_MOVE

NOT_PUT_AWAY = ""
FETCHED = "picked"
"""The place of what was picked out of bins and has not left; a site that has a bin of this name means the same."""
PICKED = frozenset((SHIPPED, TRANSFER_MOVE, ASSEMBLY_MOVE))
"""Reasons of moves for which somebody goes to the bins."""
_EXPLAINS = frozenset((COUNT, DISCREPANCY))
"""Moves that say beside another one what was known, or not known, of the same units."""
SEPARATORS = ("-", "/", ".", " ")
"""What stands in the code of a bin behind its zone."""
_NUMBER = re.compile(r"[0-9]+")
_CAPITALS = {small: small - 32 for small in range(ord("a"), ord("z") + 1)}
_ZONE = re.compile(r"([^-/. ]+)[-/. ]|([^\W\d_]+)")


class BinRow(Struct, frozen=True, gc=False):
    """Units of a stock row in one bin."""

    stock_id: int
    bin: str
    quantity: int
    sequence: int


class BinMove(Struct, frozen=True, gc=False):
    """One change of what lies in a bin, with what lies there after it."""

    stock_id: int
    bin: str
    sequence: int
    delta: int
    quantity_after: int
    reason: str
    reference: str
    reference_id: int
    actor: str
    occurred_at: datetime
    recorded_at: datetime


def walking_order(code: str) -> str:
    """Sorts bins as people walk: A-2 before A-10; what the table of bins keeps as `walk`."""
    return _NUMBER.sub(lambda number: number[0].lstrip("0").zfill(10), code.translate(_CAPITALS))


def zone_of(code: str) -> str:
    """The part of a site that a bin is in, by its code: what stands before the first dash, slash, dot or blank.

    Without any its first letters; empty where it says none.
    """
    found = _ZONE.match(code)
    return (found[1] or found[2]) if found else ""


def spread(
    bins: Mapping[str, int], units: int, named: Iterable[tuple[str, int]] = (), *, others: bool = True
) -> list[tuple[str, int]]:
    """(bin, units) of so many that are taken out of bins: those that are named, then the others in walking order.

    What was fetched for somebody comes last.
    """
    left = dict(bins)
    taken: defaultdict[str, int] = defaultdict(int)
    in_order = [(code, left[code]) for code in sorted(left, key=_from_shelves)] if others else []
    for code, most in (*named, *in_order):
        part = min(units, most, left.get(code, 0))
        if part > 0:
            left[code] -= part
            taken[code] += part
            units -= part
    return list(taken.items())


def _from_shelves(code: str) -> tuple[bool, str]:
    return code == FETCHED, walking_order(code)


def plan_pick(bins: Mapping[str, int], loose: int, units: int, *, after: int = 0) -> list[tuple[str, int]]:
    """(bin, units) where so many units of a row are to be fetched: bins in walking order, then what is not put away.

    `after`: so many of them are fetched by others before. What a row lacks, or was fetched already, is left out.
    """
    there = [(code, bins[code]) for code in sorted(bins, key=walking_order) if code != FETCHED]
    planned: list[tuple[str, int]] = []
    for code, most in (*there, (NOT_PUT_AWAY, max(0, loose))):
        skipped = min(after, most)
        after -= skipped
        part = min(units, most - skipped)
        if part:
            planned.append((code, part))
            units -= part
    return planned


def decide_put(wanted: Mapping[str, int], put: Mapping[str, int]) -> list[tuple[str, int]]:
    """(bin, units) by which bins change so that a document's units lie where it says now, not where it said before."""
    changes = {code: wanted.get(code, 0) - put.get(code, 0) for code in {*wanted, *put}}
    return sorted((code, units) for code, units in changes.items() if units)


class Binning:
    """The bins of the rows of a book while they follow what is entered for it."""

    def __init__(self, book: Book, known: Iterable[BinRow]) -> None:
        """`known`: every bin, empty ones too, of the rows that are followed."""
        self._book = book
        self._bins: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self._sequences: dict[tuple[int, str], int] = {}
        for one in known:
            self._sequences[one.stock_id, one.bin] = one.sequence
            if one.quantity:
                self._bins[one.stock_id][one.bin] = one.quantity
        self._loose = {
            stock_id: balance.row.quantity - sum(self._bins.get(stock_id, {}).values())
            for stock_id, balance in book.balances.items()
        }
        """Row -> units that are not put away."""
        self.moves: list[BinMove] = []

    def follow(self, stock_ids: Collection[int]) -> list[BinMove]:
        """Enter what the book's moves and notes mean for bins of some rows, and what those hold into its balances."""
        notes = self._book.notes
        documents = _documents(self._book.moves, stock_ids)
        for key, moves in documents.items():
            if key[0] not in notes.stated:
                self._follow(key, moves)
        for key in notes.changed:
            if key not in documents:
                self._change(key, ())
        for stock_id, said in notes.stated.items():
            self._state(self._book.balances[stock_id], said.bins, said.cause)
        for one in notes.shifted:
            self._shift(one.stock_id, one.origin, one.destination, one.units, one.cause)
        for stock_id, of_row in self._bins.items():
            self._book.balances[stock_id].binned = sum(of_row.values())
        return self.moves

    def _follow(self, key: Document, moves: Sequence[Move]) -> None:
        """What one document did to a row as a whole: what it took out, or brought in."""
        stock_id = key[0]
        notes = self._book.notes
        units = sum(move.delta for move in moves)
        told = next((move for move in moves if move.reason not in _EXPLAINS), moves[0])
        cause = Cause(told.reason, told.counterpart, told.reference, told.reference_id, told.occurred_at)
        said = notes.changed.get(key)
        named = [(code, -units) for code, units in said.bins.items() if units < 0] if said else notes.named.get(key, ())
        self._loose[stock_id] += units
        if units > 0:
            for code, most in () if said else named:
                part = min(most, units)
                self._put(stock_id, code, part, cause)
                units -= part
            self._change(key, ())
            return
        there, fetching = self._bins[stock_id], named
        picked, named = _still_there(-units, named, notes.gone.get(key, 0), moves)
        in_named = dict(spread(there, -units, named, others=False))
        wanted = max(sum(in_named.values()), -self._loose[stock_id])
        if told.reason in PICKED:
            wanted = max(wanted, _of_shelves(there, picked, named, in_named))
        taken = spread(there, wanted, named)
        if told.reason in PICKED:
            notes.lacking += _lacking(stock_id, there, picked, named)
        for code, part in taken:
            self._put(stock_id, code, -part, cause)
        # What was fetched and has left is fetched no more, also where a count saw already that it had.
        seen = sum(most for code, most in fetching if code == FETCHED) - dict(taken).get(FETCHED, 0)
        self._put(stock_id, FETCHED, -min(max(0, seen), there.get(FETCHED, 0)), cause)
        self._change(key, taken)
        target = notes.carried.get(key)
        if target is None:
            return
        for code, part in taken:
            self._put(target, code, part, cause)

    def _change(self, key: Document, taken: Sequence[tuple[str, int]]) -> None:
        """What a document changes of bins beside what its units took out of them, as far as they allow."""
        said = self._book.notes.changed.get(key)
        if said is None:
            return
        stock_id, there = key[0], self._bins[key[0]]
        left = dict(said.bins)
        for code, part in taken:
            left[code] = left.get(code, 0) + part
        for code, units in sorted(left.items(), key=lambda item: (item[1] > 0, walking_order(item[0]))):
            if said.bins.get(code, 0) < 0:
                self._put(stock_id, code, -min(max(0, -units), there.get(code, 0)), said.cause)
            elif code in said.bins:
                self._put(stock_id, code, min(max(0, units), max(0, self._loose[stock_id])), said.cause)

    def _state(self, balance: Balance, said: Mapping[str, int], cause: Cause) -> None:
        """Make bins what a count says, as far as the row has it; what was fetched stays so as far as it is in none."""
        stock_id = balance.row.stock_id
        there = self._bins[stock_id]
        over = max(0, sum(said.values()) - balance.quantity)
        wanted = dict(said)
        for code, part in spread(said, over):
            wanted[code] -= part
        rest = balance.quantity - sum(wanted.values())
        wanted.setdefault(FETCHED, min(there.get(FETCHED, 0), rest))
        for code in sorted({*there, *wanted}, key=walking_order):
            self._put(stock_id, code, wanted.get(code, 0) - there.get(code, 0), cause)

    def _shift(self, stock_id: int, origin: str, destination: str, units: int, cause: Cause) -> None:
        """Units go from bin to bin, or to and from what is not put away, as far as they lie there."""
        there = self._bins[stock_id]
        most = there.get(origin, 0) if origin else self._loose[stock_id]
        part = max(0, min(units, most))
        for code, delta in ((origin, -part), (destination, part)):
            if code:
                self._put(stock_id, code, delta, cause)

    def _put(self, stock_id: int, code: str, delta: int, cause: Cause) -> None:
        if not delta:
            return
        there = self._bins[stock_id]
        after = there.get(code, 0) + delta
        self._loose[stock_id] -= delta
        self._book.balances[stock_id].shifted = True
        if after:
            there[code] = after
        else:
            there.pop(code, None)
        sequence = self._sequences[stock_id, code] = self._sequences.get((stock_id, code), 0) + 1
        self.moves.append(
            BinMove(
                stock_id, code, sequence, delta, after, cause.reason, cause.reference, cause.reference_id,
                self._book.actor, cause.occurred_at, self._book.now,
            )
        )  # fmt: skip


def _still_there(
    units: int, named: Sequence[tuple[str, int]], gone: int, moves: Iterable[Move]
) -> tuple[int, Sequence[tuple[str, int]]]:
    """Of the units that a document takes out of a row, and of the bins that it names, those that lay there when the
    bins were counted: what had left by then was in none of them, but for what had been fetched."""
    if not gone:
        return units, named
    left = gone - sum(move.delta for move in moves if move.reason in _EXPLAINS)
    still: list[tuple[str, int]] = []
    for code, most in sorted(named, key=lambda item: item[0] != FETCHED):
        part = min(most, gone)
        gone -= part
        still.append((code, most if code == FETCHED else most - part))
    return max(0, units - left), still


def _lacking(stock_id: int, there: Mapping[str, int], units: int, named: Iterable[tuple[str, int]]) -> list[Lack]:
    """Bins that are named for more than lay in them, of so many units that left."""
    most: defaultdict[str, int] = defaultdict(int)
    for code, part in named:
        most[code] += part
    told = {code: min(units, part) for code, part in most.items() if code != FETCHED}
    return [Lack(stock_id, code, part, there.get(code, 0)) for code, part in told.items() if part > there.get(code, 0)]


def _of_shelves(
    there: Mapping[str, int], units: int, named: Iterable[tuple[str, int]], in_named: Mapping[str, int]
) -> int:
    """How many of so many picked units leave bins: those found where they are named, and those that nobody names."""
    unnamed = max(0, units - sum(most for _, most in named))
    fetched_for_others = there.get(FETCHED, 0) - in_named.get(FETCHED, 0)
    found = sum(in_named.values())
    return min(found + unnamed, sum(there.values()) - fetched_for_others)


def _documents(moves: Iterable[Move], stock_ids: Collection[int]) -> dict[Document, list[Move]]:
    """The moves of some rows by what one document did to one, in the order of the first of each."""
    found: dict[Document, list[Move]] = {}
    for move in moves:
        if move.stock_id in stock_ids:
            found.setdefault((move.stock_id, move.reference, move.reference_id), []).append(move)
    return found
