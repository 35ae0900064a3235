"""Loads orders under lock, and writes what was decided about them: one statement per table, whatever the batch."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from stocktower import catalog, fulfillment, inventory, worklist
from stocktower.exchange import Message
from stocktower.fulfillment import RequestState
from stocktower.inventory import views as inventory_views
from stocktower.kernel import CaseKind
from stocktower.model import Configuration, Sourcing, load_applied, rate
from stocktower.network import Network, load_network
from stocktower.platform import Transaction, schedule
from stocktower.sourcing import Planner
from stocktower.worklist import Raise, Waiter

from . import store
from .capture import Books, components_of, unmapped
from .kit_preorders import is_kit
from .model import Cause, Facts, Line, LinePromise, Order, OrderStep, Plan, PreorderRule, Promising
from .rules import possible_causes

_kept: dict[int, tuple[Network, Sourcing, Planner, inventory.Reach]] = {}
"""By merchant: what is worked out once for a network, and compared at each use."""


RELEASE = "order.release"
"""Kind of due work: what was preordered may be released; the key is the order."""
PROMISE = "order.promise"
"""Kind of due work: the day by which something was promised has gone by; the key is the order."""
REALLOCATE = "order.reallocate"
"""Kind of due work: an order that is short may take from others; the key is the order."""
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_MOVES = 1_000


class Desk:
    """What every command of the room works with, read once a transaction."""

    def __init__(self, tx: Transaction) -> None:
        applied = load_applied(tx)
        self.tx = tx
        self.version = applied.version
        self.configuration: Configuration = applied.configuration
        self.network = load_network(tx)
        kept = _kept.get(tx.merchant_id)
        sourcing = self.configuration.sourcing
        if kept is None or kept[0] is not self.network or kept[1] is not sourcing:
            kept = (self.network, sourcing, Planner(self.network, sourcing), inventory.Reach(self.network))
            _kept[tx.merchant_id] = kept
        self.planner, self.reach = kept[2], kept[3].at(tx.now)
        currency_of = {entity.code: entity.currency for entity in self.configuration.entities}
        self.books = Books(currency_of, self._rate)
        self.promising = self._promising()

    def _promising(self) -> Promising:
        """What the configuration says of promises, with the ids of what it names."""
        stated = self.configuration.promises
        rules: dict[int, PreorderRule] = {}
        if self.configuration.preorders:
            skus = catalog.find_skus(self.tx, {rule.sku for rule in self.configuration.preorders})
            for rule in self.configuration.preorders:
                if rule.sku in skus:
                    channels = frozenset(self.network.channel_ids[code] for code in rule.channels)
                    at = rule.release_on and datetime.combine(
                        rule.release_on, time.min, tzinfo=ZoneInfo(self.network.timezone)
                    )
                    rules[skus[rule.sku].sku_id] = PreorderRule(channels, at)
        made_of = catalog.load_resolved(self.tx, rules)
        parts = frozenset(part for one in made_of.values() for part, _ in one.components)
        return Promising(rules, parts, stated.handling_days, stated.tolerance_days)

    def _rate(self, currency: str, book: str, on: date) -> object:
        return rate(self.configuration, currency, book, on)

    def facts(
        self,
        supply: inventory.Supply,
        demands: dict[int, list[inventory.Demand]],
        *,
        filling: bool = False,
        claiming: bool = True,
    ) -> Facts:
        """What decisions are taken on; inbound is promised where `claiming`."""
        free = inventory.FreeStock(supply, self.reach)
        promising = self.promising
        skus = supply.locked & promising.parts
        coming = inventory.load_coming_stock(self.tx, sorted(skus), self.reach) if skus and claiming else None
        return Facts(self.network, self.planner, free, self.tx.new_id, demands, filling, coming, promising)


def complete(desk: Desk, orders: Sequence[Order], *, loaded: bool = False) -> dict[int, list[inventory.Demand]]:
    """Load all that belongs to orders that are locked; gives what inventory knows of their demand.

    `loaded`: they have their lines and requests already, and these may have changed.
    """
    tx = desk.tx
    by_id = {order.order_id: order for order in orders}
    if not by_id:
        return {}
    order_ids = list(by_id)
    if not loaded:
        load_lines(tx, by_id)
        for order_id, requests in fulfillment.load_requests_of(tx, order_ids).items():
            by_id[order_id].requests = requests
    for order_id, hold in store.load_holds(tx, order_ids):
        by_id[order_id].holds[hold.name] = hold
    for order_id, precedence in store.load_precedences(tx, order_ids):
        by_id[order_id].precedence = precedence
    demands = load_demands(tx, by_id)
    for allocation in inventory.load_allocations(tx, order_ids):
        order = by_id[allocation.order_id]
        key = (allocation.line_no, allocation.site_id)
        order.held.setdefault(key, []).append(allocation)
    _load_promises(tx, by_id)
    for order in orders:
        _place(order)
        order.validated = order.step not in (OrderStep.CAPTURE, OrderStep.VALIDATE)
        order.causes = possible_causes(order, desk.network.channels[order.channel_id].code)
        order.needs_listing = unmapped(order.lines)
    _resolve_missing(tx, orders)
    _avoid_doubtful(desk, orders)
    return demands


def _load_promises(tx: Transaction, by_id: dict[int, Order]) -> None:
    """What orders that lack something were promised of inbound, and until when."""
    late = [order.order_id for order in by_id.values() if any(line.backordered for line in order.lines)]
    for claim in inventory.load_claims(tx, late):
        order = by_id[claim.order_id]
        order.claims.append(claim)
        if claim.arrived:
            order.entitled[claim.sku_id] = order.entitled.get(claim.sku_id, 0) + claim.arrived
    for order_id, promise in store.load_line_promises(tx, late):
        order = by_id[order_id]
        order.promises[promise.line_no] = promise
        for sku_id, units in counted_on(order, promise).items():
            order.entitled[sku_id] = order.entitled.get(sku_id, 0) + units


def counted_on(order: Order, promise: LinePromise) -> dict[int, int]:
    """Units of stock that a kit which was promised a date counts on, beside what it has claimed of inbound."""
    line = next(line for line in order.lines if line.line_no == promise.line_no)
    if not is_kit(line) or promise.promised_on is None:
        return {}
    claimed = {sku_id: 0 for sku_id, _ in line.components}
    for claim in order.claims:
        if claim.line_no == line.line_no:
            claimed[claim.sku_id] = claimed.get(claim.sku_id, 0) + claim.units
    return {sku_id: max(0, line.backordered * per_unit - claimed[sku_id]) for sku_id, per_unit in line.components}


def load_lines(tx: Transaction, by_id: dict[int, Order]) -> None:
    """Give orders their lines."""
    for order_id, line in store.load_lines(tx, list(by_id)):
        by_id[order_id].lines.append(line)


def load_demands(tx: Transaction, by_id: dict[int, Order]) -> dict[int, list[inventory.Demand]]:
    """What inventory knows of some orders; their lines get the components that their demand was made of."""
    demands: dict[int, list[inventory.Demand]] = {}
    parts: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for demand in inventory.load_demands(tx, list(by_id)):
        demands.setdefault(demand.order_id, []).append(demand)
        parts.setdefault((demand.order_id, demand.line_no), []).append((demand.sku_id, demand.per_unit))
    for order_id in demands:
        for line in by_id[order_id].lines:
            found = parts.get((order_id, line.line_no))
            if found is not None:
                line.components = tuple(found)
                line.demanded = True
    return demands


def _place(order: Order) -> None:
    """Work out how many sold units of each line are allocated at each site."""
    per_unit = {line.line_no: line.components[0] for line in order.lines if line.components}
    for (line_no, site_id), held in order.held.items():
        sku_id, units = per_unit[line_no]
        order.where[line_no, site_id] = sum(one.quantity for one in held if one.sku_id == sku_id) // units


def _resolve_missing(tx: Transaction, orders: Sequence[Order]) -> None:
    """Mapped lines that inventory does not know yet are made of what the catalogue says now, merged SKUs of their
    survivors."""
    lines = [line for order in orders for line in order.lines if line.ships]
    wanting = [line for line in lines if line.sku_id is not None and not line.components]
    if not wanting:
        return
    survivors = catalog.load_survivors(tx, {line.sku_id for line in wanting if line.sku_id is not None})
    for line in wanting:
        if line.sku_id in survivors:
            line.sku_id, line.touched = survivors[line.sku_id], True
    resolved = catalog.load_resolved(tx, {line.sku_id for line in wanting if line.sku_id is not None})
    for line in wanting:
        parts = resolved[line.sku_id or 0].components
        line.components = tuple((sku_id, units * line.pack_quantity) for sku_id, units in parts)


def _avoid_doubtful(desk: Desk, orders: Sequence[Order]) -> None:
    """Sites that did not find units of an order are not asked for them again until their stock was counted or came."""
    doubts = [
        (order, line, request.site_id, request.short_at)
        for order in orders
        for request in order.requests
        if request.short_at is not None
        for line in order.lines
        if (line.open or line.backordered)
        and any(part.line_no == line.line_no and part.short for part in request.lines)
    ]
    if not doubts:
        return
    known = _last_known(desk, {sku_id for _, line, _, _ in doubts for sku_id, _ in line.components})
    for order, line, site_id, short_at in doubts:
        places = [(sku_id, site_id) for sku_id, _ in line.components]
        if any(place not in known or known[place] <= short_at for place in places):
            order.avoid |= {(line.line_no, site_id)}


def _last_known(desk: Desk, sku_ids: Iterable[int]) -> dict[tuple[int, int], datetime]:
    """(SKU, site) -> when its stock was last counted, or something last came."""
    wanted = sorted(set(sku_ids))
    rows = inventory.load_availability(desk.tx, wanted, desk.network)
    known: dict[tuple[int, int], datetime] = {}
    places: dict[int, tuple[int, int]] = {}
    for row in [row for sku_id in wanted for row in rows.rows(sku_id) if row.sellable]:
        places[row.stock_id] = (row.sku_id, row.site_id)
        if row.counted_at is not None:
            known[row.sku_id, row.site_id] = row.counted_at
    for move in inventory_views.load_moves(desk.tx, list(places), limit=_MOVES):
        place = places[move.stock_id]
        if move.delta > 0 and move.occurred_at > known.get(place, _NEVER):
            known[place] = move.occurred_at
    return known


def map_lines(desk: Desk, orders: Iterable[Order]) -> None:
    """Look again for the SKUs of lines that were not mapped, also of those that nobody wants just now."""
    missing = [
        (order, line)
        for order in orders
        if not order.is_history
        for line in order.lines
        if line.sku_id is None and line.ships
    ]
    if not missing:
        return
    keys = [(order.channel_id, line.listing, line.name) for order, line in missing]
    resolved = catalog.resolve_listings(desk.tx, keys)
    for order, line in missing:
        found = resolved.get((order.channel_id, line.listing))
        if found is not None:
            line.sku_id, line.pack_quantity = found.sku_id, found.pack_quantity
            line.components = components_of(found)
            line.touched = True
    for order, _ in missing:
        order.needs_listing = unmapped(order.lines)


def require_unmerged(tx: Transaction, orders: Iterable[Order], sku_ids: Iterable[int] = ()) -> None:
    """Nothing that inventory is about to be told of may have been merged since it was looked up; the SKUs are locked.

    A merge has its SKUs' locks until it commits. Raises inventory.StockMoved: to be run again.
    """
    fresh = {part for order in orders for line in order.lines if not line.demanded for part, _ in line.components}
    if catalog.load_survivors(tx, {*fresh, *sku_ids}):
        raise inventory.StockMoved("a SKU was merged into another meanwhile: to be run again")


def skus_of_orders(orders: Iterable[Order]) -> set[int]:
    """Every stocked SKU that lines of orders are made of."""
    return {sku_id for order in orders for line in order.lines for sku_id, _ in line.components}


def write_changed(desk: Desk, orders: Sequence[Order]) -> None:
    """Write orders that were there before, with the lines that changed."""
    tx = desk.tx
    store.update_orders(tx, orders)
    touched = [(order.order_id, line) for order in orders for line in order.lines if line.touched or line.is_new]
    store.insert_lines(tx, [item for item in touched if item[1].is_new])
    store.update_lines(tx, [item for item in touched if not item[1].is_new])


def write_plan(desk: Desk, plan: Plan, supply: inventory.Supply | None, reason: str = "allocated") -> None:
    """Write everything of a plan but the orders themselves, in the global order of locks; say what happened."""
    tx = desk.tx
    answered = [one for one in plan.changed_requests.values() if one.state != RequestState.RELEASED]
    store.upsert_holds(tx, plan.changed_holds)
    store.upsert_line_promises(tx, plan.promises)
    fulfillment.record_changes(tx, list(plan.changed_requests.values()))
    fulfillment.request(tx, plan.requests)
    if supply is not None and plan.superseded:
        inventory.supersede_holds(tx, supply, plan.superseded, _units_taken(plan))
    if supply is not None and (plan.new_demands or plan.changed_demands or plan.grants or plan.returns):
        inventory.record_reservations(
            tx,
            supply,
            new_demands=plan.new_demands,
            changed_demands=plan.changed_demands,
            grants=plan.grants,
            returns=plan.returns,
            reason=reason,
        )
    inventory.drop_arrived(tx, plan.not_there)
    inventory.drop_claims(tx, plan.unreachable)
    inventory.record_claims(tx, plan.claims)
    schedule(tx, PROMISE, plan.looks)
    schedule(tx, RELEASE, plan.releases)
    schedule(tx, REALLOCATE, [(order_id, tx.now) for order_id in plan.short])
    over = [one for one in plan.changed_requests.values() if not one.is_open and desk.network.sites[one.site_id].bins]
    schedule(tx, inventory.PUT_BACK, [(one.fulfillment_id, tx.now) for one in over])
    if answered:
        waiters = [("fulfillment", one.fulfillment_id) for one in answered]
        worklist.drop_waiters(tx, waiters, [CaseKind.NOT_ACKNOWLEDGED])
    tell_cases(desk, plan)
    tx.emit_all(plan.events)


def _units_taken(plan: Plan) -> dict[tuple[int, int], int]:
    """What each order takes, by (order_id, sku_id)."""
    taken: dict[tuple[int, int], int] = {}
    for grant in plan.grants:
        key = (grant.order_id, grant.sku_id)
        taken[key] = taken.get(key, 0) + grant.quantity
    return taken


def tell_cases(desk: Desk, plan: Plan) -> None:
    """Orders leave the cases that they wait for no more, and join those that they wait for now."""
    if plan.leaves:
        worklist.leave_cases(
            desk.tx, [(kind, cause_key, "order", order.order_id) for order, (kind, cause_key) in plan.leaves]
        )
    raises = list(plan.raises)
    if plan.waits:
        titles = _titles(desk, plan)
        for order, waits in plan.waits:
            for cause, units in waits.items():
                waiter = Waiter("order", order.order_id, units, order.book_total_minor, order.ship_by_at)
                title, data = titles[cause]
                raises.append(Raise(cause[0], cause[1], title, data, (waiter,)))
    if raises:
        worklist.raise_cases(desk.tx, desk.configuration, raises)


def _titles(desk: Desk, plan: Plan) -> dict[Cause, tuple[str, dict[str, Any]]]:
    """Title and data of each cause that orders wait for."""
    causes = {cause: order for order, waits in plan.waits for cause in waits}
    short = {key: int(key.removeprefix("sku/")) for kind, key in causes if kind == CaseKind.NO_STOCK}
    skus = catalog.load_skus(desk.tx, short.values()) if short else {}
    late = [int(key.removeprefix("inbound/")) for kind, key in causes if kind == CaseKind.PROMISE_BROKEN]
    broken = inventory.load_inbound_by_id(desk.tx, late)
    titles: dict[Cause, tuple[str, dict[str, Any]]] = {}
    for (kind, key), order in causes.items():
        channel = desk.network.channels[order.channel_id]
        data: dict[str, Any] = {"order_id": order.order_id, "number": order.number}
        if kind == CaseKind.NO_STOCK:
            sku = skus.get(short[key])
            code = sku.code if sku else key
            title, data = f"Not enough {code}", {"sku_id": short[key], "sku": code}
        elif kind == CaseKind.UNMAPPED_LISTING:
            listing = key.removeprefix(f"{channel.code}/")
            name = next((line.name for line in order.lines if line.listing == listing), "")
            title = f"{channel.name} sells {listing}, which is not mapped to a SKU"
            data = {"channel_id": channel.channel_id, "channel": channel.code, "listing": listing, "name": name}
        elif kind == CaseKind.PROMISE_BROKEN:
            inbound = broken.get(int(key.removeprefix("inbound/")))
            name = inbound.reference if inbound else key
            title = f"{name} does not bring in time what was promised"
            data = {"inbound_id": int(key.removeprefix("inbound/")), "reference": name}
        elif kind == CaseKind.NO_SITE:
            title = f"No site of {channel.name} ships order {order.number} to {order.ship_country or 'its address'}"
            data["country"] = order.ship_country
        elif kind == CaseKind.TOTAL_MISMATCH:
            reasons = [hold.reason for name, hold in order.holds.items() if name in ("total_mismatch", "currency")]
            title, data["reason"] = f"The total of order {order.number} does not foot", "; ".join(reasons)
        elif kind == CaseKind.ADDRESS:
            title = f"Order {order.number} cannot be shipped to its address"
            data["reason"] = order.holds["address"].reason
        else:
            title = f"Order {order.number} needs a review before it ships"
        titles[kind, key] = (title, data)
    return titles


def parked(message: Message, problem: str) -> Raise:
    """The case of a message that cannot be worked."""
    return Raise(
        CaseKind.PARKED_MESSAGE,
        f"message/{message.message_id}",
        f"{message.kind} {message.key} from {message.source} could not be worked",
        {"problem": problem, "source": message.source, "key": message.key},
        (Waiter("message", message.message_id),),
    )


def refreshed(facts: Facts, tx: Transaction, orders: Sequence[Order]) -> None:
    """Read demand again after something was taken out of stock for these orders."""
    by_id = {order.order_id: order for order in orders}
    facts.demands.update(load_demands(tx, by_id))


def changed_lines(orders: Iterable[Order]) -> list[tuple[int, Line]]:
    """(order_id, line) of every line that changed."""
    return [(order.order_id, line) for order in orders for line in order.lines if line.touched]
