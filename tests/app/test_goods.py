"""Goods that move, by files and commands: what will come, what came, and what people do about the difference."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.app.shell import Shell

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
        shell.say("init", shell.home, homeless=True)
        shell.ask("apply")
        shell.ask("import", "products", write(shell, "products.csv", PRODUCTS))
        shell.ask("run")
        yield shell


def write(shell: Shell, name: str, text: str) -> Path:
    """A file of the merchant's."""
    path = shell.home / name
    path.write_text(text, encoding="utf-8")
    return path


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
    held = {row["account"]: row["debit_minor"] - row["credit_minor"] for row in shell.ask("trial-balance")["rows"]}
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
    held = {row["account"]: row["debit_minor"] - row["credit_minor"] for row in shell.ask("trial-balance")["rows"]}
    assert held["Liabilities:GoodsReceivedNotInvoiced"] == -(42 * 200 + 30 * 90)
    assert shell.ask("verify")["ok"]
