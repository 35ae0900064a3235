"""The one table of who works what: message kind -> handler, event -> subscribers, deadline -> handler."""

from collections.abc import Callable, Sequence

import msgspec

from stocktower import catalog, exchange, finance, inventory, model, network, ordering, publication
from stocktower.app import cases
from stocktower.platform import RecordedEvent, Transaction


class Subscription(msgspec.Struct, frozen=True):
    """A subscriber with its own cursor; `handle` must be idempotent; kinds None reads every event."""

    name: str
    kinds: tuple[str, ...] | None
    handle: Callable[[Transaction, Sequence[RecordedEvent]], None]


class DueWork(msgspec.Struct, frozen=True):
    """What happens when rows of one kind in the due table come due."""

    kind: str
    handle: Callable[[Transaction, Sequence[int]], None]


class ListingMapped(msgspec.Struct, frozen=True):
    """Data of listing.mapped."""

    channel_id: int
    key: str
    sku_id: int


class StockChanged(msgspec.Struct, frozen=True):
    """The part of the data of a stock event that resumes need."""

    sku_id: int
    delta: int = 0


def take_products(tx: Transaction, messages: Sequence[exchange.Message]) -> None:
    """Products enter the catalogue; a refused one is parked with a case that says why, the rest goes on."""
    decoder = msgspec.json.Decoder(exchange.ProductDocument)
    results = catalog.take_products(tx, [decoder.decode(message.body) for message in messages])
    done: list[int] = []
    for message, result in zip(messages, results, strict=True):
        if result.problem:
            exchange.park(tx, message.message_id, result.problem)
            cases.open_case(tx, cases.parked_message(message, result.problem))
        else:
            done.append(message.message_id)
    exchange.finish(tx, done)


def resume(tx: Transaction, events: Sequence[RecordedEvent]) -> None:
    """What waited for a cause goes on: mapped listings resume their orders, stock that came fills backorders."""
    mapped = [msgspec.json.decode(event.data, type=ListingMapped) for event in events if event.kind == "listing.mapped"]
    if mapped:
        ordering.resume_listings(tx, [(item.channel_id, item.key) for item in mapped])
    grown: set[int] = set()
    for event in events:
        if event.kind.startswith("stock."):
            changed = msgspec.json.decode(event.data, type=StockChanged)
            if changed.delta > 0:
                grown.add(changed.sku_id)
        elif event.kind == "allocation.released":
            grown.update(ordering.skus_of(event))
    if grown:
        ordering.fill_backorders(tx, sorted(grown))


def post(tx: Transaction, events: Sequence[RecordedEvent]) -> None:
    """Journals for what happened."""
    finance.post(tx, model.load_applied(tx).configuration, network.load_network(tx), events)


MESSAGE_HANDLERS: dict[str, Callable[[Transaction, Sequence[exchange.Message]], None]] = {
    "product": take_products,
    "stock": ordering.take_stock,
    "order": ordering.take_orders,
    "confirmation": ordering.take_confirmations,
}

SUBSCRIPTIONS: tuple[Subscription, ...] = (
    Subscription("resume", ordering.RESUME_KINDS, resume),
    Subscription("finance", finance.KINDS, post),
    Subscription("publication", publication.KINDS, publication.take_events),
)

DUE_WORK: tuple[DueWork, ...] = (
    DueWork("order.advance", ordering.resume_orders),
    DueWork("hold.expiry", inventory.expire_holds),
    DueWork("payment.authorization", cases.authorisations_expiring),
    DueWork("fulfillment.acknowledge", ordering.not_acknowledged),
)
