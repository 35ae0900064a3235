"""Absolute stock becomes moves: repeats change nothing, older words do not win, what is not there is cut or kept."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from stocktower import inventory, worklist
from stocktower.exchange import StockDocument, StockLine
from stocktower.inventory import FreeStock, Refused, UnknownSite, views
from stocktower.platform import Transaction
from tests.inventory.world import World, broken, events

HOUR = timedelta(hours=1)


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant without stock."""
    return World(tx)


def open_cases(tx: Transaction, kind: str) -> list[str]:
    """The causes of a kind that are open."""
    return [one.cause_key for one in worklist.load_cases(tx, worklist.CaseFilter(kind=kind)).cases]


def test_opening_stock_is_a_move(tx: Transaction, world: World) -> None:
    result = world.count(tx, "EAST", {"CUP": 24, "LID": 0}, opening=True)
    assert (result.changed, result.unchanged) == (1, 1)
    assert world.row(tx, "EAST", "CUP") == (24, 0, 0)
    [(kind, data)] = events(tx, "stock.opened", "stock.counted")
    assert kind == "stock.opened"
    assert data["delta"] == 24
    assert data["quantity_after"] == 24
    assert (data["owner"], data["entity"], data["reason"]) == ("own", "us", "opening")
    assert broken(tx) == []


def test_a_suppliers_stock_is_not_ours(tx: Transaction, world: World) -> None:
    world.count(tx, "DROP", {"CUP": 5})
    [(_, data)] = events(tx, "stock.counted")
    assert data["owner"] == "supplier"


def test_the_same_snapshot_again_changes_nothing(tx: Transaction, world: World) -> None:
    for _ in range(2):
        world.count(tx, "EAST", {"CUP": 24}, as_of=tx.now - HOUR)
    assert world.row(tx, "EAST", "CUP") == (24, 0, 0)
    assert len(events(tx, "stock.counted")) == 1


def test_what_happened_since_is_taken_into_account(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 24}, as_of=tx.now - 3 * HOUR)
    world.order(tx, 1, "CUP", 4)
    world.ship(tx, 1, "CUP", 4, at=tx.now - HOUR)
    # Counted before the shipment: 30 then, 26 now.
    world.count(tx, "EAST", {"CUP": 30}, as_of=tx.now - 2 * HOUR)
    assert world.row(tx, "EAST", "CUP") == (26, 0, 0)


def test_an_older_word_does_not_win(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 24}, as_of=tx.now - HOUR)
    result = world.count(tx, "EAST", {"CUP": 99, "LID": 3}, as_of=tx.now - 2 * HOUR)
    assert (result.stale, result.changed) == (1, 1)
    assert world.row(tx, "EAST", "CUP") == (24, 0, 0)
    assert world.row(tx, "EAST", "LID") == (3, 0, 0)


@pytest.mark.parametrize("count_first", [True, False])
def test_a_count_and_a_late_shipment_commute(tx: Transaction, world: World, count_first: bool) -> None:
    """40 were there, 4 left at 10:00, 36 were counted at 11:00: whichever is learned first, 36 are there."""
    world.count(tx, "EAST", {"CUP": 40}, as_of=tx.now - 5 * HOUR)
    world.order(tx, 1, "CUP", 4)
    # The order was taken before the count.
    tx.now += 3 * HOUR
    left_at, counted_at = tx.now - 2 * HOUR, tx.now - HOUR
    if count_first:
        world.count(tx, "EAST", {"CUP": 36}, as_of=counted_at)
        world.ship(tx, 1, "CUP", 4, at=left_at)
    else:
        world.ship(tx, 1, "CUP", 4, at=left_at)
        world.count(tx, "EAST", {"CUP": 36}, as_of=counted_at)
    assert world.row(tx, "EAST", "CUP") == (36, 0, 0)
    assert broken(tx) == []


def test_units_that_a_line_took_after_the_count_leave_after_those_of_before(tx: Transaction, world: World) -> None:
    """One of 40 left at 10:00, 39 were counted at 11:00; the line grew by two then, and one of them left at 13:00."""
    world.count(tx, "EAST", {"CUP": 40}, as_of=tx.now - 5 * HOUR)
    world.order(tx, 1, "CUP", 1)
    tx.now += 3 * HOUR
    first_at, counted_at = tx.now - 2 * HOUR, tx.now - HOUR
    world.count(tx, "EAST", {"CUP": 39}, as_of=counted_at)
    supply = inventory.lock_supply(tx, [world.sku["CUP"]])
    [demand] = inventory.load_demands(tx, [1])
    grants = FreeStock(supply, world.reach).take(1, 1, world.sku["CUP"], world.site["EAST"], 2)
    grown = replace(demand, wanted=3, allocated=3)
    inventory.record_reservations(tx, supply, new_demands=[], changed_demands=[grown], grants=grants)
    world.ship(tx, 1, "CUP", 1, at=first_at)
    assert world.row(tx, "EAST", "CUP") == (39, 2, 0)
    world.ship(tx, 1, "CUP", 1, at=tx.now)
    assert world.row(tx, "EAST", "CUP") == (38, 1, 0)
    assert broken(tx) == []


def test_a_late_shipment_uses_up_what_the_count_could_not_take(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 4}, as_of=tx.now - 5 * HOUR)
    world.order(tx, 1, "CUP", 4)
    tx.now += 3 * HOUR
    # All four have left; the count says none, the row keeps what is released.
    result = world.count(tx, "EAST", {"CUP": 0}, as_of=tx.now - HOUR, released=[1])
    assert world.row(tx, "EAST", "CUP") == (4, 4, 4)
    assert result.shortfalls[0].units == 4
    assert len(open_cases(tx, "shortfall")) == 1
    world.ship(tx, 1, "CUP", 4, at=tx.now - 2 * HOUR)
    assert world.row(tx, "EAST", "CUP") == (0, 0, 0)
    assert open_cases(tx, "shortfall") == []
    assert broken(tx) == []


def test_cuts_take_the_lowest_priority_first(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 10})
    world.order(tx, 1, "CUP", 3, priority=10)
    world.order(tx, 2, "CUP", 3, priority=30)
    world.order(tx, 3, "CUP", 3, priority=30, placed_at=tx.now - HOUR)
    result = world.count(tx, "EAST", {"CUP": 5}, as_of=tx.now)
    assert [(one.order_id, one.sold_units) for one in result.cuts] == [(2, 3), (3, 1)]
    assert world.row(tx, "EAST", "CUP") == (5, 5, 0)
    assert world.demand(tx, 2) == {"CUP": (0, 3, 0, 0)}
    assert world.demand(tx, 3) == {"CUP": (2, 1, 0, 0)}
    assert open_cases(tx, "shortfall") == []
    assert broken(tx) == []


def test_what_is_released_is_kept_and_a_case_opens(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 10})
    world.order(tx, 1, "CUP", 6)
    world.order(tx, 2, "CUP", 3)
    result = world.count(tx, "EAST", {"CUP": 4}, released=[1], as_of=tx.now)
    assert [(one.order_id, one.sold_units) for one in result.cuts] == [(2, 3)]
    # Six are on their way out, four are there: two are missing.
    assert world.row(tx, "EAST", "CUP") == (6, 6, 2)
    assert len(open_cases(tx, "shortfall")) == 1
    tx.now += HOUR
    world.count(tx, "EAST", {"CUP": 7}, as_of=tx.now)
    assert world.row(tx, "EAST", "CUP") == (7, 6, 0)
    assert open_cases(tx, "shortfall") == []
    assert broken(tx) == []


def test_a_kit_is_cut_whole(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 5, "LID": 10})
    world.order(tx, 1, "SET", 4)
    result = world.count(tx, "EAST", {"LID": 5}, as_of=tx.now)
    # Five lids make two sets: two sets wait again, with their cups.
    assert [(one.order_id, one.sold_units) for one in result.cuts] == [(1, 2)]
    assert world.demand(tx, 1) == {"CUP": (2, 2, 0, 0), "LID": (4, 4, 0, 0)}
    assert world.row(tx, "EAST", "LID") == (5, 4, 0)
    assert world.row(tx, "EAST", "CUP") == (5, 2, 0)
    assert set(result.sku_ids) == {world.sku["CUP"], world.sku["LID"]}
    assert broken(tx) == []


def test_holds_are_cut_before_orders(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 6})
    world.order(tx, 1, "CUP", 3, priority=99)
    request = inventory.HoldRequest(world.channel["web"], "cart", ((world.sku["CUP"], 2),), tx.now + HOUR)
    [held] = inventory.hold(tx, [request])
    assert held.hold_id is not None
    result = world.count(tx, "EAST", {"CUP": 4}, as_of=tx.now)
    assert [(one.order_id, one.kind) for one in result.cuts] == [(held.hold_id, "hold")]
    assert world.demand(tx, held.hold_id) == {"CUP": (1, 0, 0, 1)}
    assert world.demand(tx, 1) == {"CUP": (3, 0, 0, 0)}
    assert broken(tx) == []


def test_a_pack_in_place_of_pieces_is_not_applied(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 240, "LID": 50})
    result = world.count(tx, "EAST", {"CUP": 20, "LID": 49}, as_of=tx.now, message_id=5)
    assert result.mismatched == 1
    assert world.row(tx, "EAST", "CUP") == (240, 0, 0)
    assert world.row(tx, "EAST", "LID") == (49, 0, 0)
    assert open_cases(tx, "unit_mismatch") == ["stock/EAST/CUP"]
    # A person says that these were cases of twelve.
    world.count(tx, "EAST", {"CUP": 20}, as_of=tx.now, factors={"CUP": 12})
    assert world.row(tx, "EAST", "CUP") == (240, 0, 0)
    assert open_cases(tx, "unit_mismatch") == []


def test_pieces_in_place_of_packs_are_suspected_too(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 20})
    assert world.count(tx, "EAST", {"CUP": 240}, as_of=tx.now).mismatched == 1
    # As stated, a person says.
    assert world.count(tx, "EAST", {"CUP": 240}, as_of=tx.now, factors={"CUP": 1}).changed == 1
    assert world.row(tx, "EAST", "CUP") == (240, 0, 0)


def test_small_differences_are_believed(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 12})
    tx.now += HOUR
    world.order(tx, 1, "CUP", 3)
    world.ship(tx, 1, "CUP", 3)
    assert world.count(tx, "EAST", {"CUP": 1}).mismatched == 0


def test_a_stated_unit_is_converted(tx: Transaction, world: World) -> None:
    lines = (
        StockLine("CUP", 3, row=2, unit="case"),
        StockLine("CUP", 5, row=3),
        StockLine("CUP", 1, row=4, unit="box"),
    )
    result = inventory.take_snapshot(tx, StockDocument("EAST", None, lines), 1, may_cut=lambda _: set())
    assert world.row(tx, "EAST", "CUP") == (41, 0, 0)
    assert result.refused == (Refused(4, "CUP", "'box' is not a unit of this SKU", "unit"),)


def test_unknown_rows_are_one_case_and_the_rest_goes_on(tx: Transaction, world: World) -> None:
    result = world.count(tx, "EAST", {"CUP": 3, "NOPE": 4, "SET": 1}, message_id=77)
    assert [one.sku for one in result.refused] == ["NOPE", "SET"]
    assert world.row(tx, "EAST", "CUP") == (3, 0, 0)
    assert open_cases(tx, "unreadable_row") == ["message/77"]
    world.count(tx, "EAST", {"CUP": 3}, message_id=77)
    assert open_cases(tx, "unreadable_row") == []


def test_an_unknown_site_is_an_error_that_names_the_others(tx: Transaction, world: World) -> None:
    document = StockDocument("NORTH", None, (StockLine("CUP", 1),))
    with pytest.raises(UnknownSite, match="one of: DROP, EAST"):
        inventory.take_snapshot(tx, document, 1, may_cut=lambda _: set())


def test_statuses_are_rows_of_their_own(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 3}, status="damaged")
    world.count(tx, "EAST", {"CUP": 8})
    available = inventory.load_availability(tx, [world.sku["CUP"]], world.network)
    assert available.on_hand(world.sku["CUP"]) == 11
    assert available.ats(world.sku["CUP"], world.channel["b2b"]) == 8


def test_every_move_tells_both_balances(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 10})
    world.order(tx, 1, "CUP", 4)
    world.ship(tx, 1, "CUP", 3)
    [row] = inventory.load_availability(tx, [world.sku["CUP"]], world.network).rows(world.sku["CUP"])
    moves = [
        (one.delta, one.quantity_after, one.allocated_after, one.reason) for one in views.load_moves(tx, [row.stock_id])
    ]
    assert moves == [(-3, 7, 1, "shipped"), (10, 10, 0, "count")]


def test_each_line_of_a_sheet_speaks_of_its_own_instant(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 10, "LID": 10}, opening=True, as_of=tx.now - 9 * HOUR)
    world.order(tx, 1, "CUP", 3)
    world.order(tx, 2, "LID", 3)
    early, late = tx.now - 3 * HOUR, tx.now - HOUR
    world.ship(tx, 1, "CUP", 3, at=tx.now - 2 * HOUR)
    world.ship(tx, 2, "LID", 3, at=tx.now - 2 * HOUR)
    lines = (StockLine("CUP", 9, row=1, as_of=early), StockLine("LID", 7, row=2, as_of=late))
    document = StockDocument("EAST", tx.now, lines)
    result = inventory.take_snapshot(tx, document, 0, may_cut=lambda candidates: (), sheet_id=77)
    assert [(one.row, one.delta) for one in result.taken] == [(1, -1), (2, 0)]
    assert world.row(tx, "EAST", "CUP") == (6, 0, 0)
    assert world.row(tx, "EAST", "LID") == (7, 0, 0)
    rows = inventory.load_availability(tx, [world.sku["CUP"], world.sku["LID"]], world.network)
    assert [row.counted_at for code in ("CUP", "LID") for row in rows.rows(world.sku[code])] == [early, late]
    (move,) = [one for one in views.load_moves(tx, [result.taken[0].stock_id]) if one.reference == "count"]
    assert (move.reference_id, move.delta, move.occurred_at) == (77, -1, early)
    assert broken(tx) == []


def test_units_found_to_ship_never_came_and_an_earlier_count_does_not_add_them(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 5}, opening=True, as_of=tx.now - 9 * HOUR)
    world.order(tx, 1, "CUP", 5)
    world.ship(tx, 1, "CUP", 8, at=tx.now - HOUR)
    assert world.row(tx, "EAST", "CUP") == (0, 0, 3)
    # Before it there were eight: all of them left.
    world.count(tx, "EAST", {"CUP": 8}, as_of=tx.now - 2 * HOUR)
    assert world.row(tx, "EAST", "CUP") == (0, 0, 0)
    assert broken(tx) == []
