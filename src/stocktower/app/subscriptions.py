"""The one table of who works what: message kind -> handler, event -> subscribers, deadline -> handler."""

from collections.abc import Callable, Sequence

import msgspec

from stocktower import (
    catalog,
    counting,
    exchange,
    finance,
    inventory,
    model,
    network,
    ordering,
    payments,
    publication,
    purchasing,
    reconciliation,
    stewardship,
)
from stocktower.app import cases
from stocktower.app.home import write_rules
from stocktower.platform import RecordedEvent, Transaction


class Subscription(msgspec.Struct, frozen=True):
    """A subscriber with its own cursor; `handle` must be idempotent; kinds None reads every event."""

    name: str
    kinds: tuple[str, ...] | None
    handle: Callable[[Transaction, Sequence[RecordedEvent]], None]


class DueWork(msgspec.Struct, frozen=True):
    """What happens when rows of one kind in the due table come due."""

    kind: str
    subject: str
    """What the keys are ids of."""
    handle: Callable[[Transaction, Sequence[int]], None]


def take_products(tx: Transaction, messages: Sequence[exchange.Message]) -> None:
    """Products enter the catalogue; a refused one is parked with a case that says why, the rest goes on."""
    decoder = msgspec.json.Decoder(exchange.ProductDocument)
    documents = [decoder.decode(message.body) for message in messages]
    results = catalog.take_products(tx, documents, in_use=lambda sku_ids: inventory.lock_used(tx, sku_ids))
    done: list[int] = []
    for message, result in zip(messages, results, strict=True):
        if result.problem:
            exchange.park(tx, message.message_id, result.problem)
            cases.open_case(tx, cases.parked_message(message, result.problem))
        else:
            done.append(message.message_id)
    exchange.finish(tx, done)
    made = [one.sku_id for one in results if one.sku_id is not None and one.outcome != catalog.ProductOutcome.REPEATED]
    catalog.map_stated(tx, catalog.load_skus(tx, made).values())
    write_rules(tx)


def take_listings(tx: Transaction, messages: Sequence[exchange.Message]) -> None:
    """What channels say of their listings; one that cannot be mapped is the same case as for an order that waits."""
    decoder = msgspec.json.Decoder(exchange.ListingDocument)
    facts = network.load_network(tx)
    known = [one for one in messages if one.source in facts.channel_ids]
    documents = [(facts.channel_ids[one.source], decoder.decode(one.body)) for one in known]
    unmapped: list[tuple[network.ChannelFacts, exchange.Message, str]] = []
    done: list[int] = []
    for message, result in zip(known, catalog.take_listings(tx, documents), strict=True):
        if result.outcome == catalog.ListingOutcome.REFUSED:
            exchange.park(tx, message.message_id, result.problem)
            cases.open_case(tx, cases.parked_message(message, result.problem))
            continue
        done.append(message.message_id)
        if result.outcome == catalog.ListingOutcome.UNMAPPED:
            unmapped.append((facts.channels[facts.channel_ids[message.source]], message, result.problem))
    for message in messages:
        if message.source not in facts.channel_ids:
            problem = f"{message.source} is no channel; one of {', '.join(sorted(facts.channel_ids))}"
            exchange.park(tx, message.message_id, problem)
            cases.open_case(tx, cases.parked_message(message, problem))
    cases.open_case(tx, *(cases.unmapped_listing(*one) for one in unmapped))
    exchange.finish(tx, done)


def post(tx: Transaction, events: Sequence[RecordedEvent]) -> None:
    """Journals for what happened."""
    finance.post(tx, model.load_applied(tx).configuration, network.load_network(tx), events)


def offer(tx: Transaction, events: Sequence[RecordedEvent]) -> None:
    """Note what channels have to be told anew; under a new configuration its channels are watched."""
    publication.take_events(tx, events)
    if any(event.kind == "configuration.applied" for event in events):
        publication.begin_watching(tx, network.load_network(tx))


def note_sales(tx: Transaction, events: Sequence[RecordedEvent]) -> None:
    """What channels accepted, with what could not be allocated of it at once."""
    accepted = {event.subject_id: event for event in events if event.kind == "order.validated"}
    lines = ordering.load_accepted(tx, sorted(accepted))
    publication.note_accepted(
        tx,
        [
            publication.Accepted(
                line.order_id, line.line_no, line.channel_id, line.listing, line.sku_id, line.pack_quantity,
                line.ordered, line.placed_at, accepted[line.order_id].recorded_at, line.backordered,
            )
            for line in lines
        ],
    )  # fmt: skip


def recount_usage(tx: Transaction, events: Sequence[RecordedEvent]) -> None:
    """A SKU that came into another category comes under other quotas and shares: what it used is counted anew."""
    changed = [event.subject_id for event in events if b"category" in event.data]
    if changed:
        inventory.recount(tx, changed)


def turn_rules(tx: Transaction, rule_ids: Sequence[int]) -> None:
    """Rules begin or end to hold: what they let go of is given to who waits."""
    ordering.fill_after(tx, inventory.turn_rules(tx, rule_ids))


def measure_cover(tx: Transaction, rule_ids: Sequence[int]) -> None:
    """Safety stock of days of cover, by the demand of the days before."""
    inventory.measure_cover(tx, rule_ids)


MESSAGE_HANDLERS: dict[str, Callable[[Transaction, Sequence[exchange.Message]], None]] = {
    "product": take_products,
    "listing": take_listings,
    "inbound": inventory.take_inbound,
    "receipt": inventory.take_receipts,
    "transfer": inventory.take_transfers,
    "adjustment": inventory.take_adjustments,
    "bin_move": inventory.take_bin_moves,
    "assembly": inventory.take_assemblies,
    "stock": ordering.take_stock,
    "order": ordering.take_orders,
    "confirmation": ordering.take_confirmations,
    "statement": reconciliation.take_statements,
}

SUBSCRIPTIONS: tuple[Subscription, ...] = (
    Subscription("resume", ordering.RESUME_KINDS, ordering.resume_events),
    Subscription("finance", finance.KINDS, post),
    Subscription("publication", publication.KINDS, offer),
    Subscription("sales", ("order.validated",), note_sales),
    Subscription("stewardship", stewardship.KINDS, stewardship.take_events),
    Subscription("usage", ("sku.changed",), recount_usage),
)

DUE_WORK: tuple[DueWork, ...] = (
    DueWork(ordering.ADVANCE, "order", ordering.resume_orders),
    DueWork(ordering.FILL, "sku", ordering.fill_backorders),
    DueWork(ordering.CLAIM, "sku", ordering.claim_inbound),
    DueWork(ordering.RETRY, "message", ordering.retry_confirmations),
    DueWork(ordering.RELEASE, "order", ordering.release_preorders),
    DueWork(publication.PREORDER, "sku", publication.look_again),
    DueWork(purchasing.RECOMPUTE, "proposals", purchasing.recompute_due),
    DueWork(ordering.PROMISE, "order", ordering.resume_orders),
    DueWork(ordering.REALLOCATE, "order", ordering.reallocate),
    DueWork(inventory.EXPIRY, "hold", inventory.expire_holds),
    DueWork(inventory.LOOK, "sku", ordering.look_at_lots),
    DueWork(inventory.PUT_BACK, "fulfillment", inventory.put_back),
    DueWork(inventory.LOOK_FOR_ORDER, "message", inventory.look_for_orders),
    DueWork(inventory.LOOK_AT_TRANSFER, "transfer", inventory.look_at_transfers),
    DueWork(inventory.WINDOW, "rule", turn_rules),
    DueWork(inventory.COVER, "rule", measure_cover),
    DueWork(payments.AUTHORIZATION_DUE, "payment", cases.authorisations_expiring),
    DueWork(payments.EXPIRY_DUE, "payment", ordering.expire_authorizations),
    DueWork(counting.PLAN, "site", counting.plan_due),
    DueWork(publication.VELOCITY, "channel", publication.measure_channels),
    DueWork(publication.WATCH, "channel", publication.watch_channels),
    DueWork("fulfillment.acknowledge", "fulfillment", ordering.not_acknowledged),
    DueWork(stewardship.CHECK, "sku", stewardship.check_due),
    DueWork(reconciliation.COMPARE, "statement", reconciliation.compare_due),
    DueWork(reconciliation.EXPECTED, "system", reconciliation.miss_statements),
)
