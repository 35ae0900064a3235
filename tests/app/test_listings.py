"""A channel's listings, by file: mapped with the proof of their rows, and who waited for one goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stocktower import catalog, exchange, network, ordering
from stocktower.app.files import import_file
from stocktower.app.home import Tower
from stocktower.app.output import CommandFailed
from stocktower.app.workers import work_until_idle
from stocktower.catalog import ListingView
from stocktower.exchange import ProductDocument
from tests.app.tower import open_cases, open_tower, order, send

FILE = """\
Channel SKU,SKU,Pack,Title,Barcode,Price,Status
W-CUP,CUP,,A cup,,5.00,live
W-SIX,CUP,6,Six cups,,27.00,paused
W-LID,,,A lid,4006381333931,1.00,
W-NEW,NEW,2,Not ours yet,,,
W-BAD,CUP,none,,,,
"""


@pytest.fixture
def tower(database_url: str, tmp_path: Path) -> Iterator[Tower]:
    tower = open_tower(database_url, tmp_path)
    send(tower, exchange.PRODUCT, {"LID": ProductDocument("LID", "Lid", barcode="4006381333931")})
    yield tower
    tower.database.close()


def bring(tower: Tower, text: str) -> exchange.ImportSummary:
    """Import a file of listings, and work it."""
    path = tower.home.folder / "listings.csv"
    path.write_text(text, encoding="utf-8")
    summary = import_file(tower, path, kind="listings", channel="web", actor="tester")
    work_until_idle(tower)
    return summary


def listings(tower: Tower, **asked: object) -> dict[str, ListingView]:
    """What is known of the listings."""
    with tower.reading() as tx:
        return {one.key: one for one in catalog.load_listing_views(tx, **asked)}  # pyright: ignore[reportArgumentType] -- its keywords


def step(tower: Tower, number: str) -> str:
    """How far an order has come."""
    with tower.reading() as tx:
        (row,) = ordering.find_orders(tx, network.load_network(tx), number)
        return row.step


def test_a_file_maps_listings_and_who_waited_for_them_goes_on(tower: Tower) -> None:
    orders = {f"A{n}": order(n, sku) for n, sku in enumerate(("W-SIX", "W-LID", "W-NEW"), start=1)}
    send(tower, exchange.ORDER, orders)
    work_until_idle(tower)
    assert len(open_cases(tower, "unmapped_listing")) == 3

    summary = bring(tower, FILE)
    assert (summary.rows, summary.new, summary.kept, summary.cases) == (5, 4, 1, 1)
    found = listings(tower)
    assert (found["W-SIX"].pack_quantity, found["W-SIX"].status, found["W-SIX"].price_minor) == (6, "inactive", 2700)
    assert found["W-LID"].sku_id != found["W-CUP"].sku_id == found["W-SIX"].sku_id
    assert (found["W-NEW"].sku_id, found["W-NEW"].title) == (0, "Not ours yet")
    assert step(tower, "A1") not in ("capture", "validate")
    (case,) = open_cases(tower, "unmapped_listing")
    assert (case.cause_key, case.waiters) == ("web/W-NEW", 2), "the order, and what the file says"

    again = bring(tower, FILE)
    assert (again.rows, again.repeated, again.kept, again.new, again.changed) == (5, 4, 1, 0, 0)
    assert listings(tower) == found
    # A person maps one otherwise: the same file again does not take that back; another one does, as a version.
    with tower.transaction("ann") as tx:
        channel_id = network.load_network(tx).channel_ids["web"]
        catalog.map_listing(tx, channel_id, "W-CUP", found["W-LID"].sku_id, 1, "ann")
    bring(tower, FILE)
    assert listings(tower)["W-CUP"].sku_id == found["W-LID"].sku_id
    changed = bring(tower, FILE.replace("A cup", "One cup"))
    assert (changed.changed, changed.repeated) == (1, 3)
    assert listings(tower)["W-CUP"].sku_id == found["W-CUP"].sku_id
    with tower.reading() as tx:
        versions = catalog.load_listing_versions(tx, channel_id, "W-CUP")
    assert [one.mapped_by for one in versions] == ["worker", "ann", "worker"]

    # The product comes: the listing that named it is mapped by that, and its order goes on.
    send(tower, exchange.PRODUCT, {"NEW": ProductDocument("NEW", "New")})
    work_until_idle(tower)
    assert listings(tower, unmapped=True) == {}
    assert listings(tower)["W-NEW"].pack_quantity == 2
    assert open_cases(tower, "unmapped_listing") == []
    assert step(tower, "A3") not in ("capture", "validate")


def test_what_contradicts_or_names_nobody_is_said(tower: Tower) -> None:
    bring(tower, "listing,sku\nW-CUP,CUP\n")
    bring(tower, "listing,sku\nW-CUP,GONE\n")
    (case,) = open_cases(tower, "parked_message")
    assert "our SKU GONE is not known" in case.data["problem"]
    twice = bring(tower, "listing,sku,status\nW-1,CUP,\nW-1,LID,\nW-2,CUP,sold\n,CUP,\n")
    assert (twice.rows, twice.kept) == (4, 4)
    with pytest.raises(CommandFailed, match="say whose listings they are"):
        import_file(tower, tower.home.folder / "listings.csv", kind="listings", actor="tester")
