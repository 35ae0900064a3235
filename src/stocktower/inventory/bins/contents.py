"""What lies in bins, as people ask for it: of some stock rows, now or as of an instant, or of a bin or a zone."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct

from stocktower.platform import Transaction

from . import store
from .rules import SEPARATORS, BinRow, walking_order
from .store import Found, Moved

LAST = 2**63 - 1
"""Above every row."""
BATCH = 10_000


class BinsAsked(Struct, frozen=True):
    """Which bins: of each kind any of those that are named, all where none is."""

    site_ids: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    """Of bins, or of zones: what their codes begin with, before a separator."""
    sku_ids: tuple[int, ...] = ()


class BinPlace(Struct, frozen=True):
    """A place in the list of what lies in bins."""

    site_id: int = 0
    bin: str = ""
    stock_id: int = 0


def load_bins(tx: Transaction, stock_ids: Iterable[int], at: datetime | None = None) -> dict[int, list[BinRow]]:
    """What lies in the bins of some stock rows, in walking order, now or as it was known at an instant."""
    wanted = set(stock_ids)
    rows = store.load_bins(tx, wanted) if at is None else store.load_bins_at(tx, wanted, at)
    found: defaultdict[int, list[BinRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: walking_order(row.bin)):
        if row.quantity:
            found[row.stock_id].append(row)
    return dict(found)


def load_bin_page(
    tx: Transaction, asked: BinsAsked, after: BinPlace | None = None, limit: int = 200
) -> tuple[list[Found], BinPlace | None]:
    """What lies in bins, site by site as people walk, and where the next page begins; None: there is no more."""
    place = after or BinPlace()
    found = store.find_in_bins(
        tx, asked.site_ids, asked.codes, _beginnings(asked.codes), asked.sku_ids,
        (place.site_id, place.bin, place.stock_id), limit + 1,
    )  # fmt: skip
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], BinPlace(last.site_id, last.bin, last.stock_id)


class BinMoveKey(Struct, frozen=True):
    """A place in the ledger of bins: what comes before it is older."""

    recorded_at: datetime
    stock_id: int
    bin: str
    sequence: int


def load_bin_moves(
    tx: Transaction, asked: BinsAsked, before: BinMoveKey | None = None, limit: int = 200
) -> tuple[list[Moved], BinMoveKey | None]:
    """What moved in and out of bins, the last recorded first, and where the next page begins; None: that is all."""
    place = (before.recorded_at, before.stock_id, before.bin, before.sequence) if before else (tx.now, LAST, "", 0)
    found = store.load_moves(
        tx, asked.site_ids, asked.codes, _beginnings(asked.codes), asked.sku_ids, place, limit + 1
    )  # fmt: skip
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], BinMoveKey(last.recorded_at, last.stock_id, last.bin, last.sequence)


def walk_bin_moves(tx: Transaction, until: datetime, batch: int = BATCH) -> Iterator[list[tuple[Any, ...]]]:
    """All moves of bins that were recorded by an instant, by row, bin and sequence: stock_id, bin, sequence, delta,
    quantity after, reason, reference, reference_id, actor, occurred_at, recorded_at.
    """
    place = (0, "", 0)
    while found := store.load_move_batch(tx, *place, until, batch):
        yield found
        place = (found[-1][0], found[-1][1], found[-1][2])


def load_rows_in_bins(tx: Transaction, codes: Collection[str]) -> list[tuple[int, int]]:
    """(sku_id, stock_id) of the stock rows that have units in some bins or zones."""
    return store.find_rows_in_bins(tx, codes, _beginnings(codes)) if codes else []


def _beginnings(codes: Iterable[str]) -> list[str]:
    return [code + separator for code in codes for separator in SEPARATORS]
