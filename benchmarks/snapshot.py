"""A stock file of a million rows: into the inbox, and from there into stock, row by row explained."""

import resource
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
from msgspec import Struct, structs

from benchmarks import merchant
from benchmarks.measures import Measure, Options, say
from benchmarks.places import Bench, Place, opened, settle_down
from benchmarks.workers import run_workers
from stocktower import catalog
from stocktower.app import files
from stocktower.app.home import Tower
from stocktower.exchange import ProductDocument

SITES = 5
SKUS = 200_000
QUICK_SKUS = 4_000
GOAL_SECONDS = 60.0
GOAL_MIB = 500.0
CHANGED = 20
"""One row of so many differs from what is there."""
_AT_ONCE = 5_000


class Timed(Struct, frozen=True):
    """One file on its way into stock."""

    imported: float
    """Seconds from the file into the inbox."""
    seconds: float
    """From the file to stock."""
    peak_mib: float
    """Of the largest of the processes that worked."""


def measure_snapshot(bench: Bench, options: Options) -> list[Measure]:
    """Seconds from the file to stock, with one and with two worker processes that run meanwhile: the first time, when
    every row is a move, and a day later, when one in twenty is."""
    skus = QUICK_SKUS if options.quick else SKUS
    rows = skus * SITES
    place = bench.make("snapshot", configuration(), merchant.CODE, merchant.NOW)
    with opened(place) as tower:
        _products(tower, skus)
    settle_down(place)
    folder = Path(place.folder)
    files_ = _write(folder / "first.csv", skus, 0), _write(folder / "again.csv", skus, CHANGED)
    measures: list[Measure] = []
    peak = 0.0
    for processes, words in ((1, "one worker"), (2, "two workers")):
        copy = bench.copy(place, f"snapshot_{processes}")
        bare = _bare(copy, rows)
        opening, later = _run(copy, skus, files_, processes)
        bench.drop(copy)
        peak = max(peak, opening.peak_mib, later.peak_mib)
        note = f"{rows:,} rows of {skus:,} SKUs at {SITES} sites; " if processes == 1 else ""
        for name, timed in (("one row in 20 differs", later), ("every row is a move", opening)):
            measures.append(
                Measure(
                    f"snapshot, {name}, {words}", "s", (timed.seconds,), GOAL_SECONDS, more_is_better=False, bare=bare,
                    note=f"{note}in the inbox after {timed.imported:.1f} s; bare: COPY of the rows, and an upsert",
                )
            )  # fmt: skip
    bench.drop(place)
    peak = max(peak, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return [*measures, Measure("snapshot, memory of the process", "MiB", (peak,), GOAL_MIB, more_is_better=False)]


def _run(place: Place, skus: int, files_: tuple[Path, Path], processes: int) -> tuple[Timed, Timed]:
    """The first file, and a day later the second; what is in stock then is proved to be what they say."""
    opening = _take(place, files_[0], processes, opening=True)
    settle_down(place)
    later = _take(structs.replace(place, now=place.now + timedelta(days=1)), files_[1], processes, opening=False)
    with opened(place) as tower, tower.reading() as tx:
        held = tx.connection.execute("SELECT count(*), sum(quantity) FROM inventory.stock").fetchone()
    assert held is not None
    expected = sum(units for _, _, units in _rows(skus, CHANGED))
    assert (held[0], int(held[1])) == (skus * SITES, expected), held
    return opening, later


def configuration() -> str:
    """A merchant of five sites and one channel."""
    sites = "".join(
        f'\n[[sites]]\ncode = "S{number}"\nname = "Site {number}"\nkind = "warehouse"\ncountry = "US"\n'
        for number in range(SITES)
    )
    names = ", ".join(f'"S{number}"' for number in range(SITES))
    return (
        f'[merchant]\ncode = "{merchant.CODE}"\nname = "Bench"\n\n[[entities]]\ncode = "us"\nname = "US"\n'
        f'currency = "USD"\n{sites}\n[[channels]]\ncode = "web"\nname = "Web"\nkind = "shopify"\ncurrency = "USD"\n'
        f"live_from = 2026-01-01T00:00:00Z\nsites = [{names}]\n"
    )


def _products(tower: Tower, skus: int) -> None:
    for start in range(0, skus, _AT_ONCE):
        with tower.transaction("bench") as tx:
            catalog.take_products(
                tx,
                [
                    ProductDocument(
                        f"SKU-{number:06d}", f"Product {number}", cost_minor=100 + number % 900, currency="USD"
                    )
                    for number in range(start, min(start + _AT_ONCE, skus))
                ],
            )


def _rows(skus: int, changed: int) -> Iterator[tuple[str, str, int]]:
    """(site, sku, quantity); of the second file one row in `changed` differs."""
    for site in range(SITES):
        for number in range(skus):
            units = (number * 7 + site) % 400
            yield f"S{site}", f"SKU-{number:06d}", units + (3 if changed and number % changed == site else 0)


def _write(path: Path, skus: int, changed: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write("site,sku,quantity\n")
        file.writelines(f"{site},{sku},{units}\n" for site, sku, units in _rows(skus, changed))
    return path


def _take(place: Place, path: Path, processes: int, *, opening: bool) -> Timed:
    """Import a file while worker processes as those of `serve` work its parts as they come."""
    times: list[float] = []

    def bring() -> None:
        times.append(time.monotonic())
        with opened(place) as tower:
            summary = files.import_file(tower, path, kind="stock", opening=opening, actor="bench")
        assert summary.kept == 0
        times.append(time.monotonic())

    run = run_workers(place, processes, kinds=["stock"], feed=bring)
    imported, seconds = times[1] - times[0], max(one.ended for one in run.reports) - times[0]
    say(f"  {path.name}, {processes} at work: in the inbox after {imported:.1f} s, in stock after {seconds:.1f} s")
    return Timed(imported, seconds, max(one.peak_kib for one in run.reports) / 1024)


def _bare(place: Place, rows: int) -> float:
    """Seconds that the server needs to take the rows by COPY and to join them into a table of their size."""
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bare (site int, sku int, units bigint, PRIMARY KEY (site, sku))")
        connection.execute("CREATE TABLE stated (site int, sku int, units bigint)")
        began = time.perf_counter()
        with connection.cursor().copy("COPY stated FROM STDIN") as copy:
            for row in range(rows):
                copy.write_row((row % SITES, row // SITES, row % 400))
        connection.execute(
            "INSERT INTO bare SELECT site, sku, units FROM stated "
            "ON CONFLICT (site, sku) DO UPDATE SET units = excluded.units"
        )
        taken = time.perf_counter() - began
        connection.execute("DROP TABLE bare, stated")
    return taken
