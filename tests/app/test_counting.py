"""Cycle counts at the command line: planned, counted blind from a file, counted again, approved, and in the books."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.app.shell import Shell

PRODUCTS = """\
sku,name,cost,price,currency,components,units,listings,barcode
CUP,Cup,2.00,5.00,USD,,case:12,,4006381333931
LID,Lid,1.00,2.00,USD,,,,
VASE,Vase,90.00,200.00,USD,,,,
"""
STOCK = "site,sku,quantity,cost\nMAIN,CUP,200,2.00\nMAIN,LID,30,1.00\nMAIN,VASE,9,90.00\n"
COUNTS = "sku,quantity,unit,counted_by\n4006381333931,16,case,Ana\nCUP,1,pallet,Ana\nLID,30,,Ben\nVASE,7,,Ana\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, new_database_url: Callable[[], str]) -> Iterator[Shell]:
    """A shop with stock, over the database server of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKTOWER_DATABASE_URL", new_database_url())
        patch.delenv("STOCKTOWER_HOME", raising=False)
        shell = Shell(tmp_path_factory.mktemp("counted") / "shop")
        shell.say("init", shell.home, homeless=True)
        shell.say("apply")
        shell.say("import", "products", write(shell, "products.csv", PRODUCTS))
        shell.say("import", "stock", write(shell, "stock.csv", STOCK), "--opening")
        shell.say("run")
        yield shell


def write(shell: Shell, name: str, text: str) -> Path:
    """A file of the merchant's."""
    path = shell.home / name
    path.write_text(text, encoding="utf-8")
    return path


def shrinkage(shop: Shell) -> int:
    """What the books say is lost, in cents."""
    rows = shop.ask("trial-balance")["rows"]
    found = [row for row in rows if row["account"] == "Expenses:Shrinkage"]
    return sum(row["debit_minor"] - row["credit_minor"] for row in found)


def test_from_plan_to_the_books(shop: Shell) -> None:
    proposed = shop.ask("count", "plan", "--site", "MAIN", "--dry-run")
    assert [line["sku"] for line in proposed["lines"]] == ["CUP", "LID", "VASE"]
    assert proposed["sheet"] is None
    assert "200" not in shop.say("count", "plan", "--site", "MAIN", "--dry-run").out
    number = shop.ask("count", "plan", "--site", "MAIN")["sheet"]
    blind = shop.say("count", "show", number)
    assert "CUP" in blind.out
    assert "200" not in blind.out + shop.say("count", "show", number, "--json").out
    entered = shop.ask("count", "enter", number, "--file", write(shop, "counts.csv", COUNTS), code=1)["entered"]
    assert [one["outcome"] for one in entered] == ["new", "refused", "new", "new"]
    assert "case" in entered[1]["fix"]
    # 192 of 200 cups are out of tolerance, and so are seven vases of nine.
    finished = shop.ask("count", "enter", number, "--done")["finished"]
    assert (finished["state"], finished["recounts"]) == ("open", 2)
    again = shop.say("count", "enter", number, "--sku", "CUP", "--quantity", 192, "--by", "Ana", code=1)
    assert "another person" in again.err
    for sku, units in (("CUP", 192), ("VASE", 7)):
        shop.say("count", "enter", number, "--sku", sku, "--quantity", units, "--by", "Ben")
    assert "waits for approval" in shop.say("count", "enter", number, "--done").out
    assert "Ana" in shop.say("count", "show", number).out
    tried = shop.say("count", "approve", number, "--dry-run").out
    assert "VASE: 7 counted, 9 expected; stock changes by -2" in tried
    assert "196.00 USD is posted as shrinkage, at the average cost of the books" in tried
    before = shrinkage(shop)
    assert shop.ask("count", "approve", number)["dry_run"] is False
    shop.say("run")
    assert shrinkage(shop) - before == 2 * 9_000 + 8 * 200
    (sheet,) = shop.ask("count", "sheets", "--closed")["sheets"]
    assert (sheet["number"], sheet["state"], sheet["differing"]) == (number, "applied", 2)
    (accuracy,) = shop.ask("count", "accuracy")["accuracy"]
    assert (accuracy["row"]["lines"], accuracy["row"]["right_lines"]) == (3, 1)
    assert "33.3 %" in shop.say("count", "accuracy").out
    assert shop.ask("verify")["ok"]


def test_what_cannot_be_names_the_field_and_the_fix(shop: Shell) -> None:
    assert "name one of MAIN" in shop.say("count", "plan", "--site", "NORTH", code=2).err
    assert shop.ask("count", "show", 999, code=3)["code"] == 3
    assert "--sku and --quantity" in shop.say("count", "enter", 1, "--sku", "CUP", code=2).err
    broken = write(shop, "broken.csv", "sku,quantity\nCUP,many\n")
    assert shop.ask("count", "enter", 1, "--file", broken, code=2)["problems"][0]["line"] == 2
    assert "no column quantity" in shop.say("count", "enter", 1, "--file", write(shop, "none.csv", "sku\n"), code=2).err
    number = shop.ask("count", "plan", "--site", "MAIN", "--sku", "LID")["sheet"]
    assert "does not wait for approval" in shop.say("count", "approve", number, code=2).err
    assert "not counted: LID" in shop.say("count", "enter", number, "--done", code=2).err
    assert shop.ask("count", "reject", number, "--note", "no time", "--dry-run")["dry_run"] is True
    assert "change nothing" in shop.say("count", "reject", number, "--note", "no time").out
    assert "was rejected" in shop.say("count", "enter", number, "--done", code=2).err
