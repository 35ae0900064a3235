"""How values look: times, amounts, quantities, states. Pure, and the same on every page."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from markupsafe import Markup, escape

from stocktower.kernel import exponent, format_minor

DASH = "\u2013"
MINUS = "\u2212"
NARROW_SPACE = "\u202f"


def zone_of(name: str) -> ZoneInfo:
    """A time zone by name; UTC where the name is unknown."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def quantity(value: int | None, *, signed: bool = False) -> str:
    """A count with thousands apart, a true minus, a dash for zero or nothing."""
    if not value:
        return DASH
    sign = MINUS if value < 0 else "+" if signed else ""
    return f"{sign}{abs(value):,}"


def amount(minor: int | None, currency: str, *, zero: str = DASH) -> str:
    """Money without its code, which stands in the header; a dash for zero or nothing."""
    if not minor:
        return zero
    text = format_minor(abs(minor), currency) if currency else f"{abs(minor):,}"
    return f"{MINUS}{text}" if minor < 0 else text


def money(minor: int | None, currency: str) -> str:
    """Money with its code, where there is no header to hold it."""
    return f"{amount(minor, currency, zero='0' if not exponent_of(currency) else '0.00')} {currency}".strip()


def short_money(minor: int, currency: str) -> str:
    """Money in whole units, for strips and titles."""
    whole = round(abs(minor) / 10 ** exponent_of(currency))
    return f"{MINUS if minor < 0 and whole else ''}{whole:,} {currency}".strip()


def exponent_of(currency: str) -> int:
    """Decimals of a currency; two where it is unknown."""
    try:
        return exponent(currency)
    except ValueError:
        return 2


def span(length: timedelta) -> str:
    """A length of time in one or two units: 45 min, 2 h 10 min, 3 d 4 h, 12 d."""
    seconds = int(abs(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if hours < 1:
        return f"{minutes} min"
    if hours < 10 and minutes % 60:
        return f"{hours} h {minutes % 60} min"
    if days < 1:
        return f"{hours} h"
    if days < 4 and hours % 24:
        return f"{days} d {hours % 24} h"
    return f"{days} d"


def relative(at: datetime, now: datetime) -> str:
    """How long ago or from now: `2 h ago`, `in 3 d`, `now`."""
    length = now - at
    if abs(length.total_seconds()) < 1:
        return "now"
    return f"{span(length)} ago" if length > timedelta(0) else f"in {span(length)}"


def exact(at: datetime, zone: ZoneInfo) -> str:
    """An instant in a zone, unmistakable: `Mon 23 Nov 2026 08:05:00 EST`."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M:%S %Z}"


def brief(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """An instant as short as it can be read: the time today, else the day with the time, else with the year."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    day = f"{local:%a} {local.day} {local:%b}"
    return f"{day} {local:%H:%M}" if abs((local - today).days) < 180 else f"{local.day} {local:%b %Y}"


def due(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """By when something is expected: a day that counts through its end is called by its own name."""
    local = at.astimezone(zone)
    if (local.hour, local.minute, local.second) != (0, 0, 0):
        return brief(at, zone, now)
    return day((local - timedelta(days=1)).date(), now.astimezone(zone).date())


def day(on: date, today: date) -> str:
    """A day of the calendar as short as it can be read."""
    if on == today:
        return "today"
    return f"{on:%a} {on.day} {on:%b}" if abs((on - today).days) < 180 else f"{on.day} {on:%b %Y}"


def time_tag(at: datetime | None, text: str, zone: ZoneInfo) -> Markup:
    """A time element: what is read, and the exact instant on hover."""
    if at is None:
        return Markup(DASH)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(), f"{exact(at, zone)} ({zone.key})", text
    )


def words(name: str) -> str:
    """An identifier as words: `partially_backordered` is `partially backordered`."""
    return name.replace("_", " ").replace(".", " ").strip()


def sentence(name: str) -> str:
    """An identifier as the start of a sentence."""
    text = words(name)
    return text[:1].upper() + text[1:]


def sentence_case(text: str) -> str:
    """A text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def breakable(name: str) -> Markup:
    """A name that may break after its colons, for narrow columns."""
    return Markup(":<wbr>").join(escape(part) for part in name.split(":"))


def plural(count: int, singular: str, many: str = "") -> str:
    """A count with its noun: `1 order`, `3 orders`, `no orders`."""
    noun = singular if count == 1 else many or f"{singular}s"
    return f"{count:,} {noun}" if count else f"no {noun}"


TONES = {
    "backordered": "waiting",
    "partially_backordered": "waiting",
    "open": "waiting",
    "shipped": "done",
    "cancelled": "quiet",
    "history": "quiet",
    "expired": "broken",
    "failed": "broken",
    "voided": "quiet",
    "paid": "done",
    "captured": "done",
    "refunded": "quiet",
    "pending": "waiting",
    "unpaid": "waiting",
    "parked": "broken",
    "done": "done",
    "running": "waiting",
    "closed": "done",
    "partially_paid": "waiting",
}


def state_tag(name: str, tone: str = "") -> Markup:
    """A state with its shape and colour: waiting, risk, broken, done, or neither."""
    chosen = tone or TONES.get(name, "plain")
    return Markup('<span class="state {}">{}</span>').format(chosen, words(name))


def marked(text: str, wanted: str) -> Markup:
    """Text with what was looked for marked."""
    position = text.lower().find(wanted.lower()) if wanted else -1
    if position < 0:
        return escape(text)
    end = position + len(wanted)
    return Markup("{}<mark>{}</mark>{}").format(text[:position], text[position:end], text[end:])
