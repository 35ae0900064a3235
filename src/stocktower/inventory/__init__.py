"""Inventory owns supply (stock rows and the ledger of moves), demand and the reservation ledger, holds, and the rules
of what is offered.

Always true: 0 <= allocated <= quantity on every row; the moves of a row add up to its quantity and its reservations to
what is allocated; wanted = allocated + short + consumed + cancelled on every demand. Whoever changes stock, demand or
reservations of a SKU holds that SKU's lock (`lock_supply`), so what was read under it is true until the commit.
"""

from .arrival_rules import DeliveredLine, Delivery
from .arrivals import DeliveryResult, receive_deliveries
from .as_of import Basis, FutureInstant, Moment, load_availability_at, load_moment, load_rows_at
from .atp import Arrival, Point, Timeline
from .availability import Availability, load_availability
from .cuts import Cutter, MayCut
from .events import HoldEnded, StockChanged, SupplyChanged
from .free_stock import UNLIMITED, FreeStock, Limits
from .gatherer import Gatherer, GathererClosed
from .goods_in import read_inbound, read_receipt, take_inbound, take_receipts
from .holds import EXPIRY, expire_holds, hold, load_open_holds, release_holds
from .inbound import (
    InboundFigures,
    InboundMoved,
    InboundResult,
    close_inbound,
    expect_rest,
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
    HeldUnits,
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
from .promising import AtpAnswer, Promisable, answer_atp, load_promisable
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
from .snapshots import UnknownSite, load_snapshot_orders, take_snapshot
from .store import OverAllocated, StockMoved
from .takeovers import (
    await_orders,
    load_held_skus,
    load_held_units,
    lock_carts,
    lock_holds_of_orders,
    supersede_holds,
)
from .waterfall import Evidence, Step
from .wording import NotUsable, Words

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
    "Arrival",
    "AtpAnswer",
    "Availability",
    "Basis",
    "Candidate",
    "Claims",
    "Consume",
    "ConsumeResult",
    "Cut",
    "Cutter",
    "DeliveredLine",
    "Delivery",
    "DeliveryResult",
    "Demand",
    "Drift",
    "EndHold",
    "Evidence",
    "FreeStock",
    "FutureInstant",
    "Gatherer",
    "GathererClosed",
    "Grant",
    "HeldUnits",
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
    "Moment",
    "Net",
    "NotLocked",
    "NotUsable",
    "OverAllocated",
    "Point",
    "Posted",
    "Posting",
    "Promisable",
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
    "Timeline",
    "UnknownDemand",
    "UnknownSite",
    "Waiting",
    "Words",
    "adjust",
    "answer_atp",
    "apply_rules",
    "ats",
    "await_orders",
    "close_inbound",
    "consume",
    "expect_rest",
    "expire_holds",
    "find_drift",
    "free",
    "hold",
    "kit_ats",
    "load_allocations",
    "load_availability",
    "load_availability_at",
    "load_demands",
    "load_held_skus",
    "load_held_units",
    "load_inbound",
    "load_inbound_history",
    "load_moment",
    "load_open_holds",
    "load_promisable",
    "load_rows_at",
    "load_snapshot_orders",
    "load_waiting",
    "lock_carts",
    "lock_holds_of_orders",
    "lock_supply",
    "net",
    "pool",
    "read_inbound",
    "read_receipt",
    "rebuild_balances",
    "receive",
    "receive_deliveries",
    "record_inbound",
    "record_reservations",
    "release_holds",
    "shown",
    "supersede_holds",
    "take_inbound",
    "take_receipts",
    "take_snapshot",
]
