"""Gathers what speaks for one cause or another, for some SKUs of a run in a few statements."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from stocktower.catalog import find_stocked, load_listings_of, load_units
from stocktower.exchange import CONFIRMATION, RECEIPT, ConfirmationDocument, ReceiptDocument, StockDocument
from stocktower.inventory import load_inbound
from stocktower.network import Network
from stocktower.platform import Transaction

from . import store
from .model import Coming, Difference, Key, LineFacts, Moved, Run, Underway, Unworked

LOOK_BACK = timedelta(days=14)
"""How old something may be that one side was not told of."""
MOVES = 200
"""Of one stock row on each side of the instant, the nearest."""
UNWORKED = 5_000
"""Messages of the inbox that are looked at."""
_confirmation = msgspec.json.Decoder(ConfirmationDocument).decode
_receipt = msgspec.json.Decoder(ReceiptDocument).decode
_stock = msgspec.json.Decoder(StockDocument).decode


class Inbox:
    """What sites have told that is not worked yet, by SKU and site."""

    def __init__(self, tx: Transaction, network: Network) -> None:
        self.moving: defaultdict[tuple[int, int], list[Unworked]] = defaultdict(list)
        """Units that leave by confirmations, below zero, and that come by receipts."""
        self.counted: dict[Key, tuple[int, int]] = {}
        """The message and the quantity of a count."""
        stated: list[tuple[int, str, str, int]] = []
        counts: list[tuple[int, str, str, str, int]] = []
        for message_id, kind, body in store.load_unworked(tx, UNWORKED):
            try:
                if kind == CONFIRMATION:
                    told = _confirmation(body)
                    if told.kind == "shipped":
                        stated += [(message_id, told.site, line.sku, -line.quantity) for line in told.lines if line.sku]
                elif kind == RECEIPT:
                    came = _receipt(body)
                    stated += [(message_id, came.site, line.sku, line.quantity) for line in came.lines if not line.unit]
                else:
                    count = _stock(body)
                    counts += [(message_id, count.site, one.sku, one.status, one.quantity) for one in count.lines]
            except msgspec.MsgspecError:
                continue  # Its own worker parks it with a case.
        skus = find_stocked(tx, {item[2] for item in stated} | {item[2] for item in counts})
        for message_id, site, code, units in stated:
            if code in skus and site in network.site_ids:
                self.moving[skus[code].sku_id, network.site_ids[site]].append(Unworked(message_id, units))
        for message_id, site, code, status, quantity in counts:
            if code in skus and site in network.site_ids:
                self.counted[Key(skus[code].sku_id, network.site_ids[site], status, "")] = (message_id, quantity)

    def of(self, line: Difference) -> tuple[Unworked, ...]:
        """What lies in the inbox of one line."""
        count = self.counted.get(line.key)
        if count is not None and count[1] == line.theirs:
            return (Unworked(count[0], line.delta),)
        return tuple(self.moving.get((line.sku_id, line.site_id), ())) if line.status == "available" else ()


def load_facts(
    tx: Transaction, run: Run, sku_ids: Sequence[int], window: timedelta, pairs: Mapping[Key, int], inbox: Inbox
) -> list[LineFacts]:
    """Everything that speaks for a cause, of the lines of some SKUs beyond the tolerance."""
    lines = [one for one in store.load_differences_of(tx, run.run_id, sku_ids) if not one.within]
    moves = _moves_of(tx, run, sku_ids, window)
    underway = _underway_of(tx, lines, run.as_of)
    factors = _factors_of(tx, sku_ids)
    coming = _coming_of(tx, lines)
    by_sku: defaultdict[int, list[tuple[Key, int]]] = defaultdict(list)
    for line in lines:
        by_sku[line.sku_id].append((line.key, line.delta))
    return [
        LineFacts(
            key=line.key,
            ours=line.ours,
            recorded=line.recorded,
            theirs=line.theirs,
            as_of=run.as_of,
            moves=tuple(moves.get(line.key, ())),
            underway=tuple(underway.get((line.sku_id, line.site_id), ())) if line.status == "available" else (),
            unworked=inbox.of(line),
            coming=tuple(coming.get((line.sku_id, line.site_id, line.lot), ())) if line.status == "available" else (),
            factors=tuple(sorted(factors.get(line.sku_id, ()))),
            siblings=tuple(one for one in by_sku[line.sku_id] if one[0] != line.key),
            pair_sku_id=pairs.get(line.key, 0),
        )
        for line in lines
    ]


def _moves_of(tx: Transaction, run: Run, sku_ids: Sequence[int], window: timedelta) -> dict[Key, list[Moved]]:
    since = run.as_of - max(LOOK_BACK, window)
    found: dict[Key, list[Moved]] = {}
    near = store.load_moves_near(
        tx, run.run_id, sku_ids, since=since, as_of=run.as_of, until=run.as_of + window, limit=MOVES
    )
    for key, move in near:
        found.setdefault(key, []).append(move)
    return found


def _underway_of(
    tx: Transaction, lines: Sequence[Difference], as_of: datetime
) -> dict[tuple[int, int], list[Underway]]:
    fewer = [line for line in lines if line.delta < 0]
    sku_ids, site_ids = {line.sku_id for line in fewer}, {line.site_id for line in fewer}
    found: dict[tuple[int, int], list[Underway]] = {}
    rows = store.load_underway(tx, sorted(sku_ids), sorted(site_ids), as_of) if fewer else ()
    for sku_id, site_id, order_id, fulfillment_id, units in rows:
        found.setdefault((sku_id, site_id), []).append(Underway(order_id, fulfillment_id, units))
    return found


def _coming_of(tx: Transaction, lines: Sequence[Difference]) -> dict[tuple[int, int, str], list[Coming]]:
    """What is announced by (SKU, site, lot): of an inbound that names no lot, for each lot of which they have more."""
    more = [line for line in lines if line.delta > 0 and line.status == "available"]
    found: dict[tuple[int, int, str], list[Coming]] = {}
    for one in load_inbound(tx, sorted({line.sku_id for line in more})):
        lots = {one.lot} if one.lot else {line.lot for line in more if line.sku_id == one.sku_id}
        for lot in lots | {""}:
            item = Coming(one.inbound_id, one.reference, one.open, one.expected_at)
            found.setdefault((one.sku_id, one.site_id, lot), []).append(item)
    return found


def _factors_of(tx: Transaction, sku_ids: Sequence[int]) -> dict[int, set[int]]:
    factors = {sku_id: set(units.values()) for sku_id, units in load_units(tx, sku_ids).items()}
    for sku_id, listings in load_listings_of(tx, sku_ids).items():
        factors.setdefault(sku_id, set()).update(listing.pack_quantity for listing in listings)
    return factors
