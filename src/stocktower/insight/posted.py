"""From a move of stock to the journal that values it, and from a journal back to the moves that it is of.

One event tells of both: a move of its own by its row and sequence; a shipment, a step of a transfer or an assembly as a
whole, by what it was, of which SKUs, at which site, and when it happened.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from stocktower import finance, inventory
from stocktower.inventory import StockRow
from stocktower.inventory import views as ledger
from stocktower.platform import RecordedEvent, Transaction, find_position_at, load_events_of_subjects

MOST = 2_000
"""Events that are looked through for the moves of one page."""
_AN_INSTANT = timedelta(microseconds=1)


class Part(msgspec.Struct, frozen=True):
    """A line of an event that names a SKU."""

    sku_id: int


class Said(msgspec.Struct, frozen=True):
    """What the data of events that the books read say of moves."""

    stock_id: int = 0
    sequence: int = 0
    sku_id: int = 0
    delta: int = 0
    quantity_after: int = 0
    reason: str = ""
    fulfillment_id: int = 0
    from_site_id: int = 0
    to_site_id: int = 0
    stock: tuple[Part, ...] = ()
    lines: tuple[Part, ...] = ()


_DECODER = msgspec.json.Decoder(Said)


def is_told_by(move: ledger.Entry, row: StockRow, event: RecordedEvent, said: Said) -> bool:
    """Whether an event tells of a move of a stock row."""
    if event.kind.startswith("stock."):
        if said.sequence:
            return (said.stock_id, said.sequence) == (move.stock_id, move.sequence)
        return (said.stock_id, said.delta, said.quantity_after, said.reason) == (
            move.stock_id, move.delta, move.quantity_after, move.reason,
        )  # fmt: skip
    if event.occurred_at != move.occurred_at or event.recorded_at < move.recorded_at:
        return False
    if row.sku_id not in {one.sku_id for one in (*said.stock, *said.lines)}:
        return False
    if event.kind.startswith("transfer.") and not _is_step(move, row, event.kind.partition(".")[2], said):
        return False
    if event.kind == "fulfillment.shipped":
        return (move.reason, move.reference, move.reference_id) == ("shipped", "fulfillment", said.fulfillment_id)
    return (event.subject, event.subject_id) == (move.reference, move.reference_id)


def _is_step(move: ledger.Entry, row: StockRow, step: str, said: Said) -> bool:
    """Whether a move is one that a step of a transfer makes: out of the source and into transit, or out of transit."""
    if row.status == inventory.TRANSIT:
        return (move.delta > 0) == (step == "shipped")
    if row.site_id == said.from_site_id:
        return step == ("shipped" if move.delta < 0 else "returned")
    return step == "arrived" and row.site_id == said.to_site_id and move.delta > 0


def find_journals(
    tx: Transaction, rows: Mapping[int, StockRow], entries: Sequence[ledger.Entry], orders: Mapping[int, int]
) -> dict[tuple[int, int], int]:
    """(stock_id, sequence) of moves -> their journals; `orders` by request; what is not posted is missing."""
    moves = [one for one in entries if one.is_move]
    if not moves:
        return {}
    subjects = {rows[one.stock_id].sku_id for one in moves} | {one.reference_id for one in moves if one.reference_id}
    subjects |= {orders[one.reference_id] for one in moves if one.reference_id in orders}
    after = find_position_at(tx, min(one.recorded_at for one in moves) - _AN_INSTANT)
    events = load_events_of_subjects(tx, sorted(subjects), finance.KINDS, after, MOST)
    told = [(event, _DECODER.decode(event.data)) for event in events]
    found: dict[tuple[int, int], int] = {}
    for move in moves:
        position = next(
            (event.position for event, said in told if is_told_by(move, rows[move.stock_id], event, said)), 0
        )
        if position:
            found[move.stock_id, move.sequence] = position
    posted = finance.find_posted(tx, sorted(set(found.values())))
    return {key: position for key, position in found.items() if position in posted}


def load_moves_of(tx: Transaction, event: RecordedEvent) -> list[ledger.Entry]:
    """The moves that an event tells of, by row."""
    if event.kind not in finance.KINDS:
        return []
    said = _DECODER.decode(event.data)
    sku_ids = {said.sku_id, *(one.sku_id for one in (*said.stock, *said.lines))} - {0}
    rows = {row.stock_id: row for row in inventory.load_rows_of(tx, sorted(sku_ids))}
    moves = ledger.load_moves_at(tx, list(rows), event.occurred_at)
    return [one for one in moves if is_told_by(one, rows[one.stock_id], event, said)]
