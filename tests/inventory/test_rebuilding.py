"""Inbound and bins are projections too: what their ledgers say comes back."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower.inventory import PROJECTIONS
from stocktower.inventory.stock.rebuilding import decide_demand
from stocktower.platform import Projection, Transaction
from tests.inventory.world import World

INBOUND = (
    "INSERT INTO inventory.inbound (merchant_id, inbound_id, kind, reference, line, sku_id, site_id, lot, supplier, "
    "expected, received, cancelled, open, excess, state, version) VALUES "
    "(%(merchant)s, 1, 'purchase', 'PO-1', '1', %(sku)s, %(site)s, '', 'Acme', 10, 4, 0, 6, 0, 'open', 2)",
    "INSERT INTO inventory.inbound_change (merchant_id, inbound_id, version, kind, expected, received, cancelled, "
    "open, excess, supplier, reason, reference, reference_id, actor, occurred_at, recorded_at) SELECT %(merchant)s, 1, "
    "version, 'changed', 10, received, 0, 10 - received, 0, 'Acme', 'x', 'x', 1, 'x', %(now)s, %(now)s "
    "FROM (VALUES (1, 0), (2, 4)) AS change (version, received)",
)
CLAIM = (
    *INBOUND,
    "UPDATE inventory.inbound SET claimed = 3",
    "INSERT INTO inventory.demand (merchant_id, order_id, line_no, sku_id, kind, channel_id, priority, placed_at, "
    "per_unit, wanted, allocated, short, consumed, cancelled) VALUES "
    "(%(merchant)s, 7, 1, %(sku)s, 'order', 5, 30, %(now)s, 1, 4, 0, 4, 0, 0)",
    "INSERT INTO inventory.inbound_claim (merchant_id, order_id, line_no, sku_id, inbound_id, channel_id, priority, "
    "placed_at, claimed, arrived) VALUES (%(merchant)s, 7, 1, %(sku)s, 1, 5, 30, %(now)s, 3, 1)",
    "INSERT INTO inventory.inbound_claim_change (merchant_id, change_id, inbound_id, order_id, line_no, sku_id, "
    "claimed, arrived, reason, recorded_at) VALUES (%(merchant)s, 1, 1, 7, 1, %(sku)s, 4, 0, 'preordered', %(now)s), "
    "(%(merchant)s, 2, 1, 7, 1, %(sku)s, -1, 1, 'arrived', %(now)s)",
)
BIN = (
    "INSERT INTO inventory.bin (merchant_id, site_id, stock_id, bin, quantity, sequence) SELECT merchant_id, site_id, "
    "stock_id, 'A1', 5, 2 FROM inventory.stock WHERE merchant_id = %(merchant)s",
    "INSERT INTO inventory.bin_move (merchant_id, stock_id, bin, sequence, delta, quantity_after, reason, reference, "
    "reference_id, actor, occurred_at, recorded_at) SELECT merchant_id, stock_id, 'A1', step.sequence, step.delta, "
    "step.after, 'x', 'x', 1, 'x', %(now)s, %(now)s FROM inventory.stock, (VALUES (1, 2, 2), (2, 3, 5)) "
    "AS step (sequence, delta, after) WHERE merchant_id = %(merchant)s",
    "UPDATE inventory.stock SET binned = 5 WHERE merchant_id = %(merchant)s",
)


def named(name: str) -> Projection:
    return next(one for one in PROJECTIONS if one.name == name)


@pytest.mark.parametrize(
    ("name", "made", "corrupted"),
    [
        ("inventory.inbound", INBOUND, "UPDATE inventory.inbound SET received = 10, open = 0, state = 'received'"),
        ("inventory.inbound", INBOUND, "UPDATE inventory.inbound SET version = 7"),
        ("inventory.inbound.claimed", CLAIM, "UPDATE inventory.inbound SET claimed = 5"),
        ("inventory.inbound_claim", CLAIM, "UPDATE inventory.inbound_claim SET claimed = 2, arrived = 2"),
        ("inventory.inbound_claim", CLAIM, "DELETE FROM inventory.inbound_claim"),
        ("inventory.bin", BIN, "UPDATE inventory.bin SET quantity = 9"),
        ("inventory.bin", BIN, "DELETE FROM inventory.bin"),
        ("inventory.stock.binned", BIN, "UPDATE inventory.stock SET binned = 4"),
    ],
)
def test_it_comes_back_identical(tx: Transaction, name: str, made: Sequence[str], corrupted: str) -> None:
    world = World(tx)
    world.count(tx, "EAST", {"CUP": 5}, opening=True)
    given_ = {"merchant": tx.merchant_id, "sku": world.sku["CUP"], "site": world.site["EAST"], "now": tx.now}
    for statement in made:
        tx.connection.execute(statement.encode(), given_)
    table = f"SELECT * FROM {'.'.join(name.split('.')[:2])} WHERE merchant_id = %s".encode()
    before = tx.connection.execute(table, (tx.merchant_id,)).fetchall()
    projection = named(name)
    assert projection.find(tx) == []
    assert projection.count(tx) == len(before) == 1
    tx.connection.execute(f"{corrupted} WHERE merchant_id = %s".encode(), (tx.merchant_id,))
    drifted = projection.find(tx)
    assert len(drifted) == 1
    projection.lock(tx, drifted)
    projection.restore(tx, drifted)
    assert tx.connection.execute(table, (tx.merchant_id,)).fetchall() == before


units = st.integers(0, 20)


@given(taken=units, lacks=units, consumed=units, cancelled=units, moved=units)
def test_demand_adds_up_again(taken: int, lacks: int, consumed: int, cancelled: int, moved: int) -> None:
    wanted = taken + lacks + consumed + cancelled
    part = min(moved, taken)
    row = (1, 1, 1, wanted, taken - part, lacks, consumed + part, cancelled, taken, lacks, consumed)
    found = decide_demand(row)
    assert found.truth == (taken, lacks, consumed, cancelled)
