"""The demo end to end, as a user starts it: one object, every situation of the example, and nothing twice.

Starts that meet, are killed, or are told to end: nothing is lost, nothing comes twice, nothing stays.
"""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from stocktower.app.home import Home, open_tower
from stocktower.network import load_network
from stocktower.platform import load_feed, server_for
from stocktower.web.labels import of_subjects
from tests.app.shell import Program, Shell, processes_of, wait_for
from tests.web.conftest import served
from tests.web.looking import enter, handled, look, shape_of


@pytest.fixture(scope="module")
def at_once(place: Path) -> list[Any]:
    """What two starts at the same moment, in the same empty folder, print."""
    folder = place / "two"
    folder.mkdir()
    programs = [Program(folder, "demo", "--once", "--json") for _ in range(2)]
    return [program.end(code=0).json for program in programs]


@pytest.fixture(scope="module")
def summary(at_once: list[Any]) -> Any:
    """What the command prints."""
    return at_once[0]


@pytest.fixture(scope="module")
def demo(place: Path, summary: Any, monkeypatch_module: pytest.MonkeyPatch) -> Iterator[Shell]:
    """Commands for the demo's home, over its own server."""
    monkeypatch_module.delenv("STOCKTOWER_DATABASE_URL", raising=False)
    shell = Shell(place / "two" / ".stocktower-demo")
    with server_for(shell.home):
        yield shell


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    """Of the environment, for all tests here."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def figures(summary: Any) -> dict[str, Any]:
    """What a summary says, without the ids of what was imported."""
    return {name: value for name, value in summary.items() if name != "imports"}


def rows(summary: Any) -> dict[str, int]:
    """The rows of each file, from the import that was done."""
    return {one["name"]: one["rows"] for one in summary["imports"] if one["state"] == "done"}


def test_two_starts_at_once_do_not_fight(at_once: list[Any], place: Path) -> None:
    first, second = at_once
    assert first == second
    assert first["verify"]["ok"]
    # Each file was brought in by one of them, once.
    assert len({one["name"] for one in first["imports"]}) == len(first["imports"])
    assert processes_of(place / "two") == {}


def test_a_start_after_a_kill_comes_to_the_same(at_once: list[Any], place: Path) -> None:
    folder = place / "killed"
    folder.mkdir()
    for word in ("07 May", "04 Jun"):
        program = Program(folder, "demo", "--once", "--json")
        program.error_with(word)
        program.signal(signal.SIGKILL)
        program.process.communicate()
    again = Program(folder, "demo", "--once", "--json").end(code=0).json
    assert figures(again) == figures(at_once[0])
    assert rows(again) == rows(at_once[0])
    assert processes_of(folder) == {}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_start_that_is_told_to_end_leaves_nothing_running(place: Path, number: signal.Signals, code: int) -> None:
    folder = place / "told"
    folder.mkdir(exist_ok=True)
    program = Program(folder, "demo", "--once", "--json")
    program.error_with("rows")
    program.signal(number)
    said = program.end(code=code)
    assert said.out == ""
    wait_for(lambda: processes_of(folder) == {}, "PostgreSQL and all else have ended")


def cases_of(demo: Shell, kind: str) -> list[Any]:
    return demo.ask("cases", "--kind", kind)["cases"]


def test_the_object_has_what_is_promised(summary: Any) -> None:
    assert {"orders", "ats", "cases", "trial_balance", "verify", "imports"} <= set(summary)
    assert set(summary["ats"]) == {"shopify-us", "shopify-eu", "amazon", "b2b", "till"}
    assert all(one["skus"] == 400 and one["sellable"] > 380 for one in summary["ats"].values())
    assert sum(summary["orders"].values()) == 2_966
    assert summary["orders"]["history"] == 10
    assert summary["cases"] == {
        "authorisation_expiring": 1, "bin_difference": 1, "count_approval": 1, "fraud_review": 2, "no_stock": 2,
        "not_acknowledged": 1, "shortfall": 3, "stock_difference": 4, "total_mismatch": 1, "unit_mismatch": 1,
        "unmapped_listing": 1,
    }  # fmt: skip


def test_everything_holds(summary: Any) -> None:
    assert summary["verify"]["ok"]
    assert summary["verify"]["behind"] == []
    assert summary["verify"]["checked"] > 60
    for total in summary["trial_balance"]["totals"]:
        assert total["debit_minor"] == total["credit_minor"] > 0


def test_most_orders_are_untouched(summary: Any) -> None:
    assert 0.85 <= summary["untouched"] <= 0.90


def test_no_row_of_any_file_is_lost(summary: Any) -> None:
    assert len(summary["imports"]) > 100
    for one in summary["imports"]:
        assert one["state"] == "done"
        assert one["rows"] == one["new"] + one["changed"] + one["repeated"] + one["kept"]
        assert one["rows"] > 0
    of_orders = [one for one in summary["imports"] if one["kind"] == "orders"]
    assert sum(one["repeated"] for one in of_orders) > 0
    assert sum(one["changed"] for one in of_orders) > 0


def test_an_unmapped_two_pack_holds_up_37_orders(demo: Shell) -> None:
    (case,) = cases_of(demo, "unmapped_listing")
    # 17:00 in New York.
    assert (case["waiters"], case["soonest_at"]) == (37, "2026-06-08T21:00:00Z")
    assert "AMZ-BOTTLE-2PK" in case["title"]


def test_amazon_was_told_nine_an_hour_ago(demo: Shell) -> None:
    (amazon,) = demo.ask("ats", "LANTERN", "--channel", "amazon")["channels"]
    assert (amazon["ats"], amazon["told"], amazon["told_at"]) == (2, 9, "2026-06-08T11:05:00+00:00")
    wrong = demo.ask("status")["told_wrong"]
    assert (9, 2) in {(one["told"], one["truth"]) for one in wrong if one["listing"].endswith("LANTERN")}


def test_three_orders_for_the_last_tent(demo: Shell) -> None:
    states = [demo.ask("order", f"#US{number}")["order"]["order"] for number in (5821, 5822, 5823)]
    assert [state["fulfillment_state"] for state in states] == ["released", "backordered", "backordered"]
    assert {case["title"]: case["waiters"] for case in cases_of(demo, "no_stock")}["Not enough TENT-SOLO"] == 2


def test_a_kit_is_blocked_by_one_component(demo: Shell) -> None:
    assert {case["title"]: case["waiters"] for case in cases_of(demo, "no_stock")}["Not enough PICNIC-CUPS"] == 4
    assert all(one["ats"] == 0 for one in demo.ask("ats", "PICNIC-KIT")["channels"])
    (basket,) = demo.ask("ats", "PICNIC-BASKET", "--channel", "shopify-us")["channels"]
    assert basket["ats"] > 0
    held = demo.ask("order", "#US5902")
    assert [case["title"] for case in held["cases"]] == ["Not enough PICNIC-CUPS"]


def test_the_split_says_why(demo: Shell) -> None:
    found = demo.ask("order", "#US5930")["order"]
    assert {one["site"] for one in found["fulfillments"]} == {"EAST", "WEST"}
    routed = next(entry["sentence"] for entry in found["timeline"] if entry["kind"] == "order.routed")
    assert "STORE-BOS" in routed
    assert "protected" in routed


def test_a_silent_warehouse_is_one_case(demo: Shell) -> None:
    (case,) = cases_of(demo, "not_acknowledged")
    assert (case["waiters"], case["data"]["site"], case["severity"]) == (58, "EU-3PL", 4)


def test_an_authorisation_lapses_tonight(demo: Shell) -> None:
    (case,) = cases_of(demo, "authorisation_expiring")
    assert case["data"]["order"] == "#US5901"
    assert "2026-06-08T12:05:00Z" < case["soonest_at"] <= "2026-06-09T04:00:00Z"


def test_a_count_in_another_unit_is_not_applied(demo: Shell) -> None:
    (case,) = cases_of(demo, "unit_mismatch")
    assert [case["data"][name] for name in ("site", "sku", "stated", "expected", "factor")] == [
        "WEST", "ROPE-10M", 40, 480, 12,
    ]  # fmt: skip
    (web,) = demo.ask("ats", "ROPE-10M", "--channel", "shopify-us")["channels"]
    # 480 in WEST and 24 in EAST, as before.
    assert web["steps"][0]["quantity"] == 504
    # What else the file counted is applied.
    (cases,) = demo.ask("ats", "MAP-CASE", "--channel", "shopify-us")["channels"]
    assert cases["steps"][0]["quantity"] == 57


def test_an_order_whose_total_does_not_foot_is_held(demo: Shell) -> None:
    (case,) = cases_of(demo, "total_mismatch")
    assert "#US5950" in case["title"]
    found = demo.ask("order", "#US5950")["order"]
    assert found["order"]["fulfillment_state"] == "reserved"
    assert [hold["name"] for hold in found["holds"]] == ["total_mismatch"]


def test_lots_leave_the_first_to_expire_first(demo: Shell) -> None:
    traced = demo.ask("lot", "show", "BAR-OAT", "OB-2506")
    # It ends in eleven days and is nearly gone; Amazon and wholesale were sent the next one meanwhile.
    assert (traced["lot"]["expires_at"], traced["lot"]["quantity"]) == ("2026-06-20T04:00:00Z", 20)
    assert len(traced["orders"]) > 40
    assert {one["order"]["channel"] for one in traced["orders"]} == {"shopify-us", "amazon"}


def test_counts_wait_for_people(demo: Shell) -> None:
    sheets = {(one["site"], one["state"]): one for one in demo.ask("count", "sheets")["sheets"]}
    assert {key: one["lines"] for key, one in sheets.items()} == {("EAST", "open"): 18, ("WEST", "approval"): 6}
    assert [one["outcome"] for one in demo.ask("count", "sheets", "--closed")["sheets"]] == [
        "applied by itself: within what may pass"
    ]


def test_a_site_keeps_bins(demo: Shell) -> None:
    lie = {(one["bin"], one["sku"]): one["quantity"] for one in demo.ask("bins", "list", "--bin", "C")["bins"]}
    (request,) = demo.ask("order", "#US5802")["order"]["fulfillments"]
    ((pick,),) = [line["picks"] for line in request["lines"]]
    assert lie[pick["bin"], "LANTERN"] == 4
    assert [(one["sku"], one["quantity"]) for one in demo.ask("bins", "list", "--bin", "picked")["bins"]] == [
        ("STOVE", 1)
    ]
    (case,) = cases_of(demo, "bin_difference")
    assert (case["data"]["site"], case["data"]["sku"], case["data"]["units"]) == ("EAST", "LANTERN", 2)
    reasons = {one["reason"] for one in demo.ask("bins", "history", "--limit", 10_000)["changes"]}
    assert reasons == {"opening", "shipped", "put_away", "picked", "transfer", "assembly"}


def test_orders_are_proposed_with_reasons(demo: Shell) -> None:
    proposals = demo.ask("reorder")["proposals"]
    assert {one["supplier"] for one in proposals} == {"Cascade Provisions", "Harbor Mills", "Northway Tents"}
    (meal,) = [one for one in proposals if one["sku"] == "MEAL-CHILI"]
    assert "measured from 3 deliveries" in str(meal)


def test_the_erp_differs_for_many_causes(demo: Shell) -> None:
    (erp,) = demo.ask("reconcile", "status")["systems"]
    assert {one["cause"]: one["lines"] for one in erp["groups"]} == {
        "mapping": 2, "missed_message": 2, "shrinkage": 2, "timing": 2, "tolerance": 1, "unit_error": 1,
    }  # fmt: skip
    assert erp["run"]["compared"] - erp["run"]["matched"] == 10
    assert erp["run"]["unknown"] == 2


def test_commands_in_words(demo: Shell) -> None:
    assert "PICNIC-CUPS" in demo.say("cases").out
    assert "EU 3PL" in demo.say("case", cases_of(demo, "not_acknowledged")[0]["number"]).out
    assert "STORE-BOS" in demo.say("order", "US5930").out
    assert "told something else" in demo.say("status").out
    assert "invariants hold" in demo.say("verify").out
    assert "Trial balance of acme-us" in demo.say("trial-balance").out
    assert "Safety stock" in demo.say("ats", "BOTTLE", "--explain").out


def test_what_events_are_about_has_a_name_and_a_page(demo: Shell) -> None:
    with open_tower(Home(demo.home)) as tower, tower.reading() as tx:
        subjects = {(one.subject, one.subject_id) for one in load_feed(tx, 0, 100_000)}
        named = of_subjects(tx, load_network(tx), subjects)
    assert len(subjects) > 1_000
    assert {subject for (subject, key), label in named.items() if label.text == f"{subject} {key}"} == {"configuration"}


def test_every_page_reads_well_on_every_screen(demo: Shell, chromium: Browser) -> None:
    with open_tower(Home(demo.home)) as tower, served(tower) as site, chromium.new_context() as context:
        enter(context, site)
        faults = look(context, site.url, ("/", "/find?q=lantern", "/moves?q=reason:assembly"), onward=True)
    assert handled() - {shape_of(urlsplit(address).path) for address in faults} == set()
    assert {address: said for address, said in faults.items() if said} == {}


# From here on something changes.


def test_a_second_start_changes_nothing(demo: Shell, place: Path, summary: Any) -> None:
    assert Program(place / "two", "demo", "--once", "--json").end(code=0).json == summary


def test_mapping_the_listing_resumes_all_that_waited(demo: Shell) -> None:
    (unmapped,) = cases_of(demo, "unmapped_listing")
    before = demo.ask("status")
    act = ["case", unmapped["number"], "--do", "map", "--sku", "BOTTLE", "--pack", 2]
    rehearsed = demo.ask(*act, "--dry-run")
    assert rehearsed["events"]["order.released"] == 37
    assert cases_of(demo, "unmapped_listing") == [unmapped]
    assert demo.ask("status") == before
    assert demo.ask("run")["worked"] == {}
    assert demo.ask(*act)["dry_run"] is False
    demo.say("run")
    after = demo.ask("status")["orders"]
    assert cases_of(demo, "unmapped_listing") == []
    assert after.get("open", 0) == 0
    assert after["released"] == before["orders"]["released"] + 37
    assert demo.ask("verify")["ok"]
    assert "is closed" in demo.say(*act, code=2).err
