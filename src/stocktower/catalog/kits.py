"""What kits of kits come down to, and why a kit or a bill of materials cannot be as it was stated. Pure."""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from stocktower.exchange import ProductDocument

from .model import Sku

K = TypeVar("K", bound=Hashable)
Holds = Mapping[str, Mapping[str, int]]
"""Code -> code of what it holds -> quantity."""
MOST = 1_000_000_000
"""Units of one part in a kit; more is a mistake."""


def expand(kits: Iterable[K], components: Mapping[K, Mapping[K, int]]) -> dict[K, dict[K, int]]:
    """The stocked SKUs in each kit, kits in it taken apart: exact, each part once; what holds nothing is stocked.

    There must be no cycle.
    """
    known: dict[K, dict[K, int]] = {}

    def parts_of(kit: K) -> dict[K, int]:
        if kit not in known:
            parts: dict[K, int] = {}
            for component, quantity in components.get(kit, {}).items():
                inner = parts_of(component) if component in components else {component: 1}
                for part, units in inner.items():
                    parts[part] = parts.get(part, 0) + quantity * units
            known[kit] = parts
        return known[kit]

    return {kit: parts_of(kit) for kit in kits}


def find_cycle(code: str, holds: Holds) -> list[str]:
    """The shortest way from a SKU back to itself, both ends named; nothing where there is none."""
    came_from: dict[str, str] = {}
    seen = [code]
    for at in seen:
        for inner in holds.get(at, {}):
            if inner == code:
                path = [code, at]
                while path[-1] != code:
                    path.append(came_from[path[-1]])
                return path[::-1] if at != code else [code, code]
            if inner not in came_from:
                came_from[inner] = at
                seen.append(inner)
    return []


def find_kit_problems(
    latest: Mapping[str, ProductDocument],
    refused: Mapping[str, str],
    skus: Mapping[str, Sku],
    components: Holds,
    materials: Holds,
) -> dict[str, str]:
    """Why kits and assembled SKUs of a batch cannot be taken; what rests on a refused one is refused with it.

    `components` and `materials` are those that are known of all SKUs below the batch, by code.
    """
    problems = dict(refused)
    while True:
        taken = {code: document for code, document in latest.items() if code not in problems}
        kits = {**components, **{code: dict(one.components) for code, one in taken.items() if one.components}}
        bills = {**materials, **{code: dict(one.materials) for code, one in taken.items() if one.materials}}
        found = {
            code: problem for code, document in taken.items() if (problem := _cycle_problem(document, kits, bills))
        }
        # What a kit comes down to can be told only where no cycle is left.
        found = found or {
            code: problem
            for code, document in taken.items()
            if (problem := _parts_problem(document, taken, skus, kits))
        }
        if not found:
            return {code: problem for code, problem in problems.items() if code not in refused}
        problems |= found


def _cycle_problem(document: ProductDocument, kits: Holds, bills: Holds) -> str:
    for what, word, stated, holds in (
        ("kit", "component", document.components, kits),
        ("assembled SKU", "material", document.materials, bills),
    ):
        path = find_cycle(document.sku, holds) if stated else []
        if path:
            return f"{what} {document.sku} would hold itself: {' > '.join(path)}; leave one {word} of this way out"
    return ""


def _parts_problem(
    document: ProductDocument, taken: Mapping[str, ProductDocument], skus: Mapping[str, Sku], kits: Holds
) -> str:
    for word, stated in (("component", document.components), ("material", document.materials)):
        what = "kit" if word == "component" else "assembled SKU"
        for code, quantity in stated:
            if quantity < 1:
                return f"{what} {document.sku} holds {quantity} of {code}; state a whole number above zero"
            if code not in skus and code not in taken:
                return f"{word} {code} of {what} {document.sku} is not known; state it as a product first"
            if word == "material" and code in kits:
                return f"material {code} of {document.sku} is a kit; state what it holds instead"
    if document.components:
        most = max(expand([document.sku], kits)[document.sku].values())
        if most > MOST:
            return f"kit {document.sku} would hold {most:,} of one SKU; state smaller quantities"
    return ""
