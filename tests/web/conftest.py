"""The pages and the API of a small merchant, served by the real server over a real database."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from stocktower import access, inventory, web
from stocktower.app.home import Tower
from stocktower.app.serving import services_of
from tests.web import world


class Site:
    """A served merchant."""

    def __init__(self, tower: Tower, url: str) -> None:
        self.tower = tower
        self.url = url

    def signed_in(self, role: access.Role = access.Role.ADMINISTRATOR) -> httpx.Client:
        """A client with a session."""
        client = httpx.Client(base_url=self.url, timeout=30)
        assert client.get(f"/sign-in/{world.sign_in(self.tower, role)}").status_code == 200
        return client

    def with_token(self, role: access.Role = access.Role.ADMINISTRATOR) -> httpx.Client:
        """A client of the API."""
        headers = {"authorization": f"Bearer {world.token(self.tower, role)}"}
        return httpx.Client(base_url=self.url, timeout=30, headers=headers)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def site(new_database_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The merchant behind its pages; each file of tests has its own, and may do to it what it likes."""
    with served(world.open_world(new_database_url(), tmp_path_factory.mktemp("home"))) as site:
        yield site


@contextmanager
def served(tower: Tower) -> Iterator[Site]:
    """A merchant behind its pages, until the end of the block."""
    port = _free_port()
    stop: list[Callable[[], None]] = []
    with inventory.Gatherer(tower.database) as gatherer:
        services = services_of(tower, gatherer)
        serving = threading.Thread(
            target=web.serve, args=(services, "127.0.0.1", port), kwargs={"ready": stop.append}, daemon=True
        )
        serving.start()
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, serving)
        yield Site(tower, url)
        stop[0]()
        serving.join(timeout=20)
        assert not serving.is_alive(), "the server ends when it is told to"
    tower.database.close()


def _wait_for(url: str, serving: threading.Thread) -> None:
    with httpx.Client() as client:
        for _ in range(600):
            assert serving.is_alive(), "the server ended at once: see what it printed"
            try:
                assert client.get(f"{url}/health").json() == {"status": "ok"}
                return
            except httpx.TransportError:
                threading.Event().wait(0.1)
    raise AssertionError("the server did not start")
