"""One order as its channel knows it: the truth of the channel, and the documents that it sends of it."""

from datetime import datetime
from random import Random

from msgspec import Struct, field

from stocktower.exchange import Address, LineDocument, OrderDocument, PaymentDocument

from .merchant import VIP, Merchant, Shop

STREET = "1 Street"
_TAX_PERCENT = {"US": 8, "CA": 5, "DE": 19, "FR": 20, "IT": 22}


class Bought(Struct):
    """A line of the order; `quantity` includes what was cancelled."""

    ref: str
    listing: str
    name: str
    quantity: int
    price_minor: int
    discount_minor: int = 0
    cancelled: int = 0
    shipped: int = 0

    @property
    def live(self) -> int:
        """Units that have shipped or still may."""
        return self.quantity - self.cancelled


class Tender(Struct):
    """A payment."""

    method: str
    reference: str
    amount_minor: int
    state: str
    refunded_minor: int = 0
    authorized_at: datetime | None = None

    @property
    def is_captured(self) -> bool:
        """Whether its money is in."""
        return self.state in ("captured", "partially_refunded", "refunded")


class CustomerOrder(Struct):
    """An order of a channel; every change of it is a new version that the channel sends sooner or later."""

    shop: Shop
    ref: str
    number: str
    placed_at: datetime
    country: str
    city: str
    lines: list[Bought]
    street: str = STREET
    """Nothing: it cannot be shipped until they say where."""
    shipping_minor: int = 0
    discount_minor: int = 0
    """Of the whole order, beside those of its lines."""
    tenders: list[Tender] = field(default_factory=list[Tender])
    cancelled_at: datetime | None = None
    risk: str = ""
    taxed_by_line: bool = False
    duties_percent: int = 0
    """Of goods, on top of them."""
    wrong_by: int = 0
    """What the stated total is off by."""
    says_payments: bool = True
    """False: the channel only says that the order is paid."""
    paid_without_saying: int = 0
    """What was paid, where it does not say."""
    custody: str = "merchant"
    refunded_minor: int = 0
    note: int = 0
    """Counts versions that change nothing that matters."""
    lines_ever: int = 0
    customer_class: str = ""
    hold: str = ""
    """The cart that it came of."""
    known_from: int = 0
    """The first step in which anybody hears of it."""

    @property
    def live_units(self) -> int:
        """Units that have shipped or still may."""
        return sum(line.live for line in self.lines)

    @property
    def shipped_units(self) -> int:
        """Units of which the channel knows that they shipped."""
        return sum(line.shipped for line in self.lines)

    @property
    def captured_minor(self) -> int:
        """Money that is in."""
        return self.paid_without_saying + sum(one.amount_minor for one in self.tenders if one.is_captured)

    def amounts(self) -> tuple[int, int, int, list[int], int]:
        """(goods, all discounts, tax, tax by line, total that foots)."""
        goods = sum(line.quantity * line.price_minor for line in self.lines)
        discount = self.discount_minor + sum(line.discount_minor for line in self.lines)
        percent = _TAX_PERCENT.get(self.country, 0)
        if self.taxed_by_line:
            by_line = [
                self._tax(line.quantity * line.price_minor - line.discount_minor, percent) for line in self.lines
            ]
            tax = sum(by_line)
        else:
            by_line = []
            tax = self._tax(goods - discount + self.shipping_minor, percent)
        total = goods - discount + self.shipping_minor + (0 if self.shop.tax_included else tax)
        return goods, discount, tax, by_line, total + self.duties_minor

    @property
    def duties_minor(self) -> int:
        """What is due for customs."""
        return sum(line.quantity * line.price_minor for line in self.lines) * self.duties_percent // 100

    def _tax(self, amount: int, percent: int) -> int:
        return amount * percent // (100 + percent if self.shop.tax_included else 100)

    @property
    def total_minor(self) -> int:
        """What the customer owes."""
        return self.amounts()[4]

    def document(self) -> OrderDocument:
        """The order as the channel states it now."""
        goods, discount, tax, by_line, total = self.amounts()
        live, shipped = self.live_units, self.shipped_units
        state = "fulfilled" if live and shipped == live else "partial" if shipped else "unfulfilled"
        return OrderDocument(
            order_ref=self.ref,
            number=self.number,
            placed_at=self.placed_at,
            currency=self.shop.currency,
            lines=tuple(
                LineDocument(
                    line_ref=line.ref,
                    listing=line.listing,
                    name=line.name,
                    quantity=line.quantity,
                    unit_price_minor=line.price_minor,
                    discount_minor=line.discount_minor,
                    tax_minor=by_line[place] if by_line else None,
                    shipped=line.shipped,
                    cancelled=line.cancelled,
                )
                for place, line in enumerate(self.lines)
            ),
            goods_minor=goods,
            discount_minor=discount,
            shipping_minor=self.shipping_minor,
            tax_minor=tax,
            total_minor=total + self.wrong_by,
            refunded_minor=self.refunded_minor,
            tax_included=self.shop.tax_included,
            payments=tuple(
                PaymentDocument(
                    one.method, one.reference, one.amount_minor, one.state, one.refunded_minor, one.authorized_at
                )
                for one in self.tenders
            )
            if self.says_payments
            else (),
            financial_state=self.financial_state(),
            fulfillment_state=state,
            cancelled_at=self.cancelled_at,
            marketplace_tax=self.shop.marketplace_tax,
            custody=self.custody,
            email=f"{self.ref.lower()}@example.com",
            ship_to=Address(
                name="Some One", street=self.street, city=self.city, postal_code="10115", country=self.country
            ),
            risk=self.risk,
            note=f"version {self.note}" if self.note else "",
            hold=self.hold,
            customer_class=self.customer_class,
            duties_minor=self.duties_minor,
        )

    def financial_state(self) -> str:
        """The one word that a channel has for an order's money."""
        captured = self.captured_minor
        if not captured:
            if self.cancelled_at is not None:
                return "voided"
            return "authorized" if any(one.state == "authorized" for one in self.tenders) else "pending"
        if self.refunded_minor:
            return "refunded" if self.refunded_minor >= captured else "partially_refunded"
        return "paid" if captured >= self.total_minor else "partially_paid"

    def capture(self) -> None:
        """All that is authorized or pending is paid; what is still due is paid by one more tender."""
        for one in self.tenders:
            if one.state in ("authorized", "pending"):
                one.state = "captured"
        due = self.total_minor - self.captured_minor
        if due > 0 and self.says_payments:
            self.tenders.append(Tender("card", f"{self.ref}-p{len(self.tenders)}", due, "captured"))
        elif due > 0:
            self.paid_without_saying += due

    def refund(self, amount_minor: int) -> None:
        """Give money back, the first tenders first; at most what is in."""
        amount_minor = min(amount_minor, self.captured_minor - self.refunded_minor)
        self.refunded_minor += amount_minor
        for one in self.tenders:
            part = min(amount_minor, one.amount_minor - one.refunded_minor) if one.is_captured else 0
            if part:
                one.refunded_minor += part
                one.state = "refunded" if one.refunded_minor == one.amount_minor else "partially_refunded"
                amount_minor -= part

    def cancel(self, at: datetime) -> None:
        """Nothing of it will ship any more; what is paid for what has not shipped goes back."""
        self.cancelled_at = at
        for one in self.tenders:
            if one.state in ("authorized", "pending"):
                one.state = "voided"
        if not self.shipped_units:
            self.refund(self.captured_minor)


def place_order(random: Random, merchant: Merchant, shop: Shop, number: int, at: datetime) -> CustomerOrder:
    """A new order of one to four lines."""
    order = CustomerOrder(
        shop=shop,
        ref=f"{shop.code.upper()}-{9000 + number}",
        number=f"#{1000 + number}",
        placed_at=at,
        country=random.choice(shop.countries),
        city=random.choice(("Alton", "Berle", "Corby")),
        lines=[],
        shipping_minor=random.choice((0, 0, 499, 795)),
        taxed_by_line=random.random() < 0.3,
        street=STREET if number % 9 else "",
        duties_percent=0 if number % 4 or shop.marketplace_tax else 7,
    )
    for _ in range(random.choice((1, 1, 2, 2, 3, 4))):
        add_line(random, merchant, order)
    order.discount_minor = random.randint(0, order.total_minor // 5) if random.random() < 0.3 else 0
    if random.random() < 0.05:
        order.wrong_by = random.choice((-100, 1, 250))
    if random.random() < 0.05:
        order.risk = "high"
    if random.random() < 0.2:
        order.customer_class = VIP
    _pay_at_first(random, order, at)
    return order


def add_line(random: Random, merchant: Merchant, order: CustomerOrder) -> None:
    """One more line."""
    offers = [offer for offer in merchant.offers if offer.shop == order.shop.code]
    early = [offer for offer in offers if offer.sku in merchant.preorders]
    offer = random.choice(early if random.random() < 0.2 else offers)
    good = merchant.good(offer.sku)
    price = good.price_minor * offer.pack
    quantity = random.choice((1, 1, 1, 2, 2, 3, 5))
    order.lines_ever += 1
    discount = random.randint(1, price * quantity // 4) if random.random() < 0.15 else 0
    order.lines.append(Bought(f"L{order.lines_ever}", offer.listing, good.name, quantity, price, discount))


def _pay_at_first(random: Random, order: CustomerOrder, at: datetime) -> None:
    total = order.total_minor
    if order.shop.marketplace_tax:
        order.says_payments = False
        order.paid_without_saying = total
    elif order.shop.terms_days is None and total > 1:
        state = random.choice(("authorized", "captured", "captured", "pending"))
        card = total
        if random.random() < 0.15:
            gift = random.randint(1, total - 1)
            order.tenders.append(Tender("gift_card", f"{order.ref}-g", gift, "captured"))
            card -= gift
        order.tenders.append(Tender("card", f"{order.ref}-c", card, state, authorized_at=at))
