"""Imports: every row accounted for, again and again, in threads, and after a kill at any commit."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stocktower import exchange
from stocktower.connectors.files import FileError, Source, import_file
from stocktower.connectors.files import service as import_service
from stocktower.exchange import ImportSummary, KeptRow, OrderDocument
from stocktower.platform import Database, FrozenClock, Transaction, load_invariants
from tests.connectors.files.exports import SHOP, SHOPIFY, record, shopify_line, shopify_order, write

HEADER = SHOPIFY[79]


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def merchant(database: Database) -> int:
    return database.ensure_merchant("shop")


def orders(
    path: Path, numbers: Sequence[int], *, broken: Sequence[int] = (), name: str = "orders.csv", **values: Any
) -> Path:
    """A file of orders of two lines."""
    rows: list[str] = []
    for number in numbers:
        quantity = "many" if number in broken else "1"
        rows.append(record(HEADER, shopify_order(f"#{number}", **values)))
        rows.append(record(HEADER, shopify_line(f"#{number}", Lineitem_sku="TEE", Lineitem_quantity=quantity)))
    return write(path / name, HEADER, rows)


def bring(database: Database, merchant: int, path: Path, **options: Any) -> ImportSummary:
    return import_file(database, merchant, path, kind="orders", source=SHOP, actor="tester", **options)


def proof(summary: ImportSummary) -> tuple[int, int, int, int, int]:
    return summary.rows, summary.new, summary.changed, summary.repeated, summary.kept


def hold(database: Database, merchant: int) -> None:
    """The invariants of the room return nothing."""
    with database.reading(merchant) as tx:
        for invariant in load_invariants("stocktower.exchange"):
            assert tx.tuples(invariant.query) == [], invariant.name


def stored(database: Database, merchant: int, kind: str = "order") -> Counter[str]:
    """How many messages of each key the inbox holds, claimed from the queue where they are work."""
    with database.reading(merchant) as tx:
        found = [exchange.load_messages(tx, exchange.load_messages_of_import(tx, item.import_id, limit=100_000))
                 for item in exchange.load_imports(tx)]  # fmt: skip
    return Counter(message.key for messages in found for message in messages if message.kind == kind)


def test_again_overlapping_and_changed(database: Database, merchant: int, tmp_path: Path) -> None:
    first = bring(database, merchant, orders(tmp_path, range(10)))
    assert proof(first) == (20, 20, 0, 0, 0)
    assert (first.orders, first.lines, first.cases, first.state, first.format) == (10, 20, 0, "done", "shopify")
    assert proof(bring(database, merchant, orders(tmp_path, range(10)))) == (20, 0, 0, 20, 0)
    assert proof(bring(database, merchant, orders(tmp_path, range(5, 15), name="b.csv"))) == (20, 10, 0, 10, 0)
    refunded = orders(tmp_path, range(3), name="c.csv", Financial_Status="refunded")
    assert proof(bring(database, merchant, refunded)) == (6, 0, 6, 0, 0)
    assert proof(bring(database, merchant, orders(tmp_path, range(3), name="d.csv"))) == (6, 0, 0, 6, 0)
    assert stored(database, merchant) == {f"#{n}": 2 if n < 3 else 1 for n in range(15)}
    hold(database, merchant)


def test_what_is_kept_opens_one_case(database: Database, merchant: int, tmp_path: Path) -> None:
    told: list[tuple[int, KeptRow]] = []

    def on_kept(tx: Transaction, items: Sequence[tuple[int, KeptRow]]) -> int:
        told.extend(items)
        return len(items)

    path = orders(tmp_path, range(4), broken=[2])
    summary = bring(database, merchant, path, on_kept=on_kept)
    assert proof(summary) == (8, 6, 0, 0, 2)
    assert (summary.orders, summary.cases) == (3, 1)
    ((message_id, row),) = told
    assert (row.file, row.line, row.column, len(row.rows)) == ("orders.csv", 7, "Lineitem quantity", 2)
    again = bring(database, merchant, path, on_kept=on_kept)
    elsewhere = bring(database, merchant, orders(tmp_path, range(1, 4), broken=[2], name="b.csv"), on_kept=on_kept)
    assert (proof(again), again.cases) == ((8, 0, 0, 6, 2), 0)
    assert (proof(elsewhere), elsewhere.cases, len(told)) == ((6, 0, 0, 4, 2), 0, 1)
    with database.transaction(merchant, actor="worker") as tx:
        assert [message.message_id for message in exchange.load_messages(tx, [message_id])] == [message_id]
        view = exchange.view_message(tx, message_id)
        assert view is not None
        assert msgspec.json.decode(view.body, type=KeptRow) == row
        assert {message.kind for message in exchange.claim(tx, ["order", "kept"], 100)} == {"order"}
    hold(database, merchant)


def test_progress_and_the_list_of_imports(database: Database, merchant: int, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = orders(tmp_path, range(2_500))
    summary = bring(
        database, merchant, path, progress=lambda rows, total: told.append((rows, total)), name="monday/a.csv"
    )
    assert told == [(2_000, 5_000), (4_000, 5_000), (5_000, 5_000)]
    assert (summary.rows_total, summary.bytes) == (5_000, path.stat().st_size)
    with database.reading(merchant) as tx:
        (listed,) = exchange.load_imports(tx)
        assert listed == summary == exchange.load_import(tx, summary.import_id)
        assert listed.name == "monday/a.csv"
        (backlog,) = exchange.load_backlog(tx)
        assert (backlog.kind, backlog.state, backlog.messages) == ("order", "ready", 2_500)
    with database.transaction(merchant, actor="worker") as tx:
        exchange.finish(tx, [one.message_id for one in exchange.claim(tx, ["order"], 1_000)])
        work = exchange.load_import_work(tx, [summary.import_id])[summary.import_id]
        assert (work.worked, work.ready, work.rows) == (2_000, 3_000, 5_000)
        assert exchange.load_rows_to_work(tx) == {"order": 3_000}


def test_what_was_assumed_is_noted(database: Database, merchant: int, tmp_path: Path) -> None:
    summary = bring(database, merchant, orders(tmp_path, [1], Created_at="03/04/2026"))
    assert summary.notes == "dates such as 03/04/2026 were read as day/month/year: no date of the file tells"


def test_a_file_that_cannot_be_read_leaves_nothing(database: Database, merchant: int, tmp_path: Path) -> None:
    with pytest.raises(FileError):
        bring(database, merchant, write(tmp_path / "x.csv", ["nothing"], []))
    with database.reading(merchant) as tx:
        assert exchange.load_imports(tx) == []


@pytest.mark.parametrize("commits", [1, 2, 3])
def test_killed_and_restarted(
    database: Database, merchant: int, tmp_path: Path, commits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = orders(tmp_path, range(3_000), broken=[7, 2_900])
    left = iter(range(commits))

    @contextmanager
    def until_killed(self: Database, merchant_id: int, **options: Any) -> Iterator[Transaction]:
        with whole(self, merchant_id, **options) as tx:
            yield tx
            if next(left, None) is None:
                raise Killed

    whole = Database.transaction
    with monkeypatch.context() as patched:
        patched.setattr(Database, "transaction", until_killed)
        with pytest.raises(Killed):
            bring(database, merchant, path)
    hold(database, merchant)
    cases: list[int] = []
    summary = bring(database, merchant, path, on_kept=lambda tx, items: cases.append(len(items)) or len(items))
    assert summary.rows == 6_000
    assert (summary.new + summary.repeated, summary.kept) == (5_996, 4)
    assert summary.repeated == (commits - 1) * 2_000 - (2 if commits > 1 else 0)
    assert stored(database, merchant) == {f"#{n}": 1 for n in range(3_000) if n not in (7, 2_900)}
    assert sum(stored(database, merchant, "kept").values()) == 2
    with database.reading(merchant) as tx:
        assert sorted(item.state for item in exchange.load_imports(tx)) == ["done", "failed"]
    hold(database, merchant)


def test_a_commit_whose_answer_was_lost(
    database: Database, merchant: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = iter([False, True, False, False])
    whole = Database.transaction

    @contextmanager
    def losing(self: Database, merchant_id: int, **options: Any) -> Iterator[Transaction]:
        with whole(self, merchant_id, **options) as tx:
            yield tx
        if next(lost, False):
            raise psycopg.OperationalError("the connection was lost")

    monkeypatch.setattr(Database, "transaction", losing)
    summary = bring(database, merchant, orders(tmp_path, range(1_500)))
    assert proof(summary) == (3_000, 3_000, 0, 0, 0)


def test_two_threads_import_overlapping_files(database: Database, merchant: int, tmp_path: Path) -> None:
    rising = orders(tmp_path, range(3_000), name="rising.csv")
    falling = orders(tmp_path, range(3_999, 999, -1), name="falling.csv")
    summaries: list[ImportSummary] = []
    threads = [
        threading.Thread(target=lambda path=path: summaries.append(bring(database, merchant, path)))
        for path in (rising, falling, rising)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [summary.rows for summary in summaries] == [6_000] * 3
    assert sum(summary.new for summary in summaries) == 8_000
    assert sum(summary.repeated for summary in summaries) == 10_000
    assert stored(database, merchant) == {f"#{n}": 1 for n in range(4_000)}
    hold(database, merchant)


def test_stock_and_shipments_of_several_sites(database: Database, merchant: int, tmp_path: Path) -> None:
    source = Source(code="sites", currency="USD")
    for name, text in {
        "products": "sku,name\nA,Mug\nA,Mug\n",
        "stock": "site,sku,quantity,as_of\nEAST,A,1,2026-05-04\nWEST,A,2,2026-05-04\n",
        "shipments": "order,sku,quantity,site,occurred_at\n#1,A,1,EAST,2026-05-04\n#1,A,1,WEST,2026-05-04\n",
    }.items():
        (tmp_path / name).write_text(text)
        summary = import_file(database, merchant, tmp_path / name, kind=name, source=source, actor="tester")
        assert (summary.rows, summary.orders, summary.format) == (2, 0, "csv")
        assert summary.repeated == (1 if name == "products" else 0)
    with database.transaction(merchant, actor="worker") as tx:
        told = sorted((message.kind, message.source, message.key) for message in exchange.claim(
            tx, ["stock", "confirmation", "product"], 10))  # fmt: skip
    assert told == [
        ("confirmation", "EAST", "#1"),
        ("confirmation", "WEST", "#1"),
        ("product", "catalog", "A"),
        ("stock", "EAST", "EAST/2026-05-04T00:00:00+00:00/0"),
        ("stock", "WEST", "WEST/2026-05-04T00:00:00+00:00/0"),
    ]


def test_a_product_that_goes_back_is_changed_again(database: Database, merchant: int, tmp_path: Path) -> None:
    source = Source(code="catalog", currency="USD")
    outcomes: list[tuple[int, int, int]] = []
    for price in ("1.00", "1.00", "2.00", "1.00", "1.00", "2.00"):
        (tmp_path / "p.csv").write_text(f"sku,name,price\nA,Mug,{price}\n")
        summary = import_file(database, merchant, tmp_path / "p.csv", kind="products", source=source, actor="tester")
        outcomes.append((summary.new, summary.changed, summary.repeated))
    assert outcomes == [(1, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 0), (0, 0, 1), (0, 1, 0)]
    hold(database, merchant)


@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_proof_is_exact_whatever_the_file(database: Database, tmp_path: Path, data: st.DataObject) -> None:
    merchant = database.ensure_merchant(f"m{data.draw(st.integers(0, 10**9))}")
    rows = data.draw(
        st.lists(
            st.one_of(
                st.builds(lambda n, s: record(HEADER, shopify_order(f"#{n}", Financial_Status=s)), st.integers(0, 5),
                          st.sampled_from(["paid", "refunded", "stolen"])),
                st.builds(lambda n: record(HEADER, shopify_line(f"#{n}")), st.integers(0, 5)),
                st.sampled_from(['"\n', "garbage\n", '#1,"x\n', ",,,\n", "\n"]),
            ),
            max_size=25,
        )
    )  # fmt: skip
    path = write(tmp_path / "orders.csv", HEADER, rows)
    first = bring(database, merchant, path)
    again = bring(database, merchant, path)
    counted = sum(1 for row in rows if row.strip(",\n"))
    assert first.rows == again.rows == counted
    assert (again.new, again.changed) == (0, 0)
    assert (again.kept, again.orders, again.lines) == (first.kept, first.orders, first.lines)
    hold(database, merchant)


def test_documents_come_out_as_they_went_in(
    database: Database, merchant: int, tmp_path: Path, clock: FrozenClock
) -> None:
    bring(database, merchant, orders(tmp_path, [1]))
    with database.transaction(merchant, actor="worker") as tx:
        (message,) = exchange.claim(tx, ["order"], 10)
    document = msgspec.json.decode(message.body, type=OrderDocument)
    assert (document.order_ref, len(document.lines), message.source) == ("#1", 2, "shop")
    assert message.received_at == clock.now()
    assert document.placed_at == datetime(2026, 5, 4, 14, tzinfo=UTC)


def test_batches_are_bounded(
    monkeypatch: pytest.MonkeyPatch, database: Database, merchant: int, tmp_path: Path
) -> None:
    monkeypatch.setattr(import_service, "_BYTES", 2_000)
    told: list[int] = []
    bring(database, merchant, orders(tmp_path, range(40)), progress=lambda rows, total: told.append(rows))
    assert len(told) > 5
    assert told == sorted(told)
    assert told[-1] == 80
