"""Ordering owns the whole life of an order: captured, validated, reserved and routed, released, shipped, refunded.

Always true: ordered = open + backordered + allocated + shipped + cancelled on every line; what is released is
allocated; the frozen amounts of the lines make the order's total; the states on the order are what its figures amount
to. Quantities of lines and requests are sold units of the listing (a pack, a whole kit); demand and reservations count
stocked SKUs, `per_unit` of them in a sold unit. Every command locks its orders in id order before anything of theirs.
"""

from .accepted import AcceptedLine, load_accepted
from .acts import (
    NotPossible,
    UnknownOrder,
    accept_total,
    acknowledge,
    cancel_backorders,
    cancel_line,
    cancel_order,
    cancel_promised,
    clear_hold,
    expire_authorizations,
    not_acknowledged,
    release_preorders,
    reroute,
    set_hold,
    tell_promise,
)
from .address_acts import AddressParts, correct_address, release_address
from .confirmations import RETRY, retry_confirmations, take_confirmations
from .expiry import look_at_lots
from .intake import take_orders
from .lots import LotDetail, LotOrder, LotRelative, load_lot
from .model import Facts, FulfillmentState, HoldName, Line, Order, OrderStep, Plan, WaitsFor
from .reallocation import reallocate
from .recall_cases import LotName
from .recalls import Recalled, Released, hold_lot, release_lot
from .rules import advance
from .service import PROMISE, REALLOCATE, RELEASE
from .snapshots import accept_differences, accept_rest, take_stock
from .statements import capture_payment, extend_authorization, take_again, take_count, take_counts
from .supply import (
    ADVANCE,
    CLAIM,
    FILL,
    RESUME_KINDS,
    claim_inbound,
    fill_after,
    fill_backorders,
    resume_events,
    resume_listings,
    resume_orders,
    skus_of,
)
from .views import (
    FlowStep,
    OrderDetail,
    OrderFilter,
    OrderPage,
    OrderRow,
    count_states,
    find_orders,
    flow_strip,
    list_orders,
    load_order,
    load_rows,
    share_untouched,
)
from .withdrawals import change_status, withdraw_stock

__all__ = [
    "ADVANCE",
    "CLAIM",
    "FILL",
    "PROMISE",
    "REALLOCATE",
    "RELEASE",
    "RESUME_KINDS",
    "RETRY",
    "AcceptedLine",
    "AddressParts",
    "Facts",
    "FlowStep",
    "FulfillmentState",
    "HoldName",
    "Line",
    "LotDetail",
    "LotName",
    "LotOrder",
    "LotRelative",
    "NotPossible",
    "Order",
    "OrderDetail",
    "OrderFilter",
    "OrderPage",
    "OrderRow",
    "OrderStep",
    "Plan",
    "Recalled",
    "Released",
    "UnknownOrder",
    "WaitsFor",
    "accept_differences",
    "accept_rest",
    "accept_total",
    "acknowledge",
    "advance",
    "cancel_backorders",
    "cancel_line",
    "cancel_order",
    "cancel_promised",
    "capture_payment",
    "change_status",
    "claim_inbound",
    "clear_hold",
    "correct_address",
    "count_states",
    "expire_authorizations",
    "extend_authorization",
    "fill_after",
    "fill_backorders",
    "find_orders",
    "flow_strip",
    "hold_lot",
    "list_orders",
    "load_accepted",
    "load_lot",
    "load_order",
    "load_rows",
    "look_at_lots",
    "not_acknowledged",
    "reallocate",
    "release_address",
    "release_lot",
    "release_preorders",
    "reroute",
    "resume_events",
    "resume_listings",
    "resume_orders",
    "retry_confirmations",
    "set_hold",
    "share_untouched",
    "skus_of",
    "take_again",
    "take_confirmations",
    "take_count",
    "take_counts",
    "take_orders",
    "take_stock",
    "tell_promise",
    "withdraw_stock",
]
