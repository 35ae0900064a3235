"""Units go from bin to bin inside a site, under a number of it: entered whole, once, or refused with what lacks."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

import msgspec
from msgspec import Struct

from stocktower.catalog import Sku, load_skus
from stocktower.exchange import BinMoveDocument, Message
from stocktower.model import load_applied
from stocktower.network import Network, load_network
from stocktower.platform import Transaction

from ..arrivals.goods_in import conclude, decode
from ..bins import store as bin_store
from ..bins.rules import NOT_PUT_AWAY
from ..bins.store import Relocation
from ..formulas.model import AVAILABLE, BUILT_IN, NO_LOT
from ..formulas.rules import owner_at
from ..lots.owners import owners_of
from ..stock import store
from ..stock.book import Balance, Cause, Shift
from ..stock.entering import Rows
from ..stock.wording import NotUsable, Words
from ..supply.service import open_book, write_book

MOVED, COUNTED = "moved", "counted"
PUT_AWAY, BIN_MOVE, TAKEN_OUT = "put_away", "bin_move", "taken_out"
RELOCATION = "relocation"
LONGEST_BIN = 100
_decode = msgspec.json.Decoder(BinMoveDocument).decode
_encode = msgspec.json.Encoder().encode


class BinMoveRequest(Struct, frozen=True):
    """Units of one stock row that went from one bin to another; no bin: not put away."""

    sku_id: int
    units: int
    origin: str
    destination: str
    status: str = AVAILABLE
    lot: str = NO_LOT
    owner: str = ""
    """Empty: who owns what lies at the site."""


class RelocationRequest(Struct, frozen=True):
    """All that went from bin to bin at a site under one number of it."""

    reference: str
    site_id: int
    lines: tuple[BinMoveRequest, ...]
    occurred_at: datetime | None = None
    message_id: int = 0


class RelocationResult(Struct, frozen=True):
    """What became of a request."""

    relocation_id: int = 0
    state: str = ""
    """moved; or counted: the bins were counted after it happened, and the count saw it."""
    units: int = 0
    repeated: bool = False
    problem: str = ""
    """Not empty: it was refused whole, and nothing changed."""


def move_in_bins(tx: Transaction, items: Sequence[RelocationRequest]) -> list[RelocationResult]:
    """Enter what went from bin to bin, one result an item; the same again changes nothing."""
    return _Moving(tx, items).enter() if items else []


class _Moving:
    """Some relocations on their way into bins: locked, compared with what is entered, written."""

    def __init__(self, tx: Transaction, items: Sequence[RelocationRequest]) -> None:
        self._tx, self._items = tx, items
        self._network: Network = load_network(tx)
        self._skus = load_skus(tx, {line.sku_id for item in items for line in item.lines})
        store.lock_items(tx, sorted(self._skus))
        places = sorted({(item.site_id, item.reference) for item in items})
        self._known = {
            place: (one.relocation_id, one.digest, one.state)
            for place, one in bin_store.find_relocations(tx, places).items()
        }
        self._book = open_book(tx, store.load_rows(tx, sorted(self._skus)))
        self._rows = Rows(self._book, self._network, ())
        named = {
            balance.row.stock_id
            for item in items
            for line in item.lines
            if (balance := self._row(item, line)) is not None
        }
        self._counts = bin_store.load_counts(tx, named)
        self._there: defaultdict[tuple[int, str], int] = defaultdict(int)
        """(stock_id, bin) -> what lies there when all that is entered is done."""
        for stock_id in named:
            row = self._book.balances[stock_id].row
            self._there[stock_id, NOT_PUT_AWAY] = row.quantity - row.binned
        for one in bin_store.load_bins(tx, named):
            self._there[one.stock_id, one.bin] = one.quantity
        self._new: list[Relocation] = []

    def enter(self) -> list[RelocationResult]:
        """Enter all of them, and write what they did."""
        results = [self._enter(item) for item in self._items]
        bin_store.insert_relocations(self._tx, self._new)
        write_book(self._tx, self._book)
        return results

    def _row(self, item: RelocationRequest, line: BinMoveRequest) -> Balance | None:
        return self._rows.find(self._rows.key(line.sku_id, item.site_id, line.status, line.owner, line.lot))

    def _enter(self, item: RelocationRequest) -> RelocationResult:
        site = self._network.sites[item.site_id]
        if not item.reference:
            return RelocationResult(problem="reference: give the moves a number, so that a repeat is known")
        if not site.bins:
            fix = f"state bins = true for it under [[sites]], then retry; {_keeping(self._network)}"
            return RelocationResult(problem=f"site {site.code}: keeps no bins; {fix}")
        digest = _digest(item)
        known = self._known.get((item.site_id, item.reference))
        if known is not None:
            if known[1] == digest:
                units = sum(line.units for line in item.lines)
                return RelocationResult(known[0], known[2], units, repeated=True)
            problem = (
                f"reference {item.reference}: it stands for other moves at {site.code} already; give these their own"
            )
            return RelocationResult(problem=problem)
        at = min(item.occurred_at or self._tx.now, self._tx.now)
        there: dict[tuple[int, str], int] = {}
        moves: list[tuple[Balance, BinMoveRequest]] = []
        for line in item.lines:
            balance, problem = self._check(item, line, at, there)
            if problem:
                return RelocationResult(problem=problem)
            if balance is not None:
                moves.append((balance, line))
        self._there |= there
        return self._note(item, digest, at, moves)

    def _check(
        self, item: RelocationRequest, line: BinMoveRequest, at: datetime, there: dict[tuple[int, str], int]
    ) -> tuple[Balance | None, str]:
        """The row of a line, none where a count saw it already; or why it cannot be entered."""
        site, sku = self._network.sites[item.site_id], self._skus[line.sku_id]
        if line.units < 1:
            return None, f"quantity {line.units}: state how many of {sku.code} were moved, from 1 on"
        if line.origin == line.destination:
            return None, f"destination {line.destination}: {sku.code} goes to where it lies; name another bin"
        balance = self._row(item, line)
        if balance is None:
            return None, f"sku {sku.code}: {site.code} has no {line.status} units of it; receive or count them first"
        stock_id = balance.row.stock_id
        counted_at = self._counts.get(stock_id)
        if counted_at is not None and at < counted_at:
            return None, ""
        origin, destination = (stock_id, line.origin), (stock_id, line.destination)
        left = there.get(origin, self._there[origin])
        if left < line.units:
            return None, _lacks(sku, site.code, line, left)
        there[origin] = left - line.units
        there[destination] = there.get(destination, self._there[destination]) + line.units
        return balance, ""

    def _note(
        self, item: RelocationRequest, digest: bytes, at: datetime, moves: Sequence[tuple[Balance, BinMoveRequest]]
    ) -> RelocationResult:
        tx = self._tx
        units = sum(line.units for line in item.lines)
        state = MOVED if moves else COUNTED
        one = Relocation(
            tx.new_id(), item.site_id, item.reference, digest, len(item.lines), units, state, item.message_id, tx.actor,
            at, tx.now,
        )  # fmt: skip
        self._new.append(one)
        self._known[item.site_id, item.reference] = (one.relocation_id, digest, state)
        for balance, line in moves:
            why = PUT_AWAY if not line.origin else BIN_MOVE if line.destination else TAKEN_OUT
            cause = Cause(why, line.destination, RELOCATION, one.relocation_id, at)
            shift = Shift(balance.row.stock_id, line.origin, line.destination, line.units, cause)
            self._book.notes.shifted.append(shift)
        return RelocationResult(one.relocation_id, state, units)


def _lacks(sku: Sku, site: str, line: BinMoveRequest, left: int) -> str:
    what = f"{left:,} of {sku.code}"
    where = f"bin {line.origin} holds {what}" if line.origin else f"{what} at {site} are not put away"
    return f"quantity {line.units}: {where}; move no more, or count what lies in the bins"


def _keeping(network: Network) -> str:
    codes = ", ".join(sorted(site.code for site in network.sites.values() if site.bins and site.active))
    return f"sites with bins: {codes}" if codes else "no site keeps bins yet"


def _digest(item: RelocationRequest) -> bytes:
    """What a relocation says, whatever row of whatever file it stood in."""
    return blake2b(_encode(sorted(item.lines, key=_encode)), digest_size=16).digest()


def take_bin_moves(tx: Transaction, messages: Sequence[Message]) -> None:
    """Inbox messages about bins; one that cannot be entered is put aside with a case that says why."""
    documents, problems = decode(messages, _decode)
    words = Words(tx, [line.sku for _, document in documents for line in document.lines])
    items: list[RelocationRequest] = []
    for message_id, document in documents:
        try:
            items.append(read_bin_moves(tx, document, words, message_id))
        except NotUsable as error:
            problems[message_id] = str(error)
    for item, result in zip(items, move_in_bins(tx, items), strict=True):
        if result.problem:
            problems[item.message_id] = result.problem
    conclude(tx, messages, problems)


def read_bin_moves(tx: Transaction, document: BinMoveDocument, words: Words, message_id: int = 0) -> RelocationRequest:
    """A document in ids and stock units; raises NotUsable."""
    configuration = load_applied(tx).configuration
    site = words.site(document.site)
    statuses = {*BUILT_IN, *(status.code for status in configuration.statuses)}
    owners = owners_of(configuration)
    if not document.lines:
        raise NotUsable("lines", "nothing is stated", "state what was moved")
    lines: list[BinMoveRequest] = []
    for line in document.lines:
        sku = words.sku(line.sku)
        units = words.units(sku, line.quantity, line.unit)
        if line.status not in statuses:
            raise NotUsable("status", f"{line.status!r} is no status", f"one of {', '.join(sorted(statuses))}")
        if line.owner and line.owner not in owners:
            raise NotUsable("owner", f"{line.owner!r} is no owner", f"one of {', '.join(sorted(owners))}")
        lot = words.lot(sku, line.lot, units)
        long = next((code for code in (line.origin, line.destination) if len(code) > LONGEST_BIN), "")
        if long:
            raise NotUsable("destination", f"{long[:20]}... is too long to be the code of a bin", "name the bin")
        owner = line.owner or owner_at(site)
        lines.append(
            BinMoveRequest(
                sku.sku_id, units, line.origin.strip(), line.destination.strip(), line.status, lot, owner
            )
        )  # fmt: skip
    return RelocationRequest(
        document.reference.strip(), site.site_id, tuple(lines), document.occurred_at, message_id
    )  # fmt: skip
