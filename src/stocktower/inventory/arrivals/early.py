"""What comes before the order that it names: it waits, goes on by itself when that comes, and is a case if it does not.

Messages come in any order. A step of a transfer that nobody has ordered yet and a delivery under an inbound that nobody
has stated wait for it under its cause; whoever states it resumes them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from stocktower import exchange
from stocktower.exchange import Message
from stocktower.kernel import CaseKind
from stocktower.model import Configuration, load_applied
from stocktower.platform import Transaction, schedule
from stocktower.worklist import Raise, Waiter, close_by_cause, raise_cases

LOOK_FOR_ORDER = "goods.order"
"""Kind of due work: look again for what a message names; the key is the message."""
_LOOK_AFTER = timedelta(minutes=5)


def transfer_cause(reference: str) -> str:
    """What a step waits for: the transfer, or another step of it."""
    return f"transfer/{reference}"


def inbound_cause(reference: str) -> str:
    """What a delivery waits for: the order or advice that it names."""
    return f"inbound/{reference}"


def wait_of(configuration: Configuration) -> timedelta:
    """How long a message waits before somebody has to look."""
    return timedelta(hours=configuration.receiving.wait_hours)


def let_wait(tx: Transaction, messages: Iterable[Message], causes: Mapping[int, str]) -> None:
    """Messages wait for their causes; for one that has waited too long a case opens, and it goes on waiting.

    Who states what is waited for in this moment does not see who waits, so it is looked at again later too.
    """
    waiting = [one for one in messages if one.message_id in causes]
    if not waiting:
        return
    configuration = load_applied(tx).configuration
    patience = wait_of(configuration)
    exchange.wait(tx, [(one.message_id, causes[one.message_id]) for one in waiting])
    late = [one for one in waiting if one.received_at + patience <= tx.now]
    looks = {one.message_id: tx.now + _LOOK_AFTER * 2 ** min(one.attempts, 8) for one in waiting}
    for one in waiting:
        if one not in late:
            looks[one.message_id] = min(looks[one.message_id], one.received_at + patience)
    schedule(tx, LOOK_FOR_ORDER, list(looks.items()))
    if late:
        raise_cases(tx, configuration, [_case(tx, one, causes[one.message_id]) for one in late])


def look_for_orders(tx: Transaction, message_ids: Sequence[int]) -> None:
    """Look again for what messages name that still wait for it."""
    waiting = [one for one in exchange.view_messages(tx, message_ids) if one.work_state == "waiting"]
    exchange.resume(tx, sorted({one.cause for one in waiting}))


def close_waiting(tx: Transaction, messages: Iterable[Message]) -> None:
    """What was worked waits for nothing any more."""
    keys = [cause_key(one.message_id) for one in messages if one.attempts]
    if keys:
        close_by_cause(tx, CaseKind.REFERENCE_MISSING, keys, "what it names is known now")


def cause_key(message_id: int) -> str:
    """What identifies the case: the message."""
    return f"message/{message_id}"


def _case(tx: Transaction, message: Message, cause: str) -> Raise:
    what, _, reference = cause.partition("/")
    hours = (tx.now - message.received_at) // timedelta(hours=1)
    lacks = "has not left, as far as anybody says," if what == "transfer" else "nobody has stated"
    return Raise(
        kind=CaseKind.REFERENCE_MISSING,
        cause_key=cause_key(message.message_id),
        title=f"{message.kind} {message.key} from {message.source} has waited {hours} h for {what} {reference}, which "
        f"{lacks} yet",
        data={"waits_for": cause, "kind": message.kind, "source": message.source, "key": message.key},
        waiters=(Waiter("message", message.message_id),),
    )
