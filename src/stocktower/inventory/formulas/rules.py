"""What is free, what is available to sell, and what a channel is shown: each of these functions exists once.

Each works on whole numbers (one SKU: a page, an allocation) and, unchanged, on arrays of int64 with one element a SKU
(feeds, rebuilds): it loops over sites and channels, and only adds, subtracts, divides and compares what it is given.

Levels are a mapping of cell -> units (`reach.Cell`; mostly the site): what is free there, or the pool (free less safety
stock). ATS is computed from pools, what an accepted order may take from free: every step of it only falls when levels
fall, so an order for no more than the ATS can always be allocated.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from stocktower.network import SiteFacts

from .claims import FREE, WHOLE, Claim, Claims, Kept, Levels, Net, Terms, Units
from .model import OWN, SUPPLIER, StockRow, SupplyRow
from .reach import Cell, Reach, in_order, site_of

LevelsOf = Callable[[int], Levels]
"""The levels of a channel: what may count for one may not for another."""
_NOTHING: Mapping[Cell, int] = {}


def positive(units: Units) -> Units:
    """Units, or nothing where they are below zero."""
    if isinstance(units, int):
        return units if units > 0 else 0
    return units.clip(0)


def least(one: Units, other: Units) -> Units:
    """The smaller of two."""
    if isinstance(one, int):
        if isinstance(other, int):
            return one if one < other else other
        return other.clip(None, one)
    return one.clip(None, other)


def is_some(units: Units) -> bool:
    """Whether there may be any: of an array always."""
    return not isinstance(units, int) or units > 0


def free(rows: Iterable[SupplyRow | StockRow]) -> dict[Cell, int]:
    """Units not allocated, by site."""
    levels: dict[Cell, int] = {}
    for row in rows:
        levels[row.site_id] = levels.get(row.site_id, 0) + row.quantity - row.allocated
    return levels


def free_by_cell(rows: Iterable[SupplyRow | StockRow], reach: Reach) -> dict[Cell, int]:
    """Units not allocated, by site and by who may sell them."""
    levels: dict[Cell, int] = {}
    for row in rows:
        cell = reach.cell(row.site_id, row.owner, row.expires_at)
        levels[cell] = levels.get(cell, 0) + row.quantity - row.allocated
    return levels


def pool(levels: Levels, safety: Mapping[int, Units], cells: Iterable[Cell] | None = None) -> dict[Cell, Units]:
    """Free less safety stock by cell, never below zero: safety stock is kept first of what most channels may sell."""
    pools: dict[Cell, Units] = {}
    kept: dict[int, Units] = {}
    for cell in levels if cells is None and not has_parts(levels) else in_order(levels if cells is None else cells):
        site_id = site_of(cell)
        units = levels.get(cell, 0)
        wanted = kept.get(site_id)
        if wanted is None:
            wanted = safety.get(site_id, 0)
        pools[cell] = positive(units - wanted)
        kept[site_id] = positive(wanted - units)
    return pools


def has_parts(levels: Levels) -> bool:
    """Whether some of it may be sold by some channels of its site only."""
    return any(not isinstance(cell, int) for cell in levels)


def pools_by_channel(levels: Levels, safety: Mapping[int, Units], reach: Reach) -> LevelsOf:
    """The pools of each channel: only what it may sell counts against the safety stock of a site."""
    if not has_parts(levels):
        same = pool(levels, safety)
        return lambda _: same
    known: dict[int, Levels] = {}

    def of(channel_id: int) -> Levels:
        found = known.get(channel_id)
        if found is None:
            found = known[channel_id] = pool(levels, safety, reach.cells(channel_id, levels))
        return found

    return of


def net(levels: Levels | LevelsOf, reach: Reach, channel_id: int, claims: Claims) -> Net:
    """What a channel has of a level on its sites, less what waits there and what is set aside for others.

    A channel's waiting demand uses its own aside first, so that only the rest of it counts against the others; of an
    aside only that counts which cells out of this channel's reach do not hold. What another channel sells alone is out
    of its reach too.
    """
    of: LevelsOf = levels if callable(levels) else lambda _: levels
    mine, barred = _open(of(channel_id), reach, channel_id, claims)
    waiting: list[Claim] = []
    aside: list[Claim] = []
    for other_id, units in claims.waiting.items():
        if other_id != channel_id:
            units = positive(units - _kept_for(other_id, of, reach, claims))
            units = units * _can_use(other_id, of, reach, claims, mine)
        if is_some(units) and (other_id == channel_id or reach.shares(channel_id, other_id)):
            waiting.append(Claim(other_id, units))
    for one in _asides(claims):
        if one.channel_id == channel_id or not reach.shares(channel_id, one.channel_id):
            continue
        theirs, _ = _open(of(one.channel_id), reach, one.channel_id, claims)
        held = sum(units for cell, units in theirs.items() if cell not in mine and one.at(cell))
        for cell in (cell for cell in theirs if cell in mine and one.at(cell)) if claims.exclusive else ():
            held = held + theirs[cell] * _closed(channel_id, claims, cell)
        units = positive(one.units - held) * _can_use(one.channel_id, of, reach, claims, mine, one)
        if is_some(units):
            aside.append(Claim(one.channel_id, units, one.sites, one.rule_id))
    level = sum(mine.values()) + sum(one.units for one in barred)
    claimed = sum(one.units for one in (*barred, *waiting, *aside))
    return Net(level, tuple(waiting), tuple(aside), level - claimed, barred, mine)


def _can_use(
    channel_id: int, of: LevelsOf, reach: Reach, claims: Claims, shared: Levels, kept: Kept | None = None
) -> Units:
    """1 where another channel may sell something of the cells that are shared; 0 where what it claims is no use there.

    A channel that is configured no more lays claim everywhere.
    """
    if channel_id not in reach.network.channels:
        return 1
    cells = [cell for cell in reach.cells(channel_id, of(channel_id)) if cell in shared and (not kept or kept.at(cell))]
    if not cells or not claims.exclusive:
        return 1 if cells else 0
    return least(1, sum(1 - _closed(channel_id, claims, cell) for cell in cells))


def _asides(claims: Claims) -> list[Kept]:
    return [
        *(
            Kept(channel_id, units, None, claims.rules.get(channel_id, 0))
            for channel_id, units in claims.asides.items()
        ),
        *claims.placed,
    ]


def _kept_for(channel_id: int, of: LevelsOf, reach: Reach, claims: Claims) -> Units:
    """All that is kept for a channel: its waiting demand is served from that first."""
    units = sum(one.units for one in _asides(claims) if one.channel_id == channel_id)
    for one in claims.exclusive:
        if one.channel_id == channel_id:
            levels = of(channel_id)
            cells = reach.cells(channel_id, levels)
            units = units + one.units * sum(levels.get(cell, 0) for cell in cells if one.at(cell))
    return units


def _open(levels: Levels, reach: Reach, channel_id: int, claims: Claims) -> tuple[dict[Cell, Units], tuple[Claim, ...]]:
    """What a channel may sell by cell, and what only others may sell of what lies there."""
    mine: dict[Cell, Units] = {cell: levels.get(cell, 0) for cell in reach.cells(channel_id, levels)}
    if not claims.exclusive:
        return mine, ()
    barred: list[Claim] = []
    for one in claims.exclusive:
        if one.channel_id == channel_id:
            continue
        taken: Units = 0
        for cell in mine:
            closed = _closed_by(one, channel_id, claims, cell)
            if is_some(closed):
                part = mine[cell] * closed
                mine[cell] = mine[cell] - part
                taken = taken + part
        if is_some(taken):
            barred.append(Claim(one.channel_id, taken, one.sites, one.rule_id))
    return mine, tuple(barred)


def _closed_by(one: Kept, channel_id: int, claims: Claims, cell: Cell) -> Units:
    """1 where a channel sells alone what lies in a cell, so that another may not; each of several may."""
    if not one.at(cell):
        return 0
    too = sum(other.units for other in claims.exclusive if other.channel_id == channel_id and other.at(cell))
    return one.units * (1 - least(1, too))


def _closed(channel_id: int, claims: Claims, cell: Cell) -> Units:
    """1 where only other channels sell what lies in a cell."""
    others = (one for one in claims.exclusive if one.channel_id != channel_id)
    return least(1, sum(_closed_by(one, channel_id, claims, cell) for one in others))


def leave_claims(reach: Reach, channel_id: int, offered: Net) -> dict[Cell, Units]:
    """What a channel may take at each of its cells, so that every claim in `offered` can still be served.

    Each claim is left where its channel can use it: first at the sites that this channel prefers least. That order
    depends on no quantity, so that what may be taken never falls where levels rise.
    """
    allowed: dict[Cell, Units] = dict(offered.open)
    claims: list[tuple[list[Cell], Units]] = []
    for one in (*offered.waiting, *offered.aside):
        theirs = set(reach.sites(one.channel_id))
        cells = [
            cell
            for cell in reversed(allowed)
            if (not theirs or site_of(cell) in theirs)
            and (one.sites is None or site_of(cell) in one.sites)
            and (isinstance(cell, int) or one.channel_id in cell.channel_ids or not theirs)
        ]
        claims.append((cells, one.units))
    for cells, units in sorted(claims, key=lambda claim: len(claim[0])):
        left = units
        for cell in cells:
            part = least(left, allowed[cell])
            allowed[cell] = allowed[cell] - part
            left = left - part
    return allowed


def by_site(levels: Levels) -> dict[int, Units]:
    """Levels summed by site."""
    sites: dict[int, Units] = {}
    for cell, units in levels.items():
        site_id = site_of(cell)
        sites[site_id] = sites[site_id] + units if site_id in sites else units
    return sites


def ats(offered: Net, terms: Terms = FREE) -> Units:
    """Available to sell: the net of the pool, its channel's share, no more than its cap, never below zero."""
    units = portion(offered.net, terms)
    for excess in beyond_places(offered, terms):
        units = least(units, excess)
    return positive(capped(units, terms))


def portion(units: Units, terms: Terms) -> Units:
    """A channel's share of what there is and of what it used already, less what it used."""
    if isinstance(terms.share, int) and terms.share == WHOLE:
        return units
    return (units + terms.own) * terms.share // WHOLE - terms.own


def capped(units: Units, terms: Terms) -> Units:
    """No more than the cap."""
    return units if terms.cap is None else least(units, terms.cap)


def beyond_places(offered: Net, terms: Terms) -> list[Units]:
    """For each cap of some sites: the most that is offered, with it, of all that lies at the channel's sites."""
    return [
        sum(units for cell, units in offered.open.items() if not one.at(cell))
        + least(sum(units for cell, units in offered.open.items() if one.at(cell)), one.units)
        for one in terms.placed
    ]


def shown(available: Units, pack_quantity: Units, buffer: Units = 0, floor: Units = 0) -> Units:
    """What a channel is told of a listing: ATS less a buffer, in whole packs; nothing below the floor (stock units)."""
    packs = positive(available - buffer) // pack_quantity
    if isinstance(floor, int) and floor <= 0:
        return packs
    return packs * least(1, positive(packs * pack_quantity - floor + 1))


def kit_ats(
    components: Sequence[tuple[int, Units]],
    allowed: Mapping[int, Levels],
    available: Mapping[int, Units],
    sites: Sequence[int],
    terms: Terms = FREE,
    *,
    may_split: bool = False,
) -> Units:
    """Whole kits: no more than each component is available to sell, nor, unless a kit may come from several sites, than
    single sites can put together; then the kit's own rules.

    `components` are (sku_id, units in one kit); `allowed` is what may be taken of each (`leave_claims`) by site,
    `available` its ATS.
    """
    if not components:
        return 0
    kits = lowest(available[sku_id] // units for sku_id, units in components)
    if not may_split:
        kits = least(kits, sum(kits_at(site_id, components, allowed) for site_id in sites))
    return positive(capped(portion(kits, terms), terms))


def kits_at(site_id: int, components: Sequence[tuple[int, Units]], levels: Mapping[int, Levels]) -> Units:
    """Whole kits that one site can put together."""
    return lowest(levels.get(sku_id, _NOTHING).get(site_id, 0) // units for sku_id, units in components)


def lowest(figures: Iterable[Units]) -> Units:
    """The smallest of several."""
    found: Units = None
    for units in figures:
        found = units if found is None else least(found, units)
    return found


def owner_at(site: SiteFacts) -> str:
    """Whose goods lie at a site: a drop-ship supplier's are sold by us and never valued."""
    return SUPPLIER if site.kind == "dropship" else OWN
