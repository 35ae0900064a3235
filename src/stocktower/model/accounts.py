"""The accounts that the posting rules use, by role; a configuration may name others."""

from .model import Configuration

DEFAULT_ACCOUNTS: dict[str, str] = {
    "processor_clearing": "Assets:Clearing:Processor",
    "marketplace_clearing": "Assets:Clearing:Marketplace",
    "customer_deposits": "Liabilities:CustomerDeposits",
    "receivable": "Assets:Receivable",
    "gift_card_liability": "Liabilities:GiftCards",
    "tax_payable": "Liabilities:TaxPayable",
    "duties_payable": "Liabilities:DutiesPayable",
    "gross_revenue": "Income:Sales",
    "shipping_revenue": "Income:Shipping",
    "discounts": "Income:Discounts",
    "sales_returns": "Income:SalesReturns",
    "shipping_refunded": "Income:ShippingRefunded",
    "cost_of_goods": "Expenses:CostOfGoods",
    "inventory": "Assets:Inventory",
    "goods_received_not_invoiced": "Liabilities:GoodsReceivedNotInvoiced",
    "supplier_accrual": "Liabilities:SupplierAccrual",
    "consignor_payable": "Liabilities:ConsignorPayable",
    "shrinkage": "Expenses:Shrinkage",
    "inventory_in_transit": "Assets:InventoryInTransit",
    "carrier_claim": "Assets:CarrierClaims",
    "write_down": "Expenses:WriteDown",
    "samples": "Expenses:Samples",
    "internal_use": "Expenses:InternalUse",
    "opening_equity": "Equity:Opening",
    "intercompany": "Equity:Intercompany",
    "fx_difference": "Expenses:ExchangeDifference",
}


def account(configuration: Configuration, role: str) -> str:
    """The account of a posting role."""
    return configuration.accounts.get(role) or DEFAULT_ACCOUNTS[role]
