"""The statements of the room, one typed function each."""

from collections.abc import Sequence
from datetime import datetime

from stocktower.platform import Transaction, load_queries

from .model import Confirmation, Request, RequestLine

_Q = load_queries(__package__)


def insert_requests(tx: Transaction, requests: Sequence[Request]) -> None:
    """Append new requests with their lines."""
    merchant_id = tx.merchant_id
    tx.copy(
        _Q.request,
        [
            (
                merchant_id,
                request.fulfillment_id,
                request.order_id,
                request.number,
                request.channel_id,
                request.site_id,
                request.state,
                request.released_at,
                request.acknowledge_by_at,
                request.acknowledged_at,
                request.shipped_at,
                request.short_at,
                request.carrier,
                request.tracking,
                request.units,
            )
            for request in requests
        ],
    )
    tx.copy(
        _Q.request_line,
        [
            (
                merchant_id,
                request.fulfillment_id,
                line.line_no,
                line.sku_id,
                line.quantity,
                line.picked,
                line.packed,
                line.shipped,
                line.short,
                line.cancelled,
                line.ahead,
            )
            for request in requests
            for line in request.lines
        ],
    )


def load_requests_of_orders(tx: Transaction, order_ids: Sequence[int]) -> list[Request]:
    """Every request of some orders, with lines."""
    return _with_lines(tx, tx.tuples(_Q.load_requests_of_orders, order_ids=list(order_ids)))


def load_requests(tx: Transaction, fulfillment_ids: Sequence[int]) -> list[Request]:
    """Requests by id, with lines."""
    return _with_lines(tx, tx.tuples(_Q.load_requests, fulfillment_ids=list(fulfillment_ids)))


def load_open_at_site(tx: Transaction, site_id: int, limit: int) -> list[Request]:
    """What a site still has to ship, with lines."""
    return _with_lines(tx, tx.tuples(_Q.load_open_at_site, site_id=site_id, limit=limit))


def _with_lines(tx: Transaction, rows: Sequence[tuple[object, ...]]) -> list[Request]:
    requests = [Request(*row, lines=[]) for row in rows]  # pyright: ignore[reportArgumentType]  # columns as selected
    if not requests:
        return requests
    by_id = {request.fulfillment_id: request.lines for request in requests}
    for fulfillment_id, *line in tx.tuples(_Q.load_request_lines, fulfillment_ids=list(by_id)):
        by_id[fulfillment_id].append(RequestLine(*line))
    return requests


def update_requests(tx: Transaction, requests: Sequence[Request]) -> None:
    """Write what changed about requests and their lines."""
    tx.execute(
        _Q.update_requests,
        fulfillment_ids=[request.fulfillment_id for request in requests],
        states=[str(request.state) for request in requests],
        acknowledged_ats=[request.acknowledged_at for request in requests],
        shipped_ats=[request.shipped_at for request in requests],
        short_ats=[request.short_at for request in requests],
        carriers=[request.carrier for request in requests],
        trackings=[request.tracking for request in requests],
    )
    lines = [(request.fulfillment_id, line) for request in requests for line in request.lines]
    tx.execute(
        _Q.update_request_lines,
        fulfillment_ids=[fulfillment_id for fulfillment_id, _ in lines],
        line_nos=[line.line_no for _, line in lines],
        pickeds=[line.picked for _, line in lines],
        packeds=[line.packed for _, line in lines],
        shippeds=[line.shipped for _, line in lines],
        shorts=[line.short for _, line in lines],
        cancelleds=[line.cancelled for _, line in lines],
        aheads=[line.ahead for _, line in lines],
    )


def insert_confirmations(tx: Transaction, confirmations: Sequence[Confirmation]) -> None:
    """Append what sites reported."""
    tx.copy(
        _Q.confirmation,
        [
            (
                tx.merchant_id,
                item.message_id,
                item.fulfillment_id,
                item.kind,
                item.digest,
                item.occurred_at,
                tx.now,
                item.data,
            )
            for item in confirmations
        ],
    )


def load_confirmed(tx: Transaction, fulfillment_ids: Sequence[int]) -> set[tuple[int, str, int]]:
    """(fulfillment_id, kind, digest) of the reports that are known."""
    rows = tx.tuples(_Q.load_confirmed, fulfillment_ids=list(fulfillment_ids))
    return {(fulfillment_id, kind, digest) for fulfillment_id, kind, digest in rows}


def count_open(tx: Transaction) -> list[tuple[object, ...]]:
    """(site_id, state, requests, units, first released, first due for acknowledgement) of what is open."""
    return tx.tuples(_Q.count_open)


def load_short_picks(tx: Transaction, site_id: int, since: datetime) -> dict[int, datetime]:
    """SKU as it was sold -> when a site last did not find it."""
    return dict(tx.tuples(_Q.load_short_picks, site_id=site_id, since=since))
