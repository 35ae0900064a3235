"""What the auditor knows of money: even shares by hand, unit by unit, and a ledger of what should be in each account.

None of this is shared with the product: shares are lists of units, halves are rounded by Fraction.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from msgspec import Struct, field

from stocktower.exchange import OrderDocument

PROCESSOR = "Assets:Clearing:Processor"
MARKETPLACE = "Assets:Clearing:Marketplace"
GIFT_CARDS = "Liabilities:GiftCards"
DEPOSITS = "Liabilities:CustomerDeposits"
RECEIVABLE = "Assets:Receivable"
TAX = "Liabilities:TaxPayable"
DUTIES = "Liabilities:DutiesPayable"
SALES = "Income:Sales"
SHIPPING = "Income:Shipping"
DISCOUNTS = "Income:Discounts"
RETURNS = "Income:SalesReturns"
SHIPPING_REFUNDED = "Income:ShippingRefunded"
COST = "Expenses:CostOfGoods"
INVENTORY = "Assets:Inventory"
SUPPLIER = "Liabilities:SupplierAccrual"
SHRINKAGE = "Expenses:Shrinkage"
OPENING = "Equity:Opening"
BETWEEN = "Equity:Intercompany"
RECEIVED = "Liabilities:GoodsReceivedNotInvoiced"
IN_TRANSIT = "Assets:InventoryInTransit"


class Share(Struct, frozen=True):
    """Goods, discount, shipping, tax and duties; discount is taken off, none contains tax or duties."""

    goods: int = 0
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    duties: int = 0

    @property
    def total(self) -> int:
        """What the customer owes for it."""
        return self.goods - self.discount + self.shipping + self.tax + self.duties

    def __add__(self, other: "Share") -> "Share":
        return Share(
            self.goods + other.goods,
            self.discount + other.discount,
            self.shipping + other.shipping,
            self.tax + other.tax,
            self.duties + other.duties,
        )

    def __sub__(self, other: "Share") -> "Share":
        return self + Share(-other.goods, -other.discount, -other.shipping, -other.tax, -other.duties)


def by_weight(total: int, weights: Sequence[int]) -> list[int]:
    """Parts of a total in proportion, unit by unit to the largest remainders, the first ones at a tie."""
    if total < 0:
        return [-part for part in by_weight(-total, weights)]
    if not any(weights):
        weights = [1] * len(weights)
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [int(part) for part in exact]
    order = sorted(range(len(weights)), key=lambda place: (parts[place] - exact[place], place))
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return parts


def unit_shares(share: Share, units: int) -> list[Share]:
    """The even share of every unit."""
    evenly = [1] * units
    amounts = (share.goods, share.discount, share.shipping, share.tax, share.duties)
    columns = [by_weight(amount, evenly) for amount in amounts]
    return [Share(*(column[unit] for column in columns)) for unit in range(units)]


def half_even(value: Fraction) -> int:
    """To the nearest whole number, a half to the even one."""
    return round(value)


def frozen_shares(document: OrderDocument) -> dict[str, Share]:
    """What each line of a document is worth by its reference: its own amounts, and its part of the order's."""
    goods = [line.quantity * line.unit_price_minor for line in document.lines]
    discounts = [line.discount_minor for line in document.lines]
    rest = by_weight(
        document.discount_minor - sum(discounts),
        [max(0, good - off) for good, off in zip(goods, discounts, strict=True)],
    )
    discounts = [own + part for own, part in zip(discounts, rest, strict=True)]
    nets = [good - off for good, off in zip(goods, discounts, strict=True)]
    shippings = [line.shipping_minor or 0 for line in document.lines]
    rest = by_weight(document.shipping_minor - sum(shippings), [max(0, net) for net in nets])
    shippings = [own + part for own, part in zip(shippings, rest, strict=True)]
    taxes = [line.tax_minor or 0 for line in document.lines]
    weights = [max(0, net + shipping) for net, shipping in zip(nets, shippings, strict=True)]
    rest = by_weight(document.tax_minor - sum(taxes), weights)
    taxes = [own + part for own, part in zip(taxes, rest, strict=True)]
    duties = [line.duties_minor or 0 for line in document.lines]
    rest = by_weight(document.duties_minor - sum(duties), [max(0, net) for net in nets])
    duties = [own + part for own, part in zip(duties, rest, strict=True)]
    shares: dict[str, Share] = {}
    for line, *amounts in zip(document.lines, goods, discounts, shippings, taxes, duties, strict=True):
        share = Share(*amounts)
        shares[line.line_ref] = without_tax(share) if document.tax_included else share
    return shares


def without_tax(gross: Share) -> Share:
    """Goods, discount and shipping less their part of the tax inside; the goods take what is left of it."""
    whole = gross.goods - gross.discount + gross.shipping
    if not gross.tax or not whole:
        return Share(gross.goods - gross.tax, gross.discount, gross.shipping, gross.tax, gross.duties)
    of_discount = half_even(Fraction(gross.tax * gross.discount, whole))
    of_shipping = half_even(Fraction(gross.tax * gross.shipping, whole))
    of_goods = gross.tax - of_shipping + of_discount
    goods, discount, shipping = gross.goods - of_goods, gross.discount - of_discount, gross.shipping - of_shipping
    return Share(goods, discount, shipping, gross.tax, gross.duties)


class Ledger(Struct):
    """What should be in each account, debit less credit, by (entity, account, currency)."""

    balances: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])

    def post(self, entity: str, currency: str, lines: Sequence[tuple[str, int]]) -> None:
        """One journal: debits above zero, credits below; it has to balance."""
        if sum(amount for _, amount in lines):
            raise AssertionError(f"the auditor's own journal does not balance: {lines}")
        for account, amount in lines:
            self.balances[entity, account, currency] += amount


class Account(Struct):
    """What a customer has paid ahead for an order, and owes for it: never both."""

    entity: str
    currency: str
    is_marketplace: bool
    ledger: Ledger
    deposits: int = 0
    receivable: int = 0

    def pay(self, method: str, amount: int) -> None:
        """Money comes in: what is owed first, the rest is paid ahead."""
        owed = min(amount, self.receivable)
        self.receivable -= owed
        self.deposits += amount - owed
        self.ledger.post(
            self.entity,
            self.currency,
            [(self._tender(method), amount), (RECEIVABLE, -owed), (DEPOSITS, owed - amount)],
        )

    def sell(self, share: Share, *, tax_is_ours: bool) -> None:
        """Control passes: from what is paid ahead, the rest is owed; a marketplace keeps the tax that it was paid."""
        tax = share.tax if tax_is_ours else 0
        due = share.goods - share.discount + share.shipping + tax + share.duties
        ahead = min(due, self.deposits)
        kept = min(share.tax - tax, self.deposits - ahead)
        self.deposits -= ahead + kept
        owed_by = RECEIVABLE
        if self.is_marketplace:
            owed_by = MARKETPLACE
        else:
            self.receivable += due - ahead
        self.ledger.post(
            self.entity,
            self.currency,
            [
                (DEPOSITS, ahead + kept),
                (owed_by, due - ahead),
                (self._tender(""), -kept),
                (DISCOUNTS, share.discount),
                (SALES, -share.goods),
                (SHIPPING, -share.shipping),
                (TAX, -tax),
                (DUTIES, -share.duties),
            ],
        )

    def give_back(self, method: str, before: int, after: Share, *, tax_is_ours: bool) -> None:
        """Money goes back: for what never shipped, and shares of what did."""
        tax = after.tax if tax_is_ours else 0
        ahead = min(before, self.deposits)
        self.deposits -= ahead
        self.receivable += before - ahead
        amount = before + after.goods - after.discount + after.shipping + tax + after.duties
        self.ledger.post(
            self.entity,
            self.currency,
            [
                (DEPOSITS, ahead),
                (RECEIVABLE, before - ahead),
                (RETURNS, after.goods - after.discount),
                (SHIPPING_REFUNDED, after.shipping),
                (TAX, tax),
                (DUTIES, after.duties),
                (self._tender(method), -amount),
            ],
        )

    def _tender(self, method: str) -> str:
        if self.is_marketplace:
            return MARKETPLACE
        return GIFT_CARDS if method == "gift_card" else PROCESSOR
