"""Merging two SKUs that are one: what names the one names the other, nothing moves in silence, and it can be undone."""

from typing import Any

import pytest

from stocktower import catalog, exchange, stewardship
from stocktower.catalog import CannotMerge
from stocktower.platform import Transaction
from tests.ordering.world import World, document
from tests.stewardship.test_checks import good, holds_true

PRODUCTS = (
    good("CUP", "Blue cup", "96385074", units=(("case", 12),)),
    good("CUP-OLD", "Cup, blue", "", listings=(("web", "OLD-CUP", 2), ("first", "OC", 1)), units=(("tray", 6),)),
    good("LID", "Lid", "73513537"),
    good("SET", "Cup with lid", "", components=(("CUP-OLD", 1), ("LID", 1))),
    good("DUO", "Two cups", "", components=(("CUP-OLD", 1), ("CUP", 1))),
)


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant with the same cup twice."""
    return World(tx, products=PRODUCTS)


def parts(tx: Transaction, world: World, kit: str) -> dict[str, int]:
    """What a kit comes down to."""
    found = catalog.load_resolved(tx, [world.sku[kit]])[world.sku[kit]]
    return {world.codes[sku_id]: units for sku_id, units in found.components}


def named(tx: Transaction, world: World, channel: str, key: str) -> tuple[str, int] | None:
    """The SKU and the pack that a key of a channel stands for."""
    place = (world.network.channel_ids[channel], key)
    found = catalog.resolve_listings(tx, [(*place, "")]).get(place)
    return (world.codes[found.sku_id], found.pack_quantity) if found else None


def test_likely_pairs_are_proposed_and_remembered(tx: Transaction, world: World) -> None:
    stewardship.check_everything(tx)
    ((pair, score),) = [((one.first_id, one.second_id), one.score) for one in stewardship.load_duplicates(tx)]
    assert pair == (world.sku["CUP"], world.sku["CUP-OLD"])
    assert score == 80
    stewardship.dismiss(tx, "CUP-OLD", "CUP")
    stewardship.check_everything(tx)
    assert stewardship.load_duplicates(tx) == []
    holds_true(tx)


def test_what_named_the_loser_names_the_survivor(tx: Transaction, world: World) -> None:
    notes = stewardship.merge(tx, "CUP-OLD", "CUP", "the same cup")
    assert notes[0] == "CUP-OLD stands for CUP (Blue cup) and is not sold itself any more"
    assert notes[1:] == [
        "2 listings of it name the survivor", "2 kits of it hold the survivor", "1 unit of it is the survivor's too",
    ]  # fmt: skip
    assert named(tx, world, "web", "OLD-CUP") == ("CUP", 2)
    assert named(tx, world, "first", "OC") == ("CUP", 1)
    assert named(tx, world, "web", "CUP-OLD") == ("CUP", 1), "the code itself resolves for good"
    assert parts(tx, world, "SET") == {"CUP": 1, "LID": 1}
    assert parts(tx, world, "DUO") == {"CUP": 2}
    assert catalog.load_units(tx, [world.sku["CUP"]])[world.sku["CUP"]] == {"case": 12, "tray": 6}
    assert not catalog.find_skus(tx, ["CUP-OLD"])["CUP-OLD"].active
    assert catalog.find_stocked(tx, ["CUP-OLD"])["CUP-OLD"].code == "CUP"
    holds_true(tx)


def test_outside_words_for_the_loser_are_of_the_survivor(tx: Transaction, world: World) -> None:
    stewardship.merge(tx, "CUP-OLD", "CUP")
    world.stock("EAST", {"CUP-OLD": 7})
    assert world.available("EAST", "CUP") == (7, 0)
    world.order("web", document("1", ("CUP-OLD", 2)))
    assert world.available("EAST", "CUP") == (7, 2)
    world.confirm("1", "shipped", [("CUP-OLD", 2)])
    assert world.available("EAST", "CUP") == (5, 0)
    catalog.take_products(tx, [good("CUP-OLD", "Cup, blue", "", listings=(("web", "NEW", 3),))])
    assert not catalog.find_skus(tx, ["CUP-OLD"])["CUP-OLD"].active, (
        "a file that goes on to state it does not revive it"
    )
    assert named(tx, world, "web", "NEW") == ("CUP", 3)
    holds_true(tx)


def test_undone_as_it_was_but_for_what_changed_since(tx: Transaction, world: World) -> None:
    stewardship.merge(tx, "CUP-OLD", "CUP")
    catalog.map_listing(tx, world.network.channel_ids["first"], "OC", world.sku["LID"], 1, "ann")
    notes = stewardship.undo_merge(tx, "CUP-OLD")
    assert notes == ["CUP-OLD is a SKU of its own again", "listing OC was mapped anew since, and stays"]
    assert named(tx, world, "web", "OLD-CUP") == ("CUP-OLD", 2)
    assert named(tx, world, "first", "OC") == ("LID", 1)
    assert named(tx, world, "web", "CUP-OLD") == ("CUP-OLD", 1)
    assert parts(tx, world, "DUO") == {"CUP": 1, "CUP-OLD": 1}
    assert parts(tx, world, "SET") == {"CUP-OLD": 1, "LID": 1}
    with pytest.raises(CannotMerge, match="CUP-OLD is not merged"):
        stewardship.undo_merge(tx, "CUP-OLD")
    stewardship.check_everything(tx)
    assert stewardship.load_duplicates(tx) == [], "whoever undoes a merge has said that they are two"
    holds_true(tx)


def test_a_chain_of_merges_is_undone_from_its_end(tx: Transaction, world: World) -> None:
    catalog.take_products(tx, [good("BEST", "Cup in blue", "12345670", units=(("case", 12),))])
    stewardship.merge(tx, "CUP-OLD", "CUP")
    stewardship.merge(tx, "CUP", "BEST")
    assert catalog.find_stocked(tx, ["CUP-OLD", "CUP"])["CUP-OLD"].code == "BEST"
    with pytest.raises(CannotMerge, match="CUP was merged itself since: undo that first"):
        stewardship.undo_merge(tx, "CUP-OLD")
    holds_true(tx)
    stewardship.undo_merge(tx, "CUP")
    assert catalog.find_stocked(tx, ["CUP-OLD"])["CUP-OLD"].code == "CUP"
    stewardship.undo_merge(tx, "CUP-OLD")
    assert catalog.find_stocked(tx, ["CUP-OLD"])["CUP-OLD"].code == "CUP-OLD"
    holds_true(tx)


@pytest.mark.parametrize(
    ("products", "loser", "survivor", "problem"),
    [
        ((), "CUP", "CUP", "cannot be merged into itself"),
        ((), "NONE", "CUP", "NONE: no such SKU"),
        ((), "SET", "DUO", "only SKUs stocked alike"),
        ((good("OFF", "Off", "", active=False),), "CUP", "OFF", "OFF is not active"),
        ((good("RICE", "Rice", "", stock_unit="gram"),), "CUP", "RICE", "stocked by each and RICE by gram"),
        ((good("BIG", "Big", "", units=(("case", 24),)),), "BIG", "CUP", "a case holds 24 of BIG and 12 of CUP"),
    ],
)
def test_what_cannot_be_one(
    tx: Transaction, world: World, products: Any, loser: str, survivor: str, problem: str
) -> None:
    catalog.take_products(tx, products)
    with pytest.raises(CannotMerge, match=problem):
        stewardship.merge(tx, loser, survivor)


def test_stock_and_promises_are_not_moved_in_silence(tx: Transaction, world: World) -> None:
    world.stock("EAST", {"CUP-OLD": 7})
    with pytest.raises(CannotMerge, match="CUP-OLD has stock: 7 available at EAST"):
        stewardship.merge(tx, "CUP-OLD", "CUP")
    world.stock("EAST", {"CUP-OLD": 0})
    world.order("web", document("1", ("OLD-CUP", 1)))
    with pytest.raises(CannotMerge, match="1 order or hold waits for CUP-OLD"):
        stewardship.merge(tx, "CUP-OLD", "CUP")
    holds_true(tx)


def test_a_merged_sku_is_not_merged_again(tx: Transaction, world: World) -> None:
    stewardship.merge(tx, "CUP-OLD", "CUP")
    for loser, survivor in (("CUP-OLD", "LID"), ("LID", "CUP-OLD")):
        with pytest.raises(CannotMerge, match=r"merged already|not active"):
            stewardship.merge(tx, loser, survivor)
    assert [one.note for one in stewardship.load_merges(tx)] == [""]
    assert exchange.load_backlog(tx) == []
