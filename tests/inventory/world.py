"""A merchant with sites, channels and products in the database, and short ways to say what happens to its stock."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from stocktower import catalog, inventory, model, network
from stocktower.exchange import ProductDocument, StockDocument, StockLine
from stocktower.inventory import Candidate, Consume, Demand, FreeStock, Grant, Reach, SnapshotResult, StockMoved
from stocktower.platform import RecordedEvent, Transaction, load_events_after, load_invariants

TEXT = """
[merchant]
code = "acme"
name = "Acme"

[[entities]]
code = "us"
name = "Acme Inc."
currency = "USD"

[[sites]]
code = "EAST"
name = "East"
kind = "warehouse"
country = "US"
priority = 10

[[sites]]
code = "WEST"
name = "West"
kind = "warehouse"
country = "US"
priority = 20

[[sites]]
code = "STORE"
name = "Store"
kind = "store"
country = "US"
protected = true
safety_stock = 1

[[sites]]
code = "DROP"
name = "Supplier"
kind = "dropship"
country = "US"
priority = 90

[[channels]]
code = "web"
name = "Web"
kind = "shopify"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["EAST", "WEST", "STORE", "DROP"]
priority = 30

[[channels]]
code = "b2b"
name = "Wholesale"
kind = "b2b"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["EAST"]
priority = 60

[[safety_stock]]
site = "EAST"
sku = "ROPE"
quantity = 2

[[set_asides]]
channel = "b2b"
sku = "ROPE"
quantity = 5
"""

PRODUCTS = (
    ProductDocument("CUP", "Cup", cost_minor=250, units=(("case", 12),)),
    ProductDocument("LID", "Lid", cost_minor=50),
    ProductDocument("ROPE", "Rope", cost_minor=900),
    ProductDocument("SET", "Cup with lids", components=(("CUP", 1), ("LID", 2))),
)


class World:
    """One merchant."""

    def __init__(self, tx: Transaction, text: str = TEXT, products: Sequence[ProductDocument] = PRODUCTS) -> None:
        outcome = model.apply_configuration(tx, text, base_version=None, author="tester", file="stocktower.toml")
        network.apply_network(tx, outcome.configuration)
        catalog.take_products(tx, products)
        self.sku = {code: one.sku_id for code, one in catalog.find_skus(tx, [p.sku for p in products]).items()}
        self.network = network.load_network(tx)
        inventory.apply_rules(tx, outcome.configuration, self.network, self.sku)
        self.site = self.network.site_ids
        self.channel = self.network.channel_ids
        self.reach = Reach(self.network)

    def count(
        self,
        tx: Transaction,
        site: str,
        quantities: Mapping[str, int],
        *,
        as_of: datetime | None = None,
        released: Sequence[int] = (),
        opening: bool = False,
        factors: Mapping[str, int] | None = None,
        status: str = "available",
        message_id: int = 1,
    ) -> SnapshotResult:
        """A snapshot of a site; nothing of the released orders may be cut."""
        lines = tuple(
            StockLine(sku, quantity, status=status, row=row)
            for row, (sku, quantity) in enumerate(quantities.items(), start=2)
        )
        document = StockDocument(site, as_of, lines, opening=opening)
        held = inventory.load_snapshot_orders(tx, document)

        def may_cut(candidates: Sequence[Candidate]) -> set[tuple[int, int]]:
            if not {one.order_id for one in candidates} <= set(held):
                raise StockMoved("an order that was not locked")
            return {(one.order_id, one.line_no) for one in candidates if one.order_id not in released}

        return inventory.take_snapshot(tx, document, message_id, may_cut=may_cut, factors=factors)

    def order(
        self,
        tx: Transaction,
        order_id: int,
        code: str,
        units: int,
        *,
        site: str = "EAST",
        channel: str = "web",
        priority: int | None = None,
        placed_at: datetime | None = None,
    ) -> int:
        """Allocate what is free of a SKU or kit at a site for an order of one line; the rest is short."""
        resolved = catalog.load_resolved(tx, [self.sku[code]])[self.sku[code]]
        supply = inventory.lock_supply(tx, [sku for sku, _ in resolved.components])
        stock = FreeStock(supply, self.reach)
        site_id, channel_id = self.site[site], self.channel[channel]
        got = min(units, *(stock.free.get((sku, site_id), 0) // n for sku, n in resolved.components))
        grants: list[Grant] = []
        demands: list[Demand] = []
        for sku, n in resolved.components:
            if got:
                grants += stock.take(order_id, 1, sku, site_id, got * n)
            demands.append(
                Demand(
                    order_id,
                    1,
                    sku,
                    inventory.ORDER,
                    channel_id,
                    self.network.channels[channel_id].priority if priority is None else priority,
                    placed_at or tx.now,
                    n,
                    units * n,
                    got * n,
                    (units - got) * n,
                )
            )
        inventory.record_reservations(tx, supply, new_demands=demands, grants=grants)
        return got

    def ship(
        self, tx: Transaction, order_id: int, code: str, units: int, *, site: str = "EAST", at: datetime | None = None
    ) -> inventory.ConsumeResult:
        """Units of a stocked SKU leave a site."""
        item = Consume(order_id, 1, self.sku[code], self.site[site], units, 900 + order_id, at or tx.now)
        return inventory.consume(tx, [item])

    def row(self, tx: Transaction, site: str, code: str, status: str = "available") -> tuple[int, int, int]:
        """(quantity, allocated, discrepancy) of a row, zeros where there is none."""
        available = inventory.load_availability(tx, [self.sku[code]], self.network)
        for row in available.rows(self.sku[code]):
            if (row.site_id, row.status) == (self.site[site], status):
                return row.quantity, row.allocated, row.discrepancy
        return 0, 0, 0

    def demand(self, tx: Transaction, order_id: int) -> dict[str, tuple[int, int, int, int]]:
        """SKU -> (allocated, short, consumed, cancelled)."""
        codes = {sku_id: code for code, sku_id in self.sku.items()}
        return {
            codes[one.sku_id]: (one.allocated, one.short, one.consumed, one.cancelled)
            for one in inventory.load_demands(tx, [order_id])
        }


def broken(tx: Transaction) -> list[str]:
    """The invariants of inventory that do not hold."""
    return [one.name for one in load_invariants("stocktower.inventory") if tx.tuples(one.query)]


def events(tx: Transaction, *kinds: str) -> list[tuple[str, dict[str, object]]]:
    """What was told, of some kinds, as (kind, data)."""
    tx.write_events()
    found: list[RecordedEvent] = load_events_after(tx, 0, 10_000)[0]
    return [(one.kind, msgspec.json.decode(one.data)) for one in found if one.kind in kinds]
