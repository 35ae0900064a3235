"""What an assembly takes: what it needs, never what is not free, the named lots and then the first to expire."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stocktower.inventory import NamedLot
from stocktower.inventory.assembly.assembly_rules import Source, changes_of, choose, spread_named

START = datetime(2026, 6, 1, tzinfo=UTC)
NEVER = START + timedelta(days=1_000)
LOTS = ("A", "B", "C", "D")


@st.composite
def shelves(draw: st.DrawFn, counted: bool = False) -> list[Source]:
    """Rows of one SKU, each of its own lot."""
    days = draw(st.lists(st.none() | st.integers(0, 5), min_size=1, max_size=4))
    return [
        Source(
            number, LOTS[number], draw(st.integers(0, 9)), None if day is None else START + timedelta(days=day),
            counted and draw(st.booleans()),
        )
        for number, day in enumerate(days)
    ]  # fmt: skip


NAMED = st.dictionaries(st.sampled_from(LOTS), st.integers(1, 6), max_size=3)


@given(shelves(), st.integers(1, 40), NAMED)
def test_what_is_taken_is_free_and_adds_up(sources: list[Source], units: int, named: dict[str, int]) -> None:
    units = max(units, sum(named.values()))
    taken, lacking = choose(sources, units, named)
    free = {one.stock_id: one.free for one in sources}
    assert sum(taken.values()) + lacking == units
    assert all(0 < count <= free[stock_id] for stock_id, count in taken.items())
    of_lot = {one.lot: taken.get(one.stock_id, 0) for one in sources}
    assert all(of_lot.get(lot, 0) >= count for lot, count in named.items()) or lacking
    if lacking and not named:
        assert taken == {stock_id: count for stock_id, count in free.items() if count}


@given(shelves(), st.integers(1, 40))
def test_what_expires_later_stays_while_something_earlier_is_left(sources: list[Source], units: int) -> None:
    taken, _ = choose(sources, units, {})
    for later in sources:
        for earlier in sources:
            if (earlier.expires_at or NEVER) < (later.expires_at or NEVER) and taken.get(later.stock_id):
                assert taken.get(earlier.stock_id, 0) == earlier.free


@given(shelves(counted=True), st.integers(1, 40))
def test_only_what_a_count_saw_goes_beyond_what_is_free(sources: list[Source], units: int) -> None:
    taken, lacking = choose(sources, units, {})
    assert sum(taken.values()) + lacking == units
    for one in sources:
        assert taken.get(one.stock_id, 0) <= one.free or one.is_counted
    assert not lacking or not any(one.is_counted for one in sources)


@given(st.lists(st.tuples(st.sampled_from(LOTS), st.none() | st.integers(1, 9)), max_size=4), st.integers(1, 30))
def test_named_lots_share_all_units_or_too_many_are_named(stated: list[tuple[str, int | None]], units: int) -> None:
    spread, rest = spread_named([NamedLot(1, lot, count) for lot, count in stated], units)
    fixed = sum(count or 0 for _, count in stated)
    assert sum(spread.values()) + rest == units
    assert (rest < 0) == (fixed > units)
    if any(count is None for _, count in stated):
        assert rest == min(0, units - fixed)


def test_the_bill_says_what_changes() -> None:
    assert changes_of(7, [(1, 2), (3, 1)]) == {7: 1, 1: -2, 3: -1}
