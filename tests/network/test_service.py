"""Places get their ids once, and keep them and their names whatever the configuration becomes."""

from stocktower import model
from stocktower.network import apply_network, load_network
from stocktower.platform import Transaction, load_invariants

TEXT = """
[merchant]
code = "acme"
name = "Acme"
timezone = "America/New_York"

[[entities]]
code = "us"
name = "Acme Inc."
currency = "USD"

[[sites]]
code = "EAST"
name = "East"
kind = "warehouse"
country = "US"
region = "NJ"

[[sites]]
code = "WEST"
name = "West"
kind = "warehouse"
country = "US"
latitude = 39.5
longitude = -119.8

[[channels]]
code = "shop"
name = "Shop"
kind = "shopify"
currency = "USD"
live_from = 2026-04-13T06:00:00-04:00
sites = ["WEST", "EAST"]
"""


def apply(tx: Transaction, text: str) -> None:
    """Apply a configuration as the edge does."""
    outcome = model.apply_configuration(tx, text, base_version=None, author="tester", file="stocktower.toml")
    apply_network(tx, outcome.configuration)


def test_facts_come_from_the_configuration(tx: Transaction) -> None:
    apply(tx, TEXT)
    network = load_network(tx)
    east, west = (network.sites[network.site_ids[code]] for code in ("EAST", "WEST"))
    shop = network.channels[network.channel_ids["shop"]]
    assert (east.entity, east.timezone, east.point) == ("us", "America/New_York", (40.2, -74.7))
    assert west.point == (39.5, -119.8)
    assert shop.site_ids == (west.site_id, east.site_id)
    assert (shop.entity, shop.timezone) == ("us", "America/New_York")
    assert network.version == 1
    assert load_network(tx) is network


def test_ids_stay_over_versions(tx: Transaction) -> None:
    apply(tx, TEXT)
    before = load_network(tx)
    apply(tx, TEXT.replace('name = "East"', 'name = "East coast"\npriority = 5'))
    after = load_network(tx)
    assert after.site_ids == before.site_ids
    assert after.channel_ids == before.channel_ids
    east = after.sites[after.site_ids["EAST"]]
    assert (east.name, east.priority, after.version) == ("East coast", 5, 2)


def test_what_leaves_the_configuration_keeps_its_name_and_serves_nothing(tx: Transaction) -> None:
    apply(tx, TEXT)
    west_id = load_network(tx).site_ids["WEST"]
    shop_id = load_network(tx).channel_ids["shop"]
    without = TEXT.split("[[channels]]")[0].split("[[sites]]")
    text = "[[sites]]".join(without[:2]) + "[[channels]]" + TEXT.split("[[channels]]")[1].replace("shop", "store")
    apply(tx, text.replace('"WEST", ', "").replace("storeify", "shopify"))
    network = load_network(tx)
    west, shop = network.sites[west_id], network.channels[shop_id]
    assert (west.name, west.active, west.fulfills, west.sellable) == ("West", False, False, False)
    assert (shop.name, shop.active, shop.site_ids) == ("Shop", False, ())
    assert "WEST" not in network.site_ids
    assert "shop" not in network.channel_ids


def test_invariants_hold(tx: Transaction) -> None:
    apply(tx, TEXT)
    for invariant in load_invariants("stocktower.network"):
        assert tx.tuples(invariant.query) == []
