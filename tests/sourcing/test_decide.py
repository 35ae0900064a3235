"""From where to ship: for any order, stock and network the plan adds up, and no better one exists."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from stocktower.inventory import UNLIMITED, Limits
from stocktower.model import Sourcing
from stocktower.network import Network
from stocktower.sourcing import Choice, Planner, SourcingLine, SourcingRequest, decide, explain
from stocktower.sourcing.lanes import complete_preference, make_lane
from stocktower.sourcing.plans import fill
from tests.inventory.places import channel, network, site

CHANNEL = 11
SITES = (1, 2, 3, 4)
DEFAULT = Sourcing()


def request(*lines: tuple[int, int, tuple[tuple[int, int], ...]], country: str = "US") -> SourcingRequest:
    """An order of (line_no, quantity, components)."""
    return SourcingRequest(1, CHANNEL, country, "", tuple(SourcingLine(*line) for line in lines))


def one_line(quantity: int, sku_id: int = 21) -> SourcingRequest:
    """An order of one plain line."""
    return request((1, quantity, ((sku_id, 1),)))


networks = st.builds(
    lambda facts, most: network(
        [site(number, priority=priority, protected=protected) for number, (priority, protected) in facts],
        [channel(CHANNEL, [number for number, _ in facts], max_splits=most)],
    ),
    st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=4).map(
        lambda rows: list(zip(SITES, rows, strict=False))
    ),
    st.integers(0, 3),
)
free_views = st.dictionaries(st.tuples(st.integers(21, 23), st.sampled_from(SITES)), st.integers(0, 6))
plain_orders = st.lists(st.integers(1, 6), min_size=1, max_size=3).map(
    lambda wanted: request(*((place, units, ((20 + place, 1),)) for place, units in enumerate(wanted, start=1)))
)
any_orders = st.lists(
    st.tuples(
        st.integers(1, 5),
        st.lists(
            st.tuples(st.integers(21, 23), st.integers(1, 3)), min_size=1, max_size=2, unique_by=lambda one: one[0]
        ),
    ),
    min_size=1,
    max_size=3,
).map(lambda lines: request(*((no, units, tuple(parts)) for no, (units, parts) in enumerate(lines, start=1))))
preferences = st.permutations(["protected", "splits", "priority", "distance"]).map(
    lambda keys: Sourcing(prefer=tuple(keys))  # type: ignore[arg-type]  # a permutation of the literals is one of them
)


def served(choice: Choice, line_no: int) -> int:
    """Sold units of a line that are assigned."""
    return sum(units for line, _, units in choice.assignments if line == line_no)


@given(any_orders, free_views, networks, preferences)
def test_a_plan_adds_up_and_takes_no_more_than_there_is(
    order: SourcingRequest, free: dict[tuple[int, int], int], places: Network, sourcing: Sourcing
) -> None:
    choice = decide(order, free, places, sourcing)
    missing = dict(choice.missing)
    taken: dict[tuple[int, int], int] = {}
    for line in order.lines:
        assert served(choice, line.line_no) + missing.get(line.line_no, 0) == line.quantity
        for sku_id, units in line.components:
            for line_no, site_id, sold in choice.assignments:
                if line_no == line.line_no:
                    assert sold > 0
                    taken[sku_id, site_id] = taken.get((sku_id, site_id), 0) + sold * units
    assert all(units <= free.get(key, 0) for key, units in taken.items())
    sites = {site_id for _, site_id, _ in choice.assignments}
    assert len(sites) <= places.channels[CHANNEL].max_splits + 1
    assert set(choice.reason.sites) == {places.sites[one].code for one in sites}
    assert choice.reason.short == sum(missing.values())
    assert explain(choice.reason)


@given(any_orders, free_views, networks, st.dictionaries(st.integers(21, 23), st.integers(0, 5)))
def test_a_plan_stays_within_the_limits(
    order: SourcingRequest, free: dict[tuple[int, int], int], places: Network, most: dict[int, int]
) -> None:
    at = {(sku, place): max(0, free.get((sku, place), 0) - 1) for sku in most for place in SITES}
    choice = decide(order, free, places, DEFAULT, Limits(most, at))
    taken: dict[int, int] = {}
    there: dict[tuple[int, int], int] = {}
    components = {line.line_no: line.components for line in order.lines}
    for line_no, site_id, sold in choice.assignments:
        for sku_id, units in components[line_no]:
            taken[sku_id] = taken.get(sku_id, 0) + sold * units
            there[sku_id, site_id] = there.get((sku_id, site_id), 0) + sold * units
    assert all(units <= most.get(sku, units) for sku, units in taken.items())
    assert all(units <= at.get(key, units) for key, units in there.items())


@given(any_orders, free_views, networks, preferences, st.dictionaries(st.integers(21, 23), st.integers(0, 8)))
@settings(max_examples=300)
def test_no_combination_serves_more(
    order: SourcingRequest,
    free: dict[tuple[int, int], int],
    places: Network,
    sourcing: Sourcing,
    most: dict[int, int],
) -> None:
    choice = decide(order, free, places, sourcing, Limits(most, {}))
    units = sum(line.quantity for line in order.lines) - choice.reason.short
    candidates = make_lane(places, complete_preference(sourcing), CHANNEL, order.country, order.region, None).candidates
    for size in range(1, places.channels[CHANNEL].max_splits + 2):
        for sites in combinations(candidates, size):
            assert fill(order, sites, free, most)[1] <= units


def best_by_force(
    order: SourcingRequest, free: dict[tuple[int, int], int], places: Network
) -> tuple[int, int, int, int]:
    """(units not served, protected sites, splits, priorities) of the best of all combinations, for plain lines."""
    asked = sum(line.quantity for line in order.lines)
    found: list[tuple[int, int, int, int]] = [(asked, 0, 0, 0)]
    for size in range(1, places.channels[CHANNEL].max_splits + 2):
        for sites in combinations(places.sites.values(), size):
            units = sum(
                min(line.quantity, sum(free.get((line.components[0][0], one.site_id), 0) for one in sites))
                for line in order.lines
            )
            protected = sum(one.protected for one in sites)
            found.append((asked - units, protected, size - 1, sum(one.priority for one in sites)))
    return min(found)


@given(plain_orders, free_views, networks)
@settings(max_examples=300)
def test_no_plan_is_better(order: SourcingRequest, free: dict[tuple[int, int], int], places: Network) -> None:
    """Most units; a protected site only where no plan without it serves as much; fewest splits; then priority."""
    choice = decide(order, free, places, DEFAULT)
    sites = [places.sites[one] for one in {site_id for _, site_id, _ in choice.assignments}]
    short = sum(units for _, units in choice.missing)
    if not sites:
        assert best_by_force(order, free, places)[0] == short
        return
    assert best_by_force(order, free, places) == (
        short,
        sum(one.protected for one in sites),
        len(sites) - 1,
        sum(one.priority for one in sites),
    )


def test_lines_that_share_a_sku_are_summed_first() -> None:
    places = network([site(1, priority=1), site(2, priority=2)], [channel(CHANNEL, [1, 2])])
    order = request((1, 3, ((21, 1),)), (2, 3, ((21, 1),)))
    choice = decide(order, {(21, 1): 5, (21, 2): 6}, places, DEFAULT)
    assert choice.assignments == ((1, 2, 3), (2, 2, 3))


def test_a_kit_comes_whole_from_one_site() -> None:
    places = network([site(1), site(2)], [channel(CHANNEL, [1, 2])])
    order = request((1, 1, ((21, 1), (22, 1))))
    choice = decide(order, {(21, 1): 5, (22, 2): 5}, places, DEFAULT)
    assert choice.assignments == ()
    assert choice.missing == ((1, 1),)
    assert not choice.no_site


def test_a_split_is_chosen_over_a_protected_store() -> None:
    places = network(
        [site(1, code="EAST"), site(2, code="WEST"), site(3, code="STORE", protected=True)],
        [channel(CHANNEL, [1, 2, 3])],
    )
    order = request((1, 1, ((21, 1),)), (2, 1, ((22, 1),)))
    choice = decide(order, {(21, 1): 1, (22, 2): 1, (21, 3): 1, (22, 3): 1}, places, DEFAULT)
    assert choice.assignments == ((1, 1, 1), (2, 2, 1))
    assert choice.runner_up == (3,)
    assert choice.reason.by == "protected"
    assert choice.reason.spared == ("STORE",)
    assert explain(choice.reason) == (
        "EAST and WEST serve it and not STORE, because it spares protected stores (0 against 1). "
        "STORE could have served it alone and is protected."
    )


def test_a_protected_store_serves_what_nobody_else_can() -> None:
    places = network([site(1), site(3, code="STORE", protected=True)], [channel(CHANNEL, [1, 3], max_splits=0)])
    order = request((1, 1, ((21, 1),)), (2, 1, ((22, 1),)))
    choice = decide(order, {(21, 1): 1, (21, 3): 1, (22, 3): 1}, places, DEFAULT)
    assert choice.reason.sites == ("STORE",)
    assert choice.missing == ()


def test_the_nearer_of_two_equal_sites_serves() -> None:
    places = network(
        [site(1, code="FAR", point=(39.5, -119.8)), site(2, code="NEAR", point=(40.7, -74.2))],
        [channel(CHANNEL, [1, 2])],
    )
    order = SourcingRequest(1, CHANNEL, "US", "NY", (SourcingLine(1, 1, ((21, 1),)),))
    choice = decide(order, {(21, 1): 1, (21, 2): 1}, places, DEFAULT)
    assert choice.reason.sites == ("NEAR",)
    assert choice.reason.by == "distance"
    assert choice.reason.values is not None
    assert "km" in explain(choice.reason)


def test_a_site_that_does_not_ship_there_is_no_site() -> None:
    places = network([site(1, ships_to=("US",)), site(2, fulfills=False)], [channel(CHANNEL, [1, 2])])
    abroad = request((1, 2, ((21, 1),)), country="DE")
    choice = decide(abroad, {(21, 1): 9, (21, 2): 9}, places, DEFAULT)
    assert choice.no_site
    assert choice.missing == ((1, 2),)
    assert explain(choice.reason) == "No site serves this channel and ships to this country."


def test_what_is_short_takes_most_units_first() -> None:
    places = network([site(1, priority=1), site(2, priority=2)], [channel(CHANNEL, [1, 2])])
    choice = decide(one_line(5), {(21, 1): 1, (21, 2): 3}, places, DEFAULT)
    assert sorted(choice.assignments) == [(1, 1, 1), (1, 2, 3)]
    assert choice.missing == ((1, 1),)
    assert explain(choice.reason).endswith("1 unit is not to be had.")


def test_preference_may_put_priority_before_splits() -> None:
    places = network([site(1, priority=1), site(2, priority=1), site(3, priority=9)], [channel(CHANNEL, [1, 2, 3])])
    free = {(21, 1): 1, (21, 2): 1, (21, 3): 2}
    assert decide(one_line(2), free, places, DEFAULT).reason.sites == ("S3",)
    by_priority = Sourcing(prefer=("priority", "splits"))
    assert decide(one_line(2), free, places, by_priority).reason.sites == ("S1", "S2")


def test_many_sites_are_decided_among_the_most_able() -> None:
    sites = [site(number, priority=number) for number in range(1, 41)]
    places = network(sites, [channel(CHANNEL, [one.site_id for one in sites])])
    free = {(21, number): 1 for number in range(1, 41)} | {(21, 40): 3}
    choice = Planner(places, DEFAULT).decide(one_line(5), free, UNLIMITED)
    assert choice.missing == ()
    assert "S40" in choice.reason.sites
    assert len(choice.reason.sites) == 3
