"""Charts as SVG, made on the server: one idea each, labelled on the line, zero-based where bars."""

from collections.abc import Callable, Sequence

import msgspec
from markupsafe import Markup

from stocktower.web.formats import quantity

WIDTH = 720
LABELS = 232
NUMBERS = 64
ROW = 24


class Bar(msgspec.Struct, frozen=True):
    """One step of a waterfall: what it adds or takes, and where that leaves us; `total` bars stand on zero."""

    label: str
    delta: int
    running: int
    total: bool = False
    href: str = ""


def waterfall(bars: Sequence[Bar], *, title: str, told: int | None = None) -> Markup:
    """From on hand to available, downwards; the number beside each bar is what it adds or takes.

    `told` draws where the channel believes it stands.
    """
    lows, highs = [0], [1]
    for bar in bars:
        start = 0 if bar.total else bar.running - bar.delta
        lows.append(min(start, bar.running))
        highs.append(max(start, bar.running))
    if told is not None:
        highs.append(told)
    low, high = min(lows), max(highs)
    room = WIDTH - LABELS - NUMBERS - 8

    def x(value: int) -> int:
        return LABELS + NUMBERS + round((value - low) * room / (high - low))

    height = len(bars) * ROW + 8
    parts = [
        Markup('<line class="axis" x1="{0}" x2="{0}" y1="0" y2="{1}"/>').format(x(0), height - 8),
    ]
    for index, bar in enumerate(bars):
        parts.append(_bar(bar, index, bars[index + 1] if index + 1 < len(bars) else None, x))
    if told is not None:
        parts.append(
            Markup('<line class="told" x1="{0}" x2="{0}" y1="0" y2="{1}"><title>told {2}</title></line>').format(
                x(told), height - 8, told
            )
        )
    return _svg(WIDTH, height, title, parts)


def _bar(bar: Bar, index: int, following: Bar | None, x: Callable[[int], int]) -> Markup:
    top = index * ROW
    start = 0 if bar.total else bar.running - bar.delta
    left, right = sorted((x(start), x(bar.running)))
    kind = "level" if bar.total else "down" if bar.delta < 0 else "up"
    label = Markup('<text class="{}" x="0" y="{}">{}</text>').format("" if bar.total else "label", top + 16, bar.label)
    if bar.href:
        label = Markup('<a href="{}">{}</a>').format(bar.href, label)
    number = quantity(bar.running) if bar.total else quantity(bar.delta, signed=True)
    join = Markup("")
    if following is not None:
        join = Markup('<line class="join" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(
            x(bar.running), top + 18, top + ROW + 6
        )
    return Markup(
        '{}<text x="{}" y="{}" text-anchor="end">{}</text>{}<rect class="{}" x="{}" y="{}" width="{}" height="12"/>'
    ).format(label, LABELS + NUMBERS - 12, top + 16, number, join, kind, left, top + 6, max(right - left, 1))


def sparkline(values: Sequence[int], *, title: str, width: int = 240, height: int = 40) -> Markup:
    """A line over equal steps of time, on zero, with its last value at the end."""
    if len(values) < 2:
        return Markup("")
    high = max(*values, 1)
    room = width - 48
    points = [
        f"{index * room / (len(values) - 1):.1f},{height - 4 - value * (height - 8) / high:.1f}"
        for index, value in enumerate(values)
    ]
    area = f"0,{height - 4} {' '.join(points)} {room},{height - 4}"
    last_y = height - 4 - values[-1] * (height - 8) / high
    parts = [
        Markup('<polygon class="under" points="{}"/>').format(area),
        Markup('<polyline class="spark" points="{}"/>').format(" ".join(points)),
        Markup('<text x="{}" y="{:.1f}">{}</text>').format(room + 6, min(max(last_y + 4, 12), height - 2), f"{values[-1]:,}"),
    ]
    return _svg(width, height, title, parts)


def share_bar(part: int, whole: int) -> Markup:
    """A thin bar: a part of a whole, zero-based."""
    width = 0 if whole <= 0 else max(0, min(100, round(100 * part / whole)))
    return Markup(
        '<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="bar-rest" width="100" height="4"/>'
        '<rect class="bar-money" width="{}" height="4"/></svg>'
    ).format(width)


def _svg(width: int, height: int, title: str, parts: Sequence[Markup]) -> Markup:
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        width, height, title, Markup("").join(parts)
    )
