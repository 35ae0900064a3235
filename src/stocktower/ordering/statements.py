"""What people state: a payment was captured, an authorisation runs longer, a doubtful count is right."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import structs

from stocktower import catalog, inventory, payments, worklist
from stocktower.exchange import StockDocument
from stocktower.kernel import CaseKind
from stocktower.payments import Payment
from stocktower.platform import Transaction

from . import store
from .acts import NotPossible, act
from .changes import clear_hold
from .model import Facts, HoldName, Order, Plan
from .service import Desk
from .supply import take_snapshot


def capture_payment(tx: Transaction, payment_id: int) -> list[str]:
    """A person says that an authorised payment was captured. Raises NotPossible."""

    def decide(payment: Payment) -> Payment:
        if payment.state != payments.State.AUTHORIZED:
            raise NotPossible(f"the payment is {payment.state}; only an authorised one can be captured")
        return payments.capture(payment)

    return _restate(tx, payment_id, decide)


def extend_authorization(tx: Transaction, payment_id: int, until: datetime) -> list[str]:
    """A person says that an authorisation runs until an instant. Raises NotPossible."""

    def decide(payment: Payment) -> Payment:
        if payment.state != payments.State.AUTHORIZED:
            raise NotPossible(f"the payment is {payment.state}; only an authorised one can run longer")
        return structs.replace(payment, authorized_until=until)

    return [*_restate(tx, payment_id, decide), f"authorised until {until:%Y-%m-%d %H:%M} UTC"]


def _restate(tx: Transaction, payment_id: int, decide: Callable[[Payment], Payment]) -> list[str]:
    """Change one payment of an order, and let the order go on."""
    known = payments.load_payment(tx, payment_id)
    if known is None:
        raise NotPossible("there is no such payment")

    def apply(order: Order, facts: Facts, plan: Plan) -> None:
        before = payments.load_payments(tx, [order.order_id])[order.order_id]
        after = [decide(one) if one.payment_id == payment_id else one for one in before]
        payments.change_payments(tx, [one for one in after if one.payment_id == payment_id])
        channel = facts.network.channels[order.channel_id]
        plan.events += payments.decide_payment_changes(before, after, channel, tx.now)
        order.payment_state = payments.payment_state(after, order.total_minor)
        if order.open_hold(HoldName.PAYMENT):
            clear_hold(order, HoldName.PAYMENT, tx.actor, tx.now, plan)

    said = act(tx, [known.order_id], apply)
    worklist.close_by_cause(tx, CaseKind.AUTHORISATION_EXPIRING, [f"payment/{payment_id}"], "settled by a person")
    return said


def take_again(tx: Transaction, document: StockDocument, message_id: int) -> inventory.SnapshotResult:
    """Take a snapshot again, now that what its rows name is known; rows that were applied already stay as they are.

    Raises inventory.StockMoved: run again.
    """
    return take_snapshot(Desk(tx), document, message_id)


def take_count(
    tx: Transaction, document: StockDocument, message_id: int, *, sheet_id: int = 0
) -> inventory.SnapshotResult:
    """A person says that a count is right, in stock units as it stands in the document.

    It is of a message (a doubtful one), or of a count sheet. Raises inventory.StockMoved: run again.
    """
    factors = dict.fromkeys((line.sku for line in document.lines), 1)
    return take_snapshot(Desk(tx), document, message_id, factors, sheet_id=sheet_id)


def take_counts(tx: Transaction, documents: Sequence[StockDocument], message_id: int) -> list[inventory.SnapshotResult]:
    """A person says that several counts are right; all orders are locked before any stock. Raises StockMoved."""
    orders = {order_id for one in documents for order_id in inventory.load_snapshot_orders(tx, one)}
    store.lock_orders(tx, sorted(orders))
    codes = {line.sku for one in documents for line in one.lines}
    inventory.lock_supply(tx, sorted(sku.sku_id for sku in catalog.find_stocked(tx, codes).values()))
    return [take_count(tx, one, message_id) for one in documents]
