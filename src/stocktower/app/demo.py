"""The demo: the example merchant's folders, imported in the order of their arrival, each at its own time."""

import csv
import os
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from stocktower import counting, exchange, network
from stocktower.app import counting_commands
from stocktower.app.files import import_file
from stocktower.app.home import Home, Tower, apply_file
from stocktower.app.workers import work_until_idle
from stocktower.platform import FrozenClock, data_folder

ACTOR = "demo"
Say = Callable[[str], None]


class Arrival(msgspec.Struct, frozen=True):
    """One file of the example: what it is, and of whom: a channel's orders, a system's statement, a site's counts."""

    path: Path
    kind: str
    whose: str
    opening: bool


def example_folder() -> Path:
    """`examples/acme` of the checkout, or of the installed package."""
    checkout = Path(__file__).resolve().parents[3] / "examples" / "acme"
    if checkout.is_dir():
        return checkout
    return Path(str(resources.files("stocktower"))) / "examples" / "acme"


def demo_home() -> Home:
    """The demo's own home: `.stocktower-demo` in the working folder, or where this user may write."""
    home = Home(data_folder(Path.cwd(), ".stocktower-demo"))
    text = (example_folder() / "stocktower.toml").read_bytes()
    part = home.folder / f"stocktower.toml.{os.getpid()}.part"
    part.write_bytes(text)
    part.replace(home.configuration_file)  # at once: another start may be reading it
    return home


_ORDER = (
    "products", "stock", "inbound", "receipts", "bin-moves", "orders", "shipments", "transfers", "adjustments",
    "assemblies", "counts", "statement",
)  # fmt: skip


def arrivals() -> list[tuple[datetime, list[Arrival]]]:
    """The example's folders in time order, each with its files in the order in which they say more of each other."""
    steps: list[tuple[datetime, list[Arrival]]] = []
    for folder in sorted(example_folder().glob("20??-*Z")):
        at = datetime.strptime(folder.name, "%Y-%m-%dT%H%MZ").replace(tzinfo=UTC)
        files = [arrival(path) for path in sorted(folder.iterdir())]
        steps.append((at, sorted(files, key=lambda file: _ORDER.index(file.kind))))
    return steps


def arrival(path: Path) -> Arrival:
    """What a file is, by its name: `orders-shopify-us.csv` are orders of the channel shopify-us."""
    kind = next(kind for kind in _ORDER if path.stem == kind or path.stem.startswith(f"{kind}-"))
    rest = path.stem[len(kind) + 1 :]
    return Arrival(path=path, kind=kind, whose=rest, opening=rest.startswith("opening"))


def load_demo(tower: Tower, clock: FrozenClock, say: Say) -> list[exchange.ImportSummary]:
    """Import and work every step that is not done yet, each at its own time; returns all imports.

    A step is done when a later one has begun. The last one begun is worked again, which costs nothing when it was
    finished, and mends it when the process was killed in the middle.
    """
    now = clock.at
    steps = arrivals()
    with tower.reading() as tx:
        known = exchange.load_imports(tx)
    finished = {item.name for item in known if item.state == "done"}
    seen = {item.name for item in known}
    begun = max((n for n, (_, files) in enumerate(steps) if any(name_of(file) in seen for file in files)), default=0)
    clock.at = steps[begun][0]
    apply_file(tower, actor=ACTOR)
    for n, (at, files) in enumerate(steps):
        if n < begun:
            continue
        clock.at = at
        for file in files:
            if file.kind == "counts":
                work_until_idle(tower)
                count_sheet(tower, file)
            elif name_of(file) not in finished:
                summary = import_file(
                    tower, file.path, kind=file.kind, channel=file.whose if file.kind == "orders" else None,
                    system=file.whose if file.kind == "statement" else None, opening=file.opening, actor=ACTOR,
                    name=name_of(file),
                )  # fmt: skip
                say(f"{at:%a %d %b %H:%M}  {file.path.name}: {summary.rows:,} rows, {summary.orders:,} orders")
            if file.kind in ("products", "stock"):
                work_until_idle(tower)
        if any(file.kind == "products" for file in files):
            apply_file(tower, actor=ACTOR)
        work_until_idle(tower)
    clock.at = now
    with tower.reading() as tx:
        return exchange.load_imports(tx)


def count_sheet(tower: Tower, file: Arrival) -> None:
    """Have a site count what a file names; a sheet that was made at this step before is left alone.

    A row without a quantity is not counted yet, and one that says its SKU and bin again is the count of another person.
    """
    with file.path.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    rounds: list[list[dict[str, str]]] = []
    for n, row in enumerate(rows):
        again = sum((one["sku"], one["bin"]) == (row["sku"], row["bin"]) for one in rows[:n])
        rounds += [[]] if again == len(rounds) else []
        rounds[again].append(row)
    with tower.transaction(ACTOR) as tx:
        facts = network.load_network(tx)
        day = tx.now.astimezone(ZoneInfo(facts.sites[facts.site_ids[file.whose]].timezone)).date()
        sheets = counting.list_sheets(tx, facts, site=file.whose)
        sheets += counting.list_sheets(tx, facts, site=file.whose, closed=True)
        if any(one.planned_on == day for one in sheets):
            return
        number = counting.plan(tx, file.whose, skus=list(dict.fromkeys(row["sku"] for row in rounds[0]))).number
        assert number is not None
        for counted in rounds:
            said = [row for row in counted if row["quantity"]]
            items = [(0, row["counted_by"], counting_commands.read_item(row)) for row in said]
            for _, one in counting_commands.enter_all(tx, number, items):
                assert one.outcome == "new", one.problem
            if said == counted:
                counting.finish(tx, number)


def name_of(file: Arrival) -> str:
    """How an import of the demo is named: folder and file."""
    return f"{file.path.parent.name}/{file.path.name}"
