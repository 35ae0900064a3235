"""How a figure of what is available comes about, step by step from what is on hand, with evidence. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from .claims import Claim, Net, Terms
from .model import StockRow
from .reach import Reach
from .rules import Levels, beyond_places, by_site, capped, kits_at, portion, positive, shown


class Evidence(Struct, frozen=True):
    """What a part of a step is made of."""

    kind: str
    """stock (a row's id), site, channel, sku, or rule."""
    id: int
    quantity: int
    rule_id: int = 0
    """The rule behind it, where there is one."""


class Step(Struct, frozen=True):
    """One step down (or up) from what is on hand."""

    key: str
    label: str
    quantity: int
    """Signed: what the step adds to the running figure."""
    running: int
    evidence: tuple[Evidence, ...] = ()


class Stock(Struct, frozen=True):
    """The rows of one SKU, and what is known of them beside."""

    rows: Sequence[StockRow]
    held: Mapping[int, int]
    """Row -> units that holds have of it."""
    safety_rules: Mapping[int, int]
    """Site -> the rule that its safety stock comes from."""


class _Steps:
    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.running = 0

    def add(self, key: str, label: str, evidence: Iterable[Evidence]) -> None:
        parts = tuple(one for one in evidence if one.quantity)
        quantity = sum(one.quantity for one in parts)
        self.running += quantity
        if quantity or not self.steps:
            self.steps.append(Step(key, label, quantity, self.running, parts))

    def to(self, key: str, label: str, running: int, evidence: Evidence) -> None:
        """Go to a figure; the evidence gets the difference as its quantity."""
        quantity = running - self.running
        self.add(key, label, (Evidence(evidence.kind, evidence.id, quantity, evidence.rule_id),))

    def end(self, key: str, label: str) -> list[Step]:
        if self.running < 0:
            self.steps.append(Step("below_zero", "More is claimed than there is", -self.running, 0))
            self.running = 0
        self.steps.append(Step(key, label, 0, self.running))
        return self.steps


def sku_waterfall(
    stock: Stock, levels: Levels, pools: Levels, offered: Net, terms: Terms, reach: Reach, channel_id: int
) -> list[Step]:
    """From what is on hand at a channel's sites to what is available to sell; the steps add up.

    `levels` is what is free, `pools` the channel's own, both by cell.
    """
    channel = reach.network.channels.get(channel_id)
    serving = set(channel.site_ids) if channel else set[int]()
    shipping = set(reach.sites(channel_id))
    here = [row for row in stock.rows if row.site_id in serving]
    sellable = [row for row in here if row.sellable]
    shipped = [row for row in sellable if row.site_id in shipping]
    mine = [row for row in shipped if reach.may_take(channel_id, row.site_id, row.owner, row.expires_at)]
    others = [row for row in shipped if row not in mine]
    steps = _Steps()
    steps.add("on_hand", "On hand", (Evidence("stock", row.stock_id, row.quantity) for row in here))
    steps.add("not_sellable", "Not sellable", _rows(row for row in here if not row.sellable))
    steps.add(
        "not_shipping",
        "At sites that do not ship orders",
        _rows(row for row in sellable if row.site_id not in shipping),
    )
    if channel is not None:
        owned = [row for row in others if not _of_owner(channel.owners, row.owner)]
        steps.add("not_ours", "Of owners that the channel does not sell", _rows(owned))
        steps.add("shelf_life", "Does not keep long enough", _rows(row for row in others if row not in owned))
    held = {row.stock_id: min(row.allocated, stock.held.get(row.stock_id, 0)) for row in mine}
    steps.add(
        "allocated",
        "Allocated to orders" if stock.held else "Allocated to orders and holds",
        (Evidence("stock", row.stock_id, held[row.stock_id] - row.allocated) for row in mine),
    )
    steps.add("held", "Held for carts", (Evidence("stock", row.stock_id, -held[row.stock_id]) for row in mine))
    free, left = by_site({cell: levels.get(cell, 0) for cell in reach.cells(channel_id, levels)}), by_site(pools)
    steps.add(
        "safety_stock",
        "Safety stock",
        (
            Evidence("site", site_id, left.get(site_id, 0) - free[site_id], stock.safety_rules.get(site_id, 0))
            for site_id in free
        ),
    )
    steps.add("exclusive", "Sold by others alone", _claims(offered.exclusive))
    steps.add("waiting", "Waiting orders", _claims(offered.waiting))
    steps.add("aside", "Set aside for others", _claims(offered.aside))
    _offer(steps, offered, terms, channel_id)
    return steps.end("ats", "Available to sell")


def _of_owner(owners: Sequence[str], owner: str) -> bool:
    return owner in owners or "*" in owners


def _rows(rows: Iterable[StockRow]) -> Iterable[Evidence]:
    return (Evidence("stock", row.stock_id, -row.quantity) for row in rows)


def _claims(claims: Iterable[Claim]) -> Iterable[Evidence]:
    return (Evidence("channel", one.channel_id, -one.units, one.rule_id) for one in claims)


def _offer(steps: _Steps, offered: Net | None, terms: Terms, channel_id: int) -> None:
    """What a channel's own rules take off what is left."""
    share = portion(steps.running, terms)
    # The share is of what is left and of what the channel used already, which then counts against it.
    whole = (steps.running + terms.own) * terms.share // 100
    steps.to("share", f"Share of {terms.share}%", whole, Evidence("rule", terms.share_rule, 0, terms.share_rule))
    steps.to("own", "Used of its share", share, Evidence("channel", channel_id, 0, terms.share_rule))
    if offered is not None:
        for one, most in zip(terms.placed, beyond_places(offered, terms), strict=True):
            lower = min(steps.running, most)
            steps.to("cap", "The most of some sites", lower, Evidence("rule", one.rule_id, 0, one.rule_id))
    most = capped(steps.running, terms)
    steps.to("cap", "The most that is offered", most, Evidence("rule", terms.cap_rule, 0, terms.cap_rule))


def kit_waterfall(
    components: Sequence[tuple[int, int]],
    allowed: Mapping[int, Levels],
    available: Mapping[int, int],
    sites: Sequence[int],
    terms: Terms,
    channel_id: int,
) -> list[Step]:
    """From the kits that single sites can put together, by what each component is available to sell."""
    steps = _Steps()
    steps.add(
        "together",
        "Whole kits at single sites",
        (Evidence("site", site_id, kits_at(site_id, components, allowed)) for site_id in sites),
    )
    for sku_id, units in components:
        kits = available[sku_id] // units
        if kits < steps.running:
            steps.add("component", "Limited by a component", (Evidence("sku", sku_id, kits - steps.running),))
    _offer(steps, None, terms, channel_id)
    return steps.end("ats", "Available to sell")


def shown_waterfall(available: int, pack_quantity: int, buffer: int, terms: Terms) -> list[Step]:
    """From what is available to sell to what a channel is told of a listing, in stock units."""
    steps = _Steps()
    steps.add("ats", "Available to sell", (Evidence("channel", 0, available),))
    left = positive(available - buffer)
    steps.to("buffer", "Buffer for what it tells us late", left, Evidence("channel", 0, 0))
    packs = shown(available, pack_quantity, buffer)
    steps.to("packs", f"Whole packs of {pack_quantity}", packs * pack_quantity, Evidence("channel", 0, 0))
    told = shown(available, pack_quantity, buffer, terms.floor) * pack_quantity
    steps.to("floor", f"Below {terms.floor}", told, Evidence("rule", terms.floor_rule, 0, terms.floor_rule))
    steps.steps.append(Step("shown", "Shown", 0, steps.running))
    return steps.steps
