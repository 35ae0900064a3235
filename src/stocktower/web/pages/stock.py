"""Stock: what can be sold and where, and one SKU with the way from on hand to what each channel may sell."""

from collections.abc import Sequence

import msgspec
from litestar import Response, get
from litestar.params import FromQuery

from stocktower import catalog, inventory, publication
from stocktower.inventory import Basis
from stocktower.inventory import views as ledger
from stocktower.network import Network
from stocktower.platform import Transaction
from stocktower.web.desk import AtDesk
from stocktower.web.filters import Filter, Word, parse_filter
from stocktower.web.pages import grid
from stocktower.web.pages.sku import shown_channels

PAGE = 50

VOCABULARY = (
    Word("is", "waiting: orders wait for it; told_wrong: a channel was told something else", ("waiting", "told_wrong")),
    Word("sku", "exact codes, separated by commas"),
    *grid.WORDS,
)
VIEWS = grid.VIEWS


class SkuRow(msgspec.Struct, frozen=True):
    """One SKU of the list, in stock units."""

    sku: catalog.Sku
    on_hand: int
    allocated: int
    free: int
    waiting: int
    ats: tuple[int, ...]
    """By channel, in the order of the columns."""
    told_wrong: frozenset[int]
    """Channels that were told something else."""


class StockList(msgspec.Struct, frozen=True):
    """A page of SKUs."""

    skus: Sequence[catalog.Sku]
    total: int


def find(tx: Transaction, network: Network, wanted: Filter, offset: int) -> StockList:
    """The SKUs that a sentence of words asks for."""
    if wanted.many("sku"):
        found = catalog.find_skus(tx, wanted.many("sku"))
        return StockList([found[code] for code in wanted.many("sku") if code in found], len(found))
    if not wanted.many("is"):
        page = catalog.search(tx, wanted.free, limit=PAGE, offset=offset)
        return StockList(page.skus, page.total)
    ids: set[int] | None = None
    if "waiting" in wanted.many("is"):
        ids = set(ledger.load_short_skus(tx))
    if "told_wrong" in wanted.many("is"):
        wrong = {difference.sku_id for difference in publication.compare(tx, network)}
        ids = wrong if ids is None else ids & wrong
    text = wanted.free.lower()
    skus = [
        sku for sku in catalog.load_skus(tx, ids or ()).values() if text in sku.code.lower() or text in sku.name.lower()
    ]
    skus.sort(key=lambda sku: sku.code)
    return StockList(skus[offset : offset + PAGE], len(skus))


def rows_of(tx: Transaction, network: Network, skus: Sequence[catalog.Sku]) -> list[SkuRow]:
    """The figures of some SKUs, all by the one set of rules."""
    ids = [sku.sku_id for sku in skus]
    availability = inventory.load_availability(tx, ids, network)
    wrong: dict[int, set[int]] = {}
    for difference in publication.compare(tx, network, ids) if ids else ():
        wrong.setdefault(difference.sku_id, set()).add(difference.channel_id)
    channels = shown_channels(network)
    rows: list[SkuRow] = []
    for sku in skus:
        held = availability.rows(sku.sku_id)
        claims = availability.facts.claims.get(sku.sku_id)
        rows.append(
            SkuRow(
                sku=sku,
                on_hand=sum(row.quantity for row in held),
                allocated=sum(row.allocated for row in held),
                free=sum(availability.levels(sku.sku_id).values()),
                waiting=sum(claims.waiting.values()) if claims else 0,
                ats=tuple(availability.ats(sku.sku_id, channel.channel_id) for channel in channels),
                told_wrong=frozenset(wrong.get(sku.sku_id, ())),
            )
        )
    return rows


@get("/stock", sync_to_thread=True)
def stock_page(
    desk: AtDesk, q: FromQuery[str] = "", page: FromQuery[int] = 1, by: FromQuery[str] = "", sort: FromQuery[str] = "",
    after: FromQuery[str] = "", at: FromQuery[str] = "", basis: FromQuery[Basis] = Basis.RECORDED,
) -> Response[str]:  # fmt: skip
    """What a sentence of words asks for: SKUs with what every channel may sell of them, or stock rows by site."""
    wanted = parse_filter(q, VOCABULARY)
    if by or sort or at or grid.is_about_rows(wanted):
        way = by if by in grid.BY else "site"
        return grid.grid_page(desk, wanted, VOCABULARY, by=way, sort=sort, after=after, at=at, basis=basis)
    offset = max(0, page - 1) * PAGE
    with desk.reading() as tx:
        network = desk.network(tx)
        found = find(tx, network, wanted, offset)
        return desk.show(
            tx, "stock.html", title="Stock", filter=wanted, vocabulary=VOCABULARY, views=VIEWS, ways=grid.BY,
            rows=rows_of(tx, network, found.skus), total=found.total, channels=shown_channels(network),
            number_of_page=max(1, page), has_more=found.total > offset + PAGE,
        )  # fmt: skip
