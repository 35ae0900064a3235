"""Worker processes as `serve` has them, started together and timed from one instant."""

import multiprocessing
import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from threading import BrokenBarrierError

from msgspec import Struct

from benchmarks.phases import Phases
from benchmarks.places import Place, opened
from stocktower.app.worker_process import collect_less
from stocktower.app.workers import message_work, work_batch, work_until_idle
from stocktower.network import load_network

_PATIENCE_SECONDS = 600
_LOOK_SECONDS = 0.05
"""Between two looks for work while there is none."""


class Report(Struct, frozen=True):
    """What one process did, by the machine's monotonic clock."""

    began: float
    ended: float
    done: int
    stamps: tuple[tuple[float, str, int], ...]
    """(instant, work, pieces) of each batch."""
    seconds: dict[str, float]
    """By phase, where it was profiled."""
    cpu_seconds: float
    peak_kib: int
    server_peak_kib: int


class Run(Struct, frozen=True):
    """All processes of a run."""

    reports: tuple[Report, ...]

    @property
    def seconds(self) -> float:
        """From the common start to the end of the last."""
        return max(one.ended for one in self.reports) - min(one.began for one in self.reports)

    @property
    def done(self) -> int:
        """Pieces of work in all."""
        return sum(one.done for one in self.reports)

    @property
    def phases(self) -> dict[str, float]:
        """Seconds by phase of all processes together."""
        total: defaultdict[str, float] = defaultdict(float)
        for one in self.reports:
            for phase, seconds in one.seconds.items():
                total[phase] += seconds
        return total


def run_workers(
    place: Place,
    processes: int,
    *,
    kinds: Sequence[str] = (),
    profile: bool = False,
    feed: Callable[[], object] | None = None,
) -> Run:
    """Let so many processes work through the inbox messages of some kinds, or through everything that is due.

    `feed` runs here as soon as they are at work, which goes on until nothing is left of what it brings.
    """
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes + 1)
    fed = context.Event()
    answers: Queue[Report | str] = context.Queue()
    arguments = (place, tuple(kinds), profile, barrier, fed, answers)
    started = [context.Process(target=_work, args=arguments) for _ in range(processes)]
    for process in started:
        process.start()
    with suppress(BrokenBarrierError):
        barrier.wait(_PATIENCE_SECONDS)
    try:
        if feed is not None:
            feed()
    finally:
        fed.set()
    reports = [answers.get(timeout=_PATIENCE_SECONDS) for _ in started]
    for process in started:
        process.join()
    failed = [one for one in reports if isinstance(one, str)]
    if failed:
        raise RuntimeError("a worker failed:\n" + "\n".join(failed))
    return Run(tuple(one for one in reports if isinstance(one, Report)))


def _work(
    place: Place, kinds: tuple[str, ...], profile: bool, barrier: Barrier, fed: Event, answers: "Queue[Report | str]"
) -> None:
    try:
        answers.put(_timed(place, kinds, profile, barrier, fed))
    except Exception:
        import traceback

        barrier.abort()
        answers.put(traceback.format_exc())


def _timed(place: Place, kinds: tuple[str, ...], profile: bool, barrier: Barrier, fed: Event) -> Report:
    stamps: list[tuple[float, str, int]] = []

    def note(name: str, done: int) -> None:
        stamps.append((time.monotonic(), name, done))

    with opened(place) as tower:
        with tower.reading() as tx:
            load_network(tx)
            server_pid = tx.connection.info.backend_pid
        collect_less()
        phases = Phases()
        barrier.wait(_PATIENCE_SECONDS)
        began, cpu = time.monotonic(), time.process_time()
        if profile:
            phases.__enter__()
        while True:
            is_last = fed.is_set()
            if not kinds:
                work_until_idle(tower, progress=note)
            for kind in kinds:
                work = message_work(kind)
                while done := work_batch(tower, work):
                    note(work.name, done)
            if is_last:
                break
            fed.wait(_LOOK_SECONDS)
        if profile:
            phases.__exit__(None, None, None)
        return Report(
            began,
            time.monotonic(),
            sum(done for _, _, done in stamps),
            tuple(stamps),
            dict(phases.seconds),
            time.process_time() - cpu,
            peak_kib(os.getpid()),
            peak_kib(server_pid),
        )


def peak_kib(pid: int) -> int:
    """The most memory that a process ever had, shared memory that it touched included; 0 where it cannot be told."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
