"""Rules of what channels are offered at the command line: tried, set, refused on a stale version, ended."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.app.shell import Shell

PRODUCTS = "sku,name,cost,price,currency\nCUP,Cup,2.00,5.00,USD\nLID,Lid,1.00,2.00,USD\n"
STOCK = "site,sku,quantity,cost\nMAIN,CUP,200,2.00\nMAIN,LID,30,1.00\n"
CAP = ("rules", "set", "cap", "--sku", "CUP", "--quantity", 7, "--channel")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, new_database_url: Callable[[], str]) -> Iterator[Shell]:
    """A shop with stock, over the database server of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKTOWER_DATABASE_URL", new_database_url())
        patch.delenv("STOCKTOWER_HOME", raising=False)
        shell = Shell(tmp_path_factory.mktemp("ruled") / "shop")
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


def channel_of(shop: Shell) -> str:
    """Where cups are sold."""
    return shop.ask("ats", "CUP")["channels"][0]["channel"]


def ats(shop: Shell) -> int:
    """How many cups may be sold there."""
    return shop.ask("ats", "CUP")["channels"][0]["ats"]


def test_a_rule_is_tried_set_explained_and_ended(shop: Shell) -> None:
    channel = channel_of(shop)
    before, version = ats(shop), shop.ask("rules", "list")["version"]
    tried = shop.ask(*CAP, channel, "--dry-run")
    [effect] = [one for one in tried["act"]["effects"] if one["channel"] == channel]
    assert effect["largest"] == [{"sku": "CUP", "before": before, "after": 7}]
    assert (ats(shop), shop.ask("rules", "list")["version"]) == (before, version)
    number = shop.ask(*CAP, channel, "--base", version)["act"]["rule_id"]
    assert ats(shop) == 7
    [rule] = shop.ask("rules", "list", "--sku", "CUP", "--kind", "cap")["rules"]
    assert (rule["rule_id"], rule["what"], rule["says"], rule["state"]) == (number, "sku:CUP", "at most 7", "in_force")
    assert f"rule {number}: at most 7 (sku:CUP)" in shop.say("ats", "CUP", "--explain").out.replace("\n", " ")
    shop.say("rules", "end", number)
    assert ats(shop) == before
    assert shop.ask("rules", "list", "--kind", "cap")["rules"] == []
    [ended] = shop.ask("rules", "list", "--kind", "cap", "--state", "ended")["rules"]
    assert (ended["rule_id"], ended["state"], ended["replaced_at"] > ended["recorded_at"]) == (number, "ended", True)


def test_what_is_wrong_is_named_and_nothing_is_kept(shop: Shell) -> None:
    channel, version = channel_of(shop), shop.ask("rules", "list")["version"]
    stale = shop.say(*CAP, channel, "--base", version + 1, code=1).err
    assert f"version {version} is there by now" in " ".join(stale.split())
    for words, said in (
        ((*CAP, "nowhere"), "--channel: nowhere is not a channel; one of"),
        (("rules", "set", "cap", "--channel", channel), "--quantity: is not stated"),
        (("rules", "set", "limit", "--channel", channel), "limit: not a rule; KIND is one of"),
        (("rules", "end", 1), "--rule: no rule 1 is meant now"),
        (("rules", "list", "--state", "gone"), "--state gone: not known; one of in_force, future, ended"),
    ):
        assert said in " ".join(shop.say(*words, code=2).err.split())
    assert shop.ask("rules", "list")["version"] == version
