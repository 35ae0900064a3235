"""The pages, asked over HTTP: who is let in, what they show, what their forms do."""

import re

import httpx
import pytest
from msgspec.structs import replace

from stocktower import access, exchange, worklist
from stocktower.app.workers import work_until_idle
from tests.web import world
from tests.web.conftest import Site

PAGES = ("/", "/orders", "/orders?q=", "/stock", "/stock?q=is:waiting",
         "/stock?by=site", "/stock/SET?at=2026-05-31T08:00", "/history?sku=LAMP", "/stock?q=is:told_wrong",
         "/stock/LAMP",
         "/stock/SET", "/stock/BULB", "/cases", "/cases?q=state:closed", "/books", "/books?as_of=2026-05-30",
         "/books/journals", "/imports", "/reorder", "/events", "/find", "/find?q=nothing", "/api/docs")  # fmt: skip


def first(client: httpx.Client, page: str, pattern: str) -> str:
    """The first address on a page that looks like this."""
    found = re.search(pattern, client.get(page).text)
    assert found, f"{page} has no {pattern}"
    return found[0]


def token_of(html: str) -> str:
    """What the forms of a page carry."""
    found = re.search(r'name="form_token" value="(\w+)"', html)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def client(site: Site) -> httpx.Client:
    return site.signed_in()


@pytest.mark.parametrize("page", PAGES)
def test_pages_open_and_protect_themselves(client: httpx.Client, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert " style=" not in answer.text
    assert "onclick" not in answer.text
    assert re.findall(r"https?://(?!www\.w3\.org)", answer.text) == []


@pytest.mark.parametrize(
    "page", [*PAGES, "/orders/1", "/cases/101", "/imports/1", "/api/v1/orders", "/no/such", "/api/openapi.json"]
)
def test_nobody_is_let_in_without_a_session(site: Site, page: str) -> None:
    answer = httpx.get(site.url + page, cookies={"stocktower_session": "guessed"})
    assert answer.status_code == 401
    assert "Lumen" not in answer.text


def test_health_is_open(site: Site) -> None:
    assert httpx.get(f"{site.url}/health").json() == {"status": "ok"}


def test_static_files_are_kept_by_browsers(client: httpx.Client) -> None:
    address = first(client, "/", r"/static/\w+/tower\.css")
    answer = httpx.get(str(client.base_url) + address)
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert httpx.get(f"{client.base_url}/static/x/../../server.py").status_code in (401, 404)


def test_a_link_opens_one_session(site: Site) -> None:
    from tests.web import world

    secret = world.sign_in(site.tower)
    looking_ahead = httpx.get(f"{site.url}/sign-in/{secret}", headers={"sec-purpose": "prefetch"})
    assert "set-cookie" not in looking_ahead.headers
    opened = httpx.get(f"{site.url}/sign-in/{secret}")
    cookie = opened.headers["set-cookie"].lower()
    assert opened.status_code == 200
    assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/"))
    again = httpx.get(f"{site.url}/sign-in/{secret}")
    assert again.status_code == 401
    assert "used already" in again.text


def test_a_link_from_elsewhere_comes_back_with_its_cookie(site: Site) -> None:
    answer = httpx.get(f"{site.url}/orders?q=is:live", headers={"sec-fetch-site": "cross-site"})
    assert 'content="0;url=/orders?q=is:live"' in answer.text


def test_signing_out_ends_the_session(site: Site) -> None:
    client = site.signed_in()
    answer = client.post("/sign-out", data={"form_token": token_of(client.get("/").text)})
    assert "signed out" in answer.text
    assert client.get("/").status_code == 401


def test_forms_of_others_are_refused(client: httpx.Client, site: Site) -> None:
    for token in ({}, {"form_token": ""}, {"form_token": token_of(site.signed_in().get("/").text)}):
        answer = client.post("/theme", data={"theme": "dark", "back": "/", **token})
        assert answer.status_code == 403
        assert "Nothing was changed" in answer.text


def test_the_light_is_kept_and_never_leads_away(client: httpx.Client) -> None:
    token = token_of(client.get("/").text)
    answer = client.post("/theme", data={"theme": "dark", "back": "//evil.example/", "form_token": token})
    assert answer.headers["location"] == "/"
    assert 'data-theme="dark"' in client.get("/").text
    client.post("/theme", data={"theme": "auto", "back": "/", "form_token": token})


def test_what_a_customer_wrote_is_never_markup(client: httpx.Client) -> None:
    page = client.get(first(client, "/orders?q=number:%231001", r"/orders/\d+")).text
    assert "Ada &lt;Byron&gt;" in page
    assert "<Byron>" not in page


def test_an_order_says_where_it_is_and_why(client: httpx.Client) -> None:
    shipped = client.get(first(client, "/orders?q=number:%231001", r"/orders/\d+")).text
    assert "Order #1001 shipped from East warehouse" in shipped
    assert "1Z9" in shipped
    waiting = client.get(first(client, "/orders?q=number:%231003", r"/orders/\d+")).text
    assert "waits for stock" in waiting
    held = client.get(first(client, "/orders?q=number:%231005", r"/orders/\d+")).text
    assert "fraud review" in held


def test_every_figure_leads_to_its_message(client: httpx.Client) -> None:
    account = first(client, "/books", r"/books/accounts/us/[\w%:]*Sales")
    journal = first(client, account, r"/books/journals/\d+")
    event = first(client, journal, r"/events/\d+")
    message = first(client, event, r"/messages/\d+")
    assert "&#34;kind&#34;: &#34;shipped&#34;" in client.get(message).text


def test_filters_are_words(client: httpx.Client) -> None:
    page = client.get("/orders", params={"q": "state:partially_backordered channel:web age>1d"}).text
    assert "#1003" in page
    assert "#1001" not in page
    wrong = client.get("/orders", params={"q": "colour:red state:lost"}).text
    assert "colour: is not a word here" in wrong
    assert "state:lost is not known" in wrong


@pytest.mark.parametrize(("text", "to"), [("LAMP", "/stock/LAMP"), ("#1001", "/orders/"), ("c-101", "/cases/101")])
def test_find_goes_to_the_one_thing(client: httpx.Client, text: str, to: str) -> None:
    answer = client.get("/find", params={"q": text})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(to)


@pytest.mark.parametrize(
    "page", ["/orders/1", "/stock/NO-SUCH", "/cases/9999999", "/books/journals/9999999", "/no/such/page"]
)
def test_errors_have_the_style_of_pages(client: httpx.Client, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 404
    assert "Lumen Lamps" in answer.text
    assert "Not here" in answer.text


def test_a_case_is_tried_before_it_is_done(site: Site) -> None:
    client = site.signed_in()
    page = first(client, "/cases?q=kind:unmapped_listing", r"/cases/\d+")
    form = {"form_token": token_of(client.get(page).text), "act": "map", "sku": "BULB", "pack": "2"}
    tried = client.post(page, data={**form, "how": "try"}).text
    assert "nothing is changed yet" in tried
    assert "listing is mapped" in tried
    assert "Do it" in tried
    with site.tower.reading() as tx:
        assert worklist.load_cases(tx, worklist.CaseFilter(kind="unmapped_listing")).total == 1
    unknown = client.post(page, data={**form, "sku": "NO-SUCH", "how": "do"})
    assert unknown.status_code == 422
    assert "NO-SUCH" in unknown.text
    done = client.post(page, data={**form, "how": "do"}).text
    assert "Map the listing: done" in done
    work_until_idle(site.tower)
    with site.tower.reading() as tx:
        assert worklist.load_cases(tx, worklist.CaseFilter(kind="unmapped_listing")).total == 0


def test_an_address_is_corrected_in_its_case(site: Site) -> None:
    stated = world.order("1090", "BULB", 1, 900, world.NOW)
    stated = replace(stated, ship_to=replace(stated.ship_to, street="", postal_code=""))
    world.send(site.tower, "web", exchange.ORDER, [("1090", stated)])
    client = site.signed_in(access.Role.CUSTOMER_SERVICE)
    page = first(client, "/cases?q=kind:address", r"/cases/\d+")
    seen = client.get(page).text
    assert "It goes to: Ada &lt;Byron&gt;, Albany NY, US." in seen
    assert "no street; no postal code, which US needs" in seen
    auditor = site.signed_in(access.Role.AUDITOR).get(page).text
    assert "cannot be shipped to its address" in auditor
    assert "Byron" not in auditor
    form = {"form_token": token_of(seen), "act": "correct", "street": "9 Hidden Lane", "postal_code": "12207"}
    tried = client.post(page, data={**form, "how": "try"}).text
    assert "address is corrected" in tried
    assert 'name="street" value="9 Hidden Lane"' in tried
    done = client.post(page, data={**form, "how": "do"}).text
    assert "Correct the address: done" in done
    closed = client.get(page).text
    assert "9 Hidden Lane" not in closed
    order = first(client, "/orders?q=number:%231090", r"/orders/\d+")
    assert "9 Hidden Lane" in client.get(order).text
    assert "The address was corrected: street, postal code" in client.get(order).text


def test_an_order_is_held_by_a_person_and_let_go(site: Site) -> None:
    client = site.signed_in()
    page = first(client, "/orders?q=number:%231002", r"/orders/\d+")
    form = {
        "form_token": token_of(client.get(page).text),
        "act": "set_hold",
        "name": "address",
        "reason": "asked to wait",
    }
    tried = client.post(page, data=form).text
    assert "this would happen" in tried
    assert "asked to wait" not in client.get(page).text
    assert "Hold: done" in client.post(page, data={**form, "how": "do"}).text
    assert "asked to wait" in client.get(page).text
    cleared = client.post(page, data={**form, "act": "clear_hold", "how": "do"}).text
    assert "Clear the hold: done" in cleared


def test_roles_see_what_they_may(site: Site) -> None:
    auditor = site.signed_in(access.Role.AUDITOR)
    order = first(auditor, "/orders?q=number:%231001", r"/orders/\d+")
    assert "Byron" not in auditor.get(order).text
    assert "may not read" in auditor.get(first(auditor, order, r"/messages/\d+")).text
    token = token_of(auditor.get("/").text)
    refused = auditor.post(order, data={"form_token": token, "act": "cancel", "how": "do"})
    assert refused.status_code == 403
    assert "may not adjust order" in refused.text
    warehouse = site.signed_in(access.Role.WAREHOUSE)
    assert warehouse.get("/books").status_code == 403
    assert "ledger" not in warehouse.get("/").text


def test_a_file_comes_in_with_its_proof(site: Site) -> None:
    client = site.signed_in()
    token = token_of(client.get("/imports").text)
    text = b"sku,name,cost,price,currency\nSHADE,Lamp shade,4.00,12.00,USD\n"
    files = {"file": ("products.csv", text, "text/csv")}
    answer = client.post("/imports", data={"form_token": token, "kind": "products", "channel": ""}, files=files)
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert "1 rows = 1 new" in page
    refused = client.post("/imports", data={"form_token": token, "kind": "orders", "channel": ""}, files=files)
    assert refused.status_code == 422
    assert "Not imported" in refused.text
