"""The working view of a batch: what is taken is gone, what is given back is there, and who waits is ahead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower.inventory import UNLIMITED, FreeStock, Reach, Supply, SupplyRow, Waiting
from tests.inventory.places import EPOCH, simple

REACH = Reach(simple({11: [1, 2], 12: [2]}))


def stock_of(
    *rows: SupplyRow, waiting: dict[int, dict[int, int]] | None = None, giving: set[int] | None = None
) -> FreeStock:
    """A view of these rows."""
    by_sku: dict[int, list[SupplyRow]] = {}
    for row in rows:
        by_sku.setdefault(row.sku_id, []).append(row)
    return FreeStock(Supply(by_sku, {}, waiting or {}, frozenset(giving or ())), REACH)


def test_what_is_taken_is_gone() -> None:
    stock = stock_of(SupplyRow(101, 7, 1, 10, 4, 0))
    assert stock.free == {(7, 1): 6}
    [grant] = stock.take(1, 1, 7, 1, 5)
    assert (grant.stock_id, grant.quantity) == (101, 5)
    assert stock.free == {(7, 1): 1}
    with pytest.raises(ValueError, match="where 1 are free"):
        stock.take(2, 1, 7, 1, 2)


def test_rows_of_several_owners_are_taken_one_after_the_other() -> None:
    stock = stock_of(SupplyRow(101, 7, 1, 3, 0, 0), SupplyRow(102, 7, 1, 4, 0, 0))
    assert [(one.stock_id, one.quantity) for one in stock.take(1, 1, 7, 1, 5)] == [(101, 3), (102, 2)]
    assert [(one.stock_id, one.quantity) for one in stock.take(2, 1, 7, 1, 2)] == [(102, 2)]
    stock.put_back(1, stock_of(SupplyRow(102, 7, 1, 2, 0, 0)).take(2, 1, 7, 1, 2))
    assert stock.free == {(7, 1): 2}


def test_given_back_units_can_be_taken_in_the_same_batch() -> None:
    stock = stock_of(giving={7})
    stock.give(7, 1, 101, 2)
    assert [(one.stock_id, one.quantity) for one in stock.take(1, 1, 7, 1, 2)] == [(101, 2)]


def test_giving_back_has_to_be_said_when_supply_is_locked() -> None:
    with pytest.raises(ValueError, match="was not named so"):
        stock_of().give(7, 1, 101, 2)


def test_nobody_claims_anything_most_of_the_time() -> None:
    assert stock_of(SupplyRow(101, 7, 1, 10, 4, 0)).limits(11, [7]) is UNLIMITED


def test_new_orders_leave_what_others_wait_for() -> None:
    stock = stock_of(SupplyRow(101, 7, 2, 5, 0, 0), waiting={7: {12: 4}})
    assert stock.limits(11, [7]).units == {7: 1}
    assert stock.limits(11, [7]).at == {(7, 1): 0, (7, 2): 1}
    stock.wait(7, 11, 1)
    assert stock.limits(11, [7]).units == {7: 0}


def test_an_order_that_changes_may_take_again_what_it_had() -> None:
    stock = stock_of(SupplyRow(101, 7, 2, 5, 0, 0), waiting={7: {12: 5}})
    assert stock.limits(11, [7]).with_own({7: 2}).units == {7: 2}


@given(st.lists(st.tuples(st.sampled_from([11, 12]), st.integers(1, 6)), max_size=12), st.integers(0, 30))
def test_backorders_fill_in_their_order(shorts: list[tuple[int, int]], there: int) -> None:
    """Who waits is served in the order given: nobody gets units that someone before him still needs."""
    waiting = [Waiting(number, 1, 7, on, 1, EPOCH, 1, short) for number, (on, short) in enumerate(shorts, start=1)]
    sums: dict[int, int] = {}
    for one in waiting:
        sums[one.channel_id] = sums.get(one.channel_id, 0) + one.short
    rows = [SupplyRow(101, 7, 2, there, 0, 0)] if there else []
    stock = stock_of(*rows, waiting={7: sums} if sums and there else {})
    stock.stop_waiting(waiting)
    left = there
    for one in waiting:
        limits = stock.limits(one.channel_id, [7])
        free = stock.free.get((7, 2), 0)
        got = min(one.short, free, limits.units.get(7, free), limits.at.get((7, 2), free))
        assert got == min(one.short, left)
        if got:
            stock.take(one.order_id, 1, 7, 2, got)
        if got < one.short:
            stock.wait(7, one.channel_id, one.short - got)
        left -= got
