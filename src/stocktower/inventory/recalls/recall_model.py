"""The plain facts of who is made of whom, and of recalls."""

from datetime import datetime

from msgspec import Struct

from ..lots.lots import LotKey
from ..lots.trace import LotFacts


class LotLink(Struct, frozen=True):
    """One assembly by which units of a lot (near) became units of another, or came of them (far)."""

    sku_id: int
    lot: str
    far_sku_id: int
    far_lot: str
    """Empty: its SKU is not tracked, and the trace ends."""
    assembly_id: int
    reference: str
    site_id: int
    made: int
    """Units of the assembled SKU; below zero: taken apart."""
    near_units: int
    far_units: int
    occurred_at: datetime


class Relative(Struct, frozen=True):
    """A lot that another one is in, or is made of."""

    sku_id: int
    lot: str
    """Empty: units of a SKU that is not tracked; they cannot be told from others."""
    depth: int
    """Assemblies between them, on the shortest way."""
    units: int
    """Of this lot, in the assemblies that lead to it."""
    references: tuple[str, ...]
    """Of these assemblies, the first first."""
    apart: bool
    """Only by taking something apart: nothing was made of the other lot on this last step."""
    facts: LotFacts | None = None
    """None: it has no lot."""


class Lineage(Struct, frozen=True):
    """What a lot is made of, and what was made of it, the nearest first."""

    up: tuple[Relative, ...]
    down: tuple[Relative, ...]


class RecallLot(Struct, frozen=True):
    """A lot that a recall holds: its own (root), or one that units of that are in."""

    root_sku_id: int
    root_lot: str
    sku_id: int
    lot: str
    note: str
    actor: str
    recorded_at: datetime

    @property
    def root(self) -> LotKey:
        """The lot that is recalled."""
        return self.root_sku_id, self.root_lot

    @property
    def key(self) -> LotKey:
        """The lot that is held."""
        return self.sku_id, self.lot
