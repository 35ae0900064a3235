"""What listings should have shown at an instant: the buffers, the states and the configuration of that time."""

from datetime import timedelta

from stocktower import inventory, publication
from stocktower.network import load_network
from stocktower.platform import Transaction
from tests.inventory.world import World
from tests.publication.world import broken, configuration, measure, publish, sell, watch

SLOW = configuration(web="lag_minutes = 720\nacknowledge_within_minutes = 10")


def shown(tx: Transaction, world: World, moment: inventory.Moment | None = None) -> list[tuple[int, int]]:
    """What the web shop should show of 40 and of 3 ropes, and could sell."""
    found = publication.load_shown(tx, load_network(tx), world.sku["ROPE"], moment)
    return [found.offered(world.channel["web"], world.sku["ROPE"], ats, 1, 0) for ats in (40, 3)]


def test_it_is_what_was_told_then(tx: Transaction) -> None:
    world = World(tx, SLOW)
    world.count(tx, "EAST", {"ROPE": 40}, opening=True)
    measure(tx)
    said = {tx.now: shown(tx, world)}
    for number in range(1, 7):
        tx.now += timedelta(minutes=30)
        sell(tx, world.sku["ROPE"], world.channel["b2b"], 5 * number, order_id=number)
        # Measured in one half of them; told, and never acknowledged, from the third on.
        if number % 2:
            measure(tx)
        if number == 3:
            publish(tx)
        watch(tx)
        said[tx.now] = shown(tx, world)
    assert len({str(one) for one in said.values()}) > 3
    for at, then in said.items():
        assert shown(tx, world, inventory.load_moment(tx, at)) == then, at
        assert shown(tx, world, inventory.load_moment(tx, min(tx.now, at + timedelta(minutes=29)))) == then
    states = tx.connection.execute(b"SELECT state FROM publication.past_channel ORDER BY until_at").fetchall()
    assert states == [("normal",), ("behind",)]
    assert broken(tx) == []
