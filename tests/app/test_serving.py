"""`serve` as a process: its link, its port, its workers, the database that goes away, and its end."""

import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from stocktower.app.main import run_words
from stocktower.app.serving import claimed_port
from tests.app.shell import Program, processes_of, wait_for

PRODUCTS = "sku,name,cost,price,currency\nCUP,Cup,2.00,5.00,USD\n"


class Served:
    """A home that is served by a process of its own."""

    def __init__(
        self, home: Path, environment: dict[str, str] | None = None, *, port: int, options: Sequence[object] = ()
    ) -> None:
        self.home = home
        self.program = Program(home, "serve", "--port", port, "--json", *options, environment=environment)
        lines = [self.program.line()]
        while lines[-1] != "}":
            lines.append(self.program.line())
        said = json.loads("\n".join(lines))
        self.url: str = said["url"]
        self.link: str = said["sign_in"]
        wait_for(self.is_well, "it answers")

    def is_well(self) -> bool:
        """Whether it answers and reaches its database."""
        try:
            return httpx.get(f"{self.url}/health", timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        return self.companions("work")

    def companions(self, command: str) -> list[int]:
        """The process ids of what it began, by the command that they are."""
        return [number for number, words in processes_of(self.home).items() if f" {command} --home " in words]

    def end(self, number: signal.Signals, *, code: int = 0) -> None:
        """Tell it to end, and expect that nothing of it stays."""
        self.program.signal(number)
        self.program.end(code=code)
        wait_for(lambda: processes_of(self.home) == {}, "nothing of it lives")


def unused_port() -> int:
    """A port that nobody has at the moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_home(home: Path) -> Path:
    """A business with its configuration applied."""
    assert run_words(["init", str(home)]) == 0
    assert run_words(["apply", "--home", str(home)]) == 0
    return home


@pytest.fixture(scope="module")
def home(place: Path) -> Iterator[Path]:
    """A business over its own embedded server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("STOCKTOWER_DATABASE_URL", raising=False)
        yield make_home(place / "shop")


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    """Served until all tests here are done, then ended by Ctrl-C."""
    served = Served(home, port=unused_port())
    yield served
    served.end(signal.SIGINT)


def test_the_link_signs_in_once(served: Served) -> None:
    assert httpx.get(served.url, follow_redirects=True).status_code == 401
    with httpx.Client(base_url=served.url, follow_redirects=True) as client:
        assert client.get(served.link).status_code == 200
        assert client.get("/cases").status_code == 200
    assert httpx.get(served.link, follow_redirects=True).status_code != 200


def test_a_taken_port_gives_the_next(served: Served, home: Path) -> None:
    port = int(served.url.rpartition(":")[2])
    second = Served(home, port=port)
    assert second.url != served.url
    assert port < int(second.url.rpartition(":")[2]) <= port + 20
    # The first goes on, with the server that both use, when the second ends.
    second.program.signal(signal.SIGTERM)
    second.program.end(code=0)
    assert served.is_well()
    assert len(served.workers()) == 1


def test_starts_at_the_same_moment_get_ports_of_their_own() -> None:
    wanted, taken = unused_port(), list[int]()
    meet, all_have = threading.Barrier(8), threading.Barrier(8)

    def start() -> None:
        meet.wait()
        with claimed_port(wanted) as port:
            taken.append(port)
            all_have.wait(timeout=30)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(taken)) == 8


def test_a_worker_that_dies_is_begun_again(served: Served, home: Path) -> None:
    (first,) = served.workers()
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: served.workers() not in ([], [first]), "another worker has begun")
    # And it works.
    (home / "products.csv").write_text(PRODUCTS)
    assert run_words(["import", "products", str(home / "products.csv"), "--home", str(home)]) == 0
    wait_for(lambda: run_words(["ats", "CUP", "--home", str(home)]) == 0, "the product is in the catalogue")


def test_a_database_server_that_dies_is_started_again(served: Served, home: Path) -> None:
    (postmaster,) = (home / ".stocktower").glob("postgres/data/postmaster.pid")
    first = int(postmaster.read_text().split()[0])
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not served.is_well() or str(first) not in postmaster.read_text(), "it is gone")
    wait_for(lambda: served.is_well() and served.workers(), "a worker has started it again, and the pages found it")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 129)])
def test_it_ends_calmly_with_all_that_it_began(place: Path, number: signal.Signals, code: int) -> None:
    served = Served(make_home(place / f"ends-{number.name}"), port=unused_port())
    wait_for(served.workers, "its worker lives")
    served.end(number, code=code)


def test_workers_end_with_a_process_that_was_killed(place: Path) -> None:
    served = Served(make_home(place / "killed"), port=unused_port())
    wait_for(served.workers, "its worker lives")
    served.program.signal(signal.SIGKILL)
    served.program.process.communicate()
    # The worker was the last to use the server, and stops it.
    wait_for(lambda: processes_of(served.home) == {}, "nothing of it lives")


def test_processes_answer_on_one_port_and_end_with_the_first(place: Path) -> None:
    served = Served(make_home(place / "several"), port=unused_port(), options=("--web-processes", 2))
    wait_for(lambda: listening(served.url) == 2, "both listen")
    (other,) = served.companions("answer")
    assert all(served.is_well() for _ in range(10))
    os.kill(other, signal.SIGKILL)
    wait_for(
        lambda: served.companions("answer") not in ([], [other]) and listening(served.url) == 2, "there is another"
    )
    assert all(served.is_well() for _ in range(10))
    served.program.signal(signal.SIGKILL)
    served.program.process.communicate()
    wait_for(lambda: processes_of(served.home) == {}, "nothing of it lives")


def listening(url: str) -> int:
    """How many sockets listen on the port of an address."""
    port = f":{int(url.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(port) and row[3] == "0A" for row in rows)


def test_it_serves_over_any_database(tmp_path: Path, new_database_url: Callable[[], str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKTOWER_DATABASE_URL", new_database_url())
        home = make_home(tmp_path / "elsewhere")
        served = Served(home, {"STOCKTOWER_DATABASE_URL": os.environ["STOCKTOWER_DATABASE_URL"]}, port=unused_port())
        (home / "products.csv").write_text(PRODUCTS)
        assert run_words(["import", "products", str(home / "products.csv"), "--home", str(home)]) == 0
        wait_for(lambda: run_words(["ats", "CUP", "--home", str(home)]) == 0, "the worker has worked it")
        served.end(signal.SIGTERM)
    assert not (home / ".stocktower" / "postgres").exists()
