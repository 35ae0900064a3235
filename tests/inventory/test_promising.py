"""What can be promised, from the database: stock, confirmed inbound, safety stock, kits, what waits."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from stocktower import catalog, inventory
from stocktower.exchange import ProductDocument
from stocktower.inventory import AtpAnswer, DeliveredLine, Delivery, InboundClaim, StatedInbound
from stocktower.platform import Transaction
from tests.inventory.world import World

DAY = timedelta(days=1)


@pytest.fixture
def world(tx: Transaction) -> World:
    """Four cups and ten ropes in the east."""
    world = World(tx)
    world.count(tx, "EAST", {"CUP": 4, "ROPE": 6, "LID": 40}, opening=True)
    return world


def coming(
    tx: Transaction,
    world: World,
    code: str,
    units: int,
    at: datetime | None,
    *,
    site: str = "EAST",
    confirmed: bool = True,
) -> None:
    """A supplier says that units will come."""
    stated = StatedInbound(f"PO-{code}-{units}", world.sku[code], world.site[site], units, at, confirmed)
    (result,) = inventory.record_inbound(tx, [stated])
    assert result.changed, result.problem


def table(tx: Transaction, world: World, code: str, channel: str = "web") -> list[tuple[int, int]]:
    """(days from now, ATP) of each point."""
    promisable = inventory.load_promisable(tx, [world.sku[code]], world.network)
    timeline = promisable.timeline(world.sku[code], world.channel[channel])
    return [((point.at - tx.now).days, point.atp) for point in timeline.points]


def test_what_is_confirmed_and_dated_can_be_promised(tx: Transaction, world: World) -> None:
    coming(tx, world, "CUP", 10, tx.now + 5 * DAY)
    coming(tx, world, "CUP", 20, tx.now + 9 * DAY)
    coming(tx, world, "CUP", 30, tx.now + 2 * DAY, confirmed=False)
    coming(tx, world, "CUP", 40, None)
    coming(tx, world, "CUP", 50, tx.now - DAY)
    assert table(tx, world, "CUP") == [(0, 4), (5, 14), (9, 34)]
    promisable = inventory.load_promisable(tx, [world.sku["CUP"]], world.network)
    not_counted = promisable.not_counted(world.sku["CUP"], world.channel["web"])
    assert [one.expected for one in not_counted] == [50, 30, 40]


def test_what_waits_is_due_now_and_takes_what_comes_first(tx: Transaction, world: World) -> None:
    world.order(tx, 1, "CUP", 9)
    coming(tx, world, "CUP", 10, tx.now + 5 * DAY)
    assert table(tx, world, "CUP") == [(0, 0), (5, 5)]


def test_a_channel_is_promised_what_comes_to_its_sites(tx: Transaction, world: World) -> None:
    coming(tx, world, "CUP", 10, tx.now + 5 * DAY, site="WEST")
    assert table(tx, world, "CUP", "web") == [(0, 4), (5, 14)]
    assert table(tx, world, "CUP", "b2b") == [(0, 4)]


def test_safety_stock_and_asides_are_filled_first(tx: Transaction, world: World) -> None:
    # Six ropes, two of safety stock, five set aside for b2b: the web lacks one before it may have any.
    world.order(tx, 1, "ROPE", 5, channel="b2b")
    coming(tx, world, "ROPE", 10, tx.now + DAY)
    # One is free: safety stock takes one more, and the aside five of the nine that are left.
    assert table(tx, world, "ROPE") == [(0, 0), (1, 4)]
    assert table(tx, world, "ROPE", "b2b") == [(0, 0), (1, 9)]


def test_a_kit_is_promised_by_its_components(tx: Transaction, world: World) -> None:
    coming(tx, world, "CUP", 10, tx.now + 5 * DAY)
    coming(tx, world, "LID", 4, tx.now + 6 * DAY)
    assert table(tx, world, "SET") == [(0, 4), (5, 14), (6, 14)]


def test_an_answer_names_the_date_for_a_quantity(tx: Transaction, world: World) -> None:
    coming(tx, world, "CUP", 10, tx.now + 5 * DAY)
    promisable = inventory.load_promisable(tx, [world.sku["CUP"]], world.network)
    channel_id = world.channel["web"]
    answer = inventory.answer_atp(promisable, world.sku["CUP"], channel_id, quantity=12, by=date(2026, 6, 5))
    assert (answer.channel, answer.earliest, answer.atp) == ("web", tx.now + 5 * DAY, 4)
    later = inventory.answer_atp(promisable, world.sku["CUP"], channel_id, quantity=15, by=date(2026, 6, 6))
    assert (later.earliest, later.atp) == (None, 14)


def test_what_could_be_promised_is_known_by_the_words_of_then(tx: Transaction, world: World) -> None:
    """Inbound, what was claimed of it and lead times, each as the last word by an instant left it."""
    said: dict[datetime, AtpAnswer] = {}

    def ask(at: datetime | None = None) -> AtpAnswer:
        sku_ids = [world.sku["CUP"]]
        if at is None:
            promisable = inventory.load_promisable(tx, sku_ids, world.network)
        else:
            promisable = inventory.load_promisable_at(tx, sku_ids, inventory.load_moment(tx, at))
        return inventory.answer_atp(promisable, sku_ids[0], world.channel["web"], quantity=30)

    def pass_time() -> None:
        said[tx.now] = ask()
        tx.now += timedelta(hours=1)

    def say(units: int, days: int, **changes: Any) -> None:
        stated = StatedInbound("PO-1", world.sku["CUP"], world.site["EAST"], units, tx.now + days * DAY, **changes)
        inventory.record_inbound(tx, [stated])

    def state(**terms: Any) -> None:
        catalog.take_products(tx, [ProductDocument("CUP", "", **terms)])

    def bring(reference: str, units: int) -> None:
        (line,) = [DeliveredLine(world.sku["CUP"], units)]
        inventory.receive_deliveries(tx, [Delivery(f"D-{reference}", world.site["EAST"], tx.now, (line,), reference)])

    pass_time()
    say(10, 5, confirmed=False)
    pass_time()
    say(12, 6)
    pass_time()
    world.order(tx, 1, "CUP", 9)
    (coming,) = inventory.load_inbound(tx, [world.sku["CUP"]])
    inventory.record_claims(
        tx, [InboundClaim(1, 1, world.sku["CUP"], coming.inbound_id, world.channel["web"], 0, tx.now, 5)]
    )
    pass_time()
    say(12, 9)
    pass_time()
    bring("PO-1", 7)
    pass_time()
    inventory.close_inbound(tx, [coming.inbound_id], "it will not come")
    pass_time()
    state(supplier="Mill", lead_time_days=20)
    pass_time()
    state(supplier="Mill", lead_time_days=10)
    pass_time()
    for number in range(3):
        stated = StatedInbound(f"PO-M{number}", world.sku["CUP"], world.site["EAST"], 2, tx.now + DAY, supplier="Mill")
        inventory.record_inbound(tx, [stated])
        tx.now += 3 * DAY
        bring(f"PO-M{number}", 2)
        pass_time()
    assert {at: ask(at) for at in said} == said
    facts = [
        ([(point.at, point.promised, point.atp) for point in one.timeline.points[1:]], one.atp, len(one.not_counted))
        for one in said.values()
    ]
    assert len({str(one) for one in facts[:7]}) == 7, "each word changed what could be promised"
    supplied = [
        inventory.load_supplied(tx, moment.applied.configuration, moment.network, [world.sku["CUP"]], at)
        for at in said
        for moment in [inventory.load_moment(tx, at)]
    ]
    times = [one[world.sku["CUP"]].lead_time if one else None for one in supplied]
    assert [(one.days, one.deliveries) if one else None for one in times[-6:]] == [
        None, (20, 0), (10, 0), (10, 0), (10, 0), (3, 3),
    ]  # fmt: skip
