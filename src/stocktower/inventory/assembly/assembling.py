"""Assembly and disassembly: at one site, materials become the SKU that is made of them, or come out of it again.

Both sides are ours and available. What is allocated is never taken. The value of what goes in is the value of what
comes out: the books read one event for the whole (`assembly.made`, `assembly.undone`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from stocktower.catalog import Sku, load_materials, load_skus
from stocktower.network import Network, load_network
from stocktower.platform import Event, Transaction

from ..formulas.model import AVAILABLE, NO_LOT, OWN
from ..lots import lot_store
from ..lots.lot_service import record_lots
from ..lots.lots import SERIAL, Lot, LotKey, StatedLot, clash, learn, new_lot
from ..recalls.recalls import find_recalled_since, hold_made
from ..stock import store
from ..stock.book import Balance, Cause
from ..stock.discrepancies import settle_discrepancies
from ..stock.entering import Rows, enter, is_counted
from ..stock.events import ASSEMBLY_MOVE, AssembledSku, AssemblyDone, stock_events
from ..supply.service import open_book, write_book
from . import assembly_store
from .assembly_rules import (
    ASSEMBLY,
    MADE,
    UNDONE,
    Assembly,
    AssemblyLine,
    AssemblyRequest,
    NamedLot,
    Source,
    changes_of,
    choose,
    is_same,
    refuse_assembly,
    spread_named,
)


class AssemblyResult(Struct, frozen=True):
    """What became of a request."""

    assembly_id: int = 0
    lines: tuple[AssemblyLine, ...] = ()
    """What it did to each stock row."""
    repeated: bool = False
    problem: str = ""
    """Not empty: it was refused, and nothing changed."""


class Refused(Exception):
    """A request cannot be carried out, as `field: words; fix`."""


def assemble(tx: Transaction, items: Sequence[AssemblyRequest]) -> list[AssemblyResult]:
    """Make or take apart, one result an item; a repeat changes nothing, the same reference for else is refused."""
    if not items:
        return []
    bills = load_materials(tx, {item.sku_id for item in items})
    wanted = {item.sku_id for item in items} | {sku_id for bill in bills.values() for sku_id, _ in bill}
    wanted |= {one.sku_id for item in items for one in item.lots}
    skus = load_skus(tx, sorted(wanted))
    store.lock_items(tx, sorted(skus))
    known = assembly_store.find_assemblies(tx, sorted({item.reference for item in items}))
    work = AssemblyWork(tx, skus, known)
    results = [work.take(item, changes_of(item.sku_id, bills.get(item.sku_id, ()))) for item in items]
    work.write()
    return results


def load_assemblies(
    tx: Transaction, assembly_ids: Collection[int]
) -> dict[int, tuple[Assembly, tuple[AssemblyLine, ...]]]:
    """Assemblies by id, each with what it did to stock rows."""
    ids = sorted(assembly_ids)
    if not ids:
        return {}
    lines: dict[int, list[AssemblyLine]] = {}
    for line in assembly_store.load_assembly_lines(tx, ids):
        lines.setdefault(line.assembly_id, []).append(line)
    found = assembly_store.load_assemblies(tx, ids)
    return {one.assembly_id: (one, tuple(lines.get(one.assembly_id, ()))) for one in found}


class AssemblyWork:
    """Assemblies while they are entered, under the locks of their SKUs: stock rows and lots, then one write."""

    def __init__(self, tx: Transaction, skus: Mapping[int, Sku], known: Sequence[Assembly]) -> None:
        self._tx = tx
        self._skus = skus
        self._network: Network = load_network(tx)
        self._zone = ZoneInfo(self._network.timezone)
        self._known = {one.reference: one for one in known}
        self._lines: dict[int, list[AssemblyLine]] = {}
        for line in assembly_store.load_assembly_lines(tx, [one.assembly_id for one in known]):
            self._lines.setdefault(line.assembly_id, []).append(line)
        self._book = open_book(tx, store.load_rows(tx, sorted(skus)))
        self._rows = Rows(self._book, self._network, iter(tx.new_id, None))
        self._lots: dict[LotKey, Lot] = {}
        self._new: list[Assembly] = []
        self._late: set[LotKey] = set()
        """Lots that are recalled, and went into the assembly that is entered just now before they were."""
        self._made_of_recalled: set[tuple[LotKey, LotKey]] = set()
        self._events: list[Event] = []

    def take(self, item: AssemblyRequest, changes: Mapping[int, int]) -> AssemblyResult:
        """Enter one request, or say why not."""
        try:
            named = self._named(item, changes)
            before = self._known.get(item.reference)
            return self._enter(item, changes, named) if before is None else self._repeat(item, before, named)
        except Refused as error:
            return AssemblyResult(problem=str(error))

    def _repeat(
        self, item: AssemblyRequest, before: Assembly, named: Mapping[int, Mapping[str, int]]
    ) -> AssemblyResult:
        lines = self._lines.get(before.assembly_id, [])
        lots = {(sku_id, lot): units for sku_id, of_sku in named.items() for lot, units in of_sku.items()}
        if not is_same(item, before, lines, lots):
            what = f"{before.units:+,} of an assembled SKU" if before.sku_id != item.sku_id else f"{before.units:+,}"
            raise Refused(
                f"reference {item.reference}: it stands for another assembly already ({what} at "
                f"{self._network.sites[before.site_id].code}); give this one its own"
            )
        return AssemblyResult(before.assembly_id, tuple(lines), repeated=True)

    def _named(self, item: AssemblyRequest, changes: Mapping[int, int]) -> dict[int, dict[str, int]]:
        """SKU -> lot -> units that are named; what is made of a tracked SKU is named in full. Raises Refused."""
        problem = refuse_assembly(item, changes, {sku_id: sku.tracking for sku_id, sku in self._skus.items()})
        if problem:
            raise Refused(problem)
        site = self._network.sites[item.site_id]
        if site.kind == "dropship":
            raise Refused(f"site: what lies at {site.code} is its supplier's; assemble where our own goods lie")
        named: dict[int, dict[str, int]] = {}
        for sku_id, each in changes.items():
            sku, delta = self._skus[sku_id], each * item.units
            lots = [self._one_serial(one, sku) for one in item.lots if one.sku_id == sku_id]
            named[sku_id], rest = spread_named(lots, abs(delta))
            double = [lot for lot, units in named[sku_id].items() if units > 1 and sku.tracking == SERIAL]
            if double:
                raise Refused(f"lots {double[0]}: it is named twice, and stands for one piece; name each once")
            if rest < 0:
                raise Refused(f"lots: {abs(delta) - rest:,} units of {sku.code} are named, not {abs(delta):,}")
            if delta > 0 and sku.tracking != "none" and rest:
                each_one = "each serial number" if sku.tracking == SERIAL else "the lot"
                raise Refused(
                    f"lots: {rest:,} units of {sku.code} have none, and it is tracked by {sku.tracking}; name "
                    f"{each_one} that they become"
                )
        return named

    def _one_serial(self, one: NamedLot, sku: Sku) -> NamedLot:
        if sku.tracking != SERIAL:
            return one
        if one.units not in (None, 1):
            raise Refused(f"lots {one.lot}: {one.units} units of {sku.code} have one serial number; name each piece")
        return replace(one, units=1)

    def _enter(
        self, item: AssemblyRequest, changes: Mapping[int, int], named: Mapping[int, Mapping[str, int]]
    ) -> AssemblyResult:
        at = min(item.occurred_at or self._tx.now, self._tx.now)
        self._late = self._recalled_since(item, changes, named, at)
        taken: dict[int, int] = {}
        lacking: dict[int, int] = {}
        for sku_id, each in changes.items():
            if each * item.units < 0:
                units = abs(each * item.units)
                rows, lacks = choose(self._sources(sku_id, item.site_id, at), units, named[sku_id])
                taken |= rows
                lacking |= {sku_id: lacks} if lacks else {}
        if lacking:
            raise Refused(self._say_lacking(item, changes, named, lacking, at))
        self._hold_with_recalled(item, changes, named, taken)
        self._note_lots(item, changes, named, taken, at)
        return self._record(item, changes, named, taken, at)

    def _sources(self, sku_id: int, site_id: int, at: datetime) -> list[Source]:
        """The rows of ours that units can be taken from."""
        cause = self._cause(at, 0, "")
        return [
            Source(one.row.stock_id, one.row.lot, max(0, one.free), one.row.expires_at, is_counted(one, cause))
            for one in self._balances(sku_id)
            if (one.row.site_id, one.row.status, one.row.owner) == (site_id, AVAILABLE, OWN)
            and (one.row.sellable or (sku_id, one.row.lot) in self._late)
        ]

    def _recalled_since(
        self, item: AssemblyRequest, changes: Mapping[int, int], named: Mapping[int, Mapping[str, int]], at: datetime
    ) -> set[LotKey]:
        """Lots that are named as what went in, and were recalled only after that: what was made of them is held too."""
        goes_in = {(sku_id, lot) for sku_id, each in changes.items() if each * item.units < 0 for lot in named[sku_id]}
        held = {
            key
            for one in self._book.balances.values()
            if not one.row.sellable and (key := (one.row.sku_id, one.row.lot)) in goes_in
        }
        return find_recalled_since(self._tx, held, at) if held else set()

    def _balances(self, sku_id: int) -> list[Balance]:
        return [one for one in self._book.balances.values() if one.row.sku_id == sku_id]

    def _say_lacking(
        self, item: AssemblyRequest, changes: Mapping[int, int], named: Mapping[int, Mapping[str, int]],
        lacking: Mapping[int, int], at: datetime,
    ) -> str:  # fmt: skip
        parts: list[str] = []
        most = abs(item.units)
        for sku_id, units in lacking.items():
            free = sum(one.free for one in self._sources(sku_id, item.site_id, at))
            of_lots = f" of {', '.join(named[sku_id])}" if named[sku_id] else ""
            wanted = abs(changes[sku_id] * item.units)
            parts.append(f"{units:,} of {self._skus[sku_id].code}{of_lots} ({free:,} free, {wanted:,} needed)")
            most = min(most, free // abs(changes[sku_id]))
        site = self._network.sites[item.site_id].code
        fix = f"no more than {most:,} can be" if most and most < abs(item.units) else "bring them there, or free them"
        return f"quantity: {site} lacks {' and '.join(parts)}; {fix}"

    def _note_lots(
        self, item: AssemblyRequest, changes: Mapping[int, int], named: Mapping[int, Mapping[str, int]],
        taken: Mapping[int, int], at: datetime,
    ) -> None:  # fmt: skip
        """What is known from now on of lots that are made: nothing keeps longer than the first of what is in it."""
        made = [(sku_id, lot) for sku_id, each in changes.items() if each * item.units > 0 for lot in named[sku_id]]
        for key in made:
            if self._skus[key[0]].tracking == SERIAL and self._is_there(key):
                raise Refused(f"lots {key[1]}: this serial number is in stock already; name another")
        known = lot_store.load_known_lots(self._tx, made)
        stated = {(one.sku_id, one.lot): StatedLot(one.expires_on) for one in item.lots}
        ends = [one for stock_id in taken if (one := self._book.balances[stock_id].row.expires_at) is not None]
        noted: dict[LotKey, Lot] = {}
        for key in made:
            before = self._lots.get(key) or known.get(key) or new_lot(*key, at, self._tx.now)
            _, problem = clash(before, stated[key], self._zone)
            if problem:
                raise Refused(f"lots {key[1]}: {problem}; leave the day out, or correct the lot")
            after = learn(before, stated[key], self._zone)
            if after.expires_at is None and key not in known and ends and item.units > 0:
                after = replace(after, expires_at=min(ends))
            noted[key] = after
        self._lots |= noted

    def _hold_with_recalled(
        self, item: AssemblyRequest, changes: Mapping[int, int], named: Mapping[int, Mapping[str, int]],
        taken: Mapping[int, int],
    ) -> None:  # fmt: skip
        """Note which lots are held because of what went into them."""
        rows = [self._book.balances[stock_id].row for stock_id, units in taken.items() if units]
        recalled = {key for row in rows if (key := (row.sku_id, row.lot)) in self._late}
        made = {(sku_id, lot) for sku_id, each in changes.items() if each * item.units > 0 for lot in named[sku_id]}
        for key in sorted(made) if recalled else ():
            if any(one.row.allocated for one in self._balances(key[0]) if one.row.lot == key[1]):
                raise Refused(
                    f"lots {key[1]}: what goes into it is recalled, and orders have units of it; name another"
                )
        self._made_of_recalled |= {(of, key) for of in recalled for key in made}

    def _is_there(self, key: LotKey) -> bool:
        return any(one.quantity for one in self._balances(key[0]) if one.row.lot == key[1])

    def _record(
        self, item: AssemblyRequest, changes: Mapping[int, int], named: Mapping[int, Mapping[str, int]],
        taken: Mapping[int, int], at: datetime,
    ) -> AssemblyResult:  # fmt: skip
        tx, book = self._tx, self._book
        one = Assembly(
            tx.new_id(), item.reference, item.sku_id, item.site_id, item.units, tx.actor, at, tx.now
        )  # fmt: skip
        moves = [(book.balances[stock_id], -units) for stock_id, units in taken.items()]
        first = len(book.moves)
        self._move(moves, one)
        # The books take what goes in, then the whole, then what else became of what came out (a count saw it already).
        self._events += stock_events(book, self._network, moves=book.moves[first:])
        self._events.append(_told(one, changes))
        made: list[tuple[Balance, int]] = []
        for sku_id, each in changes.items():
            if each * item.units > 0:
                lots = named[sku_id] or {NO_LOT: each * item.units}
                made += [
                    (self._rows.open((sku_id, item.site_id, AVAILABLE, OWN, lot)), units)
                    for lot, units in lots.items()
                    if units
                ]
        first = len(book.moves)
        self._move(made, one)
        self._events += stock_events(book, self._network, moves=book.moves[first:])
        lines = [
            AssemblyLine(
                one.assembly_id, line_no, balance.row.stock_id, balance.row.sku_id, balance.row.lot,
                changes[balance.row.sku_id], delta,
            )
            for line_no, (balance, delta) in enumerate([*moves, *made], start=1)
        ]  # fmt: skip
        self._new.append(one)
        self._known[one.reference] = one
        self._lines[one.assembly_id] = lines
        return AssemblyResult(one.assembly_id, tuple(lines))

    def _move(self, moves: Iterable[tuple[Balance, int]], one: Assembly) -> None:
        made_of = self._skus[one.sku_id].code
        for balance, delta in moves:
            counterpart = ASSEMBLY if balance.row.sku_id == one.sku_id else made_of
            enter(self._book, balance, delta, self._cause(one.occurred_at, one.assembly_id, counterpart))

    def _cause(self, at: datetime, assembly_id: int, counterpart: str) -> Cause:
        return Cause(ASSEMBLY_MOVE, counterpart, ASSEMBLY, assembly_id, at)

    def write(self) -> None:
        """Write all that was entered, one statement a table, and tell it."""
        if not self._new:
            return
        tx = self._tx
        record_lots(tx, self._lots.values(), self._network)
        lines = [line for one in self._new for line in self._lines[one.assembly_id]]
        assembly_store.insert_assemblies(tx, self._new, lines)
        write_book(tx, self._book)
        tx.emit_all(self._events)
        hold_made(tx, self._made_of_recalled)
        settle_discrepancies(tx, self._book, self._network)


def _told(one: Assembly, changes: Mapping[int, int]) -> Event:
    lines = [AssembledSku(sku_id, each * one.units) for sku_id, each in changes.items()]
    data = AssemblyDone(one.assembly_id, one.reference, one.sku_id, one.site_id, one.units, lines)
    kind = f"assembly.{MADE if one.units > 0 else UNDONE}"
    return Event(kind, "assembly", one.assembly_id, one.occurred_at, msgspec.json.encode(data))
