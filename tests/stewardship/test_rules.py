"""Check digits, names that are alike, and whether two SKUs are one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stocktower.model import load_configuration
from stocktower.stewardship import (
    CHECKS,
    LARGEST_BLOCK,
    PROPOSED,
    Member,
    check_places,
    compare_members,
    has_right_check_digit,
    is_gtin,
    likeness,
    propose,
    score_of,
)
from tests.ordering.world import TEXT

names = st.text("abc 12ö.-", max_size=20)
members = st.builds(
    Member,
    st.integers(1, 40),
    st.just("X"),
    names,
    st.sampled_from(["stocked", "kit", "assembled"]),
    st.sampled_from(["each", "gram"]),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["", "cups"]),
    st.sampled_from([None, 5, 6]),
    st.sampled_from([None, 100]),
    st.just("USD"),
)


def member(sku_id: int, name: str, **changes: Any) -> Member:
    """A cup of 200 g at 10.00."""
    given: dict[str, Any] = {"barcode": "", "category": "cups", "weight_grams": 200, "price_minor": 1000, **changes}
    return Member(sku_id, f"S{sku_id}", name, "stocked", "each", currency="USD", **given)


@pytest.mark.parametrize("right", ["4006381333931", "73513537", "036000291452", "00012345600012", "96385074"])
def test_gtins_of_the_real_world(right: str) -> None:
    assert is_gtin(right)
    assert has_right_check_digit(right)


@given(st.sampled_from([7, 11, 12, 13]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)), st.data())
def test_one_wrong_digit_is_found(body: str, data: st.DataObject) -> None:
    (right,) = [body + digit for digit in "0123456789" if has_right_check_digit(body + digit)]
    place = data.draw(st.integers(0, len(right) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != right[place]]))
    assert not has_right_check_digit(right[:place] + wrong + right[place + 1 :])


@given(names, names)
def test_likeness_is_a_share_and_the_same_both_ways(first: str, second: str) -> None:
    assert 0 <= likeness(first, second) <= 1
    assert likeness(first, second) == likeness(second, first)
    assert likeness(first, first.upper()) in (0.0, 1.0)


@given(members, members)
def test_a_pair_is_judged_the_same_both_ways(first: Member, second: Member) -> None:
    assert compare_members(first, second) == compare_members(second, first)
    assert 0 <= compare_members(first, second)[0] <= 100


@given(st.lists(st.lists(members, max_size=8), max_size=4))
def test_only_likely_pairs_are_proposed_in_order(blocks: list[list[Member]]) -> None:
    for (first, second), (score, reasons) in propose(blocks).items():
        assert first < second
        assert score >= PROPOSED
        assert reasons


@pytest.mark.parametrize(
    ("first", "second", "likely"),
    [
        (member(1, "Blue cup"), member(2, "Cup, blue"), True),
        (member(1, "Blue cup", barcode="1"), member(2, "Blue cups", barcode="1", weight_grams=None), True),
        (member(1, "Blue cup"), member(2, "Blue cup", category="", weight_grams=None, price_minor=None), False),
        (member(1, "Blue cup", barcode="1"), member(2, "Blue cup", barcode="2"), False),
        (member(1, "Cup 250 ml"), member(2, "Cup 350 ml"), False),
        (member(1, "Blue cup"), member(2, "Teapot"), False),
        (member(1, "Blue cup"), replace(member(2, "Blue cup"), stock_unit="gram"), False),
    ],
)
def test_what_is_one_and_what_is_two(first: Member, second: Member, likely: bool) -> None:
    assert (compare_members(first, second)[0] >= PROPOSED) == likely


def test_what_very_many_share_tells_nothing() -> None:
    alike = [member(n, "Cup") for n in range(1, LARGEST_BLOCK + 2)]
    assert propose([alike]) == {}
    assert len(propose([alike[:3]])) == 3


@given(st.lists(st.sampled_from([check.name for check in CHECKS])))
def test_a_score_falls_with_what_fails_and_never_below_zero(failing: list[str]) -> None:
    assert 0 <= score_of(failing) <= 100
    assert (score_of(failing) == 100) == (not failing)
    for check in CHECKS:
        assert score_of([*failing, check.name]) <= score_of(failing)


def test_places_that_lack_facts() -> None:
    text = TEXT.replace('country = "NL"\n', "").replace('country = "US"\nregion = "NV"', 'country = "US"')
    found = {(one.place, one.code): one.problem for one in check_places(load_configuration(text, file="x"))}
    assert "no country" in found["site", "EU"]
    assert "middle of its country" in found["site", "WEST"]
    assert ("site", "EAST") not in found
    none = text.replace('kind = "3pl"', 'kind = "3pl"\nfulfills = false')
    found = {(one.place, one.code): one.problem for one in check_places(load_configuration(none, file="x"))}
    assert found["channel", "eu"] == "none of its sites ships orders"
