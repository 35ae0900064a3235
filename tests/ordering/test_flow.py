"""Orders through the inbox to release and shipment, one step after the other."""

from datetime import timedelta

import pytest

from stocktower import catalog, ordering
from stocktower.exchange import Address, LineDocument, PaymentDocument, ProductDocument
from stocktower.platform import Transaction
from tests.ordering.world import DE, PLACED, TEXT, World, document, setup


@pytest.fixture
def world(tx: Transaction) -> World:
    """Plenty of stock at two sites."""
    world = World(tx)
    world.stock("EAST", {"CUP": 10, "LID": 10, "ROPE": 10})
    world.stock("WEST", {"CUP": 10, "LID": 10})
    return world


def test_a_paid_order_is_released_from_one_site(world: World) -> None:
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


def test_the_same_message_again_changes_nothing(world: World) -> None:
    world.order("web", document("1001", ("CUP", 2)))
    before = world.find("1001")
    world.order("web", document("1001", ("CUP", 2)))
    assert world.find("1001") == before


def test_all_steps_of_a_site_to_done(world: World) -> None:
    world.order("web", document("1001", ("CUP", 2), ("ROPE", 1)))
    world.confirm("1001", "acknowledged")
    world.confirm("1001", "picked")
    assert world.state("1001") == ("fulfil", "site_confirmation", "picked")
    world.confirm("1001", "packed")
    world.confirm("1001", "shipped", [("CUP", 1)], tracking="T1", carrier="UPS")
    assert world.state("1001") == ("fulfil", "site_confirmation", "partially_shipped")
    assert world.available("EAST", "CUP") == (9, 1)
    world.confirm("1001", "shipped", tracking="T2")
    assert world.state("1001") == ("done", "", "shipped")
    assert world.available("EAST", "CUP") == (8, 0)
    (request,) = world.find("1001").fulfillments
    assert (request.state, request.tracking, request.carrier) == ("shipped", "T1, T2", "UPS")
    world.check()


def test_a_kit_ships_as_its_components(world: World) -> None:
    world.order("web", document("1001", ("SET", 3)))
    assert world.available("EAST", "CUP") == (10, 3)
    assert world.available("EAST", "LID") == (10, 6)
    world.confirm("1001", "shipped", [("SET", 2)])
    assert world.available("EAST", "LID") == (6, 2)
    (shipped,) = world.told("1001", "fulfillment.shipped")
    assert shipped["stock"] == [
        {"sku_id": world.sku["CUP"], "quantity": 2},
        {"sku_id": world.sku["LID"], "quantity": 4},
    ]
    world.check()


def test_a_pack_counts_sold_units(world: World, tx: Transaction) -> None:
    web = world.network.channel_ids["web"]
    catalog.map_listing(tx, web, "TWO-CUPS", world.sku["CUP"], 2, "tester")
    world.order("web", document("1001", ("TWO-CUPS", 3)))
    assert world.available("EAST", "CUP") == (10, 6)
    world.confirm("1001", "shipped", [("CUP", 4)])
    (line,) = world.find("1001").lines
    assert (line.ordered, line.shipped, line.allocated, line.pack_quantity) == (3, 2, 1, 2)
    assert world.available("EAST", "CUP") == (6, 2)
    world.check()


def test_one_site_beats_a_split_and_a_split_beats_waiting(world: World) -> None:
    world.order("web", document("1", ("CUP", 8)), document("2", ("CUP", 8)), document("3", ("CUP", 4)))
    assert [request.site for request in world.find("1").fulfillments] == ["EAST"]
    assert [request.site for request in world.find("2").fulfillments] == ["WEST"]
    assert sorted((request.site, request.units) for request in world.find("3").fulfillments) == [
        ("EAST", 2),
        ("WEST", 2),
    ]
    (reason,) = world.told("3", "order.routed")
    assert reason["choice"]["sites"] == ["EAST", "WEST"]
    world.check()


def test_short_orders_wait_in_one_case_and_are_filled_by_priority(world: World) -> None:
    world.order("web", document("1", ("ROPE", 8)), document("2", ("ROPE", 5), placed_at=PLACED + timedelta(hours=1)))
    world.order("first", document("3", ("ROPE", 2), placed_at=PLACED + timedelta(hours=2)))
    assert world.state("2") == ("reserve", "stock", "partially_backordered")
    assert world.state("3") == ("reserve", "stock", "backordered")
    assert world.cases() == {"no_stock sku/ROPE": 2}
    world.check()
    world.stock("EAST", {"ROPE": 12})
    assert world.state("3")[2] == "released"
    assert world.state("2")[2] == "partially_backordered"
    assert world.cases() == {"no_stock sku/ROPE": 1}
    world.stock("EAST", {"ROPE": 20})
    assert world.state("2")[2] == "released"
    assert world.cases() == {}
    world.check()


def test_new_orders_never_overtake_those_that_wait(world: World) -> None:
    world.order("web", document("1", ("ROPE", 12)))
    world.confirm("1", "acknowledged")
    world.order("web", document("2", ("ROPE", 2), placed_at=PLACED + timedelta(hours=1)))
    world.stock("EAST", {"ROPE": 11})
    assert [world.find(number).lines[0].backordered for number in ("1", "2")] == [1, 2]
    world.order("first", document("3", ("ROPE", 1)))
    assert world.state("3")[2] == "backordered"
    world.stock("EAST", {"ROPE": 13})
    assert [world.state(number)[2] for number in ("1", "2", "3")] == ["released", "backordered", "released"]
    world.check()


def test_a_kit_is_blocked_by_its_scarce_component(world: World) -> None:
    world.stock("EAST", {"LID": 1})
    world.stock("WEST", {"LID": 0})
    world.order("web", document("1", ("SET", 1)))
    assert world.state("1") == ("reserve", "stock", "backordered")
    assert world.cases() == {"no_stock sku/LID": 1}
    assert world.available("EAST", "CUP") == (10, 0)
    world.stock("EAST", {"LID": 2})
    assert world.state("1")[2] == "released"
    world.check()


def test_a_channel_that_ships_parts_releases_what_it_has(world: World) -> None:
    world.order("parts", document("1", ("CUP", 1), ("ROPE", 15), financial_state="pending"))
    assert world.state("1") == ("reserve", "stock", "partially_backordered")
    (request,) = world.find("1").fulfillments
    assert [(line.line_no, line.quantity) for line in request.lines] == [(1, 1), (2, 10)]
    world.confirm("1", "shipped")
    assert world.state("1") == ("reserve", "stock", "partially_shipped")
    world.stock("EAST", {"ROPE": 5})
    assert [request.number for request in world.find("1").fulfillments] == ["1-F1", "1-F2"]
    world.confirm("1", "shipped", tracking="T2")
    assert world.state("1")[0] == "done"
    world.check()


def test_an_unmapped_listing_is_one_case_and_resumes_all(world: World, tx: Transaction) -> None:
    world.order("web", *(document(str(number), ("MYSTERY", 1), ("CUP", 1)) for number in range(1, 4)))
    assert world.state("2") == ("capture", "listing", "open")
    assert world.available("EAST", "CUP") == (10, 0)
    assert world.cases() == {"unmapped_listing web/MYSTERY": 3}
    world.check()
    catalog.map_listing(tx, world.network.channel_ids["web"], "MYSTERY", world.sku["ROPE"], 2, "tester")
    world.work()
    assert [world.state(str(number))[2] for number in range(1, 4)] == ["released"] * 3
    assert world.available("EAST", "ROPE") == (10, 6)
    assert world.cases() == {}
    world.check()


def test_a_product_that_comes_later_maps_its_code_and_its_name(world: World, tx: Transaction) -> None:
    by_name = LineDocument("L1", "name:New thing", "New thing", 1, 1000)
    world.order("web", document("1", ("NEW", 1)), document("2", by_name))
    assert len(world.cases()) == 2
    catalog.take_products(tx, [ProductDocument("NEW", "New thing")])
    world.sku["NEW"] = catalog.find_skus(tx, ["NEW"])["NEW"].sku_id
    world.codes = {sku_id: code for code, sku_id in world.sku.items()}
    world.work()
    assert world.cases() == {"no_stock sku/NEW": 2}
    world.check()


def test_no_site_that_serves_is_a_case_of_its_own(world: World) -> None:
    world.order("eu", document("1", ("CUP", 1), currency="EUR", tax_included=True))
    assert world.state("1") == ("route", "site", "backordered")
    assert world.cases() == {"no_site order": 1}
    world.check()


def test_a_configuration_that_lets_a_site_serve_carries_on_who_waited_for_one(world: World, tx: Transaction) -> None:
    world.order("eu", document("1002", ("CUP", 1), ship_to=DE))
    assert world.state("1002")[1] == "stock"
    setup(tx, TEXT.replace('sites = ["EU"]', 'sites = ["EU", "EAST"]'), ())
    world.work()
    assert world.state("1002")[2] == "released"
    assert "no_stock sku/CUP" not in world.cases()
    world.check()


@pytest.mark.parametrize(
    ("changes", "waits", "hold"),
    [
        ({"financial_state": "pending"}, "payment", "payment"),
        ({"financial_state": "voided"}, "payment", "payment"),
        ({"financial_state": "partially_paid"}, "payment", "payment"),
        ({"risk": "high"}, "hold", "fraud_review"),
        ({"ship_to": Address(country="US")}, "hold", "address"),
        ({"total_minor": 2001}, "total", "total_mismatch"),
    ],
)
def test_a_held_order_reserves_and_waits(world: World, changes: dict[str, object], waits: str, hold: str) -> None:
    world.order("web", document("1", ("CUP", 2), **changes))
    assert world.state("1") == ("validate", waits, "reserved")
    assert [item.name for item in world.find("1").holds] == [hold]
    assert world.available("EAST", "CUP") == (10, 2)
    assert "order.validated" not in world.kinds("1")
    world.check()


def test_an_authorisation_that_ran_out_holds(world: World) -> None:
    tender = PaymentDocument("card", "p", 2000, "authorized", authorized_at=PLACED - timedelta(days=9))
    world.order("web", document("1", ("CUP", 2), financial_state="authorized", payments=(tender,)))
    assert world.state("1") == ("validate", "payment", "reserved")
    world.check()


def test_cash_on_delivery_and_terms_go_on_unpaid(world: World) -> None:
    cash = PaymentDocument("Cash on Delivery (COD)", "", 2000, "pending")
    world.order("web", document("1", ("CUP", 2), financial_state="pending", payments=(cash,)))
    world.order("parts", document("2", ("CUP", 2), financial_state="pending"))
    assert world.state("1")[2] == world.state("2")[2] == "released"
    world.check()


def test_foreign_currency_has_a_book_amount_and_an_unknown_rate_holds(world: World) -> None:
    world.stock("EU", {"CUP": 5})
    world.order("eu", document("1", ("CUP", 1), currency="EUR", tax_included=True, ship_to=DE))
    assert world.find("1").order.book_total_minor == 1100
    world.order("eu", document("2", ("CUP", 1), currency="JPY", tax_included=True, ship_to=DE))
    assert world.state("2") == ("validate", "total", "reserved")
    assert world.cases() == {"total_mismatch order": 1}
    world.check()


def test_history_moves_nothing(world: World) -> None:
    early = PLACED.replace(year=2025)
    world.order(
        "web",
        document("old", ("CUP", 2), placed_at=early),
        document("gone", ("CUP", 2), fulfillment_state="fulfilled"),
        document("fba", ("CUP", 2), custody="marketplace"),
        document("never", ("CUP", 2), placed_at=early, cancelled_at=early),
        document("odd", ("CUP", 2), placed_at=early, total_minor=1, currency="XXX"),
    )
    states = {number: world.state(number) for number in ("old", "gone", "fba", "never", "odd")}
    assert states == {
        "old": ("done", "", "history"),
        "gone": ("done", "", "shipped"),
        "fba": ("done", "", "history"),
        "never": ("done", "", "cancelled"),
        "odd": ("done", "", "history"),
    }
    assert world.kinds("gone") == ["order.captured"]
    assert world.available("EAST", "CUP") == (10, 0)
    assert world.cases() == {}
    world.check()


def test_what_had_shipped_counts_and_the_rest_goes_on(world: World) -> None:
    line = LineDocument("L1", "CUP", "Cup", 3, 1000, shipped=1)
    world.order("web", document("1", line, fulfillment_state="partial"))
    (found,) = world.find("1").lines
    assert (found.shipped, found.allocated) == (1, 2)
    assert world.available("EAST", "CUP") == (10, 2)
    (before,) = world.told("1", "fulfillment.shipped")
    assert (before["elsewhere"], before["stock"], before["revenue"][0]["goods_minor"]) == (True, [], 1000)
    world.confirm("1", "shipped")
    assert world.state("1")[0] == "done"
    world.check()


def test_a_silent_site_is_one_case_until_it_answers(world: World, tx: Transaction) -> None:
    world.order("web", *(document(str(number), ("CUP", 1)) for number in range(1, 4)))
    tx.now += timedelta(hours=25)
    world.work()
    assert world.cases() == {"not_acknowledged site": 3}
    world.confirm("1", "acknowledged")
    assert world.cases() == {"not_acknowledged site": 2}
    world.confirm("2", "shipped")
    requests = [world.find("3").fulfillments[0].fulfillment_id]
    assert ordering.acknowledge(tx, requests) == ["3: EAST acknowledged (3-F1)"]
    assert world.cases() == {}
    world.check()


def test_nothing_is_sent_for_a_tip(world: World) -> None:
    tip = LineDocument("T", "name:Tip", "Tip", 1, 300, requires_shipping=False)
    world.order("web", document("1", LineDocument("L1", "CUP", "Cup", 2, 1000), tip))
    assert world.state("1") == ("fulfil", "site_confirmation", "released")
    assert world.cases() == {}
    told = world.told("1", "fulfillment.shipped")
    assert [(one["nothing_sent"], one["revenue"][0]["goods_minor"], one["stock"]) for one in told] == [(True, 300, [])]
    world.check()
    world.confirm("1", "shipped")
    assert world.state("1") == ("done", "", "shipped")
    world.check()


def test_a_tip_waits_with_an_order_that_waits(world: World) -> None:
    tip = LineDocument("T", "name:Tip", "Tip", 1, 300, requires_shipping=False)
    world.order("web", document("1", LineDocument("L1", "ROPE", "Rope", 12, 1000), tip))
    assert world.state("1") == ("reserve", "stock", "partially_backordered")
    assert world.find("1").lines[1].open == 1
    world.check()
    world.order("web", document("2", LineDocument("L1", "CUP", "Cup", 1, 1000), tip, risk="high"))
    assert world.state("2") == ("validate", "hold", "reserved")
    world.check()
    world.order("web", document("2", LineDocument("L1", "CUP", "Cup", 1, 1000), tip, risk="high", cancelled_at=PLACED))
    assert world.state("2") == ("done", "", "cancelled")
    world.check()


def test_an_order_of_services_needs_no_address_and_no_site(world: World) -> None:
    service = LineDocument("S", "REPAIR", "Repair", 1, 5000, requires_shipping=False)
    world.order("web", document("1", service, ship_to=Address()))
    assert world.state("1") == ("done", "", "shipped")
    assert world.find("1").holds == ()
    world.check()


def test_a_file_without_prices_proves_no_total(world: World) -> None:
    line = LineDocument("L1", "CUP", "Cup", 2, 0)
    world.order(
        "web", document("1", line, LineDocument("L2", "LID", "Lid", 1, 0), total_minor=2501, amounts_stated=False)
    )
    assert world.state("1")[2] == "released"
    assert sum(one.total_minor for one in world.find("1").lines) == 2501
    world.check()


def test_a_pending_order_without_amounts_waits_for_its_payment(world: World) -> None:
    line = LineDocument("L1", "CUP", "Cup", 2, 0)
    world.order("first", document("1", line, financial_state="pending", amounts_stated=False))
    assert world.state("1") == ("validate", "payment", "reserved")
    world.check()
    world.order("first", document("1", ("CUP", 2)))
    assert world.state("1")[2] == "released"
    assert world.find("1").order.total_minor == 2000
    world.check()
