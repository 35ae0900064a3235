"""The recall of a lot: it and what units of it are in are sold nowhere, in one act, until that act is undone.

Each lot is held for as long as one recall holds it: two recalls can meet in one product, and the end of one leaves it
held. What is allocated of lots that are held and not released is taken back; whoever may lose units is locked before.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from stocktower.platform import Transaction

from ..formulas.model import Cut, StockRow
from ..lots import lot_store
from ..lots.lots import LotKey
from ..stock import store
from ..stock.events import lot_event
from ..supply.cuts import Cutter, MayCut
from ..supply.withdrawals import HELD, OPEN, UnknownLot, load_holders_of_rows, lock_with_holders, write_withdrawn
from . import recall_store
from .lineage import load_made_of
from .recall_model import RecallLot


class LotsHeld(Struct, frozen=True):
    """What a recall did."""

    lots: tuple[LotKey, ...]
    """Every lot that it holds, its own first."""
    changed: tuple[LotKey, ...]
    """Those that could be sold until now."""
    stuck: tuple[tuple[int, int], ...]
    """(stock_id, units) that are allocated and could not be taken back."""
    cuts: tuple[Cut, ...]


class LotsReleased(Struct, frozen=True):
    """What the end of a recall did."""

    lots: tuple[LotKey, ...]
    """That can be sold again."""
    still_held: tuple[RecallLot, ...]
    """Lots of it that other recalls hold."""
    ended: tuple[LotKey, ...]
    """The recalls that ended, by their own lots."""


def load_holders_of_lots(tx: Transaction, keys: Collection[LotKey]) -> list[int]:
    """The orders and holds that have units of some lots, ascending."""
    return load_holders_of_rows(tx, [row.stock_id for row in _rows_of(tx, keys)])


def hold_lots(
    tx: Transaction, sku_id: int, lot: str, also: Sequence[LotKey], made_of: Sequence[LotKey], note: str, *,
    may_cut: MayCut,
) -> LotsHeld | None:  # fmt: skip
    """Hold a lot and `also` some of those that it is in, on all sites and for all channels; None: they are already.

    `made_of`: all that it is in, as the caller knows it. Raises UnknownLot, StockMoved where more has been made of it.
    """
    keys = [(sku_id, lot), *also]
    rows = _rows_of(tx, keys)
    book, locked = lock_with_holders(tx, {one for one, _ in keys} | {sku_id}, [row.stock_id for row in rows])
    if load_made_of(tx, sku_id, lot) != list(made_of):
        raise store.StockMoved("more was made of the lot meanwhile: to be run again")
    if lot_store.load_known_lots(tx, keys[:1]).keys() != set(keys[:1]):
        raise UnknownLot(f"lot {lot}")
    known = [one.key for one in recall_store.load_recalls(tx, keys) if one.root == (sku_id, lot)]
    fresh = [key for key in keys if key not in known]
    if not fresh:
        return None
    recall_store.insert_recall_lots(tx, [RecallLot(sku_id, lot, *key, note, tx.actor, tx.now) for key in fresh])
    changed = recall_store.set_lot_states(tx, fresh, HELD)
    here = [one.row for one in book.balances.values() if (one.row.sku_id, one.row.lot) in set(changed)]
    cutter = Cutter(tx, book, locked)
    taken = [(row.stock_id, row.allocated) for row in here if row.allocated]
    cuts = cutter.cut(taken, may_cut)
    stuck = [(stock_id, left) for stock_id, _ in taken if (left := book.balances[stock_id].allocated)]
    write_withdrawn(tx, book, cutter)
    _tell(tx, changed, HELD, here, note)
    return LotsHeld((*keys, *(key for key in known if key not in keys)), tuple(changed), tuple(stuck), tuple(cuts))


def release_lots(tx: Transaction, sku_id: int, lot: str, note: str) -> LotsReleased | None:
    """Undo the recall of a lot, whole; or, of a lot that only other recalls hold, let it alone back; None: it is not
    held. A lot that another recall holds stays held. Raises UnknownLot, StockMoved.
    """
    key = (sku_id, lot)
    ended = _ended_by(recall_store.load_recalls(tx, [key]), key)
    skus = sorted({one.sku_id for one in ended} | {sku_id})
    store.lock_items(tx, skus)
    open_now = recall_store.load_recalls(tx, [one.key for one in ended] or [key])
    if _ended_by(open_now, key) != ended:
        raise store.StockMoved("the recall was changed meanwhile: to be run again")
    if not ended:
        if not lot_store.load_known_lots(tx, [key]):
            raise UnknownLot(f"lot {lot}")
        return None
    recall_store.end_recalls(tx, ended, note)
    still = [one for one in open_now if one not in ended and one.key in {it.key for it in ended}]
    kept = {one.key for one in still}
    changed = recall_store.set_lot_states(tx, sorted({one.key for one in ended} - kept), OPEN)
    of_changed = set(changed)
    rows = [row for row in store.load_rows(tx, skus) if (row.sku_id, row.lot) in of_changed]
    _tell(tx, changed, OPEN, rows, note)
    return LotsReleased(tuple(changed), tuple(still), tuple(sorted({one.root for one in ended if one.root == one.key})))


def hold_made(tx: Transaction, made: Collection[tuple[LotKey, LotKey]]) -> None:
    """Lots that were made of recalled ones before these were recalled, and are learned of after: (recalled, made). They
    are held with them. The caller has the locks of all their SKUs, and nobody has units of what was made.
    """
    if not made:
        return
    known = recall_store.load_recalls(tx, {key for pair in made for key in pair})
    held = {(one.root, one.key) for one in known}
    fresh: dict[tuple[LotKey, LotKey], RecallLot] = {}
    for of, key in sorted(made):
        for one in known:
            if one.key == of and (one.root, key) not in held:
                fresh[one.root, key] = RecallLot(*one.root, *key, one.note, tx.actor, tx.now)
    recall_store.insert_recall_lots(tx, list(fresh.values()))
    changed = recall_store.set_lot_states(tx, {key for _, key in fresh}, HELD)
    _tell(tx, changed, HELD, _rows_of(tx, changed), "made of what is recalled", joined=True)


def find_recalled_since(tx: Transaction, keys: Collection[LotKey], at: datetime) -> set[LotKey]:
    """Of some lots those that were held by recalls alone that came after an instant."""
    found: dict[LotKey, list[RecallLot]] = {}
    for one in recall_store.load_recalls(tx, keys):
        found.setdefault(one.key, []).append(one)
    return {key for key in keys if key in found and all(one.recorded_at > at for one in found[key])}


def load_recalls(tx: Transaction, sku_id: int, lot: str) -> list[RecallLot]:
    """The recalls that hold a lot now, the first first."""
    return [one for one in recall_store.load_recalls(tx, [(sku_id, lot)]) if one.key == (sku_id, lot)]


def load_whole_recalls(tx: Transaction, keys: Collection[LotKey]) -> dict[LotKey, list[RecallLot]]:
    """The recalls that hold some lots now, by their own lot, with every lot of each, its own first."""
    found: dict[LotKey, list[RecallLot]] = {}
    for one in recall_store.load_recalls(tx, keys):
        found.setdefault(one.root, []).append(one)
    return {root: sorted(lots, key=lambda one: one.key != root) for root, lots in found.items()}


def _ended_by(recalls: Sequence[RecallLot], key: LotKey) -> list[RecallLot]:
    """What the release of a lot ends: its own recall, whole; else its part in those of others."""
    own = [one for one in recalls if one.root == key]
    return own or [one for one in recalls if one.key == key]


def _rows_of(tx: Transaction, keys: Collection[LotKey]) -> list[StockRow]:
    wanted = set(keys)
    rows = store.load_rows(tx, sorted({sku_id for sku_id, _ in wanted}))
    return [row for row in rows if (row.sku_id, row.lot) in wanted]


def _tell(
    tx: Transaction, keys: Sequence[LotKey], state: str, rows: Sequence[StockRow], note: str, *, joined: bool = False
) -> None:
    units = dict.fromkeys(keys, 0)
    for row in rows:
        units[row.sku_id, row.lot] += row.quantity
    for (sku_id, lot), quantity in units.items():
        delta = -quantity if state == HELD else quantity
        tx.emit_all(lot_event(sku_id, lot, state, delta, note, tx.now, joined=joined))
