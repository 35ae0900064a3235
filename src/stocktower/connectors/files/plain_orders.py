"""Orders as plain CSV: one row a line; what concerns the whole order stands on any or all of its rows.

Columns: order, placed_at, sku or name, quantity are needed. Of a line: line, unit_price, line_discount, line_tax,
line_duties, shipped, cancelled. Of the order: currency, discount, shipping, tax, duties, total, tax_included,
financial_status, payment_method, payment_reference, paid, refunded, fulfillment_status, fulfilled_at, cancelled_at,
terms_days, ship_service, ship_by, risk, tags, note, email, customer_class, hold, ship_name, ship_company, ship_street,
ship_city, ship_region, ship_postal_code, ship_country, ship_phone and the same with bill_. Where there is no total it
is the sum of the lines, shipping, tax and duties.
"""

from collections.abc import Sequence

from stocktower.exchange import Address, LineDocument, OrderDocument, PaymentDocument
from stocktower.kernel import country_code, region_code

from . import grouping
from .amounts import Money, read_flag, read_quantity
from .columns import MISSING, Columns
from .dates import Instants
from .grouping import Group
from .model import Reading, Source, Unreadable
from .text import Record, fields_of

_LONGEST = 200
_OF_LINE: dict[str, tuple[str, ...]] = {
    "sku": ("item", "item code", "article", "product code"),
    "name": ("item name", "product name", "description", "product"),
    "quantity": ("qty", "units"),
    "line": ("line id", "line number", "line no"),
    "unit_price": ("price", "item price"),
    "line_discount": (),
    "line_tax": (),
    "line_duties": (),
    "shipped": ("shipped quantity",),
    "cancelled": ("cancelled quantity", "canceled"),
}
_OF_ORDER: dict[str, tuple[str, ...]] = {
    "order": ("order number", "order no", "order id", "order ref", "number"),
    "placed_at": ("order date", "created at", "placed", "ordered at", "date"),
    "currency": ("currency code",),
    "discount": ("order discount", "discount amount"),
    "shipping": ("shipping price", "freight"),
    "tax": ("taxes", "vat"),
    "duties": ("duty", "customs", "customs duties"),
    "total": ("order total", "grand total"),
    "tax_included": ("prices include tax",),
    "financial_status": ("financial state", "payment status", "payment state"),
    "payment_method": ("payment", "tender"),
    "payment_reference": ("payment id",),
    "paid": ("paid amount", "amount paid"),
    "refunded": ("refunded amount",),
    "fulfillment_status": ("fulfilment status", "fulfillment state", "shipping status"),
    "fulfilled_at": ("shipped at",),
    "cancelled_at": ("canceled at",),
    "terms_days": ("terms", "net days"),
    "ship_service": ("shipping method", "service"),
    "ship_by": ("ship by at", "ship by date"),
    "risk": ("risk level",),
    "tags": (),
    "note": ("notes", "comment"),
    "email": ("e-mail", "customer email"),
    "customer_class": ("customer group", "customer type"),
    "hold": ("cart", "checkout", "cart token", "checkout token", "reservation"),
}
_FINANCIAL = {
    "pending": "pending",
    "unpaid": "pending",
    "open": "pending",
    "authorized": "authorized",
    "authorised": "authorized",
    "paid": "paid",
    "captured": "paid",
    "partially paid": "partially_paid",
    "partially refunded": "partially_refunded",
    "refunded": "refunded",
    "voided": "voided",
    "void": "voided",
}
_FULFILLMENT = {
    "": "unfulfilled",
    "unfulfilled": "unfulfilled",
    "open": "unfulfilled",
    "pending": "unfulfilled",
    "unshipped": "unfulfilled",
    "fulfilled": "fulfilled",
    "shipped": "fulfilled",
    "complete": "fulfilled",
    "completed": "fulfilled",
    "delivered": "fulfilled",
    "partial": "partial",
    "partially fulfilled": "partial",
    "partially shipped": "partial",
}
_ON_ACCOUNT = {"terms", "invoice", "on account", "account", "net terms"}


class _Placed:
    """Columns of one address."""

    def __init__(self, columns: Columns, side: str, other: str) -> None:
        def find(*names: str) -> int:
            return columns.find(*(f"{word}_{name}" for word in (side, other) for name in names))

        self.name, self.company = find("name", "to", "recipient"), find("company")
        self.street, self.street2 = find("street", "address", "address1", "address line 1"), find("street2", "address2")
        self.city, self.region = find("city", "town"), find("region", "state", "province")
        self.postal_code, self.country = (
            find("postal_code", "postcode", "zip", "postal"),
            find("country", "country code"),
        )
        self.phone = find("phone", "telephone")
        self.all = [index for index in vars(self).values() if index != MISSING]
        self.is_whole = MISSING not in (self.street, self.city, self.postal_code)


class PlainOrders:
    """Translates the rows of one order."""

    kind = "order"
    convention: bool | None = None

    def __init__(self, columns: Columns, source: Source, delimiter: str) -> None:
        self._source, self._delimiter = source, delimiter
        at = {name: columns.find(name, *synonyms) for name, synonyms in (_OF_LINE | _OF_ORDER).items()}
        for name in ("order", "placed_at", "quantity"):
            columns.need(name, *(_OF_LINE | _OF_ORDER)[name])
        if at["sku"] == MISSING and at["name"] == MISSING:
            columns.need("sku", fix="add a column named 'sku', or 'name' where the items have no SKU")
        self._at = at
        self._has_prices = at["unit_price"] != MISSING
        self._ship_to, self._bill_to = _Placed(columns, "ship", "shipping"), _Placed(columns, "bill", "billing")
        dates = (at["placed_at"], at["fulfilled_at"], at["cancelled_at"], at["ship_by"])
        self.date_columns = tuple(index for index in dates if index != MISSING)
        of_order = {at[name] for name in _OF_ORDER} | set(self._ship_to.all) | set(self._bill_to.all)
        self._of_order = sorted(of_order - {MISSING, at["order"]})
        self._header = columns.names
        self._money: dict[str, Money] = {}
        self.line = 0

    def begin(self, instants: Instants) -> None:
        """Take the reader of dates, which needs the whole file to be seen first."""
        self._instants = instants

    def keys(self) -> grouping.KeyOf:
        """The order that a row belongs to."""

        order = self._at["order"]

        def key_of(record: Record) -> str:
            fields = fields_of(record, self._delimiter) if record.problem else record.fields
            key = fields[order].strip() if order < len(fields) else ""
            return key or f"\0{record.line}"

        return key_of

    def statements(self, group: Group) -> Group:
        """The rows of one order."""
        return grouping.statements(group)

    def finish(self) -> list[Reading]:
        """Nothing is gathered."""
        return []

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """The order that these rows state; raises Unreadable."""
        self.line = rows[0].line
        if key.startswith("\0") or len(key) > _LONGEST:
            raise Unreadable("order", "the row has no usable order number", "give it the number of its order")
        document = self._order(key, self._of_whole(rows), rows)
        return [Reading("order", self._source.code, key, document, len(rows), len(document.lines))]

    def _of_whole(self, rows: Sequence[Record]) -> list[str]:
        """What the rows state of the order: the first that is not empty, and no other beside it."""
        whole = list(rows[0].fields)
        for row in rows[1:]:
            fields = row.fields
            for index in self._of_order:
                text = fields[index]
                if not text or text == whole[index]:
                    continue
                if whole[index].strip():
                    self.line = row.line
                    column = self._header[index]
                    problem = f"{column} is {text!r} here and {whole[index]!r} on an earlier row of the order"
                    fix = "state it once" + (
                        f", or use line_{column} for lines" if column in ("discount", "tax", "duties") else ""
                    )
                    raise Unreadable(column, problem, fix)
                whole[index] = text
        return whole

    def _order(self, key: str, f: list[str], rows: Sequence[Record]) -> OrderDocument:
        at = self._at
        currency = f[at["currency"]].strip().upper() or self._source.currency
        money = self._money.get(currency)
        if money is None:
            money = self._money[currency] = Money(currency, "currency")
        fulfillment = _known(f[at["fulfillment_status"]], _FULFILLMENT, "fulfillment_status")
        lines = [self._line(place, row, money, fulfillment) for place, row in enumerate(rows, start=1)]
        self.line = rows[0].line
        goods = sum(line.quantity * line.unit_price_minor for line in lines)
        on_lines = sum(line.discount_minor for line in lines)
        discount = abs(money.read(f[at["discount"]], "discount")) + on_lines
        shipping = money.read_positive(f[at["shipping"]], "shipping")
        tax = money.read_positive(f[at["tax"]], "tax") or sum(line.tax_minor or 0 for line in lines)
        duties = money.read_positive(f[at["duties"]], "duties") or sum(line.duties_minor or 0 for line in lines)
        included = read_flag(f[at["tax_included"]], "tax_included", default=self._source.tax_included)
        total = money.read_positive(f[at["total"]], "total")
        if not f[at["total"]].strip() and self._has_prices:
            total = goods - discount + shipping + (0 if included else tax) + duties
        placed_at = self._instants.read(f[at["placed_at"]], "placed_at")
        payment, state = self._payment(f, money, total)
        return OrderDocument(
            order_ref=key,
            number=key,
            placed_at=placed_at,
            currency=currency,
            lines=tuple(lines),
            goods_minor=goods,
            discount_minor=discount,
            shipping_minor=shipping,
            tax_minor=tax,
            total_minor=total,
            refunded_minor=abs(money.read(f[at["refunded"]], "refunded")),
            tax_included=included,
            payments=payment,
            financial_state=state,
            fulfillment_state=fulfillment,
            fulfilled_at=self._instants.read_optional(f[at["fulfilled_at"]], "fulfilled_at"),
            cancelled_at=self._instants.read_optional(f[at["cancelled_at"]], "cancelled_at"),
            marketplace_tax=self._source.marketplace_tax,
            ship_service=f[at["ship_service"]].strip(),
            ship_by_at=self._instants.read_optional(f[at["ship_by"]], "ship_by"),
            email=f[at["email"]].strip(),
            ship_to=_address(f, self._ship_to),
            bill_to=_address(f, self._bill_to),
            address_stated=self._ship_to.is_whole,
            terms_days=read_quantity(f[at["terms_days"]], "terms_days") if f[at["terms_days"]].strip() else None,
            risk=f[at["risk"]].strip().lower(),
            tags=tuple(tag.strip() for tag in f[at["tags"]].split(",") if tag.strip()),
            note=f[at["note"]].strip(),
            amounts_stated=self._has_prices,
            customer_class=f[at["customer_class"]].strip(),
            hold=f[at["hold"]].strip(),
            duties_minor=duties,
        )

    def _line(self, place: int, row: Record, money: Money, fulfillment: str) -> LineDocument:
        self.line = row.line
        f, at = row.fields, self._at
        sku, name = f[at["sku"]].strip(), f[at["name"]].strip()
        if not sku and not name:
            raise Unreadable("sku", "the line has neither SKU nor name", "name what was sold")
        listing = sku or f"name:{name}"
        if len(listing) > 2 * _LONGEST:
            raise Unreadable("sku", "the line's SKU or name is too long to be one", "check the columns of the row")
        quantity = read_quantity(f[at["quantity"]], "quantity", least=1)
        if self._has_prices and not f[at["unit_price"]].strip():
            raise Unreadable("unit_price", "the line has no price", "state it; 0 where it is free")
        shipped = quantity if fulfillment == "fulfilled" else 0
        if f[at["shipped"]].strip():
            shipped = read_quantity(f[at["shipped"]], "shipped")
        elif fulfillment == "partial":
            problem = "the order is partly shipped, and the line does not say how many units"
            raise Unreadable("shipped", problem, "state the units shipped of each line")
        cancelled = read_quantity(f[at["cancelled"]], "cancelled") if f[at["cancelled"]].strip() else 0
        if shipped + cancelled > quantity:
            raise Unreadable(
                "shipped", f"{shipped} shipped and {cancelled} cancelled of {quantity}", "correct the line"
            )
        tax, duties = f[at["line_tax"]], f[at["line_duties"]]
        return LineDocument(
            f[at["line"]].strip() or str(place),
            listing,
            name or sku,
            quantity,
            money.read_positive(f[at["unit_price"]], "unit_price"),
            abs(money.read(f[at["line_discount"]], "line_discount")),
            money.read_positive(tax, "line_tax") if tax.strip() else None,
            shipped=shipped,
            cancelled=cancelled,
            duties_minor=money.read_positive(duties, "line_duties") if duties.strip() else None,
        )

    def _payment(self, f: list[str], money: Money, total: int) -> tuple[tuple[PaymentDocument, ...], str]:
        """What was paid, and the state; an order on account has no tender until its invoice is paid."""
        at = self._at
        method, reference = f[at["payment_method"]].strip(), f[at["payment_reference"]].strip()
        paid = money.read_positive(f[at["paid"]], "paid") if f[at["paid"]].strip() else None
        state = (
            _known(f[at["financial_status"]], _FINANCIAL, "financial_status")
            if f[at["financial_status"]].strip()
            else ""
        )
        if not state:
            state = "pending" if not paid else "paid" if paid >= total else "partially_paid"
        if total == 0 or (paid is None and state in ("pending", "partially_paid") and method.lower() in _ON_ACCOUNT):
            return (), "paid" if total == 0 and state in ("pending", "authorized") else state
        refunded = abs(money.read(f[at["refunded"]], "refunded"))
        if state == "refunded" and not refunded:
            refunded = total
        if state == "partially_paid" and paid and paid < total:
            rest = PaymentDocument(method or "unstated", "", total - paid, "pending")
            return (PaymentDocument(method or "unstated", reference, paid, "captured"), rest), state
        amount = paid if paid and state == "paid" else total
        kind = {"paid": "captured", "partially_paid": "pending"}.get(state, state)
        at = self._instants.read(f[at["placed_at"]], "placed_at") if kind == "authorized" else None
        return (PaymentDocument(method or "unstated", reference, amount, kind, min(refunded, amount), at),), state


def _address(f: list[str], at: _Placed) -> Address:
    country = country_code(f[at.country])
    return Address(
        f[at.name].strip(),
        f[at.company].strip(),
        ", ".join(part for part in (f[at.street].strip(), f[at.street2].strip()) if part),
        f[at.city].strip(),
        region_code(f[at.region], country),
        f[at.postal_code].strip().lstrip("'"),
        country,
        f[at.phone].strip().lstrip("'"),
    )


def _known(text: str, states: dict[str, str], column: str) -> str:
    state = states.get(text.strip().lower().replace("_", " ").replace("-", " "))
    if state is None:
        raise Unreadable(
            column, f"{text!r} is not a status that is known", f"one of {', '.join(sorted(filter(None, states)))}"
        )
    return state
