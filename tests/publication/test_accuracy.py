"""What was right when: stretches of time add up to the time listed, and are what a plain replay of the words says."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stocktower import catalog, publication
from stocktower.exchange import ProductDocument
from stocktower.platform import Transaction
from stocktower.publication import Accuracy, Publication
from tests.inventory.world import World
from tests.publication.world import acknowledge, broken, configuration, health, publish

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
WEB = "acknowledge_within_minutes = 1000\npublish_every_minutes = 30\npublish_slow_every_minutes = 30"
ONE = (ProductDocument("CUP", "Cup", cost_minor=250),)


def accuracy(tx: Transaction, world: World, since: datetime) -> Accuracy:
    """Of the cup in the web shop."""
    found = publication.load_accuracy_of_skus(tx, [world.sku["CUP"]], since)
    return next(row.accuracy for row in found if row.channel_id == world.channel["web"])


def test_hours_right_wrong_and_over_exposed(tx: Transaction) -> None:
    world = World(tx, configuration(web=WEB), ONE)
    began = tx.now
    world.count(tx, "EAST", {"CUP": 9})
    first = publish(tx)["web"]
    tx.now += HOUR
    # An hour in which it knew nothing; then two in which it was right.
    acknowledge(tx, first)
    tx.now += 2 * HOUR
    world.count(tx, "EAST", {"CUP": 5})
    second = publish(tx)["web"]
    tx.now += 3 * HOUR
    # Three in which it showed nine of five; then one that is right and goes on.
    acknowledge(tx, second)
    tx.now += HOUR
    assert accuracy(tx, world, began) == Accuracy(7 * 3600, 3 * 3600, 3 * 3600)
    assert accuracy(tx, world, tx.now - 2 * HOUR) == Accuracy(2 * 3600, 3600, 3600)
    day = health(tx, "web").accuracy_day
    assert (day.listed, day.right, day.over, round(day.share or 0, 4)) == (25200, 10800, 10800, 0.4286)
    # The wholesale channel never says what it has, and is taken to have it at once.
    assert health(tx, "b2b").accuracy_day.share == 1.0
    assert broken(tx) == []


def test_days_add_up_to_the_whole(tx: Transaction) -> None:
    world = World(tx, configuration(web=WEB), ONE)
    world.count(tx, "EAST", {"CUP": 9})
    made = publish(tx)["web"]
    tx.now += timedelta(days=2, hours=5)
    acknowledge(tx, made)
    tx.now += timedelta(hours=30)
    rows = publication.load_accuracy_by_day(tx, world.network, world.channel["web"], 7)
    assert [(str(row.day), row.accuracy.listed // 3600, row.accuracy.right // 3600) for row in rows] == [
        ("2026-06-01", 12, 0), ("2026-06-02", 24, 0), ("2026-06-03", 24, 7), ("2026-06-04", 23, 23),
    ]  # fmt: skip
    week = health(tx, "web").accuracy_week
    assert sum(row.accuracy.listed for row in rows) == week.listed == 83 * 3600
    assert sum(row.accuracy.right for row in rows) == week.right == 30 * 3600


def test_days_are_the_merchants_own(tx: Transaction) -> None:
    text = configuration(web=WEB).replace('name = "Acme"\n', 'name = "Acme"\ntimezone = "America/New_York"\n', 1)
    tx.now = datetime(2026, 10, 31, 3, 0, tzinfo=UTC)
    world = World(tx, text, ONE)
    world.count(tx, "EAST", {"CUP": 9})
    made = publish(tx)["web"]
    tx.now += timedelta(days=1, hours=1)
    acknowledge(tx, made)
    tx.now += timedelta(days=2)

    def rows(days: int) -> list[tuple[str, int, int]]:
        found = publication.load_accuracy_by_day(tx, world.network, world.channel["web"], days)
        return [(str(row.day), row.accuracy.listed // 3600, row.accuracy.right // 3600) for row in found]

    # It began an hour before midnight of the 30th; on the first of November the clocks go back.
    whole = [("2026-10-30", 1, 0), ("2026-10-31", 24, 0), ("2026-11-01", 25, 25), ("2026-11-02", 23, 23)]
    assert rows(7) == whole
    assert rows(2) == whole[2:]


def test_what_is_sold_no_more_is_not_listed(tx: Transaction) -> None:
    world = World(tx, configuration(), ONE)
    began = tx.now
    world.count(tx, "EAST", {"CUP": 9})
    publish(tx)
    tx.now += HOUR
    catalog.take_products(tx, [ProductDocument("CUP", "Cup", active=False)])
    publish(tx)
    tx.now += 5 * HOUR
    assert accuracy(tx, world, began) == Accuracy(3600, 3600, 0)
    assert broken(tx) == []


steps = st.lists(
    st.tuples(st.sampled_from(["count", "publish", "acknowledge", "wait"]), st.integers(0, 12)), min_size=1, max_size=14
)


@given(steps)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_stretches_are_what_a_replay_says(tx: Transaction, steps: list[tuple[str, int]]) -> None:
    """A model that keeps only the truth and the words, second by second, comes to the same."""
    with_savepoint(tx, steps)


class _Undone(Exception):
    """Leaves nothing of one example."""


def with_savepoint(tx: Transaction, steps: list[tuple[str, int]]) -> None:
    """One example, undone at its end."""
    at = tx.now
    try:
        with tx.savepoint():
            replay(tx, steps)
            raise _Undone
    except _Undone:
        tx.now = at


def replay(tx: Transaction, steps: list[tuple[str, int]]) -> None:
    """Do it, and keep a model of it."""
    world = World(tx, configuration(web=WEB), ONE)
    world.count(tx, "EAST", {"CUP": 6})
    publish(tx)
    began = tx.now
    true, known, word = 6, None, (0, 0)
    made: list[Publication] = []
    words: list[tuple[int, int]] = []
    listed = right = over = 0
    for n, (act, number) in enumerate((*steps, ("wait", 7))):
        if act == "count":
            world.count(tx, "EAST", {"CUP": number})
            publish_and_note(tx, made, words, n)
            true = number
        elif act == "publish":
            publish_and_note(tx, made, words, n)
        elif act == "acknowledge" and made:
            place = number % len(made)
            acknowledge(tx, made[place])
            if words[place] >= word:
                word, known = words[place], made[place].listings[0].shown
        else:
            seconds = number * 60
            tx.now += number * MINUTE
            listed += seconds
            right += seconds if known == true else 0
            over += seconds if known is not None and known > true else 0
    assert accuracy(tx, world, began) == Accuracy(listed, right, over)
    assert broken(tx) == []


def publish_and_note(tx: Transaction, made: list[Publication], words: list[tuple[int, int]], step: int) -> None:
    """Publish, and keep what the web shop was told, with the order of its instant."""
    done = publish(tx)
    if "web" in done:
        made.append(done["web"])
        words.append((int(tx.now.timestamp()), step))
