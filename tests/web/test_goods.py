"""Goods that move, over the API and on their pages: entered at once, once for each key, refused with field and fix."""

import html
import re
from collections.abc import Iterator

import httpx
import pytest

from stocktower import access
from tests.web.conftest import Site


@pytest.fixture(scope="module")
def api(site: Site) -> Iterator[httpx.Client]:
    """A client with a token."""
    with site.with_token() as client:
        yield client


def test_what_will_come_and_what_came(api: httpx.Client) -> None:
    inbound = {
        "reference": "PO-77", "site": "EAST", "supplier": "Potter",
        "lines": [{"sku": "LAMP", "quantity": 12, "expected_at": "2020-01-01T00:00:00Z", "cost_minor": 900}],
    }  # fmt: skip
    assert api.post("/api/v1/inbound", json=inbound).json() == {
        "kind": "inbound", "reference": "PO-77", "state": "entered", "units": 12,
    }  # fmt: skip
    [coming] = api.get("/api/v1/inbound", params={"reference": "PO-77"}).json()
    assert (coming["sku"], coming["open"], coming["late"], coming["confirmed"]) == ("LAMP", 12, True, True)
    receipt = {"reference": "DN-77", "site": "EAST", "inbound": "PO-77", "lines": [{"sku": "LAMP", "quantity": 12}]}
    headers = {"Idempotency-Key": "dn-77"}
    first = api.post("/api/v1/receipts", json=receipt, headers=headers)
    assert (first.status_code, first.json()["units"]) == (201, 12)
    second = api.post("/api/v1/receipts", json=receipt, headers=headers)
    assert second.headers["idempotent-replayed"] == "true"
    assert api.post("/api/v1/receipts", json=receipt).json()["state"] == "repeated"
    assert api.get("/api/v1/inbound", params={"reference": "PO-77"}).json() == []


def test_refusals_name_the_field_and_the_fix(api: httpx.Client) -> None:
    answer = api.post("/api/v1/receipts", json={"reference": "X", "site": "MOON", "lines": []})
    assert (answer.status_code, answer.json()["field"]) == (422, "site")
    adjustment = {"reference": "A-9", "site": "EAST", "sku": "LAMP", "quantity": -1, "reason": "whim"}
    problem = api.post("/api/v1/adjustments", json=adjustment).json()
    assert problem["field"] == "reason"
    assert problem["title"] == "'whim' is not known"
    assert problem["fix"].startswith("one of breakage, ")
    change = {"sku": "LAMP", "site": "EAST", "to_status": "quarantine", "reason": "leak", "quantity": 10_000_000}
    assert api.post("/api/v1/status-changes", json=change).json()["field"] == "quantity"
    early = {"reference": "DN-8", "site": "EAST", "inbound": "PO-8", "lines": [{"sku": "LAMP", "quantity": 1}]}
    problem = api.post("/api/v1/receipts", json=early).json()
    assert (problem["field"], problem["title"]) == ("inbound", "nobody has stated what will come under PO-8")
    assert "name no inbound" in problem["fix"]
    assert api.get("/api/v1/receipts", params={"reference": "DN-8", "site": "EAST"}).status_code == 404
    transfer = {"reference": "T-9", "step": "shipped"}
    assert api.post("/api/v1/transfers", json=transfer).json()["field"] == "reference"


def test_adjust_change_status_and_count(api: httpx.Client) -> None:
    adjustment = {"reference": "A-1", "site": "EAST", "sku": "LAMP", "quantity": -1, "reason": "breakage"}
    assert api.post("/api/v1/adjustments", json=adjustment).json()["state"] == "posted"
    change = {"sku": "LAMP", "site": "EAST", "to_status": "quarantine", "reason": "leak", "quantity": 2}
    assert api.post("/api/v1/status-changes", json=change).json()["units"] == 2
    batch = {"site": "EAST", "as_of": "2020-01-01T00:00:00Z", "lines": [{"sku": "LAMP", "quantity": 5}]}
    assert api.post("/api/v1/snapshots", json=batch).json()["outcome"] == "new"
    assert api.post("/api/v1/snapshots", json=batch).json()["outcome"] == "repeated"


def test_who_may_not_is_told_so(site: Site) -> None:
    with site.with_token(access.Role.AUDITOR) as client:
        answer = client.post("/api/v1/adjustments", json={
            "reference": "A-1", "site": "EAST", "sku": "LAMP", "quantity": -1, "reason": "breakage",
        })  # fmt: skip
    assert answer.status_code == 403


def test_the_page_of_what_is_on_its_way(site: Site, api: httpx.Client) -> None:
    lines = [{"sku": "LAMP", "quantity": 7, "expected_at": "2020-01-01T00:00:00Z"}]
    api.post("/api/v1/inbound", json={"reference": "PO-78", "site": "EAST", "lines": lines})
    page = site.signed_in().get("/inbound").text
    assert "PO-78" in page
    assert "late" in page
    assert "Nothing like this" in site.signed_in().get("/inbound?q=reference:NONE").text


def test_the_page_of_moves_links_to_what_says_so(site: Site, api: httpx.Client) -> None:
    adjustment = {"reference": "A-2", "site": "EAST", "sku": "LAMP", "quantity": -1, "reason": "breakage"}
    api.post("/api/v1/adjustments", json=adjustment)
    page = site.signed_in().get("/moves?q=sku:LAMP reason:breakage").text
    assert "breakage" in page
    assert "/stock/LAMP" in page


def test_receiving_by_the_form_is_shown_before_it_is_done(site: Site, api: httpx.Client) -> None:
    lines = [{"sku": "LAMP", "quantity": 7}]
    api.post("/api/v1/inbound", json={"reference": "PO-79", "site": "EAST", "lines": lines})
    client = site.signed_in()
    address = "/inbound/receive?reference=PO-79&site=EAST"
    # All of it goes to one site: that is the one that is offered.
    assert f'action="{html.escape(address)}"' in client.get("/inbound/receive?reference=PO-79").text
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(address).text)
    assert found is not None
    filled = {"form_token": found[1], "note": "DN-79", "good/LAMP": "5", "damaged/LAMP": "1", "complete": "yes"}
    assert "DN-79 would be entered" in client.post(address, data={**filled, "how": "show"}).text
    [coming] = api.get("/api/v1/inbound", params={"reference": "PO-79"}).json()
    assert coming["open"] == 7
    assert "DN-79 is entered" in client.post(address, data={**filled, "how": "do"}).text
    assert api.get("/api/v1/inbound", params={"reference": "PO-79"}).json() == []
    wrong = client.post(address, data={**filled, "good/LAMP": "many", "how": "do"})
    assert wrong.status_code == 422
    assert "is not a whole number of units" in wrong.text
