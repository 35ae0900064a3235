"""Looks at pages as people meet them, in both lights and both widths, and says what is wrong with them."""

import re
from collections import deque
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import BrowserContext, Page

from stocktower.access import Role
from stocktower.web import pages
from tests.web.conftest import Site
from tests.web.world import sign_in

WIDTHS = (1440, 390)
LIGHTS = ("light", "dark")
ENTRANCES = {"/sign-in", "/sign-in/*"}
"""Pages for those who are not signed in."""
_UNFINISHED = re.compile(r"\bNone\b(?! [a-z])|\bundefined\b|\bNaN\b|\{\{|\bobject at 0x")
_VARIABLE = re.compile(r"\{[^}]*\}")

CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgb = (color) => {
    if (!known.has(color)) {
      canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
      known.set(color, [...canvas.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(color);
  };
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = rgb(getComputedStyle(one).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const faint = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const said = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!said || !element.checkVisibility() || element.closest(".out-of-sight, option")) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const name = `${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 20)}`;
    if (ratio < 4.5) faint.add(`${name} has contrast ${ratio.toFixed(2)}`);
  }
  return [...faint];
}"""

STRUCTURE = """() => {
  const said = [];
  const heads = document.querySelectorAll("h1").length;
  if (heads !== 1) said.push(`${heads} headings of the first level`);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) said.push(`two elements have the id ${id}`);
  const text = (one) => (one.textContent || "").trim();
  for (const one of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const label = one.getAttribute("aria-label") || one.getAttribute("aria-labelledby");
    if (!label && ![...one.labels].some(text)) said.push(`the field ${one.name || one.outerHTML} has no label`);
  }
  for (const one of document.querySelectorAll("a[href], button")) {
    const named = text(one) || one.getAttribute("aria-label") || [...one.querySelectorAll("title")].some(text);
    if (!named) said.push(`nothing says what ${one.outerHTML.slice(0, 80)} does`);
  }
  for (const one of document.querySelectorAll('a[href^="#"]')) {
    const id = decodeURIComponent(one.getAttribute("href").slice(1));
    if (id && !document.getElementById(id)) said.push(`a link leads to #${id}, which is not there`);
  }
  for (const one of document.querySelectorAll("main table")) {
    if (!one.querySelector("th")) said.push(`a table has no header: ${text(one).slice(0, 40)}`);
  }
  return said;
}"""


def enter(context: BrowserContext, site: Site, role: Role = Role.ADMINISTRATOR) -> Page:
    """A page of somebody who came by a link, when it has gone on by itself."""
    page = context.new_page()
    page.goto(f"{site.url}/sign-in/{sign_in(site.tower, role)}")
    page.wait_for_url(f"{site.url}/")
    return page


def faults_of(page: Page, url: str) -> list[str]:
    """What is wrong with a page, whose widths and lights change while it is open."""
    said: list[str] = []
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    answer = page.goto(url)
    if answer is None or answer.status >= 500:
        said.append(f"answers {answer.status if answer else 'nothing'}")
    said += page.evaluate(STRUCTURE)
    said += [f"says {found}" for found in _UNFINISHED.findall(page.locator("main").inner_text())]
    for light in LIGHTS:
        page.emulate_media(color_scheme="light" if light == "light" else "dark")
        said += [f"{fault} ({light})" for fault in page.evaluate(CONTRAST)]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            said.append(f"is {wide} px too wide at {width}")
    return said


def handled() -> set[str]:
    """The shapes of all pages for people who are signed in."""
    paths = {path for handler in pages.HANDLERS if "GET" in handler.http_methods for path in handler.paths}
    return {_VARIABLE.sub("*", path) for path in paths} - ENTRANCES


def shape_of(path: str) -> str:
    """The page that answers a path; empty: none of ours."""
    for shape in sorted(handled(), key=lambda one: (one.count("*"), -len(one))):
        if re.fullmatch(re.escape(shape).replace(r"\*", ".+" if shape == "/stock/*" else "[^/]+"), path):
            return shape
    return ""


def look(context: BrowserContext, url: str, addresses: Iterable[str], *, onward: bool = False) -> dict[str, list[str]]:
    """The faults of some pages by address, with what their scripts complain of.

    `onward`: of all that they lead to as well, one of each page with each set of filters that it can have.
    """
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda word: complaints.append(word.text) if "Content Security" in word.text else None)
    faults: dict[str, list[str]] = {}
    queue = deque(addresses)
    kinds: set[tuple[str, ...]] = set()
    while queue:
        address = queue.popleft()
        kind = _kind_of(address)
        if onward and kind in kinds:
            continue
        faults[address] = faults_of(page, url + address) + complaints
        complaints.clear()
        if onward:
            kinds.add(kind)
            links = page.eval_on_selector_all("a[href^='/']", "(links) => links.map((one) => one.getAttribute('href'))")
            queue += [link for link in map(str, links) if shape_of(urlsplit(link).path) and _kind_of(link) not in kinds]
    page.close()
    return faults


def _kind_of(address: str) -> tuple[str, ...]:
    """A page and the names of its filters."""
    parts = urlsplit(address)
    return (shape_of(parts.path), *sorted(name for name, _ in parse_qsl(parts.query, keep_blank_values=True)))
