"""How a figure of what is available comes about, step by step from what is on hand, with evidence. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from .model import StockRow
from .rules import Levels, Net, Reach, kits_at


class Evidence(Struct, frozen=True):
    """What a part of a step is made of."""

    kind: str
    """stock (a row's id), site, channel, or sku."""
    id: int
    quantity: int


class Step(Struct, frozen=True):
    """One step down (or up) from what is on hand."""

    key: str
    label: str
    quantity: int
    """Signed: what the step adds to the running figure."""
    running: int
    evidence: tuple[Evidence, ...] = ()


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

    def end(self, key: str, label: str) -> list[Step]:
        if self.running < 0:
            self.steps.append(Step("below_zero", "More is claimed than there is", -self.running, 0))
            self.running = 0
        self.steps.append(Step(key, label, 0, self.running))
        return self.steps


def sku_waterfall(
    rows: Sequence[StockRow], pools: Levels, levels: Levels, offered: Net, reach: Reach, channel_id: int
) -> list[Step]:
    """From what is on hand at a channel's sites to what is available to sell; the steps add up."""
    channel = reach.network.channels.get(channel_id)
    serving = set(channel.site_ids) if channel else set[int]()
    shipping = set(reach.sites(channel_id))
    here = [row for row in rows if row.site_id in serving]
    sellable = [row for row in here if row.sellable]
    steps = _Steps()
    steps.add("on_hand", "On hand", (Evidence("stock", row.stock_id, row.quantity) for row in here))
    steps.add(
        "not_sellable",
        "Not sellable",
        (Evidence("stock", row.stock_id, -row.quantity) for row in here if not row.sellable),
    )
    steps.add(
        "not_shipping",
        "At sites that do not ship orders",
        (Evidence("stock", row.stock_id, -row.quantity) for row in sellable if row.site_id not in shipping),
    )
    steps.add(
        "allocated",
        "Allocated to orders and holds",
        (Evidence("stock", row.stock_id, -row.allocated) for row in sellable if row.site_id in shipping),
    )
    steps.add(
        "safety_stock",
        "Safety stock",
        (Evidence("site", site_id, pools[site_id] - levels[site_id]) for site_id in levels if site_id in shipping),
    )
    steps.add("waiting", "Waiting orders", (Evidence("channel", other, -units) for other, units in offered.waiting))
    steps.add("aside", "Set aside for others", (Evidence("channel", other, -units) for other, units in offered.aside))
    return steps.end("ats", "Available to sell")


def kit_waterfall(
    components: Sequence[tuple[int, int]],
    pools: Mapping[int, Levels],
    available: Mapping[int, int],
    sites: Sequence[int],
) -> list[Step]:
    """From the kits that single sites can put together, by what each component is available to sell."""
    steps = _Steps()
    steps.add(
        "together",
        "Whole kits at single sites",
        (Evidence("site", site_id, kits_at(site_id, components, pools)) for site_id in sites),
    )
    for sku_id, units in components:
        kits = available[sku_id] // units
        if kits < steps.running:
            steps.add("component", "Limited by a component", (Evidence("sku", sku_id, kits - steps.running),))
    return steps.end("ats", "Available to sell")
