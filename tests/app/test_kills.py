"""A large import and its work, while the process and the database server are killed: everything exactly once."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from stocktower.platform import EmbeddedServer, data_folder
from tests.app.shell import Program, wait_for
from tests.app.test_own_business import HEADER, PRODUCTS, order

ORDERS = 6_000
BEGUN = 1_000
"""As many are committed when something is killed: well begun, and far from done."""
STOCK = f"site,sku,quantity,cost\nMAIN,CUP,{ORDERS + 5},2.00\n"


class Shop:
    """A merchant with a large file, on an embedded server of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.say("init", home)
        for name, text in (("products.csv", PRODUCTS), ("stock.csv", STOCK)):
            (home / name).write_text(text, encoding="utf-8")
        rows = [order(100_000 + n, "1", "Cup", "5.00", "CUP", "5.00") for n in range(ORDERS)]
        (home / "orders.csv").write_text(HEADER + "".join(rows), encoding="utf-8")
        with EmbeddedServer(self.server):
            self.say("apply", "--home", home)
            self.say("import", "products", "products.csv")
            self.say("import", "stock", "stock.csv", "--opening")
            self.say("run")

    def say(self, *words: object) -> None:
        """Give a command that has to succeed."""
        Program(self.home.parent if words[0] == "init" else self.home, *words).end(code=0)

    @property
    def server(self) -> Path:
        """The folder of the server."""
        return data_folder(self.home) / "postgres"

    def kill_server(self) -> None:
        """The database server dies at once."""
        os.kill(int((self.server / "data" / "postmaster.pid").read_text().split("\n")[0]), signal.SIGKILL)

    def interrupt(self, words: tuple[str, ...], count: str, kill: Callable[[Program], None]) -> None:
        """Kill something in the middle of a command, after it committed some rows and before it committed all."""
        with EmbeddedServer(self.server) as url:
            known = self.count(url, count)
            program = Program(self.home, *words)

            def begun() -> bool:
                assert program.process.poll() is None, "it ended before anything could be killed"
                return self.count(url, count) >= known + BEGUN

            wait_for(begun, "the command is well begun")
            assert self.count(url, count) < ORDERS
            kill(program)
            assert program.end().code != 0

    @staticmethod
    def count(url: str, statement: str) -> int:
        """One figure of the database."""
        with psycopg.connect(url) as connection:
            row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return int(row[0])


MESSAGES = "SELECT count(*) FROM exchange.message WHERE kind = 'order'"
RELEASED = "SELECT count(*) FROM ordering.order_header WHERE released_at IS NOT NULL"


@pytest.fixture(scope="module")
def shop(place: Path) -> Shop:
    """After every import and every piece of work was killed, and given again."""
    shop = Shop(place / "shop")
    bring = ("import", "orders", "orders.csv", "--channel", "web", "--json")
    shop.interrupt(bring, MESSAGES, lambda program: program.signal(signal.SIGKILL))
    shop.interrupt(bring, MESSAGES, lambda _: shop.kill_server())
    again = Program(shop.home, *bring).end(code=0).json
    assert again["rows"] == again["new"] + again["repeated"] == ORDERS
    assert again["repeated"] >= 2 * BEGUN
    shop.interrupt(("run", "--json"), RELEASED, lambda program: program.signal(signal.SIGKILL))
    shop.interrupt(("run", "--json"), RELEASED, lambda _: shop.kill_server())
    shop.say("run")
    return shop


def test_everything_is_there_exactly_once(shop: Shop) -> None:
    with EmbeddedServer(shop.server) as url:
        assert shop.count(url, MESSAGES) == ORDERS
        assert shop.count(url, "SELECT count(*) FROM exchange.work") == 0
        assert shop.count(url, RELEASED) == ORDERS
        assert shop.count(url, "SELECT count(DISTINCT order_ref) FROM ordering.order_header") == ORDERS
        assert shop.count(url, "SELECT sum(units) FROM fulfillment.request") == ORDERS
        assert shop.count(url, "SELECT sum(delta) FROM inventory.reservation") == ORDERS
        for kind in ("order.captured", "order.reserved", "order.released", "payment.captured"):
            assert shop.count(url, f"SELECT count(*) FROM platform.event WHERE kind = '{kind}'") == ORDERS
        assert shop.count(url, "SELECT count(*) FROM finance.journal WHERE event_kind = 'payment.captured'") == ORDERS


def test_nothing_is_stuck_and_everything_holds(shop: Shop) -> None:
    with EmbeddedServer(shop.server):
        assert Program(shop.home, "verify", "--json").end(code=0).json["behind"] == []
        assert Program(shop.home, "cases", "--json").end(code=0).json == {"cases": []}
        status = Program(shop.home, "status", "--json").end(code=0).json
        assert status["orders"] == {"released": ORDERS}
