"""Any figure as of any instant: the facts as they stood, given to the same rules that give the figures of now.

An instant is resolved to a position of the event log and to the configuration that was applied. Stock rows, what is
allocated of them and who waited are each the last entry of an append-only ledger by then: one look-up, however long the
history. `recorded` is as we knew it; `occurred` is as it was, by what was learned of that instant later.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from stocktower.catalog import load_resolved_at
from stocktower.model import Applied, NotAppliedThen, load_applied_at
from stocktower.network import Network, load_network_at
from stocktower.platform import Transaction, find_position_at

from ..channel_rules.rule_loading import load_offering
from ..formulas.model import StockRow
from ..stock import ledger_store, store
from .availability import Availability, facts_of


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


def load_availability_at(
    tx: Transaction, sku_ids: Iterable[int], moment: Moment, *, explain: bool = False
) -> Availability:
    """The figures of some SKUs, kits among them, as of a moment; to explain them, holds are told from orders."""
    return _load(tx, sku_ids, [moment], explain=explain)[0]


def load_series(
    tx: Transaction, sku_ids: Iterable[int], instants: Sequence[datetime]
) -> list[tuple[datetime, Availability]]:
    """The figures of some SKUs as we knew them at some instants; those before all configurations are left out."""
    networks: dict[int, Network] = {}
    moments: list[Moment] = []
    for at in instants:
        try:
            applied = load_applied_at(tx, at)
        except NotAppliedThen:
            continue
        network = networks.get(applied.version)
        if network is None:
            network = networks[applied.version] = load_network_at(tx, applied)
        moments.append(Moment(at, 0, applied, network))
    found = _load(tx, sku_ids, moments) if moments else []
    return [(moment.at, availability) for moment, availability in zip(moments, found, strict=True)]


def load_rows_at(tx: Transaction, sku_ids: Sequence[int], moment: Moment) -> list[StockRow]:
    """The stock rows of some SKUs as of a moment, by SKU, site, status, owner and lot; what they lack is not known."""
    if not sku_ids:
        return []
    rows = [row for _, row in ledger_store.load_rows_at(tx, sku_ids, [moment.at])]
    return rows if moment.basis == Basis.RECORDED else _as_they_were(tx, sku_ids, rows, moment.at)


def _load(
    tx: Transaction, sku_ids: Iterable[int], moments: Sequence[Moment], *, explain: bool = False
) -> list[Availability]:
    """One statement a ledger for all moments, then the same facts for each as for now."""
    wanted = sorted(set(sku_ids))
    instants = sorted({moment.at for moment in moments})
    resolved = load_resolved_at(tx, wanted, instants)
    stocked = sorted({sku_id for then in resolved.values() for one in then.values() for sku_id, _ in one.components})
    rows: dict[datetime, dict[int, list[StockRow]]] = {at: {} for at in instants}
    if len(moments) == 1:
        for row in load_rows_at(tx, stocked, moments[0]):
            rows[instants[0]].setdefault(row.sku_id, []).append(row)
    else:
        for at, row in ledger_store.load_rows_at(tx, stocked, instants):
            rows[at].setdefault(row.sku_id, []).append(row)
    waiting: dict[datetime, dict[int, dict[int, int]]] = {at: {} for at in instants}
    channels = sorted({channel_id for moment in moments for channel_id in moment.network.channels})
    for at, sku_id, channel_id, units in ledger_store.load_waiting_at(tx, stocked, channels, instants):
        waiting[at].setdefault(sku_id, {})[channel_id] = units
    made: list[Availability] = []
    for moment in moments:
        at = moment.at
        kits = {sku_id: one.components for sku_id, one in resolved[at].items() if one.components != ((sku_id, 1),)}
        offering = load_offering(tx, {*stocked, *kits}, moment.network, at=at)
        held = ledger_store.load_held_by_holds_at(tx, stocked, at) if explain else {}
        made.append(Availability(moment.network, facts_of(rows[at], offering, waiting[at], kits, at, held)))
    return made


def _as_they_were(tx: Transaction, sku_ids: Sequence[int], rows: Sequence[StockRow], at: datetime) -> list[StockRow]:
    """Rows with what was learned later; one that was opened later is there where something had lain on it already."""
    known = {row.stock_id: row for row in rows}
    everything = [
        known.get(row.stock_id, replace(row, quantity=0, allocated=0, discrepancy=0, sequence=0, counted_at=None))
        for row in store.load_rows(tx, sku_ids)
    ]
    late = {
        stock_id: (units, taken)
        for stock_id, units, taken in ledger_store.load_late_news(tx, [row.stock_id for row in everything], at)
    }
    return [
        as_it_was(row, *late.get(row.stock_id, (0, 0)))
        for row in everything
        if row.stock_id in known or row.stock_id in late
    ]


def as_it_was(row: StockRow, units: int, taken: int) -> StockRow:
    """A row with what was learned later: never below nothing, and never more allocated than there was. Pure."""
    quantity = max(0, row.quantity + units)
    return replace(row, quantity=quantity, allocated=min(quantity, max(0, row.allocated + taken)))
