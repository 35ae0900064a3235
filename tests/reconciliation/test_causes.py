"""Why two figures differ: what is built to have a cause is found to have it; what explains, adds up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower.reconciliation import Cause, Coming, Key, LineFacts, Moved, Underway, Unworked, judge, within_tolerance

AS_OF = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
WINDOW = timedelta(hours=24)
KEY = Key(1, 10, "available", "")


def moved(delta: int, minutes: int, *, sequence: int = 1, reason: str = "receipt", reference_id: int = 0) -> Moved:
    """A move so many minutes after the instant (before it: below zero), recorded as it happened."""
    at = AS_OF + timedelta(minutes=minutes)
    return Moved(7, sequence, delta, reason, "message", reference_id, at, at)


def facts(ours: int, theirs: int, **changes: object) -> LineFacts:
    """A line with nothing that speaks for any cause but what is stated."""
    stated: dict[str, object] = {"recorded": ours, "as_of": AS_OF, "key": KEY, **changes}
    return LineFacts(ours=ours, theirs=theirs, **stated)  # pyright: ignore[reportArgumentType]


amounts = st.integers(1, 10_000)
deltas = st.integers(-200, 200).filter(bool)
moves = st.lists(
    st.builds(
        moved,
        deltas,
        st.integers(-20_000, 1_439),
        sequence=st.integers(1, 99),
        reason=st.sampled_from(["receipt", "shipped"]),
        reference_id=st.integers(0, 3),
    ),
    max_size=12,
)
siblings = st.lists(
    st.tuples(
        st.builds(
            Key, st.just(1), st.integers(10, 12), st.sampled_from(["available", "damaged"]), st.sampled_from(["", "A"])
        ),
        deltas,
    ).filter(lambda one: one[0] != KEY),
    max_size=3,
).map(tuple)
lines = st.builds(
    facts,
    st.integers(-50, 500),
    st.integers(-50, 500),
    recorded=st.integers(-50, 500),
    moves=moves.map(tuple),
    underway=st.lists(st.builds(Underway, st.integers(1, 9), st.integers(1, 9), st.integers(1, 60)), max_size=3).map(
        tuple
    ),
    coming=st.lists(
        st.builds(
            Coming,
            st.integers(1, 9),
            st.sampled_from(["PO-1", "PO-2"]),
            st.integers(1, 60),
            st.sampled_from([None, AS_OF]),
        ),
        max_size=3,
    ).map(tuple),
    unworked=st.lists(st.builds(Unworked, st.integers(1, 9), deltas), max_size=2).map(tuple),
    factors=st.lists(st.integers(1, 24), max_size=3).map(tuple),
    siblings=siblings,
    pair_sku_id=st.sampled_from([0, 0, 2]),
).filter(lambda one: one.delta != 0)


@given(lines)
def test_a_verdict_explains_all_of_it_or_says_that_nothing_does(line: LineFacts) -> None:
    verdict = judge(line, WINDOW)
    assert verdict.evidence["explained"] == (0 if verdict.cause == Cause.SHRINKAGE else line.delta)
    assert 0 <= verdict.confidence <= 100
    assert verdict.reason
    assert (verdict.cause == Cause.SHRINKAGE) == (verdict.evidence["explained"] == 0)


@given(lines)
def test_the_same_facts_have_the_same_cause(line: LineFacts) -> None:
    assert judge(line, WINDOW) == judge(line, WINDOW)


@given(lines, st.integers(1, 50))
def test_what_lies_in_the_inbox_comes_first(line: LineFacts, message_id: int) -> None:
    verdict = judge(
        facts(line.ours, line.theirs, moves=line.moves, unworked=(Unworked(message_id, line.delta),)), WINDOW
    )
    assert (verdict.cause, verdict.evidence["messages"]) == (Cause.TIMING, [message_id])


@given(st.integers(100, 1000), st.lists(st.tuples(st.integers(1, 9), st.integers(-600, -1)), min_size=1, max_size=5))
def test_a_lag_is_timing(ours: int, late: list[tuple[int, int]]) -> None:
    gone = [
        moved(-units, minutes, sequence=n, reason="shipped", reference_id=n) for n, (units, minutes) in enumerate(late)
    ]
    verdict = judge(facts(ours, ours + sum(units for units, _ in late), moves=tuple(gone)), WINDOW)
    assert verdict.cause == Cause.TIMING
    assert verdict.confidence > 75


@given(amounts, amounts)
def test_what_we_learned_late_is_timing(recorded: int, late: int) -> None:
    at = AS_OF - timedelta(hours=1)
    move = Moved(7, 1, late, "receipt", "message", 1, at, AS_OF + timedelta(hours=3))
    verdict = judge(facts(recorded + late, recorded, recorded=recorded, moves=(move,)), WINDOW)
    assert (verdict.cause, verdict.evidence["moves"]) == (Cause.TIMING, [[7, 1]])


@given(st.integers(3, 90), st.integers(3, 90), st.integers(500, 900))
def test_one_old_thing_that_they_lack_is_a_missed_message(units: int, other: int, ours: int) -> None:
    if units == other:
        other += 1
    old = moved(units, -9_000, sequence=1, reference_id=1)
    newer = moved(-other, -60, sequence=2, reason="shipped", reference_id=2)
    verdict = judge(facts(ours, ours - units, moves=(old, newer)), WINDOW)
    assert (verdict.cause, verdict.evidence["moves"]) == (Cause.MISSED_MESSAGE, [[7, 1]])


@given(st.integers(3, 90), st.integers(100, 900))
def test_what_they_shipped_and_did_not_tell_is_a_missed_message(units: int, ours: int) -> None:
    line = facts(ours, ours - units, underway=(Underway(5, 6, units), Underway(7, 8, units + 1)))
    verdict = judge(line, WINDOW)
    assert (verdict.cause, verdict.evidence["fulfillments"]) == (Cause.MISSED_MESSAGE, [6])


@given(st.integers(3, 90), st.integers(300, 900), st.integers(1, 50))
def test_what_they_received_and_is_only_announced_here_is_timing(units: int, ours: int, rest: int) -> None:
    announced = (Coming(5, "PO-1", units, AS_OF), Coming(6, "PO-2", units + rest, AS_OF + timedelta(days=9)))
    verdict = judge(facts(ours, ours + units, coming=announced), WINDOW)
    assert (verdict.cause, verdict.evidence["inbound"]) == (Cause.TIMING, [5])
    assert "PO-1" in verdict.reason
    both = judge(facts(ours, ours + 2 * units + rest, coming=announced), WINDOW)
    assert (both.cause, both.evidence["references"]) == (Cause.TIMING, "PO-1, PO-2")
    part = judge(facts(ours, ours + units, coming=(Coming(5, "PO-1", units + rest, AS_OF),)), WINDOW)
    assert (part.cause, part.evidence["explained"]) == (Cause.TIMING, units)
    assert part.confidence < verdict.confidence
    # What is not due for days cannot be there in part; what is missing there is not explained by it.
    far = Coming(5, "PO-1", units + rest, AS_OF + timedelta(days=9))
    assert judge(facts(ours, ours + units, coming=(far,)), WINDOW).cause == Cause.SHRINKAGE
    assert judge(facts(ours, ours - units, coming=announced), WINDOW).cause == Cause.SHRINKAGE


@given(st.integers(2, 48), st.integers(10, 500), st.booleans())
def test_a_pack_counted_as_a_piece_is_a_unit_error(factor: int, packs: int, we_count_packs: bool) -> None:
    ours, theirs = (packs, packs * factor) if we_count_packs else (packs * factor, packs)
    verdict = judge(facts(ours, theirs, factors=(1, factor)), WINDOW)
    assert (verdict.cause, verdict.evidence["factor"]) == (Cause.UNIT_ERROR, factor)


@given(st.integers(3, 400), st.sampled_from([Cause.STATUS, Cause.LOT, Cause.LOCATION]))
def test_what_lies_elsewhere_is_found_there(units: int, cause: Cause) -> None:
    other = {
        Cause.STATUS: Key(1, 10, "damaged", ""),
        Cause.LOT: Key(1, 10, "available", "B"),
        Cause.LOCATION: Key(1, 11, "available", ""),
    }[cause]
    assert judge(facts(1000, 1000 + units, siblings=((other, -units),)), WINDOW).cause == cause


@given(st.integers(3, 400))
def test_another_sku_the_other_way_round_is_a_matter_of_mapping(units: int) -> None:
    assert judge(facts(1000, 1000 - units, pair_sku_id=2), WINDOW).cause == Cause.MAPPING


@given(st.integers(3, 4000), st.booleans())
def test_exactly_twice_is_a_duplicate(units: int, theirs: bool) -> None:
    assert judge(facts(*((units, 2 * units) if theirs else (2 * units, units))), WINDOW).cause == Cause.DUPLICATE


@pytest.mark.parametrize(("ours", "theirs"), [(100, 97), (97, 100), (0, 7), (7, 0)])
def test_the_rest_is_shrinkage(ours: int, theirs: int) -> None:
    verdict = judge(facts(ours, theirs), WINDOW)
    assert (verdict.cause, verdict.confidence) == (Cause.SHRINKAGE, 40)
    assert ("fewer" in verdict.reason) == (theirs < ours)


def test_one_unit_is_explained_by_anything_and_so_by_little() -> None:
    sold = [moved(-1, -9_000 - n, sequence=n, reason="shipped", reference_id=n) for n in range(1, 4)]
    assert judge(facts(50, 51, moves=tuple(sold)), WINDOW).cause == Cause.SHRINKAGE


def test_agreement_has_no_cause() -> None:
    with pytest.raises(ValueError, match="agree"):
        judge(facts(5, 5), WINDOW)


@given(st.integers(-9, 10_000), st.integers(-9, 10_000), st.integers(0, 50), st.integers(0, 1000))
def test_a_wider_tolerance_takes_in_what_a_narrow_one_does(ours: int, theirs: int, units: int, points: int) -> None:
    narrow = within_tolerance(ours, theirs, units, points)
    assert narrow == within_tolerance(theirs, ours, units, points)
    if narrow:
        assert within_tolerance(ours, theirs, units + 1, points)
        assert within_tolerance(ours, theirs, units, points + 1)
    assert within_tolerance(ours, ours, units, points)
