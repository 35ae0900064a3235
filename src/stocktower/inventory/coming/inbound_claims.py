"""Claims of preordered lines on inbound: recorded, settled when inbound changes, given up when their lines are served.

Whoever changes claims has the lock of their SKU.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from stocktower.platform import Event, Transaction, load_queries

from ..formulas.rules import Reach
from .inbound_claim_rules import (
    LOST,
    PREORDERED,
    ClaimChange,
    ComingStock,
    InboundClaim,
    add_claims,
    claim_key,
    settle,
    trim,
)
from .inbound_rules import Inbound, is_promisable

_SQL = load_queries(__package__)

Part = tuple[int, int, int]
"""(order_id, line_no, stock units)"""


class ClaimsMoved(Struct, frozen=True):
    """Data of claims.moved: units of an inbound arrived for lines that were promised them, will not come, or are not
    wanted by their lines any more."""

    inbound_id: int
    sku_id: int
    arrived: list[Part]
    lost: list[Part]
    freed: list[Part] = []
    """Others may be promised them."""


def load_claims(tx: Transaction, order_ids: Sequence[int]) -> list[InboundClaim]:
    """What lines of some orders still wait for of inbound, the soonest first."""
    return tx.fetch(_SQL.load_inbound_claims, InboundClaim, order_ids=list(order_ids)) if order_ids else []


def load_claims_of_skus(tx: Transaction, sku_ids: Sequence[int]) -> list[InboundClaim]:
    """Every claim on inbound of some SKUs, the soonest first."""
    return tx.fetch(_SQL.load_inbound_claims_of_skus, InboundClaim, sku_ids=list(sku_ids)) if sku_ids else []


def load_claims_at(tx: Transaction, inbound: Sequence[Inbound], at: datetime) -> list[InboundClaim]:
    """Every claim at an instant on inbound that was to come then, given as it was known, the soonest first."""
    if not inbound:
        return []
    return tx.fetch(
        _SQL.load_claims_at,
        InboundClaim,
        inbound_ids=[one.inbound_id for one in inbound],
        site_ids=[one.site_id for one in inbound],
        expected_ats=[one.expected_at for one in inbound],
        at=at,
    )


def load_arrived_orders(tx: Transaction, sku_ids: Sequence[int]) -> list[int]:
    """The orders for which units of some SKUs have arrived and are not allocated yet."""
    return tx.values(_SQL.load_arrived_orders, sku_ids=list(sku_ids)) if sku_ids else []


def load_claiming_orders(tx: Transaction, inbound_ids: Sequence[int]) -> list[int]:
    """The orders that claim some inbound."""
    return tx.values(_SQL.load_claiming_orders, inbound_ids=list(inbound_ids)) if inbound_ids else []


def load_coming_stock(tx: Transaction, sku_ids: Sequence[int], reach: Reach) -> ComingStock | None:
    """What may be promised of inbound of some SKUs, whose locks the transaction has; None where nothing comes."""
    coming = tx.fetch(_SQL.load_coming, Inbound, sku_ids=list(sku_ids)) if sku_ids else []
    usable = [one for one in coming if is_promisable(one, tx.now)]
    if not usable:
        return None
    return ComingStock(usable, load_claims_of_skus(tx, sku_ids), reach, tx.now)


def record_claims(tx: Transaction, claims: Iterable[InboundClaim]) -> None:
    """Record what lines claim beside what they have claimed already."""
    made = list(claims)
    known = load_claims(tx, sorted({claim.order_id for claim in made}))
    changes: list[ClaimChange] = []
    for claim in made:
        known = add_claims(known, [claim])
        after = next(one for one in known if claim_key(one) == claim_key(claim))
        changes.append(ClaimChange(after, claim.claimed, 0, PREORDERED))
    record_changes(tx, changes)


def settle_claims(tx: Transaction, changed: Sequence[tuple[Inbound, Inbound]]) -> None:
    """Let what came of inbound arrive for its claims, and take what will not come from the last; given as (before,
    after), before the inbound itself is written."""
    by_id: dict[int, list[InboundClaim]] = {}
    inbound_ids = [after.inbound_id for _, after in changed]
    for claim in tx.fetch(_SQL.load_claims_on, InboundClaim, inbound_ids=inbound_ids) if inbound_ids else ():
        by_id.setdefault(claim.inbound_id, []).append(claim)
    changes: list[ClaimChange] = []
    events: list[Event] = []
    for before, after in changed:
        claims = by_id.get(after.inbound_id)
        if not claims:
            continue
        received = after.received + after.excess - before.received - before.excess
        moved = settle(claims, max(0, received), after.open)
        if moved:
            arrived = [(one.claim.order_id, one.claim.line_no, one.arrived) for one in moved if one.arrived]
            lost = [(one.claim.order_id, one.claim.line_no, -one.claimed) for one in moved if not one.arrived]
            data = ClaimsMoved(after.inbound_id, after.sku_id, arrived, lost)
            events.append(Event("claims.moved", "inbound", after.inbound_id, tx.now, msgspec.json.encode(data)))
        changes += moved
    record_changes(tx, changes)
    tx.emit_all(events)


def trim_claims(tx: Transaction, order_ids: Iterable[int]) -> None:
    """Give up what lines claim beyond what they are still short of; demand was written before."""
    wanted = sorted(set(order_ids))
    if not wanted:
        return
    lines: dict[tuple[int, int, int], tuple[list[InboundClaim], int]] = {}
    for row in tx.tuples(_SQL.load_claims_with_demand, order_ids=wanted):
        claim = InboundClaim(*row[:-1])
        lines.setdefault((claim.order_id, claim.line_no, claim.sku_id), ([], row[-1]))[0].append(claim)
    changes = [change for claims, short in lines.values() for change in trim(claims, short)]
    record_changes(tx, changes)
    _tell_freed(tx, changes)


def drop_claims(tx: Transaction, lost: Sequence[InboundClaim]) -> None:
    """Give up claims whole, so that others may be promised what they claim."""
    wanted = {claim_key(claim) for claim in lost}
    known = load_claims(tx, sorted({claim.order_id for claim in lost}))
    changes = [
        ClaimChange(replace(claim, claimed=0, arrived=0), -claim.claimed, -claim.arrived, LOST)
        for claim in known
        if claim_key(claim) in wanted
    ]
    record_changes(tx, changes)
    _tell_freed(tx, changes)


def _tell_freed(tx: Transaction, changes: Sequence[ClaimChange]) -> None:
    """Others may be promised what is claimed no more."""
    freed: dict[tuple[int, int], list[Part]] = {}
    for change in changes:
        if change.claimed:
            claim = change.claim
            part = (claim.order_id, claim.line_no, -change.claimed)
            freed.setdefault((claim.inbound_id, claim.sku_id), []).append(part)
    for (inbound_id, sku_id), parts in sorted(freed.items()):
        data = msgspec.json.encode(ClaimsMoved(inbound_id, sku_id, [], [], parts))
        tx.emit(Event("claims.moved", "inbound", inbound_id, tx.now, data))


def drop_arrived(tx: Transaction, parts: Sequence[tuple[int, int, int]]) -> None:
    """Give up what arrived for lines, as (order_id, line_no, sku_id), and cannot be allocated to them."""
    wanted = set(parts)
    claims = load_claims(tx, sorted({order_id for order_id, _, _ in wanted}))
    record_changes(
        tx,
        [
            ClaimChange(replace(claim, arrived=0), 0, -claim.arrived, LOST)
            for claim in claims
            if claim.arrived and (claim.order_id, claim.line_no, claim.sku_id) in wanted
        ],
    )


def record_changes(tx: Transaction, changes: Sequence[ClaimChange]) -> None:
    """Write claims as they are now, what is claimed of each inbound, and the ledger of both."""
    if not changes:
        return
    last = {
        (one.claim.order_id, one.claim.line_no, one.claim.sku_id, one.claim.inbound_id): one.claim for one in changes
    }
    claims = [claim for _, claim in sorted(last.items())]
    tx.execute(
        _SQL.upsert_inbound_claims,
        order_ids=[claim.order_id for claim in claims],
        line_nos=[claim.line_no for claim in claims],
        sku_ids=[claim.sku_id for claim in claims],
        inbound_ids=[claim.inbound_id for claim in claims],
        channel_ids=[claim.channel_id for claim in claims],
        priorities=[claim.priority for claim in claims],
        times=[claim.placed_at for claim in claims],
        claimeds=[claim.claimed for claim in claims],
        arriveds=[claim.arrived for claim in claims],
    )
    deltas: dict[int, int] = {}
    for one in changes:
        deltas[one.claim.inbound_id] = deltas.get(one.claim.inbound_id, 0) + one.claimed
    moved = sorted((inbound_id, delta) for inbound_id, delta in deltas.items() if delta)
    if moved:
        tx.execute(_SQL.change_claimed, inbound_ids=[one for one, _ in moved], deltas=[delta for _, delta in moved])
    tx.copy(
        _SQL.inbound_claim_change,
        [
            (
                tx.merchant_id, change_id, one.claim.inbound_id, one.claim.order_id, one.claim.line_no,
                one.claim.sku_id, one.claimed, one.arrived, one.reason, tx.now,
            )
            for change_id, one in zip(tx.new_ids(len(changes)), changes, strict=True)
        ],
    )  # fmt: skip
