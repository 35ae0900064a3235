"""What a case knows of its cause, as people read it: words, money with its currency, evidence as links. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote, urlencode

import msgspec

from stocktower.web import formats

MOST = 20
"""Lines of one fact."""
_NAMES = {
    "sku": "SKU",
    "skus": "SKUs",
    "message_id": "Message",
    "journal_id": "Journal",
    "as_of": "As of",
    "position": "Event",
    "absolute_minor": "Without sign",
}
_SEEN = frozenset({"waits_for", "cause"})
"""Said by the title, or by another fact."""


class Fact(msgspec.Struct, frozen=True):
    """One thing that is known: a line each of what it says, or an instant; and where its evidence is."""

    name: str
    lines: tuple[str, ...] = ()
    at: datetime | None = None
    href: str = ""


def facts_of(data: Mapping[str, Any], book_currency: str) -> list[Fact]:
    """The facts of a case; what is empty, and numbers that only the program knows things by, are left out."""
    found: list[Fact] = []
    for name, value in data.items():
        if value in ("", None, [], {}) or name in _SEEN or (name.endswith("_id") and name not in _NAMES):
            continue
        said = name.removesuffix("_minor").removesuffix("_at")
        currency = str(data.get("currency") or book_currency)
        at = _instant(value) if name == "as_of" or name.endswith(("_at", "_as_of")) else None
        lines = () if at else _lines(name, value, currency)
        found.append(Fact(_NAMES.get(name, formats.sentence(said)), lines, at, _href(name, value, data)))
    return found


def _instant(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _lines(name: str, value: Any, currency: str) -> tuple[str, ...]:
    """What a value says."""
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    if isinstance(value, int):
        if name.endswith("_minor"):
            return (formats.money(value, currency),)
        return (str(value) if name.endswith("_id") or name in ("position", "row", "line") else f"{value:,}",)
    if isinstance(value, Mapping):
        named = cast("Mapping[str, Any]", value)
        return tuple(f"{formats.words(key)} {_one(key, each, currency)}" for key, each in list(named.items())[:MOST])
    if isinstance(value, list):
        several = cast("list[Any]", value)
        shown = tuple(_one(name, each, currency) for each in several[:MOST])
        return (*shown, f"and {len(several) - MOST:,} more") if len(several) > MOST else shown
    return (str(value),)


def _one(name: str, value: Any, currency: str) -> str:
    """One of several, on a line of its own."""
    if isinstance(value, Mapping):
        return ", ".join(
            f"{formats.words(key.removesuffix('_minor'))} {_one(key, each, currency)}"
            for key, each in cast("Mapping[str, Any]", value).items()
            if each not in ("", None, [], {}) and not key.endswith("_id")
        )
    return ", ".join(_lines(name, value, currency))


def _href(name: str, value: Any, data: Mapping[str, Any]) -> str:
    """Where the evidence of a fact is; nothing where it has no page."""
    match name:
        case "sku":
            return f"/stock/{quote(str(value), safe='')}"
        case "message_id":
            return f"/messages/{value}"
        case "journal_id":
            return f"/books/journals/{value}"
        case "position":
            return f"/events/{value}"
        case "sheet":
            return f"/counts/{value}"
        case "order" if data.get("order_id"):
            return f"/orders/{data['order_id']}"
        case "system" if data.get("cause"):
            return f"/reconciliation/{quote(str(value), safe='')}?{urlencode({'cause': str(data['cause'])})}"
        case "reference" if data.get("transfer_id"):
            return f"/transfers/{data['transfer_id']}"
        case _:
            return ""
