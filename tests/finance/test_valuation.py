import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower.finance import Valuation
from stocktower.finance.model import ValuationEntry
from stocktower.finance.valuation import fold, issue, receive, receive_at, value_found

EMPTY = Valuation("us", 1)


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 9999)), max_size=60))
def test_no_value_is_lost_and_the_last_unit_takes_the_remainder(changes: list[tuple[int, int]]) -> None:
    held, ledger = EMPTY, list[ValuationEntry]()
    for delta, cost in changes:
        if delta > 0:
            held, entry = receive_at(held, delta, cost, 1)
        elif held.quantity:
            held, entry = issue(held, min(-delta or 1, held.quantity), 1)
        else:
            continue
        ledger.append(entry)
        assert held.quantity >= 0
        assert held.value_minor >= 0
        assert held.quantity or not held.value_minor
        assert fold(ledger) == (held.quantity, held.value_minor)
    assert [entry.sequence for entry in ledger] == list(range(1, len(ledger) + 1))
    if held.quantity:
        held, entry = issue(held, held.quantity, 1)
        assert (held.quantity, held.value_minor) == (0, 0)


def test_issue_cost_is_of_the_total_never_of_a_rounded_unit() -> None:
    held, _ = receive(EMPTY, 3, 1000, 1)
    costs: list[int] = []
    for _ in range(3):
        held, entry = issue(held, 1, 1)
        costs.append(-entry.delta_minor)
    assert costs == [333, 334, 333]


def test_found_units_come_at_the_average_then_at_the_last_cost() -> None:
    held, _ = receive_at(EMPTY, 4, 250, 1)
    assert value_found(held, 2) == 500
    gone, _ = issue(held, 4, 1)
    assert value_found(gone, 3) == 750
    assert value_found(EMPTY, 1) is None


def test_more_than_there_is_never_goes_out() -> None:
    held, _ = receive_at(EMPTY, 1, 100, 1)
    with pytest.raises(ValueError, match="cannot go out"):
        issue(held, 2, 1)
