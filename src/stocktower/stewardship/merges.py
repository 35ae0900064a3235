"""Merging two SKUs that are one, and undoing it: nothing is lost, and nothing that is promised is moved in silence."""

import msgspec

from stocktower import catalog, inventory
from stocktower.catalog import CannotMerge, Sku
from stocktower.network import load_network
from stocktower.platform import Transaction

from . import store
from .service import check_skus

SHOWN = 5


def merge(tx: Transaction, loser: str, survivor: str, note: str = "") -> list[str]:
    """Let one SKU stand for two: listings, kits and the code of the loser name the survivor from now on.

    Stock and promises are never moved in silence: while the loser has any, CannotMerge says what to do first.
    """
    lost, kept = catalog.lock_pair(tx, loser, survivor)
    inventory.lock_supply(tx, sorted({lost.sku_id, kept.sku_id}))
    _require_empty(tx, lost, kept)
    merged = catalog.merge_skus(tx, lost, kept)
    data = msgspec.json.encode(merged).decode()
    store.insert_merge(tx, merge_id=tx.new_id(), loser_id=lost.sku_id, survivor_id=kept.sku_id, note=note, data=data)
    store.decide_duplicate(tx, lost.sku_id, kept.sku_id, "merged")
    check_skus(tx, [lost.sku_id, kept.sku_id])
    said = [f"{lost.code} stands for {kept.code} ({kept.name}) and is not sold itself any more"]
    for count, words in (
        (len(merged.listings), "listing{} of it name{} the survivor"),
        (len(merged.kits), "kit{} of it hold{} the survivor"),
        (len(merged.units), "unit{} of it {} the survivor's too"),
    ):
        if count:
            ending = ("", "is" if "unit" in words else "s") if count == 1 else ("s", "are" if "unit" in words else "")
            said.append(f"{count:,} {words.format(*ending)}")
    return said


def _require_empty(tx: Transaction, lost: Sku, kept: Sku) -> None:
    holdings = store.load_holdings(tx, lost.sku_id)
    if holdings:
        sites = load_network(tx).sites
        where = ", ".join(
            f"{units:,} {status} at {sites[site_id].code if site_id in sites else site_id}"
            for site_id, status, _, units in holdings[:SHOWN]
        )
        raise CannotMerge(
            f"{lost.code} has stock: {where}. Count it as {kept.code} first: in a stock file, state 0 of {lost.code} "
            f"and the sum of both of {kept.code}"
        )
    wanting = store.count_wanting(tx, lost.sku_id)
    if wanting:
        many = "1 order or hold waits" if wanting == 1 else f"{wanting:,} orders or holds wait"
        raise CannotMerge(f"{many} for {lost.code}: ship or cancel those lines first")
    expected = store.load_expected(tx, lost.sku_id)
    if expected:
        raise CannotMerge(f"{', '.join(expected)} will bring {lost.code}: state them with {kept.code} first")


def undo_merge(tx: Transaction, loser: str) -> list[str]:
    """Make a merged SKU one of its own again; what was changed since stays. Raises CannotMerge."""
    found = catalog.find_skus(tx, [loser]).get(loser)
    done = store.find_merge(tx, found.sku_id) if found is not None else None
    if found is None or done is None:
        raise CannotMerge(f"{loser} is not merged")
    survivor = catalog.load_skus(tx, [done.survivor_id])[done.survivor_id]
    if store.find_merge(tx, survivor.sku_id) is not None:
        raise CannotMerge(f"{survivor.code} was merged itself since: undo that first")
    lost, kept = catalog.lock_pair(tx, loser, survivor.code)
    if not store.note_undone(tx, done.merge_id):
        raise CannotMerge(f"{loser} is not merged any more")
    left = catalog.split_skus(tx, lost, kept, msgspec.json.decode(done.data, type=catalog.Merged))
    store.decide_duplicate(tx, lost.sku_id, kept.sku_id, "dismissed")
    check_skus(tx, [lost.sku_id, kept.sku_id])
    return [f"{lost.code} is a SKU of its own again", *left]


def dismiss(tx: Transaction, one: str, other: str) -> list[str]:
    """Two SKUs are two, however alike they look: they are not proposed again. Raises CannotMerge."""
    first, second = catalog.lock_pair(tx, one, other)
    if first.sku_id == second.sku_id:
        raise CannotMerge(f"{one} is one SKU")
    store.decide_duplicate(tx, first.sku_id, second.sku_id, "dismissed")
    return [f"{first.code} and {second.code} are two, and not proposed again"]
