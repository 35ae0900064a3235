"""What inventory tells upward: changes of stock that others value, publish or fill backorders with."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import msgspec

from stocktower.network import Network
from stocktower.platform import Event

from ..formulas.model import Hold
from .book import Book, Move

SHIPPED = "shipped"
OPENING = "opening"
COUNT = "count"
RECEIPT = "receipt"
DISCREPANCY = "discrepancy"
STATUS_CHANGE = "status_change"
TRANSFER_MOVE = "transfer"
ASSEMBLY_MOVE = "assembly"

_KINDS = {
    OPENING: "stock.opened",
    COUNT: "stock.counted",
    RECEIPT: "stock.received",
    STATUS_CHANGE: "stock.status_changed",
    # Between rows of one owner: the books read what moved as a whole.
    TRANSFER_MOVE: "stock.moved",
    ASSEMBLY_MOVE: "stock.moved",
}
_OTHERWISE = "stock.adjusted"
STOCK_KINDS = tuple(sorted({*_KINDS.values(), _OTHERWISE}))
"""The events of moves, shipments apart: each is one StockChanged."""
SUPPLY_KINDS = (*STOCK_KINDS, "lot.held", "lot.released", "status.changed", "supply.changed")
"""Every event after which a channel may have more or less to sell; each names its SKUs."""


class StockChanged(msgspec.Struct, frozen=True):
    """Data of stock.opened, stock.received, stock.counted and stock.adjusted: one move."""

    stock_id: int
    sku_id: int
    site_id: int
    status: str
    owner: str
    """`own` is valued; `supplier` is not."""
    entity: str
    """Code of the legal entity of the site."""
    delta: int
    cost_minor: int | None
    """Stated unit cost in the entity's currency."""
    reason: str
    quantity_after: int
    against: str = ""
    """Posting role of the account against inventory; empty: that of the kind of event."""
    sequence: int = 0
    """Of the move along its row; 0 in events of before it was told."""


class TransferMovedLine(msgspec.Struct, frozen=True):
    """Units of one line."""

    line_no: int
    sku_id: int
    owner: str
    units: int


class TransferMoved(msgspec.Struct, frozen=True):
    """Data of transfer.ordered, .shipped, .arrived, .cancelled, .lost, .claimed and .returned."""

    transfer_id: int
    reference: str
    from_site_id: int
    to_site_id: int
    state: str
    """Of the transfer after it."""
    lines: list[TransferMovedLine]
    """What moved; nothing where it was ordered or cancelled."""


class AssembledSku(msgspec.Struct, frozen=True):
    """By how much a SKU changed in an assembly."""

    sku_id: int
    units: int
    """Below zero: it went in."""


class AssemblyDone(msgspec.Struct, frozen=True):
    """Data of assembly.made and assembly.undone; all of it is ours."""

    assembly_id: int
    reference: str
    sku_id: int
    site_id: int
    units: int
    """Made; below zero: taken apart."""
    lines: list[AssembledSku]


class SupplyChanged(msgspec.Struct, frozen=True):
    """Data of supply.changed: SKUs of which something was reserved, given back, shipped, or waits (more or no more)."""

    sku_ids: list[int]


class LotCorrected(msgspec.Struct, frozen=True):
    """Data of lot.corrected: the dates of a lot before and after."""

    sku_id: int
    lot: str
    expired_at: datetime | None
    expires_at: datetime | None
    was_made_on: date | None
    made_on: date | None


class StatusChanged(msgspec.Struct, frozen=True):
    """Data of status.changed: statuses mean something else from now on, and there is stock of these SKUs in them."""

    codes: list[str]
    sku_ids: list[int]


class HoldEnded(msgspec.Struct, frozen=True):
    """Data of hold.ended: what ended holds changed of what is allocated of one SKU."""

    sku_id: int
    delta: int
    """Below zero."""


class HoldExtended(msgspec.Struct, frozen=True):
    """Data of hold.extended: the payment of the cart is under way."""

    reference: str
    until: datetime


def hold_extended_event(hold: Hold, until: datetime, now: datetime) -> Event:
    """A hold was kept for the payment of its cart."""
    return Event("hold.extended", "hold", hold.hold_id, now, msgspec.json.encode(HoldExtended(hold.reference, until)))


def stock_events(
    book: Book, network: Network, cause_id: int | None = None, moves: Sequence[Move] | None = None
) -> list[Event]:
    """An event for each move of a book, or some of them, but shipments, which the fulfillment's own event tells."""
    events: list[Event] = []
    for move in book.moves if moves is None else moves:
        if move.reason == SHIPPED:
            continue
        row = book.balances[move.stock_id].row
        site = network.sites.get(row.site_id)
        data = StockChanged(
            stock_id=row.stock_id,
            sku_id=row.sku_id,
            site_id=row.site_id,
            status=row.status,
            owner=row.owner,
            entity=site.entity if site else "",
            delta=move.delta,
            cost_minor=book.costs.get((move.stock_id, move.sequence)),
            reason=move.reason,
            quantity_after=move.quantity_after,
            against=book.against.get((move.stock_id, move.sequence), ""),
            sequence=move.sequence,
        )
        kind = _KINDS.get(move.reason, _OTHERWISE)
        events.append(Event(kind, "sku", row.sku_id, move.occurred_at, msgspec.json.encode(data), cause_id=cause_id))
    return events


def status_changed(codes: Iterable[str], sku_ids: Iterable[int], now: datetime) -> Event:
    """The event that statuses mean something else, so that who waits for what is sellable now may have it."""
    return Event("status.changed", "supply", 0, now, msgspec.json.encode(StatusChanged(list(codes), list(sku_ids))))


def supply_event(sku_ids: Iterable[int], now: datetime) -> list[Event]:
    """One event for all SKUs of a batch, so that whoever offers them looks again; none for no SKU."""
    changed = sorted(set(sku_ids))
    if not changed:
        return []
    return [Event("supply.changed", "supply", 0, now, msgspec.json.encode(SupplyChanged(changed)))]


class LotChanged(msgspec.Struct, frozen=True):
    """Data of lot.held and lot.released."""

    sku_id: int
    lot: str
    delta: int
    """Units on hand that cannot be sold any more (below zero), or can be sold again."""
    note: str
    joined: bool = False
    """It is held by a recall that went on before it was known to be in it."""


def lot_event(
    sku_id: int, lot: str, state: str, delta: int, note: str, now: datetime, *, joined: bool = False
) -> list[Event]:
    """One event for a lot that is held or let back."""
    kind = "lot.held" if state == "held" else "lot.released"
    return [Event(kind, "sku", sku_id, now, msgspec.json.encode(LotChanged(sku_id, lot, delta, note, joined)))]


def hold_ended_events(given: Mapping[int, int], now: datetime) -> list[Event]:
    """One event a SKU for what a batch of holds gave back, so that who waits may have it."""
    return [
        Event("hold.ended", "sku", sku_id, now, msgspec.json.encode(HoldEnded(sku_id, -quantity)))
        for sku_id, quantity in sorted(given.items())
        if quantity
    ]
