"""Commands that touch one SKU, its lots and its orders, each with each other at once: nothing breaks, all holds after.

Sixteen commands stand on a field of four by four. Its twenty lines (rows, columns and what runs across) have four
commands each, and any two commands stand on exactly one line: a round for each line is one for each pair. In a round
two threads do each of its commands again and again, so that each meets itself too; then everything that is due is
worked, and every invariant is asked.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from stocktower import catalog, counting, exchange, inventory, network, ordering
from stocktower.app.home import Home, Tower, apply_file
from stocktower.app.subscriptions import DUE_WORK
from stocktower.app.verify import verify
from stocktower.app.workers import due_work, message_work, work_batch, work_until_idle
from stocktower.counting import CountItem
from stocktower.exchange import (
    AdjustmentDocument,
    AssemblyDocument,
    ConfirmationDocument,
    ConfirmationLine,
    InboundDocument,
    InboundLine,
    Incoming,
    ProductDocument,
    ReceiptDocument,
    ReceiptLine,
    StockDocument,
    StockLine,
    TransferDocument,
    TransferLine,
)
from stocktower.inventory import EndHold, HoldRequest
from stocktower.model import ChannelRule
from stocktower.platform import Database, FrozenClock, Transaction, is_transient
from tests.app.tower import CONFIGURATION, NOW, order

TIMES = 2
"""How often each of two threads does a command in a round."""
HOUR = timedelta(hours=1)
SITES = CONFIGURATION.replace('sites = ["EAST"]', 'sites = ["EAST", "WEST"]').replace(
    "[[channels]]", '[[sites]]\ncode = "WEST"\nname = "West"\nkind = "warehouse"\ncountry = "US"\n\n[[channels]]'
)
PRODUCTS = (
    ProductDocument("CUP", "Cup", cost_minor=200, currency="USD", tracking="lot"),
    ProductDocument("PAIR", "Two cups", cost_minor=400, currency="USD", materials=(("CUP", 2),)),
)


class Field:
    """The merchant, and everything that can be done to its cups; a number makes each act one of its own."""

    def __init__(self, tower: Tower) -> None:
        self.tower = tower
        self.numbers = itertools.count(1)
        with tower.reading() as tx:
            self.sku_id = catalog.find_skus(tx, ["CUP"])["CUP"].sku_id
            facts = network.load_network(tx)
            self.web, self.east = facts.channel_ids["web"], facts.site_ids["EAST"]

    def do(self, command: Callable[[Transaction], Any], actor: str = "tester") -> Any:
        """One command of a person, in a transaction of its own, again as often as it met another."""
        for _ in range(50):
            try:
                with self.tower.transaction(actor) as tx:
                    return command(tx)
            except Exception as error:
                if not is_transient(error):
                    raise
        raise AssertionError("met others fifty times")

    def send(self, source: str, kind: str, key: str, document: object) -> None:
        """A message comes and is worked, by whichever worker is first."""
        incoming = [Incoming(kind, key, msgspec.json.encode(document))]
        self.do(lambda tx: exchange.receive(tx, source, incoming, origin="test"))
        work_batch(self.tower, message_work(kind))

    def due(self, kind: str) -> None:
        """What is due of a kind is worked."""
        work_batch(self.tower, next(due_work(item) for item in DUE_WORK if item.kind == kind))

    def reserve(self, n: int) -> None:
        self.send("web", exchange.ORDER, f"A{n}", order(n))

    def cancel(self, n: int) -> None:
        self.reserve(n)
        self.send("web", exchange.ORDER, f"A{n}", msgspec.structs.replace(order(n), cancelled_at=NOW))

    def ship(self, n: int) -> None:
        self.reserve(n)
        line = ConfirmationLine(1, line_ref="1", lot="GOOD")
        document = ConfirmationDocument(f"A{n}", "shipped", NOW, "EAST", (line,))
        self.send("EAST", exchange.CONFIRMATION, f"A{n}", document)

    def hold(self, n: int, until: timedelta = HOUR) -> None:
        request = HoldRequest(self.web, f"cart {n}", ((self.sku_id, 1),), NOW + until)
        self.do(lambda tx: inventory.hold(tx, [request]))

    def let_go(self, n: int) -> None:
        self.hold(n)
        self.do(lambda tx: inventory.release_holds(tx, [EndHold(self.web, f"cart {n}")]))

    def lapse(self, n: int) -> None:
        self.hold(n, -HOUR)
        self.due(inventory.EXPIRY)

    def snapshot(self, n: int) -> None:
        lines = (StockLine("CUP", 40 + n % 7, lot="GOOD", cost_minor=200), StockLine("CUP", n % 5, lot="BAD"))
        self.send("EAST", exchange.STOCK, f"EAST/{n}", StockDocument("EAST", NOW, lines))

    def adjust(self, n: int) -> None:
        for delta, reason in ((2, "found"), (-1, "missing")):
            document = AdjustmentDocument(f"J{n}{reason}", "EAST", "CUP", delta, reason, lot="GOOD", cost_minor=200)
            self.do(lambda tx, one=document: inventory.state_adjustment(tx, one))

    def transfer(self, n: int) -> None:
        for step in ("ordered", "shipped", "arrived"):
            line = TransferLine("CUP", 1, lot="GOOD")
            document = TransferDocument(f"T{n}", step, (line,), "EAST", "WEST", NOW)
            self.do(lambda tx, one=document: inventory.state_transfer(tx, one))

    def receive(self, n: int) -> None:
        coming = InboundDocument(f"P{n}", "EAST", (InboundLine("CUP", 2, NOW + HOUR, cost_minor=200),))
        self.do(lambda tx: inventory.state_inbound(tx, coming))
        came = (ReceiptLine("CUP", 2, lot="GOOD", cost_minor=200),)
        self.do(lambda tx: inventory.state_receipt(tx, ReceiptDocument(f"R{n}", "EAST", came, f"P{n}", NOW)))

    def expire(self, n: int) -> None:
        came = (ReceiptLine("CUP", 2, lot=f"OLD{n}", cost_minor=200),)
        self.do(lambda tx: inventory.state_receipt(tx, ReceiptDocument(f"R{n}", "EAST", came, "", NOW)))
        yesterday = NOW.date() - timedelta(days=1)

        def correct(tx: Transaction) -> None:
            facts = network.load_network(tx)
            inventory.correct_lot(tx, self.sku_id, f"OLD{n}", facts, expires_on=yesterday, made_on=None)

        self.do(correct)
        self.due(inventory.LOOK)

    def recall(self, _: int) -> None:
        self.do(lambda tx: ordering.hold_lot(tx, self.sku_id, "BAD", "cracks"))
        self.do(lambda tx: ordering.release_lot(tx, self.sku_id, "BAD", "none after all"))

    def assemble(self, n: int) -> None:
        for apart in (False, True):
            lots = (exchange.AssemblyLot("CUP", "GOOD"),)
            document = AssemblyDocument(f"M{n}{apart}", "EAST", "PAIR", 1, apart, lots, "", NOW)
            self.do(lambda tx, one=document: inventory.state_assembly(tx, one))

    def count(self, n: int) -> None:
        number = self.do(lambda tx: counting.plan(tx, "EAST", skus=["CUP"])).number
        if number is None:
            return
        for by in ("ann", "bob", "cid"):
            items = [CountItem(30 + n % 3, sku="CUP", lot="GOOD"), CountItem(1, sku="CUP", lot="BAD")]
            self.do(lambda tx, items=items: counting.enter(tx, number, items), by)
            if self.do(lambda tx: counting.finish(tx, number, rest_not_found=True), by).state != "open":
                break
        self.do(lambda tx: counting.approve(tx, number), "zoe")

    def rule(self, n: int) -> None:
        rule = ChannelRule(kind="safety_stock", sku="CUP", site="EAST", quantity=n % 9)
        self.do(lambda tx: inventory.act_set_rule(tx, rule, None))

    def quarantine(self, _: int) -> None:
        for here, there in (("available", "quarantine"), ("quarantine", "available")):
            self.do(
                lambda tx, here=here, there=there: ordering.change_status(
                    tx, sku="CUP", site="EAST", to_status=there, why="look", units=1, status=here, lot="GOOD", cut=True
                )
            )


COMMANDS = (
    Field.reserve, Field.cancel, Field.ship, Field.hold,
    Field.let_go, Field.lapse, Field.snapshot, Field.adjust,
    Field.transfer, Field.receive, Field.expire, Field.recall,
    Field.assemble, Field.count, Field.rule, Field.quarantine,
)  # fmt: skip
REFUSALS = (inventory.NotUsable, ordering.NotPossible, counting.CountRefused, inventory.StaleRules)
"""What may be answered where another was first; it changes nothing."""
TIMES_OF_FOUR = ((0, 0, 0, 0), (0, 1, 2, 3), (0, 2, 3, 1), (0, 3, 1, 2))
"""Products of the field of four elements; its sums are the exclusive or."""


def lines() -> list[list[int]]:
    """The twenty lines of the field, four places each: any two places are on one line."""
    upright = [[4 * x + y for y in range(4)] for x in range(4)]
    slanted = [[4 * x + (TIMES_OF_FOUR[slope][x] ^ at) for x in range(4)] for slope in range(4) for at in range(4)]
    return upright + slanted


def test_each_pair_of_commands_meets_in_a_round() -> None:
    pairs = [pair for line in lines() for pair in itertools.combinations(sorted(line), 2)]
    assert sorted(pairs) == list(itertools.combinations(range(len(COMMANDS)), 2))


@pytest.fixture(scope="module")
def field(new_database_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """Cups of two lots in the east, over a database of its own."""
    home = Home(tmp_path_factory.mktemp("field"))
    home.data.mkdir(parents=True, exist_ok=True)
    home.configuration_file.write_text(SITES, encoding="utf-8")
    url, clock = new_database_url(), FrozenClock(NOW)
    database = Database(url, clock)
    tower = Tower(home=home, database=database, merchant_id=database.ensure_merchant("small"), clock=clock, url=url)
    apply_file(tower, actor="tester")
    products = [Incoming(exchange.PRODUCT, one.sku, msgspec.json.encode(one)) for one in PRODUCTS]
    lots = (StockLine("CUP", 60, lot="GOOD", cost_minor=200), StockLine("CUP", 20, lot="BAD", cost_minor=200))
    opening = StockDocument("EAST", NOW - HOUR, lots, opening=True)
    for source, items in (
        ("catalog", products),
        ("EAST", [Incoming(exchange.STOCK, "opening", msgspec.json.encode(opening))]),
    ):
        with tower.transaction("tester") as tx:
            exchange.receive(tx, source, items, origin="test")
        work_until_idle(tower)
    yield Field(tower)
    database.close()


@pytest.mark.parametrize("line", lines(), ids=lambda line: "-".join(COMMANDS[place].__name__ for place in line))
def test_commands_that_meet(line: list[int], field: Field) -> None:
    work = [COMMANDS[place] for place in line for _ in range(2)]
    gate = threading.Barrier(len(work))

    def again_and_again(command: Callable[[Field, int], None]) -> int:
        gate.wait(60)
        done = 0
        for _ in range(TIMES):
            try:
                command(field, next(field.numbers))
                done += 1
            except REFUSALS:
                pass
        return done

    with ThreadPoolExecutor(len(work)) as threads:
        done = list(threads.map(again_and_again, work))
    assert any(done)
    work_until_idle(field.tower)
    found = verify(field.tower)
    assert (found.broken, found.behind) == ([], [])
    with field.tower.reading() as tx:
        assert inventory.find_drift(tx) == []
