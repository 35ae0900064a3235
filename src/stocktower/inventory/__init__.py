"""Inventory owns supply (stock rows and the ledger of moves), demand and the reservation ledger, holds, and the rules
of what is offered.

Always true: 0 <= allocated <= quantity on every row; the moves of a row add up to its quantity and its reservations to
what is allocated; wanted = allocated + short + consumed + cancelled on every demand. Whoever changes stock, demand or
reservations of a SKU holds that SKU's lock (`lock_supply`), so what was read under it is true until the commit.
"""

from .availability import Availability, load_availability
from .events import HoldEnded, StockChanged, SupplyChanged
from .free_stock import UNLIMITED, FreeStock, Limits
from .gatherer import Gatherer, GathererClosed
from .holds import EXPIRY, expire_holds, hold, load_open_holds, release_holds
from .inbound import (
    InboundFigures,
    InboundMoved,
    InboundResult,
    close_inbound,
    load_inbound,
    load_inbound_history,
    record_inbound,
)
from .inbound_rules import INBOUND_KINDS, PRODUCTION, PURCHASE, TRANSFER, Inbound, InboundChange, StatedInbound
from .model import (
    AVAILABLE,
    HOLD,
    ORDER,
    Allocation,
    Candidate,
    Consume,
    ConsumeResult,
    Cut,
    Demand,
    EndHold,
    Grant,
    Hold,
    HoldRequest,
    HoldResult,
    Posting,
    Refused,
    Shortfall,
    SnapshotResult,
    StockRow,
    Supply,
    SupplyRow,
    Taken,
    Waiting,
)
from .postings import Posted, adjust, receive
from .proof import Drift, find_drift, rebuild_balances
from .rules import Claims, Net, Reach, ats, free, kit_ats, net, pool, shown
from .service import (
    NotLocked,
    UnknownDemand,
    apply_rules,
    load_allocations,
    load_demands,
    load_waiting,
    lock_supply,
    record_reservations,
)
from .shipping import consume
from .snapshots import MayCut, UnknownSite, load_snapshot_orders, take_snapshot
from .store import OverAllocated, StockMoved
from .waterfall import Evidence, Step

__all__ = [
    "AVAILABLE",
    "EXPIRY",
    "HOLD",
    "INBOUND_KINDS",
    "ORDER",
    "PRODUCTION",
    "PURCHASE",
    "TRANSFER",
    "UNLIMITED",
    "Allocation",
    "Availability",
    "Candidate",
    "Claims",
    "Consume",
    "ConsumeResult",
    "Cut",
    "Demand",
    "Drift",
    "EndHold",
    "Evidence",
    "FreeStock",
    "Gatherer",
    "GathererClosed",
    "Grant",
    "Hold",
    "HoldEnded",
    "HoldRequest",
    "HoldResult",
    "Inbound",
    "InboundChange",
    "InboundFigures",
    "InboundMoved",
    "InboundResult",
    "Limits",
    "MayCut",
    "Net",
    "NotLocked",
    "OverAllocated",
    "Posted",
    "Posting",
    "Reach",
    "Refused",
    "Shortfall",
    "SnapshotResult",
    "StatedInbound",
    "Step",
    "StockChanged",
    "StockMoved",
    "StockRow",
    "Supply",
    "SupplyChanged",
    "SupplyRow",
    "Taken",
    "UnknownDemand",
    "UnknownSite",
    "Waiting",
    "adjust",
    "apply_rules",
    "ats",
    "close_inbound",
    "consume",
    "expire_holds",
    "find_drift",
    "free",
    "hold",
    "kit_ats",
    "load_allocations",
    "load_availability",
    "load_demands",
    "load_inbound",
    "load_inbound_history",
    "load_open_holds",
    "load_snapshot_orders",
    "load_waiting",
    "lock_supply",
    "net",
    "pool",
    "rebuild_balances",
    "receive",
    "record_inbound",
    "record_reservations",
    "release_holds",
    "shown",
    "take_snapshot",
]
