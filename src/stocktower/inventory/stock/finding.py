"""Finds stock rows by what they are and by their figures, without reading the others."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from stocktower.platform import Transaction

from ..formulas.model import AVAILABLE, OWN, StockRow
from . import ledger_store, store

FIGURES = ("on_hand", "allocated", "free")
_MOST = 2**62


class Wanted(Struct, frozen=True):
    """Which stock rows: of each kind any of those that are named, all where none is."""

    site_ids: tuple[int, ...] = ()
    statuses: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    lots: tuple[str, ...] = ()
    above: int | None = None
    """More than so many free."""
    below: int | None = None
    expires_until: datetime | None = None
    stock_ids: frozenset[int] | None = None
    """Only of these, whatever they were found by; None: any."""

    def takes(self, row: StockRow) -> bool:
        """Whether a row is wanted."""
        free = row.quantity - row.allocated
        return (
            (not self.site_ids or row.site_id in self.site_ids)
            and (not self.statuses or row.status in self.statuses)
            and (not self.owners or row.owner in self.owners)
            and (not self.lots or row.lot in self.lots)
            and (self.above is None or free > self.above)
            and (self.below is None or free < self.below)
            and (self.expires_until is None or (row.expires_at is not None and row.expires_at <= self.expires_until))
            and (self.stock_ids is None or row.stock_id in self.stock_ids)
        )


class Place(Struct, frozen=True):
    """Where a page of rows by a figure begins: after this value and row."""

    value: int
    stock_id: int


def load_candidates(tx: Transaction, wanted: Wanted) -> set[int] | None:
    """The SKUs that can have a row which is wanted, where that is known without reading rows; None: any may."""
    found: set[int] | None = None

    def narrow(sku_ids: Collection[int]) -> None:
        nonlocal found
        found = set(sku_ids) if found is None else found & set(sku_ids)

    if wanted.statuses and AVAILABLE not in wanted.statuses:
        narrow(ledger_store.load_skus_of_statuses(tx, wanted.statuses))
    if wanted.owners and OWN not in wanted.owners:
        narrow(ledger_store.load_skus_of_owners(tx, wanted.owners))
    if wanted.lots:
        narrow(ledger_store.load_skus_of_lots(tx, wanted.lots))
    if wanted.expires_until is not None:
        narrow(ledger_store.load_skus_expiring(tx, wanted.expires_until))
    if wanted.stock_ids is not None:
        narrow({row.sku_id for row in store.load_rows_by_id(tx, sorted(wanted.stock_ids))})
    return found


def load_rows_of(tx: Transaction, sku_ids: Sequence[int]) -> list[StockRow]:
    """The stock rows of some SKUs now, by SKU, site, status, owner and lot."""
    return store.load_rows(tx, sku_ids) if sku_ids else []


def load_by_figure(
    tx: Transaction,
    wanted: Wanted,
    figure: str,
    *,
    descending: bool,
    sku_ids: Collection[int] | None,
    after: Place | None,
    limit: int,
) -> tuple[list[StockRow], Place | None]:
    """Rows by what is on_hand, allocated or free, and where the next page begins; the figures of all are looked at."""
    found = ledger_store.load_rows_by_figure(
        tx, sign=-1 if descending else 1, figure=figure, site_ids=list(wanted.site_ids), statuses=list(wanted.statuses),
        owners=list(wanted.owners), lots=list(wanted.lots), all_skus=sku_ids is None, sku_ids=sorted(sku_ids or ()),
        above=-_MOST if wanted.above is None else wanted.above, below=_MOST if wanted.below is None else wanted.below,
        all_rows=wanted.stock_ids is None, stock_ids=sorted(wanted.stock_ids or ()),
        value=-_MOST if after is None else after.value, stock_id=0 if after is None else after.stock_id,
        limit=limit + 1,
    )  # fmt: skip
    rows = {row.stock_id: row for row in store.load_rows_by_id(tx, [stock_id for _, stock_id in found[:limit]])}
    last = Place(*found[limit - 1]) if len(found) > limit else None
    return [rows[stock_id] for _, stock_id in found[:limit]], last
