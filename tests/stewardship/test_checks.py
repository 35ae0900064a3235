"""Checks against the database: each finds what it is for, scores and cases follow, all in as many statements."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from stocktower import catalog, exchange, inventory, stewardship, worklist
from stocktower.exchange import ProductDocument
from stocktower.platform import Transaction, load_events_after, load_invariants, take_due
from stocktower.stewardship import CHECKS, store
from tests.ordering.world import World, document

GOOD: dict[str, Any] = {
    "category": "cups", "weight_grams": 200, "cost_minor": 250, "price_minor": 1000, "currency": "USD",
}  # fmt: skip


def good(sku: str, name: str, barcode: str, **changes: Any) -> ProductDocument:
    """A product without a fault, but for what is changed."""
    return ProductDocument(sku, name, **{**GOOD, "barcode": barcode, **changes})


PRODUCTS = (
    good("FINE", "Fine cup", "4006381333931"),
    good("TWIN", "Blue cup", "96385074"),
    good("TWIN-2", "blue  Cup", "96385074", weight_grams=None),
    good("TYPO", "Mistyped", "4006381333932"),
    good("BARE", "BARE", "", category="", weight_grams=None, cost_minor=None, price_minor=None),
    good("PACK", "Packed", "73513537", listings=(("web", "PK", 6), ("first", "PK", 12)), units=(("six", 6),)),
    good("GONE", "Gone", "036000291452", active=False, listings=(("web", "GONE-1", 1),)),
    good("PART", "Part", "00012345600012"),
    good("SET", "Set of it", "", components=(("PART", 2),)),
)


def failing(tx: Transaction, sku_ids: Sequence[int]) -> dict[int, set[str]]:
    """What SKUs fail."""
    rows = stewardship.load_quality(tx, sku_ids)
    return {sku_id: {one.name for one in row.failing} for sku_id, row in rows.items()}


def holds_true(tx: Transaction) -> None:
    """Every invariant of the room and the catalogue."""
    for room in ("stewardship", "catalog", "worklist"):
        for one in load_invariants(f"stocktower.{room}"):
            rows = tx.tuples(one.query)
            assert not rows, (one.name, rows[:3])


@pytest.fixture
def world(tx: Transaction) -> World:
    """A merchant with faults of all kinds."""
    return World(tx, products=PRODUCTS)


def test_each_declared_check_has_its_query_and_the_reverse() -> None:
    assert {check.name for check in CHECKS} == set(store.CHECK_QUERIES)
    assert all(check.fix and check.words and check.weight > 0 for check in CHECKS)


def test_each_check_finds_what_it_is_for(tx: Transaction, world: World) -> None:
    catalog.take_products(tx, [good("PART", "Part", "00012345600012", active=False)])
    world.stock("EAST", {"FINE": 5})
    tx.now += timedelta(days=29)
    stewardship.check_everything(tx)
    found = failing(tx, list(world.sku.values()))
    assert {world.codes[sku_id]: names for sku_id, names in found.items()} == {
        "FINE": {"not_listed"},
        "TWIN": {"clashing_barcode", "duplicate_name"},
        "TWIN-2": {"clashing_barcode", "duplicate_name", "missing_weight"},
        "TYPO": {"invalid_gtin"},
        "BARE": {
            "missing_barcode",
            "missing_category",
            "missing_weight",
            "missing_cost",
            "missing_price",
            "name_is_code",
        },
        "PACK": {"unit_mismatch", "pack_without_unit", "silent_listing"},
        "GONE": {"orphan_listing"},
        "PART": set(),
        "SET": {"kit_of_inactive"},
    }
    scores = {
        world.codes[one]: row.quality.score
        for one, row in stewardship.load_quality(tx, list(world.sku.values())).items()
    }
    assert (scores["PART"], scores["TYPO"], scores["TWIN-2"], scores["BARE"]) == (100, 90, 55, 52)
    holds_true(tx)


def test_the_queue_is_by_money_and_what_costs_is_a_case(tx: Transaction, world: World) -> None:
    world.stock("EAST", {"TWIN": 50, "TYPO": 50})
    world.order("web", document("1", ("TWIN", 4)), document("2", ("TYPO", 1)))
    stewardship.check_everything(tx)
    queue = stewardship.load_queue(tx)
    first = queue[0].quality
    assert (world.codes[first.sku_id], first.units_sold, first.sold_minor, first.at_stake_minor) == (
        "TWIN",
        4,
        4000,
        1400,
    )
    assert [world.codes[row.quality.sku_id] for row in stewardship.load_queue(tx, check="invalid_gtin")] == ["TYPO"]
    page = worklist.load_cases(tx, worklist.CaseFilter(kind="master_data"))
    assert [(case.cause_key, case.waiters, case.money_minor) for case in page.cases] == [
        ("check/clashing_barcode", 1, 4000)
    ]
    catalog.take_products(tx, [good("TWIN-2", "Green cup", "12345670")])
    stewardship.check_skus(tx, [world.sku["TWIN-2"]])
    assert failing(tx, [world.sku["TWIN"]])[world.sku["TWIN"]] == set(), "the other of a pair is checked with it"
    assert worklist.load_cases(tx, worklist.CaseFilter(kind="master_data")).total == 0
    holds_true(tx)


def test_a_change_is_checked_by_its_event(tx: Transaction, world: World) -> None:
    stewardship.check_everything(tx)
    tx.write_events()
    position = len(load_events_after(tx, 0, 10_000)[0])
    catalog.take_products(tx, [good("TYPO", "Mistyped", "4006381333931")])
    tx.write_events()
    events, _ = load_events_after(tx, position, 100)
    stewardship.take_events(tx, events)
    due = take_due(tx, stewardship.CHECK, 10)
    assert due == [world.sku["TYPO"]]
    stewardship.check_due(tx, due)
    assert failing(tx, [world.sku["TYPO"], world.sku["FINE"]]) == {
        world.sku["TYPO"]: {"clashing_barcode"}, world.sku["FINE"]: {"clashing_barcode"},
    }  # fmt: skip
    holds_true(tx)


def test_everything_is_checked_again_a_day_later(tx: Transaction, world: World) -> None:
    stewardship.begin(tx)
    stewardship.check_due(tx, take_due(tx, stewardship.CHECK, 10))
    assert take_due(tx, stewardship.CHECK, 10) == []
    tx.now += timedelta(days=1)
    assert take_due(tx, stewardship.CHECK, 10) == [stewardship.EVERYTHING]


def test_very_many_in_as_many_statements(tx: Transaction, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    ask_one = Transaction._ask_query

    def counted(self: Transaction, query: Any, params: dict[str, Any], read: Any) -> Any:
        ran.append(query.name)
        return ask_one(self, query, params, read)

    monkeypatch.setattr(Transaction, "_ask_query", counted)
    stewardship.check_everything(tx)
    few = len(ran)
    products = [
        exchange.ProductDocument(f"B{n}", f"Bulk {n}", category="bulk", barcode="" if n % 3 else "77")
        for n in range(5000)
    ]
    catalog.take_products(tx, products)
    ran.clear()
    stewardship.check_everything(tx)
    assert len(ran) <= few + 10
    assert stewardship.load_overview(tx).skus == 5000 + len(PRODUCTS)
    holds_true(tx)


def test_sql_and_python_agree_on_check_digits(tx: Transaction) -> None:
    barcodes = [f"{n:013d}" for n in range(4006381333900, 4006381333950)] + [
        f"{n:08d}" for n in range(96385000, 96385040)
    ]
    World(tx, products=[good(f"G{n}", f"Thing {n}", barcode) for n, barcode in enumerate(barcodes)])
    found = store.find_failing(tx, "invalid_gtin", None, tx.now, is_planned=False)
    wrong = {detail.removeprefix("barcode ") for _, detail in found}
    assert wrong == {barcode for barcode in barcodes if not stewardship.has_right_check_digit(barcode)}


def test_what_channels_say_of_their_listings_counts(tx: Transaction, world: World) -> None:
    web = world.network.channel_ids["web"]
    stated = [
        exchange.ListingDocument("W-1", sku="FINE", barcode="96385074"),
        exchange.ListingDocument("W-2", sku="TYPO", barcode="04006381333932"),
        exchange.ListingDocument("GONE-1", status="removed"),
    ]
    catalog.take_listings(tx, [(web, one) for one in stated])
    stewardship.check_everything(tx)
    found = failing(tx, list(world.sku.values()))
    assert "other_barcode" in found[world.sku["FINE"]]
    assert "other_barcode" not in found[world.sku["TYPO"]], "zeros in front are no other barcode"
    assert found[world.sku["GONE"]] == set(), "it is listed no more"
    holds_true(tx)


def test_what_is_sold_and_bought_says_of_whom_and_how_long_it_takes(tx: Transaction, world: World) -> None:
    def lacking() -> dict[str, set[str]]:
        stewardship.check_everything(tx)
        found = failing(tx, list(world.sku.values()))
        lacks = {world.codes[sku_id]: names & {"no_supplier", "no_lead_time"} for sku_id, names in found.items()}
        return {code: names for code, names in lacks.items() if names}

    world.order("web", document("1", ("FINE", 1), ("SET", 1)))
    assert lacking() == {}, "nobody says that anything is bought"
    bought = inventory.StatedInbound("PO-1", world.sku["FINE"], world.network.site_ids["EAST"], 5)
    inventory.record_inbound(tx, [bought])
    assert lacking() == {"FINE": {"no_supplier", "no_lead_time"}}
    catalog.take_products(tx, [good("FINE", "Fine cup", "4006381333931", supplier="Clay & Sons")])
    both = {"no_supplier", "no_lead_time"}
    assert lacking() == {"FINE": {"no_lead_time"}, "PART": both}, "a part of what is sold is sold"
    scores = stewardship.load_quality(tx, [world.sku["FINE"], world.sku["PART"]])
    assert [row.quality.score for row in scores.values()] == [93, 86]
    terms = [
        good("FINE", "Fine cup", "4006381333931", lead_time_days=9),
        good("PART", "Part", "00012345600012", supplier="Clay & Sons", lead_time_days=0),
    ]
    catalog.take_products(tx, terms)
    assert lacking() == {}
    holds_true(tx)
