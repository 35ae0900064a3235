"""Runs one simulated world on the test server, in a home of its own."""

from collections.abc import Callable
from pathlib import Path

from stocktower.app.simulate import Outcome, simulate

STEPS = 16
FIRST_HALF, SECOND_HALF = range(1, 11), range(11, 21)


def run_world(seed: int, url: Callable[[], str], folder: Path) -> Outcome:
    """The outcome of a seed; raises Failed with what the auditor found."""
    return simulate(seed, url(), folder / "home", steps=STEPS)
