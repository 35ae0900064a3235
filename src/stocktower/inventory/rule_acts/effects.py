"""What a change of rules does to what channels are offered: measured before it is kept."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec import Struct

from stocktower.catalog import load_kits_of, load_skus
from stocktower.network import load_network
from stocktower.platform import Transaction

from ..offers.offers import Offers, load_offers
from .rule_book import ALL_SKUS

T = TypeVar("T")
LARGEST = 10


class Moved(Struct, frozen=True):
    """The ATS of one SKU before and after, in stock units."""

    sku: str
    before: int
    after: int


class Effect(Struct, frozen=True):
    """What becomes of the ATS of one channel; kits count as SKUs, and never as units."""

    channel: str
    more: int
    """SKUs of which there is more to sell."""
    less: int
    units_more: int
    units_less: int
    largest: tuple[Moved, ...]

    @property
    def skus(self) -> int:
        """SKUs whose ATS changes."""
        return self.more + self.less


def measure_effects(
    tx: Transaction, change: Callable[[], T], sku_ids: Iterable[int] | None = None
) -> tuple[T, list[Effect]]:
    """Make a change, and say what it does to the ATS of some SKUs and the kits they are in, or of all (None).

    Whether the change is kept is for the caller to say.
    """
    wanted = None if sku_ids is None else set(sku_ids)
    if wanted is not None and ALL_SKUS in wanted:
        wanted = None
    if wanted is not None:
        wanted |= {kit_id for kits in load_kits_of(tx, wanted).values() for kit_id in kits}
    before = load_offers(tx, wanted, load_network(tx))
    done = change()
    after = load_offers(tx, wanted, load_network(tx))
    return done, compare_offers(tx, before, after)


def compare_offers(tx: Transaction, before: Offers, after: Offers) -> list[Effect]:
    """By channel, what differs between two states of the same SKUs; the channels that are there in either."""
    import numpy as np

    network = load_network(tx)
    kits = {sku_id for sku_id, sku in load_skus(tx, before.sku_ids.tolist()).items() if sku.kind == "kit"}
    stocked = ~np.isin(before.sku_ids, np.array(sorted(kits), np.int64))
    nothing = np.zeros(len(before.sku_ids), np.int64)
    found: list[Effect] = []
    for channel_id in sorted(before.channels.keys() | after.channels.keys()):
        was = before.channels[channel_id].ats if channel_id in before.channels else nothing
        now = after.channels[channel_id].ats if channel_id in after.channels else nothing
        delta = now - was
        order = np.argsort(-np.abs(delta), kind="stable")[:LARGEST]
        largest = [int(place) for place in order if delta[place]]
        names = load_skus(tx, [int(before.sku_ids[place]) for place in largest])
        units = delta[stocked]
        found.append(
            Effect(
                network.channels[channel_id].code,
                int((delta > 0).sum()),
                int((delta < 0).sum()),
                int(units.clip(0).sum()),
                int((-units).clip(0).sum()),
                tuple(
                    Moved(names[int(before.sku_ids[place])].code, int(was[place]), int(now[place])) for place in largest
                ),
            )
        )
    return found
