"""A real process, really killed in the middle of an import: started again, everything is there exactly once."""

import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from stocktower import exchange
from stocktower.connectors.files import import_file
from stocktower.platform import Database, load_invariants
from tests.connectors.files.exports import SHOP, SHOPIFY, record, shopify_line, shopify_order, write

ORDERS = 20_000
PATIENCE_SECONDS = 60
SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from stocktower.connectors.files import Source, import_file
from stocktower.platform import Database, FrozenClock
url, merchant, path = sys.argv[1:]
database = Database(url, FrozenClock(datetime(2026, 6, 1, tzinfo=UTC)))
source = Source(code="shop", zone="America/New_York", currency="USD", format="shopify")
import_file(database, int(merchant), Path(path), kind="orders", source=source, actor="tester")
"""


def received(database: Database, merchant: int) -> int:
    with database.reading(merchant) as tx:
        return sum(item.messages for item in exchange.load_backlog(tx))


def test_sigkill_in_the_middle(database: Database, tmp_path: Path) -> None:
    merchant = database.ensure_merchant("shop")
    header = SHOPIFY[79]
    rows: list[str] = []
    for number in range(ORDERS):
        rows.append(record(header, shopify_order(f"#{number}")))
        rows.append(record(header, shopify_line(f"#{number}", Lineitem_sku="TEE")))
    path = write(tmp_path / "orders.csv", header, rows)
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, database.url, str(merchant), str(path)])
    until = time.monotonic() + PATIENCE_SECONDS
    try:
        while received(database, merchant) == 0 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    left = received(database, merchant)
    assert 0 < left < ORDERS
    assert left % 1_000 == 0
    summary = import_file(database, merchant, path, kind="orders", source=SHOP, actor="tester")
    assert (summary.rows, summary.new, summary.repeated) == (2 * ORDERS, 2 * (ORDERS - left), 2 * left)
    with database.transaction(merchant, actor="worker") as tx:
        messages = exchange.claim(tx, ["order"], 2 * ORDERS)
        assert Counter(message.key for message in messages) == {f"#{number}": 1 for number in range(ORDERS)}
        assert {message.received_at for message in messages} == {datetime(2026, 6, 1, tzinfo=UTC), tx.now}
        states = sorted((item.state, item.rows) for item in exchange.load_imports(tx))
        assert states == [("done", 2 * ORDERS), ("failed", 2 * left)]
        for invariant in load_invariants("stocktower.exchange"):
            assert tx.tuples(invariant.query) == [], invariant.name
