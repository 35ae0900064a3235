"""Some transfers while steps of them are entered: their lines, stock rows, reservations and inbound, then one write."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from stocktower.network import load_network
from stocktower.platform import Event, Transaction

from ..arrivals.inbound import InboundBook
from ..coming import inbound_store
from ..coming.inbound_rules import (
    CHANGED,
    CONFIRMED,
    RECEIVED,
    TRANSFER,
    Inbound,
    StatedInbound,
    extend,
    new_inbound,
    receive_units,
    restore,
    withdraw,
)
from ..formulas.model import AVAILABLE, NO_LOT, OWN, Allocation, Demand
from ..stock import store
from ..stock.book import Balance, Cause
from ..stock.discrepancies import settle_discrepancies
from ..stock.entering import Rows, enter, is_counted
from ..stock.events import COUNT, TRANSFER_MOVE, TransferMoved, TransferMovedLine, stock_events, supply_event
from ..supply.service import change_demands, open_book, write_book
from . import transfer_store
from .transfer_rules import (
    AHEAD,
    ARRIVED,
    CANCELLED,
    CLAIMED,
    CLOSED,
    DAMAGED,
    DEMAND,
    LOST,
    ORDERED,
    RETURNED,
    SHIPPED,
    TOLD,
    TRANSIT,
    UNCANCELLED,
    Standing,
    StepLine,
    Transfer,
    TransferChange,
    TransferLine,
    TransferStep,
    after_step,
    parts_ahead,
    split_parts,
    state_of,
    still_to_be_told,
)

LAST_SERVED = 1_000_000
"""Priority of the demand of transfers: customers go first when there is too little."""
_NEVER = datetime.max.replace(tzinfo=UTC)
Key = tuple[int, int]
"""(transfer_id, line_no)"""
_CHANGES: dict[str, Callable[[Inbound, int], Inbound | None]] = {
    RECEIVED: receive_units,
    CANCELLED: withdraw,
    UNCANCELLED: restore,
    CHANGED: extend,
}
"""What a change of a line does to the inbound of its destination."""


class TransferWork:
    """Transfers of some references, locked with the stock of their SKUs and of some more."""

    def __init__(self, tx: Transaction, references: Iterable[str], sku_ids: Iterable[int]) -> None:
        self._tx = tx
        self.network = load_network(tx)
        names = sorted(set(references))
        self.transfers = {one.reference: one for one in transfer_store.lock_transfers(tx, names)}
        ids = [one.transfer_id for one in self.transfers.values()]
        self.lines: defaultdict[int, list[TransferLine]] = defaultdict(list)
        self._read = {(one.transfer_id, one.line_no): one for one in transfer_store.load_lines(tx, ids)}
        for line in self._read.values():
            self.lines[line.transfer_id].append(line)
        self._known = dict(self.transfers)
        self._skus = sorted({line.sku_id for line in self._read.values()} | set(sku_ids))
        store.lock_items(tx, self._skus)
        self.book = open_book(tx, store.load_rows(tx, self._skus))
        self.rows = Rows(self.book, self.network, _ids(tx))
        self._demands = {(one.order_id, one.line_no): one for one in store.load_demands(tx, ids)}
        self._read_demands = dict(self._demands)
        self._taken: defaultdict[Key, list[Allocation]] = defaultdict(list)
        for one in store.load_allocations(tx, ids):
            self._taken[one.order_id, one.line_no].append(one)
        self._inbound = InboundBook(
            tx, [one for one in inbound_store.load_inbound_of_references(tx, names) if one.kind == TRANSFER]
        )
        self._history: defaultdict[Key, list[TransferChange]] = defaultdict(list)
        self._sequences: dict[int, int] = {}
        for one in transfer_store.load_changes(tx, ids):
            self._history[one.transfer_id, one.line_no].append(one)
            self._sequences[one.transfer_id] = one.sequence
        self._beyond_before = {transfer_id: self._beyond(transfer_id) for transfer_id in ids}
        self._changes: list[TransferChange] = []
        self._events: list[Event] = []
        self._moved: defaultdict[tuple[int, str], list[TransferMovedLine]] = defaultdict(list)

    def line(self, transfer_id: int, line_no: int) -> TransferLine:
        """A line as it stands now."""
        return self.lines[transfer_id][line_no - 1]

    def lines_of(self, transfer: Transfer, sku_id: int) -> list[TransferLine]:
        """The lines of one SKU as they stand now."""
        return [line for line in self.lines[transfer.transfer_id] if line.sku_id == sku_id]

    def plan(self, step: TransferStep) -> tuple[list[tuple[Balance, int]], tuple[int, int] | None]:
        """(row, units) that an order takes at its source, the first to expire first; or (sku_id, free) that lacks."""
        wanted: defaultdict[tuple[int, str], int] = defaultdict(int)
        for line in step.lines:
            wanted[line.sku_id, line.lot] += line.units
        left = {one.row.stock_id: one.free for one in self.book.balances.values()}
        plan: dict[int, int] = {}
        # What names its lot has the first choice.
        for (sku_id, lot), units in sorted(wanted.items(), key=lambda item: (item[0][1] == NO_LOT, item[0])):
            rows = self._source_rows(step.from_site_id, sku_id, step.status, lot)
            free = sum(max(0, left[one.row.stock_id]) for one in rows)
            for one in rows:
                part = min(units, max(0, left[one.row.stock_id]))
                if part:
                    left[one.row.stock_id] -= part
                    plan[one.row.stock_id] = plan.get(one.row.stock_id, 0) + part
                    units -= part
            if units:
                return [], (sku_id, free)
        return [(self.book.balances[stock_id], units) for stock_id, units in plan.items()], None

    def _source_rows(self, site_id: int, sku_id: int, status: str, lot: str) -> list[Balance]:
        found = [
            one
            for one in self.book.balances.values()
            if (one.row.sku_id, one.row.site_id, one.row.status) == (sku_id, site_id, status)
            and lot in (NO_LOT, one.row.lot)
        ]
        return sorted(found, key=lambda one: (one.row.owner != OWN, one.row.expires_at or _NEVER, one.row.lot))

    def order(self, transfer: Transfer, plan: Sequence[tuple[Balance, int]], step: TransferStep) -> None:
        """Enter a transfer: its lines, what it reserves, and what its destination may expect."""
        self.transfers[transfer.reference] = transfer
        for balance, units in plan:
            row = balance.row
            line = self._new_line(transfer, row.sku_id, row.status, row.owner, row.lot, units)
            key = (transfer.transfer_id, line.line_no)
            self.book.reserve(row.stock_id, *key, units, DEMAND)
            self._demands[key] = self._demand(key, row.sku_id, transfer, units)
            taken = Allocation(*key, row.sku_id, row.stock_id, row.site_id, units)
            self._taken[key].append(taken)
            self._note(transfer, line, ORDERED, units, step)
        self.conclude(transfer, ORDERED, step)

    def _new_line(self, transfer: Transfer, sku_id: int, status: str, owner: str, lot: str, units: int) -> TransferLine:
        lines = self.lines[transfer.transfer_id]
        line = TransferLine(transfer.transfer_id, len(lines) + 1, sku_id, status, owner, lot, units)
        lines.append(line)
        if status == AVAILABLE:
            stated = StatedInbound(
                transfer.reference, sku_id, transfer.to_site_id, units, transfer.expected_at, kind=TRANSFER,
                line=str(line.line_no), lot=lot, reference_id=transfer.transfer_id,
            )  # fmt: skip
            self._inbound.enter(
                CONFIRMED, new_inbound(self._tx.new_id(), stated, self._tx.now), reason=ORDERED, reference=TRANSFER,
                reference_id=transfer.transfer_id,
            )  # fmt: skip
        return line

    def _demand(self, key: Key, sku_id: int, transfer: Transfer, units: int) -> Demand:
        return Demand(*key, sku_id, DEMAND, 0, LAST_SERVED, transfer.ordered_at, 1, units, units)

    def line_for_more(self, transfer: Transfer, stated: StepLine, step: TransferStep) -> TransferLine:
        """The line that units beyond the order go to; a new one where the transfer does not have the SKU or the lot."""
        lines = [line for line in self.lines_of(transfer, stated.sku_id) if stated.lot in (NO_LOT, line.lot)]
        if lines:
            return self.line(transfer.transfer_id, lines[-1].line_no)
        rows = self._source_rows(transfer.from_site_id, stated.sku_id, step.status, stated.lot)
        if rows:
            row = rows[0].row
            return self._new_line(transfer, row.sku_id, row.status, row.owner, row.lot, 0)
        owner = self.rows.key(stated.sku_id, transfer.from_site_id, step.status, "", stated.lot)[3]
        return self._new_line(transfer, stated.sku_id, step.status, owner, stated.lot, 0)

    def untold(self, line: TransferLine) -> int:
        """Units of what was ordered of a line of which its source has still to say that they left."""
        key = (line.transfer_id, line.line_no)
        ordered = sum(one.units for one in self._history[key] if one.kind == ORDERED)
        return still_to_be_told(self.line(*key), ordered)

    def leave(self, transfer: Transfer, line: TransferLine, units: int, step: TransferStep) -> int:
        """The source says that units left: those that are known to have left first; gives the units."""
        line = self.line(line.transfer_id, line.line_no)
        known = min(units, line.ahead)
        if known:
            self._date_back(transfer, line, known, step)
            line = self._after(transfer, line, TOLD, known, step)
        return known + self.ship(transfer, line, units - known, step)

    def _date_back(self, transfer: Transfer, line: TransferLine, units: int, step: TransferStep) -> None:
        """What was taken to have left when it came left when its source says, so that counts between see it right."""
        parts, _ = split_parts(parts_ahead(self._history[line.transfer_id, line.line_no]), units)
        origin, destination = (self.network.sites[one].code for one in (transfer.from_site_id, transfer.to_site_id))
        source = self.rows.open((line.sku_id, transfer.from_site_id, line.status, line.owner, line.lot))
        transit = self._transit(transfer, line)
        for taken_at, part in parts:
            left, taken = (
                self._cause(transfer, one, destination) for one in (step, replace(step, occurred_at=taken_at))
            )
            if left.occurred_at != taken.occurred_at:
                enter(self.book, source, part, taken)
                enter(self.book, source, -part, left)
                self.book.move(transit.row.stock_id, part, replace(left, counterpart=origin))
                self.book.move(transit.row.stock_id, -part, replace(taken, counterpart=origin))

    def ship(
        self, transfer: Transfer, line: TransferLine, units: int, step: TransferStep, *, ahead: bool = False
    ) -> int:
        """Units leave the source: what is reserved first, then what is free, then what is found.

        `ahead`: it has not said so, but they are here.
        """
        if not units:
            return 0
        back = min(line.cancelled, max(0, units - line.open))
        if back:
            self._change_inbound(transfer, line, back, UNCANCELLED)
            line = self._after(transfer, line, UNCANCELLED, back, step)
        key = (transfer.transfer_id, line.line_no)
        cause = self._cause(transfer, step, self.network.sites[transfer.to_site_id].code)
        reserved = self._take_reserved(transfer, key, units, cause)
        if units > reserved:
            source = (line.sku_id, transfer.from_site_id, line.status, line.owner, line.lot)
            enter(self.book, self.rows.open(source), reserved - units, cause)
        self._consume(key, line, transfer, units, reserved)
        origin = self._cause(transfer, step, self.network.sites[transfer.from_site_id].code)
        enter(self.book, self._transit(transfer, line), units, origin)
        beyond = max(0, units - line.open)
        if beyond:
            self._change_inbound(transfer, line, beyond, CHANGED)
        line = self._after(transfer, line, SHIPPED, units, step)
        if ahead:
            self._after(transfer, line, AHEAD, units, step)
        self._told(transfer, line, units, SHIPPED)
        return units

    def _take_reserved(self, transfer: Transfer, key: Key, units: int, cause: Cause) -> int:
        taken = 0
        for place, one in enumerate(self._taken[key]):
            part = min(units - taken, one.quantity)
            if not part:
                continue
            balance = self.book.balances[one.stock_id]
            self.book.ship(one.stock_id, *key, part, cause)
            # What was ordered after the count cannot have left before it, whatever clock says so.
            if is_counted(balance, cause) and balance.counted_at and transfer.ordered_at < balance.counted_at:
                covered = min(part, balance.discrepancy)
                balance.discrepancy -= covered
                self.book.move(one.stock_id, part - covered, replace(cause, reason=COUNT, counterpart=COUNT))
            self._taken[key][place] = replace(one, quantity=one.quantity - part, seen=max(0, one.seen - part))
            taken += part
        return taken

    def _consume(self, key: Key, line: TransferLine, transfer: Transfer, units: int, reserved: int) -> None:
        demand = self._demands.get(key)
        if demand is None:
            new = self._demand(key, line.sku_id, transfer, units)
            self._demands[key] = replace(new, allocated=0, consumed=units)
            return
        late = min(units - reserved, demand.cancelled)
        more = units - reserved - late
        self._demands[key] = replace(
            demand,
            wanted=demand.wanted + more,
            allocated=demand.allocated - reserved,
            cancelled=demand.cancelled - late,
            consumed=demand.consumed + units,
        )

    def end(self, transfer: Transfer, line: TransferLine, units: int, outcome: str, step: TransferStep) -> int:
        """Units come out of transit: into the destination, good or damaged, back to the source, or they are gone."""
        gone = outcome in (LOST, CLAIMED)
        sites = self.network.sites
        origin, destination = sites[transfer.from_site_id].code, sites[transfer.to_site_id].code
        balance = self._transit(transfer, line)
        self.book.move(balance.row.stock_id, -units, self._cause(transfer, step, outcome if gone else destination))
        if outcome == RETURNED:
            source = (line.sku_id, transfer.from_site_id, line.status, line.owner, line.lot)
            enter(self.book, self.rows.open(source), units, self._cause(transfer, step, destination))
        elif not gone:
            status = DAMAGED if outcome == DAMAGED else line.status
            place = (line.sku_id, transfer.to_site_id, status, line.owner, line.lot)
            enter(self.book, self.rows.open(place), units, self._cause(transfer, step, origin))
        self._change_inbound(transfer, line, units, CANCELLED if gone or outcome == RETURNED else RECEIVED)
        self._after(transfer, line, outcome, units, step)
        self._told(transfer, line, units, ARRIVED if outcome == DAMAGED else outcome)
        return units

    def cancel(self, transfer: Transfer, line: TransferLine, step: TransferStep) -> int:
        """What is not shipped will not be: its reservation is given back."""
        units = line.open
        if not units:
            return 0
        key = (transfer.transfer_id, line.line_no)
        given = 0
        for place, one in enumerate(self._taken[key]):
            self.book.reserve(one.stock_id, *key, -one.quantity, CANCELLED)
            self._taken[key][place] = replace(one, quantity=0, seen=0)
            given += one.quantity
        demand = self._demands[key]
        self._demands[key] = replace(demand, allocated=demand.allocated - given, cancelled=demand.cancelled + given)
        self._change_inbound(transfer, line, units, CANCELLED)
        self._after(transfer, line, CANCELLED, units, step)
        return units

    def _transit(self, transfer: Transfer, line: TransferLine) -> Balance:
        return self.rows.open((line.sku_id, transfer.to_site_id, TRANSIT, line.owner, line.lot))

    def _cause(self, transfer: Transfer, step: TransferStep, counterpart: str) -> Cause:
        at = min(step.occurred_at or self._tx.now, self._tx.now)
        return Cause(TRANSFER_MOVE, counterpart, TRANSFER, transfer.transfer_id, at)

    def _change_inbound(self, transfer: Transfer, line: TransferLine, units: int, kind: str) -> None:
        key = (
            TRANSFER, transfer.reference, str(line.line_no), line.sku_id, transfer.to_site_id, line.lot,
        )  # fmt: skip
        before = self._inbound.find(key)
        if before is None:
            return
        after = _CHANGES[kind](before, units)
        if after is not None:
            told = RECEIVED if kind == RECEIVED else CHANGED
            self._inbound.enter(told, after, reason=kind, reference=TRANSFER, reference_id=transfer.transfer_id)

    def _after(self, transfer: Transfer, line: TransferLine, kind: str, units: int, step: TransferStep) -> TransferLine:
        after = after_step(line, kind, units)
        self.lines[transfer.transfer_id][line.line_no - 1] = after
        self._note(transfer, after, kind, units, step)
        return after

    def _note(self, transfer: Transfer, line: TransferLine, kind: str, units: int, step: TransferStep) -> None:
        sequence = self._sequences[transfer.transfer_id] = self._sequences.get(transfer.transfer_id, 0) + 1
        at = min(step.occurred_at or self._tx.now, self._tx.now)
        change = TransferChange(
            transfer.transfer_id, sequence, line.line_no, kind, units, step.document, step.message_id, self._tx.actor,
            at, self._tx.now,
        )  # fmt: skip
        self._changes.append(change)
        self._history[transfer.transfer_id, line.line_no].append(change)

    def _told(self, transfer: Transfer, line: TransferLine, units: int, kind: str) -> None:
        told = TransferMovedLine(line.line_no, line.sku_id, line.owner, units)
        self._moved[transfer.transfer_id, kind].append(told)

    def conclude(self, transfer: Transfer, kind: str, step: TransferStep) -> Transfer:
        """The transfer after a step, which is told with what it moved; what left ahead of its word is told first."""
        at = min(step.occurred_at or self._tx.now, self._tx.now)
        after = replace(
            transfer,
            state=state_of(self.lines[transfer.transfer_id]),
            expected_at=step.expected_at or transfer.expected_at,
            closed_at=at if step.step == CLOSED else transfer.closed_at,
        )
        self.transfers[transfer.reference] = after
        left = self._moved.pop((transfer.transfer_id, SHIPPED), [])
        if left and kind != SHIPPED:
            self._tell(after, SHIPPED, left, at, step)
        moved = left if kind == SHIPPED else self._moved.pop((transfer.transfer_id, kind), [])
        self._tell(after, kind, moved, at, step)
        return after

    def _tell(
        self, after: Transfer, kind: str, moved: list[TransferMovedLine], at: datetime, step: TransferStep
    ) -> None:
        data = TransferMoved(
            after.transfer_id, after.reference, after.from_site_id, after.to_site_id, after.state, moved
        )  # fmt: skip
        self._events.append(
            Event(
                f"transfer.{kind}", "transfer", after.transfer_id, at, msgspec.json.encode(data),
                cause_id=step.message_id or None,
            )
        )  # fmt: skip

    def standings(self) -> list[Standing]:
        """The transfers with their lines as they stand now, and what came of each beyond what was to leave."""
        return [
            Standing(
                one,
                self.lines[one.transfer_id],
                self._beyond_before.get(one.transfer_id, 0),
                self._beyond(one.transfer_id),
            )
            for one in self.transfers.values()
        ]

    def _beyond(self, transfer_id: int) -> int:
        return sum(max(0, line.ahead - self.untold(line)) for line in self.lines[transfer_id])

    def stepped(self) -> list[str]:
        """The references of the transfers of which something changed."""
        return sorted(one.reference for one in self.transfers.values() if self._known.get(one.reference) is not one)

    def untold_transfers(self) -> list[int]:
        """Transfers of which more units left ahead of their source's word than had before."""
        ahead: defaultdict[int, int] = defaultdict(int)
        for one in self._changes:
            if one.kind in (AHEAD, TOLD):
                ahead[one.transfer_id] += one.units if one.kind == AHEAD else -one.units
        return [transfer_id for transfer_id, units in ahead.items() if units > 0]

    def write(self) -> None:
        """Write all that was entered, one statement a table, and tell it: stock before transfers."""
        tx = self._tx
        current = {(line.transfer_id, line.line_no): line for lines in self.lines.values() for line in lines}
        transfers = self.transfers.values()
        transfer_store.insert_transfers(tx, [one for one in transfers if one.reference not in self._known])
        transfer_store.change_transfers(
            tx, [one for one in transfers if self._known.get(one.reference, one) is not one]
        )
        transfer_store.insert_lines(tx, [line for key, line in current.items() if key not in self._read])
        transfer_store.change_lines(tx, [line for key, line in current.items() if self._read.get(key, line) != line])
        transfer_store.record_changes(tx, self._changes)
        store.insert_demands(tx, [one for key, one in self._demands.items() if key not in self._read_demands])
        change_demands(tx, [one for key, one in self._demands.items() if self._read_demands.get(key, one) is not one])
        write_book(tx, self.book)
        tx.emit_all(stock_events(self.book, self.network))
        tx.emit_all(self._events)
        tx.emit_all(supply_event(self._skus if self._changes else (), tx.now))
        self._inbound.write()
        settle_discrepancies(tx, self.book, self.network)


def _ids(tx: Transaction) -> Iterable[int]:
    while True:
        yield tx.new_id()
