"""The all-orders report of Amazon: whatever the order of its rows, the orders are whole and every amount is right."""

import random
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stocktower.connectors.files import Reading, Source
from tests.connectors.files.exports import (
    AMAZON,
    AMAZON_US,
    amazon_row,
    amount,
    documents,
    kept,
    one_order,
    read,
    tab_record,
    write,
)


def amazon(path: Path, *rows: dict[str, object], encoding: str = "utf-8", source: Source = AMAZON_US) -> list[Reading]:
    """The readings of a report of these rows."""
    texts = [tab_record(row) for row in rows]
    return read(write(path / "orders.txt", AMAZON, texts, delimiter="\t", encoding=encoding), source)


items = st.fixed_dictionaries(
    {
        "quantity": st.integers(0, 12),
        "price": st.integers(0, 50_000),
        "tax": st.integers(0, 5_000),
        "shipping": st.integers(0, 2_000),
        "shipping_tax": st.integers(0, 200),
        "wrap": st.integers(0, 500),
        "promotion": st.integers(0, 3_000),
        "ship_promotion": st.integers(0, 3_000),
        "status": st.sampled_from(["Shipped", "Unshipped", "Cancelled", ""]),
    }
)


@given(
    found=st.lists(st.lists(items, min_size=1, max_size=5), min_size=1, max_size=8),
    shuffle=st.randoms(use_true_random=False),
    adjacent=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_orders_are_whole_however_the_rows_lie(
    found: list[list[dict[str, Any]]], shuffle: random.Random, adjacent: bool
) -> None:
    rows = [
        amazon_row(
            f"114-{number}", sku=f"SKU-{place}", quantity=item["quantity"], item_status=item["status"],
            item_price=amount(item["price"]), item_tax=amount(item["tax"]), shipping_price=amount(item["shipping"]),
            shipping_tax=amount(item["shipping_tax"]), gift_wrap_price=amount(item["wrap"]),
            item_promotion_discount=amount(item["promotion"]), ship_promotion_discount=amount(item["ship_promotion"]),
        )
        for number, order in enumerate(found)
        for place, item in enumerate(order)
    ]  # fmt: skip
    if not adjacent:
        shuffle.shuffle(rows)
    with tempfile.TemporaryDirectory() as folder:
        readings = amazon(Path(folder), *rows)
    assert kept(readings) == []
    by_number = {document.number: document for document in documents(readings)}
    assert len(documents(readings)) == len(by_number) == len(found)
    for number, order in enumerate(found):
        document = by_number[f"114-{number}"]
        lines = {line.listing: line for line in document.lines}
        for place, item in enumerate(order):
            line = lines[f"SKU-{place}"]
            sold = item["quantity"] > 0
            net = item["price"] - item["promotion"] + item["shipping"] + item["wrap"] - item["ship_promotion"]
            paid = line.quantity * line.unit_price_minor - line.discount_minor + (line.shipping_minor or 0)
            assert paid == (net if sold else 0)
            assert line.tax_minor == (item["tax"] + item["shipping_tax"] if sold else 0)
            assert line.cancelled == (item["quantity"] if item["status"] == "Cancelled" else 0)
            assert line.shipped == (item["quantity"] if item["status"] == "Shipped" else 0)
        goods = sum(line.quantity * line.unit_price_minor for line in document.lines)
        assert document.goods_minor == goods
        stated = goods - document.discount_minor + document.shipping_minor + document.tax_minor
        assert document.total_minor == stated
        assert document.amounts_stated


def test_a_price_that_does_not_divide_is_exact(tmp_path: Path) -> None:
    (line,) = one_order(amazon(tmp_path, amazon_row(quantity="3", item_price="10.00"))).lines
    assert (line.unit_price_minor, line.discount_minor) == (334, 2)


def test_cancelled_lines_with_amounts_and_none_sold(tmp_path: Path) -> None:
    order = one_order(
        amazon(
            tmp_path,
            amazon_row(sku="A"),
            amazon_row(sku="B", item_status="Cancelled", quantity="0", item_price="25.00", item_tax="2.00"),
            amazon_row(sku="C", item_status="Cancelled", quantity="2", item_price="8.00", currency=""),
        )
    )
    told = [(line.quantity, line.cancelled, line.unit_price_minor, line.tax_minor) for line in order.lines]
    assert told == [(1, 0, 1000, 0), (0, 0, 0, 0), (2, 2, 400, 0)]
    assert (order.goods_minor, order.total_minor, order.cancelled_at) == (1800, 1800, None)
    assert (order.financial_state, order.refunded_minor) == ("partially_refunded", 800)


def test_a_cancelled_order(tmp_path: Path) -> None:
    row = amazon_row(order_status="Cancelled", item_status="", quantity="0", currency="", item_price="")
    order = one_order(amazon(tmp_path, row))
    assert (order.financial_state, order.cancelled_at) == ("voided", datetime(2026, 5, 4, 11, tzinfo=UTC))
    assert order.currency == "USD"
    row = amazon_row(order_status="Cancelled", item_status="Cancelled", item_tax="1.00")
    order = one_order(amazon(tmp_path, row))
    assert (order.financial_state, order.total_minor, order.refunded_minor) == ("refunded", 1100, 1100)


def test_a_pending_order_has_no_price_yet(tmp_path: Path) -> None:
    order = one_order(amazon(tmp_path, amazon_row(order_status="Pending", item_price="", currency="")))
    assert (order.financial_state, order.amounts_stated, order.total_minor, order.payments) == ("pending", False, 0, ())


@pytest.mark.parametrize(
    ("status", "shipped"),
    [("Shipped", 2), ("Shipped - Delivered to Buyer", 2), ("Unshipped", 0), ("PartiallyShipped", 1), ("Shipping", 0)],
)
def test_shipped_states(tmp_path: Path, status: str, shipped: int) -> None:
    order = one_order(amazon(tmp_path, amazon_row(order_status=status, item_status="", quantity="2")))
    assert order.lines[0].shipped == shipped


def test_custody(tmp_path: Path) -> None:
    readings = amazon(
        tmp_path,
        amazon_row("1", fulfillment_channel="Amazon"),
        amazon_row("2", fulfillment_channel="AFN"),
        amazon_row("3", fulfillment_channel="MFN", sales_channel="Non-Amazon"),
        amazon_row("4"),
        amazon_row("4", fulfillment_channel="Amazon", sku="B"),
    )
    assert [document.custody for document in documents(readings)] == ["marketplace", "marketplace", "merchant"]
    assert documents(readings)[2].tags == ("non-amazon",)
    assert [row.column for row in kept(readings)] == ["fulfillment-channel"]


@pytest.mark.parametrize(
    ("country", "state", "code"),
    [
        ("US", "California", "CA"), ("US", "CALIF.", "CA"), ("US", "ca", "CA"), ("US", "N.Y.", "NY"),
        ("US", "new  york", "NY"), ("US", "D.C.", "DC"), ("US", "West Virginia", "WV"), ("US", "W. Va.", "WV"),
        ("US", "US-TX", "TX"), ("United States", "Texas", "TX"), ("CA", "Québec", "QC"), ("CA", "Ontario", "ON"),
        ("IN", "MAHARASHTRA", "MH"), ("IN", "orissa", "OR"), ("IN", "rajshthan", "RJ"), ("BR", "Sao Paulo", "SP"),
        ("DE", "Bayern", "BAYERN"), ("US", "Zz Top", "ZZ TOP"), ("US", "", ""),
    ],
)  # fmt: skip
def test_states_spelled_many_ways(tmp_path: Path, country: str, state: str, code: str) -> None:
    assert one_order(amazon(tmp_path, amazon_row(ship_country=country, ship_state=state))).ship_to.region == code


def test_windows_encoding_and_literal_quotes(tmp_path: Path) -> None:
    rows = [
        amazon_row("1", product_name='24" Monitor, "slim', ship_city="Köln"),
        amazon_row("2", product_name='"A ""quoted"" cell"'),
    ]
    first, second = documents(amazon(tmp_path, *rows, encoding="cp1252"))
    assert (first.lines[0].name, first.ship_to.city) == ('24" Monitor, "slim', "Köln")
    assert second.lines[0].name == 'A "quoted" cell'


def test_bytes_of_no_encoding_keep_their_order_only(tmp_path: Path) -> None:
    path = write(tmp_path / "o.txt", AMAZON, [tab_record(amazon_row("1", ship_city="Köln"))], delimiter="\t")
    damaged = tab_record(amazon_row("2", ship_city="@")).encode().replace(b"@", b"\xff\xfe")
    path.write_bytes(path.read_bytes() + damaged + tab_record(amazon_row("3")).encode())
    readings = read(path, AMAZON_US)
    assert [document.number for document in documents(readings)] == ["1", "3"]
    assert documents(readings)[0].ship_to.city == "Köln"
    (row,) = kept(readings)
    assert "\\xff\\xfe" in row.rows[0]


def test_two_reports_laid_end_to_end(tmp_path: Path) -> None:
    older = [amazon_row("1", sku="A"), amazon_row("1", sku="B"), amazon_row("2")]
    newer = [row | {"order-status": "Shipped", "last-updated-date": "2026-05-05T08:00:00+00:00"} for row in older]
    same = documents(amazon(tmp_path, *older, *older))
    assert {document.stated_at for document in same} == {datetime(2026, 5, 4, 11, tzinfo=UTC)}
    assert [(document.number, len(document.lines)) for document in same] == [("1", 2), ("1", 2), ("2", 1), ("2", 1)]
    told = [(document.number, document.fulfillment_state) for document in documents(amazon(tmp_path, *newer, *older))]
    assert sorted(told[:2]) == sorted([("1", "unfulfilled"), ("1", "fulfilled")])
    assert [state for number, state in told if number == "2"] == ["unfulfilled", "fulfilled"]


def test_short_dates_are_not_guessed(tmp_path: Path) -> None:
    readings = amazon(tmp_path, amazon_row("1", purchase_date="03/04/2026"), amazon_row("2"))
    assert [row.column for row in kept(readings)] == ["purchase-date"]
    readings = amazon(tmp_path, amazon_row("1", purchase_date="03-04-26"), amazon_row("2", purchase_date="04-30-26"))
    assert [document.placed_at.month for document in documents(readings)] == [3, 4]


def test_several_currencies_in_one_order(tmp_path: Path) -> None:
    readings = amazon(
        tmp_path, amazon_row("1"), amazon_row("1", sku="B", currency="CAD"), amazon_row("2", currency="JPY")
    )
    assert [row.column for row in kept(readings)] == ["currency"]
    assert [(document.currency, document.goods_minor) for document in documents(readings)] == [("JPY", 10)]
