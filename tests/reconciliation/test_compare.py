"""Statements against our stock as of their instant, in the database: nothing moves, each difference has its cause."""

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest

from stocktower import catalog, exchange, inventory, reconciliation, worklist
from stocktower.exchange import (
    ConfirmationDocument,
    ConfirmationLine,
    Incoming,
    ProductDocument,
    ReceiptDocument,
    ReceiptLine,
)
from stocktower.inventory import views as ledger
from stocktower.platform import Transaction, take_due
from tests.ordering.world import document
from tests.reconciliation.world import PRODUCTS, TEXT, World, hours


@pytest.fixture
def world(tx: Transaction) -> World:
    """Stock that came in ten days ago."""
    made = World(tx)
    made.hold("EAST", {"CUP": 240, "LID": 100, "ROPE": 60}, tx.now - timedelta(days=10))
    made.hold("WEST", {"CUP": 40, "ROPE": 30}, tx.now - timedelta(days=10))
    return made


def test_what_agrees_stands_nowhere_and_moves_nothing(tx: Transaction, world: World) -> None:
    before = [ledger.load_moves(tx, [row.stock_id for row in rows(tx, world)])]
    (run,) = world.state([("EAST", "CUP", 240), ("0002", "CUP", 40), ("east", "LID", 100)], tx.now - hours(6))
    assert (run.compared, run.matched, run.within, run.different, run.unknown) == (3, 3, 0, 0, 0)
    assert (run.units_ours, run.units_theirs, run.value_minor) == (380, 380, 280 * 250 + 100 * 50)
    assert world.lines() == {}
    assert world.open_cases() == {}
    assert [ledger.load_moves(tx, [row.stock_id for row in rows(tx, world)])] == before
    assert not take_due(tx, reconciliation.COMPARE, 10)
    world.holds_true()


def rows(tx: Transaction, world: World) -> list[inventory.StockRow]:
    """All stock rows."""
    available = inventory.load_availability(tx, world.sku.values(), world.network)
    return [row for sku_id in world.sku.values() for row in available.rows(sku_id)]


def test_ours_is_as_of_the_instant(tx: Transaction, world: World) -> None:
    as_of = tx.now - hours(30)
    world.post(
        [("EAST", "CUP", 60, tx.now - hours(20), "available"), ("EAST", "CUP", -5, tx.now - hours(40), "available")]
    )
    (run,) = world.state([("EAST", "CUP", 235)], as_of)
    assert (run.matched, run.different) == (1, 0)
    (run,) = world.state([("EAST", "CUP", 295)], tx.now - hours(1))
    assert (run.matched, run.different) == (1, 0)
    world.holds_true()


def test_recorded_and_occurred_are_both_known(tx: Transaction, world: World) -> None:
    as_of = tx.now - hours(10)
    world.post([("EAST", "LID", -20, tx.now - hours(12), "available")], recorded=tx.now - hours(2))
    world.state([("EAST", "LID", 100)], as_of)
    line = world.line()
    assert (line.ours, line.recorded, line.theirs) == (80, 100, 100)
    assert (line.cause, line.trend) == (reconciliation.Cause.TIMING, "new")
    assert "recorded later" in msgspec.json.decode(line.evidence)["reason"]
    assert world.open_cases() == {}, "a matter of timing is a case only where it lasts"
    world.holds_true()


def test_a_lag_is_timing_and_lasting_it_is_a_case(tx: Transaction, world: World) -> None:
    world.post([("EAST", "LID", -20, tx.now - hours(12), "available")])
    world.state([("EAST", "LID", 100)], tx.now - hours(10))
    assert world.line().cause == reconciliation.Cause.TIMING
    assert world.open_cases() == {}
    world.state([("EAST", "LID", 100)], tx.now - hours(4))
    assert (world.line().trend, world.line().since_at) == ("unchanged", tx.now - hours(10))
    assert list(world.open_cases()) == ["system/erp/timing"]
    world.state([("EAST", "LID", 80)], tx.now - hours(1))
    assert world.open_cases() == {}
    assert world.lines() == {}
    world.holds_true()


def test_an_old_shipment_that_they_lack_is_a_missed_message(tx: Transaction, world: World) -> None:
    world.post([("EAST", "ROPE", -7, tx.now - timedelta(days=4), "available")])
    world.post([("EAST", "ROPE", 30, tx.now - timedelta(days=3), "available")])
    world.state([("EAST", "ROPE", 90)], tx.now - hours(6))
    assert world.lines() == {("ROPE", "EAST", "available"): (83, 90, "missed_message")}
    case = world.open_cases()["system/erp/missed_message"]
    assert (case.units, case.money_minor, case.waiters) == (7, 6300, 1)
    world.holds_true()


def test_what_a_site_shipped_without_a_word(tx: Transaction, world: World) -> None:
    world.order("web", document("1", ("LID", 9)))
    assert world.state_of("1") == ("fulfil", "site_confirmation")
    world.state([("EAST", "LID", 91)], tx.now)
    line = world.line()
    assert line.cause == reconciliation.Cause.MISSED_MESSAGE
    evidence = msgspec.json.decode(line.evidence)
    assert evidence["orders"] == [world.find("1").order.order_id]
    assert evidence["explained"] == -9


def test_a_word_that_lies_in_the_inbox_is_timing(tx: Transaction, world: World) -> None:
    world.order("web", document("1", ("LID", 9)))
    told = ConfirmationDocument("1", "shipped", tx.now, "EAST", (ConfirmationLine(9, "LID"),))
    (receipt,) = exchange.receive(tx, "EAST", [Incoming("confirmation", "1", msgspec.json.encode(told))], origin="test")
    world.state([("EAST", "LID", 91)], tx.now)
    line = world.line()
    assert line.cause == reconciliation.Cause.TIMING
    assert msgspec.json.decode(line.evidence)["messages"] == [receipt.message_id]


def test_what_is_received_there_and_only_announced_here_is_timing(tx: Transaction, world: World) -> None:
    stated = inventory.StatedInbound("ASN-1", world.sku["LID"], world.network.site_ids["EAST"], 40, tx.now)
    inventory.record_inbound(tx, [stated])
    world.state([("EAST", "LID", 140)], tx.now)
    line = world.line()
    assert (line.cause, msgspec.json.decode(line.evidence)["references"]) == (reconciliation.Cause.TIMING, "ASN-1")
    # The same, when the receipt lies in the inbox already.
    receipt = ReceiptDocument("D-1", "EAST", (ReceiptLine("LID", 40),), "ASN-1")
    (one,) = exchange.receive(tx, "EAST", [Incoming("receipt", "D-1", msgspec.json.encode(receipt))], origin="test")
    world.state([("EAST", "LID", 140)], tx.now, digest="again")
    assert msgspec.json.decode(world.line().evidence)["messages"] == [one.message_id]


def test_packs_of_the_catalogue_and_of_listings(tx: Transaction, world: World) -> None:
    world.state([("EAST", "CUP", 20), ("EAST", "ROPE", 30)], tx.now - hours(6))
    assert world.lines() == {
        ("CUP", "EAST", "available"): (240, 20, "unit_error"),
        ("ROPE", "EAST", "available"): (60, 30, "unit_error"),
    }
    case = world.open_cases()["system/erp/unit_error"]
    assert (case.waiters, case.units) == (2, 250)
    assert case.title.startswith("ERP: 2 lines differ by 250 units")


def test_units_are_converted_before_they_are_compared(tx: Transaction, world: World) -> None:
    (run,) = world.state([("EAST", "CUP", 20)], tx.now - hours(6), unit="case")
    assert (run.matched, run.units_theirs) == (1, 240)


def test_status_location_and_two_skus(tx: Transaction, world: World) -> None:
    world.hold("EAST", {"CUP": 10}, tx.now - timedelta(days=9), "quarantine")
    world.state([("EAST", "CUP", 228), ("EAST", "CUP", 22, "blocked"), ("EAST", "CUP", 99, "SCRAP")], tx.now - hours(6))
    assert {cause for _, _, cause in world.lines().values()} == {"status"}
    world.state([("EAST", "CUP", 240), ("EAST", "CUP", 10, "blocked")], tx.now - hours(5))
    world.state([("EAST", "ROPE", 40), ("WEST", "ROPE", 50)], tx.now - hours(4))
    assert {cause for _, _, cause in world.lines().values()} == {"location"}
    world.state([("EAST", "ROPE", 60), ("WEST", "ROPE", 30)], tx.now - hours(3))
    world.state([("EAST", "LID", 64), ("EAST", "ROPE", 96)], tx.now - hours(2))
    assert {cause for _, _, cause in world.lines().values()} == {"mapping"}
    world.holds_true()


def test_a_whole_statement_says_zero_by_silence(tx: Transaction, world: World) -> None:
    (run,) = world.state([("EAST", "CUP", 240), ("EAST", "LID", 100)], tx.now - hours(6), complete=True)
    assert (run.compared, run.different) == (3, 1)
    assert world.lines() == {("ROPE", "EAST", "available"): (60, 0, "missed_message")}, "they lack the receipt"
    (run,) = world.state([("EAST", "CUP", 240), ("EAST", "LID", 100)], tx.now - hours(5), complete=True, unreadable=1)
    assert (run.compared, run.different) == (2, 0), "a row that could not be read may have been the missing one"
    assert world.lines() != {}, "and what was not compared stands as it stood"
    (run,) = world.state([("EAST", "CUP", 240), ("EAST", "LID", 100), ("EAST", "ROPE", 60)], tx.now, complete=True)
    assert (run.resolved, world.lines()) == (1, {})
    world.holds_true()


def test_lines_that_name_nothing_of_ours(tx: Transaction, world: World) -> None:
    stated = [("EAST", "CUP", 240), ("EAST", "CPU", 3), ("MOON", "CUP", 1), ("EAST", "SET", 1)]
    (run,) = world.state(stated, tx.now - hours(6))
    assert (run.stated, run.compared, run.unknown) == (4, 1, 3)
    unknown = reconciliation.load_unknown(tx, run.run_id)
    assert [(one.row_no, one.problem) for one in unknown] == [(3, "sku"), (4, "place"), (5, "kit")]
    case = world.open_cases()["system/erp/mapping"]
    assert case.title.startswith("ERP: 3 lines name nothing of ours")
    assert case.data["unknown_lines"][0].startswith("row 3: CPU: no SKU")
    world.state([("EAST", "CUP", 240)], tx.now - hours(5))
    assert world.open_cases() == {}
    world.holds_true()


def test_barcodes_and_the_listings_of_a_channel(tx: Transaction, world: World) -> None:
    (run,) = world.state([("", "4006381333931", 40), ("", "ROPE-2", 15)], tx.now - hours(6), "fba")
    assert (run.matched, run.unknown) == (2, 0)


def test_tolerance_by_units_and_by_share(tx: Transaction, world: World) -> None:
    (run,) = world.state([("EAST", "CUP", 239), ("EAST", "LID", 99), ("EAST", "ROPE", 58)], tx.now - hours(6))
    assert (run.within, run.different) == (2, 1)
    assert world.lines()["LID", "EAST", "available"][2] == "tolerance"
    assert list(world.open_cases()) == ["system/erp/shrinkage"]
    world.holds_true()


@pytest.mark.parametrize(("units", "percent"), [(0, "0"), (1, "0.5"), (3, "2.25"), (20, "10")])
def test_what_is_within_the_tolerance_is_decided_as_the_rule_says(tx: Transaction, units: int, percent: str) -> None:
    text = TEXT.replace("tolerance_units = 1", f"tolerance_units = {units}").replace("= 0.5", f"= {percent}")
    dice = Random(f"{units} {percent}")
    figures = {f"B{number}": (dice.randint(1, 2_000), dice.randint(-25, 25)) for number in range(80)}
    world = World(tx, text, [ProductDocument(code, code, cost_minor=100, currency="USD") for code in figures])
    world.hold("EAST", {code: ours for code, (ours, _) in figures.items()}, tx.now - timedelta(days=3))
    world.state([("EAST", code, max(0, ours + apart)) for code, (ours, apart) in figures.items()], tx.now - hours(6))
    points = int(Decimal(percent) * 100)
    found = {sku: (ours, theirs, cause == "tolerance") for (sku, _, _), (ours, theirs, cause) in world.lines().items()}
    assert found == {
        code: (ours, theirs, reconciliation.within_tolerance(ours, theirs, units, points))
        for code, (ours, apart) in figures.items()
        if (theirs := max(0, ours + apart)) != ours
    }


def test_the_trend_of_a_line(tx: Transaction, world: World) -> None:
    trends: list[str] = []
    for place, theirs in enumerate((50, 50, 45, 52, 66)):
        world.state([("EAST", "ROPE", theirs)], tx.now - hours(20 - place))
        trends.append(world.line().trend)
    assert trends == ["new", "unchanged", "growing", "shrinking", "new"]
    group = world.status().groups[0]
    assert (group.cause, group.trend) == ("shrinkage", (10, 10, 15, 8, 6))
    assert group.since_at == tx.now - hours(16)
    world.holds_true()


def test_the_same_statement_is_compared_once_and_a_correction_again(tx: Transaction, world: World) -> None:
    as_of = tx.now - hours(6)
    assert world.send([("EAST", "ROPE", 55)], as_of) == ["new"]
    assert len(world.compare()) == 1
    assert world.send([("EAST", "ROPE", 55)], as_of) == ["repeated"]
    assert world.compare() == []
    assert world.send([("EAST", "ROPE", 60)], as_of) == ["new"]
    (run,) = world.compare()
    assert (run.matched, run.resolved, world.lines()) == (1, 1, {})
    world.holds_true()


def test_a_part_that_says_something_else_is_put_aside(tx: Transaction, world: World) -> None:
    world.send([("EAST", "ROPE", 55)], tx.now, digest="one")
    assert world.send([("EAST", "ROPE", 50)], tx.now, digest="one") == ["changed"]
    (run,) = world.compare()
    assert (run.stated, run.units_theirs) == (1, 55)
    assert list(world.open_cases("parked_message")) != []
    world.holds_true()


def test_an_older_statement_does_not_undo_a_later_one(tx: Transaction, world: World) -> None:
    world.state([("EAST", "ROPE", 55)], tx.now - hours(6))
    world.state([("EAST", "ROPE", 60)], tx.now - hours(9))
    assert world.lines() == {("ROPE", "EAST", "available"): (60, 55, "shrinkage")}
    world.holds_true()


def test_a_statement_in_parts_is_compared_when_it_is_whole(tx: Transaction, world: World) -> None:
    stated = [
        ("EAST", "CUP", 120),
        ("EAST", "LID", 100),
        ("EAST", "CUP", 120),
        ("EAST", "ROPE", 60),
        ("WEST", "CUP", 40),
    ]
    world.send(stated, tx.now - hours(6), per_part=2)
    (run,) = world.compare()
    assert (run.stated, run.compared, run.matched) == (5, 4, 4)
    world.holds_true()


def test_again_with_what_was_mapped_since(tx: Transaction, world: World) -> None:
    (first,) = world.state([("WEST", "TWO-ROPES", 15)], tx.now - hours(6), "fba")
    assert first.unknown == 1
    catalog.map_listing(tx, world.network.channel_ids["web"], "TWO-ROPES", world.sku["ROPE"], 2, "tester")
    (again,) = reconciliation.compare_again(tx, "fba")
    assert (again.unknown, again.matched) == (0, 1)
    with pytest.raises(reconciliation.UnknownSystem, match="one is not a system"):
        reconciliation.compare_again(tx, "one")
    world.holds_true()


def test_lots_are_compared_where_they_are_stated(tx: Transaction, world: World) -> None:
    world.state([("EAST", "CUP", 200), ("EAST", "CUP", 40)], tx.now - hours(6), lots={1: "L1"})
    found = {(line.lot, line.ours, line.theirs) for line, _ in reconciliation.load_lines(tx, world.system_id())}
    assert found == {("", 240, 200), ("L1", 0, 40)}
    assert {cause for _, _, cause in world.lines().values()} == {"lot"}
    world.holds_true()


def test_their_word_on_a_lot_is_taken_as_a_count_of_that_lot(tx: Transaction) -> None:
    world = World(tx, TEXT, (*PRODUCTS, ProductDocument("MILK", "Milk", tracking="lot")))
    lines = [ReceiptLine("MILK", 20, lot="A", line="a"), ReceiptLine("MILK", 5, lot="B", line="b")]
    lines += [ReceiptLine("CUP", 9, line="c")]
    inventory.state_receipt(tx, ReceiptDocument("D-1", "EAST", tuple(lines)))
    rows = [("EAST", "MILK", 17), ("EAST", "MILK", 9), ("EAST", "CUP", 4)]
    world.state(rows, tx.now, lots={0: "A", 1: "C", 2: "X"})
    causes = {line.cause for line, _ in reconciliation.load_lines(tx, world.system_id())}
    notes = [note for cause in sorted(causes) for note in accepted(tx, cause)]
    assert any("MILK lot A at EAST, available: 20 becomes 17" in note for note in notes)
    assert any("not taken: CUP at EAST is of lot X, and we keep no lots of it" in note for note in notes)
    world.work()
    there = {one.lot: one.quantity for one in inventory.load_lots(tx) if one.lot}
    assert (there["A"], there["B"], there["C"]) == (17, 5, 9)
    assert world.available("EAST", "CUP") == (9, 0)
    world.holds_true()


def accepted(tx: Transaction, cause: str) -> list[str]:
    """What taking the ERP's word says, also where nothing of it can be taken."""
    try:
        return reconciliation.accept_theirs(tx, "erp", cause)
    except reconciliation.NotPossible as refusal:
        return [str(refusal)]


def test_a_system_that_left_the_configuration(tx: Transaction, world: World) -> None:
    outcomes = world.send([("EAST", "CUP", 240)], tx.now, "gone")
    assert outcomes == ["new"]
    page = worklist.load_cases(tx, worklist.CaseFilter(kind="parked_message"), limit=5)
    assert "gone is not a system" in page.cases[0].data["problem"]
    assert world.compare() == []


def test_what_is_overdue_is_a_case_until_it_comes(tx: Transaction, world: World) -> None:
    # Noon; the ERP is expected at six each morning with a grace of two hours, and was applied now.
    assert not take_due(tx, reconciliation.EXPECTED, 10)
    tx.now += hours(21)
    due = take_due(tx, reconciliation.EXPECTED, 10)
    assert due == [world.system_id()]
    reconciliation.miss_statements(tx, due)
    case = world.open_cases("statement_overdue")["system/erp"]
    assert "has sent none yet" in case.title
    world.state([("EAST", "CUP", 240)], tx.now - hours(3))
    assert world.open_cases("statement_overdue") == {}
    tx.now += hours(20)
    assert take_due(tx, reconciliation.EXPECTED, 10) == [world.system_id("fba")]


def test_bulk_in_a_few_statements(tx: Transaction, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 3000
    products = [exchange.ProductDocument(f"B{n}", f"Bulk {n}", cost_minor=100, currency="USD") for n in range(count)]
    catalog.take_products(tx, products)
    skus = catalog.find_skus(tx, [one.sku for one in products])
    at = tx.now - timedelta(days=3)
    items = [inventory.Posting(sku.sku_id, world.network.site_ids["EU"], 10, at) for sku in skus.values()]
    inventory.receive(tx, items)
    world.send([("EU", f"B{n}", 10 if n % 2 else 7) for n in range(count)], tx.now, complete=True)
    ran: list[str] = []
    ask_one = Transaction._ask_query

    def counted(self: Transaction, query: Any, params: dict[str, Any], read: Any) -> Any:
        ran.append(query.name)
        return ask_one(self, query, params, read)

    monkeypatch.setattr(Transaction, "_ask_query", counted)
    (run,) = world.compare()
    assert (run.compared, run.different, run.units_apart) == (count, count // 2, 3 * count // 2)
    assert len(ran) < 60, f"{len(ran)} statements for {count} lines"
    world.holds_true()
