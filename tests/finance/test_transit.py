"""Transfers in the books: no value is made or lost on the way, whatever arrives, and between two entities at cost."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stocktower.finance import PostingRole
from stocktower.finance.rules import decide_journals
from tests.finance.world import EAST, EU_3PL, event, facts, happen, stock

WEST = 14


def moved(step: str, lines: list[tuple[int, int, int]], *, to: int = WEST):
    """A step of transfer 5: (line, sku, units)."""
    return event(
        f"transfer.{step}", "transfer", 5, transfer_id=5, reference="T-5", from_site_id=EAST, to_site_id=to, state="",
        lines=[{"line_no": line, "sku_id": sku, "owner": "own", "units": units} for line, sku, units in lines],
    )  # fmt: skip


def world():
    """The places of the merchant, with one more of the American entity."""
    known = facts({("EUR", "USD"): Fraction(5, 4), ("USD", "EUR"): Fraction(4, 5)})
    return replace(known, places={**known.places, WEST: known.places[EAST]})


ENDS = st.sampled_from(("arrived", "lost", "claimed", "returned"))


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5_000)), min_size=1, max_size=4),
    st.integers(1, 60),
    st.lists(st.tuples(ENDS, st.integers(1, 30)), max_size=6),
    st.sampled_from((WEST, EU_3PL)),
)
def test_what_leaves_is_what_is_somewhere(
    received: list[tuple[int, int]], units: int, ends: list[tuple[str, int]], to: int
) -> None:
    happened = [stock("received", 1, quantity, cost) for quantity, cost in received]
    happened.append(moved("shipped", [(1, 1, units)], to=to))
    left = units
    for step, part in ends:
        part = min(part, left)
        left -= part
        happened.append(moved(step, [(1, 1, part)], to=to))
    plan = decide_journals(happen(*happened), world())
    for journal in plan.journals:
        by_entity: dict[str, int] = {}
        for entry in journal.entries:
            by_entity[entry.entity] = by_entity.get(entry.entity, 0) + entry.book_minor
        assert set(by_entity.values()) == {0}
    accounts: dict[tuple[str, str], int] = {}
    for journal in plan.journals:
        for entry in journal.entries:
            key = (entry.entity, entry.account)
            accounts[key] = accounts.get(key, 0) + entry.book_minor
    transit = plan.transits[5, 1]
    assert transit.quantity == left
    entity = "us" if to == WEST else "de"
    assert accounts.get((entity, PostingRole.INVENTORY_IN_TRANSIT), 0) == transit.value_minor
    for (owner, _), valuation in plan.valuations.items():
        assert accounts.get((owner, PostingRole.INVENTORY), 0) == valuation.value_minor
    if left == 0:
        assert transit.value_minor == 0
    if to == WEST and units <= sum(quantity for quantity, _ in received):
        paid = sum(quantity * cost for quantity, cost in received)
        kept = plan.valuations["us", 1].value_minor + transit.value_minor
        gone = accounts.get(("us", PostingRole.SHRINKAGE), 0) + accounts.get(("us", PostingRole.CARRIER_CLAIM), 0)
        assert kept + gone == paid
