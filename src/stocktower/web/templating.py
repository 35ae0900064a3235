"""Templates: one environment, strict about names, with the formats that every page shares."""

import hashlib
from datetime import timedelta
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from stocktower.web import charts, formats

STATIC = {"tower.css": "text/css", "tower.js": "text/javascript", "mark.svg": "image/svg+xml"}


def static_file(name: str) -> bytes:
    """The content of one of our own static files."""
    return files(__package__).joinpath("static", name).read_bytes()


@cache
def static_version() -> str:
    """A hash over all static files, part of their addresses, so that browsers may keep them for good."""
    digest = hashlib.sha256()
    for name in STATIC:
        digest.update(static_file(name))
    return digest.hexdigest()[:12]


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
    made.filters.update(
        quantity=formats.quantity,
        amount=formats.amount,
        money=formats.money,
        short_money=formats.short_money,
        words=formats.words,
        sentence=formats.sentence,
        state=formats.state_tag,
        marked=formats.marked,
    )
    made.globals.update(
        plural=formats.plural,
        span_seconds=lambda seconds: formats.span(timedelta(seconds=seconds)),
        share_bar=charts.share_bar,
        sparkline=charts.sparkline,
        waterfall=charts.waterfall,
        static=f"/static/{static_version()}",
        DASH=formats.DASH,
    )
    return made
