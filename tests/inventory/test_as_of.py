"""Every figure as of any instant: a random history, kept in plain Python beside it, and asked at every instant."""

from datetime import timedelta

from stocktower import inventory
from stocktower.platform import Database, FrozenClock, Transaction
from tests.inventory.world import World, broken


def entry_times(tx: Transaction) -> list[tuple[int, float]]:
    """(sequence, recorded at) of every entry of every row."""
    rows = tx.connection.execute(
        "SELECT stock_id, sequence, recorded_at FROM inventory.reservation WHERE merchant_id = %s "
        "UNION ALL SELECT stock_id, sequence, recorded_at FROM inventory.move WHERE merchant_id = %s ORDER BY 1, 2",
        (tx.merchant_id, tx.merchant_id),
    ).fetchall()
    return [(sequence, recorded_at.timestamp()) for _, sequence, recorded_at in rows]


def test_who_waited_for_a_lock_is_recorded_after_who_had_it(database: Database, clock: FrozenClock) -> None:
    merchant_id = database.ensure_merchant("acme")
    with database.transaction(merchant_id, actor="tester") as tx:
        world = World(tx)
        world.count(tx, "EAST", {"CUP": 10}, opening=True)
    clock.at += timedelta(seconds=1)
    with database.transaction(merchant_id, actor="early") as early:
        clock.at += timedelta(seconds=1)
        with database.transaction(merchant_id, actor="late") as late:
            world.order(late, 1, "CUP", 2)
        world.order(early, 2, "CUP", 3)
        world.ship(early, 2, "CUP", 3)
    with database.reading(merchant_id) as tx:
        times = entry_times(tx)
        assert [at for _, at in times] == sorted(at for _, at in times)
        assert broken(tx) == []


def test_what_demand_is_short_of_is_a_ledger(tx: Transaction) -> None:
    world = World(tx)
    world.count(tx, "EAST", {"CUP": 3}, opening=True)
    world.order(tx, 1, "CUP", 5)
    world.order(tx, 2, "CUP", 4, channel="b2b")
    world.ship(tx, 1, "CUP", 4)
    world.count(tx, "EAST", {"CUP": 0}, message_id=2)
    rows = tx.connection.execute(
        "SELECT sequence, channel_id, order_id, delta, waiting_after FROM inventory.shortage WHERE merchant_id = %s "
        "ORDER BY sequence",
        (tx.merchant_id,),
    ).fetchall()
    web, b2b = world.channel["web"], world.channel["b2b"]
    assert rows == [(1, web, 1, 2, 2), (2, b2b, 2, 4, 4), (3, web, 1, -1, 1)]
    assert broken(tx) == []
    tx.connection.execute("UPDATE inventory.demand SET short = 0, cancelled = 1 WHERE order_id = 1")
    assert broken(tx) == ["short_is_the_sum_of_its_shortages"]
    assert inventory.load_waiting(tx, [world.sku["CUP"]])
