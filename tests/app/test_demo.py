"""The demo end to end, as a user starts it: one object, every situation of the example, and nothing twice."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("STOCKTOWER_")}


def stocktower(folder: Path, *words: str, code: int = 0) -> Any:
    """Run a command with --json in a folder, and read its object."""
    run = subprocess.run(
        [sys.executable, "-m", "stocktower.app.main", *words, "--json"],
        cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == code, run.stderr
    assert "Traceback" not in run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def summary(folder: Path) -> Any:
    return stocktower(folder, "demo", "--once")


def home(folder: Path) -> list[str]:
    return ["--home", str(folder / ".stocktower-demo")]


def cases_of(folder: Path, kind: str) -> list[Any]:
    return stocktower(folder, "cases", "--kind", kind, *home(folder))["cases"]


def test_everything_holds(summary: Any) -> None:
    assert summary["verify"]["ok"]
    assert not summary["verify"]["behind"]
    assert 0.85 <= summary["untouched"] <= 0.90
    for total in summary["trial_balance"]["totals"]:
        assert total["debit_minor"] == total["credit_minor"] > 0
    for one in summary["imports"]:
        assert one["rows"] == one["new"] + one["changed"] + one["repeated"] + one["kept"]
    assert sum(summary["orders"].values()) > 2_900
    assert set(summary["ats"]) == {"shopify-us", "shopify-eu", "amazon", "b2b", "till"}


def test_the_situations_of_the_morning(summary: Any, folder: Path) -> None:
    (unmapped,) = cases_of(folder, "unmapped_listing")
    assert (unmapped["waiters"], unmapped["soonest_at"]) == (37, "2026-06-08T21:00:00Z")
    (silent,) = cases_of(folder, "not_acknowledged")
    assert (silent["waiters"], silent["data"]["site"]) == (58, "EU-3PL")
    (expiring,) = cases_of(folder, "authorisation_expiring")
    assert expiring["data"]["order"] == "#US5901"
    (doubtful,) = cases_of(folder, "unit_mismatch")
    assert (doubtful["data"]["stated"], doubtful["data"]["expected"], doubtful["data"]["factor"]) == (40, 480, 12)
    assert {one["title"]: one["waiters"] for one in cases_of(folder, "no_stock")} == {
        "Not enough PICNIC-CUPS": 4,
        "Not enough TENT-SOLO": 2,
    }
    (mismatch,) = cases_of(folder, "total_mismatch")
    assert "#US5950" in mismatch["title"]


def test_amazon_was_told_nine_an_hour_ago(summary: Any, folder: Path) -> None:
    (amazon,) = stocktower(folder, "ats", "LANTERN", "--channel", "amazon", *home(folder))["channels"]
    assert (amazon["ats"], amazon["told"], amazon["told_at"]) == (2, 9, "2026-06-08T11:05:00+00:00")


def test_the_split_says_why(summary: Any, folder: Path) -> None:
    found = stocktower(folder, "order", "#US5930", *home(folder))["order"]
    assert {one["site"] for one in found["fulfillments"]} == {"EAST", "WEST"}
    routed = next(entry["sentence"] for entry in found["timeline"] if entry["kind"] == "order.routed")
    assert "STORE-BOS" in routed
    assert "protected" in routed


def test_a_second_start_changes_nothing(summary: Any, folder: Path) -> None:
    assert stocktower(folder, "demo", "--once") == summary


def test_mapping_the_listing_resumes_all_that_waited(summary: Any, folder: Path) -> None:
    (unmapped,) = cases_of(folder, "unmapped_listing")
    act = ["case", str(unmapped["number"]), "--do", "map", "--sku", "BOTTLE", "--pack", "2", *home(folder)]
    rehearsed = stocktower(folder, *act, "--dry-run")
    assert rehearsed["events"]["order.released"] == 37
    assert cases_of(folder, "unmapped_listing") == [unmapped]
    stocktower(folder, *act)
    stocktower(folder, "run", *home(folder))
    assert cases_of(folder, "unmapped_listing") == []
    assert stocktower(folder, "verify", *home(folder))["ok"]
    assert stocktower(folder, "status", *home(folder))["orders"].get("open", 0) == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("ats", "NOPE"), 3, "NOPE"),
        (("order", "#0"), 3, "#0"),
        (("case", "999999"), 3, "999999"),
        (("import", "orders", "nope.csv", "--channel", "shopify-us"), 3, "nope.csv"),
        (("cases", "--kind", "nope"), 2, "nope"),
    ],
)
def test_what_is_not_there_is_named(summary: Any, folder: Path, words: tuple[str, ...], code: int, said: str) -> None:
    assert said in stocktower(folder, *words, *home(folder), code=code)["error"]
