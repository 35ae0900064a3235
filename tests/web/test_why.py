"""Why it is 7: the command line, the API and the page give the same way to a figure, now and as of any instant."""

import html
import json
import re
from datetime import datetime
from typing import Any

import httpx
import msgspec
import pytest

from stocktower.app import reads
from stocktower.app.promise_commands import find_atp
from stocktower.app.words import rows_of
from stocktower.inventory import Basis
from tests.web.conftest import Site

INSTANTS = (
    "2026-05-29T12:00:00+00:00",
    "2026-05-30T12:00:00+00:00",
    "2026-05-31T11:59:59+00:00",
    "2026-06-01T11:00:00+00:00",
)
ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)
NAMES = {"web": "Web shop", "market": "Market"}


@pytest.fixture(scope="module")
def api(site: Site) -> httpx.Client:
    return site.with_token()


@pytest.fixture(scope="module")
def client(site: Site) -> httpx.Client:
    return site.signed_in()


def words(text: str) -> str:
    """What a piece of a page says."""
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", text)).split())


def number(text: str) -> int:
    """A figure of a page."""
    return int(words(text).replace("\u2013", "0").replace("\u2212", "-").replace(",", ""))


def waterfalls(page: str) -> dict[str, list[tuple[str, int]]]:
    """The steps of each channel as they stand on a page: label and figure."""
    found: dict[str, list[tuple[str, int]]] = {}
    for table in re.findall(r'<table class="waterfall">(.*?)</table>', page, re.DOTALL):
        caption = re.search(r'<b class="strong">(.*?)</b>', table)
        assert caption
        cells = [CELL.findall(row) for row in ROW.findall(table)]
        found[caption[1]] = [(words(cell[0]), number(cell[1])) for cell in cells]
    return found


def without_addresses(answer: dict[str, Any]) -> dict[str, Any]:
    """The same answer as those get it who have no pages."""
    for channel in answer["channels"]:
        for step in channel["steps"] or ():
            for piece in step["evidence"]:
                piece.pop("href", None)
    return answer


@pytest.mark.parametrize("code", ["LAMP", "BULB", "SET"])
@pytest.mark.parametrize("at", ["", *INSTANTS])
def test_the_three_give_the_same_way(site: Site, api: httpx.Client, client: httpx.Client, code: str, at: str) -> None:
    asked = datetime.fromisoformat(at) if at else None
    found = reads.ats(site.tower, code, None, asked, Basis.RECORDED)
    said = json.loads(msgspec.json.encode(found))
    answer = api.get("/api/v1/ats", params={"sku": code, "explain": "true", "at": at}).json()
    assert without_addresses(answer) == without_addresses(said)
    shown = waterfalls(client.get(f"/stock/{code}", params={"at": at}).text)
    for channel in answer["channels"]:
        steps = channel["steps"]
        assert steps[-1]["running"] == channel["ats"]
        if any(step["quantity"] for step in steps):
            last = len(steps) - 1
            assert shown[NAMES[channel["channel"]]] == [
                (step["label"], step["running"] if place in (0, last) else step["quantity"])
                for place, step in enumerate(steps)
            ]
        for step in steps:
            assert step["rest"] == 0
            if step["evidence"]:
                assert sum(piece["quantity"] for piece in step["evidence"]) == step["quantity"]
            for piece in step["evidence"]:
                # A ledger, a rule or the configuration says so; a kit is made of what sites and components have.
                assert piece["entry"] or piece["rule"] or piece["kind"] in ("site", "sku")
        for listing in channel["listings"]:
            assert listing["steps"][0]["running"] == channel["ats"]
            assert listing["steps"][-1]["running"] == listing["shown"] * listing["pack_quantity"]
    page = words(client.get(f"/stock/{code}", params={"at": at}).text)
    printed = [str(cell) for one in found.channels for step in one.steps or () for row in rows_of(step) for cell in row]
    for piece in (piece for one in found.channels for step in one.steps or () for piece in step.evidence):
        assert f"{piece.quantity:+,} {piece.label}" in printed
        assert piece.entry in printed
        assert piece.label in page
        assert piece.entry in page


@pytest.mark.parametrize("at", ["", INSTANTS[0], INSTANTS[-1]])
def test_what_could_be_promised_is_said_alike(site: Site, api: httpx.Client, client: httpx.Client, at: str) -> None:
    answer = api.get("/api/v1/atp", params={"sku": "LAMP", "quantity": 50, "at": at}).json()
    said = json.loads(msgspec.json.encode(find_atp(site.tower, "LAMP", None, None, 50, at or None)))
    assert answer == said
    assert (answer["as_of"], answer["now"][:19]) == ((at, at[:19]) if at else (None, answer["now"][:19]))
    ats = api.get("/api/v1/ats", params={"sku": "LAMP", "at": at}).json()["channels"]
    now = {one["channel"]: one["timeline"]["points"][0] for one in answer["channels"]}
    assert {one["channel"]: one["ats"] for one in ats} == {code: point["atp"] for code, point in now.items()}
    page = client.get("/stock/LAMP", params={"at": at}).text
    assert ("What could be promised by when" in page) == bool(at)
    (section,) = re.findall(r'<section id="atp">(.*?)</section>', page, re.DOTALL)
    cells = [CELL.findall(row) for row in ROW.findall(section)]
    assert {number(row[5]) for row in cells if row[0] != "<th>From</th>" and len(row) == 6 and "ATP" not in row[5]} == {
        point["atp"] for one in answer["channels"] for point in one["timeline"]["points"]
    }
    assert api.get("/api/v1/atp", params={"sku": "LAMP", "at": "2030-01-01"}).json()["field"] == "at"


def test_what_was_told_and_known_then(api: httpx.Client) -> None:
    def lamp(at: str) -> dict[str, Any]:
        answer = api.get("/api/v1/ats", params={"sku": "LAMP", "channel": "web", "at": at}).json()
        assert answer["as_of"].startswith(at[:10])
        return answer["channels"][0]

    before, after = lamp("2026-05-29T13:00"), lamp("2026-05-31T13:00")
    assert (before["ats"], before["told"]) == (38, 38)
    assert after["ats"] < before["ats"]
    assert after["told"] == after["ats"]
    early = api.get("/api/v1/ats", params={"sku": "LAMP", "at": "2020-01-01"})
    assert early.status_code == 422
    assert early.json()["field"] == "at"
    assert "the first configuration is of 2026-05-29" in early.json()["title"]
    for wrong in ("tomorrow", "2030-01-01"):
        assert api.get("/api/v1/ats", params={"sku": "LAMP", "at": wrong}).json()["field"] == "at"


def test_allocated_units_lead_to_their_orders(api: httpx.Client, client: httpx.Client) -> None:
    answer = api.get("/api/v1/ats", params={"sku": "LAMP", "channel": "web", "explain": "true"}).json()
    steps = {step["key"]: step for step in answer["channels"][0]["steps"]}
    orders = {piece["label"]: piece["href"] for piece in steps["allocated"]["evidence"]}
    assert {label.split()[1] for label in orders} >= {"#1002", "#1005", "#1006"}
    for href in orders.values():
        assert client.get(href).status_code == 200
    for piece in steps["on_hand"]["evidence"]:
        assert "What happened to LAMP" in client.get(piece["href"]).text
    assert [piece["label"] for piece in steps["waiting"]["evidence"]] == ["order #1004 of Web shop"]


def test_the_history_of_a_sku(api: httpx.Client, client: httpx.Client) -> None:
    whole = api.get("/api/v1/history", params={"sku": "LAMP", "limit": 1_000}).json()
    assert whole["next"] == ""
    paged: list[dict[str, Any]] = []
    before = ""
    while True:
        page = api.get("/api/v1/history", params={"sku": "LAMP", "limit": 2, "before": before}).json()
        paged += page["entries"]
        before = page["next"]
        if not before:
            break
    assert paged == whole["entries"]
    shipped = [one for one in whole["entries"] if one["reason"] == "shipped"]
    assert {one["what"] for one in shipped} == {"move", "reservation"}
    # The first shipment: other tests ship more.
    assert [one["on_hand"] for one in shipped[-2:]] == [38, 38]
    assert all(client.get(one["href"]).status_code == 200 for one in whole["entries"] if one["href"])
    assert api.get("/api/v1/history", params={"sku": "LAMP", "site": "WEST"}).json()["field"] == "site"
    store = api.get("/api/v1/history", params={"sku": "LAMP", "site": "STORE"}).json()["entries"]
    assert [(one["site"], one["change"], one["on_hand"]) for one in store] == [("STORE", 3, 3)]
    early = client.get("/history", params={"sku": "LAMP", "at": "2026-05-29T12:00"}).text
    assert "opening" in early
    assert "shipped" not in early
    assert client.get("/history", params={"sku": "LAMP", "before": "x"}).status_code == 400


@pytest.mark.parametrize(("at", "on_hand"), [("", None), ("2026-05-30T08:00", 43)])
def test_charts_have_their_tables(api: httpx.Client, client: httpx.Client, at: str, on_hand: int | None) -> None:
    page = client.get("/stock/LAMP", params={"at": at}).text
    charts = re.findall(r'<figure class="chart">(.*?)</figure>', page, re.DOTALL)
    titles = [words(re.findall(r"<figcaption>(.*?)</figcaption>", chart, re.DOTALL)[0]) for chart in charts]
    assert [title.split(" up to")[0] for title in titles] == ["Stock", "Web shop", "Market"]
    for chart in charts:
        assert 'class="over-time"' in chart
        assert len(ROW.findall(chart)) > 1
    newest = [words(cell) for cell in CELL.findall(ROW.findall(charts[0])[1])]
    (now,) = api.get("/api/v1/stock", params={"q": "sku:LAMP"}).json()["skus"]
    assert int(newest[1]) == (now["on_hand"] if on_hand is None else on_hand)


def test_a_move_leads_to_its_journal_and_a_journal_to_its_moves(api: httpx.Client, client: httpx.Client) -> None:
    seen: set[str] = set()
    for code in ("LAMP", "BULB"):
        entries = api.get("/api/v1/history", params={"sku": code, "limit": 1_000}).json()["entries"]
        for one in entries:
            assert bool(one["journal"]) == (one["what"] == "move")
            if not one["journal"]:
                continue
            seen.add(one["reason"])
            journal = api.get(f"/api/v1/journals/{one['journal']}").json()
            assert one["change"] in [entry["quantity"] for entry in journal["entries"]]
            page = client.get(f"/books/journals/{one['journal']}").text
            places = [html.unescape(href) for href in re.findall(r'href="(/history[^"]*before=[^"]*)"', page)]
            newest = client.get(next(place for place in places if f"row={one['stock_id']}" in place)).text
            # The move itself comes first on the page that it leads to.
            first = re.search(r"/books/journals/(\d+)", newest)
            assert first
            assert int(first[1]) == one["journal"]
    assert seen >= {"opening", "shipped"}
