"""The page of rules: what holds and what it takes off, set and ended after its effect was shown, refused in words."""

import contextlib
import html
import re
from collections.abc import Iterator

import httpx
import pytest

from stocktower import access, ordering
from stocktower.inventory import views as inventory_views
from stocktower.web.formats import quantity
from tests.web.conftest import Site
from tests.web.test_pages import token_of


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    """A merchandiser; every rule that a person set is ended afterwards."""
    with contextlib.closing(site.signed_in(access.Role.MERCHANDISER)) as client:
        yield client
    with site.with_token() as api:
        while rules := [one for one in api.get("/api/v1/rules").json()["rules"] if one["by_person"]]:
            listed = api.get("/api/v1/rules").json()
            body = {"rule_id": rules[0]["rule_id"], "base": listed["version"]}
            assert api.post("/api/v1/rules/end", json=body).status_code == 200


def form_of(client: httpx.Client, **fields: str) -> httpx.Response:
    """The form, filled in and sent."""
    data = {"form_token": token_of(client.get("/rules").text), "act": "set", "how": "try", "over_days": "28"}
    return client.post("/rules", data=data | fields)


def base_of(page: str) -> str:
    """The version that an effect was shown for."""
    found = re.search(r'name="base" value="(\d+)"', page)
    assert found, page
    return found.group(1)


def words(page: str) -> str:
    """What a page says."""
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", page)).split())


def ats(client: httpx.Client, sku: str, channel: str) -> int:
    """What a channel may sell."""
    answer = client.get("/api/v1/ats", params={"sku": sku, "channel": channel}).json()
    return answer["channels"][0]["ats"]


CAP = {"kind": "cap", "channel": "web", "sku": "LAMP", "quantity": "3"}


def set_cap(client: httpx.Client, **fields: str) -> int:
    """Set a cap as a person does; its number."""
    shown = form_of(client, **CAP, **fields)
    assert shown.status_code == 200, words(shown.text)
    done = form_of(client, **CAP, **fields, how="do", base=base_of(shown.text))
    found = re.search(r"Rule (\d+) is set", done.text)
    assert found, words(done.text)
    return int(found.group(1))


def test_what_the_configuration_states_is_listed_and_not_ended_here(client: httpx.Client) -> None:
    page = client.get("/rules", params={"q": "kind:safety_stock by:configuration"}).text
    assert "Safety stock : keep 5" in words(page)
    assert "configuration" in page
    assert 'name="act" value="end"' not in page
    rule = re.search(r'id="rule-(\d+)"', page)
    assert rule
    refused = form_of(client, act="end", rule=rule.group(1))
    assert (refused.status_code, "the configuration states it" in refused.text) == (422, True)


def test_the_effect_is_shown_then_the_rule_is_set_and_ended(client: httpx.Client) -> None:
    before = ats(client, "LAMP", "web")
    assert before > 3
    shown = form_of(client, **CAP)
    assert shown.status_code == 200
    assert f"LAMP {before} 3 \N{MINUS SIGN}{before - 3}" in words(shown.text)
    assert 'href="/stock/LAMP"' in shown.text
    assert ats(client, "LAMP", "web") == before
    done = form_of(client, **CAP, how="do", base=base_of(shown.text))
    assert done.status_code == 200
    assert ats(client, "LAMP", "web") == 3
    number = re.search(r"Rule (\d+) is set", done.text)
    assert number
    listed = words(client.get("/rules", params={"q": "sku:LAMP"}).text)
    assert "Cap : at most 3" in listed
    ends = form_of(client, act="end", rule=number.group(1))
    assert f"LAMP 3 {before} +{before - 3}" in words(ends.text)
    ended = form_of(client, act="end", rule=number.group(1), how="do", base=base_of(ends.text))
    assert (ended.status_code, f"Rule {number.group(1)} is ended" in ended.text) == (200, True)
    assert ats(client, "LAMP", "web") == before
    assert f'id="rule-{number.group(1)}"' not in client.get("/rules").text
    assert f'id="rule-{number.group(1)}"' in client.get("/rules", params={"q": "state:ended"}).text


def test_acts_are_on_record_and_wake_who_waits(client: httpx.Client, site: Site) -> None:
    number = set_cap(client)
    with site.tower.reading() as tx:
        assert inventory_views.load_short_skus(tx), "somebody waits in this world"
        last = access.load_audit(tx, limit=1)[0]
        due = tx.connection.execute(
            "SELECT key FROM platform.due WHERE merchant_id = %s AND kind = %s", (tx.merchant_id, ordering.FILL)
        ).fetchall()
        assert {key for (key,) in due} >= set(inventory_views.load_short_skus(tx))
    assert (last.actor, last.act, last.subject, last.subject_id) == ("a merchandiser", "rules.set", "rule", number)


def test_the_page_and_the_api_show_the_same_effect(client: httpx.Client, site: Site) -> None:
    shown = form_of(client, **CAP)
    with site.with_token(access.Role.MERCHANDISER) as api:
        rule = {"kind": "cap", "channel": "web", "sku": "LAMP", "quantity": 3}
        body = {"rule": rule, "base": int(base_of(shown.text)), "dry_run": True}
        act = api.post("/api/v1/rules/set", json=body).json()["act"]
    moved = [part for one in act["effects"] for part in one["largest"]]
    assert moved
    for part in moved:
        figures = " ".join(quantity(part[name]) for name in ("before", "after"))
        assert f"{part['sku']} {figures}" in words(shown.text)


def test_what_somebody_else_changed_meanwhile_is_refused_and_shown_anew(client: httpx.Client) -> None:
    base = base_of(form_of(client, **CAP).text)
    other = form_of(client, kind="floor", channel="web", sku="BULB", quantity="1")
    form_of(client, kind="floor", channel="web", sku="BULB", quantity="1", how="do", base=base_of(other.text))
    stale = form_of(client, **CAP, how="do", base=base)
    assert stale.status_code == 422
    assert "changed since you looked, so nothing was done" in stale.text
    assert "at most 3" not in client.get("/rules", params={"q": "kind:cap"}).text
    assert form_of(client, **CAP, how="do", base=base_of(stale.text)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": ""}, "Rule: none is chosen"),
        ({"channel": ""}, "Channel: names no channel; one of market, web"),
        ({"sku": "LAMPP"}, "SKU: there is no SKU LAMPP"),
        ({"quantity": ""}, "How much: is not stated"),
        ({"quantity": "many"}, "How much: many is not a whole number"),
        ({"kind": "share", "quantity": "120"}, "How much: 120 is not a share; state 0 to 100"),
        ({"kind": "floor", "where": "site:EAST"}, "Where: a floor counts wherever its orders ship from"),
        ({"ends_at": "2020-01-01T00:00"}, "Until: has gone by"),
        ({"starts_at": "soon"}, "From: soon is not an instant"),
        ({"how": "do"}, "Rules: nothing was shown yet"),
        ({"act": "end", "rule": "1"}, "Rule: no rule 1 is meant now"),
    ],
)
def test_errors_name_the_field_and_the_fix(client: httpx.Client, fields: dict[str, str], said: str) -> None:
    refused = form_of(client, **(CAP | fields))
    assert refused.status_code == 422
    assert said in words(refused.text)
    assert 'value="do"' not in refused.text


def test_a_rule_to_come_has_a_view_of_its_own(client: httpx.Client) -> None:
    number = set_cap(client, starts_at="2030-01-01T00:00", ends_at="2030-02-01T00:00")
    assert f'id="rule-{number}"' not in client.get("/rules").text
    assert f'id="rule-{number}"' in client.get("/rules", params={"q": "state:future channel:web"}).text
    assert f'id="rule-{number}"' not in client.get("/rules", params={"q": "state:future channel:market"}).text


def test_why_leads_to_the_rule(client: httpx.Client) -> None:
    number = set_cap(client)
    steps = client.get("/api/v1/ats", params={"sku": "LAMP", "channel": "web", "explain": "true"}).json()["channels"][0]
    [piece] = [one for step in steps["steps"] for one in step["evidence"] if one["kind"] == "rule"]
    assert (piece["rule"], piece["label"]) == (number, f"rule {number}: at most 3 (sku:LAMP)")
    page = client.get("/stock/LAMP").text
    assert html.escape(piece["href"]) in page
    rule = client.get(piece["href"]).text
    assert f"<h1>Rule {number}</h1>" in rule
    assert f"{-piece['quantity']} Web shop" in words(rule)


def test_who_may_not_looks_on(site: Site, client: httpx.Client) -> None:
    token = token_of(client.get("/rules").text)
    with contextlib.closing(site.signed_in(access.Role.WAREHOUSE)) as other:
        page = other.get("/rules").text
        assert "Your role may look at rules" in page
        data = {"form_token": token_of(page), "act": "set", "how": "try", **CAP}
        assert other.post("/rules", data=data).status_code == 403
        assert other.post("/rules", data=data | {"form_token": token}).status_code == 403


def test_unknown_words_are_told(client: httpx.Client) -> None:
    page = client.get("/rules", params={"q": "sku:NONE rule:x colour:red"})
    assert page.status_code == 200
    assert "sku:NONE: there is no SKU of this code" in page.text
    assert "rule:x is not the number of a rule" in page.text
    assert "colour: is not a word here" in page.text
