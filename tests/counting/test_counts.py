"""From plan to stock: blind, counted again by another, approved by a third, and explained by moves."""

from datetime import timedelta
from typing import Any

import pytest

from stocktower import access, catalog, counting, inventory, ordering, worklist
from stocktower.counting import CountItem, CountRefused, UnknownSheet
from stocktower.exchange import ProductDocument, StockDocument, StockLine
from stocktower.platform import Transaction, load_events_after, next_due_at, take_due
from tests.counting.world import TEXT, World
from tests.ordering.world import document

HOUR = timedelta(hours=1)


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant with stock in two warehouses, stated a day ago."""
    made = World(tx)
    made.stock("EAST", {"CUP": 40, "LID": 100, "ROPE": 10, "WIRE": 5}, tx.now - 24 * HOUR)
    made.stock("WEST", {"CUP": 8}, tx.now - 24 * HOUR)
    return made


def refusal(entered: list[counting.Entered]) -> tuple[str, str]:
    """(problem, field) of the one thing that was refused."""
    (one,) = entered
    assert one.outcome == "refused"
    return one.problem, one.field


def test_a_sheet_has_what_fits_into_the_day_and_no_row_twice(tx: Transaction, world: World) -> None:
    planned = counting.plan(tx, "EAST")
    assert [(one.row.sku_id, one.why) for one in planned.lines] == [
        (world.sku[code], "never") for code in ("CUP", "LID", "ROPE")
    ]
    assert planned.waiting == 1
    again = counting.plan(tx, "EAST")
    assert (again.number, again.lines, again.waiting) == (None, (), 1)
    more = counting.plan(tx, "EAST", lines=10)
    assert [one.row.sku_id for one in more.lines] == [world.sku["WIRE"]]
    world.check()


def test_a_plan_that_cannot_be_says_the_field_and_the_fix(tx: Transaction, world: World) -> None:
    for site, field in (("NORTH", "site"), ("EU", "site"), ("", "site")):
        with pytest.raises(CountRefused, match="EAST, WEST") as caught:
            counting.plan(tx, site)
        assert caught.value.field == field
    for skus in (["NONE"], ["SET"]):
        with pytest.raises(CountRefused, match=skus[0]) as caught:
            counting.plan(tx, "EAST", skus=skus)
        assert caught.value.field == "sku"
    with pytest.raises(CountRefused, match="1 to 1,000"):
        counting.plan(tx, "EAST", lines=0)
    number = world.plan("EAST", "CUP")
    with pytest.raises(CountRefused, match=f"on sheet {number}"):
        counting.plan(tx, "EAST", skus=["4006381333931"])


def test_what_surprised_comes_first(tx: Transaction, world: World) -> None:
    world.order("web", document("1", ("WIRE", 5)), document("2", ("ROPE", 1)))
    world.stock("EAST", {"WIRE": 3}, tx.now - HOUR)
    world.confirm("2", "short_picked", [("ROPE", 1)])
    planned = counting.plan(tx, "EAST")
    whys = {one.row.sku_id: one.why for one in planned.lines}
    assert [planned.lines[place].row.sku_id for place in (0, 1)] == [world.sku["WIRE"], world.sku["ROPE"]]
    assert whys[world.sku["WIRE"]] == "discrepancy"
    assert whys[world.sku["ROPE"]] == "surprise"


def test_the_mornings_are_planned_only_where_they_are_asked_for(tx: Transaction) -> None:
    world = World(tx)
    counting.schedule_plans(tx)
    assert next_due_at(tx) is None
    counting.plan_due(tx, [world.network.site_ids["EAST"]])
    assert counting.list_sheets(tx, world.network) == []


def test_each_morning_a_site_gets_its_sheet_and_its_next_morning(tx: Transaction) -> None:
    world = World(tx, TEXT.replace("lines_per_day = 3", "lines_per_day = 3\nevery_morning = true"))
    world.stock("EAST", {"CUP": 40})
    counting.schedule_plans(tx)
    assert next_due_at(tx) == tx.now.replace(hour=5) + timedelta(days=1)
    tx.now += timedelta(days=1)
    sites = take_due(tx, counting.PLAN, 10)
    assert sorted(sites) == sorted(world.network.site_ids[code] for code in ("EAST", "WEST"))
    counting.plan_due(tx, sites)
    (sheet,) = counting.list_sheets(tx, world.network)
    assert (sheet.site, sheet.lines, sheet.to_count) == ("EAST", 1, 1)
    assert next_due_at(tx) == tx.now.replace(hour=5) + timedelta(days=1)
    world.check()


def test_a_counter_sees_no_quantity_but_their_own(tx: Transaction, world: World) -> None:
    number = world.plan()
    world.enter(number, {"CUP": 39})
    sheet = counting.load_sheet(tx, world.network, number, reader="ann")
    assert {line.sku: (line.state, line.stated) for line in sheet.lines} == {
        "CUP": ("entered", 39), "LID": ("to_count", None), "ROPE": ("to_count", None),
    }  # fmt: skip
    other = counting.load_sheet(tx, world.network, number, reader="bob")
    assert [line.stated for line in other.lines] == [None, None, None]
    with pytest.raises(CountRefused, match="still being counted"):
        counting.load_variances(tx, world.network, number)
    (row,) = counting.list_sheets(tx, world.network)
    assert (row.entered, row.to_count, row.differing, row.net_minor) == (1, 3, None, None)


def test_within_what_may_pass_it_becomes_stock_by_itself(tx: Transaction, world: World) -> None:
    number = world.plan()
    # LID is of class C: two of a hundred are within its tolerance. CUP: one of forty.
    finished = world.count(number, {"CUP": 39, "LID": 98, "ROPE": 10})
    assert (finished.state, finished.recounts) == ("applied", 0)
    assert world.available("EAST", "CUP") == (39, 0)
    assert world.available("EAST", "LID") == (98, 0)
    assert world.moves("EAST", "CUP")[-1] == (-1, "count", "count")
    assert world.states(number) == {"CUP": "applied", "LID": "applied", "ROPE": "applied"}
    assert "CUP: 39 counted, 40 expected; stock changes by -1" in finished.notes
    world.check()
    # What was counted is not due any more.
    assert [one.row.sku_id for one in counting.plan(tx, "EAST", lines=10).lines] == [world.sku["WIRE"]]


def test_shrinkage_is_posted_and_the_books_agree_with_the_rows(tx: Transaction, world: World) -> None:
    before = world.post()
    number = world.plan()
    world.count(number, {"CUP": 39, "LID": 99, "ROPE": 11})
    after = world.post()
    lost = 250 + 50 - 900
    assert after["Expenses:Shrinkage"] - before["Expenses:Shrinkage"] == lost
    assert after["Assets:Inventory"] - before["Assets:Inventory"] == -lost


def test_out_of_tolerance_another_person_counts_again(tx: Transaction, world: World) -> None:
    number = world.plan()
    finished = world.count(number, {"CUP": 30, "LID": 100, "ROPE": 10})
    assert (finished.state, finished.recounts) == ("open", 1)
    problem, field = refusal(world.enter(number, {"CUP": 30}, "ann"))
    assert "another person" in problem
    assert field == "line"
    sheet = counting.load_sheet(tx, world.network, number, reader="ann")
    assert [line.state for line in sheet.lines] == ["other", "done", "done"]
    world.check()
    with pytest.raises(CountRefused, match="another person"):
        counting.finish(tx, number, by="ann", rest_not_found=True)
    # Two counts say 30: it stands; ten cups at 2.50 are more than may pass.
    finished = world.count(number, {"CUP": 30}, "bob")
    assert finished.state == "approval"
    assert world.available("EAST", "CUP") == (40, 0)
    world.check()


def test_a_recount_that_finds_what_was_expected_settles_it(tx: Transaction, world: World) -> None:
    number = world.plan()
    world.count(number, {"CUP": 30, "LID": 100, "ROPE": 10})
    assert world.count(number, {"CUP": 40}, "bob").state == "applied"
    assert world.available("EAST", "CUP") == (40, 0)
    assert world.moves("EAST", "CUP")[-1][2] != "count"
    world.check()


def test_counts_that_never_agree_are_the_approvers_to_judge(tx: Transaction, world: World) -> None:
    number = world.plan("EAST", "LID")
    assert world.count(number, {"LID": 90}).recounts == 1
    assert world.count(number, {"LID": 80}, "bob").recounts == 1
    assert world.count(number, {"LID": 70}, "cat").state == "approval"
    assert world.states(number) == {"LID": "disputed"}
    assert "counts do not agree" in world.open_case().data["reasons"]
    world.check()
    assert counting.recount(tx, number, by="zoe") == [1]
    world.check()
    assert world.count(number, {"LID": 80}, "dan").state == "applied"
    assert world.available("EAST", "LID") == (80, 0)
    world.check()


def test_who_counted_may_not_approve(tx: Transaction, world: World) -> None:
    number = world.plan("EAST", "ROPE")
    world.count(number, {"ROPE": 4})
    world.count(number, {"ROPE": 4}, "bob")
    case = world.open_case()
    assert (case.kind, case.units, case.money_minor) == ("count_approval", 6, 5_400)
    for person in ("ann", "bob"):
        with pytest.raises(CountRefused, match="another person has to approve"):
            counting.approve(tx, number, by=person)
    applied = counting.approve(tx, number, by="zoe")
    assert [(one.line.sku_id, one.moved) for one in applied.corrections] == [(world.sku["ROPE"], -6)]
    assert world.available("EAST", "ROPE") == (4, 0)
    assert worklist.load_cases(tx, worklist.CaseFilter()).total == 0
    with pytest.raises(CountRefused, match="is done"):
        counting.approve(tx, number, by="zoe")
    world.check()


def test_a_rejected_sheet_changes_nothing_and_its_rows_are_due_again(tx: Transaction, world: World) -> None:
    number = world.plan("EAST", "ROPE")
    world.count(number, {"ROPE": 4})
    world.count(number, {"ROPE": 4}, "bob")
    assert counting.reject(tx, number, "counted in the wrong hall", by="zoe") == 1
    assert world.available("EAST", "ROPE") == (10, 0)
    assert worklist.load_cases(tx, worklist.CaseFilter()).total == 0
    assert world.states(number) == {"ROPE": "rejected"}
    assert counting.load_accuracy(tx, world.network) == []
    world.check()
    assert world.plan("EAST", "ROPE") > number


def test_what_moved_between_counting_and_applying_is_taken_into_account(tx: Transaction, world: World) -> None:
    world.order("web", document("1", ("CUP", 5)))
    number = world.plan("EAST", "CUP")
    began = tx.now
    tx.now = began + HOUR
    world.enter(number, {"CUP": 39}, counted_at=began + HOUR / 2)
    # Shipped after it was counted, and known before the round ends.
    world.confirm("1", "shipped", [("CUP", 5)], occurred_at=began + HOUR * 3 / 4)
    assert counting.finish(tx, number, by="ann").state == "applied"
    assert world.available("EAST", "CUP") == (34, 0)
    (line,) = counting.load_variances(tx, world.network, number).lines
    assert (line.line.counted, line.line.expected, line.line.moved) == (39, 40, -1)
    world.check()


def test_a_shipment_before_the_count_that_is_told_late_is_in_the_count(tx: Transaction, world: World) -> None:
    world.order("web", document("1", ("CUP", 5)))
    number = world.plan("EAST", "CUP")
    began = tx.now
    tx.now = began + HOUR
    world.enter(number, {"CUP": 35}, "ann")
    assert counting.finish(tx, number, by="ann").recounts == 1
    world.confirm("1", "shipped", [("CUP", 5)], occurred_at=began + HOUR / 2)
    tx.now = began + 2 * HOUR
    # By now it is known why there were 35.
    assert world.count(number, {"CUP": 35}, "bob").state == "applied"
    assert world.available("EAST", "CUP") == (35, 0)
    world.check()


def test_less_than_is_allocated_cuts_who_comes_last(tx: Transaction, world: World) -> None:
    world.order("web", document("late", ("ROPE", 6)))
    world.order("first", document("first", ("ROPE", 4)))
    number = world.plan("EAST", "ROPE")
    orders = {name: world.find(name).order.order_id for name in ("late", "first")}
    for name in orders:
        world.confirm(name, "acknowledged")
    before = world.state("late")
    world.count(number, {"ROPE": 7})
    world.count(number, {"ROPE": 7}, "bob")
    applied = counting.approve(tx, number, by="zoe")
    world.work()
    # Both are released: what is missing is a discrepancy with a case, never a negative number.
    assert before[0] == world.state("late")[0]
    assert applied.missing == 3
    assert applied.cuts == ()
    assert world.open_case().kind == "shortfall"
    world.check()


def test_what_waits_unreleased_goes_back_to_waiting(tx: Transaction, world: World) -> None:
    world.order("web", document("held", ("ROPE", 6), risk="high"))
    number = world.plan("EAST", "ROPE")
    world.count(number, {"ROPE": 2})
    world.count(number, {"ROPE": 2}, "bob")
    notes = counting.tell(tx, counting.approve(tx, number, by="zoe"))
    assert "4 sold units of 1 orders go back to waiting" in notes
    assert world.available("EAST", "ROPE") == (2, 2)
    assert world.find("held").order.fulfillment_state == "partially_backordered"
    world.check()


def test_a_later_snapshot_wins_over_a_count_that_waits(tx: Transaction, world: World) -> None:
    number = world.plan("EAST", "ROPE", "CUP")
    for person in ("ann", "bob"):
        world.count(number, {"ROPE": 4, "CUP": 40} if person == "ann" else {"ROPE": 4}, person)
    tx.now += HOUR
    world.stock("EAST", {"ROPE": 9}, tx.now - HOUR / 2)
    applied = counting.approve(tx, number, by="zoe")
    assert applied.superseded == (2,)
    assert world.states(number) == {"ROPE": "superseded", "CUP": "applied"}
    assert world.available("EAST", "ROPE") == (9, 0)
    world.check()


def test_units_packs_barcodes_and_corrections(tx: Transaction, world: World) -> None:
    number = world.plan()
    (one,) = counting.enter(tx, number, [CountItem(3, sku="4006381333931", unit="case")], by="ann")
    assert (one.sku, one.quantity, one.outcome) == ("CUP", 36, "new")
    assert world.enter(number, {"CUP": 3}, unit="case")[0].outcome == "repeated"
    assert world.enter(number, {"CUP": 40})[0].outcome == "corrected"
    assert refusal(world.enter(number, {"CUP": 41}, "bob"))[0].startswith("ann has counted it already")
    assert refusal(world.enter(number, {"LID": 1}, unit="pallet")) == ("pallet is not a unit of LID", "unit")
    assert refusal(world.enter(number, {"LID": -1}))[1] == "quantity"
    assert refusal(world.enter(number, {"NONE": 1}))[1] == "sku"
    assert refusal(world.enter(number, {"WIRE": 1})) == ("WIRE is not on the sheet", "found")
    assert refusal(world.enter(number, {"LID": 1}, counted_at=tx.now + HOUR))[1] == "counted_at"
    assert refusal(world.enter(number, {"LID": 1}, round=2))[1] == "line"
    assert refusal(counting.enter(tx, number, [CountItem(1, line_no=9)]))[1] == "line"
    with pytest.raises(UnknownSheet):
        world.enter(number + 99, {"CUP": 1})
    with pytest.raises(CountRefused, match="2 lines of sheet"):
        counting.finish(tx, number, by="ann")
    assert counting.finish(tx, number, by="ann", rest_not_found=True).recounts == 2
    world.check()


def test_what_lies_there_and_is_not_on_the_sheet(tx: Transaction, world: World) -> None:
    number = world.plan("WEST", "CUP")
    answers = world.enter(number, {"CUP": 8, "LID": 2}, found=True)
    assert [one.outcome for one in answers] == ["new", "new"]
    assert world.enter(number, {"LID": 3}, found=True)[0].outcome == "corrected"
    assert world.enter(number, {"LID": 1}, found=True, status="damaged")[0].line_no == 3
    assert refusal(world.enter(number, {"SET": 1}, found=True))[1] == "sku"
    assert refusal(world.enter(number, {"ROPE": 1}, found=True, status="in_transit"))[1] == "status"
    finished = counting.finish(tx, number, by="ann")
    assert finished.recounts == 1
    assert world.count(number, {"LID": 3}, "bob").state == "applied"
    assert world.available("WEST", "LID")[0] == 3
    other = world.plan("WEST", "LID")
    problem, _ = refusal(world.enter(world.plan("WEST", "ROPE"), {"LID": 1}, found=True))
    assert problem == f"LID is on sheet {other}"
    world.check()


def test_a_sheet_says_how_right_the_books_were(tx: Transaction, world: World) -> None:
    world.count(world.plan(), {"CUP": 39, "LID": 100, "ROPE": 11})
    (month,) = counting.load_accuracy(tx, world.network, "EAST")
    assert (month.month, month.lines, month.right_lines, month.difference) == ("2026-06", 3, 1, 2)
    assert (month.line_permille, month.net_minor, month.absolute_minor) == (333, 650, 1150)
    assert month.expected_minor == 40 * 250 + 100 * 50 + 10 * 900
    assert month.value_permille == 1000 - 1150 * 1000 // 24_000
    assert counting.load_accuracy(tx, world.network, "WEST") == []


def test_every_act_of_a_person_is_in_the_audit_and_told(tx: Transaction, world: World) -> None:
    number = world.plan("EAST", "ROPE")
    world.count(number, {"ROPE": 4})
    world.count(number, {"ROPE": 4}, "bob")
    counting.approve(tx, number, by="zoe")
    acts = [one.act for one in access.load_audit(tx, limit=20)][::-1]
    assert acts == ["count.plan", "count.enter", "count.finish", "count.enter", "count.finish"]
    tx.write_events()
    told: list[Any] = [one.kind for one in load_events_after(tx, 0, 10_000)[0] if one.subject == "count"]
    assert told == ["count.planned", "count.recount_asked", "count.approval_asked", "count.applied"]


def test_a_correction_that_frees_stock_fills_who_waits(tx: Transaction, world: World) -> None:
    world.order("web", document("1", ("ROPE", 11)))
    assert world.state("1")[1] == "stock"
    world.count(world.plan("EAST", "ROPE"), {"ROPE": 11})
    world.work()
    assert world.available("EAST", "ROPE") == (11, 11)
    assert inventory.load_waiting(tx, [world.sku["ROPE"]]) == []
    world.check()


def test_one_person_may_count_again_where_that_is_configured(tx: Transaction) -> None:
    world = World(tx, TEXT.replace("lines_per_day = 3", "lines_per_day = 3\nsame_person_recounts = true"))
    world.stock("EAST", {"LID": 100}, tx.now - HOUR)
    number = world.plan("EAST", "LID")
    assert world.count(number, {"LID": 90}).recounts == 1
    assert world.count(number, {"LID": 90}).state == "applied"
    assert world.available("EAST", "LID") == (90, 0)
    world.check()


def test_a_barcode_of_two_skus_names_both(tx: Transaction, world: World) -> None:
    catalog.take_products(tx, [ProductDocument("MUG", "Mug", barcode="4006381333931")])
    with pytest.raises(CountRefused, match="CUP, MUG") as caught:
        counting.plan(tx, "EAST", skus=["4006381333931"])
    assert caught.value.field == "sku"


def test_lots_are_lines_of_their_own(tx: Transaction, world: World) -> None:
    catalog.take_products(tx, [ProductDocument("MILK", "Milk", cost_minor=10, currency="USD", tracking="lot")])
    lines = tuple(StockLine("MILK", 5, lot=lot, unit="each") for lot in ("L1", "L2"))
    ordering.take_count(tx, StockDocument("EAST", tx.now - HOUR, lines), 0)
    number = world.plan("EAST", "MILK")
    assert refusal(world.enter(number, {"MILK": 5})) == ("MILK has several lots", "lot")
    assert refusal(world.enter(number, {"MILK": 1}, found=True)) == ("MILK is tracked", "lot")
    assert refusal(world.enter(number, {"LID": 1}, found=True, lot="L9")) == ("LID has no lots", "lot")
    for lot, units in (("L1", 5), ("L2", 4), ("L3", 1)):
        assert world.enter(number, {"MILK": units}, lot=lot, found=lot == "L3")[0].outcome == "new"
    assert counting.finish(tx, number, by="ann").state == "applied"
    found = counting.load_variances(tx, world.network, number).lines
    assert {one.line.lot: (one.line.expected, one.line.counted, one.line.moved) for one in found} == {
        "L1": (5, 5, 0), "L2": (5, 4, -1), "L3": (0, 1, 1),
    }  # fmt: skip
    world.check()


def test_a_dropped_sheet_has_its_record(tx: Transaction, world: World) -> None:
    number = world.plan("EAST", "ROPE")
    world.enter(number, {"ROPE": 9})
    assert counting.drop(tx, number, "no time") == 1
    assert access.load_audit(tx, limit=1)[0].act == "count.reject"
    with pytest.raises(CountRefused, match="was rejected"):
        counting.drop(tx, number, "again")
    assert world.available("EAST", "ROPE") == (10, 0)
    world.check()
