"""One PostgreSQL data folder: made, started, reached, stopped.

`server.lock` in the folder is held by PostgreSQL's own processes (they inherit it from whoever started them), so that
the kernel says whether any of them lives: a process id may be stale, reused, or another container's; a lock is not.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg

from .service_user import ServerUnavailable, ServiceUser

PORT = 5432
NAME = "stocktower"
"""Of the superuser and of the database."""
# A socket's whole path has to stay below 104 characters on macOS and 108 on Linux.
_LONGEST_SOCKET_FOLDER = 86
_LARGEST_LOG = 8_000_000
_SAY_EVERY = 5.0
_PATIENCE = 15 * 60.0
_ORPHANS_MAY_TAKE = 5.0
_LOST_SOCKET_AFTER = 3.0

Say = Callable[[str], None]


def default_settings() -> dict[str, str]:
    """Settings for a laptop: safe on disk, modest in memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    buffers = 256 if memory >= 4096 else 128 if memory >= 2048 else 64
    return {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": f"{buffers}MB",
        "effective_cache_size": f"{max(memory // 2, 256)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB" if memory >= 4096 else "64MB",
        "dynamic_shared_memory_type": "posix" if _shared_memory_is_ample() else "mmap",
        "fsync": "on",
        "synchronous_commit": "on",
        "wal_compression": "on",
        "checkpoint_timeout": "15min",
        "max_wal_size": "4GB",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
        "log_line_prefix": "%m [%p] ",
    }


def _shared_memory_is_ample() -> bool:
    """Whether /dev/shm is more than the few megabytes of a container; elsewhere than on Linux it plays no part."""
    if not sys.platform.startswith("linux"):
        return True
    try:
        facts = os.statvfs("/dev/shm")
    except OSError:
        return False
    return os.access("/dev/shm", os.W_OK) and facts.f_frsize * facts.f_bavail >= 256 * 2**20


def try_lock(file: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Take a lock on an open file, or say that somebody else has it."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise ServerUnavailable(f"the file system cannot lock files ({error}); keep the data on a local disk") from None
    return True


class Patience:
    """How long something has taken: gives a word now and then, and gives up in the end."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._began = self._said = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the wait began."""
        return time.monotonic() - self._began

    def wait(self, what: str, limit: float = _PATIENCE) -> None:
        """Sleep for a moment; raises ServerUnavailable when the limit in seconds has passed."""
        now = time.monotonic()
        if now - self._said >= _SAY_EVERY:
            self._said = now
            self._say(f"{what} ({self.elapsed:.0f} s)")
        if self.elapsed > limit:
            raise ServerUnavailable(f"{what}: gave up after {limit:.0f} seconds")
        time.sleep(0.02 if self.elapsed < 1 else 0.1)


class Postmaster:
    """PostgreSQL on one data folder; the caller holds the lock under which it is started and stopped."""

    def __init__(self, folder: Path, user: ServiceUser, binaries: Path, settings: Mapping[str, str], say: Say) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "server.log"
        self._user = user
        self._binaries = binaries
        self._settings = default_settings() | dict(settings)
        self._say = say

    # -- What is the case

    def open_lock(self, name: str) -> int:
        """Open a lock file of the folder, made for its owner."""
        file = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(file).st_uid != self._user.uid:
            self._user.own(file)
        return file

    def _pid_file(self) -> list[str]:
        """The lines of postmaster.pid: process, data, start, port, socket folder, address, memory key, status."""
        try:
            return [line.strip() for line in (self.data / "postmaster.pid").read_text().splitlines()]
        except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
            return []

    def process(self) -> int | None:
        """The process id of the living postmaster, if its file names one."""
        lines = self._pid_file()
        if len(lines) < 2 or not lines[0].isdigit():
            return None
        pid = int(lines[0])
        words = _command_of(pid)
        return pid if Path(words[0]).name == "postgres" and lines[1] in words else None

    def url(self, socket_folder: str | Path, database: str = NAME) -> str:
        """How to reach a database through the socket."""
        return f"postgresql://{NAME}@/{database}?host={quote(str(socket_folder), safe='')}&port={PORT}"

    def log_tail(self, lines: int = 12) -> str:
        """The last lines of the server's log."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - 8192))
                return b"\n".join(file.read().splitlines()[-lines:]).decode(errors="replace")
        except OSError:
            return "(no log)"

    # -- Up

    def ensure_running(self) -> str:
        """Join the running server or start it, whatever was left behind, and say its URL."""
        patience = Patience(self._say)
        lock = self.open_lock("server.lock")
        try:
            while True:
                if try_lock(lock):
                    return self._start(lock)
                if url := self._reach(patience):
                    return url
        finally:
            os.close(lock)

    def _reach(self, patience: Patience) -> str | None:
        """The URL of the server that runs already; None to look again after a moment."""
        lines = self._pid_file()
        pid = self.process()
        if pid is None:
            if patience.elapsed > _ORPHANS_MAY_TAKE:
                self._end_orphans()
            patience.wait("waiting for what is left of a PostgreSQL that was killed")
            return None
        status = lines[7] if len(lines) > 7 else "starting"
        if len(lines) < 5 or status == "stopping":
            patience.wait(f"waiting for PostgreSQL, which is {status}")
            return None
        if self._answers(lines[4]):
            return self.url(lines[4])
        lost = not Path(lines[4], f".s.PGSQL.{lines[3]}").exists()
        if lost and status == "ready" and patience.elapsed > _LOST_SOCKET_AFTER:
            self._say("PostgreSQL runs, but its socket was removed: starting it again")
            self.stop()
            return None
        patience.wait(
            "waiting for PostgreSQL, which recovers what it had not written down"
            if status == "starting"
            else "waiting for PostgreSQL to answer"
        )
        return None

    def _answers(self, socket_folder: str) -> bool:
        """Whether the server takes connections; makes the database when it is the first time."""
        try:
            psycopg.connect(self.url(socket_folder), connect_timeout=10).close()
        except psycopg.errors.TooManyConnections:
            return True
        except psycopg.OperationalError as error:
            # libpq keeps no code for an error of connecting; the words are English, for messages are in C here.
            if f'database "{NAME}" does not exist' not in str(error):
                return "too many" in str(error)
            with psycopg.connect(self.url(socket_folder, "postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {NAME}")
        return True

    def _start(self, lock: int) -> str:
        """Start PostgreSQL, which inherits the lock; nothing of it lives now."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._make_data(lock)
        self._check_version()
        socket_folder = self._socket_folder()
        # Nothing lives here, so a socket's own lock file can only be a stale one.
        (socket_folder / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
        process = self._launch(lock, socket_folder)
        patience = Patience(self._say)
        while True:
            # Asked before the attempt: a server that ends afterwards is seen the next time round.
            ended = process.poll()
            if self._answers(str(socket_folder)):
                return self.url(socket_folder)
            if ended is not None:
                raise ServerUnavailable(f"PostgreSQL did not start; the end of {self.log}:\n{self.log_tail()}")
            patience.wait("starting PostgreSQL, which recovers what it had not written down")

    def _launch(self, lock: int, socket_folder: Path) -> "subprocess.Popen[bytes]":
        command = [str(self._binaries / "postgres"), "-D", str(self.data), "-k", str(socket_folder)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self._user.own(log.fileno())
            return self._user.popen(command, output=log, keep=[lock], environment=self._environment())

    def _environment(self) -> dict[str, str]:
        """Nothing of ours: no PGDATA, no locale, no libraries."""
        return {"PATH": os.defpath, "HOME": str(self.folder), "LC_ALL": "C", "TZ": "UTC"}

    def _make_data(self, lock: int) -> None:
        """Make the data folder, complete or not at all."""
        for draft in self.folder.glob("draft-*"):
            shutil.rmtree(draft, ignore_errors=True)
        if (self.data / "PG_VERSION").exists():
            return
        self._say("making a PostgreSQL database (once)")
        draft = self.folder / f"draft-{os.getpid()}"
        command = [str(self._binaries / "initdb"), "-D", str(draft), "-U", NAME, "--auth=trust", "--encoding=UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = self._user.popen(command, output=subprocess.PIPE, keep=[lock], environment=self._environment())
        output, _ = done.communicate()
        if done.returncode:
            raise ServerUnavailable(f"the database could not be made:\n{output.decode(errors='replace')[-2000:]}")
        draft.rename(self.data)

    def _check_version(self) -> None:
        made = (self.data / "PG_VERSION").read_text().strip()
        shown = subprocess.run([self._binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
        ours = shown.stdout.split()[-1].split(".")[0]
        if made != ours:
            raise ServerUnavailable(
                f"{self.data} was made by PostgreSQL {made} and this is {ours}; dump it with the version that made it, "
                "or move the folder away to begin anew"
            )

    def _socket_folder(self) -> Path:
        """A folder for the socket that only the owner enters: beside the data, or a short one where that fails."""
        beside = self.folder / "socket"
        short = "/tmp" if os.access("/tmp", os.W_OK | os.X_OK) else tempfile.gettempdir()
        mark = f"stocktower-{self._user.uid}-{os.stat(self.folder).st_ino:x}"
        for candidate in [beside, *(Path(short, f"{mark}-{number}") for number in range(10))]:
            if len(os.fsencode(candidate)) <= _LONGEST_SOCKET_FOLDER and self._takes_sockets(candidate):
                return candidate
        raise ServerUnavailable(f"no folder in {short} can hold PostgreSQL's socket; free {short}/{mark}-*")

    def _takes_sockets(self, candidate: Path) -> bool:
        try:
            candidate.mkdir(mode=0o700)
            self._user.own(candidate)
        except FileExistsError:
            pass
        except OSError:
            return False
        facts = os.lstat(candidate)
        if not os.path.isdir(candidate) or facts.st_uid != self._user.uid or facts.st_mode & 0o170077 != 0o040000:
            return False
        probe = candidate / ".probe"
        try:
            probe.unlink(missing_ok=True)
            with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as caller:
                listener.bind(str(probe))
                listener.listen()
                caller.connect(str(probe))
            probe.unlink()
        except OSError:
            return False
        return True

    # -- Down

    def tell_to_stop(self) -> bool:
        """Ask the server to end its sessions and stop; False when there is none."""
        pid = self.process()
        if pid is not None:
            _signal(pid, signal.SIGINT)
        return pid is not None

    def stop(self) -> None:
        """Stop the server if it runs, and wait until every process of it has ended."""
        lock = self.open_lock("server.lock")
        patience = Patience(self._say)
        told = False
        try:
            while not try_lock(lock):
                told = told or self.tell_to_stop()
                if not told and patience.elapsed > _ORPHANS_MAY_TAKE:
                    self._end_orphans()
                patience.wait("PostgreSQL writes everything down before it stops")
        finally:
            os.close(lock)

    def _end_orphans(self) -> None:
        """End the processes that a killed postmaster left behind; what they did not commit is recovered from the log.

        A statement that computes without a pause does not notice by itself.
        """
        if self.process() is not None:
            return
        if sys.platform.startswith("linux"):
            script = 'for p in /proc/[0-9]*; do [ "$(readlink "$p/cwd" 2>&-)" = "$1" ] && echo "${p#/proc/}"; done'
            command = ["/bin/sh", "-c", script, "sh", str(self.data.resolve())]
        else:
            command = ["lsof", "-t", "--", str(self.folder / "server.lock")]
        found, _ = self._user.popen(command, output=subprocess.PIPE).communicate()
        for word in found.split():
            if word.isdigit() and int(word) != os.getpid():
                _signal(int(word), signal.SIGKILL)


def _signal(pid: int, kind: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, kind)


def _command_of(pid: int) -> list[str]:
    """The words that a living process was started with; one empty word when it is dead, a zombie included."""
    if sys.platform.startswith("linux"):
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return [""]
    shown = subprocess.run(["ps", "-o", "state=,command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    words = shown.stdout.split()
    return words[1:] if len(words) > 1 and not words[0].startswith("Z") else [""]
