"""What inbound is claimed: only what comes to a site that may serve an order, and no more than is short of."""

from datetime import date

from stocktower.platform import Transaction
from tests.ordering.test_preorders import PREORDERS, claims, coming, promised, receive
from tests.ordering.world import DE, World, document

ABROAD = PREORDERS.replace('code = "WEST"', 'code = "WEST"\nships_to = ["DE", "US"]').replace(
    'code = "EAST"', 'code = "EAST"\nships_to = ["US"]'
)


def test_what_comes_to_a_site_that_does_not_ship_there_is_not_promised(tx: Transaction) -> None:
    world = World(tx, ABROAD)
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("web", document("a", ("CUP", 4), ship_to=DE))
    assert claims(world) == {}
    assert world.state("a")[1] == "stock"
    coming(world, "PO-2", "CUP", 10, 9, site_id=world.network.site_ids["WEST"])
    assert claims(world) == {("a", "PO-2"): (4, 0)}
    world.check()


def test_an_order_that_goes_elsewhere_gives_up_what_cannot_be_sent_there(tx: Transaction) -> None:
    world = World(tx, ABROAD)
    coming(world, "PO-1", "CUP", 10, 5)
    world.order("web", document("a", ("CUP", 8)))
    assert claims(world) == {("a", "PO-1"): (8, 0)}
    world.order("web", document("a", ("CUP", 8), ship_to=DE))
    assert claims(world) == {}
    assert promised(world, "a") == (date(2026, 6, 7), None, date(2026, 6, 7))
    assert [key.split()[0] for key in sorted(world.cases())] == ["no_stock", "promise_broken"]
    world.check()


def test_a_kit_claims_no_more_than_it_is_short_of_when_a_part_of_what_came_is_broken(tx: Transaction) -> None:
    world = World(tx, PREORDERS)
    world.stock("EAST", {"CUP": 5})
    coming(world, "PO-1", "LID", 2, 5)
    coming(world, "PO-2", "LID", 9, 8)
    world.order("parts", document("a", ("SET", 1)))
    assert claims(world) == {("a", "PO-1"): (2, 0)}
    receive(world, "PO-1", "LID", 1, status="damaged")
    assert claims(world) == {("a", "PO-1"): (1, 0), ("a", "PO-2"): (1, 0)}
    assert promised(world, "a") == (date(2026, 6, 7), date(2026, 6, 10), date(2026, 6, 7))
    world.check()
