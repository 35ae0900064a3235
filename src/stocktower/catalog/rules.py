"""Pure decisions on products: what a batch of stated products makes of the catalogue that is there."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from stocktower.exchange import ProductDocument
from stocktower.kernel import UnknownCurrency, exponent

from .model import ProductOutcome, ProductResult, Sku

NAME_KEY = "name:"
"""How the key of a listing begins where the channel gives no SKU but only a name."""


class CatalogFacts(Struct, frozen=True):
    """What is there of the SKUs that a batch names."""

    skus: Mapping[str, Sku]
    """By code: those that are stated and those that are components."""
    components: Mapping[int, Mapping[int, int]]
    """Kit -> component -> quantity."""
    units: Mapping[int, Mapping[str, int]]
    channels: Mapping[str, int]


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
    units: list[tuple[str, str, int]]
    listings: list[tuple[int, str, str, int]]
    """(channel, key, SKU code, pack quantity)"""


def name_of_key(key: str, name: str) -> str:
    """The name by which a listing may be found; empty where the channel gave a SKU, which a name must not overrule."""
    return (key.removeprefix(NAME_KEY) or name) if key.startswith(NAME_KEY) else ""


def decide_products(documents: Sequence[ProductDocument], facts: CatalogFacts) -> ProductPlan:
    """Take each product or say why not; of two documents on one SKU the later counts for both."""
    latest = {document.sku: document for document in documents}
    problems = _find_problems(latest, facts)
    plan = ProductPlan([], [], [], {}, {}, [], [])
    outcomes = {code: _take(document, facts, plan) for code, document in latest.items() if code not in problems}
    for document in documents:
        problem = problems.get(document.sku, "")
        known = facts.skus.get(document.sku)
        plan.results.append(
            ProductResult(
                sku=document.sku,
                outcome=ProductOutcome.REFUSED if problem else outcomes[document.sku],
                sku_id=known.sku_id if known else None,
                problem=problem,
            )
        )
    return plan


def _find_problems(latest: Mapping[str, ProductDocument], facts: CatalogFacts) -> dict[str, str]:
    problems: dict[str, str] = {}
    claimed: dict[tuple[str, str], str] = {}
    for code, document in latest.items():
        problem = _own_problem(document, facts) or _listing_problem(document, facts, claimed)
        if problem:
            problems[code] = problem
    # Kits come last: their components may be in the same batch, and may have been refused.
    for code, document in latest.items():
        if (
            code not in problems
            and document.components
            and (problem := _kit_problem(document, latest, problems, facts))
        ):
            problems[code] = problem
    return problems


def _own_problem(document: ProductDocument, facts: CatalogFacts) -> str:
    if not document.sku.strip():
        return "the product has no SKU; state its code"
    for field in ("weight_grams", "cost_minor", "price_minor"):
        if (getattr(document, field) or 0) < 0:
            return f"{field.split('_')[0]} of {document.sku} is negative; state zero or more"
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
    if known is not None and known.kind == "stocked" and document.components:
        return f"{document.sku} is stocked itself and cannot become a kit; state the kit under a SKU of its own"
    return _unit_problem(document, facts.units.get(known.sku_id, {}) if known else {})


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


def _kit_problem(
    document: ProductDocument, latest: Mapping[str, ProductDocument], problems: Mapping[str, str], facts: CatalogFacts
) -> str:
    for code, quantity in document.components:
        if quantity < 1:
            return f"kit {document.sku} holds {quantity} of {code}; state a whole number above zero"
        if code == document.sku:
            return f"kit {document.sku} cannot hold itself"
        known = facts.skus.get(code)
        stated = latest.get(code) if code not in problems else None
        if known is None and stated is None:
            return f"component {code} of kit {document.sku} is not known; state it as a product first"
        if (known is not None and known.kind == "kit") or (stated is not None and stated.components):
            return f"component {code} of kit {document.sku} is a kit itself; state what it holds instead"
    return ""


def _take(document: ProductDocument, facts: CatalogFacts, plan: ProductPlan) -> ProductOutcome:
    known = facts.skus.get(document.sku)
    components: dict[str, int] = {}
    for code, quantity in document.components:
        components[code] = components.get(code, 0) + quantity
    plan.listings.extend((facts.channels[channel], key, document.sku, pack) for channel, key, pack in document.listings)
    if known is None:
        plan.new.append(_new_sku(document))
        if components:
            plan.components[document.sku] = components
        plan.units.extend((document.sku, unit, factor) for unit, factor in document.units)
        return ProductOutcome.NEW
    stated = _merge(known, document)
    fields = [name for name in Sku.__struct_fields__ if getattr(known, name) != getattr(stated, name)]
    if fields:
        plan.changed.append(stated)
    if components and components != _components_by_code(known, facts):
        plan.components[document.sku] = components
        fields.append("components")
    fresh = [unit for unit in document.units if unit[0] not in facts.units.get(known.sku_id, {})]
    if fresh:
        plan.units.extend((document.sku, unit, factor) for unit, factor in fresh)
        fields.append("units")
    if fields:
        plan.fields[document.sku] = fields
    return ProductOutcome.CHANGED if fields else ProductOutcome.REPEATED


def _components_by_code(kit: Sku, facts: CatalogFacts) -> dict[str, int]:
    codes = {sku.sku_id: code for code, sku in facts.skus.items()}
    return {codes.get(sku_id, ""): quantity for sku_id, quantity in facts.components.get(kit.sku_id, {}).items()}


def _new_sku(document: ProductDocument) -> Sku:
    return Sku(
        sku_id=0,
        code=document.sku,
        name=document.name or document.sku,
        kind="kit" if document.components else "stocked",
        stock_unit=document.stock_unit,
        barcode=document.barcode,
        category=document.category,
        weight_grams=document.weight_grams,
        cost_minor=document.cost_minor,
        price_minor=document.price_minor,
        currency=document.currency,
        backorder=document.backorder,
        active=document.active,
    )


def _merge(known: Sku, document: ProductDocument) -> Sku:
    """What a document leaves out stays as it was; a kit stated without components stays the kit that it is."""
    return structs.replace(
        known,
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
