"""Bins of a site: counted, received into, moved, picked from, counted again; they never hold more than their row."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from stocktower import inventory, network
from stocktower.exchange import (
    BinMoveDocument,
    BinMoveLine,
    ReceiptDocument,
    ReceiptLine,
    StockDocument,
    StockLine,
)
from stocktower.inventory import Consume, Fetch, NotUsable, SnapshotResult, Stated, Withdraw
from stocktower.inventory import views as ledger
from stocktower.platform import Database, Transaction
from tests.inventory.test_snapshots import open_cases
from tests.inventory.test_threads import again, check, merchant
from tests.inventory.world import PRODUCTS, TEXT, World, broken

__all__ = ["merchant"]
KEEPS_BINS = TEXT.replace('code = "EAST"\n', 'code = "EAST"\nbins = true\n')
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant whose east keeps bins."""
    return World(tx, KEEPS_BINS, PRODUCTS)


def count(
    tx: Transaction, bins: Mapping[str, int], *, ago: timedelta = timedelta(0), site: str = "EAST", said: bool = True
) -> SnapshotResult:
    """A count of cups by bin ('': not put away)."""
    lines = tuple(StockLine("CUP", units, row=row, bin=code) for row, (code, units) in enumerate(bins.items(), start=2))
    document = StockDocument(site, tx.now - ago, lines, bins=said)
    return inventory.take_snapshot(tx, document, 1, may_cut=lambda _: set())


def move(tx: Transaction, reference: str, *lines: tuple[str, str, int], ago: timedelta = timedelta(0)) -> Stated:
    """Cups go from bin to bin in the east."""
    moved = tuple(BinMoveLine("CUP", units, origin, destination) for origin, destination, units in lines)
    return inventory.state_bin_moves(tx, BinMoveDocument(reference, "EAST", moved, tx.now - ago))


def receive(tx: Transaction, reference: str, bins: Mapping[str, int]) -> Stated:
    """Cups come in, and are put somewhere."""
    lines = tuple(ReceiptLine("CUP", units, bin=code) for code, units in bins.items())
    return inventory.state_receipt(tx, ReceiptDocument(reference, "EAST", lines))


def ship(tx: Transaction, world: World, order_id: int, *bins: tuple[str, int], ago: timedelta = timedelta(0)) -> None:
    """Cups leave the east for an order, from bins that may be named."""
    items = [
        Consume(order_id, 1, world.sku["CUP"], world.site["EAST"], units, 900 + order_id, tx.now - ago, bin=code)
        for code, units in bins
    ]
    inventory.consume(tx, items)


def pick(
    tx: Transaction, world: World, order_id: int, code: str, units: int, *, found: bool = True,
    ago: timedelta = timedelta(0),
) -> None:  # fmt: skip
    """Cups are picked out of a bin in the east for an order, or are not found there."""
    item = Fetch(
        order_id, 1, world.sku["CUP"], world.site["EAST"], units, 900 + order_id, tx.now - ago, code, found=found
    )  # fmt: skip
    inventory.fetch(tx, [item])


def rows(tx: Transaction, world: World) -> dict[str, inventory.StockRow]:
    """The rows of cups in the east by status."""
    found = inventory.load_availability(tx, [world.sku["CUP"]], world.network).rows(world.sku["CUP"])
    return {row.status: row for row in found if row.site_id == world.site["EAST"]}


def there(tx: Transaction, world: World, status: str = "available") -> dict[str, int]:
    """Bin -> cups, and '' -> what is not put away, where there are any."""
    row = rows(tx, world)[status]
    bins = {one.bin: one.quantity for one in ledger.load_bins(tx, [row.stock_id]).get(row.stock_id, ())}
    loose = row.quantity - sum(bins.values())
    return bins | ({"": loose} if loose else {})


def moves(tx: Transaction, table: str = "bin_move") -> int:
    """How many entries a ledger has."""
    found = tx.connection.execute(
        f"SELECT count(*) FROM inventory.{table} WHERE merchant_id = %s".encode(), [tx.merchant_id]
    )
    return found.fetchall()[0][0]


def test_a_count_by_bin_sets_sub_rows_by_moves_and_the_same_sum_moves_units_among_bins_only(
    tx: Transaction, world: World
) -> None:
    count(tx, {"A-10": 3, "A-2": 5, "": 2})
    assert there(tx, world) == {"A-2": 5, "A-10": 3, "": 2}
    assert (moves(tx), moves(tx, "move")) == (2, 1)
    assert count(tx, {"A-10": 3, "A-2": 5, "": 2}).changed == 0
    assert moves(tx) == 2
    assert count(tx, {"A-10": 4, "B-1": 6}).changed == 0
    assert there(tx, world) == {"A-10": 4, "B-1": 6}
    assert moves(tx, "move") == 1
    # Without a word on bins what is missing was not put away as far as there is such, and bins keep the rest.
    count(tx, {"": 12}, said=False)
    assert there(tx, world) == {"A-10": 4, "B-1": 6, "": 2}
    count(tx, {"": 7}, said=False)
    assert there(tx, world) == {"A-10": 1, "B-1": 6}
    # West keeps none: the same file is added up.
    count(tx, {"A-10": 4, "B-1": 6}, site="WEST")
    assert world.row(tx, "WEST", "CUP") == (10, 0, 0)
    assert broken(tx) == []


def test_what_happened_since_an_older_count_counts_in_its_bins_too(tx: Transaction, world: World) -> None:
    count(tx, {"A-1": 6, "B-1": 4}, ago=9 * MINUTE)
    world.order(tx, 1, "CUP", 3)
    ship(tx, world, 1, ("B-1", 2), ("", 1))
    assert there(tx, world) == {"A-1": 5, "B-1": 2}
    move(tx, "M-1", ("A-1", "C-1", 2))
    # It was so eight minutes ago; what left and what moved is taken into account.
    count(tx, {"A-1": 7, "B-1": 4, "D-1": 1}, ago=8 * MINUTE)
    assert there(tx, world) == {"A-1": 4, "B-1": 2, "C-1": 2, "D-1": 1}
    assert world.row(tx, "EAST", "CUP") == (9, 0, 0)
    # A shipment and a bin move that this count saw take nothing more.
    ship(tx, world, 2, ("A-1", 2), ago=8.5 * MINUTE)
    assert move(tx, "M-2", ("A-1", "B-1", 1), ago=8.5 * MINUTE).state == "counted"
    assert there(tx, world) == {"A-1": 4, "B-1": 2, "C-1": 2, "D-1": 1}
    assert broken(tx) == []


def test_a_receipt_names_bins_once_and_its_correction_moves_the_difference(tx: Transaction, world: World) -> None:
    assert receive(tx, "DN-1", {"A-1": 6, "": 4}).state == "entered"
    assert there(tx, world) == {"A-1": 6, "": 4}
    assert receive(tx, "DN-1", {"A-1": 6, "": 4}).state == "repeated"
    move(tx, "M-1", ("A-1", "Z-1", 5))
    # The same again, put elsewhere: what is still in the first bin goes, as much comes into the other.
    receive(tx, "DN-1", {"B-1": 6, "": 4})
    assert there(tx, world) == {"B-1": 5, "Z-1": 5}
    assert receive(tx, "DN-1", {"B-1": 3, "": 4}).units == -3
    assert there(tx, world) == {"B-1": 2, "Z-1": 5}
    assert broken(tx) == []


def test_units_move_among_bins_once_under_a_number_and_only_as_many_as_lie_there(tx: Transaction, world: World) -> None:
    count(tx, {"A-1": 5, "": 5})
    assert move(tx, "M-1", ("", "B-1", 4), ("B-1", "C-1", 1)) == Stated("bin_move", "M-1", "moved", 5)
    assert there(tx, world) == {"A-1": 5, "B-1": 3, "C-1": 1, "": 1}
    assert move(tx, "M-1", ("B-1", "C-1", 1), ("", "B-1", 4)).state == "repeated"
    for reference, line, field in (
        ("M-1", ("A-1", "B-1", 1), "reference"),
        ("M-2", ("A-1", "B-1", 6), "quantity"),
        ("M-2", ("", "B-1", 2), "quantity"),
        ("M-2", ("A-1", "A-1", 1), "destination"),
    ):
        with pytest.raises(NotUsable) as refused:
            move(tx, reference, ("A-1", "D-1", 1), line)
        assert refused.value.field == field
    with pytest.raises(NotUsable, match="keeps no bins"):
        inventory.state_bin_moves(tx, BinMoveDocument("M-3", "WEST", (BinMoveLine("CUP", 1, "", "A-1"),)))
    assert there(tx, world) == {"A-1": 5, "B-1": 3, "C-1": 1, "": 1}
    move(tx, "M-4", ("C-1", "", 1))
    assert there(tx, world) == {"A-1": 5, "B-1": 3, "": 2}
    assert moves(tx, "move") == 1
    assert broken(tx) == []


def test_units_that_change_their_status_stay_in_their_bin_and_bins_are_known_of_any_instant(
    tx: Transaction, world: World
) -> None:
    count(tx, {"A-1": 5, "A-2": 5})
    row = rows(tx, world)["available"]
    inventory.withdraw(tx, [Withdraw(row.stock_id, "quarantine", "inspection", 7)], may_cut=lambda _: set())
    assert there(tx, world, "quarantine") == {"A-1": 5, "A-2": 2}
    assert there(tx, world) == {"A-2": 3}
    known = ledger.load_bins(tx, [row.stock_id], tx.now)
    assert [(one.bin, one.quantity) for one in known[row.stock_id]] == [("A-2", 3)]
    assert ledger.load_bins(tx, [row.stock_id], tx.now - MINUTE) == {}
    found, more = ledger.load_bin_page(tx, ledger.BinsAsked(codes=("A",)), limit=2)
    assert [(one.bin, one.quantity, one.status) for one in found] == [
        ("A-1", 5, "quarantine"), *[(one.bin, one.quantity, one.status) for one in found[1:]]
    ]  # fmt: skip
    rest, end = ledger.load_bin_page(tx, ledger.BinsAsked(codes=("A",)), more, limit=2)
    assert (len(found), len(rest), end) == (2, 1, None)
    # The site gives bins up: everything lies nowhere in particular, by moves.
    without = msgspec.structs.replace(world.network.sites[world.site["EAST"]], bins=False)
    closed = msgspec.structs.replace(world.network, sites={**world.network.sites, without.site_id: without})
    assert inventory.give_up_bins(tx, closed) == 2
    assert there(tx, world) == {"": 3}
    assert ledger.load_bin_page(tx, ledger.BinsAsked()) == ([], None)
    assert broken(tx) == []


def test_bins_are_listed_as_people_walk_page_by_page(tx: Transaction, world: World) -> None:
    codes = [
        *("A-2", "a-3", "A-10", "A-100", "A10"),
        *("B-0", "B-007", "B-8", "B-00000000000012", "B-123456789012", "C/2.1", "C/10"),
    ]
    count(tx, dict.fromkeys(codes, 1))
    kept = tx.connection.execute("SELECT bin, walk FROM inventory.bin WHERE merchant_id = %s", [tx.merchant_id])
    assert dict(kept.fetchall()) == {code: ledger.walking_order(code) for code in codes}
    listed: list[str] = []
    place = None
    while True:
        found, place = ledger.load_bin_page(tx, ledger.BinsAsked(), place, limit=5)
        listed += [one.bin for one in found]
        if place is None:
            break
    assert listed == codes
    assert broken(tx) == []


def test_what_is_picked_out_of_a_bin_falls_there_and_leaves_from_where_it_lies_then(
    tx: Transaction, world: World
) -> None:
    count(tx, {"A-1": 5, "B-1": 3, "": 2})
    world.order(tx, 1, "CUP", 4)
    world.order(tx, 2, "CUP", 1)
    pick(tx, world, 1, "B-1", 2)
    assert there(tx, world) == {"A-1": 5, "B-1": 1, "picked": 2, "": 2}
    assert open_cases(tx, "bin_difference") == []
    # The bin has less than was picked: what nobody had put away was there, no other bin falls, and a case says so.
    pick(tx, world, 1, "B-1", 2)
    assert there(tx, world) == {"A-1": 5, "picked": 4, "": 1}
    row = rows(tx, world)["available"]
    assert open_cases(tx, "bin_difference") == [f"bins/{row.stock_id}"]
    # Nothing is known of where two of these three lay: they are picked all the same, and the shipment takes them.
    pick(tx, world, 2, "Z-9", 3)
    assert there(tx, world) == {"A-1": 5, "picked": 5}
    ship(tx, world, 2, ("", 1))
    ship(tx, world, 1, ("A-1", 3))
    assert there(tx, world) == {"A-1": 5, "picked": 1}
    ship(tx, world, 1, ("A-1", 1))
    assert there(tx, world) == {"A-1": 5}
    assert world.row(tx, "EAST", "CUP") == (5, 0, 0)
    count(tx, {"A-1": 4, "C-1": 1})
    assert open_cases(tx, "bin_difference") == []
    # What is not found in a bin is not put away: it may lie anywhere.
    pick(tx, world, 3, "A-1", 9, found=False)
    assert there(tx, world) == {"C-1": 1, "": 4}
    assert world.row(tx, "EAST", "CUP") == (5, 0, 0)
    assert broken(tx) == []


def test_what_is_picked_for_a_request_that_is_over_is_not_put_away(tx: Transaction, world: World) -> None:
    count(tx, {"A-1": 6, "B-1": 3})
    for order_id in (1, 2):
        world.order(tx, order_id, "CUP", 4)
        pick(tx, world, order_id, "A-1", 3)
    ship(tx, world, 1, ("", 2))
    assert there(tx, world) == {"B-1": 3, "picked": 4}
    inventory.put_back(tx, [901, 999])
    assert there(tx, world) == {"B-1": 3, "picked": 3, "": 1}
    before = moves(tx)
    inventory.put_back(tx, [901])
    assert moves(tx) == before
    ship(tx, world, 2, ("", 3))
    assert there(tx, world) == {"B-1": 3, "": 1}
    assert broken(tx) == []


def test_a_pick_that_a_count_of_the_bins_saw_takes_nothing_out_of_them(tx: Transaction, world: World) -> None:
    count(tx, {"A-1": 6, "": 3}, ago=5 * MINUTE)
    world.order(tx, 1, "CUP", 2)
    pick(tx, world, 1, "A-1", 2, ago=6 * MINUTE)
    assert there(tx, world) == {"A-1": 6, "picked": 2, "": 1}
    # Since: it is taken into account, and what is picked stays so as far as anything is in no bin.
    pick(tx, world, 1, "A-1", 1, ago=1 * MINUTE)
    count(tx, {"A-1": 7, "": 2}, ago=4 * MINUTE)
    assert there(tx, world) == {"A-1": 6, "picked": 3}
    ship(tx, world, 1, ("", 2))
    assert there(tx, world) == {"A-1": 6, "picked": 1}
    # What came back to a shelf is no longer picked.
    move(tx, "M-1", ("picked", "A-2", 1))
    assert there(tx, world) == {"A-1": 6, "A-2": 1}
    assert broken(tx) == []


def test_shipments_and_bin_moves_of_one_row_at_once_never_leave_more_in_bins_than_there_is(
    database: Database, merchant: int
) -> None:
    with database.transaction(merchant, actor="tester") as tx:
        world = World(tx, KEEPS_BINS, PRODUCTS)
        count(tx, {"A-1": 30, "B-1": 10, "": 20})
        for order_id in range(1, 41):
            world.order(tx, order_id, "CUP", 1)
    refused: list[str] = []

    def shipping(order_id: int) -> None:
        if order_id % 2:
            again(database, merchant, lambda tx: pick(tx, world, order_id, "A-1" if order_id % 4 == 1 else "Q-1", 1))
        again(database, merchant, lambda tx: ship(tx, world, order_id, ("B-1", 1)))

    def shifting(number: int) -> None:
        try:
            again(database, merchant, lambda tx: move(tx, f"M-{number}", ("A-1", "B-1", 2), ("", "A-1", 1)))
        except NotUsable as error:
            refused.append(error.field)

    with ThreadPoolExecutor(4) as threads:
        done = [threads.submit(shipping, order_id) for order_id in range(1, 41)]
        done += [threads.submit(shifting, number) for number in range(20)]
        for one in done:
            one.result()
    check(database, merchant)
    with database.reading(merchant) as tx:
        assert set(refused) <= {"quantity"}
        assert sum(there(tx, world).values()) == 20
        assert network.load_network(tx).sites[world.site["EAST"]].bins


def test_counts_of_bins_meet_picks_receipts_and_shipments_of_the_row(database: Database, merchant: int) -> None:
    with database.transaction(merchant, actor="tester") as tx:
        world = World(tx, KEEPS_BINS, PRODUCTS)
        count(tx, {"A-1": 30, "B-1": 10, "": 20})
        for order_id in range(1, 31):
            world.order(tx, order_id, "CUP", 1)

    def counting(units: int) -> None:
        again(database, merchant, lambda tx: count(tx, {"A-1": units, "B-1": 8, "": 15}))

    def shipping(order_id: int) -> None:
        again(database, merchant, lambda tx: pick(tx, world, order_id, "A-1", 1))
        again(database, merchant, lambda tx: ship(tx, world, order_id, ("", 1)))
        again(database, merchant, lambda tx: inventory.put_back(tx, [900 + order_id]))

    def receiving(number: int) -> None:
        again(database, merchant, lambda tx: receive(tx, f"D-{number}", {"A-1": 1, "C-1": 1}))

    with ThreadPoolExecutor(4) as threads:
        done = [threads.submit(shipping, order_id) for order_id in range(1, 31)]
        done += [threads.submit(counting, 30 + number) for number in range(10)]
        done += [threads.submit(receiving, number) for number in range(10)]
        for one in done:
            one.result()
    check(database, merchant)
    with database.transaction(merchant, actor="tester") as tx:
        row = rows(tx, world)["available"]
        assert (row.allocated, "picked" in there(tx, world)) == (0, False)
        # Whatever came in between, the next count is right.
        count(tx, {"A-1": 7, "B-1": 3, "": 2})
        assert there(tx, world) == {"A-1": 7, "B-1": 3, "": 2}
        assert broken(tx) == []
