"""Takes what channels say of orders: new orders are captured, known ones changed or cancelled, all carried on."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct, structs

from stocktower import catalog, customers, exchange, inventory, payments, worklist
from stocktower.catalog import Resolved
from stocktower.exchange import Message, OrderDocument
from stocktower.kernel import CaseKind
from stocktower.network import ChannelFacts
from stocktower.payments import Payment
from stocktower.platform import Event, Transaction

from . import events, rules, store
from .capture import Captured, UnusableDocument, captured_data, main_method, open_order
from .carts import await_orders, load_carts, lock_carts
from .changes import Word, issue_refund, take_word
from .leaving import leave
from .model import Order, OrderStep, Plan
from .priorities import decide_precedence
from .regressions import find_regressions, restate
from .service import (
    Desk,
    complete,
    map_lines,
    parked,
    refreshed,
    require_unmerged,
    skus_of_orders,
    write_changed,
    write_plan,
)
from .shipments import say_shipped_before

_decode = msgspec.json.Decoder(OrderDocument).decode

Key = tuple[int, str]
"""(channel_id, order_ref)"""


class Stated(Struct, frozen=True):
    """A message with its document."""

    message: Message
    document: OrderDocument
    channel: ChannelFacts


def take_orders(tx: Transaction, messages: Sequence[Message]) -> None:
    """Capture, change or cancel orders and carry them as far as they go; what cannot be read is parked with a case.

    Raises psycopg.errors.UniqueViolation when another transaction captured one of them meanwhile: run it again.
    """
    desk = Desk(tx)
    refused: list[tuple[Message, str]] = []
    rounds: list[dict[Key, Stated]] = [{}]
    for message in messages:
        channel_id = desk.network.channel_ids.get(message.source)
        if channel_id is None:
            refused.append((message, f"{message.source} is not a channel of the applied configuration"))
            continue
        try:
            document = _decode(message.body)
        except msgspec.MsgspecError as error:
            refused.append((message, f"not an order: {error}"))
            continue
        key = (channel_id, document.order_ref)
        # The messages of one order are worked one after the other.
        place = next((of_round for of_round in rounds if key not in of_round), None)
        if place is None:
            place = dict[Key, Stated]()
            rounds.append(place)
        place[key] = Stated(message, document, desk.network.channels[channel_id])
    for stated in rounds:
        if stated:
            refused += _Intake(desk, stated).take()
    done = {message.message_id for message in messages} - {message.message_id for message, _ in refused}
    exchange.finish(tx, sorted(done))
    for message, problem in refused:
        exchange.park(tx, message.message_id, problem)
    if refused:
        worklist.raise_cases(tx, desk.configuration, [parked(message, problem) for message, problem in refused])


class _Intake:
    """One batch of documents, each of another order."""

    def __init__(self, desk: Desk, stated: dict[Key, Stated]) -> None:
        self.desk = desk
        self.tx = desk.tx
        self.stated = stated
        self.plan = Plan()
        self.refused: list[tuple[Message, str]] = []
        self.new: list[Order] = []
        self.new_payments: list[Payment] = []
        self.changed_payments: list[Payment] = []
        self.new_contacts: list[customers.Contact] = []
        self.changed_contacts: list[customers.Contact] = []

    def take(self) -> list[tuple[Message, str]]:
        """Work the batch in one go; gives what cannot become an order, with the reason."""
        tx, desk, plan = self.tx, self.desk, self.plan
        known = store.lock_orders_by_ref(tx, list(self.stated))
        demands = complete(desk, known)
        known_keys = {(order.channel_id, order.order_ref) for order in known}
        fresh = [item for key, item in self.stated.items() if key not in known_keys]
        resolved = self._resolve(fresh, known)
        self._capture(fresh, resolved)
        words = self._read_words(known, resolved)
        customers.record_new_contacts(tx, self.new_contacts)
        customers.record_contacts(tx, self.changed_contacts)
        payments.record_payments(tx, self.new_payments)
        payments.change_payments(tx, self.changed_payments)
        map_lines(desk, known)
        live = [order for order in self.new if not order.is_history and order.step != OrderStep.DONE]
        carts = lock_carts(tx, [*self.new, *known], self._carts(known), plan)
        given = skus_of_orders(known) | carts.sku_ids
        wanted = skus_of_orders(live) | given | _skus_of_words(words)
        # Who waits for what may be promised from inbound has to be known.
        given = given | (wanted & desk.promising.parts)
        supply = inventory.lock_supply(tx, wanted, giving=given) if wanted else None
        require_unmerged(tx, [*live, *known], _skus_of_words(words))
        facts = desk.facts(supply or inventory.Supply({}, {}, {}), demands)
        load_carts(tx, [*self.new, *known], carts)
        for order, word in words:
            take_word(order, word, facts, tx.now, plan)
        if plan.consumes:
            leave(tx, plan)
            refreshed(facts, tx, known)
        for order in [*self.new, *known]:
            if order.carts and (order.is_history or order.step == OrderStep.DONE):
                rules.take_over(order, facts, tx.now, plan)
        rules.advance([*live, *known], facts, tx.now, plan)
        store.insert_orders(tx, self.new)
        store.insert_precedences(tx, self.new)
        write_changed(desk, known)
        await_orders(tx, [*self.new, *known])
        write_plan(desk, plan, supply)
        self._resume(known)
        return self.refused

    def _carts(self, known: Sequence[Order]) -> dict[int, str]:
        """The holds that orders are to take over, as their channels name them."""
        named = {order.order_id: self.stated[order.channel_id, order.order_ref].document.hold for order in self.new}
        named |= {order.order_id: self.stated[order.channel_id, order.order_ref].document.hold for order in known}
        return {order_id: reference for order_id, reference in named.items() if reference}

    def _resolve(self, fresh: Sequence[Stated], known: Sequence[Order]) -> dict[tuple[int, str], Resolved]:
        """What listings stand for: of new orders, and of lines that join known ones."""
        keys = {(item.channel.channel_id, line.listing, line.name) for item in fresh for line in item.document.lines}
        for order in known:
            refs = {line.line_ref for line in order.lines}
            document = self.stated[order.channel_id, order.order_ref].document
            keys |= {
                (order.channel_id, line.listing, line.name) for line in document.lines if line.line_ref not in refs
            }
        return catalog.resolve_listings(self.tx, keys)

    def _capture(self, fresh: Sequence[Stated], resolved: dict[tuple[int, str], Resolved]) -> None:
        """Make orders of the documents that are new."""
        by_channel: dict[int, dict[str, Resolved]] = {}
        for (channel_id, listing), found in resolved.items():
            by_channel.setdefault(channel_id, {})[listing] = found
        for item, order_id in zip(fresh, self.tx.new_ids(len(fresh)), strict=True):
            document, channel = item.document, item.channel
            tenders = payments.payment_states(document, channel, self.tx.now)
            given = Captured(order_id, item.message.message_id, channel, self.desk.version, tenders, self.tx.now)
            try:
                order = open_order(document, given, by_channel.get(channel.channel_id, {}), self.desk.books)
            except UnusableDocument as error:
                self.refused.append((item.message, str(error)))
                continue
            order.precedence = decide_precedence(
                self.desk.configuration.priorities, document, channel, order.ship_by_at
            )
            if order.precedence is not None:
                order.priority = order.precedence.rank
            self.new.append(order)
            if tenders:
                tenders = self._add_payments(tenders, order_id)
            self.new_contacts.append(customers.contact_of(order_id, document))
            self._say_captured(order, item, tenders)

    def _add_payments(self, tenders: Sequence[Payment], order_id: int) -> list[Payment]:
        new_id = self.tx.new_id
        made = [structs.replace(one, payment_id=new_id(), order_id=order_id) for one in tenders]
        self.new_payments += made
        return made

    def _say_captured(self, order: Order, item: Stated, tenders: Sequence[Payment]) -> None:
        """The events of a new order before anything is decided, each caused by its message."""
        plan, document, channel = self.plan, item.document, item.channel
        data = captured_data(order, channel, main_method(tenders, channel))
        plan.events.append(events.event("order.captured", order, document.placed_at, data))
        if order.precedence is not None and not order.is_history:
            found = order.precedence
            ranked = events.Prioritized(found.rank, found.rule, found.reasons)
            plan.events.append(events.event("order.prioritized", order, self.tx.now, ranked))
        books = not order.is_history or channel.post_history
        if books:
            self._say_paid(order, payments.decide_payment_changes((), tenders, channel, document.placed_at))
            say_shipped_before(order, channel, document.fulfilled_at or document.placed_at, plan)
        if document.cancelled_at is not None and not order.is_history:
            lines = [(line.line_no, line.cancelled) for line in order.lines if line.cancelled]
            cancelled = events.Cancelled(lines, "channel")
            plan.events.append(events.event("order.cancelled", order, document.cancelled_at, cancelled))
        if document.refunded_minor > 0:
            if books:
                issue_refund(order, document.refunded_minor, tenders, (), channel, self.tx.now, plan)
            else:
                order.refunded_minor = order.refunded_before_minor = document.refunded_minor
        for hold in order.holds.values():
            told = events.HoldSet(hold.name, hold.reason)
            plan.events.append(events.event("hold.set", order, self.tx.now, told))

    def _read_words(
        self, known: Sequence[Order], resolved: dict[tuple[int, str], Resolved]
    ) -> list[tuple[Order, Word]]:
        """What channels say anew of orders that are known; the same message again says nothing."""
        if not known:
            return []
        ids = [order.message_id for order in known if order.message_id is not None]
        bodies = {message.message_id: message.body for message in exchange.load_messages(self.tx, ids)}
        recorded = payments.load_payments(self.tx, [order.order_id for order in known])
        words: list[tuple[Order, Word]] = []
        for order in known:
            item = self.stated[order.channel_id, order.order_ref]
            if item.message.message_id == order.message_id:
                continue
            body = bodies.get(order.message_id or 0)
            old = _decode(body) if body else restate(order)
            before = recorded.get(order.order_id, [])
            stated = payments.payment_states(item.document, item.channel, self.tx.now)
            after = self._continue(before, stated, order.order_id)
            of_channel = {key[1]: found for key, found in resolved.items() if key[0] == order.channel_id}
            order.cause_id = item.message.message_id
            word = Word(
                item.message.message_id,
                old,
                item.document,
                find_regressions(old, item.document),
                item.channel,
                of_channel,
                self.desk.books,
                before,
                after,
            )
            words.append((order, word))
            self._take_payments(order, word, item)
            if not word.regressions:
                self._take_contact(order, old, item.document)
        return words

    def _take_contact(self, order: Order, old: OrderDocument, new: OrderDocument) -> None:
        """A new address or e-mail; an address that the channel leaves as it was stays what a person made of it."""
        if new.ship_to != old.ship_to:
            self.changed_contacts.append(customers.contact_of(order.order_id, new))
        elif new.email != old.email:
            known = customers.load_contact(self.tx, order.order_id)
            if known is not None:
                details = structs.replace(known, email=new.email)
                self.changed_contacts.append(customers.contact_with(order.order_id, details))

    def _continue(self, before: Sequence[Payment], stated: Sequence[Payment], order_id: int) -> list[Payment]:
        """The payments of an order after a new word, with ids for those that are new."""
        continued = payments.continue_payments(before, stated)
        named = {payment.payment_id for payment in continued}
        new_id = self.tx.new_id
        return [
            *(payment for payment in before if payment.payment_id not in named),
            *(
                payment if payment.payment_id else structs.replace(payment, payment_id=new_id(), order_id=order_id)
                for payment in continued
            ),
        ]

    def _take_payments(self, order: Order, word: Word, item: Stated) -> None:
        """Record what changed about payments; they never go back, so that this holds for a late word too."""
        before = {payment.payment_id: payment for payment in word.payments_before}
        for payment in word.payments:
            known = before.get(payment.payment_id)
            if known is None:
                self.new_payments.append(payment)
            elif known != payment:
                self.changed_payments.append(payment)
        if not order.is_history or item.channel.post_history:
            changes = payments.decide_payment_changes(word.payments_before, word.payments, item.channel, self.tx.now)
            self._say_paid(order, changes)

    def _say_paid(self, order: Order, changes: Sequence[Event]) -> None:
        self.plan.events += [structs.replace(one, cause_id=order.cause_id) for one in changes]

    def _resume(self, known: Sequence[Order]) -> None:
        """What waited for these orders goes on; cases of a payment that is settled now are left."""
        names = {order.number for order in self.new} | {order.order_ref for order in self.new}
        released = {request.order_id for request in self.plan.requests}
        names |= {order.number for order in known if order.order_id in released}
        names |= {order.order_ref for order in known if order.order_id in released}
        exchange.resume(self.tx, [f"order/{name}" for name in sorted(names)])
        settled = [
            ("order", order.order_id)
            for order in known
            if order.payment_state != "authorized" or order.step == OrderStep.DONE
        ]
        worklist.drop_waiters(self.tx, settled, [CaseKind.AUTHORISATION_EXPIRING])


def _skus_of_words(words: Sequence[tuple[Order, Word]]) -> set[int]:
    """Stocked SKUs of lines that join known orders."""
    found: set[int] = set()
    for _, word in words:
        for resolved in word.resolved.values():
            found |= {sku_id for sku_id, _ in resolved.components}
    return found
