import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Transaction as BeancountTransaction

from stocktower import finance
from stocktower.finance.beancount import account_name, decimal_text
from stocktower.platform import Transaction
from tests.finance.world import EU_3PL, WEB_EU, configuration, feed, paid, refunded, shipped, stock


@pytest.fixture
def file(tx: Transaction, tmp_path: Path) -> Path:
    """The export of a few trades in three currencies."""
    feed(
        tx,
        stock("opened", 1, 10, 333),
        stock("opened", 2, 10, 100, site=EU_3PL),
        paid(1, 1999),
        paid(2, 3333, currency="EUR", channel=WEB_EU),
        paid(3, 1, currency="GBP"),
        shipped(1, 1500, discount=1, shipping=300, tax=200, items=[(1, 3)]),
        refunded(1, 500, goods_minor=400, tax_minor=100),
    )
    feed(tx, shipped(2, 3333, currency="EUR", items=[(2, 1)], site=EU_3PL), under=configuration(eur_usd=Decimal("1.1")))
    path = tmp_path / "journal.beancount"
    path.write_text("".join(finance.export_beancount(tx, configuration())), encoding="utf-8")
    return path


def test_bean_check_finds_nothing(file: Path) -> None:
    check = subprocess.run(
        [Path(sys.executable).with_name("bean-check"), file], capture_output=True, text=True, check=False
    )
    assert (check.returncode, check.stdout, check.stderr) == (0, "", "")


def test_every_journal_is_there_with_its_position(tx: Transaction, file: Path) -> None:
    entries, errors, options = loader.load_file(str(file))
    assert errors == []
    assert options["title"] == 'Test "Goods" \\ Co'
    found = [entry for entry in entries if isinstance(entry, BeancountTransaction)]
    positions = {int(entry.meta["position"]) for entry in found}
    assert positions == {journal.journal_id for journal in finance.load_journals(tx, limit=100).journals}
    assert len(found) == 8


def test_an_empty_ledger_is_a_valid_file(tx: Transaction) -> None:
    _, errors, _ = loader.load_string("".join(finance.export_beancount(tx, configuration())))
    assert errors == []


def test_names_that_people_give_become_valid_accounts() -> None:
    assert account_name("acme-us", "Assets:Inventory") == "Assets:Acme-us:Inventory"
    assert account_name("us", "1400 Vorräte") == "Equity:Us:1400-Vorr-te"
    assert account_name("us", "Income:umsatz (brutto)") == "Income:Us:Umsatz-brutto"


def test_digits_follow_the_currency() -> None:
    assert [decimal_text(-1234, currency) for currency in ("USD", "JPY", "KWD")] == ["-12.34", "-1234", "-1.234"]
