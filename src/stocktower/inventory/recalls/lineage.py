"""Which lots are in which: read from assemblies, followed to any depth, each lot met once. A lot that was taken apart
is in what came out of it, because no statement says which pieces they were.
"""

from collections.abc import Iterable, Sequence

from stocktower.platform import Transaction

from ..formulas.model import NO_LOT
from ..lots.lots import LotKey
from ..lots.trace import LotFacts
from . import recall_store
from .recall_model import Lineage, LotLink, Relative

DOWN, UP = 1, -1
"""Towards what was made of a lot; back to what it was made of."""


def relate(root: LotKey, links: Sequence[LotLink]) -> list[Relative]:
    """The lots that links lead to from one, each once, the nearest first; never the one itself. Pure."""
    depths = {root: 0}
    frontier = {root}
    while frontier:
        depth = 1 + max(depths[key] for key in frontier)
        frontier = {
            far for one in links if (one.sku_id, one.lot) in frontier and (far := _far(one)) not in depths
        }  # fmt: skip
        depths |= dict.fromkeys(frontier, depth)
    leading: dict[LotKey, list[LotLink]] = {}
    for one in links:
        leading.setdefault(_far(one), []).append(one)
    return [
        _relative(key, depth, leading[key])
        for key, depth in sorted(depths.items(), key=lambda item: (item[1], item[0]))
        if key != root
    ]


def _far(one: LotLink) -> LotKey:
    return one.far_sku_id, one.far_lot


def _relative(key: LotKey, depth: int, links: Sequence[LotLink]) -> Relative:
    by_assembly = {one.assembly_id: one for one in sorted(links, key=lambda one: (one.occurred_at, one.assembly_id))}
    units = sum(one.far_units for one in by_assembly.values())
    references = tuple(one.reference for one in by_assembly.values())
    return Relative(*key, depth, units, references, all(one.made < 0 for one in links))


def load_lineage(tx: Transaction, sku_id: int, lot: str) -> Lineage:
    """Both ways from a lot, with what is on hand of each lot that is met."""
    up, down = (relate((sku_id, lot), recall_store.load_lot_links(tx, sku_id, lot, way)) for way in (UP, DOWN))
    keys = {(one.sku_id, one.lot) for one in (*up, *down) if one.lot != NO_LOT}
    facts = {(one.sku_id, one.lot): one for one in recall_store.load_facts_of_lots(tx, keys)}
    return Lineage(_with(facts, up), _with(facts, down))


def load_made_of(tx: Transaction, sku_id: int, lot: str) -> list[LotKey]:
    """The lots that units of a lot are in, to any depth; not itself, nor what has no lot."""
    found = relate((sku_id, lot), recall_store.load_lot_links(tx, sku_id, lot, DOWN))
    return [(one.sku_id, one.lot) for one in found if one.lot != NO_LOT]


def load_lot(tx: Transaction, sku_id: int, lot: str) -> LotFacts | None:
    """One lot with what is on hand of it."""
    return next(iter(recall_store.load_facts_of_lots(tx, [(sku_id, lot)])), None)


def _with(facts: dict[LotKey, LotFacts], relatives: Iterable[Relative]) -> tuple[Relative, ...]:
    return tuple(
        Relative(one.sku_id, one.lot, one.depth, one.units, one.references, one.apart, facts.get((one.sku_id, one.lot)))
        for one in relatives
    )
