"""Serve: the pages and the API in this process and others like it, workers beside them, a sign-in link, a calm end."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from msgspec import structs

from stocktower import access, exchange, inventory, publication, web
from stocktower.app import actions, files
from stocktower.app.arguments import arguments_of
from stocktower.app.checking import begin_checking
from stocktower.app.endings import is_ending
from stocktower.app.home import Tower
from stocktower.app.output import CommandFailed, out, say_json, words_of
from stocktower.app.worker_process import collect_less

HOST = "127.0.0.1"
LINK_MINUTES = 60
PORTS = 21
LOOK_EVERY = 0.25
SHORT_LIFE = 10.0
"""Seconds; a worker that ends sooner is not begun again at once."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
WORKER_MAY_TAKE = 10.0
"""Seconds for what is under way, when the worker is told to end."""


def serve(tower: Tower, *, port: int, workers: int, web_processes: int = 1, as_json: bool = False) -> None:
    """Serve until Ctrl-C or a termination signal; what is under way ends first.

    All processes that answer listen on one port; the kernel gives each of them a part of the connections.
    """
    begin_checking(tower)
    with (
        claimed_port(port) as chosen,
        companions(tower, [["work"]] * workers + [["answer", "--port", str(chosen)]] * (web_processes - 1)),
    ):
        address = f"http://{HOST}:{chosen}"
        link = f"{address}/sign-in/{sign_in_link(tower)}"
        if as_json:
            say_json({"url": address, "sign_in": link})
        else:
            out.print(f"Stocktower is at {address}")
            out.print(f"Sign in once with: {link}", soft_wrap=True)
            out.print("Ctrl-C ends it; nothing is lost.")
        sys.stdout.flush()
        try:
            answer(tower, port=chosen)
        finally:
            is_ending()


def answer(tower: Tower, *, port: int, parent: int | None = None) -> None:
    """Answer pages and API in this process, until it is told to end, or the process `parent` is no longer ours."""

    def look(stop: Callable[[], None]) -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY)
        stop()

    def ready(stop: Callable[[], None]) -> None:
        if parent is not None:
            threading.Thread(target=look, args=(stop,), name="parent", daemon=True).start()

    with inventory.Gatherer(tower.database) as gatherer:
        collect_less()
        web.serve(services_of(tower, gatherer), host=HOST, port=port, ready=ready)


def services_of(tower: Tower, gatherer: inventory.Gatherer) -> web.Services:
    """What the pages and the API work with."""

    def act(
        number: str, action: str, arguments: Mapping[str, str], person: access.Person, dry_run: bool, /
    ) -> actions.Outcome:
        with refusing():
            return actions.act(
                tower,
                number,
                action,
                arguments_of(arguments),
                actor=person.name,
                person=person,
                dry_run=dry_run,
            )

    def import_file(
        path: Path,
        kind: str,
        channel: str | None,
        format: str | None,
        person: access.Person,
        name: str,
        /,
        *,
        complete: bool = False,
    ) -> exchange.ImportSummary:
        with refusing(named_by_field=True):
            return files.import_file(
                structs.replace(tower, allowed_by=access.require(person, access.Permission.IMPORT_FILES)), path,
                kind=kind, channel=channel, format=format, actor=person.name, name=name, complete=complete,
            )  # fmt: skip

    return web.Services(
        database=tower.database,
        merchant_id=tower.merchant_id,
        clock=tower.clock,
        gatherer=gatherer,
        shelf=publication.Shelf(),
        act=act,
        import_file=import_file,
    )


@contextmanager
def refusing(*, named_by_field: bool = False) -> Generator[None]:
    """A failed command, as the pages and the API say it; what a field names and is not there is wrong input."""
    try:
        yield
    except CommandFailed as failure:
        words = "; ".join([str(failure), *map(words_of, failure.problems)])
        raise web.Refused(words, missing=failure.code == 3 and not named_by_field) from failure


def sign_in_link(tower: Tower) -> str:
    """The secret of a one-time link for the administrator of this machine."""
    with tower.transaction("serve") as tx:
        person = access.ensure_person(tx, "administrator", access.Role.ADMINISTRATOR)
        return access.create_token(
            tx, person, kind="link", label="sign-in link", expires_at=tx.now + timedelta(minutes=LINK_MINUTES),
            secret=secrets.token_urlsafe(32),
        )  # fmt: skip


@contextmanager
def claimed_port(wanted: int) -> Generator[int]:
    """The wanted port, or one of the next twenty when it is taken; ours alone among starts at the same moment."""
    for port in range(wanted, min(wanted + PORTS, 65_536)):
        with socket.socket(socket.AF_UNIX) as claim, socket.socket() as probe:
            try:
                if sys.platform == "linux":
                    # A name that the kernel forgets with this process: two starts cannot both take it.
                    claim.bind(f"\0stocktower port {port}")
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((HOST, port))
            except OSError:
                continue
            probe.close()
            yield port
            return
    raise CommandFailed(f"--port {wanted}: this port and the next twenty are taken; name another")


class Companion:
    """A process that works or answers, begun again when it dies: at once, and ever later when it does not live long."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._pause = 0.0
        self._died_at: float | None = None
        self._begin()

    def _begin(self) -> None:
        """Begin it, apart from our terminal: Ctrl-C is ours."""
        self.process = subprocess.Popen(self._command, start_new_session=True, stdin=subprocess.DEVNULL)
        self._begun_at, self._died_at = time.monotonic(), None

    def look_after(self) -> None:
        """Begin it again if it died and its pause is over."""
        if self.process.poll() is None:
            return
        now = time.monotonic()
        if self._died_at is None:
            self._died_at = now
            short = now - self._begun_at < SHORT_LIFE
            self._pause = min(max(FIRST_PAUSE, self._pause * 2), LONGEST_PAUSE) if short else 0.0
        if now >= self._died_at + self._pause:
            self._begin()


@contextmanager
def companions(tower: Tower, commands: Sequence[Sequence[str]]) -> Generator[None]:
    """Processes of a home; one that dies is begun again, and all end with this process, whatever ends it."""
    of_home = ["--home", str(tower.home.folder), "--parent", str(os.getpid())]
    processes = [
        Companion([sys.executable, "-m", "stocktower.app.main", name, *of_home, *options])
        for name, *options in commands
    ]
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_EVERY):
            for one in processes:
                one.look_after()

    watch = threading.Thread(target=look, name="companions", daemon=True)
    watch.start()
    try:
        yield
    finally:
        ended.set()
        watch.join()
        end_processes([one.process for one in processes])


def end_processes(processes: "Sequence[subprocess.Popen[bytes]]") -> None:
    """Tell processes to end, let them, and end those that do not."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    try:
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=WORKER_MAY_TAKE)
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()
