"""Pure decisions on products: what a batch of stated products makes of the catalogue that is there."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from stocktower.exchange import ProductDocument
from stocktower.kernel import UnknownCurrency, exponent

from .kits import find_kit_problems
from .model import ProductOutcome, ProductResult, Sku, SupplyTerms

TRACKING = ("none", "lot", "serial")
_LARGEST = 1_000_000_000
NAME_KEY = "name:"
"""How the key of a listing begins where the channel gives no SKU but only a name."""


class CatalogFacts(Struct, frozen=True):
    """What is there of the SKUs that a batch names."""

    skus: Mapping[str, Sku]
    """By code: those that are stated, and all that are below them in kits and bills of materials."""
    components: Mapping[int, Mapping[int, int]]
    """Kit -> component -> quantity; of the kits below the batch too."""
    units: Mapping[int, Mapping[str, int]]
    channels: Mapping[str, int]
    materials: Mapping[int, Mapping[int, int]] = {}
    """Assembled SKU -> material -> quantity; of those below the batch too."""
    used: frozenset[int] = frozenset()
    """SKUs that stock was ever recorded of: how they are tracked is frozen."""
    merged: Mapping[str, str] = {}
    """Code of a merged SKU -> code of its survivor."""
    supply: Mapping[int, SupplyTerms] = {}


class ProductPlan(Struct, frozen=True):
    """What to write; new SKUs have the id 0 until the shell gives them one, so all else refers to codes."""

    results: list[ProductResult]
    """One a document, in its order; ids of new SKUs are still missing."""
    new: list[Sku]
    changed: list[Sku]
    fields: dict[str, list[str]]
    """Code of a changed SKU -> what changed."""
    components: dict[str, dict[str, int]]
    """Code of a kit -> component code -> quantity."""
    materials: dict[str, dict[str, int]]
    """Code of an assembled SKU -> material code -> quantity."""
    units: list[tuple[str, str, int]]
    listings: list[tuple[int, str, str, int]]
    """(channel, key, SKU code, pack quantity)"""
    supply: dict[str, SupplyTerms]
    """Code of a SKU -> how it is ordered from now on."""


class _Holding(Struct, frozen=True):
    """What SKUs that are there hold, by code."""

    components: dict[str, dict[str, int]]
    materials: dict[str, dict[str, int]]


def name_of_key(key: str, name: str) -> str:
    """The name by which a listing may be found; empty where the channel gave a SKU, which a name must not overrule."""
    return (key.removeprefix(NAME_KEY) or name) if key.startswith(NAME_KEY) else ""


def decide_products(documents: Sequence[ProductDocument], facts: CatalogFacts) -> ProductPlan:
    """Take each product or say why not; of two documents on one SKU the later counts for both."""
    latest = {document.sku: document for document in documents}
    known = _Holding(_by_code(facts.components, facts), _by_code(facts.materials, facts))
    problems = _find_problems(latest, facts, known)
    plan = ProductPlan([], [], [], {}, {}, {}, [], [], {})
    outcomes = {code: _take(document, facts, known, plan) for code, document in latest.items() if code not in problems}
    for document in documents:
        problem = problems.get(document.sku, "")
        there = facts.skus.get(document.sku)
        plan.results.append(
            ProductResult(
                sku=document.sku,
                outcome=ProductOutcome.REFUSED if problem else outcomes[document.sku],
                sku_id=there.sku_id if there else None,
                problem=problem,
            )
        )
    return plan


def _find_problems(latest: Mapping[str, ProductDocument], facts: CatalogFacts, known: _Holding) -> dict[str, str]:
    problems: dict[str, str] = {}
    claimed: dict[tuple[str, str], str] = {}
    for code, document in latest.items():
        problem = _own_problem(document, facts) or _listing_problem(document, facts, claimed)
        if problem:
            problems[code] = problem
    # Kits come last: their components may be in the same batch, and may have been refused.
    return problems | find_kit_problems(latest, problems, facts.skus, known.components, known.materials)


def _own_problem(document: ProductDocument, facts: CatalogFacts) -> str:
    if not document.sku.strip():
        return "the product has no SKU; state its code"
    for field in ("weight_grams", "cost_minor", "price_minor"):
        if (getattr(document, field) or 0) < 0:
            return f"{field.split('_')[0]} of {document.sku} is negative; state zero or more"
    for field, least in (("moq", 1), ("order_multiple", 1), ("lead_time_days", 0)):
        value = getattr(document, field)
        if value is not None and not least <= value <= _LARGEST:
            return f"{field} of {document.sku} is {value:,}; state a whole number from {least} to {_LARGEST:,}"
    there = facts.skus.get(document.sku)
    if _states_supply(document) and (document.components or (there is not None and there.kind == "kit")):
        return f"{document.sku} is a kit and is not ordered; state the supply of its components"
    if document.currency:
        try:
            exponent(document.currency)
        except UnknownCurrency as error:
            return str(error)
    known = facts.skus.get(document.sku)
    if known is not None and known.stock_unit != document.stock_unit:
        return (
            f"{document.sku} is stocked by {known.stock_unit} and cannot change to {document.stock_unit}; "
            "make a new SKU for it"
        )
    if document.components and document.materials:
        return f"{document.sku} has components (a kit) and materials (an assembled SKU); state one of the two"
    if known is not None and known.kind != "kit" and document.components:
        return f"{document.sku} is stocked itself and cannot become a kit; state the kit under a SKU of its own"
    if known is not None and known.kind == "kit" and document.materials:
        return f"{document.sku} is a kit and cannot be assembled; state the assembled SKU under a code of its own"
    units: Mapping[str, int] = facts.units.get(known.sku_id, {}) if known else {}
    return _tracking_problem(document, known, facts) or _unit_problem(document, units)


def _tracking_problem(document: ProductDocument, known: Sku | None, facts: CatalogFacts) -> str:
    stated = document.tracking
    if not stated or (known is not None and stated == known.tracking):
        return ""
    if stated not in TRACKING:
        return f"{document.sku} is tracked by {stated!r}; state one of {', '.join(TRACKING)}"
    is_kit = known.kind == "kit" if known is not None else bool(document.components)
    if stated != "none" and is_kit:
        return f"{document.sku} is a kit and holds no stock; state the tracking of its components"
    if known is not None and known.sku_id in facts.used:
        return (
            f"{document.sku} is tracked by {known.tracking} and has stock; it cannot change to {stated}: "
            "make a new SKU for it"
        )
    return ""


def _unit_problem(document: ProductDocument, known: Mapping[str, int]) -> str:
    stated: dict[str, int] = {document.stock_unit: 1}
    for unit, factor in document.units:
        if factor < 1:
            return (
                f"unit {unit} of {document.sku} holds {factor} {document.stock_unit}; state a whole number above zero"
            )
        before = stated.setdefault(unit, known.get(unit, factor))
        if before != factor:
            return (
                f"unit {unit} of {document.sku} is {before} {document.stock_unit} and cannot become {factor}; "
                "give the new unit a name of its own"
            )
    return ""


def _listing_problem(document: ProductDocument, facts: CatalogFacts, claimed: dict[tuple[str, str], str]) -> str:
    for channel, key, pack_quantity in document.listings:
        if channel not in facts.channels:
            known = ", ".join(sorted(facts.channels)) or "none is applied"
            return f"listing {key} of {document.sku} is on channel {channel}, which is not known ({known})"
        if pack_quantity < 1:
            return f"listing {key} of {document.sku} has packs of {pack_quantity}; state a whole number above zero"
        other = claimed.setdefault((channel, key), document.sku)
        if other != document.sku:
            return f"listing {key} on {channel} is claimed by {other} and by {document.sku}; leave it to one of them"
    return ""


def _take(document: ProductDocument, facts: CatalogFacts, holding: _Holding, plan: ProductPlan) -> ProductOutcome:
    known = facts.skus.get(document.sku)
    components, materials = _summed(document.components), _summed(document.materials)
    # A merged SKU stays as it is, whatever its source goes on to say; what it lists is its survivor.
    survivor = facts.merged.get(document.sku, document.sku)
    plan.listings.extend((facts.channels[channel], key, survivor, pack) for channel, key, pack in document.listings)
    if known is None:
        plan.new.append(_new_sku(document))
        if components:
            plan.components[document.sku] = components
        if materials:
            plan.materials[document.sku] = materials
        plan.units.extend((document.sku, unit, factor) for unit, factor in document.units)
        if _states_supply(document):
            plan.supply[document.sku] = _merge_supply(SupplyTerms(), document)
        return ProductOutcome.NEW
    stated = _merge(known, document)
    if survivor != document.sku:
        stated = structs.replace(stated, active=known.active)
    fields = [name for name in Sku.__struct_fields__ if getattr(known, name) != getattr(stated, name)]
    if fields:
        plan.changed.append(stated)
    if components and components != holding.components.get(document.sku):
        plan.components[document.sku] = components
        fields.append("components")
    if materials and materials != holding.materials.get(document.sku):
        plan.materials[document.sku] = materials
        fields.append("materials")
    fresh = [unit for unit in document.units if unit[0] not in facts.units.get(known.sku_id, {})]
    if fresh:
        plan.units.extend((document.sku, unit, factor) for unit, factor in fresh)
        fields.append("units")
    terms = facts.supply.get(known.sku_id, SupplyTerms())
    if (ordered := _merge_supply(terms, document)) != terms:
        plan.supply[document.sku] = ordered
        fields.append("supply")
    if fields:
        plan.fields[document.sku] = fields
    return ProductOutcome.CHANGED if fields else ProductOutcome.REPEATED


def _summed(stated: Sequence[tuple[str, int]]) -> dict[str, int]:
    summed: dict[str, int] = {}
    for code, quantity in stated:
        summed[code] = summed.get(code, 0) + quantity
    return summed


def _by_code(holds: Mapping[int, Mapping[int, int]], facts: CatalogFacts) -> dict[str, dict[str, int]]:
    codes = {sku.sku_id: code for code, sku in facts.skus.items()} if holds else {}
    return {
        codes[sku_id]: {codes.get(inner, ""): quantity for inner, quantity in inside.items()}
        for sku_id, inside in holds.items()
        if sku_id in codes
    }


def _new_sku(document: ProductDocument) -> Sku:
    return Sku(
        sku_id=0,
        code=document.sku,
        name=document.name or document.sku,
        kind="kit" if document.components else "assembled" if document.materials else "stocked",
        stock_unit=document.stock_unit,
        barcode=document.barcode,
        category=document.category,
        weight_grams=document.weight_grams,
        cost_minor=document.cost_minor,
        price_minor=document.price_minor,
        currency=document.currency,
        backorder=document.backorder,
        active=document.active,
        tracking=document.tracking or "none",
    )


def _states_supply(document: ProductDocument) -> bool:
    stated = (document.moq, document.order_multiple, document.lead_time_days)
    return bool(document.supplier) or any(one is not None for one in stated)


def _merge_supply(known: SupplyTerms, document: ProductDocument) -> SupplyTerms:
    """What a document leaves out stays as it was."""
    return SupplyTerms(
        document.supplier or known.supplier,
        known.moq if document.moq is None else document.moq,
        known.order_multiple if document.order_multiple is None else document.order_multiple,
        known.lead_time_days if document.lead_time_days is None else document.lead_time_days,
    )


def _merge(known: Sku, document: ProductDocument) -> Sku:
    """What a document leaves out stays as it was; a kit stated without components stays the kit that it is."""
    return structs.replace(
        known,
        kind="assembled" if document.materials else known.kind,
        tracking=document.tracking or known.tracking,
        name=document.name or known.name,
        barcode=document.barcode or known.barcode,
        category=document.category or known.category,
        weight_grams=known.weight_grams if document.weight_grams is None else document.weight_grams,
        cost_minor=known.cost_minor if document.cost_minor is None else document.cost_minor,
        price_minor=known.price_minor if document.price_minor is None else document.price_minor,
        currency=document.currency or known.currency,
        backorder=document.backorder,
        active=document.active,
    )
