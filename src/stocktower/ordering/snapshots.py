"""Takes what sites say they hold, from the inbox: part by part, and what a whole site leaves out when all are in."""

from collections.abc import Sequence

import msgspec

from stocktower import catalog, exchange, inventory, worklist
from stocktower.exchange import Message, StockDocument
from stocktower.platform import Transaction

from . import store
from .acts import NotPossible
from .service import Desk, parked
from .supply import take_snapshot

_decode = msgspec.json.Decoder(StockDocument).decode


def take_stock(tx: Transaction, messages: Sequence[Message]) -> None:
    """Make stock what sites say it is; what that cuts from under orders that are not released waits again.

    What it adds is given to who waits when its event is read (resume_events). Raises inventory.StockMoved: run again.
    """
    desk = Desk(tx)
    refused: list[tuple[Message, str]] = []
    documents: list[tuple[Message, StockDocument]] = []
    for message in messages:
        try:
            documents.append((message, _decode(message.body)))
        except msgspec.MsgspecError as error:
            refused.append((message, f"not a snapshot: {error}"))
    # A last part may have to wait for the others, and who waits takes no more locks.
    for message, document in sorted(documents, key=lambda one: one[1].complete):
        if document.site not in desk.network.site_ids:
            known = ", ".join(sorted(desk.network.site_ids))
            refused.append((message, f"{document.site} is not a site of the applied configuration; one of: {known}"))
        elif document.complete:
            _take_whole(desk, message, document)
        else:
            take_snapshot(desk, document, message.message_id)
            exchange.finish(tx, [message.message_id])
    # A part that is done may have been the last that its whole site waited for.
    causes = sorted({inventory.whole_cause(one.key) for one, document in documents if not document.complete})
    exchange.lock_causes(tx, causes)
    exchange.resume(tx, causes)
    for message, problem in refused:
        exchange.park(tx, message.message_id, problem)
    if refused:
        worklist.raise_cases(tx, desk.configuration, [parked(message, problem) for message, problem in refused])


def _take_whole(desk: Desk, message: Message, document: StockDocument) -> None:
    """The last part of a whole site: what none of its parts names is none, unless that is too much to be believed."""
    tx, message_id = desk.tx, message.message_id
    whole = inventory.load_whole(tx, desk.network, message, document)
    if whole is None:
        exchange.lock_causes(tx, [inventory.whole_cause(message.key)])
        whole = inventory.load_whole(tx, desk.network, message, document)
    if whole is None:
        inventory.let_wait(tx, [message], {message_id: inventory.whole_cause(message.key)})
        return
    lines = (*document.lines, *(() if whole.asks else whole.lines))
    if lines:
        left_out = [(row.sku_id, row.status, row.owner, row.lot) for row in whole.rest.rows]
        take_snapshot(desk, msgspec.structs.replace(document, lines=lines), message_id, left_out=left_out)
    inventory.settle_whole(tx, desk.network, message, document, whole)


def accept_rest(tx: Transaction, message_ids: Sequence[int]) -> list[str]:
    """A person says that what the newest of some snapshots of a whole site leaves out is gone.

    Raises NotPossible, StockMoved.
    """
    desk = Desk(tx)
    message = exchange.load_messages(tx, [max(message_ids)])[0]
    document = _decode(message.body)
    whole = inventory.load_whole(tx, desk.network, message, document)
    if whole is None:
        raise NotPossible("an earlier part of the snapshot is not done yet; see to that first")
    if whole.lines:
        gone = msgspec.structs.replace(document, lines=whole.lines, all_lots=False)
        take_snapshot(desk, gone, message.message_id, accepted=True)
    exchange.finish(tx, message_ids)
    rows, units = len(whole.lines), whole.rest.units
    return [f"{rows:,} rows of {document.site} hold nothing: {units:,} units less, as of its instant"]


def accept_differences(tx: Transaction, message_ids: Sequence[int], sku_ids: Sequence[int]) -> list[str]:
    """A person says that what snapshots state of some SKUs is right, though it differs by much. Raises StockMoved."""
    desk = Desk(tx)
    codes = {sku.code for sku in catalog.load_skus(tx, sku_ids).values()}
    documents: list[tuple[int, StockDocument]] = []
    for message in exchange.load_messages(tx, sorted(message_ids)):
        document = _decode(message.body)
        named = catalog.find_skus(tx, {line.sku for line in document.lines})
        lines = tuple(line for line in document.lines if line.sku in named and named[line.sku].code in codes)
        if lines:
            documents.append((message.message_id, msgspec.structs.replace(document, lines=lines)))
    # All orders are locked before any stock.
    orders = {order_id for _, one in documents for order_id in inventory.load_snapshot_orders(tx, one)}
    store.lock_orders(tx, sorted(orders))
    inventory.lock_supply(tx, sorted(sku_ids))
    notes: list[str] = []
    for message_id, document in documents:
        done = take_snapshot(desk, document, message_id, accepted=True)
        notes.append(f"{done.changed:,} SKUs of {document.site} are taken over as stated in message {message_id}")
    return notes
