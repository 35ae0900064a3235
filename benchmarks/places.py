"""Where it is measured: the embedded server as a merchant has it, and a fresh copy of a database for each run."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psycopg
from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from stocktower.app.home import CONFIGURATION_FILE, Home, Tower, apply_file
from stocktower.platform import Database, EmbeddedServer, FrozenClock, data_folder, migrate

ROOT = Path(__file__).resolve().parents[1]
_PREFIX = "stocktower_bench_"


class Place(Struct, frozen=True):
    """A database with the merchant in it; what a worker process needs to open it."""

    url: str
    folder: str
    """Of the configuration file."""
    merchant: str
    now: datetime


class Bench:
    """The server, and the databases that are made on it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self._made: list[str] = []
        self._drop_left_over()

    def make(self, name: str, configuration: str, merchant: str, now: datetime) -> Place:
        """A database with the newest schema and an applied configuration."""
        home = self.folder / name
        home.mkdir()
        (home / CONFIGURATION_FILE).write_text(configuration, encoding="utf-8")
        place = Place(self._create(name, "template0"), str(home), merchant, now)
        migrate(place.url)
        with opened(place) as tower:
            apply_file(tower, actor="bench")
        return place

    def copy(self, place: Place, name: str) -> Place:
        """The same database once more; nobody may be connected to the first."""
        template = conninfo_to_dict(place.url)["dbname"]
        return Place(self._create(name, str(template)), place.folder, place.merchant, place.now)

    def drop(self, place: Place) -> None:
        """Throw a database away, and let the disk come to rest."""
        self._drop(str(conninfo_to_dict(place.url)["dbname"]))
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def close(self) -> None:
        """Throw away whatever is left."""
        for name in list(self._made):
            self._drop(name)

    def _create(self, name: str, template: str) -> str:
        database = f"{_PREFIX}{os.getpid()}_{name}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                f"CREATE DATABASE {database} TEMPLATE {template} STRATEGY FILE_COPY ENCODING 'UTF8'".encode()
            )
        self._made.append(database)
        return make_conninfo(**{**conninfo_to_dict(self.url), "dbname": database})

    def _drop_left_over(self) -> None:
        """Databases of runs that were killed go; those of another run under way stay."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for (database,) in connection.execute("SELECT datname FROM pg_database").fetchall():
                made = re.fullmatch(rf"{_PREFIX}(\d+)_\w+", database)
                if made and not Path("/proc", made[1]).exists():
                    connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)".encode())

    def _drop(self, database: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)".encode())
        self._made.remove(database)


@contextmanager
def bench() -> Iterator[Bench]:
    """The embedded server of the benchmarks, as a merchant's would be: fsync is on."""
    with (
        EmbeddedServer(data_folder(ROOT, ".stocktower-bench") / "postgres") as url,
        tempfile.TemporaryDirectory(prefix="stocktower-bench-") as folder,
    ):
        made = Bench(url, Path(folder))
        try:
            yield made
        finally:
            made.close()


@contextmanager
def opened(place: Place) -> Iterator[Tower]:
    """A place as the product opens it, at its instant."""
    clock = FrozenClock(place.now)
    database = Database(place.url, clock)
    try:
        merchant_id = database.ensure_merchant(place.merchant)
        yield Tower(Home(Path(place.folder)), database, merchant_id, clock, place.url)
    finally:
        database.close()


def settle_down(place: Place) -> None:
    """Statistics and visibility as autovacuum would have made them by the time that work comes."""
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
