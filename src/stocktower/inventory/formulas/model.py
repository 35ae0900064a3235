"""What inventory is made of: stock rows and what is free of them, what is wanted, holds, counts, outcomes."""

from collections.abc import Collection, Mapping
from datetime import datetime

from msgspec import Struct

from .claims import Claims
from .terms import Offering

AVAILABLE = "available"
"""The only built-in status that is sellable."""
EXPIRED = "expired"
BUILT_IN = (AVAILABLE, "quarantine", "damaged", "returns_hold", "in_transit", EXPIRED)
"""Statuses that every merchant has; the configuration adds others, each sellable or not."""
OWN = "own"
SUPPLIER = "supplier"
"""Owner of what lies at a drop-ship site: sold by us, never valued by us."""
NO_LOT = ""

_UNBOUND: Mapping[int, Claims] = {}
_UNRULED: Mapping[int, Offering] = {}

ORDER = "order"
HOLD = "hold"


class SupplyRow(Struct, frozen=True, gc=False):
    """One stock row that something may be taken from, or given back to."""

    stock_id: int
    sku_id: int
    site_id: int
    quantity: int
    allocated: int
    sequence: int
    owner: str = OWN
    lot: str = NO_LOT
    expires_at: datetime | None = None
    """Of its lot: from then on it is not sellable."""
    sellable: bool = True
    """False: what is given back to it cannot be taken: its status, its lot or its expiry forbids it."""
    missing: int = 0
    """Units that it carries only because they are allocated: its site does not have them."""


class Supply(Struct, frozen=True):
    """What some locked SKUs can give, and who else lays claim to it.

    The rows are those that are sellable and have something free; of SKUs that may be given back also those that
    somebody has units of, sellable or not.
    """

    rows: dict[int, list[SupplyRow]]
    """By SKU."""
    asides: dict[int, dict[int, int]]
    """SKU -> channel -> units still set aside for it at all of its sites."""
    waiting: dict[int, dict[int, int]]
    """SKU -> channel -> units accepted and not allocated; only for SKUs that have something free or are given back."""
    giving: frozenset[int] = frozenset()
    """SKUs of which this batch may give something back."""
    locked: frozenset[int] = frozenset()
    """Every SKU whose lock this transaction has."""
    bound: Mapping[int, Claims] = _UNBOUND
    """SKU -> what rules keep of it at some sites, or for some channels alone."""
    quotas: frozenset[tuple[int, int]] = frozenset()
    """(SKU, channel) whose aside is used up by the channel's own orders."""
    offering: Mapping[int, Offering] = _UNRULED
    """SKU -> what the rules say of it."""
    counted: Mapping[tuple[int, int], Collection[datetime]] | None = None
    """(SKU, channel) -> since when quotas and shares count what it uses; None: not looked up."""


class Demand(Struct, frozen=True, gc=False):
    """What an order line or a hold wants of one stocked SKU: wanted = allocated + short + consumed + cancelled."""

    order_id: int
    """Of a hold: the hold's id."""
    line_no: int
    sku_id: int
    kind: str
    channel_id: int
    priority: int
    """Of the channel; lower is served first."""
    placed_at: datetime
    per_unit: int
    """Units of the SKU in one sold unit of the line (more than one line's worth: a kit or a pack)."""
    wanted: int
    allocated: int = 0
    short: int = 0
    consumed: int = 0
    cancelled: int = 0


class Grant(Struct, frozen=True, gc=False):
    """Units of one stock row that a demand takes, or gives back."""

    order_id: int
    line_no: int
    sku_id: int
    stock_id: int
    quantity: int


class Allocation(Struct, frozen=True, gc=False):
    """What a demand holds of one stock row now: the fold of the reservation ledger, always above zero."""

    order_id: int
    line_no: int
    sku_id: int
    stock_id: int
    site_id: int
    quantity: int
    seen: int = 0
    """How many of them were taken before their row was last counted: they lay there then, unless they had left."""


class Waiting(Struct, frozen=True, gc=False):
    """A demand of an order that is short."""

    order_id: int
    line_no: int
    sku_id: int
    channel_id: int
    priority: int
    placed_at: datetime
    per_unit: int
    short: int


class Shortage(Struct, frozen=True, gc=False):
    """By how much a demand is short of more (or, below zero, less) of a SKU than before."""

    sku_id: int
    channel_id: int
    order_id: int
    line_no: int
    delta: int


class Consume(Struct, frozen=True, gc=False):
    """Units that left a site for a line."""

    order_id: int
    line_no: int
    sku_id: int
    site_id: int
    quantity: int
    reference_id: int
    """The fulfillment."""
    occurred_at: datetime
    lot: str = NO_LOT
    """The lot or serial number, where the site names it; else the lots that were allocated."""
    bin: str = ""
    """The bin that it was taken from, where the site names it; else the bins in walking order."""


class Fetch(Struct, frozen=True, gc=False):
    """Units that a site took out of a bin for a line, and that have not left yet; or that it did not find there."""

    order_id: int
    line_no: int
    sku_id: int
    site_id: int
    quantity: int
    reference_id: int
    """The fulfillment."""
    occurred_at: datetime
    bin: str
    lot: str = NO_LOT
    """The lot or serial number, where the site names it; else the lots that were allocated."""
    found: bool = True


class Left(Struct, frozen=True, gc=False):
    """Units that left a stock row: whose they were, and of which lot."""

    order_id: int
    line_no: int
    sku_id: int
    reference_id: int
    stock_id: int
    owner: str
    lot: str
    quantity: int


class Shortfall(Struct, frozen=True):
    """Units that a row carries, or that left it, although its site does not have them."""

    stock_id: int
    sku_id: int
    site_id: int
    units: int
    """Open on the row after it."""


class ConsumeResult(Struct, frozen=True):
    """What shipping did beyond taking what was allocated."""

    shortfalls: tuple[Shortfall, ...] = ()
    elsewhere: tuple[Grant, ...] = ()
    """Allocations at other sites that were given back, because the units left from this one."""
    excess: tuple[tuple[int, int, int, int], ...] = ()
    """(order_id, line_no, sku_id, units) shipped beyond all that the demand wanted; the stock has left all the same."""
    left: tuple[Left, ...] = ()


class HoldRequest(Struct, frozen=True):
    """A cart that asks for stock until an instant: all of its lines or none."""

    channel_id: int
    reference: str
    """Unique in the channel; a repeat gets the same hold."""
    lines: tuple[tuple[int, int], ...]
    """(sku_id, quantity); kits are resolved."""
    expires_at: datetime


class EndHold(Struct, frozen=True):
    """Give a hold back before it expires."""

    channel_id: int
    reference: str


class HoldResult(Struct, frozen=True):
    """What became of a request."""

    state: str
    """held, released, expired, superseded (by its order), or refused."""
    hold_id: int | None = None
    expires_at: datetime | None = None
    repeated: bool = False
    missing: tuple[tuple[int, int, int], ...] = ()
    """(sku_id, wanted, available to sell) of the lines that made it refused."""


class Hold(Struct, frozen=True):
    """A soft reservation."""

    hold_id: int
    channel_id: int
    reference: str
    state: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    order_id: int | None = None
    """The order that took it over, or will as soon as it can reserve; until then the hold does not expire."""


class HeldUnits(Struct, frozen=True):
    """What a hold has of stock rows, read under the locks of the hold and of its SKUs."""

    hold_id: int
    reference: str
    allocations: tuple[Allocation, ...]


class StockRow(Struct, frozen=True, gc=False):
    """A stock row, whole."""

    stock_id: int
    sku_id: int
    site_id: int
    status: str
    owner: str
    lot: str
    quantity: int
    allocated: int
    discrepancy: int
    """Units that the row carries or has given although its site does not have them: real = quantity - discrepancy."""
    sequence: int
    counted_at: datetime | None
    expires_at: datetime | None = None
    """Of its lot."""
    sellable: bool = True
    """By its status, the state of its lot and its expiry, as of when it was read."""
    binned: int = 0
    """Units that lie in bins; the rest is not put away."""


class Posting(Struct, frozen=True):
    """A change of quantity that somebody states: a receipt, or an adjustment with its reason."""

    sku_id: int
    site_id: int
    delta: int
    occurred_at: datetime
    reference: str = ""
    reference_id: int = 0
    status: str = AVAILABLE
    cost_minor: int | None = None
    """Unit cost in the entity's currency."""
    reason: str = "adjustment"
    lot: str = NO_LOT
    owner: str = ""
    """Empty: who owns what lies at the site."""
    against: str = ""
    """Posting role of the account against inventory; empty: shrinkage."""


class Candidate(Struct, frozen=True):
    """A demand that has units of a stock row of which there are too few."""

    order_id: int
    line_no: int
    sku_id: int
    stock_id: int
    kind: str
    per_unit: int
    quantity: int
    """Stock units that it has of the row."""
    priority: int
    placed_at: datetime
    site_id: int = 0


class Cut(Struct, frozen=True):
    """Units of a line that were taken back at a site, with all their components: the line waits for them again."""

    order_id: int
    line_no: int
    kind: str
    """Of a hold the units are cancelled, of an order they are short."""
    site_id: int
    sold_units: int
    components: tuple[tuple[int, int], ...]
    """(sku_id, stock units)."""


class Refused(Struct, frozen=True):
    """A row of a snapshot that could not be applied, with what to do."""

    row: int
    sku: str
    problem: str
    column: str = ""
    """Which column to mend."""


class Taken(Struct, frozen=True, gc=False):
    """A row of a snapshot that was taken over."""

    row: int
    """As the document numbers it; of several for one stock row the first."""
    stock_id: int
    sku_id: int
    delta: int
    """By how much the quantity changed."""


class SnapshotResult(Struct, frozen=True):
    """What a snapshot did; lines = changed + unchanged + stale + mismatched + refused, repeats of a SKU are summed."""

    changed: int
    unchanged: int
    stale: int
    """Counted again at a later instant already."""
    mismatched: int
    refused: tuple[Refused, ...]
    cuts: tuple[Cut, ...]
    shortfalls: tuple[Shortfall, ...]
    sku_ids: tuple[int, ...] = ()
    """Whose stock changed."""
    taken: tuple[Taken, ...] = ()
    """The rows that were taken over, changed or not."""


class MoveRow(Struct, frozen=True):
    """A move with its place."""

    stock_id: int
    sequence: int
    sku_id: int
    site_id: int
    status: str
    lot: str
    delta: int
    quantity_after: int
    reason: str
    counterpart: str
    reference: str
    reference_id: int
    actor: str
    occurred_at: datetime
    recorded_at: datetime
