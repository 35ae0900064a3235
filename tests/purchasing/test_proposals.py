"""Proposals in the database: computed, accepted as inbound, changed, dismissed; lead times measured from what came."""

from datetime import timedelta

import pytest

from stocktower import catalog, inventory, purchasing
from stocktower.exchange import ProductDocument
from stocktower.inventory import DeliveredLine, Delivery, StatedInbound
from stocktower.platform import Transaction, load_invariants, next_due_at
from stocktower.purchasing import NotOrderable, UnknownProposal
from tests.ordering.world import TEXT, World, document

DAY = timedelta(days=1)
SUPPLY = (
    TEXT
    + """
[[supply]]
supplier = "Porcelain Ltd"
site = "EAST"
skus = ["CUP", "LID"]
lead_time_days = 10
spread_days = 2
moq = 12
order_multiple = 6
cover_days = 7
window_days = 10
promise = true
"""
)


@pytest.fixture
def world(tx: Transaction) -> World:
    """Two cups a day were sold over ten days, and five are left."""
    world = World(tx, SUPPLY)
    world.stock("EAST", {"CUP": 25, "LID": 10, "ROPE": 1})
    for day in range(1, 11):
        world.order("web", document(str(day), ("CUP", 2), placed_at=tx.now - day * DAY))
    return world


def check(world: World) -> None:
    """Everything holds, in this room too."""
    world.check()
    for one in load_invariants("stocktower.purchasing"):
        assert world.tx.tuples(one.query) == [], one.name


def test_what_falls_below_its_reorder_point_is_proposed_with_its_figures(world: World) -> None:
    (one,) = purchasing.recompute(world.tx)
    assert (one.sku_id, one.supplier, one.is_changed) == (world.sku["CUP"], "Porcelain Ltd", False)
    figures = {figure.name: figure.value for figure in one.figures}
    assert figures["demand per day"] == "2.00 over 10 days"
    assert figures["lead time"] == "10 days, stated"
    assert figures["of it web"] == "2.00 per day"
    # Twenty over the lead time, some safety for its spread, fourteen more to be covered; five are free.
    assert (figures["reorder point"], figures["free"], one.quantity) == ("26", "5", 36)
    assert purchasing.recompute(world.tx) == [one]
    check(world)


def test_what_a_product_states_counts_before_the_configuration(world: World) -> None:
    tx = world.tx
    catalog.take_products(tx, [ProductDocument("CUP", "Cup", moq=50, lead_time_days=3)])
    (cup,) = purchasing.load_supply(tx, [world.sku["CUP"]])
    assert (cup.supplier, cup.moq, cup.order_multiple, cup.lead_time_days, cup.late_days) == (
        "Porcelain Ltd",
        50,
        6,
        3,
        5,
    )
    assert cup.of_product == ("moq", "lead_time_days")
    (one,) = purchasing.recompute(tx)
    assert one.quantity == 54
    # Of another supplier than its table names: that table's terms are not its own.
    catalog.take_products(
        tx,
        [ProductDocument("CUP", "Cup", supplier="Clay & Sons"), ProductDocument("LID", "Lid", supplier="Clay & Sons")],
    )
    cup, lid = purchasing.load_supply(tx, [world.sku["CUP"], world.sku["LID"]])
    assert (cup.supplier, cup.site, cup.order_multiple, cup.late_days) == ("Clay & Sons", "EAST", 1, 3)
    assert (lid.moq, lid.lead_time_days, lid.of_product) == (1, None, ("supplier",))
    # No table speaks of rope: what its product states is enough, and it comes to the preferred warehouse.
    assert purchasing.load_supply(tx, [world.sku["ROPE"]]) == []
    catalog.take_products(tx, [ProductDocument("ROPE", "Rope", supplier="Hemp", order_multiple=10, lead_time_days=20)])
    (rope,) = purchasing.load_supply(tx, [world.sku["ROPE"]])
    assert (rope.supplier, rope.site, rope.kind, rope.moq, rope.order_multiple) == ("Hemp", "EAST", "purchased", 1, 10)
    assert (rope.lead_time_days, rope.late_days, rope.deliveries) == (20, 20, 0)
    check(world)


def test_an_accepted_proposal_is_an_inbound_that_is_no_promise_yet(world: World) -> None:
    (one,) = purchasing.recompute(world.tx)
    (accepted,) = purchasing.accept(world.tx, [one.proposal_id])
    (inbound,) = inventory.load_inbound(world.tx, [world.sku["CUP"]])
    assert (inbound.reference, inbound.expected, inbound.confirmed_at) == (accepted.reference, one.quantity, None)
    assert inbound.expected_at == world.tx.now + 10 * DAY
    assert purchasing.recompute(world.tx) == []
    with pytest.raises(UnknownProposal):
        purchasing.accept(world.tx, [one.proposal_id])
    check(world)


def test_what_is_not_needed_any_more_is_superseded(world: World) -> None:
    purchasing.recompute(world.tx)
    world.stock("EAST", {"CUP": 100})
    assert purchasing.recompute(world.tx) == []
    check(world)


def test_a_person_changes_the_quantity_to_what_the_supplier_takes(world: World) -> None:
    (one,) = purchasing.recompute(world.tx)
    with pytest.raises(NotOrderable, match="state 42"):
        purchasing.change(world.tx, one.proposal_id, 40)
    with pytest.raises(NotOrderable, match="state 12"):
        purchasing.change(world.tx, one.proposal_id, 6)
    purchasing.change(world.tx, one.proposal_id, 60)
    (kept,) = purchasing.recompute(world.tx)
    assert (kept.quantity, kept.is_changed) == (60, True)
    check(world)


def test_what_was_dismissed_rests_for_a_week(world: World) -> None:
    (one,) = purchasing.recompute(world.tx)
    purchasing.dismiss(world.tx, [one.proposal_id], "the line ends")
    assert purchasing.recompute(world.tx) == []
    world.tx.now += 8 * DAY
    assert len(purchasing.recompute(world.tx)) == 1
    check(world)


def test_a_lead_time_is_measured_once_enough_came(world: World) -> None:
    site_id, sku_id = world.network.site_ids["EAST"], world.sku["CUP"]
    for number, days in enumerate((14, 15, 21), start=1):
        at = world.tx.now - 60 * DAY
        stated = StatedInbound(f"PO{number}", sku_id, site_id, 1, at, supplier="Porcelain Ltd", occurred_at=at)
        inventory.record_inbound(world.tx, [stated])
        delivery = Delivery(f"D{number}", site_id, at + days * DAY, (DeliveredLine(sku_id, 1),), inbound=f"PO{number}")
        (result,) = inventory.receive_deliveries(world.tx, [delivery])
        assert result.problem == ""
    (one,) = purchasing.recompute(world.tx)
    figures = {figure.name: figure.value for figure in one.figures}
    assert figures["lead time"] == "15 days, measured from 3 deliveries"
    assert figures["nine of ten within"] == "21 days"


def test_beyond_the_lead_time_anything_can_be_promised(world: World) -> None:
    promisable = inventory.load_promisable(world.tx, [world.sku["CUP"]], world.network)
    timeline = promisable.timeline(world.sku["CUP"], world.network.channel_ids["web"])
    assert timeline.earliest(1_000) == world.tx.now + 12 * DAY
    assert timeline.atp(world.tx.now + 12 * DAY) is None
    # Of a channel that the site does not serve, nothing.
    assert promisable.timeline(world.sku["CUP"], world.network.channel_ids["eu"]).earliest(1) is None


def test_it_is_computed_each_morning(world: World) -> None:
    purchasing.recompute_due(world.tx, [0])
    assert len(purchasing.load_open(world.tx)) == 1
    assert next_due_at(world.tx) is not None
