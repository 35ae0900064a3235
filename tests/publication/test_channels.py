"""Lag is measured and turned into a buffer; channels that fall behind or go dark are tightened, and restored."""

from datetime import timedelta

import pytest

from stocktower import publication
from stocktower.network import load_network
from stocktower.platform import Transaction, take_due
from stocktower.worklist import CaseFilter, load_cases
from tests.inventory.world import World, events
from tests.publication.world import acknowledge, broken, configuration, health, measure, publish, sell, told, watch

MINUTE = timedelta(minutes=1)
ANSWERS = "acknowledge_within_minutes = 10"


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant whose web shop says when it has what it was told."""
    return World(tx, configuration(web=ANSWERS))


def cases(tx: Transaction, state: str = "open") -> list[tuple[str, str]]:
    """The cases of channels that do not keep up, as (channel, title)."""
    found = load_cases(tx, CaseFilter(state=state, kind="channel_dark")).cases
    return [(case.cause_key, case.title) for case in found]


# Acknowledged.


def test_a_channel_that_answers_shows_what_it_acknowledged(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 9})
    first = publish(tx)
    assert health(tx, "web").over_exposed == 0
    tx.now += 2 * MINUTE
    acknowledge(tx, first["web"])
    world.count(tx, "EAST", {"CUP": 5})
    second = publish(tx)
    # Told, and not known to be taken over: it may still sell nine.
    assert (health(tx, "web").over_exposed, health(tx, "web").over_units) == (1, 4)
    (over,) = publication.load_over_exposed(tx)
    assert (over.listing, over.acknowledged, over.told, over.most) == ("CUP", 9, 5, 5)
    tx.now += 4 * MINUTE
    acknowledge(tx, second["web"])
    assert health(tx, "web").over_exposed == 0
    # A repeat, and an older one late, change nothing.
    acknowledge(tx, second["web"], first["web"])
    assert publication.load_over_exposed(tx) == []
    measure(tx)
    found = health(tx, "web")
    assert (found.lag_p50_seconds, found.lag_p95_seconds, found.lag_samples) == (120, 240, 2)
    (told_event, *_) = events(tx, "publication.acknowledged")
    assert told_event[1]["lag_seconds"] == 120
    assert broken(tx) == []


def test_acknowledgements_may_come_in_any_order(tx: Transaction, world: World) -> None:
    made = []
    for quantity in (9, 5, 3):
        world.count(tx, "EAST", {"CUP": quantity})
        made.append(publish(tx)["web"])
        tx.now += MINUTE
    acknowledge(tx, made[1])
    assert [item.acknowledged for item in publication.load_over_exposed(tx)] == [5]
    acknowledge(tx, made[2])
    acknowledge(tx, made[0])
    assert publication.load_over_exposed(tx) == []
    assert broken(tx) == []


def test_what_was_never_made_is_not_acknowledged(tx: Transaction, world: World) -> None:
    with pytest.raises(publication.UnknownPublication, match=r"out/web-1\.csv: no such publication"):
        publication.acknowledge(tx, world.network, by="tester", paths=["out/web-1.csv"])


# Buffers.


def test_what_others_sell_during_its_lag_is_held_back(tx: Transaction) -> None:
    world = World(tx, configuration(web="lag_minutes = 360"))
    world.count(tx, "EAST", {"CUP": 40, "LID": 40})
    assert told(publish(tx), "web") == {"CUP": 40, "LID": 40, "ROPE": 0, "SET": 20}
    b2b = world.channel["b2b"]
    # Eight a day of cups go elsewhere, by kits too: two in six hours, and surely not more than five.
    sell(tx, world.sku["CUP"], b2b, 6, listing="CUP")
    sell(tx, world.sku["SET"], b2b, 2, order_id=2, listing="SET")
    measure(tx)
    assert told(publish(tx), "web") == {"CUP": 35, "LID": 37, "SET": 15}
    desk = publication.load_offers(tx, world.network, [world.sku["CUP"], world.sku["LID"], world.sku["SET"]])
    web = world.channel["web"]
    # Four lids went in two kits: one in six hours, surely not more than three; a kit takes two.
    assert {code: desk.buffer(web, world.sku[code]) for code in ("CUP", "LID", "SET")} == {"CUP": 5, "LID": 3, "SET": 5}
    assert desk.buffer(b2b, world.sku["CUP"]) == 0
    found = health(tx, "web")
    assert (found.buffered_skus, found.buffer_units) == (3, 13)
    assert broken(tx) == []


def test_a_sale_of_what_was_gone_is_a_measure_of_lag(tx: Transaction) -> None:
    world = World(tx, configuration())
    world.count(tx, "EAST", {"CUP": 9})
    publish(tx)
    tx.now += 60 * MINUTE
    world.count(tx, "EAST", {"CUP": 0})
    publish(tx)
    tx.now += 25 * MINUTE
    # The web shop was told nothing is left, 25 minutes before it sold two.
    sell(tx, world.sku["CUP"], world.channel["web"], 2, listing="CUP")
    (sale,) = publication.load_stale_sales(tx, tx.now - timedelta(days=1))
    assert (sale.ordered, sale.most, sale.acknowledged, sale.lag_seconds) == (2, 0, 0, 25 * 60)
    measure(tx)
    found = health(tx, "web")
    assert (found.lag_p50_seconds, found.lag_p95_seconds, found.lag_samples) == (1500, 1500, 1)
    # What it never had, or had days ago, is sold against our word: that is no lag.
    sell(tx, world.sku["LID"], world.channel["web"], 1, order_id=2, listing="LID")
    tx.now += timedelta(days=2)
    sell(tx, world.sku["CUP"], world.channel["web"], 1, order_id=3, listing="CUP")
    sales = publication.load_stale_sales(tx, tx.now - timedelta(days=3))
    assert [(one.order_id, one.lag_seconds) for one in sales] == [(3, None), (1, 1500), (2, None)]
    assert broken(tx) == []


def test_oversold_units_are_tied_to_the_word_that_was_stale(tx: Transaction) -> None:
    world = World(tx, configuration(web="publish_every_minutes = 60\npublish_slow_every_minutes = 60"))
    world.count(tx, "EAST", {"CUP": 9})
    publish(tx)
    tx.now += MINUTE
    world.count(tx, "EAST", {"CUP": 4})
    publish(tx)
    tx.now += MINUTE
    line = publication.Accepted(
        7, 1, world.channel["web"], "CUP", world.sku["CUP"], 1, 6, tx.now, tx.now, backordered=2
    )  # fmt: skip
    publication.note_accepted(tx, [line])
    (sale,) = publication.load_stale_sales(tx, tx.now - timedelta(days=1), channel_id=world.channel["web"])
    # It had not been told: no lag of its own.
    assert (sale.order_id, sale.most, sale.acknowledged, sale.oversold, sale.lag_seconds) == (7, 4, 9, 2, None)
    assert health(tx, "web").oversold_units == 2
    assert broken(tx) == []


# Behind and dark.


def test_a_silent_channel_is_tightened_and_restored_by_itself(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 5, "LID": 60, "ROPE": 30})
    first = publish(tx)["web"]
    tx.now += 10 * MINUTE
    watch(tx)
    assert (health(tx, "web").state, cases(tx)) == ("normal", [])
    tx.now += MINUTE
    watch(tx)
    reason = "a publication is not acknowledged for 11 min, its objective is 10 min"
    assert (health(tx, "web").state, health(tx, "web").reason) == ("behind", reason)
    assert cases(tx) == [("web", f"Web is behind: {reason}")]
    assert told(publish(tx), "web") == {}
    tx.now += 30 * MINUTE
    watch(tx)
    assert health(tx, "web").state == "dark"
    # What is low is shown as nothing: it may still sell what it knows.
    assert told(publish(tx), "web") == {"CUP": 0, "SET": 0}
    assert [(kind, data["state"]) for kind, data in events(tx, "channel.tightened", "channel.restored")] == [
        ("channel.tightened", "behind"), ("channel.tightened", "dark"),
    ]  # fmt: skip
    acknowledge(tx, first)
    watch(tx)
    # The later word is silent for no time yet.
    assert (health(tx, "web").state, cases(tx)) == ("normal", [])
    assert [channel for channel, _ in cases(tx, "closed")] == ["web"]
    assert told(publish(tx), "web") == {"CUP": 5, "SET": 5}
    assert events(tx, "channel.restored")[0][1]["before"] == "dark"
    assert broken(tx) == []


def test_a_backlog_beyond_its_objective_is_behind_too(tx: Transaction) -> None:
    world = World(tx, configuration(web="listings_per_minute = 1\nlistings_at_once = 1\nbacklog_within_minutes = 5"))
    world.count(tx, "EAST", {"CUP": 60, "LID": 60, "ROPE": 30})
    publish(tx)
    tx.now += 5 * MINUTE
    watch(tx)
    assert health(tx, "web").state == "normal"
    tx.now += MINUTE
    watch(tx)
    assert (health(tx, "web").state, health(tx, "web").backlog) == ("behind", 3)
    for _ in range(3):
        tx.now += MINUTE
        publish(tx)
    watch(tx)
    assert (health(tx, "web").state, health(tx, "web").backlog) == ("normal", 0)
    assert broken(tx) == []


def test_buffers_grow_while_a_channel_is_behind(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 30})
    made = publish(tx)["web"]
    sell(tx, world.sku["CUP"], world.channel["b2b"], 3, listing="CUP")
    measure(tx)
    assert told(publish(tx), "web") == {}
    tx.now += 11 * MINUTE
    watch(tx)
    # No lag is measured: of what others sell one unit is held back, twice.
    assert told(publish(tx), "web") == {"CUP": 28}
    acknowledge(tx, made)
    watch(tx)
    assert told(publish(tx), "web") == {"CUP": 30}


def test_a_refresh_supersedes_what_was_not_acknowledged(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 30})
    publish(tx)
    tx.now += 60 * MINUTE
    watch(tx)
    assert health(tx, "web").state == "dark"
    publication.resend(tx, load_network(tx), world.channel["web"])
    acknowledge(tx, publish(tx)["web"])
    watch(tx)
    assert health(tx, "web").state == "normal"
    assert broken(tx) == []


def test_work_comes_again_by_itself(tx: Transaction, world: World) -> None:
    publication.begin_watching(tx, world.network)
    channels = sorted(world.channel.values())
    assert sorted(take_due(tx, publication.VELOCITY, 10)) == sorted(take_due(tx, publication.WATCH, 10)) == channels
    measure(tx)
    watch(tx)
    tx.now += MINUTE
    assert (take_due(tx, publication.VELOCITY, 10), sorted(take_due(tx, publication.WATCH, 10))) == ([], channels)
    tx.now += 60 * MINUTE
    assert sorted(take_due(tx, publication.VELOCITY, 10)) == channels
