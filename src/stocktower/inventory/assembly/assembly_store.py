"""One function per statement on assemblies."""

from collections.abc import Iterable, Sequence

import msgspec
import psycopg

from stocktower.platform import Transaction, load_queries

from ..stock.store import StockMoved
from .assembly_rules import Assembly, AssemblyLine

_SQL = load_queries(__package__)
_astuple = msgspec.structs.astuple


def find_assemblies(tx: Transaction, references: Sequence[str]) -> list[Assembly]:
    """Assemblies by reference."""
    return tx.fetch(_SQL.find_assemblies, Assembly, reference_texts=list(references))


def load_assemblies(tx: Transaction, assembly_ids: Sequence[int]) -> list[Assembly]:
    """Assemblies by id."""
    return tx.fetch(_SQL.load_assemblies, Assembly, assembly_ids=list(assembly_ids))


def load_assembly_lines(tx: Transaction, assembly_ids: Sequence[int]) -> list[AssemblyLine]:
    """The lines of assemblies, in order."""
    return tx.fetch(_SQL.load_assembly_lines, AssemblyLine, assembly_ids=list(assembly_ids))


def insert_assemblies(tx: Transaction, assemblies: Iterable[Assembly], lines: Iterable[AssemblyLine]) -> None:
    """Append assemblies; raises StockMoved when somebody else entered one of the same reference meanwhile."""
    merchant_id = tx.merchant_id
    try:
        tx.copy(_SQL.assembly, [(merchant_id, *_astuple(one)) for one in assemblies])
        tx.flush()
    except psycopg.errors.UniqueViolation as error:
        raise StockMoved("the same assembly was entered by somebody else meanwhile") from error
    tx.copy(_SQL.assembly_line, [(merchant_id, *_astuple(line)) for line in lines])
