"""The availability grid over a hundred thousand rows: a page costs what it shows, whatever lies beside it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
import pytest
from psycopg import RawCursor

from stocktower import insight, inventory
from stocktower.insight import GridAsked, GridPage
from stocktower.inventory import Wanted
from stocktower.platform import Answer, Database, FrozenClock, Query, Transaction
from tests.inventory.world import World

T = TypeVar("T")
SKUS = 25_000
FILL = (
    "INSERT INTO catalog.sku (merchant_id, sku_id, code, name, kind, stock_unit, barcode, category, currency, "
    "backorder, active, tracking) SELECT %(merchant)s, 1000000 + n, 'S' || lpad(n::text, 6, '0'), 'Thing ' || n, "
    "'stocked', 'each', '', 'c' || n %% 100, 'USD', false, true, 'none' FROM generate_series(1, %(skus)s) AS n",
    "INSERT INTO inventory.stock (merchant_id, stock_id, sku_id, site_id, status, owner, lot, quantity, allocated, "
    "discrepancy, sequence, recorded_at) SELECT %(merchant)s, 5000000 + n * 4 + place, 1000000 + n, "
    "(ARRAY[%(east)s, %(west)s, %(store)s, %(east)s])[place + 1], "
    "CASE WHEN place = 3 THEN 'quarantine' ELSE 'available' END, 'own', '', (n * 7 + place) %% 500, 0, 0, 1, %(now)s "
    "FROM generate_series(1, %(skus)s) AS n, generate_series(0, 3) AS place WHERE place < 3 OR n %% 500 = 0",
    "INSERT INTO inventory.move (merchant_id, stock_id, sequence, delta, quantity_after, allocated_after, reason, "
    "counterpart, reference, reference_id, actor, occurred_at, recorded_at) SELECT merchant_id, stock_id, 1, quantity, "
    "quantity, 0, 'count', 'count', 'message', 1, 'tester', recorded_at, recorded_at FROM inventory.stock "
    "WHERE merchant_id = %(merchant)s AND quantity > 0",
    "ANALYZE catalog.sku",
    "ANALYZE inventory.stock",
    "ANALYZE inventory.move",
)


class Watched(Transaction):
    """A transaction that says what each statement read, by asking for its plan."""

    read: dict[str, int]
    scans: list[str]

    def _ask_query(self, query: Query, params: dict[str, Any], read: Callable[[Any], T]) -> Answer[T]:
        given = {**params, "merchant_id": self.merchant_id, "now": self.now}
        values = [given[name] for name in query.parameters]
        if query.statement.lstrip().upper().startswith(("SELECT", "WITH")):
            text = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query.statement}"
            plan = RawCursor(self.connection).execute(text.encode(), values).fetchone()
            assert plan is not None
            self._walk(msgspec.json.decode(plan[0])[0]["Plan"])
        return super()._ask_query(query, params, read)

    def _walk(self, node: dict[str, Any]) -> None:
        if "Relation Name" in node:
            rows = (
                node["Actual Rows"] * node["Actual Loops"]
                + node.get("Rows Removed by Filter", 0) * node["Actual Loops"]
            )
            name = node["Relation Name"]
            self.read[name] = self.read.get(name, 0) + int(rows)
            if node["Node Type"] == "Seq Scan":
                self.scans.append(name)
        for child in node.get("Plans", ()):
            self._walk(child)


@pytest.fixture(scope="module")
def filled(new_database_url: Any) -> Iterator[tuple[Database, int, World]]:
    clock = FrozenClock(datetime(2026, 6, 1, 12, tzinfo=UTC))
    database = Database(new_database_url(), clock)
    merchant_id = database.ensure_merchant("acme")
    with database.transaction(merchant_id, actor="tester") as tx:
        world = World(tx)
        given = {
            "merchant": merchant_id,
            "skus": SKUS,
            "now": tx.now,
            "east": world.site["EAST"],
            "west": world.site["WEST"],
            "store": world.site["STORE"],
        }
        for statement in FILL:
            tx.connection.execute(statement.encode(), given if "%" in statement else None)
    clock.at += timedelta(hours=1)
    yield database, merchant_id, world
    database.close()


@pytest.fixture
def watched(filled: tuple[Database, int, World]) -> Iterator[Watched]:
    database, merchant_id, _ = filled
    with database.reading(merchant_id) as tx:
        made = Watched(tx.connection, merchant_id, tx.now, database.ids, actor="tester")
        made.read, made.scans = {}, []
        yield made


def everything(tx: Transaction, asked: GridAsked, **given: Any) -> list[tuple[str, int]]:
    """All pages in order, as (SKU, stock row)."""
    found: list[tuple[str, int]] = []
    after = ""
    while True:
        page: GridPage = insight.load_grid(tx, asked, given.get("moment"), after=after, rows=given.get("rows", 1_000))
        found += [(row.sku, row.stock_id) for row in page.rows]
        after = page.next
        if not after:
            return found


@pytest.mark.parametrize("after", ["", "S012345", "S024990"])
@pytest.mark.parametrize("past", [False, True])
def test_a_page_reads_what_it_shows(watched: Watched, after: str, past: bool) -> None:
    moment = inventory.load_moment(watched, watched.now - timedelta(minutes=1)) if past else None
    watched.read.clear()
    watched.scans.clear()
    page = insight.load_grid(watched, GridAsked(Wanted(), detail=True), moment, after=after)
    assert len(page.rows) >= 50 or not page.next
    assert {"sku", "stock", "move"} & set(watched.scans) == set()
    assert watched.read["stock"] <= 260
    assert watched.read["sku"] <= 130
    assert watched.read.get("move", 0) <= 260


def test_what_is_rare_is_found_without_reading_the_rest(watched: Watched, filled: tuple[Database, int, World]) -> None:
    asked = GridAsked(Wanted(statuses=("quarantine",)), detail=True)
    page = insight.load_grid(watched, asked, None)
    assert len(page.rows) >= 50 or not page.next
    assert {row.status for row in page.rows} == {"quarantine"}
    assert watched.read["stock"] <= 500
    assert {"sku", "stock"} & set(watched.scans) == set()
    watched.read.clear()
    lamps = insight.load_grid(watched, GridAsked(Wanted(), category="c7"), None)
    assert {row.category for row in lamps.rows} == {"c7"}
    assert watched.read["sku"] <= 60


def test_what_nothing_is_like_ends_and_goes_on(filled: tuple[Database, int, World]) -> None:
    database, merchant_id, _ = filled
    with database.reading(merchant_id) as tx:
        asked = GridAsked(Wanted(above=498))
        page = insight.load_grid(tx, asked, None)
        assert page.stopped
        assert page.looked <= 30 * 60
        assert page.next


def test_pages_hold_every_row_once(filled: tuple[Database, int, World]) -> None:
    database, merchant_id, world = filled
    with database.reading(merchant_id) as tx:
        wanted = Wanted(site_ids=(world.site["WEST"],))
        rows = everything(tx, GridAsked(wanted, detail=True))
        assert len(rows) == len(set(rows)) == SKUS
        assert rows == sorted(rows)
        moment = inventory.load_moment(tx, tx.now - timedelta(minutes=1))
        past = insight.load_grid(tx, GridAsked(wanted, detail=True), moment, after="S000100")
        now = insight.load_grid(tx, GridAsked(wanted, detail=True), None, after="S000100")
        assert [row for row in past.rows if row.on_hand] == [row for row in now.rows if row.on_hand]
        assert insight.load_grid(tx, GridAsked(Wanted(), skus=("S000001",)), None).rows[0].rows == 1


@pytest.mark.parametrize("descending", [False, True])
def test_by_a_figure_in_order_and_without_a_gap(filled: tuple[Database, int, World], descending: bool) -> None:
    database, merchant_id, world = filled
    with database.reading(merchant_id) as tx:
        asked = GridAsked(Wanted(site_ids=(world.site["EAST"],), below=3))
        seen: list[tuple[int, int]] = []
        after = ""
        while True:
            page = insight.load_grid_by_figure(tx, asked, "free", descending=descending, after=after, rows=40)
            seen += [(row.free, row.stock_id) for row in page.rows]
            after = page.next
            if not after:
                break
        values = [value for value, _ in seen]
        assert values == sorted(values, reverse=descending)
        assert len(seen) == len(set(seen)) == 150
        assert set(values) == {0, 1, 2}
