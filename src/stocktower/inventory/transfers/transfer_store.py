"""One function per statement on transfers."""

from collections.abc import Iterable, Sequence

import msgspec
import psycopg

from stocktower.platform import Transaction, load_queries

from ..stock.store import StockMoved
from .transfer_rules import Transfer, TransferChange, TransferLine

_SQL = load_queries(__package__)
_astuple = msgspec.structs.astuple


def lock_transfers(tx: Transaction, reference_texts: Sequence[str]) -> list[Transfer]:
    """Transfers by reference, locked in the order of their ids."""
    return tx.fetch(_SQL.lock_transfers, Transfer, reference_texts=list(reference_texts))


def find_transfer(tx: Transaction, reference: str) -> Transfer | None:
    """The transfer of a reference."""
    return tx.fetch_one(_SQL.find_transfer, Transfer, reference=reference)


def find_transfer_ids(tx: Transaction, references: Sequence[str]) -> list[tuple[str, int]]:
    """(reference, transfer_id) of transfers."""
    return tx.tuples(_SQL.find_transfer_ids, reference_texts=list(references)) if references else []


def load_transfers(tx: Transaction, transfer_ids: Sequence[int]) -> list[Transfer]:
    """Transfers by id."""
    return tx.fetch(_SQL.load_transfers, Transfer, transfer_ids=list(transfer_ids))


def load_every_transfer(tx: Transaction) -> list[Transfer]:
    """Every transfer by id."""
    return tx.fetch(_SQL.load_every_transfer, Transfer)


def load_lines(tx: Transaction, transfer_ids: Sequence[int]) -> list[TransferLine]:
    """The lines of transfers, in order."""
    return tx.fetch(_SQL.load_transfer_lines, TransferLine, transfer_ids=list(transfer_ids))


def load_changes(tx: Transaction, transfer_ids: Sequence[int]) -> list[TransferChange]:
    """Every step of transfers, in order."""
    return tx.fetch(_SQL.load_transfer_changes, TransferChange, transfer_ids=list(transfer_ids))


def insert_transfers(tx: Transaction, transfers: Iterable[Transfer]) -> None:
    """Write transfers that are new; raises StockMoved when somebody else ordered one of the same number meanwhile."""
    merchant_id = tx.merchant_id
    try:
        tx.copy(_SQL.transfer, [(merchant_id, *_astuple(one)) for one in transfers])
        tx.flush()
    except psycopg.errors.UniqueViolation as error:
        raise StockMoved("the same transfer was ordered by somebody else meanwhile") from error


def insert_lines(tx: Transaction, lines: Iterable[TransferLine]) -> None:
    """Write lines that are new."""
    merchant_id = tx.merchant_id
    tx.copy(_SQL.transfer_line, [(merchant_id, *_astuple(line)) for line in lines])


def record_changes(tx: Transaction, changes: Iterable[TransferChange]) -> None:
    """Append steps."""
    merchant_id = tx.merchant_id
    tx.copy(_SQL.transfer_change, [(merchant_id, *_astuple(change)) for change in changes])


def change_transfers(tx: Transaction, transfers: Sequence[Transfer]) -> None:
    """Write the states of transfers that are locked."""
    if transfers:
        tx.execute(
            _SQL.change_transfers,
            transfer_ids=[one.transfer_id for one in transfers],
            states=[one.state for one in transfers],
            expected_ats=[one.expected_at for one in transfers],
            closed_ats=[one.closed_at for one in transfers],
        )


def change_lines(tx: Transaction, lines: Sequence[TransferLine]) -> None:
    """Write the figures of lines of transfers that are locked."""
    if lines:
        names = ("ordered", "shipped", "cancelled", "arrived", "damaged", "lost", "claimed", "returned", "ahead")
        tx.execute(
            _SQL.change_transfer_lines,
            transfer_ids=[line.transfer_id for line in lines],
            line_nos=[line.line_no for line in lines],
            **{f"{name}_units": [getattr(line, name) for line in lines] for name in names},
        )
