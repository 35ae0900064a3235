"""Instants as exports write them, and which of day and month comes first.

Dates that begin with the year need no convention. For 13/04/2026 and the like a whole file is looked through first:
one day above 12 tells for all dates of the file. Where a file shows both orders, a date that could be either is
unreadable. Where it shows neither, the source's own setting counts, else the format's convention (day first in the
orders export of Shopify); a format without one (Amazon, plain CSV) leaves such a row unreadable rather than guess.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .model import Unreadable

_TIME = r"(?:,?[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?\s*([ap]m)?\s*(.*)"
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _TIME, re.I)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})" + _TIME, re.I)
_SHORT = re.compile(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.](?:\d{4}|\d{2})(?!\d)")
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2}):?(\d{2})?(?::?\d{2})?")
_ZONE_NAMES = {"Z": 0, "UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8,
               "PDT": -7, "BST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "JST": 9}  # fmt: skip
_EARLIEST, _LATEST = 1990, 2100
_ISO_FIX = "write dates as YYYY-MM-DD or YYYY-MM-DD HH:MM:SS +HH:MM"
_CACHED = 20_000


class DateEvidence:
    """What the short dates of a file show: whether a day above 12 stood first, and whether one stood second."""

    def __init__(self) -> None:
        self.day_first = False
        self.month_first = False

    def look(self, text: str) -> None:
        """Take one date into account; one that begins with the year says nothing."""
        if match := _SHORT.match(text):
            self.day_first = self.day_first or int(match[1]) > 12
            self.month_first = self.month_first or int(match[2]) > 12


def _parse_offset(text: str) -> tzinfo | None:
    text = text.strip()
    hours = _ZONE_NAMES.get(text.upper())
    if hours is not None:
        return timezone(timedelta(hours=hours))
    if match := _OFFSET.fullmatch(text):
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    return None


class Instants:
    """Reads the instants of one file as UTC."""

    def __init__(
        self, zone: str, evidence: DateEvidence, *, day_first: bool | None, convention: bool | None = None
    ) -> None:
        try:
            self._zone: tzinfo = ZoneInfo(zone) if zone else UTC
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{zone!r} is not a time zone such as Europe/Berlin") from None
        self._mixed = evidence.day_first and evidence.month_first
        self._day_first: bool | None = None if self._mixed else convention if day_first is None else day_first
        if evidence.day_first != evidence.month_first:
            self._day_first = evidence.day_first
        self._proven = evidence.day_first or evidence.month_first
        self.assumed = ""
        """A date that was read by setting or convention alone, because no date of the file tells."""
        self._known: dict[str, datetime] = {}

    @property
    def order(self) -> str:
        """How short dates are read, in words."""
        return "day/month/year" if self._day_first else "month/day/year"

    def read(self, text: str, column: str) -> datetime:
        """The instant that a text states; raises Unreadable naming the column."""
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= _CACHED:
                self._known.clear()
            found = self._known[text] = self._parse(text.strip(), column)
        return found

    def day_of(self, at: datetime) -> date:
        """The day of an instant where the file comes from."""
        return at.astimezone(self._zone).date()

    def read_optional(self, text: str, column: str) -> datetime | None:
        """The same, None where there is nothing."""
        return self.read(text, column) if text and text.strip() else None

    def read_date(self, text: str, column: str) -> date | None:
        """The day that a text states, None where there is nothing."""
        return self.read(text, column).astimezone(self._zone).date() if text and text.strip() else None

    def _parse(self, text: str, column: str) -> datetime:
        if len(text) == 25 and text[19] == " ":
            try:
                return _sane(datetime.fromisoformat(text[:19] + text[20:]), text, column).astimezone(UTC)
            except ValueError:
                pass
        if match := _YEAR_FIRST.fullmatch(text):
            year, month, day = int(match[1]), int(match[2]), int(match[3])
        elif match := _YEAR_LAST.fullmatch(text):
            day, month = self._day_and_month(int(match[1]), int(match[2]), text, column)
            year = int(match[3]) + (2000 if len(match[3]) == 2 else 0)
        else:
            raise Unreadable(column, f"{text!r} is not a date", _ISO_FIX)
        zone = _parse_offset(match[8]) if match[8] else self._zone
        if zone is None:
            raise Unreadable(column, f"{text!r} ends with {match[8]!r}, which is not an offset from UTC", _ISO_FIX)
        hour = int(match[4] or 0)
        if match[7]:
            hour = hour % 12 + (12 if match[7].lower() == "pm" else 0)
        try:
            local = datetime(year, month, day, hour, int(match[5] or 0), int(match[6] or 0), tzinfo=zone)
        except ValueError as error:
            raise Unreadable(column, f"{text!r} is not a date ({error})", _ISO_FIX) from None
        return _sane(local, text, column).astimezone(UTC)

    def _day_and_month(self, first: int, second: int, text: str, column: str) -> tuple[int, int]:
        if first > 12 or second > 12 or first == second:
            return (first, second) if second <= 12 else (second, first)
        if self._mixed:
            problem = f"{text!r} can be read as day/month or month/day, and the file has dates of both kinds"
            raise Unreadable(column, problem, _ISO_FIX)
        if self._day_first is None:
            problem = f"{text!r} can be read as day/month or month/day, and no date of the file tells which"
            raise Unreadable(column, problem, _ISO_FIX)
        if not self._proven:
            self.assumed = self.assumed or text
        return (first, second) if self._day_first else (second, first)


def _sane(instant: datetime, text: str, column: str) -> datetime:
    if not _EARLIEST <= instant.year <= _LATEST:
        raise Unreadable(column, f"{text!r} lies outside {_EARLIEST} to {_LATEST}", _ISO_FIX)
    return instant
