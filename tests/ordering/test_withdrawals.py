"""Stock that goes out of sale with orders on it: what is free first, then who is served last; a recalled lot."""

from datetime import timedelta

import pytest

from stocktower import inventory, ordering
from stocktower.inventory import HoldRequest, Withdraw
from stocktower.inventory.formulas.model import StockRow
from stocktower.inventory.stock.book import Cause
from stocktower.inventory.supply.service import open_book, write_book
from stocktower.ordering import NotPossible
from stocktower.platform import Transaction, load_events_after
from tests.ordering.world import World, document


@pytest.fixture
def world(tx: Transaction) -> World:
    return World(tx)


def put_lot(world: World, code: str, site: str, lot: str, units: int) -> int:
    """Units of a lot on a site's shelf; gives the row."""
    tx, sku_id = world.tx, world.sku[code]
    tx.connection.execute(
        "INSERT INTO inventory.lot (merchant_id, sku_id, lot, received_at, state, recorded_at) "
        "VALUES (%s, %s, %s, %s, 'open', %s) ON CONFLICT DO NOTHING",
        (tx.merchant_id, sku_id, lot, tx.now, tx.now),
    )
    inventory.lock_supply(tx, [sku_id])
    book = open_book(tx, ())
    row = StockRow(tx.new_id(), sku_id, world.network.site_ids[site], "available", "own", lot, 0, 0, 0, 0, None)
    book.open(row)
    book.move(row.stock_id, units, Cause("receipt", "supplier", "test", 0, tx.now))
    write_book(tx, book)
    return row.stock_id


def rows_of(world: World, code: str) -> dict[tuple[str, str], tuple[int, int]]:
    """(status, lot) -> (quantity, allocated), over all sites."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for row in inventory.load_availability(world.tx, [world.sku[code]], world.network).rows(world.sku[code]):
        quantity, allocated = found.get((row.status, row.lot), (0, 0))
        found[row.status, row.lot] = quantity + row.quantity, allocated + row.allocated
    return {key: figures for key, figures in found.items() if figures != (0, 0)}


def ats(world: World, code: str, channel: str = "web") -> int:
    facts = inventory.load_availability(world.tx, [world.sku[code]], world.network)
    return facts.ats(world.sku[code], world.network.channel_ids[channel])


def stock_id_of(world: World, code: str) -> int:
    (row,) = inventory.load_availability(world.tx, [world.sku[code]], world.network).rows(world.sku[code])
    return row.stock_id


def test_free_units_go_first_and_nobody_loses(world: World) -> None:
    world.stock("EAST", {"CUP": 10})
    world.order("web", document("1", ("CUP", 4), financial_state="pending"))
    done = ordering.withdraw_stock(world.tx, [Withdraw(stock_id_of(world, "CUP"), "quarantine", "smell", 6)])
    world.work()
    assert [units for _, _, units in done.moved] == [6]
    assert (done.stuck, done.cuts) == ((), ())
    assert rows_of(world, "CUP") == {("available", ""): (4, 4), ("quarantine", ""): (6, 0)}
    assert ats(world, "CUP") == 0
    world.check()


def test_who_is_served_last_gives_way_and_waits_again(world: World) -> None:
    world.stock("EAST", {"CUP": 10})
    world.order("web", document("late", ("CUP", 4), financial_state="pending"))
    world.order("first", document("early", ("CUP", 5), financial_state="pending"))
    done = ordering.withdraw_stock(world.tx, [Withdraw(stock_id_of(world, "CUP"), "damaged", "fell", 3)])
    world.work()
    assert [(one.sold_units) for one in done.cuts] == [2]
    assert rows_of(world, "CUP") == {("available", ""): (7, 7), ("damaged", ""): (3, 0)}
    assert world.find("late").lines[0].backordered == 2
    assert world.find("early").lines[0].backordered == 0
    # It turns out to be good: who waited has it again.
    (damaged,) = [
        row.stock_id
        for row in inventory.load_availability(world.tx, [world.sku["CUP"]], world.network).rows(world.sku["CUP"])
        if row.status == "damaged"
    ]
    ordering.withdraw_stock(world.tx, [Withdraw(damaged, "available", "is good")])
    world.work()
    assert world.find("late").lines[0].backordered == 0
    world.check()


def test_what_is_released_stays_with_its_site(world: World) -> None:
    world.stock("EAST", {"CUP": 5})
    world.order("web", document("1", ("CUP", 4)))
    assert world.state("1")[2] == "released"
    done = ordering.withdraw_stock(world.tx, [Withdraw(stock_id_of(world, "CUP"), "quarantine", "smell")])
    assert [units for _, units in done.stuck] == [4]
    assert rows_of(world, "CUP") == {("available", ""): (4, 4), ("quarantine", ""): (1, 0)}
    world.check()


def test_a_row_is_named_once(world: World) -> None:
    world.stock("EAST", {"CUP": 5})
    twice = [Withdraw(stock_id_of(world, "CUP"), "damaged", "fell", 2)] * 2
    with pytest.raises(ValueError, match="add its units up"):
        ordering.withdraw_stock(world.tx, twice)


def test_a_kit_gives_way_whole(world: World) -> None:
    world.stock("EAST", {"CUP": 3, "LID": 6})
    world.order("web", document("1", ("SET", 3), financial_state="pending"))
    ordering.withdraw_stock(world.tx, [Withdraw(stock_id_of(world, "LID"), "damaged", "bent", 1)])
    world.work()
    assert world.find("1").lines[0].backordered == 1
    assert rows_of(world, "CUP") == {("available", ""): (3, 2)}
    assert rows_of(world, "LID") == {("available", ""): (5, 4), ("damaged", ""): (1, 0)}
    world.check()


def test_a_recalled_lot_is_sold_nowhere_and_who_waits_gets_another(world: World) -> None:
    put_lot(world, "CUP", "EAST", "A", 6)
    world.order("web", document("gone", ("CUP", 1)))
    world.confirm("gone", "shipped")
    world.order("web", document("hand", ("CUP", 1)))
    world.order("web", document("kept", ("CUP", 2), financial_state="pending"))
    request = HoldRequest(
        world.network.channel_ids["web"], "cart", ((world.sku["CUP"], 1),), world.tx.now + timedelta(1)
    )
    assert inventory.hold(world.tx, [request])[0].state == "held"
    put_lot(world, "CUP", "EAST", "B", 1)
    assert ats(world, "CUP") == 2

    found = ordering.hold_lot(world.tx, world.sku["CUP"], "A", "glass in it")
    world.work()
    assert found.shipped == (world.find("gone").order.order_id,)
    assert found.at_sites == (world.find("hand").order.order_id,)
    assert found.waiting_again == (world.find("kept").order.order_id,)
    # The other lot went to who lost; the cart has nothing any more.
    assert world.find("kept").lines[0].backordered == 1
    assert rows_of(world, "CUP") == {("available", "A"): (5, 1), ("available", "B"): (1, 1)}
    assert ats(world, "CUP") == 0
    assert {kind for kind in world.cases() if kind.startswith("lot_recalled")} != set()
    lots = {(one.order_id, one.lot): (one.allocated, one.shipped)
            for one in inventory.load_lots_of_orders(world.tx, [*found.shipped, *found.at_sites])}  # fmt: skip
    assert lots == {(found.shipped[0], "A"): (0, 1), (found.at_sites[0], "A"): (1, 0)}
    with pytest.raises(NotPossible, match="held already"):
        ordering.hold_lot(world.tx, world.sku["CUP"], "A", "")
    with pytest.raises(NotPossible, match="not known"):
        ordering.hold_lot(world.tx, world.sku["CUP"], "Z", "")
    world.check()

    ordering.release_lot(world.tx, world.sku["CUP"], "A", "it was another maker's")
    world.work()
    assert world.find("kept").lines[0].backordered == 0
    assert not any(kind.startswith("lot_recalled") for kind in world.cases())
    kinds = [event.kind for event in load_events_after(world.tx, 0, 10_000)[0]]
    assert kinds.index("lot.held") < kinds.index("lot.released")
    with pytest.raises(NotPossible, match="not held"):
        ordering.release_lot(world.tx, world.sku["CUP"], "A", "")
    world.check()


def test_the_trace_of_a_lot_adds_up(world: World) -> None:
    put_lot(world, "CUP", "EAST", "A", 6)
    put_lot(world, "CUP", "WEST", "A", 2)
    world.order("web", document("gone", ("CUP", 3)))
    world.confirm("gone", "shipped")
    world.order("web", document("kept", ("CUP", 2), financial_state="pending"))
    trace = inventory.trace_lot(world.tx, world.sku["CUP"], "A")
    assert sum(move.delta for move in trace.moves) == sum(row.quantity for row in trace.rows) == 5
    assert sum(one.units for one in trace.shipped) == 3
    assert sum(one.units for one in trace.allocated) == sum(row.allocated for row in trace.rows) == 2
    (lot,) = inventory.load_lots(world.tx, code="A")
    assert (lot.quantity, lot.allocated, lot.state) == (5, 2, "open")
    assert inventory.load_lots(world.tx, state="held") == []
    assert inventory.trace_lot(world.tx, world.sku["CUP"], "Z") == inventory.LotTrace((), (), (), ())
