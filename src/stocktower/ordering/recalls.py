"""The recall of a lot with everything that was made of it: one act over all orders, and one that undoes it."""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from stocktower import access, inventory, worklist
from stocktower.inventory import LotsHeld, LotsReleased
from stocktower.kernel import CaseKind
from stocktower.platform import Transaction

from .acts import NotPossible
from .cutting import run_with_cuts
from .recall_cases import LotKey, LotName, cause_key, codes_of, name_of, open_case, who_has
from .service import Desk
from .withdrawals import fill_again


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
    lots: tuple[LotName, ...] = ()
    """Every lot that is held by it: itself, and those that its units are in, the nearest first."""
    left_out: tuple[LotName, ...] = ()
    """Lots that its units are in, and that it does not hold."""
    not_tracked: tuple[str, ...] = ()
    """SKUs without lots that its units are in too: nothing tells which units."""


class Released(Struct, frozen=True):
    """What the end of a recall did."""

    lots: tuple[LotName, ...]
    """That are sold again."""
    still_held: tuple[tuple[LotName, LotName], ...]
    """Lots that other recalls hold, with the lot that each of these is of."""


def hold_lot(
    tx: Transaction, sku_id: int, lot: str, note: str, *, left_out: Collection[LotName] = (), alone: bool = False
) -> Recalled:
    """Recall a lot with all lots that its units are in by assembly: they are sold nowhere any more, who waits for them
    gets others, and one case says who has them. `left_out`: lots that are not held with it; `alone`: it only.

    Raises NotPossible (not known, held already, left out what it is not in), inventory.StockMoved: to be run again.
    """
    desk = Desk(tx)
    lineage = inventory.load_lineage(tx, sku_id, lot)
    made_of = [(one.sku_id, one.lot) for one in lineage.down if one.lot]
    codes = codes_of(tx, [(sku_id, lot), *((one.sku_id, one.lot) for one in lineage.down)])
    with_it = {name_of(codes, key): key for key in made_of}
    if strange := [name for name in left_out if name not in with_it]:
        raise NotPossible(f"lot {strange[0]} has nothing of lot {lot} of {codes[sku_id]}; do not name it")
    also = [] if alone else [key for name, key in with_it.items() if name not in set(left_out)]
    keys = [(sku_id, lot), *also]
    done = run_with_cuts(
        desk,
        inventory.load_holders_of_lots(tx, keys),
        lambda may_cut: _hold(tx, codes, keys, made_of, note, may_cut),
        lambda found: found.cuts,
    )
    fill_again(tx, done.cuts)
    at_sites, shipped = who_has(tx, done.lots)
    names = tuple(name_of(codes, key) for key in done.lots)
    not_tracked = tuple(sorted({codes[one.sku_id] for one in lineage.down if not one.lot}))
    case_id = open_case(desk, done.lots, names, note, at_sites, shipped)
    data = {"sku": codes[sku_id], "lot": lot, "note": note, "lots": [str(name) for name in names]}
    access.record_act(tx, "lot.hold", "sku", sku_id, data)
    waiting = sorted({cut.order_id for cut in done.cuts if cut.kind == inventory.ORDER})
    return Recalled(
        codes[sku_id], lot, tuple(waiting), tuple(at_sites), tuple(shipped), case_id, names,
        tuple(name_of(codes, key) for key in made_of if key not in done.lots), not_tracked,
    )  # fmt: skip


def release_lot(tx: Transaction, sku_id: int, lot: str, note: str) -> Released:
    """Undo the recall of a lot, with all lots that it holds; of a lot that is held by recalls of others, let it alone
    back. What another recall holds stays held; who waits may have the rest, and the case closes. Raises NotPossible.
    """
    done = _release(tx, sku_id, lot, note)
    recalls = [(one.key, one.root) for one in done.still_held]
    codes = codes_of(tx, [(sku_id, lot), *done.lots, *(key for pair in recalls for key in pair)])
    outcome = f"released: {note}" if note else "released"
    worklist.close_by_cause(tx, CaseKind.LOT_RECALLED, [cause_key(*key) for key in done.ended], outcome)
    names = tuple(name_of(codes, key) for key in done.lots)
    data = {"sku": codes[sku_id], "lot": lot, "note": note, "lots": [str(name) for name in names]}
    access.record_act(tx, "lot.release", "sku", sku_id, data)
    return Released(names, tuple((name_of(codes, key), name_of(codes, root)) for key, root in recalls))


def _hold(
    tx: Transaction, codes: Mapping[int, str], keys: Sequence[LotKey], made_of: Sequence[LotKey], note: str,
    may_cut: inventory.MayCut,
) -> LotsHeld:  # fmt: skip
    (sku_id, lot), *also = keys
    try:
        done = inventory.hold_lots(tx, sku_id, lot, also, made_of, note, may_cut=may_cut)
    except inventory.UnknownLot:
        raise NotPossible(f"lot {lot} of {codes[sku_id]} is not known; look at the lots of this SKU") from None
    if done is None:
        raise NotPossible(f"lot {lot} of {codes[sku_id]} is held already")
    return done


def _release(tx: Transaction, sku_id: int, lot: str, note: str) -> LotsReleased:
    code = codes_of(tx, [(sku_id, lot)])[sku_id]
    try:
        done = inventory.release_lots(tx, sku_id, lot, note)
    except inventory.UnknownLot:
        raise NotPossible(f"lot {lot} of {code} is not known; look at the lots of this SKU") from None
    if done is None:
        raise NotPossible(f"lot {lot} of {code} is not held")
    return done
