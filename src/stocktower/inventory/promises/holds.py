"""Holds: soft reservations of carts and payments under way, given in batches, ended by their order or by time.

Whoever ends or extends a hold has its row's lock, before the locks of its SKUs.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from stocktower import payments
from stocktower.catalog import Resolved, ask_resolved
from stocktower.model import load_applied
from stocktower.network import Network, load_network
from stocktower.platform import Transaction, schedule, schedule_new, unschedule

from ..channel_rules.rule_loading import load_offering
from ..formulas.free_stock import FreeStock
from ..formulas.model import HOLD, Demand, EndHold, Grant, Hold, HoldRequest, HoldResult
from ..formulas.reach import Reach
from ..offers.availability import safety_levels
from ..stock import store
from ..stock.events import hold_ended_events, hold_extended_event
from ..supply.service import lock_supply, record_reservations
from . import hold_store
from .hold_rules import Given, HoldDesk, Line, decide_extension

EXPIRY = "hold.expiry"
"""Kind of due work; its key is the hold's id."""
_LAST = 2_147_483_647

Key = tuple[int, str]
"""(channel_id, reference)"""


def hold(tx: Transaction, requests: Sequence[HoldRequest]) -> list[HoldResult]:
    """Serve a batch of requests in their order: each wholly or not at all, a result for each.

    A request with a reference that is known gets the hold that is there, extended when it now asks for longer.
    """
    if not requests:
        return []
    asked = hold_store.ask_holds(tx, [_key(one) for one in requests])
    resolved = ask_resolved(tx, {sku_id for request in requests for sku_id, _ in request.lines})
    network = load_network(tx)
    found = {(one.channel_id, one.reference): one for one in asked.get()}
    new: dict[Key, HoldRequest] = {}
    longer: dict[Key, datetime] = {}
    for request in requests:
        key = _key(request)
        known = found.get(key)
        if known is None:
            new.setdefault(key, request)
        elif known.state == "held" and request.expires_at > max(known.expires_at, longer.get(key, known.expires_at)):
            longer[key] = request.expires_at
    _extend(tx, found, longer)
    results = {key: _result_of(one, longer.get(key)) for key, one in found.items()}
    results |= _give(tx, list(new.values()), network, resolved.get())
    first = set[Key]()
    answers: list[HoldResult] = []
    for request in requests:
        key = _key(request)
        is_first = key in new and key not in first
        first.add(key)
        answer = results[key]
        answers.append(answer if is_first or answer.hold_id is None else replace(answer, repeated=True))
    return answers


def _key(request: HoldRequest | EndHold) -> Key:
    return request.channel_id, request.reference


def _result_of(known: Hold, expires_at: datetime | None) -> HoldResult:
    return HoldResult(known.state, known.hold_id, expires_at or known.expires_at, repeated=True)


def _extend(tx: Transaction, found: dict[Key, Hold], longer: dict[Key, datetime]) -> None:
    """Let holds last longer that are still there under their locks; `found` and `longer` become what is true then."""
    if not longer:
        return
    under_way = {one.hold_id: one for one in hold_store.lock_holds(tx, sorted(found[key].hold_id for key in longer))}
    for key in list(longer):
        current = under_way.get(found[key].hold_id)
        if current is None or current.expires_at >= longer[key]:
            del longer[key]
    for one in hold_store.find_holds(tx, list(found)):
        found[one.channel_id, one.reference] = one
    times = [(found[key].hold_id, expires_at) for key, expires_at in sorted(longer.items())]
    hold_store.extend_holds(tx, times)
    schedule(tx, EXPIRY, times)


def _give(
    tx: Transaction, requests: Sequence[HoldRequest], network: Network, resolved: Mapping[int, Resolved]
) -> dict[Key, HoldResult]:
    """Decide and record new requests."""
    if not requests:
        return {}
    sold = {sku_id for request in requests for sku_id, _ in request.lines}
    sku_ids = {part for sku_id in sold for part, _ in resolved[sku_id].components}
    supply = lock_supply(tx, sku_ids)
    kits = {sku_id for sku_id in sold if resolved[sku_id].components != ((sku_id, 1),)}
    offering = {**supply.offering, **(load_offering(tx, kits, network) if kits else {})}
    stated = {(of, at): units for of, one in offering.items() for at, (units, _) in one.safety.items()}
    reach = Reach(network, tx.now)
    safety = {sku_id: safety_levels(network, stated, sku_id) for sku_id in sku_ids}
    terms = {sku_id: one.terms for sku_id, one in offering.items()}
    desk = HoldDesk(FreeStock(supply, reach), reach, safety, terms)
    results: dict[Key, HoldResult] = {}
    holds: list[Hold] = []
    demands: list[Demand] = []
    grants: list[Grant] = []
    for hold_id, request in zip(tx.new_ids(len(requests)), requests, strict=True):
        lines = [Line(sku_id, units, resolved[sku_id].components) for sku_id, units in request.lines]
        outcome = desk.serve(hold_id, request, lines)
        if not isinstance(outcome, Given):
            results[_key(request)] = HoldResult("refused", missing=outcome.missing)
            continue
        results[_key(request)] = HoldResult("held", hold_id, request.expires_at)
        holds.append(Hold(hold_id, request.channel_id, request.reference, "held", tx.now, request.expires_at, None))
        demands += _demands(hold_id, request, lines, network, tx.now)
        grants += outcome.grants
    if holds:
        hold_store.insert_holds(tx, holds)
        record_reservations(tx, supply, new_demands=demands, grants=grants, reason="held")
        schedule_new(tx, EXPIRY, [(one.hold_id, one.expires_at) for one in holds])
    return results


def _demands(
    hold_id: int, request: HoldRequest, lines: Sequence[Line], network: Network, now: datetime
) -> list[Demand]:
    """What a hold that was given wants, all of it allocated."""
    channel = network.channels.get(request.channel_id)
    priority = channel.priority if channel else _LAST
    return [
        Demand(
            hold_id,
            line_no,
            sku_id,
            HOLD,
            request.channel_id,
            priority,
            now,
            units,
            wanted=line.quantity * units,
            allocated=line.quantity * units,
        )
        for line_no, line in enumerate(lines, start=1)
        for sku_id, units in line.components
    ]


def release_holds(tx: Transaction, requests: Sequence[EndHold]) -> list[HoldResult]:
    """Give holds back before they expire, such as when their order has come; what is over stays as it is.

    A hold that is not known is answered as refused.
    """
    found = {(one.channel_id, one.reference): one for one in hold_store.find_holds(tx, [_key(one) for one in requests])}
    ended = set(end_holds(tx, sorted({one.hold_id for one in found.values()}), "released"))
    answers: list[HoldResult] = []
    for request in requests:
        known = found.get(_key(request))
        if known is None:
            answers.append(HoldResult("refused"))
        elif known.hold_id in ended:
            answers.append(HoldResult("released", known.hold_id, known.expires_at))
        else:
            answers.append(HoldResult(known.state, known.hold_id, known.expires_at, repeated=True))
    return answers


def expire_holds(tx: Transaction, hold_ids: Sequence[int]) -> None:
    """Give back what holds have whose time is over; one that was extended meanwhile is looked at again then.

    While the payment of its cart is under way a hold is extended, up to the longest that one may last.
    """
    under_way = hold_store.lock_holds(tx, sorted(hold_ids))
    over = [one for one in under_way if one.expires_at <= tx.now]
    longer = _extend_for_payments(tx, over)
    later = [(one.hold_id, one.expires_at) for one in under_way if one.expires_at > tx.now]
    schedule(tx, EXPIRY, later + longer)
    kept = {hold_id for hold_id, _ in longer}
    end_holds(tx, [one.hold_id for one in over if one.hold_id not in kept], "expired")


def _extend_for_payments(tx: Transaction, over: Sequence[Hold]) -> list[tuple[int, datetime]]:
    """Extend holds whose carts are being paid; says until when."""
    attempts = payments.load_attempts(tx, [(one.channel_id, one.reference) for one in over])
    if not attempts:
        return []
    policy = load_applied(tx).configuration.holds
    longer: list[tuple[int, datetime]] = []
    for one in over:
        if payments.is_under_way(attempts.get((one.channel_id, one.reference))):
            until = decide_extension(one, policy, tx.now)
            if until is not None:
                longer.append((one.hold_id, until))
                tx.emit(hold_extended_event(one, until, tx.now))
    hold_store.extend_holds(tx, longer)
    return longer


def end_holds(tx: Transaction, hold_ids: Sequence[int], state: str) -> list[int]:
    """Give back all that holds have, and note how they ended; says which of them were under way, without an order."""
    ending = [one.hold_id for one in hold_store.lock_holds(tx, hold_ids)] if hold_ids else []
    if not ending:
        return []
    sku_ids = {one.sku_id for one in store.load_demands(tx, ending)}
    supply = lock_supply(tx, sku_ids, giving=sku_ids)
    demands = store.load_demands(tx, ending)
    returns = [
        Grant(one.order_id, one.line_no, one.sku_id, one.stock_id, one.quantity)
        for one in store.load_allocations(tx, ending)
    ]
    changed = [replace(one, allocated=0, cancelled=one.cancelled + one.allocated) for one in demands if one.allocated]
    record_reservations(tx, supply, changed_demands=changed, returns=returns, return_reason=state)
    hold_store.end_holds(tx, ending, state)
    unschedule(tx, EXPIRY, ending)
    given: defaultdict[int, int] = defaultdict(int)
    for grant in returns:
        given[grant.sku_id] += grant.quantity
    tx.emit_all(hold_ended_events(given, tx.now))
    return ending


def load_open_holds(tx: Transaction, limit: int = 100) -> list[Hold]:
    """Holds under way, the one that ends first before the others."""
    return hold_store.load_open_holds(tx, limit)
