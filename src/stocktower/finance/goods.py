"""What goods that come and go do to the books: moving average, cost of goods, and whose goods they are."""

from collections.abc import Sequence

from msgspec import Struct

from .facts import Facts
from .happenings import OWN, SUPPLIER, Assembled, Happening, Shipped, ShippedStock, StockChanged
from .model import Entry, Place, UnknownCost, Valuation, ValuationEntry
from .model import PostingRole as Role
from .valuation import issue, receive, receive_at, value_found

# What stands against inventory where goods move without a sale.
_AGAINST = {
    "stock.opened": Role.OPENING_EQUITY,
    "stock.received": Role.GOODS_RECEIVED,
    "stock.adjusted": Role.SHRINKAGE,
    "stock.counted": Role.SHRINKAGE,
}
# Kinds whose stated cost is what was paid; elsewhere units that turn up come in at the average.
_STATES_COST = ("stock.opened", "stock.received")


class Moved(Struct, frozen=True):
    """The goods side of a journal, and the valuations after it."""

    entity: str
    entries: list[Entry]
    valuations: tuple[Valuation, ...] = ()
    valuation_entries: tuple[ValuationEntry, ...] = ()
    unknown_costs: tuple[UnknownCost, ...] = ()


def describe(kind: str, data: StockChanged) -> str:
    """The words of a stock journal."""
    return f"Stock {kind.partition('.')[2]}" + (f": {data.reason}" if data.reason else "")


def move_stock(happening: Happening, data: StockChanged, facts: Facts) -> Moved | None:
    """Goods of ours came in or went out without a sale; None where they are not ours or nothing moved."""
    place = facts.place_of(data.site_id)
    if not data.delta or data.owner != OWN:
        return None
    held = facts.valuation_of(place.entity, data.sku_id)
    unknown: tuple[UnknownCost, ...] = ()
    if data.delta > 0:
        after, entry, unknown = _take_in(happening, data, held, facts)
    elif held.quantity:
        after, entry = issue(held, min(-data.delta, held.quantity), happening.position)
    else:
        return None
    currency = facts.currency_of(place.entity)
    against = facts.accounts[Role(data.against) if data.against else _AGAINST[happening.kind]]
    entries = [
        inventory_entry(facts, currency, entry),
        Entry(place.entity, against, currency, -entry.delta_minor, -entry.delta_minor),
    ]
    return Moved(place.entity, entries, (after,), (entry,), unknown)


def _take_in(
    happening: Happening, data: StockChanged, held: Valuation, facts: Facts
) -> tuple[Valuation, ValuationEntry, tuple[UnknownCost, ...]]:
    """Units come in: at the stated cost, or found at average, last or catalogue cost; at zero where none is known."""
    position, units = happening.position, data.delta
    if happening.kind in _STATES_COST and data.cost_minor is not None:
        return *receive_at(held, units, data.cost_minor, position), ()
    value = value_found(held, units)
    if value is not None:
        return *receive(held, units, value, position), ()
    cost = data.cost_minor or facts.unit_cost(data.sku_id, held.entity, happening.occurred_on)
    if cost:
        return *receive_at(held, units, cost, position), ()
    return *receive(held, units, 0, position), (UnknownCost(held.entity, data.sku_id, units, position),)


def issue_sold(happening: Happening, data: Shipped, facts: Facts) -> Moved | None:
    """Goods that were sold leave at their cost; those of a supplier or a consignor are owed to them instead."""
    if not data.stock:
        return None
    place = facts.place_of(data.site_id)
    ours = [item for item in data.stock if owner_of(item, place) == OWN]
    parts: list[Moved] = []
    if ours:
        parts.append(_issue_ours(happening, data, place, _sum_units(ours), facts))
    for role, is_theirs in ((Role.SUPPLIER_ACCRUAL, True), (Role.CONSIGNOR_PAYABLE, False)):
        owed = [
            item for item in data.stock if (owner := owner_of(item, place)) != OWN and (owner == SUPPLIER) == is_theirs
        ]
        if owed:
            parts.append(_accrue(happening, data, _sum_units(owed), role, facts))
    return Moved(
        data.entity,
        [entry for part in parts for entry in part.entries],
        tuple(one for part in parts for one in part.valuations),
        tuple(one for part in parts for one in part.valuation_entries),
        tuple(one for part in parts for one in part.unknown_costs),
    )


def owner_of(item: ShippedStock, place: Place) -> str:
    """Whose units left; where the event does not say, who owns what lies at the site."""
    return item.owner or (OWN if place.valued else SUPPLIER)


def _issue_ours(
    happening: Happening, data: Shipped, place: Place, units: dict[int, ShippedStock], facts: Facts
) -> Moved:
    currency = facts.currency_of(place.entity)
    valuations: list[Valuation] = []
    ledger: list[ValuationEntry] = []
    entries: list[Entry] = []
    cost = uncovered = 0
    for sku_id, item in units.items():
        held = facts.valuation_of(place.entity, sku_id)
        covered = min(item.quantity, held.quantity)
        if covered:
            after, entry = issue(held, covered, happening.position)
            valuations.append(after)
            ledger.append(entry)
            entries.append(inventory_entry(facts, currency, entry))
            cost -= entry.delta_minor
        # What the books did not have cannot leave inventory: it is found (shrinkage reversed) and sold at once.
        uncovered += (item.quantity - covered) * held.last_cost_minor
    if uncovered:
        entries.append(Entry(place.entity, facts.accounts[Role.SHRINKAGE], currency, -uncovered, -uncovered))
    entries.extend(_sold_by(happening, data.entity, place.entity, cost + uncovered, currency, facts))
    return Moved(data.entity, entries, tuple(valuations), tuple(ledger))


def _sold_by(happening: Happening, seller: str, holder: str, cost: int, currency: str, facts: Facts) -> list[Entry]:
    """The cost of goods in the books of who sold them; where another entity held them, it sells them at cost."""
    cost_of_goods = facts.accounts[Role.COST_OF_GOODS]
    if not cost:
        return []
    if seller == holder:
        return [Entry(holder, cost_of_goods, currency, cost, cost)]
    between = facts.accounts[Role.INTERCOMPANY]
    book = facts.convert(cost, currency, seller, happening.occurred_on)
    return [
        Entry(holder, between, currency, cost, cost),
        Entry(seller, cost_of_goods, currency, cost, book),
        Entry(seller, between, currency, -cost, -book),
    ]


def _accrue(happening: Happening, data: Shipped, units: dict[int, ShippedStock], owed_to: Role, facts: Facts) -> Moved:
    """The cost of goods that were never ours, owed to whose they were."""
    cost = 0
    unknown: list[UnknownCost] = []
    for sku_id, item in units.items():
        unit_cost = item.cost_minor
        if unit_cost is None:
            unit_cost = facts.unit_cost(sku_id, data.entity, happening.occurred_on)
        if not unit_cost:
            unknown.append(UnknownCost(data.entity, sku_id, item.quantity, happening.position))
        cost += item.quantity * (unit_cost or 0)
    currency = facts.currency_of(data.entity)
    entries = [
        Entry(data.entity, facts.accounts[Role.COST_OF_GOODS], currency, cost, cost),
        Entry(data.entity, facts.accounts[owed_to], currency, -cost, -cost),
    ]
    return Moved(data.entity, entries, unknown_costs=tuple(unknown))


def inventory_entry(facts: Facts, currency: str, entry: ValuationEntry) -> Entry:
    """The side of a journal that stands for one change of a valuation."""
    return Entry(
        entry.entity,
        facts.accounts[Role.INVENTORY],
        currency,
        entry.delta_minor,
        entry.delta_minor,
        entry.sku_id,
        entry.delta_quantity,
    )


def _sum_units(stock: Sequence[ShippedStock]) -> dict[int, ShippedStock]:
    """The units by SKU, so that no SKU is looked at twice."""
    if len({item.sku_id for item in stock}) == len(stock):
        return {item.sku_id: item for item in stock if item.quantity > 0}
    units: dict[int, ShippedStock] = {}
    for item in stock:
        known = units.get(item.sku_id)
        quantity = item.quantity + (known.quantity if known else 0)
        units[item.sku_id] = ShippedStock(item.sku_id, quantity, item.cost_minor)
    return units


def costs_wanted(happenings: Sequence[Happening], facts: Facts) -> set[int]:
    """The SKUs whose cost the catalogue may be asked for: the events state none and the books know none."""
    wanted: set[int] = set()
    for happening in happenings:
        data = happening.data
        if isinstance(data, StockChanged):
            if data.delta > 0 and data.cost_minor is None:
                wanted.update(_unknown_of(data.site_id, (data.sku_id,), facts))
        elif isinstance(data, Assembled):
            made = [line.sku_id for line in data.lines if line.units > 0]
            wanted.update(_unknown_of(data.site_id, made, facts))
        elif isinstance(data, Shipped):
            place = facts.places.get(data.site_id)
            if place is not None:
                wanted.update(
                    item.sku_id for item in data.stock if item.cost_minor is None and owner_of(item, place) != OWN
                )
    return wanted


def _unknown_of(site_id: int, sku_ids: Sequence[int], facts: Facts) -> list[int]:
    """Of some SKUs those whose cost the books of a site do not know."""
    place = facts.places.get(site_id)
    held = [] if place is None else [facts.valuation_of(place.entity, sku_id) for sku_id in sku_ids]
    return [one.sku_id for one in held if not one.value_minor and not one.last_cost_minor]
