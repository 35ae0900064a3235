"""A stock file of a million rows: into the inbox, and from there into stock, row by row explained."""

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from benchmarks import merchant
from benchmarks.measures import Measure, Options, say
from benchmarks.places import Bench, Place, opened, settle_down
from stocktower import catalog
from stocktower.app import files
from stocktower.app.home import Tower
from stocktower.app.workers import message_work, work_batch
from stocktower.exchange import ProductDocument

SITES = 5
SKUS = 200_000
QUICK_SKUS = 4_000
GOAL_SECONDS = 60.0
GOAL_MIB = 500.0
CHANGED = 20
"""One row of so many differs from what is there."""
_AT_ONCE = 5_000


def measure_snapshot(bench: Bench, options: Options) -> list[Measure]:
    """Seconds from the file to stock: the first time, when every row is a move, and again, when one in twenty is."""
    skus = QUICK_SKUS if options.quick else SKUS
    rows = skus * SITES
    place = bench.make("snapshot", configuration(), merchant.CODE, merchant.NOW)
    with opened(place) as tower:
        _products(tower, skus)
    settle_down(place)
    folder = Path(place.folder)
    first = _write(folder / "first.csv", skus, 0)
    again = _write(folder / "again.csv", skus, CHANGED)
    bare = _bare(place, rows)
    with opened(place) as tower:
        opening = _take(tower, first, opening=True)
        settle_down(place)
        later = _take(tower, again, opening=False)
        with tower.reading() as tx:
            held = tx.connection.execute("SELECT count(*), sum(quantity) FROM inventory.stock").fetchone()
    assert held is not None
    expected = sum(units for _, _, units in _rows(skus, CHANGED))
    assert (held[0], int(held[1])) == (rows, expected), held
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    bench.drop(place)
    note = f"{rows:,} rows of {skus:,} SKUs at {SITES} sites"
    return [
        Measure(
            "snapshot, one row in 20 differs", "s", (sum(later),), GOAL_SECONDS, more_is_better=False, bare=bare,
            note=f"{note}; import {later[0]:.1f} s, work {later[1]:.1f} s; bare: COPY of the rows, and an upsert",
        ),
        Measure(
            "snapshot, every row is a move", "s", (sum(opening),), GOAL_SECONDS, more_is_better=False, bare=bare,
            note=f"import {opening[0]:.1f} s, work {opening[1]:.1f} s",
        ),
        Measure("snapshot, memory of the process", "MiB", (peak,), GOAL_MIB, more_is_better=False),
    ]  # fmt: skip


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


def _take(tower: Tower, path: Path, *, opening: bool) -> tuple[float, float]:
    """(seconds of the import, seconds of the work)."""
    began = time.perf_counter()
    summary = files.import_file(tower, path, kind="stock", opening=opening, actor="bench")
    imported = time.perf_counter()
    assert summary.kept == 0
    work = message_work("stock")
    while work_batch(tower, work):
        pass
    done = time.perf_counter()
    say(
        f"  {path.name}: import {imported - began:.1f} s, work {done - imported:.1f} s",
    )
    return imported - began, done - imported


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
