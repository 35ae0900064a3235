"""What the tidy tests look at: the project's files, its Python modules as trees, its SQL statements as text."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "stocktower"

# In a work tree beside the checkout .git is a file that names a path of its machine.
_NOT_OURS = {".git", "__pycache__", "build", "dist", "node_modules", "test-results"}
_HEADER = re.compile(r"--\s*(name|copy):\s*(.*)")
_NOTE = re.compile(r"--\s*when:")
_COPY = re.compile(r"(\w+)\s+([\w.]+)\s*\(([^)]*)\)")


@dataclass(frozen=True)
class Module:
    """One Python file."""

    path: Path
    tree: ast.Module
    lines: int

    @property
    def where(self) -> str:
        """The path as a person writes it."""
        return str(self.path.relative_to(ROOT))

    @property
    def dotted(self) -> str:
        """The name it is imported by; a package's own file bears the package's name."""
        parts = self.path.relative_to(SOURCE.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> str:
        """The package below stocktower that it lies in; empty for the files of stocktower itself."""
        parts = self.path.relative_to(SOURCE).parts
        return parts[0] if len(parts) > 1 else ""


@dataclass(frozen=True)
class Statement:
    """One named statement, or one declared COPY, of a room's SQL file."""

    path: Path
    line: int
    kind: str
    title: str
    doc: str
    text: str

    @property
    def where(self) -> str:
        """File, line and name, as an editor jumps to it."""
        return f"{self.path.relative_to(ROOT)}:{self.line} ({self.name})"

    @property
    def room(self) -> str:
        """The package below stocktower whose statement it is."""
        return self.path.relative_to(SOURCE).parts[0]

    @property
    def name(self) -> str:
        """What the store calls it by."""
        return self.title.split(" ")[0]

    @property
    def copied(self) -> tuple[str, list[str]]:
        """Table and columns of a declared COPY."""
        match = _COPY.fullmatch(self.title)
        assert match, f"{self.where}: expected `-- copy: name schema.table (column, ...)`"
        return match[2], [column.split(":")[0].strip() for column in match[3].split(",")]

    @property
    def code(self) -> str:
        """The statement on one line, without comments and without the text of literals."""
        return " ".join(bare(self.text).split())


def files(*suffixes: str, under: Path = ROOT) -> Iterator[Path]:
    """The project's own files with these endings (all files without any), in order."""
    if not under.is_dir():
        return
    for path in sorted(under.iterdir()):
        if path.is_dir() and not path.is_symlink():
            hidden = path.name.startswith(".") and path.name != ".ci"
            if not hidden and path.name not in _NOT_OURS and not path.name.endswith(".egg-info"):
                yield from files(*suffixes, under=path)
        elif path.is_file() and path.name not in _NOT_OURS and (not suffixes or path.suffix in suffixes):
            yield path


@cache
def modules(*folders: str) -> list[Module]:
    """The Python files below some folders of the project."""
    found: list[Module] = []
    for folder in folders:
        for path in files(".py", under=ROOT / folder):
            text = path.read_text(encoding="utf-8")
            found.append(Module(path, ast.parse(text, str(path)), len(text.splitlines())))
    return found


@cache
def statements(*names: str) -> list[Statement]:
    """Every statement and declared COPY of the rooms' files with these names (`queries.sql`, `invariants.sql`)."""
    return [
        statement for path in files(".sql", under=SOURCE) if path.name in names for statement in _statements_of(path)
    ]


def _statements_of(path: Path) -> Iterator[Statement]:
    lines = path.read_text(encoding="utf-8").splitlines()
    starts = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        header = _HEADER.match(lines[start])
        assert header
        kind, title = header[1], header[2].strip()
        rest = lines[start + 1 : end]
        while kind == "copy" and ")" not in title and rest:
            title += " " + rest.pop(0).lstrip("- ").rstrip()
        doc: list[str] = []
        while rest and rest[0].startswith("--"):
            comment = rest.pop(0)
            if not _NOTE.match(comment):
                doc.append(comment.lstrip("- ").strip())
        text = "\n".join(rest).strip().removesuffix(";").strip()
        yield Statement(path, start + 1, kind, title, " ".join(doc).strip(), text)


@cache
def schemas() -> set[str]:
    """The schemas that the migrations make."""
    made = re.compile(r"\bCREATE\s+SCHEMA\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)", re.IGNORECASE)
    migrations = (path.read_text(encoding="utf-8") for path in files(".sql", under=ROOT / "migrations"))
    return {match[1] for text in migrations for match in made.finditer(bare(text))}


def bare(sql: str) -> str:
    """SQL without its comments and with empty literals, so that a search finds only code."""
    without_literals = re.sub(r"'(?:[^']|'')*'", "''", re.sub(r"/\*.*?\*/", " ", _uncommented(sql), flags=re.DOTALL))
    return re.sub(r"\$(\w*)\$.*?\$\1\$", "''", without_literals, flags=re.DOTALL)


def _uncommented(sql: str) -> str:
    return re.sub(r"('(?:[^']|'')*')|--[^\n]*", lambda match: match[1] or "", sql)


def report(title: str, broken: list[str]) -> None:
    """Fail with one line per finding, where there is any."""
    if broken:
        pytest.fail(f"{title}\n" + "\n".join(f"  {line}" for line in broken), pytrace=False)
