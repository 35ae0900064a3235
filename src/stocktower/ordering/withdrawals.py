"""Stock that goes out of sale with orders on it: a status change that cuts."""

from collections.abc import Sequence

from stocktower import inventory
from stocktower.access import record_act
from stocktower.inventory import Cut, Withdraw, Withdrawn
from stocktower.platform import Transaction, schedule

from .cutting import run_with_cuts
from .service import Desk
from .supply import FILL


def withdraw_stock(tx: Transaction, items: Sequence[Withdraw]) -> Withdrawn:
    """Give units of stock rows another status; orders that are not released give way and wait again.

    Raises inventory.StockMoved: to be run again.
    """
    desk = Desk(tx)
    holders = inventory.load_holders_of_rows(tx, sorted({one.stock_id for one in items}))
    done = run_with_cuts(
        desk, holders, lambda may_cut: inventory.withdraw(tx, items, may_cut=may_cut), lambda found: found.cuts
    )
    fill_again(tx, done.cuts)
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
    done = withdraw_stock(tx, [Withdraw(row.stock_id, to_status, why.strip(), units)])
    # The audit is one chain: it is taken after orders and stock, or two who act at once would wait in a circle.
    data = {"sku": sku, "site": site, "status": status, "to": to_status, "units": units, "why": why}
    record_act(tx, "stock.status_changed", "sku", found.sku_id, data)
    return done


def fill_again(tx: Transaction, cuts: Sequence[Cut]) -> None:
    """Who lost something may find it in another lot or at another site."""
    lost = sorted({sku_id for cut in cuts for sku_id, _ in cut.components})
    schedule(tx, FILL, [(sku_id, tx.now) for sku_id in lost])
