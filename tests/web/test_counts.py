"""Counting behind pages and API: blind on a phone, line by line, by scanner, counted again, approved by another."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from stocktower import access
from stocktower.web.formats import MINUS
from tests.web import world
from tests.web.conftest import Site, served
from tests.web.looking import enter, look

PRODUCTS = tuple(
    world.ProductDocument(
        code, name, barcode=barcode, cost_minor=cost, currency="USD", units=(("case", 12),) if code == "MUG" else ()
    )
    for code, name, barcode, cost in (
        ("MUG", "Mug, enamel, with a rather long name so that it has to wrap", "4006381333931", 500),
        ("VASE", "Vase", "4006381333948", 9_000),
        ("TRAY", "Tray", "", 700),
    )
)


@pytest.fixture(scope="module")
def site(new_database_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A merchant of its own, whose stock the counts may change."""
    tower = world.open_world(new_database_url(), tmp_path_factory.mktemp("counted"))
    world.send(tower, "catalog", "product", [(one.sku, one) for one in PRODUCTS])
    lines = tuple(world.StockLine(code, units, cost_minor=cost) for code, units, cost in
                  (("MUG", 30, 500), ("VASE", 6, 9_000), ("TRAY", 10, 700)))  # fmt: skip
    at = tower.clock.now()
    world.send(tower, "STORE", "stock", [("STORE/2/0", world.StockDocument("STORE", at, lines))])
    with served(tower) as made:
        yield made


def token_of(page: str) -> str:
    """The token of a form."""
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found
    return found[1]


def plan(site: Site, *skus: str) -> int:
    """A sheet of the store, made through the API."""
    with site.with_token(access.Role.OPERATIONS) as client:
        answer = client.post("/api/v1/counts", json={"site": "STORE", "skus": list(skus)})
    assert answer.status_code == 201, answer.text
    return answer.json()["sheet"]


def post(client: httpx.Client, number: int, **fields: object) -> httpx.Response:
    """Send a form of a sheet's page."""
    token = token_of(client.get(f"/counts/{number}").text)
    return client.post(f"/counts/{number}", data={"form_token": token, **fields}, follow_redirects=True)


def test_a_sheet_from_plan_to_stock_by_pages(site: Site) -> None:
    counter, other = site.signed_in(access.Role.WAREHOUSE), site.signed_in(access.Role.ADMINISTRATOR)
    token = token_of(counter.get("/counts").text)
    tried = counter.post("/counts", data={"form_token": token, "site": "STORE", "skus": "MUG VASE", "how": "try"}).text
    assert "To count at STORE: 2 lines" in tried
    assert "MUG, available: asked for, class C" in tried
    assert "No sheet is open." in counter.get("/counts").text
    made = counter.post(
        "/counts", data={"form_token": token, "site": "STORE", "skus": "MUG VASE", "how": "do"}, follow_redirects=True
    )
    number = int(made.url.path.rpartition("/")[2])
    assert "2 lines to count at Store, Boston" in made.text
    wrong = post(counter, number, act="enter", line=1, round=1, after=0, quantity="three")
    assert wrong.status_code == 422
    assert "type a whole number" in wrong.text
    assert 'value="three"' in wrong.text
    said = post(counter, number, act="enter", line=1, round=1, after=0, quantity="2", unit="case")
    assert "MUG: 2 case written" in said.text
    assert "1 line to count" in said.text
    assert "are not counted" in post(counter, number, act="finish").text
    post(counter, number, act="enter", line=2, round=1, after=0, none="1")
    again = post(counter, number, act="finish").text
    assert "2 to be counted again by another person" in again
    assert "2 lines for another person" in again
    refused = post(counter, number, act="enter", line=1, round=2, after=0, quantity="24")
    assert "another person has to count it again" in refused.text
    for line, units in ((1, 24), (2, 0)):
        post(other, number, act="enter", line=line, round=2, after=0, quantity=units)
    waits = post(other, number, act="finish").text
    assert f"2 of 2 lines differ, net {MINUS}570.00 USD" in waits
    assert "You counted on this sheet" in waits
    assert "Your role may look, not approve" not in waits
    approver = site.signed_in(access.Role.FINANCE)
    page = approver.get(f"/counts/{number}").text
    case = re.search(r"/cases/(\d+)\?act=approve_count", page)
    assert case
    form = {"form_token": token_of(page), "act": "approve_count"}
    tried = approver.post(f"/cases/{case[1]}", data={**form, "how": "try"}).text
    assert "VASE: 0 counted, 6 expected; stock changes by -6" in tried
    assert "570.00 USD is posted as shrinkage" in tried
    assert approver.post(f"/cases/{case[1]}", data={**form, "how": "do"}).status_code == 200
    done = approver.get(f"/counts/{number}").text
    assert "approved by a finance" in done
    listed = approver.get("/counts?view=closed").text
    assert f"Sheet {number}" in listed
    assert "0.0 %" in listed
    assert f"/counts/{number}" in approver.get("/stock/VASE").text, "the move says which sheet"


def test_no_answer_tells_a_counter_what_is_expected(site: Site) -> None:
    number = plan(site, "TRAY", "BULB")
    with site.with_token(access.Role.WAREHOUSE) as client:
        blind = client.get(f"/api/v1/counts/{number}").json()
        keys = {key for line in blind["lines"] for key in line}
        assert not keys & {"expected", "book_quantity", "counted", "difference", "cost_minor", "why"}
        refused = client.get(f"/api/v1/counts/{number}/variances")
        assert (refused.status_code, refused.json()["field"]) == (422, "sheet")
        (listed,) = client.get("/api/v1/counts?site=STORE").json()["sheets"]
        assert (listed["differing"], listed["net_minor"], listed["absolute_minor"]) == (None, None, None)
        lines = [{"sku": "TRAY", "quantity": 10}, {"sku": "MUG", "quantity": 1}, {"line": 9, "quantity": 1}]
        address = f"/api/v1/counts/{number}/entries"
        answer = client.post(address, json={"lines": lines}).json()["entered"]
        assert [one["outcome"] for one in answer] == ["new", "refused", "refused"]
        assert (answer[1]["field"], answer[1]["fix"]) == ("found", "say that it was found")
        again = client.post(address, json={"lines": lines[:1]}).json()
        assert again["entered"][0]["outcome"] == "repeated"
        finished = client.post(f"/api/v1/counts/{number}/finish", json={"rest_not_found": True}).json()
        assert finished["state"] == "applied"
        found = client.get(f"/api/v1/counts/{number}/variances").json()
        assert {line["sku"]: line["line"]["counted"] for line in found["lines"]} == {"TRAY": 10, "BULB": 0}
        assert client.get("/api/v1/counts/accuracy?site=STORE").json()["accuracy"][0]["site"] == "STORE"
        assert client.get("/api/v1/counts/999").status_code == 404


def test_a_sheet_can_be_dropped_by_who_approves(site: Site) -> None:
    number = plan(site, "VASE")
    counter, approver = site.signed_in(access.Role.WAREHOUSE), site.signed_in(access.Role.FINANCE)
    assert "Drop this sheet" not in counter.get(f"/counts/{number}").text
    assert post(counter, number, act="drop", note="no time").status_code == 403
    assert "rejected by a finance: no time" in post(approver, number, act="drop", note="no time").text
    with site.with_token(access.Role.OPERATIONS) as client:
        assert client.post(f"/api/v1/counts/{number}/drop", json={"note": "again"}).status_code == 422
        again = plan(site, "VASE")
        assert client.post(f"/api/v1/counts/{again}/drop", json={"note": "again"}).json() == {
            "sheet": again,
            "lines": 1,
        }


def test_who_may_count_and_what_is_wrong_with_a_plan(site: Site) -> None:
    with site.with_token(access.Role.FINANCE) as client:
        assert client.post("/api/v1/counts", json={"site": "STORE"}).status_code == 403
    with site.with_token(access.Role.WAREHOUSE) as client:
        answer = client.post("/api/v1/counts", json={"site": "NORTH"})
        assert (answer.status_code, answer.json()["field"]) == (422, "site")
        assert "EAST, STORE" in answer.json()["fix"]
        dry = client.post("/api/v1/counts", json={"site": "EAST", "dry_run": True})
        assert (dry.status_code, dry.json()["sheet"]) == (200, None)
        assert {one["why"] for one in dry.json()["lines"]} == {"never"}
        key = {"Idempotency-Key": "one-sheet"}
        twice = [client.post("/api/v1/counts", json={"site": "EAST"}, headers=key).json() for _ in range(2)]
        assert twice[0] == twice[1]
        assert twice[0]["sheet"] is not None


@pytest.fixture
def phone(chromium: Browser, site: Site) -> Iterator[Page]:
    """A phone without script, of a warehouse lead."""
    context = chromium.new_context(viewport={"width": 390, "height": 780}, java_script_enabled=False)
    yield enter(context, site, access.Role.WAREHOUSE)
    context.close()


@pytest.mark.browser
def test_a_phone_counts_by_scanner_and_by_thumb_without_script(phone: Page, site: Site) -> None:
    number = plan(site, "MUG", "TRAY")
    phone.goto(f"{site.url}/counts/{number}")
    assert phone.locator(":focus").get_attribute("name") == "quantity"
    # A scanner types and presses Enter.
    scan = phone.get_by_label("Scan a barcode")
    scan.fill("4006381333931")
    scan.press("Enter")
    expect(phone.locator(".count-what")).to_contain_text("MUG")
    assert phone.locator(":focus").get_attribute("name") == "quantity"
    phone.locator('input[name="quantity"]').fill("24")
    phone.locator('input[name="quantity"]').press("Enter")
    expect(phone.get_by_role("status")).to_contain_text("MUG: 24 written")
    assert phone.locator(":focus").get_attribute("name") == "scan"
    scan.fill("4006381333948")
    scan.press("Enter")
    expect(phone.locator(".count-what")).to_contain_text("is not on this sheet")
    phone.get_by_role("link", name="Leave it").click()
    scan.fill("nothing like it")
    scan.press("Enter")
    expect(phone.get_by_role("alert")).to_contain_text("no barcode")
    phone.get_by_role("link", name="TRAY").click()
    phone.get_by_role("button", name="None there").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("All of sheet")
    for field in phone.locator(".count-fields input, .count-fields button, .count-scan [name=scan]").all():
        box = field.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    phone.get_by_role("button", name="End the count").click()
    expect(phone.get_by_role("status")).to_contain_text("to be counted again")


@pytest.mark.browser
def test_sheets_fit_every_light_and_width(chromium: Browser, site: Site) -> None:
    with chromium.new_context() as context:
        enter(context, site)
        with site.with_token(access.Role.WAREHOUSE) as client:
            rows = [
                *client.get("/api/v1/counts").json()["sheets"],
                *client.get("/api/v1/counts?closed=true").json()["sheets"],
            ]
        addresses = ["/counts", "/counts?view=closed", *(f"/counts/{row['number']}" for row in rows)]
        assert len(addresses) > 3
        faults = look(context, site.url, addresses)
    assert {address: said for address, said in faults.items() if said} == {}
