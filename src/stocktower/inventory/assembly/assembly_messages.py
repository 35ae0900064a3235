"""What workshops say that they made: documents become requests, those of the inbox in batches."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from stocktower.exchange import AssemblyDocument, Message
from stocktower.platform import Transaction

from ..arrivals.goods_in import conclude, decode
from ..stock.wording import NotUsable, Words
from .assembling import assemble
from .assembly_rules import AssemblyRequest, NamedLot

_decode = msgspec.json.Decoder(AssemblyDocument).decode


def take_assemblies(tx: Transaction, messages: Sequence[Message]) -> None:
    """Inbox messages about assemblies; one that cannot be entered is put aside with a case that says why."""
    documents, problems = decode(messages, _decode)
    received = {message.message_id: message.received_at for message in messages}
    named = [one.sku for _, document in documents for one in (document, *document.lots)]
    words = Words(tx, named)
    items: list[AssemblyRequest] = []
    owners: list[int] = []
    for message_id, document in documents:
        try:
            request = read_assembly(document, words)
        except NotUsable as error:
            problems[message_id] = str(error)
        else:
            items.append(replace(request, occurred_at=request.occurred_at or received[message_id]))
            owners.append(message_id)
    for message_id, result in zip(owners, assemble(tx, items), strict=True):
        if result.problem:
            problems[message_id] = result.problem
    conclude(tx, messages, problems)


def read_assembly(document: AssemblyDocument, words: Words) -> AssemblyRequest:
    """A document in ids and stock units; raises NotUsable."""
    sku = words.sku(document.sku)
    if document.quantity < 1:
        raise NotUsable("quantity", f"{document.quantity} units", "state how many, from 1 on")
    if sku.kind != "assembled":
        fix = "state its materials with its product, or assemble another"
        raise NotUsable("sku", f"{sku.code} is not assembled of others", fix)
    units = words.units(sku, document.quantity, document.unit)
    lots = [NamedLot(words.sku(one.sku, "lots").sku_id, one.lot, one.quantity, one.expires_on) for one in document.lots]
    return AssemblyRequest(
        document.reference.strip(), sku.sku_id, words.site(document.site).site_id,
        -units if document.disassemble else units, tuple(lots), document.occurred_at,
    )  # fmt: skip
