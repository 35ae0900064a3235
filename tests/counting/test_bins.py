"""Counting bin by bin: in walking order, blind, again by another, and a row is what its places add up to."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower import counting, exchange, inventory
from stocktower.counting import CountItem, CountRefused
from stocktower.counting.places import share_out
from stocktower.exchange import ConfirmationLine, Incoming, StockDocument, StockLine
from stocktower.inventory import views as ledger
from stocktower.platform import Transaction
from tests.counting.test_rules import NOW, line
from tests.counting.world import TEXT, World
from tests.ordering.world import document

KEEPS_BINS = TEXT.replace('code = "EAST"\n', 'code = "EAST"\nbins = true\n')
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SHELVES = {"CUP": {"A-10": 5, "B-1": 20, "A-2": 10, "": 5}, "ROPE": {"A-1": 10}, "LID": {"": 100}}


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant whose east keeps bins, stated a day ago."""
    made = World(tx, KEEPS_BINS)
    lines = tuple(StockLine(sku, units, bin=code) for sku, bins in SHELVES.items() for code, units in bins.items())
    body = msgspec.json.encode(StockDocument("EAST", tx.now - 24 * HOUR, lines, bins=True))
    exchange.receive(tx, "EAST", [Incoming("stock", "EAST/bins", body)], origin="test")
    made.work()
    return made


def there(world: World, code: str = "CUP") -> dict[str, int]:
    """Place -> units of a SKU in the east; '' -> what is not put away."""
    (row,) = [
        one
        for one in inventory.load_rows_of(world.tx, [world.sku[code]])
        if one.site_id == world.network.site_ids["EAST"] and one.quantity
    ]
    bins = {one.bin: one.quantity for one in ledger.load_bins(world.tx, [row.stock_id]).get(row.stock_id, ())}
    loose = row.quantity - sum(bins.values())
    return bins | ({"": loose} if loose else {})


def say(world: World, number: int, bins: dict[str, int], by: str = "ann", **more: object) -> list[str]:
    """Somebody counts cups bin by bin; gives what became of each."""
    items = [msgspec.structs.replace(CountItem(units, sku="CUP", bin=code), **more) for code, units in bins.items()]
    return [one.outcome for one in counting.enter(world.tx, number, items, by=by)]


def test_a_sheet_goes_by_bin_in_walking_order_and_a_row_is_on_it_with_all_its_places(
    tx: Transaction, world: World
) -> None:
    number = world.plan("EAST", "CUP", "ROPE", "LID")
    sheet = counting.load_sheet(tx, world.network, number, reader="ann")
    assert [(one.sku, one.bin, one.line_no) for one in sheet.lines] == [
        ("ROPE", "A-1", 1), ("CUP", "A-2", 2), ("CUP", "A-10", 3), ("CUP", "B-1", 4), ("CUP", "", 5), ("LID", "", 6),
    ]  # fmt: skip
    assert not {"held", "book_quantity", "expected"} & set(msgspec.to_builtins(sheet.lines[0]))
    with pytest.raises(CountRefused, match=f"on sheet {number}"):
        counting.plan(tx, "EAST", skus=["CUP"])
    for item, field in (
        (CountItem(3, sku="CUP"), "bin"),
        (CountItem(3, sku="CUP", bin="C-9"), "found"),
        (CountItem(3, sku="CUP", bin="picked", found=True), "bin"),
        (CountItem(3, sku="CUP", bin="C" * 101, found=True), "bin"),
    ):
        (refused,) = counting.enter(tx, number, [item], by="ann")
        assert (refused.outcome, refused.field) == ("refused", field)
    # What has one place on the sheet needs no bin; what lies in another bin becomes a line.
    assert say(world, number, {"C-9": 3}, found=True) == ["new"]
    assert world.enter(number, {"ROPE": 10})[0].line_no == 1
    assert say(world, number, {"A-2": 10, "A-10": 2, "B-1": 20, "": 5}) == ["new"] * 4
    world.check()
    assert counting.finish(tx, number, by="ann", rest_not_found=True).recounts == 3
    assert say(world, number, {"A-10": 2, "C-9": 3}, "bob") == ["new"] * 2
    world.enter(number, {"LID": 100}, "bob")
    # Three cups lie in another bin than was thought: nothing is lost, and nobody has to approve it.
    assert counting.finish(tx, number, by="bob").state == "applied"
    assert there(world) == {"A-2": 10, "A-10": 2, "B-1": 20, "C-9": 3, "": 5}
    assert [reason for _, reason, _ in world.moves("EAST", "CUP")] == ["count"]
    world.check()


def test_what_is_picked_and_ships_while_people_walk_is_taken_into_account(tx: Transaction, world: World) -> None:
    world.order("web", document("1", ("CUP", 5)))
    number = world.plan("EAST", "CUP")
    began = tx.now
    tx.now = began + HOUR
    assert say(world, number, {"A-2": 10}, counted_at=began + 10 * MINUTE) == ["new"]
    picked = [ConfirmationLine(4, "CUP", bin="A-2")]
    world.confirm("1", "picked", lots=picked, occurred_at=began + 20 * MINUTE)
    # The four stand at packing, and one is missing there.
    assert say(world, number, {"A-10": 5, "B-1": 20, "": 8}, counted_at=began + 30 * MINUTE) == ["new"] * 3
    world.confirm("1", "shipped", [("CUP", 2)], occurred_at=began + 50 * MINUTE)
    finished = counting.finish(tx, number, by="ann")
    assert finished.state == "applied"
    assert "CUP in no bin: 8 counted, 9 expected; stock changes by -1" in finished.notes
    # What is in no bin is what was not put away, and what is picked and has not left.
    assert there(world) == {"A-2": 6, "A-10": 5, "B-1": 20, "picked": 2, "": 4}
    assert world.available("EAST", "CUP") == (37, 3)
    world.confirm("1", "shipped", [("CUP", 3)], occurred_at=began + 55 * MINUTE)
    assert there(world) == {"A-2": 5, "A-10": 5, "B-1": 20, "": 4}
    world.check()


def test_what_a_row_differs_by_in_all_is_approved_and_becomes_stock(tx: Transaction, world: World) -> None:
    number = world.plan("EAST", "CUP")
    for by in ("ann", "bob"):
        bins = {"A-2": 2, "B-1": 18} | ({"A-10": 5, "": 5} if by == "ann" else {})
        assert say(world, number, bins, by) == ["new"] * len(bins)
        finished = counting.finish(tx, number, by=by)
    assert finished.state == "approval"
    assert there(world) == {"A-2": 10, "A-10": 5, "B-1": 20, "": 5}
    found = counting.load_variances(tx, world.network, number)
    assert (found.net_minor, found.absolute_minor) == (-2_500, 2_500)
    # Meanwhile some are put away into a bin that nobody counted.
    tx.now += MINUTE
    moved = exchange.BinMoveDocument("M-1", "EAST", (exchange.BinMoveLine("CUP", 3, "", "Z-1"),), tx.now)
    inventory.state_bin_moves(tx, moved)
    applied = counting.approve(tx, number, by="zoe")
    assert sorted((one.line.bin, one.moved) for one in applied.corrections) == [
        ("", 0), ("A-10", 0), ("A-2", -8), ("B-1", -2),
    ]  # fmt: skip
    assert there(world) == {"A-2": 2, "A-10": 5, "B-1": 18, "Z-1": 3, "": 2}
    assert world.moves("EAST", "CUP")[-1] == (-10, "count", "count")
    world.check()
    # A later count of the whole row wins over a sheet that waits.
    number = world.plan("EAST", "CUP")
    assert set(say(world, number, {"A-2": 2, "A-10": 5, "B-1": 18, "Z-1": 3, "": 2})) == {"new"}
    tx.now += MINUTE
    world.stock("EAST", {"CUP": 30}, tx.now)
    assert counting.finish(tx, number, by="ann").state == "applied"
    assert {one.line.state for one in counting.load_variances(tx, world.network, number).lines} == {"superseded"}
    world.check()


def test_a_case_of_a_bin_puts_its_row_on_a_sheet_which_closes_it(tx: Transaction, world: World) -> None:
    world.order("web", document("1", ("ROPE", 3)))
    world.confirm("1", "picked", lots=[ConfirmationLine(1, "ROPE", bin="A-1")])
    world.confirm("1", "picked", lots=[ConfirmationLine(2, "ROPE", bin="Q-7")])
    case = world.open_case()
    assert (case.kind, case.title) == ("bin_difference", "EAST: 2 taken out of Q-7, which held 0 of ROPE")
    number = world.plan(case.data["site"], case.data["sku"])
    items = [CountItem(units, sku="ROPE", bin=code) for code, units in (("A-1", 7), ("", 3))]
    assert {one.outcome for one in counting.enter(tx, number, items, by="ann")} == {"new"}
    assert counting.finish(tx, number, by="ann").recounts == 2
    counting.enter(tx, number, items, by="bob")
    assert counting.finish(tx, number, by="bob").state == "applied"
    assert there(world, "ROPE") == {"A-1": 7, "picked": 1, "": 2}
    assert world.cases() == {}
    world.check()


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(-5, 20)), min_size=1, max_size=5), st.integers(-30, 30))
def test_the_parts_of_a_row_add_up_to_what_it_changed_by(bins: list[tuple[int, int]], moved: int) -> None:
    lines = [
        msgspec.structs.replace(line(no, *figures), leads=no == 0, by_bin=True, counted_at=NOW)
        for no, figures in enumerate(bins)
    ]
    parts = share_out(lines, moved)
    assert sum(parts.values()) == moved
    assert all(parts[one.line_no] == one.difference for one in lines if not one.leads)


def test_the_approver_is_asked_about_what_a_row_lost_not_about_what_lies_in_another_bin() -> None:
    lost, found = (
        msgspec.structs.replace(line(no, *figures), sku_id=1, by_bin=True, bin=f"A-{no}", leads=no == 1)
        for no, figures in ((1, (0, 190)), (2, (190, 0)))
    )
    settings = counting.rules.Counting()
    assert counting.rules.decide_approval([lost, found], settings) == []
    assert counting.rules.decide_approval([lost], settings)
