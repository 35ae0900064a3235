"""Adjustments for governed reasons: to their account, once for each reference, above a limit by two people."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from stocktower import inventory, worklist
from stocktower.inventory import AdjustmentRequest, AdjustmentResult
from stocktower.platform import Database, Transaction
from tests.inventory.test_threads import again, merchant, world
from tests.inventory.world import TEXT, World, broken, events

__all__ = ["merchant", "world"]
HOUR = timedelta(hours=1)
LIMITED = (
    TEXT
    + """
[[reasons]]
code = "breakage"
name = "Broken"
account = "write_down"
direction = "out"
approve_units_over = 5
approve_value_over = 2000

[[reasons]]
code = "display"
name = "Put on display"
account = "samples"
"""
)


@pytest.fixture
def place(tx: Transaction) -> World:
    """Forty cups in the east, and limits for what is broken."""
    place = World(tx, LIMITED)
    place.count(tx, "EAST", {"CUP": 40, "ROPE": 9}, as_of=tx.now - 9 * HOUR)
    return place


def adjust(tx: Transaction, world: World, delta: int, reason: str = "breakage", **more: Any) -> AdjustmentResult:
    """Adjust the cups of the east."""
    given: dict[str, Any] = {"reference": "A-1", "sku_id": world.sku["CUP"], **more}
    [result] = inventory.adjust_stock(
        tx, [AdjustmentRequest(site_id=world.site["EAST"], delta=delta, reason=reason, **given)]
    )
    return result


def open_cases(tx: Transaction) -> list[tuple[str, int]]:
    """(kind, units) of the open cases."""
    return sorted((one.kind, one.units) for one in worklist.load_cases(tx, worklist.CaseFilter()).cases)


def test_within_its_limit_it_is_posted_to_the_account_of_its_reason(tx: Transaction, place: World) -> None:
    assert adjust(tx, place, -3).state == "posted"
    assert place.row(tx, "EAST", "CUP") == (37, 0, 0)
    [(_, data)] = events(tx, "stock.adjusted")
    assert (data["delta"], data["reason"], data["against"]) == (-3, "breakage", "write_down")
    assert adjust(tx, place, -2, "display", reference="A-2").state == "posted"
    assert broken(tx) == []


def test_a_repeat_changes_nothing_and_a_contradiction_is_refused(tx: Transaction, place: World) -> None:
    first = adjust(tx, place, -3)
    second = adjust(tx, place, -3)
    assert (second.adjustment_id, second.repeated) == (first.adjustment_id, True)
    assert "stands for -3 for breakage already" in adjust(tx, place, -4).problem
    assert place.row(tx, "EAST", "CUP") == (37, 0, 0)


def test_what_cannot_be_meant_says_why(tx: Transaction, place: World) -> None:
    assert adjust(tx, place, -1, "whim").problem == (
        "reason 'whim': one of breakage, correction, display, expired, found, internal_use, missing, sample, "
        "vendor_return"
    )
    assert adjust(tx, place, 2).problem == "quantity +2: the reason breakage only takes out of stock"
    assert adjust(tx, place, -2, "found").problem == "quantity -2: the reason found only adds to stock"
    assert adjust(tx, place, -2, reference="").problem.startswith("reference")
    assert adjust(tx, place, -2, status="in_transit").problem.startswith("status")
    place.order(tx, 1, "CUP", 38)
    assert "38 of 40 are allocated" in adjust(tx, place, -3).problem
    assert adjust(tx, place, -2).state == "posted"
    assert broken(tx) == []


@pytest.mark.parametrize(("code", "delta"), [("CUP", -6), ("ROPE", -3)])
def test_above_its_limit_it_waits_for_somebody_else(tx: Transaction, place: World, code: str, delta: int) -> None:
    before = place.row(tx, "EAST", code)
    result = adjust(tx, place, delta, sku_id=place.sku[code])
    assert result.state == "waiting"
    assert place.row(tx, "EAST", code) == before
    assert open_cases(tx) == [("adjustment_approval", -delta)]
    with pytest.raises(inventory.SamePerson, match="tester asked for adjustment A-1"):
        inventory.approve_adjustment(tx, result.adjustment_id, "tester")
    assert inventory.approve_adjustment(tx, result.adjustment_id, "boss").state == "posted"
    assert place.row(tx, "EAST", code)[0] == before[0] + delta
    assert open_cases(tx) == []
    with pytest.raises(inventory.NotWaiting):
        inventory.approve_adjustment(tx, result.adjustment_id, "boss")
    assert adjust(tx, place, delta, sku_id=place.sku[code]).repeated
    assert broken(tx) == []


def test_refused_it_leaves_the_stock_alone(tx: Transaction, place: World) -> None:
    result = adjust(tx, place, -6)
    assert inventory.refuse_adjustment(tx, result.adjustment_id, "boss").state == "refused"
    assert place.row(tx, "EAST", "CUP") == (40, 0, 0)
    assert open_cases(tx) == []
    assert broken(tx) == []


def test_what_was_allocated_meanwhile_cannot_be_approved(tx: Transaction, place: World) -> None:
    result = adjust(tx, place, -6)
    place.order(tx, 1, "CUP", 38)
    with pytest.raises(inventory.NotUsable, match="38 of 40 are allocated"):
        inventory.approve_adjustment(tx, result.adjustment_id, "boss")


@pytest.mark.parametrize("count_first", [True, False])
def test_a_count_and_a_late_adjustment_commute(tx: Transaction, place: World, count_first: bool) -> None:
    broke, counted = tx.now - 2 * HOUR, tx.now - HOUR
    if count_first:
        place.count(tx, "EAST", {"CUP": 36}, as_of=counted)
        adjust(tx, place, -3, occurred_at=broke)
    else:
        adjust(tx, place, -3, occurred_at=broke)
        place.count(tx, "EAST", {"CUP": 36}, as_of=counted)
    assert place.row(tx, "EAST", "CUP") == (36, 0, 0)
    assert broken(tx) == []


def test_adjusting_while_units_ship(database: Database, merchant: int, world: World) -> None:
    with database.transaction(merchant, actor="tester") as tx:
        for number in range(1, 4):
            world.order(tx, number, "CUP", 30)
    start = threading.Barrier(6)
    done: list[AdjustmentResult] = []

    def take_out(number: int) -> None:
        start.wait()
        again(database, merchant, lambda tx: done.append(adjust(tx, world, -4, "missing", reference=f"A-{number}")))

    def send(number: int) -> None:
        start.wait()
        again(database, merchant, lambda tx: world.ship(tx, number, "CUP", 30))

    threads = [threading.Thread(target=take_out, args=(number,)) for number in range(3)]
    threads += [threading.Thread(target=send, args=(number,)) for number in range(1, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading(merchant) as tx:
        posted = sum(1 for one in done if one.state == "posted")
        assert posted == 2
        assert world.row(tx, "EAST", "CUP") == (100 - 90 - 4 * posted, 0, 0)
        assert broken(tx) == []
