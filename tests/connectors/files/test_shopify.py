"""The Shopify orders export: what a shop wrote comes out as the order that it meant, in every width."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stocktower.connectors.files import FileError, Reading
from stocktower.exchange import LineDocument, OrderDocument, PaymentDocument
from stocktower.ordering.amounts import decide_foots, freeze
from tests.connectors.files.exports import (
    SHOP,
    SHOPIFY,
    amount,
    documents,
    kept,
    one_order,
    read,
    record,
    shopify,
    shopify_line,
    shopify_order,
    stamp,
    write,
)

assert {width: len(header) for width, header in SHOPIFY.items()} == {34: 34, 71: 71, 75: 75, 79: 79}

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
words = texts.map(str.strip).filter(bool)
money = st.integers(0, 99_999)


@st.composite
def lines(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "sku": draw(st.none() | words.filter(lambda sku: not sku.startswith("name:"))),
        "name": draw(words),
        "quantity": draw(st.integers(0, 30)),
        "price": draw(money),
        "status": draw(st.sampled_from(["pending", "fulfilled", ""])),
    }


@st.composite
def orders(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """An order as its shop means it; the discount never exceeds the goods."""
    found = draw(st.lists(lines(), min_size=1, max_size=4))
    goods = sum(line["quantity"] * line["price"] for line in found)
    return {
        "number": f"#{number}",
        "placed_at": draw(
            st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)).map(
                lambda at: at.replace(microsecond=0)
            )
        ),
        "hours": draw(st.integers(-11, 12)),
        "currency": draw(st.sampled_from(["USD", "CAD", "GBP", "ZAR", "EUR", "BDT", "INR", "JPY", "KWD"])),
        "lines": found,
        "goods": goods,
        "discount": draw(st.integers(0, goods)),
        "shipping": draw(money),
        "tax": draw(money),
        "included": draw(st.booleans()),
        "note": draw(texts).strip(),
        "zip": draw(st.from_regex(r"[0-9]{5}", fullmatch=True)),
        "email": draw(st.sampled_from(["ann@example.com", "bo@example.org"])),
    }


def rows_of(order: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that the export has for an order: what concerns all of it on the first only."""
    currency = order["currency"]
    subtotal = order["goods"] - order["discount"]
    total = subtotal + order["shipping"] + (0 if order["included"] else order["tax"])
    rows: list[dict[str, Any]] = [
        {
            "Name": order["number"],
            "Created at": stamp(order["placed_at"], order["hours"]),
            "Lineitem quantity": line["quantity"],
            "Lineitem name": line["name"],
            "Lineitem price": amount(line["price"], currency),
            "Lineitem sku": line["sku"] or "",
            "Lineitem fulfillment status": line["status"],
            "Lineitem discount": amount(0, currency),
        }
        for line in order["lines"]
    ]
    rows[0] |= {
        "Email": order["email"], "Financial Status": "paid", "Currency": currency,
        "Subtotal": amount(subtotal, currency),
        "Shipping": amount(order["shipping"], currency), "Taxes": amount(order["tax"], currency),
        "Total": amount(total, currency), "Discount Amount": amount(order["discount"], currency),
        "Notes": order["note"],
        "Shipping Zip": f"'{order['zip']}", "Shipping Country": "US", "Payment Method": "Stripe",
        "Payment Reference": "c.1",
    }  # fmt: skip
    return rows


def expected(order: dict[str, Any], width: int) -> OrderDocument:
    """The order that has to come out of an export of this width, worked out without the reader."""
    priced = width > 34
    found = tuple(
        LineDocument(
            line_ref=str(place),
            listing=line["sku"] or f"name:{line['name']}",
            name=line["name"],
            quantity=line["quantity"],
            unit_price_minor=line["price"] if priced else 0,
            shipped=line["quantity"] if line["status"] == "fulfilled" else 0,
        )
        for place, line in enumerate(order["lines"], start=1)
    )
    document = OrderDocument(
        order_ref=order["number"],
        number=order["number"],
        placed_at=order["placed_at"],
        currency=order["currency"],
        lines=found,
        goods_minor=0,
        financial_state="paid",
        note=order["note"],
        amounts_stated=priced,
    )
    total = order["goods"] - order["discount"] + order["shipping"] + (0 if order["included"] else order["tax"])
    if not priced:
        return document
    payments = () if total == 0 else (PaymentDocument("Stripe", "c.1", total, "captured"),)
    return changed(
        document, goods_minor=order["goods"], discount_minor=order["discount"], shipping_minor=order["shipping"],
        tax_minor=order["tax"], total_minor=total, tax_included=order["included"] and order["tax"] > 0,
        email=order["email"], payments=payments,
    )  # fmt: skip


def changed(document: OrderDocument, **values: Any) -> OrderDocument:
    return OrderDocument(**({name: getattr(document, name) for name in document.__struct_fields__} | values))


def plain(document: OrderDocument) -> OrderDocument:
    """Without the address, which is looked at by itself."""
    empty = OrderDocument("", "", datetime(2026, 1, 1, tzinfo=UTC), "USD", (), 0)
    return changed(document, ship_to=empty.ship_to, bill_to=empty.bill_to)


@given(data=st.data(), width=st.sampled_from(sorted(SHOPIFY)), count=st.integers(1, 5), blank=st.booleans())
@settings(max_examples=150, deadline=None)
def test_round_trip_in_every_width(data: st.DataObject, width: int, count: int, blank: bool) -> None:
    meant = [data.draw(orders(1000 + number)) for number in range(count)]
    header = SHOPIFY[width]
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    rows = [record(header, row, end=("," if blank else "") + end) for order in meant for row in rows_of(order)]
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "orders.csv", [*header, ""] if blank else header, rows, encoding=encoding)
        readings = read(path)
    assert kept(readings) == []
    assert [plain(document) for document in documents(readings)] == [expected(order, width) for order in meant]
    assert [document.ship_to.postal_code for document in documents(readings)] == [order["zip"] for order in meant]
    assert [reading.rows for reading in readings] == [len(order["lines"]) for order in meant]


garbage = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n#"), min_size=1, max_size=60)


@given(data=st.data(), width=st.sampled_from(sorted(SHOPIFY)))
@settings(max_examples=150, deadline=None)
def test_garbage_is_kept_and_takes_no_order_with_it(data: st.DataObject, width: int) -> None:
    meant = [data.draw(orders(1000 + number)) for number in range(data.draw(st.integers(1, 3)))]
    header = SHOPIFY[width]
    rows = [record(header, row) for order in meant for row in rows_of(order)]
    thrown = data.draw(st.lists(garbage.filter(lambda text: bool(text.strip(" \t,;")) and text.count(",") < 10)))
    for text in thrown:
        rows.insert(data.draw(st.integers(0, len(rows))), text + "\n")
    with tempfile.TemporaryDirectory() as folder:
        readings = read(write(Path(folder) / "orders.csv", header, rows))
    by_number = {document.number: plain(document) for document in documents(readings)}
    assert by_number == {order["number"]: expected(order, width) for order in meant}
    assert sum(len(row.rows) for row in kept(readings)) == len(thrown)
    assert all(row.problem and row.fix and row.line > 1 for row in kept(readings))


@given(st.binary(max_size=2_000))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_kept(content: bytes) -> None:
    header = SHOPIFY[79]
    good = record(header, shopify_order())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        path.write_bytes((",".join(header) + "\n" + good).encode() + content)
        readings = read(path)
    assert sum(len(row.rows) for row in kept(readings)) == sum(r.rows for r in readings if r.kind == "kept")
    assert any(r.kind == "order" for r in readings) or any(good.strip() in row.rows for row in kept(readings))


def test_offsets_change_with_daylight_saving(tmp_path: Path) -> None:
    readings = shopify(
        tmp_path,
        shopify_order("#1", Created_at="2026-03-08 01:30:00 -0500"),
        shopify_order("#2", Created_at="2026-03-08 03:30:00 -0400"),
        shopify_order("#3", Created_at="2026-03-08 03:30:00"),
    )
    hours = [document.placed_at.strftime("%H:%M") for document in documents(readings)]
    assert hours == ["06:30", "07:30", "07:30"]


@pytest.mark.parametrize(
    ("included", "discount", "on_line", "taxes", "total"),
    [
        (False, "0.00", "0.00", "8.00", "113.00"),
        (True, "0.00", "0.00", "8.00", "105.00"),
        (False, "20.00", "0.00", "8.00", "93.00"),
        (True, "20.00", "5.00", "8.00", "85.00"),
        (True, "20.00", "5.00", "8.00", "80.00"),
        (False, "0.00", "5.00", "8.00", "108.00"),
    ],
)
def test_tax_and_discount_by_what_foots(
    tmp_path: Path, included: bool, discount: str, on_line: str, taxes: str, total: str
) -> None:
    row = shopify_order(Lineitem_price="50.00", Lineitem_quantity="2", Shipping="5.00", Taxes=taxes, Total=total,
                        Subtotal="", Discount_Amount=discount, Lineitem_discount=on_line)  # fmt: skip
    order = one_order(shopify(tmp_path, row))
    assert order.tax_included is included
    added = 0 if included else order.tax_minor
    assert order.goods_minor - order.discount_minor + order.shipping_minor + added == order.total_minor


def test_order_that_does_not_foot_is_read_as_it_stands(tmp_path: Path) -> None:
    order = one_order(shopify(tmp_path, shopify_order(Total="11.00", Taxes="0.50", Subtotal="")))
    assert (order.goods_minor, order.total_minor, order.tax_included) == (1000, 1100, False)


def test_split_payment_stays_one_with_its_tenders(tmp_path: Path) -> None:
    row = shopify_order(Payment_Method="Stripe + Clover Payments + manual", Financial_Status="partially_refunded",
                        Refunded_Amount="4.00")  # fmt: skip
    (payment,) = one_order(shopify(tmp_path, row)).payments
    assert (payment.amount_minor, payment.refunded_minor, payment.state) == (1000, 400, "partially_refunded")
    assert payment.tenders == ("Stripe", "Clover Payments", "manual")


@pytest.mark.parametrize(
    ("row", "state", "payments"),
    [
        ({"Financial_Status": "authorized"}, "authorized", [("authorized", 1000, 0)]),
        ({"Financial_Status": "voided"}, "voided", [("voided", 1000, 0)]),
        ({"Financial_Status": "expired"}, "pending", [("expired", 1000, 0)]),
        ({"Financial_Status": "refunded"}, "refunded", [("refunded", 1000, 1000)]),
        ({"Financial_Status": "refunded", "Refunded_Amount": "10.00"}, "refunded", [("refunded", 1000, 1000)]),
        ({"Financial_Status": "partially_paid", "Outstanding_Balance": "4.00"}, "partially_paid",
         [("captured", 600, 0), ("pending", 400, 0)]),
        ({"Financial_Status": "partially_paid", "Outstanding_Balance": ""}, "partially_paid", [("pending", 1000, 0)]),
        ({"Financial_Status": "paid", "Total": "0.00", "Lineitem_price": "0.00", "Subtotal": "0.00"}, "paid", []),
    ],
)  # fmt: skip
def test_payment_states(tmp_path: Path, row: dict[str, str], state: str, payments: list[tuple[str, int, int]]) -> None:
    order = one_order(shopify(tmp_path, shopify_order(**row)))
    assert order.financial_state == state
    assert [(one.state, one.amount_minor, one.refunded_minor) for one in order.payments] == payments


def test_cash_on_delivery_terms_and_risk(tmp_path: Path) -> None:
    row = shopify_order(Payment_Method="Cash on Delivery (COD)", Financial_Status="pending", Risk_Level="High",
                        Payment_Terms_Name="Net 30", Tags="vip, gift ,")  # fmt: skip
    order = one_order(shopify(tmp_path, row))
    assert [payment.method for payment in order.payments] == ["cash_on_delivery"]
    assert (order.terms_days, order.risk, order.tags) == (30, "high", ("vip", "gift"))


def test_fulfillment_by_line(tmp_path: Path) -> None:
    order = one_order(
        shopify(
            tmp_path,
            shopify_order(Fulfillment_Status="partial", Lineitem_fulfillment_status="fulfilled", Lineitem_quantity="2"),
            shopify_line(Lineitem_fulfillment_status="partial", Lineitem_quantity="3"),
            shopify_line(Lineitem_fulfillment_status="pending"),
            shopify_line(Lineitem_fulfillment_status="restocked", Lineitem_quantity="4"),
        )
    )
    told = [(line.shipped, line.cancelled, line.shipped_estimated) for line in order.lines]
    assert told == [(2, 0, False), (2, 0, True), (0, 0, False), (0, 4, False)]


def test_fulfilled_and_cancelled_orders(tmp_path: Path) -> None:
    readings = shopify(
        tmp_path,
        shopify_order("#1", Fulfillment_Status="fulfilled", Lineitem_quantity="3"),
        shopify_order("#2", Cancelled_at="2026-05-05 09:00:00 -0400", Financial_Status="voided"),
    )
    shipped, cancelled = documents(readings)
    assert (shipped.fulfillment_state, shipped.lines[0].shipped) == ("fulfilled", 3)
    assert cancelled.cancelled_at == datetime(2026, 5, 5, 13, tzinfo=UTC)


def test_widths_agree_on_the_order(tmp_path: Path) -> None:
    references = {
        one_order(shopify(tmp_path, shopify_order("#77", Id="5550001"), header=header)).order_ref
        for header in SHOPIFY.values()
    }
    assert references == {"#77"}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (shopify_line(Lineitem_quantity="two"), "Lineitem quantity"),
        (shopify_line(Lineitem_quantity="-1"), "Lineitem quantity"),
        (shopify_line(Lineitem_quantity="1.5"), "Lineitem quantity"),
        (shopify_line(Lineitem_price="ten"), "Lineitem price"),
        (shopify_line(Lineitem_price=""), "Lineitem price"),
        (shopify_line(Lineitem_price="1.005"), "Lineitem price"),
        (shopify_line(Lineitem_name="", Lineitem_sku=""), "Lineitem name"),
        (shopify_line(Lineitem_fulfillment_status="teleported"), "Lineitem fulfillment status"),
    ],
)
def test_one_unreadable_row_keeps_its_whole_order(tmp_path: Path, row: dict[str, object], column: str) -> None:
    readings = shopify(tmp_path, shopify_order("#1"), shopify_order(), shopify_line(), row, shopify_order("#3"))
    assert [document.number for document in documents(readings)] == ["#1", "#3"]
    (unreadable,) = kept(readings)
    assert (unreadable.line, unreadable.column, len(unreadable.rows)) == (5, column, 3)


def test_rows_of_an_order_that_do_not_stand_together(tmp_path: Path) -> None:
    readings = shopify(
        tmp_path,
        shopify_line("#1", Lineitem_sku="LATE"),
        shopify_order("#2"),
        shopify_order("#1"),
        shopify_order("#3"),
        shopify_line("#1", Lineitem_sku="LAST"),
    )
    listings = {document.number: [line.listing for line in document.lines] for document in documents(readings)}
    assert listings == {"#1": ["LATE", "MUG", "LAST"], "#2": ["MUG"], "#3": ["MUG"]}


def test_exports_laid_end_to_end_state_an_order_again(tmp_path: Path) -> None:
    first = [shopify_order("#1"), shopify_line("#1", Lineitem_sku="B")]
    second = [shopify_order("#1", Financial_Status="refunded"), shopify_line("#1", Lineitem_sku="B")]
    readings = shopify(tmp_path, *first, shopify_order("#2"), *first, shopify_order("#3"), *second)
    states = [(d.number, d.financial_state, len(d.lines)) for d in documents(readings) if d.number == "#1"]
    assert states == [("#1", "paid", 2), ("#1", "paid", 2), ("#1", "refunded", 2)]


def test_order_facts_on_every_row(tmp_path: Path) -> None:
    lines_of = [shopify_order("#1", Lineitem_sku=sku, Subtotal="30.00", Total="30.00") for sku in ("A", "B", "C")]
    readings = shopify(tmp_path, *lines_of, shopify_order("#2"), shopify_order("#2"))
    told = [(document.number, [line.listing for line in document.lines]) for document in documents(readings)]
    assert told == [("#1", ["A", "B", "C"]), ("#2", ["MUG"]), ("#2", ["MUG"])]


def test_a_row_without_a_name_goes_with_the_one_above(tmp_path: Path) -> None:
    readings = shopify(tmp_path, shopify_order("#1"), shopify_line("", Created_at=""), shopify_order("", Email=""))
    assert [len(document.lines) for document in documents(readings)] == [2]
    assert [(row.line, row.column) for row in kept(readings)] == [(4, "Name")]


def test_a_stray_quotation_mark_costs_its_own_row(tmp_path: Path) -> None:
    header = SHOPIFY[79]
    rows = [record(header, shopify_order(f"#{number}", Notes='a\nb, "c"')) for number in range(1, 6)]
    rows[1] = rows[1].replace(",Stripe,", ',"Stripe,')
    readings = read(write(tmp_path / "orders.csv", header, rows))
    assert [document.number for document in documents(readings)] == ["#1", "#3", "#4", "#5"]
    assert {row.rows for row in kept(readings)} == {(line,) for line in rows[1].splitlines()}


def test_dates_with_the_day_first(tmp_path: Path) -> None:
    rows = [shopify_order("#1", Created_at="03/04/2026"), shopify_order("#2", Created_at="13/04/2026 10:30:00")]
    first, second = documents(shopify(tmp_path, *rows))
    assert first.placed_at == datetime(2026, 4, 3, 4, tzinfo=UTC)
    assert second.placed_at == datetime(2026, 4, 13, 14, 30, tzinfo=UTC)
    first, _ = documents(shopify(tmp_path, rows[0], shopify_order("#2", Created_at="4/13/2026")))
    assert first.placed_at == datetime(2026, 3, 4, 5, tzinfo=UTC)


def test_mixed_and_missing_sources(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", ["Name", "Total"], ["#1,2\n"])
    with pytest.raises(FileError, match=r"x\.csv line 1, column created at: .*--format"):
        read(path)
    readings = shopify(tmp_path, shopify_order(Currency="XYZ"))
    assert [row.column for row in kept(readings)] == ["Currency"]


def test_an_order_of_too_many_rows_is_no_order(tmp_path: Path) -> None:
    header = SHOPIFY[34]
    rows = [record(header, shopify_order())] + [record(header, shopify_line())] * 11_000
    readings: list[Reading] = read(
        write(tmp_path / "o.csv", header, [*rows, record(header, shopify_order("#9"))]), SHOP
    )
    assert [document.number for document in documents(readings)] == ["#9"]
    assert sum(len(row.rows) for row in kept(readings)) == 11_001


def test_partly_shipped_without_the_lines_statuses(tmp_path: Path) -> None:
    header = [name for name in SHOPIFY[79] if name != "Lineitem fulfillment status"]
    readings = shopify(tmp_path, shopify_order(Fulfillment_Status="partial"), header=header)
    assert [row.column for row in kept(readings)] == ["Fulfillment Status"]


def test_the_last_row_cut_off(tmp_path: Path) -> None:
    header = SHOPIFY[79]
    rows = [record(header, shopify_order(f"#{number}", Notes="x, y")) for number in (1, 2)]
    for cut in range(1, len(rows[1]) - 1, 7):
        readings = read(write(tmp_path / "orders.csv", header, [rows[0], rows[1][:-cut]]))
        assert documents(readings)[0].number == "#1"
        assert all(document.total_minor == 1000 for document in documents(readings))


def test_duration_until_the_next_payment(tmp_path: Path) -> None:
    due = (datetime(2026, 5, 4, 14, tzinfo=UTC) + timedelta(days=45)).strftime("%Y-%m-%d %H:%M:%S +0000")
    row = shopify_order(Payment_Terms_Name="Fixed date", Next_Payment_Due_At=due)
    assert one_order(shopify(tmp_path, row)).terms_days == 45


@pytest.mark.parametrize(
    ("duties", "taxes", "total", "subtotal", "meant"),
    [
        ("12.00", "8.00", "125.00", "100.00", (1200, False)),  # all on top
        ("12.00", "8.00", "117.00", "100.00", (1200, True)),  # tax in the prices
        ("12.00", "8.00", "117.00", "", (1200, True)),
        ("12.00", "8.00", "113.00", "100.00", (0, False)),  # duties in the prices, or not collected by us
        ("12.00", "8.00", "105.00", "", (0, True)),
        ("12.00", "0.00", "117.00", "100.00", (1200, False)),
        ("12.00", "0.00", "105.00", "100.00", (0, False)),
        ("", "8.00", "113.00", "100.00", (0, False)),
    ],
)
def test_duties_are_taken_where_the_total_contains_them(
    tmp_path: Path, duties: str, taxes: str, total: str, subtotal: str, meant: tuple[int, bool]
) -> None:
    row = shopify_order(Lineitem_price="50.00", Lineitem_quantity="2", Shipping="5.00", Taxes=taxes, Total=total,
                        Subtotal=subtotal, Duties=duties)  # fmt: skip
    order = one_order(shopify(tmp_path, row))
    assert (order.duties_minor, order.tax_included) == meant
    assert decide_foots(order) == []
    ((goods, discount, shipping, tax, owed),) = freeze(order)
    assert goods - discount + shipping + tax + owed == order.total_minor


def test_duties_that_do_not_foot_are_kept_as_stated(tmp_path: Path) -> None:
    row = shopify_order(Lineitem_price="50.00", Lineitem_quantity="2", Taxes="8.00", Total="100.50", Duties="12.00")
    order = one_order(shopify(tmp_path, row))
    assert (order.duties_minor, len(decide_foots(order))) == (1200, 1)
