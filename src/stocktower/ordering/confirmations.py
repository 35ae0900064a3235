"""Takes what sites report: acknowledged, picked, short picked, packed, shipped. A repeat changes nothing."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b

import msgspec
from msgspec import Struct

from stocktower import catalog, exchange, fulfillment, inventory, worklist
from stocktower.exchange import ConfirmationDocument, ConfirmationLine, Message
from stocktower.fulfillment import Confirmation, Effect, Report, ReportKind, Request
from stocktower.kernel import CaseKind
from stocktower.platform import Transaction, schedule
from stocktower.worklist import Raise, Waiter

from . import events, rules, store
from .kit_reports import sent_of, sold_lines
from .leaving import leave
from .model import Order, OrderStep, Plan
from .service import Desk, complete, load_demands, load_lines, parked, skus_of_orders, write_changed, write_plan
from .shipments import Sent, note_fetched, note_shipped, note_short
from .states import is_unsettled, settle

RETRY = "order.confirmation"
"""Kind of due work: look again for the order of a confirmation; the key is the message."""
_RETRY_AFTER = timedelta(minutes=5)
_decode = msgspec.json.Decoder(ConfirmationDocument).decode
_encode = msgspec.json.Encoder().encode


class Told(Struct):
    """A confirmation with its order."""

    message: Message
    document: ConfirmationDocument
    order: Order
    digest: int


class Mismatch(Struct, frozen=True):
    """What of a confirmation could not be taken over."""

    told: Told
    problems: list[str]
    units: int


def take_confirmations(tx: Transaction, messages: Sequence[Message]) -> None:
    """Take over what sites report; what comes before its order or request waits for it, what does not fit is a case."""
    desk = Desk(tx)
    stated: list[tuple[Message, ConfirmationDocument]] = []
    refused: list[tuple[Message, str]] = []
    for message in messages:
        try:
            document = _decode(message.body)
            ReportKind(document.kind)
        except (msgspec.MsgspecError, ValueError) as error:
            refused.append((message, f"not a confirmation: {error}"))
        else:
            stated.append((message, document))
    lenders = inventory.load_lenders(tx, (line.lot for _, document in stated for line in document.lines if line.lot))
    told, waiting = _find_orders(desk, stated, lenders)
    done: list[int] = []
    if told:
        batch = _Batch(desk, told, lenders)
        batch.take()
        waiting += batch.waiting
        done = [item.message.message_id for item in told if item.message.message_id not in batch.waiting_ids]
    exchange.finish(tx, done)
    _let_wait(tx, waiting)
    for message, problem in refused:
        exchange.park(tx, message.message_id, problem)
    if refused:
        worklist.raise_cases(tx, desk.configuration, [parked(message, problem) for message, problem in refused])


def _let_wait(tx: Transaction, waiting: Sequence[tuple[Message, ConfirmationDocument]]) -> None:
    """Wait for the order; a capture that commits just now does not see who waits, so look again later too."""
    if waiting:
        exchange.wait(tx, [(message.message_id, f"order/{document.order}") for message, document in waiting])
        schedule(tx, RETRY, [(message.message_id, tx.now + _delay(message)) for message, _ in waiting])


def _delay(message: Message) -> timedelta:
    return _RETRY_AFTER * 2 ** min(message.attempts, 8)


def retry_confirmations(tx: Transaction, message_ids: Sequence[int]) -> None:
    """Look again for the orders of confirmations that wait for them."""
    causes: list[str] = []
    for message in exchange.load_messages(tx, message_ids):
        if message.body:
            causes.append(f"order/{_decode(message.body).order}")
    exchange.resume(tx, sorted(set(causes)))


def _find_orders(
    desk: Desk, stated: Sequence[tuple[Message, ConfirmationDocument]], lenders: Collection[int]
) -> tuple[list[Told], list[tuple[Message, ConfirmationDocument]]]:
    """Lock the orders that confirmations name, and the lenders in the same order of locks.

    A channel names its own orders, a site one that it has a request for.
    """
    tx = desk.tx
    names = sorted({document.order for _, document in stated})
    found: dict[str, dict[int, int]] = {}
    channel_ids = list(desk.network.channels)
    for name, order_id, channel_id in store.find_orders_by_number(tx, names, channel_ids) if names else ():
        found.setdefault(name, {})[order_id] = channel_id
    wanted = {one for of in found.values() for one in of}
    locked = store.lock_orders(tx, {*wanted, *lenders})
    orders = {order.order_id: order for order in locked if order.order_id in wanted}
    load_lines(tx, orders)
    for order_id, requests in fulfillment.load_requests_of(tx, list(orders)).items():
        orders[order_id].requests = requests
    told: list[Told] = []
    waiting: list[tuple[Message, ConfirmationDocument]] = []
    for message, document in stated:
        order = _choose(desk, message, document, [orders[one] for one in found.get(document.order, {})])
        if order is None:
            waiting.append((message, document))
        else:
            told.append(Told(message, document, order, _digest(document)))
    return told, waiting


def _choose(desk: Desk, message: Message, document: ConfirmationDocument, orders: Sequence[Order]) -> Order | None:
    """Which of the orders of one name is meant; None: none of them yet."""
    channel_id = desk.network.channel_ids.get(message.source)
    if channel_id is not None:
        orders = [order for order in orders if order.channel_id == channel_id]
    if len(orders) <= 1:
        return orders[0] if orders else None
    site_id = desk.network.site_ids.get(document.site or message.source)
    at_site = [order for order in orders if any(site_id in (None, request.site_id) for request in order.requests)]
    is_open = [order for order in at_site if any(request.is_open for request in order.requests)]
    return (is_open or at_site or list(orders))[0]


def merge_lines(lines: Iterable[ConfirmationLine]) -> list[ConfirmationLine]:
    """Lines that differ in their lot or bin alone are one: a pack may be of two lots, and lie in two bins."""
    units: dict[tuple[str, str], int] = {}
    merged: list[ConfirmationLine] = []
    for line in lines:
        if line.lot or line.bin:
            key = (line.line_ref, line.sku)
            units[key] = units.get(key, 0) + line.quantity
        else:
            merged.append(line)
    return [*merged, *(ConfirmationLine(quantity, sku, line_ref) for (line_ref, sku), quantity in units.items())]


def _moves_stock(document: ConfirmationDocument) -> bool:
    """Whether a report changes rows, reservations or bins."""
    return document.kind in (ReportKind.SHIPPED, ReportKind.SHORT_PICKED) or any(line.bin for line in document.lines)


def _is_ahead(request: Request) -> bool:
    """Whether the channel has told of shipped units that the site has not told of itself."""
    return any(line.ahead for line in request.lines)


def _digest(document: ConfirmationDocument) -> int:
    """The content of a confirmation, whatever row of whatever file it stood in."""
    content = msgspec.structs.replace(document, row=0, order="", occurred_at=document.occurred_at)
    return int.from_bytes(blake2b(_encode(content), digest_size=8).digest(), "big", signed=True)


class _Batch:
    """One batch of confirmations whose orders are locked."""

    def __init__(self, desk: Desk, told: Sequence[Told], lenders: Collection[int]) -> None:
        """`lenders` have units of the lots that are named, and are locked."""
        self.lenders = lenders
        self.desk = desk
        self.tx = desk.tx
        self.told = told
        self.plan = Plan()
        self.waiting: list[tuple[Message, ConfirmationDocument]] = []
        self.waiting_ids: set[int] = set()
        self.orders = {item.order.order_id: item.order for item in told}
        self.kept: list[Confirmation] = []
        self.mismatches: list[Mismatch] = []
        self.skus: dict[str, int] = {}
        self.sent: dict[int, dict[int, list[Sent]]] = {}
        """By message: the lots and bins that it names, until they were told of."""
        self.shorts: list[tuple[Order, Request, Sequence[tuple[int, int]], Told]] = []

    def take(self) -> None:
        """Work the batch in one go."""
        tx, plan, orders = self.tx, self.plan, self.orders
        codes = {line.sku for item in self.told for line in item.document.lines if line.sku}
        self.skus = {code: sku.sku_id for code, sku in catalog.find_stocked(tx, codes).items()}
        if any(_moves_stock(item.document) for item in self.told):
            load_demands(tx, orders)
        known = fulfillment.load_confirmed(
            tx, [request.fulfillment_id for order in orders.values() for request in order.requests]
        )
        for item in self.told:
            self._take_one(item, known)
        again = {order.order_id: order for order, _, _, _ in self.shorts}
        again |= {order_id: order for order_id, order in orders.items() if is_unsettled(order)}
        supply = None
        if again:
            supply = self._plan_again(list(again.values()))
        else:
            leave(tx, plan, lenders=self.lenders)
        for order in orders.values():
            if order.order_id not in again:
                settle(order)
        write_changed(self.desk, list(orders.values()))
        fulfillment.record_confirmations(tx, self.kept)
        plan.raises += [self._case(item) for item in self.mismatches]
        write_plan(self.desk, plan, supply)
        self._close_cases()

    def _take_one(self, item: Told, known: set[tuple[int, str, int]]) -> None:
        document, order = item.document, item.order
        order.cause_id = item.message.message_id
        requests, problem = self._requests(item)
        if problem:
            self.mismatches.append(Mismatch(item, [problem], 0))
        if not requests:
            self.waiting.append((item.message, document))
            self.waiting_ids.add(item.message.message_id)
            return
        # A report is known by any request of the order: those that were open then may be done, and others open, by now.
        if any((request.fulfillment_id, document.kind, item.digest) in known for request in order.requests):
            return
        units = self._units(item, requests) if document.lines else None
        self.sent[item.message.message_id] = sent_of(self.tx, item.order, item.document, self.skus)
        for request in requests:
            if units is not None and request.fulfillment_id not in units:
                continue
            known.add((request.fulfillment_id, document.kind, item.digest))
            stated = None if units is None else units[request.fulfillment_id]
            report = Report(document.kind, document.occurred_at, stated, document.carrier, document.tracking)
            picked = {line.line_no: line.picked for line in request.lines}
            self._apply(item, request, fulfillment.decide_report(request, report), picked)
            body = _encode({"lines": stated, "carrier": document.carrier, "tracking": document.tracking})
            self.kept.append(
                Confirmation(
                    item.message.message_id,
                    request.fulfillment_id,
                    document.kind,
                    item.digest,
                    document.occurred_at,
                    body,
                )
            )

    def _requests(self, item: Told) -> tuple[list[Request], str]:
        """The requests that a confirmation is about; none: it waits, with the problem where there should be one."""
        order, document = item.order, item.document
        requests = order.requests
        site = document.site or item.message.source
        site_id = self.desk.network.site_ids.get(site)
        if document.site and site_id is None:
            return [], f"{document.site} is not a site of the applied configuration"
        if site_id is not None:
            requests = [request for request in requests if request.site_id == site_id]
        if not requests:
            return [], f"order {order.number} has no request to {site if site_id is not None else 'any site'} yet"
        is_shipped = document.kind == ReportKind.SHIPPED
        due = [request for request in requests if request.is_open or (is_shipped and _is_ahead(request))]
        return due or requests[-1:], ""

    def _units(self, item: Told, requests: Sequence[Request]) -> dict[int, dict[int, int]]:
        """The units of each line of each request that a confirmation states; what fits nowhere is a mismatch."""
        stated: dict[int, dict[int, int]] = {}
        lost = 0
        taken: dict[tuple[int, int], int] = {}
        lines, problems = sold_lines(item.order, item.document, self.skus)
        for line in merge_lines(lines):
            places = self._places(item, line.line_ref, line.sku, requests)
            quantity = line.quantity
            pack = 1 if line.line_ref or not places else places[0][2]
            if quantity % pack:
                problems.append(f"{quantity} of {line.sku} are no whole packs of {pack}")
                lost += quantity % pack
            quantity //= pack
            if not places:
                problems.append(f"{line.sku or line.line_ref or 'a line'} is not in a request of the order")
                lost += quantity
                continue
            for request, line_no, _, outstanding in places:
                key = (request.fulfillment_id, line_no)
                part = max(0, min(quantity, outstanding - taken.get(key, 0)))
                if part:
                    taken[key] = taken.get(key, 0) + part
                    stated.setdefault(request.fulfillment_id, {})[line_no] = taken[key]
                    quantity -= part
            if quantity:
                # More than is outstanding: the first request says so.
                of_request = stated.setdefault(places[0][0].fulfillment_id, {})
                of_request[places[0][1]] = of_request.get(places[0][1], 0) + quantity
        if problems:
            self.mismatches.append(Mismatch(item, problems, lost))
        return stated

    def _places(
        self, item: Told, line_ref: str, sku: str, requests: Sequence[Request]
    ) -> list[tuple[Request, int, int, int]]:
        """(request, line, stock units in a sold unit, units still to be told of) where a stated line belongs."""
        is_shipped = item.document.kind == ReportKind.SHIPPED
        sku_id = self.skus.get(sku)
        wanted = {
            line.line_no: line.pack_quantity
            for line in item.order.lines
            if (line.line_ref == line_ref if line_ref else (line.sku_id == sku_id if sku_id else line.listing == sku))
        }
        return [
            (
                request,
                line.line_no,
                wanted[line.line_no] if sku_id else 1,
                line.outstanding + (line.ahead if is_shipped else 0),
            )
            for request in requests
            for line in request.lines
            if line.line_no in wanted
        ]

    def _apply(self, item: Told, request: Request, effect: Effect, picked: Mapping[int, int]) -> None:
        """Carry what a report changed over to the order; `picked`: by line, what was picked before it."""
        order, document, plan = item.order, item.document, self.plan
        if effect.problems:
            texts = [f"line {one.line_no}: {one.stated} stated, {one.taken} {one.reason}" for one in effect.problems]
            lost = sum(one.stated - one.taken for one in effect.problems)
            self.mismatches.append(Mismatch(item, texts, lost))
        if not effect.changed:
            return
        plan.changed_requests[request.fulfillment_id] = request
        sent = self.sent[item.message.message_id]
        if document.kind == ReportKind.SHIPPED:
            if effect.moved:
                channel = self.desk.network.channels[order.channel_id]
                note_shipped(order, request, effect.moved, channel, document.occurred_at, plan, sent)
            return
        if document.kind == ReportKind.SHORT_PICKED:
            self.shorts.append((order, request, effect.moved, item))
            note_fetched(order, request, effect.moved, document.occurred_at, plan, sent, found=False)
        elif document.kind in (ReportKind.PICKED, ReportKind.PACKED):
            # What is packed was picked before, or is with it.
            fresh = [(line.line_no, line.picked - picked[line.line_no]) for line in request.lines]
            note_fetched(order, request, fresh, document.occurred_at, plan, sent, found=True)
        data = events.Reported(request.fulfillment_id, request.number, request.site_id, list(effect.moved))
        plan.events.append(events.event(f"fulfillment.{document.kind}", order, document.occurred_at, data))

    def _plan_again(self, again: Sequence[Order]) -> inventory.Supply:
        """Short units are given back and sourced from other sites; a case asks to count what was not found."""
        tx, desk, plan = self.tx, self.desk, self.plan
        fresh = {order.order_id: order for order in again}
        given = skus_of_orders(again)
        moved = {item.sku_id for item in (*plan.consumes, *plan.fetches)}
        supply = inventory.lock_supply(tx, given | moved, giving=given)
        leave(tx, plan, lenders=self.lenders)
        demands = complete(desk, list(fresh.values()), loaded=True)
        facts = desk.facts(supply, demands)
        held = {one.sku_id for order, _, _, _ in self.shorts for of_line in order.held.values() for one in of_line}
        codes = {sku_id: sku.code for sku_id, sku in catalog.load_skus(tx, held).items()}
        for order, request, moved, _ in self.shorts:
            plan.raises += _not_found(order, request, moved, facts.network.sites[request.site_id].code, codes)
            note_short(order, request, moved, facts, tx.now, plan)
        rules.advance(list(fresh.values()), facts, tx.now, plan)
        return supply

    def _case(self, item: Mismatch) -> Raise:
        """The case of a report that does not fit: it names the message, and is never lost."""
        told = item.told
        order, document = told.order, told.document
        return Raise(
            CaseKind.CONFIRMATION_MISMATCH,
            f"message/{told.message.message_id}",
            f"{document.kind} of order {order.number} does not fit: {'; '.join(item.problems)}"[:300],
            {
                "order_id": order.order_id,
                "number": order.number,
                "kind": document.kind,
                "problems": item.problems,
                "units": item.units,
            },
            (Waiter("message", told.message.message_id, item.units, 0, order.ship_by_at),),
        )

    def _close_cases(self) -> None:
        """What fits now is no longer a case; an order that is done waits in none of its own."""
        tx = self.tx
        wrong = {item.told.message.message_id for item in self.mismatches}
        tried = [item for item in self.told if item.message.attempts and item.message.message_id not in wrong]
        if tried:
            worklist.close_by_cause(
                tx,
                CaseKind.CONFIRMATION_MISMATCH,
                [f"message/{item.message.message_id}" for item in tried],
                "it fits now",
            )
        done = [("order", order.order_id) for order in self.orders.values() if order.step == OrderStep.DONE]
        worklist.drop_waiters(tx, done, [CaseKind.AUTHORISATION_EXPIRING, *rules.HOLD_CASES.values()])


def _not_found(
    order: Order, request: Request, moved: Iterable[tuple[int, int]], site: str, codes: Mapping[int, str]
) -> list[Raise]:
    """A case for each stock row that did not have what it should."""
    raises: list[Raise] = []
    for line_no, units in moved:
        per_unit = {line.line_no: dict(line.components) for line in order.lines}[line_no]
        for allocation in order.held.get((line_no, request.site_id), ()):
            count = units * per_unit.get(allocation.sku_id, 1)
            data = {"stock_id": allocation.stock_id, "sku": codes[allocation.sku_id], "units": count, "site": site}
            raises.append(
                Raise(
                    CaseKind.SHORTFALL,
                    f"stock/{allocation.stock_id}",
                    f"{site} did not find {count} for order {order.number}: count it",
                    data,
                    (Waiter("sku", allocation.sku_id, count),),
                )
            )
    return raises
