"""What a snapshot of a whole site leaves out, looked up: its parts, what they name, and what the site held."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from stocktower.catalog import find_stocked, load_skus
from stocktower.exchange import (
    STOCK,
    Message,
    Newest,
    StockDocument,
    StockLine,
    finish,
    load_newest_of_keys,
    park,
)
from stocktower.kernel import CaseKind
from stocktower.model import load_applied, snapshot_rule
from stocktower.network import Network
from stocktower.platform import Transaction
from stocktower.worklist import close_by_cause, load_waiting

from ..arrivals.early import close_waiting
from ..formulas.model import AVAILABLE
from ..formulas.rules import owner_at
from ..stock.site_rows import HeldRow, load_held_rows
from .snapshot_cases import SHOWN, snapshot_key, tell_left_out
from .whole_sites import Place, Rest, decide_rest, is_too_much


class _NamedLine(Struct, gc=False):
    sku: str
    status: str = AVAILABLE
    owner: str = ""


class _NamedRows(Struct, gc=False):
    lines: list[_NamedLine]


_decode = msgspec.json.Decoder(_NamedRows).decode


def whole_cause(key: str) -> str:
    """What the last part of a whole site waits for, by the key of any of its parts."""
    return f"snapshot/{key.rpartition('/')[0]}"


class Whole(Struct, frozen=True):
    """A whole site with what it leaves out."""

    rest: Rest
    lines: tuple[StockLine, ...]
    """That say that nothing is left of it."""
    asks: bool
    """So much is left out that a person has to say that it is gone."""


def load_whole(tx: Transaction, network: Network, message: Message, document: StockDocument) -> Whole | None:
    """What the last part of a whole site leaves out; None: not all of its earlier parts are there and done."""
    stem, _, last = message.key.rpartition("/")
    keys = [f"{stem}/{part}" for part in range(document.parts - 1) if str(part) != last]
    parts = load_newest_of_keys(tx, message.source, STOCK, keys)
    if len(parts) < len(keys) or any(one.work_state for one in parts):
        return None
    rest = _load_rest(tx, network, document, parts)
    rule = snapshot_rule(load_applied(tx).configuration.snapshots, document.site)
    asks = bool(rest.rows) and (document.unreadable > 0 or is_too_much(rest, rule))
    return Whole(rest, _lines(tx, rest.rows), asks)


def _load_rest(tx: Transaction, network: Network, document: StockDocument, parts: Sequence[Newest]) -> Rest:
    """What a whole site leaves out."""
    site = network.sites[network.site_ids[document.site]]
    owner = owner_at(site)
    named: set[Place] = set()
    for part in parts:
        named |= _places(tx, _decode(part.body).lines, owner)
    named |= _places(tx, [_NamedLine(line.sku, line.status, line.owner) for line in document.lines], owner)
    if not named:
        # It names nothing at all: the site says that it is empty.
        named = {(0, status, owner) for status in document.statuses or (AVAILABLE,)}
    as_of = min(document.as_of or tx.now, tx.now)
    return decide_rest(load_held_rows(tx, site.site_id, as_of), named, document.statuses, as_of)


def _places(tx: Transaction, lines: Sequence[_NamedLine], owner: str) -> set[Place]:
    skus = find_stocked(tx, sorted({line.sku for line in lines}))
    return {(skus[line.sku].sku_id if line.sku in skus else 0, line.status, line.owner or owner) for line in lines}


def settle_whole(tx: Transaction, network: Network, message: Message, document: StockDocument, whole: Whole) -> None:
    """What was asked about earlier snapshots of the whole site is answered by this one; what it leaves out is asked."""
    key = snapshot_key(document.site)
    earlier = load_waiting(tx, CaseKind.SNAPSHOT_INCOMPLETE, [key], "message").get(key, [])
    if earlier:
        finish(tx, earlier)
        close_by_cause(tx, CaseKind.SNAPSHOT_INCOMPLETE, [key], "a later snapshot of the whole site came")
    close_waiting(tx, [message])
    if not whole.asks:
        finish(tx, [message.message_id])
        return
    rest = whole.rest
    most = sorted(rest.rows, key=lambda row: -row.held)[:SHOWN]
    skus = load_skus(tx, {row.sku_id for row in most})
    codes = list(dict.fromkeys(skus[row.sku_id].code for row in most))
    site = network.sites[network.site_ids[document.site]]
    park(tx, message.message_id, f"leaves out {len(rest.rows):,} of {rest.rows_held:,} rows: see its case")
    tell_left_out(tx, site, message.message_id, rest, document.unreadable, codes)


def _lines(tx: Transaction, rows: Sequence[HeldRow]) -> tuple[StockLine, ...]:
    """Lines that say that nothing is left of some rows."""
    skus = load_skus(tx, {row.sku_id for row in rows})
    return tuple(
        StockLine(skus[row.sku_id].code, 0, row.status, unit=skus[row.sku_id].stock_unit, owner=row.owner, lot=row.lot)
        for row in rows
    )
