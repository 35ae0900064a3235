"""What an adjustment is: asked for by somebody for a reason, posted, waiting, or refused."""

from datetime import datetime

from msgspec import Struct

from ..formulas.model import AVAILABLE, NO_LOT

WAITING, POSTED, REFUSED = "waiting", "posted", "refused"


class AdjustmentRequest(Struct, frozen=True):
    """A change of one stock row by a difference, for a reason."""

    reference: str
    sku_id: int
    site_id: int
    delta: int
    reason: str
    status: str = AVAILABLE
    lot: str = NO_LOT
    owner: str = ""
    """Empty: who owns what lies at the site."""
    note: str = ""
    cost_minor: int | None = None
    occurred_at: datetime | None = None
    message_id: int = 0


class Adjustment(Struct, frozen=True):
    """An adjustment with who asked for it, and who decided where a second person had to."""

    adjustment_id: int
    reference: str
    sku_id: int
    site_id: int
    status: str
    owner: str
    lot: str
    delta: int
    reason: str
    account_role: str
    note: str
    cost_minor: int | None
    value_minor: int
    """At the catalogue's cost, or the stated one."""
    state: str
    requested_by: str
    occurred_at: datetime
    recorded_at: datetime
    message_id: int = 0
    decided_by: str = ""
    decided_at: datetime | None = None
