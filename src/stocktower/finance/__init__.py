"""Finance owns the books: journals, the trial balance, the sub-ledgers of orders and of the value of stock.

One journal an event, its id the event's position, immutable and balanced in every currency and in book currency. The
trial balance is the sum of the entries; the inventory accounts are the valuations, and those are our stock rows; what
customers paid ahead and owe, order by order, is what its accounts hold. Nothing here ever goes below zero.
"""

from .beancount import export_beancount
from .happenings import KINDS
from .model import (
    AccountBalance,
    AccountEntry,
    AccountPage,
    BookCurrencyChanged,
    CustomerTotal,
    EntityTotal,
    Entry,
    EntryKey,
    ForeignBalance,
    Journal,
    JournalPage,
    OrderBalance,
    PostingRole,
    StockValue,
    TrialBalance,
    TrialBalanceRow,
    UnknownPlace,
    Valuation,
)
from .rebuilding import PROJECTIONS, StillPosting
from .service import post
from .views import (
    JournalDetail,
    find_posted,
    load_account,
    load_customer_totals,
    load_journal,
    load_journals,
    load_journals_of,
    load_order_balances,
    load_stock_values,
    load_valuations,
    trial_balance,
)

__all__ = [
    "KINDS",
    "PROJECTIONS",
    "AccountBalance",
    "AccountEntry",
    "AccountPage",
    "BookCurrencyChanged",
    "CustomerTotal",
    "EntityTotal",
    "Entry",
    "EntryKey",
    "ForeignBalance",
    "Journal",
    "JournalDetail",
    "JournalPage",
    "OrderBalance",
    "PostingRole",
    "StillPosting",
    "StockValue",
    "TrialBalance",
    "TrialBalanceRow",
    "UnknownPlace",
    "Valuation",
    "export_beancount",
    "find_posted",
    "load_account",
    "load_customer_totals",
    "load_journal",
    "load_journals",
    "load_journals_of",
    "load_order_balances",
    "load_stock_values",
    "load_valuations",
    "post",
    "trial_balance",
]
