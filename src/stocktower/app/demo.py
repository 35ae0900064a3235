"""The demo: the example merchant's folders, imported in the order of their arrival, each at its own time."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import msgspec

from stocktower import exchange
from stocktower.app.files import import_file
from stocktower.app.home import Home, Tower, apply_file
from stocktower.app.workers import work_until_idle
from stocktower.platform import FrozenClock, data_folder

ACTOR = "demo"
Say = Callable[[str], None]


class Arrival(msgspec.Struct, frozen=True):
    """One file of the example: what it is, and for which channel."""

    path: Path
    kind: str
    channel: str | None
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


_ORDER = ("products", "stock", "inbound", "orders", "shipments", "transfers")


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
    kind, _, rest = path.stem.partition("-")
    return Arrival(path=path, kind=kind, channel=rest if kind == "orders" else None, opening=rest == "opening")


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
            if name_of(file) not in finished:
                summary = import_file(
                    tower, file.path, kind=file.kind, channel=file.channel, opening=file.opening, actor=ACTOR,
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


def name_of(file: Arrival) -> str:
    """How an import of the demo is named: folder and file."""
    return f"{file.path.parent.name}/{file.path.name}"
