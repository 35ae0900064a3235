"""Any figure as of any instant: the facts as they stood, given to the same rules that give the figures of now.

An instant is resolved to a position of the event log and to the configuration that was applied. Stock rows, what is
allocated of them and who waited are each the last entry of an append-only ledger by then: one look-up, however long the
history. `recorded` is as we knew it; `occurred` is as it was, by what was learned of that instant later.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from stocktower.catalog import Resolved, load_resolved, load_skus
from stocktower.model import Applied, load_applied_at
from stocktower.network import Network, load_network_at
from stocktower.platform import Transaction, find_position_at

from . import store
from .availability import Availability, Facts, safety_of
from .claims import Claims
from .model import StockRow
from .service import stated_rules


class FutureInstant(ValueError):
    """What is asked for has not happened yet."""


class Basis(StrEnum):
    """Which of its two times a move counts by."""

    RECORDED = "recorded"
    """As we knew it then."""
    OCCURRED = "occurred"
    """As it was then, by what we learned of it later."""


class Moment(Struct, frozen=True):
    """An instant of the past, resolved."""

    at: datetime
    position: int
    """Of the last event that was recorded by then."""
    applied: Applied
    """The configuration that was applied."""
    network: Network
    """Sites, channels and who served whom then."""
    basis: Basis = Basis.RECORDED


def load_moment(tx: Transaction, at: datetime, basis: Basis = Basis.RECORDED) -> Moment:
    """Resolve an instant; raises FutureInstant, model.NotAppliedThen."""
    if at > tx.now:
        raise FutureInstant(f"{at.isoformat()} is still to come; name an instant up to now, {tx.now.isoformat()}")
    applied = load_applied_at(tx, at)
    return Moment(at, find_position_at(tx, at), applied, load_network_at(tx, applied), basis)


def load_availability_at(tx: Transaction, sku_ids: Iterable[int], moment: Moment) -> Availability:
    """The figures of some SKUs, kits among them, as of a moment."""
    wanted = sorted(set(sku_ids))
    resolved = load_resolved(tx, wanted) if wanted else {}
    return Availability(moment.network, load_facts_at(tx, resolved, moment))


def load_facts_at(tx: Transaction, resolved: Mapping[int, Resolved], moment: Moment) -> Facts:
    """What the figures of resolved SKUs rested on at a moment."""
    kits = {sku_id: one.components for sku_id, one in resolved.items() if one.components != ((sku_id, 1),)}
    stocked = sorted({sku_id for one in resolved.values() for sku_id, _ in one.components})
    rows: dict[int, list[StockRow]] = {}
    for row in load_rows_at(tx, stocked, moment):
        rows.setdefault(row.sku_id, []).append(row)
    codes = {sku.code: sku.sku_id for sku in load_skus(tx, stocked).values()}
    safety, stated = stated_rules(moment.applied.configuration, moment.network, codes)
    asides: dict[int, dict[int, int]] = {}
    for sku_id, channel_id, units in stated:
        if units:
            asides.setdefault(sku_id, {})[channel_id] = units
    waiting: dict[int, dict[int, int]] = {}
    for sku_id, channel_id, units in store.load_waiting_at(tx, stocked, list(moment.network.channels), moment.at):
        waiting.setdefault(sku_id, {})[channel_id] = units
    claims = {
        sku_id: Claims(asides.get(sku_id, {}), waiting.get(sku_id, {})) for sku_id in asides.keys() | waiting.keys()
    }
    return Facts(rows, safety_of(safety), claims, kits, now=moment.at)


def load_rows_at(tx: Transaction, sku_ids: Sequence[int], moment: Moment) -> list[StockRow]:
    """The stock rows of some SKUs as of a moment, by SKU, site, status, owner and lot; what they lack is not known."""
    rows = store.load_rows_at(tx, sku_ids, moment.at) if sku_ids else []
    if moment.basis == Basis.RECORDED:
        return rows
    known = {row.stock_id: row for row in rows}
    everything = [
        known.get(row.stock_id, replace(row, quantity=0, allocated=0, discrepancy=0, sequence=0, counted_at=None))
        for row in store.load_rows(tx, sku_ids)
    ]
    late = {
        stock_id: (units, taken)
        for stock_id, units, taken in store.load_late_news(tx, [row.stock_id for row in everything], moment.at)
    }
    # A row that came later is there where something had lain on it already.
    return [
        as_it_was(row, *late.get(row.stock_id, (0, 0)))
        for row in everything
        if row.stock_id in known or row.stock_id in late
    ]


def as_it_was(row: StockRow, units: int, taken: int) -> StockRow:
    """A row with what was learned later: never below nothing, and never more allocated than there was. Pure."""
    quantity = max(0, row.quantity + units)
    return replace(row, quantity=quantity, allocated=min(quantity, max(0, row.allocated + taken)))
