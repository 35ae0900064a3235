"""One SKU, now or as of any instant: what every channel may sell and why not more, where it lies, and how it went."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import FromPath, FromQuery

from stocktower import access, catalog, finance, insight, inventory, publication, worklist
from stocktower.insight import Asked, ExplainedStep
from stocktower.inventory import Basis
from stocktower.inventory import views as ledger
from stocktower.network import ChannelFacts, Network
from stocktower.ordering import views as orders
from stocktower.platform import Transaction
from stocktower.web import charts, labels
from stocktower.web.desk import AtDesk, Desk
from stocktower.web.pages.moments import moment_asked
from stocktower.web.pages.promises import atp_context

ENTRIES = 25
LOW = 5
WAITING = 50
HISTORY = 100
SPANS = (7, 30, 90, 365)
"""Days that the charts can look back."""


class ChannelView(msgspec.Struct, frozen=True):
    """What one channel may sell of a SKU, and what it was told."""

    channel: ChannelFacts
    ats: int
    told: tuple[publication.Told, ...]
    shown: tuple[int, ...]
    """What is true of each told listing."""
    steps: list[charts.DrawnBar]
    explained: list[ExplainedStep]
    """The same steps, with what they are made of."""
    listings: list[insight.ListingShown]
    """Each with the way from there to what it is shown."""
    told_wrong: int | None
    """What it was told in stock units, where that is not true of one listing."""

    @property
    def is_empty(self) -> bool:
        """Nothing was ever there to take from."""
        return self.told_wrong is None and all(drawn.bar.running == drawn.bar.delta == 0 for drawn in self.steps)


class Chart(msgspec.Struct, frozen=True):
    """A chart with its title and the table behind it."""

    title: str
    drawn: charts.DrawnChart
    columns: tuple[str, ...]
    rows: list[tuple[datetime, tuple[int | None, ...]]]
    """Instant and values; only where something changed."""


def shown_channels(network: Network) -> list[ChannelFacts]:
    """The channels that have a column, in the order of the configuration."""
    return [channel for channel in network.channels.values() if channel.active]


def bars_of(steps: Sequence[ExplainedStep], hrefs: Mapping[str, str]) -> list[charts.Bar]:
    """The steps of a waterfall as bars; the first and the last stand on zero."""
    last = len(steps) - 1
    return [
        charts.Bar(
            label=step.label,
            delta=step.quantity,
            running=step.running,
            total=index in (0, last),
            href=hrefs.get(step.key, ""),
        )
        for index, step in enumerate(steps)
    ]


def channel_views(tx: Transaction, sku: catalog.Sku, asked: Asked, answer: insight.AtsAnswer) -> list[ChannelView]:
    """Every channel's waterfall, and truth against told."""
    moment = asked.moment
    told: dict[int, list[publication.Told]] = {}
    words = publication.load_told_at(tx, sku.sku_id, moment.at) if moment else publication.load_told(tx, sku.sku_id)
    for word in words:
        told.setdefault(word.channel_id, []).append(word)
    packs = {
        (listing.channel_id, listing.key): listing.pack_quantity
        for listing in insight.load_listings(tx, sku.sku_id, moment)
    }
    # A name that the channel has no listing for stands for the SKU only where it has none at all.
    named = {channel_id for channel_id, _ in packs}
    shown = publication.load_shown(tx, asked.network, sku.sku_id, moment)
    explained = {one.channel: one for one in answer.channels}
    views: list[ChannelView] = []
    for channel in shown_channels(asked.network):
        one = explained[channel.code]
        channel_id = channel.channel_id
        own = tuple(
            word for word in told.get(channel_id, ()) if (channel_id, word.listing) in packs or channel_id not in named
        )
        sizes = [packs.get((channel_id, word.listing), 1) for word in own]
        floor = asked.availability.terms(sku.sku_id, channel_id).floor
        truths = tuple(shown.offered(channel_id, sku.sku_id, one.ats, size, floor)[0] for size in sizes)
        steps = one.steps or []
        bars = bars_of(steps, links_of(sku, channel))
        wrong = [
            word.shown * size
            for word, size in zip(own, sizes, strict=True)
            if shown.is_wrong(word, one.ats, size, floor)
        ]
        told_wrong = wrong[0] if len(wrong) == 1 else None
        drawn = charts.waterfall(bars, told_wrong)
        views.append(ChannelView(channel, one.ats, own, truths, drawn, steps, one.listings, told_wrong))
    return views


def links_of(sku: catalog.Sku, channel: ChannelFacts) -> dict[str, str]:
    """Where the evidence of each step of a waterfall is."""
    code = quote(sku.code)
    rules = labels.address("rule", 0, sku.code)
    return {
        "on_hand": "#sites",
        "not_sellable": "#sites",
        "not_shipping": "#sites",
        "allocated": "#holders",
        "safety_stock": rules or "#sites",
        **dict.fromkeys(("aside", "exclusive", "share", "own", "cap"), rules),
        "waiting": "#waiting",
        "together": "#components",
        "component": "#components",
        "ats": f"/orders?q=sku:{code}+channel:{channel.code}",
    }


def charts_of(points: Sequence[insight.Point], channels: Sequence[ChannelFacts], *, is_kit: bool) -> list[Chart]:
    """Stock over time, and for each channel what it could sell and what it was told."""
    made: list[Chart] = []

    def add(title: str, columns: tuple[tuple[str, str], ...], values: list[tuple[int | None, ...]]) -> None:
        lines = [
            charts.Line(
                label,
                kind,
                [
                    (point.at.timestamp(), row[place])
                    for point, row in zip(points, values, strict=True)
                    if row[place] is not None
                ],  # pyright: ignore[reportArgumentType] -- None is left out
            )
            for place, (label, kind) in enumerate(columns)
        ]
        drawn = charts.over_time(lines, title)
        if drawn is not None:
            rows = [(point.at, row) for point, row in zip(points, values, strict=True)]
            changed = [one for place, one in enumerate(rows) if not place or one[1] != rows[place - 1][1]]
            made.append(Chart(title, drawn, tuple(label for label, _ in columns), changed[::-1]))

    if not is_kit:
        add("Stock", (("on hand", "on_hand"), ("allocated", "allocated")), [(p.on_hand, p.allocated) for p in points])
    for channel in channels:
        add(
            channel.name,
            (("ATS", "ats"), ("told", "told")),
            [(point.ats.get(channel.channel_id, 0), point.told.get(channel.channel_id)) for point in points],
        )
    return made


def sku_asked(tx: Transaction, code: str) -> catalog.Sku:
    """The SKU of a code, or that there is none."""
    sku = catalog.find_skus(tx, [code]).get(code)
    if sku is None:
        raise NotFoundException(f"There is no SKU {code}.")
    return sku


@get("/stock/{code:path}", sync_to_thread=True)
def sku_page(
    desk: AtDesk, code: FromPath[str], at: FromQuery[str] = "", basis: FromQuery[Basis] = Basis.RECORDED,
    days: FromQuery[int] = 30,
) -> Response[str]:  # fmt: skip
    """One SKU: what every channel may sell and why not more, by site and status, and who has it or waits."""
    with desk.reading() as tx:
        sku = sku_asked(tx, code.removeprefix("/"))
        asked = insight.ask(tx, [sku.sku_id], moment_asked(desk, tx, at, basis))
        days = min(max(1, days), SPANS[-1])
        return desk.show(
            tx, "sku.html", title=sku.code, at=at, basis=basis, days=days, spans=SPANS,
            reads_books=desk.may(access.Permission.READ_BOOKS),
            **_now(tx, desk.network(tx), sku, asked), **_past(tx, desk.network(tx), sku, asked, days),
        )  # fmt: skip


def _limit(
    availability: inventory.Availability, components: Sequence[tuple[int, int]], codes: Mapping[int, str], *, best: int
) -> str:
    """The component that keeps a kit from being sold more; nothing where there is plenty, or it is no kit."""
    if not components or best > LOW:
        return ""
    kits = {sku_id: sum(availability.pools(sku_id).values()) // units for sku_id, units in components}
    return codes[min(kits, key=lambda sku_id: kits[sku_id])]


def _now(tx: Transaction, network: Network, sku: catalog.Sku, asked: Asked) -> dict[str, Any]:
    """What is there at the moment that is asked for, and why."""
    availability = asked.availability
    components = availability.facts.kits.get(sku.sku_id, ())
    kits = catalog.load_kits_of(tx, [sku.sku_id]).get(sku.sku_id, [])
    beside = catalog.load_skus(tx, {*(one for one, _ in components), *kits})
    others = {one.sku_id: one for one in insight.name_skus(tx, beside.values(), asked.moment)}
    codes = {one.sku_id: one.code for one in others.values()}
    rows = availability.rows(sku.sku_id)
    answer = insight.explain_ats(tx, sku, moment=asked.moment, address=labels.address)
    views = channel_views(tx, sku, asked, answer)
    sites = {row.stock_id: row.site_id for row in rows}
    until = asked.at(tx.now)
    holders = ledger.load_holders_at(tx, sites, until)[:WAITING] if sites else []
    waiters = ledger.load_waiters_at(tx, sku.sku_id, until)[:WAITING]
    order_ids = {one.order_id for one in holders} | {one.order_id for one in waiters}
    return {
        "sku": insight.name_skus(tx, [sku], asked.moment)[0],
        "answer": answer,
        "moment": asked.moment,
        "views": views,
        "wrong": [view for view in views if view.told_wrong is not None],
        "limit": _limit(availability, components, codes, best=max((view.ats for view in views), default=0)),
        "empty_at": [view.channel.name for view in views if view.is_empty],
        "rows": rows,
        "bins": ledger.load_bins(tx, sites, asked.moment.at if asked.moment else None),
        "sites": {**network.sites, **asked.network.sites},
        "pools": availability.pools(sku.sku_id) if not components else {},
        "components": [(others[one], units, availability.pools(one)) for one, units in components],
        "component_ats": {
            (one, view.channel.channel_id): inventory.ats(availability.net(one, view.channel.channel_id))
            for one, _ in components
            for view in views
        },
        "kits": [others[one] for one in kits],
        "holders": holders,
        "waiters": waiters,
        "orders": {row.order_id: row for row in orders.load_rows(tx, network, sorted(order_ids))},
        "cases": worklist.load_open_cases_of(tx, "sku", [sku.sku_id]).get(sku.sku_id, []),
        "values": finance.load_valuations(tx, [sku.sku_id]).get(sku.sku_id, []),
        "entity_currency": {total.entity: total.currency for total in finance.load_stock_values(tx)},
        **atp_context(tx, asked.network, sku, asked.moment),
    }


def _past(tx: Transaction, network: Network, sku: catalog.Sku, asked: Asked, days: int) -> dict[str, Any]:
    """How it came to be: charts, and what happened last."""
    until = asked.moment.at if asked.moment else tx.now
    since = insight.window(days, until)[0]
    components = asked.availability.facts.kits.get(sku.sku_id, ())
    parts = [part for part, _ in components] or [sku.sku_id]
    stock_ids = [row.stock_id for part in parts for row in asked.availability.rows(part)]
    points = insight.load_points(tx, sku, stock_ids, network, since, until)
    rows = {row.stock_id: row for row in asked.availability.rows(sku.sku_id)}
    before = ledger.HistoryKey(asked.at(tx.now), *ledger.FIRST)
    page = ledger.load_history(tx, list(rows), before=before, limit=ENTRIES)
    return {
        "charts": charts_of(points, shown_channels(asked.network), is_kit=bool(components)),
        "since": points[0].at if points else since,
        "until": until,
        "entries": insight.name_entries(tx, network, rows, page.entries, address=labels.address),
        "more_entries": page.before is not None,
        "history_href": labels.history_href(sku.code),
    }


def read_place(text: str) -> ledger.HistoryKey | None:
    """Where a page of a history begins, as it stands in the URL."""
    if not text:
        return None
    try:
        at, stock_id, sequence = text.rsplit(".", 2)
        found = datetime.fromisoformat(at)
        if found.tzinfo is None:
            raise ValueError(text)
        return ledger.HistoryKey(found, int(stock_id), int(sequence))
    except ValueError:
        raise ValidationException(f"before={text} is no place in a history") from None


def write_place(key: ledger.HistoryKey | None) -> str:
    """The place in a history for a URL."""
    if key is None:
        return ""
    return f"{key.recorded_at.isoformat().replace('+00:00', 'Z')}.{key.stock_id}.{key.sequence}"


class HistoryAsked(msgspec.Struct, frozen=True):
    """A page of what happened to a SKU's stock rows."""

    rows: dict[int, inventory.StockRow]
    entries: list[insight.HistoryEntry]
    before: str
    """Where the next page begins; nothing: there are no more."""


def load_history(
    desk: Desk, tx: Transaction, sku: catalog.Sku, *, site: str = "", row: int = 0, at: str = "", before: str = "",
    limit: int = HISTORY,
) -> HistoryAsked:  # fmt: skip
    """What happened to the rows of a SKU, at one site, of one row or of all, up to an instant; for page and API."""
    network = desk.network(tx)
    found = inventory.load_availability(tx, [sku.sku_id], network).rows(sku.sku_id)
    rows = {
        one.stock_id: one
        for one in found
        if row in (0, one.stock_id) and (not site or network.sites[one.site_id].code == site)
    }
    moment = moment_asked(desk, tx, at, Basis.RECORDED)
    key = read_place(before) or (ledger.HistoryKey(moment.at, *ledger.FIRST) if moment else None)
    page = ledger.load_history(tx, list(rows), before=key, limit=limit)
    entries = insight.name_entries(tx, network, rows, page.entries, address=labels.address)
    return HistoryAsked({one.stock_id: one for one in found}, entries, write_place(page.before))


@get("/history", sync_to_thread=True)
def history_page(
    desk: AtDesk, sku: FromQuery[str], row: FromQuery[int] = 0, site: FromQuery[str] = "", at: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> Response[str]:  # fmt: skip
    """What happened to the stock rows of a SKU, the newest first, with both balances after each entry."""
    with desk.reading() as tx:
        one = sku_asked(tx, sku)
        found = load_history(desk, tx, one, site=site, row=row, at=at, before=before)
        return desk.show(
            tx, "history.html", title=f"History of {one.code}", sku=one, found=found, row=row, site=site, at=at,
            is_first=not before, sites=desk.network(tx).sites,
            reads_books=desk.may(access.Permission.READ_BOOKS),
        )  # fmt: skip
