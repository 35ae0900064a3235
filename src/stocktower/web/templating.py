"""Templates: one environment, strict about names, with the formats that every page shares."""

import hashlib
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from stocktower.web import charts, formats

STATIC = {"tower.css": "text/css", "tower.js": "text/javascript", "mark.svg": "image/svg+xml"}


def static_file(name: str) -> bytes:
    """The content of one of our own static files."""
    return files("stocktower.web").joinpath("static", name).read_bytes()


@cache
def static_version() -> str:
    """A hash over all static files, part of their addresses, so that browsers may keep them for good."""
    digest = hashlib.sha256()
    for name in STATIC:
        digest.update(static_file(name))
    return digest.hexdigest()[:12]


def span_seconds(seconds: int) -> str:
    """A length of time that is given in seconds."""
    return formats.span(timedelta(seconds=seconds))


@cache
def environment() -> Environment:
    """The environment of all pages; an unknown name in a template is an error, not an empty place."""
    made = Environment(
        loader=PackageLoader("stocktower.web", "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters: dict[str, Any] = {
        "quantity": formats.quantity,
        "amount": formats.amount,
        "money": formats.money,
        "short_money": formats.short_money,
        "words": formats.words,
        "sentence": formats.sentence,
        "sentence_case": formats.sentence_case,
        "state": formats.state_tag,
        "breakable": formats.breakable,
        "marked": formats.marked,
    }
    values: dict[str, Any] = {
        "plural": formats.plural,
        "span_seconds": span_seconds,
        "share_bar": charts.share_bar,
        "sparkline": charts.sparkline,
        "static": f"/static/{static_version()}",
        "DASH": formats.DASH,
    }
    open_ended = cast(Any, made)
    open_ended.filters.update(filters)
    open_ended.globals.update(values)
    return made
