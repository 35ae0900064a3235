"""The projections of the catalogue: what kits come down to, by what they hold; listings, by all that they stood for."""

from collections.abc import Sequence

from stocktower.platform import Drifted, Projection, Transaction, pair

from . import store
from .service import write_parts


def _lock_kits(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    """Whoever states what a kit holds has its lock, and those of all that is in it."""
    kit_ids = sorted({one.key[0] for one in drifted})
    below = {part.component_id for part in store.load_components_below(tx, kit_ids)}
    store.lock_skus_by_code(tx, sorted(sku.code for sku in store.load_skus(tx, sorted({*kit_ids, *below}))))


def _lock_listings(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.lock_listings(tx, [(one.key[0], one.key[1]) for one in drifted])


def _restore_listings(tx: Transaction, drifted: Sequence[Drifted]) -> None:
    store.restore_listings(
        tx,
        [(*one.key, *one.truth) for one in drifted if one.truth is not None],
        [one.key for one in drifted if one.truth is None],
    )


PROJECTIONS = (
    Projection(
        "catalog.part", "the stocked SKUs in kits, by the components of kits and of the kits in them",
        lambda tx: store.count_projections(tx)[0], lambda tx: [pair(row, 2) for row in store.find_unlike_parts(tx)],
        _lock_kits, lambda tx, drifted: write_parts(tx, sorted({one.key[0] for one in drifted})),
    ),
    Projection(
        "catalog.listing", "what listings stand for, by the last of their versions",
        lambda tx: store.count_projections(tx)[1], lambda tx: [pair(row, 2) for row in store.find_unlike_listings(tx)],
        _lock_listings, _restore_listings,
    ),
)  # fmt: skip
