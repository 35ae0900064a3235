"""The statements of the room, one typed function each."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from stocktower.platform import Transaction, load_queries

from .model import Hold, Line, LinePromise, Order, Precedence

_Q = load_queries(__package__)


def insert_orders(tx: Transaction, orders: Iterable[Order]) -> None:
    """Append new orders with their lines and holds."""
    merchant_id = tx.merchant_id
    headers: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    holds: list[tuple[int, Hold]] = []
    for order in orders:
        headers.append(_header(merchant_id, order))
        order_id = order.order_id
        for line in order.lines:
            lines.append(_line(merchant_id, order_id, line))
        if order.holds:
            holds += [(order_id, hold) for hold in order.holds.values()]
    tx.copy(_Q.order_header, headers)
    tx.copy(_Q.line, lines)
    upsert_holds(tx, holds)


def _header(merchant_id: int, order: Order) -> tuple[Any, ...]:
    return (
        merchant_id,
        order.order_id,
        order.channel_id,
        order.order_ref,
        order.number,
        order.message_id,
        order.configuration_version,
        order.is_history,
        order.placed_at,
        order.captured_at,
        order.released_at,
        order.ship_by_at,
        order.priority,
        order.currency,
        order.tax_included,
        order.marketplace_tax,
        order.terms_days,
        order.goods_minor,
        order.discount_minor,
        order.shipping_minor,
        order.tax_minor,
        order.duties_minor,
        order.total_minor,
        order.refunded_minor,
        order.refunded_before_minor,
        order.book_total_minor,
        order.ship_country,
        order.ship_region,
        order.step,
        order.waits_for,
        order.fulfillment_state,
        order.payment_state,
        order.return_state,
        order.revision,
    )


def _line(merchant_id: int, order_id: int, line: Line) -> tuple[Any, ...]:
    return (
        merchant_id,
        order_id,
        line.line_no,
        line.line_ref,
        line.listing,
        line.name,
        line.sku_id,
        line.pack_quantity,
        line.ordered,
        line.open,
        line.backordered,
        line.allocated,
        line.released,
        line.shipped,
        line.cancelled,
        line.priced,
        line.goods_minor,
        line.discount_minor,
        line.shipping_minor,
        line.tax_minor,
        line.duties_minor,
        line.refunded_minor,
        line.ships,
    )


def insert_lines(tx: Transaction, lines: Sequence[tuple[int, Line]]) -> None:
    """Append lines that joined an order."""
    tx.copy(_Q.line, [_line(tx.merchant_id, order_id, line) for order_id, line in lines])


def lock_orders_by_ref(tx: Transaction, refs: Sequence[tuple[int, str]]) -> list[Order]:
    """The known ones of orders given as (channel_id, order_ref), locked in id order, without lines."""
    rows = tx.tuples(
        _Q.lock_orders_by_ref,
        channel_ids=[channel_id for channel_id, _ in refs],
        order_refs=[order_ref for _, order_ref in refs],
    )
    return [Order(*row) for row in rows]


def lock_orders(tx: Transaction, order_ids: Iterable[int]) -> list[Order]:
    """Orders by id, locked in id order, without lines."""
    return [Order(*row) for row in tx.tuples(_Q.lock_orders, order_ids=sorted(set(order_ids)))]


def find_orders_by_number(
    tx: Transaction, names: Sequence[str], channel_ids: Sequence[int]
) -> list[tuple[str, int, int]]:
    """(name, order_id, channel_id) of the orders with these numbers or references."""
    rows = tx.tuples(_Q.find_orders_by_number, names=list(names), channel_ids=list(channel_ids))
    return [(name, order_id, channel_id) for name, order_id, channel_id in rows]


def load_lines(tx: Transaction, order_ids: Sequence[int]) -> list[tuple[int, Line]]:
    """(order_id, line) of some orders, in order."""
    return [(row[0], Line(*row[1:])) for row in tx.tuples(_Q.load_lines, order_ids=list(order_ids))]


def load_accepted(tx: Transaction, order_ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Lines of some orders that stand for a SKU and are sent, as AcceptedLine has them."""
    return tx.tuples(_Q.load_accepted, order_ids=list(order_ids))


def load_holds(tx: Transaction, order_ids: Sequence[int]) -> list[tuple[int, Hold]]:
    """(order_id, hold) of some orders, also of holds that were cleared."""
    return [(row[0], Hold(*row[1:])) for row in tx.tuples(_Q.load_holds, order_ids=list(order_ids))]


def upsert_holds(tx: Transaction, holds: Sequence[tuple[int, Hold]]) -> None:
    """Write holds that were set or cleared."""
    last = {(order_id, str(hold.name)): hold for order_id, hold in holds}
    if not last:
        return
    tx.execute(
        _Q.upsert_holds,
        order_ids=[order_id for order_id, _ in last],
        names=[name for _, name in last],
        reasons=[hold.reason for hold in last.values()],
        set_ats=[hold.set_at for hold in last.values()],
        set_bys=[hold.set_by for hold in last.values()],
        cleared_ats=[hold.cleared_at for hold in last.values()],
        cleared_bys=[hold.cleared_by for hold in last.values()],
    )


def update_orders(tx: Transaction, orders: Sequence[Order]) -> None:
    """Write what changed about orders."""
    if not orders:
        return
    tx.execute(
        _Q.update_orders,
        order_ids=[order.order_id for order in orders],
        message_ids=[order.message_id for order in orders],
        released_ats=[order.released_at for order in orders],
        ship_by_ats=[order.ship_by_at for order in orders],
        goods_minors=[order.goods_minor for order in orders],
        discount_minors=[order.discount_minor for order in orders],
        shipping_minors=[order.shipping_minor for order in orders],
        tax_minors=[order.tax_minor for order in orders],
        duties_minors=[order.duties_minor for order in orders],
        total_minors=[order.total_minor for order in orders],
        refunded_minors=[order.refunded_minor for order in orders],
        refunded_before_minors=[order.refunded_before_minor for order in orders],
        book_total_minors=[order.book_total_minor for order in orders],
        ship_countries=[order.ship_country for order in orders],
        ship_regions=[order.ship_region for order in orders],
        steps=[order.step for order in orders],
        waits_fors=[order.waits_for for order in orders],
        fulfillment_states=[order.fulfillment_state for order in orders],
        payment_states=[order.payment_state for order in orders],
        revisions=[order.revision for order in orders],
    )


def update_states(tx: Transaction, orders: Sequence[Order]) -> None:
    """Write where orders stand."""
    if orders:
        tx.execute(
            _Q.update_states,
            order_ids=[order.order_id for order in orders],
            steps=[order.step for order in orders],
            waits_fors=[order.waits_for for order in orders],
            fulfillment_states=[order.fulfillment_state for order in orders],
        )


def update_lines(tx: Transaction, lines: Sequence[tuple[int, Line]]) -> None:
    """Write what changed about lines."""
    if not lines:
        return
    changed = [line for _, line in lines]
    tx.execute(
        _Q.update_lines,
        order_ids=[order_id for order_id, _ in lines],
        line_nos=[line.line_no for line in changed],
        sku_ids=[line.sku_id for line in changed],
        pack_quantities=[line.pack_quantity for line in changed],
        ordereds=[line.ordered for line in changed],
        opens=[line.open for line in changed],
        backordereds=[line.backordered for line in changed],
        allocateds=[line.allocated for line in changed],
        releaseds=[line.released for line in changed],
        shippeds=[line.shipped for line in changed],
        cancelleds=[line.cancelled for line in changed],
        priceds=[line.priced for line in changed],
        goods_minors=[line.goods_minor for line in changed],
        discount_minors=[line.discount_minor for line in changed],
        shipping_minors=[line.shipping_minor for line in changed],
        tax_minors=[line.tax_minor for line in changed],
        duties_minors=[line.duties_minor for line in changed],
        refunded_minors=[line.refunded_minor for line in changed],
    )


def find_unmapped(tx: Transaction, listings: Sequence[tuple[int, str]]) -> list[int]:
    """Orders that wait for one of these (channel_id, listing); channel 0: any."""
    return tx.values(
        _Q.find_unmapped,
        channel_ids=[channel_id for channel_id, _ in listings],
        listings=[listing for _, listing in listings],
    )


def load_promises(tx: Transaction, order_ids: Sequence[int]) -> dict[int, tuple[int, datetime | None]]:
    """What some orders are worth in book currency, and until when they were promised."""
    rows = tx.tuples(_Q.load_promises, order_ids=list(order_ids))
    return {order_id: (book_minor, ship_by_at) for order_id, book_minor, ship_by_at in rows}


def find_matching(tx: Transaction, **wanted: Any) -> list[tuple[int, datetime]]:
    """(order_id, placed_at) of the orders that a filter asks for, by the index that leaves the fewest to look at."""
    if wanted["sku_ids"]:
        rows = tx.tuples(_Q.find_with_skus, **wanted)
    else:
        rows = tx.tuples(_Q.find_matching if wanted["is_done"] is not False else _Q.find_under_way, **wanted)
    return [(order_id, placed_at) for order_id, placed_at in rows]


def find_by_beginning(
    tx: Transaction, text: str, channel_ids: Sequence[int], before: tuple[datetime, int], limit: int
) -> list[tuple[int, datetime]]:
    """(order_id, placed_at) of the orders whose number or reference begins with a text."""
    rows = tx.tuples(
        _Q.find_by_beginning,
        text=text,
        channel_ids=list(channel_ids),
        before_at=before[0],
        before_id=before[1],
        limit=limit,
    )
    return [(order_id, placed_at) for order_id, placed_at in rows]


def load_rows(tx: Transaction, order_ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Orders as they stand in lists, with the channel's id, in no order."""
    return tx.tuples(_Q.load_rows, order_ids=list(order_ids))


def load_order(tx: Transaction, order_id: int) -> Order | None:
    """One order without lines, and without a lock."""
    rows = tx.tuples(_Q.load_order, order_id=order_id)
    return Order(*rows[0]) if rows else None


def count_flow(tx: Transaction) -> list[tuple[Any, ...]]:
    """(step, waits for, orders, oldest placed, book money, past their promise) of what is not done."""
    return tx.tuples(_Q.count_flow)


def count_states(tx: Transaction) -> dict[str, int]:
    """Orders by fulfillment state."""
    return dict(tx.tuples(_Q.count_states))


def count_untouched(tx: Transaction) -> tuple[int, int]:
    """(orders that are not history, those that nothing ever held up)."""
    rows = tx.tuples(_Q.count_untouched)
    return rows[0][0], rows[0][1]


def load_line_promises(tx: Transaction, order_ids: Sequence[int]) -> list[tuple[int, LinePromise]]:
    """(order_id, promise) of lines of some orders that were not served from stock at once."""
    rows = tx.tuples(_Q.load_line_promises, order_ids=list(order_ids)) if order_ids else []
    return [(row[0], LinePromise(*row[1:])) for row in rows]


def upsert_line_promises(tx: Transaction, promises: Sequence[tuple[int, LinePromise]]) -> None:
    """Write promises that are new or changed."""
    last = {(order_id, promise.line_no): promise for order_id, promise in promises}
    if not last:
        return
    tx.execute(
        _Q.upsert_line_promises,
        order_ids=[order_id for order_id, _ in last],
        line_nos=[line_no for _, line_no in last],
        firsts=[one.first_on for one in last.values()],
        promiseds=[one.promised_on for one in last.values()],
        tolds=[one.told_on for one in last.values()],
        inbound_ids=[one.inbound_id for one in last.values()],
        brokens=[one.broken_by for one in last.values()],
    )


def find_broken(tx: Transaction, inbound_id: int) -> list[int]:
    """The orders whose promise cannot be kept because of an inbound."""
    return tx.values(_Q.find_broken, inbound_id=inbound_id)


def insert_precedences(tx: Transaction, orders: Iterable[Order]) -> None:
    """Append why new orders rank as they do; nothing of those that no rule fits."""
    merchant_id = tx.merchant_id
    rows = [
        (merchant_id, order.order_id, one.rank, one.rule, list(one.reasons), one.takes, one.gives, one.protect_hours)
        for order in orders
        if (one := order.precedence) is not None
    ]
    if rows:
        tx.copy(_Q.precedence, rows)


def load_precedences(tx: Transaction, order_ids: Sequence[int]) -> list[tuple[int, Precedence]]:
    """(order_id, why it ranks as it does) of orders that a rule fits."""
    rows = tx.tuples(_Q.load_precedences, order_ids=list(order_ids)) if order_ids else []
    return [(row[0], Precedence(row[1], row[2], tuple(row[3]), *row[4:])) for row in rows]


def find_givers(tx: Transaction, order_ids: Sequence[int], limit: int) -> list[int]:
    """Orders that have what some orders lack, rank after them and may give it, the last in rank first."""
    return tx.values(_Q.find_givers, order_ids=list(order_ids), limit=limit) if order_ids else []
