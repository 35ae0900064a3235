"""What a channel's new word about a known order changes, at every stage of its life. Pure.

Units change by the difference of two documents, never by reading a total off the new one, so that what people cancelled
or sites shipped meanwhile stays done. A document that takes back what an earlier one said (a cancellation, a payment,
a refund, a shipment) is an older one that came late: it is refused.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from stocktower import fulfillment
from stocktower.catalog import Resolved
from stocktower.exchange import Address, LineDocument, OrderDocument
from stocktower.fulfillment import Report, ReportKind
from stocktower.kernel import CaseKind, UnknownCurrency, split
from stocktower.model import RateMissing
from stocktower.network import ChannelFacts, ship_by
from stocktower.payments import Payment, payment_state
from stocktower.worklist import Raise, Waiter

from . import amounts, events
from .capture import SYSTEM, Books, find_holds, main_method, shipped_of, unmapped
from .joining import add_units, price, to_cancel
from .model import Facts, Hold, HoldName, Line, Order, Plan
from .rules import unreleased_units
from .shipments import cancel_units, note_shipped, note_shipped_elsewhere, recall


class Word(Struct, frozen=True):
    """A channel's new word, with what is needed to take it over."""

    message_id: int
    old: OrderDocument
    new: OrderDocument
    regressions: list[str]
    """What it takes back: not empty, it is refused."""
    channel: ChannelFacts
    resolved: Mapping[str, Resolved]
    books: Books
    payments_before: Sequence[Payment]
    payments: Sequence[Payment]
    """As they stand after it."""


def take_word(order: Order, word: Word, facts: Facts, now: datetime, plan: Plan) -> None:
    """Take a channel's new word over into an order, or refuse it; `advance` carries the order on from there."""
    if word.regressions:
        data = events.Refused(word.message_id, word.regressions)
        plan.events.append(events.event("order.change_refused", order, now, data))
        return
    order.message_id = word.message_id
    order.revision += 1
    if order.is_history:
        _take_history(order, word, now, plan)
        return
    said: list[str] = []
    deltas: list[events.UnitsOf] = []
    stuck: list[events.UnitsOf] = []
    _take_shipped(order, word, facts, now, plan, said)
    if word.new.cancelled_at is not None:
        stuck += _cancel_all(order, word, facts, now, plan)
    else:
        stuck += _take_lines(order, word, facts, now, plan, said, deltas)
        stuck += _take_address(order, word, facts, now, plan, said)
    _take_money(order, word, said)
    _take_holds(order, word, now, plan)
    over = _take_refund(order, word, now, plan, said)
    if stuck:
        plan.raises.append(_too_late(order, word, stuck))
    order.needs_listing = unmapped(order.lines)
    data = events.Changed(order.revision, said, deltas, stuck, word.new.total_minor, over)
    plan.events.append(events.event("order.changed", order, now, data))


def _live(line: LineDocument) -> int:
    return max(0, line.quantity - line.cancelled)


def _take_lines(
    order: Order,
    word: Word,
    facts: Facts,
    now: datetime,
    plan: Plan,
    said: list[str],
    deltas: list[events.UnitsOf],
) -> list[events.UnitsOf]:
    """Units up and down, lines that came and went; says what is picked already and cannot be cancelled."""
    old = {line.line_ref: line for line in word.old.lines}
    new = {line.line_ref: line for line in word.new.lines}
    cancels: list[tuple[Line, int]] = []
    for ref, line in new.items():
        before = old.get(ref)
        delta = _live(line) - (_live(before) if before else 0)
        if delta > 0 or (before is None and line.quantity):
            line_no = add_units(order, line, before, delta, word.resolved)
            deltas += [(line_no, delta)] if delta else []
        elif delta < 0:
            cancels += to_cancel(order, ref, -delta, _live(line))
    for ref, line in old.items():
        if ref not in new:
            cancels += to_cancel(order, ref, _live(line), 0)
    if deltas:
        said.append("units added")
    if not cancels:
        return []
    done, stuck = cancel_units(order, cancels, facts, now, plan)
    if done:
        said.append("units cancelled")
        deltas += [(line_no, -units) for line_no, units in done]
        data = events.Cancelled(done, "channel", stuck)
        plan.events.append(events.event("order.cancelled", order, now, data))
    return stuck


def _cancel_all(order: Order, word: Word, facts: Facts, now: datetime, plan: Plan) -> list[events.UnitsOf]:
    """Cancel what has not shipped; says what is picked already."""
    wanted = [(line, line.live - line.shipped) for line in order.lines if line.live > line.shipped]
    done, stuck = cancel_units(order, wanted, facts, now, plan)
    if done:
        at = word.new.cancelled_at or now
        data = events.Cancelled(done, "channel", stuck)
        plan.events.append(events.event("order.cancelled", order, at, data))
    return stuck


def _take_shipped(order: Order, word: Word, facts: Facts, now: datetime, plan: Plan, said: list[str]) -> None:
    """What the channel says has shipped and we did not know: released units left their site, others left elsewhere."""
    before = {line.line_ref: shipped_of(line, word.old) for line in word.old.lines}
    at = word.new.fulfilled_at or now
    elsewhere: list[tuple[Line, int]] = []
    by_request: dict[int, dict[int, int]] = {}
    for stated in word.new.lines:
        told = shipped_of(stated, word.new)
        lines = [line for line in order.lines if line.line_ref == stated.line_ref]
        units = min(told - before.get(stated.line_ref, 0), told - sum(line.shipped for line in lines))
        if stated.shipped_estimated and any(line.shipped or line.released for line in lines):
            # The channel knows that part has shipped, not how much; our sites do.
            continue
        for line in lines:
            if units <= 0:
                break
            for request in order.requests:
                for request_line in request.lines:
                    if request_line.line_no == line.line_no and units > 0 and request_line.outstanding:
                        part = min(units, request_line.outstanding)
                        by_request.setdefault(request.fulfillment_id, {})[line.line_no] = part
                        units -= part
            part = min(units, line.live - line.shipped - line.released)
            if part > 0:
                elsewhere.append((line, part))
                units -= part
    if not by_request and not elsewhere:
        return
    said.append("shipped by the channel")
    for request in order.requests:
        if request.fulfillment_id in by_request:
            report = Report(ReportKind.SHIPPED, at, by_request[request.fulfillment_id], by="channel")
            effect = fulfillment.decide_report(request, report)
            plan.changed_requests[request.fulfillment_id] = request
            note_shipped(order, request, effect.moved, word.channel, at, plan)
    if elsewhere:
        # They are not ours to send any more; then they count as shipped, not as cancelled.
        done, _ = cancel_units(order, elsewhere, facts, now, plan)
        lines = {line.line_no: line for line in order.lines}
        moved = [(lines[line_no], units) for line_no, units in done]
        for line, units in moved:
            line.cancelled -= units
        note_shipped_elsewhere(order, moved, word.channel, at, plan)


def _take_address(
    order: Order, word: Word, facts: Facts, now: datetime, plan: Plan, said: list[str]
) -> list[events.UnitsOf]:
    """A new address: what is not picked is planned anew; says what is picked already and goes to the old one."""
    to, before = word.new.ship_to, word.old.ship_to
    if to == before:
        return []
    said.append("address")
    return readdress(order, before, to, facts, now, plan)


def readdress(
    order: Order, before: Address, to: Address, facts: Facts, now: datetime, plan: Plan
) -> list[events.UnitsOf]:
    """An order goes elsewhere: what is not picked is planned anew; says what is picked already and goes to the old."""
    order.ship_country, order.ship_region = to.country, to.region
    order.destination = (to.latitude, to.longitude) if to.latitude is not None and to.longitude is not None else None
    place, place_before = ((item.country, item.region, item.latitude, item.longitude) for item in (to, before))
    has_open = any(request.is_open for request in order.requests)
    if has_open or (place != place_before and unreleased_units(order)):
        return recall(order, facts, now, plan)
    return []


def _take_money(order: Order, word: Word, said: list[str]) -> None:
    """Amounts as they are stated now; what has shipped keeps its frozen share, the rest is frozen anew."""
    old, new = word.old, word.new
    order.ship_by_at = new.ship_by_at or ship_by(word.channel, new.placed_at)
    order.payment_state = payment_state(word.payments, new.total_minor)
    if word.payments != word.payments_before:
        said.append("payment")
    if _stated_amounts(new) == _stated_amounts(old):
        return
    said.append("amounts")
    frozen = {line.line_ref: (line.quantity, share) for line, share in zip(new.lines, amounts.freeze(new), strict=True)}
    begun = {line.line_ref for line in order.lines if line.shipped}
    for line in order.lines:
        if line.line_ref in begun:
            continue
        line.priced, share = frozen.pop(line.line_ref, (line.priced, (0, 0, 0, 0, 0)))
        price(line, share)
    _take_stated(order, new)
    if not new.amounts_stated and not begun:
        amounts.complete(order)
    if begun:
        _drop_unstated(order, begun, {line.line_ref: line.quantity for line in new.lines})
        _spread_rest(order)
    try:
        order.book_total_minor = word.books.convert(
            order.total_minor, order.currency, word.channel.entity, order.placed_at
        )
    except (UnknownCurrency, RateMissing):
        order.book_total_minor = 0


def _stated_amounts(document: OrderDocument) -> tuple[object, ...]:
    """What of a document's money and units calls for new amounts when it changes."""
    return (
        document.goods_minor,
        document.discount_minor,
        document.shipping_minor,
        document.tax_minor,
        document.duties_minor,
        document.total_minor,
        [(line.line_ref, line.quantity) for line in document.lines],
    )


def _take_stated(order: Order, document: OrderDocument) -> None:
    """The amounts of an order as its channel states them now."""
    order.goods_minor, order.discount_minor = document.goods_minor, document.discount_minor
    order.shipping_minor, order.tax_minor = document.shipping_minor, document.tax_minor
    order.duties_minor, order.total_minor = document.duties_minor, document.total_minor


def _drop_unstated(order: Order, begun: set[str], stated: Mapping[str, int]) -> None:
    """Units of begun lines that the channel does not state any more cost nothing any more, unless they have shipped."""
    for ref in begun:
        lines = [line for line in order.lines if line.line_ref == ref]
        dropped = sum(line.priced for line in lines) - stated.get(ref, 0)
        for line in reversed(lines):
            part = min(dropped, line.priced - line.shipped)
            if part > 0:
                price(line, amounts.earned(line, 0, line.priced - part))
                line.priced -= part
                dropped -= part


def _spread_rest(order: Order) -> None:
    """Part has shipped: what the stated total has more or less goes to the lines that have not, if there are any.

    No line costs less than nothing for it: what was shipped and is not stated any more stays owed.
    """
    live = [line for line in order.lines if line.live and not line.shipped]
    weights = [max(0, line.total_minor) for line in live]
    rest = max(order.total_minor - sum(line.total_minor for line in order.lines), -sum(weights))
    if live and rest:
        for line, part in zip(live, split(rest, weights), strict=True):
            line.goods_minor += max(0, part)
            line.discount_minor += max(0, -part)
            line.touched = True
    order.total_minor = sum(line.total_minor for line in order.lines)


def _take_holds(order: Order, word: Word, now: datetime, plan: Plan) -> None:
    """Set the holds that the new word calls for, clear those that it does not; what a person cleared stays cleared."""
    wanted: dict[str, str] = {}
    if any(line.open or line.backordered or line.allocated for line in order.lines):
        wanted = find_holds(word.new, word.channel, word.payments)
    for name in HoldName:
        hold, reason = order.holds.get(name), wanted.get(name)
        if name == HoldName.CURRENCY:
            continue
        if reason is not None:
            anew = hold is None or hold.cleared_by == SYSTEM or hold.reason != reason
            # Who released an order to one address has not released it to another.
            anew = anew or (name == HoldName.ADDRESS and word.new.ship_to != word.old.ship_to)
            if anew and (hold is None or hold.cleared_at is not None):
                set_hold(order, name, reason, SYSTEM, now, plan)
        elif hold is not None and hold.cleared_at is None and hold.set_by == SYSTEM:
            clear_hold(order, name, SYSTEM, now, plan)


def set_hold(order: Order, name: str, reason: str, by: str, now: datetime, plan: Plan) -> None:
    """Set a named hold, and say so."""
    hold = order.holds[name] = Hold(name, reason, now, by)
    plan.changed_holds.append((order.order_id, hold))
    plan.events.append(events.event("hold.set", order, now, events.HoldSet(name, reason)))


def clear_hold(order: Order, name: str, by: str, now: datetime, plan: Plan, *, reason: str = "") -> None:
    """Clear a hold that is open, and say so, with the reason of who does."""
    hold = order.holds[name]
    hold.cleared_at, hold.cleared_by = now, by
    order.validated = False
    plan.changed_holds.append((order.order_id, hold))
    plan.events.append(events.event("hold.cleared", order, now, events.HoldSet(name, reason)))


def _take_refund(order: Order, word: Word, now: datetime, plan: Plan, said: list[str]) -> int:
    """Give back what the channel gave back; says what is more than was ever paid."""
    delta = word.new.refunded_minor - word.old.refunded_minor
    if delta <= 0:
        return 0
    said.append("refund")
    return issue_refund(order, delta, word.payments, word.payments_before, word.channel, now, plan)


def issue_refund(
    order: Order,
    amount_minor: int,
    payments: Sequence[Payment],
    payments_before: Sequence[Payment],
    channel: ChannelFacts,
    now: datetime,
    plan: Plan,
) -> int:
    """Give money back, by the tenders that gave it; says what is more than was ever paid, and is left out."""
    captured = sum(payment.captured_minor for payment in payments)
    before = {payment.payment_id: payment.refunded_minor for payment in payments_before}
    tenders = [
        (payment.method, payment.refunded_minor - before.get(payment.payment_id, 0))
        for payment in payments
        if payment.refunded_minor > before.get(payment.payment_id, 0)
    ]
    if sum(part for _, part in tenders) != amount_minor:
        tenders = [(main_method(payments, channel), amount_minor)]
    over = 0
    for method, part in tenders:
        share = amounts.refund(order, part, captured)
        over += share.over_minor
        if share.amount_minor:
            data = events.RefundIssued(
                order.order_id,
                channel.entity,
                order.channel_id,
                order.currency,
                method,
                share.amount_minor,
                share.before_minor,
                events.RefundedShares(
                    share.goods_minor,
                    share.discount_minor,
                    share.shipping_minor,
                    share.tax_minor,
                    share.duties_minor,
                ),
                order.marketplace_tax,
            )
            plan.events.append(events.event("refund.issued", order, now, data))
    return over


def _too_late(order: Order, word: Word, stuck: Sequence[events.UnitsOf]) -> Raise:
    """The case of a change that came after picking."""
    units = sum(count for _, count in stuck)
    return Raise(
        CaseKind.CONFIRMATION_MISMATCH,
        f"message/{word.message_id}",
        f"Order {order.number} was changed by {word.channel.code} after {units} units were picked",
        {"order_id": order.order_id, "lines": [list(item) for item in stuck]},
        (Waiter("order", order.order_id, units, order.book_total_minor, order.ship_by_at),),
    )


def _take_history(order: Order, word: Word, now: datetime, plan: Plan) -> None:
    """History follows what the channel says; nothing moves."""
    new = word.new
    stated = {line.line_ref: line for line in new.lines}
    for line in order.lines:
        said = stated.get(line.line_ref)
        if said is None:
            continue
        line.ordered = line.priced = said.quantity
        line.shipped = shipped_of(said, new)
        line.cancelled = (
            said.quantity - line.shipped if new.cancelled_at is not None else min(said.cancelled, said.quantity)
        )
        line.open = line.ordered - line.shipped - line.cancelled
        line.touched = True
    _take_stated(order, new)
    order.payment_state = payment_state(word.payments, new.total_minor)
    if word.channel.post_history and new.refunded_minor > word.old.refunded_minor:
        delta = new.refunded_minor - word.old.refunded_minor
        issue_refund(order, delta, word.payments, word.payments_before, word.channel, now, plan)
    else:
        order.refunded_before_minor += new.refunded_minor - order.refunded_minor
        order.refunded_minor = new.refunded_minor
    data = events.Changed(order.revision, ["history"], total_minor=new.total_minor)
    plan.events.append(events.event("order.changed", order, now, data))
