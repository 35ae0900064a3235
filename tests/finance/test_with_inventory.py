from datetime import UTC, datetime

import pytest

from stocktower import catalog, finance, inventory, model, network
from stocktower.exchange import ProductDocument
from stocktower.platform import Event, Transaction, load_events_at
from tests.finance.world import broken, shipped

TEXT = """
[merchant]
code = "m"
name = "M"

[[entities]]
code = "us"
name = "US"
currency = "USD"

[[sites]]
code = "EAST"
name = "East"
kind = "warehouse"

[[sites]]
code = "DROP"
name = "Supplier"
kind = "dropship"

[[channels]]
code = "web"
name = "Web"
kind = "shopify"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["EAST", "DROP"]
"""
AT = datetime(2026, 6, 1, 10, tzinfo=UTC)


@pytest.fixture
def places(tx: Transaction) -> network.Network:
    """A merchant with one warehouse and one supplier."""
    model.apply_configuration(tx, TEXT, base_version=None, author="tester", file="test.toml")
    network.apply_network(tx, model.load_applied(tx).configuration)
    return network.load_network(tx)


def post(tx: Transaction, *events: Event) -> None:
    """What rooms said, and these events, become journals."""
    tx.emit_all(events)
    positions = tx.write_events()
    finance.post(tx, model.load_applied(tx).configuration, network.load_network(tx), load_events_at(tx, positions))


def test_the_books_value_what_the_rows_hold(tx: Transaction, places: network.Network) -> None:
    catalog.take_products(tx, [ProductDocument(sku="MUG", name="Mug", cost_minor=400, currency="USD")])
    sku_id = catalog.find_skus(tx, ["MUG"])["MUG"].sku_id
    east, drop = places.site_ids["EAST"], places.site_ids["DROP"]
    channel_id = places.channel_ids["web"]
    inventory.receive(tx, [inventory.Posting(sku_id, east, 5, AT, cost_minor=300)])
    inventory.receive(tx, [inventory.Posting(sku_id, drop, 9, AT, cost_minor=250)])
    inventory.adjust(tx, [inventory.Posting(sku_id, east, -1, AT, reason="broken")])
    post(tx)
    assert broken(tx) == {}
    demand = inventory.Demand(7, 1, sku_id, inventory.ORDER, channel_id, 50, AT, 1, 6, 0, 6)
    supply = inventory.lock_supply(tx, [sku_id])
    inventory.record_reservations(tx, supply, new_demands=[demand], changed_demands=[], grants=[], returns=[])
    inventory.consume(tx, [inventory.Consume(7, 1, sku_id, east, 6, 70, AT)])
    post(tx, shipped(7, 0, items=[(sku_id, 6)], site=east, channel=channel_id))
    assert broken(tx) == {}
    (valuation,) = finance.load_valuations(tx, [sku_id])[sku_id]
    assert (valuation.quantity, valuation.value_minor) == (0, 0)
    held = {row.account: row.debit_minor - row.credit_minor for row in finance.trial_balance(tx).rows}
    accounts = model.load_applied(tx).configuration
    assert held[model.account(accounts, "cost_of_goods")] == 6 * 300
    assert held[model.account(accounts, "shrinkage")] == (1 - 2) * 300
    assert held[model.account(accounts, "goods_received_not_invoiced")] == -5 * 300


def test_an_event_that_is_not_posted_is_seen(tx: Transaction, places: network.Network) -> None:
    catalog.take_products(tx, [ProductDocument(sku="MUG", name="Mug", cost_minor=400, currency="USD")])
    sku_id = catalog.find_skus(tx, ["MUG"])["MUG"].sku_id
    inventory.receive(tx, [inventory.Posting(sku_id, places.site_ids["EAST"], 5, AT, cost_minor=300)])
    post(tx)
    inventory.receive(tx, [inventory.Posting(sku_id, places.site_ids["EAST"], 1, AT, cost_minor=300)])
    tx.write_events()
    assert [(int(row[2]), int(row[3])) for row in broken(tx)["valuation_is_own_stock"]] == [(6, 5)]
