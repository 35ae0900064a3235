"""Serve: the pages and the API in this process, workers beside it, a sign-in link, a calm end."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from stocktower import access, exchange, inventory, web
from stocktower.app import actions, files
from stocktower.app.home import Tower
from stocktower.app.output import CommandFailed, out

HOST = "127.0.0.1"
LINK_MINUTES = 60


def serve(tower: Tower, *, port: int, workers: int) -> None:
    """Serve until Ctrl-C or a termination signal; what is under way ends first."""
    chosen = free_port(port)
    with worker_processes(tower, workers), inventory.Gatherer(tower.database) as gatherer:
        out.print(f"Stocktower is at http://{HOST}:{chosen}")
        out.print(f"Sign in once with: http://{HOST}:{chosen}/sign-in/{sign_in_link(tower)}", soft_wrap=True)
        out.print("Ctrl-C ends it; nothing is lost.")
        web.serve(services_of(tower, gatherer), host=HOST, port=chosen)


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
                actions.arguments_of(arguments),
                actor=person.name,
                person=person,
                dry_run=dry_run,
            )

    def import_file(
        path: Path, kind: str, channel: str | None, format: str | None, actor: str, name: str, /
    ) -> exchange.ImportSummary:
        with refusing():
            return files.import_file(tower, path, kind=kind, channel=channel, format=format, actor=actor, name=name)

    return web.Services(
        database=tower.database,
        merchant_id=tower.merchant_id,
        clock=tower.clock,
        gatherer=gatherer,
        act=act,
        import_file=import_file,
    )


@contextmanager
def refusing() -> Generator[None]:
    """A failed command, as the pages and the API say it."""
    try:
        yield
    except CommandFailed as failure:
        raise web.Refused(str(failure), missing=failure.code == 3) from failure


def sign_in_link(tower: Tower) -> str:
    """The secret of a one-time link for the administrator of this machine."""
    with tower.transaction("serve") as tx:
        person = access.ensure_person(tx, "administrator", access.Role.ADMINISTRATOR)
        return access.create_token(
            tx, person, kind="link", label="sign-in link", expires_at=tx.now + timedelta(minutes=LINK_MINUTES),
            secret=secrets.token_urlsafe(32),
        )  # fmt: skip


def free_port(wanted: int) -> int:
    """The wanted port, or one of the next twenty when it is taken."""
    for port in range(wanted, wanted + 20):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return port
    raise CommandFailed(f"--port {wanted}: this port and the next twenty are taken; name another")


@contextmanager
def worker_processes(tower: Tower, count: int) -> Generator[None]:
    """Worker processes of the same home; they end with this one, whatever ends it."""
    command = [sys.executable, "-m", "stocktower.app.main", "work", "--home", str(tower.home.folder)]
    processes = [subprocess.Popen(command, start_new_session=True, env=os.environ) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            if process.poll() is None:
                process.kill()
