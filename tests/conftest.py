"""One embedded server for the whole run, a migrated template, a database for each worker, a rolled back transaction."""

import hashlib
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from stocktower.platform import (
    Database,
    EmbeddedServer,
    FrozenClock,
    SequenceIds,
    Transaction,
    connect,
    data_folder,
    load_queries,
    migrate,
    migrations_folder,
)

# A machine may be busy: how long an example takes proves nothing. Each run draws other examples than the run before.
settings.register_profile("stocktower", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("stocktower")

# The tests kill processes, never the machine, so nothing needs to reach the disk, and the log may be short; who waits
# in a circle is soon told.
CARELESS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "deadlock_timeout": "100ms",
}
TEST_URL_VARIABLE = "STOCKTOWER_TEST_DATABASE_URL"
ROOT = Path(__file__).resolve().parents[1]
# What a killed run left behind is dropped by a later one.
STALE_AFTER_SECONDS = 6 * 3600
_TEMPLATE_LOCK = 7_310_579_102_847
LONGEST = ("app/test_kills.py", "simulation/", "app/test_demo.py", "web/test_browser.py", "app/")
"""The files that take longest, which begin first: at the end no worker waits for another."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, all others as they stand."""
    tests = ROOT / "tests"

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(tests).as_posix() if item.path.is_relative_to(tests) else ""
        return next((at for at, head in enumerate(LONGEST) if path.startswith(head)), len(LONGEST))

    items.sort(key=place)


def _administer(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _with_database(url: str, name: str) -> str:
    return make_conninfo(**{**conninfo_to_dict(url), "dbname": name})


def _drop_stale(connection: psycopg.Connection, template: str) -> None:
    names = [name for (name,) in connection.execute("SELECT datname FROM pg_database ORDER BY oid DESC").fetchall()]
    for name in names:
        made = re.fullmatch(r"stocktower_test_(\d+)_\w+", name)
        if made and time.time() - int(made[1]) > STALE_AFTER_SECONDS:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
    # The newest stay: another run, on another state of the migrations, may be about to copy one.
    templates = [name for name in names if re.fullmatch(r"stocktower_template_[0-9a-f]+", name)]
    for name in templates[4:]:
        if name != template:
            connection.execute(f"ALTER DATABASE {name} IS_TEMPLATE false".encode())
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The server that the tests use: embedded, or the one that the environment names."""
    url = os.environ.get(TEST_URL_VARIABLE)
    folder = data_folder(ROOT, ".stocktower-test") if url is None else None
    server = nullcontext(url) if folder is None else EmbeddedServer(folder / "postgres", settings=CARELESS)
    with server as joined:
        assert joined is not None
        yield joined


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """The name of a database with the newest schema and nothing in it."""
    digest = hashlib.sha256()
    for path in sorted(migrations_folder().glob("*.sql")):
        digest.update(path.name.encode() + path.read_bytes())
    name = f"stocktower_template_{digest.hexdigest()[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_TEMPLATE_LOCK,))
        _drop_stale(connection, name)
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            draft = f"{name}_draft"
            connection.execute(f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {draft} TEMPLATE template0 ENCODING 'UTF8'".encode())
            migrate(_with_database(server_url, draft))
            connection.execute(f"ALTER DATABASE {draft} RENAME TO {name}".encode())
            connection.execute(f"ALTER DATABASE {name} IS_TEMPLATE true ALLOW_CONNECTIONS false".encode())
    return name


@pytest.fixture(scope="session")
def new_database_url(server_url: str, template: str) -> Iterator[Callable[[], str]]:
    """Makes a database of its own, with the newest schema, and says its URL; all are dropped at the end."""
    made: list[str] = []

    def make() -> str:
        name = f"stocktower_test_{int(time.time())}_{uuid.uuid4().hex[:10]}"
        # By files: through the log it costs ten times as much.
        _administer(server_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        made.append(name)
        return _with_database(server_url, name)

    yield make
    _administer(server_url, *(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in made))


@pytest.fixture(scope="session")
def worker_url(new_database_url: Callable[[], str]) -> str:
    """The database of this worker, in which every test rolls back."""
    return new_database_url()


@pytest.fixture(scope="session")
def worker_connection(worker_url: str) -> Iterator[psycopg.Connection]:
    """The one connection that the transactions of this worker's tests follow each other on."""
    connection = connect(worker_url)
    yield connection
    connection.close()


@pytest.fixture
def clock() -> FrozenClock:
    """Noon of 1 June 2026."""
    return FrozenClock(datetime(2026, 6, 1, 12, 0, tzinfo=UTC))


@pytest.fixture
def tx(worker_connection: psycopg.Connection, clock: FrozenClock) -> Iterator[Transaction]:
    """A transaction of a merchant made for the test; rolled back after it."""
    queries = load_queries("stocktower.platform")
    worker_connection.execute("BEGIN")
    try:
        transaction = Transaction(worker_connection, 0, clock.now(), SequenceIds(), actor="tester")
        transaction.merchant_id = transaction.new_id()
        transaction.execute(queries.insert_merchant, code=f"test-{transaction.merchant_id}")
        transaction.execute(queries.insert_head)
        yield transaction
    finally:
        worker_connection.execute("ROLLBACK")


@pytest.fixture
def database_url(new_database_url: Callable[[], str], server_url: str) -> Iterator[str]:
    """A fresh database with the newest schema, dropped after the test."""
    url = new_database_url()
    yield url
    _administer(server_url, f"DROP DATABASE IF EXISTS {conninfo_to_dict(url)['dbname']} WITH (FORCE)")


@pytest.fixture
def database(database_url: str, clock: FrozenClock) -> Iterator[Database]:
    """A real database of its own, for what commits: threads, workers, subscribers."""
    opened = Database(database_url, clock)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real headless Chromium."""
    path = Path(os.environ.get("STOCKTOWER_CHROMIUM", "/usr/bin/chromium"))
    if not path.exists():
        pytest.fail(f"no Chromium at {path}; `make test` says how to get one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
