"""What channels that take preorders are told beside stock: the next batch that comes, and when it ships."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stocktower import inventory, publication
from stocktower.inventory import Point, StatedInbound, Timeline
from stocktower.model import Preorder
from stocktower.network import load_network
from stocktower.platform import Transaction, take_due
from stocktower.publication import Accuracy, PreorderWord, ahead_of
from tests.inventory.world import PRODUCTS, World
from tests.publication.world import broken, configuration, publish

DAY = timedelta(days=1)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
RULES = """
[promises]
handling_days = 1

[[preorders]]
sku = "CUP"

[[preorders]]
sku = "SET"
"""


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=5),
    st.integers(1, 6),
    st.none() | st.integers(0, 30),
)
def test_the_next_batch_is_never_more_than_can_be_promised_by_its_day(
    levels: list[int], pack: int, release: int | None
) -> None:
    atps = [min(levels[place:]) for place in range(len(levels))]
    points = tuple(Point(NOW + place * DAY, 0, 0, atp, atp) for place, atp in enumerate(atps))
    on = None if release is None else (NOW + release * DAY).date()
    found = ahead_of(Timeline(0, points), pack, Preorder("CUP", (), on), 1, ZoneInfo("UTC"))
    more = [place for place, atp in enumerate(atps) if atp // pack > atps[0] // pack]
    assert (found.quantity > 0) == bool(more)
    if more:
        first = more[0]
        assert found.quantity == atps[first] // pack - atps[0] // pack
        day = points[first].at.date() + DAY
        assert found.available_on == max(day, on or day)


def coming(
    tx: Transaction, world: World, reference: str, units: int, days: int, code: str = "CUP", **more: Any
) -> None:
    """A supplier says that so many come to the east."""
    stated = StatedInbound(reference, world.sku["CUP"], world.site["EAST"], units, tx.now + days * DAY, **more)
    (result,) = inventory.record_inbound(tx, [stated])
    assert result.problem == ""


def rows(made: dict[str, publication.Publication], channel: str) -> dict[str, list[str]]:
    """Listing -> the other columns of its row in the file, but the instant."""
    lines = [line.split(",") for line in made[channel].text.splitlines()[1:]] if channel in made else []
    return {listing: [quantity, *ahead] for listing, _, quantity, _, *ahead in lines}


def test_a_channel_is_told_what_may_be_ordered_ahead_and_when_it_ships(tx: Transaction) -> None:
    world = World(tx, configuration(web="takes_preorders = true") + RULES, PRODUCTS)
    world.count(tx, "EAST", {"CUP": 3, "LID": 50})
    publish(tx)
    coming(tx, world, "PO-1", 10, 5)
    made = publish(tx)
    assert made["web"].text.splitlines()[0].endswith("as_of,preorder_quantity,preorder_available_on")
    assert rows(made, "web") == {"CUP": ["3", "10", "2026-06-07"], "SET": ["3", "10", "2026-06-07"]}
    assert "b2b" not in made, "it does not take preorders, and nothing else is new"
    assert publish(tx) == {}
    # The supplier moves the day, says fewer, and then none of it can be promised.
    coming(tx, world, "PO-1", 10, 9)
    assert rows(publish(tx), "web")["CUP"] == ["3", "10", "2026-06-11"]
    coming(tx, world, "PO-2", 4, 20)
    assert publish(tx) == {}, "the batch after the next is nobody's business yet"
    coming(tx, world, "PO-1", 0, 9)
    assert rows(publish(tx), "web")["CUP"] == ["3", "4", "2026-06-22"]
    words = publication.load_preorders(tx, [world.sku["CUP"]])
    assert [(one.quantity, one.told_quantity) for one in words] == [(4, 4)]
    assert broken(tx) == []
    # A day goes by, and it has not come.
    tx.now += 20 * DAY + timedelta(minutes=1)
    publication.look_again(tx, take_due(tx, publication.PREORDER, 10))
    assert rows(publish(tx), "web")["CUP"] == ["3", "0", ""]
    assert broken(tx) == []
    assert date(2026, 6, 22) not in {one.told_on for one in publication.load_preorders(tx)}


def test_how_it_stood_is_known_and_its_accuracy_measured(tx: Transaction) -> None:
    """A channel that takes one listing a minute is told later than something is true."""
    web = "takes_preorders = true\nlistings_per_minute = 1\nlistings_at_once = 1"
    world = World(tx, configuration(web=web) + RULES, PRODUCTS)
    world.count(tx, "EAST", {"CUP": 3, "LID": 50})
    seen: dict[datetime, list[PreorderWord]] = {}
    listed = right = over = 0
    for units, days in ((0, 5), (10, 5), (10, 5), (14, 5), (4, 5), (4, 8), (9, 2), (0, 2), (0, 2)):
        coming(tx, world, "PO-1", units, days)
        for seconds in (20, 700):
            publish(tx)
            seen[tx.now] = words = publication.load_preorders(tx, [world.sku["CUP"], world.sku["SET"]])
            tx.now += timedelta(seconds=seconds)
            for one in words:
                told = (one.told_quantity or 0, one.told_on)
                late = one.available_on and one.told_on and one.available_on > one.told_on
                listed += seconds * bool(one.quantity or one.told_quantity)
                right += seconds * bool(one.quantity and told == (one.quantity, one.available_on))
                over += seconds * bool(told[0] > one.quantity or late)
    rows = publication.load_accuracy_ahead(tx, tx.now - 30 * DAY)
    assert {one.sku_id for one in rows} == {world.sku["CUP"], world.sku["SET"]}
    total = Accuracy(*(sum(getattr(one.accuracy, name) for one in rows) for name in ("listed", "right", "over")))
    assert total == Accuracy(listed, right, over)
    assert 0 < total.over < total.listed - total.right < total.listed
    health = {one.channel: one for one in publication.load_health(tx, load_network(tx))}
    assert (health["web"].ahead_week, health["b2b"].ahead_week.share) == (total, None)
    for at, words in seen.items():
        then = publication.load_preorders_at(tx, [world.sku["CUP"], world.sku["SET"]], at)
        assert then == [replace(one, publication_id=None) for one in words], at
    assert broken(tx) == []
