"""Orders, stock and requests in memory: what the pure rules decide is applied as the store applies it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

from stocktower.fulfillment import Request
from stocktower.inventory import Allocation, Demand, FreeStock, Grant, Reach, Supply, SupplyRow
from stocktower.model import Sourcing
from stocktower.ordering.model import Facts, Line, Order, Plan
from stocktower.ordering.rules import advance
from stocktower.sourcing import Planner
from tests.inventory import places

NOW = datetime(2026, 6, 1, 12, tzinfo=places.EPOCH.tzinfo)


class Memory:
    """Two sites that hold stocked SKUs 1 to 3; a kit is (1, 1), (2, 2)."""

    def __init__(self, stock: dict[tuple[int, int], int]) -> None:
        self.network = places.simple({101: (1, 2)}, sites=2)
        self.planner = Planner(self.network, Sourcing())
        self.ids = count(1_000)
        self.quantity = dict(stock)
        self.stock_ids = {key: 500 + place for place, key in enumerate(sorted(stock))}
        self.taken: dict[tuple[int, int, int], int] = {}
        """(order, line, stock row) -> units: the fold of the reservation ledger."""
        self.demands: dict[tuple[int, int, int], Demand] = {}
        self.orders: dict[int, Order] = {}

    def order(self, order_id: int, lines: Sequence[tuple[int, tuple[tuple[int, int], ...]]]) -> Order:
        """A new order; each line is (units, components)."""
        made = [
            Line(
                line_no, f"L{line_no}", "X", "X", line_no, 1, units, units, 0, 0, 0, 0, 0, units,
                units * 1000, 0, 0, 0, 0, 0, True, components,
            )
            for line_no, (units, components) in enumerate(lines, start=1)
        ]  # fmt: skip
        total = sum(line.goods_minor for line in made)
        order = self.orders[order_id] = Order(
            order_id, 101, str(order_id), str(order_id), None, 1, False, NOW + timedelta(minutes=order_id), NOW, None,
            None, 30, "USD", False, False, None, total, 0, 0, 0, 0, total, 0, 0, total, "US", "", "capture", "", "", "",
            "none", 1, lines=made, is_new=True,
        )  # fmt: skip
        return order

    def facts(self, *, filling: bool = False) -> Facts:
        """What stands now."""
        allocated: dict[int, int] = {}
        for (_, _, stock_id), units in self.taken.items():
            allocated[stock_id] = allocated.get(stock_id, 0) + units
        rows: dict[int, list[SupplyRow]] = {}
        for (sku_id, site_id), units in self.quantity.items():
            stock_id = self.stock_ids[sku_id, site_id]
            rows.setdefault(sku_id, []).append(
                SupplyRow(stock_id, sku_id, site_id, units, allocated.get(stock_id, 0), 0)
            )
        waiting: dict[int, dict[int, int]] = {}
        demands: dict[int, list[Demand]] = {}
        for demand in self.demands.values():
            demands.setdefault(demand.order_id, []).append(demand)
            if demand.short and not filling:
                of_sku = waiting.setdefault(demand.sku_id, {})
                of_sku[demand.channel_id] = of_sku.get(demand.channel_id, 0) + demand.short
        skus = frozenset(sku_id for sku_id, _ in self.quantity)
        supply = Supply(rows, {}, waiting, skus, skus)
        free = FreeStock(supply, Reach(self.network))
        return Facts(self.network, self.planner, free, self.ids.__next__, demands, filling)

    def load(self, order_id: int) -> Order:
        """An order as it would be loaded: nothing is left of the decisions in between but what was written."""
        order = self.orders[order_id]
        order.is_new = False
        order.avoid = frozenset()
        order.entitled = {}
        order.held, order.where = {}, {}
        places_of = {stock_id: key for key, stock_id in self.stock_ids.items()}
        for (owner, line_no, stock_id), units in self.taken.items():
            if owner == order_id and units:
                sku_id, site_id = places_of[stock_id]
                order.held.setdefault((line_no, site_id), []).append(
                    Allocation(order_id, line_no, sku_id, stock_id, site_id, units)
                )
        for line in order.lines:
            line.touched = line.is_new = False
            line.demanded = any(key[:2] == (order_id, line.line_no) for key in self.demands)
            for site_id in self.network.sites:
                held = order.held.get((line.line_no, site_id), ())
                sku_id, per_unit = line.components[0]
                units = sum(one.quantity for one in held if one.sku_id == sku_id)
                if units:
                    assert units % per_unit == 0
                    order.where[line.line_no, site_id] = units // per_unit
        return order

    def carry_on(self, orders: Sequence[Order], facts: Facts, plan: Plan) -> Plan:
        """Let what left sites leave, carry orders on, and write what was decided."""
        places_of = {stock_id: key for key, stock_id in self.stock_ids.items()}
        for item in plan.consumes:
            stock_id = self.stock_ids[item.sku_id, item.site_id]
            self.taken[item.order_id, item.line_no, stock_id] -= item.quantity
            self.quantity[item.sku_id, item.site_id] -= item.quantity
            key = (item.order_id, item.line_no, item.sku_id)
            self.demands[key] = _consumed(self.demands[key], item.quantity)
        if plan.consumes:
            for order in orders:
                facts.demands[order.order_id] = [one for one in self.demands.values() if one.order_id == order.order_id]
        advance(orders, facts, NOW, plan)
        for demand in plan.new_demands:
            key = (demand.order_id, demand.line_no, demand.sku_id)
            assert key not in self.demands
            self.demands[key] = demand
        for demand in plan.changed_demands:
            self.demands[demand.order_id, demand.line_no, demand.sku_id] = demand
        for sign, grants in ((-1, plan.returns), (1, plan.grants)):
            for grant in grants:
                self._take(grant, sign)
        for (_, _, stock_id), units in self.taken.items():
            assert units >= 0
            assert stock_id in places_of
        return plan

    def _take(self, grant: Grant, sign: int) -> None:
        key = (grant.order_id, grant.line_no, grant.stock_id)
        self.taken[key] = self.taken.get(key, 0) + sign * grant.quantity
        assert self.taken[key] >= 0

    def check(self) -> None:
        """Everything adds up."""
        totals: dict[int, int] = {}
        for (_, _, stock_id), units in self.taken.items():
            totals[stock_id] = totals.get(stock_id, 0) + units
        for key, stock_id in self.stock_ids.items():
            assert 0 <= totals.get(stock_id, 0) <= self.quantity[key]
        for order in self.orders.values():
            for line in order.lines:
                self._check_line(order, line)

    def _check_line(self, order: Order, line: Line) -> None:
        parts = (line.open, line.backordered, line.allocated, line.shipped, line.cancelled)
        assert line.ordered == sum(parts)
        assert min(parts) >= 0
        assert 0 <= line.released <= line.allocated
        assert line.released == sum(
            part.outstanding for request in order.requests for part in request.lines if part.line_no == line.line_no
        )
        places_of = {stock_id: key for key, stock_id in self.stock_ids.items()}
        for sku_id, per_unit in line.components:
            demand = self.demands.get((order.order_id, line.line_no, sku_id))
            held = sum(
                units
                for (order_id, line_no, stock_id), units in self.taken.items()
                if (order_id, line_no) == (order.order_id, line.line_no) and places_of[stock_id][0] == sku_id
            )
            assert held == line.allocated * per_unit
            if demand is None:
                assert line.allocated == line.backordered == 0
                continue
            assert demand.wanted == demand.allocated + demand.short + demand.consumed + demand.cancelled
            assert min(demand.allocated, demand.short, demand.consumed, demand.cancelled) >= 0
            assert (demand.allocated, demand.short) == (line.allocated * per_unit, line.backordered * per_unit)


def _consumed(demand: Demand, units: int) -> Demand:
    figures = (demand.wanted, demand.allocated - units, demand.short, demand.consumed + units, demand.cancelled)
    return Demand(
        demand.order_id, demand.line_no, demand.sku_id, demand.kind, demand.channel_id, demand.priority,
        demand.placed_at, demand.per_unit, *figures,
    )  # fmt: skip


def open_requests(order: Order) -> list[Request]:
    """The requests that sites still owe something of."""
    return [request for request in order.requests if request.is_open]
