"""Charts as SVG, made on the server: one idea each, labelled in text beside the line, zero-based where bars."""

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

# Drawings are stretched to the width of their place; the height is in pixels.
ACROSS = 1000
HIGH = 20


class Bar(msgspec.Struct, frozen=True):
    """One step of a waterfall: what it adds or takes, and where that leaves us; `total` bars stand on zero."""

    label: str
    delta: int
    running: int
    total: bool = False
    href: str = ""


class DrawnBar(msgspec.Struct, frozen=True):
    """A step with its drawing, one row of the table that a waterfall is."""

    bar: Bar
    drawing: Markup


class _Scale(msgspec.Struct, frozen=True):
    low: int
    span: int

    def x(self, value: int) -> int:
        return round((value - self.low) * ACROSS / self.span)


def waterfall(bars: Sequence[Bar], told: int | None = None) -> list[DrawnBar]:
    """The steps from on hand to available, downwards; `told` is where the channel believes that it stands."""
    ends = [0, *(bar.running for bar in bars), *(_start(bar) for bar in bars)]
    scale = _Scale(min(ends), max(1, told or 0, *ends) - min(ends))
    last = len(bars) - 1
    return [DrawnBar(bar, _drawing(bar, scale, told, is_last=index == last)) for index, bar in enumerate(bars)]


def _start(bar: Bar) -> int:
    return 0 if bar.total else bar.running - bar.delta


def _drawing(bar: Bar, scale: _Scale, told: int | None, *, is_last: bool) -> Markup:
    left, right = sorted((scale.x(_start(bar)), scale.x(bar.running)))
    upright = Markup('<line class="{0}" x1="{1}" x2="{1}" y1="{2}" y2="{3}"/>')
    block = Markup('<rect class="{}" x="{}" y="4" width="{}" height="12"/>')
    parts = [
        upright.format("axis", scale.x(0), 0, HIGH),
        block.format("level" if bar.total else "step", left, max(right - left, 3)),
    ]
    if not is_last:
        parts.append(upright.format("join", scale.x(bar.running), 16, HIGH))
    if told is not None:
        parts.append(upright.format("told", scale.x(told), 0, HIGH))
    return _stretched("bar", ACROSS, HIGH, parts)


def sparkline(values: Sequence[int], title: str) -> Markup:
    """A line over equal steps, on zero; what it ends with stands in text beside it."""
    if len(values) < 2:
        return Markup("")
    high = max(*values, 1)
    points = " ".join(
        f"{index * ACROSS / (len(values) - 1):.0f},{HIGH - 1 - value * (HIGH - 2) / high:.1f}"
        for index, value in enumerate(values)
    )
    parts = [
        Markup('<polygon class="under" points="0,{1} {0} {2},{1}"/>').format(points, HIGH - 1, ACROSS),
        Markup('<polyline class="spark" points="{}"/>').format(points),
        Markup("<title>{}</title>").format(title),
    ]
    return _stretched("sparkline", ACROSS, HIGH, parts)


class Line(msgspec.Struct, frozen=True):
    """One line of a chart over time: values that hold from their instant to the next."""

    label: str
    kind: str
    """The class that draws it: on_hand, allocated, ats, told."""
    values: Sequence[tuple[float, int]]
    """(instant in seconds, value), in order."""


class DrawnChart(msgspec.Struct, frozen=True):
    """A chart over time: a drawing that is stretched to its place, and beside it the label of each line at its end."""

    drawing: Markup
    labels: Markup
    high: int
    """The value at the top."""


TALL = 120
LABEL_HIGH = 14
LABEL_WIDE = 136


def over_time(lines: Sequence[Line], title: str) -> DrawnChart | None:
    """Steps over time on zero; None where there is nothing to draw."""
    drawn = [line for line in lines if line.values]
    times = [at for line in drawn for at, _ in line.values]
    if not times or min(times) == max(times):
        return None
    begin, span = min(times), max(times) - min(times)
    end = begin + span
    high = max(1, *(value for line in drawn for _, value in line.values))

    def y(value: int) -> float:
        return TALL - 1 - value * (TALL - 2) / high

    parts = [Markup('<line class="axis" x1="0" x2="{0}" y1="{1}" y2="{1}"/>').format(ACROSS, TALL - 0.5)]
    for line in drawn:
        points: list[str] = []
        for place, (at, value) in enumerate(line.values):
            x = (at - begin) * ACROSS / span
            if place:
                points.append(f"{x:.1f},{y(line.values[place - 1][1]):.1f}")
            points.append(f"{x:.1f},{y(value):.1f}")
        points.append(f"{(end - begin) * ACROSS / span:.1f},{y(line.values[-1][1]):.1f}")
        parts.append(Markup('<polyline class="line {}" points="{}"/>').format(line.kind, " ".join(points)))
    parts.append(Markup("<title>{}</title>").format(title))
    ends = sorted(((y(line.values[-1][1]), line) for line in drawn), key=lambda one: one[0])
    return DrawnChart(_stretched("over-time", ACROSS, TALL, parts), _labels(ends), high)


def _labels(ends: Sequence[tuple[float, Line]]) -> Markup:
    """Labels at the ends of their lines, pushed apart so that each can be read."""
    places: list[float] = []
    for wanted, _ in ends:
        lowest = places[-1] + LABEL_HIGH if places else LABEL_HIGH / 2
        places.append(max(wanted, lowest))
    overflow = max(0.0, places[-1] - (TALL - LABEL_HIGH / 2)) if places else 0.0
    stroke = Markup('<line class="line {0}" x1="4" x2="20" y1="{1:.1f}" y2="{1:.1f}"/>')
    word = Markup('<text x="26" y="{:.1f}">{} {}</text>')
    texts = [
        stroke.format(line.kind, place - overflow)
        + word.format(place - overflow + 4, line.label, f"{line.values[-1][1]:,}")
        for place, (_, line) in zip(places, ends, strict=True)
    ]
    return Markup('<svg class="line-labels" width="{0}" height="{1}" viewBox="0 0 {0} {1}">{2}</svg>').format(
        LABEL_WIDE, TALL, Markup("").join(texts)
    )


def share_bar(part: int, whole: int) -> Markup:
    """A thin bar: a part of a whole, zero-based."""
    width = 0 if whole <= 0 else max(0, min(ACROSS, round(ACROSS * part / whole)))
    parts = [
        Markup('<rect class="rest" width="{}" height="4"/>').format(ACROSS),
        Markup('<rect class="part" width="{}" height="4"/>').format(width),
    ]
    return _stretched("share", ACROSS, 4, parts)


def _stretched(name: str, width: int, height: int, parts: Sequence[Markup]) -> Markup:
    return Markup('<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>').format(
        name, width, height, Markup("").join(parts)
    )
