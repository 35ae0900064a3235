"""The real orders of a Brazilian marketplace as canonical documents, and the stock that they need by a stated rule.

An order is stated as it was placed: items of one product, seller and price are one line, freight is shipping by line,
every payment is captured; one that was cancelled or never available is stated as cancelled. What has a carrier date (or
is delivered or shipped) is confirmed as shipped at that date, by the channel and not site by site: the sourcing decides
from where. The 775 orders without items stay what they are, messages that cannot become an order.

Stock: sellers are grouped by their state into six sites, and each site is opened with all units that its sellers ever
sold of each product; so in all sites together there is exactly what was ordered. The cost is 60 % of the lowest price.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from msgspec import Struct

from stocktower.exchange import (
    Address,
    ConfirmationDocument,
    LineDocument,
    OrderDocument,
    PaymentDocument,
    ProductDocument,
    StockDocument,
    StockLine,
)

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY.parent / "shared" / "data" / "olist"
CODE = "olist"
CHANNEL = "marketplace"
NOW = datetime(2018, 11, 1, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")
SITES = {
    "SP": ("SP", -23.6, -46.6),
    "SOUTH": ("PR", -25.4, -49.3),
    "MINAS": ("MG", -19.9, -43.9),
    "RIO": ("RJ", -22.9, -43.2),
    "CENTRE": ("GO", -16.7, -49.3),
    "NORTH": ("BA", -12.9, -38.5),
}
_SITE_OF_STATE = {
    "SP": "SP", "PR": "SOUTH", "SC": "SOUTH", "RS": "SOUTH", "MG": "MINAS", "RJ": "RIO", "ES": "RIO",
    "GO": "CENTRE", "DF": "CENTRE", "MT": "CENTRE", "MS": "CENTRE", "RO": "CENTRE", "AC": "CENTRE",
}  # fmt: skip
_LINES_A_SNAPSHOT = 2_000


class Olist(Struct, frozen=True):
    """All of it, as canonical documents."""

    products: list[ProductDocument]
    stock: list[StockDocument]
    orders: list[OrderDocument]
    """By the time they were placed."""
    confirmations: list[ConfirmationDocument]


def configuration() -> str:
    """The merchant's file."""
    parts = [
        f'[merchant]\ncode = "{CODE}"\nname = "Olist"\ntimezone = "{ZONE.key}"\n',
        '[[entities]]\ncode = "main"\nname = "Olist"\ncurrency = "BRL"\n',
    ]
    parts += [
        f'[[sites]]\ncode = "{code}"\nname = "{code}"\nkind = "warehouse"\ncountry = "BR"\nregion = "{region}"\n'
        f"latitude = {latitude}\nlongitude = {longitude}\npriority = 50\n"
        for code, (region, latitude, longitude) in SITES.items()
    ]
    sites = ", ".join(f'"{code}"' for code in SITES)
    parts.append(
        f'[[channels]]\ncode = "{CHANNEL}"\nname = "{CHANNEL}"\nkind = "other"\ncurrency = "BRL"\n'
        f"live_from = 2016-01-01T00:00:00+00:00\nsites = [{sites}]\nmax_splits = {len(SITES) - 1}\n"
    )
    return "\n".join(parts)


def is_there() -> bool:
    """Whether the data lies beside the checkout."""
    return (FOLDER / "orders.parquet").is_file()


def read() -> Olist:
    """Read and translate all of it."""
    items = _items()
    orders = pl.read_parquet(FOLDER / "orders.parquet").sort("order_purchase_timestamp", "order_id")
    lines = _lines(items)
    payments = _payments()
    addresses = _addresses()
    made: list[OrderDocument] = []
    confirmations: list[ConfirmationDocument] = []
    for row in orders.iter_rows(named=True):
        order = _order(row, lines.get(row["order_id"], ()), payments.get(row["order_id"], ()), addresses)
        made.append(order)
        if order.lines and order.cancelled_at is None:
            shipped_at = _shipped_at(row)
            if shipped_at is not None:
                confirmations.append(
                    ConfirmationDocument(
                        order.number, "shipped", shipped_at, carrier="Correios", tracking=order.number[:13]
                    )
                )
    return Olist(list(_products(items)), list(_stock(items)), made, confirmations)


def _items() -> pl.DataFrame:
    sellers = pl.read_parquet(FOLDER / "sellers.parquet").with_columns(
        pl.col("seller_state").replace_strict(_SITE_OF_STATE, default="NORTH").alias("site")
    )
    return (
        pl.read_parquet(FOLDER / "order_items.parquet")
        .join(sellers.select("seller_id", "site"), on="seller_id")
        .with_columns(
            (pl.col("price") * 100).cast(pl.Int64).alias("price_minor"),
            (pl.col("freight_value") * 100).cast(pl.Int64).alias("freight_minor"),
        )
    )


def _lines(items: pl.DataFrame) -> dict[str, list[LineDocument]]:
    grouped = (
        items.group_by("order_id", "product_id", "seller_id", "price_minor")
        .agg(pl.len().alias("units"), pl.col("freight_minor").sum(), pl.col("order_item_id").min().alias("first"))
        .sort("order_id", "first")
    )
    lines: dict[str, list[LineDocument]] = {}
    for row in grouped.iter_rows(named=True):
        line = LineDocument(
            str(row["first"]),
            row["product_id"],
            row["product_id"],
            row["units"],
            row["price_minor"],
            shipping_minor=row["freight_minor"],
        )
        lines.setdefault(row["order_id"], []).append(line)
    return lines


def _payments() -> dict[str, list[PaymentDocument]]:
    payments: dict[str, list[PaymentDocument]] = {}
    rows = pl.read_parquet(FOLDER / "order_payments.parquet").with_columns(
        (pl.col("payment_value") * 100).cast(pl.Int64).alias("minor")
    )
    for row in rows.sort("order_id", "payment_sequential").iter_rows(named=True):
        tender = PaymentDocument(
            row["payment_type"], f"{row['order_id'][:12]}-{row['payment_sequential']}", row["minor"], "captured"
        )
        payments.setdefault(row["order_id"], []).append(tender)
    return payments


def _addresses() -> dict[str, tuple[str, Address]]:
    customers = pl.read_parquet(FOLDER / "customers.parquet")
    return {
        row["customer_id"]: (
            f"{row['customer_unique_id']}@example.test",
            Address(
                name=row["customer_unique_id"][:12],
                city=row["customer_city"],
                region=row["customer_state"],
                postal_code=row["customer_zip_code_prefix"],
                country="BR",
            ),
        )
        for row in customers.iter_rows(named=True)
    }


def _order(
    row: dict[str, object],
    lines: "list[LineDocument] | tuple[()]",
    payments: "list[PaymentDocument] | tuple[()]",
    addresses: dict[str, tuple[str, Address]],
) -> OrderDocument:
    goods = sum(line.quantity * line.unit_price_minor for line in lines)
    freight = sum(line.shipping_minor or 0 for line in lines)
    email, to = addresses[str(row["customer_id"])]
    placed_at = _instant(row["order_purchase_timestamp"])
    assert placed_at is not None
    is_cancelled = row["order_status"] in ("canceled", "unavailable") and row["order_delivered_carrier_date"] is None
    return OrderDocument(
        order_ref=str(row["order_id"]),
        number=str(row["order_id"])[:16],
        placed_at=placed_at,
        currency="BRL",
        lines=tuple(lines),
        goods_minor=goods,
        shipping_minor=freight,
        total_minor=goods + freight,
        payments=tuple(payments),
        financial_state="paid" if payments else "pending",
        cancelled_at=(_instant(row["order_approved_at"]) or placed_at) + timedelta(days=1) if is_cancelled else None,
        email=email,
        ship_to=to,
        bill_to=to,
        address_stated=False,
    )


def _shipped_at(row: dict[str, object]) -> datetime | None:
    """The carrier's date, else that of delivery, else two days after it was placed."""
    if row["order_delivered_carrier_date"] is None and row["order_status"] not in ("delivered", "shipped"):
        return None
    stated = _instant(row["order_delivered_carrier_date"]) or _instant(row["order_delivered_customer_date"])
    placed_at = _instant(row["order_purchase_timestamp"])
    assert placed_at is not None
    return stated or placed_at + timedelta(days=2)


def _instant(value: object) -> datetime | None:
    return value.replace(tzinfo=ZONE).astimezone(UTC) if isinstance(value, datetime) else None


def _products(items: pl.DataFrame) -> Iterator[ProductDocument]:
    prices = dict(items.group_by("product_id").agg(pl.col("price_minor").min()).iter_rows())
    products = pl.read_parquet(FOLDER / "products.parquet")
    for row in products.sort("product_id").iter_rows(named=True):
        price = prices.get(row["product_id"], 100)
        yield ProductDocument(
            row["product_id"],
            row["product_id"],
            category=row["product_category_name"] or "",
            weight_grams=row["product_weight_g"],
            cost_minor=max(1, price * 6 // 10),
            price_minor=price,
            currency="BRL",
        )


def _stock(items: pl.DataFrame) -> Iterator[StockDocument]:
    sold: Counter[tuple[str, str]] = Counter()
    for site, product, units in items.group_by("site", "product_id").agg(pl.len()).iter_rows():
        sold[site, product] = units
    prices = dict(items.group_by("product_id").agg(pl.col("price_minor").min()).iter_rows())
    by_site: dict[str, list[StockLine]] = {code: [] for code in SITES}
    for (site, product), units in sorted(sold.items()):
        by_site[site].append(StockLine(product, units, cost_minor=max(1, prices[product] * 6 // 10)))
    for code, lines in by_site.items():
        for part, start in enumerate(range(0, len(lines), _LINES_A_SNAPSHOT)):
            yield StockDocument(code, None, tuple(lines[start : start + _LINES_A_SNAPSHOT]), opening=True, part=part)


def first_of(data: Olist, count: int) -> Olist:
    """The first orders with their confirmations, and all products and stock."""
    orders = data.orders[:count]
    names = {order.number for order in orders}
    return Olist(data.products, data.stock, orders, [one for one in data.confirmations if one.order in names])
