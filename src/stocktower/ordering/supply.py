"""What supply changes for orders: stock that came fills backorders, a count cuts what is not there."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct, structs

from stocktower import catalog, exchange, inventory, worklist
from stocktower.exchange import StockDocument
from stocktower.inventory import Waiting
from stocktower.inventory import views as inventory_views
from stocktower.kernel import CaseKind
from stocktower.network import load_network
from stocktower.platform import RecordedEvent, Transaction, schedule

from . import events, rules, store
from .carts import load_carts, lock_carts
from .cutting import run_with_cuts
from .model import Order, OrderStep, Plan
from .recall_cases import restate_recalls
from .service import Desk, complete, map_lines, require_unmerged, skus_of_orders, write_changed, write_plan

ADVANCE = "order.advance"
"""Kind of due work: carry an order on; the key is the order."""
FILL = "order.fill"
"""Kind of due work: go on filling backorders; the key is the SKU."""
CLAIM = "order.claim"
"""Kind of due work: go on promising inbound to backorders; the key is the SKU."""
RESUME_KINDS = (
    "listing.mapped",
    "sku.created",
    "sku.changed",
    "stock.opened",
    "stock.received",
    "stock.counted",
    "stock.adjusted",
    "stock.moved",
    "allocation.released",
    "hold.ended",
    "stock.status_changed",
    "lot.held",
    "lot.released",
    "claims.moved",
    "inbound.confirmed",
    "inbound.changed",
    "inbound.closed",
    "inbound.received",
    "status.changed",
    "configuration.applied",
)
"""The events after which orders that wait may go on: give them to resume_events."""
AT_ONCE = 2_000
"""Orders that are worked in one transaction; the rest is left to due work."""


class _Mapped(Struct, frozen=True):
    channel_id: int
    key: str


class _Named(Struct, frozen=True):
    sku_id: int
    code: str


class _Changed(Struct, frozen=True):
    sku_id: int
    delta: int = 0


def resume_events(tx: Transaction, recorded: Sequence[RecordedEvent]) -> None:
    """What waited for one of these goes on: a listing was mapped, a SKU made or changed, stock came or was freed, the
    configuration lets other sites serve, or promises be made."""
    listings: list[tuple[int, str]] = []
    named: list[_Named] = []
    grown: set[int] = set()
    moved: set[int] = set()
    lost: set[int] = set()
    announced: set[int] = set()
    recalled: set[tuple[int, str]] = set()
    for one in recorded:
        if one.kind == "claims.moved":
            claims = msgspec.json.decode(one.data, type=inventory.ClaimsMoved)
            lost |= {order_id for order_id, _, _ in claims.lost}
            moved |= {claims.inbound_id} if claims.arrived or claims.lost else set()
            announced |= {claims.sku_id} if claims.freed else set()
        elif one.kind == "lot.held":
            held = msgspec.json.decode(one.data, type=inventory.LotChanged)
            recalled |= {(held.sku_id, held.lot)} if held.joined else set()
        elif one.kind.startswith("inbound."):
            moved.add(one.subject_id)
            announced |= {msgspec.json.decode(one.data, type=_Changed).sku_id}
        elif one.kind == "configuration.applied":
            fill_after(tx, [0])
            _claim_after(tx)
        elif one.kind == "listing.mapped":
            mapped = msgspec.json.decode(one.data, type=_Mapped)
            listings.append((mapped.channel_id, mapped.key))
        elif one.kind in ("sku.created", "sku.changed"):
            named.append(msgspec.json.decode(one.data, type=_Named))
        elif one.kind in RESUME_KINDS:
            grown |= skus_of(one)
    if named:
        names = catalog.load_skus(tx, [item.sku_id for item in named])
        listings += [(0, item.code) for item in named]
        listings += [(0, f"{catalog.NAME_KEY}{sku.name}") for sku in names.values()]
    if recalled:
        restate_recalls(tx, recalled)
    if listings:
        resume_listings(tx, listings)
        leave_mapped(tx, listings)
    if grown:
        fill_backorders(tx, sorted(grown))
    if announced:
        claim_inbound(tx, sorted(announced))
    if moved:
        resume_orders(tx, sorted(lost | set(inventory.load_claiming_orders(tx, sorted(moved)))))


def skus_of(recorded: RecordedEvent) -> set[int]:
    """The stocked SKUs of which an event says that there is more to take now."""
    if recorded.kind == "allocation.released":
        lines = msgspec.json.decode(recorded.data, type=events.ReservedLines).lines
        return {sku_id for _, sku_id, _, _ in lines}
    if recorded.kind == "status.changed":
        return set(msgspec.json.decode(recorded.data, type=inventory.StatusChanged).sku_ids)
    changed = msgspec.json.decode(recorded.data, type=_Changed)
    more = changed.delta < 0 if recorded.kind == "hold.ended" else changed.delta > 0
    return {changed.sku_id} if more else set()


def resume_listings(tx: Transaction, listings: Sequence[tuple[int, str]]) -> None:
    """Orders that wait for listings, given as (channel_id, key; channel 0: any), go on where these are mapped now."""
    resume_orders(tx, store.find_unmapped(tx, listings))


def leave_mapped(tx: Transaction, listings: Sequence[tuple[int, str]]) -> None:
    """What a channel said of listings, given as (channel_id, key), waits no more for them to be mapped."""
    channels = load_network(tx).channels
    kind = str(CaseKind.UNMAPPED_LISTING)
    causes = sorted({f"{channels[channel_id].code}/{key}" for channel_id, key in listings if channel_id in channels})
    waiting = worklist.load_waiting(tx, kind, causes, "message") if causes else {}
    worklist.leave_cases(tx, [(kind, cause, "message", one) for cause, ids in waiting.items() for one in ids])


def resume_orders(tx: Transaction, order_ids: Sequence[int]) -> None:
    """Carry orders on from where they stand; more than one transaction should work are left to due work."""
    if len(order_ids) > AT_ONCE:
        schedule(tx, ADVANCE, [(order_id, tx.now) for order_id in order_ids[AT_ONCE:]])
    if order_ids:
        carry_on(Desk(tx), order_ids[:AT_ONCE])


def carry_on(desk: Desk, order_ids: Sequence[int]) -> list[Order]:
    """Lock orders and carry them on from where they stand."""
    tx = desk.tx
    orders = store.lock_orders(tx, order_ids)
    demands = complete(desk, orders)
    map_lines(desk, orders)
    plan = Plan()
    carts = lock_carts(tx, orders, {}, plan)
    wanted = skus_of_orders(orders) | carts.sku_ids
    supply = inventory.lock_supply(tx, wanted, giving=wanted) if wanted else None
    require_unmerged(tx, orders)
    facts = desk.facts(supply or inventory.Supply({}, {}, {}), demands)
    load_carts(tx, orders, carts)
    rules.advance(orders, facts, tx.now, plan)
    write_changed(desk, orders)
    write_plan(desk, plan, supply)
    resume_confirmations(tx, orders, plan)
    return orders


def resume_confirmations(tx: Transaction, orders: Sequence[Order], plan: Plan) -> None:
    """What sites reported before there was a request for it is looked at again."""
    released = {request.order_id for request in plan.requests}
    names = {name for order in orders if order.order_id in released for name in (order.number, order.order_ref)}
    exchange.resume(tx, [f"order/{name}" for name in sorted(names)])


def fill_backorders(tx: Transaction, sku_ids: Sequence[int]) -> None:
    """Give what is free of some SKUs to the orders that wait for them: first to those for which it arrived, then by
    priority and age."""
    waiting = inventory.load_waiting(tx, sku_ids)
    if not waiting:
        return
    arrived = inventory.load_arrived_orders(tx, sku_ids)
    order_ids = list(dict.fromkeys([*arrived, *(one.order_id for one in waiting)]))[:AT_ONCE]
    plan = _serve(Desk(tx), order_ids, sku_ids, giving=bool(arrived))
    if len(order_ids) == AT_ONCE and plan.grants:
        schedule(tx, FILL, [(sku_id, tx.now) for sku_id in sku_ids])


def claim_inbound(tx: Transaction, sku_ids: Sequence[int]) -> None:
    """Promise what is to come of some SKUs to the orders that wait for them and were promised nothing, by priority and
    age, where a preorder is allowed."""
    desk = Desk(tx)
    wanted = sorted(desk.promising.parts & set(sku_ids))
    waiting = inventory.load_unclaimed(tx, wanted) if wanted else []
    if not waiting:
        return
    order_ids = list(dict.fromkeys(one.order_id for one in waiting))[:AT_ONCE]
    plan = _serve(desk, order_ids, wanted, claiming=True)
    if len(order_ids) == AT_ONCE and plan.claims:
        schedule(tx, CLAIM, [(sku_id, tx.now) for sku_id in wanted])


def _serve(
    desk: Desk, order_ids: Sequence[int], sku_ids: Sequence[int], *, giving: bool = False, claiming: bool = False
) -> Plan:
    """Carry orders that wait on, those for which something arrived first, then by priority and age; nobody who comes
    after all of them lays claim to what they take."""
    tx = desk.tx
    orders = [order for order in store.lock_orders(tx, order_ids) if order.step != OrderStep.DONE]
    demands = complete(desk, orders)
    map_lines(desk, orders)
    wanted = skus_of_orders(orders) | set(sku_ids)
    supply = inventory.lock_supply(tx, wanted, giving=wanted if giving or claiming else ())
    facts = desk.facts(supply, demands, filling=True, claiming=claiming)
    plan = Plan()
    first = [order for order in orders if any(claim.arrived for claim in order.claims)]
    # What others wait for stays a claim against these, but for what has arrived for them.
    rules.advance(first, structs.replace(facts, filling=False), tx.now, plan)
    served = {order.order_id for order in first}
    others = [order for order in orders if order.order_id not in served]
    still = [one for one in inventory.load_waiting(tx, sorted(wanted)) if one.order_id not in served]
    facts.free.stop_waiting(_served(still, others))
    rules.advance(others, facts, tx.now, plan)
    write_changed(desk, orders)
    write_plan(desk, plan, supply)
    resume_confirmations(tx, orders, plan)
    return plan


def _served(waiting: Sequence[Waiting], orders: Sequence[Order]) -> list[Waiting]:
    """What lays no claim against these orders: their own demand, and that of orders which come after all of them."""
    here = {order.order_id for order in orders}
    last = max(((order.priority, order.placed_at, order.order_id) for order in orders), default=None)
    if last is None:
        return []
    return [one for one in waiting if one.order_id in here or _rank(one) > last]


def _rank(one: Waiting) -> tuple[int, datetime, int]:
    return one.priority, one.placed_at, one.order_id


def take_snapshot(
    desk: Desk,
    document: StockDocument,
    message_id: int,
    factors: dict[str, int] | None = None,
    *,
    sheet_id: int = 0,
    accepted: bool = False,
    left_out: Collection[tuple[int, str, str, str]] = (),
) -> inventory.SnapshotResult:
    """Take one snapshot; orders that lose what they had go back to waiting in the same transaction."""
    tx = desk.tx
    read = inventory.read_snapshot(tx, document, factors)
    holders = inventory.load_snapshot_orders(tx, document, read)
    result = run_with_cuts(
        desk,
        holders,
        lambda may_cut: inventory.take_snapshot(
            tx,
            document,
            message_id,
            may_cut=may_cut,
            sheet_id=sheet_id,
            accepted=accepted,
            left_out=left_out,
            known=read,
            holders=holders,
        ),
        lambda taken: taken.cuts,
        message_id,
    )
    _look_again(tx, read.sku_ids)
    return result


def fill_after(tx: Transaction, sku_ids: Collection[int]) -> None:
    """Look again at who waits for SKUs whose rules changed (0: all)."""
    short = inventory_views.load_short_skus(tx)
    schedule(tx, FILL, [(sku_id, tx.now) for sku_id in short if sku_id in sku_ids or 0 in sku_ids])


def _claim_after(tx: Transaction) -> None:
    """Look again at who waits for SKUs that may be preordered."""
    parts = Desk(tx).promising.parts
    short = inventory_views.load_short_skus(tx) if parts else []
    schedule(tx, CLAIM, [(sku_id, tx.now) for sku_id in short if sku_id in parts])


def _look_again(tx: Transaction, counted: Sequence[int]) -> None:
    """A count that changes nothing settles a doubt all the same: who waits for what was counted is looked at again."""
    waited_for = {one.sku_id for one in inventory.load_waiting(tx, counted)} if counted else set[int]()
    schedule(tx, FILL, [(sku_id, tx.now) for sku_id in sorted(waited_for)])
