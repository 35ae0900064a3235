"""The 99,441 Olist orders from durable messages to shipped and posted, with everything that is due on the way."""

import time
from collections import Counter, defaultdict
from itertools import pairwise

import msgspec
import psycopg

from benchmarks import olist
from benchmarks.measures import Measure, Options, say, shares
from benchmarks.places import Bench, Place, opened, settle_down
from benchmarks.workers import Run, run_workers
from stocktower import exchange
from stocktower.app.home import Tower
from stocktower.app.rebuild import rebuild_projections
from stocktower.app.verify import verify
from stocktower.app.workers import work_until_idle
from stocktower.exchange import Incoming

GOAL_SECONDS = 90.0
_AT_ONCE = 5_000
_encode = msgspec.json.Encoder().encode


def measure_olist(bench: Bench, options: Options) -> list[Measure]:
    """Seconds from messages in the inbox to shipped, posted, marked and published, two processes; then `verify`."""
    if not olist.is_there():
        say("=" * 100)
        say(f"SKIPPED olist: no data at {olist.FOLDER}")
        say("=" * 100)
        return []
    data = olist.read()
    if options.quick:
        data = olist.first_of(data, 10_000)
    place = bench.make("olist", olist.configuration(), olist.CODE, olist.NOW)
    with opened(place) as tower:
        _load_master_data(tower, data)
        began = time.monotonic()
        _load_messages(tower, data)
        say(f"  inbox: {len(data.orders):,} orders and {len(data.confirmations):,} confirmations"
            f" received in {time.monotonic() - began:.1f} s (not counted)")  # fmt: skip
    settle_down(place)
    seconds: list[float] = []
    for number in range(1 if options.quick else min(options.runs, 2)):
        copy = bench.copy(place, "olist_run")
        run = run_workers(copy, 2, profile=options.profile and number == 0)
        seconds.append(run.seconds)
        _prove(copy)
        if number == 0:
            _explain(run)
        bench.drop(copy)
    bench.drop(place)
    count = len(data.orders)
    goal = None if options.quick else GOAL_SECONDS
    return [
        Measure("olist captured to shipped and posted", "s", tuple(seconds), goal, False, note=f"{count:,} orders"),
        Measure("olist captured to shipped and posted", "orders/s", tuple(count / one for one in seconds)),
    ]


def _receive(tower: Tower, source: str, items: list[Incoming]) -> None:
    for start in range(0, len(items), _AT_ONCE):
        with tower.transaction("bench") as tx:
            exchange.receive(tx, source, items[start : start + _AT_ONCE], origin="bench")


def _load_master_data(tower: Tower, data: olist.Olist) -> None:
    """Products and opening stock, worked and posted before the clock starts."""
    _receive(tower, "catalog", [Incoming(exchange.PRODUCT, one.sku, _encode(one)) for one in data.products])
    work_until_idle(tower)
    for document in data.stock:
        key = f"{document.site}/opening/{document.part}"
        _receive(tower, document.site, [Incoming(exchange.STOCK, key, _encode(document), len(document.lines))])
    work_until_idle(tower)


def _load_messages(tower: Tower, data: olist.Olist) -> None:
    _receive(
        tower,
        olist.CHANNEL,
        [Incoming(exchange.ORDER, one.order_ref, _encode(one), max(1, len(one.lines))) for one in data.orders],
    )
    _receive(
        tower, olist.CHANNEL, [Incoming(exchange.CONFIRMATION, one.order, _encode(one)) for one in data.confirmations]
    )


def _prove(place: Place) -> None:
    """Nothing is broken, nothing is left to do, and where everything stands."""
    with opened(place) as tower:
        began = time.monotonic()
        proof = verify(tower)
        if not proof.ok or proof.behind:
            raise AssertionError(f"verify: broken {proof.broken}, behind {proof.behind}")
        say(f"  verify: clean, {proof.checked} checks in {time.monotonic() - began:.1f} s")
        began = time.monotonic()
        rebuilt = rebuild_projections(tower, by="bench", dry_run=True)
        if rebuilt.differing:
            raise AssertionError(f"rebuild: {[one for one in rebuilt.projections if one.differing]}")
        rows = ", ".join(f"{one.checked:,} of {one.name}" for one in rebuilt.projections)
        say(f"  rebuild (dry run): nothing differs in {time.monotonic() - began:.1f} s: {rows}")
    with psycopg.connect(place.url) as connection:
        states = connection.execute(
            "SELECT fulfillment_state, count(*) FROM ordering.order_header GROUP BY 1 ORDER BY 2 DESC"
        ).fetchall()
        work = connection.execute(
            "SELECT kind, state, count(*) FROM exchange.work GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM platform.event), (SELECT count(*) FROM finance.journal), "
            "(SELECT count(*) FROM finance.entry), (SELECT count(*) FROM worklist.case_file WHERE state = 'open')"
        ).fetchone()
    assert counts is not None
    say("  orders: " + ", ".join(f"{count:,} {state}" for state, count in states))
    say("  left in the inbox: " + (", ".join(f"{count} {kind} {state}" for kind, state, count in work) or "nothing"))
    say(f"  {counts[0]:,} events, {counts[1]:,} journals with {counts[2]:,} entries, {counts[3]:,} open cases")


def _explain(run: Run) -> None:
    """Memory, how much each kind of work took, and whether an order costs the same at the end as at the beginning."""
    workers = ", ".join(f"{one.peak_kib / 1024:.0f} MiB" for one in run.reports)
    servers = ", ".join(f"{one.server_peak_kib / 1024:.0f} MiB" for one in run.reports)
    say(f"  peak memory: workers {workers}; their server processes {servers} (shared buffers included)")
    took: defaultdict[str, float] = defaultdict(float)
    pieces: Counter[str] = Counter()
    for report in run.reports:
        stamps = [(report.began, "", 0), *report.stamps]
        for (before, _, _), (after, name, done) in pairwise(stamps):
            took[name] += after - before
            pieces[name] += done
    say("  process seconds by kind of work (an idle look counts with what follows it):")
    for name, seconds in sorted(took.items(), key=lambda item: -item[1]):
        say(
            f"    {name:<20} {seconds:>7.1f} s  {pieces[name]:>9,} pieces {pieces[name] / max(seconds, 1e-9):>10,.0f}/s"
        )
    for name in ("orders", "confirmations"):
        first, last = _tenths(run, name)
        say(
            f"  {name}: first tenth {first * 1e6:.0f} us each, last tenth {last * 1e6:.0f} us, ratio {last / first:.2f}"
        )
    if run.phases:
        say("  where it goes, sampled, both processes; `(server)` is psycopg and PostgreSQL:")
        for line in shares(run.phases.items()):
            say(line)


def _tenths(run: Run, name: str) -> tuple[float, float]:
    """Seconds a piece of the first and the last tenth of one kind of work, all processes together."""
    batches: list[tuple[float, float, int]] = []
    for report in run.reports:
        stamps = [(report.began, "", 0), *report.stamps]
        batches += [
            (after, after - before, done) for (before, _, _), (after, one, done) in pairwise(stamps) if one == name
        ]
    batches.sort()
    tenth = max(1, len(batches) // 10)
    first, last = batches[:tenth], batches[-tenth:]
    return tuple(sum(took for _, took, _ in part) / sum(done for _, _, done in part) for part in (first, last))  # pyright: ignore[reportReturnType]  # two parts
