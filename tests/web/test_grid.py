"""The grid as people and systems ask for it: words, order, instant and pages in the URL."""

import httpx
import pytest

from stocktower import access
from tests.web.conftest import Site


@pytest.fixture(scope="module")
def client(site: Site) -> httpx.Client:
    return site.signed_in()


@pytest.fixture(scope="module")
def api(site: Site) -> httpx.Client:
    return site.with_token()


def rows(api: httpx.Client, **params: str) -> list[tuple[str, str, int]]:
    answer = api.get("/api/v1/stock-rows", params=params)
    assert answer.status_code == 200, answer.text
    return [(row["sku"], row["site"], row["on_hand"]) for row in answer.json()["rows"]]


def test_words_are_filters(api: httpx.Client, client: httpx.Client) -> None:
    assert {(sku, site) for sku, site, _ in rows(api)} == {("BULB", "EAST"), ("LAMP", "EAST"), ("LAMP", "STORE")}
    assert rows(api, q="site:STORE") == [("LAMP", "STORE", 3)]
    assert rows(api, q="sku:LAMP site:EAST,STORE", sort="on_hand") == [("LAMP", "STORE", 3), ("LAMP", "EAST", 38)]
    assert rows(api, q="category:lamps free>5") == [("LAMP", "EAST", 38)]
    assert rows(api, q="status:damaged") == rows(api, q="lot:L1") == rows(api, q="expires<30d") == []
    assert [sku for sku, _, _ in rows(api, q="is:waiting")] == ["BULB", "LAMP", "LAMP"]
    assert rows(api, q="site:EAST", at="2026-05-29T13:00") == [("BULB", "EAST", 12), ("LAMP", "EAST", 40)]
    wrong = api.get("/api/v1/stock-rows", params={"q": "site:NOWHERE"}).json()
    assert (wrong["status"], wrong["field"]) == (422, "q")
    assert "EAST, STORE" in wrong["title"]
    assert api.get("/api/v1/stock-rows", params={"sort": "colour"}).status_code == 422
    assert "stock-rows" in api.get("/api/v1/stock", params={"q": "site:EAST"}).json()["fix"]
    page = client.get("/stock", params={"q": "site:NOWHERE"}).text
    assert "is not a site" in page


@pytest.mark.parametrize(
    "page",
    ["/stock?by=site", "/stock?by=lot", "/stock?sort=-free", "/stock?by=site&at=2026-05-29T13:00",
     "/stock?by=site&basis=occurred&at=2026-05-30T13:00",
     "/stock?q=status:quarantine", "/stock?q=free%3C5", "/stock?by=site&after=LAMP", "/stock?sort=free&after=x"],
)  # fmt: skip
def test_the_page_opens(client: httpx.Client, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 200
    assert "Stock by site and status" in answer.text
    assert " style=" not in answer.text


def test_the_page_shows_rows_with_sums_and_their_history(client: httpx.Client) -> None:
    page = client.get("/stock", params={"by": "site", "q": "sku:LAMP"}).text
    assert "Sum of this page" in page
    assert ">41<" in page
    assert "/history?sku=LAMP" in page
    assert client.get("/stock", params={"by": "site", "at": "2030-01-01"}).status_code == 400


def test_exports_are_files_for_those_who_may(site: Site, api: httpx.Client) -> None:
    found = api.get("/api/v1/exports/stock", params={"at": "2026-05-29T13:00"})
    assert found.headers["content-disposition"] == 'attachment; filename="stock-20260529T170000Z.csv"'
    lines = found.text.splitlines()
    assert int(found.headers["x-rows"]) == len(lines) - 1 == 3
    assert lines[1].startswith("2026-05-29T17:00:00+00:00,BULB,")
    parquet = api.get("/api/v1/exports/moves", params={"format": "parquet"})
    assert parquet.content[:4] == parquet.content[-4:] == b"PAR1"
    assert api.get("/api/v1/exports/nothing").json()["field"] == "table"
    assert api.get("/api/v1/exports/ats", params={"at": "2030-01-01"}).json()["field"] == "at"
    refused = site.with_token(access.Role.WAREHOUSE).get("/api/v1/exports/told")
    assert refused.status_code == 403
    with site.tower.reading() as tx:
        acts = tx.connection.execute(b"SELECT act FROM access.audit WHERE act = 'stock.export'").fetchall()
    assert len(acts) == 2
