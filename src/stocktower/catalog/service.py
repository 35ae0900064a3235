"""Commands of the room: products are taken, listings are mapped, keys are resolved; all set-based."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from stocktower.exchange import ProductDocument
from stocktower.platform import Answer, Event, Transaction

from . import store
from .kits import expand
from .model import Component, ListingVersion, ProductResult, Resolved, Sku, SupplyTerms
from .rules import CatalogFacts, ProductPlan, decide_products, name_of_key


class UnknownSku(LookupError):
    """No SKU has this id."""


class PackNotPositive(ValueError):
    """A listing holds no whole unit of its SKU."""


def resolve_listings(tx: Transaction, keys: Iterable[tuple[int, str, str]]) -> dict[tuple[int, str], Resolved]:
    """What (channel, listing key, listing name) stand for, by (channel, key); what is not mapped is missing.

    The listing table first, then the active SKU with that code, then the only active SKU with that name; the name
    counts only where the key says that the channel gave no SKU (`name:`). One statement.
    """
    wanted = {(channel_id, key): (channel_id, key, name_of_key(key, name)) for channel_id, key, name in keys}
    if not wanted:
        return {}
    resolved: dict[tuple[int, str], Resolved] = {}
    for channel_id, key, sku_id, pack_quantity, component_id, quantity in store.resolve_listings(
        tx, list(wanted.values())
    ):
        place = (channel_id, key)
        before = resolved.get(place)
        if component_id is None:
            resolved[place] = Resolved(sku_id, pack_quantity, ((sku_id, 1),))
        elif before is None:
            resolved[place] = Resolved(sku_id, pack_quantity, ((component_id, quantity),))
        else:
            resolved[place] = Resolved(sku_id, pack_quantity, (*before.components, (component_id, quantity)))
    return resolved


def load_resolved(tx: Transaction, sku_ids: Iterable[int]) -> dict[int, Resolved]:
    """What SKUs are made of, with packs of one; an unknown id stands for itself."""
    wanted = sorted(set(sku_ids))
    return ask_resolved(tx, wanted).get() if wanted else {}


def ask_resolved(tx: Transaction, sku_ids: Iterable[int]) -> Answer[dict[int, Resolved]]:
    """What SKUs are made of, with packs of one, later."""
    wanted = sorted(set(sku_ids))

    def resolve(parts: Iterable[Component]) -> dict[int, Resolved]:
        components: dict[int, list[tuple[int, int]]] = {}
        for part in parts:
            components.setdefault(part.kit_id, []).append((part.component_id, part.quantity))
        return {
            sku_id: Resolved(sku_id, 1, tuple(components[sku_id]) if sku_id in components else ((sku_id, 1),))
            for sku_id in wanted
        }

    return store.ask_parts(tx, wanted).then(resolve)


def load_resolved_at(
    tx: Transaction, sku_ids: Iterable[int], instants: Iterable[datetime]
) -> dict[datetime, dict[int, Resolved]]:
    """What SKUs were made of at some instants, with packs of one; a SKU is a kit for good, or never."""
    wanted = sorted(set(sku_ids))
    made: dict[datetime, dict[int, Resolved]] = {
        at: {sku_id: Resolved(sku_id, 1, ((sku_id, 1),)) for sku_id in wanted} for at in instants
    }
    parts: dict[tuple[datetime, int], list[tuple[int, int]]] = {}
    for at, kit_id, part_id, quantity in store.load_parts_at(tx, wanted, list(made)) if wanted and made else ():
        parts.setdefault((at, kit_id), []).append((part_id, quantity))
    for (at, kit_id), of_kit in parts.items():
        made[at][kit_id] = Resolved(kit_id, 1, tuple(of_kit))
    return made


InUse = Callable[[Sequence[int]], Collection[int]]
"""Of some SKUs, those that stock was ever recorded of."""


def take_products(
    tx: Transaction, documents: Sequence[ProductDocument], *, in_use: InUse = lambda _: ()
) -> list[ProductResult]:
    """Make or change SKUs as stated, one result a document in its order; what is refused says why, the rest is taken.

    Locks the SKUs in code order. What a document leaves out (no cost, no components, no units) stays as it was.
    `in_use` is asked for SKUs that are to be tracked in another way than before.
    """
    if not documents:
        return []
    plan = decide_products(documents, _load_facts(tx, documents, in_use))
    fresh = [
        msgspec.structs.replace(sku, sku_id=sku_id)
        for sku, sku_id in zip(plan.new, tx.new_ids(len(plan.new)), strict=True)
    ]
    if fresh:
        store.copy_skus(tx, fresh)
    if plan.changed:
        store.update_skus(tx, plan.changed)
    ids = {sku.code: sku.sku_id for sku in fresh}
    ids |= {result.sku: result.sku_id for result in plan.results if result.sku_id is not None}
    ids |= _ids_of_components(tx, plan, ids)
    above = _write_parts(tx, plan, ids)
    mapped = write_listings(tx, [(channel, key, ids[sku], pack) for channel, key, sku, pack in plan.listings], tx.actor)
    tx.emit_all(sku_event(tx, "sku.created", sku.sku_id, {"code": sku.code, "kind": sku.kind}) for sku in fresh)
    tx.emit_all(
        sku_event(tx, "sku.changed", ids[code], {"code": code, "changed": fields})
        for code, fields in plan.fields.items()
    )
    tx.emit_all(
        sku_event(tx, "sku.changed", sku.sku_id, {"code": sku.code, "changed": ["parts"]})
        for sku in (store.load_skus(tx, above) if above else ())
    )
    emit_mapped(tx, mapped)
    return [msgspec.structs.replace(result, sku_id=ids.get(result.sku)) for result in plan.results]


def map_listing(tx: Transaction, channel_id: int, key: str, sku_id: int, pack_quantity: int, by: str) -> bool:
    """Say what a channel's key stands for; False where it stood for that already.

    Raises UnknownSku, PackNotPositive.
    """
    if pack_quantity < 1:
        raise PackNotPositive(f"a pack of {pack_quantity} holds nothing; state a whole number above zero")
    if not store.load_skus(tx, [sku_id]):
        raise UnknownSku(f"there is no SKU with the id {sku_id}")
    mapped = write_listings(tx, [(channel_id, key, sku_id, pack_quantity)], by)
    emit_mapped(tx, mapped)
    return bool(mapped)


def _load_facts(tx: Transaction, documents: Sequence[ProductDocument], in_use: InUse) -> CatalogFacts:
    codes = {document.sku for document in documents}
    codes |= {code for document in documents for code, _ in (*document.components, *document.materials)}
    skus = {sku.code: sku for sku in store.lock_skus_by_code(tx, sorted(codes))}
    components = _load_below(tx, skus, "kit")
    materials = _load_below(tx, skus, "assembled")
    retracked = [
        skus[document.sku].sku_id
        for document in documents
        if document.sku in skus and document.tracking not in ("", skus[document.sku].tracking)
    ]
    units: dict[int, dict[str, int]] = {}
    for sku_id, unit, factor in store.load_units(tx, [sku.sku_id for sku in skus.values()]) if skus else ():
        units.setdefault(sku_id, {})[unit] = factor
    used = frozenset(in_use(sorted(set(retracked)))) if retracked else frozenset[int]()
    merged = _load_survivors(tx, codes)
    supply = load_supply_terms(tx, (sku.sku_id for sku in skus.values()))
    return CatalogFacts(skus, components, units, store.load_channels(tx), materials, used, merged, supply)


def _load_survivors(tx: Transaction, codes: Collection[str]) -> dict[str, str]:
    """Code of each merged SKU among some -> code of its survivor."""
    aliases = store.load_aliases(tx, sorted(codes))
    survivors = load_skus(tx, aliases.values())
    return {code: survivors[sku_id].code for code, sku_id in aliases.items()}


def _load_below(tx: Transaction, skus: dict[str, Sku], kind: str) -> dict[int, dict[int, int]]:
    """What the SKUs of a kind hold, all the way down; what is found on the way is locked and joins the SKUs.

    So of two that would together close a circle, the second sees what the first did.
    """
    tops = [sku.sku_id for sku in skus.values() if sku.kind == kind]
    if not tops:
        return {}
    load = store.load_components_below if kind == "kit" else store.load_materials_below
    found = load(tx, tops)
    missing = {part.component_id for part in found} - {sku.sku_id for sku in skus.values()}
    if missing:
        codes = sorted(sku.code for sku in store.load_skus(tx, sorted(missing)))
        skus.update({sku.code: sku for sku in store.lock_skus_by_code(tx, codes)})
        found = load(tx, tops)
    holds: dict[int, dict[int, int]] = {}
    for part in found:
        holds.setdefault(part.kit_id, {})[part.component_id] = part.quantity
    return holds


def _ids_of_components(tx: Transaction, plan: ProductPlan, ids: dict[str, int]) -> dict[str, int]:
    stated = (*plan.components.values(), *plan.materials.values())
    missing = {code for parts in stated for code in parts if code not in ids}
    missing |= {code for _, _, code, _ in plan.listings if code not in ids}
    return {sku.code: sku.sku_id for sku in store.load_skus_by_code(tx, sorted(missing))} if missing else {}


def _write_parts(tx: Transaction, plan: ProductPlan, ids: dict[str, int]) -> list[int]:
    """Write what SKUs hold, and their units; gives the kits above them, which hold something else now too."""
    above: list[int] = []
    if plan.components:
        kit_ids = [ids[kit] for kit in plan.components]
        above = write_components(tx, kit_ids, _holding(plan.components, ids))
    if plan.materials:
        assembled_ids = [ids[code] for code in plan.materials]
        store.replace_materials(tx, assembled_ids, _holding(plan.materials, ids))
    if plan.supply:
        store.upsert_supply(tx, {ids[code]: terms for code, terms in plan.supply.items()})
    if plan.units:
        store.insert_units(tx, [(ids[code], unit, factor) for code, unit, factor in plan.units])
    return above


def _holding(stated: Mapping[str, Mapping[str, int]], ids: Mapping[str, int]) -> list[Component]:
    return [
        Component(ids[top], ids[code], quantity) for top, parts in stated.items() for code, quantity in parts.items()
    ]


def write_components(tx: Transaction, kit_ids: Sequence[int], stated: Sequence[Component]) -> list[int]:
    """Write what kits hold, and what they and the kits above them come down to; gives those above.

    One at a time: two kits may be in one that is above both.
    """
    store.lock_parts(tx)
    store.replace_components(tx, kit_ids, stated)
    above = sorted(set(store.load_kits_above(tx, kit_ids)) - set(kit_ids))
    _rewrite_parts(tx, [*kit_ids, *above])
    return above


def _rewrite_parts(tx: Transaction, kit_ids: Sequence[int]) -> None:
    """Write the stocked SKUs that kits come down to anew, and keep what they came down to before."""
    kept = {(part.kit_id, part.component_id): part.quantity for part in store.ask_parts(tx, kit_ids).get()}
    fresh = {(part.kit_id, part.component_id): part.quantity for part in _parts_of(tx, kit_ids)}
    changed = sorted({key[0] for key, _ in kept.items() ^ fresh.items()})
    if changed:
        store.record_past_kits(tx, changed)
        write_parts(tx, changed)


def write_parts(tx: Transaction, kit_ids: Sequence[int]) -> None:
    """Make the stocked SKUs of kits what is stated of them and of the kits in them."""
    store.replace_parts(tx, kit_ids, _parts_of(tx, kit_ids))


def _parts_of(tx: Transaction, kit_ids: Sequence[int]) -> list[Component]:
    components: dict[int, dict[int, int]] = {}
    for part in store.load_components_below(tx, kit_ids):
        components.setdefault(part.kit_id, {})[part.component_id] = part.quantity
    return [
        Component(kit_id, part_id, units)
        for kit_id, of_kit in expand(kit_ids, components).items()
        for part_id, units in sorted(of_kit.items())
    ]


def load_materials(tx: Transaction, sku_ids: Iterable[int]) -> dict[int, tuple[tuple[int, int], ...]]:
    """(material, units) in one unit of assembled SKUs; one that is not assembled is missing."""
    wanted = sorted(set(sku_ids))
    materials: dict[int, tuple[tuple[int, int], ...]] = {}
    for one in store.load_materials(tx, wanted) if wanted else ():
        materials[one.kit_id] = (*materials.get(one.kit_id, ()), (one.component_id, one.quantity))
    return materials


def write_listings(tx: Transaction, listings: Sequence[tuple[int, str, int, int]], by: str) -> list[ListingVersion]:
    """Write what listings stand for; gives those that stand for something else now, which is kept as a version."""
    by_key = {(channel_id, key): (channel_id, key, sku_id, pack) for channel_id, key, sku_id, pack in listings}
    changed = store.upsert_listings(tx, list(by_key.values()), by) if by_key else []
    store.record_listing_versions(tx, changed)
    return changed


def emit_mapped(tx: Transaction, mapped: Sequence[ListingVersion]) -> None:
    """Say which listings stand for something else now."""
    tx.emit_all(
        sku_event(
            tx,
            "listing.mapped",
            listing.sku_id,
            {"channel_id": listing.channel_id, "key": listing.key, "pack_quantity": listing.pack_quantity},
        )
        for listing in mapped
    )


def sku_event(tx: Transaction, kind: str, sku_id: int, data: dict[str, Any]) -> Event:
    """Something that happened to a SKU."""
    return Event(
        kind=kind,
        subject="sku",
        subject_id=sku_id,
        occurred_at=tx.now,
        data=msgspec.json.encode({"sku_id": sku_id, **data}),
    )


def find_skus(tx: Transaction, codes: Iterable[str]) -> dict[str, Sku]:
    """SKUs by code; unknown codes are missing."""
    wanted = sorted(set(codes))
    return {sku.code: sku for sku in store.load_skus_by_code(tx, wanted)} if wanted else {}


def find_by_barcode(tx: Transaction, barcodes: Iterable[str]) -> dict[str, list[Sku]]:
    """The SKUs that have a barcode; one that no SKU has is missing, one that several have names them all."""
    wanted = sorted({barcode for barcode in barcodes if barcode})
    found: dict[str, list[Sku]] = {}
    for sku in store.load_skus_by_barcode(tx, wanted) if wanted else ():
        found.setdefault(sku.barcode, []).append(sku)
    return found


def find_stocked(tx: Transaction, codes: Iterable[str]) -> dict[str, Sku]:
    """What codes of outside documents stand for: the survivor of a merged SKU, else the SKU itself."""
    wanted = sorted(set(codes))
    found = find_skus(tx, wanted)
    aliases = store.load_aliases(tx, wanted) if wanted else {}
    if aliases:
        survivors = load_skus(tx, aliases.values())
        found |= {code: survivors[sku_id] for code, sku_id in aliases.items()}
    return found


def load_survivors(tx: Transaction, sku_ids: Iterable[int]) -> dict[int, int]:
    """What merged SKUs became; those that are not merged are missing."""
    wanted = sorted(set(sku_ids))
    return store.load_survivors(tx, wanted) if wanted else {}


def load_skus(tx: Transaction, sku_ids: Iterable[int]) -> dict[int, Sku]:
    """SKUs by id; unknown ids are missing."""
    wanted = sorted(set(sku_ids))
    return {sku.sku_id: sku for sku in store.load_skus(tx, wanted)} if wanted else {}


def load_units(tx: Transaction, sku_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """The other units of measure of SKUs, in stock units; a SKU without any is missing."""
    wanted = sorted(set(sku_ids))
    units: dict[int, dict[str, int]] = {}
    for sku_id, unit, factor in store.load_units(tx, wanted) if wanted else ():
        units.setdefault(sku_id, {})[unit] = factor
    return units


def load_supply_terms(tx: Transaction, sku_ids: Iterable[int], at: datetime | None = None) -> dict[int, SupplyTerms]:
    """How SKUs are ordered, as their products state it or did at an instant; who states nothing is missing."""
    wanted = sorted(set(sku_ids))
    if not wanted:
        return {}
    return store.load_supply_at(tx, wanted, at) if at else store.load_supply(tx, wanted)


def load_tracking(tx: Transaction, sku_ids: Iterable[int]) -> dict[int, str]:
    """How SKUs are tracked; those that are not are missing."""
    wanted = sorted(set(sku_ids))
    return dict(store.load_tracking(tx, wanted)) if wanted else {}


def load_touched(tx: Transaction, sku_ids: Iterable[int]) -> set[int]:
    """What a change of some SKUs concerns: they themselves, their components, and the kits of any of these."""
    wanted = sorted(set(sku_ids))
    return set(store.load_touched(tx, wanted)) if wanted else set()


def load_kits_of(tx: Transaction, component_ids: Iterable[int]) -> dict[int, list[int]]:
    """The kits that each SKU is in, other kits between them or not; a SKU that is in none is missing."""
    wanted = sorted(set(component_ids))
    kits: dict[int, list[int]] = {}
    for part in store.load_kits_of(tx, wanted) if wanted else ():
        kits.setdefault(part.component_id, []).append(part.kit_id)
    return kits
