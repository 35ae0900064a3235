"""All SQL is in the rooms' SQL files: named, described, used, for one merchant, without a clock, in its own schema."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from tests.tidy.tree import ROOT, SOURCE, Statement, bare, files, modules, report, schemas, statements

CLOCKS = re.compile(
    r"\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|random|gen_random_uuid|uuidv[47])\s*\("
    r"|\b(?:current_timestamp|current_date|current_time|localtimestamp|localtime)\b"
    r"|'(?:now|today|tomorrow|yesterday)'\s*::|\b(?:timestamptz|timestamp|date)\s+'(?:now|today|tomorrow|yesterday)'",
    re.IGNORECASE,
)
TABLE = re.compile(r"(?:\b(?:FROM|JOIN|INTO|UPDATE|USING|ONLY)|,)\s+([a-z_]+\.[a-z_]+)", re.IGNORECASE)
ALIAS = re.compile(r"\s+(?:AS\s+)?([a-z_]+)", re.IGNORECASE)
WRITTEN = re.compile(
    r"\b(?:INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|COPY)\s+(?:ONLY\s+)?([\w.]+)"
    r"|(?<!FOR )(?<!KEY )(?<!DO )\bUPDATE\s+(?:ONLY\s+)?(?!SKIP\b|NOWAIT\b|OF\b|SET\b)([\w.]+)",
    re.IGNORECASE,
)
# What may follow a table in place of another name for it.
NO_ALIAS = re.compile(
    "where|join|left|right|full|inner|cross|on|using|set|order|group|for|values|limit|union|except|returning|select|default|as"
)
# Tables that belong to no merchant.
OF_NO_MERCHANT = {"platform.merchant"}
SQL_TEXT = re.compile(
    r"\s*(?:SELECT\s[\s\S]+?\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|WITH\s+(?:RECURSIVE\s+)?\w+.*?\sAS\s"
    r"|COPY\s+\S+.*?\b(?:FROM|TO)\s+STD|select\s[\s\S]+?\sfrom\s+[a-z_]+\.[a-z_]+|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s)"
)


def tables(statement: Statement) -> list[tuple[str, str, int]]:
    """Each reference to a table, as (table, what it is called in the statement, where it begins)."""
    found: list[tuple[str, str, int]] = []
    for match in TABLE.finditer(statement.code):
        name = match[1].lower()
        schema, table = name.split(".")
        if schema in schemas():
            following = ALIAS.match(statement.code, match.end())
            alias = following[1].lower() if following else ""
            found.append((name, table if not alias or NO_ALIAS.fullmatch(alias) else alias, match.start()))
    return found


def test_no_clock_and_no_chance_in_sql() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {match[0].strip()}"
        for path in files(".sql")
        for match in CLOCKS.finditer(re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8")))
    ]
    report("Time, ids and randomness are parameters; SQL and defaults have no clock and no dice:", broken)


def test_statements_are_described() -> None:
    broken = [
        statement.where for statement in statements("queries.sql", "invariants.sql") if not statement.doc.strip(". ")
    ]
    report("Below `-- name:` or `-- copy:` a comment says what the statement is for:", broken)


def test_names_are_given_once() -> None:
    seen: dict[tuple[str, str], Statement] = {}
    broken: list[str] = []
    for statement in statements("queries.sql"):
        first = seen.setdefault((statement.room, statement.name), statement)
        if first is not statement:
            broken.append(f"{statement.where} is also at line {first.line}")
    report("A statement's name is given once in a room:", broken)


def test_statements_are_used() -> None:
    code = {
        room: "\n".join(path.read_text(encoding="utf-8") for path in files(".py", under=SOURCE / room))
        for room in {statement.room for statement in statements("queries.sql")}
    }
    broken = [
        statement.where
        for statement in statements("queries.sql")
        if not re.search(rf"\.{statement.name}\b", code[statement.room])
    ]
    report("A statement is called by a function of its room's store; else it goes:", broken)


def test_statements_name_the_merchant() -> None:
    broken: list[str] = []
    for statement in statements("queries.sql", "invariants.sql"):
        if statement.kind == "copy":
            if "merchant_id" not in statement.copied[1]:
                broken.append(f"{statement.where} copies no merchant_id")
            continue
        touched = {table for table, _, _ in tables(statement)} - OF_NO_MERCHANT
        if touched and "%(merchant_id)s" not in statement.text:
            broken.append(f"{statement.where} reads or writes {', '.join(sorted(touched))} without %(merchant_id)s")
    report("Every statement on a merchant's tables takes the merchant as a parameter:", broken)


def test_every_table_is_tied_to_the_merchant() -> None:
    broken: list[str] = []
    for statement in statements("queries.sql", "invariants.sql"):
        found = [one for one in tables(statement) if one[0] not in OF_NO_MERCHANT]
        begins = [begin for _, _, begin in found] + [len(statement.code)]
        pieces = [statement.code[begin:end] for begin, end in pairwise(begins)]
        for index, (table, alias, _) in enumerate(found):
            following = pieces[index + 1] if index + 1 < len(pieces) else ""
            tied = (
                "merchant_id" in pieces[index]
                or re.search(rf"\b{alias}\.merchant_id\b", statement.code)
                or re.search(r"\bUSING\s*\(\s*merchant_id\b", following)
            )
            if not tied:
                broken.append(f"{statement.where}: {table}")
    report("Each table of a statement is tied to the merchant (its merchant_id is compared or joined):", broken)


def test_rooms_write_only_their_schema() -> None:
    broken: list[str] = []
    for statement in statements("queries.sql"):
        written = (
            [statement.copied[0]]
            if statement.kind == "copy"
            else [match[1] or match[2] for match in WRITTEN.finditer(statement.code)]
        )
        broken += [
            f"{statement.where} writes {table}" for table in written if not table.startswith(f"{statement.room}.")
        ]
    report("A room writes only its own schema, and names it:", broken)


def test_rooms_read_others_by_their_views() -> None:
    broken = [
        f"{statement.where} reads {table}"
        for statement in statements("queries.sql")
        for table, _, _ in tables(statement)
        if table.split(".")[0] != statement.room and not table.split(".")[1].startswith("pub_")
    ]
    report("A room reads another through its face, or through a view of it called pub_...:", broken)


def test_sql_is_only_in_sql_files() -> None:
    broken: list[str] = []
    for module in modules("src"):
        if module.room == "platform":
            continue
        prose = {id(text) for node in ast.walk(module.tree) for text in docstring_nodes(node)}
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in prose:
                continue
            if SQL_TEXT.match(bare(node.value)):
                broken.append(f"{module.where}:{node.lineno} {' '.join(node.value.split())[:60]}")
    report("SQL stands in the room's queries.sql, not in Python:", broken)


def docstring_nodes(node: ast.AST) -> Iterator[ast.Constant]:
    """The strings that stand alone as statements: docstrings of modules, classes, functions and attributes."""
    for child in getattr(node, "body", []) if isinstance(getattr(node, "body", None), list) else []:
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            yield child.value
