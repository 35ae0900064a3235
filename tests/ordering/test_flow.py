"""Orders through the inbox to release and shipment, one step after the other."""

from stocktower.platform import Transaction
from tests.ordering.world import World, document


def test_a_paid_order_is_released_from_one_site(tx: Transaction) -> None:
    world = World(tx)
    world.stock("EAST", {"CUP": 10, "ROPE": 10})
    world.order("web", document("1001", ("CUP", 2), ("ROPE", 1)))
    assert world.state("1001") == ("fulfil", "site_confirmation", "released")
    assert world.kinds("1001") == [
        "order.captured",
        "payment.captured",
        "order.validated",
        "order.reserved",
        "order.routed",
        "order.released",
    ]
    assert world.available("EAST", "CUP") == (10, 2)
    order = world.find("1001")
    (request,) = order.fulfillments
    assert (request.number, request.site, request.units, request.state) == ("1001-F1", "EAST", 3, "released")
    assert [line.sites for line in order.lines] == [(("EAST", 2),), (("EAST", 1),)]
    world.check()
