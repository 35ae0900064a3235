"""Reads what can be promised for a date: stock, what is confirmed to come, and what is promised already.

As of a past instant it is what we could have promised then, by what we knew then: stock as it was recorded, the last
word about each inbound, what was claimed of it, and lead times from the deliveries of that time.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from stocktower.model import load_applied
from stocktower.network import Network
from stocktower.platform import Transaction

from ..arrivals.inbound import load_inbound
from ..coming.inbound_claim_rules import InboundClaim, dated_promises
from ..coming.inbound_claims import load_claims_at, load_claims_of_skus
from ..coming.inbound_rules import Inbound, is_promisable
from ..coming.inbound_store import load_coming_at
from ..coming.lead_times import Supplied, always_from, load_supplied
from ..formulas.atp import Arrival, Promise, Timeline, beyond_safety, decide_channel_timeline, decide_kit_timeline
from ..formulas.claims import Claims
from ..offers.as_of import Basis, Moment, load_availability_at
from ..offers.availability import Availability, load_availability, safety_levels


class Promisable(Struct, frozen=True):
    """What can be promised of SKUs, as the transaction sees it or as was known at an instant."""

    availability: Availability
    inbound: dict[int, list[Inbound]]
    """Open, by stocked SKU."""
    promises: dict[int, list[Promise]]
    """By stocked SKU."""
    always: Mapping[int, tuple[datetime, int]]
    """Stocked SKU -> (from when on any quantity can be bought or made, the site where it comes)."""
    now: datetime
    """Of the figures: from then on something can be promised."""

    def timeline(self, sku_id: int, channel_id: int) -> Timeline:
        """What a channel can promise of a SKU or kit, from now on."""
        components = self.availability.facts.kits.get(sku_id)
        if components is None:
            return self._of_stocked(sku_id, channel_id)
        parts = [(self._of_stocked(part, channel_id), units) for part, units in components]
        return decide_kit_timeline(parts, self.now, self.availability.ats(sku_id, channel_id))

    def _of_stocked(self, sku_id: int, channel_id: int) -> Timeline:
        facts = self.availability.facts
        sites = set(self.availability.reach.sites(channel_id))
        levels = self.availability.levels(sku_id)
        safety = safety_levels(self.availability.network, facts.safety, sku_id)
        always = self.always.get(sku_id)
        missing = {site_id: safety.get(site_id, 0) - levels.get(site_id, 0) for site_id in sites}
        return decide_channel_timeline(
            self.availability.net(sku_id, channel_id),
            facts.claims.get(sku_id, Claims()),
            self.availability.reach,
            channel_id,
            beyond_safety(self.arrivals(sku_id, sites), missing),
            self.promises.get(sku_id, ()),
            self.now,
            always[0] if always is not None and always[1] in sites else None,
        )

    def arrivals(self, sku_id: int, sites: set[int]) -> list[Arrival]:
        """What is confirmed, dated and not late at some sites: only that may be promised."""
        return [
            Arrival(one.expected_at, one.open, one.site_id, one.kind, one.inbound_id, one.reference)
            for one in self.inbound.get(sku_id, ())
            if one.site_id in sites and is_promisable(one, self.now) and one.expected_at is not None
        ]

    def not_counted(self, sku_id: int, channel_id: int) -> list[Inbound]:
        """What is said to come to a channel's sites and may not be promised: unconfirmed, undated or late."""
        sites = set(self.availability.reach.sites(channel_id))
        return [
            one for one in self.inbound.get(sku_id, ()) if one.site_id in sites and not is_promisable(one, self.now)
        ]


def load_promisable(tx: Transaction, sku_ids: Sequence[int], network: Network) -> Promisable:
    """What can be promised of some SKUs, kits among them; nothing is locked."""
    availability = load_availability(tx, sku_ids, network)
    stocked = _stocked(sku_ids, availability)
    supplied = load_supplied(tx, load_applied(tx).configuration, network, stocked)
    return _promisable(availability, load_inbound(tx, stocked), load_claims_of_skus(tx, stocked), supplied, tx.now)


def load_promisable_at(tx: Transaction, sku_ids: Sequence[int], moment: Moment) -> Promisable:
    """What could be promised of some SKUs as of a moment, by what we knew then, whatever basis the moment has."""
    availability = load_availability_at(tx, sku_ids, replace(moment, basis=Basis.RECORDED))
    stocked = _stocked(sku_ids, availability)
    coming = load_coming_at(tx, stocked, moment.at) if stocked else []
    claims = load_claims_at(tx, coming, moment.at)
    supplied = load_supplied(tx, moment.applied.configuration, moment.network, stocked, moment.at)
    return _promisable(availability, coming, claims, supplied, moment.at)


def _stocked(sku_ids: Sequence[int], availability: Availability) -> list[int]:
    """SKUs, with the components of those that are kits instead of them."""
    kits = availability.facts.kits
    return sorted({part for sku_id in sku_ids for part, _ in kits.get(sku_id, ((sku_id, 1),))})


def _promisable(
    availability: Availability,
    coming: Iterable[Inbound],
    claimed: Iterable[InboundClaim],
    supplied: Mapping[int, Supplied],
    now: datetime,
) -> Promisable:
    inbound: dict[int, list[Inbound]] = {}
    for one in coming:
        inbound.setdefault(one.sku_id, []).append(one)
    claims: dict[int, list[InboundClaim]] = {}
    for claim in claimed:
        claims.setdefault(claim.sku_id, []).append(claim)
    promises = {
        sku_id: dated_promises(known.waiting, claims.get(sku_id, ()))
        for sku_id, known in availability.facts.claims.items()
    }
    return Promisable(availability, inbound, promises, always_from(supplied, now), now)


class AtpAnswer(Struct, frozen=True):
    """What a channel can promise of a SKU: by a date, from which date on for a quantity, and how that comes about."""

    channel: str
    quantity: int
    earliest: datetime | None
    """From when on the quantity can be promised; None: nothing that is confirmed brings it."""
    by: datetime | None
    atp: int | None
    """For `by`, or for now; None: as much as anybody wants."""
    timeline: Timeline
    not_counted: list[Inbound]
    """Said to come, and not to be promised: unconfirmed, undated or late."""


def answer_atp(
    promisable: Promisable, sku_id: int, channel_id: int, *, quantity: int = 1, by: date | None = None
) -> AtpAnswer:
    """What a channel can promise; a date is meant to its end, in the merchant's zone."""
    network = promisable.availability.network
    timeline = promisable.timeline(sku_id, channel_id)
    until = end_of(by, network.timezone) if by else None
    kit = promisable.availability.facts.kits.get(sku_id)
    parts = [part for part, _ in kit] if kit else [sku_id]
    return AtpAnswer(
        network.channels[channel_id].code,
        quantity,
        timeline.earliest(quantity),
        until,
        timeline.atp(until or promisable.now),
        timeline,
        [one for part in parts for one in promisable.not_counted(part, channel_id)],
    )


def end_of(day: date, timezone: str) -> datetime:
    """The last instant of a day."""
    start = datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(timezone))
    return start.astimezone(UTC) - timedelta(microseconds=1)
