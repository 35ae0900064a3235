"""What pages and API read."""

from datetime import timedelta

import pytest

from stocktower.exchange import LineDocument
from stocktower.ordering import OrderFilter, share_untouched
from stocktower.ordering import views as order_views
from stocktower.platform import Transaction
from tests.ordering.world import PLACED, World, document


@pytest.fixture
def world(tx: Transaction) -> World:
    """Orders 1 to 6, each in another state."""
    world = World(tx)
    world.stock("EAST", {"CUP": 10, "ROPE": 3})
    later = [PLACED + timedelta(hours=hour) for hour in range(7)]
    world.order(
        "web",
        document("1", ("CUP", 1), placed_at=later[1]),
        document("2", ("CUP", 1), placed_at=later[2], risk="high"),
        document("3", ("ROPE", 5), placed_at=later[3]),
        document("4", ("NOPE", 1), placed_at=later[4]),
        document("5", ("CUP", 1), placed_at=PLACED.replace(year=2025)),
    )
    world.order("first", document("6", ("CUP", 1), placed_at=later[6]))
    world.confirm("6", "shipped")
    return world


def found(world: World, **wanted: object) -> str:
    """The numbers that a filter finds, in order."""
    page = order_views.list_orders(world.tx, world.network, OrderFilter(**wanted))  # pyright: ignore[reportArgumentType]
    assert page.total == len(page.rows)
    return " ".join(row.number for row in page.rows)


def test_filters(world: World) -> None:
    assert found(world) == "6 4 3 2 1 5"
    assert found(world, states=("released", "shipped")) == "6 1"
    assert found(world, waits=("stock",)) == "3"
    assert found(world, steps=("validate", "capture")) == "4 2"
    assert found(world, holds=("fraud_review",)) == "2"
    assert found(world, channels=("first",)) == "6"
    assert found(world, channels=("nowhere",)) == ""
    assert found(world, sites=("EAST",)) == "6 1"
    assert found(world, skus=("ROPE",)) == "3"
    assert found(world, countries=("DE",)) == ""
    assert found(world, under_way=True) == "4 3 2 1"
    assert found(world, under_way=False) == "6 5"
    assert found(world, history=True) == "5"
    assert found(world, placed_from=PLACED + timedelta(hours=3), placed_before=PLACED + timedelta(hours=5)) == "4 3"
    assert found(world, total_above=3000) == "3"
    assert found(world, payments=("paid",), waits=("",), under_way=False) == "6 5"
    assert found(world, number="ref-3") == "3"


def test_pages_follow_each_other(world: World) -> None:
    seen: list[str] = []
    after = ""
    while True:
        page = order_views.list_orders(world.tx, world.network, OrderFilter(), after=after, limit=4)
        assert page.total == 6
        seen += [row.number for row in page.rows]
        after = page.next_key
        if not after:
            break
    assert seen == ["6", "4", "3", "2", "1", "5"]


def test_the_flow_shows_every_step(world: World) -> None:
    strip = {step.step: step for step in order_views.flow_strip(world.tx, world.tx.now - timedelta(hours=12))}
    assert {name: step.orders for name, step in strip.items()} == {
        "capture": 1,
        "validate": 1,
        "reserve": 1,
        "route": 0,
        "release": 0,
        "fulfil": 1,
    }
    assert strip["reserve"].waits == (("stock", 1),)
    assert strip["reserve"].money_minor == 5000
    assert strip["reserve"].oldest_at == PLACED + timedelta(hours=3)
    assert strip["fulfil"].passed_today == 1


def test_counts(world: World) -> None:
    assert order_views.count_states(world.tx) == {
        "history": 1,
        "open": 1,
        "partially_backordered": 1,
        "released": 1,
        "reserved": 1,
        "shipped": 1,
    }
    assert share_untouched(world.tx) == pytest.approx(2 / 5)


def test_a_timeline_says_what_happened_and_what_was_waited_for(world: World) -> None:
    world.tx.now += timedelta(hours=2)
    world.stock("EAST", {"ROPE": 10})
    entries = world.find("3").timeline
    words = [entry.sentence for entry in entries]
    assert words[0] == "Captured with 5 units on 1 line"
    assert "2 units of ROPE backordered" in words
    assert words[-1] == "Released 3-F1 to EAST (5 units)"
    waited = next(entry for entry in reversed(entries) if entry.kind == "order.reserved")
    assert (waited.waited_seconds, waited.waited_for) == (7200, "stock")


def test_a_line_without_a_sku_has_no_code(world: World) -> None:
    (line,) = world.find("4").lines
    assert (line.sku_id, line.sku, line.listing, line.open) == (None, "", "NOPE", 1)


def test_money_of_tax_inclusive_lines_is_shown_without_tax(world: World) -> None:
    stated = LineDocument("L1", "CUP", "Cup", 1, 1190)
    world.order("web", document("7", stated, tax_included=True, tax_minor=190))
    detail = world.find("7")
    assert (detail.goods_minor, detail.tax_minor, detail.lines[0].goods_minor) == (1190, 190, 1000)
