"""Assemblies by command: made of what is there, rehearsed, repeated, taken apart, valued, and proved."""

from collections.abc import Callable, Iterator

import pytest

from tests.app.shell import Shell
from tests.app.test_goods import CONFIGURATION, balances, write
from tests.app.test_promise_commands import TODAY, orders

PRODUCTS = """\
sku,name,currency,materials,tracking,backorder
CUP,Cup,USD,,none,
LID,Lid,USD,,none,
GIFT,Gift,USD,CUP:2;LID:3,none,yes
BOX,Box,USD,CUP:1,lot,
"""
STOCK = "site,sku,quantity,cost\nMAIN,CUP,20,3.33\nMAIN,LID,20,0.51\n"


@pytest.fixture
def shell(tmp_path_factory: pytest.TempPathFactory, new_database_url: Callable[[], str]) -> Iterator[Shell]:
    """A shop with twenty cups and twenty lids."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKTOWER_DATABASE_URL", new_database_url())
        patch.delenv("STOCKTOWER_HOME", raising=False)
        shell = Shell(tmp_path_factory.mktemp("assembly") / "shop")
        shell.home.mkdir()
        write(shell, "stocktower.toml", CONFIGURATION)
        shell.ask("apply")
        shell.ask("import", "products", write(shell, "products.csv", PRODUCTS))
        shell.ask("import", "stock", write(shell, "stock.csv", STOCK), "--opening")
        shell.ask("run")
        yield shell


def test_made_and_taken_apart(shell: Shell) -> None:
    words = ("assemble", "GIFT", "4", "--site", "MAIN", "--reference", "W-1")
    rehearsed = shell.ask(*words, "--dry-run")
    assert (rehearsed["dry_run"], rehearsed["done"]["state"]) == (True, "made")
    assert "would be made" in shell.say(*words, "--dry-run").out
    assert shell.ask(*words)["done"]["state"] == "made"
    assert shell.ask(*words)["done"]["state"] == "repeated"
    lacking = shell.say("assemble", "GIFT", "9", "--site", "MAIN", "--reference", "W-2", code=2).err.replace("\n", " ")
    assert "--quantity: MAIN lacks 6 of CUP (12 free, 18 needed)" in lacking
    assert "no more than 2 can be" in lacking
    boxes = ("assemble", "BOX", "3", "--site", "MAIN", "--reference", "W-3")
    assert "name the lot that they become" in shell.say(*boxes, code=2).err.replace("\n", " ")
    assert "--lot B1: write SKU=LOT" in shell.say(*boxes, "--lot", "B1", code=2).err.replace("\n", " ")
    done = shell.ask(*boxes, "--lot", "BOX=B1:2", "--lot", "BOX=B2", "--expires", "2040-01-31")["done"]
    assert [(one["sku"], one["lot"], one["units"]) for one in done["lines"]] == [
        ("CUP", "", -3), ("BOX", "B1", 2), ("BOX", "B2", 1),
    ]  # fmt: skip
    shell.ask("assemble", "GIFT", "1", "--site", "MAIN", "--reference", "W-4", "--disassemble")
    shell.ask("run")
    assert balances(shell)["Assets:Inventory"] == 20 * 333 + 20 * 51
    assert shell.ask("verify")["ok"]


def test_who_waits_for_the_product_gets_it_and_channels_are_told(shell: Shell) -> None:
    file = write(shell, "orders.csv", orders(("G1", "GIFT", 2, TODAY)))
    shell.say("import", "orders", file, "--channel", "web", "--format", "csv")
    shell.ask("run")
    assert available(shell, "CUP") == 20
    [before] = shell.ask("order", "G1")["order"]["lines"]
    assert (before["backordered"], before["allocated"]) == (2, 0)
    shell.ask("assemble", "GIFT", "5", "--site", "MAIN", "--reference", "W-1")
    shell.ask("run")
    [after] = shell.ask("order", "G1")["order"]["lines"]
    assert (after["backordered"], after["allocated"]) == (0, 2)
    assert (available(shell, "CUP"), available(shell, "GIFT")) == (10, 3)
    assert shell.ask("verify")["ok"]


def available(shell: Shell, sku: str) -> int:
    """What the channel is offered of a SKU, and was told."""
    [channel] = shell.ask("ats", sku, "--channel", "web")["channels"]
    assert channel["told"] == channel["ats"]
    return channel["ats"]


def test_a_recall_goes_down_the_line_by_command(shell: Shell) -> None:
    made = (
        "sku,name,materials,tracking,supplier,moq,lead_time_days\nMILK,Milk,,lot,Farm,24,3\nSHAKE,Shake,MILK:2,lot,,,\n"
    )
    shell.ask("import", "products", write(shell, "more.csv", made))
    receipts = "reference,site,sku,quantity,lot\nD-1,MAIN,MILK,10,M/1\n"
    shell.ask("import", "receipts", write(shell, "receipts.csv", receipts))
    shell.ask("run")
    for lot in ("S1", "S2"):
        shell.ask("assemble", "SHAKE", "2", "--site", "MAIN", "--reference", lot, "--lot", f"SHAKE={lot}")
    assert "S1" in shell.say("lot", "show", "MILK", "M/1").out
    assert [one["lot"] for one in shell.ask("lot", "show", "SHAKE", "S1")["made_of"]] == ["M/1"]
    recall = ("lot", "recall", "MILK", "M/1", "--note", "sour")
    assert "With it: SHAKE/S1, SHAKE/S2" in shell.say(*recall, "--dry-run").out.replace("\n", " ")
    assert "but in: SHAKE/S1, SHAKE/S2" in shell.say(*recall, "--without", "SHAKE/S3", code=2).err.replace("\n", " ")
    done = shell.ask(*recall, "--without", "SHAKE/S2")["recalled"]
    assert ([one["lot"] for one in done["lots"]], [one["lot"] for one in done["left_out"]]) == (["M/1", "S1"], ["S2"])
    assert "Held by the recall of M/1 of MILK: sour" in shell.say("lot", "show", "SHAKE", "S1").out.replace("\n", " ")
    assert [one["lot"]["lot"] for one in shell.ask("lot", "list", "--state", "held")["lots"]] == ["M/1", "S1"]
    assert "Released lot M/1 of MILK, S1 of SHAKE" in shell.say("lot", "release", "MILK", "M/1").out.replace("\n", " ")
    events = shell.ask("lot", "epcis", "SHAKE", "S1", "--output", shell.home / "s1.json")
    assert (shell.home / "s1.json").exists()
    assert events["events"] == 1
    [supply] = shell.ask("reorder", "supply", "MILK")["supply"]
    assert (supply["supplier"], supply["moq"], supply["lead_time_days"], supply["site"]) == ("Farm", 24, 3, "MAIN")
    assert "Farm" in shell.say("reorder", "supply", "MILK").out
    assert "no channel takes preorders" in shell.say("publication", "preorders").out
    assert shell.ask("verify")["ok"]


def test_assemblies_come_by_file(shell: Shell) -> None:
    """A file twice changes nothing; what cannot be made waits in a case with the reason."""
    before = available(shell, "GIFT")
    rows = "reference,site,sku,quantity,disassemble\nF-1,MAIN,GIFT,2,\nF-2,MAIN,GIFT,1,yes\nF-3,MAIN,GIFT,5000,\n"
    said = shell.ask("import", "assemblies", write(shell, "made.csv", rows))
    assert (said["rows"], said["new"], said["kept"]) == (3, 3, 0)
    assert shell.ask("run")["worked"]["assemblies"] == 3
    assert available(shell, "GIFT") == before + 1
    [case] = [one for one in shell.ask("cases")["cases"] if one["kind"] == "parked_message"]
    assert "MAIN lacks" in case["title"]
    assert shell.ask("import", "assemblies", write(shell, "again.csv", rows))["repeated"] == 3
    assert shell.ask("verify")["ok"]
