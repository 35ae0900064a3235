"""The API for systems: typed answers, problems that name the fix, writes that are done once."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from stocktower import access, exchange
from stocktower.app.workers import work_until_idle
from stocktower.web import security
from tests.web import world
from tests.web.conftest import Site


@pytest.fixture(scope="module")
def api(site: Site) -> Iterator[httpx.Client]:
    with site.with_token() as client:
        yield client


def body_of(document: object) -> dict[str, Any]:
    """A document as JSON."""
    return msgspec.json.decode(msgspec.json.encode(document))


def test_the_description_is_whole_and_has_a_page(api: httpx.Client, site: Site) -> None:
    described = api.get("/api/openapi.json").json()
    assert described["info"]["title"] == "Stocktower"
    paths = (
        "orders orders/{order_id} stock ats imports imports/{import_id} confirmations cases cases/{number} "
        "cases/{number}/acts journals journals/{journal_id} trial-balance events reservations "
        "atp reservations/{channel}/{reference} reservations/{channel}/{reference}/payment "
        "channels/{channel}/ats reorder reorder/{proposal_id}"
    )
    for path in paths.split():
        assert f"/api/v1/{path}" in described["paths"]
    assert not any(path.startswith(("/orders", "/static", "/sign-in")) for path in described["paths"])
    page = site.signed_in().get("/api/docs").text
    assert "/api/v1/reservations" in page
    assert '<script src="http' not in page


def test_orders_and_one_order(api: httpx.Client) -> None:
    listed = api.get("/api/v1/orders", params={"q": "number:#1001"}).json()
    assert [row["number"] for row in listed["orders"]] == ["#1001"]
    one = api.get(f"/api/v1/orders/{listed['orders'][0]['order_id']}").json()
    assert one["order"]["lines"][0]["shipped"] == 2
    assert one["payments"][0]["state"] == "captured"
    assert api.get("/api/v1/orders", params={"limit": 2}).json()["next"]


def test_a_storefront_asks_for_many_skus_at_once(api: httpx.Client) -> None:
    codes = ["LAMP", "NONE", "LAMP"]
    found = api.get("/api/v1/channels/web/ats", params={"sku": codes}).json()
    one = api.get("/api/v1/ats", params={"sku": "LAMP", "channel": "web"}).json()
    assert found["ats"] == {"LAMP": one["channels"][0]["ats"]}
    assert found["unknown"] == ["NONE"]
    assert found["position"] > 0
    assert api.get("/api/v1/channels/nowhere/ats", params={"sku": "LAMP"}).json()["fix"].startswith("Name one of")
    assert api.get("/api/v1/channels/web/ats").status_code == 400
    assert api.get("/api/v1/channels/web/ats", params={"sku": [f"S{n}" for n in range(501)]}).status_code == 400


def test_problems_name_the_field_and_the_fix(api: httpx.Client) -> None:
    missing = api.get("/api/v1/orders/1")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    assert missing.json()["title"] == "Not here"
    unknown = api.get("/api/v1/ats", params={"sku": "LAMP", "channel": "nowhere"}).json()
    assert unknown["status"] == 422
    assert unknown["field"] == "channel"
    assert "market, web" in unknown["fix"]
    words = api.get("/api/v1/orders", params={"q": "colour:red"}).json()
    assert words["field"] == "q"
    limit = api.get("/api/v1/orders", params={"limit": "many"})
    assert limit.status_code == 400
    assert limit.json()["field"] == "limit"
    nobody = httpx.get(f"{api.base_url}/api/v1/orders", headers={"authorization": "Bearer guessed"})
    assert nobody.status_code == 401
    assert nobody.headers["www-authenticate"] == "Bearer"


def test_a_token_that_is_ended_is_soon_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "REMEMBERED", 0.05)
    secret = world.token(site.tower)
    with httpx.Client(base_url=site.url, headers={"authorization": f"Bearer {secret}"}, timeout=30) as client:
        assert [client.get("/api/v1/cases").status_code for _ in range(3)] == [200, 200, 200]
        with site.tower.transaction("tester") as tx:
            assert access.revoke_secret(tx, secret)
        time.sleep(0.06)
        assert client.get("/api/v1/cases").status_code == 401


def test_ats_explains_itself(api: httpx.Client) -> None:
    answer = api.get("/api/v1/ats", params={"sku": "LAMP", "explain": "true"}).json()
    for channel in answer["channels"]:
        assert channel["steps"][0]["label"] == "On hand"
        assert channel["steps"][-1]["running"] == channel["ats"]
    stock = api.get("/api/v1/stock", params={"q": "sku:LAMP"}).json()["skus"][0]
    assert stock["on_hand"] == sum(row["on_hand"] for row in stock["rows"])


def test_an_order_comes_in_once(api: httpx.Client, site: Site) -> None:
    document = world.order("API-1", "BULB", 1, 900, site.tower.clock.now())
    body = body_of(document)
    keyed = {"idempotency-key": "order-1"}
    first = api.post("/api/v1/orders", params={"channel": "web"}, json=body, headers=keyed)
    assert (first.status_code, first.json()["outcome"]) == (202, "new")
    again = api.post("/api/v1/orders", params={"channel": "web"}, json=body, headers=keyed)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = api.post("/api/v1/orders", params={"channel": "web"}, json={**body, "number": "x"}, headers=keyed)
    assert other.status_code == 422
    assert other.json()["field"] == "Idempotency-Key"
    without_key = api.post("/api/v1/orders", params={"channel": "web"}, json=body)
    assert without_key.json()["outcome"] == "repeated"
    work_until_idle(site.tower)
    assert api.get("/api/v1/orders", params={"q": "number:#API-1"}).json()["total"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [({"lines": []}, "lines"), ({"currency": "XXX"}, "currency"), ({"placed_at": "2026-06-01T12:00:00"}, "placed_at"),
     ({"order_ref": ""}, "order_ref")],
)  # fmt: skip
def test_what_cannot_be_an_order_is_refused(api: httpx.Client, site: Site, change: dict[str, Any], field: str) -> None:
    body = body_of(world.order("API-2", "BULB", 1, 900, site.tower.clock.now())) | change
    answer = api.post("/api/v1/orders", params={"channel": "web"}, json=body)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert answer.json()["fix"]


def test_a_site_confirms(api: httpx.Client, site: Site) -> None:
    now = site.tower.clock.now()
    sent = [("API-3", world.order("API-3", "LAMP", 1, 5_000, now))]
    world.send(site.tower, "web", exchange.ORDER, sent)
    document = exchange.ConfirmationDocument("#API-3", "shipped", now + timedelta(minutes=1), "EAST", carrier="UPS")
    assert api.post("/api/v1/confirmations", json=body_of(document)).status_code == 202
    work_until_idle(site.tower)
    row = api.get("/api/v1/orders", params={"q": "number:#API-3"}).json()["orders"][0]
    assert row["fulfillment_state"] == "shipped"
    unknown = api.post("/api/v1/confirmations", json=body_of(document) | {"site": "MARS"})
    assert unknown.json()["field"] == "site"


def test_reservations_never_take_more_than_there_is(api: httpx.Client, site: Site) -> None:
    ats = api.get("/api/v1/ats", params={"sku": "LAMP", "channel": "web"}).json()["channels"][0]["ats"]
    answers: list[httpx.Response] = []

    def ask(number: int) -> None:
        lines = [{"sku": "LAMP", "quantity": 1}]
        with httpx.Client(base_url=site.url, headers=api.headers, timeout=30) as client:
            answers.append(
                client.post(
                    "/api/v1/reservations", json={"channel": "web", "reference": f"cart-{number}", "lines": lines}
                )
            )

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(ats + 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer.status_code == 201 for answer in answers) == ats
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert len(refused) == 5
    assert refused[0]["missing"] == [{"sku": "LAMP", "wanted": 1, "available": 0}]
    for number in range(ats + 5):
        api.delete(f"/api/v1/reservations/web/cart-{number}")
    left = api.get("/api/v1/ats", params={"sku": "LAMP", "channel": "web"}).json()["channels"][0]["ats"]
    assert left == ats


def test_the_payment_of_a_cart_is_told(api: httpx.Client) -> None:
    path = "/api/v1/reservations/web/cart-to-pay/payment"
    for state in ("pending", "authorized", "failed"):
        answer = api.put(path, json={"state": state})
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"channel": "web", "reference": "cart-to-pay", "state": state}
    assert api.put(path, json={"state": "maybe"}).status_code == 400
    assert api.put("/api/v1/reservations/nowhere/x/payment", json={"state": "pending"}).json()["field"] == "channel"


def test_what_can_be_promised_by_date(api: httpx.Client) -> None:
    asked = {"sku": "LAMP", "channel": "web", "quantity": 10_000, "by": "2026-07-01"}
    (answer,) = api.get("/api/v1/atp", params=asked).json()["channels"]
    ats = api.get("/api/v1/ats", params={"sku": "LAMP", "channel": "web"}).json()["channels"][0]["ats"]
    assert answer["timeline"]["points"][0]["atp"] == ats
    assert (answer["atp"], answer["earliest"]) == (ats, None)
    assert answer["by"] == "2026-07-02T03:59:59.999999Z"
    assert api.get("/api/v1/atp", params={"sku": "NONE"}).status_code == 404
    assert api.get("/api/v1/atp", params={"sku": "LAMP", "channel": "x"}).json()["field"] == "channel"


def test_what_is_to_be_ordered(api: httpx.Client) -> None:
    assert api.get("/api/v1/reorder").json() == {"proposals": []}
    assert api.post("/api/v1/reorder/1", json={"act": "accept"}).status_code == 404
    assert api.post("/api/v1/reorder/1", json={"act": "change"}).json()["field"] == "quantity"


def test_listings_are_stated_and_looked_up(api: httpx.Client, site: Site) -> None:
    path, six = "/api/v1/listings", {"listing": "API-6", "sku": "BULB", "pack_quantity": 6, "title": "Six bulbs"}
    refused = api.post(path, json={"channel": "web", "listings": [six | {"pack_quantity": 0}]}).json()
    assert (refused["status"], refused["field"]) == (422, "listings[0].pack_quantity")
    assert api.post(path, json={"channel": "moon", "listings": [six]}).json()["field"] == "channel"
    stated = api.post(path, json={"channel": "web", "listings": [six, {"listing": "API-?"}]})
    assert (stated.status_code, [one["outcome"] for one in stated.json()["messages"]]) == (202, ["new", "new"])
    assert api.post(path, json={"channel": "web", "listings": [six]}).json()["messages"][0]["outcome"] == "repeated"
    work_until_idle(site.tower)
    found = api.get(path, params={"sku": "BULB", "channel": "web"}).json()["listings"]
    assert [(one["listing"], one["pack_quantity"], one["status"]) for one in found] == [
        ("API-6", 6, "active"), ("BULB", 1, ""),
    ]  # fmt: skip
    assert [one["listing"] for one in api.get(path, params={"unmapped": True}).json()["listings"]] == ["API-?"]
    first = api.get(path, params={"limit": 2}).json()
    rest = api.get(path, params={"limit": 100, "after": first["next"]}).json()
    everything = api.get(path).json()["listings"]
    assert first["listings"] + rest["listings"] == everything
    page = site.signed_in()
    assert "2 listings stand for no SKU" in (text := page.get("/listings?q=is:unmapped").text), "one by an order only"
    assert "API-?" in text
    assert "Six bulbs" in page.get("/listings?q=sku:BULB").text
    assert "No listing is like this" in page.get("/listings?q=sku:NONE").text
    assert api.get("/api/v1/supply", params={"sku": "BULB"}).json() == {"supply": []}


def test_a_file_comes_in_with_its_proof(api: httpx.Client) -> None:
    text = b"sku,name,cost,price,currency\nHOOK,Ceiling hook,1.00,3.00,USD\n"
    sent: dict[str, Any] = {"params": {"kind": "products"}, "files": {"data": ("hooks.csv", text, "text/csv")}}
    first = api.post("/api/v1/imports", **sent)
    assert first.status_code == 201, first.text
    proof = first.json()
    assert (proof["rows"], proof["new"], proof["kept"], proof["name"]) == (1, 1, 0, "hooks.csv")
    again = api.post("/api/v1/imports", **sent).json()
    assert (again["rows"], again["repeated"]) == (1, 1)
    state = api.get(f"/api/v1/imports/{proof['import_id']}").json()
    assert (state["rows"], state["rows_total"], state["worked"] + state["ready"]) == (1, 1, 1)
    steps = {"data": ("steps.csv", b"reference,step\nT-404,shipped\n", "text/csv")}
    waits = api.post("/api/v1/imports", params={"kind": "transfers"}, files=steps)
    assert (waits.status_code, waits.json()["new"]) == (201, 1)
    refused = api.post("/api/v1/imports", params={"kind": "orders", "channel": "nowhere"}, files=sent["files"])
    assert refused.status_code == 422
    assert "nowhere" in refused.json()["detail"]


def test_a_case_is_acted_on_after_a_dry_run(api: httpx.Client) -> None:
    case = api.get("/api/v1/cases", params={"q": "kind:total_mismatch"}).json()["cases"][0]
    path = f"/api/v1/cases/{case['number']}"
    tried = api.post(f"{path}/acts", json={"action": "accept", "dry_run": True}).json()
    assert tried["dry_run"]
    assert tried["events"]
    assert api.get(path).json()["case"]["state"] == "open"
    wrong = api.post(f"{path}/acts", json={"action": "explode"})
    assert wrong.status_code == 422
    assert "accept" in wrong.json()["detail"]
    assert api.post(f"{path}/acts", json={"action": "accept"}).json()["events"]
    assert api.get(path).json()["case"]["state"] == "closed"


def test_the_books_and_the_feed(api: httpx.Client) -> None:
    balance = api.get("/api/v1/trial-balance").json()
    assert all(total["debit_minor"] == total["credit_minor"] for total in balance["totals"])
    page = api.get("/api/v1/journals", params={"limit": 2}).json()
    assert len(page["journals"]) == 2
    older = api.get("/api/v1/journals", params={"before": page["next"], "limit": 2}).json()
    assert older["journals"][0]["journal_id"] not in {journal["journal_id"] for journal in page["journals"]}
    positions: list[int] = []
    after = 0
    while True:
        feed = api.get("/api/v1/events", params={"after": after, "limit": 7}).json()
        if not feed["events"]:
            break
        positions += [event["position"] for event in feed["events"]]
        after = feed["next_after"]
    assert positions == list(range(1, feed["head"] + 1))


def test_writes_need_a_token_and_a_role(site: Site) -> None:
    session = site.signed_in()
    assert session.get("/api/v1/orders").status_code == 200
    assert session.post("/api/v1/cases/101/acts", json={"action": "approve"}).status_code == 403
    auditor = site.with_token(access.Role.AUDITOR)
    lines = [{"sku": "LAMP", "quantity": 1}]
    refused = auditor.post("/api/v1/reservations", json={"channel": "web", "reference": "x", "lines": lines})
    assert refused.status_code == 403
    assert "may not reserve stock" in refused.json()["detail"]
    case = site.with_token().get("/api/v1/cases").json()["cases"][0]
    action = site.with_token().get(f"/api/v1/cases/{case['number']}").json()["actions"][0]
    assert auditor.post(f"/api/v1/cases/{case['number']}/acts", json={"action": action}).status_code == 403
    assert site.with_token(access.Role.WAREHOUSE).get("/api/v1/trial-balance").status_code == 403


def test_tokens_do_not_send_forms(site: Site) -> None:
    client = site.with_token()
    assert client.post("/theme", data={"theme": "dark", "form_token": ""}).status_code == 403


UNUSABLE = (
    *(f"/api/v1/cases/{10**22}", f"/api/v1/orders/{10**22}", f"/api/v1/stock?page={10**22}", "/api/v1/supply?sku=%00x"),
    *(f"/orders/{10**22}", f"/imports?page={10**22}", "/history?sku=%00x", "/books/accounts/%00x/y"),
)


@pytest.mark.parametrize("address", UNUSABLE)
def test_a_value_that_nothing_can_hold_is_refused_in_words(site: Site, address: str) -> None:
    client = site.with_token() if address.startswith("/api/") else site.signed_in()
    answer = client.get(address)
    client.close()
    assert answer.status_code in (400, 404), answer.text
    if answer.status_code == 400:
        assert "too large" in answer.text or "NUL" in answer.text


def test_a_text_with_a_nul_is_refused_and_nothing_is_kept(site: Site) -> None:
    with site.with_token() as api:
        receipt = {"reference": "R\0", "site": "EAST", "lines": [{"sku": "LAMP", "quantity": 1}]}
        answer = api.post("/api/v1/receipts", json=receipt)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/unusable")
