"""Promises at the command line: what can be promised by when, preorders that move, what is to be ordered."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stocktower.platform import MACHINE_CLOCK
from tests.app.shell import Shell

PRODUCTS = "sku,name,cost,price,currency\nCUP,Cup,2.00,5.00,USD\nLID,Lid,1.00,2.00,USD\n"
STOCK = "site,sku,quantity,cost\nMAIN,CUP,8,2.00\nMAIN,LID,3,1.00\n"
MORE = """
[promises]
handling_days = 1

[[preorders]]
sku = "LID"

[[supply]]
supplier = "Porcelain Ltd"
site = "MAIN"
skus = ["CUP"]
lead_time_days = 10
moq = 12
order_multiple = 6
promise = true
"""
TODAY = MACHINE_CLOCK.now().replace(hour=12, minute=0, second=0, microsecond=0)
DAY = timedelta(days=1)


def write(shell: Shell, name: str, text: str) -> Path:
    """A file of the merchant's."""
    path = shell.home / name
    path.write_text(text, encoding="utf-8")
    return path


def orders(*rows: tuple[str, str, int, datetime]) -> str:
    """Paid orders of one line: number, SKU, units, placed."""
    head = (
        "order,placed_at,sku,quantity,unit_price,paid,financial_status,ship_name,ship_street,ship_city,ship_country\n"
    )
    return head + "".join(
        f"{number},{at.isoformat()},{sku},{units},5.00,{units * 5}.00,paid,Ann,1 Main St,Newark,US\n"
        for number, sku, units, at in rows
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, new_database_url: Callable[[], str]) -> Iterator[Shell]:
    """A shop whose cups are bought of somebody, and whose lids may be preordered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKTOWER_DATABASE_URL", new_database_url())
        patch.delenv("STOCKTOWER_HOME", raising=False)
        shell = Shell(tmp_path_factory.mktemp("promised") / "shop")
        shell.say("init", shell.home, homeless=True)
        path = shell.home / "stocktower.toml"
        path.write_text(path.read_text(encoding="utf-8") + MORE, encoding="utf-8")
        shell.say("apply")
        shell.say("import", "products", write(shell, "products.csv", PRODUCTS))
        shell.say("import", "stock", write(shell, "stock.csv", STOCK), "--opening")
        shell.say("run")
        yield shell


def channel_of(shop: Shell) -> str:
    """The channel of the template."""
    return shop.ask("atp", "CUP")["channels"][0]["channel"]


def test_what_can_be_promised_by_when(shop: Shell) -> None:
    (answer, *_) = shop.ask("atp", "CUP", "--channel", channel_of(shop), "--quantity", "100")["channels"]
    assert answer["timeline"]["points"][0]["atp"] == 8
    due = datetime.fromisoformat(answer["earliest"])
    assert timedelta(days=9) < due - MACHINE_CLOCK.now() <= timedelta(days=10)
    said = shop.say("atp", "CUP", "--quantity", "100", "--by", f"{TODAY + 3 * DAY:%Y-%m-%d}").out
    assert "100 units from" in said
    assert "lead time" in said
    assert shop.ask("atp", "CUP", "--channel", "nowhere", code=3)["code"] == 3
    assert "not a date" in shop.ask("atp", "CUP", "--by", "soon", code=2)["error"]


def test_a_preorder_moves_with_its_inbound(shop: Shell) -> None:
    channel = channel_of(shop)
    first = f"reference,site,sku,quantity,expected_at\nPO-1,MAIN,LID,10,{(TODAY + 5 * DAY).isoformat()}\n"
    shop.say("import", "inbound", write(shop, "first.csv", first))
    shop.say("run")
    shop.say(
        "import",
        "orders",
        write(shop, "o.csv", orders(("P1", "LID", 6, TODAY))),
        "--channel",
        channel,
        "--format",
        "csv",
    )
    shop.say("run")
    order = shop.ask("order", "P1")["order"]
    assert order["order"]["waits_for"] == "inbound"
    assert order["lines"][0]["promise"]["promised_on"] == f"{TODAY + 6 * DAY:%Y-%m-%d}"
    assert "promised from inbound" in shop.say("order", "P1").out
    shop.say("import", "inbound", write(shop, "later.csv", first.replace(f"{TODAY + 5 * DAY:%Y-%m-%d}",
                                                                          f"{TODAY + 9 * DAY:%Y-%m-%d}")))  # fmt: skip
    shop.say("run")
    (case,) = [one for one in shop.ask("cases")["cases"] if one["kind"] == "promise_broken"]
    number = str(case["number"])
    assert "PO-1 does not bring in time" in shop.say("case", number).out
    assert "was told" in shop.say("case", number, "--do", "tell", "--dry-run").out
    shop.say("case", number, "--do", "tell")
    assert [one for one in shop.ask("cases")["cases"] if one["kind"] == "promise_broken"] == []
    assert shop.say("verify").code == 0


def test_what_is_to_be_ordered(shop: Shell) -> None:
    rows = [(f"C{day}", "CUP", 1, TODAY - day * DAY) for day in range(1, 8)]
    shop.say("import", "orders", write(shop, "c.csv", orders(*rows)), "--channel", channel_of(shop), "--format", "csv")
    shop.say("run")
    (one,) = shop.ask("reorder", "--recompute")["proposals"]
    assert (one["sku"], one["supplier"], one["quantity"] % 6) == ("CUP", "Porcelain Ltd", 0)
    assert "reorder point" in shop.say("reorder").out
    number = str(one["proposal"])
    assert "multiples of 6" in shop.ask("reorder", "change", number, "--quantity", "13", code=2)["error"]
    assert shop.ask("reorder", "change", number, "--quantity", "18")["quantity"] == 18
    accepted = shop.ask("reorder", "accept", number)["accepted"][0]
    assert accepted["reference"] == f"PO-{number}"
    assert shop.ask("reorder")["proposals"] == []
    assert shop.ask("reorder", "dismiss", number, code=3)["code"] == 3
    said = shop.say("atp", "CUP").out
    assert f"of {accepted['reference']}, not confirmed" in said
    assert shop.say("verify").code == 0
