"""The workshop: at a site, an assembled good is made of its materials, or taken apart again."""

from collections.abc import Callable, Collection
from datetime import datetime
from random import Random

from msgspec import Struct, field

from stocktower.exchange import AssemblyDocument

from .deeds import Deed, Making
from .merchant import Merchant
from .warehouse import AVAILABLE, Warehouse


class Workshop(Struct):
    """Everybody who makes something."""

    random: Random
    merchant: Merchant
    warehouse: Warehouse
    tick: Callable[[], datetime]
    deeds: list[Deed] = field(default_factory=list[Deed])
    count: int = 0

    def act(self, known: Collection[str]) -> None:
        """Some of what lies there becomes something else."""
        made = [good for good in self.merchant.goods if good.materials and good.sku in known]
        if not made or self.random.random() < 0.4:
            return
        good, apart = self.random.choice(made), self.random.random() < 0.25
        place = self.random.choice([place for place in self.merchant.places if place.is_ours])
        parts = ((good.sku, 1),) if apart else good.materials
        there = min(self.warehouse.shelves.get((place.code, sku, AVAILABLE), 0) // units for sku, units in parts)
        if there:
            units = self.random.randint(1, min(there, 4))
            for sku, each in good.materials:
                self.warehouse.put(place.code, sku, units * each if apart else -units * each)
            self.warehouse.put(place.code, good.sku, -units if apart else units)
            self.count += 1
            document = AssemblyDocument(
                f"M{self.count}", place.code, good.sku, units, apart, occurred_at=self.tick()
            )  # fmt: skip
            self.deeds.append(Making(document))

    def take(self) -> list[Deed]:
        """What was done since it was last asked."""
        taken, self.deeds = self.deeds, []
        return taken
