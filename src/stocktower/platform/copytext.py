"""Writes rows in the text format of COPY, a column at a time, so that nearly all work is done by joins in C."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

_ROWS_A_BLOCK = 4096
_NULL = "\\N"

Column = Sequence[Any]
Formatter = Callable[[Column], Iterable[str]]


class NotCopyable(TypeError):
    """A value that no column takes: a naive time, text with a NUL, a type without a text form."""


class HoldsNul(NotCopyable):
    """A text with a NUL character, which PostgreSQL cannot hold."""

    def __init__(self) -> None:
        super().__init__("text for PostgreSQL must not hold a NUL character")


def _escape_joined(text: str, count: int) -> list[str]:
    """Escape texts that were joined by NUL, and take them apart again."""
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\t" in text:
        text = text.replace("\t", "\\t")
    if "\n" in text:
        text = text.replace("\n", "\\n")
    if "\r" in text:
        text = text.replace("\r", "\\r")
    parts = text.split("\0")
    if len(parts) != count:
        raise HoldsNul
    return parts


def _texts(values: Column) -> list[str]:
    return _escape_joined("\0".join(values), len(values))


def _json_texts(values: Column) -> list[str]:
    return _escape_joined(b"\0".join(values).decode(), len(values))


def _hex_texts(values: Column) -> list[str]:
    return ["\\\\x" + value.hex() for value in values]


def _flags(values: Column) -> list[str]:
    return ["t" if value else "f" for value in values]


def _instants(values: Column) -> list[str]:
    """Most columns of instants repeat one object, so the last text is kept."""
    first = values[0]
    if first.tzinfo is not None and values.count(first) == len(values):
        return [first.isoformat()] * len(values)
    texts: list[str] = []
    last: datetime | None = None
    text = ""
    for value in values:
        if value is not last:
            if value.tzinfo is None:
                raise NotCopyable(f"an instant needs a time zone: {value!r}")
            last, text = value, value.isoformat()
        texts.append(text)
    return texts


def _dates(values: Column) -> list[str]:
    return [value.isoformat() for value in values]


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, bytes):
        return '"\\\\x' + value.hex() + '"'
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise NotCopyable(f"an instant needs a time zone: {value!r}")
        return '"' + value.isoformat() + '"'
    if isinstance(value, (date, Decimal, float)):
        return str(value)
    raise NotCopyable(f"{type(value).__name__} has no form in an array: {value!r}")


def _quoted(texts: Sequence[str]) -> str:
    """Texts as elements of an array, joined by NUL to be escaped all at once."""
    joined = "\0".join(texts)
    if joined.count("\0") != len(texts) - 1:
        raise HoldsNul
    return '"' + joined.replace("\\", "\\\\").replace('"', '\\"').replace("\0", '","') + '"'


def array_literal(values: Sequence[Any]) -> str:
    """A flat list as PostgreSQL writes it: {1,2,NULL}."""
    kinds = set(map(type, values))
    if kinds == {int}:
        return "{" + ",".join(map(str, values)) + "}"
    if kinds == {str}:
        return "{" + _quoted(values) + "}"
    if kinds == {datetime}:
        return "{" + _quoted(_instants(values)) + "}"
    return "{" + ",".join(map(_element, values)) + "}"


def arrays(rows: Sequence[tuple[Any, ...]], bytea: Sequence[bool]) -> list[list[Any]]:
    """The columns of rows, each as a flat list whose bytes are JSON text unless bytea; ValueError on uneven rows."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    if len(columns) != len(bytea):
        raise ValueError(f"rows have {len(columns)} values for {len(bytea)} columns")
    for column, flag in zip(columns, bytea, strict=True):
        if not flag and bytes in map(type, column):
            column[:] = [one.decode() if isinstance(one, bytes) else one for one in column]
    return columns


def _arrays(values: Column) -> list[str]:
    return _texts([array_literal(value) for value in values])


def _plain(values: Column) -> Iterable[str]:
    return map(str, values)


_FORMATTERS: dict[type, Formatter] = {
    int: _plain,
    str: _texts,
    bool: _flags,
    bytes: _json_texts,
    datetime: _instants,
    date: _dates,
    Decimal: _plain,
    float: _plain,
    list: _arrays,
    tuple: _arrays,
}


def _formatter(kind: type, bytea: bool) -> Formatter:
    if kind is bytes and bytea:
        return _hex_texts
    found = _FORMATTERS.get(kind)
    if found is None:
        # A subclass, such as a StrEnum: the first base that is known.
        found = next((_FORMATTERS[base] for base in kind.__mro__ if base in _FORMATTERS), None)
    if found is None:
        raise NotCopyable(f"{kind.__name__} has no text form for COPY")
    return found


def column_texts(values: Column, bytea: bool = False) -> Iterable[str]:
    """The escaped texts of one column; the form follows the values' types, and bytes are JSON unless bytea."""
    kinds = set(map(type, values))
    if len(kinds) == 1:
        kind = kinds.pop()
        return [_NULL] * len(values) if kind is type(None) else _formatter(kind, bytea)(values)
    texts = [_NULL] * len(values)
    for kind in kinds - {type(None)}:
        places = [index for index, value in enumerate(values) if type(value) is kind]
        formatted = _formatter(kind, bytea)([values[index] for index in places])
        for index, text in zip(places, formatted, strict=True):
            texts[index] = text
    return texts


def join_columns(columns: Sequence[Iterable[str]]) -> bytes:
    """The lines of a block, from the texts of its columns."""
    return ("\n".join(map("\t".join, zip(*columns, strict=True))) + "\n").encode()


def blocks(rows: Sequence[tuple[Any, ...]], bytea: Sequence[bool]) -> Iterator[bytes]:
    """The rows as blocks of COPY text, a few thousand rows each; raises NotCopyable, ValueError on uneven rows."""
    remaining = iter(rows)
    while block := list(islice(remaining, _ROWS_A_BLOCK)):
        columns = list(zip(*block, strict=True))
        if len(columns) != len(bytea):
            raise ValueError(f"rows have {len(columns)} values for {len(bytea)} columns")
        yield join_columns([column_texts(column, flag) for column, flag in zip(columns, bytea, strict=True)])
