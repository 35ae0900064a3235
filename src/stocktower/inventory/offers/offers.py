"""What every channel is offered of many SKUs at once: the same formulas on arrays, in a few statements.

numpy comes in when the first of these is called, so that whoever only allocates does without it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from stocktower.catalog import load_active_ids, load_resolved
from stocktower.network import Network
from stocktower.platform import Transaction

from ..formulas.claims import FREE, Claims, Terms
from ..formulas.reach import ALL_OWNERS, Cell, Reach
from ..formulas.rules import ats, by_site, kit_ats, leave_claims, net, pools_by_channel, shown
from . import offer_store as store
from .offer_rules import Ruling, load_ruling, places_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

NEVER = 2**63 - 1
"""Stands for no expiry."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_OWNER = ""
"""Stands for every owner that no channel names."""


class Many(Struct, frozen=True):
    """The facts of many stocked SKUs: arrays with one element a SKU, in the order of `sku_ids`."""

    sku_ids: "Whole"
    """Ascending."""
    levels: "Mapping[Cell, Whole]"
    """What is free."""
    safety: "Mapping[int, Whole]"
    """By site."""
    claims: Claims
    terms: Mapping[int, Terms]
    """By channel."""


class KitFacts(Struct, frozen=True):
    """Kits with as many components each: arrays with one element a kit."""

    kit_ids: "Whole"
    components: "tuple[tuple[Whole, Whole], ...]"
    """(place of the component in the stocked SKUs, units in one kit)."""
    terms: Mapping[int, Terms]


class Offer(Struct, frozen=True):
    """What one channel is offered, in the order of the SKUs."""

    ats: "Whole"
    floor: "Whole"


class Offers(Struct, frozen=True):
    """What every active channel is offered of some SKUs and kits, in stock units."""

    sku_ids: "Whole"
    """Ascending."""
    channels: dict[int, Offer]

    def ats(self, channel_id: int) -> "Whole":
        """Available to sell of each SKU in a channel."""
        return self.channels[channel_id].ats

    def places(self, sku_ids: "Sequence[int] | Whole") -> "Whole":
        """Where SKUs stand in the arrays; raises KeyError for one that was not asked for."""
        import numpy as np

        wanted = np.asarray(sku_ids, np.int64)
        if not len(wanted):
            return wanted
        places = np.searchsorted(self.sku_ids, wanted)
        if (places == len(self.sku_ids)).any() or (self.sku_ids[places] != wanted).any():
            raise KeyError("a SKU that these offers were not loaded for")
        return places

    def shown(
        self, channel_id: int, places: "Whole", pack_quantities: "Whole | int" = 1, buffers: "Whole | int" = 0
    ) -> "Whole":
        """What a channel is told of listings of the SKUs at some places, in whole packs."""
        offer = self.channels[channel_id]
        return shown(offer.ats[places], pack_quantities, buffers, offer.floor[places])


def load_offers(tx: Transaction, sku_ids: Iterable[int] | None, network: Network) -> Offers:
    """What every active channel may sell of some SKUs and kits, or of all that are active (None); nothing is locked."""
    import numpy as np

    every = sku_ids is None
    wanted = sorted(load_active_ids(tx) if sku_ids is None else set(sku_ids))
    resolved = load_resolved(tx, wanted)
    kits = {sku_id: one.components for sku_id, one in resolved.items() if one.components != ((sku_id, 1),)}
    parts = {part for components in kits.values() for part, _ in components}
    stocked = np.array(sorted({*wanted, *parts} - kits.keys()), np.int64)
    reach = Reach(network, tx.now)
    universe = np.array(sorted({*stocked.tolist(), *kits}), np.int64)
    ruling = load_ruling(tx, network, universe, every=every)
    many = load_many(tx, reach, stocked, ruling, every=every)
    groups = [
        replace(group, terms=ruling.terms(np.searchsorted(universe, group.kit_ids)))
        for group in group_kits(stocked, kits)
    ]
    return offer_all(reach, many, groups, np.array(wanted, np.int64))


def load_many(tx: Transaction, reach: Reach, stocked: "Whole", ruling: Ruling, *, every: bool) -> Many:
    """The facts of stocked SKUs, ascending."""
    import numpy as np

    asked: list[int] = [] if every else stocked.tolist()
    owners = sorted({one for channel in reach.network.channels.values() for one in channel.owners} - {ALL_OWNERS})
    levels = levels_of(reach, owners, stocked, store.load_level_columns(tx, asked, owners, every=every))
    waiting = _by_key(len(stocked), stocked, store.load_waiting_columns(tx, asked, every=every))
    at = np.searchsorted(ruling.ids, stocked)
    safety = {site_id: units[at] for site_id, units in ruling.safety.items()}
    return Many(stocked, levels, safety, ruling.claims(at, waiting), ruling.terms(at))


def _by_key(size: int, stocked: "Whole", columns: "Sequence[Whole]") -> "dict[int, Whole]":
    """(sku_id, key, units) as an array for each key."""
    import numpy as np

    place, known = places_in(stocked, columns[0])
    found: dict[int, Any] = {}
    for key in np.unique(columns[1]).tolist():
        here = known & (columns[1] == key)
        found[key] = np.zeros(size, np.int64)
        np.add.at(found[key], place[here], columns[2][here])
    return found


def levels_of(reach: Reach, owners: list[str], stocked: "Whole", columns: "Sequence[Whole]") -> "dict[Cell, Whole]":
    """What is free by cell, from (sku_id, site_id, place of the owner from 1, expiry in microseconds, units)."""
    import numpy as np

    place, known = places_in(stocked, columns[0])
    _, site, owner, expiry, units = columns
    levels: dict[Cell, Any] = {}

    def add(cell: Cell, here: "NDArray[np.bool_]") -> None:
        if cell not in levels:
            levels[cell] = np.zeros(len(stocked), np.int64)
        np.add.at(levels[cell], place[here], units[here])

    for site_id in np.unique(site).tolist():
        at_site = known & (site == site_id)
        for number in np.unique(owner[at_site]).astype(int).tolist():
            name = owners[int(number) - 1] if number else _NO_OWNER
            here = at_site & (owner == number)
            lasting = here & (expiry == NEVER)
            add(reach.cell(site_id, name), lasting)
            here &= ~lasting
            if here.any():
                _add_expiring(reach, site_id, name, expiry, here, add)
    return levels


def _add_expiring(reach: Reach, site_id: int, owner: str, expiry: "Whole", here: Any, add: Any) -> None:
    """Rows that expire, by which channels they keep long enough for."""
    import numpy as np

    cutoffs = sorted({_micros(reach.cutoff(site_id, channel_id)) for channel_id in reach.channels(site_id)})
    kept = np.searchsorted(np.array(cutoffs, np.int64), expiry, "left")
    for number in np.unique(kept[here]).tolist():
        among = here & (kept == number)
        one = _EPOCH + timedelta(microseconds=int(expiry[among][0]))
        add(reach.cell(site_id, owner, one), among)


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def group_kits(stocked: "Whole", kits: Mapping[int, tuple[tuple[int, int], ...]]) -> list[KitFacts]:
    """Kits by their number of components."""
    import numpy as np

    sizes: dict[int, list[int]] = {}
    for kit_id in sorted(kits):
        sizes.setdefault(len(kits[kit_id]), []).append(kit_id)
    groups: list[KitFacts] = []
    for size, kit_ids in sizes.items():
        table = np.array([kits[kit_id] for kit_id in kit_ids], np.int64).reshape(len(kit_ids), size, 2)
        components = tuple((np.searchsorted(stocked, table[:, n, 0]), table[:, n, 1]) for n in range(size))
        groups.append(KitFacts(np.array(kit_ids, np.int64), components, {}))
    return groups


def offer_all(reach: Reach, many: Many, kits: Sequence[KitFacts], wanted: "Whole") -> Offers:
    """What every active channel is offered of stocked SKUs and kits, in the order of `wanted`."""
    import numpy as np

    place, known = places_in(wanted, many.sku_ids)
    pools = pools_by_channel(many.levels, many.safety, reach)
    channels: dict[int, Offer] = {}
    for channel_id, channel in reach.network.channels.items():
        if not channel.active:
            continue
        offered = net(pools, reach, channel_id, many.claims)
        terms = many.terms.get(channel_id, FREE)
        available = _whole(ats(offered, terms), len(many.sku_ids))
        all_ats, floors = np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
        all_ats[place[known]] = available[known]
        floors[place[known]] = _whole(terms.floor, len(many.sku_ids))[known]
        allowed = by_site(leave_claims(reach, channel_id, offered)) if kits else {}
        for group in kits:
            at, asked = places_in(wanted, group.kit_ids)
            of_kits = group.terms.get(channel_id, FREE)
            found = _of_kits(group, allowed, available, reach.sites(channel_id), of_kits)
            all_ats[at[asked]] = _whole(found, len(at))[asked]
            floors[at[asked]] = _whole(of_kits.floor, len(at))[asked]
        channels[channel_id] = Offer(all_ats, floors)
    return Offers(wanted, channels)


def _of_kits(group: KitFacts, allowed: Mapping[int, Any], available: Any, sites: Sequence[int], terms: Terms) -> Any:
    """The ATS of kits: each of their components, the first, the second and so on, is one array."""
    components = [(number, units) for number, (_, units) in enumerate(group.components)]
    by_number = {
        number: {site_id: _at(units, place) for site_id, units in allowed.items()}
        for number, (place, _) in enumerate(group.components)
    }
    of_parts = {number: available[place] for number, (place, _) in enumerate(group.components)}
    return kit_ats(components, by_number, of_parts, sites, terms)


def _at(units: Any, place: "Whole") -> Any:
    return units if isinstance(units, int) else units[place]


def _whole(units: Any, size: int) -> Any:
    """An array, where a figure that is the same for all came out as a number."""
    import numpy as np

    return np.full(size, units, np.int64) if isinstance(units, int) else units
