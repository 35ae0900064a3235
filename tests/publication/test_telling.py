"""Only what matters, the newest value, the most dangerous first, within the rate; what waits is kept with its turn."""

from datetime import timedelta

import pytest

from stocktower import catalog, publication
from stocktower.exchange import ProductDocument
from stocktower.network import load_network
from stocktower.platform import Transaction
from tests.inventory.world import PRODUCTS, World
from tests.publication.world import broken, configuration, differences, health, measure, publish, sell, shown, told

MINUTE = timedelta(minutes=1)
CHEAP = tuple(ProductDocument(f"P{n}", f"Part {n}", price_minor=100 * n) for n in range(1, 7))


def test_small_differences_are_not_told_until_they_add_up(tx: Transaction) -> None:
    world = World(tx, configuration())
    world.count(tx, "EAST", {"CUP": 500})
    publish(tx)
    world.count(tx, "EAST", {"CUP": 520})
    # Slow: five percent.
    assert told(publish(tx), "web") == {}
    assert differences(tx) == []
    world.count(tx, "EAST", {"CUP": 530})
    assert told(publish(tx), "web") == {"CUP": 530}
    # What could be oversold is told however small it is.
    world.count(tx, "EAST", {"CUP": 529})
    assert told(publish(tx), "web") == {"CUP": 529}
    assert broken(tx) == []


def test_what_is_true_again_is_told_to_nobody(tx: Transaction) -> None:
    world = World(tx, configuration(web="publish_every_minutes = 10"))
    world.count(tx, "EAST", {"CUP": 50})
    publish(tx)
    world.count(tx, "EAST", {"CUP": 40})
    assert publish(tx).keys() == {"b2b"}
    assert health(tx, "web").backlog == 1
    world.count(tx, "EAST", {"CUP": 50})
    assert publish(tx).keys() == {"b2b"}
    assert health(tx, "web").backlog == 0
    tx.now += timedelta(hours=1)
    assert publish(tx) == {}
    assert broken(tx) == []


def test_the_newest_value_wins_and_keeps_its_place(tx: Transaction) -> None:
    world = World(tx, configuration(web="publish_every_minutes = 10\npublish_slow_every_minutes = 10"))
    world.count(tx, "EAST", {"CUP": 50})
    publish(tx)
    began = tx.now
    for quantity in (40, 30, 20):
        tx.now += MINUTE
        world.count(tx, "EAST", {"CUP": quantity})
        assert told(publish(tx), "web") == {}
    assert health(tx, "web").oldest_at == began + MINUTE
    tx.now = began + 10 * MINUTE
    assert told(publish(tx), "web") == {"CUP": 20}


def test_to_zero_and_from_it_goes_at_once_and_what_is_fast_too(tx: Transaction) -> None:
    world = World(tx, configuration(web="publish_every_minutes = 60"))
    world.count(tx, "EAST", {"CUP": 9, "LID": 100})
    publish(tx)
    tx.now += MINUTE
    world.count(tx, "EAST", {"CUP": 0, "LID": 90})
    assert told(publish(tx), "web") == {"CUP": 0, "SET": 0}
    world.count(tx, "EAST", {"CUP": 3})
    assert told(publish(tx), "web") == {"CUP": 3, "SET": 3}
    publication.set_velocity(tx, world.network, world.channel["web"], world.sku["LID"], "fast", "ada")
    assert told(publish(tx), "web") == {"LID": 90}
    world.count(tx, "EAST", {"LID": 89})
    assert told(publish(tx), "web") == {"LID": 89}
    assert broken(tx) == []


def test_within_its_rate_the_most_dangerous_goes_first_and_nothing_is_lost(tx: Transaction) -> None:
    world = World(tx, configuration(web="listings_per_minute = 2"), (*PRODUCTS, *CHEAP))
    # All are new: what is dear and much is worth most. Then what is told of too much.
    world.count(tx, "EAST", {f"P{n}": 10 for n in range(1, 7)} | {"CUP": 10, "LID": 10, "ROPE": 10})
    seen: list[str] = []
    rounds = 0
    while health(tx, "web").backlog or not seen:
        made = told(publish(tx), "web")
        assert len(made) == 2
        seen += made
        rounds += 1
        assert broken(tx) == []
        tx.now += MINUTE
    assert (rounds, len(seen), len(set(seen))) == (5, 10, 10)
    # Costs stand where there is no price.
    assert seen[:4] == ["ROPE", "P6", "P5", "P4"]
    world.count(tx, "EAST", {"P1": 40, "P6": 20, "P2": 4, "P3": 9})
    assert list(told(publish(tx), "web")) == ["P3", "P2"]
    assert told(publish(tx), "web") == {}
    tx.now += 30 * timedelta(seconds=1)
    assert list(told(publish(tx), "web")) == ["P6"]
    tx.now += MINUTE
    assert list(told(publish(tx), "web")) == ["P1"]
    assert differences(tx) == []


def test_what_waits_shows_the_newest_value_when_its_turn_comes(tx: Transaction) -> None:
    world = World(tx, configuration(web="listings_per_minute = 1"), (*PRODUCTS, *CHEAP))
    world.count(tx, "EAST", {"P1": 5, "P2": 5})
    for _ in range(10):
        publish(tx)
        tx.now += MINUTE
    assert health(tx, "web").backlog == 0
    world.count(tx, "EAST", {"P1": 4, "P2": 4})
    assert told(publish(tx), "web") == {"P2": 4}
    world.count(tx, "EAST", {"P1": 1})
    assert told(publish(tx), "web") == {}
    tx.now += MINUTE
    assert told(publish(tx), "web") == {"P1": 1}


def test_everything_is_looked_at_before_anything_is_told(tx: Transaction, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stocktower.publication.service.LOOK", 3)
    world = World(tx, configuration(), (*PRODUCTS, *CHEAP))
    world.count(tx, "EAST", {f"P{n}": 10 for n in range(1, 7)})
    rounds = [told(publish(tx), "web") for _ in range(4)]
    assert [len(one) for one in rounds] == [0, 0, 0, 10]
    assert list(rounds[-1])[:2] == ["P6", "P5"]
    assert broken(tx) == []


def test_a_name_that_stands_for_nothing_any_more_shows_nothing(tx: Transaction) -> None:
    world = World(tx, configuration())
    world.count(tx, "EAST", {"LID": 6})
    assert told(publish(tx), "web")["LID"] == 6
    catalog.map_listing(tx, world.channel["web"], "LID-PAIR", world.sku["LID"], 2, "tester")
    assert told(publish(tx), "web") == {"LID": 0, "LID-PAIR": 3}
    # And the name now means another SKU, of which the former is looked at too.
    catalog.map_listing(tx, world.channel["web"], "LID-PAIR", world.sku["CUP"], 1, "tester")
    assert told(publish(tx), "web") == {"LID": 6, "LID-PAIR": 0}
    assert broken(tx) == []


def test_everything_can_be_told_again(tx: Transaction) -> None:
    world = World(tx, configuration(web="listings_per_minute = 3"))
    world.count(tx, "EAST", {"CUP": 5, "LID": 4, "ROPE": 10})
    publish(tx)
    tx.now += timedelta(hours=1)
    publish(tx)
    tx.now += timedelta(hours=1)
    network = load_network(tx)
    assert publication.resend(tx, network, world.channel["web"]) == 4
    assert len(told(publish(tx), "web")) == 3
    world.count(tx, "EAST", {"LID": 3})
    tx.now += MINUTE
    again = told(publish(tx), "web")
    assert again.items() <= {"CUP": 5, "LID": 3, "ROPE": 3, "SET": 1}.items()
    tx.now += MINUTE
    publish(tx)
    assert publication.resend(tx, network, world.channel["b2b"], [world.sku["CUP"]]) == 1
    assert {code: shown(one) for code, one in publish(tx).items()} == {"b2b": {"CUP": 5}}
    assert publish(tx) == {}
    assert broken(tx) == []


def test_velocity_is_computed_from_what_sells_and_stands_when_set(tx: Transaction) -> None:
    world = World(tx, configuration(web="publish_every_minutes = 60"))
    world.count(tx, "EAST", {"CUP": 100, "LID": 20, "ROPE": 400})
    publish(tx)
    web = world.channel["web"]
    for n, (code, units) in enumerate({"CUP": 20, "LID": 30, "ROPE": 20}.items()):
        sell(tx, world.sku[code], web, units, order_id=n + 1, days_ago=4, listing=code)
    publication.set_velocity(tx, world.network, web, world.sku["ROPE"], "normal", "ada")
    measure(tx)
    # In five days: cups last 25 days, lids not four.
    assert velocities(tx, world, "web") == {"CUP": "normal", "LID": "normal", "ROPE": "normal"}
    world.count(tx, "EAST", {"LID": 17})
    publish(tx)
    measure(tx)
    assert velocities(tx, world, "web")["LID"] == "fast"
    assert told(publish(tx), "web") == {"LID": 17}
    publication.set_velocity(tx, world.network, web, world.sku["ROPE"], "auto", "ada")
    measure(tx)
    assert velocities(tx, world, "web")["ROPE"] == "slow"
    tx.now += timedelta(days=30)
    measure(tx)
    assert velocities(tx, world, "web") == {}
    with pytest.raises(publication.NotPossible, match="one of fast, normal, slow, auto"):
        publication.set_velocity(tx, world.network, web, world.sku["ROPE"], "quick", "ada")
    assert broken(tx) == []


def test_velocity_can_be_stated_in_the_configuration(tx: Transaction) -> None:
    world = World(tx, configuration() + '\n[[velocities]]\nchannel = "web"\nsku = "CUP"\nvelocity = "fast"\n')
    world.count(tx, "EAST", {"CUP": 500})
    publish(tx)
    measure(tx)
    assert velocities(tx, world, "web") == {"CUP": "fast"}


def velocities(tx: Transaction, world: World, channel: str) -> dict[str, str]:
    """SKU -> velocity, of those that have one."""
    desk = publication.load_offers(tx, world.network, list(world.sku.values()))
    channel_id = world.channel[channel]
    return {
        code: desk.velocities[channel_id, sku_id].velocity
        for code, sku_id in world.sku.items()
        if (channel_id, sku_id) in desk.velocities
    }
