"""The page of what is to be ordered, and what of it and of promises stands on other pages."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest

from stocktower import access, exchange, inventory, network, purchasing
from stocktower.app.home import apply_file
from stocktower.app.workers import work_until_idle
from stocktower.catalog import find_skus
from stocktower.inventory import StatedInbound
from tests.web import world
from tests.web.conftest import Site, served
from tests.web.test_pages import token_of

MORE = """
[promises]
handling_days = 1

[[preorders]]
sku = "BULB"

[[supply]]
supplier = "Brass & Co"
site = "EAST"
skus = ["LAMP"]
lead_time_days = 20
spread_days = 6
moq = 10
order_multiple = 5
window_days = 5
promise = true
"""


@pytest.fixture(scope="module")
def site(new_database_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The small merchant, with suppliers, inbound, and a preorder."""
    tower = world.open_world(new_database_url(), tmp_path_factory.mktemp("home"))
    tower.home.configuration_file.write_text(world.CONFIGURATION + MORE, encoding="utf-8")
    apply_file(tower, actor="tester")
    with tower.transaction("tester") as tx:
        sku_id = find_skus(tx, ["BULB"])["BULB"].sku_id
        site_id = network.load_network(tx).site_ids["EAST"]
        inventory.record_inbound(
            tx,
            [
                StatedInbound("PO-77", sku_id, site_id, 90, tx.now + timedelta(days=6)),
                StatedInbound("PO-78", sku_id, site_id, 60, tx.now + timedelta(days=13), confirmed=False),
            ],
        )
    order = world.order("P1", "BULB", 20, 900, world.NOW)
    world.send(tower, "web", exchange.ORDER, [(order.order_ref, order)])
    with tower.transaction("tester") as tx:
        purchasing.recompute(tx)
    work_until_idle(tower)
    with served(tower) as site:
        yield site


@pytest.fixture(scope="module")
def client(site: Site) -> httpx.Client:
    return site.signed_in()


def test_what_to_order_is_shown_with_its_reasons(client: httpx.Client) -> None:
    page = client.get("/reorder").text
    assert "1 order to place with 1 supplier" in page
    assert "Brass &amp; Co" in page
    assert "lead time 20 days, stated" in page


def test_the_page_of_a_sku_says_what_can_be_promised(client: httpx.Client) -> None:
    page = client.get("/stock/BULB").text
    assert "What can be promised by when" in page
    assert "PO-77" in page
    assert "60 of PO-78 are not counted: not confirmed" in page


def test_an_order_says_what_it_was_promised(client: httpx.Client) -> None:
    page = client.get("/find?q=%23P1", follow_redirects=True).text
    assert "promised by 2026-06-08" in page
    assert "an inbound that it was promised from" in page


def test_a_person_changes_and_orders(site: Site, client: httpx.Client) -> None:
    with site.tower.reading() as tx:
        (one,) = purchasing.load_open(tx)
    form = {"form_token": token_of(client.get("/reorder").text), "proposal": str(one.proposal_id)}
    refused = client.post("/reorder", data={**form, "act": "change", "quantity": "7"}).text
    assert "takes at least 10, in multiples of 5" in refused
    assert "Changed to 40" in client.post("/reorder", data={**form, "act": "change", "quantity": "40"}).text
    refused = client.post("/reorder", data={**form, "act": "accept", "quantity": "43"}).text
    assert "takes at least 10, in multiples of 5" in refused, "what stands in the field is ordered, or nothing"
    assert "Ordered 45 of Brass" in client.post("/reorder", data={**form, "act": "accept", "quantity": "45"}).text
    assert "Nothing is to be ordered" in client.get("/reorder").text
    guest = site.signed_in(access.Role.AUDITOR)
    asked = {"form_token": token_of(guest.get("/").text), "act": "recompute"}
    assert guest.post("/reorder", data=asked).status_code == 403
