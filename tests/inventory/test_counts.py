"""Pure decisions of counts and shipments: cuts, suspicions, and what is really there after any sequence of words."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stocktower.inventory import Allocation, Candidate, Consume, Demand, StockRow
from stocktower.inventory.formulas.model import HOLD, ORDER
from stocktower.inventory.stock.book import Balance, Book, Cause
from stocktower.inventory.stock.counts import LARGE, Stated, decide_cuts, decide_snapshot, settle, suspect_unit
from stocktower.inventory.supply.shipment import Shipment
from tests.inventory.places import EPOCH

SKU, SITE, ROW = 7, 1, 101


def at(hour: int) -> datetime:
    """An instant."""
    return EPOCH + timedelta(hours=hour)


candidates = st.lists(
    st.builds(
        Candidate,
        order_id=st.integers(1, 1000),
        line_no=st.just(1),
        sku_id=st.just(SKU),
        stock_id=st.just(ROW),
        kind=st.sampled_from([ORDER, HOLD]),
        per_unit=st.just(1),
        quantity=st.integers(1, 9),
        priority=st.integers(1, 3),
        placed_at=st.integers(0, 5).map(at),
    ),
    unique_by=lambda one: one.order_id,
    max_size=8,
)


@given(st.integers(0, 40), candidates)
def test_cuts_sum_exactly_and_take_the_last_first(needed: int, of: list[Candidate]) -> None:
    cuts = decide_cuts(needed, of)
    assert sum(units for _, units in cuts) == min(needed, sum(one.quantity for one in of))
    assert all(0 < units <= one.quantity for one, units in cuts)

    def served_before(one: Candidate) -> tuple[bool, int, datetime, int]:
        return one.kind == HOLD, one.priority, one.placed_at, one.order_id

    cut = {one.order_id: units for one, units in cuts}
    for one in of:
        # Whoever keeps anything was served before everybody who lost something, but for the last one cut.
        if cut.get(one.order_id, 0) < one.quantity:
            assert all(served_before(one) <= served_before(other) for other, _ in cuts)


@given(st.integers(1, 40), candidates, st.integers(2, 4))
def test_packs_give_whole_units(needed: int, of: list[Candidate], per_unit: int) -> None:
    packs = [
        Candidate(one.order_id, 1, SKU, ROW, one.kind, per_unit, one.quantity * per_unit, one.priority, one.placed_at)
        for one in of
    ]
    freed = sum(units * per_unit for _, units in decide_cuts(needed, packs))
    there = sum(one.quantity for one in packs)
    assert min(needed, there) <= freed < needed + per_unit


@given(st.integers(0, 5000), st.integers(0, 5000), st.lists(st.integers(1, 50), max_size=3))
def test_a_suspicion_is_exactly_one_pack_and_large(stated: int, expected: int, factors: list[int]) -> None:
    found = suspect_unit(stated, expected, factors)
    ratios = {factor for factor in factors if factor > 1 and factor * stated == expected and stated}
    inverse = {factor for factor in factors if factor > 1 and factor * expected == stated and expected}
    assert (found is not None) == (bool(ratios | inverse) and abs(stated - expected) >= LARGE)
    if found is not None:
        assert found[0] in (ratios if found[1] else inverse)


words = st.lists(
    st.one_of(
        st.tuples(st.just("count"), st.integers(0, 30), st.integers(0, 20)),
        st.tuples(st.just("ship"), st.integers(0, 30), st.integers(1, 6)),
        st.tuples(st.just("order"), st.just(0), st.integers(1, 6)),
    ),
    max_size=12,
)


@given(words)
def test_any_sequence_of_words_keeps_the_row_sound(said: list[tuple[str, int, int]]) -> None:
    """Counts and shipments of any instant, in any order: never over-allocated, and a count sets what is there."""
    row = StockRow(ROW, SKU, SITE, "available", "own", "", 0, 0, 0, 0, None)
    history: list[tuple[datetime, int]] = []
    for step, (what, hour, units) in enumerate(said):
        book = Book([row], actor="tester", now=at(100 + step))
        balance = book.balances[ROW]
        if what == "count":
            moved = sum(delta for happened, delta in history if happened > at(hour))
            newer = row.counted_at is None or row.counted_at <= at(hour)
            assert count(book, units, moved, at(hour)) is newer
            if newer:
                assert balance.quantity - balance.discrepancy == units + moved
        elif what == "ship":
            # Nothing of it is allocated: the worst case.
            Shipment(book, {}, []).ship(Consume(step, 1, SKU, SITE, units, 1, at(hour)))
        else:
            book.reserve(ROW, step, 1, min(units, balance.free), "allocated")
        for move in book.moves:
            assert 0 <= move.allocated_after <= move.quantity_after
            history.append((move.occurred_at, move.delta))
        assert balance.quantity == row.quantity + sum(move.delta for move in book.moves)
        row = after(balance)


def count(book: Book, units: int, moved: int, when: datetime) -> bool:
    """Apply a snapshot of one row without cuts; whether it was not too old."""
    balance = book.balances[ROW]
    stated = Stated(SKU, "SKU", "available", units, 2, trusted=True)
    verdict = decide_snapshot([stated], {stated.key: balance}, {ROW: moved}, {}, when)
    for _, real, _ in verdict.targets:
        balance.counted_at = when
        book.move(ROW, settle(balance, real), Cause("count", "count", "message", 1, when))
    return bool(verdict.targets)


def after(balance: Balance) -> StockRow:
    """The row as it is written; the database would refuse it when it were not sound."""
    assert 0 <= balance.allocated <= balance.quantity
    assert balance.discrepancy >= 0
    return replace(
        balance.row,
        quantity=balance.quantity,
        allocated=balance.allocated,
        discrepancy=balance.discrepancy,
        sequence=balance.sequence,
        counted_at=balance.counted_at,
    )


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.lists(st.integers(2, 40), max_size=3, unique=True),
    st.data(),
)
def test_what_is_there_in_the_end_does_not_depend_on_when_it_was_learned(
    shipped: list[int], counted: list[int], data: st.DataObject
) -> None:
    """Orders ship at their instants, the site counts now and then, and all of it is learned in any order."""
    there = sum(shipped) + 3
    # Instants of shipments are odd, of counts even: nothing happens at once.
    hours = data.draw(st.lists(st.integers(1, 20), min_size=len(shipped), max_size=len(shipped)))
    left = [(2 * hour + 1, units) for hour, units in zip(hours, shipped, strict=True)]
    true_counts = [(2 * hour, there - sum(units for when, units in left if when < 2 * hour)) for hour in counted]
    learned = data.draw(st.permutations([*((number, *one) for number, one in enumerate(left)), *true_counts]))
    allocations = [Allocation(number, 1, SKU, ROW, SITE, units, units) for number, (_, units) in enumerate(left)]
    demands = {
        (number, 1, SKU): Demand(number, 1, SKU, ORDER, 11, 1, at(0), 1, units, units)
        for number, (_, units) in enumerate(left)
    }
    row = StockRow(ROW, SKU, SITE, "available", "own", "", there, sum(shipped), 0, len(left), at(0))
    history: list[tuple[datetime, int]] = []
    for step, word in enumerate(learned):
        book = Book([row], actor="tester", now=at(100 + step))
        if len(word) == 3:
            number, hour, units = word
            shipment = Shipment(book, demands, allocations)
            shipment.ship(Consume(number, 1, SKU, SITE, units, number, at(hour)))
            demands = shipment.demands
            allocations = [one for one in allocations if one.order_id != number]
        else:
            hour, units = word
            count(book, units, sum(delta for happened, delta in history if happened > at(hour)), at(hour))
        history += [(move.occurred_at, move.delta) for move in book.moves]
        row = after(book.balances[ROW])
    assert (row.quantity, row.allocated, row.discrepancy) == (3, 0, 0)
    assert all(one.consumed == one.wanted for one in demands.values())
