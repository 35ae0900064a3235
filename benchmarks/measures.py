"""What a measurement came to, and how it is shown."""

import os
from collections.abc import Iterable, Sequence
from statistics import median

from msgspec import Struct


class Measure(Struct, frozen=True):
    """One line of the results: the median of several runs, with what it is measured against."""

    name: str
    unit: str
    runs: tuple[float, ...]
    goal: float | None = None
    """At least this where `more_is_better`, else at most."""
    more_is_better: bool = True
    bare: float | None = None
    """The bare limit of the machine in the same unit."""
    note: str = ""

    @property
    def value(self) -> float:
        """The median of the runs."""
        return median(self.runs)

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.more_is_better else self.value <= self.goal

    @property
    def ratio(self) -> float | None:
        """The share of the bare limit that is left for use."""
        return None if not self.bare else self.value / self.bare


class Options(Struct, frozen=True):
    """How long to measure."""

    quick: bool = False
    runs: int = 3
    profile: bool = True


def as_line(measure: Measure) -> str:
    """A result on one line, which begins with its name."""
    parts = [f"{measure.name:<42}", f"{measure.value:>12,.1f} {measure.unit:<14}"]
    spread = f"{min(measure.runs):,.1f} .. {max(measure.runs):,.1f}" if len(measure.runs) > 1 else ""
    parts.append(f"{spread:<24}")
    parts.append(f"bare {measure.bare:>10,.1f}" if measure.bare else " " * 15)
    parts.append(f"{measure.ratio:>5.0%}" if measure.ratio else " " * 5)
    if measure.goal is not None:
        word = "reached" if measure.reached else "MISSED"
        parts.append(f"goal {'>=' if measure.more_is_better else '<='} {measure.goal:,.0f} {word}")
    parts.append(measure.note)
    return "  ".join(parts).rstrip()


def say(line: str = "") -> None:
    """A line of output, at once."""
    print(line, flush=True)


def say_load() -> None:
    """Other load on the machine, so that a figure can be judged."""
    one, five, _ = os.getloadavg()
    say(f"cores {os.cpu_count()}, load {one:.1f} (1 min) {five:.1f} (5 min)")


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def shares(seconds: Iterable[tuple[str, float]]) -> list[str]:
    """Where time goes, the most first, as lines."""
    parts = sorted(seconds, key=lambda part: -part[1])
    total = sum(one for _, one in parts) or 1.0
    return [f"    {name:<34} {one:>8.2f} s {one / total:>6.1%}" for name, one in parts]
