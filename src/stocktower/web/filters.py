"""Filters as words: `state:backordered channel:amazon age>2d` is a filter, a sentence, and a part of the URL.

A vocabulary says which words a page understands; what is not understood is told, never ignored in silence.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

_WORD = re.compile(r'([a-z_]+)(:|>=|<=|>|<)(?:"([^"]*)"|(\S+))|"([^"]*)"|(\S+)', re.ASCII)
_SPAN = re.compile(r"(\d+)(m|h|d|w)", re.ASCII)
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class Word(msgspec.Struct, frozen=True):
    """One word that a page understands: `name:value`, one of `values` where they are fixed, or a comparison."""

    name: str
    doc: str
    values: tuple[str, ...] = ()
    """Empty: free text."""
    compares: str = ""
    """`span` (2d, 6h) or `number`: takes > and < instead of a colon."""


class Comparison(msgspec.Struct, frozen=True):
    """`age>2d` or `total<100`: the amount is seconds for spans."""

    name: str
    operator: str
    amount: int

    @property
    def span(self) -> timedelta:
        """The amount as a length of time."""
        return timedelta(seconds=self.amount)


class Filter(msgspec.Struct, frozen=True):
    """What a page is asked to show; several values of one word mean any of them."""

    text: str = ""
    words: Mapping[str, tuple[str, ...]] = {}
    comparisons: tuple[Comparison, ...] = ()
    free: str = ""
    problems: tuple[str, ...] = ()

    def one(self, name: str) -> str:
        """The value of a word, or nothing."""
        values = self.words.get(name, ())
        return values[0] if values else ""

    def many(self, name: str) -> tuple[str, ...]:
        """All values of a word."""
        return self.words.get(name, ())

    def above(self, name: str) -> int | None:
        """The lower bound that was asked for."""
        bounds = [item.amount for item in self.comparisons if item.name == name and item.operator.startswith(">")]
        return max(bounds, default=None)

    def below(self, name: str) -> int | None:
        """The upper bound that was asked for."""
        bounds = [item.amount for item in self.comparisons if item.name == name and item.operator.startswith("<")]
        return min(bounds, default=None)


def parse_filter(text: str, vocabulary: Sequence[Word]) -> Filter:
    """Read a sentence of words; unknown words and values become problems that name what is known."""
    known = {word.name: word for word in vocabulary}
    words: dict[str, list[str]] = {}
    comparisons: list[Comparison] = []
    free: list[str] = []
    problems: list[str] = []
    for match in _WORD.finditer(text):
        name, operator, quoted, plain, quoted_free, plain_free = match.groups()
        if name is None:
            free.append(plain_free if quoted_free is None else quoted_free)
            continue
        value = plain if quoted is None else quoted
        word = known.get(name)
        if word is None:
            problems.append(f"{name}: is not a word here; known are {', '.join(sorted(known))}")
        elif word.compares:
            amount = _amount(value, word.compares)
            if operator == ":" or amount is None:
                example = "2d" if word.compares == "span" else "100"
                problems.append(f"{match.group()}: write {name}>{example} or {name}<{example}")
            else:
                comparisons.append(Comparison(name, operator, amount))
        elif operator != ":":
            problems.append(f"{match.group()}: write {name}:{value}")
        else:
            _add_values(word, value, words, problems)
    return Filter(
        text=" ".join(text.split()),
        words={name: tuple(values) for name, values in words.items()},
        comparisons=tuple(comparisons),
        free=" ".join(free),
        problems=tuple(problems),
    )


def _add_values(word: Word, value: str, words: dict[str, list[str]], problems: list[str]) -> None:
    for part in value.split(","):
        if not part:
            continue
        if word.values and part not in word.values:
            problems.append(f"{word.name}:{part} is not known; {word.name} is one of {', '.join(word.values)}")
        elif part not in words.setdefault(word.name, []):
            words[word.name].append(part)


def _amount(value: str, kind: str) -> int | None:
    if kind == "number":
        return int(value) if value.isascii() and value.isdigit() else None
    match = _SPAN.fullmatch(value)
    return int(match.group(1)) * _SECONDS[match.group(2)] if match else None


def with_word(text: str, name: str, value: str) -> str:
    """The sentence with one word set to one value, others kept; an empty value takes the word out."""
    kept = [match.group() for match in _WORD.finditer(text) if match.group(1) != name]
    if value:
        kept.append(f'{name}:"{value}"' if " " in value else f"{name}:{value}")
    return " ".join(kept)
