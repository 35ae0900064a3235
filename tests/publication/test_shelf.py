"""What is remembered of ATS is what would be computed now, whatever happened in between."""

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest

from stocktower import catalog, inventory
from stocktower.exchange import ProductDocument
from stocktower.inventory import EndHold, HoldRequest
from stocktower.network import load_network
from stocktower.platform import Database, Transaction
from stocktower.publication import Asked, NoChannel, Offer, Shelf
from tests.inventory.world import TEXT, World

CODES = ("CUP", "LID", "ROPE", "SET")


def truth(tx: Transaction, channel_id: int) -> dict[str, int]:
    """What is computed from the rows."""
    network = load_network(tx)
    skus = catalog.find_skus(tx, (*CODES, "NONE"))
    availability = inventory.load_availability(tx, [sku.sku_id for sku in skus.values()], network)
    return {code: availability.ats(sku.sku_id, channel_id) for code, sku in skus.items()}


def offered(answers: Sequence[Offer | NoChannel]) -> list[dict[str, int]]:
    """What was answered, where each was of a channel."""
    offers = [answer for answer in answers if isinstance(answer, Offer)]
    assert len(offers) == len(answers)
    return [offer.ats for offer in offers]


def in_web(shelf: Shelf, tx: Transaction, codes: Sequence[str]) -> dict[str, int]:
    """What the web shop may sell."""
    return offered(shelf.look(tx, [Asked("web", codes)]))[0]


@pytest.fixture
def merchant(database: Database) -> tuple[Database, int]:
    """A merchant whose commands are committed."""
    merchant_id = database.ensure_merchant("shelf")
    return database, merchant_id


def test_a_shelf_says_what_is_true(merchant: tuple[Database, int]) -> None:
    database, merchant_id = merchant
    shelf = Shelf()
    with database.transaction(merchant_id, actor="tests") as tx:
        world = World(tx, TEXT)

    def compare() -> None:
        for _ in range(2):
            with database.reading(merchant_id) as tx:
                channels = load_network(tx).channel_ids
                *offers, none = shelf.look(tx, [Asked(code, [*CODES, "NONE"]) for code in (*channels, "nowhere")])
                assert isinstance(none, NoChannel)
                assert offered(offers) == [truth(tx, channel_id) for channel_id in channels.values()]

    compare()
    for units in (9, 4, 0, 12):
        with database.transaction(merchant_id, actor="tests") as tx:
            world.count(tx, "EAST", {"CUP": units, "LID": 50})
        compare()
    with database.reading(merchant_id) as tx:
        channel_id = load_network(tx).channel_ids["web"]
        cup = catalog.find_skus(tx, ["CUP"])["CUP"].sku_id
        before = in_web(shelf, tx, CODES)
    with database.transaction(merchant_id, actor="tests") as tx:
        request = HoldRequest(channel_id, "cart", ((cup, 2),), tx.now + timedelta(minutes=5))
        assert inventory.hold(tx, [request])[0].state == "held"
    compare()
    with database.reading(merchant_id) as tx:
        held = in_web(shelf, tx, CODES)
    # A kit of cups has less when cups are held.
    assert held["CUP"] == before["CUP"] - 2
    assert held["SET"] < before["SET"]
    with database.transaction(merchant_id, actor="tests") as tx:
        inventory.release_holds(tx, [EndHold(channel_id, "cart")])
    compare()
    # A SKU that is not sold any more, and one that was no SKU when it was asked of first.
    products = [ProductDocument("CUP", "A cup", active=False), ProductDocument("NONE", "One after all")]
    with database.transaction(merchant_id, actor="tests") as tx:
        catalog.take_products(tx, products)
    compare()


def test_threads_that_look_while_others_hold_never_see_what_was(merchant: tuple[Database, int]) -> None:
    database, merchant_id = merchant
    shelf = Shelf()
    with database.transaction(merchant_id, actor="tests") as tx:
        world = World(tx, TEXT)
        world.count(tx, "EAST", {"CUP": 400})
    with database.reading(merchant_id) as tx:
        channel_id = load_network(tx).channel_ids["web"]
        cup = catalog.find_skus(tx, ["CUP"])["CUP"].sku_id
    wrong: list[str] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            with database.reading(merchant_id) as tx:
                ats = in_web(shelf, tx, ["CUP"])["CUP"]
                now = truth(tx, channel_id)["CUP"]
                # A neighbour may have looked later than this view: then less is there, never more.
                if ats > now:
                    wrong.append(f"{ats} where {now} was true")

    lookers = [threading.Thread(target=look) for _ in range(4)]
    for thread in lookers:
        thread.start()
    for number in range(60):
        with database.transaction(merchant_id, actor="tests") as tx:
            inventory.hold(tx, [HoldRequest(channel_id, f"{number}", ((cup, 1),), tx.now + timedelta(minutes=5))])
    ended.set()
    for thread in lookers:
        thread.join()
    assert wrong == []
    with database.reading(merchant_id) as tx:
        assert in_web(shelf, tx, ["CUP"]) == {"CUP": truth(tx, channel_id)["CUP"]}
