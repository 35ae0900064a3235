"""The words that every room shares: steps of an order, domains and their owners, kinds of case, roles."""

from enum import StrEnum


class Step(StrEnum):
    """The steps that an operating model gives an owner to, in the order of the flow."""

    CAPTURE = "capture"
    VALIDATE = "validate"
    RESERVE = "reserve"
    ROUTE = "route"
    RELEASE = "release"
    FULFIL = "fulfil"
    POST = "post"
    NOTIFY = "notify"
    RETURN = "return"


class Domain(StrEnum):
    """The domains of data that have exactly one system of record."""

    PRODUCT = "product"
    PRICE = "price"
    CUSTOMER = "customer"
    INVENTORY = "inventory"
    ORDER = "order"
    FULFILLMENT = "fulfillment"
    PAYMENT = "payment"
    BOOKS = "books"


class CaseKind(StrEnum):
    """The causes that open a case."""

    UNMAPPED_LISTING = "unmapped_listing"
    UNREADABLE_ROW = "unreadable_row"
    TOTAL_MISMATCH = "total_mismatch"
    ADDRESS = "address"
    NO_STOCK = "no_stock"
    NO_SITE = "no_site"
    SHORTFALL = "shortfall"
    UNIT_MISMATCH = "unit_mismatch"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    AUTHORISATION_EXPIRING = "authorisation_expiring"
    PARKED_MESSAGE = "parked_message"
    BROKEN_INVARIANT = "broken_invariant"
    FRAUD_REVIEW = "fraud_review"
    CONFIRMATION_MISMATCH = "confirmation_mismatch"
    COST_UNKNOWN = "cost_unknown"
    CHANNEL_DARK = "channel_dark"
    LOT_EXPIRED = "lot_expired"
    RECEIPT_OVER = "receipt_over"
    RECEIPT_SHORT = "receipt_short"
    LOT_RECALLED = "lot_recalled"
    STOCK_DIFFERENCE = "stock_difference"
    STATEMENT_OVERDUE = "statement_overdue"
    COUNT_APPROVAL = "count_approval"
    TRANSFER_DISCREPANCY = "transfer_discrepancy"
    PROMISE_BROKEN = "promise_broken"
    ADJUSTMENT_APPROVAL = "adjustment_approval"
    MASTER_DATA = "master_data"
    REFERENCE_MISSING = "reference_missing"
    SNAPSHOT_DIFFERENCE = "snapshot_difference"
    SNAPSHOT_INCOMPLETE = "snapshot_incomplete"
    BIN_DIFFERENCE = "bin_difference"


class Role(StrEnum):
    """Who may do what is granted by role."""

    EXECUTIVE = "executive"
    OPERATIONS = "operations"
    WAREHOUSE = "warehouse"
    CUSTOMER_SERVICE = "customer_service"
    MERCHANDISER = "merchandiser"
    FINANCE = "finance"
    DATA_STEWARD = "data_steward"
    INTEGRATOR = "integrator"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


TOWER = "tower"
"""The system code of Stocktower itself, as an owner of domains and steps and of the events that it decides."""
