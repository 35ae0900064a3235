"""One function per statement on inbound."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from stocktower.platform import Transaction, load_queries

from ..formulas.model import MoveRow
from ..stock.store import StockMoved
from .arrival_rules import Delivery, Receipt, ReceiptLine
from .inbound_rules import Inbound, InboundChange

_SQL = load_queries(__package__)
_astuple = msgspec.structs.astuple


def load_coming(tx: Transaction, sku_ids: Sequence[int]) -> list[Inbound]:
    """Open inbound of some SKUs, by SKU, the soonest first."""
    return tx.fetch(_SQL.load_coming, Inbound, sku_ids=list(sku_ids))


def load_coming_at(tx: Transaction, sku_ids: Sequence[int], at: datetime) -> list[Inbound]:
    """Inbound of some SKUs that was open at an instant, as it was known then, by SKU, the soonest first."""
    return tx.fetch(_SQL.load_coming_at, Inbound, sku_ids=list(sku_ids), at=at)


def load_inbound_of_references(tx: Transaction, reference_texts: Sequence[str]) -> list[Inbound]:
    """Every line of some references, open or not."""
    return tx.fetch(_SQL.load_inbound_of_references, Inbound, reference_texts=list(reference_texts))


def load_inbound_by_id(tx: Transaction, inbound_ids: Sequence[int]) -> list[Inbound]:
    """Inbound by id."""
    return tx.fetch(_SQL.load_inbound_by_id, Inbound, inbound_ids=list(inbound_ids))


def insert_inbound(tx: Transaction, rows: Iterable[Inbound]) -> None:
    """Write inbound that is new."""
    merchant_id = tx.merchant_id
    tx.copy(_SQL.inbound, [(merchant_id, *_astuple(row)) for row in rows])


def change_inbound(tx: Transaction, rows: Sequence[tuple[int, Inbound]]) -> None:
    """Write (version before, inbound) that was there; raises StockMoved when one has changed since it was read."""
    if not rows:
        return
    changed = tx.execute(
        _SQL.change_inbound,
        inbound_ids=[row.inbound_id for _, row in rows],
        before=[before for before, _ in rows],
        versions=[row.version for _, row in rows],
        suppliers=[row.supplier for _, row in rows],
        expecteds=[row.expected for _, row in rows],
        receiveds=[row.received for _, row in rows],
        cancelleds=[row.cancelled for _, row in rows],
        opens=[row.open for _, row in rows],
        excesses=[row.excess for _, row in rows],
        expected_ats=[row.expected_at for _, row in rows],
        confirmed_ats=[row.confirmed_at for _, row in rows],
        cost_minors=[row.cost_minor for _, row in rows],
        states=[row.state for _, row in rows],
    )
    if changed != len(rows):
        raise StockMoved("an inbound changed after it was read under its SKU's lock")


def record_inbound_changes(tx: Transaction, changes: Iterable[InboundChange]) -> None:
    """Append to the history of inbound."""
    merchant_id = tx.merchant_id
    tx.copy(_SQL.inbound_change, [(merchant_id, *_astuple(change)) for change in changes])


def load_inbound_changes(tx: Transaction, inbound_id: int) -> list[InboundChange]:
    """The history of one inbound, the first word first."""
    return tx.fetch(_SQL.load_inbound_changes, InboundChange, inbound_id=inbound_id)


def find_receipts(tx: Transaction, places: Sequence[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """The ids of the receipts that are known, by (site_id, reference)."""
    if not places:
        return {}
    site_ids, references = zip(*places, strict=True)
    rows = tx.tuples(_SQL.find_receipts, site_ids=list(site_ids), reference_texts=list(references))
    return {(site_id, reference): receipt_id for site_id, reference, receipt_id in rows}


def load_receipt_lines(tx: Transaction, places: Sequence[tuple[int, str]]) -> list[ReceiptLine]:
    """All that was entered of some receipts, given by (site_id, reference)."""
    if not places:
        return []
    site_ids, references = zip(*places, strict=True)
    return tx.fetch(_SQL.load_receipt_lines, ReceiptLine, site_ids=list(site_ids), reference_texts=list(references))


def insert_receipts(tx: Transaction, receipts: Iterable[tuple[int, Delivery]]) -> None:
    """Write (receipt_id, delivery) that are new."""
    rows = [
        (tx.merchant_id, receipt_id, one.site_id, one.reference, one.inbound, one.received_at, tx.now)
        for receipt_id, one in receipts
    ]
    try:
        tx.copy(_SQL.receipt, rows)
        tx.flush()
    except psycopg.errors.UniqueViolation as error:
        raise StockMoved("the same receipt was entered by somebody else meanwhile") from error


def record_receipt_lines(tx: Transaction, lines: Iterable[ReceiptLine]) -> None:
    """Append to what was received."""
    merchant_id = tx.merchant_id
    tx.copy(_SQL.receipt_line, [(merchant_id, *_astuple(line)) for line in lines])


def load_receipts(tx: Transaction, receipt_ids: Sequence[int]) -> list[Receipt]:
    """Deliveries by id."""
    return tx.fetch(_SQL.load_receipts, Receipt, receipt_ids=list(receipt_ids))


def load_receipts_of_inbound(tx: Transaction, reference: str) -> list[Receipt]:
    """The deliveries under one order or advice."""
    return tx.fetch(_SQL.load_receipts_of_inbound, Receipt, reference_text=reference)


def load_coming_page(
    tx: Transaction,
    sku_id: int,
    site_id: int,
    reference: str,
    state: str,
    late: bool,
    limit: int,
    offset: int,
) -> tuple[list[Inbound], int]:
    """A page of inbound, and how many match; 0 and empty filter nothing."""
    rows = tx.tuples(
        _SQL.load_coming_page,
        sku_id=sku_id,
        site_id=site_id,
        reference=reference,
        state=state,
        late=late,
        limit=limit,
        offset=offset,
    )
    return [Inbound(*row[:-1]) for row in rows], rows[0][-1] if rows else 0


def load_move_rows(
    tx: Transaction,
    sku_id: int,
    site_id: int,
    reason: str,
    reference_id: int,
    since: datetime,
    until: datetime,
    limit: int,
) -> list[MoveRow]:
    """Moves with their places, the last recorded first; 0 and empty filter nothing."""
    return tx.fetch(
        _SQL.load_move_rows,
        MoveRow,
        sku_id=sku_id,
        site_id=site_id,
        reason=reason,
        reference_id=reference_id,
        since=since,
        until=until,
        limit=limit,
    )


def count_claims(tx: Transaction) -> int:
    """How many claims on inbound there are or were."""
    return tx.value(_SQL.count_claims) or 0


def find_unlike_claims(tx: Transaction) -> list[tuple[Any, ...]]:
    """(order, line, SKU, inbound, claimed, arrived, the sums of its changes) where they differ."""
    return tx.tuples(_SQL.find_unlike_claims)


def restore_claims(tx: Transaction, truths: Sequence[tuple[Any, ...]]) -> None:
    """Make claims (order, line, SKU, inbound) what (claimed, arrived) says."""
    names = ("order_ids", "line_nos", "sku_ids", "inbound_ids", "claimeds", "arriveds")
    tx.execute(_SQL.restore_claims, **dict(zip(names, map(list, zip(*truths, strict=True)), strict=True)))


def find_unlike_claimed(tx: Transaction) -> list[tuple[Any, ...]]:
    """(inbound, claimed of it, the sum of its claims) where they differ."""
    return tx.tuples(_SQL.find_unlike_claimed)


def restore_claimed(tx: Transaction, truths: Sequence[tuple[Any, ...]]) -> None:
    """Make what is claimed of inbound."""
    inbound_ids, claimeds = zip(*truths, strict=True)
    tx.execute(_SQL.restore_claimed, inbound_ids=list(inbound_ids), claimeds=list(claimeds))
