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


class Permission(StrEnum):
    """The acts that a role may allow; reading orders, stock and cases needs only to be signed in."""

    IMPORT_FILES = "import_files"
    CONFIRM_SHIPMENTS = "confirm_shipments"
    RESERVE_STOCK = "reserve_stock"
    WORK_CASES = "work_cases"
    CHANGE_MAPPING = "change_mapping"
    ADJUST_ORDER = "adjust_order"
    ADJUST_STOCK = "adjust_stock"
    COUNT_STOCK = "count_stock"
    """Plan count sheets, count, and finish them."""
    APPROVE_COUNTS = "approve_counts"
    OVERRIDE_RESERVATION = "override_reservation"
    MANAGE_PUBLICATION = "manage_publication"
    """Say what a channel has, tell it again, set how fast something counts as selling."""
    SET_CHANNEL_RULES = "set_channel_rules"
    """Single rules of what channels are offered: set, and ended."""
    CHANGE_CONFIGURATION = "change_configuration"
    """Sites, channels, sourcing and posting rules, the operating model."""
    EXPORT_STOCK = "export_stock"
    """All of it at once: rows, ledgers, what was told."""
    READ_BOOKS = "read_books"
    READ_PERSONAL_DATA = "read_personal_data"
    ERASE_PERSONAL_DATA = "erase_personal_data"
    READ_AUDIT = "read_audit"
    MANAGE_ACCESS = "manage_access"
    """People and their tokens."""


TOWER = "tower"
"""The system code of Stocktower itself, as an owner of domains and steps and of the events that it decides."""
