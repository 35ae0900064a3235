"""From messages that are durable in the inbox to orders released and committed; and the bare limit of the same rows."""

import psycopg

from benchmarks import bare, merchant
from benchmarks.measures import Measure, Options, say, shares
from benchmarks.places import Bench, Place, opened, settle_down
from benchmarks.workers import Run, run_workers

GOAL = 4_000.0


def measure_captured(bench: Bench, options: Options) -> list[Measure]:
    """Orders a second with one and with two worker processes."""
    count = 5_000 if options.quick else 20_000
    place = bench.make("orders", merchant.configuration(), merchant.CODE, merchant.NOW)
    with opened(place) as tower:
        merchant.load_master_data(tower)
        merchant.load_orders(tower, count)
    settle_down(place)
    written: list[bare.Written] = []
    found: dict[int, list[float]] = {1: [], 2: []}
    limits: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(options.runs):
        for processes in (1, 2):
            run, rows = _run(bench, place, count, processes, keep=not written)
            written = rows or written
            found[processes].append(count / run.seconds)
            copy = bench.copy(place, "bare")
            limits[processes].append(count / bare.write_again(copy, written, processes))
            bench.drop(copy)
    rows = sum(one.rows for one in written)
    say(f"  {rows / count:.1f} rows an order; batches of {bare.BATCH}")
    if options.profile:
        _profile(bench, place, count)
    bench.drop(place)
    return [
        Measure(
            f"captured to released, {processes} process{'es' if processes > 1 else ''}",
            "orders/s",
            tuple(found[processes]),
            GOAL if processes == 2 else None,
            bare=sorted(limits[processes])[len(limits[processes]) // 2],
            note=f"{count:,} orders",
        )
        for processes in (1, 2)
    ]


def _run(
    bench: Bench, place: Place, count: int, processes: int, *, keep: bool = False, profile: bool = False
) -> tuple[Run, list[bare.Written]]:
    copy = bench.copy(place, "run")
    run = run_workers(copy, processes, kinds=("order",), profile=profile)
    with psycopg.connect(copy.url) as connection:
        released = connection.execute(
            "SELECT count(*) FROM ordering.order_header WHERE released_at IS NOT NULL"
        ).fetchone()
    if released != (count,):
        raise AssertionError(f"{released} orders were released, not {count}")
    written = bare.read_written(copy) if keep else []
    bench.drop(copy)
    return run, written


def _profile(bench: Bench, place: Place, count: int) -> None:
    for processes in (1, 2):
        run, _ = _run(bench, place, count, processes, profile=True)
        cpu = sum(one.cpu_seconds for one in run.reports)
        say(
            f"  where it goes, {processes} process(es), sampled: {run.seconds:.2f} s, Python's processor"
            f" time {cpu:.2f} s; `(server)` is psycopg and PostgreSQL"
        )
        for line in shares(run.phases.items()):
            say(line)
