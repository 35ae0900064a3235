"""The worker process: rounds without end, a pause when there is nothing, patience with a database that is away."""

import gc
import os
import time

from stocktower.app.checking import check_when_due
from stocktower.app.home import Tower
from stocktower.app.output import err
from stocktower.app.workers import describe, work_round
from stocktower.platform import MACHINE_CLOCK

IDLE = 0.5
"""Seconds."""
PAUSES = (0.5,)
"""Seconds after each failure in a row; then the process ends, and its successor joins the server or starts it anew."""


def collect_less() -> None:
    """Let the collector look at what is new only, and seldom: batches make much and leave no cycles. A tenth of a
    worker's time went into looking.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)


def work_forever(tower: Tower, *, parent: int | None = None) -> None:
    """Work until told to end, or until the process `parent` is no longer ours; raises what does not go away."""

    def going() -> bool:
        return parent is None or os.getppid() == parent

    collect_less()
    failures = 0
    while going():
        try:
            done = work_round(tower, going=going)
            check_when_due(tower)
        except Exception as error:
            if failures == len(PAUSES):
                raise
            err.print(f"{MACHINE_CLOCK.now():%Y-%m-%d %H:%M:%S} worker {os.getpid()}: {describe(error)}", markup=False)
            time.sleep(PAUSES[failures])
            failures += 1
            continue
        failures = 0
        if done == 0:
            time.sleep(IDLE)
