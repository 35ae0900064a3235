"""Snapshots of rows in any state: statuses of the merchant's own, owners, lots and serial numbers."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from stocktower import catalog, inventory, model, network
from stocktower.exchange import ProductDocument, StockDocument, StockLine
from stocktower.inventory import Candidate, SnapshotResult
from stocktower.platform import Transaction
from tests.inventory.world import PRODUCTS, TEXT, World, broken, events

STATES = """
[[statuses]]
code = "outlet"
name = "Outlet shelf"
sellable = true

[[statuses]]
code = "lent"

[[consignors]]
code = "ART"
"""
TRACKED = (
    *PRODUCTS,
    ProductDocument("MILK", "Milk", tracking="lot", units=(("tray", 12),)),
    ProductDocument("PHONE", "Phone", tracking="serial"),
)
EXPIRES = date(2026, 6, 30)


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant with own statuses, a consignor, and SKUs by lot and serial number."""
    return World(tx, TEXT + STATES, TRACKED)


def take(
    world: World, tx: Transaction, site: str, *lines: StockLine, all_lots: bool = False, message_id: int = 1,
    as_of: datetime | None = None,
) -> SnapshotResult:  # fmt: skip
    """A snapshot whose orders all may be cut."""
    numbered = tuple(replace_row(line, place) for place, line in enumerate(lines, start=2))
    document = StockDocument(site, as_of, numbered, all_lots=all_lots)

    def may_cut(candidates: Any) -> set[tuple[int, int]]:
        found: list[Candidate] = list(candidates)
        return {(one.order_id, one.line_no) for one in found}

    return inventory.take_snapshot(tx, document, message_id, may_cut=may_cut)


def test_a_sku_that_became_tracked_meanwhile_is_read_again(tx: Transaction, world: World) -> None:
    document = StockDocument("EAST", None, (StockLine("CUP", 3, row=2), StockLine("MILK", 2, lot="L1", row=3)))
    read = inventory.read_snapshot(tx, document)
    catalog.take_products(tx, [ProductDocument("CUP", "Cup", tracking="lot")])
    with pytest.raises(inventory.StockMoved):
        inventory.take_snapshot(tx, document, 1, may_cut=lambda _: set(), known=read)
    taken = inventory.take_snapshot(tx, document, 1, may_cut=lambda _: set())
    assert [one.sku for one in taken.refused] == ["CUP"]
    assert taken.changed == 1


def replace_row(line: StockLine, row: int) -> StockLine:
    """The line with the number of its row."""
    return msgspec.structs.replace(line, row=row)


def milk(quantity: int, lot: str, **more: Any) -> StockLine:
    """Milk of a lot."""
    return StockLine("MILK", quantity, lot=lot, **more)


def held(tx: Transaction, world: World, code: str) -> dict[tuple[str, str, str, str], int]:
    """(site, status, owner, lot) -> units of a SKU, where there are any."""
    sites = {site_id: site for site, site_id in world.site.items()}
    rows = inventory.load_availability(tx, [world.sku[code]], world.network).rows(world.sku[code])
    return {(sites[row.site_id], row.status, row.owner, row.lot): row.quantity for row in rows if row.quantity}


def test_own_statuses_are_sold_as_they_say(tx: Transaction, world: World) -> None:
    result = take(
        world, tx, "EAST", StockLine("CUP", 5), StockLine("CUP", 3, "outlet"), StockLine("CUP", 2, "lent"),
        StockLine("CUP", 9, "damaged"),
    )  # fmt: skip
    assert result.refused == ()
    cup, web = world.sku["CUP"], world.channel["web"]
    available = inventory.load_availability(tx, [cup], world.network)
    assert (available.on_hand(cup), available.ats(cup, web)) == (19, 8)
    assert world.order(tx, 1, "CUP", 8) == 8
    assert broken(tx) == []


def test_a_status_may_change_its_meaning_and_end_from_an_instant_on(tx: Transaction, world: World) -> None:
    take(world, tx, "EAST", StockLine("CUP", 3, "outlet"), StockLine("CUP", 2, "lent"))
    cup, web = world.sku["CUP"], world.channel["web"]

    def sold() -> int:
        return inventory.load_availability(tx, [cup], world.network).ats(cup, web)

    assert sold() == 3
    tx.now += timedelta(days=1)
    apply(tx, world, STATES.replace('code = "lent"', 'code = "lent"\nsellable = true'))
    assert sold() == 5
    assert events(tx, "status.changed") == [("status.changed", {"codes": ["lent"], "sku_ids": [cup]})]
    tx.now += timedelta(days=1)
    apply(tx, world, "")
    assert sold() == 0
    assert broken(tx) == []
    meanings = tx.connection.execute(
        "SELECT code, since, until, sellable FROM inventory.status WHERE merchant_id = %s ORDER BY code, since",
        (tx.merchant_id,),
    ).fetchall()
    first, second, third = tx.now - timedelta(days=2), tx.now - timedelta(days=1), tx.now
    assert meanings == [
        ("lent", first, second, False), ("lent", second, third, True), ("outlet", first, third, True),
    ]  # fmt: skip


def apply(tx: Transaction, world: World, more: str) -> None:
    """Apply another configuration."""
    outcome = model.apply_configuration(tx, TEXT + more, base_version=None, author="tester", file="stocktower.toml")
    inventory.apply_rules(tx, outcome.configuration, network.load_network(tx), world.sku)


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        (StockLine("CUP", 1, "lost"), "status", "'lost' is no status; write one of available, damaged, expired"),
        (StockLine("CUP", 1, owner="consignor:BOB"), "owner", "is no owner; write one of consignor:ART, own, supplier"),
        (StockLine("MILK", 1), "lot", "MILK is tracked by lot, and the row names none"),
        (StockLine("PHONE", 1), "serial", "PHONE is tracked by serial number, and the row names none"),
        (StockLine("PHONE", 2, lot="S1"), "quantity", "serial S1 stands for one unit, not for 2"),
        (StockLine("GHOST", 1), "sku", "no SKU has this code"),
        (StockLine("SET", 1), "sku", "a kit is stocked as its components"),
        (StockLine("CUP", 1, unit="barrel"), "unit", "'barrel' is not a unit"),
        (milk(1, "A", made_on=date(2026, 7, 1), expires_on=EXPIRES), "expires", "would expire before it was made"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_meant_names_row_column_and_fix(
    tx: Transaction, world: World, line: StockLine, column: str, words: str
) -> None:
    result = take(world, tx, "EAST", StockLine("ROPE", 4), line)
    [refused] = result.refused
    assert (refused.row, refused.sku, refused.column) == (3, line.sku, column)
    assert words in refused.problem
    assert held(tx, world, "ROPE") == {("EAST", "available", "own", ""): 4}
    assert broken(tx) == []


def test_what_was_refused_is_taken_again_when_its_status_is_known(tx: Transaction, world: World) -> None:
    lines = (StockLine("CUP", 4), StockLine("CUP", 2, "lost"))
    assert len(take(world, tx, "EAST", *lines).refused) == 1
    apply(tx, world, STATES + '[[statuses]]\ncode = "lost"\n')
    assert take(world, tx, "EAST", *lines).refused == ()
    assert held(tx, world, "CUP") == {("EAST", "available", "own", ""): 4, ("EAST", "lost", "own", ""): 2}


def test_lots_are_rows_with_their_dates(tx: Transaction, world: World) -> None:
    take(world, tx, "EAST", milk(2, "A", unit="tray", expires_on=EXPIRES, made_on=date(2026, 5, 1)), milk(5, "B"))
    assert held(tx, world, "MILK") == {("EAST", "available", "own", "A"): 24, ("EAST", "available", "own", "B"): 5}
    sku_id = world.sku["MILK"]
    rows = {row.lot: row for row in inventory.load_availability(tx, [sku_id], world.network).rows(sku_id)}
    # Through the end of the stated day.
    assert rows["A"].expires_at == datetime(2026, 7, 1, tzinfo=UTC)
    assert rows["B"].expires_at is None
    learned = take(world, tx, "WEST", milk(1, "B", expires_on=EXPIRES))
    assert learned.refused == ()
    [refused] = take(world, tx, "WEST", milk(7, "B", expires_on=date(2026, 7, 2)), message_id=2).refused
    assert (refused.column, refused.problem.partition(";")[0]) == (
        "expires", "lot B expires on 2026-06-30, the row says 2026-07-02",
    )  # fmt: skip
    assert broken(tx) == []


def test_lots_that_are_not_named_are_none_where_all_are_named(tx: Transaction, world: World) -> None:
    take(world, tx, "EAST", milk(5, "A"), milk(6, "B"), milk(7, "C", status="damaged"))
    take(world, tx, "EAST", milk(4, "B"), message_id=2)
    assert sum(held(tx, world, "MILK").values()) == 5 + 4 + 7
    assert take(world, tx, "EAST", milk(3, "B"), all_lots=True, message_id=3).changed == 1
    assert held(tx, world, "MILK") == {("EAST", "available", "own", "B"): 3, ("EAST", "damaged", "own", "C"): 7}
    take(world, tx, "EAST", StockLine("MILK", 0), message_id=4)
    assert held(tx, world, "MILK") == {("EAST", "damaged", "own", "C"): 7}
    assert broken(tx) == []


def test_a_lot_that_is_gone_cuts_who_had_it(tx: Transaction, world: World) -> None:
    take(world, tx, "EAST", milk(5, "A"), milk(5, "B"))
    assert world.order(tx, 1, "MILK", 10) == 10
    result = take(world, tx, "EAST", milk(5, "B"), all_lots=True, message_id=2)
    assert [(cut.order_id, cut.sold_units) for cut in result.cuts] == [(1, 5)]
    assert world.demand(tx, 1)["MILK"] == (5, 5, 0, 0)
    assert broken(tx) == []


def test_an_untracked_sku_ignores_lots(tx: Transaction, world: World) -> None:
    take(world, tx, "EAST", StockLine("CUP", 4, lot="A"), StockLine("CUP", 5, lot="B", bin="R1"))
    assert held(tx, world, "CUP") == {("EAST", "available", "own", ""): 9}


def test_owners_are_rows_of_their_own(tx: Transaction, world: World) -> None:
    take(world, tx, "EAST", StockLine("CUP", 4), StockLine("CUP", 6, owner="consignor:ART"))
    take(world, tx, "DROP", StockLine("CUP", 9))
    assert held(tx, world, "CUP") == {
        ("EAST", "available", "own", ""): 4, ("EAST", "available", "consignor:ART", ""): 6,
        ("DROP", "available", "supplier", ""): 9,
    }  # fmt: skip
    assert broken(tx) == []


def test_a_serial_number_is_at_one_place(tx: Transaction, world: World) -> None:
    phones = [StockLine("PHONE", 1, lot=one) for one in ("S1", "S2")]
    assert take(world, tx, "EAST", *phones).refused == ()
    [refused] = take(world, tx, "WEST", StockLine("PHONE", 1, lot="S1"), message_id=2).refused
    assert (refused.column, refused.problem) == (
        "serial", "serial S1 lies at EAST (available): take it out there, or transfer it, then retry",
    )  # fmt: skip
    # At its own site it is where it was last seen.
    take(world, tx, "EAST", StockLine("PHONE", 1, "damaged", lot="S1"), message_id=3)
    assert held(tx, world, "PHONE") == {("EAST", "damaged", "own", "S1"): 1, ("EAST", "available", "own", "S2"): 1}
    assert broken(tx) == []


def test_a_tracked_sku_without_lots_breaks_a_rule(tx: Transaction, world: World) -> None:
    take(world, tx, "EAST", milk(1, "A"), StockLine("PHONE", 1, lot="S1"))
    tx.connection.execute(
        "UPDATE inventory.stock SET lot = '' WHERE merchant_id = %s AND sku_id = %s",
        (tx.merchant_id, world.sku["MILK"]),
    )
    tx.connection.execute(
        "UPDATE inventory.stock SET quantity = 2 WHERE merchant_id = %s AND sku_id = %s",
        (tx.merchant_id, world.sku["PHONE"]),
    )
    assert {"tracked_units_have_lots", "serials_are_single"} <= set(broken(tx))


def test_taking_the_same_snapshot_again_changes_nothing(tx: Transaction, world: World) -> None:
    lines = (milk(5, "A", expires_on=EXPIRES), StockLine("PHONE", 1, lot="S1"), StockLine("CUP", 3, "outlet"))
    take(world, tx, "EAST", *lines, all_lots=True, as_of=tx.now)
    again = take(world, tx, "EAST", *lines, all_lots=True, as_of=tx.now)
    assert (again.changed, again.unchanged, again.refused) == (0, 3, ())
    assert catalog.find_skus(tx, ["MILK"])["MILK"].tracking == "lot"


@pytest.mark.parametrize("counted", [timedelta(hours=-2), timedelta(minutes=30), timedelta(hours=3)])
@pytest.mark.parametrize("stuck", [0, 4])
def test_a_count_of_a_lot_that_expired_meanwhile_speaks_of_all_of_it(
    tx: Transaction, world: World, counted: timedelta, stuck: int
) -> None:
    """Counted before it expired, before anybody looked, after; some of it is with released orders or not."""
    take(world, tx, "EAST", milk(20, "L1", expires_on=EXPIRES))
    over = datetime(2026, 7, 1, tzinfo=UTC)
    tx.now = over - timedelta(hours=1)
    if stuck:
        world.order(tx, 1, "MILK", stuck)
    tx.now = over + timedelta(hours=1)
    (row,) = inventory.load_availability(tx, [world.sku["MILK"]], world.network).rows(world.sku["MILK"])
    inventory.withdraw(tx, [inventory.Withdraw(row.stock_id, "expired", "expired")], may_cut=lambda _: set())
    tx.now = over + timedelta(hours=5)
    document = StockDocument("EAST", over + counted, (milk(18, "L1", row=2),))
    inventory.take_snapshot(tx, document, 2, may_cut=lambda _: set())
    found = held(tx, world, "MILK")
    # What is released stays with its order as far as anybody knows, and lacks.
    assert found.get(("EAST", "expired", "own", "L1")) == 18
    assert found.get(("EAST", "available", "own", "L1"), 0) == stuck
    assert broken(tx) == []


def test_a_count_of_an_expired_lot_that_is_older_than_one_before_it_expired_changes_nothing(
    tx: Transaction, world: World
) -> None:
    over = datetime(2026, 7, 1, tzinfo=UTC)
    tx.now = over - timedelta(hours=1)
    take(world, tx, "EAST", milk(20, "L1", expires_on=EXPIRES), as_of=over - timedelta(hours=3))
    # It expired, and nobody has looked yet.
    tx.now = over + timedelta(hours=1)
    result = take(world, tx, "EAST", milk(30, "L1"), as_of=over - timedelta(hours=4), message_id=2)
    assert (result.changed, result.stale) == (0, 2)
    assert held(tx, world, "MILK") == {("EAST", "available", "own", "L1"): 20}
    take(world, tx, "EAST", milk(18, "L1"), as_of=over - timedelta(hours=2), message_id=3)
    assert held(tx, world, "MILK") == {("EAST", "expired", "own", "L1"): 18}
    assert broken(tx) == []


def test_what_is_learned_late_of_an_expired_lot_is_in_its_count(tx: Transaction, world: World) -> None:
    take(world, tx, "EAST", milk(20, "L1", expires_on=EXPIRES))
    over = datetime(2026, 7, 1, tzinfo=UTC)
    tx.now = over + timedelta(hours=1)
    (row,) = inventory.load_availability(tx, [world.sku["MILK"]], world.network).rows(world.sku["MILK"])
    inventory.withdraw(tx, [inventory.Withdraw(row.stock_id, "expired", "expired")], may_cut=lambda _: set())
    tx.now = over + timedelta(hours=3)
    take(world, tx, "EAST", milk(23, "L1"), as_of=over + timedelta(hours=2), message_id=2)
    # Three were found before the count, and whoever counted saw them.
    found = inventory.Posting(world.sku["MILK"], world.site["EAST"], 3, tx.now - timedelta(minutes=90), lot="L1")
    (done,) = inventory.adjust(tx, [found])
    assert done.problem == ""
    assert held(tx, world, "MILK") == {("EAST", "expired", "own", "L1"): 23}
    assert broken(tx) == []
