"""What the outside sees of the tower: requests to sites, orders, stock, books; plain data, read by the driver."""

from datetime import date, datetime

from msgspec import Struct


class SeenRequestLine(Struct, frozen=True):
    """One line of a request to a site, in units of the order line."""

    line_no: int
    line_ref: str
    listing: str
    sku: str
    quantity: int
    picked: int
    shipped: int
    short: int
    cancelled: int


class SeenRequest(Struct, frozen=True):
    """A request to a site for some lines of an order."""

    fulfillment_id: int
    shop: str
    order_ref: str
    number: str
    """Of the order."""
    site: str
    asked_at: datetime
    lines: tuple[SeenRequestLine, ...]


class SeenLine(Struct, frozen=True):
    """One line of an order."""

    line_no: int
    line_ref: str
    ordered: int
    open: int
    backordered: int
    allocated: int
    released: int
    shipped: int
    cancelled: int
    promised: date | None = None
    """When what waits for inbound will ship."""
    unreleased: tuple[tuple[str, int], ...] = ()
    """(site, units) that are allocated and not asked for yet."""


class SeenOrder(Struct, frozen=True):
    """An order with its requests, the first made first."""

    shop: str
    order_ref: str
    step: str
    is_history: bool
    refunded_minor: int
    lines: tuple[SeenLine, ...]
    requests: tuple[SeenRequest, ...]
    deposits_minor: int = 0
    receivable_minor: int = 0


class SeenStock(Struct, frozen=True):
    """The units of a SKU, or of one of its lots, at a site in one status."""

    site: str
    sku: str
    status: str
    quantity: int
    allocated: int
    discrepancy: int
    lot: str = ""


class SeenBin(Struct, frozen=True):
    """Available units of a SKU in one bin of a site."""

    site: str
    sku: str
    bin: str
    units: int


class SeenHold(Struct, frozen=True):
    """A hold under way."""

    shop: str
    reference: str
    expires_at: datetime
    units: dict[str, int]
    """By stocked SKU."""


class SeenComing(Struct, frozen=True):
    """What a supplier has promised and not brought."""

    reference: str
    site: str
    sku: str
    open: int
    expected_at: datetime | None


class SeenClaim(Struct, frozen=True):
    """What an order line was promised of an inbound, in stock units."""

    shop: str
    order_ref: str
    line_no: int
    reference: str
    site: str
    sku: str
    per_unit: int
    is_kit: bool
    claimed: int
    arrived: int
    expected_at: datetime | None


class SeenBooks(Struct, frozen=True):
    """Debit less credit by (entity, account, currency) in the currency of the transactions, and the units valued."""

    balances: dict[tuple[str, str, str], int]
    book_sums: dict[str, int]
    """What all book amounts of an entity add up to."""


class SeenTower(Struct, frozen=True):
    """Everything at one moment."""

    orders: tuple[SeenOrder, ...]
    order_count: int
    stock: tuple[SeenStock, ...]
    books: SeenBooks
    open_cases: dict[str, int]
    """By kind."""
    now: datetime
    holds: tuple[SeenHold, ...] = ()
    coming: tuple[SeenComing, ...] = ()
    claims: tuple[SeenClaim, ...] = ()
    bins: tuple[SeenBin, ...] = ()
