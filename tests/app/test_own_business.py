"""A business of one's own, from an empty folder to the journals: every command, in words and as an object."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.app.shell import Shell

PRODUCTS = """\
sku,name,cost,price,currency,components,units,listings
CUP,Cup [blue],2.00,5.00,USD,,case:12,
LID,Lid,1.00,2.00,USD,,,
SET,Cup with lid,,6.50,USD,CUP:1;LID:1,,web=web-set
"""
STOCK = "site,sku,quantity,cost\nMAIN,CUP,20,2.00\nMAIN,LID,3,1.00\n"
HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,"
    "Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem fulfillment status,Shipping Name,"
    "Shipping Street,Shipping City,Shipping Zip,Shipping Province,Shipping Country,Payment Method,Payment Reference\n"
)


def order(number: int, quantity: str, name: str, price: str, sku: str, total: str) -> str:
    """A row of the channel's export."""
    at = f"2026-02-01 10:{number % 60:02d}:00 +0000"
    return (
        f"#{number},{number}@example.com,paid,{at},unfulfilled,USD,{total},0.00,0.00,{total},0.00,{at},{quantity},{name},"
        f"{price},{sku},pending,Ada Abel,1 Main St,Albany,12207,NY,US,Stripe,p{number}\n"
    )


ORDERS = (
    HEADER
    + order(1001, "2", "Cup", "5.00", "CUP", "10.00")
    + order(1002, "1", "Cup with lid", "6.50", "web-set", "6.50")
    + order(1003, "many", "Cup with lid", "6.50", "web-set", "6.50")
    + order(1004, "1", "Twin", "7.00", "TWIN", "7.00")
)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, new_database_url: Callable[[], str]) -> Iterator[Shell]:
    """A shell in an empty folder, over the database server that the environment names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STOCKTOWER_DATABASE_URL", new_database_url())
        patch.delenv("STOCKTOWER_HOME", raising=False)
        yield Shell(tmp_path_factory.mktemp("empty") / "shop")


def write(shell: Shell, name: str, text: str) -> Path:
    """A file of the merchant's."""
    path = shell.home / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def applied(shell: Shell) -> Shell:
    """After init and apply."""
    assert "stocktower apply" in shell.say("init", shell.home, homeless=True).out
    first = shell.ask("apply")
    assert first["version"] == 1
    assert "channels[web].live_from" in {change["path"] for change in first["changes"]}
    return shell


@pytest.fixture(scope="module")
def shop(applied: Shell) -> Shell:
    """After the imports and a run."""
    said = applied.say("import", "products", write(applied, "products.csv", PRODUCTS)).out
    assert "rows 3 = new 3 + changed 0 + repeated 0 + kept 0" in said
    stock = applied.ask("import", "stock", write(applied, "stock.csv", STOCK), "--opening")
    assert (stock["rows"], stock["new"], stock["lines"]) == (2, 2, 2)
    orders = applied.ask("import", "orders", write(applied, "orders.csv", ORDERS), "--channel", "web")
    counts = [orders[name] for name in ("rows", "new", "changed", "repeated", "kept", "orders", "lines", "cases")]
    assert counts == [4, 3, 0, 0, 1, 3, 3, 1]
    worked = applied.ask("run")
    assert worked["worked"]["orders"] == 3
    return applied


def test_init_leaves_what_is_there(applied: Shell) -> None:
    assert "is there already" in applied.say("init", applied.home, code=2, homeless=True).err


def test_apply_again_changes_nothing(applied: Shell) -> None:
    assert "none" in applied.say("apply").out
    assert applied.ask("apply")["changes"] == []


def test_a_new_version_needs_the_newest_base(shop: Shell) -> None:
    file = shop.home / "stocktower.toml"
    version = shop.ask("apply")["version"]
    file.write_text(file.read_text().replace("priority = 50", "priority = 40"))
    rehearsed = shop.ask("apply", "--dry-run")
    assert [change["path"] for change in rehearsed["changes"]] == ["channels[web].priority"]
    stale = shop.ask("apply", "--base", version - 1, code=2)
    assert f"--base {version}" in stale["error"]
    assert shop.ask("apply")["version"] == version + 1
    assert shop.ask("apply")["changes"] == []


def test_the_same_files_again_are_all_repeated(shop: Shell) -> None:
    shop.say("run")
    before = shop.ask("status")["orders"]
    for words in (
        ("products", "products.csv"), ("stock", "stock.csv", "--opening"), ("orders", "orders.csv", "--channel", "web"),
    ):  # fmt: skip
        kind, name, *options = words
        again = shop.ask("import", kind, shop.home / name, *options)
        assert again["repeated"] + again["kept"] == again["rows"]
        assert (again["new"], again["changed"], again["cases"]) == (0, 0, 0)
    assert shop.ask("run")["worked"] == {}
    assert shop.ask("status")["orders"] == before


def test_status(shop: Shell) -> None:
    found = shop.ask("status")
    assert found["orders"] == {"open": 1, "released": 2}
    assert {kind["kind"] for kind in found["cases"]} == {"unreadable_row", "unmapped_listing"}
    assert "unmapped_listing" in shop.say("status").out


def test_ats(shop: Shell) -> None:
    (web,) = shop.ask("ats", "SET", "--channel", "web")["channels"]
    assert web["ats"] == 2
    assert web["told"] == 2
    said = shop.say("ats", "CUP", "--explain").out
    # What is in brackets is a name, no command to the terminal.
    assert "Cup [blue]" in said
    assert "On hand" in said


def test_the_past_is_asked_for_and_exported(shop: Shell) -> None:
    now = shop.ask("ats", "CUP", "--explain")
    assert now["as_of"] is None
    assert all(piece["label"] for step in now["channels"][0]["steps"] for piece in step["evidence"])
    for year, problem in ((2100, "still to come"), (2001, "the first configuration is of")):
        assert problem in shop.ask("ats", "CUP", "--at", f"{year}-01-01T00:00:00+00:00", code=2)["error"]
    history = shop.ask("history", "CUP")["entries"]
    assert {entry["what"] for entry in history} == {"move", "reservation"}
    then = shop.ask("ats", "CUP", "--at", history[0]["recorded_at"])
    assert then["channels"][0]["ats"] == now["channels"][0]["ats"]
    assert "opening" in shop.say("history", "CUP").out
    assert "not a site" in shop.ask("history", "CUP", "--site", "NIX", code=3)["error"]
    for table in ("stock", "moves", "reservations", "ats", "told"):
        for format in ("csv", "parquet"):
            output = shop.home / f"table-{table}.{format}"
            written = shop.ask("export", table, "--format", format, "--output", output)
            assert written["rows"] > 0
            assert output.stat().st_size > 0
    assert (shop.home / "table-stock.csv").read_text().startswith("as_of,sku,")
    assert "rows of moves" in shop.say("export", "moves", "--output", shop.home / "moves.csv").out
    assert list(shop.home.glob(".moves.csv.*")) == []


def test_order(shop: Shell) -> None:
    found = shop.ask("order", "#1001")
    assert found["order"]["order"]["fulfillment_state"] == "released"
    assert found["payments"][0]["amount_minor"] == 1_000
    # A shell takes # for a comment, so it may be left out.
    said = shop.say("order", "1001").out
    assert "Reserved 2 at MAIN" in said
    assert "Routed to MAIN" in said


def test_cases(shop: Shell) -> None:
    (kept,) = shop.ask("cases", "--kind", "unreadable_row")["cases"]
    assert kept["data"]["line"] == 4
    assert kept["data"]["column"]
    assert "'many'" in kept["data"]["problem"]
    assert kept["data"]["fix"]
    assert "orders.csv line 4" in shop.say("cases").out
    detail = shop.ask("case", kept["number"])
    assert detail["actions"] == ["dismiss", "retry"]
    assert "dismiss" in shop.say("case", f"C-{kept['number']}").out


def test_a_listing_is_mapped_by_dry_run_and_then_for_good(shop: Shell) -> None:
    (unmapped,) = shop.ask("cases", "--kind", "unmapped_listing")["cases"]
    act = ("case", unmapped["number"], "--do", "map", "--sku", "CUP", "--pack", 2)
    assert shop.ask(*act, "--dry-run")["events"]["order.released"] == 1
    assert len(shop.ask("cases", "--kind", "unmapped_listing")["cases"]) == 1
    assert "TWIN of web is 2 x CUP" in shop.say(*act).out
    shop.say("run")
    assert shop.ask("cases", "--kind", "unmapped_listing")["cases"] == []
    assert shop.ask("order", "#1004")["order"]["order"]["fulfillment_state"] == "released"
    assert "is closed" in shop.say(*act, code=2).err
    # The earlier tests counted it as open; here it is so no more.
    assert shop.ask("status")["orders"] == {"released": 3}


def test_books(shop: Shell) -> None:
    balance = shop.ask("trial-balance")
    (total,) = balance["totals"]
    assert total["debit_minor"] == total["credit_minor"] == 4_300 + 2_350
    assert "Equity:Opening" in shop.say("trial-balance").out
    assert shop.ask("trial-balance", "--as-of", "2026-01-31")["totals"] == []
    assert shop.ask("verify")["ok"]
    assert "invariants hold" in shop.say("verify").out


def test_journals(shop: Shell) -> None:
    text = shop.say("export", "journal", "--format", "beancount").out
    assert text.startswith('option "title"')
    assert shop.ask("export", "journal")["text"] == text
    file = shop.home / "books.beancount"
    assert shop.ask("export", "journal", "--output", file) == {
        "format": "beancount", "output": str(file), "lines": len(text.splitlines()),
    }  # fmt: skip
    assert file.read_text() == text
    assert [path.name for path in shop.home.glob("*.part")] == []
    assert "no folder" in shop.say("export", "journal", "--output", shop.home / "nix" / "x", code=3).err


def test_tokens(shop: Shell) -> None:
    token = shop.ask("token", "create", "--name", "erp")
    assert (token["name"], token["role"]) == ("erp", "integrator")
    assert len(token["token"]) > 30
    assert "shown this once" in shop.say("token", "create", "--name", "ops", "--role", "operations", "--days", 30).out
    assert "known as integrator" in shop.say("token", "create", "--name", "erp", "--role", "auditor", code=2).err
    assert "operations" in shop.say("token", "create", "--name", "x", "--role", "boss", code=2).err
    assert [one["person"] for one in shop.ask("token", "list")["tokens"]] == ["ops", "erp"]
    assert shop.ask("token", "revoke", "--name", "erp")["revoked"] == 1
    assert shop.ask("token", "revoke", "--name", "erp")["revoked"] == 0
    assert [one["person"] for one in shop.ask("token", "list")["tokens"] if not one["revoked_at"]] == ["ops"]
    assert "token list" in shop.say("token", "revoke", "--name", "nobody", code=3).err


def test_verify_says_what_is_broken(shop: Shell) -> None:
    """Exit code 1, the invariant and the rows, in words and as an object; mended at the end."""
    import psycopg

    change = "UPDATE inventory.stock SET quantity = quantity + {} WHERE quantity > 10"
    with psycopg.connect(os.environ["STOCKTOWER_DATABASE_URL"], autocommit=True) as connection:
        connection.execute(change.format("1").encode())
        try:
            found = shop.ask("verify", code=1)
            assert not found["ok"]
            assert "inventory" in {one["room"] for one in found["broken"]}
            assert "broken" in shop.say("verify", code=1).out
        finally:
            connection.execute(change.format("-1").encode())
    assert shop.ask("verify")["ok"]


# What is wrong is named, with its place and the fix.


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("ats", "CUPP"), 3, "near it: CUP"),
        (("ats", "CUP", "--channel", "nix"), 3, "one of web"),
        (("order", "77"), 3, "77: no such order"),
        (("case", "999"), 3, "999: no such case"),
        (("case", "nix"), 3, "nix: no such case"),
        (("cases", "--kind", "nix"), 2, "unmapped_listing"),
        (("import", "orders", "nix.csv", "--channel", "web"), 3, "nix.csv: no such file"),
        (("import", "stock", "nix.csv"), 3, "nix.csv: no such file"),
        (("import", "orders", "{home}/orders.csv", "--channel", "nix"), 3, "one of web"),
        (("import", "shipments", "{home}/orders.csv", "--channel", "nix"), 3, "one of web"),
        (("import", "stock", "{home}/stock.csv", "--as-of", "yesterday"), 2, "--as-of yesterday: not an instant"),
        (("import", "stock", "{home}/stock.csv", "--as-of", "2026-01-01"), 2, "2026-01-01T00:00:00+00:00"),
        (("trial-balance", "--as-of", "5"), 2, "--as-of 5: not a date"),
        (("case", "101", "--do", "fly"), 2, "allowed: dismiss"),
        (("case", "101", "--do", "dismiss", "--hours", "0"), 2, "hours 0"),
        (("case", "101", "--do", "dismiss", "--pack", "99999999999"), 2, "pack 99999999999"),
        (("serve", "--port", "99999"), 2, "65535"),
        (("token", "create", "--name", "x", "--days", "99999999999"), 2, "36500"),
        (("ats",), 2, "SKU"),
        (("nix",), 2, "nix"),
        (("order", "\udcff"), 2, "UTF-8"),
    ],
)
def test_what_is_wrong_is_named(shop: Shell, words: tuple[str, ...], code: int, said: str) -> None:
    tokens = [word.format(home=shop.home) for word in words]
    failure = shop.ask(*tokens, code=code)
    assert said in failure["error"]
    assert failure["code"] == code
    spoken = shop.say(*tokens, code=code)
    assert said in " ".join(spoken.err.replace("│", " ").split())
    assert spoken.out == ""


def test_a_missing_column_is_named_with_its_line_and_fix(shop: Shell) -> None:
    file = write(shop, "nocolumn.csv", "site,quantity\nMAIN,4\n")
    (problem,) = shop.ask("import", "stock", file, code=2)["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("nocolumn.csv", 1, "sku")
    assert "add a column named 'sku'" in problem["fix"]
    said = shop.say("import", "stock", file, code=2).err
    assert "nocolumn.csv:1:sku" in said
    assert "fix: add" in said


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"[merchant]\ncode = 'x'\nname = = 5\n", 3),
        (b"[merchant]\ncode = 'x'\nname = 5\n", 3),
        (b"[merchant]\ncode = 'x'\nname = '\xff'\n", 3),
    ],
)
def test_a_broken_configuration_names_the_line(shop: Shell, content: bytes, line: int) -> None:
    file = shop.home / "stocktower.toml"
    before = file.read_bytes()
    file.write_bytes(content)
    try:
        failure = shop.ask("apply", code=2)
        assert "nothing changed" in failure["error"]
        assert (failure["problems"][0]["file"], failure["problems"][0]["line"]) == (str(file), line)
        assert failure["problems"][0]["fix"]
        assert f"{file}:{line}" in shop.say("apply", code=2).err
    finally:
        file.write_bytes(before)


def test_what_comes_too_early_says_what_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_database_url: Callable[[], str]
) -> None:
    early = Shell(tmp_path / "early")
    assert "stocktower init" in early.say("status", code=3).err
    early.say("init", early.home, homeless=True)
    monkeypatch.setenv("STOCKTOWER_DATABASE_URL", new_database_url())
    for words in (("run",), ("serve",), ("import", "stock", "x.csv"), ("ats", "CUP"), ("status",)):
        failure = early.ask(*words, code=2)
        assert "stocktower apply" in failure["error"]


def test_a_model_that_does_not_run_yet_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_database_url: Callable[[], str]
) -> None:
    other = Shell(tmp_path / "other")
    other.say("init", other.home, homeless=True)
    file = other.home / "stocktower.toml"
    file.write_text(file.read_text().replace('preset = "oms-led"', 'preset = "erp-centric"'))
    monkeypatch.setenv("STOCKTOWER_DATABASE_URL", new_database_url())
    other.say("apply")
    assert "erp-centric" in other.ask("run", code=2)["error"]


def test_a_database_that_is_away_is_named(shop: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKTOWER_DATABASE_URL", "postgresql://nobody@/nowhere?host=/nowhere")
    failure = shop.ask("status", code=3)
    assert "the database" in failure["error"]
    assert "/nowhere" in failure["error"]


def test_a_fault_of_ours_is_told_from_a_wrong_input(shop: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("stocktower.app.reads.status", broken)
    failure = shop.ask("status", code=4)
    assert "ZeroDivisionError: by nothing" in failure["error"]
    assert "STOCKTOWER_TRACEBACK=1" in failure["error"]
    monkeypatch.setenv("STOCKTOWER_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        shop.say("status")


def test_every_command_has_help_and_json(shell: Shell) -> None:
    commands = [
        "init", "apply", "run", "serve", "status", "ats", "order", "cases", "case", "trial-balance", "verify", "demo",
        "import products", "import stock", "import orders", "import shipments", "export journal", "token create",
    ]  # fmt: skip
    for command in commands:
        said = shell.say(*command.split(), "--help", homeless=True).out
        assert "--json" in said, command
        assert "Usage: stocktower" in said
    assert "Commands" in shell.say(homeless=True).out
