"""Commands on lots: a dry run changes nothing, what is not known is named, a recall can be undone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stocktower import catalog, inventory, network, ordering
from stocktower.app.home import Tower
from stocktower.app.lot_commands import carry_out, load
from stocktower.app.output import CommandFailed
from stocktower.inventory.formulas.model import StockRow
from stocktower.inventory.stock.book import Cause
from stocktower.inventory.supply.service import open_book, write_book
from tests.app.tower import open_tower


@pytest.fixture
def tower(database_url: str, tmp_path: Path) -> Iterator[Tower]:
    tower = open_tower(database_url, tmp_path)
    with tower.transaction("tests") as tx:
        sku_id = catalog.find_skus(tx, ["CUP"])["CUP"].sku_id
        tx.connection.execute(
            "INSERT INTO inventory.lot (merchant_id, sku_id, lot, received_at, state, recorded_at) "
            "VALUES (%s, %s, 'L1', %s, 'open', %s)",
            (tx.merchant_id, sku_id, tx.now, tx.now),
        )
        inventory.lock_supply(tx, [sku_id])
        book = open_book(tx, ())
        site_id = network.load_network(tx).site_ids["EAST"]
        row = StockRow(tx.new_id(), sku_id, site_id, "available", "own", "L1", 0, 0, 0, 0, None)
        book.open(row)
        book.move(row.stock_id, 3, Cause("receipt", "supplier", "", 0, tx.now))
        write_book(tx, book)
    yield tower
    tower.database.close()


def hold(tower: Tower, lot: str, *, dry_run: bool = False) -> ordering.Recalled:
    """Recall a lot of cups."""
    return carry_out(tower, "CUP", dry_run, lambda tx, sku_id: ordering.hold_lot(tx, sku_id, lot, "cracks"))


def test_a_recall_is_rehearsed_done_and_undone(tower: Tower) -> None:
    assert hold(tower, "L1", dry_run=True).lot == "L1"
    assert load(tower, "CUP", "L1")[0].lot.state == "open"
    hold(tower, "L1")
    assert load(tower, "CUP", "L1")[0].lot.state == "held"
    carry_out(tower, "CUP", False, lambda tx, sku_id: ordering.release_lot(tx, sku_id, "L1", ""))
    found, sites = load(tower, "CUP", "L1")
    assert (found.lot.state, found.lot.quantity) == ("open", 3)
    assert [sites[row.site_id] for row in found.rows] == ["EAST"]


def test_what_is_not_known_is_named(tower: Tower) -> None:
    with pytest.raises(CommandFailed, match="lot L2 of CUP is not known"):
        hold(tower, "L2")
    with pytest.raises(CommandFailed, match="CUP has no such lot"):
        load(tower, "CUP", "L2")
    with pytest.raises(CommandFailed, match="CUPP: no such SKU"):
        load(tower, "CUPP", "L1")
