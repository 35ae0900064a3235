"""What a command says: one JSON object with --json, else words and tables; errors that name the place and the fix."""

import sys
from collections.abc import Sequence
from typing import Any, cast

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

WIDTH_OF_FILES = 160
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH_OF_FILES)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class CommandFailed(Exception):
    """A command that could not do what it was asked; the message says what happened and what to do.

    `code`: 1 what was found is not in order, 2 the input is wrong, 3 what was named is not there.
    """

    def __init__(self, message: str, *, code: int = 2, problems: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.problems = list(problems)


def say_json(value: object) -> None:
    """One object on standard output, instants and enums as text."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode() + "\n")
    sys.stdout.flush()


def say_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """A table with hairlines; columns that start with `>` are numbers, right-aligned; a dash for zero or nothing."""
    if not rows:
        out.print(f"[bold]{escape(title)}[/bold]  {escape(empty)}")
        return
    table = Table(
        title=escape(title), title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in columns:
        table.add_column(
            column.lstrip(">"),
            justify="right" if column.startswith(">") else "left",
            overflow="fold",
            no_wrap=column.startswith(">"),
        )
    for row in rows:
        table.add_row(*(Text(cell(value)) for value in row))
    out.print(table)


def cell(value: object) -> str:
    """Text of one cell: a dash for zero and nothing, thousands separated, several values with commas."""
    if value is None or value == 0 or value == "" or value == ():
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in cast("Sequence[object]", value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def say_failure(failure: CommandFailed, *, as_json: bool) -> None:
    """The error in words on standard error, or as an object on standard output with --json."""
    if as_json:
        say_json({"error": str(failure), "code": failure.code, "problems": failure.problems})
        return
    err.print(f"[red]error[/red] {escape(str(failure))}")
    for problem in failure.problems:
        err.print(f"  {place_of(problem)}: {problem.get('problem', '')}", markup=False)
        if problem.get("fix"):
            err.print(f"    fix: {problem['fix']}", markup=False)


def place_of(problem: dict[str, Any]) -> str:
    """Where a problem is: file, line and column, as far as they are known."""
    return ":".join(str(problem[key]) for key in ("file", "line", "column") if problem.get(key))


def words_of(problem: dict[str, Any]) -> str:
    """A problem in one sentence."""
    words = f"{place_of(problem)}: {problem.get('problem', '')}"
    return f"{words} ({problem['fix']})" if problem.get("fix") else words
