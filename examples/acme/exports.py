"""How the example merchant's systems write their orders: the exports of Shopify and Amazon, and our own CSV."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")

SHOPIFY_COLUMNS = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,"
    "Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,"
    "Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,"
    "Billing Address2,Billing Company,Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,"
    "Shipping Street,Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,Shipping Country,"
    "Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Outstanding Balance,"
    "Employee,Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,"
    "Tax 3 Value,Tax 4 Name,Tax 4 Value,Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name"
).split(",")


@dataclass(eq=False)
class Sku:
    """One article of the merchant."""

    code: str
    name: str
    price: int
    cost: int
    components: str = ""
    units: str = ""
    scripted: bool = False
    columns: dict[str, object] = field(default_factory=dict)
    """What its product states beside."""


@dataclass(eq=False)
class Order:
    """One order as its channel knows it; money in minor units."""

    channel: str
    number: str
    placed: datetime
    lines: list[tuple[Sku, int]]
    country: str = "US"
    region: str = "NY"
    city: str = "New York"
    postal: str = "10001"
    paid: str = "paid"
    discount: int = 0
    shipping: int = 595
    refunded: int = 0
    cancelled: datetime | None = None
    fulfilled: datetime | None = None
    off: int = 0
    by_name: bool = False
    listing: str = ""
    fba: bool = False
    person: str = ""
    risk: str = "Low"
    ships: bool = True
    revisions: list[tuple[datetime, dict[str, object]]] = field(default_factory=list)

    @property
    def goods(self) -> int:
        """Sum of the lines."""
        return sum(sku.price * quantity for sku, quantity in self.lines)

    def rate(self) -> int:
        """Tax in per mille."""
        return {"US": 65, "DE": 190, "FR": 200, "NL": 210, "ES": 210, "IT": 220}.get(self.country, 0)

    def tax(self) -> int:
        """Tax of the order, inside the prices in Europe."""
        base = self.goods - self.discount + self.shipping
        return base * self.rate() // (1000 + self.rate()) if self.country != "US" else base * self.rate() // 1000


def total(order: Order) -> int:
    """What the customer pays."""
    tax = order.tax() if order.country == "US" else 0
    return order.goods - order.discount + order.shipping + tax + order.off


def amazon_listing(sku: Sku, n: int) -> str:
    """Amazon's name of a SKU: for every other one its own."""
    return sku.code if n % 2 or sku.scripted else f"AMZ-{sku.code}"


def shopify_rows(orders: list[Order]) -> Iterator[dict[str, object]]:
    """The orders export: order fields on the first row only."""
    for order in orders:
        zone = BERLIN if order.channel == "shopify-eu" else NEW_YORK
        currency = "EUR" if order.channel == "shopify-eu" else "USD"
        local = f"{order.placed.astimezone(zone):%Y-%m-%d %H:%M:%S %z}"
        for n, (sku, quantity) in enumerate(order.lines):
            row: dict[str, object] = dict.fromkeys(SHOPIFY_COLUMNS, "")
            row |= {
                "Name": order.number, "Email": email(order), "Created at": local, "Lineitem quantity": quantity, "Lineitem name": sku.name,
                "Lineitem price": money(sku.price), "Lineitem sku": "" if order.by_name else sku.code, "Lineitem requires shipping": "true",
                "Lineitem taxable": "true", "Lineitem discount": "0.00",
                "Lineitem fulfillment status": "fulfilled" if order.fulfilled else "pending", "Vendor": "Acme Outdoor",
            }  # fmt: skip
            if n == 0:
                names = {
                    f"{side} {key}": value for side in ("Billing", "Shipping") for key, value in address(order).items()
                }
                row |= names | {
                    "Financial Status": order.paid, "Paid at": local if order.paid != "authorized" else "",
                    "Fulfillment Status": "fulfilled" if order.fulfilled else "unfulfilled",
                    "Fulfilled at": f"{order.fulfilled.astimezone(zone):%Y-%m-%d %H:%M:%S %z}" if order.fulfilled else "",
                    "Accepts Marketing": "no", "Currency": currency, "Subtotal": money(order.goods - order.discount),
                    "Shipping": money(order.shipping), "Taxes": money(order.tax()), "Total": money(total(order)),
                    "Discount Code": "WEEKEND10" if order.discount else "", "Discount Amount": money(order.discount),
                    "Shipping Method": "Standard", "Refunded Amount": money(order.refunded), "Outstanding Balance": "0.00",
                    "Payment Method": "Shopify Payments", "Payment Reference": f"c{order.number[1:]}.1", "Risk Level": order.risk,
                    "Cancelled at": f"{order.cancelled.astimezone(zone):%Y-%m-%d %H:%M:%S %z}" if order.cancelled else "",
                    "Source": "web", "Tax 1 Name": "VAT" if currency == "EUR" else f"{order.region} State Tax", "Tax 1 Value": money(order.tax()),
                    "Id": str(6_000_000_000_000 + sum(order.number.encode()) * 7919 + int(order.number[3:])),
                }  # fmt: skip
            yield row


def amazon_rows(orders: list[Order], skus: list[Sku], step: datetime) -> Iterator[dict[str, object]]:
    """The all-orders report."""
    place = {sku.code: n for n, sku in enumerate(skus)}
    for order in orders:
        for sku, quantity in order.lines:
            price = sku.price * quantity * (2 if order.listing else 1)
            yield {
                "amazon-order-id": order.number, "merchant-order-id": "", "purchase-date": iso(order.placed),
                "last-updated-date": iso(order.placed + timedelta(minutes=30)),
                "order-status": "Shipped" if order.fba else "Unshipped", "fulfillment-channel": "Amazon" if order.fba else "Merchant",
                "sales-channel": "Amazon.com", "order-channel": "", "url": "", "ship-service-level": "Standard", "product-name": sku.name,
                "sku": order.listing or amazon_listing(sku, place[sku.code]), "asin": f"B0{place[sku.code]:08d}",
                "item-status": "Shipped" if order.fba else "Unshipped", "quantity": quantity, "currency": "USD", "item-price": money(price),
                "item-tax": money(price * 65 // 1000), "shipping-price": "", "shipping-tax": "", "gift-wrap-price": "", "gift-wrap-tax": "",
                "item-promotion-discount": "", "ship-promotion-discount": "", "ship-city": "Springfield", "ship-state": order.region,
                "ship-postal-code": order.postal, "ship-country": "US", "promotion-ids": "", "is-business-order": "false",
                "purchase-order-number": "", "price-designation": "",
            }  # fmt: skip


def plain_rows(orders: list[Order]) -> Iterator[dict[str, object]]:
    """Our own order file: one row a line."""
    for order in orders:
        for n, (sku, quantity) in enumerate(order.lines):
            yield {
                "order": order.number, "placed_at": stamp(order.placed), "sku": sku.code, "name": sku.name, "quantity": quantity,
                "unit_price": money(sku.price), "currency": "USD", "shipping": money(order.shipping) if n == 0 else "",
                "tax": money(order.tax()) if n == 0 else "", "total": money(total(order)) if n == 0 else "",
                "financial_status": order.paid, "payment_method": "terms" if order.channel == "b2b" else "card",
                "ship_name": order.person, "ship_street": "1 Main St", "ship_city": order.city, "ship_region": order.region,
                "ship_postal_code": order.postal, "ship_country": order.country, "email": email(order),
            }  # fmt: skip


def address(order: Order) -> dict[str, str]:
    """The address columns of one side."""
    return {
        "Name": order.person, "Street": "12 Trail Road", "Address1": "12 Trail Road", "City": order.city, "Zip": f"'{order.postal}",
        "Province": order.region, "Country": order.country, "Phone": "",
    }  # fmt: skip


def email(order: Order) -> str:
    """A mailbox that cannot exist."""
    return f"{order.person.lower().replace(' ', '.')}@example.com"


def money(minor: int) -> str:
    """Two digits, a point."""
    return f"{minor // 100}.{minor % 100:02d}"


def iso(at: datetime) -> str:
    """Amazon's instants."""
    return f"{at:%Y-%m-%dT%H:%M:%S+00:00}"


def stamp(at: datetime) -> str:
    """Our own instants."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def write_csv(path: Path, rows: list[dict[str, object]], *, delimiter: str = ",") -> None:
    """One file with a header; nothing is written for no rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
