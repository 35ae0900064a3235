"""Plain CSV of orders, products, stock and shipments: documented columns, tolerant names, exact errors."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stocktower.connectors.files import FileError, Source
from stocktower.exchange import ConfirmationLine, StockLine
from tests.connectors.files.exports import PLAIN, documents, kept, one_order, read

SITES = Source(code="sites", zone="UTC", currency="USD")


def text_file(path: Path, text: str, name: str = "file.csv") -> Path:
    """A file of this text."""
    (path / name).write_text(text, encoding="utf-8", newline="")
    return path / name


def orders(path: Path, text: str, source: Source = PLAIN) -> Any:
    return read(text_file(path, text), source)


def test_an_order_with_everything(tmp_path: Path) -> None:
    order = one_order(
        orders(
            tmp_path,
            "Order Number;Order Date;Item;QTY;Unit Price;Line-Discount;Shipping;Tax;Total;Currency;Payment Status;"
            "Payment Method;Ship Name;Ship Street;Ship City;Ship State;Ship Zip;Ship Country;"
            "Terms Days;Risk;Tags;Note\n"
            'B-1;2026-05-04 09:00;MUG;2;12,50;1,00;4,90;3,80;32,70;eur;authorised;card;Ann;"1 Way";Ulm;;'
            "'01234;Germany;14;HIGH;a,b;call\n"
            "B-1;2026-05-04 09:00;TEE;1;1,00;;;;;;;;Ann;1 Way;Ulm;;'01234;Germany;;;;\n",
        )
    )
    assert order.placed_at == datetime(2026, 5, 4, 7, tzinfo=UTC)
    told = [(line.listing, line.quantity, line.unit_price_minor, line.discount_minor) for line in order.lines]
    assert told == [("MUG", 2, 1250, 100), ("TEE", 1, 100, 0)]
    assert (order.goods_minor, order.discount_minor, order.shipping_minor, order.tax_minor) == (2600, 100, 490, 380)
    assert (order.total_minor, order.terms_days, order.risk, order.tags) == (3270, 14, "high", ("a", "b"))
    assert (order.ship_to.country, order.ship_to.postal_code) == ("DE", "01234")
    assert [(payment.state, payment.amount_minor) for payment in order.payments] == [("authorized", 3270)]


def test_a_total_that_is_not_there_is_the_sum(tmp_path: Path) -> None:
    text = "order,placed_at,sku,quantity,unit_price,tax,shipping\n1,2026-05-04,A,3,10.00,5.70,2\n"
    order = one_order(orders(tmp_path, text))
    assert (order.total_minor, order.amounts_stated, order.financial_state) == (3770, True, "pending")
    order = one_order(orders(tmp_path, "order,placed_at,sku,quantity\n1,2026-05-04,A,3\n"))
    assert (order.total_minor, order.amounts_stated, order.payments) == (0, False, ())


@pytest.mark.parametrize("column", ["duties", "Customs Duties", "line_duties"])
def test_duties_are_on_top_of_everything(tmp_path: Path, column: str) -> None:
    text = f"order,placed_at,sku,quantity,unit_price,tax,{column}\n1,2026-05-04,A,3,10.00,5.70,3.00\n"
    order = one_order(orders(tmp_path, text))
    assert (order.duties_minor, order.total_minor) == (300, 3870)


def test_an_order_on_account_has_no_tender(tmp_path: Path) -> None:
    header = "order,placed_at,sku,quantity,unit_price,financial_status,payment_method\n"
    text = header + "1,2026-05-04,A,3,10.00,pending,terms\n"
    order = one_order(orders(tmp_path, text))
    assert (order.financial_state, order.payments) == ("pending", ())


def test_facts_of_an_order_must_agree(tmp_path: Path) -> None:
    header = "order,placed_at,sku,quantity,unit_price,discount\n"
    text = header + "1,2026-05-04,A,1,10,1\n1,2026-05-04,B,1,10,2\n2,2026-05-04,C,1,10,\n"
    readings = orders(tmp_path, text)
    (row,) = kept(readings)
    assert (row.line, row.column, len(row.rows)) == (3, "discount", 2)
    assert "line_discount" in row.fix
    assert [document.number for document in documents(readings)] == ["2"]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("placed_at,sku,quantity", "order"),
        ("order,sku,quantity", "placed_at"),
        ("order,placed_at,quantity", "sku"),
        ("order,placed_at,sku", "quantity"),
    ],
)
def test_a_missing_column_is_named(tmp_path: Path, header: str, column: str) -> None:
    with pytest.raises(FileError) as refused:
        orders(tmp_path, header + "\n1,2,3\n")
    error = refused.value
    assert (error.file, error.line, error.column) == ("file.csv", 1, column)
    assert column in error.fix


def test_files_without_rows(tmp_path: Path) -> None:
    assert orders(tmp_path, "order,placed_at,sku,quantity\n") == []
    assert orders(tmp_path, "\n\norder,placed_at,sku,quantity\n\n,,,\n") == []
    for empty in ("", "\n\n"):
        with pytest.raises(FileError, match="export it again"):
            orders(tmp_path, empty)
    with pytest.raises(FileError, match="not a kind"):
        read(text_file(tmp_path, "a\n"), PLAIN, kind="dreams")


def products(path: Path, text: str) -> Any:
    return read(text_file(path, text), SITES, kind="products")


def test_products(tmp_path: Path) -> None:
    readings = products(
        tmp_path,
        "SKU,Name,Barcode,Unit,Weight Grams,Cost,Price,Currency,Components,Units,Listings,Backorder,Active,Vendor,MOQ,"
        "Order Multiple,Lead Time\n"
        "MUG,Mug,0123,each,350,2.50,9.99,USD,,case:12;pallet:480,amazon=AMZ-MUG;web=name:Mug*2 ; web=M*x*3,yes,,"
        "Clay,24,,0\n"
        "SET,Set,,,,,19.99,USD,MUG:2; TEE : 1,,,,no,,,,\n",
    )
    mug, kit = documents(readings)
    assert (mug.barcode, mug.weight_grams, mug.cost_minor, mug.price_minor, mug.backorder) == (
        "0123",
        350,
        250,
        999,
        True,
    )
    assert mug.units == (("case", 12), ("pallet", 480))
    assert mug.listings == (("amazon", "AMZ-MUG", 1), ("web", "name:Mug", 2), ("web", "M*x", 3))
    assert (mug.supplier, mug.moq, mug.order_multiple, mug.lead_time_days) == ("Clay", 24, None, 0)
    assert (kit.components, kit.active, kit.cost_minor) == ((("MUG", 2), ("TEE", 1)), False, None)
    assert [(reading.source, reading.key) for reading in readings] == [("catalog", "MUG"), ("catalog", "SET")]


@pytest.mark.parametrize(
    ("row", "column"), [("A,A,0,,", "moq"), ("A,A,,x,", "order_multiple"), ("A,A,,,-1", "lead_time_days")]
)
def test_how_it_is_ordered_is_in_whole_numbers(tmp_path: Path, row: str, column: str) -> None:
    readings = products(tmp_path, f"sku,name,moq,order_multiple,lead_time_days\n{row}\n")
    assert [unreadable.column for unreadable in kept(readings)] == [column]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("A,A,MUG,,", "components"),
        ("A,A,MUG:0,,", "components"),
        ("A,A,MUG:1;MUG:2,,", "components"),
        ("A,A,A:1,,", "components"),
        ("A,A,,case:x,", "units"),
        ("A,A,,,amazon", "listings"),
        ("A,A,,,web=K*2;web=K*3", "listings"),
        (",A,,,", "sku"),
    ],
)
def test_unreadable_products(tmp_path: Path, row: str, column: str) -> None:
    readings = products(tmp_path, f"sku,name,components,units,listings\n{row}\nB,Bee,,,\n")
    assert [document.sku for document in documents(readings)] == ["B"]
    assert [(unreadable.line, unreadable.column) for unreadable in kept(readings)] == [(2, column)]


def test_a_sku_that_stands_twice(tmp_path: Path) -> None:
    readings = products(tmp_path, "sku,name\nA,one\nB,bee\nB,bee\nA,two\n")
    assert [document.sku for document in documents(readings)] == ["B", "B"]
    (row,) = kept(readings)
    assert (row.rows, row.column) == (("A,one", "A,two"), "sku")
    assert "lines 2, 5" in row.problem


def stock(path: Path, text: str, source: Source = SITES, **options: Any) -> Any:
    return read(text_file(path, text), source, kind="stock", **options)


def test_stock_by_site_and_instant(tmp_path: Path) -> None:
    readings = stock(
        tmp_path,
        "site,sku,quantity,status,unit,as_of,cost\n"
        "EAST,A,5,,,2026-05-04T08:00:00Z,1.25\nWEST,A,7,Damaged,case,2026-05-04T08:00:00Z,\n"
        "EAST,B,0,,,2026-05-04T08:00:00Z,\nEAST,C,1,,,2026-05-05T08:00:00Z,\n",
        opening=True,
    )
    told = {reading.key: (reading.source, reading.item.lines, reading.rows) for reading in readings}
    assert told == {
        "EAST/2026-05-04T08:00:00+00:00/0": (
            "EAST",
            (StockLine("A", 5, row=2, cost_minor=125), StockLine("B", 0, row=4)),
            2,
        ),
        "WEST/2026-05-04T08:00:00+00:00/0": ("WEST", (StockLine("A", 7, "damaged", 3, "case"),), 1),
        "EAST/2026-05-05T08:00:00+00:00/0": ("EAST", (StockLine("C", 1, row=5),), 1),
    }
    assert all(reading.item.opening for reading in readings)


def test_stock_without_an_instant_is_known_by_its_file(tmp_path: Path) -> None:
    (first,) = stock(tmp_path, "sku,qty\nA,5\n", Source(code="sites", site="EAST"))
    (again,) = stock(tmp_path, "sku,qty\nA,5\n", Source(code="sites", site="EAST"))
    (other,) = stock(tmp_path, "sku,qty\nA,6\n", Source(code="sites", site="EAST"))
    assert first.key == again.key != other.key
    assert first.item.as_of is None
    at = datetime(2026, 5, 4, tzinfo=UTC)
    (told,) = stock(tmp_path, "sku,qty\nA,5\n", Source(code="sites", site="EAST"), as_of=at)
    assert told.item.as_of == at


def test_large_stock_files_come_in_parts(tmp_path: Path) -> None:
    rows = "".join(f"{'EAST' if n % 3 else 'WEST'},SKU-{n},{n}\n" for n in range(4000))
    readings = stock(tmp_path, "site,sku,quantity\n" + rows)
    parts = [(reading.item.site, reading.item.part) for reading in readings]
    assert len(parts) == len(set(parts)) == len({reading.key for reading in readings})
    assert sorted(line.sku for reading in readings for line in reading.item.lines) == sorted(
        f"SKU-{n}" for n in range(4000)
    )
    assert max(len(reading.item.lines) for reading in readings) == 2_000


def test_a_whole_site_says_how_many_parts_there_are(tmp_path: Path) -> None:
    text = "site,sku,quantity,status\nEAST,CUP,4,\nEAST,LID,-1,\nWEST,CUP,2,damaged\n"
    source = Source("sites", complete=True, statuses=("available",))
    at = datetime(2026, 6, 1, tzinfo=UTC)
    documents = [one.item for one in stock(tmp_path, text, source, as_of=at) if one.kind == "stock"]
    assert [(one.site, one.part, len(one.lines), one.complete, one.parts, one.unreadable) for one in documents] == [
        ("EAST", 0, 1, True, 1, 1),
        ("WEST", 0, 1, True, 1, 1),
    ]
    assert [one.statuses for one in documents] == [("available",)] * 2
    rows = "".join(f"EAST,SKU-{n},{n}\n" for n in range(4000))
    parts = [one.item for one in stock(tmp_path, "site,sku,quantity\n" + rows, source, as_of=at)]
    assert [(len(one.lines), one.complete, one.parts) for one in parts] == [(2000, False, 0), (2000, True, 2)]


def test_stock_rows_that_contradict_or_add_up(tmp_path: Path) -> None:
    rows = "EAST,A,5,x1\nEAST,B,1,x1\nEAST,A,7,x2\n"
    readings = stock(tmp_path, "site,sku,quantity,note\n" + rows)
    assert [row.rows for row in kept(readings)] == [("EAST,A,5,x1", "EAST,A,7,x2")]
    (reading,) = stock(tmp_path, "site,sku,quantity,location\n" + rows)
    assert {line.sku: line.quantity for line in reading.item.lines} == {"A": 12, "B": 1}
    (reading,) = stock(tmp_path, "site,sku,quantity,bin\n" + rows)
    assert {(line.sku, line.bin, line.quantity) for line in reading.item.lines} == {
        ("A", "x1", 5), ("A", "x2", 7), ("B", "x1", 1),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("EAST,A,-1,", "quantity"),
        ("EAST,A,1.5,", "quantity"),
        ("EAST,A,,", "quantity"),
        (",A,1,", "site"),
        ("EAST,,1,", "sku"),
        ("EAST,A,1,two words!", "status"),
    ],
)
def test_unreadable_stock(tmp_path: Path, row: str, column: str) -> None:
    readings = stock(tmp_path, f"site,sku,quantity,status\n{row}\nEAST,Z,1,\n")
    assert [(unreadable.line, unreadable.column) for unreadable in kept(readings)] == [(2, column)]
    assert [reading.rows for reading in readings if reading.kind == "stock"] == [1]


def test_a_cost_needs_a_currency(tmp_path: Path) -> None:
    text = "site,sku,quantity,cost\nEAST,A,1,2.5\nNARITA,A,1,250\n"
    assert [row.column for row in kept(stock(tmp_path, text, Source(code="sites")))] == ["currency", "currency"]
    source = Source(code="sites", currency="USD", site_currencies={"NARITA": "JPY"})
    costs = {reading.item.site: reading.item.lines[0].cost_minor for reading in stock(tmp_path, text, source)}
    assert costs == {"EAST": 250, "NARITA": 250}


def shipments(path: Path, text: str) -> Any:
    return read(text_file(path, text), SITES, kind="shipments")


def test_shipments(tmp_path: Path) -> None:
    readings = shipments(
        tmp_path,
        "order,event,sku,quantity,site,carrier,tracking,occurred_at\n"
        "#1,shipped,A,2,EAST,UPS,T1,2026-05-04T08:00:00Z\n#1,shipped,B,1,EAST,UPS,T1,2026-05-04T08:00:00Z\n"
        "#2,,,,,FedEx,T2,2026-05-04 09:00:00 -0400\n#1,Short Picked,C,1,WEST,,,2026-05-04T08:30:00Z\n",
    )
    told = {(reading.key, reading.source, reading.item.kind): reading.item for reading in readings}
    assert set(told) == {("#1", "EAST", "shipped"), ("#1", "WEST", "short_picked"), ("#2", "sites", "shipped")}
    assert told["#1", "EAST", "shipped"].lines == (ConfirmationLine(2, "A"), ConfirmationLine(1, "B"))
    assert told["#2", "sites", "shipped"].lines == ()
    assert told["#2", "sites", "shipped"].occurred_at == datetime(2026, 5, 4, 13, tzinfo=UTC)


def test_a_shipment_says_the_same_wherever_it_stands(tmp_path: Path) -> None:
    row = "#1,A,1,T1,2026-05-04T08:00:00Z\n"
    header = "order,sku,quantity,tracking,occurred_at\n"
    (alone,) = shipments(tmp_path, header + row)
    (_, later) = shipments(tmp_path, header + "#0,A,1,T0,2026-05-04T08:00:00Z\n" + row)
    assert alone.item == later.item


@pytest.mark.parametrize(
    ("row", "column"),
    [("#1,teleported,A,1,2026-05-04", "event"), ("#1,,A,,2026-05-04", "quantity"), ("#1,,,3,2026-05-04", "sku"),
     ("#1,,A,0,2026-05-04", "quantity"), ("#1,,A,1,", "occurred_at"), (",,A,1,2026-05-04", "order")],
)  # fmt: skip
def test_unreadable_shipments(tmp_path: Path, row: str, column: str) -> None:
    readings = shipments(tmp_path, f"order,event,sku,quantity,occurred_at\n{row}\n#2,,,,2026-05-04\n")
    assert [document.order for document in documents(readings)] == ["#2"]
    assert [(unreadable.line, unreadable.column) for unreadable in kept(readings)] == [(2, column)]


HEADERS = {
    "orders": "order,placed_at,sku,quantity,unit_price,total",
    "products": "sku,name,cost,components,units,listings",
    "stock": "site,sku,quantity,status,as_of,cost",
    "shipments": "order,event,sku,quantity,site,occurred_at",
}
cells = st.sampled_from(
    ["", "A", "1", "-1", "2026-05-04", "03/04/2026", "99/99/9999", '"', "x,y", "A:1", "a=b*0", "\0", "é"]
)


@given(kind=st.sampled_from(sorted(HEADERS)), data=st.data())
@settings(max_examples=200, deadline=None)
def test_every_row_is_in_one_reading(kind: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = data.draw(st.lists(st.lists(cells, max_size=7).map(",".join)))
    path = text_file(tmp_path_factory.mktemp("plain"), "\n".join([HEADERS[kind], *rows]))
    readings = read(path, SITES, kind=kind)
    assert sum(len(row.rows) for row in kept(readings)) == sum(r.rows for r in readings if r.kind == "kept")


def test_stock_by_owner_lot_and_bin(tmp_path: Path) -> None:
    rows = (
        "EAST,MILK,4,A,2026-06-30,2026-05-01,,R1\nEAST,MILK,5,B,,,,R2\nEAST,MILK,1,A,,,,R1\n"
        "EAST,MILK,2,A,,,consignor:ART,\nEAST,CUP,7,,,,,\n"
    )
    (reading,) = stock(tmp_path, "site,sku,quantity,batch,best before,made on,owner,bin\n" + rows)
    assert reading.item.all_lots
    told = {(line.sku, line.quantity, line.lot, line.owner, line.bin, line.row) for line in reading.item.lines}
    assert told == {
        ("MILK", 5, "A", "", "R1", 2), ("MILK", 5, "B", "", "R2", 3), ("MILK", 2, "A", "consignor:ART", "", 5),
        ("CUP", 7, "", "", "", 6),
    }  # fmt: skip
    first = next(line for line in reading.item.lines if line.row == 2)
    assert (first.expires_on, first.made_on) == (date(2026, 6, 30), date(2026, 5, 1))


def test_serial_numbers_are_lots_of_one(tmp_path: Path) -> None:
    (reading,) = stock(tmp_path, "site,sku,quantity,serial\nEAST,PHONE,1,S1\nEAST,PHONE,1,S2\n")
    assert [(line.lot, line.quantity) for line in reading.item.lines] == [("S1", 1), ("S2", 1)]
    (unreadable,) = kept(stock(tmp_path, "site,sku,quantity,serial,lot\nEAST,PHONE,1,S1,L1\n"))
    assert (unreadable.column, unreadable.fix) == ("serial", "state the one the SKU is tracked by")
