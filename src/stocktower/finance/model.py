"""What the books are made of: journals and their entries, the sub-ledgers of orders and of stock value.

Debits are positive and credits negative, in whole minor units; `book` amounts are in the entity's own currency.
"""

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct


class PostingRole(StrEnum):
    """What an account is for; the configuration gives each role its account."""

    PROCESSOR_CLEARING = "processor_clearing"
    MARKETPLACE_CLEARING = "marketplace_clearing"
    CUSTOMER_DEPOSITS = "customer_deposits"
    RECEIVABLE = "receivable"
    GIFT_CARD_LIABILITY = "gift_card_liability"
    TAX_PAYABLE = "tax_payable"
    DUTIES_PAYABLE = "duties_payable"
    GROSS_REVENUE = "gross_revenue"
    SHIPPING_REVENUE = "shipping_revenue"
    DISCOUNTS = "discounts"
    SALES_RETURNS = "sales_returns"
    SHIPPING_REFUNDED = "shipping_refunded"
    COST_OF_GOODS = "cost_of_goods"
    INVENTORY = "inventory"
    GOODS_RECEIVED = "goods_received_not_invoiced"
    SUPPLIER_ACCRUAL = "supplier_accrual"
    CONSIGNOR_PAYABLE = "consignor_payable"
    SHRINKAGE = "shrinkage"
    INVENTORY_IN_TRANSIT = "inventory_in_transit"
    CARRIER_CLAIM = "carrier_claim"
    WRITE_DOWN = "write_down"
    SAMPLES = "samples"
    INTERNAL_USE = "internal_use"
    OPENING_EQUITY = "opening_equity"
    INTERCOMPANY = "intercompany"
    FX_DIFFERENCE = "fx_difference"


class Entry(Struct, frozen=True):
    """One side of a journal; only entries on inventory name a SKU and the units that moved."""

    entity: str
    account: str
    currency: str
    amount_minor: int
    book_minor: int
    sku_id: int | None = None
    quantity: int | None = None


class Journal(Struct, frozen=True):
    """What one event does to the books; its id is the event's position."""

    journal_id: int
    entity: str
    event_kind: str
    subject: str
    subject_id: int
    occurred_on: date
    recorded_at: datetime
    description: str
    entries: tuple[Entry, ...]


class OrderBalance(Struct, frozen=True):
    """What the customer of an order has paid ahead, and what they owe; neither is ever negative."""

    order_id: int
    entity: str
    currency: str
    deposits_minor: int = 0
    deposits_book_minor: int = 0
    receivable_minor: int = 0
    receivable_book_minor: int = 0


class Valuation(Struct, frozen=True):
    """Total quantity and value of a SKU in one entity, with the last known unit cost (0: none known)."""

    entity: str
    sku_id: int
    quantity: int = 0
    value_minor: int = 0
    last_cost_minor: int = 0
    sequence: int = 0


class ValuationEntry(Struct, frozen=True):
    """One change of a valuation, with both totals after it."""

    entity: str
    sku_id: int
    sequence: int
    journal_id: int
    delta_quantity: int
    delta_minor: int
    quantity_after: int
    value_after_minor: int


class Transit(Struct, frozen=True):
    """What one line of a transfer has in transit, in units and in the book currency of where it goes."""

    transfer_id: int
    line_no: int
    entity: str
    sku_id: int
    quantity: int = 0
    value_minor: int = 0
    sequence: int = 0


class TransitEntry(Struct, frozen=True):
    """One change of what is in transit, with both totals after it."""

    transfer_id: int
    line_no: int
    sequence: int
    journal_id: int
    delta_quantity: int
    delta_minor: int
    quantity_after: int
    value_after_minor: int


class Place(Struct, frozen=True):
    """A site as the books see it: whose it is, and whether what lies there is ours."""

    entity: str
    valued: bool


class Cost(Struct, frozen=True):
    """A stated unit cost in a currency."""

    minor: int
    currency: str


class UnknownCost(Struct, frozen=True):
    """Units that had to be posted at a value of zero, as no cost of the SKU is known."""

    entity: str
    sku_id: int
    quantity: int
    journal_id: int


class UnknownPlace(LookupError):
    """An event names a site or an entity that the configuration does not have."""


class ForeignBalance(ValueError):
    """A payment or sale of an order is in another currency or entity than the order's open balance."""


class BookCurrencyChanged(ValueError):
    """An entity that has journals was given another book currency."""


class AccountBalance(Struct, frozen=True):
    """What an account holds: debits less credits, in the currency of the transactions and in book currency."""

    entity: str
    account: str
    currency: str
    amount_minor: int
    book_minor: int


class TrialBalanceRow(Struct, frozen=True):
    """One account of an entity in its book currency: the balance stands on one side, the other is zero."""

    entity: str
    account: str
    book_currency: str
    debit_minor: int
    credit_minor: int
    parts: tuple[AccountBalance, ...]
    """By currency of the transactions."""


class EntityTotal(Struct, frozen=True):
    """The sums of an entity's trial balance, which are equal."""

    entity: str
    currency: str
    debit_minor: int
    credit_minor: int


class TrialBalance(Struct, frozen=True):
    """Every account that was ever posted to, at the end of a day (None: all that is posted)."""

    as_of: date | None
    rows: tuple[TrialBalanceRow, ...]
    totals: tuple[EntityTotal, ...]

    @property
    def balances(self) -> bool:
        """Debits equal credits in every entity."""
        return all(total.debit_minor == total.credit_minor for total in self.totals)


class AccountEntry(Struct, frozen=True):
    """An entry in the register of an account."""

    journal_id: int
    entry_no: int
    occurred_on: date
    description: str
    event_kind: str
    subject: str
    subject_id: int
    currency: str
    amount_minor: int
    book_minor: int
    sku_id: int | None
    quantity: int | None
    balance_minor: int = 0
    """Of the account after it, in book currency."""


class EntryKey(Struct, frozen=True):
    """Where a page of a register begins: before this entry."""

    occurred_on: date
    journal_id: int
    entry_no: int = 0


class AccountPage(Struct, frozen=True):
    """A page of an account's register, the newest entry first; `before` opens the next page."""

    entity: str
    account: str
    currency: str
    """Book currency."""
    entries: tuple[AccountEntry, ...]
    closing_minor: int
    """The balance after the first entry of the page."""
    before: EntryKey | None


class JournalPage(Struct, frozen=True):
    """A page of journals, the newest day first; `before` opens the next page."""

    journals: tuple[Journal, ...]
    before: EntryKey | None


class StockValue(Struct, frozen=True):
    """What an entity's stock is worth by its valuation, and what its inventory accounts hold: they agree."""

    entity: str
    currency: str
    quantity: int
    value_minor: int
    ledger_minor: int


class CustomerTotal(Struct, frozen=True):
    """What an entity's customers owe less what they paid ahead, order by order and by its accounts: they agree."""

    entity: str
    currency: str
    """Book currency, in which both amounts are."""
    orders_minor: int
    ledger_minor: int
