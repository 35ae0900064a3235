"""Files that state each thing in one row: products by SKU, listings by the key of their channel."""

from . import grouping
from .grouping import Group
from .model import Unreadable
from .text import Record, fields_of


def keys_in(column: int, delimiter: str) -> grouping.KeyOf:
    """Rows belong to what one column names; a row that names nothing stands alone."""

    def key_of(record: Record) -> str:
        fields = fields_of(record, delimiter) if record.problem else record.fields
        key = fields[column].strip() if column < len(fields) else ""
        return key or f"\0{record.line}"

    return key_of


def state_once(rows: Group, column: str, name: str) -> Group:
    """A thing stands once, or is repeated word for word; raises Unreadable: which of two is meant nobody can say."""
    records = [row for run in rows for row in run]
    if len({row.raw.rstrip("\r\n") for row in records}) > 1:
        lines = ", ".join(str(row.line) for row in records[:10])
        problem = f"the {name} stands several times, differently (lines {lines})"
        raise Unreadable(column, problem, f"keep one row for each {name}", records[-1].line)
    return [[row] for row in records]
