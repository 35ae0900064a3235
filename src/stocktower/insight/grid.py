"""The availability grid: stock rows of all SKUs, now or as of any instant; a page costs what it shows."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import msgspec

from stocktower import catalog, inventory, publication
from stocktower.inventory import Moment, Place, StockRow, Wanted
from stocktower.inventory import views as ledger
from stocktower.network import Network, load_network
from stocktower.platform import Transaction

from .explained import name_skus

ROWS = 50
AT_ONCE = 60
"""SKUs that are read at a time."""
MOST_LOOKS = 30
"""Batches that one page reads at most, when few rows are like what is wanted."""
FOUND_BY_TEXT = 2_000


class GridAsked(msgspec.Struct, frozen=True):
    """What the grid is to show."""

    wanted: Wanted
    skus: tuple[str, ...] = ()
    """Exact codes."""
    text: str = ""
    """Part of a code, a name or a barcode."""
    category: str = ""
    waiting: bool = False
    """Only SKUs that orders wait for."""
    told_wrong: bool = False
    detail: bool = False
    """Each owner and lot by itself."""


class GridRow(msgspec.Struct, frozen=True):
    """One row of the grid, in stock units."""

    sku: str
    name: str
    category: str
    site: str
    status: str
    owner: str
    """Several owners are named with commas."""
    lot: str
    on_hand: int
    allocated: int
    free: int
    sellable: bool
    expires_at: datetime | None
    """The first of its lots."""
    rows: int
    """Stock rows in it."""
    stock_id: int


class GridPage(msgspec.Struct, frozen=True):
    """Rows of the grid."""

    rows: list[GridRow]
    next: str
    """For `after`; nothing: there are no more."""
    looked: int
    """SKUs that were looked at."""
    stopped: bool = False
    """The page ends because it looked long enough; there may be more."""


def load_grid(
    tx: Transaction, asked: GridAsked, moment: Moment | None, *, after: str = "", rows: int = ROWS
) -> GridPage:
    """A page of the grid by SKU code, then site, status, owner and lot; whole SKUs, so it may be a little longer."""
    network = load_network(tx)
    ids, category = load_ids(tx, asked), asked.category
    if moment and category:
        then = catalog.load_ids_of_category_at(tx, category, moment.at)
        ids, category = then if ids is None else ids & then, ""
    found: list[GridRow] = []
    looked = 0
    for _ in range(MOST_LOOKS):
        skus = catalog.load_sku_page(tx, after=after, limit=AT_ONCE, category=category, sku_ids=ids)
        by_sku = rows_by_sku(tx, [sku.sku_id for sku in skus], moment)
        for sku in name_skus(tx, skus, moment):
            looked += 1
            after = sku.code
            wanted = [row for row in by_sku.get(sku.sku_id, ()) if asked.wanted.takes(row)]
            found += name_rows(network, sku, wanted, detail=asked.detail)
            if len(found) >= rows:
                return GridPage(found, after, looked)
        if len(skus) < AT_ONCE:
            return GridPage(found, "", looked)
    return GridPage(found, after, looked, stopped=True)


def load_grid_by_figure(
    tx: Transaction, asked: GridAsked, figure: str, *, descending: bool, after: str = "", rows: int = ROWS
) -> GridPage:
    """A page of the grid of now by a figure: each stock row by itself."""
    network = load_network(tx)
    ids = load_ids(tx, asked)
    if asked.category:
        of_category = {sku.sku_id for sku in walk_skus(tx, asked.category, ids)}
        ids = of_category
    place = None
    if after:
        value, _, stock_id = after.partition(".")
        place = Place(int(value), int(stock_id))
    found, last = inventory.load_by_figure(
        tx, asked.wanted, figure, descending=descending, sku_ids=ids, after=place, limit=rows
    )
    skus = catalog.load_skus(tx, {row.sku_id for row in found})
    named = [one for row in found for one in name_rows(network, skus[row.sku_id], [row], detail=True)]
    return GridPage(named, f"{last.value}.{last.stock_id}" if last else "", len(skus))


def walk_skus(tx: Transaction, category: str = "", ids: Collection[int] | None = None) -> Iterator[catalog.Sku]:
    """All SKUs by code, read a few hundred at a time."""
    after = ""
    while True:
        skus = catalog.load_sku_page(tx, after=after, limit=500, category=category, sku_ids=ids)
        yield from skus
        if len(skus) < 500:
            return
        after = skus[-1].code


def rows_by_sku(tx: Transaction, sku_ids: Sequence[int], moment: Moment | None) -> dict[int, list[StockRow]]:
    """The stock rows of some SKUs, now or as of a moment."""
    found: dict[int, list[StockRow]] = {}
    rows = inventory.load_rows_at(tx, sku_ids, moment) if moment else inventory.load_rows_of(tx, sku_ids)
    for row in rows:
        found.setdefault(row.sku_id, []).append(row)
    return found


def load_ids(tx: Transaction, asked: GridAsked) -> set[int] | None:
    """The SKUs that can be shown, where that is known without reading their rows; None: any may."""
    ids = inventory.load_candidates(tx, asked.wanted)

    def narrow(more: set[int]) -> None:
        nonlocal ids
        ids = more if ids is None else ids & more

    if asked.skus:
        narrow({sku.sku_id for sku in catalog.find_skus(tx, asked.skus).values()})
    if asked.text:
        narrow({sku.sku_id for sku in catalog.search(tx, asked.text, limit=FOUND_BY_TEXT).skus})
    if asked.waiting:
        narrow(set(ledger.load_short_skus(tx)))
    if asked.told_wrong:
        narrow({one.sku_id for one in publication.compare(tx, load_network(tx))})
    return ids


def name_rows(network: Network, sku: catalog.Sku, rows: Sequence[StockRow], *, detail: bool) -> list[GridRow]:
    """Rows of one SKU with their names; without detail, owners and lots of one site and status are one row."""
    groups: dict[tuple[object, ...], list[StockRow]] = {}
    for row in rows:
        key = (row.stock_id,) if detail else (row.site_id, row.status)
        groups.setdefault(key, []).append(row)
    made: list[GridRow] = []
    for group in groups.values():
        first = group[0]
        site = network.sites.get(first.site_id)
        on_hand, allocated = sum(row.quantity for row in group), sum(row.allocated for row in group)
        lots = sorted({row.lot for row in group if row.lot})
        made.append(
            GridRow(
                sku=sku.code, name=sku.name, category=sku.category, site=site.code if site else str(first.site_id),
                status=first.status, owner=", ".join(sorted({row.owner for row in group})),
                lot=lots[0] if len(lots) == 1 else f"{len(lots)} lots" if lots else "", on_hand=on_hand,
                allocated=allocated, free=on_hand - allocated, sellable=any(row.sellable for row in group),
                expires_at=min((row.expires_at for row in group if row.expires_at), default=None), rows=len(group),
                stock_id=first.stock_id if len(group) == 1 else 0,
            )
        )  # fmt: skip
    return made
