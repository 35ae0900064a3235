"""The pure rules under any events: lines add up, stock is never promised twice, a replay changes nothing."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stocktower.fulfillment import Report, ReportKind, decide_report
from stocktower.ordering.changes import clear_hold, set_hold
from stocktower.ordering.model import Order, Plan
from stocktower.ordering.shipments import cancel_units, note_shipped, note_short, recall
from tests.ordering.memory import NOW, Memory, open_requests

CUP, LID, ROPE = ((1, 1),), ((2, 1),), ((3, 2),)
KIT = ((1, 1), (2, 2))
STOCK = st.fixed_dictionaries({(sku, site): st.integers(0, 12) for sku in (1, 2, 3) for site in (1, 2)})
ORDERS = st.lists(
    st.lists(st.tuples(st.integers(1, 5), st.sampled_from([CUP, LID, ROPE, KIT])), min_size=1, max_size=3),
    min_size=1,
    max_size=4,
)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["cancel", "cancel", "ship", "ship", "short", "pick", "recall", "hold", "clear", "grow", "stock", "fill"]
        ),
        st.integers(0, 3),
        st.integers(1, 3),
        st.integers(1, 6),
    ),
    max_size=12,
)


def new_orders(memory: Memory, stated: list[list[tuple[int, Any]]]) -> list[Order]:
    """Capture orders in one batch."""
    orders = [memory.order(number, lines) for number, lines in enumerate(stated, start=1)]
    memory.carry_on(orders, memory.facts(), Plan())
    return orders


@settings(max_examples=300, deadline=None)
@given(STOCK, ORDERS, ACTS)
def test_everything_adds_up_under_any_events(
    stock: dict[tuple[int, int], int], stated: list[list[tuple[int, Any]]], acts: list[tuple[str, int, int, int]]
) -> None:
    memory = Memory(stock)
    new_orders(memory, stated)
    memory.check()
    for name, place, line_no, units in acts:
        order_id = place % len(stated) + 1
        do(memory, name, order_id, line_no, units)
        memory.check()
        # One that waits may find something at the second look: claims of others are left at other sites by then.
        if not any(line.backordered for line in memory.orders[order_id].lines):
            replay(memory, order_id)


def replay(memory: Memory, order_id: int) -> None:
    """Carrying an order on once more changes nothing."""
    order = memory.load(order_id)
    before = (order.step, order.waits_for, order.fulfillment_state)
    plan = memory.carry_on([order], memory.facts(), Plan())
    assert (plan.grants, plan.returns, plan.requests, plan.new_demands, plan.events) == ([], [], [], [], [])
    assert (order.step, order.waits_for, order.fulfillment_state) == before


def do(memory: Memory, name: str, order_id: int, line_no: int, units: int) -> None:
    """Something happens to an order, or to stock."""
    if name in ("stock", "fill"):
        sku, site = units % 3 + 1, line_no % 2 + 1
        memory.quantity[sku, site] += units if name == "stock" else 0
        waiting = [memory.load(number) for number in memory.orders]
        memory.carry_on(waiting, memory.facts(filling=True), Plan())
        return
    order = memory.load(order_id)
    facts, plan = memory.facts(), Plan()
    line = order.lines[(line_no - 1) % len(order.lines)]
    if name == "cancel":
        wanted = min(units, line.live - line.shipped)
        done, stuck = cancel_units(order, [(line, wanted)] if wanted > 0 else [], facts, NOW, plan)
        assert sum(count for _, count in done) + sum(count for _, count in stuck) == max(0, wanted)
    elif name == "recall":
        recall(order, facts, NOW, plan)
    elif name == "hold":
        set_hold(order, "ask", "", "me", NOW, plan)
    elif name == "clear" and order.open_hold("ask"):
        clear_hold(order, "ask", "me", NOW, plan)
    elif name == "grow":
        line.ordered += units
        line.open += units
        line.grown += units if line.demanded else 0
        line.touched = True
    elif name in ("ship", "short", "pick"):
        report_something(memory, order, name, line.line_no, units, plan, facts)
    memory.carry_on([order], facts, plan)


def report_something(memory: Memory, order: Order, name: str, line_no: int, units: int, plan: Plan, facts: Any) -> None:
    """A site reports of the first open request, perhaps more than it was asked."""
    kind = {"ship": ReportKind.SHIPPED, "short": ReportKind.SHORT_PICKED, "pick": ReportKind.PICKED}[name]
    for request in open_requests(order)[:1]:
        effect = decide_report(request, Report(kind, NOW, {line_no: units} if units < 6 else None))
        if name == "ship" and effect.moved:
            note_shipped(order, request, effect.moved, memory.network.channels[101], NOW, plan)
        elif name == "short" and effect.moved:
            note_short(order, request, effect.moved, facts, NOW, plan)


@given(STOCK, ORDERS)
def test_a_batch_takes_what_one_by_one_takes(
    stock: dict[tuple[int, int], int], stated: list[list[tuple[int, Any]]]
) -> None:
    together = Memory(stock)
    new_orders(together, stated)
    single = Memory(stock)
    for number, lines in enumerate(stated, start=1):
        single.carry_on([single.order(number, lines)], single.facts(), Plan())
    figures = [
        [[(line.allocated, line.backordered) for line in order.lines] for order in memory.orders.values()]
        for memory in (together, single)
    ]
    assert figures[0] == figures[1]


@given(STOCK, ORDERS)
def test_an_order_is_released_when_it_has_all_and_not_before(
    stock: dict[tuple[int, int], int], stated: list[list[tuple[int, Any]]]
) -> None:
    memory = Memory(stock)
    for order in new_orders(memory, stated):
        complete = not any(line.backordered for line in order.lines)
        assert bool(order.requests) == complete
        assert order.fulfillment_state == ("released" if complete else order.fulfillment_state)
        asked = sum(line.quantity for request in order.requests for line in request.lines)
        assert asked == (sum(line.ordered for line in order.lines) if complete else 0)
