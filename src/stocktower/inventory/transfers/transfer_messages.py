"""What sites say of transfers: documents of the inbox become steps."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from stocktower.exchange import Message, TransferDocument
from stocktower.platform import Transaction

from ..arrivals.early import transfer_cause
from ..arrivals.goods_in import conclude, decode
from ..stock.wording import NotUsable, Words
from .transfer_rules import STEPS, StepLine, TransferStep
from .transfers import take_steps

_decode = msgspec.json.Decoder(TransferDocument).decode


def take_transfers(tx: Transaction, messages: Sequence[Message]) -> None:
    """Inbox messages about transfers; one that cannot be entered is put aside with a case that says why.

    Of those that come together, what happens first is entered first; one that is still too early waits.
    """
    documents, problems = decode(messages, _decode)
    received = {message.message_id: message.received_at for message in messages}
    words = Words(tx, [line.sku for _, document in documents for line in document.lines])
    steps: list[TransferStep] = []
    for message_id, document in documents:
        try:
            at = document.occurred_at or received[message_id]
            steps.append(replace(read_transfer(document, words, message_id), occurred_at=at))
        except NotUsable as error:
            problems[message_id] = str(error)
    steps.sort(key=lambda step: STEPS.index(step.step) if step.step in STEPS else 0)
    early: dict[int, str] = {}
    for step, result in zip(steps, take_steps(tx, steps), strict=True):
        if result.is_early:
            early[step.message_id] = transfer_cause(step.reference)
        elif result.problem:
            problems[step.message_id] = result.problem
    conclude(tx, messages, problems, early)


def read_transfer(document: TransferDocument, words: Words, message_id: int = 0) -> TransferStep:
    """A document in ids and stock units; raises NotUsable."""
    lines: list[StepLine] = []
    for line in document.lines:
        sku = words.sku(line.sku)
        if line.quantity < 0 or line.damaged < 0:
            raise NotUsable("quantity", f"{line.sku} states less than nothing", "state whole units that moved")
        units, damaged = (words.units(sku, quantity, line.unit) for quantity in (line.quantity, line.damaged))
        lines.append(StepLine(sku.sku_id, units, damaged, line.lot))
    origin = words.site(document.origin, "from").site_id if document.origin else 0
    destination = words.site(document.destination, "to").site_id if document.destination else 0
    return TransferStep(
        document.reference,
        document.step,
        tuple(lines),
        origin,
        destination,
        document.occurred_at,
        document.expected_at,
        document=document.document,
        message_id=message_id,
    )
