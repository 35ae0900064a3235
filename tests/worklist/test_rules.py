from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stocktower.kernel import CaseKind
from stocktower.worklist import (
    ACTIONS,
    KINDS,
    Raise,
    Severity,
    Waiter,
    case_label,
    kind_text,
    parse_case_number,
    severity,
)
from stocktower.worklist.rules import merge

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MONEY = st.integers(0, 10**9)
HOURS = st.integers(-100, 1000)


@given(MONEY, MONEY, HOURS, HOURS)
def test_more_money_or_less_time_is_never_less_severe(less: int, more: int, sooner: int, later: int) -> None:
    less, more = sorted((less, more))
    sooner, later = sorted((sooner, later))
    mild = severity(less, NOW + timedelta(hours=later), NOW)
    bad = severity(more, NOW + timedelta(hours=sooner), NOW)
    assert bad >= mild >= severity(less, None, NOW)


def test_severity_by_example() -> None:
    def at(hours: float) -> datetime:
        return NOW + timedelta(hours=hours)

    assert severity(0, at(48), NOW) is Severity.LOW
    assert severity(0, at(3), NOW) is Severity.MEDIUM
    assert severity(0, at(-1), NOW) is Severity.HIGH
    assert severity(250_000, at(9), NOW) is Severity.HIGH
    assert severity(2_000_000, at(3), NOW) is Severity.CRITICAL
    assert Severity.CRITICAL.word == "critical"


def test_raises_of_one_cause_come_together() -> None:
    first = Raise("no_stock", "sku/1", "old", waiters=(Waiter("order", 1, 2, 100), Waiter("order", 2, 1, 50)))
    second = Raise("no_stock", "sku/1", "new", waiters=(Waiter("order", 1, 3, 10, NOW),))
    merged = merge([first, second, Raise("no_site", "order/9", "other")])
    assert list(merged) == [("no_site", "order/9"), ("no_stock", "sku/1")]
    case = merged["no_stock", "sku/1"]
    assert case.title == "new"
    assert case.waiters == (Waiter("order", 1, 5, 110, NOW), Waiter("order", 2, 1, 50))


def test_every_kind_says_what_fixes_it() -> None:
    assert set(KINDS) == set(CaseKind)
    assert all(text.fix and text.name for text in KINDS.values())
    assert ACTIONS["unmapped_listing"] == ("map",)
    assert kind_text("of tomorrow").actions == ()


def test_case_numbers_are_read_as_people_write_them() -> None:
    assert case_label(101) == "C-101"
    assert [parse_case_number(text) for text in ("C-101", " c101 ", "101")] == [101, 101, 101]
    assert [parse_case_number(text) for text in ("", "C-", "X-1", "C-1.5", "\u0661")] == [None] * 5
