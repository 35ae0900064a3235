"""Assemblies in the books: no value is made or lost, whatever is made or taken apart, whoever knows what it costs."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stocktower import catalog, finance, inventory, model, network, worklist
from stocktower.exchange import AssemblyDocument, ProductDocument, StockDocument, StockLine
from stocktower.finance import PostingRole
from stocktower.finance.model import Cost
from stocktower.finance.rules import decide_journals
from stocktower.platform import Event, Transaction
from tests.finance.test_with_inventory import places, post
from tests.finance.world import EAST, broken, event, facts, happen, stock

__all__ = ["places"]
GIFT, CUP, LID = 1, 2, 3
HOUR = timedelta(hours=1)
AT = datetime(2026, 6, 1, 10, tzinfo=UTC)


def made(units: int, bill: dict[int, int]) -> Event:
    """Units of the gift are made, or (below zero) taken apart."""
    lines = [{"sku_id": GIFT, "units": units}, *({"sku_id": sku, "units": -units * n} for sku, n in bill.items())]
    kind = "assembly.made" if units > 0 else "assembly.undone"
    return event(
        kind, "assembly", 5, assembly_id=5, reference="W-5", sku_id=GIFT, site_id=EAST, units=units, lines=lines
    )


STEPS = st.lists(
    st.tuples(st.sampled_from((GIFT, CUP, LID)), st.integers(1, 40), st.integers(0, 5_000))
    | st.integers(-9, 9).filter(bool),
    max_size=12,
)


@given(STEPS, st.integers(1, 4), st.integers(1, 4))
def test_no_value_is_made_or_lost(steps: list[tuple[int, int, int] | int], cups: int, lids: int) -> None:
    bill = {CUP: cups, LID: lids}
    held = {GIFT: 0, CUP: 0, LID: 0}
    happened: list[Event] = []
    paid = 0
    for step in steps:
        if isinstance(step, tuple):
            sku, quantity, cost = step
            held[sku] += quantity
            paid += quantity * cost
            happened.append(stock("received", sku, quantity, cost))
        else:
            after = {GIFT: held[GIFT] + step, CUP: held[CUP] - step * cups, LID: held[LID] - step * lids}
            if min(after.values()) >= 0:
                held = after
                happened.append(made(step, bill))
    plan = decide_journals(happen(*happened), facts())
    units = {sku: plan.valuations[key].quantity if (key := ("us", sku)) in plan.valuations else 0 for sku in held}
    assert units == held
    assert sum(one.value_minor for one in plan.valuations.values()) == paid
    assert all(one.value_minor >= 0 and (one.quantity or not one.value_minor) for one in plan.valuations.values())
    for journal in plan.journals:
        assert sum(entry.book_minor for entry in journal.entries) == 0
        if journal.event_kind.startswith("assembly."):
            assert {entry.account for entry in journal.entries} == {PostingRole.INVENTORY}


def test_what_is_taken_apart_goes_by_what_its_parts_cost() -> None:
    received = stock("received", GIFT, 1, 1_000), stock("received", CUP, 1, 300), stock("received", LID, 1, 100)
    plan = decide_journals(happen(*received, made(-1, {CUP: 2, LID: 2})), facts())
    values = {sku: plan.valuations["us", sku].value_minor for sku in (GIFT, CUP, LID)}
    assert values == {GIFT: 0, CUP: 300 + 750, LID: 100 + 250}


def test_a_part_of_unknown_cost_is_worth_nothing_until_somebody_says() -> None:
    known = facts(costs={CUP: Cost(200, "USD")})
    plan = decide_journals(happen(stock("received", GIFT, 1, 1_000), made(-1, {CUP: 1, LID: 4})), known)
    assert plan.valuations["us", CUP].value_minor == 1_000
    assert [(one.sku_id, one.quantity) for one in plan.unknown_costs] == [(LID, 4)]
    plan = decide_journals(happen(stock("received", GIFT, 1, 1_000), made(-1, {CUP: 1, LID: 4})), facts())
    assert (plan.valuations["us", CUP].value_minor, plan.valuations["us", LID].value_minor) == (200, 800)
    assert plan.unknown_costs == []


def test_what_it_was_made_of_is_its_last_known_cost() -> None:
    gone = stock("adjusted", GIFT, -2)
    plan = decide_journals(happen(stock("received", CUP, 2, 301), made(2, {CUP: 1}), gone), facts())
    assert (plan.valuations["us", GIFT].value_minor, plan.valuations["us", GIFT].last_cost_minor) == (0, 301)
    plan = decide_journals(happen(stock("adjusted", GIFT, 1)), facts(stock=plan.valuations))
    assert plan.valuations["us", GIFT].value_minor == 301


def test_what_the_books_do_not_have_is_found_first() -> None:
    received = stock("received", CUP, 1, 300), stock("received", LID, 5, 10)
    plan = decide_journals(happen(*received, made(2, {CUP: 1, LID: 1})), facts())
    assert plan.valuations["us", GIFT].value_minor == 2 * 300 + 2 * 10
    shrinkage = [entry.book_minor for entry in plan.journals[-1].entries if entry.account == PostingRole.SHRINKAGE]
    assert shrinkage == [-300]


def test_the_books_value_what_is_made(tx: Transaction, places: network.Network) -> None:
    products = (
        ProductDocument("CUP", "Cup"), ProductDocument("LID", "Lid"),
        ProductDocument("GIFT", "Gift", materials=(("CUP", 2), ("LID", 3))),
    )  # fmt: skip
    catalog.take_products(tx, products)
    sku = {code: one.sku_id for code, one in catalog.find_skus(tx, ["CUP", "LID", "GIFT"]).items()}
    east = places.site_ids["EAST"]
    for code, units, cost in (("CUP", 7, 333), ("LID", 10, 51)):
        inventory.receive(tx, [inventory.Posting(sku[code], east, units, AT, cost_minor=cost)])
    inventory.receive(tx, [inventory.Posting(sku["CUP"], east, 3, AT, cost_minor=400)])
    inventory.state_assembly(tx, AssemblyDocument("W-1", "EAST", "GIFT", 3))
    inventory.adjust(tx, [inventory.Posting(sku["GIFT"], east, -1, AT, reason="broken")])
    inventory.state_assembly(tx, AssemblyDocument("W-2", "EAST", "GIFT", 1, disassemble=True))
    post(tx)
    assert broken(tx) == {}
    held = {row.account: row.debit_minor - row.credit_minor for row in finance.trial_balance(tx).rows}
    value = sum(one.value_minor for of_sku in finance.load_valuations(tx, [*sku.values()]).values() for one in of_sku)
    # Six cups of ten that cost 3531, and nine lids of ten that cost 510, are three gifts; one of them broke.
    assert 7 * 333 + 3 * 400 + 10 * 51 - value == 859
    assert held[model.account(model.load_applied(tx).configuration, "shrinkage")] == 859
    assert not worklist.load_cases(tx, worklist.CaseFilter()).cases


def test_a_count_that_saw_the_assembly_is_known_first(tx: Transaction, places: network.Network) -> None:
    """The gifts are found by the count, then made, so that what was found is taken back: nothing is there twice."""
    catalog.take_products(tx, [ProductDocument("CUP", "Cup"), ProductDocument("GIFT", "Gift", materials=(("CUP", 2),))])
    sku = {code: one.sku_id for code, one in catalog.find_skus(tx, ["CUP", "GIFT"]).items()}
    inventory.receive(
        tx, [inventory.Posting(sku["CUP"], places.site_ids["EAST"], 5, tx.now - 3 * HOUR, cost_minor=301)]
    )
    post(tx)
    lines = (StockLine("CUP", 1, row=2), StockLine("GIFT", 2, row=3))
    document = StockDocument("EAST", tx.now - HOUR, lines)
    inventory.take_snapshot(tx, document, 1, may_cut=lambda candidates: set())
    post(tx)
    at = tx.now - 2 * HOUR
    inventory.state_assembly(tx, AssemblyDocument("W-1", "EAST", "GIFT", 2, occurred_at=at))
    post(tx)
    assert broken(tx) == {}
    found = {code: finance.load_valuations(tx, [sku_id])[sku_id][0] for code, sku_id in sku.items()}
    assert (found["CUP"].quantity, found["GIFT"].quantity) == (1, 2)


def test_an_assembly_that_is_not_posted_is_seen(tx: Transaction, places: network.Network) -> None:
    catalog.take_products(tx, [ProductDocument("CUP", "Cup"), ProductDocument("GIFT", "Gift", materials=(("CUP", 2),))])
    sku_id = catalog.find_skus(tx, ["CUP"])["CUP"].sku_id
    inventory.receive(tx, [inventory.Posting(sku_id, places.site_ids["EAST"], 5, AT, cost_minor=300)])
    post(tx)
    inventory.state_assembly(tx, AssemblyDocument("W-1", "EAST", "GIFT", 1))
    tx.write_events()
    assert sorted((int(row[2]), int(row[3])) for row in broken(tx)["valuation_is_own_stock"]) == [(1, 0), (3, 5)]
