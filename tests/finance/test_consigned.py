"""Only what is ours is valued, wherever it lies; what is sold for others is owed to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower.finance.model import Cost
from stocktower.finance.model import PostingRole as Role
from stocktower.finance.rules import decide_journals
from tests.finance.world import DROPSHIP, EAST, facts, happen, shipped, stock

ART = "consignor:ART"
OWNERS = st.sampled_from(["", "own", "supplier", ART, "consignor:BOB"])


@given(
    st.lists(st.tuples(st.integers(1, 2), st.integers(1, 5), OWNERS), min_size=1, max_size=6),
    st.sampled_from([EAST, DROPSHIP]),
)
def test_each_unit_is_issued_or_owed_once(owned: list[tuple[int, int, str]], site: int) -> None:
    costs = {1: Cost(100, "USD"), 2: Cost(30, "USD")}
    opened = [stock("opened", sku_id, 100, costs[sku_id].minor, site=site) for sku_id in (1, 2)]
    plan = decide_journals(happen(*opened, shipped(1, 0, owned=owned, site=site)), facts(costs=costs))
    sold = [journal for journal in plan.journals if journal.event_kind == "fulfillment.shipped"]
    accounts: dict[str, int] = {}
    for entry in (entry for journal in sold for entry in journal.entries):
        accounts[entry.account] = accounts.get(entry.account, 0) + entry.amount_minor

    def worth(*owners: str) -> int:
        return sum(quantity * costs[sku_id].minor for sku_id, quantity, owner in owned if owner in owners)

    default = "own" if site == EAST else "supplier"
    unsaid = worth("")
    assert -accounts.get(Role.INVENTORY, 0) == worth("own") + (unsaid if default == "own" else 0)
    assert -accounts.get(Role.SUPPLIER_ACCRUAL, 0) == worth("supplier") + (unsaid if default == "supplier" else 0)
    assert -accounts.get(Role.CONSIGNOR_PAYABLE, 0) == worth(ART, "consignor:BOB")
    assert sum(accounts.values()) == 0


@pytest.mark.parametrize(("site", "owner", "valued"), [
    (EAST, "own", True), (EAST, ART, False), (DROPSHIP, "supplier", False), (DROPSHIP, "own", True),
])  # fmt: skip
def test_only_what_is_ours_is_valued_wherever_it_lies(site: int, owner: str, valued: bool) -> None:
    plan = decide_journals(happen(stock("received", 1, 5, 70, site=site, owner=owner)), facts())
    assert bool(plan.valuations) == valued
