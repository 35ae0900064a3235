"""Bytes to records: encodings, delimiters, physical lines, and recovery from broken quoting, in bounded memory."""

import codecs
import csv
import hashlib
import io
import re
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from .model import FileError

_CHUNK = 1 << 20
_LONGEST_LINE = 1 << 20
_BAD_BYTE = re.compile("[\udc80-\udcff]")
_GOOD_MULTIBYTE = re.compile("[^\x00-\x7f\udc80-\udcff]")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_RAW_FOR_MESSAGE = str.maketrans({"\0": "\\x00"})
_UNCLOSED = "a quotation mark opens and is not closed where a column ends"


class TextFile(msgspec.Struct, frozen=True):
    """A file looked at once: what it is made of, and how to read it again."""

    path: Path
    name: str
    sha256: str
    size: int
    encoding: str
    has_bad_bytes: bool
    """Some bytes are not of the encoding; the rows that hold them are kept."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record: where it begins, its fields with an empty one after the last, and its text as it stood."""

    line: int
    fields: list[str]
    raw: str
    problem: str = ""
    """Why it has no usable fields."""


def examine(path: Path, name: str = "") -> TextFile:
    """Read a file once for its digest, size and encoding; raises FileError where there is nothing to read."""
    name = name or path.name
    digest = hashlib.sha256()
    size = 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, start = True, b""
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                start = start or chunk[:4]
                digest.update(chunk)
                size += len(chunk)
                is_utf8 = is_utf8 and _decodes(decoder, chunk)
    except OSError as error:
        raise FileError(name, 0, "", error.strerror or "cannot be read", "name a file that can be read") from None
    if not size:
        raise FileError(name, 1, "", "the file is empty", "export it again with its header row")
    encoding, has_bad_bytes = "utf-8-sig", False
    if start.startswith(_UTF16_MARKS):
        encoding = "utf-16"
    elif not is_utf8 or not _decodes(decoder, b"", final=True):
        encoding = "utf-8-sig" if _has_multibyte(path) else "cp1252"
        has_bad_bytes = True
    return TextFile(path, name, digest.hexdigest(), size, encoding, has_bad_bytes)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _has_multibyte(path: Path) -> bool:
    """Whether a file that is not UTF-8 throughout holds UTF-8 somewhere: then it is UTF-8 with damage, not cp1252."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if _GOOD_MULTIBYTE.search(decoder.decode(chunk)):
                return True
    return False


def _errors_for(file: TextFile) -> str:
    return "replace" if file.encoding == "utf-16" else "surrogateescape"


def as_text(raw: str) -> str:
    """The text of a row as a message can carry it: undecodable bytes and NUL are written as \\x.."""
    if raw.isascii() and "\0" not in raw:
        return raw
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").translate(_RAW_FOR_MESSAGE)


class Records:
    """The records of a file after its header, one at a time.

    A record whose quoting is broken, or that spans lines and has the wrong number of columns, is given up at its first
    physical line and reading goes on with the second, so that a stray quotation mark never swallows the rows after it.
    """

    def __init__(self, file: TextFile, *, quoted: bool = True) -> None:
        self._file = file
        self._stream = io.TextIOWrapper(file.path.open("rb"), file.encoding, errors=_errors_for(file), newline="")
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self._line = 0
        self._quoted = quoted
        self.delimiter = ","
        self.header = self._read_header()
        self.needed = 0
        """How many fields a record must have at least; set by the reader that knows which columns it uses."""

    def close(self) -> None:
        """Give the file back."""
        self._stream.close()

    def _read_header(self) -> list[str]:
        for first in self._lines():
            if first.strip():
                break
        else:
            raise FileError(self._file.name, 1, "", "the file holds no rows", "export it again with its header row")
        counts = {mark: first.count(mark) for mark in ("\t", ",", ";")}
        self.delimiter = max(counts, key=counts.__getitem__) if any(counts.values()) else ","
        if self.delimiter != "\t":
            self._quoted = True
        self._waiting.extendleft(reversed(self._taken[-1:]))
        self._line -= 1
        self._taken.clear()
        try:
            names = next(self._reader())
        except csv.Error as error:
            raise FileError(self._file.name, 1, "", f"the header cannot be read ({error})", "export it again") from None
        self._taken.clear()
        while names and not names[-1].strip():
            names.pop()
        return names

    def _reader(self) -> Iterator[list[str]]:
        quoting = csv.QUOTE_MINIMAL if self._quoted else csv.QUOTE_NONE
        return csv.reader(self._lines(), delimiter=self.delimiter, quoting=quoting, strict=True)

    def _lines(self) -> Iterator[str]:
        """Physical lines; what was given back first. Each is noted until its record is complete."""
        waiting, taken = self._waiting, self._taken
        readline = partial(self._stream.readline, _LONGEST_LINE)
        while True:
            line = waiting.popleft() if waiting else readline()
            if not line:
                return
            self._line += 1
            taken.append(line)
            yield line

    def __iter__(self) -> Iterator[Record]:
        """The records; blank ones are no rows."""
        while True:
            try:
                yield from self._until_broken()
            except csv.Error as error:
                broken = self._give_up(str(error))
            else:
                return
            yield broken

    def _until_broken(self) -> Iterator[Record]:
        width, taken = len(self.header), self._taken
        padding = [""] * (width + 1)
        has_bad_bytes = self._file.has_bad_bytes
        for fields in self._reader():
            count = len(fields)
            raw = taken[0] if len(taken) == 1 else "".join(taken)
            problem = ""
            if count != width and (problem := self._wrong_width(fields)) and len(taken) > 1:
                raise csv.Error(problem)
            if has_bad_bytes and not raw.isascii() and _BAD_BYTE.search(raw):
                problem = f"the row holds bytes that are not {self._file.encoding.removesuffix('-sig').upper()}"
            if "\0" in raw:
                problem = "the row holds a NUL character"
            line = self._line - len(taken) + 1
            taken.clear()
            if problem:
                if raw.strip(" \t\r\n,;"):
                    yield Record(line, [], raw, problem)
            elif any(fields):
                yield Record(line, fields + padding[count:] if count <= width else [*fields[:width], ""], raw)

    def _wrong_width(self, fields: list[str]) -> str:
        """Why the number of columns does not do, or nothing."""
        width = len(self.header)
        if len(fields) > width and any(field.strip() for field in fields[width:]):
            return f"the row has {len(fields)} columns, the header {width}"
        if len(fields) < min(self.needed, width):
            return f"the row has {len(fields)} of {width} columns"
        return ""

    def _give_up(self, error: str) -> Record:
        """Keep the first physical line of the record alone, and read the rest again."""
        first, rest = self._taken[0], self._taken[1:]
        self._line -= len(rest)
        self._waiting.extendleft(reversed(rest))
        self._taken.clear()
        known = error.startswith("the row ")
        return Record(self._line, [], first, error if known else f"{_UNCLOSED} ({error})")


def fields_of(record: Record, delimiter: str) -> list[str]:
    """The fields of a record that could not be used, by its delimiters alone: enough to guess what it belongs to."""
    return [part.strip().strip('"').strip() for part in record.raw.split(delimiter)]
