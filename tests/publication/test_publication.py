"""What we told whom: only what changed, kept for good, compared with the truth at any moment."""

from datetime import timedelta

import pytest

from stocktower import catalog, publication
from stocktower.exchange import ProductDocument
from stocktower.platform import Transaction, load_events_after, move_cursor, take_cursor
from tests.inventory.world import PRODUCTS, TEXT, World
from tests.publication.world import broken, differences, publish, shown

EVERY_HOUR = TEXT.replace(
    'sites = ["EAST"]\n', 'sites = ["EAST"]\npublish_every_minutes = 60\npublish_slow_every_minutes = 60\n'
)


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant with a two-pack of cups at wholesale."""
    two_pack = ProductDocument("CUP", "Cup", listings=(("b2b", "CUP-2", 2),))
    return World(tx, EVERY_HOUR, (two_pack, *PRODUCTS[1:]))


def test_first_every_listing_is_told(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 5, "LID": 4, "ROPE": 10})
    made = publish(tx)
    assert shown(made["web"]) == {"CUP": 5, "LID": 4, "ROPE": 3, "SET": 2}
    # Wholesale sells cups by two, under its own name.
    assert shown(made["b2b"]) == {"CUP-2": 2, "LID": 4, "ROPE": 8, "SET": 2}
    assert "CUP-2,CUP,2,2026-06-01T12:00:00+00:00" in made["b2b"].text.splitlines()[1:]
    assert made["web"].path.startswith("out/web-20260601T120000Z-")
    assert differences(tx) == []
    assert broken(tx) == []


def test_then_only_what_shows_something_else(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 5, "LID": 4, "ROPE": 10})
    publish(tx)
    assert publish(tx) == {}
    world.order(tx, 1, "LID", 1)
    tx.now += timedelta(hours=1)
    made = publish(tx)
    # Three lids make one set; the cups are as they were.
    assert shown(made["web"]) == {"LID": 3, "SET": 1}
    assert [row.listings for row in publication.load_publications(tx)] == [2, 2, 4, 4]
    told = {word.channel_id: word.shown for word in publication.load_told(tx, world.sku["SET"])}
    assert told == {world.channel["web"]: 1, world.channel["b2b"]: 1}
    assert broken(tx) == []


def test_a_channel_is_told_when_it_is_due_and_the_difference_shows_until_then(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"ROPE": 11})
    publish(tx)
    world.order(tx, 1, "ROPE", 7, channel="b2b")
    tx.now += timedelta(minutes=59)
    difference, web = differences(tx)
    # The aside of wholesale is not touched by its own orders: the web has nothing left.
    assert (web.told, web.truth) == (4, 0)
    assert (difference.listing, difference.told, difference.truth) == ("ROPE", 9, 2)
    assert difference.over_exposed == 7
    assert {code: shown(made) for code, made in publish(tx).items()} == {"web": {"ROPE": 0}}
    tx.now += timedelta(minutes=1)
    assert {code: shown(made) for code, made in publish(tx).items()} == {"b2b": {"ROPE": 2}}
    assert differences(tx) == []


def test_waiting_kits_are_told_by_their_components(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 5, "LID": 1})
    publish(tx)
    assert world.order(tx, 1, "SET", 2) == 0
    # Two sets wait: of five cups, three are left to sell.
    assert shown(publish(tx)["web"]) == {"CUP": 3, "LID": 0}


def test_a_sku_that_is_sold_no_more_shows_nothing(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"LID": 4})
    publish(tx)
    catalog.take_products(
        tx, [ProductDocument("LID", "Lid", active=False), ProductDocument("NEW", "New", active=False)]
    )
    assert shown(publish(tx)["web"]) == {"LID": 0}


def test_a_listing_that_now_means_another_sku_is_told_anew(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 8, "LID": 3})
    publish(tx)
    catalog.map_listing(tx, world.channel["b2b"], "CUP-2", world.sku["LID"], 1, "tester")
    tx.now += timedelta(hours=1)
    assert shown(publish(tx)["b2b"])["CUP-2"] == 3
    assert broken(tx) == []


def test_a_new_configuration_is_a_reason_to_look_at_everything(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"ROPE": 10})
    publish(tx)
    World(tx, EVERY_HOUR.replace("quantity = 5", "quantity = 1"), PRODUCTS)
    assert shown(publish(tx)["web"]) == {"ROPE": 7}


def test_recorded_files_are_known_by_their_path(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 8})
    path = publish(tx)["web"].path
    assert publication.load_recorded_paths(tx, [path, "out/other.csv"]) == {path}


def test_an_event_that_was_parked_is_told_although_channels_have_looked_past_it(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"ROPE": 11})
    publish(tx)
    position = take_cursor(tx, "publication")
    assert position is not None
    world.order(tx, 1, "ROPE", 7, channel="b2b")
    tx.write_events()
    parked, read_to = load_events_after(tx, position, 10_000, publication.KINDS)
    assert parked
    move_cursor(tx, "publication", read_to)
    # Every channel looks past the parked events, for another reason.
    tx.now += timedelta(hours=2)
    world.count(tx, "EAST", {"LID": 4})
    assert "ROPE" not in shown(publish(tx)["web"])
    publication.take_events(tx, parked)
    world.count(tx, "EAST", {"LID": 5})
    tx.now += timedelta(hours=2)
    assert shown(publish(tx)["web"])["ROPE"] == 0
