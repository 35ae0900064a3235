"""What a site is asked to ship, and what it reports."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class RequestState(StrEnum):
    """How far a request is; always derived from its figures."""

    RELEASED = "released"
    ACKNOWLEDGED = "acknowledged"
    PICKED = "picked"
    PACKED = "packed"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class ReportKind(StrEnum):
    """What a site can report."""

    ACKNOWLEDGED = "acknowledged"
    PICKED = "picked"
    SHORT_PICKED = "short_picked"
    PACKED = "packed"
    SHIPPED = "shipped"


class RequestLine(Struct, gc=False):
    """One line of a request, in units of the order line; only the rules of this room change it."""

    line_no: int
    sku_id: int
    quantity: int
    picked: int = 0
    packed: int = 0
    shipped: int = 0
    short: int = 0
    cancelled: int = 0
    ahead: int = 0
    """Shipped units that only the channel has told of: the site's own word about them is a repeat."""

    @property
    def live(self) -> int:
        """Units that have shipped or still can."""
        return self.quantity - self.short - self.cancelled

    @property
    def outstanding(self) -> int:
        """Units that the site still owes."""
        return self.quantity - self.shipped - self.short - self.cancelled


class Request(Struct, gc=False):
    """A request to one site for some lines of one order; only the rules of this room change it."""

    fulfillment_id: int
    order_id: int
    number: str
    channel_id: int
    site_id: int
    state: str
    released_at: datetime
    acknowledge_by_at: datetime
    acknowledged_at: datetime | None
    shipped_at: datetime | None
    short_at: datetime | None
    """When the site last did not find something."""
    carrier: str
    tracking: str
    units: int
    lines: list[RequestLine] = []

    @property
    def is_open(self) -> bool:
        """Whether the site still owes something."""
        return any(line.outstanding > 0 for line in self.lines)


class Report(Struct, frozen=True):
    """What somebody reports of a request; `units` by line number, None for all that is outstanding."""

    kind: str
    occurred_at: datetime
    units: dict[int, int] | None = None
    carrier: str = ""
    tracking: str = ""
    by: str = "site"
    """Who says so: the site, or the channel ahead of it."""


class Problem(Struct, frozen=True):
    """Units of a report that could not be taken over."""

    line_no: int
    stated: int
    taken: int
    reason: str
    """`more than outstanding` or `not in the request`."""


class Effect(Struct, frozen=True):
    """What a report changed: units by line, in the order of the lines; nothing when it came too late or twice."""

    changed: bool
    moved: tuple[tuple[int, int], ...] = ()
    problems: tuple[Problem, ...] = ()


class Confirmation(Struct, frozen=True):
    """A report as it is kept; `digest` identifies its content."""

    message_id: int
    fulfillment_id: int
    kind: str
    digest: int
    occurred_at: datetime
    data: bytes
