"""Stock and what is available to sell."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get
from litestar.params import FromPath, QueryParameter

from stocktower import catalog, inventory, publication
from stocktower.insight import AtsAnswer, BadInstant, GridRow, HistoryEntry, explain_ats, read_moment
from stocktower.inventory import Basis
from stocktower.inventory import views as ledger
from stocktower.platform import Transaction
from stocktower.web import formats, labels
from stocktower.web.api.orders import understood
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.filters import parse_filter
from stocktower.web.pages import grid
from stocktower.web.pages.sku import load_history, sku_asked
from stocktower.web.pages.stock import PAGE, VOCABULARY, find
from stocktower.web.problems import Unprocessable
from stocktower.web.services import Services

AT = "As of an instant of the past, or the end of a day; without an offset in the merchant's zone. Nothing: now."
AS = "recorded: as we knew it then; occurred: as it was, by what was learned later."


class InBin(msgspec.Struct, frozen=True):
    """Units of a stock row in one bin."""

    bin: str
    quantity: int


class SiteStock(msgspec.Struct, frozen=True):
    """A stock row: SKU x site x status x owner x lot."""

    site: str
    status: str
    owner: str
    lot: str
    on_hand: int
    allocated: int
    free: int
    expires_at: datetime | None = None
    """Of its lot: from then on it may not be sold."""
    sellable: bool = True
    """By its status, the state of its lot and its expiry."""
    bins: list[InBin] = []
    """Where units of it lie, at a site that keeps bins; the rest is not put away."""


class SkuStock(msgspec.Struct, frozen=True):
    """One SKU and its rows; a kit has none, its stock is its components'."""

    sku: str
    name: str
    kind: str
    on_hand: int
    allocated: int
    rows: list[SiteStock]


class StockAnswer(msgspec.Struct, frozen=True):
    """A page of SKUs."""

    skus: list[SkuStock]
    total: int


@get("/api/v1/stock", sync_to_thread=True, tags=["Stock"])
def list_stock(
    desk: AtDesk,
    q: Annotated[str, QueryParameter(description="Part of a code or name, or words: is:waiting sku:BOTTLE")] = "",
    page: Annotated[int, QueryParameter(ge=1)] = 1,
) -> StockAnswer:
    """Stock rows by SKU, 50 SKUs a page."""
    wanted = understood(parse_filter(q, VOCABULARY))
    if grid.is_about_rows(wanted):
        fix = "Ask /api/v1/stock-rows for rows by site, status, owner, lot and what is free."
        raise Unprocessable("These words are about stock rows, not about SKUs", field="q", fix=fix)
    with desk.reading() as tx:
        network = desk.network(tx)
        found = find(tx, network, wanted, (page - 1) * PAGE)
        availability = inventory.load_availability(tx, [sku.sku_id for sku in found.skus], network)
        rows = [row for sku in found.skus for row in availability.rows(sku.sku_id) if row.binned]
        bins = ledger.load_bins(tx, [row.stock_id for row in rows])
        skus = [_of(sku, availability, bins) for sku in found.skus]
        return StockAnswer(skus, found.total)


def _of(sku: catalog.Sku, availability: inventory.Availability, bins: Mapping[int, list[ledger.BinRow]]) -> SkuStock:
    sites = availability.network.sites
    rows = [
        SiteStock(
            sites[row.site_id].code if row.site_id in sites else str(row.site_id), row.status, row.owner, row.lot,
            row.quantity, row.allocated, row.quantity - row.allocated, row.expires_at, row.sellable,
            [InBin(one.bin, one.quantity) for one in bins.get(row.stock_id, ())],
        )
        for row in availability.rows(sku.sku_id)
    ]  # fmt: skip
    on_hand, allocated = sum(row.on_hand for row in rows), sum(row.allocated for row in rows)
    return SkuStock(sku.code, sku.name, sku.kind, on_hand, allocated, rows)


@get("/api/v1/ats", sync_to_thread=True, tags=["Stock"])
def get_ats(
    desk: AtDesk,
    sku: Annotated[str, QueryParameter(description="Code of the SKU.")],
    channel: Annotated[str, QueryParameter(description="Code of a channel; nothing: all of them.")] = "",
    explain: Annotated[bool, QueryParameter(description="With the steps from on hand to ATS.")] = False,
    at: Annotated[str, QueryParameter(description=AT)] = "",
    basis: Annotated[Basis, QueryParameter(name="as", description=AS)] = Basis.RECORDED,
) -> AtsAnswer:
    """What channels may still sell of a SKU, or could as of any instant, and what they were told."""
    with desk.reading() as tx:
        moment = moment_asked(desk, tx, at, basis)
        if channel:
            known_channel(channel, (moment.network if moment else desk.network(tx)).channel_ids, field="channel")
        return explain_ats(
            tx, sku_asked(tx, sku), channel=channel, moment=moment, explain=explain, address=labels.address
        )


def moment_asked(desk: Desk, tx: Transaction, at: str, basis: Basis = Basis.RECORDED) -> inventory.Moment | None:
    """The moment that a request names, or a problem that names the field."""
    try:
        return read_moment(tx, at, formats.zone_of(desk.network(tx).timezone), basis)
    except BadInstant as error:
        fix = "Write an instant of the past, like 2026-06-08T10:05:00-04:00."
        raise Unprocessable(str(error), field="at", fix=fix) from error


class RowsAnswer(msgspec.Struct, frozen=True):
    """A page of stock rows."""

    as_of: str | None
    rows: list[GridRow]
    next: str
    """For `after`; nothing: there are no more."""


@get("/api/v1/stock-rows", sync_to_thread=True, tags=["Stock"])
def list_rows(
    desk: AtDesk,
    q: Annotated[str, QueryParameter(description="Words, as on the page: site:EAST status:quarantine free<5")] = "",
    sort: Annotated[str, QueryParameter(description="on_hand, allocated or free, with - for the most first.")] = "",
    after: Annotated[str, QueryParameter(description="`next` of the page before.")] = "",
    at: Annotated[str, QueryParameter(description=AT)] = "",
    basis: Annotated[Basis, QueryParameter(name="as", description=AS)] = Basis.RECORDED,
) -> RowsAnswer:
    """Stock rows by SKU, site, status, owner and lot, now or as of any instant; about 50 a page."""
    wanted = understood(parse_filter(q, VOCABULARY))
    with desk.reading() as tx:
        moment_asked(desk, tx, at, basis)
        shown = grid.load_shown(desk, tx, wanted, by="lot", sort=sort, after=after, at=at, basis=basis)
        if shown.problems:
            raise Unprocessable("; ".join(shown.problems), field="q", fix="Write words that are known.")
        as_of = shown.moment.at.isoformat() if shown.moment else None
        return RowsAnswer(as_of, shown.page.rows, shown.page.next)


class HistoryAnswer(msgspec.Struct, frozen=True):
    """What happened to the stock rows of a SKU, the newest first."""

    sku: str
    entries: list[HistoryEntry]
    next: str
    """For `before`; nothing: there are no more."""


@get("/api/v1/history", sync_to_thread=True, tags=["Stock"])
def get_history(
    desk: AtDesk,
    sku: Annotated[str, QueryParameter(description="Code of the SKU.")],
    site: Annotated[str, QueryParameter(description="Code of a site; nothing: all of them.")] = "",
    at: Annotated[str, QueryParameter(description="Up to an instant of the past; nothing: now.")] = "",
    before: Annotated[str, QueryParameter(description="`next` of the page before.")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=1_000)] = 100,
) -> HistoryAnswer:
    """Moves and reservations of a SKU's stock rows, with both balances after each."""
    with desk.reading() as tx:
        if site:
            known_channel(site, desk.network(tx).site_ids, field="site")
        moment_asked(desk, tx, at, Basis.RECORDED)
        one = sku_asked(tx, sku)
        found = load_history(desk, tx, one, site=site, at=at, before=before, limit=limit)
        return HistoryAnswer(one.code, found.entries, found.before)


class OfferAnswer(msgspec.Struct, frozen=True):
    """The ATS of SKUs in one channel, all as of one position of the event feed."""

    channel: str
    position: int
    ats: dict[str, int]
    """By code, in stock units."""
    unknown: list[str]
    """Codes that are no SKU."""


def find_offers(
    services: Services, tx: Transaction, asked: Sequence[publication.Asked]
) -> list[publication.Offer | Exception]:
    """The ATS of some SKUs in a channel, for all storefronts that ask at the same time."""
    return [
        no_such_place(answer.code, answer.known, field="channel")
        if isinstance(answer, publication.NoChannel)
        else answer
        for answer in services.shelf.look(tx, asked)
    ]


@get("/api/v1/channels/{channel:str}/ats", tags=["Stock"])
async def get_offer(
    desk: AtDesk,
    channel: FromPath[str],
    sku: Annotated[
        list[str], QueryParameter(description="Codes of SKUs and kits; repeat it.", min_items=1, max_items=500)
    ],
) -> OfferAnswer:
    """What one channel may still sell of many SKUs: for a storefront that asks for each page it shows."""
    offer = await desk.ask(find_offers, publication.Asked(channel, sku))
    unknown = [code for code in dict.fromkeys(sku) if code not in offer.ats]
    return OfferAnswer(channel, offer.position, offer.ats, unknown)


def known_channel(code: str, known: Mapping[str, int], *, field: str) -> int:
    """The id of a channel (or site), or a problem that names those there are."""
    if code not in known:
        raise no_such_place(code, known, field=field)
    return known[code]


def no_such_place(code: str, known: Collection[str], *, field: str) -> Unprocessable:
    """The problem that no channel (or site) has a code."""
    return Unprocessable(f"{code} is not a {field}", field=field, fix=f"Name one of {', '.join(sorted(known))}.")
