"""Inventory owns supply (stock rows and the ledger of moves), demand and the reservation ledger, holds, and the rules
of what is offered.

Always true: 0 <= allocated <= quantity on every row; the moves of a row add up to its quantity and its reservations to
what is allocated; wanted = allocated + short + consumed + cancelled on every demand. Whoever changes stock, demand or
reservations of a SKU holds that SKU's lock (`lock_supply`), so what was read under it is true until the commit.
"""

from .adjustments.adjusting import (
    AdjustmentResult,
    NotWaiting,
    SamePerson,
    adjust_stock,
    approve_adjustment,
    read_adjustment,
    refuse_adjustment,
    take_adjustments,
)
from .adjustments.adjustment_model import Adjustment, AdjustmentRequest
from .arrivals.arrivals import DeliveryResult, receive_deliveries
from .arrivals.early import LOOK_FOR_ORDER, let_wait, look_for_orders
from .arrivals.goods_in import read_inbound, read_receipt, take_inbound, take_receipts
from .arrivals.inbound import (
    InboundFigures,
    InboundMoved,
    InboundResult,
    close_inbound,
    expect_rest,
    load_inbound,
    load_inbound_by_id,
    load_inbound_history,
    record_inbound,
)
from .assembly.assembling import AssemblyResult, assemble, load_assemblies
from .assembly.assembly_messages import take_assemblies
from .assembly.assembly_rules import Assembly, AssemblyLine, AssemblyRequest, NamedLot
from .bin_moves.fetching import fetch
from .bin_moves.giving_up import give_up_bins
from .bin_moves.moving import take_bin_moves
from .bin_moves.putting_back import PUT_BACK, put_back
from .channel_rules.rule_loading import load_offering, load_rules
from .channel_rules.rule_views import RULE_STATES, RuleList, RulesAsked, RuleView, list_rules, load_rule_views
from .channel_rules.usage import recount
from .coming.arrival_rules import DeliveredLine, Delivery
from .coming.coming import ComingFilter, ComingPage, ComingRow, MoveFilter, load_coming_page, load_move_rows
from .coming.inbound_claim_rules import ComingStock, InboundClaim, add_claims, trim_claims_of
from .coming.inbound_claims import (
    ClaimsMoved,
    drop_arrived,
    drop_claims,
    load_arrived_orders,
    load_claiming_orders,
    load_claims,
    load_coming_stock,
    record_claims,
)
from .coming.inbound_rules import INBOUND_KINDS, PRODUCTION, PURCHASE, TRANSFER, Inbound, InboundChange, StatedInbound
from .coming.lead_times import LeadTime, Supplied, load_supplied, measure_lead_time
from .formulas.atp import Arrival, Point, Timeline
from .formulas.claims import Claims, Net, Terms
from .formulas.free_stock import UNLIMITED, FreeStock, Limits
from .formulas.model import (
    AVAILABLE,
    BUILT_IN,
    EXPIRED,
    HOLD,
    NO_LOT,
    ORDER,
    OWN,
    SUPPLIER,
    Allocation,
    Candidate,
    Consume,
    ConsumeResult,
    Cut,
    Demand,
    EndHold,
    Fetch,
    Grant,
    HeldUnits,
    Hold,
    HoldRequest,
    HoldResult,
    Left,
    MoveRow,
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
from .formulas.reach import Part, Reach
from .formulas.rules import ats, free, kit_ats, net, pool, shown
from .formulas.terms import Offering, Rule, RuleKind, Rules
from .formulas.waterfall import Evidence, Step
from .lots.lot_service import correct_lot, load_expired_rows, reschedule_looks, schedule_looks
from .lots.lots import LOOK, Lot
from .lots.trace import (
    LotFacts,
    LotHolder,
    LotMove,
    LotShipment,
    LotTrace,
    OrderLot,
    load_lots,
    load_lots_of_orders,
    trace_lot,
    trace_lots,
)
from .offers.as_of import Basis, FutureInstant, Moment, load_availability_at, load_moment, load_rows_at, load_series
from .offers.availability import Availability, load_availability
from .offers.offers import Offer, Offers, load_offers
from .promises.carts import Cart, CartResult, UnknownName
from .promises.gatherer import Gatherer, GathererClosed
from .promises.holds import EXPIRY, expire_holds, hold, load_open_holds, release_holds
from .promises.promising import AtpAnswer, Promisable, answer_atp, load_promisable, load_promisable_at
from .promises.takeovers import (
    await_orders,
    load_held_skus,
    load_held_units,
    lock_carts,
    lock_holds_of_orders,
    supersede_holds,
)
from .rebuilding import PROJECTIONS
from .recalls.lineage import load_lineage, load_lot, load_made_of
from .recalls.recall_model import Lineage, RecallLot, Relative
from .recalls.recalls import (
    LotsHeld,
    LotsReleased,
    hold_lots,
    load_holders_of_lots,
    load_recalls,
    load_whole_recalls,
    release_lots,
)
from .rule_acts.effects import Effect, Moved, measure_effects
from .rule_acts.rule_acts import RuleAct, act_end_rule, act_set_rule
from .rule_acts.rule_book import (
    COVER,
    WINDOW,
    RuleChange,
    RuleRefused,
    StaleRules,
    apply_rules,
    end_rule,
    measure_cover,
    set_rule,
    turn_rules,
)
from .snapshots.rest import load_whole, settle_whole, whole_cause
from .snapshots.snapshots import ReadSnapshot, UnknownSite, load_snapshot_orders, read_snapshot, take_snapshot
from .stating import (
    AssembledLine,
    Stated,
    StatedAssembly,
    state_adjustment,
    state_assembly,
    state_bin_moves,
    state_inbound,
    state_receipt,
    state_transfer,
)
from .stock.events import (
    STOCK_KINDS,
    SUPPLY_KINDS,
    HoldEnded,
    LotChanged,
    StatusChanged,
    StockChanged,
    SupplyChanged,
    supply_event,
)
from .stock.finding import FIGURES, Place, Wanted, load_by_figure, load_candidates, load_rows_of
from .stock.proof import Drift, find_drift, rebuild_balances
from .stock.site_rows import SiteRow, load_held_at, load_held_in_bins, load_site_rows
from .stock.store import OverAllocated, StockMoved, load_rows_by_id
from .stock.wording import NotUsable, Words
from .supply.cuts import Cutter, MayCut
from .supply.postings import Posted, adjust, receive
from .supply.service import (
    NotLocked,
    UnknownDemand,
    load_allocations,
    load_demands,
    load_unclaimed,
    load_waiting,
    lock_supply,
    lock_used,
    record_reservations,
)
from .supply.shipping import consume, load_lenders
from .supply.withdrawals import (
    HELD,
    OPEN,
    UnknownLot,
    Withdraw,
    Withdrawn,
    find_row,
    load_holders_of_rows,
    withdraw,
)
from .transfers.transfer_messages import read_transfer, take_transfers
from .transfers.transfer_rules import (
    ARRIVED,
    CLAIMED,
    LOST,
    RETURNED,
    STEPS,
    TRANSIT,
    StepLine,
    Transfer,
    TransferChange,
    TransferLine,
    TransferStep,
)
from .transfers.transfers import (
    LOOK_AT_TRANSFER,
    NoSuchTransfer,
    TransferResult,
    load_transfer,
    look_at_transfers,
    resolve_transit,
    take_steps,
)

__all__ = [
    "ARRIVED", "AVAILABLE", "BUILT_IN", "CLAIMED", "COVER", "EXPIRED", "EXPIRY", "FIGURES", "HELD", "HOLD",
    "INBOUND_KINDS", "LOOK", "LOOK_AT_TRANSFER", "LOOK_FOR_ORDER", "LOST", "NO_LOT", "OPEN", "ORDER", "OWN",
    "PRODUCTION", "PROJECTIONS", "PURCHASE", "PUT_BACK", "RETURNED", "RULE_STATES", "STEPS", "STOCK_KINDS", "SUPPLIER",
    "SUPPLY_KINDS", "TRANSFER", "TRANSIT", "UNLIMITED", "WINDOW", "Adjustment", "AdjustmentRequest", "AdjustmentResult",
    "Allocation", "Arrival", "AssembledLine", "Assembly", "AssemblyLine", "AssemblyRequest", "AssemblyResult",
    "AtpAnswer", "Availability", "Basis", "Candidate", "Cart", "CartResult", "Claims", "ClaimsMoved", "ComingFilter",
    "ComingPage", "ComingRow", "ComingStock", "Consume", "ConsumeResult", "Cut", "Cutter", "DeliveredLine", "Delivery",
    "DeliveryResult", "Demand", "Drift", "Effect", "EndHold", "Evidence", "Fetch", "FreeStock", "FutureInstant",
    "Gatherer", "GathererClosed", "Grant", "HeldUnits", "Hold", "HoldEnded", "HoldRequest", "HoldResult", "Inbound",
    "InboundChange", "InboundClaim", "InboundFigures", "InboundMoved", "InboundResult", "LeadTime", "Left", "Limits",
    "Lineage", "Lot", "LotChanged", "LotFacts", "LotHolder", "LotMove", "LotShipment", "LotTrace", "LotsHeld",
    "LotsReleased", "MayCut", "Moment", "MoveFilter", "MoveRow", "Moved", "NamedLot", "Net", "NoSuchTransfer",
    "NotLocked", "NotUsable", "NotWaiting", "Offer", "Offering", "Offers", "OrderLot", "OverAllocated", "Part", "Place",
    "Point", "Posted", "Posting", "Promisable", "Reach", "ReadSnapshot", "RecallLot", "Refused", "Relative", "Rule",
    "RuleAct", "RuleChange", "RuleKind", "RuleList", "RuleRefused", "RuleView", "Rules", "RulesAsked", "SamePerson",
    "Shortfall", "SiteRow", "SnapshotResult", "StaleRules", "Stated", "StatedAssembly", "StatedInbound",
    "StatusChanged", "Step", "StepLine", "StockChanged", "StockMoved", "StockRow", "Supplied", "Supply",
    "SupplyChanged", "SupplyRow", "Taken", "Terms", "Timeline", "Transfer", "TransferChange", "TransferLine",
    "TransferResult", "TransferStep", "UnknownDemand", "UnknownLot", "UnknownName", "UnknownSite", "Waiting", "Wanted",
    "Withdraw", "Withdrawn", "Words", "act_end_rule", "act_set_rule", "add_claims", "adjust", "adjust_stock",
    "answer_atp", "apply_rules", "approve_adjustment", "assemble", "ats", "await_orders", "close_inbound", "consume",
    "correct_lot", "drop_arrived", "drop_claims", "end_rule", "expect_rest", "expire_holds", "fetch", "find_drift",
    "find_row", "free", "give_up_bins", "hold", "hold_lots", "kit_ats", "let_wait", "list_rules", "load_allocations",
    "load_arrived_orders", "load_assemblies", "load_availability", "load_availability_at", "load_by_figure",
    "load_candidates", "load_claiming_orders", "load_claims", "load_coming_page", "load_coming_stock", "load_demands",
    "load_expired_rows", "load_held_at", "load_held_in_bins", "load_held_skus", "load_held_units",
    "load_holders_of_lots", "load_holders_of_rows", "load_inbound", "load_inbound_by_id", "load_inbound_history",
    "load_lenders", "load_lineage", "load_lot", "load_lots", "load_lots_of_orders", "load_made_of", "load_moment",
    "load_move_rows", "load_offering", "load_offers", "load_open_holds", "load_promisable", "load_promisable_at",
    "load_recalls", "load_rows_at", "load_rows_by_id", "load_rows_of", "load_rule_views", "load_rules", "load_series",
    "load_site_rows", "load_snapshot_orders", "load_supplied", "load_transfer", "load_unclaimed", "load_waiting",
    "load_whole", "load_whole_recalls", "lock_carts", "lock_holds_of_orders", "lock_supply", "lock_used",
    "look_at_transfers", "look_for_orders", "measure_cover", "measure_effects", "measure_lead_time", "net", "pool",
    "put_back", "read_adjustment", "read_inbound", "read_receipt", "read_snapshot", "read_transfer", "rebuild_balances",
    "receive", "receive_deliveries", "record_claims", "record_inbound", "record_reservations", "recount",
    "refuse_adjustment", "release_holds", "release_lots", "reschedule_looks", "resolve_transit", "schedule_looks",
    "set_rule", "settle_whole", "shown", "state_adjustment", "state_assembly", "state_bin_moves", "state_inbound",
    "state_receipt", "state_transfer", "supersede_holds", "supply_event", "take_adjustments", "take_assemblies",
    "take_bin_moves", "take_inbound", "take_receipts", "take_snapshot", "take_steps", "take_transfers", "trace_lot",
    "trace_lots", "trim_claims_of", "turn_rules", "whole_cause", "withdraw",
]  # fmt: skip
