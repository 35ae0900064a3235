"""The embedded server, with real processes: starts and stops that meet, kills of everyone, whatever was left behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from stocktower.platform import EmbeddedServer, ServerUnavailable, data_folder, server, server_for, service_user
from stocktower.platform.postmaster import try_lock

SETTINGS = {"fsync": "off", "shared_buffers": "16MB"}
PROGRAM = Path(__file__).with_name("server_process.py")


class User:
    """Another process that uses the server of a folder."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        if not line:
            assert self.process.stderr is not None
            pytest.fail(f"the process ended: {self.process.stderr.read()}")
        return line

    def url(self) -> str:
        word, _, url = self.line().partition(" ")
        assert word == "up"
        return url

    def tell(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def ask(self, text: str) -> str:
        self.tell(text)
        return self.line()

    def leave(self) -> None:
        assert self.ask("leave") == "left"
        self.process.wait()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def embedded(folder: Path) -> EmbeddedServer:
    return EmbeddedServer(folder, settings=SETTINGS, say=lambda _: None)


def lives(folder: Path) -> bool:
    """Whether any process of the server of a folder lives."""
    file = os.open(folder / "server.lock", os.O_RDWR)
    try:
        return not try_lock(file)
    finally:
        os.close(file)


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split("\n")[0])


def has_ended(process: int) -> bool:
    """Whether a process is gone, or holds nothing any more (its command line goes before its files do)."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_for(fact: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def made_data() -> Iterator[Path]:
    """A folder where a server was made and stopped, to be copied."""
    top = Path(tempfile.mkdtemp(prefix="stw-", dir="/tmp"))
    top.chmod(0o755)
    with embedded(top / "postgres"):
        pass
    yield top / "postgres"
    shutil.rmtree(top)


@pytest.fixture
def top() -> Iterator[Path]:
    """A folder that every user can pass through (that of pytest is closed to them)."""
    top = Path(tempfile.mkdtemp(prefix="stw-", dir="/tmp"))
    top.chmod(0o755)
    yield top
    for lock in top.rglob("server.lock"):
        if lives(lock.parent):
            os.kill(postmaster(lock.parent), signal.SIGQUIT)
            wait_for(lambda lock=lock: not lives(lock.parent))
    shutil.rmtree(top)


@pytest.fixture
def folder(top: Path, made_data: Path) -> Path:
    """The folder of a server that was made before and is stopped."""
    folder = top / "postgres"
    subprocess.run(["cp", "-a", str(made_data), str(folder)], check=True)
    return folder


def test_made_started_and_stopped(top: Path) -> None:
    folder = top / "postgres"
    with embedded(folder) as url, psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT current_setting('listen_addresses'), current_setting('jit'), current_setting('synchronous_commit'),"
            " datlocale, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        assert row == ("", "off", "on", "C.UTF-8", "UTF8")
        assert folder.stat().st_mode & 0o777 == 0o700
        assert lives(folder)
    assert not lives(folder)
    assert not (folder / "data" / "postmaster.pid").exists()


def test_the_last_one_out_stops_it(folder: Path) -> None:
    first, second = User(folder), User(folder)
    assert first.url() == second.url()
    began = postmaster(folder)
    first.leave()
    assert second.ask("sql SELECT 1") == "rows [(1,)]"
    assert postmaster(folder) == began
    second.leave()
    assert not lives(folder)


def test_many_come_and_go_at_once(top: Path) -> None:
    folder = top / "postgres"
    for _ in range(2):
        users = [User(folder) for _ in range(5)]
        assert len({user.url() for user in users}) == 1
        leaving = [threading.Thread(target=user.leave) for user in users]
        for thread in leaving:
            thread.start()
        for thread in leaving:
            thread.join()
        assert not lives(folder)


def test_one_process_may_enter_twice(folder: Path) -> None:
    with embedded(folder) as outer:
        with embedded(folder) as inner:
            assert inner == outer
        with psycopg.connect(outer) as connection:
            connection.execute("SELECT 1")
    assert not lives(folder)


def test_a_killed_user_leaves_a_server_that_the_next_one_stops(folder: Path) -> None:
    user = User(folder)
    user.url()
    user.ask("sql CREATE TABLE kept (n int)")
    began = postmaster(folder)
    user.kill()
    assert lives(folder)
    with embedded(folder) as url, psycopg.connect(url) as connection:
        assert postmaster(folder) == began
        connection.execute("SELECT * FROM kept")
    assert not lives(folder)


def test_a_killed_postmaster_is_started_again(folder: Path) -> None:
    user = User(folder)
    user.url()
    user.ask("sql CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    os.kill(postmaster(folder), signal.SIGKILL)
    other = User(folder)
    other.url()
    assert other.ask("sql SELECT count(*) FROM kept") == "rows [(1000,)]"
    other.leave()
    # The first one still counts as a user, and finds the new server at the old place.
    assert user.ask("sql SELECT count(*) FROM kept") == "rows [(1000,)]"
    user.leave()
    assert not lives(folder)


def test_what_a_killed_postmaster_left_computing_is_ended(folder: Path) -> None:
    user = User(folder)
    url = user.url()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        busy = psycopg.connect(url)
        busy.pgconn.send_query(b"DO $$ DECLARE n bigint := 0; BEGIN LOOP n := n + 1; END LOOP; END $$")
        working = b"SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DO%' AND state = 'active'"
        wait_for(lambda: connection.execute(working).fetchone())
        os.kill(postmaster(folder), signal.SIGKILL)
    with embedded(folder) as again, psycopg.connect(again) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]
    busy.close()
    user.leave()
    assert not lives(folder)


def test_a_stale_pid_file_of_a_living_stranger(folder: Path) -> None:
    user = User(folder)
    user.url()
    left = (folder / "data" / "postmaster.pid").read_text()
    os.kill(postmaster(folder), signal.SIGKILL)
    user.kill()
    wait_for(lambda: not lives(folder))
    # The number went to another process meanwhile: one of ours, and it must survive.
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        (folder / "data" / "postmaster.pid").write_text("\n".join([str(stranger.pid), *left.split("\n")[1:]]))
        (folder / "socket" / ".s.PGSQL.5432.lock").write_text(f"{stranger.pid}\n")
        with embedded(folder) as url, psycopg.connect(url) as connection:
            connection.execute("SELECT 1")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_removed_socket_is_made_again(folder: Path) -> None:
    user = User(folder)
    user.url()
    (folder / "socket" / ".s.PGSQL.5432").unlink()
    with embedded(folder) as url, psycopg.connect(url) as connection:
        connection.execute("SELECT 1")
    assert user.ask("sql SELECT 1") == "rows [(1,)]"
    user.leave()
    assert not lives(folder)


def test_killed_while_it_was_being_made(top: Path) -> None:
    folder = top / "postgres"
    user = User(folder)
    wait_for(lambda: list(folder.glob("draft-*")))
    user.kill()
    with embedded(folder) as url, psycopg.connect(url) as connection:
        connection.execute("SELECT 1")
    assert [path.name for path in folder.glob("draft-*")] == []
    assert not lives(folder)


def test_killed_while_it_was_starting(folder: Path) -> None:
    user = User(folder)
    wait_for((folder / "data" / "postmaster.pid").exists)
    user.kill()
    with embedded(folder) as url, psycopg.connect(url) as connection:
        connection.execute("SELECT 1")
    assert not lives(folder)


def test_a_forked_child_keeps_the_server(folder: Path) -> None:
    user = User(folder)
    user.url()
    child = int(user.ask("fork").split()[1])
    user.leave()
    assert lives(folder)
    os.kill(child, signal.SIGKILL)
    wait_for(lambda: has_ended(child))
    with embedded(folder):
        pass
    assert not lives(folder)


def test_a_long_path_has_its_socket_elsewhere(top: Path, made_data: Path) -> None:
    folder = top / ("long-" * 12) / ("path-" * 12) / "postgres"
    folder.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", str(made_data), str(folder)], check=True)
    with embedded(folder) as url, psycopg.connect(url) as connection:
        row = connection.execute("SELECT current_setting('unix_socket_directories')").fetchone()
        assert row is not None
        place = Path(row[0])
        assert not place.is_relative_to(folder)
        assert place.stat().st_mode & 0o777 == 0o700
    place.rmdir()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    (folder / "data" / "global" / "pg_control").unlink()
    with pytest.raises(ServerUnavailable, match="pg_control"), embedded(folder):
        pass
    assert not lives(folder)


def test_data_of_another_version_is_refused(folder: Path) -> None:
    (folder / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(ServerUnavailable, match="made by PostgreSQL 12"), embedded(folder):
        pass


def test_the_environment_names_another_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STOCKTOWER_DATABASE_URL", "postgresql://db.example/tower")
    with server_for(tmp_path) as url:
        assert url == "postgresql://db.example/tower"
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_home_is_our_own(top: Path) -> None:
    assert data_folder(top) == top / ".stocktower"
    assert data_folder(top) == top / ".stocktower"


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes other users")


@as_root
def test_somebody_elses_home(top: Path) -> None:
    (top / ".stocktower").mkdir()
    os.chown(top / ".stocktower", 65534, 65534)
    assert data_folder(top) == top / ".stocktower-root"


@as_root
def test_root_joins_the_server_of_a_plain_user(top: Path) -> None:
    """Run by root on a plain user's folder the server is that user's, and the user can start it afterwards."""
    folder = top / "home" / "postgres"
    folder.mkdir(parents=True)
    os.chown(folder, 65534, 65534)
    with embedded(folder) as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    assert {path.stat().st_uid for path in folder.rglob("*")} == {65534}


@as_root
def test_root_in_a_closed_folder_goes_elsewhere(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = top / "for-all"
    monkeypatch.setattr(server, "SHARED_FOLDER", shared)
    monkeypatch.setattr(service_user, "SHARED_FOLDER", shared)
    closed = top / "closed"
    closed.mkdir(mode=0o700)
    said: list[str] = []
    for _ in range(2):
        here = EmbeddedServer(closed / "home" / "postgres", settings=SETTINGS, say=said.append)
        with here as url, psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    assert closed.stat().st_mode & 0o777 == 0o700
    assert sum("its data goes to" in text for text in said) == 1
    assert [path.name for path in shared.iterdir() if (path / "data").exists()] != []


@as_root
def test_binaries_that_only_root_can_read_are_copied(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = top / "for-all"
    monkeypatch.setattr(service_user, "SHARED_FOLDER", shared)
    user = service_user.user_for(top / "new")
    wheel = service_user.binaries_for(user).parents[1]
    closed = top / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(wheel, closed / wheel.name, symlinks=True)
    shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), closed / f"{wheel.name}.libs")

    class Spec:
        submodule_search_locations = (str(closed / wheel.name),)

    monkeypatch.setattr(service_user.importlib.util, "find_spec", lambda _: Spec)
    binaries = service_user.binaries_for(user)
    assert binaries.is_relative_to(shared)
    assert user.can([str(binaries / "initdb"), "--version"])
    assert service_user.binaries_for(user) == binaries
