"""Lines that stock cannot serve and inbound can: what they are promised, until when, and what becomes of it. Pure.

A preordered line waits like a backordered one; it also claims units of named inbound, and has a date.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from stocktower.inventory import InboundClaim, add_claims, trim_claims_of

from . import events
from .kit_preorders import claim_kits, covered_kits, is_kit, may_claim, serving
from .model import Facts, Hold, HoldName, Line, LinePromise, Order, Plan

SYSTEM = "system"


def claims_of(order: Order, line: Line) -> list[InboundClaim]:
    """What a line has claimed of inbound, the soonest first."""
    found = [claim for claim in order.claims if claim.line_no == line.line_no]
    if is_kit(line):
        found.sort(key=lambda one: (one.expected_at is None, one.expected_at or one.placed_at, one.inbound_id))
    return found


def covered(order: Order, line: Line) -> int:
    """Sold units of a line that inbound is claimed for, or has arrived for; a kit that has a date is covered whole."""
    if is_kit(line):
        promise = order.promises.get(line.line_no)
        return line.backordered if promise is not None and promise.promised_on is not None else 0
    if not order.claims or not line.components:
        return 0
    return sum(claim.units for claim in claims_of(order, line)) // line.components[0][1]


def preorder(order: Order, line: Line, missing: int, facts: Facts, now: datetime, plan: Plan) -> int:
    """Claim inbound for the units of a line that lack anything; gives how many sold units it claimed now.

    A line begins as a preorder with all that it lacks or not at all; what it lost later is made up as far as it goes.
    """
    if facts.coming is None or not line.components:
        return 0
    if is_kit(line):
        return _preorder_kits(order, line, missing, facts, now, plan)
    sku_id, per_unit = line.components[0]
    rule = facts.promising.preorders.get(sku_id)
    lacking = missing - covered(order, line)
    if rule is None or lacking <= 0 or not rule.serves(order.channel_id):
        return 0
    wanted = InboundClaim(order.order_id, line.line_no, sku_id, 0, order.channel_id, order.priority, order.placed_at, 0)
    before, whole = covered(order, line), line.line_no not in order.promises
    made, sites = list[InboundClaim](), serving(order, facts)
    part = sum(claim.units for claim in claims_of(order, line)) % per_unit
    if part:
        # A part of a sold unit came and could not be taken: what is claimed of that unit is made up first.
        made += facts.coming.claim(wanted, per_unit - part, 1, facts.free, site_ids=sites, whole=True)
        lacking -= 1
    made += facts.coming.claim(wanted, lacking * per_unit, per_unit, facts.free, site_ids=sites, whole=whole)
    _note_claims(order, line, made, facts, now, plan)
    return covered(order, line) - before


def _preorder_kits(order: Order, line: Line, missing: int, facts: Facts, now: datetime, plan: Plan) -> int:
    """Claim for a kit each component that its site has not in stock for it."""
    lacking = missing - covered_kits(order, line, facts, 0)
    if not any(may_claim(order, line, sku_id, facts) for sku_id, _ in line.components) or lacking <= 0:
        return 0
    kits, made = claim_kits(order, line, lacking, facts, whole=line.line_no not in order.promises)
    _note_claims(order, line, made, facts, now, plan)
    return kits if made else 0


def _note_claims(
    order: Order, line: Line, made: Sequence[InboundClaim], facts: Facts, now: datetime, plan: Plan
) -> None:
    per_unit = dict(line.components)
    for claim in made:
        units = -(-claim.claimed // per_unit[claim.sku_id])
        data = events.Preordered(line.line_no, claim.sku_id, units, claim.inbound_id, _due_on(claim, facts, now))
        plan.events.append(events.event("line.preordered", order, now, data))
    order.claims = add_claims(order.claims, made)
    plan.claims += made


def give_up_unreachable(order: Order, facts: Facts, plan: Plan) -> None:
    """What comes to a site that may not serve an order is not for it any more."""
    sites = serving(order, facts)
    lost = [claim for claim in order.claims if claim.site_id not in sites]
    if lost:
        plan.unreachable += lost
        order.claims = [claim for claim in order.claims if claim.site_id in sites]


def give_up_arrived(order: Order, line: Line, taken: int, facts: Facts, plan: Plan) -> None:
    """What arrived for a line and could not be taken is not there: it was damaged, or is not where it can serve.

    A component of a kit that only waits for the others is there.
    """
    for sku_id, per_unit in line.components:
        claims = [claim for claim in claims_of(order, line) if claim.sku_id == sku_id]
        arrived = sum(claim.arrived for claim in claims)
        there = taken * per_unit
        if is_kit(line):
            there += sum(facts.free.free.get((sku_id, site_id), 0) for site_id in {one.site_id for one in claims})
        if arrived <= there:
            continue
        plan.not_there.append((order.order_id, line.line_no, sku_id))
        left = [replace(claim, arrived=0) for claim in claims if claim.claimed]
        order.claims = [one for one in order.claims if (one.line_no, one.sku_id) != (line.line_no, sku_id)] + left


def refresh_claims(order: Order) -> None:
    """Drop what lines claim beyond what they wait for, as inventory does when it is told."""
    if not order.claims:
        return
    kept: list[InboundClaim] = []
    for line in order.lines:
        for sku_id, per_unit in line.components:
            claims = [claim for claim in claims_of(order, line) if claim.sku_id == sku_id]
            kept += trim_claims_of(claims, line.backordered * per_unit) if claims else []
    order.claims = kept


def follow_promises(order: Order, facts: Facts, now: datetime, plan: Plan) -> None:
    """What lines are promised now: the first date is kept, and what moves is told."""
    if not order.claims and not order.promises:
        return
    for line in order.lines:
        known = order.promises.get(line.line_no)
        claims = claims_of(order, line)
        if known is None and not claims:
            continue
        after = _promise(order, line, known, claims, facts, now)
        if after is None or after == known:
            continue
        order.promises[line.line_no] = after
        plan.promises.append((order.order_id, after))
        if known is not None and after.promised_on != known.promised_on:
            data = events.PromiseMoved(
                line.line_no, known.promised_on, after.promised_on, known.inbound_id, after.broken_by is not None
            )
            plan.events.append(events.event("promise.moved", order, now, data))
    _look_again(order, facts, now, plan)


def _look_again(order: Order, facts: Facts, now: datetime, plan: Plan) -> None:
    """The day after the first of its promises that are still to be kept, an order is looked at again."""
    gone: list[datetime] = []
    for line in order.lines:
        promise, claims = order.promises.get(line.line_no), claims_of(order, line)
        if line.backordered and claims and promise is not None and promise.promised_on is not None:
            day = promise.promised_on + timedelta(days=1)
            gone.append(datetime.combine(day, time.min, tzinfo=_zone(claims[-1], facts)))
    if gone:
        first = min(gone)
        plan.looks.append((order.order_id, first if first > now else now + timedelta(days=1)))


def _promise(
    order: Order, line: Line, known: LinePromise | None, claims: Sequence[InboundClaim], facts: Facts, now: datetime
) -> LinePromise | None:
    """The promise of a line as it is now."""
    if not line.backordered:
        return None if known is None or known.broken_by is None else _with(known, known.promised_on, None)
    dates = [_due_on(claim, facts, now) for claim in claims]
    due: date | None = None
    is_covered = covered_kits(order, line, facts, line.backordered) if is_kit(line) else covered(order, line)
    if is_covered >= line.backordered:
        known_dates = [day for day in dates if day is not None]
        due = max(known_dates) if len(known_dates) == len(dates) and dates else None
    if known is None:
        return None if due is None else LinePromise(line.line_no, due, due, due, claims[-1].inbound_id, None)
    if due == known.promised_on:
        return known
    late = due is None or (
        known.told_on is not None and due > known.told_on + timedelta(days=facts.promising.tolerance_days)
    )
    inbound_id = claims[-1].inbound_id if claims and due is not None else known.inbound_id
    return _with(known, due, known.inbound_id if late else None, inbound_id)


def _with(known: LinePromise, due: date | None, broken_by: int | None, inbound_id: int | None = None) -> LinePromise:
    return LinePromise(known.line_no, known.first_on, due, known.told_on, inbound_id or known.inbound_id, broken_by)


def _due_on(claim: InboundClaim, facts: Facts, now: datetime) -> date | None:
    """The day by which what is claimed ships: when it can be used at its site, and the handling; None: nobody knows, or
    that day has gone by and it is not there."""
    at = now if not claim.claimed else claim.expected_at
    if at is None:
        return None
    zone = _zone(claim, facts)
    due = at.astimezone(zone).date() + timedelta(days=facts.promising.handling_days)
    return None if due < now.astimezone(zone).date() else due


def _zone(claim: InboundClaim, facts: Facts) -> ZoneInfo:
    site = facts.network.sites.get(claim.site_id)
    return ZoneInfo(site.timezone if site else facts.network.timezone)


def hold_until_release(order: Order, facts: Facts, now: datetime, plan: Plan) -> None:
    """An order with something that is not released before a date reserves, and waits for the last such date."""
    dates = [
        rule.release_at
        for line in order.lines
        if line.open and not line.demanded
        for sku_id in {line.sku_id, *(part for part, _ in line.components)}
        if sku_id is not None
        and (rule := facts.promising.preorders.get(sku_id)) is not None
        and rule.serves(order.channel_id)
        and rule.release_at is not None
        and rule.release_at > now
    ]
    if not dates or order.open_hold(HoldName.PREORDER):
        return
    at = max(dates)
    reason = f"a preorder, not to be released before {at:%Y-%m-%d %H:%M} UTC"
    hold = order.holds[HoldName.PREORDER] = Hold(HoldName.PREORDER, reason, now, SYSTEM)
    if not order.is_new:
        plan.changed_holds.append((order.order_id, hold))
    plan.releases.append((order.order_id, at))
    plan.events.append(events.event("hold.set", order, now, events.HoldSet(hold.name, reason)))
