"""Bins behind pages and API: set by a snapshot, shown under their row, moved after a look, fetched from by requests."""

import csv

import httpx
import pytest

from stocktower import access, counting, exchange
from stocktower.app.home import apply_file
from stocktower.app.workers import work_until_idle
from stocktower.exchange import StockDocument, StockLine
from tests.web import world
from tests.web.conftest import Site
from tests.web.test_pages import token_of

BODY = {"reference": "M-1", "site": "EAST", "lines": [{"sku": "LAMP", "quantity": 4, "destination": "B-1"}]}


@pytest.fixture(scope="module", autouse=True)
def keeps(site: Site) -> None:
    """East keeps bins, and lamps lie in two of them."""
    text = site.tower.home.configuration_file.read_text(encoding="utf-8")
    site.tower.home.configuration_file.write_text(text.replace('code = "EAST"\n', 'code = "EAST"\nbins = true\n'))
    apply_file(site.tower, actor="tester")
    lines = tuple(
        StockLine("LAMP", units, row=row, bin=code)
        for row, (code, units) in enumerate((("A-10", 2), ("A-2", 1), ("", 30)), start=2)
    )
    document = StockDocument("EAST", site.tower.clock.now(), lines, bins=True)
    world.send(site.tower, "EAST", exchange.STOCK, [("EAST/bins/0", document)])
    work_until_idle(site.tower)


def bins(api: httpx.Client, **params: str) -> dict[str, int]:
    """Bin -> lamps."""
    answer = api.get("/api/v1/bins", params=params)
    assert answer.status_code == 200, answer.text
    return {one["bin"]: one["quantity"] for one in answer.json()["lines"]}


def test_the_api_lists_and_moves(site: Site) -> None:
    with site.with_token() as api:
        assert bins(api) == {"A-10": 2, "A-2": 1}
        assert bins(api, bin="B") == {}
        headers = {"Idempotency-Key": "m-1"}
        done = api.post("/api/v1/bin-moves", json=BODY, headers=headers)
        assert (done.status_code, done.json()["state"]) == (201, "moved")
        assert api.post("/api/v1/bin-moves", json=BODY, headers=headers).headers["idempotent-replayed"] == "true"
        assert api.post("/api/v1/bin-moves", json=BODY).json()["state"] == "repeated"
        assert bins(api, sku="LAMP", site="EAST") == {"A-10": 2, "A-2": 1, "B-1": 4}
        lines = [{"sku": "LAMP", "quantity": 99, "origin": "B-1", "destination": "B-2"}]
        problem = api.post("/api/v1/bin-moves", json={**BODY, "reference": "M-2", "lines": lines}).json()
        assert (problem["field"], problem["title"]) == ("quantity", "99: bin B-1 holds 4 of LAMP")
        page = api.get("/api/v1/bins", params={"limit": 2}).json()
        rest = api.get("/api/v1/bins", params={"after": page["next"]}).json()
        assert [one["bin"] for one in (*page["lines"], *rest["lines"])] == ["A-2", "A-10", "B-1"]
        assert api.get("/api/v1/bins", params={"after": "x"}).status_code == 422
        [lamp] = api.get("/api/v1/stock", params={"q": "sku:LAMP"}).json()["skus"]
        [east] = [row for row in lamp["rows"] if row["site"] == "EAST"]
        assert [tuple(one.values()) for one in east["bins"]] == [("A-2", 1), ("A-10", 2), ("B-1", 4)]
        answer = api.get("/api/v1/ats", params={"sku": "LAMP", "explain": "true"}).json()
        assert [(one["zone"], one["bin"]) for one in answer["bins"]] == [("A", "A-2"), ("A", "A-10"), ("B", "B-1")]
        found = api.get("/api/v1/stock-rows", params={"q": "bin:A"}).json()["rows"]
        assert [(row["sku"], row["site"]) for row in found] == [("LAMP", "EAST")]
        sorted_by = api.get("/api/v1/stock-rows", params={"q": "bin:A", "sort": "-free"}).json()["rows"]
        assert [(row["sku"], row["site"]) for row in sorted_by] == [("LAMP", "EAST")]
        assert api.get("/api/v1/stock-rows", params={"q": "bin:Z"}).json()["rows"] == []
        table = api.get("/api/v1/exports/bins", params={"format": "csv"}).text.splitlines()
        assert [line["bin"] for line in csv.DictReader(table)] == ["A-2", "A-10", "B-1"]
    with site.with_token(access.Role.AUDITOR) as api:
        assert api.post("/api/v1/bin-moves", json={**BODY, "reference": "M-3"}).status_code == 403


def test_the_page_moves_after_a_look(site: Site) -> None:
    client = site.signed_in()
    page = client.get("/bins", params={"q": "site:EAST bin:A"}).text
    assert "A-10" in page
    assert ">B-1<" not in page
    given = {"form_token": token_of(page), "reference": "P-1", "site": "EAST", "sku": "LAMP", "quantity": "1",
             "from": "A-10", "to": "C-1"}  # fmt: skip
    shown = client.post("/bins", data={**given, "how": "show"}).text
    assert "P-1: would be moved" in shown
    assert ">C-1<" not in client.get("/bins").text
    assert "1 of LAMP at EAST from A-10 to C-1" in client.post("/bins", data={**given, "how": "do"}).text
    assert ">C-1<" in client.get("/bins").text
    refused = client.post("/bins", data={**given, "reference": "P-2", "from": "Z", "how": "do"})
    assert (refused.status_code, "bin Z holds 0 of LAMP" in refused.text) == (422, True)
    sku = client.get("/stock/LAMP").text
    assert "not put away" in sku
    assert "C-1" in sku


def test_the_ledger_of_bins_says_what_moved_and_what_says_so(site: Site) -> None:
    with site.with_token() as api:
        ledger = api.get("/api/v1/bin-moves", params={"sku": "LAMP", "site": "EAST"}).json()["changes"]
        told = [(one["bin"], one["change"], one["in_bin"], one["reason"], one["reference"]) for one in ledger]
        # All at one instant of the clock: then by bin.
        assert told[:2] == [("C-1", 1, 1, "bin_move", "relocation"), ("B-1", 4, 4, "put_away", "relocation")]
        assert [one[:4] for one in told[2:]] == [
            ("A-2", 1, 1, "count"), ("A-10", -1, 1, "bin_move"), ("A-10", 2, 2, "count"),
        ]  # fmt: skip
        # Page by page it is the same, of all bins or of some.
        for asked, changes in (({}, 5), ({"bin": "A"}, 3), ({"sku": "LAMP", "bin": ["A-10", "B"]}, 3)):
            whole = api.get("/api/v1/bin-moves", params=asked).json()["changes"]
            paged: list[dict[str, object]] = []
            place = ""
            while not paged or place:
                page = api.get("/api/v1/bin-moves", params={**asked, "limit": 2, "before": place}).json()
                paged += page["changes"]
                place = page["next"]
            assert paged == whole
            assert len(whole) == changes
        assert api.get("/api/v1/bin-moves", params={"before": "x"}).json()["field"] == "before"
        lines = api.get("/api/v1/exports/bin_moves", params={"format": "csv"}).text.splitlines()
        assert sorted(int(one["change"]) for one in csv.DictReader(lines)) == [-1, 1, 1, 2, 4]
    client = site.signed_in()
    page = client.get("/bins/moves", params={"q": "site:EAST bin:A-10"}).text
    assert "What moved in and out of A-10 at EAST" in page
    assert "bin move P-1" in page
    assert "/bins/moves?q=" in client.get("/bins").text
    assert "/bins/moves?q=" in client.get("/stock/LAMP").text


def test_what_is_received_by_the_form_is_put_away_by_it(site: Site) -> None:
    client = site.signed_in()
    with site.with_token() as api:
        lines = [{"sku": "LAMP", "quantity": 3}]
        api.post("/api/v1/inbound", json={"reference": "PO-7", "site": "EAST", "lines": lines})
        before = bins(api)
        address = "/inbound/receive?reference=PO-7&site=EAST"
        page = client.get(address).text
        assert "lies in A-2, A-10, B-1, C-1" in page
        filled = {
            "form_token": token_of(page),
            "note": "DN-7",
            "good/LAMP": "2",
            "bin/LAMP": "E-5",
            "damaged/LAMP": "1",
        }
        shown = client.post(address, data={**filled, "how": "show"}).text
        assert "2 of LAMP put into E-5" in shown
        assert "DN-7 is entered" in client.post(address, data={**filled, "how": "do"}).text
        assert bins(api) == before | {"E-5": 2}
        # It was the other bin: the same note again corrects it.
        client.post(address, data={**filled, "bin/LAMP": "C-1", "how": "do"})
        assert bins(api) == before | {"C-1": before["C-1"] + 2}
        moved = {"reference": "M-7", "site": "EAST", "lines": [{"sku": "LAMP", "quantity": 2, "origin": "C-1"}]}
        assert api.post("/api/v1/bin-moves", json=moved).status_code == 201
    assert "Put into bin" not in client.get("/inbound/receive?site=STORE").text


def test_requests_are_sent_to_units_of_their_own_as_people_walk(site: Site) -> None:
    more = world.order("2001", "LAMP", 3, 5_000, site.tower.clock.now())
    world.send(site.tower, "web", exchange.ORDER, [(more.order_ref, more)])
    with site.with_token() as api:
        orders = api.get("/api/v1/orders", params={"q": "site:EAST"}).json()["orders"]
        picks = {
            row["number"]: [(pick["bin"], pick["units"]) for pick in line["picks"]]
            for row in orders
            for request in api.get(f"/api/v1/orders/{row['order_id']}").json()["order"]["fulfillments"]
            for line in request["lines"]
            if line["sku"] == "LAMP" and line["picks"]
        }
        [latest] = [row for row in orders if row["number"] == "#2001"]
    # What lies in A-10 is for an order that was allocated before, and is on hold.
    assert sorted(picks.values()) == [[("A-2", 1)], [("B-1", 3)]]
    assert "B-1" in site.signed_in().get(f"/orders/{latest['order_id']}").text


def test_what_is_picked_out_of_a_bin_is_on_its_way_and_nobody_is_sent_to_it(site: Site) -> None:
    with site.with_token() as api:
        before = bins(api)
        at = site.tower.clock.now().isoformat()
        lines = [{"sku": "LAMP", "quantity": 2, "bin": "B-1"}]
        report = {"order": "#2001", "kind": "picked", "occurred_at": at, "site": "EAST", "lines": lines}
        assert api.post("/api/v1/confirmations", json=report).status_code == 202
        work_until_idle(site.tower)
        assert bins(api) == before | {"B-1": before["B-1"] - 2, "picked": 2}
        [row] = api.get("/api/v1/orders", params={"q": "2001"}).json()["orders"]
        [request] = api.get(f"/api/v1/orders/{row['order_id']}").json()["order"]["fulfillments"]
        assert [(pick["bin"], pick["units"]) for pick in request["lines"][0]["picks"]] == [("B-1", 1)]
        more = world.order("2002", "LAMP", 2, 5_000, site.tower.clock.now())
        world.send(site.tower, "web", exchange.ORDER, [(more.order_ref, more)])
        [row] = api.get("/api/v1/orders", params={"q": "2002"}).json()["orders"]
        [request] = api.get(f"/api/v1/orders/{row['order_id']}").json()["order"]["fulfillments"]
        # What is left in B-1 is for who was first: one lies in C-1, the rest is not put away.
        assert [(pick["bin"], pick["units"]) for pick in request["lines"][0]["picks"]] == [("C-1", 1), ("", 1)]


def test_a_count_sheet_goes_as_people_walk_and_tells_no_quantity(site: Site) -> None:
    with site.tower.transaction("tester") as tx:
        planned = counting.plan(tx, "EAST", skus=["BULB", "LAMP"])
    page = site.signed_in().get(f"/counts/{planned.number}").text
    bins = [one["bin"] for one in site.with_token().get("/api/v1/stock", params={"q": "sku:LAMP"}).json()["skus"][0]
            ["rows"][0]["bins"]]  # fmt: skip
    bins = [code for code in bins if code != "picked"]
    assert bins[0] == "A-2"
    assert all(f">{code}</a></td>" in page for code in (*bins, "in no bin"))
    sheet = site.with_token().get(f"/api/v1/counts/{planned.number}").json()
    lines = sheet["lines"]
    assert [(line["sku"], line["bin"]) for line in lines] == [
        *[("LAMP", code) for code in bins], ("LAMP", ""), ("LAMP", ""), ("BULB", ""),
    ]  # fmt: skip


def test_bins_are_counted_on_a_phone_and_what_lies_in_another_becomes_a_line(site: Site) -> None:
    client = site.signed_in()
    client.follow_redirects = True
    [number] = [row["number"] for row in site.with_token().get("/api/v1/counts").json()["sheets"]]
    page = client.get(f"/counts/{number}").text
    assert 'class="count-place">A-2</div>' in page
    given = {"form_token": token_of(page), "act": "enter", "round": "1", "at": "A-2"}
    # Who stands at a bin scans what lies there; a bin can be scanned too.
    here = client.get(f"/counts/{number}", params={"scan": "LAMP", "at": "B-1"}).text
    assert 'class="count-place">B-1</div>' in here
    assert 'class="count-place">A-10</div>' in client.get(f"/counts/{number}", params={"scan": "A-10"}).text
    [first] = [
        line for line in site.with_token().get(f"/api/v1/counts/{number}").json()["lines"] if line["bin"] == "A-2"
    ]
    said = client.post(f"/counts/{number}", data={**given, "line": str(first["line_no"]), "quantity": "1"})
    assert 'class="count-place">A-10</div>' in said.text
    form = client.get(f"/counts/{number}", params={"scan": "LAMP", "mode": "elsewhere"}).text
    assert "lies in another bin too" in form
    more = {"act": "found", "sku": "LAMP", "bin": "D-9", "status": "available", "quantity": "2", "mode": "elsewhere"}
    added = client.post(f"/counts/{number}", data={"form_token": token_of(form), **more})
    assert "LAMP in D-9: 2 written" in added.text
    with site.with_token() as api:
        lines = [{"sku": "LAMP", "bin": "", "quantity": 4}, {"sku": "LAMP", "bin": "X", "quantity": 1}]
        answer = api.post(f"/api/v1/counts/{number}/entries", json={"lines": lines}).json()["entered"]
        assert [(one["outcome"], one["field"]) for one in answer] == [("new", ""), ("refused", "found")]
