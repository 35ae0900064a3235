"""Stock that goes out of sale with orders on it: a status change that cuts, and the recall of a lot."""

from collections.abc import Sequence

from msgspec import Struct

from stocktower import access, catalog, fulfillment, inventory, worklist
from stocktower.access import record_act
from stocktower.inventory import HELD, OPEN, Withdraw, Withdrawn
from stocktower.kernel import CaseKind
from stocktower.platform import Transaction, schedule
from stocktower.worklist import Raise, Waiter

from .acts import NotPossible
from .cutting import run_with_cuts
from .service import Desk
from .supply import FILL
from .views import load_rows


class Recalled(Struct, frozen=True):
    """What holding a lot did, and what is out of its reach."""

    sku: str
    lot: str
    waiting_again: tuple[int, ...] = ()
    """Orders that lost units of it and wait for others."""
    at_sites: tuple[int, ...] = ()
    """Orders whose requests sites have in hand, with units of it."""
    shipped: tuple[int, ...] = ()
    """Orders that have units of it at their customers."""
    case_id: int = 0


def withdraw_stock(tx: Transaction, items: Sequence[Withdraw]) -> Withdrawn:
    """Give units of stock rows another status; orders that are not released give way and wait again.

    Raises inventory.StockMoved: to be run again.
    """
    desk = Desk(tx)
    holders = inventory.load_holders_of_rows(tx, sorted({one.stock_id for one in items}))
    done = run_with_cuts(
        desk, holders, lambda may_cut: inventory.withdraw(tx, items, may_cut=may_cut), lambda found: found.cuts
    )
    _fill_again(tx, done)
    return done


def change_status(
    tx: Transaction,
    *,
    sku: str,
    site: str,
    to_status: str,
    why: str,
    units: int | None = None,
    status: str = inventory.AVAILABLE,
    lot: str = "",
    owner: str = "",
    cut: bool = False,
) -> Withdrawn:
    """Give units of a stock row, named by its codes, another status; only with `cut` orders may give way for it.

    Raises inventory.NotUsable, inventory.StockMoved.
    """
    words = inventory.Words(tx, [sku])
    found, place = words.sku(sku), words.site(site)
    if to_status == status:
        raise inventory.NotUsable("to_status", f"they are {status} already", "name another status")
    if "in_transit" in (status, to_status):
        raise inventory.NotUsable(
            "status", "what is in transit is known by its transfer", "state a step of the transfer"
        )
    if not why.strip():
        raise inventory.NotUsable("reason", "no reason is given", "say in a word why")
    row = inventory.find_row(tx, found.sku_id, place.site_id, status, owner, lot)
    if row is None or not row.quantity:
        raise inventory.NotUsable("quantity", f"{site} has no {sku} that is {status}", "look at its stock rows")
    free = row.quantity - row.allocated
    if not cut and (row.quantity if units is None else units) > free:
        fix = "change no more than that, or let orders that are not released give way (cut)"
        raise inventory.NotUsable("quantity", f"only {free:,} of {row.quantity:,} are free", fix)
    if units is not None and units > row.quantity:
        raise inventory.NotUsable("quantity", f"there are {row.quantity:,}", "change no more than that")
    data = {"sku": sku, "site": site, "status": status, "to": to_status, "units": units, "why": why}
    record_act(tx, "stock.status_changed", "sku", found.sku_id, data)
    return withdraw_stock(tx, [Withdraw(row.stock_id, to_status, why.strip(), units)])


def hold_lot(tx: Transaction, sku_id: int, lot: str, note: str) -> Recalled:
    """Recall a lot: it is sold nowhere any more, who waits for it gets another, and a case says who has it.

    Raises NotPossible (not known, held already), inventory.StockMoved: to be run again.
    """
    desk = Desk(tx)
    sku = catalog.load_skus(tx, [sku_id])[sku_id]
    done = run_with_cuts(
        desk,
        inventory.load_holders_of_lot(tx, sku_id, lot),
        lambda may_cut: _set_state(tx, sku, lot, HELD, note, may_cut),
        lambda found: found.cuts,
    )
    _fill_again(tx, done)
    trace = inventory.trace_lot(tx, sku_id, lot)
    requests = fulfillment.load_requests(tx, sorted({one.fulfillment_id for one in trace.shipped}))
    shipped = sorted({request.order_id for request in requests})
    at_sites = sorted({one.order_id for one in trace.allocated if one.kind == inventory.ORDER})
    case_id = _open_case(desk, sku, lot, note, at_sites, shipped)
    access.record_act(tx, "lot.hold", "sku", sku_id, {"sku": sku.code, "lot": lot, "note": note})
    waiting = sorted({cut.order_id for cut in done.cuts if cut.kind == inventory.ORDER})
    return Recalled(sku.code, lot, tuple(waiting), tuple(at_sites), tuple(shipped), case_id)


def release_lot(tx: Transaction, sku_id: int, lot: str, note: str) -> None:
    """Undo a recall: the lot is sold again, who waits may have it, its case closes. Raises NotPossible."""
    sku = catalog.load_skus(tx, [sku_id])[sku_id]
    _set_state(tx, sku, lot, OPEN, note, lambda candidates: ())
    outcome = f"released: {note}" if note else "released"
    worklist.close_by_cause(tx, CaseKind.LOT_RECALLED, [cause_key(sku, lot)], outcome)
    access.record_act(tx, "lot.release", "sku", sku_id, {"sku": sku.code, "lot": lot, "note": note})


def cause_key(sku: catalog.Sku, lot: str) -> str:
    """What identifies the cause: the lot of a SKU."""
    return f"lot/{sku.sku_id}/{lot}"


def _set_state(
    tx: Transaction, sku: catalog.Sku, lot: str, state: str, note: str, may_cut: inventory.MayCut
) -> Withdrawn:
    try:
        done = inventory.set_lot_state(tx, sku.sku_id, lot, state, note, may_cut=may_cut)
    except inventory.UnknownLot:
        raise NotPossible(f"lot {lot} of {sku.code} is not known; look at the lots of this SKU") from None
    if done is None:
        raise NotPossible(f"lot {lot} of {sku.code} is {'held already' if state == HELD else 'not held'}")
    return done


def _fill_again(tx: Transaction, done: Withdrawn) -> None:
    """Who lost something may find it in another lot or at another site."""
    lost = sorted({sku_id for cut in done.cuts for sku_id, _ in cut.components})
    schedule(tx, FILL, [(sku_id, tx.now) for sku_id in lost])


def _open_case(
    desk: Desk, sku: catalog.Sku, lot: str, note: str, at_sites: Sequence[int], shipped: Sequence[int]
) -> int:
    """One case for the lot; every order that has units of it is in it, with its money."""
    waiters = [
        Waiter("order", order.order_id, order.units, order.book_total_minor, None)
        for order in load_rows(desk.tx, desk.network, sorted({*at_sites, *shipped}))
    ]
    raised = Raise(
        kind=CaseKind.LOT_RECALLED,
        cause_key=cause_key(sku, lot),
        title=f"Lot {lot} of {sku.code} is held: {len(shipped)} orders have it, {len(at_sites)} are with their sites",
        data={"sku": sku.code, "lot": lot, "note": note, "shipped": list(shipped), "at_sites": list(at_sites)},
        waiters=tuple(waiters) or (Waiter("sku", sku.sku_id),),
    )
    return worklist.raise_cases(desk.tx, desk.configuration, [raised])[CaseKind.LOT_RECALLED, raised.cause_key]
