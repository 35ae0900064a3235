"""Lots that time takes out of sale: expired units get that status, who had them waits again, channels look again."""

from collections.abc import Sequence
from datetime import timedelta

from stocktower import catalog, inventory, worklist
from stocktower.inventory import EXPIRED, LOOK, Withdraw, Withdrawn
from stocktower.kernel import CaseKind
from stocktower.network import load_network
from stocktower.platform import Transaction, schedule
from stocktower.worklist import Raise, Waiter

from .service import Desk
from .withdrawals import withdraw_stock

AGAIN_AFTER = timedelta(hours=1)
"""Units that a site has in hand are looked at again, until they are shipped or given back."""


def look_at_lots(tx: Transaction, sku_ids: Sequence[int]) -> None:
    """Take what has expired of some SKUs out of sale, and say that what may be sold of them has changed.

    Units of released requests stay with their orders, with a case. Raises inventory.StockMoved: to be run again.
    """
    inventory.schedule_looks(tx, sku_ids, load_network(tx))
    rows = inventory.load_expired_rows(tx, sku_ids)
    done = withdraw_stock(tx, [Withdraw(stock_id, EXPIRED, EXPIRED) for stock_id in rows]) if rows else Withdrawn()
    tx.emit_all(inventory.supply_event(sku_ids, tx.now))
    if done.stuck:
        _tell_stuck(tx, done.stuck)


def _tell_stuck(tx: Transaction, stuck: Sequence[tuple[int, int]]) -> None:
    """A case for each row of which a site has expired units in hand; it is looked at again."""
    desk = Desk(tx)
    rows = {row.stock_id: row for row in inventory.load_rows_by_id(tx, [stock_id for stock_id, _ in stuck])}
    skus = catalog.load_skus(tx, {row.sku_id for row in rows.values()})
    raises: list[Raise] = []
    for stock_id, units in stuck:
        row = rows[stock_id]
        sku, site = skus[row.sku_id], desk.network.sites[row.site_id].code
        raises.append(
            Raise(
                CaseKind.LOT_EXPIRED,
                f"lot/{row.sku_id}/{row.lot}/{site}",
                f"Lot {row.lot} of {sku.code} expired at {site} with {units} on released requests",
                {"sku": sku.code, "lot": row.lot, "site": site, "units": units, "stock_id": stock_id},
                (Waiter("sku", row.sku_id, units, units * (sku.cost_minor or 0)),),
            )
        )
    worklist.raise_cases(tx, desk.configuration, raises)
    schedule(tx, LOOK, [(sku_id, tx.now + AGAIN_AFTER) for sku_id in sorted(skus)])
