"""Reconciliation and data quality over HTTP and in a browser: both figures, why, the case; a merge shown and done."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from stocktower import access, exchange
from stocktower.app.home import apply_file
from stocktower.app.workers import work_until_idle
from stocktower.exchange import ProductDocument
from tests.web import world
from tests.web.conftest import Site, served
from tests.web.looking import enter, look
from tests.web.test_pages import token_of

SYSTEMS = """
[[systems]]
code = "wms"
name = "East warehouse's own system"
kind = "wms"
sites = ["EAST"]
every_hours = 24

[[systems]]
code = "erp"
name = "ERP"
kind = "erp"
times = ["06:00"]
"""
TWIN, LAMP = (
    ProductDocument(code, name, category="lamps", weight_grams=900, cost_minor=2_000, price_minor=5_000, currency="USD")
    for code, name in (("LAMP-B", "Brass desk lamp"), ("LAMP", "Desk lamp, brass"))
)


@pytest.fixture(scope="module")
def compared(new_database_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A merchant of its own, with systems that state what they believe, and a lamp that is there twice."""
    tower = world.open_world(new_database_url(), tmp_path_factory.mktemp("compared"))
    with tower.home.configuration_file.open("a", encoding="utf-8") as file:
        file.write(SYSTEMS)
    apply_file(tower, actor="tester")
    world.send(tower, "catalog", exchange.PRODUCT, [("LAMP", LAMP), ("LAMP-B", TWIN)])
    with served(tower) as site:
        with site.with_token() as client:
            for theirs in (30, 28):
                state(client, site, theirs)
        yield site


def state(client: httpx.Client, site: Site, lamps: int) -> None:
    """The warehouse system states what it holds, and it is compared."""
    lines = [{"sku": "LAMP", "quantity": lamps}, {"sku": "BULB", "quantity": 0}, {"sku": "PMAL", "quantity": 4}]
    as_of = f"2026-06-01T11:{58 - lamps}:00Z"
    answer = client.post("/api/v1/reconciliation/wms/statements", json={"as_of": as_of, "lines": lines})
    assert answer.status_code == 202, answer.text
    work_until_idle(site.tower)


@pytest.fixture(scope="module")
def client(compared: Site) -> httpx.Client:
    """A steward in a browser."""
    return compared.signed_in()


def test_pages_show_both_figures_and_why(client: httpx.Client) -> None:
    page = client.get("/reconciliation")
    assert page.status_code == 200
    assert "2 systems compared with our stock" in page.text
    assert 'href="/reconciliation/wms"' in page.text
    lines = client.get("/reconciliation/wms").text
    assert "lines differ" in lines or "line differs" in lines
    assert "PMAL" in lines
    assert "no SKU has this code" in lines
    assert client.get("/reconciliation/wms?cause=timing").status_code == 200
    assert client.get("/reconciliation/erp").status_code == 200
    assert client.get("/reconciliation/nobody").status_code == 404
    for text in (page.text, lines):
        assert " style=" not in text


def test_the_api_says_the_same(compared: Site) -> None:
    with compared.with_token() as client:
        wms, erp = client.get("/api/v1/reconciliation").json()["systems"]
        assert (wms["system"], wms["unknown"], erp["as_of"]) == ("wms", 1, None)
        lines: list[dict[str, Any]] = client.get("/api/v1/reconciliation/wms/lines?sku=LAMP").json()["lines"]
        (lamp,) = lines
        assert lamp["theirs"] == 28
        assert lamp["reason"]
        assert wms["different"] == sum(1 for _ in client.get("/api/v1/reconciliation/wms/lines").json()["lines"])
        assert client.get("/api/v1/reconciliation/wms/lines?cause=ghosts").status_code == 422
        assert client.get("/api/v1/reconciliation/nobody/lines").status_code == 404
        late = client.post("/api/v1/reconciliation/wms/statements", json={"as_of": "2026-06-01T11:00:00", "lines": []})
        assert (late.status_code, late.json()["field"]) == (422, "as_of")
        again = {"as_of": "2026-06-01T11:20:00Z", "lines": [{"sku": "LAMP", "quantity": 28}]}
        first = client.post("/api/v1/reconciliation/wms/statements", json=again).json()
        assert client.post("/api/v1/reconciliation/wms/statements", json=again).json()["outcome"] == "repeated"
        assert first["outcome"] == "new"
    work_until_idle(compared.tower)


def test_who_may_state_and_merge(compared: Site) -> None:
    with compared.with_token(access.Role.AUDITOR) as client:
        body = {"as_of": "2026-06-01T11:00:00Z", "lines": []}
        assert client.post("/api/v1/reconciliation/wms/statements", json=body).status_code == 403
        merge = {"loser": "LAMP-B", "survivor": "LAMP"}
        assert client.post("/api/v1/quality/merges", json=merge).status_code == 403
        assert client.get("/api/v1/quality").status_code == 200


def test_quality_is_read_and_merged(compared: Site, client: httpx.Client) -> None:
    page = client.get("/quality").text
    assert "of 100 points" in page
    assert "LAMP-B" in page
    with compared.with_token() as api:
        found = api.get("/api/v1/quality/LAMP").json()
        assert {one["check"] for one in found["failing"]} >= {"missing_barcode"}
        assert api.get("/api/v1/quality?check=ghosts").status_code == 422
        refused = api.post("/api/v1/quality/merges", json={"loser": "LAMP", "survivor": "LAMP-B"})
        assert refused.status_code == 422
        assert "has stock" in refused.text
        rehearsed = api.post("/api/v1/quality/merges", json={"loser": "LAMP-B", "survivor": "LAMP", "dry_run": True})
        assert rehearsed.json()["notes"][0].startswith("LAMP-B stands for LAMP")
    form = {"form_token": token_of(page), "act": "merge", "loser": "LAMP-B", "survivor": "LAMP", "how": "try"}
    shown = client.post("/quality", data=form).text
    assert "nothing is changed yet" in shown
    done = client.post("/quality", data={**form, "how": "do"}).text
    assert "Merge: done" in done
    undone = client.post("/quality", data={**form, "act": "undo", "how": "do"}).text
    assert "LAMP-B is a SKU of its own again" in undone
    again = client.post("/quality", data={**form, "act": "undo", "how": "do"})
    assert (again.status_code, "is not merged" in again.text) == (422, True)


@pytest.mark.browser
def test_differences_read_well_on_every_screen(compared: Site, chromium: Browser) -> None:
    with chromium.new_context() as context:
        page = enter(context, compared)
        faults = look(context, compared.url, ("/reconciliation", "/reconciliation/wms", "/quality"))
        page.goto(f"{compared.url}/reconciliation/wms")
        assert "Reconciliation" in page.inner_text("nav.tabs")
    assert {address: said for address, said in faults.items() if said} == {}
