from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stocktower import catalog, finance, model, worklist
from stocktower.exchange import ProductDocument
from stocktower.kernel import CaseKind
from stocktower.model import LegalEntity
from stocktower.platform import Event, Transaction, load_events_at
from tests.finance.test_rules import lives
from tests.finance.world import (
    AT,
    DROPSHIP,
    EU_3PL,
    WEB_EU,
    broken,
    configuration,
    event,
    feed,
    network,
    paid,
    refunded,
    shipped,
    stock,
    undone,
)

# The tests feed events of stock without the stock rows.
NO_STOCK_ROWS = "valuation_is_own_stock"


def balances(tx: Transaction, entity: str = "us", as_of: date | None = None) -> dict[str, int]:
    """Book balance by the last part of the account's name."""
    rows = finance.trial_balance(tx, as_of).rows
    return {row.account.rpartition(":")[2]: row.debit_minor - row.credit_minor for row in rows if row.entity == entity}


def account(role: str) -> str:
    """The account of a posting role."""
    return model.account(configuration(), role)


def test_a_month_of_trade(tx: Transaction) -> None:
    feed(
        tx,
        stock("opened", 1, 10, 500),
        paid(7, 5000),
        shipped(7, 4000, discount=400, shipping=600, tax=300, items=[(1, 2)]),
        refunded(7, 500, before=500),
        refunded(7, 1900, goods_minor=2000, discount_minor=200, tax_minor=100),
        stock("counted", 1, -1),
    )
    found = finance.trial_balance(tx)
    assert found.balances
    held = {row.account: row.debit_minor - row.credit_minor for row in found.rows}
    assert held == {
        account("inventory"): 3500,
        account("opening_equity"): -5000,
        account("processor_clearing"): 5000 - 500 - 1900,
        account("customer_deposits"): 0,
        account("discounts"): 400,
        account("gross_revenue"): -4000,
        account("shipping_revenue"): -600,
        account("tax_payable"): -200,
        account("cost_of_goods"): 1000,
        account("sales_returns"): 1800,
        account("shrinkage"): 500,
    }
    assert broken(tx, NO_STOCK_ROWS) == {}
    assert finance.load_order_balances(tx, [7])[7].deposits_minor == 0
    assert finance.load_valuations(tx, [1])[1][0].value_minor == 3500
    (value,) = [value for value in finance.load_stock_values(tx) if value.entity == "us"]
    assert (value.quantity, value.value_minor, value.ledger_minor) == (7, 3500, 3500)


def test_the_same_events_post_nothing_twice(tx: Transaction) -> None:
    positions = feed(tx, stock("opened", 1, 3, 100), paid(1, 900), shipped(1, 900, items=[(1, 1)]))
    before = (finance.trial_balance(tx), finance.load_journals(tx), finance.load_valuations(tx, [1]))
    stated = configuration()
    finance.post(tx, stated, network(stated), load_events_at(tx, positions))
    finance.post(tx, stated, network(stated), load_events_at(tx, positions[1:]))
    assert (finance.trial_balance(tx), finance.load_journals(tx), finance.load_valuations(tx, [1])) == before
    assert broken(tx, NO_STOCK_ROWS) == {}


def test_other_events_and_empty_ones_are_passed_over(tx: Transaction) -> None:
    feed(tx, event("order.captured", "order", 1), stock("adjusted", 1, 0), paid(1, 0), shipped(1, 0))
    assert finance.load_journals(tx).journals == ()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(lives, min_size=1, max_size=3))
def test_the_invariants_hold_whatever_happens(tx: Transaction, batches: list[list[Event]]) -> None:
    with undone(tx):
        for batch in batches:
            feed(tx, *batch)
        assert broken(tx, NO_STOCK_ROWS) == {}
        assert finance.trial_balance(tx).balances


def test_a_day_is_the_merchants_own(tx: Transaction) -> None:
    just_after_midnight_utc = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
    (position,) = feed(tx, paid(1, 100, at=just_after_midnight_utc))
    detail = finance.load_journal(tx, position)
    assert detail is not None
    assert detail.journal.occurred_on == date(2026, 5, 31)


def test_the_trial_balance_of_a_day(tx: Transaction) -> None:
    days = [0, 1, 10, 35, 70]
    feed(tx, *(paid(number, 100 + number, at=AT + timedelta(days=day)) for number, day in enumerate(days)))
    for upto, day in enumerate(days):
        expected = sum(100 + number for number in range(upto + 1))
        assert balances(tx, as_of=(AT + timedelta(days=day)).date())["CustomerDeposits"] == -expected
    assert balances(tx, as_of=(AT - timedelta(days=1)).date()) == {}
    assert balances(tx, as_of=(AT + timedelta(days=34)).date()) == balances(tx, as_of=(AT + timedelta(days=10)).date())


def test_the_register_of_an_account_runs_and_pages(tx: Transaction) -> None:
    amounts = [10, 20, 30, 40, 50, 60]
    feed(tx, *(paid(n, amount, at=AT + timedelta(days=20 * (n % 3))) for n, amount in enumerate(amounts)))
    clearing = account("processor_clearing")
    page = finance.load_account(tx, "us", clearing, limit=4)
    assert (page.closing_minor, page.currency, len(page.entries)) == (210, "USD", 4)
    assert page.before is not None
    rest = finance.load_account(tx, "us", clearing, limit=4, before=page.before)
    assert rest.before is None
    entries = [*page.entries, *rest.entries]
    assert [entry.book_minor for entry in entries] == [60, 30, 50, 20, 40, 10]
    running = 0
    for entry in reversed(entries):
        running += entry.book_minor
        assert entry.balance_minor == running
    as_of = finance.load_account(tx, "us", clearing, as_of=(AT + timedelta(days=20)).date())
    assert (as_of.closing_minor, len(as_of.entries)) == (120, 4)
    assert finance.load_account(tx, "de", clearing).entries == ()


def test_a_journal_leads_to_its_event_and_message(tx: Transaction) -> None:
    tx.cause_id = 4711
    (position,) = feed(tx, paid(5, 100))
    detail = finance.load_journal(tx, position)
    assert detail is not None
    assert detail.event is not None
    assert (detail.event.kind, detail.event.cause_id) == ("payment.captured", 4711)
    assert [entry.amount_minor for entry in detail.journal.entries] == [100, -100]
    assert finance.load_journals_of(tx, "order", 5) == [detail.journal]
    assert finance.load_journal(tx, position + 1) is None


def test_journals_page_by_day(tx: Transaction) -> None:
    feed(tx, *(paid(n, 100, at=AT - timedelta(days=n)) for n in range(1, 6)))
    first = finance.load_journals(tx, limit=3)
    rest = finance.load_journals(tx, limit=3, before=first.before)
    assert [journal.subject_id for journal in (*first.journals, *rest.journals)] == [1, 2, 3, 4, 5]
    assert rest.before is None


def test_foreign_currency_keeps_both_amounts(tx: Transaction) -> None:
    feed(tx, paid(1, 1999, channel=WEB_EU, currency="EUR"))
    feed(tx, shipped(1, 1999, channel=WEB_EU, currency="EUR"), under=configuration(eur_usd=Decimal("1.10")))
    rows = {row.account: row for row in finance.trial_balance(tx).rows}
    assert rows[account("gross_revenue")].credit_minor == 2199
    assert rows[account("gross_revenue")].parts[0].amount_minor == -1999
    assert rows[account("fx_difference")].credit_minor == 2499 - 2199
    assert broken(tx) == {}


def test_units_without_any_cost_open_one_case(tx: Transaction) -> None:
    feed(tx, stock("adjusted", 1, 5), stock("adjusted", 1, 5), shipped(1, 0, items=[(2, 1)], site=DROPSHIP))
    cases = worklist.load_cases(tx, worklist.CaseFilter(kind=CaseKind.COST_UNKNOWN)).cases
    assert sorted((case.cause_key, case.units) for case in cases) == [("sku/1", 10), ("sku/2", 1)]
    feed(tx, stock("received", 1, 1, 100))
    assert [case.cause_key for case in worklist.load_cases(tx, worklist.CaseFilter()).cases] == ["sku/2"]
    assert broken(tx, NO_STOCK_ROWS) == {}


def test_the_catalogue_is_asked_for_a_cost_that_nobody_states(tx: Transaction) -> None:
    catalog.take_products(tx, [ProductDocument(sku="BOAT", name="Boat", cost_minor=8000, currency="EUR")])
    sku_id = catalog.find_skus(tx, ["BOAT"])["BOAT"].sku_id
    feed(tx, stock("adjusted", sku_id, 2, site=EU_3PL), shipped(1, 0, items=[(sku_id, 1)], site=DROPSHIP))
    assert balances(tx, "de") == {"Inventory": 16000, "Shrinkage": -16000}
    assert balances(tx) == {"CostOfGoods": 10000, "SupplierAccrual": -10000}


def test_what_cannot_be_posted_says_why(tx: Transaction) -> None:
    with pytest.raises(finance.UnknownPlace, match="no site"), tx.savepoint():
        feed(tx, stock("received", 1, 1, 100, site=999))
    feed(tx, paid(1, 100))
    with pytest.raises(finance.ForeignBalance), tx.savepoint():
        feed(tx, paid(1, 100, currency="EUR"))
    with pytest.raises(msgspec.ValidationError), tx.savepoint():
        feed(tx, event("payment.captured", "order", 1, amount_minor="many"))
    changed = (LegalEntity(code="us", name="US", currency="GBP"), LegalEntity(code="de", name="DE", currency="EUR"))
    with pytest.raises(finance.BookCurrencyChanged), tx.savepoint():
        feed(tx, paid(2, 100, currency="GBP"), under=configuration(entities=changed))


def test_the_books_of_merchants_are_apart(tx: Transaction) -> None:
    feed(tx, paid(1, 100))
    mine, tx.merchant_id = tx.merchant_id, tx.new_id()
    assert finance.trial_balance(tx).rows == ()
    tx.merchant_id = mine
    assert len(finance.trial_balance(tx).rows) == 2
