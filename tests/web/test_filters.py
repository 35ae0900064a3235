"""Filters as words, formats and charts: pure."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower.web import charts, formats
from stocktower.web.filters import Comparison, Word, parse_filter
from stocktower.web.security import form_token, is_open

WORDS = (
    Word("state", "", ("open", "shipped")),
    Word("channel", ""),
    Word("age", "", compares="span"),
    Word("total", "", compares="number"),
)
NOW = datetime(2026, 6, 8, 12, 5, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")


def test_a_sentence_of_words() -> None:
    found = parse_filter('state:open,shipped  channel:"Shop US" age>2d total<100 lamp', WORDS)
    assert found.problems == ()
    assert found.many("state") == ("open", "shipped")
    assert found.one("channel") == "Shop US"
    assert found.comparisons[0] == Comparison("age", ">", 2 * 86_400)
    assert found.above("age") == 2 * 86_400
    assert found.below("age") is None
    assert found.below("total") == 100
    assert found.free == "lamp"
    assert found.text == 'state:open,shipped channel:"Shop US" age>2d total<100 lamp'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour:red", "colour: is not a word here; known are age, channel, state, total"),
        ("state:lost", "state:lost is not known; state is one of open, shipped"),
        ("age:2d", "age:2d: write age>2d or age<2d"),
        ("age>soon", "age>soon: write age>2d or age<2d"),
        ("total>1.5", "total>1.5: write total>100 or total<100"),
        ("state>open", "state>open: write state:open"),
    ],
)
def test_what_is_not_understood_is_told(text: str, said: str) -> None:
    assert parse_filter(text, WORDS).problems == (said,)


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    found = parse_filter(text, WORDS)
    assert parse_filter(found.text, WORDS).words == found.words


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(seconds=5), "5 s"),
        (timedelta(minutes=45), "45 min"),
        (timedelta(hours=2, minutes=10), "2 h 10 min"),
        (timedelta(hours=14, minutes=10), "14 h"),
        (timedelta(days=2, hours=3), "2 d 3 h"),
        (timedelta(days=12, hours=3), "12 d"),
    ],
)
def test_lengths_of_time(length: timedelta, text: str) -> None:
    assert formats.span(length) == text
    assert formats.relative(NOW - length, NOW) == f"{text} ago"
    assert formats.relative(NOW + length, NOW) == f"in {text}"


def test_instants_are_exact_on_hover() -> None:
    assert formats.exact(NOW, NEW_YORK) == "Mon 8 Jun 2026 08:05:00 EDT"
    assert formats.brief(NOW - timedelta(hours=1), NEW_YORK, NOW) == "07:05"
    assert formats.brief(NOW - timedelta(days=3), NEW_YORK, NOW) == "Fri 5 Jun 08:05"
    # What was expected on a day counts through its end.
    assert formats.due(datetime(2026, 6, 11, tzinfo=NEW_YORK), NEW_YORK, NOW) == "Wed 10 Jun"
    assert formats.due(datetime(2026, 6, 9, tzinfo=NEW_YORK), NEW_YORK, NOW) == "today"
    assert formats.due(datetime(2027, 6, 9, tzinfo=NEW_YORK), NEW_YORK, NOW) == "8 Jun 2027"
    assert formats.due(NOW - timedelta(days=3), NEW_YORK, NOW) == "Fri 5 Jun 08:05"
    tag = formats.time_tag(NOW, "now", NEW_YORK)
    assert 'title="Mon 8 Jun 2026 08:05:00 EDT (America/New_York)"' in tag


def test_numbers() -> None:
    assert formats.quantity(0) == formats.quantity(None) == "\u2013"
    assert formats.quantity(-1_200) == "\u22121,200"
    assert formats.quantity(5, signed=True) == "+5"
    assert formats.amount(-123_450, "USD") == "\u22121,234.50"
    assert formats.money(1_200, "JPY") == "1,200 JPY"
    assert formats.money(0, "USD") == "0.00 USD"
    assert formats.short_money(1_873_749, "USD") == "18,737 USD"
    assert formats.plural(0, "order") == "no orders"
    assert formats.plural(1, "order") == "1 order"


def test_marks_never_let_markup_through() -> None:
    assert formats.marked("<b>lamp</b>", "LAMP") == "&lt;b&gt;<mark>lamp</mark>&lt;/b&gt;"
    assert formats.state_tag("<x>") == '<span class="state plain">&lt;x&gt;</span>'


@given(st.lists(st.integers(-50, 50), max_size=8), st.integers(0, 100), st.none() | st.integers(0, 200))
def test_a_waterfall_stays_in_its_place(deltas: list[int], first: int, told: int | None) -> None:
    bars = [charts.Bar("On hand", first, first, total=True)]
    for delta in deltas:
        bars.append(charts.Bar("step", delta, bars[-1].running + delta))
    bars.append(charts.Bar("ATS", 0, bars[-1].running, total=True))
    for drawn in charts.waterfall(bars, told):
        for left, width in re.findall(r'x="(-?\d+)" y="4" width="(\d+)"', drawn.drawing):
            assert int(left) >= 0
            assert int(left) + int(width) <= charts.ACROSS + 3


def test_what_is_open_to_anybody() -> None:
    assert all(is_open(path) for path in ("/health", "/sign-in", "/sign-in/x", "/static/1/tower.css"))
    assert not any(is_open(path) for path in ("/", "/healthy", "/sign-inn", "/static", "/api/openapi.json", "/orders"))


def test_every_session_has_its_own_forms() -> None:
    assert form_token("one") != form_token("two")
    assert "one" not in form_token("one")
