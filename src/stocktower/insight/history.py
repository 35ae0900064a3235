"""What happened to stock rows, in words with addresses; and how a SKU's figures went over time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from stocktower import catalog, counting, fulfillment, inventory, publication
from stocktower.inventory import Availability, StockRow
from stocktower.inventory import views as ledger
from stocktower.network import Network
from stocktower.ordering import views as orders
from stocktower.platform import Transaction

from .explained import Address, no_address
from .posted import find_journals

PAPERS = ("transfer", ledger.RECEIPT, ledger.ASSEMBLY)
"""What moves are named after, by its own number."""
POINTS = 60
"""Evenly spaced, where there are more changes than `CHANGES`."""
CHANGES = 120


class HistoryEntry(msgspec.Struct, frozen=True):
    """One entry of a stock row, of either ledger, with both balances after it."""

    recorded_at: datetime
    occurred_at: datetime
    site: str
    status: str
    owner: str
    lot: str
    what: str
    """move, or reservation."""
    reason: str
    counterpart: str
    reference: str
    """What says so, by its number."""
    href: str
    change: int
    """Of what is on hand for a move, of what is allocated for a reservation."""
    on_hand: int
    allocated: int
    actor: str
    stock_id: int
    sequence: int
    journal: int = 0
    """That values the move; 0: none does, or not yet."""


def name_entries(
    tx: Transaction,
    network: Network,
    rows: Mapping[int, StockRow],
    entries: Sequence[ledger.Entry],
    *,
    address: Address = no_address,
) -> list[HistoryEntry]:
    """Entries with the names and addresses of what they are about; `rows` by id."""
    order_ids = {one.reference_id for one in entries if one.reference == "order"}
    numbers = {row.order_id: row.number for row in orders.load_rows(tx, network, sorted(order_ids))}
    wanted = sorted({one.reference_id for one in entries if one.reference == "fulfillment"})
    requests = {one.fulfillment_id: one for one in fulfillment.load_requests(tx, wanted)} if wanted else {}
    sheets = counting.load_numbers(
        tx, sorted({one.reference_id for one in entries if one.reference == counting.SUBJECT})
    )

    papers = _name_papers(tx, entries)

    def name(one: ledger.Entry) -> tuple[str, str]:
        if one.reference == "order":
            number = numbers.get(one.reference_id)
            if number is None:
                return f"hold {one.reference_id}", ""
            return number, address("order", one.reference_id, "")
        request = requests.get(one.reference_id)
        if one.reference == "fulfillment" and request is not None:
            return request.number, address("order", request.order_id, "")
        if one.reference == counting.SUBJECT and one.reference_id in sheets:
            number = sheets[one.reference_id]
            return f"count sheet {number}", address(counting.SUBJECT, number, "")
        if not one.reference:
            return "", ""
        words = one.reference.replace("_", " ")
        number = papers.get((one.reference, one.reference_id), one.reference_id)
        text = f"{words} {number}" if number else words
        return text, address(one.reference, one.reference_id, "")

    journals = find_journals(tx, rows, entries, {id: one.order_id for id, one in requests.items()})
    made: list[HistoryEntry] = []
    for one in entries:
        row = rows[one.stock_id]
        site = network.sites.get(row.site_id)
        reference, href = name(one)
        made.append(
            HistoryEntry(
                recorded_at=one.recorded_at, occurred_at=one.occurred_at,
                site=site.code if site else f"site {row.site_id}", status=row.status, owner=row.owner, lot=row.lot,
                what="move" if one.is_move else "reservation", reason=one.reason, counterpart=one.counterpart,
                reference=reference, href=href, change=one.delta, on_hand=one.quantity_after,
                allocated=one.allocated_after, actor=one.actor, stock_id=one.stock_id, sequence=one.sequence,
                journal=journals.get((one.stock_id, one.sequence), 0) if one.is_move else 0,
            )
        )  # fmt: skip
    return made


def _name_papers(tx: Transaction, entries: Sequence[ledger.Entry]) -> dict[tuple[str, int], str]:
    """The numbers of the transfers, deliveries and assemblies that entries are of."""
    found: dict[tuple[str, int], str] = {}
    for kind in PAPERS:
        ids = sorted({one.reference_id for one in entries if one.reference == kind})
        found |= {(kind, paper_id): number for paper_id, number in ledger.name_papers(tx, kind, ids).items()}
    return found


class Point(msgspec.Struct, frozen=True):
    """The figures of a SKU at an instant; of a kit what is on hand is nothing."""

    at: datetime
    on_hand: int
    allocated: int
    ats: dict[int, int]
    """By channel."""
    told: dict[int, int]
    """By channel, in stock units: the last word about its first listing; a channel that was told nothing is missing."""


def load_points(
    tx: Transaction, sku: catalog.Sku, stock_ids: Sequence[int], network: Network, since: datetime, until: datetime
) -> list[Point]:
    """How a SKU's figures went between two instants: at each change, or evenly where there were too many."""
    told = publication.load_told_between(tx, sku.sku_id, since, until)
    changes = ledger.load_change_instants(tx, stock_ids, since, until, CHANGES)
    instants = {since, until, *changes[: CHANGES - 1], *(word.told_at for word in told[-CHANGES:])}
    if len(changes) == CHANGES or len(instants) > 2 * CHANGES or not stock_ids:
        instants |= {since + (until - since) * part / POINTS for part in range(POINTS + 1)}
        instants -= set(changes[:-1]) if len(changes) == CHANGES else set()
    series = inventory.load_series(tx, [sku.sku_id], sorted(instants))
    versions = catalog.load_versions_of_sku(tx, sku.sku_id)

    def units(word: publication.Told) -> int:
        """In stock units, by the pack that the listing stood for when it was told."""
        listings = catalog.listings_at(versions, sku.sku_id, word.told_at)
        packs = {(item.channel_id, item.key): item.pack_quantity for item in listings}
        return word.shown * packs.get((word.channel_id, word.listing), 1)

    words = {(word.channel_id, word.listing): units(word) for word in publication.load_told_at(tx, sku.sku_id, since)}
    points: list[Point] = []
    news = list(told)
    for at, availability in series:
        while news and news[0].told_at <= at:
            word = news.pop(0)
            words[word.channel_id, word.listing] = units(word)
        points.append(_point(at, sku, availability, network, words))
    return points


def _point(
    at: datetime, sku: catalog.Sku, availability: Availability, network: Network, words: Mapping[tuple[int, str], int]
) -> Point:
    rows = availability.rows(sku.sku_id)
    told: dict[int, int] = {}
    for (channel_id, _), units in sorted(words.items()):
        told.setdefault(channel_id, units)
    return Point(
        at=at,
        on_hand=sum(row.quantity for row in rows),
        allocated=sum(row.allocated for row in rows),
        ats={channel_id: availability.ats(sku.sku_id, channel_id) for channel_id in network.channels},
        told=told,
    )


def window(days: int, until: datetime) -> tuple[datetime, datetime]:
    """The instants between which a chart is drawn."""
    return until - timedelta(days=days), until
