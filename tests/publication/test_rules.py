"""What is worth telling, how soon and in whose turn, what differs: pure, under any listings and any words."""

import csv
import io
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stocktower.publication.model import Exposure, Pace, Pending, SkuVelocity, Standing, Told, Truth
from stocktower.publication.policies import Threshold
from stocktower.publication.rules import (
    as_csv,
    changed_skus,
    danger_of,
    differences,
    in_turn,
    judge,
    matters,
    offered,
    pace_of,
    turn_of,
    worth_telling,
)

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
CHANNEL = 7

names = st.text("ABC#,\" '\n-", min_size=1, max_size=4)
quantities = st.integers(0, 300)
states = st.sampled_from(["normal", "behind", "dark"])
thresholds = st.builds(Threshold, st.integers(1, 20), st.integers(0, 50))


def standing(
    shown: int = 0, most: int | None = None, told: int | None = None, *, listed: bool = True, known: int | None = None,
    name: str = "A",
) -> Standing:  # fmt: skip
    """A listing of one SKU."""
    told_at = None if told is None else NOW
    return Standing(
        CHANNEL, name, 1, 1, shown, shown, shown if most is None else most, listed, told, told_at,
        None if told is None else 1, known, None if known is None else NOW, None if known is None else 1, "wrong", NOW,
    )  # fmt: skip


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    """Any listing, as it may stand: of what is sold no more nothing is shown."""
    listed = draw(st.booleans())
    most = draw(quantities) if listed else 0
    shown = draw(st.integers(0, most))
    words = st.none() | quantities
    return standing(shown, most, draw(words), listed=listed, known=draw(words))


def after(item: Standing) -> Standing:
    """The listing once it is told."""
    return standing(item.shown, item.most, item.shown, listed=item.listed, known=item.shown)


# What matters.


@given(standings(), thresholds)
def test_what_was_told_is_not_told_again(item: Standing, threshold: Threshold) -> None:
    assert not worth_telling(after(item), threshold)


@given(standings(), thresholds)
def test_what_a_channel_shows_of_too_much_is_always_told(item: Standing, threshold: Threshold) -> None:
    if item.told is not None and item.told > item.most:
        assert worth_telling(item, threshold)


@given(standings(), thresholds)
def test_from_and_to_zero_is_always_told(item: Standing, threshold: Threshold) -> None:
    if item.listed and item.told is not None and (item.told == 0) != (item.shown == 0):
        assert worth_telling(item, threshold)
        assert pace_of(item, "slow") == Pace.NOW


@given(standings(), thresholds)
def test_what_is_not_told_is_small_and_safe(item: Standing, threshold: Threshold) -> None:
    if item.listed and not worth_telling(item, threshold):
        assert item.told is not None
        assert item.told <= item.most
        difference, larger = abs(item.told - item.shown), max(item.told, item.shown)
        assert difference < threshold.units or difference * 100 < larger * threshold.percent or difference == 0


@given(standings(), thresholds, thresholds)
def test_a_lower_threshold_tells_no_less(item: Standing, one: Threshold, other: Threshold) -> None:
    least = Threshold(min(one.units, other.units), min(one.percent, other.percent))
    if worth_telling(item, one):
        assert worth_telling(item, least)


def test_what_was_never_sold_here_is_not_told() -> None:
    threshold = Threshold(1, 0)
    assert not worth_telling(standing(listed=False), threshold)
    assert not worth_telling(standing(listed=False, told=0), threshold)
    assert worth_telling(standing(listed=False, told=3), threshold)
    assert worth_telling(standing(0), threshold)


def test_a_percentage_is_of_the_larger() -> None:
    threshold = Threshold(1, 5)
    assert not matters(400, 419, 419, threshold)
    assert matters(400, 422, 422, threshold)
    # Below a threshold, and yet more than there is.
    assert matters(401, 400, 400, threshold)
    # Below a threshold, and the buffer covers it.
    assert not matters(401, 400, 405, threshold)


def test_what_is_new_or_fast_goes_at_once_the_rest_with_its_round() -> None:
    assert pace_of(standing(5), "slow") == Pace.NOW
    assert pace_of(standing(5, told=9), "fast") == Pace.NOW
    assert pace_of(standing(5, told=9), "normal") == Pace.NORMAL
    assert pace_of(standing(5, told=3), "slow") == Pace.SLOW
    # What could be oversold does not wait for a slow round.
    assert pace_of(standing(5, told=9), "slow") == Pace.NORMAL
    assert pace_of(standing(0, told=9), "slow") == Pace.NOW


# What is shown.


@given(quantities, st.integers(1, 12), st.integers(0, 40), states, st.integers(0, 20))
def test_never_more_is_shown_than_could_be_sold(ats: int, pack: int, buffer: int, state: str, floor: int) -> None:
    shown, most = offered(ats, pack, buffer, state, 5, 2, floor)
    assert 0 <= shown <= most == ats // pack
    assert shown * pack <= max(0, ats - buffer)
    # Below the floor it is shown as nothing.
    assert shown == 0 or shown * pack >= floor


@given(quantities, st.integers(1, 12), st.integers(0, 40))
def test_a_tightened_channel_is_shown_no_more(ats: int, pack: int, buffer: int) -> None:
    normal, behind, dark = (offered(ats, pack, buffer, state, 5, 2)[0] for state in ("normal", "behind", "dark"))
    assert dark <= behind <= normal
    assert ats > 5 or dark == 0


# What it is worth.


@given(standings(), thresholds)
def test_a_word_is_right_exactly_when_nothing_of_it_is_worth_telling(item: Standing, threshold: Threshold) -> None:
    found = judge(item, threshold)
    known = item.acknowledged
    assert (found == Exposure.OVER) == (known is not None and known > item.most)
    if item.listed and found != Exposure.OVER:
        assert (found == Exposure.RIGHT) == (not matters(known, item.shown, item.most, threshold))
    if not item.listed and found != Exposure.OVER:
        assert found == Exposure.UNLISTED


# Whose turn it is.


@given(st.integers(0, 100), st.integers(0, 100), st.integers(1, 10_000), st.integers(0, 500))
def test_the_more_is_at_stake_the_more_dangerous(most: int, more: int, value: int, units: int) -> None:
    sold = SkuVelocity(CHANNEL, 1, "fast", "", units, 0, 10, 0, NOW)
    less = danger_of(standing(most, told=most + more), value, sold)
    greater = danger_of(standing(most, told=most + more + 1), value, sold)
    assert 0 <= less <= greater
    if more:
        # What is sold twice weighs more than what is not offered.
        assert danger_of(standing(most + more, told=most), value, sold) < less
        assert less <= danger_of(standing(most, told=most + more), value + 1, sold)


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 600)), max_size=12))
def test_of_those_that_wait_as_long_the_most_dangerous_goes_first(given_: list[tuple[int, int]]) -> None:
    hour = timedelta(hours=1)
    waiting = [
        Pending(CHANNEL, f"L{n}", n, "now", turn_of(since := NOW - timedelta(minutes=m), danger, hour), danger, since)
        for n, (danger, m) in enumerate(given_)
    ]
    turn = in_turn(waiting)
    assert sorted(item.listing for item in turn) == sorted(item.listing for item in waiting)
    for first, second in pairwise(turn):
        if first.since == second.since:
            assert first.danger.bit_length() >= second.danger.bit_length()
            assert first.danger.bit_length() > second.danger.bit_length() or first.danger >= second.danger
        if first.danger == second.danger:
            assert first.since <= second.since


@given(
    st.lists(st.integers(0, 2**40), min_size=1, max_size=6),
    st.lists(st.lists(st.integers(0, 2**20), min_size=1, max_size=3), min_size=80, max_size=80),
)
def test_nothing_waits_for_good(first: list[int], arrivals: list[list[int]]) -> None:
    """However dangerous what comes is, and however much: those who come later cannot pass for good."""
    objective = timedelta(minutes=1)
    queue = [(turn_of(NOW, danger, objective), -1, n) for n, danger in enumerate(first)]
    told: set[int] = set()
    for minute, dangers in enumerate(arrivals):
        now = NOW + timedelta(minutes=minute)
        queue += [(turn_of(now, danger, objective), minute, -1) for danger in dangers]
        # The rate allows as many as come, so that there is always somebody to pass.
        queue.sort()
        for _, _, n in queue[: len(dangers)]:
            told.add(n)
        del queue[: len(dangers)]
    # 21 doublings are 21 minutes of waiting; six may be ahead of the last of them.
    assert told >= set(range(len(first)))


# What differs.


def test_differences_begin_with_what_may_be_oversold() -> None:
    truths = [
        Truth(CHANNEL, name, n, 1, shown, shown, shown + 1, True, 0) for n, (name, shown) in enumerate(
            [("A", 5), ("B", 2), ("C", 9), ("D", 1)]
        )
    ]  # fmt: skip
    told = {(CHANNEL, name): Told(CHANNEL, name, 1, shown, NOW, 1) for name, shown in [("A", 5), ("B", 4), ("C", 3)]}
    found = differences(truths, told)
    assert [(item.listing, item.told, item.truth, item.over_exposed) for item in found] == [
        ("B", 4, 2, 1),
        ("C", 3, 9, 0),
    ]


@given(st.lists(st.tuples(names, quantities), unique_by=lambda item: item[0], max_size=8))
def test_a_file_says_each_listing_once_whatever_its_name(now: list[tuple[str, int]]) -> None:
    listings = [standing(shown, name=name) for name, shown in now]
    rows = list(csv.DictReader(io.StringIO(as_csv(listings, {1: "SKU-1"}, NOW), newline="")))
    assert [(row["listing"], int(row["quantity"])) for row in rows] == now
    assert {row["as_of"] for row in rows} <= {NOW.isoformat()}


def test_events_name_the_skus_that_they_touch() -> None:
    assert changed_skus("configuration.applied", 3, b"{}") == {0}
    assert changed_skus("sku.changed", 3, b'{"code":"A"}') == {3}
    assert changed_skus("stock.received", 9, b'{"sku_id":4,"quantity":2}') == {4}
    assert changed_skus("supply.changed", 9, b'{"sku_ids":[4,5]}') == {4, 5}
    assert changed_skus("listing.mapped", 9, b"{}") == set()
