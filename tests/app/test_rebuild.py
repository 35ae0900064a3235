"""Rebuild: whatever is written past its ledger is found, and comes back identical."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stocktower import catalog, exchange, finance, fulfillment, insight, inventory, ordering
from stocktower.app.home import Tower
from stocktower.app.rebuild import PROJECTIONS, rebuild_projections
from stocktower.app.verify import verify
from stocktower.app.workers import work_until_idle
from stocktower.exchange import ProductDocument, StockDocument, StockLine, TransferDocument, TransferLine
from stocktower.inventory import views as ledger
from stocktower.model import ChannelRule
from stocktower.platform import FrozenClock, Transaction
from tests.web import world

CORRUPTIONS = (
    ("catalog.part", "UPDATE catalog.part SET quantity = quantity + 1"),
    ("catalog.part", "DELETE FROM catalog.part"),
    ("catalog.listing", "UPDATE catalog.listing SET pack_quantity = pack_quantity + 1, version = version + 1"),
    ("catalog.listing", "DELETE FROM catalog.listing WHERE key = 'BULB'"),
    ("inventory.stock", "UPDATE inventory.stock SET quantity = quantity + 7, sequence = sequence + 2"),
    ("inventory.stock", "UPDATE inventory.stock SET allocated = 0 WHERE allocated > 0"),
    ("inventory.demand", "UPDATE inventory.demand SET allocated = 0, consumed = consumed + allocated "
                         "WHERE allocated > 0 AND sku_id NOT IN (SELECT sku_id FROM inventory.usage)"),
    ("inventory.demand", "UPDATE inventory.demand SET short = 0, cancelled = cancelled + short WHERE short > 0 AND "
                         "sku_id NOT IN (SELECT sku_id FROM inventory.usage)"),
    ("inventory.lot", "UPDATE inventory.lot SET state = CASE state WHEN 'held' THEN 'open' ELSE 'held' END"),
    ("inventory.transfer", "UPDATE inventory.transfer SET state = 'closed'"),
    ("inventory.transfer_line", "UPDATE inventory.transfer_line SET ordered = ordered + 2, arrived = 1"),
    ("inventory.usage", "UPDATE inventory.usage SET used = used + 1, accepted = accepted + 1"),
    ("inventory.usage", "DELETE FROM inventory.usage"),
    ("publication.standing", "UPDATE publication.standing SET told = told + 1 WHERE told IS NOT NULL"),
    ("publication.standing", "UPDATE publication.standing SET told = NULL, told_at = NULL, publication_id = NULL, "
                             "acknowledged = NULL, word_at = NULL, word_id = NULL WHERE told IS NOT NULL"),
    ("publication.standing", "UPDATE publication.standing SET acknowledged = acknowledged + 1 "
                             "WHERE acknowledged IS NOT NULL"),
    ("publication.standing", "UPDATE publication.standing SET exposure = 'wrong' WHERE exposure <> 'wrong'"),
    ("finance.valuation", "UPDATE finance.valuation SET value_minor = value_minor + 1, sequence = sequence - 1"),
    ("finance.order_balance", "UPDATE finance.order_balance SET deposits_minor = deposits_minor + 1"),
    ("finance.order_balance", "DELETE FROM finance.order_balance"),
    ("finance.transit", "UPDATE finance.transit SET quantity = quantity + 1, value_minor = value_minor + 9"),
    ("finance.balance", "UPDATE finance.balance SET debit_minor = debit_minor + 1"),
    ("finance.balance", "DELETE FROM finance.balance"),
)  # fmt: skip
ELSEWHERE = {
    "inventory.inbound", "inventory.inbound.claimed", "inventory.inbound_claim", "inventory.bin",
    "inventory.stock.binned",
}  # fmt: skip
"""Tested with inventory: nothing of the kind is in this world."""


@pytest.fixture(scope="module")
def tower(new_database_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tower]:
    opened = world.open_world(new_database_url(), Path(tmp_path_factory.mktemp("rebuilt")))
    live_on(opened)
    yield opened
    opened.database.close()


def live_on(tower: Tower) -> None:
    """A lot that is recalled, a transfer on its way, a quota that counts."""
    milk = ProductDocument("MILK", "Milk", cost_minor=100, currency="USD", tracking="lot")
    world.send(tower, "catalog", exchange.PRODUCT, [("MILK", milk)])
    lots = tuple(StockLine("MILK", 5, lot=lot, row=row) for row, lot in enumerate(("A1", "B2"), start=2))
    world.send(tower, "EAST", exchange.STOCK, [("EAST/2/0", StockDocument("EAST", tower.clock.now(), lots))])
    lines = (TransferLine("LAMP", 6),)
    for step in ("ordered", "shipped"):
        document = TransferDocument("T-1", step, lines, "EAST", "STORE", tower.clock.now())
        world.send(tower, "EAST", exchange.TRANSFER, [(f"T-1/{step}", document)])
    with tower.transaction("tester") as tx:
        ordering.hold_lot(tx, catalog.find_skus(tx, ["MILK"])["MILK"].sku_id, "A1", "smells")
        began = tower.clock.now() - timedelta(days=9)
        inventory.act_set_rule(
            tx, ChannelRule("set_aside", channel="web", sku="LAMP", mode="quota", quantity=9, starts_at=began), None
        )
    work_until_idle(tower)


def everything(tower: Tower) -> dict[str, list[str]]:
    """All rows of all projections."""
    tables = sorted({".".join(projection.name.split(".")[:2]) for projection in PROJECTIONS})
    with tower.reading() as tx:
        return {
            table: sorted(map(repr, tx.connection.execute(f"SELECT * FROM {table}".encode()).fetchall()))
            for table in tables
        }


def test_every_projection_is_tested() -> None:
    assert {projection.name for projection in PROJECTIONS} == {name for name, _ in CORRUPTIONS} | ELSEWHERE


def test_before_anything_is_applied_nothing_differs(tx: Transaction) -> None:
    assert [(one.count(tx), one.find(tx)) for one in PROJECTIONS] == [(0, [])] * len(PROJECTIONS)


def test_what_was_written_past_a_ledger_comes_back_identical(tower: Tower) -> None:
    before = everything(tower)
    assert rebuild_projections(tower, by="tester", dry_run=True).differing == 0
    for name, statement in CORRUPTIONS:
        with tower.transaction("vandal") as tx:
            changed = tx.connection.execute(statement.encode()).rowcount
            assert changed, statement
        corrupted = everything(tower)
        assert corrupted != before, statement
        rehearsed = rebuild_projections(tower, by="tester", dry_run=True)
        found = {one.name: (one.differing, one.repaired) for one in rehearsed.projections if one.differing}
        assert found == {name: (changed, 0)}, statement
        assert everything(tower) == corrupted
        done = rebuild_projections(tower, by="tester", dry_run=False)
        assert {one.name: (one.differing, one.repaired) for one in done.projections if one.differing} == {
            name: (changed, changed)
        }
        assert everything(tower) == before, statement
    assert verify(tower).ok


def test_every_journal_of_goods_is_reached_from_its_moves_and_leads_back(tower: Tower) -> None:
    with tower.reading() as tx:
        skus = catalog.load_active_ids(tx)
        rows = {row.stock_id: row for row in inventory.load_rows_of(tx, skus)}
        entries = ledger.load_history(tx, list(rows), limit=10_000).entries
        orders = {
            one.fulfillment_id: one.order_id
            for one in fulfillment.load_requests(tx, [one.reference_id for one in entries])
        }
        found = insight.find_journals(tx, rows, entries, orders)
        goods = tx.connection.execute(
            b"SELECT DISTINCT journal_id FROM finance.entry WHERE sku_id IS NOT NULL OR journal_id IN "
            b"(SELECT journal_id FROM finance.transit_entry)"
        ).fetchall()
        assert set(found.values()) == {journal_id for (journal_id,) in goods}
        for (stock_id, sequence), journal_id in found.items():
            detail = finance.load_journal(tx, journal_id)
            assert detail is not None
            assert detail.event is not None
            assert (stock_id, sequence) in {(m.stock_id, m.sequence) for m in insight.load_moves_of(tx, detail.event)}
        kinds = {detail.journal.event_kind for id in found.values() if (detail := finance.load_journal(tx, id))}
        assert kinds >= {"stock.opened", "stock.counted", "fulfillment.shipped", "transfer.shipped"}


def test_it_goes_on_while_workers_work(tower: Tower) -> None:
    with tower.transaction("vandal") as tx:
        tx.connection.execute(b"UPDATE inventory.stock SET quantity = quantity + 3, sequence = sequence + 1")
        tx.connection.execute(b"UPDATE publication.standing SET told = told + 1 WHERE told IS NOT NULL")
        tx.connection.execute(b"UPDATE finance.balance SET credit_minor = credit_minor + 1")
    assert isinstance(tower.clock, FrozenClock)
    tower.clock.at += timedelta(minutes=1)
    orders = [world.order(f"R{n}", "LAMP" if n % 2 else "BULB", 1, 900, tower.clock.now()) for n in range(20)]
    errors: list[BaseException] = []

    def work() -> None:
        try:
            world.send(tower, "web", exchange.ORDER, [(one.order_ref, one) for one in orders])
        except BaseException as error:
            errors.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    for _ in range(3):
        rebuild_projections(tower, by="tester", dry_run=False)
    worker.join()
    assert errors == []
    work_until_idle(tower)
    rebuild_projections(tower, by="tester", dry_run=False)
    assert rebuild_projections(tower, by="tester", dry_run=True).differing == 0
    assert verify(tower).ok
