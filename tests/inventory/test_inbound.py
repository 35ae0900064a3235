"""Goods on their way against the real database: every word is kept, told once, and adds up."""

import threading
from datetime import timedelta

import pytest

from stocktower import inventory
from stocktower.inventory import StatedInbound
from stocktower.platform import Database, Transaction, load_events_after
from tests.inventory.test_threads import again, merchant, world
from tests.inventory.world import World, broken, events

__all__ = ["merchant", "world"]
DAY = timedelta(days=1)
KINDS = ("inbound.confirmed", "inbound.changed", "inbound.received", "inbound.closed")


@pytest.fixture
def place(tx: Transaction) -> World:
    """A merchant without stock."""
    return World(tx)


def po(world: World, code: str, quantity: int, **more: object) -> StatedInbound:
    return StatedInbound("PO-1", world.sku[code], world.site["EAST"], quantity, **more)  # type: ignore[arg-type]


def test_what_is_confirmed_is_coming_the_soonest_first(tx: Transaction, place: World) -> None:
    items = [
        po(place, "CUP", 24, expected_at=tx.now + 2 * DAY, line="1"),
        po(place, "CUP", 12, expected_at=tx.now + DAY, line="2"),
        po(place, "CUP", 5, line="3", confirmed=False),
        po(place, "LID", 0),
    ]
    results = inventory.record_inbound(tx, items)
    assert all(one.changed for one in results)
    coming = inventory.load_inbound(tx, [place.sku["CUP"], place.sku["LID"]])
    assert [(one.open, one.expected_at) for one in coming] == [(12, tx.now + DAY), (24, tx.now + 2 * DAY), (5, None)]
    assert [one.confirmed_at for one in coming] == [tx.now, tx.now, None]
    assert [kind for kind, _ in events(tx, *KINDS)] == [
        "inbound.confirmed", "inbound.confirmed", "inbound.changed", "inbound.confirmed",
    ]  # fmt: skip
    assert broken(tx) == []


def test_a_change_of_date_or_quantity_is_told_with_before_and_after(tx: Transaction, place: World) -> None:
    inventory.record_inbound(tx, [po(place, "CUP", 24, expected_at=tx.now + DAY)])
    inventory.record_inbound(tx, [po(place, "CUP", 24, expected_at=tx.now + DAY)])
    inventory.record_inbound(tx, [po(place, "CUP", 20, expected_at=tx.now + 3 * DAY)])
    first, second = events(tx, *KINDS)
    assert first[1]["before"] is None
    kind, data = second
    assert kind == "inbound.changed"
    before, after = data["before"], data["after"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert (before["open"], after["open"]) == (24, 20)
    assert before["expected_at"] < after["expected_at"]
    [one] = inventory.load_inbound(tx, [place.sku["CUP"]])
    history = inventory.load_inbound_history(tx, one.inbound_id)
    assert [(word.version, word.kind, word.expected) for word in history] == [(1, "confirmed", 24), (2, "changed", 20)]
    assert broken(tx) == []


def test_two_words_of_one_batch_about_one_line(tx: Transaction, place: World) -> None:
    results = inventory.record_inbound(tx, [po(place, "CUP", 24), po(place, "CUP", 30), po(place, "CUP", -1)])
    assert [one.changed for one in results] == [True, True, False]
    assert results[2].problem.startswith("quantity -1")
    [one] = inventory.load_inbound(tx, [place.sku["CUP"]])
    assert (one.expected, one.version) == (30, 2)
    assert broken(tx) == []


def test_closing_short_is_told_once(tx: Transaction, place: World) -> None:
    [result] = inventory.record_inbound(tx, [po(place, "CUP", 24)])
    assert result.inbound is not None
    assert [one.state for one in inventory.close_inbound(tx, [result.inbound.inbound_id], "no more")] == ["cancelled"]
    assert inventory.close_inbound(tx, [result.inbound.inbound_id], "no more") == []
    assert [kind for kind, _ in events(tx, *KINDS)] == ["inbound.confirmed", "inbound.closed"]
    assert inventory.load_inbound(tx, [place.sku["CUP"]]) == []
    assert broken(tx) == []


def test_a_quantity_of_nothing_closes_what_is_open(tx: Transaction, place: World) -> None:
    inventory.record_inbound(tx, [po(place, "CUP", 24)])
    inventory.record_inbound(tx, [po(place, "CUP", 0)])
    assert [kind for kind, _ in events(tx, *KINDS)] == ["inbound.confirmed", "inbound.closed"]


def test_the_history_that_was_written_past_is_seen(tx: Transaction, place: World) -> None:
    inventory.record_inbound(tx, [po(place, "CUP", 24)])
    sql = "UPDATE inventory.inbound SET expected = 25, open = 25 WHERE merchant_id = %s"
    tx.connection.execute(sql, [tx.merchant_id])
    assert broken(tx) == ["inbound_is_its_last_word"]


def test_many_words_about_one_line_at_once_make_one_history(database: Database, merchant: int, world: World) -> None:
    start = threading.Barrier(4)

    def say(quantity: int) -> None:
        start.wait()
        again(database, merchant, lambda tx: inventory.record_inbound(tx, [po(world, "CUP", quantity)]))

    threads = [threading.Thread(target=say, args=(quantity,)) for quantity in (10, 20, 30, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading(merchant) as tx:
        [one] = inventory.load_inbound(tx, [world.sku["CUP"]])
        assert one.version == 4
        told = [event for event in load_events_after(tx, 0, 1_000)[0] if event.kind.startswith("inbound.")]
        assert len(told) == 4
        assert broken(tx) == []
