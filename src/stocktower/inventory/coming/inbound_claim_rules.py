"""Decides which inbound a preordered line is promised, and what becomes of claims when inbound or demand changes. Pure.

A claim is units of one inbound that one line was promised. What is received of the inbound arrives for its claims
first, in the order of their lines; what will not come is lost by the last of them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from ..formulas.atp import Arrival, Promise, decide_channel_timeline
from ..formulas.free_stock import FreeStock
from ..formulas.rules import Reach, net
from .inbound_rules import Inbound

PREORDERED = "preordered"
ARRIVED = "arrived"
LOST = "lost"
SERVED = "served"


class InboundClaim(Struct, frozen=True):
    """What a line was promised of one inbound, in stock units."""

    order_id: int
    line_no: int
    sku_id: int
    inbound_id: int
    channel_id: int
    priority: int
    placed_at: datetime
    claimed: int
    """Still to come."""
    arrived: int = 0
    """Received, and not allocated to the line yet: nobody else comes before it."""
    site_id: int = 0
    """Of the inbound."""
    expected_at: datetime | None = None
    """Of the inbound, as it stands now."""

    @property
    def units(self) -> int:
        """What the line still waits for of it."""
        return self.claimed + self.arrived


class ClaimChange(Struct, frozen=True):
    """A claim after a change, and the change."""

    claim: InboundClaim
    claimed: int
    """By how much `claimed` changed."""
    arrived: int
    reason: str


ClaimKey = tuple[int, int, int, int]
"""(order_id, line_no, sku_id, inbound_id): what a line claims of one inbound is one claim."""


def claim_key(claim: InboundClaim) -> ClaimKey:
    """What identifies a claim."""
    return claim.order_id, claim.line_no, claim.sku_id, claim.inbound_id


def add_claims(known: Iterable[InboundClaim], made: Iterable[InboundClaim]) -> list[InboundClaim]:
    """Claims with what is claimed beside them: of the same inbound it is more of the same claim."""
    after = {claim_key(claim): claim for claim in known}
    for claim in made:
        before = after.get(claim_key(claim))
        after[claim_key(claim)] = claim if before is None else replace(before, claimed=before.claimed + claim.claimed)
    return list(after.values())


def rank(claim: InboundClaim) -> tuple[int, datetime, int, int]:
    """The order in which claims of an inbound are served."""
    return claim.priority, claim.placed_at, claim.order_id, claim.line_no


def settle(claims: Sequence[InboundClaim], received: int, left: int) -> list[ClaimChange]:
    """What becomes of the claims on an inbound of which so much more came, and so much is still to come."""
    changes: list[ClaimChange] = []
    now: list[InboundClaim] = []
    for claim in sorted(claims, key=rank):
        came = min(claim.claimed, received)
        received -= came
        if came:
            claim = replace(claim, claimed=claim.claimed - came, arrived=claim.arrived + came)
            changes.append(ClaimChange(claim, -came, came, ARRIVED))
        now.append(claim)
    too_many = sum(claim.claimed for claim in now) - left
    for claim in reversed(now):
        lost = min(claim.claimed, max(0, too_many))
        if lost:
            too_many -= lost
            changes.append(ClaimChange(replace(claim, claimed=claim.claimed - lost), -lost, 0, LOST))
    return changes


def trim(claims: Sequence[InboundClaim], short: int) -> list[ClaimChange]:
    """What becomes of a line's claims when it is short of no more than so much: what arrived has served it, then the
    latest is given up."""
    too_many = sum(claim.units for claim in claims) - short
    changes: list[ClaimChange] = []
    late_first = sorted(claims, key=lambda one: (one.expected_at is not None, one.expected_at or one.placed_at))
    for claim in claims:
        served = min(claim.arrived, max(0, too_many))
        if served:
            too_many -= served
            changes.append(ClaimChange(replace(claim, arrived=claim.arrived - served), 0, -served, SERVED))
    arrived = {change.claim.inbound_id: change.claim.arrived for change in changes}
    undated = [one for one in late_first if one.expected_at is None]
    dated = [one for one in reversed(late_first) if one.expected_at is not None]
    for claim in [*undated, *dated]:
        given_up = min(claim.claimed, max(0, too_many))
        if given_up:
            too_many -= given_up
            left = arrived.get(claim.inbound_id, claim.arrived)
            after = replace(claim, claimed=claim.claimed - given_up, arrived=left)
            changes.append(ClaimChange(after, -given_up, 0, SERVED))
    return changes


def trim_claims_of(claims: Sequence[InboundClaim], short: int) -> list[InboundClaim]:
    """The claims of a line that is short of no more than so much, without those that are nothing any more."""
    after = {claim.inbound_id: claim for claim in claims}
    for change in trim(claims, short):
        after[change.claim.inbound_id] = change.claim
    return [claim for claim in after.values() if claim.units]


class ComingStock:
    """What may be promised of inbound in one batch: kept true as its lines claim some of it."""

    def __init__(self, inbound: Iterable[Inbound], claims: Iterable[InboundClaim], reach: Reach, now: datetime) -> None:
        """`inbound` may be promised: confirmed, dated, not late; `claims` are all that there are on its SKUs."""
        self._reach = reach
        self._now = now
        self._inbound: dict[int, list[Inbound]] = {}
        for one in inbound:
            self._inbound.setdefault(one.sku_id, []).append(one)
        self._claims: dict[int, list[InboundClaim]] = {}
        """By SKU."""
        self._taken: dict[int, int] = {}
        """By inbound."""
        self._add(claims)

    def _add(self, claims: Iterable[InboundClaim]) -> None:
        for claim in claims:
            self._claims.setdefault(claim.sku_id, []).append(claim)
            self._taken[claim.inbound_id] = self._taken.get(claim.inbound_id, 0) + claim.claimed

    def claim(
        self, wanted: InboundClaim, units: int, per_unit: int, free: FreeStock, *, site_ids: Collection[int],
        whole: bool, beside: int = 0,
    ) -> list[InboundClaim]:  # fmt: skip
        """Claim inbound for a line, the soonest first, in whole sold units; where less can be promised than is wanted
        that much, or (`whole`) nothing. `site_ids`: only what comes to one of these; `beside`: units of stock that it
        counts on.

        Nothing of the line's order stands among what waits just now.
        """
        sites = set(self._reach.sites(wanted.channel_id))
        coming = [one for one in self._inbound.get(wanted.sku_id, ()) if one.site_id in sites]
        own = beside + sum(one.units for one in self._claims.get(wanted.sku_id, ()) if one.order_id == wanted.order_id)
        made: list[InboundClaim] = []
        for inbound in coming:
            if units < per_unit or inbound.expected_at is None or inbound.site_id not in site_ids:
                continue
            promisable = self._promisable(wanted, coming, inbound.expected_at, free) - own
            part = min(units, promisable, inbound.open - self._taken.get(inbound.inbound_id, 0))
            part -= part % per_unit
            if part > 0:
                units -= part
                own += part
                at = inbound.expected_at
                made.append(
                    replace(
                        wanted, inbound_id=inbound.inbound_id, claimed=part, site_id=inbound.site_id, expected_at=at
                    )
                )
        if whole and units >= per_unit:
            return []
        self._add(made)
        return made

    def give_up(self, made: Iterable[InboundClaim]) -> None:
        """Undo claims that are not to be recorded."""
        for claim in made:
            self._claims[claim.sku_id].remove(claim)
            self._taken[claim.inbound_id] -= claim.claimed

    def _promisable(self, wanted: InboundClaim, coming: Sequence[Inbound], at: datetime, free: FreeStock) -> int:
        """What its channel can promise for an instant, whatever its own order has claimed."""
        claims = free.claims(wanted.sku_id)
        offered = net(free.levels(wanted.sku_id), self._reach, wanted.channel_id, claims)
        others = [one for one in self._claims.get(wanted.sku_id, ()) if one.order_id != wanted.order_id]
        arrivals = [
            Arrival(one.expected_at, one.open, one.site_id, one.kind, one.inbound_id, one.reference)
            for one in coming
            if one.expected_at is not None
        ]
        promises = dated_promises(claims.waiting, others)
        timeline = decide_channel_timeline(
            offered, claims, self._reach, wanted.channel_id, arrivals, promises, self._now
        )
        return timeline.atp(at) or 0


def dated_promises(waiting: Mapping[int, int], claims: Iterable[InboundClaim]) -> list[Promise]:
    """What is promised of a SKU: claims by the date of their inbound, and the rest of what waits (by channel) now."""
    left = dict(waiting)
    promises: list[Promise] = []
    for claim in claims:
        units = min(claim.claimed, left.get(claim.channel_id, 0))
        if units and claim.expected_at is not None:
            left[claim.channel_id] -= units
            promises.append(Promise(claim.expected_at, units, claim.channel_id))
    return promises + [Promise(None, units, channel_id) for channel_id, units in left.items() if units]
