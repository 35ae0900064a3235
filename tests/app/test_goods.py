"""Goods that move, by files and commands: what will come, what came, and what people do about the difference."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.app.shell import Shell

CONFIGURATION = """
[merchant]
code = "shop"
name = "Shop"

[[entities]]
code = "us"
name = "Shop Inc."
currency = "USD"

[[sites]]
code = "MAIN"
name = "Main"
kind = "warehouse"
country = "US"

[[sites]]
code = "STORE"
name = "Store"
kind = "store"
country = "US"

[[channels]]
code = "web"
name = "Web"
kind = "shopify"
currency = "USD"
live_from = 2026-01-01T00:00:00Z
sites = ["MAIN", "STORE"]
"""
PRODUCTS = "sku,name,cost,price,currency,units\nCUP,Cup,2.00,5.00,USD,case:12\nLID,Lid,1.00,2.00,USD,\n"
INBOUND = """\
reference,site,sku,quantity,unit,supplier,expected_at,cost
PO-1,MAIN,CUP,4,case,Potter,2030-01-10,24.00
PO-1,MAIN,LID,30,,Potter,2030-01-10,0.90
PO-2,MAIN,CUP,many,,Potter,2030-01-20,
"""
RECEIPTS = """\
reference,inbound,site,sku,quantity,damaged,complete
DN-1,PO-1,MAIN,CUP,40,2,yes
DN-1,PO-1,MAIN,LID,33,,yes
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, new_database_url: Callable[[], str]) -> Iterator[Shell]:
    """A shop of one site with two products."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKTOWER_DATABASE_URL", new_database_url())
        patch.delenv("STOCKTOWER_HOME", raising=False)
        shell = Shell(tmp_path_factory.mktemp("goods") / "shop")
        shell.home.mkdir()
        write(shell, "stocktower.toml", CONFIGURATION)
        shell.ask("apply")
        shell.ask("import", "products", write(shell, "products.csv", PRODUCTS))
        shell.ask("run")
        yield shell


def write(shell: Shell, name: str, text: str) -> Path:
    """A file of the merchant's."""
    path = shell.home / name
    path.write_text(text, encoding="utf-8")
    return path


def lids(shell: Shell) -> int:
    """What may be sold of them."""
    [channel] = shell.ask("ats", "LID")["channels"]
    return channel["ats"]


def test_what_will_come_and_what_came(shell: Shell) -> None:
    said = shell.ask("import", "inbound", write(shell, "inbound.csv", INBOUND))
    assert [said[name] for name in ("rows", "new", "kept", "cases")] == [3, 2, 1, 1]
    [kept] = shell.ask("cases")["cases"]
    assert "inbound.csv line 4: 'many' is not a whole number" in kept["title"]
    assert shell.ask("run")["worked"]["inbounds"] == 1
    said = shell.ask("import", "receipts", write(shell, "receipts.csv", RECEIPTS))
    assert [said[name] for name in ("rows", "new", "lines")] == [2, 2, 2]
    assert shell.ask("run")["worked"]["receipts"] == 1
    again = shell.ask("import", "receipts", write(shell, "again.csv", RECEIPTS))
    assert (again["repeated"], again["new"]) == (2, 0)
    assert shell.ask("run")["worked"].get("receipts") is None
    held = balances(shell)
    assert held["Assets:Inventory"] == 42 * 200 + 33 * 90
    assert held["Liabilities:GoodsReceivedNotInvoiced"] == -(42 * 200 + 33 * 90)
    cases = {case["kind"]: case for case in shell.ask("cases")["cases"]}
    assert cases["receipt_short"]["units"] == 6
    assert cases["receipt_over"]["units"] == 3
    over, short = (f"C-{cases[kind]['number']}" for kind in ("receipt_over", "receipt_short"))
    rehearsed = shell.ask("case", over, "--do", "send_back", "--dry-run")
    assert rehearsed["notes"] == ["3 of LID leave MAIN for the supplier of PO-1"]
    shell.ask("case", over, "--do", "send_back")
    shell.ask("case", short, "--do", "expect_rest")
    shell.ask("run")
    assert [case["kind"] for case in shell.ask("cases")["cases"]] == ["unreadable_row"]
    held = balances(shell)
    assert held["Liabilities:GoodsReceivedNotInvoiced"] == -(42 * 200 + 30 * 90)
    assert shell.ask("verify")["ok"]


def balances(shell: Shell) -> dict[str, int]:
    """What every account holds."""
    return {row["account"]: row["debit_minor"] - row["credit_minor"] for row in shell.ask("trial-balance")["rows"]}


def test_a_transfer_all_the_way_through_the_books(shell: Shell) -> None:
    before = balances(shell)
    steps = (
        "reference,step,from,to,sku,quantity,damaged,document\n"
        "T-1,ordered,MAIN,STORE,CUP,12,,\n"
        "T-1,shipped,,,,,,\n"
        "T-1,arrived,,,CUP,8,1,A-1\n"
        "T-1,closed,,,,,,\n"
        "T-2,shipped,,,CUP,1,,\n"
    )
    said = shell.ask("import", "transfers", write(shell, "transfers.csv", steps))
    assert (said["rows"], said["new"], said["changed"]) == (5, 5, 0)
    assert shell.ask("run")["worked"]["transfers"] == 5
    after = balances(shell)
    assert after["Assets:InventoryInTransit"] == 3 * 200
    assert after["Assets:Inventory"] == before["Assets:Inventory"] - 3 * 200
    cases = {case["kind"]: case for case in shell.ask("cases")["cases"]}
    assert cases["transfer_discrepancy"]["units"] == 3
    # A step of a transfer that nobody has ordered yet waits for it, and is no case so soon.
    assert "parked_message" not in cases
    assert [(one["kind"], one["state"], one["messages"]) for one in shell.ask("status")["backlog"]] == [
        ("transfer", "waiting", 1)
    ]
    label = f"C-{cases['transfer_discrepancy']['number']}"
    assert shell.ask("verify")["ok"]
    shell.ask("case", label, "--do", "claim", "--dry-run")
    assert shell.ask("case", label, "--do", "lost")["notes"] == ["3 of CUP is lost, not at STORE"]
    shell.ask("run")
    done = balances(shell)
    assert (done["Assets:InventoryInTransit"], done["Expenses:Shrinkage"]) == (0, 3 * 200)
    again = shell.ask("import", "transfers", write(shell, "again.csv", steps))
    assert again["repeated"] == 5
    assert shell.ask("verify")["ok"]


def test_commands_of_goods(shell: Shell) -> None:
    stated = shell.ask(
        "inbound", "state", "PO-9", "--site", "MAIN", "--line", "CUP=10", "--expected", "2026-01-05T00:00:00Z"
    )
    assert stated["done"] == {"kind": "inbound", "reference": "PO-9", "state": "entered", "units": 10}
    [late] = shell.ask("inbound", "list", "--late")["inbound"]
    assert (late["inbound"]["reference"], late["inbound"]["open"], late["late"]) == ("PO-9", 10, True)
    assert "PO-9" in shell.say("inbound", "list").out
    receive = ("receive", "DN-9", "--site", "MAIN", "--inbound", "PO-9", "--line", "CUP=9", "--damaged", "CUP=1")
    assert shell.ask(*receive, "--dry-run")["done"]["units"] == 10
    assert shell.ask(*receive)["done"]["state"] == "entered"
    assert shell.ask(*receive)["done"]["state"] == "repeated"
    early = ("receive", "DN-8", "--site", "MAIN", "--inbound", "PO-8", "--line", "CUP=9")
    assert "--inbound: nobody has stated what will come under PO-8; state that first" in " ".join(
        shell.say(*early, code=2).err.split()
    )
    assert "--line CUP: write SKU=QUANTITY" in shell.say("receive", "X", "--site", "MAIN", "--line", "CUP", code=2).err
    assert (
        "--site: 'NOWHERE' is not a site"
        in shell.say("receive", "X", "--site", "NOWHERE", "--line", "CUP=1", code=2).err
    )
    done = shell.ask("adjust", "CUP", "-2", "--site", "MAIN", "--reason", "breakage", "--reference", "A-1")["done"]
    assert (done["state"], done["units"]) == ("posted", -2)
    assert "--reason: 'whim' is not known; one of breakage" in shell.say(
        "adjust", "CUP", "-2", "--site", "MAIN", "--reason", "whim", code=2
    ).err.replace("\n", " ")
    change = ("status-change", "CUP", "--site", "MAIN", "--to", "quarantine", "--why", "inspection")
    assert shell.ask(*change, "--quantity", "3")["moved"] == 3
    back = ("status-change", "CUP", "--site", "MAIN", "--status", "quarantine", "--to", "available", "--why", "fine")
    assert shell.ask(*back)["moved"] == 3
    sites = ("--from", "MAIN", "--to", "STORE")
    assert shell.ask("transfer", "order", "T-9", *sites, "--line", "CUP=4")["done"]["state"] == "ordered"
    assert shell.ask("transfer", "ship", "T-9")["done"]["state"] == "in_transit"
    assert shell.ask("transfer", "arrive", "T-9", "--line", "CUP=3", "--damaged", "CUP=1")["done"]["state"] == "closed"
    assert shell.ask("transfer", "show", "T-9")["lines"][0]["arrived"] == 3
    assert "in transit" in shell.say("transfer", "show", "T-9").out
    shell.say("transfer", "show", "T-0", code=3)
    shell.ask("run")
    assert shell.ask("verify")["ok"]


def test_a_whole_site_from_a_file(shell: Shell) -> None:
    """Half of a file is not believed until somebody says so; a rehearsal of that changes nothing."""
    both = write(shell, "both.csv", "site,sku,quantity\nMAIN,CUP,100\nMAIN,LID,50\n")
    half = write(shell, "half.csv", "site,sku,quantity\nMAIN,CUP,90\n")
    said = shell.ask("import", "stock", both, "--complete")
    assert (said["rows"], said["new"], said["lines"]) == (2, 2, 2)
    shell.say("import", "stock", half, "--status", "available", code=2)
    (shell.home / "stocktower.toml").write_text(CONFIGURATION + "\n[[snapshots]]\nmissing_rows = 0\n")
    shell.ask("apply")
    shell.ask("run")
    assert lids(shell) == 50
    shell.ask("import", "stock", half, "--complete")
    shell.ask("run")
    assert lids(shell) == 50
    [case] = [one for one in shell.ask("cases")["cases"] if one["kind"] == "snapshot_incomplete"]
    label = f"C-{case['number']}"
    rehearsed = shell.ask("case", label, "--do", "accept_rest", "--dry-run")
    assert rehearsed["notes"] == ["1 rows of MAIN hold nothing: 50 units less, as of its instant"]
    assert lids(shell) == 50
    shell.ask("case", label, "--do", "accept_rest")
    assert lids(shell) == 0
    shell.ask("run")
    assert shell.ask("verify")["ok"]
