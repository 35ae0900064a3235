"""States are derived: what an order's figures amount to on the fulfillment axis, its step, and what it waits for."""

from .model import FulfillmentState, HoldName, Line, Order, OrderStep, WaitsFor
from .preorders import covered

_VALIDATION = (HoldName.TOTAL_MISMATCH, HoldName.PAYMENT, HoldName.ADDRESS, HoldName.FRAUD_REVIEW, HoldName.CURRENCY)


def derive_fulfillment_state(order: Order) -> FulfillmentState:
    """The state of an order on the fulfillment axis."""
    ordered = open_units = backordered = allocated = released = shipped = cancelled = 0
    for line in sent_lines(order):
        ordered += line.ordered
        open_units += line.open
        backordered += line.backordered
        allocated += line.allocated
        released += line.released
        shipped += line.shipped
        cancelled += line.cancelled
    live = ordered - cancelled
    if live == 0:
        return FulfillmentState.CANCELLED
    if shipped == live:
        return FulfillmentState.SHIPPED
    if order.is_history:
        return FulfillmentState.HISTORY
    if shipped:
        return FulfillmentState.PARTIALLY_SHIPPED
    if backordered:
        return FulfillmentState.BACKORDERED if backordered == live else FulfillmentState.PARTIALLY_BACKORDERED
    if released == live:
        return FulfillmentState.PICKED if _all_picked(order) else FulfillmentState.RELEASED
    if allocated == live:
        return FulfillmentState.RESERVED
    return FulfillmentState.PARTIALLY_RESERVED if allocated else FulfillmentState.OPEN


def sent_lines(order: Order) -> list[Line]:
    """The lines that say how far an order is: those that are sent, or all where none is."""
    lines = order.lines
    for line in lines:
        if not line.ships:
            return [one for one in lines if one.ships] or lines
    return lines


def _all_picked(order: Order) -> bool:
    live = picked = 0
    for request in order.requests:
        for line in request.lines:
            live += line.live
            picked += line.picked
    return live > 0 and picked == live


def derive_step(order: Order) -> tuple[OrderStep, WaitsFor]:
    """The step that an order stands at, and what it waits for."""
    if order.is_history:
        return OrderStep.DONE, WaitsFor.NOTHING
    open_units = backordered = allocated = unreleased = 0
    for line in order.lines:
        if line.ships:
            open_units += line.open
            backordered += line.backordered
            allocated += line.allocated
            unreleased += line.allocated - line.released
        else:
            # Nothing is sent for it: it waits for the release alone.
            unreleased += line.open
    if not (open_units or backordered or allocated or unreleased):
        return OrderStep.DONE, WaitsFor.NOTHING
    if order.needs_listing:
        return OrderStep.CAPTURE, WaitsFor.LISTING
    holds = [name for name, hold in order.holds.items() if hold.cleared_at is None]
    if open_units or backordered or unreleased:
        for name in _VALIDATION:
            if name in holds:
                return OrderStep.VALIDATE, _waits_for_hold(name)
    if open_units or backordered:
        if order.no_site:
            return OrderStep.ROUTE, WaitsFor.SITE
        promised = not open_units and order.claims and _all_promised(order)
        return OrderStep.RESERVE, WaitsFor.INBOUND if promised else WaitsFor.STOCK
    if unreleased:
        return OrderStep.RELEASE, WaitsFor.HOLD
    return OrderStep.FULFIL, WaitsFor.SITE_CONFIRMATION


def _all_promised(order: Order) -> bool:
    """Whether inbound is claimed, or has arrived, for all that an order lacks."""
    return all(covered(order, line) >= line.backordered for line in order.lines if line.backordered)


def _waits_for_hold(name: str) -> WaitsFor:
    if name in (HoldName.TOTAL_MISMATCH, HoldName.CURRENCY):
        return WaitsFor.TOTAL
    return WaitsFor.PAYMENT if name == HoldName.PAYMENT else WaitsFor.HOLD


def settle(order: Order) -> None:
    """Write the derived states into an order."""
    order.fulfillment_state = derive_fulfillment_state(order)
    order.step, order.waits_for = derive_step(order)


def is_unsettled(order: Order) -> bool:
    """Whether something of an order is not with a site yet, so that holds and stock still matter."""
    return not order.is_history and any(
        line.open or line.backordered or line.allocated > line.released for line in order.lines
    )
