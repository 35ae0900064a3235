"""Duties from the channel's file to the trial balance: in the total, owed to the customs, given back with goods."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stocktower import exchange, finance, network, ordering
from stocktower.app.files import import_file
from stocktower.app.home import Tower
from stocktower.app.verify import verify
from stocktower.app.workers import work_until_idle
from stocktower.exchange import ConfirmationDocument, ConfirmationLine
from tests.app.tower import NOW, open_cases, open_tower, send
from tests.connectors.files.exports import SHOPIFY_79, record, shopify_line, shopify_order, write


@pytest.fixture
def tower(database_url: str, tmp_path: Path) -> Iterator[Tower]:
    """A merchant with a hundred cups."""
    tower = open_tower(database_url, tmp_path)
    yield tower
    tower.database.close()


def bring(tower: Tower, path: Path, **of_order: str) -> None:
    """The channel's file: three cups and a gift card, with 1.00 shipping, 2.00 tax and 4.00 duties."""
    head = shopify_order(
        Lineitem_sku="CUP", Lineitem_quantity="3", Lineitem_price="5.00", Subtotal="20.00", Shipping="1.00",
        Taxes="2.00", Duties="4.00", Total="27.00", Shipping_Street="1 Main St", Shipping_City="Albany",
        Shipping_Zip="12207", **of_order,
    )  # fmt: skip
    gift = shopify_line(Lineitem_sku="GIFT", Lineitem_price="5.00", Lineitem_requires_shipping="false")
    write(path, SHOPIFY_79, [record(SHOPIFY_79, row) for row in (head, gift)])
    import_file(tower, path, kind="orders", channel="web", format="shopify", actor="tester")
    work_until_idle(tower)


def ship(tower: Tower, units: int) -> None:
    """The site sends cups."""
    lines = (ConfirmationLine(units, "CUP"),)
    document = ConfirmationDocument("#1001", "shipped", NOW, "EAST", lines, tracking=f"T{units}")
    send(tower, exchange.CONFIRMATION, {f"#1001/{units}": document})
    work_until_idle(tower)


def credit(tower: Tower, account: str) -> int:
    """What stands on the credit side of an account, net."""
    with tower.reading() as tx:
        rows = {row.account: row.credit_minor - row.debit_minor for row in finance.trial_balance(tx).rows}
    return rows.get(account, 0)


def test_duties_go_all_the_way(tower: Tower, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    bring(tower, path)
    assert open_cases(tower) == []
    with tower.reading() as tx:
        facts = network.load_network(tx)
        (row,) = ordering.find_orders(tx, facts, "#1001")
        found = ordering.load_order(tx, facts, row.order_id)
        assert found is not None
    assert (found.duties_minor, row.total_minor) == (400, 2700)
    # Nothing is sent for the gift card: it bears none.
    assert [(line.duties_minor, line.total_minor) for line in found.lines] == [(400, 2125), (0, 575)]
    assert credit(tower, "Liabilities:DutiesPayable") == 0
    ship(tower, 1)
    assert credit(tower, "Liabilities:DutiesPayable") == 134
    ship(tower, 2)
    assert credit(tower, "Liabilities:DutiesPayable") == 400
    assert credit(tower, "Liabilities:CustomerDeposits") == 0
    # A third of what the cups earned goes back, its duties with it.
    bring(tower, path, Financial_Status="partially_refunded", Refunded_Amount="7.08")
    assert credit(tower, "Liabilities:DutiesPayable") == 400 - 105
    assert verify(tower).ok
    bring(tower, path, Financial_Status="refunded", Refunded_Amount="27.00")
    for account in ("Liabilities:DutiesPayable", "Liabilities:TaxPayable", "Assets:Receivable"):
        assert credit(tower, account) == 0, account
    assert verify(tower).ok
