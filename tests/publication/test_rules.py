"""What is worth telling, what differs, who is due: pure, under any listings and any words."""

import csv
import io
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stocktower.publication.model import Listing, Told
from stocktower.publication.rules import as_csv, changed_skus, differences, is_due, worth_telling

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
CHANNEL = 7

names = st.text("ABC#,\" '\n-", min_size=1, max_size=4)
quantities = st.integers(0, 5)


@st.composite
def listings(draw: st.DrawFn) -> list[Listing]:
    """Listings of a channel, each named once; what is sold no more shows nothing."""
    found: list[Listing] = []
    for number, name in enumerate(draw(st.lists(names, unique=True, max_size=8)), start=1):
        active = draw(st.booleans())
        shown = draw(quantities) if active else 0
        found.append(Listing(name, number, 1, shown, shown, active=active))
    return found


@st.composite
def words(draw: st.DrawFn) -> dict[str, Told]:
    """What was last told of some listings."""
    told = draw(st.dictionaries(names, quantities, max_size=8))
    return {name: Told(CHANNEL, name, 1, shown, NOW, 1) for name, shown in told.items()}


def after(told: dict[str, Told], fresh: list[Listing]) -> dict[str, Told]:
    """The last words once these listings are told."""
    return told | {item.listing: Told(CHANNEL, item.listing, item.sku_id, item.shown, NOW, 2) for item in fresh}


@given(listings(), words())
def test_what_was_told_is_not_told_again(now: list[Listing], told: dict[str, Told]) -> None:
    fresh = worth_telling(now, told)
    assert worth_telling(now, after(told, fresh)) == []
    assert all(told[item.listing].shown != item.shown for item in fresh if item.listing in told)
    assert [item.listing for item in fresh] == sorted(item.listing for item in fresh)


@given(listings(), words())
def test_once_told_nothing_differs(now: list[Listing], told: dict[str, Told]) -> None:
    assert differences(now, after(told, worth_telling(now, told))) == []


@given(listings(), words())
def test_what_differs_is_worth_telling(now: list[Listing], told: dict[str, Told]) -> None:
    wrong = {item.listing for item in differences(now, told)}
    fresh = {item.listing for item in worth_telling(now, told)}
    assert wrong <= fresh
    # What else is told is new to the channel, and sold.
    assert all(item.active and item.listing not in told for item in now if item.listing in fresh - wrong)


@given(listings(), words())
def test_differences_begin_with_what_may_be_oversold(now: list[Listing], told: dict[str, Told]) -> None:
    found = differences(now, told)
    assert [item.over_exposed for item in found] == sorted((item.over_exposed for item in found), reverse=True)
    assert all(item.over_exposed == max(0, item.told - item.truth) for item in found)
    assert all(item.told != item.truth for item in found)


@given(listings())
def test_a_file_says_each_listing_once_whatever_its_name(now: list[Listing]) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(now, {1: "SKU-1"}, NOW), newline="")))
    assert [(row["listing"], int(row["quantity"])) for row in rows] == [(item.listing, item.shown) for item in now]
    assert {row["as_of"] for row in rows} <= {NOW.isoformat()}


@given(st.integers(0, 1_000), st.integers(0, 1_000))
def test_a_channel_is_due_when_its_interval_has_passed(every: int, passed: int) -> None:
    assert is_due(None, every, NOW)
    assert is_due(NOW - timedelta(minutes=passed), every, NOW) == (passed >= every)


def test_events_name_the_skus_that_they_touch() -> None:
    assert changed_skus("configuration.applied", 3, b"{}") == {0}
    assert changed_skus("sku.changed", 3, b'{"code":"A"}') == {3}
    assert changed_skus("stock.received", 9, b'{"sku_id":4,"quantity":2}') == {4}
    assert changed_skus("supply.changed", 9, b'{"sku_ids":[4,5]}') == {4, 5}
    assert changed_skus("listing.mapped", 9, b"{}") == set()
