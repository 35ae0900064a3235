from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stocktower.finance.facts import Plan
from stocktower.finance.model import Cost, Entry, Journal
from stocktower.finance.model import PostingRole as Role
from stocktower.finance.rules import decide_journals
from stocktower.finance.service import sum_turnovers
from stocktower.platform import Event
from tests.finance.world import AMAZON, DROPSHIP, EAST, EU_3PL, WEB, facts, happen, paid, refunded, shipped, stock

MONEY = st.integers(0, 50_000)
ORDER = st.integers(1, 4)
SKU = st.integers(1, 3)
CHANNEL = st.sampled_from([WEB, AMAZON])


@st.composite
def sales(draw: st.DrawFn) -> Event:
    """A shipment; the currency of an order follows from its number."""
    order = draw(ORDER)
    goods = draw(MONEY)
    return shipped(
        order,
        goods,
        discount=draw(st.integers(0, goods)),
        shipping=draw(MONEY),
        tax=draw(MONEY),
        duties=draw(MONEY),
        items=draw(st.lists(st.tuples(SKU, st.integers(1, 9)), max_size=3)),
        site=draw(st.sampled_from([EAST, EU_3PL, DROPSHIP])),
        channel=draw(CHANNEL),
        currency=currency_of(order),
        marketplace_tax=draw(st.booleans()),
    )


@st.composite
def refunds(draw: st.DrawFn) -> Event:
    """Money back, whether or not it was ever paid."""
    order = draw(ORDER)
    goods = draw(MONEY)
    return refunded(
        order,
        draw(MONEY),
        before=draw(MONEY),
        method=draw(st.sampled_from(["card", "gift_card", "terms"])),
        channel=draw(CHANNEL),
        currency=currency_of(order),
        goods_minor=goods,
        discount_minor=draw(st.integers(0, goods)),
        shipping_minor=draw(MONEY),
        tax_minor=draw(MONEY),
        duties_minor=draw(MONEY),
    )


def currency_of(order_id: int) -> str:
    return "EUR" if order_id % 2 else "USD"


payments = st.builds(
    lambda order, amount, channel: paid(order, amount, channel=channel, currency=currency_of(order)),
    ORDER,
    MONEY,
    CHANNEL,
)
moves = st.builds(
    lambda kind, sku, delta, cost, site, owner: stock(kind, sku, delta, cost, site=site, owner=owner),
    st.sampled_from(["opened", "received", "adjusted", "counted"]),
    SKU,
    st.integers(-20, 20),
    st.none() | st.integers(0, 5000),
    st.sampled_from([EAST, EU_3PL, DROPSHIP]),
    st.sampled_from(["own", "own", "supplier"]),
)
lives = st.lists(st.one_of(sales(), refunds(), payments, moves), max_size=40)


def assert_balanced(journal: Journal) -> None:
    """Debits equal credits in each currency and in each entity's books."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    books: dict[str, int] = defaultdict(int)
    for entry in journal.entries:
        sums[entry.entity, entry.currency] += entry.amount_minor
        books[entry.entity] += entry.book_minor
        assert entry.amount_minor * entry.book_minor >= 0
    assert not any(sums.values())
    assert not any(books.values())


def total(plan: Plan, role: Role, entity: str | None = None) -> int:
    return sum(entry.amount_minor for entry in entries(plan, role) if entity in (None, entry.entity))


def entries(plan: Plan, role: Role) -> list[Entry]:
    return [entry for journal in plan.journals for entry in journal.entries if entry.account == str(role)]


@settings(max_examples=300)
@given(lives, st.fractions(Fraction(1, 200), 200))
def test_whatever_happens_every_journal_balances_and_no_balance_is_negative(
    events: list[Event], rate: Fraction
) -> None:
    plan = decide_journals(happen(*events), facts({("EUR", "USD"): rate}))
    for journal in plan.journals:
        assert journal.entries
        assert_balanced(journal)
    for balance in plan.orders.values():
        assert balance.deposits_minor >= 0
        assert balance.deposits_book_minor >= 0
        assert balance.receivable_minor >= 0
        assert balance.receivable_book_minor >= 0
    deposits, receivable = Role.CUSTOMER_DEPOSITS, Role.RECEIVABLE
    assert total(plan, deposits) == -sum(balance.deposits_minor for balance in plan.orders.values())
    assert total(plan, receivable) == sum(balance.receivable_minor for balance in plan.orders.values())
    books = [sum(entry.book_minor for entry in entries(plan, role)) for role in (deposits, receivable)]
    assert books[0] == -sum(balance.deposits_book_minor for balance in plan.orders.values())
    assert books[1] == sum(balance.receivable_book_minor for balance in plan.orders.values())


@settings(max_examples=300)
@given(lives)
def test_inventory_is_its_valuation_whatever_happens(events: list[Event]) -> None:
    plan = decide_journals(happen(*events), facts())
    for (entity, sku_id), valuation in plan.valuations.items():
        mine = [entry for entry in entries(plan, Role.INVENTORY) if (entry.entity, entry.sku_id) == (entity, sku_id)]
        assert sum(entry.quantity or 0 for entry in mine) == valuation.quantity >= 0
        assert sum(entry.book_minor for entry in mine) == valuation.value_minor >= 0
        assert valuation.quantity or not valuation.value_minor
    assert sum(len(journal.entries) for journal in plan.journals) >= len(plan.valuation_entries)
    turnovers = sum_turnovers(plan.journals)
    assert sum(debit - credit for debit, credit, _, _ in turnovers.values()) == 0
    assert sum(debit - credit for _, _, debit, credit in turnovers.values()) == 0


@given(lives, st.integers(0, 40))
def test_a_batch_posts_what_its_halves_post(events: list[Event], cut: int) -> None:
    happenings = happen(*events)
    whole = decide_journals(happenings, facts())
    first = decide_journals(happenings[:cut], facts())
    second = decide_journals(happenings[cut:], facts(orders=first.orders, stock=first.valuations))
    assert whole.journals == [*first.journals, *second.journals]
    assert whole.orders == {**first.orders, **second.orders}
    assert whole.valuations == {**first.valuations, **second.valuations}


def accounts(journal: Journal) -> dict[str, int]:
    """Amounts by account."""
    sums: dict[str, int] = defaultdict(int)
    for entry in journal.entries:
        sums[entry.account] += entry.amount_minor
    return dict(sums)


def test_a_sale_paid_ahead_takes_deposits_and_a_credit_sale_is_owed() -> None:
    plan = decide_journals(
        happen(paid(1, 700), shipped(1, 1000, discount=100, shipping=50, tax=80), paid(1, 330)), facts()
    )
    ahead, sale, rest = map(accounts, plan.journals)
    assert ahead == {"processor_clearing": 700, "customer_deposits": -700}
    assert sale == {
        "customer_deposits": 700,
        "receivable": 330,
        "discounts": 100,
        "gross_revenue": -1000,
        "shipping_revenue": -50,
        "tax_payable": -80,
    }
    assert rest == {"processor_clearing": 330, "receivable": -330}
    assert plan.orders[1].receivable_minor == plan.orders[1].deposits_minor == 0


def test_a_marketplace_owes_what_it_collects_and_its_tax_is_memo_only() -> None:
    plan = decide_journals(happen(shipped(1, 1000, tax=80, channel=AMAZON, marketplace_tax=True)), facts())
    assert accounts(plan.journals[0]) == {"marketplace_clearing": 1000, "gross_revenue": -1000}


@pytest.mark.parametrize(("channel", "clearing"), [(AMAZON, "marketplace_clearing"), (WEB, "processor_clearing")])
def test_tax_that_was_paid_to_a_marketplace_stays_there(channel: int, clearing: str) -> None:
    plan = decide_journals(
        happen(
            paid(1, 1080, channel=channel),
            shipped(1, 500, tax=40, channel=channel, marketplace_tax=True),
            shipped(1, 500, tax=40, channel=channel, marketplace_tax=True),
        ),
        facts(),
    )
    for journal in plan.journals[1:]:
        assert accounts(journal) == {"customer_deposits": 540, "gross_revenue": -500, clearing: -40}
    assert plan.orders[1].deposits_minor == plan.orders[1].receivable_minor == 0


def test_refunds_before_shipment_give_back_deposits_and_after_it_reverse_the_sale() -> None:
    plan = decide_journals(
        happen(
            paid(1, 1500),
            refunded(1, 500, before=500),
            shipped(1, 1000, discount=100, shipping=50, tax=50),
            refunded(1, 500, goods_minor=500, discount_minor=50, shipping_minor=25, tax_minor=25),
        ),
        facts(),
    )
    _, before, _, after = map(accounts, plan.journals)
    assert before == {"customer_deposits": 500, "processor_clearing": -500}
    assert after == {"sales_returns": 450, "shipping_refunded": 25, "tax_payable": 25, "processor_clearing": -500}


def test_duties_are_owed_to_the_customs_and_given_back_with_the_goods() -> None:
    plan = decide_journals(
        happen(
            paid(1, 1230),
            shipped(1, 1000, tax=80, duties=150),
            refunded(1, 615, goods_minor=500, tax_minor=40, duties_minor=75),
            refunded(1, 615, method="terms", goods_minor=500, tax_minor=40, duties_minor=75),
        ),
        facts(),
    )
    _, sale, half, rest = map(accounts, plan.journals)
    assert sale == {"customer_deposits": 1230, "gross_revenue": -1000, "tax_payable": -80, "duties_payable": -150}
    assert half == {"sales_returns": 500, "tax_payable": 40, "duties_payable": 75, "processor_clearing": -615}
    assert rest == {"sales_returns": 500, "tax_payable": 40, "duties_payable": 75, "customer_deposits": -615}


def test_a_credit_note_is_taken_off_what_is_owed() -> None:
    plan = decide_journals(happen(shipped(1, 1000), refunded(1, 300, method="terms", goods_minor=300)), facts())
    assert accounts(plan.journals[1]) == {"sales_returns": 300, "receivable": -300}
    assert plan.orders[1].receivable_minor == 700


def test_a_gift_card_is_a_tender() -> None:
    plan = decide_journals(happen(paid(1, 500, method="Gift Card")), facts())
    assert accounts(plan.journals[0]) == {"gift_card_liability": 500, "customer_deposits": -500}


def test_goods_leave_at_the_average_and_suppliers_goods_are_owed() -> None:
    plan = decide_journals(
        happen(
            stock("opened", 1, 2, 100),
            stock("received", 1, 1, 250),
            shipped(1, 0, items=[(1, 2)]),
            stock("counted", 1, -1),
            stock("opened", 2, 5, 70, site=DROPSHIP, owner="supplier"),
            shipped(2, 0, items=[(2, 3)], site=DROPSHIP),
        ),
        facts(costs={2: Cost(70, "USD")}),
    )
    opened, received, sold, counted, dropped = map(accounts, plan.journals)
    assert opened == {"inventory": 200, "opening_equity": -200}
    assert received == {"inventory": 250, "goods_received_not_invoiced": -250}
    assert sold == {"inventory": -300, "cost_of_goods": 300}
    assert counted == {"inventory": -150, "shrinkage": 150}
    assert dropped == {"cost_of_goods": 210, "supplier_accrual": -210}


def test_goods_of_another_entity_are_sold_to_the_seller_at_cost() -> None:
    events = [stock("opened", 1, 4, 100, site=EU_3PL), shipped(1, 0, items=[(1, 1)], site=EU_3PL)]
    sold = decide_journals(happen(*events), facts()).journals[1]
    assert_balanced(sold)
    assert [
        (entry.entity, entry.account, entry.currency, entry.amount_minor, entry.book_minor) for entry in sold.entries
    ] == [
        ("de", "inventory", "EUR", -100, -100),
        ("de", "intercompany", "EUR", 100, 100),
        ("us", "cost_of_goods", "EUR", 100, 125),
        ("us", "intercompany", "EUR", -100, -125),
    ]


def test_what_the_books_did_not_have_is_found_at_the_last_cost() -> None:
    events = [stock("opened", 1, 1, 100), shipped(1, 0, items=[(1, 3)])]
    plan = decide_journals(happen(*events), facts())
    assert accounts(plan.journals[1]) == {"inventory": -100, "shrinkage": -200, "cost_of_goods": 300}
    assert plan.valuations["us", 1].quantity == 0


def test_deposits_keep_the_rate_of_their_day() -> None:
    ahead = decide_journals(happen(paid(1, 1000, currency="EUR")), facts())
    moved = {("EUR", "USD"): Fraction(6, 5)}
    plan = decide_journals(happen(shipped(1, 1000, currency="EUR")), facts(moved, orders=ahead.orders))
    (sale,) = plan.journals
    assert_balanced(sale)
    assert {entry.account: entry.book_minor for entry in sale.entries} == {
        "customer_deposits": 1250,
        "gross_revenue": -1200,
        "fx_difference": -50,
    }
