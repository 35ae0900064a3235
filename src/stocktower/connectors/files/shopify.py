"""The orders export of Shopify: one row per line item, what concerns the whole order on its first row only.

Rules where the file leaves something open:

- An order is known by its Name (`#1001`): exports of some widths have no Id, and the same order must be the same
  order.
- A trimmed export without prices or totals gives an order with `amounts_stated` false: what is missing is 0, no
  payment is made up, and nobody checks the total.
- Taxes are included where the stated total equals goods - discount + shipping, and added where it equals that plus
  the taxes; where neither foots, or there is no tax, the channel's setting counts.
- Duties are on top of goods, shipping and taxes where the total contains them. Where it foots without them they are in
  the prices, or somebody else collects them: the order has none that are ours to pay.
- "Discount Amount" is all discounts of the order; where the subtotal or total shows that line discounts come on top,
  they are added.
- "Stripe + manual" names several tenders and not what each paid. It stays one payment of the whole amount with its
  tenders listed: shares would be invented, and a refund could fall on a tender that paid nothing.
- A line whose fulfillment status is `partial` does not say how many of its units are shipped. All but one count as
  shipped, marked as estimated, so that nothing is shipped twice.
- A `restocked` line or order was given back before it was shipped: its units are cancelled.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from stocktower.exchange import Address, LineDocument, OrderDocument, PaymentDocument
from stocktower.kernel import country_code, region_code

from . import grouping
from .amounts import Money, read_flag, read_quantity
from .columns import MISSING, Columns
from .dates import Instants
from .grouping import Group
from .model import Reading, Source, Unreadable
from .text import Record, fields_of

_FINANCIAL_STATES = {
    "pending": "pending",
    "": "pending",
    "unpaid": "pending",
    "overdue": "pending",
    "expired": "pending",
    "partially_authorized": "authorized",
    "authorized": "authorized",
    "paid": "paid",
    "partially_paid": "partially_paid",
    "partially_refunded": "partially_refunded",
    "refunded": "refunded",
    "voided": "voided",
}
_NOT_PAID = {"pending", "authorized", "partially_paid"}
_PAYMENT_STATES = {"paid": "captured", "partially_paid": "pending"}
_SHIPPED_STATES = {
    "fulfilled": "fulfilled",
    "shipped": "fulfilled",
    "partial": "partial",
    "partially_fulfilled": "partial",
    "restocked": "restocked",
}
_NOT_SHIPPED = {
    "",
    "unfulfilled",
    "pending",
    "unshipped",
    "scheduled",
    "on_hold",
    "in_progress",
    "open",
    "request_declined",
    "pending_fulfillment",
    "not_eligible",
}
_CASH_ON_DELIVERY = re.compile(r"\bcod\b|cash on delivery", re.I)
_NET_DAYS = re.compile(r"\bnet\s*(\d{1,3})\b|\bwithin\s*(\d{1,3})\s*days\b", re.I)
_LONGEST = 200


class _Placed:
    """Columns of one address."""

    def __init__(self, columns: Columns, side: str) -> None:
        find = columns.find
        self.side = side
        self.name, self.company = find(f"{side} name"), find(f"{side} company")
        self.street = find(f"{side} street")
        self.address1, self.address2 = find(f"{side} address1"), find(f"{side} address2")
        self.city, self.zip = find(f"{side} city"), find(f"{side} zip", f"{side} postal code")
        self.province, self.country = find(f"{side} province", f"{side} province name"), find(f"{side} country")
        self.phone = find(f"{side} phone")
        self.is_whole = MISSING not in (max(self.street, self.address1), self.city, self.zip)

    def read(self, f: list[str]) -> Address:
        """The address of an order's first row."""
        street = f[self.street].strip()
        if not street and f[self.address1]:
            street = ", ".join(part for part in (f[self.address1].strip(), f[self.address2].strip()) if part)
        country = country_code(f[self.country])
        return Address(
            f[self.name].strip(),
            f[self.company].strip(),
            street,
            f[self.city].strip(),
            region_code(f[self.province], country),
            f[self.zip].strip().lstrip("'"),
            country,
            f[self.phone].strip().lstrip("'"),
        )


class ShopifyOrders:
    """Translates the rows of one order."""

    kind = "order"
    convention: bool | None = True
    """Short dates of this export are DD/MM/YYYY."""

    def __init__(self, columns: Columns, source: Source, delimiter: str) -> None:
        self._source, self._delimiter = source, delimiter
        find, need = columns.find, columns.need
        wrong_format = "choose the format of the file with --format, or export the orders again with this column"
        self.name = need("name", fix=wrong_format)
        self.created = need("created at", fix=wrong_format)
        self.quantity = need("lineitem quantity", fix=wrong_format)
        self.item = need("lineitem name", fix=wrong_format)
        self.sku, self.price = find("lineitem sku"), find("lineitem price")
        self.line_discount = find("lineitem discount")
        self.needs_shipping, self.line_state = find("lineitem requires shipping"), find("lineitem fulfillment status")
        self.email, self.currency = find("email"), find("currency")
        self.financial, self.fulfillment = find("financial status"), find("fulfillment status")
        self.paid, self.fulfilled, self.cancelled = find("paid at"), find("fulfilled at"), find("cancelled at")
        self.subtotal, self.shipping, self.taxes = find("subtotal"), find("shipping"), find("taxes")
        self.total, self.discount, self.duties = find("total"), find("discount amount"), find("duties")
        self.refunded, self.outstanding = find("refunded amount"), find("outstanding balance")
        self.service, self.method = find("shipping method"), find("payment method")
        self.references = [find("payment references"), find("payment id"), find("payment reference")]
        self.terms, self.due = find("payment terms name"), find("next payment due at")
        self.risk, self.tags, self.notes = find("risk level"), find("tags"), find("notes")
        self.hold = find("checkout token", "checkout id", "cart token")
        self.ship_to, self.bill_to = _Placed(columns, "shipping"), _Placed(columns, "billing")
        self.date_columns = tuple(
            index for index in (self.created, self.paid, self.fulfilled, self.cancelled, self.due) if index != MISSING
        )
        # A row that states one of these begins an order; `Created at` and `Email` can stand on every row.
        self._of_order = [
            index
            for index in (self.financial, self.currency, self.total, self.subtotal, self.shipping, self.taxes,
                          self.paid, self.service, self.discount, self.cancelled)
            if index != MISSING
        ]  # fmt: skip
        self._money: dict[str, Money] = {}
        self.line = 0

    def begin(self, instants: Instants) -> None:
        """Take the reader of dates, which needs the whole file to be seen first."""
        self._instants = instants

    def keys(self) -> grouping.KeyOf:
        """The order that a row belongs to; a row without a name goes with the one above it."""
        last = ""

        def key_of(record: Record) -> str:
            nonlocal last
            if record.problem:
                guess = fields_of(record, self._delimiter)[self.name : self.name + 1]
                return guess[0] if guess and guess[0] else f"\0{record.line}"
            name = record.fields[self.name].strip()
            if name:
                last = name
            elif self._begins(record) or not last:
                return f"\0{record.line}"
            return last

        return key_of

    def _begins(self, record: Record) -> bool:
        fields = record.fields
        return any(fields[index] for index in self._of_order)

    def statements(self, group: Group) -> Group:
        """The rows of one order, once for each time that the file states the whole of it."""
        if len(group) == 1 and (len(group[0]) == 1 or not any(self._begins(row) for row in group[0][1:])):
            return group
        whole = grouping.statements(group)
        if len(whole) > 1:
            return [part for run in whole for part in self.statements([run])]
        rows = whole[0]
        heads = [index for index, row in enumerate(rows) if self._begins(row)]
        if len(heads) < 2:
            return [rows]
        if len(heads) == len(rows):
            return self._filled_down(rows)
        if heads[0] > 0:
            heads[0] = 0
        return [rows[start:end] for start, end in zip(heads, [*heads[1:], len(rows)], strict=True)]

    def _filled_down(self, rows: list[Record]) -> Group:
        """Every row states the order: rows that state it alike are its lines, and equal rows are repetitions."""
        alike: dict[tuple[str, ...], list[Record]] = {}
        for row in rows:
            alike.setdefault(tuple(row.fields[index] for index in self._of_order), []).append(row)
        found: Group = []
        for part in alike.values():
            if len({row.raw.rstrip("\r\n") for row in part}) == 1:
                found += [[row] for row in part]
            else:
                found.append(part)
        return found

    def finish(self) -> list[Reading]:
        """Nothing is gathered."""
        return []

    def translate(self, key: str, rows: list[Record]) -> list[Reading]:
        """The order that these rows state; raises Unreadable."""
        document = self._order(key, rows)
        return [Reading("order", self._source.code, key, document, len(rows), len(document.lines))]

    def _head(self, key: str, rows: list[Record]) -> Record:
        """The row that states the order; raises Unreadable where there is none, or no number."""
        self.line = rows[0].line
        head = next((row for row in rows if self._begins(row)), None)
        if head is None and self._of_order:
            problem = f"the first row of order {key}, with its status and totals, is not here"
            raise Unreadable("Name", problem, "export the whole order again")
        if not key or key.startswith("\0") or len(key) > _LONGEST:
            raise Unreadable("Name", "the row has no usable order number", "give it the Name of its order")
        return head or rows[0]

    def _order(self, key: str, rows: list[Record]) -> OrderDocument:
        head = self._head(key, rows)
        f, self.line = head.fields, head.line
        currency = f[self.currency].strip().upper() or self._source.currency
        money = self._money.get(currency)
        if money is None:
            money = self._money[currency] = Money(currency)
        state = _known(f[self.financial], _FINANCIAL_STATES, "Financial Status")
        shipped = (
            ""
            if (word := _status(f[self.fulfillment])) in _NOT_SHIPPED
            else _known(word, _SHIPPED_STATES, "Fulfillment Status")
        )
        if shipped == "partial" and self.line_state == MISSING:
            raise Unreadable("Fulfillment Status", "the order is partly shipped, and the file does not say which lines",
                             "export it with the column Lineitem fulfillment status")  # fmt: skip
        placed_at = self._instants.read(f[self.created], "Created at")
        cancelled_at = self._instants.read_optional(f[self.cancelled], "Cancelled at")
        lines = self._lines(rows, money, shipped)
        self.line = head.line
        goods = sum(line.quantity * line.unit_price_minor for line in lines)
        shipping = money.read_positive(f[self.shipping], "Shipping")
        tax = money.read_positive(f[self.taxes], "Taxes")
        total = self._total(f, money)
        duties = money.read_positive(f[self.duties], "Duties")
        discount, tax_included, duties = self._what_foots(f, money, lines, goods, shipping, tax, duties, total)
        refunded = abs(money.read(f[self.refunded], "Refunded Amount"))
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
            total_minor=total or 0,
            amounts_stated=total is not None and self.price != MISSING,
            refunded_minor=total if state == "refunded" and total and not refunded else refunded,
            tax_included=tax_included,
            payments=self._payments(f, money, state, total, refunded, placed_at),
            financial_state="paid" if total == 0 and state in _NOT_PAID else state,
            fulfillment_state=shipped if shipped in ("fulfilled", "partial") else "unfulfilled",
            fulfilled_at=self._instants.read_optional(f[self.fulfilled], "Fulfilled at"),
            cancelled_at=cancelled_at,
            marketplace_tax=self._source.marketplace_tax,
            ship_service=f[self.service].strip(),
            email=f[self.email].strip(),
            ship_to=self.ship_to.read(f),
            bill_to=self.bill_to.read(f),
            address_stated=self.ship_to.is_whole,
            terms_days=self._terms(f, placed_at),
            risk=f[self.risk].strip().lower(),
            tags=tuple(tag.strip() for tag in f[self.tags].split(",") if tag.strip()) if f[self.tags] else (),
            note=f[self.notes].strip(),
            hold=f[self.hold].strip(),
            duties_minor=duties,
        )

    def _total(self, f: list[str], money: Money) -> int | None:
        if self.total == MISSING:
            return None
        if not f[self.total].strip():
            raise Unreadable("Total", "the order has no total", "export the order again")
        return money.read_positive(f[self.total], "Total")

    def _lines(self, rows: Sequence[Record], money: Money, shipped: str) -> list[LineDocument]:
        lines: list[LineDocument] = []
        for place, row in enumerate(rows, start=1):
            self.line = row.line
            f = row.fields
            name, sku = f[self.item].strip(), f[self.sku].strip()
            if not name and not sku and not f[self.quantity].strip():
                continue
            listing = sku or f"name:{name}"
            if not name and not sku:
                raise Unreadable("Lineitem name", "the line has neither SKU nor name", "name what was sold")
            if len(listing) > 2 * _LONGEST:
                raise Unreadable(
                    "Lineitem sku", "the line's SKU or name is too long to be one", "check the columns of the row"
                )
            if self.price != MISSING and not f[self.price].strip():
                raise Unreadable("Lineitem price", "the line has no price", "export the order again")
            quantity = read_quantity(f[self.quantity], "Lineitem quantity")
            price = money.read_positive(f[self.price], "Lineitem price")
            discount = abs(money.read(f[self.line_discount], "Lineitem discount"))
            word = shipped if shipped in ("fulfilled", "restocked") else _status(f[self.line_state])
            state = "" if word in _NOT_SHIPPED else _known(word, _SHIPPED_STATES, "Lineitem fulfillment status")
            units = {"fulfilled": quantity, "partial": max(quantity - 1, 0)}.get(state, 0)
            lines.append(
                LineDocument(
                    str(place),
                    listing,
                    name or sku,
                    quantity,
                    price,
                    discount,
                    shipped=units,
                    cancelled=quantity if state == "restocked" else 0,
                    shipped_estimated=state == "partial" and quantity > 1,
                    requires_shipping=read_flag(f[self.needs_shipping], "Lineitem requires shipping", default=True),
                )
            )
        if not lines:
            raise Unreadable("Lineitem name", "the order has no line", "export the order again, or remove it")
        return lines

    def _what_foots(
        self,
        f: list[str],
        money: Money,
        lines: Sequence[LineDocument],
        goods: int,
        shipping: int,
        tax: int,
        duties: int,
        total: int | None,
    ) -> tuple[int, bool, int]:
        """All discounts of the order, whether its prices include the tax, and duties on top of them, by what foots."""
        stated = abs(money.read(f[self.discount], "Discount Amount"))
        on_lines = sum(line.discount_minor for line in lines)
        candidates = [stated, stated + on_lines] if stated >= on_lines else [stated + on_lines, on_lines]
        subtotal = money.read(f[self.subtotal], "Subtotal") if f[self.subtotal].strip() else None
        on_top = list(dict.fromkeys((duties, 0)))
        discount = next((one for one in candidates if goods - one == subtotal), None)
        if discount is None:
            rests = [] if total is None else [total - shipping - extra for extra in on_top]
            foots = (one for one in candidates for rest in rests if rest in (goods - one, goods - one + tax))
            discount = next(foots, candidates[0])
        for extra in on_top if total is not None else ():
            for net in (goods - discount, subtotal):
                if net is not None and net + shipping + extra == total:
                    return discount, bool(tax) or self._source.tax_included, extra
                if net is not None and net + shipping + extra + tax == total:
                    return discount, False, extra
        return discount, self._source.tax_included, duties

    def _payments(
        self, f: list[str], money: Money, state: str, total: int | None, refunded: int, placed_at: datetime
    ) -> tuple[PaymentDocument, ...]:
        """What was paid, by what the file says of it; nothing where it states no amount."""
        if not total:
            return ()
        named = f[self.method].strip()
        tenders = tuple(part.strip() for part in named.split(" + ") if part.strip())
        method = (
            "cash_on_delivery" if _CASH_ON_DELIVERY.search(named) else " + ".join(dict.fromkeys(tenders)) or "unstated"
        )
        several = tenders if len(set(tenders)) > 1 else ()
        reference = next((f[index].strip() for index in self.references if f[index].strip()), "")
        outstanding = money.read(f[self.outstanding], "Outstanding Balance")
        if state == "partially_paid" and 0 < outstanding < total:
            paid = PaymentDocument(method, reference, total - outstanding, "captured", tenders=several)
            return paid, PaymentDocument(method, "", outstanding, "pending")
        payment_state = "expired" if _status(f[self.financial]) == "expired" else _PAYMENT_STATES.get(state, state)
        if state == "refunded" and not refunded:
            refunded = total
        at = self._instants.read_optional(f[self.paid], "Paid at")
        if payment_state == "authorized":
            at = at or placed_at
        return (PaymentDocument(method, reference, total, payment_state, min(refunded, total), at, several),)

    def _terms(self, f: list[str], placed_at: datetime) -> int | None:
        name = f[self.terms].strip()
        if not name:
            return None
        if match := _NET_DAYS.search(name):
            return int(match[1] or match[2])
        due_at = self._instants.read_optional(f[self.due], "Next Payment Due At")
        return max((due_at - placed_at).days, 0) if due_at else 0


def _status(text: str) -> str:
    return text.strip().lower().replace(" ", "_")


def _known(text: str, states: dict[str, str], column: str) -> str:
    state = states.get(_status(text))
    if state is None:
        raise Unreadable(column, f"{text!r} is not a status that is known", f"one of {', '.join(filter(None, states))}")
    return state
