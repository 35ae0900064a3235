"""The ledger of what demand is short of: written where it changes, so that who waited as of any instant is known."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from stocktower.platform import Transaction

from ..formulas.model import Demand, Shortage
from ..stock import store


def shortages_of(demands: Iterable[Demand]) -> list[Shortage]:
    """What new demand is short of."""
    return [Shortage(one.sku_id, one.channel_id, one.order_id, one.line_no, one.short) for one in demands if one.short]


def note_shortages(tx: Transaction, changes: Sequence[Shortage]) -> None:
    """Append what changed, with what each channel then waits for; the caller has the SKUs' locks."""
    if not changes:
        return
    sequences: dict[int, int] = {}
    times: dict[int, datetime] = {}
    waiting: dict[tuple[int, int], int] = {}
    keys = sorted({(one.sku_id, one.channel_id) for one in changes})
    for sku_id, channel_id, sequence, recorded_at, units in store.load_last_shortages(tx, keys):
        sequences[sku_id] = sequence
        times[sku_id] = recorded_at
        waiting[sku_id, channel_id] = units
    rows: list[tuple[int, int, int, int, int, int, int, int, datetime]] = []
    for one in changes:
        key = (one.sku_id, one.channel_id)
        sequences[one.sku_id] += 1
        waiting[key] += one.delta
        rows.append(
            (
                tx.merchant_id, one.sku_id, sequences[one.sku_id], one.channel_id, one.order_id, one.line_no, one.delta,
                waiting[key], times[one.sku_id],
            )
        )  # fmt: skip
    store.copy_shortages(tx, rows)
