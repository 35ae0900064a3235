"""The pages in a real headless Chromium: light and dark, wide and narrow, by keyboard, and without script."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from stocktower.web.desk import STOCK_TABS
from tests.web.conftest import Site
from tests.web.looking import enter, look

pytestmark = pytest.mark.browser

PAGES = ("/", "/orders", "/orders?q=", "/stock", "/stock/LAMP", "/stock/SET",
         "/stock?by=site", "/stock?by=lot&sort=-free",        
         "/stock/LAMP?at=2026-05-31T08:00", "/history?sku=LAMP", "/rules", "/rules?q=sku:LAMP",
         "/cases", "/books", "/books/journals", "/imports", "/events", "/find?q=lamp", "/api/docs",
         "/no/such/page")  # fmt: skip
LINKED = (("/orders?q=", "/orders/"), ("/cases", "/cases/"), ("/books", "/books/accounts/"),
          ("/books/journals", "/books/journals/"), ("/events", "/events/"))  # fmt: skip


@pytest.fixture(scope="module")
def context(chromium: Browser, site: Site) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 1440, "height": 900})
    enter(made, site)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Iterator[Page]:
    opened = context.new_page()
    opened.goto(site.url)
    yield opened
    opened.close()


def test_a_link_signs_in_and_the_page_is_today(chromium: Browser, site: Site) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{site.url}/orders")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page = enter(context, site)
        expect(page.get_by_role("heading", level=1)).to_contain_text("at risk by")
        cookie = next(one for one in context.cookies() if one.get("name") == "stocktower_session")
        assert cookie.get("httpOnly")
        assert cookie.get("sameSite") == "Strict"
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("You are signed out.")).to_be_visible()


def test_every_page_in_every_light_and_width(context: BrowserContext, site: Site) -> None:
    page = context.new_page()
    addresses: list[str] = list(PAGES)
    for listed, begins in LINKED:
        page.goto(site.url + listed)
        addresses.append(page.locator(f'main a[href^="{begins}"]').first.get_attribute("href") or "")
    page.close()
    faults = look(context, site.url, addresses)
    assert {address: said for address, said in faults.items() if said} == {}


def test_the_switch_of_light_is_kept(page: Page) -> None:
    root = page.locator("html")
    for theme, next_name in (("light", "Light"), ("dark", "Dark"), ("auto", "Automatic")):
        page.locator('form[action="/theme"] button').click()
        expect(root).to_have_attribute("data-theme", theme)
        expect(page.locator('form[action="/theme"] button')).to_have_text(next_name)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"


def test_the_keyboard_goes_everywhere(page: Page, site: Site) -> None:
    for key, path in (
        ("o", "/orders"),
        ("s", "/stock"),
        ("c", "/cases"),
        ("b", "/books"),
        ("p", "/imports"),
        ("t", "/"),
    ):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(f"{site.url}{path}")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("#1001")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/orders/\d+$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("#1001")


def test_rows_by_keyboard(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/orders?q=")
    rows = page.locator("tbody tr[data-href]")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows.nth(1)).to_have_class("here")
    page.keyboard.press("x")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("#picks")).to_contain_text("2 selected")
    page.get_by_role("link", name="Show only these").click()
    expect(rows).to_have_count(2)
    page.keyboard.press("/")
    expect(page.locator('[data-key="find"]')).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    wanted = rows.first.get_attribute("data-href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.url}{wanted}")


def test_keys_stay_out_of_fields(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/orders")
    field = page.locator('[data-key="find"]')
    field.fill("")
    field.press_sequentially("gjx?")
    expect(field).to_have_value("gjx?")
    expect(page).to_have_url(f"{site.url}/orders")


def test_a_case_is_tried_then_done_without_script(chromium: Browser, site: Site) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = enter(context, site)
        page.goto(f"{site.url}/cases?q=kind:fraud_review")
        page.get_by_role("link", name="Approve the order").click()
        page.locator("#act-approve").get_by_role("button", name="Show what changes").click()
        answer = page.locator("#answer")
        expect(answer).to_contain_text("nothing is changed yet")
        expect(answer).to_contain_text("#1005")
        page.get_by_role("button", name="Do it").click()
        expect(answer).to_contain_text("Approve the order: done")
        page.goto(f"{site.url}/orders?q=hold:fraud_review")
        expect(page.get_by_text("No order is like this.")).to_be_visible()


def test_pages_are_read_and_filtered_without_script(chromium: Browser, site: Site) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = enter(context, site)
        page.goto(f"{site.url}/orders")
        page.get_by_role("link", name="Shipped", exact=True).click()
        expect(page.get_by_role("link", name="#1001")).to_be_visible()
        page.locator(".filter input").fill("number:#1003")
        page.get_by_role("button", name="Filter").click()
        page.get_by_role("link", name="#1003").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("waits for stock")
        page.locator(".find input").fill("LAMP")
        page.locator(".find input").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("LAMP")


@pytest.mark.parametrize("width", [1440, 390])
def test_stock_is_a_place_with_tabs(page: Page, site: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for address, current in (("/stock", "page"), ("/stock/LAMP", "true")):
        page.goto(site.url + address)
        tabs = page.get_by_role("navigation", name="Stock")
        expect(tabs.get_by_role("link", name="Availability")).to_have_attribute("aria-current", current)
        expect(tabs.locator("[aria-current]")).to_be_in_viewport()
        expect(page.locator(".rail [aria-current]")).to_contain_text("Stock")
        labels = tabs.locator("a").all_inner_texts()
        assert labels == [tab.label for tab in STOCK_TABS]
    page.goto(f"{site.url}/stock")
    for tab in STOCK_TABS[1:]:
        page.keyboard.press("]")
        page.wait_for_url(site.url + tab.href)
    for tab in STOCK_TABS[-2::-1]:
        page.keyboard.press("[")
        page.wait_for_url(site.url + tab.href)
    page.goto(f"{site.url}/orders")
    expect(page.get_by_role("navigation", name="Stock")).to_have_count(0)
