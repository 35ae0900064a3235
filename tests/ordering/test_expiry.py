"""Lots and owners through the flow: first expired first, expiry by itself, another lot shipped, whose units left."""

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from stocktower import catalog, exchange, finance, inventory, model, network, ordering
from stocktower.exchange import (
    ConfirmationDocument,
    ConfirmationLine,
    Incoming,
    ProductDocument,
    StockDocument,
    StockLine,
)
from stocktower.inventory import LOOK
from stocktower.platform import Database, Transaction, load_events_after, load_invariants, next_due_at, take_due
from tests.ordering.world import PRODUCTS, TEXT, World, document

STATES = TEXT.replace('code = "first"', 'min_shelf_life_days = 10\ncode = "first"') + '\n[[consignors]]\ncode = "ART"\n'
MILK = (*PRODUCTS, ProductDocument("MILK", "Milk", cost_minor=100, currency="USD", tracking="lot"))


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant who sells milk by lot; channel `first` wants ten days of shelf life."""
    return World(tx, STATES, MILK)


def snapshot(world: World, site: str, *lines: StockLine, as_of: datetime | None = None) -> None:
    """A site states lots; the edge works it."""
    body = msgspec.json.encode(StockDocument(site, as_of or world.tx.now, lines))
    exchange.receive(world.tx, site, [Incoming("stock", f"{site}/{body[-40:]!r}/{world.tx.now}", body)], origin="test")
    world.work()


def milk(units: int, lot: str, days: int | None = None, **more: Any) -> StockLine:
    """Milk of a lot that may be sold for so many days from 1 June on."""
    return StockLine(
        "MILK", units, lot=lot, expires_on=None if days is None else date(2026, 6, 1) + timedelta(days=days), **more
    )


def shipped(world: World, number: str, lines: Sequence[tuple[int, str]], site: str = "EAST") -> None:
    """A site tells which lots it sent."""
    stated = tuple(ConfirmationLine(units, "MILK", lot=lot) for units, lot in lines)
    body = msgspec.json.encode(ConfirmationDocument(number, "shipped", world.tx.now, site, stated, tracking=str(lines)))
    exchange.receive(world.tx, site, [Incoming("confirmation", number, body)], origin="test")
    world.work()


def rows(world: World) -> dict[tuple[str, str, str], tuple[int, int]]:
    """(status, owner, lot) -> (quantity, allocated) of milk."""
    found = inventory.load_availability(world.tx, [world.sku["MILK"]], world.network).rows(world.sku["MILK"])
    return {(row.status, row.owner, row.lot): (row.quantity, row.allocated) for row in found if row.quantity}


def look(world: World) -> int:
    """What is due of lots by now; gives how many SKUs were looked at."""
    keys = take_due(world.tx, LOOK, 100)
    ordering.look_at_lots(world.tx, keys) if keys else None
    world.work()
    return len(keys)


def test_what_expires_first_is_taken_first_and_leaves_sale_by_itself(world: World) -> None:
    snapshot(world, "EAST", milk(5, "LATE", 20), milk(3, "SOON", 4), milk(4, "NEVER"))
    world.order("web", document("1", ("MILK", 2), financial_state="pending"))
    assert rows(world)["available", "own", "SOON"] == (3, 2)
    assert next_due_at(world.tx) is not None
    assert look(world) == 0
    # The fifth of June was the last day of SOON, and ten days before LATE expires `first` may not sell it any more.
    world.tx.now = datetime(2026, 6, 6, tzinfo=UTC)
    assert look(world) == 1
    assert rows(world) == {
        ("available", "own", "LATE"): (5, 2), ("available", "own", "NEVER"): (4, 0), ("expired", "own", "SOON"): (3, 0),
    }  # fmt: skip
    assert world.find("1").lines[0].allocated == 2
    world.check()


def test_a_lot_that_comes_right_after_another_expired_does_not_keep_it_on_sale(world: World) -> None:
    snapshot(world, "EAST", milk(3, "SOON", 4))
    world.tx.now = datetime(2026, 6, 6, 1, tzinfo=UTC)
    # Messages are worked before what is due.
    snapshot(world, "EAST", milk(5, "LATE", 20))
    assert look(world) == 1
    assert rows(world) == {("available", "own", "LATE"): (5, 0), ("expired", "own", "SOON"): (3, 0)}
    world.check()


def test_what_is_found_of_an_expired_lot_leaves_sale_too(world: World) -> None:
    snapshot(world, "EAST", milk(3, "SOON", 4))
    world.tx.now = datetime(2026, 6, 6, tzinfo=UTC)
    assert look(world) == 1
    sku_id, site_id = world.sku["MILK"], world.network.site_ids["EAST"]
    (done,) = inventory.adjust(world.tx, [inventory.Posting(sku_id, site_id, 2, world.tx.now, lot="SOON")])
    assert (done.problem, rows(world)["available", "own", "SOON"]) == ("", (2, 0))
    assert look(world) == 1
    assert rows(world) == {("expired", "own", "SOON"): (5, 0)}
    assert look(world) == 0
    world.check()


def test_who_loses_what_expired_waits_again(world: World) -> None:
    snapshot(world, "EAST", milk(3, "SOON", 4))
    world.order("web", document("1", ("MILK", 2), financial_state="pending"))
    world.tx.now = datetime(2026, 6, 6, tzinfo=UTC)
    look(world)
    line = world.find("1").lines[0]
    assert (line.allocated, line.backordered) == (0, 2)
    assert "no_stock sku/MILK" in world.cases()
    snapshot(world, "EAST", milk(9, "NEW", 90))
    assert world.find("1").lines[0].allocated == 2
    world.check()


def test_what_a_site_has_in_hand_stays_with_a_case_and_goes_when_given_back(world: World) -> None:
    snapshot(world, "EAST", milk(3, "SOON", 4))
    world.order("web", document("1", ("MILK", 2)))
    assert world.state("1")[2] == "released"
    world.tx.now = datetime(2026, 6, 6, tzinfo=UTC)
    look(world)
    assert rows(world) == {("available", "own", "SOON"): (2, 2), ("expired", "own", "SOON"): (1, 0)}
    assert any(case.startswith("lot_expired") for case in world.cases())
    ordering.cancel_order(world.tx, world.find("1").order.order_id, "too old")
    world.tx.now += timedelta(hours=1)
    assert look(world) == 1
    assert rows(world) == {("expired", "own", "SOON"): (3, 0)}
    world.check()


def test_a_channel_looks_again_when_a_lot_is_too_old_for_it(world: World) -> None:
    snapshot(world, "EAST", milk(5, "A", 20))
    first, web = (world.network.channel_ids[code] for code in ("first", "web"))

    def ats() -> tuple[int, int]:
        found = inventory.load_availability(world.tx, [world.sku["MILK"]], network.load_network(world.tx))
        return found.ats(world.sku["MILK"], first), found.ats(world.sku["MILK"], web)

    assert ats() == (5, 5)
    due = next_due_at(world.tx) or world.tx.now
    # A may be sold through 21 June: from 12 June on it keeps for less than ten days.
    assert due == datetime(2026, 6, 12, tzinfo=UTC)
    world.tx.now = due - timedelta(seconds=1)
    assert ats() == (5, 5)
    world.tx.now = due
    assert ats() == (0, 5)
    world.tx.write_events()
    before = len(load_events_after(world.tx, 0, 10_000)[0])
    assert look(world) == 1
    world.tx.write_events()
    assert "supply.changed" in [one.kind for one in load_events_after(world.tx, 0, 10_000)[0][before:]]
    assert next_due_at(world.tx) == datetime(2026, 6, 22, tzinfo=UTC)


def test_a_site_that_calls_expired_goods_available_does_not_bring_them_back(world: World) -> None:
    snapshot(world, "EAST", milk(3, "SOON", 4))
    world.tx.now = datetime(2026, 6, 6, tzinfo=UTC)
    snapshot(world, "EAST", milk(2, "SOON"))
    assert rows(world) == {("expired", "own", "SOON"): (2, 0)}
    look(world)
    snapshot(world, "EAST", milk(1, "SOON"), as_of=world.tx.now)
    assert rows(world) == {("expired", "own", "SOON"): (1, 0)}
    world.check()


def test_a_site_sends_another_lot_than_was_allocated(world: World) -> None:
    snapshot(world, "EAST", milk(4, "A", 20), milk(4, "B", 30))
    world.order("web", document("1", ("MILK", 3)), document("2", ("MILK", 5)))
    shipped(world, "1", [(1, "A"), (2, "B")])
    assert world.state("1")[2] == "shipped"
    assert rows(world) == {("available", "own", "A"): (3, 3), ("available", "own", "B"): (2, 2)}
    assert world.find("2").lines[0].allocated == 5
    [told] = world.told("1", "fulfillment.shipped")
    assert sorted((one["lot"], one["quantity"], one["owner"]) for one in told["stock"]) == [
        ("A", 1, "own"),
        ("B", 2, "own"),
    ]
    shipped(world, "2", [(5, "B")])
    assert world.find("2").order.fulfillment_state == "shipped"
    assert rows(world)["available", "own", "A"] == (3, 0)
    assert any(case.startswith("shortfall") for case in world.cases())
    world.check()


def test_consigned_goods_are_sold_where_a_channel_may_and_owed_for(tx: Transaction) -> None:
    text = STATES.replace('code = "web"', 'owners = ["*"]\ncode = "web"')
    world = World(tx, text, MILK)
    snapshot(world, "EAST", milk(2, "A", 20), milk(4, "C", 10, owner="consignor:ART"))
    world.order("web", document("1", ("MILK", 5)))
    shipped(world, "1", [(1, "A"), (4, "C")])
    [told] = world.told("1", "fulfillment.shipped")
    assert sorted((one["owner"], one["lot"], one["quantity"]) for one in told["stock"]) == [
        ("consignor:ART", "C", 4), ("own", "A", 1),
    ]  # fmt: skip
    assert rows(world) == {("available", "own", "A"): (1, 0)}
    applied, facts = model.load_applied(tx), network.load_network(tx)
    tx.write_events()
    finance.post(tx, applied.configuration, facts, load_events_after(tx, 0, 10_000)[0])
    balance = {row.account: row for row in finance.trial_balance(tx).rows}
    owed = balance["Liabilities:ConsignorPayable"]
    assert (owed.debit_minor, owed.credit_minor) == (0, 400)
    assert [one.name for one in load_invariants("stocktower.finance") if tx.tuples(one.query)] == []
    world.check()


def test_the_event_says_whose_units_left(world: World) -> None:
    snapshot(world, "EAST", milk(2, "A", 20), milk(4, "C", 10, owner="consignor:ART"))
    world.order("web", document("1", ("MILK", 2)))
    shipped(world, "1", [(2, "A")])
    assert rows(world) == {("available", "consignor:ART", "C"): (4, 0)}
    [told] = world.told("1", "fulfillment.shipped")
    assert [(one["owner"], one["lot"], one["quantity"]) for one in told["stock"]] == [("own", "A", 2)]
    world.check()


def test_expiry_meets_orders_that_reserve(database: Database) -> None:
    merchant_id = database.ensure_merchant("expiry")
    with database.transaction(merchant_id, actor="tester") as tx:
        outcome = model.apply_configuration(tx, STATES, base_version=None, author="tester", file="stocktower.toml")
        network.apply_network(tx, outcome.configuration)
        catalog.take_products(tx, MILK)
        sku_id = catalog.find_skus(tx, ["MILK"])["MILK"].sku_id
        lines = (milk(50, "SOON", 4), milk(50, "LATE", 90))
        inventory.take_snapshot(tx, StockDocument("EAST", None, lines), 1, may_cut=lambda _: set())
    database.clock.advance(timedelta(days=5))  # type: ignore[attr-defined]
    barrier = threading.Barrier(5)
    errors: list[Exception] = []

    def tries(work: Any) -> None:
        barrier.wait()
        for _ in range(30):
            try:
                with database.transaction(merchant_id, actor="tester") as tx:
                    work(tx)
                return
            except (inventory.StockMoved, inventory.OverAllocated):
                continue
            except Exception as error:
                if type(error).__name__ != "DeadlockDetected":
                    errors.append(error)
                    return

    def reserve(number: int) -> Any:
        def do(tx: Transaction) -> None:
            incoming = document(str(number), ("MILK", 7), financial_state="pending")
            body = msgspec.json.encode(incoming)
            messages = exchange.receive(tx, "web", [Incoming("order", incoming.order_ref, body)], origin="test")
            ordering.take_orders(tx, exchange.load_messages(tx, [one.message_id for one in messages]))

        return do

    works = [lambda tx: ordering.look_at_lots(tx, [sku_id]), *(reserve(number) for number in range(4))]
    threads = [threading.Thread(target=tries, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.transaction(merchant_id, actor="tester") as tx:
        found = inventory.load_availability(tx, [sku_id], network.load_network(tx)).rows(sku_id)
        assert {(row.status, row.lot): row.quantity for row in found if row.quantity} == {
            ("expired", "SOON"): 50, ("available", "LATE"): 50,
        }  # fmt: skip
        assert sum(row.allocated for row in found) == 28
        assert all(row.allocated == 0 for row in found if row.lot == "SOON")


def test_a_person_corrects_the_dates_of_a_lot(world: World) -> None:
    snapshot(world, "EAST", milk(3, "SOON", 4))
    facts = world.network

    def correct(**dates: date | None) -> Any:
        return inventory.correct_lot(
            world.tx, world.sku["MILK"], "SOON", facts, **{"expires_on": None, "made_on": None, **dates}
        )

    before = correct(expires_on=date(2026, 6, 9))
    assert before is not None
    assert before.expires_at == datetime(2026, 6, 6, tzinfo=UTC)
    world.tx.now = datetime(2026, 6, 6, tzinfo=UTC)
    assert look(world) == 0
    assert rows(world) == {("available", "own", "SOON"): (3, 0)}
    snapshot(world, "EAST", milk(2, "SOON", 8))
    assert rows(world) == {("available", "own", "SOON"): (2, 0)}
    assert correct(expires_on=date(2026, 6, 1)) is not None
    assert look(world) == 1
    assert rows(world) == {("expired", "own", "SOON"): (2, 0)}
    assert inventory.correct_lot(world.tx, world.sku["MILK"], "GHOST", facts, expires_on=None, made_on=None) is None
    world.check()
