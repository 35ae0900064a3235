"""From the text of a configuration file to data: every problem with its line, what is wrong and how to fix it."""

import re
import tomllib
from typing import Any

import msgspec

from .checks import Finding, check
from .model import Configuration
from .systems import check_snapshots, check_systems

Path = tuple[str | int, ...]
_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\"-]+)\s*\]\]?")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\"-]+)\s*=")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]|\[(\.\.\.)\]")


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with a configuration file."""

    file: str
    line: int
    path: str
    problem: str
    fix: str


class ConfigurationError(Exception):
    """A configuration that cannot be used; all problems that were found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{p.file}:{p.line}: {p.path}: {p.problem}; {p.fix}" for p in problems))
        self.problems = problems


def load_configuration(text: str, *, file: str) -> Configuration:
    """Read and check a configuration; raises ConfigurationError with every problem that was found."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else 1
        raise ConfigurationError([Problem(file, line, "", f"not TOML: {error}", "mend this line")]) from error
    lines = line_numbers(text)
    try:
        configuration = msgspec.convert(raw, Configuration)
    except msgspec.ValidationError as error:
        raise ConfigurationError([shape_problem(str(error), lines, file)]) from error
    findings = [*check(configuration), *check_systems(configuration), *check_snapshots(configuration)]
    if findings:
        raise ConfigurationError([placed(finding, lines, file) for finding in findings])
    return configuration


def line_numbers(text: str) -> dict[Path, int]:
    """Where each table and key stands, by its path."""
    lines: dict[Path, int] = {}
    counts: dict[str, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            name = header[2].replace('"', "")
            parts: list[str | int] = list(name.split("."))
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                parts.append(counts[name])
            table = tuple(parts)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, key[1].replace('"', "")), number)
    return lines


def place(path: Path, lines: dict[Path, int]) -> int:
    """The line of a path, or of the nearest table around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def shown(path: Path) -> str:
    """A path as people write it."""
    return "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def placed(finding: Finding, lines: dict[Path, int], file: str) -> Problem:
    """A finding with its line."""
    return Problem(file, place(finding.path, lines), shown(finding.path), finding.problem, finding.fix)


def shape_problem(message: str, lines: dict[Path, int], file: str) -> Problem:
    """What the decoder found, in words: an unknown or missing key, or a value of the wrong type."""
    text, _, where = message.partition(" - at `$")
    path: Path = tuple(
        name if name else int(number) if number else "..." for name, number, _ in _STEP.findall(where.rstrip("`"))
    )
    if found := re.search(r"unknown field `(.+)`", text):
        path = (*path, found[1])
        return Problem(file, place(path, lines), shown(path), "not a key of this table", "remove it or mend its name")
    if found := re.search(r"missing required field `(.+)`", text):
        return Problem(
            file, place(path, lines), shown((*path, found[1])), "is missing", f"add {found[1]} = ... to this table"
        )
    return Problem(file, place(path, lines), shown(path), text, f"state {expected(text)} here")


def expected(text: str) -> str:
    """What the decoder would have taken."""
    found: Any = re.search(r"Expected `([^`]+)`", text)
    words = {"int": "a whole number", "str": "a text in quotes", "bool": "true or false", "array": "a list in brackets"}
    return words.get(found[1], f"a value of type {found[1]}") if found else "one of the values of the documentation"
