"""Bins by files and commands: counted, received, put away, picked from, refused with the fix, proved and given up."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from stocktower.platform import MACHINE_CLOCK
from tests.app.shell import Shell
from tests.app.test_goods import CONFIGURATION, PRODUCTS, write
from tests.app.test_promise_commands import orders

KEEPS_BINS = CONFIGURATION.replace('code = "MAIN"\n', 'code = "MAIN"\nbins = true\n')
STOCK = """\
site,sku,quantity,bin,cost
MAIN,CUP,1,A-10,2.00
MAIN,CUP,4,A-2,2.00
MAIN,CUP,5,,2.00
MAIN,LID,20,B-1,1.00
STORE,LID,3,B-1,1.00
"""
RECEIPTS = "reference,site,sku,quantity,bin\nDN-1,MAIN,CUP,6,B-7\nDN-1,MAIN,CUP,2,\n"
MOVES = """\
reference,site,sku,quantity,from,to
M-1,MAIN,CUP,3,,A-2
M-2,MAIN,CUP,9,A-10,A-2
M-3,MAIN,CUP,1,A-2,A-2
"""
PICKED = """\
order,occurred_at,event,sku,quantity,bin
{number},{at},picked,CUP,2,B-7
{number},{at},picked,CUP,3,C-1
{number},{at},short_picked,CUP,1,A-10
"""
SHIPPED = "order,occurred_at,sku,quantity,bin\n{number},{at},CUP,2,B-7\n{number},{at},CUP,1,\n"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, new_database_url: Callable[[], str]) -> Iterator[Shell]:
    """A shop whose main site keeps bins."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKTOWER_DATABASE_URL", new_database_url())
        patch.delenv("STOCKTOWER_HOME", raising=False)
        shell = Shell(tmp_path_factory.mktemp("bins") / "shop")
        shell.home.mkdir()
        write(shell, "stocktower.toml", KEEPS_BINS)
        shell.ask("apply")
        shell.ask("import", "products", write(shell, "products.csv", PRODUCTS))
        # Counted long before anything is picked: the machine may set its clock while this runs.
        counted = (MACHINE_CLOCK.now() - timedelta(hours=2)).isoformat()
        shell.ask("import", "stock", write(shell, "stock.csv", STOCK), "--opening", "--as-of", counted)
        shell.ask("run")
        yield shell


def cups(shell: Shell) -> dict[str, int]:
    """Bin -> cups in it."""
    return {one["bin"]: one["quantity"] for one in shell.ask("bins", "list", "--sku", "CUP")["bins"]}


def test_a_day_of_a_site_with_bins(shell: Shell) -> None:
    assert cups(shell) == {"A-10": 1, "A-2": 4}
    zone_b = shell.ask("bins", "list", "--bin", "B")["bins"]
    assert [(one["site"], one["zone"], one["bin"], one["sku"], one["quantity"]) for one in zone_b] == [
        ("MAIN", "B", "B-1", "LID", 20)
    ]
    shell.ask("import", "receipts", write(shell, "receipts.csv", RECEIPTS))
    said = shell.ask("import", "bin-moves", write(shell, "moves.csv", MOVES))
    assert [said[name] for name in ("rows", "new", "kept")] == [3, 2, 1]
    shell.ask("run")
    assert cups(shell) == {"A-10": 1, "A-2": 7, "B-7": 6}
    titles = sorted(one["title"] for one in shell.ask("cases")["cases"])
    assert any("M-2 could not be entered: quantity 9: bin A-10 holds 1 of CUP" in title for title in titles)
    assert any("moves.csv line 4: the row names no other bin" in title for title in titles)
    words = ("bins", "move", "M-9", "--site", "MAIN", "--line", "CUP=2", "--to", "C-1")
    assert shell.ask(*words, "--dry-run")["done"] == {
        "kind": "bin_move", "reference": "M-9", "state": "moved", "units": 2,
    }  # fmt: skip
    assert shell.ask(*words)["done"]["state"] == "moved"
    assert shell.ask(*words)["done"]["state"] == "repeated"
    refused = shell.say("bins", "move", "M-10", "--site", "STORE", "--line", "LID=1", "--to", "X", code=2).err
    assert "--site: STORE: keeps no bins; state bins = true for it" in refused.replace("\n", " ")
    assert cups(shell) == {"A-10": 1, "A-2": 7, "B-7": 6, "C-1": 2}
    page = shell.ask("bins", "history", "--sku", "CUP", "--bin", "C", "--bin", "A-2", "--limit", "2")
    assert [(one["bin"], one["change"], one["in_bin"], one["reason"]) for one in page["changes"]] == [
        ("C-1", 2, 2, "put_away"), ("A-2", 3, 7, "put_away"),
    ]  # fmt: skip
    rest = shell.ask("bins", "history", "--sku", "CUP", "--bin", "A-2", "--before", page["next"])["changes"]
    assert [(one["change"], one["reason"]) for one in rest] == [(4, "opening")]
    assert "put_away" in shell.say("bins", "history", "--site", "MAIN").out


def test_what_is_shipped_leaves_the_bin_that_is_named_and_then_bins_as_people_walk(shell: Shell) -> None:
    before = cups(shell)
    assert before["B-7"] == 6
    placed = MACHINE_CLOCK.now() - timedelta(hours=1)
    shell.ask("import", "orders", write(shell, "orders.csv", orders(("O-1", "CUP", 3, placed))), "--channel", "web",
              "--format", "csv")  # fmt: skip
    shell.ask("run")
    text = SHIPPED.format(number="O-1", at=MACHINE_CLOCK.now().isoformat())
    shell.ask("import", "shipments", write(shell, "shipped.csv", text))
    shell.ask("run")
    assert cups(shell) == before | {"B-7": 4, "A-2": before["A-2"] - 1}
    assert shell.ask("verify")["ok"]


def test_what_is_picked_leaves_the_bin_that_is_named_before_it_ships(shell: Shell) -> None:
    before = cups(shell)
    placed = MACHINE_CLOCK.now() - timedelta(hours=1)
    shell.ask("import", "orders", write(shell, "orders2.csv", orders(("O-2", "CUP", 6, placed))), "--channel", "web",
              "--format", "csv")  # fmt: skip
    shell.ask("run")
    text = PICKED.format(number="O-2", at=MACHINE_CLOCK.now().isoformat())
    shell.ask("import", "shipments", write(shell, "picked.csv", text))
    shell.ask("import", "shipments", write(shell, "again.csv", text))
    shell.ask("run")
    # Of C-1 one more was picked than was known: it was not put away. What A-10 does not have lies anywhere.
    assert before["C-1"] == 2
    picked = before | {"B-7": before["B-7"] - 2, "picked": 5}
    assert cups(shell) == {code: units for code, units in picked.items() if code not in ("A-10", "C-1")}
    titles = sorted(one["title"] for one in shell.ask("cases")["cases"])
    assert "MAIN: 3 taken out of C-1, which held 2 of CUP" in titles
    assert any("MAIN did not find 1 for order O-2" in title for title in titles)
    assert shell.ask("verify")["ok"]
    shipped = f"order,occurred_at,sku,quantity\nO-2,{MACHINE_CLOCK.now().isoformat()},CUP,5\n"
    shell.ask("import", "shipments", write(shell, "shipped2.csv", shipped))
    shell.ask("run")
    del picked["picked"]
    assert cups(shell) == {code: units for code, units in picked.items() if code not in ("A-10", "C-1")}
    assert shell.ask("verify")["ok"]


def test_what_is_picked_and_does_not_leave_is_picked_for_nobody_any_more(shell: Shell) -> None:
    before = cups(shell)
    placed = MACHINE_CLOCK.now() - timedelta(hours=1)
    shell.ask("import", "orders", write(shell, "orders3.csv", orders(("O-3", "CUP", 3, placed))), "--channel", "web",
              "--format", "csv")  # fmt: skip
    shell.ask("run")
    at = MACHINE_CLOCK.now().isoformat()
    text = "order,occurred_at,event,sku,quantity,bin\n"
    picked = f"{text}O-3,{at},picked,CUP,3,A-2\n"
    shell.ask("import", "shipments", write(shell, "picked3.csv", picked))
    shell.ask("run")
    assert cups(shell) == before | {"A-2": before["A-2"] - 3, "picked": 3}
    # Two leave; the third was broken on its way to the door.
    shell.ask("import", "shipments", write(shell, "shipped3.csv", f"{text}O-3,{at},shipped,CUP,2,\n"))
    shell.ask("import", "shipments", write(shell, "short3.csv", f"{text}O-3,{at},short_picked,CUP,1,\n"))
    shell.ask("run")
    assert cups(shell) == before | {"A-2": before["A-2"] - 3}
    history = shell.ask("bins", "history", "--sku", "CUP", "--bin", "picked", "--limit", "1")["changes"]
    assert [(one["change"], one["reason"]) for one in history] == [(-1, "put_back")]
    assert shell.ask("verify")["ok"]


def test_a_site_that_keeps_bins_no_more_has_its_units_nowhere_in_particular(shell: Shell) -> None:
    write(shell, "stocktower.toml", CONFIGURATION)
    shell.ask("apply")
    assert shell.ask("bins", "list")["bins"] == []
    assert {one["differing"] for one in shell.ask("rebuild", "--dry-run")["projections"]} == {0}
    assert shell.ask("verify")["ok"]
