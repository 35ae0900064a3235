"""The all-orders report of Amazon: tab-separated, one row per item, the order's facts on every row.

Rules where the report leaves something open:

- Amounts are of the whole line. A unit price that does not divide evenly is rounded up and the difference is a
  discount of the line, so that the line's amount is exact.
- An item of quantity 0 counts no money, even where an amount stands beside it. A cancelled item keeps its quantity,
  all of it cancelled, and its amount, all of it refunded: whether it was ever charged, the report does not say, and
  in this way the order comes to the same whether it was seen before the cancellation or not.
- The report has no total: it is the sum of the lines. A price that is not there yet (a pending order) gives an order
  with `amounts_stated` false.
- Amazon collects the money: there are no payments of our own, and a pending order is the only unpaid one.
- Gift wrap goes with shipping; a promotion on shipping lowers it.
- The time of a cancellation is not in the report; when it was last updated stands for it.
"""

import re
from collections.abc import Callable
from datetime import datetime

from stocktower.exchange import Address, LineDocument, OrderDocument
from stocktower.kernel import country_code, region_code

from . import grouping
from .amounts import Money, read_quantity
from .columns import MISSING, Columns
from .dates import Instants
from .grouping import Group
from .model import Reading, Source, Unreadable
from .text import Record, fields_of

_OUTER_QUOTES = re.compile(r'"((?:[^"]|"")*)"')
_LONGEST = 200
_OPEN, _SHIPPED, _PARTIAL, _CANCELLED, _PENDING = "unfulfilled", "fulfilled", "partial", "cancelled", "pending"
_BEGINS = (
    ("cancel", _CANCELLED),
    ("partiallyshipped", _PARTIAL),
    ("shipped", _SHIPPED),
    ("complete", _SHIPPED),
    ("delivered", _SHIPPED),
    ("pending", _PENDING),
    ("unshipped", _OPEN),
    ("shipping", _OPEN),
    ("unfulfillable", _OPEN),
    ("invoiceunconfirmed", _OPEN),
)


class AmazonOrders:
    """Translates the rows of one order."""

    kind = "order"
    convention: bool | None = None

    def __init__(self, columns: Columns, source: Source, delimiter: str) -> None:
        self._source, self._delimiter = source, delimiter
        find, need = columns.find, columns.need
        wrong_format = "choose the format of the file with --format, or export the all-orders report again"
        self.order = need("amazon-order-id", "order-id", fix=wrong_format)
        self.purchased, self.updated = need("purchase-date", fix=wrong_format), find("last-updated-date")
        self.status, self.item_status = need("order-status", fix=wrong_format), find("item-status")
        self.quantity = need("quantity", "quantity-purchased", fix=wrong_format)
        self.sku, self.name = need("sku", fix=wrong_format), find("product-name")
        self.item_id, self.channel, self.sold_on = (
            find("order-item-id"),
            find("fulfillment-channel"),
            find("sales-channel"),
        )
        self.service, self.currency = find("ship-service-level"), find("currency")
        self.price, self.tax = find("item-price"), find("item-tax")
        self.shipping, self.shipping_tax = find("shipping-price"), find("shipping-tax")
        self.wrap, self.wrap_tax = find("gift-wrap-price"), find("gift-wrap-tax")
        self.promotion, self.ship_promotion = find("item-promotion-discount"), find("ship-promotion-discount")
        self.city, self.state = find("ship-city"), find("ship-state")
        self.postal_code, self.country = find("ship-postal-code"), find("ship-country")
        self.recipient, self.address1, self.address2 = (
            find("recipient-name"),
            find("ship-address-1"),
            find("ship-address-2"),
        )
        self.phone, self.email = find("ship-phone-number"), find("buyer-email")
        self.ship_by, self.purchase_order = find("latest-ship-date", "promise-date"), find("purchase-order-number")
        self.date_columns = tuple(index for index in (self.purchased, self.updated, self.ship_by) if index != MISSING)
        self._money: dict[str, Money] = {}
        self.line = 0

    def begin(self, instants: Instants) -> None:
        """Take the reader of dates, which needs the whole file to be seen first."""
        self._instants = instants

    def keys(self) -> grouping.KeyOf:
        """The order that a row belongs to."""

        def key_of(record: Record) -> str:
            fields = fields_of(record, self._delimiter) if record.problem else record.fields
            key = fields[self.order].strip() if self.order < len(fields) else ""
            return key or f"\0{record.line}"

        return key_of

    def statements(self, group: Group) -> Group:
        """The rows of one order, once for each state in which the file tells it, oldest first."""
        if self.updated == MISSING:
            return grouping.statements(group)
        stamps = {row.fields[self.updated] for run in group for row in run}
        if len(stamps) < 2:
            return grouping.statements(group)
        found: Group = []
        for stamp in sorted(stamps, key=lambda stamp: self._instants.read(stamp, "last-updated-date")):
            alike = [[row for row in run if row.fields[self.updated] == stamp] for run in group]
            found += grouping.statements([run for run in alike if run])
        return found

    def finish(self) -> list[Reading]:
        """Nothing is gathered."""
        return []

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """The order that these rows state; raises Unreadable."""
        document = self._order(key, rows)
        return [Reading("order", self._source.code, key, document, len(rows), len(document.lines))]

    def _order(self, key: str, rows: list[Record]) -> OrderDocument:
        self.line = rows[0].line
        if key.startswith("\0") or len(key) > _LONGEST:
            raise Unreadable("amazon-order-id", "the row has no usable order id", "give it the id of its order")
        f = rows[0].fields
        status = _status(f[self.status], "order-status")
        money = self._currency(rows)
        lines = [self._line(place, row, status, money) for place, row in enumerate(rows, start=1)]
        self.line = rows[0].line
        goods = sum(line.quantity * line.unit_price_minor for line in lines)
        discount = sum(line.discount_minor for line in lines)
        shipping = sum(line.shipping_minor or 0 for line in lines)
        tax = sum(line.tax_minor or 0 for line in lines)
        included = self._source.tax_included
        total = goods - discount + shipping + (0 if included else tax)
        refunded = 0 if status == _PENDING else sum(_whole(line, included) for line in lines if line.cancelled)
        sold_on = f[self.sold_on].strip()
        order_number = f[self.purchase_order].strip()
        return OrderDocument(
            order_ref=key,
            number=key,
            placed_at=self._instants.read(f[self.purchased], "purchase-date"),
            currency=money.currency,
            lines=tuple(lines),
            goods_minor=goods,
            discount_minor=discount,
            shipping_minor=shipping,
            tax_minor=tax,
            total_minor=total,
            refunded_minor=refunded,
            tax_included=included,
            financial_state=_financial_state(status, total, refunded),
            fulfillment_state=status if status in (_SHIPPED, _PARTIAL) else _OPEN,
            cancelled_at=self._cancelled_at(f) if status == _CANCELLED else None,
            marketplace_tax=self._source.marketplace_tax,
            custody=self._custody(rows),
            ship_service=f[self.service].strip(),
            ship_by_at=self._instants.read_optional(f[self.ship_by], "latest-ship-date"),
            email=f[self.email].strip(),
            ship_to=self._address(f),
            address_stated=MISSING not in (self.address1, self.city, self.postal_code),
            tags=("non-amazon",) if sold_on.lower() == "non-amazon" else (),
            stated_at=self._instants.read_optional(f[self.updated], "last-updated-date"),
            note=f"Purchase order {order_number}" if order_number else "",
            amounts_stated=all(
                row.fields[self.price].strip() or line.cancelled or not line.quantity
                for row, line in zip(rows, lines, strict=True)
            ),
        )

    def _currency(self, rows: list[Record]) -> Money:
        stated = {row.fields[self.currency].strip().upper() for row in rows} - {""}
        if len(stated) > 1:
            raise Unreadable("currency", f"the order is in several currencies: {', '.join(sorted(stated))}",
                             "state one currency for an order")  # fmt: skip
        currency = next(iter(stated), self._source.currency)
        found = self._money.get(currency)
        if found is None:
            found = self._money[currency] = Money(currency, "currency")
        return found

    def _custody(self, rows: list[Record]) -> str:
        stated = {row.fields[self.channel].strip().lower() for row in rows} - {""}
        if len(stated) > 1:
            raise Unreadable(
                "fulfillment-channel", "the order is shipped by Amazon in part", "split it by fulfillment channel"
            )
        return "marketplace" if stated & {"amazon", "afn"} else "merchant"

    def _cancelled_at(self, f: list[str]) -> datetime:
        return self._instants.read(f[self.updated].strip() or f[self.purchased], "last-updated-date")

    def _address(self, f: list[str]) -> Address:
        country = country_code(f[self.country])
        return Address(
            name=f[self.recipient].strip(),
            street=", ".join(part for part in (f[self.address1].strip(), f[self.address2].strip()) if part),
            city=f[self.city].strip(),
            region=region_code(f[self.state], country),
            postal_code=f[self.postal_code].strip().lstrip("'"),
            country=country,
            phone=f[self.phone].strip().lstrip("'"),
        )

    def _line(self, place: int, row: Record, order_status: str, money: Money) -> LineDocument:
        self.line = row.line
        f = row.fields
        name, sku = _unquoted(f[self.name]), f[self.sku].strip()
        if not name and not sku:
            raise Unreadable("sku", "the line has neither SKU nor name", "name what was sold")
        listing = sku or f"name:{name}"
        if len(listing) > 2 * _LONGEST:
            raise Unreadable("sku", "the line's SKU or name is too long to be one", "check the columns of the row")
        quantity = read_quantity(f[self.quantity], "quantity")
        status = _status(f[self.item_status], "item-status") if f[self.item_status].strip() else order_status
        if order_status in (_SHIPPED, _CANCELLED) and status != _CANCELLED:
            status = order_status
        read = _reader(f, money) if quantity else _nothing
        price = read(self.price, "item-price")
        unit_price = -(-price // quantity) if quantity else 0
        promotion = abs(read(self.promotion, "item-promotion-discount"))
        carriage = read(self.shipping, "shipping-price") + read(self.wrap, "gift-wrap-price")
        carriage -= abs(read(self.ship_promotion, "ship-promotion-discount"))
        tax = (
            read(self.tax, "item-tax") + read(self.shipping_tax, "shipping-tax") + read(self.wrap_tax, "gift-wrap-tax")
        )
        if min(price, tax) < 0:
            raise Unreadable(
                "item-price" if price < 0 else "item-tax", "an amount is below zero", "state what was sold"
            )
        return LineDocument(
            f[self.item_id].strip() or str(place),
            listing,
            name or sku,
            quantity,
            unit_price,
            promotion + unit_price * quantity - price + max(-carriage, 0),
            tax if self.tax != MISSING else None,
            max(carriage, 0),
            shipped=quantity if status == _SHIPPED else max(quantity - 1, 0) if status == _PARTIAL else 0,
            cancelled=quantity if status == _CANCELLED else 0,
            shipped_estimated=status == _PARTIAL and quantity > 1,
        )


def _whole(line: LineDocument, tax_included: bool) -> int:
    """What the buyer pays for a line."""
    goods = line.quantity * line.unit_price_minor - line.discount_minor + (line.shipping_minor or 0)
    return goods + (0 if tax_included else line.tax_minor or 0)


def _financial_state(status: str, total: int, refunded: int) -> str:
    if status == _PENDING:
        return "pending"
    if refunded:
        return "refunded" if refunded == total else "partially_refunded"
    return "voided" if status == _CANCELLED else "paid"


def _reader(f: list[str], money: Money) -> Callable[[int, str], int]:
    return lambda index, column: money.read(f[index], column)


def _nothing(index: int, column: str) -> int:
    """The amount of a line of which nothing was sold."""
    return 0


def _status(text: str, column: str) -> str:
    word = re.sub(r"[\s_-]+", "", text.lower())
    for beginning, status in _BEGINS:
        if word.startswith(beginning):
            return status
    raise Unreadable(column, f"{text!r} is not a status that is known",
                     "one of Pending, Unshipped, PartiallyShipped, Shipped, Cancelled")  # fmt: skip


def _unquoted(text: str) -> str:
    """A cell that a spreadsheet quoted, without its quotes; other quotation marks (24" wide) are text."""
    text = text.strip()
    if text.startswith('"') and (match := _OUTER_QUOTES.fullmatch(text)):
        return match[1].replace('""', '"')
    return text
