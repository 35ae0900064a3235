"""Two SKUs that are one: what names the one names the other from then on, and can be put back."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stocktower.platform import Transaction

from . import store
from .model import Component, Sku
from .service import emit_mapped, sku_event, write_components, write_listings

MERGED_BY = "merge"


class CannotMerge(Exception):
    """Two SKUs that cannot become one as they stand; the message says why and what to do."""


class Merged(Struct, frozen=True):
    """What a merge of two SKUs changed in the catalogue, so that it can be put back."""

    listings: tuple[tuple[int, str, int], ...] = ()
    """(channel, key, pack) that named the loser."""
    units: tuple[tuple[str, int], ...] = ()
    """(unit, factor) that the survivor took over; they stay, as units are never taken away."""
    kits: tuple[tuple[int, int, int], ...] = ()
    """(kit, units of the loser, units of the survivor) that it held before."""
    aliases: tuple[str, ...] = ()
    """Codes that stood for the loser already."""
    was_active: bool = True


def lock_pair(tx: Transaction, loser: str, survivor: str) -> tuple[Sku, Sku]:
    """The two SKUs of a merge, locked in code order. Raises CannotMerge for codes that are not known."""
    found = {sku.code: sku for sku in store.lock_skus_by_code(tx, sorted({loser, survivor}))}
    for code in (loser, survivor):
        if code not in found:
            raise CannotMerge(f"{code}: no such SKU")
    return found[loser], found[survivor]


def find_obstacle(loser: Sku, survivor: Sku, aliases: Iterable[str]) -> str:
    """Why the catalogue cannot take two SKUs for one; empty where it can. Pure."""
    merged = set(aliases)
    if loser.sku_id == survivor.sku_id:
        return "a SKU cannot be merged into itself"
    if loser.code in merged:
        return f"{loser.code} is merged already; undo that first, or merge into its survivor"
    if survivor.code in merged or not survivor.active:
        return f"{survivor.code} is not active: merge into the SKU that is sold"
    if loser.kind != survivor.kind or loser.kind == "kit":
        return f"{loser.code} is {loser.kind} and {survivor.code} {survivor.kind}: only SKUs stocked alike are merged"
    if loser.stock_unit != survivor.stock_unit:
        return (
            f"{loser.code} is stocked by {loser.stock_unit} and {survivor.code} by {survivor.stock_unit}: "
            "map its listings with the right pack instead"
        )
    if loser.tracking != survivor.tracking:
        return f"{loser.code} is tracked by {loser.tracking} and {survivor.code} by {survivor.tracking}"
    return ""


def merge_skus(tx: Transaction, loser: Sku, survivor: Sku) -> Merged:
    """Let the loser's listings, kits and codes name the survivor, and make it inactive; both are locked.

    Raises CannotMerge where a unit of both holds different numbers, or a kit would hold the loser beside itself.
    """
    problem = find_obstacle(loser, survivor, store.load_aliases(tx, [loser.code, survivor.code]))
    if problem:
        raise CannotMerge(problem)
    made = store.load_direct_assembled(tx, loser.sku_id)
    if made:
        raise CannotMerge(
            f"{', '.join(made)} is made of {loser.code}: state it with {survivor.code} in its place first"
        )
    units = _take_units(tx, loser, survivor)
    kits = _change_kits(tx, loser, survivor)
    listings = [(one.channel_id, one.key, one.pack_quantity) for one in store.load_listings_of(tx, [loser.sku_id])]
    named = [(channel_id, key, survivor.sku_id, pack) for channel_id, key, pack in listings]
    emit_mapped(tx, write_listings(tx, named, MERGED_BY))
    aliases = store.redirect_aliases(tx, loser.sku_id, survivor.sku_id)
    store.insert_alias(tx, loser.code, survivor.sku_id, loser.sku_id)
    store.update_skus(tx, [replace(loser, active=False)])
    data = {"code": loser.code, "changed": ["active"], "merged_into": survivor.code}
    tx.emit(sku_event(tx, "sku.changed", loser.sku_id, data))
    tx.emit(sku_event(tx, "sku.changed", survivor.sku_id, {"code": survivor.code, "changed": ["merged"]}))
    return Merged(tuple(listings), units, kits, tuple(aliases), loser.active)


def split_skus(tx: Transaction, loser: Sku, survivor: Sku, merged: Merged) -> list[str]:
    """Undo a merge: what still stands as the merge left it goes back; gives what does not, in words."""
    kept: list[str] = []
    now = {(one.channel_id, one.key): one for one in store.load_listings_of(tx, [survivor.sku_id])}
    back: list[tuple[int, str, int, int]] = []
    for channel_id, key, pack in merged.listings:
        one = now.get((channel_id, key))
        if one is not None and one.mapped_by == MERGED_BY and one.pack_quantity == pack:
            back.append((channel_id, key, loser.sku_id, pack))
        else:
            kept.append(f"listing {key} was mapped anew since, and stays")
    emit_mapped(tx, write_listings(tx, back, MERGED_BY))
    kept += _restore_kits(tx, loser, survivor, merged.kits)
    store.delete_alias(tx, loser.code)
    store.return_aliases(tx, merged.aliases, loser.sku_id)
    store.update_skus(tx, [replace(loser, active=merged.was_active)])
    data = {"code": loser.code, "changed": ["active"]}
    tx.emit(sku_event(tx, "sku.changed", loser.sku_id, data))
    tx.emit(sku_event(tx, "sku.changed", survivor.sku_id, {"code": survivor.code, "changed": ["merged"]}))
    return kept


def _take_units(tx: Transaction, loser: Sku, survivor: Sku) -> tuple[tuple[str, int], ...]:
    """The survivor gets the units that only the loser had."""
    known: dict[int, dict[str, int]] = {}
    for sku_id, unit, factor in store.load_units(tx, [loser.sku_id, survivor.sku_id]):
        known.setdefault(sku_id, {})[unit] = factor
    mine = known.get(survivor.sku_id, {})
    fresh: list[tuple[str, int]] = []
    for unit, factor in known.get(loser.sku_id, {}).items():
        if mine.get(unit, factor) != factor:
            raise CannotMerge(
                f"a {unit} holds {factor} of {loser.code} and {mine[unit]} of {survivor.code}: they are not one thing"
            )
        if unit not in mine:
            fresh.append((unit, factor))
    if fresh:
        store.insert_units(tx, [(survivor.sku_id, unit, factor) for unit, factor in fresh])
    return tuple(fresh)


def _change_kits(tx: Transaction, loser: Sku, survivor: Sku) -> tuple[tuple[int, int, int], ...]:
    """Kits that hold the loser hold the survivor, as many more of it."""
    holding = _held_by(tx, loser, survivor)
    kits = tuple(
        (kit_id, parts[loser.sku_id], parts.get(survivor.sku_id, 0))
        for kit_id, parts in sorted(holding.items())
        if loser.sku_id in parts
    )
    for kit_id, units, others in kits:
        parts = holding[kit_id]
        del parts[loser.sku_id]
        parts[survivor.sku_id] = units + others
    _write_kits(tx, {kit_id: holding[kit_id] for kit_id, _, _ in kits})
    return kits


def _restore_kits(tx: Transaction, loser: Sku, survivor: Sku, kits: Sequence[tuple[int, int, int]]) -> list[str]:
    kept: list[str] = []
    holding = _held_by(tx, loser, survivor)
    changed: dict[int, dict[int, int]] = {}
    for kit_id, units, others in kits:
        parts = holding.get(kit_id, {})
        if parts.get(survivor.sku_id) != units + others or loser.sku_id in parts:
            kept.append("a kit was stated anew since, and stays")
            continue
        del parts[survivor.sku_id]
        parts[loser.sku_id] = units
        if others:
            parts[survivor.sku_id] = others
        changed[kit_id] = parts
    _write_kits(tx, changed)
    return kept


def _held_by(tx: Transaction, loser: Sku, survivor: Sku) -> dict[int, dict[int, int]]:
    """What the kits that hold one of two SKUs themselves were stated to hold."""
    kit_ids = store.load_direct_kits(tx, [loser.sku_id, survivor.sku_id])
    holding: dict[int, dict[int, int]] = {}
    for part in store.load_components(tx, kit_ids) if kit_ids else ():
        holding.setdefault(part.kit_id, {})[part.component_id] = part.quantity
    return holding


def _write_kits(tx: Transaction, holding: dict[int, dict[int, int]]) -> None:
    if not holding:
        return
    kit_ids = sorted(holding)
    stated = [
        Component(kit_id, sku_id, units) for kit_id in kit_ids for sku_id, units in sorted(holding[kit_id].items())
    ]
    above = sorted([*kit_ids, *write_components(tx, kit_ids, stated)])
    tx.emit_all(
        sku_event(tx, "sku.changed", sku.sku_id, {"code": sku.code, "changed": ["parts"]})
        for sku in store.load_skus(tx, above)
    )
