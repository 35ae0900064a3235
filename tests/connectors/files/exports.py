"""Writes files as channels export them, for tests: headers of every width, rows as the formats demand."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

from stocktower.connectors.files import Reader, Reading, Source
from stocktower.exchange import KeptRow

_SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,"
    "Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)
SHOPIFY_79 = _SHOPIFY.split(",")
SHOPIFY_75 = SHOPIFY_79[:75]
SHOPIFY_71 = SHOPIFY_79[:71]
_OF_ORDER_34 = (
    "Name,Financial Status,Fulfillment Status,Currency,Created at,Cancelled at,Notes,Tags,Paid at,Fulfilled at"
)
_NOT_IN_34 = {
    "Lineitem price",
    "Lineitem compare at price",
    "Lineitem discount",
    "Billing Company",
    "Billing Phone",
    "Billing Street",
}
SHOPIFY_34 = _OF_ORDER_34.split(",") + [
    name for name in SHOPIFY_71 if name.startswith(("Lineitem", "Shipping ", "Billing ")) and name not in _NOT_IN_34
]
SHOPIFY = {34: SHOPIFY_34, 71: SHOPIFY_71, 75: SHOPIFY_75, 79: SHOPIFY_79}

_AMAZON = (
    "amazon-order-id merchant-order-id purchase-date last-updated-date order-status fulfillment-channel "
    "sales-channel order-channel url ship-service-level product-name sku asin item-status quantity currency "
    "item-price item-tax shipping-price shipping-tax gift-wrap-price gift-wrap-tax item-promotion-discount "
    "ship-promotion-discount ship-city ship-state ship-postal-code ship-country promotion-ids is-business-order "
    "purchase-order-number price-designation"
)
AMAZON = _AMAZON.split()

SHOP = Source(code="shop", zone="America/New_York", currency="USD", format="shopify")
AMAZON_US = Source(code="amazon", currency="USD", format="amazon", marketplace_tax=True)
PLAIN = Source(code="b2b", zone="Europe/Berlin", currency="EUR", format="csv")

_DIGITS = {"JPY": 0, "KWD": 3}


def amount(minor: int, currency: str = "USD") -> str:
    """Minor units as exports write them."""
    digits = _DIGITS.get(currency, 2)
    whole, decimals = divmod(minor, 10**digits)
    return f"{whole}.{decimals:0{digits}d}" if digits else str(whole)


def stamp(at: Any, hours: int = 0) -> str:
    """An instant as Shopify writes it."""
    zone = timezone(timedelta(hours=hours))
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z")


def record(header: Sequence[str], values: Mapping[str, object], *, delimiter: str = ",", end: str = "\n") -> str:
    """One row of a file; names that the header does not have are left out."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerow([values.get(name, "") for name in header])
    return text.getvalue().removesuffix("\r\n") + end


def tab_record(values: Mapping[str, object]) -> str:
    """One row of Amazon's report, which knows no quoting."""
    return "\t".join(str(values.get(name, "")) for name in AMAZON) + "\n"


def shopify_line(name: str = "#1001", **values: object) -> dict[str, object]:
    """A further line of an order."""
    plain = {"Name": name, "Lineitem quantity": "1", "Lineitem name": "Mug", "Lineitem price": "10.00",
             "Lineitem sku": "MUG", "Lineitem requires shipping": "true", "Lineitem fulfillment status": "pending",
             "Created at": "2026-05-04 10:00:00 -0400"}  # fmt: skip
    return plain | {key.replace("_", " "): value for key, value in values.items()}


def shopify_order(name: str = "#1001", **values: object) -> dict[str, object]:
    """The first row of an order of one mug."""
    plain = {"Email": "ann@example.com", "Financial Status": "paid", "Paid at": "2026-05-04 10:00:05 -0400",
             "Fulfillment Status": "unfulfilled", "Currency": "USD", "Subtotal": "10.00", "Shipping": "0.00",
             "Taxes": "0.00", "Total": "10.00", "Discount Amount": "0.00", "Payment Method": "Stripe",
             "Payment Reference": "c1.1", "Refunded Amount": "0.00", "Outstanding Balance": "0.00",
             "Risk Level": "Low", "Lineitem discount": "0.00", "Shipping Country": "US"}  # fmt: skip
    return shopify_line(name) | plain | {key.replace("_", " "): value for key, value in values.items()}


def amazon_row(order: str = "111-1", **values: object) -> dict[str, object]:
    """One item of an order."""
    plain = {"amazon-order-id": order, "purchase-date": "2026-05-04T10:00:00+00:00",
             "last-updated-date": "2026-05-04T11:00:00+00:00", "order-status": "Unshipped",
             "fulfillment-channel": "Merchant", "sales-channel": "Amazon.com", "ship-service-level": "Standard",
             "product-name": "Mug", "sku": "MUG", "item-status": "Unshipped", "quantity": "1", "currency": "USD",
             "item-price": "10.00", "ship-city": "Austin", "ship-state": "TX", "ship-country": "US"}  # fmt: skip
    return plain | {key.replace("_", "-"): value for key, value in values.items()}


def write(
    path: Path, header: Iterable[str], rows: Iterable[str], *, delimiter: str = ",", encoding: str = "utf-8"
) -> Path:
    """A file of a header and rows as they are to stand."""
    path.write_bytes((delimiter.join(header) + "\n" + "".join(rows)).encode(encoding))
    return path


def read(path: Path, source: Source = SHOP, kind: str = "orders", **options: Any) -> list[Reading]:
    """All readings of a file, with the proof that each row is in exactly one."""
    reader = Reader(path, kind=kind, source=source, **options)
    readings = list(reader)
    assert sum(reading.rows for reading in readings) == reader.rows
    return readings


def documents(readings: Iterable[Reading]) -> list[Any]:
    """What was read."""
    return [reading.item for reading in readings if reading.kind != "kept"]


def kept(readings: Iterable[Reading]) -> list[KeptRow]:
    """What could not be read."""
    return [reading.item for reading in readings if isinstance(reading.item, KeptRow)]


def shopify(
    path: Path, *rows: Mapping[str, object], header: Sequence[str] = SHOPIFY_79, **options: Any
) -> list[Reading]:
    """The readings of a Shopify file of these rows."""
    return read(write(path / "orders.csv", header, (record(header, row) for row in rows)), **options)


def one_order(readings: list[Reading]) -> Any:
    """The only order of a file, read without anything kept."""
    assert [reading.kind for reading in readings] == ["order"], readings
    return readings[0].item
