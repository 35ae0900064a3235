"""Commands on requests, inside the caller's transaction; the caller has locked the orders."""

from collections.abc import Sequence

from stocktower.platform import Transaction, schedule_new, unschedule

from . import store
from .model import Confirmation, Request, RequestState

ACKNOWLEDGE = "fulfillment.acknowledge"
"""Kind of due work: the time by which a site should have acknowledged; the key is the request's id."""


def request(tx: Transaction, new: Sequence[Request]) -> None:
    """Hand requests over to their sites."""
    if new:
        store.insert_requests(tx, new)
        schedule_new(tx, ACKNOWLEDGE, [(item.fulfillment_id, item.acknowledge_by_at) for item in new])


def load_requests_of(tx: Transaction, order_ids: Sequence[int]) -> dict[int, list[Request]]:
    """Every request of some orders, also those that are done, by order."""
    found: dict[int, list[Request]] = {}
    for item in store.load_requests_of_orders(tx, order_ids) if order_ids else []:
        found.setdefault(item.order_id, []).append(item)
    return found


def load_requests(tx: Transaction, fulfillment_ids: Sequence[int]) -> list[Request]:
    """Requests by id."""
    return store.load_requests(tx, fulfillment_ids) if fulfillment_ids else []


def record_changes(tx: Transaction, changed: Sequence[Request]) -> None:
    """Write requests that rules have changed; nobody waits any more for a word from their sites."""
    if changed:
        store.update_requests(tx, changed)
        unschedule(tx, ACKNOWLEDGE, [item.fulfillment_id for item in changed if item.state != RequestState.RELEASED])


def load_confirmed(tx: Transaction, fulfillment_ids: Sequence[int]) -> set[tuple[int, str, int]]:
    """(fulfillment_id, kind, digest) of the reports that are known of some requests."""
    return store.load_confirmed(tx, fulfillment_ids) if fulfillment_ids else set()


def record_confirmations(tx: Transaction, confirmations: Sequence[Confirmation]) -> None:
    """Keep what sites reported."""
    if confirmations:
        store.insert_confirmations(tx, confirmations)
