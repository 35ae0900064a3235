"""What a person or a system states of goods that move, entered at once: the same documents as those of the inbox.

Each raises NotUsable, with the field and the fix, where it cannot be entered; then nothing changed.
"""

from msgspec import Struct
from msgspec.structs import replace

from stocktower.access import record_act
from stocktower.catalog import load_skus
from stocktower.exchange import (
    AdjustmentDocument,
    AssemblyDocument,
    BinMoveDocument,
    InboundDocument,
    ReceiptDocument,
    TransferDocument,
)
from stocktower.platform import Transaction

from .adjustments.adjusting import adjust_stock, read_adjustment
from .arrivals.arrivals import receive_deliveries
from .arrivals.goods_in import find_early, read_inbound, read_receipt
from .arrivals.inbound import record_inbound
from .assembly.assembling import assemble
from .assembly.assembly_messages import read_assembly
from .bin_moves.moving import move_in_bins, read_bin_moves
from .stock.wording import NotUsable, Words
from .transfers.transfer_messages import read_transfer
from .transfers.transfers import take_steps


class Stated(Struct, frozen=True):
    """What became of a document."""

    kind: str
    reference: str
    state: str
    """entered, corrected, repeated; of a transfer and an adjustment the state that it is in; of bin moves moved or
    counted.
    """
    units: int = 0
    """Units that were moved by it, or are expected."""


class AssembledLine(Struct, frozen=True):
    """What an assembly did to a SKU, or to one lot of it."""

    sku: str
    lot: str
    units: int
    """Below zero: they went in."""


class StatedAssembly(Struct, frozen=True):
    """What became of an assembly."""

    reference: str
    site: str
    sku: str
    state: str
    """made, taken apart, or repeated."""
    units: int
    """Of the assembled SKU; below zero: taken apart."""
    lines: tuple[AssembledLine, ...]


def state_inbound(tx: Transaction, document: InboundDocument) -> Stated:
    """What a supplier or a workshop will deliver."""
    words = Words(tx, [line.sku for line in document.lines])
    results = record_inbound(tx, read_inbound(document, words))
    refused = next((one.problem for one in results if one.problem), "")
    _check(refused)
    coming = sum(one.inbound.open for one in results if one.inbound is not None)
    state = "entered" if any(one.changed for one in results) else "repeated"
    _record(tx, "inbound.stated", document.reference, document)
    return Stated("inbound", document.reference, state, coming)


def state_receipt(tx: Transaction, document: ReceiptDocument) -> Stated:
    """What a site received; whoever states it is there to say under what, so it does not wait for an inbound."""
    words = Words(tx, [line.sku for line in document.lines])
    delivery = read_receipt(document, words, min(document.received_at or tx.now, tx.now))
    if find_early(tx, [delivery]):
        fix = "state that first, or name no inbound where nobody expects the delivery"
        raise NotUsable("inbound", f"nobody has stated what will come under {delivery.inbound}", fix)
    [result] = receive_deliveries(tx, [delivery])
    _check(result.problem)
    state = "corrected" if result.is_correction and result.entered else "entered" if result.entered else "repeated"
    if result.closed_short and state == "repeated":
        state = "closed"
    _record(tx, "goods.received", document.reference, document)
    return Stated("receipt", document.reference, state, result.entered)


def state_transfer(tx: Transaction, document: TransferDocument) -> Stated:
    """A step of a transfer."""
    words = Words(tx, [line.sku for line in document.lines])
    [result] = take_steps(tx, [read_transfer(document, words)])
    _check(result.problem)
    _record(tx, f"transfer.{document.step}", document.reference, document)
    return Stated("transfer", document.reference, result.state, result.units)


def state_adjustment(tx: Transaction, document: AdjustmentDocument) -> Stated:
    """A change of stock by a difference."""
    words = Words(tx, [document.sku])
    request = read_adjustment(document, words)
    [result] = adjust_stock(tx, [replace(request, reference=request.reference or f"adjustment {tx.new_id()}")])
    _check(result.problem)
    _record(tx, "stock.adjusted", document.reference, document)
    state = "repeated" if result.repeated else result.state
    return Stated("adjustment", document.reference, state, request.delta)


def state_bin_moves(tx: Transaction, document: BinMoveDocument) -> Stated:
    """What went from bin to bin at a site."""
    request = read_bin_moves(tx, document, Words(tx, [line.sku for line in document.lines]))
    [result] = move_in_bins(tx, [replace(request, reference=request.reference or f"bin move {tx.new_id()}")])
    _check(result.problem)
    _record(tx, "bins.moved", document.reference, document)
    return Stated("bin_move", document.reference, "repeated" if result.repeated else result.state, result.units)


def state_assembly(tx: Transaction, document: AssemblyDocument) -> StatedAssembly:
    """Units of an assembled SKU were made of its materials at a site, or taken apart."""
    words = Words(tx, [document.sku, *(one.sku for one in document.lots)])
    sku = words.sku(document.sku)
    request = read_assembly(document, words)
    [result] = assemble(tx, [request])
    _check(result.problem)
    state = "repeated" if result.repeated else "taken apart" if document.disassemble else "made"
    data = {"reference": request.reference, "site": document.site, "sku": sku.code, "units": request.units}
    record_act(tx, f"stock.{'disassembled' if document.disassemble else 'assembled'}", "sku", sku.sku_id, data)
    codes = load_skus(tx, {line.sku_id for line in result.lines})
    lines = tuple(AssembledLine(codes[line.sku_id].code, line.lot, line.delta) for line in result.lines)
    return StatedAssembly(request.reference, document.site, sku.code, state, request.units, lines)


def _check(problem: str) -> None:
    """Raise what a rule refuses, `field value: words; fix`, as NotUsable."""
    if not problem:
        return
    head, mark, words = problem.partition(": ")
    field, _, value = head.partition(" ")
    if not mark or not field.isidentifier():
        field, value, words = "reference", "", problem
    what, _, fix = words.partition("; ")
    if what.startswith("one of "):
        raise NotUsable(field, f"{value} is not known", what)
    raise NotUsable(field, f"{value}: {what}" if value else what, fix or "state it as it can be meant")


def _record(
    tx: Transaction,
    act: str,
    reference: str,
    document: InboundDocument | ReceiptDocument | TransferDocument | AdjustmentDocument | BinMoveDocument,
) -> None:
    lines = getattr(document, "lines", ())
    record_act(tx, act, "goods", 0, {"reference": reference, "lines": len(lines)})
