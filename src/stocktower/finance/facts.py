"""What a posting is decided on: accounts, currencies, rates, places, and the balances as they stand."""

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction

from msgspec import Struct

from stocktower.kernel import convert

from .model import (
    Cost,
    Journal,
    OrderBalance,
    Place,
    Transit,
    TransitEntry,
    UnknownCost,
    UnknownPlace,
    Valuation,
    ValuationEntry,
)

StockKey = tuple[str, int]
"""(entity, sku_id)"""
TransitKey = tuple[int, int]
"""(transfer_id, line_no)"""


class Facts(Struct, frozen=True):
    """All that a posting rule may look at."""

    accounts: Mapping[str, str]
    """Account by posting role."""
    currencies: Mapping[str, str]
    """Book currency by entity."""
    places: Mapping[int, Place]
    """By site id."""
    marketplaces: frozenset[int]
    """Channels that collect the money themselves."""
    rate: Callable[[str, str, date], Fraction]
    """(source, target, day) -> units of target for one unit of source; raises where none is stated."""
    orders: Mapping[int, OrderBalance] = {}
    stock: Mapping[StockKey, Valuation] = {}
    transit: Mapping[TransitKey, Transit] = {}
    costs: Mapping[int, Cost] = {}
    """The catalogue's unit cost of SKUs of which the books know none."""

    def currency_of(self, entity: str) -> str:
        """The book currency of an entity; raises UnknownPlace."""
        try:
            return self.currencies[entity]
        except KeyError:
            raise UnknownPlace(f"no legal entity {entity!r} in the configuration") from None

    def place_of(self, site_id: int) -> Place:
        """Whose a site is; raises UnknownPlace."""
        try:
            return self.places[site_id]
        except KeyError:
            raise UnknownPlace(f"no site with id {site_id} in the configuration") from None

    def valuation_of(self, entity: str, sku_id: int) -> Valuation:
        """What an entity holds of a SKU."""
        return self.stock.get((entity, sku_id)) or Valuation(entity, sku_id)

    def unit_cost(self, sku_id: int, entity: str, on: date) -> int | None:
        """The catalogue's unit cost in the entity's book currency; None where it states none."""
        cost = self.costs.get(sku_id)
        return None if cost is None else self.convert(cost.minor, cost.currency, entity, on)

    def convert(self, minor: int, currency: str, entity: str, on: date) -> int:
        """An amount in the book currency of an entity, half-even."""
        book = self.currency_of(entity)
        return minor if currency == book else convert(minor, self.rate(currency, book, on), currency, book)


class Posting(Struct, frozen=True):
    """What one event does: its journal, and the balances after it."""

    journal: Journal
    order: OrderBalance | None = None
    valuations: tuple[Valuation, ...] = ()
    valuation_entries: tuple[ValuationEntry, ...] = ()
    unknown_costs: tuple[UnknownCost, ...] = ()
    transits: tuple[Transit, ...] = ()
    transit_entries: tuple[TransitEntry, ...] = ()


class Plan(Struct, frozen=True):
    """What a batch of events does: all journals, and each balance as it stands at the end."""

    journals: list[Journal]
    orders: dict[int, OrderBalance]
    valuations: dict[StockKey, Valuation]
    valuation_entries: list[ValuationEntry]
    unknown_costs: list[UnknownCost]
    transits: dict[TransitKey, Transit]
    transit_entries: list[TransitEntry]
