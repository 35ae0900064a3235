"""Preorders of kits: each of their components is covered at one site, by stock that nobody before it waits for or by
named inbound there; the date is that of the last component. Pure.

What stock covers is not reserved: it waits, so that no new order takes it, and whoever ranks before it may.
"""

from collections.abc import Mapping

from stocktower.inventory import InboundClaim

from .model import Facts, Line, Order


def serving(order: Order, facts: Facts) -> list[int]:
    """The sites that may serve an order where it goes, the preferred first."""
    return facts.planner.sites(order.channel_id, order.ship_country, order.ship_region)


def is_kit(line: Line) -> bool:
    """Whether a sold unit of a line is made of several SKUs."""
    return len(line.components) > 1


def claims_at(order: Order, line: Line, sku_id: int, site_id: int) -> tuple[int, int]:
    """(still to come, arrived) of a component for a line at a site, in stock units."""
    found = [one for one in order.claims if (one.line_no, one.sku_id, one.site_id) == (line.line_no, sku_id, site_id)]
    return sum(one.claimed for one in found), sum(one.arrived for one in found)


def stock_of(order: Order, line: Line, facts: Facts, waiting: int) -> dict[tuple[int, int], int]:
    """(sku_id, site_id) -> units in stock that a line may count on: `waiting` sold units of its own are left out of
    what waits."""
    skus = dict(line.components)
    own = {sku_id: waiting * per_unit for sku_id, per_unit in skus.items()}
    limits = facts.free.limits(order.channel_id, skus, own)
    found: dict[tuple[int, int], int] = {}
    for sku_id in skus:
        left = limits.units.get(sku_id)
        for site_id in serving(order, facts):
            units = facts.free.free.get((sku_id, site_id), 0)
            if left is not None:
                units = min(units, left, limits.at.get((sku_id, site_id), 0))
                left -= units
            found[sku_id, site_id] = units
    return found


def covered_at(order: Order, line: Line, stock: Mapping[tuple[int, int], int], site_id: int) -> int:
    """Whole kits of a line that a site has, or has coming for it."""
    whole: list[int] = []
    for sku_id, per_unit in line.components:
        claimed, arrived = claims_at(order, line, sku_id, site_id)
        whole.append((claimed + max(arrived, stock.get((sku_id, site_id), 0))) // per_unit)
    return min(whole)


def covered_kits(order: Order, line: Line, facts: Facts, waiting: int) -> int:
    """Kits of a line that stock and its claims cover now, at all sites that may serve it."""
    stock = stock_of(order, line, facts, waiting)
    return sum(covered_at(order, line, stock, site_id) for site_id in serving(order, facts))


def claim_kits(order: Order, line: Line, lacking: int, facts: Facts, *, whole: bool) -> tuple[int, list[InboundClaim]]:
    """(kits that are covered newly, what is claimed for them): the site that has all of them first before the others;
    nothing of it is claimed where fewer can be than are lacking, and `whole`.

    Nothing of the line stands among what waits just now.
    """
    if facts.coming is None:
        return 0, []
    stock = stock_of(order, line, facts, 0)
    left, made, used = lacking, list[InboundClaim](), dict[int, int]()
    for site_id in _soonest_first(order, line, lacking, stock, facts):
        kits, found = _claim_at(order, line, left, stock, site_id, facts, used) if left else (0, [])
        left -= kits
        made += found
        for sku_id in dict(line.components) if kits else ():
            used[sku_id] = used.get(sku_id, 0) + stock.get((sku_id, site_id), 0)
    if left and whole:
        facts.coming.give_up(made)
        return 0, []
    return lacking - left, made


def _soonest_first(
    order: Order, line: Line, lacking: int, stock: Mapping[tuple[int, int], int], facts: Facts
) -> list[int]:
    """The sites that may serve an order, the one that would cover the most soonest first; nothing stays claimed."""
    assert facts.coming is not None
    ranked: list[tuple[int, float, int, int]] = []
    for place, site_id in enumerate(serving(order, facts)):
        kits, made = _claim_at(order, line, lacking, stock, site_id, facts, {})
        facts.coming.give_up(made)
        last = max((one.expected_at.timestamp() for one in made if one.expected_at is not None), default=0.0)
        ranked.append((-kits, last, place, site_id))
    return [site_id for kits, _, _, site_id in sorted(ranked) if kits]


def _claim_at(
    order: Order, line: Line, lacking: int, stock: Mapping[tuple[int, int], int], site_id: int, facts: Facts,
    used: Mapping[int, int],
) -> tuple[int, list[InboundClaim]]:  # fmt: skip
    """(kits, claims) that one site covers newly: what it can of the lacking ones, with each component; `used`: units of
    stock at other sites that the line counts on."""
    assert facts.coming is not None
    had = covered_at(order, line, stock, site_id)
    kits = lacking
    while kits:
        made: list[InboundClaim] = []
        can = kits
        for sku_id, per_unit in line.components:
            claimed, arrived = claims_at(order, line, sku_id, site_id)
            beside = max(arrived, stock.get((sku_id, site_id), 0))
            short = (had + kits) * per_unit - claimed - beside
            if short <= 0:
                continue
            found: list[InboundClaim] = []
            if may_claim(order, line, sku_id, facts):
                wanted = InboundClaim(
                    order.order_id, line.line_no, sku_id, 0, order.channel_id, order.priority, order.placed_at, 0
                )
                found = facts.coming.claim(
                    wanted, short, 1, facts.free, site_ids=(site_id,), whole=False,
                    beside=beside + used.get(sku_id, 0),
                )  # fmt: skip
            made += found
            can = min(can, (claimed + beside + sum(one.claimed for one in found)) // per_unit - had)
        if can >= kits:
            return kits, made
        facts.coming.give_up(made)
        kits = max(0, can)
    return 0, []


def may_claim(order: Order, line: Line, sku_id: int, facts: Facts) -> bool:
    """Whether a component may be promised from inbound: by a rule for the kit, or for the component."""
    rules = facts.promising.preorders
    found = [rule for key in (line.sku_id, sku_id) if key is not None and (rule := rules.get(key)) is not None]
    return any(rule.serves(order.channel_id) for rule in found)
