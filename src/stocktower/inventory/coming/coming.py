"""Read models of goods that move: what is on its way with what is late, and the ledger of moves."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from stocktower.catalog import find_skus, load_skus
from stocktower.platform import Transaction

from ..formulas.model import MoveRow
from . import inbound_store
from .inbound_rules import Inbound

WINDOWS = (2, 30)
ALL = 36_500
"""Days."""


class ComingFilter(Struct, frozen=True):
    """Which inbound to list; empty: all that is open."""

    sku: str = ""
    reference: str = ""
    site_id: int = 0
    late: bool = False
    state: str = "open"


class ComingRow(Struct, frozen=True):
    """An inbound with the code of its SKU."""

    inbound: Inbound
    sku: str
    late: bool
    """It should be there by now."""


class ComingPage(Struct, frozen=True):
    """A page of inbound; `total` counts all that match."""

    rows: tuple[ComingRow, ...]
    total: int


class MoveFilter(Struct, frozen=True):
    """Which moves to list; empty: all."""

    sku_id: int = 0
    site_id: int = 0
    reason: str = ""
    reference_id: int = 0
    before: datetime | None = None
    """Recorded before this instant: the next page."""


def load_coming_page(tx: Transaction, filters: ComingFilter, *, limit: int = 50, offset: int = 0) -> ComingPage:
    """A page of what is on its way, the soonest first and the undated last."""
    sku_id = 0
    if filters.sku:
        found = find_skus(tx, [filters.sku]).get(filters.sku)
        if found is None:
            return ComingPage((), 0)
        sku_id = found.sku_id
    rows, total = inbound_store.load_coming_page(
        tx, sku_id, filters.site_id, filters.reference, filters.state, filters.late, limit, offset
    )
    codes = {sku.sku_id: sku.code for sku in load_skus(tx, {row.sku_id for row in rows}).values()}
    return ComingPage(tuple(ComingRow(row, codes[row.sku_id], is_late(row, tx.now)) for row in rows), total)


def is_late(inbound: Inbound, now: datetime) -> bool:
    """Whether units of it should be there by now."""
    return bool(inbound.open) and inbound.expected_at is not None and inbound.expected_at < now


def load_move_rows(tx: Transaction, filters: MoveFilter, limit: int = 100) -> Sequence[MoveRow]:
    """Moves, the last recorded first; looked for in the last days before those of all time."""
    until = filters.before or tx.now + timedelta(days=1)
    found: Sequence[MoveRow] = ()
    for days in (ALL,) if filters.sku_id else (*WINDOWS, ALL):
        found = inbound_store.load_move_rows(
            tx, filters.sku_id, filters.site_id, filters.reason, filters.reference_id, until - timedelta(days=days),
            until, limit,
        )  # fmt: skip
        if len(found) == limit:
            break
    return found
