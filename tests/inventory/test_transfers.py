"""Transfers: reserved, shipped into transit, arrived in parts, damaged, missing, lost, found; whatever sites report."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from stocktower import inventory, worklist
from stocktower.inventory import StepLine, TransferResult, TransferStep
from stocktower.platform import Database, Transaction
from tests.inventory.test_threads import again, merchant, world
from tests.inventory.world import World, broken, events

__all__ = ["merchant", "world"]
HOUR = timedelta(hours=1)


@pytest.fixture
def place(tx: Transaction) -> World:
    """Forty cups and ten lids in the east."""
    place = World(tx)
    place.count(tx, "EAST", {"CUP": 40, "LID": 10}, as_of=tx.now - 9 * HOUR)
    return place


def step(
    tx: Transaction, world: World, what: str, quantities: dict[str, Any] | None = None, **more: Any
) -> TransferResult:
    """A step of transfer T-1; a quantity may be (good, damaged)."""
    lines = [
        StepLine(world.sku[code], *(units if isinstance(units, tuple) else (units,)))
        for code, units in (quantities or {}).items()
    ]
    given: dict[str, Any] = {"reference": "T-1", "occurred_at": tx.now, **more}
    if what == "ordered":
        given = {"from_site_id": world.site["EAST"], "to_site_id": world.site["WEST"], **given}
    [result] = inventory.take_steps(tx, [TransferStep(step=what, lines=tuple(lines), **given)])
    return result


def rows(tx: Transaction, world: World, code: str = "CUP") -> dict[str, tuple[int, int, int]]:
    """(quantity, allocated, discrepancy) at the source, in transit and at the destination."""
    return {
        "source": world.row(tx, "EAST", code),
        "transit": world.row(tx, "WEST", code, "in_transit"),
        "here": world.row(tx, "WEST", code),
    }


def open_cases(tx: Transaction) -> list[tuple[str, int]]:
    """(kind, units) of the open cases."""
    return sorted((one.kind, one.units) for one in worklist.load_cases(tx, worklist.CaseFilter()).cases)


def test_all_the_way(tx: Transaction, place: World) -> None:
    ordered = step(tx, place, "ordered", {"CUP": 12, "LID": 4}, expected_at=tx.now + HOUR)
    assert (ordered.problem, ordered.units) == ("", 16)
    assert rows(tx, place)["source"] == (40, 12, 0)
    assert [one.open for one in inventory.load_inbound(tx, [place.sku["CUP"]])] == [12]
    assert step(tx, place, "shipped").units == 16
    assert rows(tx, place) == {"source": (28, 0, 0), "transit": (12, 0, 0), "here": (0, 0, 0)}
    assert step(tx, place, "arrived", {"CUP": (10, 2), "LID": 4}).state == "closed"
    assert rows(tx, place) == {"source": (28, 0, 0), "transit": (0, 0, 0), "here": (10, 0, 0)}
    assert place.row(tx, "WEST", "CUP", "damaged") == (2, 0, 0)
    assert inventory.load_inbound(tx, [place.sku["CUP"], place.sku["LID"]]) == []
    assert open_cases(tx) == []
    assert broken(tx) == []
    kinds = [kind for kind, _ in events(tx, "transfer.ordered", "transfer.shipped", "transfer.arrived")]
    assert kinds == ["transfer.ordered", "transfer.shipped", "transfer.arrived"]
    assert events(tx, "stock.adjusted", "stock.received") == []


def test_what_is_not_free_cannot_be_ordered(tx: Transaction, place: World) -> None:
    place.order(tx, 1, "CUP", 35)
    assert step(tx, place, "ordered", {"CUP": 6}).problem == ("quantity: EAST has 5 of CUP free, not 6; order fewer")
    assert step(tx, place, "ordered", {"CUP": 5}).problem == ""
    assert rows(tx, place)["source"] == (40, 40, 0)


def test_what_cannot_be_meant_says_why(tx: Transaction, place: World) -> None:
    assert step(tx, place, "shipped").problem.startswith("reference: no transfer T-1")
    assert step(tx, place, "ordered", {"CUP": 1}, to_site_id=place.site["EAST"]).problem.startswith("to:")
    assert step(tx, place, "ordered", {"CUP": 1}, from_site_id=place.site["DROP"]).problem.startswith("from:")
    assert step(tx, place, "ordered").problem.startswith("lines")
    assert step(tx, place, "ordered", {"CUP": 1}).problem == ""
    assert step(tx, place, "ordered", {"CUP": 1}).problem.startswith("reference: transfer T-1 was ordered already")
    assert step(tx, place, "arrived").problem == "transfer T-1 has nothing outstanding to be arrived"
    assert step(tx, place, "vanished").problem.startswith("step 'vanished'")
    assert broken(tx) == []


def test_missing_units_stay_in_transit_until_somebody_decides(tx: Transaction, place: World) -> None:
    step(tx, place, "ordered", {"CUP": 12})
    step(tx, place, "shipped")
    step(tx, place, "arrived", {"CUP": 9})
    assert open_cases(tx) == []
    closed = step(tx, place, "closed")
    assert closed.state == "in_transit"
    assert open_cases(tx) == [("transfer_discrepancy", 3)]
    assert rows(tx, place)["transit"] == (3, 0, 0)
    step(tx, place, "arrived", {"CUP": 1})
    assert broken(tx) == []
    lines = inventory.resolve_transit(tx, closed.transfer_id, inventory.LOST)
    assert [line.in_transit for line in lines] == [2]
    assert rows(tx, place)["transit"] == (0, 0, 0)
    assert open_cases(tx) == []
    found = inventory.load_transfer(tx, "T-1")
    assert found is not None
    transfer, [line] = found
    assert (transfer.state, line.arrived, line.lost, line.in_transit) == ("closed", 10, 2, 0)
    with pytest.raises(inventory.NoSuchTransfer):
        inventory.resolve_transit(tx, closed.transfer_id, inventory.LOST)
    assert broken(tx) == []


@pytest.mark.parametrize("outcome", [inventory.ARRIVED, inventory.RETURNED, inventory.CLAIMED])
def test_every_outcome_empties_the_transit(tx: Transaction, place: World, outcome: str) -> None:
    step(tx, place, "ordered", {"CUP": 12})
    step(tx, place, "shipped")
    closed = step(tx, place, "closed")
    inventory.resolve_transit(tx, closed.transfer_id, outcome)
    after = rows(tx, place)
    assert after["transit"] == (0, 0, 0)
    assert after["here"][0] == (12 if outcome == inventory.ARRIVED else 0)
    assert after["source"][0] == (40 if outcome == inventory.RETURNED else 28)
    assert open_cases(tx) == []
    assert broken(tx) == []


def test_shipping_in_parts_and_cancelling_the_rest(tx: Transaction, place: World) -> None:
    step(tx, place, "ordered", {"CUP": 12})
    step(tx, place, "shipped", {"CUP": 5})
    assert step(tx, place, "cancelled").units == 7
    assert rows(tx, place) == {"source": (35, 0, 0), "transit": (5, 0, 0), "here": (0, 0, 0)}
    assert [one.open for one in inventory.load_inbound(tx, [place.sku["CUP"]])] == [5]
    assert step(tx, place, "arrived").state == "closed"
    assert broken(tx) == []


def test_a_site_ships_more_and_other_things_than_were_ordered(tx: Transaction, place: World) -> None:
    step(tx, place, "ordered", {"CUP": 12})
    step(tx, place, "shipped", {"CUP": 45, "LID": 2})
    assert rows(tx, place)["source"] == (0, 0, 5)
    assert rows(tx, place)["transit"] == (45, 0, 0)
    assert rows(tx, place, "LID")["transit"] == (2, 0, 0)
    assert open_cases(tx) == [("shortfall", 5)]
    assert step(tx, place, "arrived").state == "closed"
    assert broken(tx) == []


def test_more_arrives_than_had_left(tx: Transaction, place: World) -> None:
    step(tx, place, "ordered", {"CUP": 12})
    step(tx, place, "shipped", {"CUP": 12})
    step(tx, place, "arrived", {"CUP": 14})
    assert rows(tx, place) == {"source": (26, 0, 0), "transit": (0, 0, 0), "here": (14, 0, 0)}
    assert open_cases(tx) == [("transfer_discrepancy", 2)]
    assert broken(tx) == []


def test_a_count_cuts_a_transfer_before_an_order(tx: Transaction, place: World) -> None:
    place.order(tx, 1, "CUP", 20)
    step(tx, place, "ordered", {"CUP": 20})
    place.count(tx, "EAST", {"CUP": 25}, as_of=tx.now)
    assert rows(tx, place)["source"] == (25, 25, 0)
    assert place.demand(tx, 1)["CUP"] == (20, 0, 0, 0)
    assert broken(tx) == []
    # It ships what it finds all the same; more than is free is missing from the site.
    step(tx, place, "shipped", {"CUP": 6})
    assert rows(tx, place)["source"] == (20, 20, 1)
    assert broken(tx) == []


@pytest.mark.parametrize("count_first", [True, False])
def test_a_count_and_a_late_departure_commute(tx: Transaction, place: World, count_first: bool) -> None:
    """40 were there, 12 left at 10:00, 27 were counted at 11:00: whichever is learned first, 27 are there."""
    step(tx, place, "ordered", {"CUP": 12}, occurred_at=tx.now - 5 * HOUR)
    tx.now += 3 * HOUR
    left, counted = tx.now - 2 * HOUR, tx.now - HOUR
    if count_first:
        place.count(tx, "EAST", {"CUP": 27}, as_of=counted)
        step(tx, place, "shipped", occurred_at=left)
    else:
        step(tx, place, "shipped", occurred_at=left)
        place.count(tx, "EAST", {"CUP": 27}, as_of=counted)
    assert rows(tx, place)["source"] == (27, 0, 0)
    assert rows(tx, place)["transit"] == (12, 0, 0)
    assert broken(tx) == []


def test_a_snapshot_does_not_speak_of_what_is_in_transit(tx: Transaction, place: World) -> None:
    result = place.count(tx, "WEST", {"CUP": 3}, status="in_transit")
    assert "in transit" in result.refused[0].problem


def test_ordering_and_shipping_while_others_reserve(database: Database, merchant: int, world: World) -> None:
    start = threading.Barrier(6)
    got: list[int] = []

    def move(number: int) -> None:
        def order(tx: Transaction) -> None:
            step(tx, world, "ordered", {"CUP": 20, "LID": 5}, reference=f"T-{number}")

        start.wait()
        again(database, merchant, order)
        again(database, merchant, lambda tx: step(tx, world, "shipped", reference=f"T-{number}"))
        again(database, merchant, lambda tx: step(tx, world, "arrived", {"CUP": 18}, reference=f"T-{number}"))

    def take(number: int) -> None:
        start.wait()
        again(database, merchant, lambda tx: got.append(world.order(tx, number, "CUP", 25)))

    threads = [threading.Thread(target=move, args=(number,)) for number in range(3)]
    threads += [threading.Thread(target=take, args=(number,)) for number in range(100, 103)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading(merchant) as tx:
        found = rows(tx, world)
        assert sum(row[0] for row in found.values()) == 100
        assert found["source"][1] == sum(got)
        assert broken(tx) == []
        assert inventory.find_drift(tx) == []
