"""Brings a database to the newest schema: numbered SQL files, each applied once, in order, and never changed again."""

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg

from .clock import MACHINE_CLOCK
from .connection import connect

# Any number that nobody else in the database uses.
_LOCK = 7_310_579_102_846
_TABLE = """
CREATE TABLE IF NOT EXISTS public.stocktower_migration (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL,
    CONSTRAINT stocktower_migration_pk PRIMARY KEY (name)
)
"""


class MigrationError(Exception):
    """The database and the migration files do not belong together."""


def migrations_folder() -> Path:
    """Where the migrations are: inside an installed package, or at the top of a checkout."""
    package = Path(str(files("stocktower")))
    for folder in (package / "migrations", package.parents[1] / "migrations"):
        if folder.is_dir():
            return folder
    raise MigrationError(f"no folder with migrations belongs to {package}")


def migrate(url: str, folder: Path | None = None) -> list[str]:
    """Apply what is new, a transaction a file, and name it; raises MigrationError when an old file has changed."""
    wanted = {path.stem: path.read_bytes() for path in sorted((folder or migrations_folder()).glob("[0-9]*.sql"))}
    with connect(url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        try:
            connection.execute(_TABLE)
            applied = dict(connection.execute("SELECT name, sha256 FROM public.stocktower_migration").fetchall())
            new = _check(applied, wanted)
            for name in new:
                _apply(connection, name, wanted[name])
            return new
        finally:
            if not connection.closed and not connection.broken:
                connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _check(applied: dict[str, str], wanted: dict[str, bytes]) -> list[str]:
    """The names still to be applied, after a look at those that were."""
    for name, sha256 in sorted(applied.items()):
        if name not in wanted:
            raise MigrationError(
                f"the database has migration {name}, which this version of Stocktower does not know: "
                "install a newer version"
            )
        if hashlib.sha256(wanted[name]).hexdigest() != sha256:
            raise MigrationError(
                f"migration {name} was changed after it was applied to this database; put the old file back "
                "and write the change as a new migration"
            )
    new = [name for name in wanted if name not in applied]
    if new and applied and new[0] < max(applied):
        raise MigrationError(f"migration {new[0]} is new but before {max(applied)}, which is applied: renumber it")
    return new


def _apply(connection: psycopg.Connection[Any], name: str, text: bytes) -> None:
    with connection.transaction():
        connection.execute(text, prepare=False)
        connection.execute(
            "INSERT INTO public.stocktower_migration (name, sha256, applied_at) VALUES (%s, %s, %s)",
            (name, hashlib.sha256(text).hexdigest(), MACHINE_CLOCK.now()),
        )
