"""The pages of one transfer, one delivery and one assembly: what they say, and where they are linked from."""

from stocktower import catalog
from stocktower.app.workers import work_until_idle
from stocktower.exchange import ProductDocument
from tests.web.conftest import Site

PRODUCTS = (
    ProductDocument("OIL", "Oil", cost_minor=10, currency="USD"),
    ProductDocument("FLASK", "Flask of oil", materials=(("OIL", 2),)),
)


def bring(site: Site) -> None:
    """A delivery with a correction, a transfer of which units are missing, and an assembly."""
    with site.tower.transaction("tester") as tx:
        catalog.take_products(tx, PRODUCTS)
    with site.with_token() as api:
        order = {"reference": "PO-5", "site": "EAST", "supplier": "Presses", "lines": [{"sku": "OIL", "quantity": 40}]}
        assert api.post("/api/v1/inbound", json=order).status_code == 201
        for units in (31, 30):
            line = {"sku": "OIL", "quantity": units, "cost_minor": 12}
            receipt = {"reference": "DN-5", "site": "EAST", "inbound": "PO-5", "lines": [line]}
            assert api.post("/api/v1/receipts", json=receipt).status_code == 201
        assembly = {"reference": "W-5", "site": "EAST", "sku": "FLASK", "quantity": 3}
        assert api.post("/api/v1/assemblies", json=assembly).status_code == 201
        step = {"reference": "T-5", "from": "EAST", "origin": "EAST", "destination": "STORE"}
        for what, units in (("ordered", 12), ("shipped", 0), ("arrived", 9), ("closed", 0)):
            lines = [{"sku": "OIL", "quantity": units}] if units else []
            assert api.post("/api/v1/transfers", json={**step, "step": what, "lines": lines}).status_code == 201
    work_until_idle(site.tower)


def test_papers(site: Site) -> None:
    bring(site)
    page = site.signed_in()
    inbound = page.get("/inbound", params={"q": "reference:T-5 state:open"}).text
    place = inbound.split('href="/transfers/')[1].split('"')[0]
    transfer = page.get(f"/transfers/{place}").text
    assert "T-5: 3 units did not arrive" in transfer
    assert 'href="/inbound" aria-current="true"' in transfer
    for words in ("From East warehouse to Store, Boston", "Transfer T-5 shipped", "units of transfer T-5 did not"):
        assert words in transfer
    receipts = page.get("/inbound", params={"q": "reference:PO-5"}).text
    place = receipts.split('href="/receipts/')[1].split('"')[0]
    receipt = page.get(f"/receipts/{place}").text
    assert "DN-5: 30 units came to East warehouse" in receipt
    for words in ("of which 10 are still to come", "corrected", "0.12", "Presses"):
        assert words in receipt
    moves = page.get("/moves", params={"q": "reason:assembly"}).text
    place = moves.split('href="/assemblies/')[1].split('"')[0]
    assembly = page.get(f"/assemblies/{place}").text
    assert "W-5: 3 of FLASK made at East warehouse" in assembly
    assert "/books/journals/" in assembly
    history = page.get("/history", params={"sku": "OIL"}).text
    assert "transfer T-5" in history
    assert "receipt DN-5" in history
    for missing in ("/transfers/1", "/receipts/1", "/assemblies/1"):
        assert page.get(missing).status_code == 404


def test_papers_over_the_api(site: Site) -> None:
    with site.with_token() as api:
        transfer = api.get("/api/v1/transfers", params={"reference": "T-5"}).json()
        [line] = transfer["lines"]
        assert (transfer["origin"], transfer["destination"], transfer["state"]) == ("EAST", "STORE", "in_transit")
        assert (line["ordered"], line["shipped"], line["arrived"], line["in_transit"]) == (12, 12, 9, 3)
        assert [step["step"] for step in transfer["steps"]] == ["ordered", "shipped", "arrived"]
        receipt = api.get("/api/v1/receipts", params={"reference": "DN-5", "site": "EAST"}).json()
        assert [(one["units"], one["on_order"]) for one in receipt["entries"]] == [(31, True), (-1, True)]
        assembly = api.get("/api/v1/assemblies", params={"reference": "W-5"}).json()
        assert {one["sku"]: one["units"] for one in assembly["lines"]} == {"OIL": -6, "FLASK": 3}
        assert api.get("/api/v1/receipts", params={"reference": "DN-5", "site": "MOON"}).status_code == 404
