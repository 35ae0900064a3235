"""Lots behind pages and API: found, traced, recalled after a look, and let back."""

import httpx
import pytest

from stocktower import access, catalog, exchange, inventory, network
from stocktower.app.workers import work_until_idle
from stocktower.exchange import AssemblyDocument, AssemblyLot, ProductDocument, ReceiptDocument, ReceiptLine
from stocktower.inventory.formulas.model import StockRow
from stocktower.inventory.stock.book import Cause
from stocktower.inventory.supply.service import open_book, write_book
from tests.web.conftest import Site
from tests.web.test_pages import token_of
from tests.web.world import send

LOT = "B/07"
PAGE = "/lots/trace?sku=BULB&lot=B%2F07"


@pytest.fixture(scope="module", autouse=True)
def lot(site: Site) -> None:
    """Bulbs of a lot lie at East."""
    with site.tower.transaction("tests") as tx:
        sku_id = catalog.find_skus(tx, ["BULB"])["BULB"].sku_id
        tx.connection.execute(
            "INSERT INTO inventory.lot (merchant_id, sku_id, lot, received_at, state, recorded_at) "
            "VALUES (%s, %s, %s, %s, 'open', %s)",
            (tx.merchant_id, sku_id, LOT, tx.now, tx.now),
        )
        inventory.lock_supply(tx, [sku_id])
        book = open_book(tx, ())
        site_id = network.load_network(tx).site_ids["EAST"]
        row = StockRow(tx.new_id(), sku_id, site_id, "available", "own", LOT, 0, 0, 0, 0, None)
        book.open(row)
        book.move(row.stock_id, 12, Cause("receipt", "supplier", "", 0, tx.now))
        write_book(tx, book)
    work_until_idle(site.tower)


def state(site: Site) -> str:
    """How the lot stands."""
    with site.tower.reading() as tx:
        (found,) = inventory.load_lots(tx, code=LOT)
        return found.state


def test_lots_are_found(site: Site) -> None:
    client = site.signed_in()
    assert LOT in client.get("/lots").text
    assert LOT not in client.get("/lots", params={"q": "state:held"}).text
    assert "No lot is like this" in client.get("/lots", params={"q": "zzz"}).text
    assert "Lot B/07: 12 on hand" in client.get(PAGE).text
    assert PAGE.replace("&", "&amp;") in client.get("/lots").text
    assert client.get("/lots/trace?sku=BULB&lot=none").status_code == 404
    found = site.with_token().get("/api/v1/lots", params={"sku": "BULB"}).json()["lots"]
    assert [(one["sku"], one["lot"]["lot"], one["lot"]["quantity"]) for one in found] == [("BULB", LOT, 12)]


def test_a_lot_is_recalled_after_a_look_and_let_back(site: Site) -> None:
    client = site.signed_in()
    form = {"form_token": token_of(client.get(PAGE).text), "act": "recall", "note": "it flickers"}
    assert client.post(PAGE, data={**form, "note": "", "how": "do"}).status_code == 422
    assert "This would be held" in client.post(PAGE, data={**form, "how": "try"}).text
    assert state(site) == "open"
    assert "The lot is held" in client.post(PAGE, data={**form, "how": "do"}).text
    assert state(site) == "held"
    again = client.post(PAGE, data={**form, "how": "do"})
    assert again.status_code == 422
    assert "held already" in again.text
    assert "recalled" in client.get("/cases?q=kind:lot_recalled").text or "is held" in client.get("/cases").text
    back = client.post(PAGE, data={**form, "act": "release", "how": "do"}).text
    assert "The lot is released" in back
    assert state(site) == "open"
    with site.tower.reading() as tx:
        acts = [entry.act for entry in access.load_audit(tx, limit=2)]
    assert acts == ["lot.release", "lot.hold"]


def test_systems_recall_too(site: Site) -> None:
    api: httpx.Client = site.with_token()
    path, lot = "/api/v1/lots", {"sku": "BULB", "lot": LOT}
    refused = api.post(f"{path}/recall", json={**lot, "note": " "}).json()
    assert (refused["status"], refused["field"]) == (422, "note")
    tried = api.post(f"{path}/recall", json={**lot, "note": "it flickers", "dry_run": True}).json()
    assert (tried["dry_run"], state(site)) == (True, "open")
    assert api.post(f"{path}/recall", json={**lot, "note": "it flickers"}).json()["recalled"]["lot"] == LOT
    assert state(site) == "held"
    assert api.post(f"{path}/release", json=lot).json()["state"] == "open"
    assert api.post(f"{path}/release", json=lot).status_code == 422
    document = api.get(f"{path}/epcis", params=lot)
    assert document.headers["content-type"].startswith("application/ld+json")
    assert document.json()["epcisBody"]["eventList"][0]["bizStep"] == "receiving"
    reader = site.with_token(access.Role.AUDITOR)
    assert reader.post(f"{path}/recall", json={**lot, "note": "no"}).status_code == 403


def test_what_was_made_of_a_lot_is_shown_and_recalled_with_it(site: Site) -> None:
    goods = (
        ProductDocument("GLASS", "Glass", tracking="lot", barcode="4006381333931"),
        ProductDocument("SHADE", "Shade", materials=(("GLASS", 2),), tracking="lot"),
        ProductDocument("GLOBE", "Globe", materials=(("SHADE", 1),), tracking="lot"),
    )
    send(site.tower, "catalog", exchange.PRODUCT, [(one.sku, one) for one in goods])
    with site.tower.transaction("tests") as tx:
        inventory.state_receipt(tx, ReceiptDocument("D-1", "EAST", (ReceiptLine("GLASS", 9, lot="G 1"),)))
        for reference, sku, units, lots in (
            ("W-1", "SHADE", 3, (AssemblyLot("SHADE", "S<1>"), AssemblyLot("GLASS", "G 1"))),
            ("W-2", "GLOBE", 1, (AssemblyLot("GLOBE", "O1"), AssemblyLot("SHADE", "S<1>"))),
        ):
            inventory.state_assembly(tx, AssemblyDocument(reference, "EAST", sku, units, False, lots, "", None))
    client, page = site.signed_in(), "/lots/trace?sku=GLASS&lot=G+1"
    text = client.get(page).text
    assert "S&lt;1&gt;" in text
    assert "/lots/trace?sku=GLOBE&amp;lot=O1" in text
    leave = 'leave {"sku":"GLOBE","lot":"O1"}'
    form = {"form_token": token_of(text), "act": "recall", "note": "splinters", leave: "yes"}
    tried = client.post(page, data={**form, "how": "try"}).text
    assert "left out, and still sold: O1 of GLOBE" in tried
    assert tried.count("leave {&#34;sku&#34;:&#34;GLOBE&#34;") == 2
    assert "The lot is held" in client.post(page, data={**form, "how": "do"}).text
    assert "Held by the recall of" in client.get("/lots/trace?sku=SHADE&lot=S%3C1%3E").text
    api = site.with_token()
    found = api.get("/api/v1/lots/trace", params={"sku": "GLASS", "lot": "G 1"}).json()
    assert [(one["lot"], one["depth"], one["state"]) for one in found["is_in"]] == [
        ("S<1>", 1, "held"),
        ("O1", 2, "open"),
    ]
    back = api.post("/api/v1/lots/release", json={"sku": "GLASS", "lot": "G 1"}).json()
    assert [one["lot"] for one in back["released"]["lots"]] == ["G 1", "S<1>"]
    events = api.get("/api/v1/lots/epcis", params={"sku": "SHADE", "lot": "S<1>"}).json()["epcisBody"]["eventList"]
    assert [one["type"] for one in events] == ["TransformationEvent", "TransformationEvent"]
    assert events[0]["inputQuantityList"][0]["epcClass"] == "https://id.gs1.org/01/04006381333931/10/G%201"
