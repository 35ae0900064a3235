"""Goods on their way: what was said about them is kept word by word, and told upward when it changes."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from stocktower import exchange
from stocktower.kernel import CaseKind
from stocktower.model import load_applied
from stocktower.network import load_network
from stocktower.platform import Event, Transaction
from stocktower.worklist import close_by_cause

from ..coming import inbound_store
from ..coming.inbound_claims import settle_claims
from ..coming.inbound_rules import (
    CHANGED,
    CLOSED,
    CONFIRMED,
    Inbound,
    InboundChange,
    StatedInbound,
    close_short,
    key_of,
    new_inbound,
    refuse_statement,
    reopen,
    restate,
)
from ..stock import store
from .arrival_cases import tell_arrivals
from .early import inbound_cause


class InboundFigures(Struct, frozen=True):
    """What may be counted on of an inbound."""

    expected: int
    received: int
    cancelled: int
    open: int
    excess: int
    expected_at: datetime | None
    confirmed_at: datetime | None
    state: str


class InboundMoved(Struct, frozen=True):
    """Data of inbound.confirmed, .changed, .received and .closed: an inbound before and after."""

    inbound_id: int
    kind: str
    """purchase, transfer or production; the first word of the event's kind says what happened."""
    reference: str
    line: str
    sku_id: int
    site_id: int
    lot: str
    before: InboundFigures | None
    """None: this is the first word of it."""
    after: InboundFigures
    reason: str = ""


class InboundResult(Struct, frozen=True):
    """What became of one statement."""

    inbound: Inbound | None
    changed: bool = False
    problem: str = ""
    """Not empty: it was refused, and nothing changed."""


class InboundBook:
    """Inbound under the lock of its SKUs, and what is entered for it."""

    def __init__(self, tx: Transaction, rows: Iterable[Inbound]) -> None:
        self._tx = tx
        self._read = {row.inbound_id: row for row in rows}
        self.rows = dict(self._read)
        self._by_key = {row.key: row.inbound_id for row in self._read.values()}
        self._changes: list[InboundChange] = []
        self._events: list[Event] = []

    @property
    def changed(self) -> list[tuple[Inbound | None, Inbound]]:
        """(as it was read, as it is now) of what changed; None: it is new."""
        return [
            (self._read.get(inbound_id), row)
            for inbound_id, row in self.rows.items()
            if self._read.get(inbound_id) is not row
        ]

    def find(self, key: tuple[str, str, str, int, int, str]) -> Inbound | None:
        """The inbound with a key, as it stands now."""
        inbound_id = self._by_key.get(key)
        return None if inbound_id is None else self.rows[inbound_id]

    def enter(
        self,
        kind: str,
        after: Inbound,
        *,
        occurred_at: datetime | None = None,
        reason: str = "",
        reference: str = "",
        reference_id: int = 0,
    ) -> None:
        """Note what an inbound is after a change, and why."""
        tx = self._tx
        before = self.rows.get(after.inbound_id)
        self.rows[after.inbound_id] = after
        self._by_key[after.key] = after.inbound_id
        at = occurred_at or tx.now
        self._changes.append(
            InboundChange(
                after.inbound_id, after.version, kind, after.expected, after.received, after.cancelled, after.open,
                after.excess, after.expected_at, after.confirmed_at, after.cost_minor, reason, reference, reference_id,
                tx.actor, at, tx.now, after.supplier,
            )
        )  # fmt: skip
        told = InboundMoved(
            after.inbound_id, after.kind, after.reference, after.line, after.sku_id, after.site_id, after.lot,
            None if before is None else figures(before), figures(after), reason,
        )  # fmt: skip
        self._events.append(Event(f"inbound.{kind}", "inbound", after.inbound_id, at, msgspec.json.encode(told)))

    def write(self) -> None:
        """Write what is new, what changed, and the history, each in one statement; then tell it."""
        tx = self._tx
        inbound_store.insert_inbound(tx, [row for row in self.rows.values() if row.inbound_id not in self._read])
        changed = [
            (before, self.rows[inbound_id])
            for inbound_id, before in self._read.items()
            if self.rows[inbound_id] is not before
        ]
        settle_claims(tx, changed)
        inbound_store.change_inbound(tx, [(before.version, after) for before, after in changed])
        inbound_store.record_inbound_changes(tx, self._changes)
        tx.emit_all(self._events)


def figures(inbound: Inbound) -> InboundFigures:
    """What may be counted on of an inbound."""
    return InboundFigures(
        inbound.expected,
        inbound.received,
        inbound.cancelled,
        inbound.open,
        inbound.excess,
        inbound.expected_at,
        inbound.confirmed_at,
        inbound.state,
    )


def load_inbound(tx: Transaction, sku_ids: Sequence[int]) -> list[Inbound]:
    """What is still to come of some SKUs, by SKU, the soonest first and the undated last; confirmed or not."""
    return inbound_store.load_coming(tx, sku_ids) if sku_ids else []


def record_inbound(tx: Transaction, items: Sequence[StatedInbound]) -> list[InboundResult]:
    """Enter what is said about goods on their way, one result an item; the same word again changes nothing.

    Takes the locks of the SKUs.
    """
    usable = [item for item in items if not refuse_statement(item)]
    if usable:
        store.lock_items(tx, sorted({item.sku_id for item in usable}))
    known = inbound_store.load_inbound_of_references(tx, sorted({item.reference for item in usable})) if usable else []
    book = InboundBook(tx, known)
    fresh = iter(tx.new_ids(len({key_of(item) for item in usable} - {row.key for row in known})))
    results: list[InboundResult] = []
    for item in items:
        problem = refuse_statement(item)
        results.append(InboundResult(None, problem=problem) if problem else _enter(tx, book, item, fresh))
    changed = [pair for pair in book.changed if pair[0] is not None]
    book.write()
    if changed:
        tell_arrivals(tx, load_applied(tx).configuration, load_network(tx), changed, (), ())
    new = {one.inbound.reference for one in results if one.changed and one.inbound is not None}
    exchange.resume(tx, sorted(inbound_cause(reference) for reference in new))
    return results


def _enter(tx: Transaction, book: InboundBook, item: StatedInbound, fresh: Iterable[int]) -> InboundResult:
    before = book.find(key_of(item))
    if before is None:
        after = new_inbound(next(iter(fresh)), item, tx.now)
    else:
        restated = restate(before, item, tx.now)
        if restated is None:
            return InboundResult(before)
        after = restated
    if before is not None and before.open and not after.open and after.cancelled > before.cancelled:
        kind = CLOSED
    elif after.confirmed_at is not None and (before is None or before.confirmed_at is None):
        kind = CONFIRMED
    else:
        kind = CHANGED
    book.enter(
        kind,
        after,
        occurred_at=item.occurred_at,
        reason="stated",
        reference="message" if item.reference_id else "",
        reference_id=item.reference_id,
    )
    return InboundResult(after, changed=True)


def close_inbound(tx: Transaction, inbound_ids: Sequence[int], reason: str) -> list[Inbound]:
    """Nothing more will come of some inbound; gives those of which something was still open."""
    wanted = inbound_store.load_inbound_by_id(tx, inbound_ids)
    store.lock_items(tx, sorted({one.sku_id for one in wanted}))
    book = InboundBook(tx, inbound_store.load_inbound_by_id(tx, inbound_ids))
    closed: list[Inbound] = []
    for before in list(book.rows.values()):
        after = close_short(before)
        if after is not None:
            book.enter(CLOSED, after, reason=reason)
            closed.append(after)
    book.write()
    return closed


def expect_rest(tx: Transaction, inbound_id: int) -> Inbound | None:
    """What was closed short is expected after all; None where nothing was."""
    wanted = inbound_store.load_inbound_by_id(tx, [inbound_id])
    store.lock_items(tx, sorted({one.sku_id for one in wanted}))
    book = InboundBook(tx, inbound_store.load_inbound_by_id(tx, [inbound_id]))
    before = book.rows.get(inbound_id)
    after = None if before is None else reopen(before)
    if after is not None:
        book.enter(CHANGED, after, reason="expected after all")
        book.write()
        close_by_cause(tx, CaseKind.RECEIPT_SHORT, [f"inbound/{inbound_id}"], "the rest is expected after all")
    return after


def load_inbound_history(tx: Transaction, inbound_id: int) -> list[InboundChange]:
    """Every word about one inbound, in order."""
    return inbound_store.load_inbound_changes(tx, inbound_id)


def load_inbound_by_id(tx: Transaction, inbound_ids: Sequence[int]) -> dict[int, Inbound]:
    """Inbound by id, open or not."""
    found = inbound_store.load_inbound_by_id(tx, inbound_ids) if inbound_ids else []
    return {one.inbound_id: one for one in found}
