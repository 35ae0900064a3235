"""The statements of bins, one typed function each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from msgspec import Struct

from stocktower.platform import Transaction, load_queries

from ..stock.store import StockMoved
from .rules import BinMove, BinRow, walking_order

_SQL = load_queries(__package__)
_astuple = msgspec.structs.astuple


class Relocation(Struct, frozen=True):
    """What went from bin to bin at a site under one number."""

    relocation_id: int
    site_id: int
    reference: str
    digest: bytes
    """Of what was stated."""
    lines: int
    units: int
    state: str
    """moved, or counted: a count of the bins saw it already."""
    message_id: int
    actor: str
    occurred_at: datetime
    recorded_at: datetime


class Known(Struct, frozen=True):
    """A relocation that was entered before."""

    relocation_id: int
    site_id: int
    reference: str
    digest: bytes
    state: str


class Found(Struct, frozen=True):
    """Units of a stock row in one bin, with what the row is."""

    site_id: int
    bin: str
    stock_id: int
    quantity: int
    sku_id: int
    status: str
    owner: str
    lot: str
    row_quantity: int
    allocated: int
    """Of the whole row: nobody has units of one bin."""


class Moved(Struct, frozen=True):
    """One change of what lies in a bin, with what the row is."""

    recorded_at: datetime
    occurred_at: datetime
    stock_id: int
    sku_id: int
    site_id: int
    status: str
    owner: str
    lot: str
    bin: str
    sequence: int
    delta: int
    quantity_after: int
    """In the bin, of the row."""
    reason: str
    reference: str
    reference_id: int
    actor: str


def load_bins(tx: Transaction, stock_ids: Collection[int]) -> list[BinRow]:
    """Every bin of some stock rows, empty ones too."""
    return tx.fetch(_SQL.load_bins, BinRow, stock_ids=sorted(stock_ids)) if stock_ids else []


def load_bins_at(tx: Transaction, stock_ids: Collection[int], at: datetime) -> list[BinRow]:
    """What some stock rows had in bins at an instant."""
    return tx.fetch(_SQL.load_bins_at, BinRow, stock_ids=sorted(stock_ids), at=at) if stock_ids else []


def load_moved_after(tx: Transaction, instants: Mapping[int, datetime]) -> list[tuple[int, str, int]]:
    """(stock_id, bin, units) by which the bins of rows changed after an instant of each."""
    if not instants:
        return []
    return tx.tuples(_SQL.load_bins_moved_after, stock_ids=list(instants), times=list(instants.values()))


def load_put_by_receipts(tx: Transaction, receipt_ids: Collection[int]) -> list[tuple[int, int, str, int]]:
    """(receipt_id, stock_id, bin, units) that receipts put into bins."""
    return tx.tuples(_SQL.load_put_by_receipt, receipt_ids=sorted(receipt_ids)) if receipt_ids else []


def load_fetched(tx: Transaction, fulfillment_ids: Collection[int]) -> dict[tuple[int, int], int]:
    """(fulfillment_id, stock_id) -> units that were picked out of bins for it and have not left."""
    if not fulfillment_ids:
        return {}
    found = tx.tuples(_SQL.load_fetched, fulfillment_ids=sorted(fulfillment_ids))
    return {(fulfillment_id, stock_id): units for fulfillment_id, stock_id, units in found}


def write_bins(tx: Transaction, moves: Sequence[BinMove], recorded: Mapping[int, datetime]) -> None:
    """Write what lies in bins after some moves, and the moves, as recorded by row, else now."""
    if not moves:
        return
    last = {(one.stock_id, one.bin): one for one in moves}
    _change(tx, [(*key, one.quantity_after, one.sequence) for key, one in last.items()])
    merchant_id, now = tx.merchant_id, tx.now
    tx.copy(
        _SQL.bin_move,
        [(merchant_id, *_astuple(one)[:-1], recorded.get(one.stock_id, now)) for one in moves],
    )


def _change(tx: Transaction, bins: Sequence[tuple[int, str, int, int]]) -> None:
    columns = [list(column) for column in zip(*bins, strict=True)]
    tx.execute(_SQL.change_bins, **dict(zip(("stock_ids", "bins", "quantities", "sequences"), columns, strict=True)))


def note_counts(tx: Transaction, instants: Mapping[int, datetime]) -> None:
    """Write to which instants the bins of rows are counted."""
    if instants:
        tx.execute(_SQL.note_bin_counts, stock_ids=list(instants), times=list(instants.values()))


def load_counts(tx: Transaction, stock_ids: Collection[int]) -> dict[int, datetime]:
    """Row -> to which instant its bins are counted."""
    return dict(tx.tuples(_SQL.load_bin_counts, stock_ids=sorted(stock_ids))) if stock_ids else {}


def find_relocations(tx: Transaction, places: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Known]:
    """Relocations by (site_id, reference)."""
    if not places:
        return {}
    site_ids, references = (list(column) for column in zip(*places, strict=True))
    found = tx.fetch(_SQL.find_relocations, Known, site_ids=site_ids, reference_texts=references)
    return {(one.site_id, one.reference): one for one in found}


def insert_relocations(tx: Transaction, items: Sequence[Relocation]) -> None:
    """Append relocations; raises StockMoved when somebody else entered one of the same number meanwhile."""
    try:
        tx.copy(_SQL.relocation, [(tx.merchant_id, *_astuple(one)) for one in items])
    except psycopg.errors.UniqueViolation as error:
        raise StockMoved("the same bin moves were entered by somebody else meanwhile") from error


def load_binned_rows(tx: Transaction, site_ids: Collection[int]) -> list[tuple[int, int]]:
    """(stock_id, sku_id) of the rows of some sites that have units in bins, by SKU."""
    return tx.tuples(_SQL.load_binned_rows, site_ids=sorted(site_ids)) if site_ids else []


def find_in_bins(
    tx: Transaction, site_ids: Collection[int], codes: Collection[str], beginnings: Collection[str],
    sku_ids: Collection[int], after: tuple[int, str, int], limit: int,
) -> list[Found]:  # fmt: skip
    """What lies in bins, site by site as people walk, after (site_id, bin, stock_id)."""
    return tx.fetch(
        _SQL.find_in_bins, Found, site_ids=sorted(site_ids), codes=sorted(codes), beginnings=sorted(beginnings),
        sku_ids=sorted(sku_ids), site_id=after[0], walk=walking_order(after[1]), bin=after[1],
        stock_id=after[2], limit=limit,
    )  # fmt: skip


def load_moves(
    tx: Transaction, site_ids: Collection[int], codes: Collection[str], beginnings: Collection[str],
    sku_ids: Collection[int], before: tuple[datetime, int, str, int], limit: int,
) -> list[Moved]:  # fmt: skip
    """What moved in and out of bins, before (recorded_at, stock_id, bin, sequence), the last recorded first."""
    recorded_at, stock_id, bin, sequence = before
    named: dict[str, Any] = {
        "site_ids": sorted(site_ids), "recorded_at": recorded_at, "stock_id": stock_id, "bin": bin,
        "sequence": sequence, "limit": limit,
    }  # fmt: skip
    if not codes and not sku_ids:
        return tx.fetch(_SQL.load_bin_moves, Moved, **named)
    named |= {"codes": sorted(codes), "beginnings": sorted(beginnings), "sku_ids": sorted(sku_ids)}
    return tx.fetch(_SQL.load_moves_in_bins, Moved, **named)


def load_move_batch(
    tx: Transaction, stock_id: int, bin: str, sequence: int, until: datetime, limit: int
) -> list[tuple[Any, ...]]:
    """Moves of bins recorded by an instant after (stock_id, bin, sequence), in this order."""
    named = {"stock_id": stock_id, "bin": bin, "sequence": sequence, "until": until, "limit": limit}
    return tx.tuples(_SQL.load_bin_move_batch, **named)


def name_relocations(tx: Transaction, relocation_ids: Collection[int]) -> list[tuple[int, str, int]]:
    """(relocation_id, reference, message_id; 0: of no message)."""
    return tx.tuples(_SQL.name_relocations, relocation_ids=sorted(relocation_ids)) if relocation_ids else []


def find_rows_in_bins(tx: Transaction, codes: Collection[str], beginnings: Collection[str]) -> list[tuple[int, int]]:
    """(sku_id, stock_id) of the rows that have units in some bins."""
    return tx.tuples(_SQL.find_rows_in_bins, codes=sorted(codes), beginnings=sorted(beginnings))


def count_bins(tx: Transaction) -> tuple[int, int]:
    """How many bins are kept of rows, and how many rows have any."""
    return tx.tuples(_SQL.count_bins)[0]  # pyright: ignore[reportReturnType] -- two counts


def find_unlike_bins(tx: Transaction) -> list[tuple[Any, ...]]:
    """(stock_id, bin, quantity, sequence, quantity and sequence of the last move) where they differ."""
    return tx.tuples(_SQL.find_unlike_bins)


def find_unlike_binned(tx: Transaction) -> list[tuple[int, int, int]]:
    """(stock_id, units in bins, units by the moves) where they differ."""
    return tx.tuples(_SQL.find_unlike_binned)


def restore_bins(
    tx: Transaction, truths: Sequence[tuple[int, str, int, int]], unknown: Sequence[tuple[int, str]]
) -> None:
    """Set bins (stock_id, bin) to (quantity, sequence), and drop those that never had anything."""
    if truths:
        _change(tx, truths)
    if unknown:
        tx.execute(_SQL.drop_bins, stock_ids=[one for one, _ in unknown], bins=[code for _, code in unknown])


def restore_binned(tx: Transaction, truths: Sequence[tuple[int, int]]) -> None:
    """Set what rows (stock_id) have in bins."""
    tx.execute(_SQL.restore_binned, stock_ids=[one for one, _ in truths], binned=[units for _, units in truths])
