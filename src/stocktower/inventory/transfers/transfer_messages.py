"""What sites say of transfers: documents of the inbox become steps."""

from collections.abc import Sequence

import msgspec

from stocktower.exchange import Message, TransferDocument
from stocktower.platform import Transaction

from ..arrivals.goods_in import conclude, decode
from ..stock.wording import NotUsable, Words
from .transfer_rules import StepLine, TransferStep
from .transfers import take_steps

_decode = msgspec.json.Decoder(TransferDocument).decode


def take_transfers(tx: Transaction, messages: Sequence[Message]) -> None:
    """Inbox messages about transfers; one that cannot be entered is put aside with a case that says why."""
    documents, problems = decode(messages, _decode)
    words = Words(tx, [line.sku for _, document in documents for line in document.lines])
    steps: list[TransferStep] = []
    for message_id, document in documents:
        try:
            steps.append(read_transfer(document, words, message_id))
        except NotUsable as error:
            problems[message_id] = str(error)
    for step, result in zip(steps, take_steps(tx, steps), strict=True):
        if result.problem:
            problems[step.message_id] = result.problem
    conclude(tx, messages, problems)


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
