"""Reads the SQL of a room: `queries.sql` (statements and COPY targets) and `invariants.sql`, named and described."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

_HEADER = re.compile(r"--\s*(name|copy):\s*(.*)")
_WHEN = re.compile(r"--\s*when:\s*(.*)")
_COPY = re.compile(r"(\w+)\s+([\w.]+)\s*\(([^)]*)\)")
_AT_CURSOR = re.compile(r"at cursor of (\w+)")
# A named parameter, or an escaped percent sign.
_PARAMETER = re.compile(r"%(?:\((\w+)\)s|%)")


class SqlFileError(Exception):
    """A room's SQL file does not follow its format."""


class Query(msgspec.Struct, frozen=True):
    """One named statement of a room."""

    name: str
    text: str
    """As written, with named parameters."""
    doc: str
    room: str
    statement: str
    """With positional parameters ($1, $2, ...), as PostgreSQL takes it."""
    parameters: tuple[str, ...]
    """The name of each positional parameter."""


class CopyTable(msgspec.Struct, frozen=True):
    """A table and the columns that one COPY fills."""

    name: str
    table: str
    columns: tuple[str, ...]
    doc: str
    room: str
    bytea: tuple[bool, ...]
    """Which columns take bytes as they are (declared `column:bytea`); bytes for other columns are JSON text."""
    statement: str


class Invariant(msgspec.Struct, frozen=True):
    """A statement that must return no row; it takes only merchant_id."""

    name: str
    when: str
    """`now`, or `at cursor of <subscriber>`: true once that subscriber has read everything."""
    text: str
    doc: str
    room: str
    query: Query

    @property
    def subscriber(self) -> str | None:
        """Whose cursor must have come to the end first; None when it is true at any moment."""
        match = _AT_CURSOR.fullmatch(self.when)
        return match[1] if match else None


class Queries:
    """The statements of one room by name; a name that is not there is an AttributeError."""

    def __init__(self, room: str, queries: dict[str, Query], copies: dict[str, CopyTable]) -> None:
        self.room = room
        self._queries = queries
        self._copies = copies

    def __getattr__(self, name: str) -> Any:
        found = self._queries.get(name) or self._copies.get(name)
        if found is None:
            raise AttributeError(f"queries.sql of {self.room} has no statement named {name!r}")
        return found

    def __iter__(self) -> Iterator[Query]:
        return iter(self._queries.values())

    @property
    def copies(self) -> list[CopyTable]:
        """The COPY targets of the room."""
        return list(self._copies.values())


class _Block:
    """One header of a file, with the comment lines and the statement below it."""

    def __init__(self, where: str, kind: str, title: str) -> None:
        self.where, self.kind, self.title = where, kind, title
        self.when = ""
        self.doc: list[str] = []
        self.body: list[str] = []

    def take(self, line: str) -> None:
        """Add a line below the header."""
        if self.kind == "copy" and ")" not in self.title:
            self.title += " " + line.lstrip("- ").rstrip()
        elif not self.body and (when := _WHEN.match(line)):
            self.when = when[1].strip()
        elif not self.body and line.startswith("--"):
            self.doc.append(line.lstrip("-").strip())
        elif line.strip() or self.body:
            self.body.append(line)


def _read_blocks(package: str, file: str) -> list[_Block]:
    try:
        text = files(package).joinpath(file).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SqlFileError(f"{package} has no {file}") from None
    blocks: list[_Block] = []
    names: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        where = f"{package}/{file}:{number}"
        if header := _HEADER.match(line):
            blocks.append(_Block(where, header[1], header[2].strip()))
            name = blocks[-1].title.split(" ")[0]
            if not name.isidentifier() or name in names:
                raise SqlFileError(f"{where}: {name!r} is not a new name")
            names.add(name)
        elif blocks:
            blocks[-1].take(line)
        elif line.strip() and not line.startswith("--"):
            raise SqlFileError(f"{where}: a statement without a `-- name:` line")
    return blocks


def _room(package: str) -> str:
    """The package below stocktower: a shelf of a room has the room's name."""
    return [*package.split("."), package][1]


def _query(block: _Block, room: str) -> Query:
    text = "\n".join(block.body).strip().removesuffix(";").rstrip()
    if not text or not block.doc:
        raise SqlFileError(f"{block.where}: {block.title} needs a comment that says what it is, and a statement")
    parameters: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[1] is None:
            return "%"
        if match[1] not in parameters:
            parameters.append(match[1])
        return f"${parameters.index(match[1]) + 1}"

    statement = _PARAMETER.sub(number, text)
    if "%" in _PARAMETER.sub("", text):
        raise SqlFileError(f"{block.where}: {block.title} has a lone percent sign (a literal one is written twice)")
    return Query(block.title, text, " ".join(block.doc), room, statement, tuple(parameters))


def _copy_table(block: _Block, room: str) -> CopyTable:
    match = _COPY.fullmatch(block.title)
    if match is None or block.body:
        raise SqlFileError(f"{block.where}: expected `-- copy: name schema.table (column, ...)` and a comment only")
    name, table, listed = match.groups()
    declared = [column.strip().partition(":") for column in listed.split(",")]
    if any(kind not in ("", "bytea") for _, _, kind in declared):
        raise SqlFileError(f"{block.where}: the only kind that a column may state is bytea")
    columns = tuple(column for column, _, _ in declared)
    return CopyTable(
        name=name,
        table=table,
        columns=columns,
        doc=" ".join(block.doc),
        room=room,
        bytea=tuple(kind == "bytea" for _, _, kind in declared),
        statement=f"COPY {table} ({', '.join(columns)}) FROM STDIN",
    )


@cache
def _load_queries(package: str) -> Queries:
    queries: dict[str, Query] = {}
    copies: dict[str, CopyTable] = {}
    room = _room(package)
    for block in _read_blocks(package, "queries.sql"):
        if block.kind == "copy":
            table = _copy_table(block, room)
            copies[table.name] = table
        else:
            queries[block.title] = _query(block, room)
    return Queries(room, queries, copies)


def load_queries(package: str | None) -> Queries:
    """The statements of a room, from its queries.sql; raises SqlFileError with file and line."""
    if package is None:
        raise SqlFileError("a module outside a package has no queries.sql")
    return _load_queries(package)


def load_invariants(package: str | None) -> list[Invariant]:
    """What must always be true of a room, from its invariants.sql; none where it has no such file."""
    if package is None or not files(package).joinpath("invariants.sql").is_file():
        return []
    room = _room(package)
    invariants: list[Invariant] = []
    for block in _read_blocks(package, "invariants.sql"):
        query = _query(block, room)
        if block.when != "now" and not _AT_CURSOR.fullmatch(block.when):
            raise SqlFileError(f"{block.where}: needs `-- when: now` or `-- when: at cursor of <subscriber>`")
        if set(query.parameters) != {"merchant_id"}:
            raise SqlFileError(f"{block.where}: an invariant takes merchant_id and nothing else")
        invariants.append(Invariant(query.name, block.when, query.text, query.doc, room, query))
    return invariants
