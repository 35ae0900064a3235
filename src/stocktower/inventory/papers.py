"""One transfer, one delivery, one assembly, whole: what was said of it, and what it came to."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from stocktower.platform import Transaction

from .arrivals.early import transfer_cause
from .assembly import assembly_store
from .assembly.assembly_rules import ASSEMBLY, Assembly, AssemblyLine
from .coming import inbound_store
from .coming.arrival_rules import Receipt, ReceiptLine
from .coming.inbound_rules import TRANSFER, Inbound
from .transfers import transfer_store
from .transfers.transfer_rules import Transfer, TransferChange, TransferLine

__all__ = [
    "ASSEMBLY",
    "RECEIPT",
    "AssemblyPaper",
    "ReceiptPaper",
    "TransferPaper",
    "find_assembly",
    "find_receipt",
    "find_transfers",
    "load_assembly_paper",
    "load_receipt_paper",
    "load_receipts",
    "load_receipts_of",
    "load_transfer_paper",
    "name_papers",
    "transfer_cause",
]
RECEIPT = "receipt"


class TransferPaper(Struct, frozen=True):
    """A transfer with its lines as they stand, and every step of them."""

    transfer: Transfer
    lines: list[TransferLine]
    changes: list[TransferChange]


class ReceiptPaper(Struct, frozen=True):
    """A delivery with all that was entered of it, and the lines of the order that it came under."""

    receipt: Receipt
    lines: list[ReceiptLine]
    """Corrections are below zero."""
    inbound: list[Inbound]


class AssemblyPaper(Struct, frozen=True):
    """An assembly with its lines."""

    assembly: Assembly
    lines: list[AssemblyLine]


def load_transfer_paper(tx: Transaction, transfer_id: int) -> TransferPaper | None:
    """A transfer, whole; None where there is none."""
    found = transfer_store.load_transfers(tx, [transfer_id])
    if not found:
        return None
    lines = transfer_store.load_lines(tx, [transfer_id])
    changes = transfer_store.load_changes(tx, [transfer_id])
    return TransferPaper(found[0], lines, changes)


def load_receipt_paper(tx: Transaction, receipt_id: int) -> ReceiptPaper | None:
    """A delivery, whole; None where there is none."""
    found = load_receipts(tx, [receipt_id])
    if not found:
        return None
    receipt = found[0]
    lines = inbound_store.load_receipt_lines(tx, [(receipt.site_id, receipt.reference)])
    inbound = inbound_store.load_inbound_of_references(tx, [receipt.inbound_reference] if lines else [])
    return ReceiptPaper(receipt, lines, inbound if receipt.inbound_reference else [])


def load_assembly_paper(tx: Transaction, assembly_id: int) -> AssemblyPaper | None:
    """An assembly, whole; None where there is none."""
    found = assembly_store.load_assemblies(tx, [assembly_id])
    if not found:
        return None
    lines = assembly_store.load_assembly_lines(tx, [assembly_id])
    return AssemblyPaper(found[0], lines)


def load_receipts(tx: Transaction, receipt_ids: Sequence[int]) -> list[Receipt]:
    """Deliveries by id."""
    return inbound_store.load_receipts(tx, receipt_ids)


def load_receipts_of(tx: Transaction, inbound_reference: str) -> list[Receipt]:
    """The deliveries under one order or advice, as they were received."""
    return inbound_store.load_receipts_of_inbound(tx, inbound_reference)


def find_receipt(tx: Transaction, site_id: int, reference: str) -> int:
    """The delivery of a number at a site; 0 where there is none."""
    return inbound_store.find_receipts(tx, [(site_id, reference)]).get((site_id, reference), 0)


def find_assembly(tx: Transaction, reference: str) -> int:
    """The assembly of a number; 0 where there is none."""
    found = assembly_store.find_assemblies(tx, [reference])
    return found[0].assembly_id if found else 0


def name_papers(tx: Transaction, kind: str, ids: Sequence[int]) -> dict[int, str]:
    """The references of transfers, deliveries or assemblies by id."""
    if not ids:
        return {}
    if kind == TRANSFER:
        return {one.transfer_id: one.reference for one in transfer_store.load_transfers(tx, ids)}
    if kind == RECEIPT:
        return {one.receipt_id: one.reference for one in load_receipts(tx, ids)}
    return {one.assembly_id: one.reference for one in assembly_store.load_assemblies(tx, ids)}


def find_transfers(tx: Transaction, references: Iterable[str]) -> dict[str, int]:
    """Transfers by reference."""
    return dict(transfer_store.find_transfer_ids(tx, sorted(set(references))))
