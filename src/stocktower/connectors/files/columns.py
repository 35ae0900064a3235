"""Header names, taken tolerantly: case, spaces, hyphens and underscores do not matter, and synonyms are known."""

import re
from collections.abc import Sequence

from .model import FileError

_SEPARATORS = re.compile(r"[^0-9a-z]+")

MISSING = -1
"""The index of a column that the file does not have: the empty field after the last."""


def plain_name(name: str) -> str:
    """A header name without case and punctuation."""
    return _SEPARATORS.sub(" ", name.casefold()).strip()


class Columns:
    """Where a file's columns are, by name."""

    def __init__(self, file: str, header: Sequence[str]) -> None:
        self._file = file
        self.names = list(header)
        self._index: dict[str, int] = {}
        for index, name in enumerate(header):
            self._index.setdefault(plain_name(name), index)
        self.last_used = -1
        """The rightmost column that the reader asked for."""

    @property
    def width(self) -> int:
        """How many columns the header names."""
        return len(self.names)

    def find(self, *names: str) -> int:
        """The index of the first of these names that the header has, else MISSING."""
        for name in names:
            index = self._index.get(plain_name(name))
            if index is not None:
                self.last_used = max(self.last_used, index)
                return index
        return MISSING

    def need(self, name: str, *synonyms: str, fix: str = "") -> int:
        """The same, and a FileError that names the first of them where it is missing."""
        index = self.find(name, *synonyms)
        if index == MISSING:
            fix = fix or f"add a column named {name!r}" + (f" (or {synonyms[0]!r})" if synonyms else "")
            raise FileError(self._file, 1, name, f"the column {name!r} is missing", fix)
        return index
