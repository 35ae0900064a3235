"""Cases that the edge itself opens: what was parked, kept rows, authorisations about to lapse."""

from collections.abc import Sequence

from stocktower import exchange, model, network, ordering, payments
from stocktower.kernel import CaseKind
from stocktower.platform import RecordedEvent, Transaction
from stocktower.worklist import Raise, Waiter, raise_cases


def open_case(tx: Transaction, *items: Raise) -> int:
    """Open cases under the applied configuration's policy; returns how many there were."""
    raise_cases(tx, model.load_applied(tx).configuration, items)
    return len(items)


def parked_message(message: exchange.Message, problem: str) -> Raise:
    """The case of a message that cannot be digested."""
    return Raise(
        kind=CaseKind.PARKED_MESSAGE,
        cause_key=f"message/{message.message_id}",
        title=f"{message.kind} {message.key} from {message.source} could not be worked",
        data={"problem": problem, "source": message.source, "key": message.key},
        waiters=(waiter("message", message.message_id),),
    )


def unmapped_listing(channel: network.ChannelFacts, message: exchange.Message, problem: str) -> Raise:
    """The case of a listing that its channel states and that is not mapped: the same one as of orders that wait."""
    return Raise(
        kind=CaseKind.UNMAPPED_LISTING,
        cause_key=f"{channel.code}/{message.key}",
        title=f"{channel.name} sells {message.key}, which is not mapped to a SKU",
        data={
            "channel_id": channel.channel_id, "channel": channel.code, "listing": message.key, "problem": problem,
        },
        waiters=(waiter("message", message.message_id),),
    )  # fmt: skip


def parked_event(subscriber: str, event: RecordedEvent, problem: str) -> Raise:
    """The case of an event that a subscriber cannot digest."""
    return Raise(
        kind=CaseKind.PARKED_MESSAGE,
        cause_key=f"{subscriber}/{event.position}",
        title=f"{subscriber} could not digest {event.kind} at position {event.position}",
        data={"problem": problem, "subscriber": subscriber, "position": event.position},
        waiters=(waiter(event.subject, event.subject_id),),
    )


def parked_due(kind: str, key: int, subject: str, problem: str) -> Raise:
    """The case of a deadline that cannot be worked."""
    return Raise(
        kind=CaseKind.PARKED_MESSAGE,
        cause_key=f"{kind}/{key}",
        title=f"{kind} of {subject} {key} could not be worked",
        data={"problem": problem, "due": kind, "key": key},
        waiters=(waiter(subject, key),),
    )


def kept_rows(tx: Transaction, kept: Sequence[tuple[int, exchange.KeptRow]]) -> int:
    """One case for each row (or order) that could not be read; returns how many were opened."""
    return open_case(
        tx,
        *(
            Raise(
                kind=CaseKind.UNREADABLE_ROW,
                cause_key=f"message/{message_id}",
                title=f"{row.file} line {row.line}: {row.problem}",
                data={"file": row.file, "line": row.line, "column": row.column, "problem": row.problem, "fix": row.fix},
                waiters=(waiter("message", message_id),),
            )
            for message_id, row in kept
        ),
    )


def waiter(subject: str, subject_id: int) -> Waiter:
    """A waiter without money."""
    return Waiter(subject=subject, subject_id=subject_id, units=0, money_minor=0, due_at=None)


def authorisations_expiring(tx: Transaction, payment_ids: Sequence[int]) -> None:
    """Payments whose authorisation lapses within a day and is not captured yet: one case each."""
    running = payments.load_expiring(tx, payment_ids)
    if not running:
        return
    facts = network.load_network(tx)
    orders = {row.order_id: row for row in ordering.load_rows(tx, facts, [payment.order_id for payment in running])}
    open_case(
        tx,
        *(
            Raise(
                kind=CaseKind.AUTHORISATION_EXPIRING,
                cause_key=f"payment/{payment.payment_id}",
                title=f"The authorisation of order {orders[payment.order_id].number} lapses",
                data={
                    "order": orders[payment.order_id].number,
                    "method": payment.method,
                    "amount_minor": payment.amount_minor,
                    "currency": payment.currency,
                    "until": str(payment.authorized_until),
                },
                waiters=(
                    Waiter(
                        subject="order",
                        subject_id=payment.order_id,
                        units=orders[payment.order_id].units,
                        money_minor=orders[payment.order_id].book_total_minor,
                        due_at=payment.authorized_until,
                    ),
                ),
            )
            for payment in running
        ),
    )
