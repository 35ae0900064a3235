"""Stock: what can be sold and where, and one SKU with the way from on hand to what each channel may sell."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from stocktower import catalog, finance, inventory, publication, worklist
from stocktower.inventory import views as ledger
from stocktower.network import ChannelFacts, Network
from stocktower.ordering import views as orders
from stocktower.platform import Transaction
from stocktower.web import charts, labels
from stocktower.web.desk import AtDesk
from stocktower.web.filters import Filter, Word, parse_filter
from stocktower.web.pages.promises import atp_context

PAGE = 50
MOVES = 50
WAITING = 50
LOW = 5

VOCABULARY = (
    Word("is", "waiting: orders wait for it; told_wrong: a channel was told something else", ("waiting", "told_wrong")),
    Word("sku", "exact codes, separated by commas"),
)
VIEWS = (("All", ""), ("Orders wait for it", "is:waiting"), ("Told is not true", "is:told_wrong"))


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


def shown_channels(network: Network) -> list[ChannelFacts]:
    """The channels that have a column, in the order of the configuration."""
    return [channel for channel in network.channels.values() if channel.active]


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
def stock_page(desk: AtDesk, q: FromQuery[str] = "", page: FromQuery[int] = 1) -> Response[str]:
    """The SKUs that a sentence of words asks for, with what every channel may sell of them."""
    wanted = parse_filter(q, VOCABULARY)
    offset = max(0, page - 1) * PAGE
    with desk.reading() as tx:
        network = desk.network(tx)
        found = find(tx, network, wanted, offset)
        return desk.show(
            tx, "stock.html", title="Stock", filter=wanted, vocabulary=VOCABULARY, views=VIEWS,
            rows=rows_of(tx, network, found.skus), total=found.total, channels=shown_channels(network),
            number_of_page=max(1, page), has_more=found.total > offset + PAGE,
        )  # fmt: skip


class ChannelView(msgspec.Struct, frozen=True):
    """What one channel may sell of a SKU, and what it was told."""

    channel: ChannelFacts
    ats: int
    told: tuple[publication.Told, ...]
    shown: tuple[int, ...]
    """What is true now of each told listing."""
    steps: list[charts.DrawnBar]
    told_wrong: int | None
    """What it was told in stock units, where that is not true of one listing."""

    @property
    def is_empty(self) -> bool:
        """Nothing was ever there to take from."""
        return self.told_wrong is None and all(drawn.bar.running == drawn.bar.delta == 0 for drawn in self.steps)


def bars_of(steps: Sequence[inventory.Step], hrefs: Mapping[str, str], evidence: Mapping[str, str]) -> list[charts.Bar]:
    """The steps of a waterfall as bars; the first and the last stand on zero."""
    last = len(steps) - 1
    return [
        charts.Bar(
            label=evidence.get(f"{step.key}/{index}", step.label),
            delta=step.quantity,
            running=step.running,
            total=index in (0, last),
            href=hrefs.get(step.key, ""),
        )
        for index, step in enumerate(steps)
    ]


def labels_of(steps: Sequence[inventory.Step], codes: Mapping[int, str]) -> dict[str, str]:
    """Steps that name a component say which."""
    return {
        f"{step.key}/{index}": f"Limited by {codes.get(step.evidence[0].id, 'a component')}"
        for index, step in enumerate(steps)
        if step.key == "component" and step.evidence
    }


def channel_views(
    tx: Transaction, network: Network, sku: catalog.Sku, availability: inventory.Availability, codes: Mapping[int, str]
) -> list[ChannelView]:
    """Every channel's waterfall, and truth against told."""
    told: dict[int, list[publication.Told]] = {}
    for word in publication.load_told(tx, sku.sku_id):
        told.setdefault(word.channel_id, []).append(word)
    packs = {
        (listing.channel_id, listing.key): listing.pack_quantity
        for listing in catalog.load_listings_of(tx, [sku.sku_id]).get(sku.sku_id, [])
    }
    views: list[ChannelView] = []
    for channel in shown_channels(network):
        ats = availability.ats(sku.sku_id, channel.channel_id)
        words = tuple(told.get(channel.channel_id, ()))
        truths = tuple(inventory.shown(ats, packs.get((channel.channel_id, word.listing), 1)) for word in words)
        steps = availability.waterfall(sku.sku_id, channel.channel_id)
        bars = bars_of(steps, links_of(sku, channel), labels_of(steps, codes))
        wrong = [
            word.shown * packs.get((channel.channel_id, word.listing), 1)
            for word, truth in zip(words, truths, strict=True)
            if word.shown != truth
        ]
        told_wrong = wrong[0] if len(wrong) == 1 else None
        views.append(ChannelView(channel, ats, words, truths, charts.waterfall(bars, told_wrong), told_wrong))
    return views


def links_of(sku: catalog.Sku, channel: ChannelFacts) -> dict[str, str]:
    """Where the evidence of each step of a waterfall is."""
    code = quote(sku.code)
    return {
        "on_hand": "#sites",
        "not_sellable": "#sites",
        "not_shipping": "#sites",
        "allocated": "#holders",
        "safety_stock": "#sites",
        "waiting": f"/orders?q=sku:{code}+waits:stock",
        "together": "#components",
        "component": "#components",
        "ats": f"/orders?q=sku:{code}+channel:{channel.code}",
    }


def history_of(moves: Sequence[ledger.Move], now_quantity: int) -> list[int]:
    """What was on hand after each move, the oldest first; moves come newest first."""
    level, levels = now_quantity, [now_quantity]
    for move in moves:
        level -= move.delta
        levels.append(level)
    return levels[::-1]


@get("/stock/{code:path}", sync_to_thread=True)
def sku_page(desk: AtDesk, code: FromPath[str]) -> Response[str]:
    """One SKU: what every channel may sell and why not more, by site and status, and who has it or waits."""
    code = code.removeprefix("/")
    with desk.reading() as tx:
        sku = catalog.find_skus(tx, [code]).get(code)
        if sku is None:
            raise NotFoundException(f"There is no SKU {code}.")
        context = _sku_context(tx, desk.network(tx), sku)
        return desk.show(tx, "sku.html", **context)


def _limit(
    availability: inventory.Availability, components: Sequence[tuple[int, int]], codes: Mapping[int, str], *, best: int
) -> str:
    """The component that keeps a kit from being sold more; nothing where there is plenty, or it is no kit."""
    if not components or best > LOW:
        return ""
    kits = {sku_id: sum(availability.pools(sku_id).values()) // units for sku_id, units in components}
    return codes[min(kits, key=lambda sku_id: kits[sku_id])]


def _sku_context(tx: Transaction, network: Network, sku: catalog.Sku) -> dict[str, Any]:
    availability = inventory.load_availability(tx, [sku.sku_id], network)
    components = availability.facts.kits.get(sku.sku_id, ())
    kits = catalog.load_kits_of(tx, [sku.sku_id]).get(sku.sku_id, [])
    others = catalog.load_skus(tx, {*(one for one, _ in components), *kits})
    codes = {one.sku_id: one.code for one in others.values()}
    rows = availability.rows(sku.sku_id)
    stock_ids = [row.stock_id for row in rows]
    moves = ledger.load_moves(tx, stock_ids, limit=MOVES)
    holders = ledger.load_holders(tx, stock_ids, limit=WAITING)
    waiting = inventory.load_waiting(tx, [sku.sku_id], WAITING)
    order_ids = {one.order_id for one in holders} | {one.order_id for one in waiting}
    views = channel_views(tx, network, sku, availability, codes)
    return {
        "title": sku.code,
        "sku": sku,
        "views": views,
        "wrong": [view for view in views if view.told_wrong is not None],
        "limit": _limit(availability, components, codes, best=max((view.ats for view in views), default=0)),
        "empty_at": [view.channel.name for view in views if view.is_empty],
        "rows": rows,
        "row_sites": {row.stock_id: row.site_id for row in rows},
        "pools": availability.pools(sku.sku_id) if not components else {},
        "components": [(others[one], units, availability.pools(one)) for one, units in components],
        "component_ats": {
            (one, view.channel.channel_id): inventory.ats(availability.net(one, view.channel.channel_id))
            for one, _ in components
            for view in views
        },
        "kits": [others[one] for one in kits],
        "moves": moves,
        "references": labels.of_subjects(
            tx, network, {(move.reference, move.reference_id) for move in moves if move.reference and move.reference_id}
        ),
        "levels": history_of(moves, sum(row.quantity for row in rows)),
        "holders": holders,
        "waiting": waiting,
        "orders": {row.order_id: row for row in orders.load_rows(tx, network, sorted(order_ids))},
        "cases": worklist.load_open_cases_of(tx, "sku", [sku.sku_id]).get(sku.sku_id, []),
        "values": finance.load_valuations(tx, [sku.sku_id]).get(sku.sku_id, []),
        **atp_context(tx, network, sku),
        "entity_currency": {total.entity: total.currency for total in finance.load_stock_values(tx)},
        "now": tx.now,
    }


def oldest(waiting: Sequence[inventory.Waiting]) -> datetime | None:
    """Since when the first of those who wait was placed."""
    return min((one.placed_at for one in waiting), default=None)
