"""Commands of the room: products are taken, listings are mapped, keys are resolved; all set-based."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from stocktower.exchange import ProductDocument
from stocktower.platform import Event, Transaction

from . import store
from .model import Component, Listing, ProductResult, Resolved, Sku
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
    if not wanted:
        return {}
    components: dict[int, list[tuple[int, int]]] = {}
    for part in store.load_components(tx, wanted):
        components.setdefault(part.kit_id, []).append((part.component_id, part.quantity))
    return {
        sku_id: Resolved(sku_id, 1, tuple(components[sku_id]) if sku_id in components else ((sku_id, 1),))
        for sku_id in wanted
    }


def take_products(tx: Transaction, documents: Sequence[ProductDocument]) -> list[ProductResult]:
    """Make or change SKUs as stated, one result a document in its order; what is refused says why, the rest is taken.

    Locks the SKUs in code order. What a document leaves out (no cost, no components, no units) stays as it was.
    """
    if not documents:
        return []
    plan = decide_products(documents, _load_facts(tx, documents))
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
    _write_parts(tx, plan, ids)
    mapped = _write_listings(
        tx, [(channel, key, ids[sku], pack) for channel, key, sku, pack in plan.listings], tx.actor
    )
    tx.emit_all(_event(tx, "sku.created", sku.sku_id, {"code": sku.code, "kind": sku.kind}) for sku in fresh)
    tx.emit_all(
        _event(tx, "sku.changed", ids[code], {"code": code, "changed": fields}) for code, fields in plan.fields.items()
    )
    _emit_mapped(tx, mapped)
    return [msgspec.structs.replace(result, sku_id=ids.get(result.sku)) for result in plan.results]


def map_listing(tx: Transaction, channel_id: int, key: str, sku_id: int, pack_quantity: int, by: str) -> bool:
    """Say what a channel's key stands for; False where it stood for that already.

    Raises UnknownSku, PackNotPositive.
    """
    if pack_quantity < 1:
        raise PackNotPositive(f"a pack of {pack_quantity} holds nothing; state a whole number above zero")
    if not store.load_skus(tx, [sku_id]):
        raise UnknownSku(f"there is no SKU with the id {sku_id}")
    mapped = _write_listings(tx, [(channel_id, key, sku_id, pack_quantity)], by)
    _emit_mapped(tx, mapped)
    return bool(mapped)


def _load_facts(tx: Transaction, documents: Sequence[ProductDocument]) -> CatalogFacts:
    codes = {document.sku for document in documents}
    codes |= {code for document in documents for code, _ in document.components}
    skus = {sku.code: sku for sku in store.lock_skus_by_code(tx, sorted(codes))}
    components: dict[int, dict[int, int]] = {}
    kits = [sku.sku_id for sku in skus.values() if sku.kind == "kit"]
    for part in store.load_components(tx, kits) if kits else ():
        components.setdefault(part.kit_id, {})[part.component_id] = part.quantity
    units: dict[int, dict[str, int]] = {}
    for sku_id, unit, factor in store.load_units(tx, [sku.sku_id for sku in skus.values()]) if skus else ():
        units.setdefault(sku_id, {})[unit] = factor
    return CatalogFacts(skus, components, units, store.load_channels(tx))


def _ids_of_components(tx: Transaction, plan: ProductPlan, ids: dict[str, int]) -> dict[str, int]:
    missing = {code for parts in plan.components.values() for code in parts if code not in ids}
    return {sku.code: sku.sku_id for sku in store.load_skus_by_code(tx, sorted(missing))} if missing else {}


def _write_parts(tx: Transaction, plan: ProductPlan, ids: dict[str, int]) -> None:
    if plan.components:
        parts = [
            Component(ids[kit], ids[code], quantity)
            for kit, parts in plan.components.items()
            for code, quantity in parts.items()
        ]
        store.replace_components(tx, [ids[kit] for kit in plan.components], parts)
    if plan.units:
        store.insert_units(tx, [(ids[code], unit, factor) for code, unit, factor in plan.units])


def _write_listings(tx: Transaction, listings: Sequence[tuple[int, str, int, int]], by: str) -> list[Listing]:
    by_key = {(channel_id, key): (channel_id, key, sku_id, pack) for channel_id, key, sku_id, pack in listings}
    return store.upsert_listings(tx, list(by_key.values()), by) if by_key else []


def _emit_mapped(tx: Transaction, mapped: Sequence[Listing]) -> None:
    tx.emit_all(
        _event(
            tx,
            "listing.mapped",
            listing.sku_id,
            {"channel_id": listing.channel_id, "key": listing.key, "pack_quantity": listing.pack_quantity},
        )
        for listing in mapped
    )


def _event(tx: Transaction, kind: str, sku_id: int, data: dict[str, Any]) -> Event:
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


def load_kits_of(tx: Transaction, component_ids: Iterable[int]) -> dict[int, list[int]]:
    """The kits that each SKU is a component of; a SKU that is in none is missing."""
    wanted = sorted(set(component_ids))
    kits: dict[int, list[int]] = {}
    for part in store.load_kits_of(tx, wanted) if wanted else ():
        kits.setdefault(part.component_id, []).append(part.kit_id)
    return kits
