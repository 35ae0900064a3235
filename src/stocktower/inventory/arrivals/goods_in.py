"""What suppliers and sites say of goods that come: documents of the inbox become inbound and deliveries."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from stocktower import exchange
from stocktower.exchange import InboundDocument, Message, ReceiptDocument
from stocktower.kernel import CaseKind
from stocktower.model import load_applied
from stocktower.platform import Transaction
from stocktower.worklist import Raise, Waiter, raise_cases

from ..coming import inbound_store
from ..coming.arrival_rules import DeliveredLine, Delivery
from ..coming.inbound_rules import TRANSFER, StatedInbound
from ..formulas.model import AVAILABLE
from ..stock.wording import NotUsable, Words
from .arrivals import receive_deliveries
from .early import close_waiting, inbound_cause, let_wait
from .inbound import record_inbound

T = TypeVar("T")

NOTHING: Mapping[int, str] = {}
DAMAGED = "damaged"
_decode_inbound = msgspec.json.Decoder(InboundDocument).decode
_decode_receipt = msgspec.json.Decoder(ReceiptDocument).decode


def take_inbound(tx: Transaction, messages: Sequence[Message]) -> None:
    """Inbox messages about goods on their way; one that cannot be meant is put aside with a case that says why."""
    documents, problems = decode(messages, _decode_inbound)
    words = Words(tx, [line.sku for _, document in documents for line in document.lines])
    items: list[StatedInbound] = []
    owners: list[int] = []
    for message_id, document in documents:
        try:
            stated = read_inbound(document, words, message_id)
        except NotUsable as error:
            problems[message_id] = str(error)
        else:
            items += stated
            owners += [message_id] * len(stated)
    for message_id, result in zip(owners, record_inbound(tx, items), strict=True):
        if result.problem:
            problems.setdefault(message_id, result.problem)
    conclude(tx, messages, problems)


def take_receipts(tx: Transaction, messages: Sequence[Message], *, unstated: bool = False) -> None:
    """Inbox messages about deliveries; one that cannot be entered is put aside with a case that says why.

    One that comes before the inbound that it names waits for it, unless `unstated` ones are to be taken as they are.
    """
    documents, problems = decode(messages, _decode_receipt)
    received = {message.message_id: message.received_at for message in messages}
    words = Words(tx, [line.sku for _, document in documents for line in document.lines])
    items: list[Delivery] = []
    for message_id, document in documents:
        try:
            at = min(document.received_at or received[message_id], tx.now)
            items.append(read_receipt(document, words, at, message_id))
        except NotUsable as error:
            problems[message_id] = str(error)
    early = {} if unstated else find_early(tx, items)
    items = [item for item in items if item.message_id not in early]
    for item, result in zip(items, receive_deliveries(tx, items), strict=True):
        if result.problem:
            problems[item.message_id] = result.problem
    conclude(tx, messages, problems, early)


def find_early(tx: Transaction, items: Sequence[Delivery]) -> dict[int, str]:
    """What deliveries wait for, by message: an inbound of which nobody has said anything yet."""
    references = sorted({item.inbound for item in items if item.inbound})
    if not references:
        return {}
    known = {one.reference for one in inbound_store.load_inbound_of_references(tx, references)}
    unknown = [item for item in items if item.inbound and item.inbound not in known]
    entered = inbound_store.find_receipts(tx, [(one.site_id, one.reference) for one in unknown]) if unknown else {}
    return {
        one.message_id: inbound_cause(one.inbound) for one in unknown if (one.site_id, one.reference) not in entered
    }


def read_inbound(document: InboundDocument, words: Words, message_id: int = 0) -> list[StatedInbound]:
    """A document in ids and stock units; raises NotUsable."""
    if document.kind == TRANSFER:
        raise NotUsable("kind", "a transfer makes its own inbound", "order the transfer")
    if not document.lines:
        raise NotUsable("lines", "nothing is stated", "state what will come")
    site = words.site(document.site)
    items: list[StatedInbound] = []
    for line in document.lines:
        sku = words.sku(line.sku)
        items.append(
            StatedInbound(
                reference=document.reference,
                sku_id=sku.sku_id,
                site_id=site.site_id,
                quantity=words.units(sku, line.quantity, line.unit),
                expected_at=line.expected_at,
                confirmed=document.confirmed,
                kind=document.kind,
                line=line.line,
                lot=line.lot,
                supplier=document.supplier,
                cost_minor=words.cost(sku, line.cost_minor, line.unit),
                occurred_at=document.stated_at,
                reference_id=message_id,
            )
        )
    return items


def read_receipt(document: ReceiptDocument, words: Words, received_at: datetime, message_id: int = 0) -> Delivery:
    """A document in ids and stock units; raises NotUsable."""
    site = words.site(document.site)
    lines: list[DeliveredLine] = []
    for line in document.lines:
        sku = words.sku(line.sku)
        if line.quantity < 0 or line.damaged < 0:
            raise NotUsable("quantity", f"{line.sku} states less than nothing", "state what came in, as a whole")
        cost = words.cost(sku, line.cost_minor, line.unit)
        for status, quantity in ((AVAILABLE, line.quantity), (DAMAGED, line.damaged)):
            if quantity:
                units = words.units(sku, quantity, line.unit)
                lot = words.lot(sku, line.lot, units)
                put = line.bin if site.bins and status == AVAILABLE else ""
                lines.append(DeliveredLine(sku.sku_id, units, status, lot, cost, line.line, line.expires_on, put))
    return Delivery(
        document.reference,
        site.site_id,
        received_at,
        tuple(lines),
        document.inbound,
        document.complete,
        message_id,
    )


def decode(messages: Sequence[Message], read: Callable[[bytes], T]) -> tuple[list[tuple[int, T]], dict[int, str]]:
    """(message_id, document) of what can be read, and what is wrong with the others."""
    documents: list[tuple[int, T]] = []
    problems: dict[int, str] = {}
    for message in messages:
        try:
            documents.append((message.message_id, read(message.body)))
        except msgspec.MsgspecError as error:
            problems[message.message_id] = f"not a {message.kind}: {error}"
    return documents, problems


def conclude(
    tx: Transaction, messages: Sequence[Message], problems: Mapping[int, str], early: Mapping[int, str] = NOTHING
) -> None:
    """Finish what was worked, let wait what is early, and put aside what was refused, each with a case."""
    done = [one for one in messages if one.message_id not in problems and one.message_id not in early]
    exchange.finish(tx, [one.message_id for one in done])
    close_waiting(tx, done)
    let_wait(tx, messages, early)
    refused = [one for one in messages if one.message_id in problems]
    for one in refused:
        exchange.park(tx, one.message_id, problems[one.message_id])
    if refused:
        raise_cases(
            tx, load_applied(tx).configuration, [_parked(message, problems[message.message_id]) for message in refused]
        )


def _parked(message: Message, problem: str) -> Raise:
    return Raise(
        kind=CaseKind.PARKED_MESSAGE,
        cause_key=f"message/{message.message_id}",
        title=f"{message.kind} {message.key} could not be entered: {problem}",
        data={"problem": problem, "source": message.source, "key": message.key},
        waiters=(Waiter("message", message.message_id),),
    )
