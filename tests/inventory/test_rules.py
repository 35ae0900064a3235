"""Free, pool, net, ATS, shown, kits, the waterfall, and what a batch may take: for any stock, claims and network."""

from hypothesis import given
from hypothesis import strategies as st

from stocktower.inventory import Claims, FreeStock, Reach, StockRow, Supply, SupplyRow, ats, free, net, pool, shown
from stocktower.inventory.formulas.rules import leave_claims
from stocktower.inventory.offers.availability import Availability, Facts
from stocktower.network import Network
from tests.inventory.places import channel, network, simple, site

SKU = 7
SITES = (1, 2, 3, 4)
CHANNELS = (11, 12, 13)

units = st.integers(0, 30)
levels_of = st.dictionaries(st.sampled_from(SITES), units)
networks = st.fixed_dictionaries(
    {one: st.lists(st.sampled_from(SITES), min_size=1, unique=True) for one in CHANNELS}
).map(lambda serving: simple(serving))
claims_of = st.builds(
    Claims,
    asides=st.dictionaries(st.sampled_from(CHANNELS), units),
    waiting=st.dictionaries(st.sampled_from(CHANNELS), st.integers(1, 20)),
)


@st.composite
def row_lists(draw: st.DrawFn) -> list[StockRow]:
    """Rows of one SKU at the sites, in two statuses and of two owners, never over-allocated."""
    rows: list[StockRow] = []
    places = draw(
        st.lists(
            st.tuples(st.sampled_from(SITES), st.sampled_from(("available", "damaged")), st.sampled_from(("own", "x"))),
            unique=True,
        )
    )
    for number, (site_id, status, owner) in enumerate(places, start=1):
        quantity = draw(units)
        allocated = draw(st.integers(0, quantity)) if status == "available" else 0
        rows.append(StockRow(number, SKU, site_id, status, owner, "", quantity, allocated, 0, 0, None))
    return rows


def supply_of(rows: list[StockRow], claims: Claims) -> Supply:
    """What lock_supply gives for these facts."""
    found = [
        SupplyRow(row.stock_id, SKU, row.site_id, row.quantity, row.allocated, 0)
        for row in rows
        if row.status == "available" and row.quantity > row.allocated
    ]
    asides = {SKU: {one: n for one, n in claims.asides.items() if n}}
    return Supply(
        {SKU: found} if found else {},
        {sku: channels for sku, channels in asides.items() if channels},
        {SKU: dict(claims.waiting)} if claims.waiting else {},
        locked=frozenset({SKU}),
    )


def test_the_formula_by_example() -> None:
    # 100 at site 1, 20 at site 2, 5 of safety each; channel 11 sells from both, 12 from site 2 with 30 set aside.
    places = simple({11: [1, 2], 12: [2, 3]})
    levels = {1: 100, 2: 20, 3: 8}
    pools = pool(levels, {1: 5, 2: 5})
    assert pools == {1: 95, 2: 15, 3: 8}
    claims = Claims(asides={12: 30}, waiting={11: 4, 12: 33})
    offered = net(pools, Reach(places), 11, claims)
    # 12 waits for 33, of which its own aside covers 30; of the aside, site 3 holds 8 out of 11's reach.
    assert offered.level == 110
    assert [(one.channel_id, one.units) for one in offered.waiting] == [(11, 4), (12, 3)]
    assert [(one.channel_id, one.units) for one in offered.aside] == [(12, 22)]
    assert offered.net == 110 - 4 - 3 - 22
    assert shown(ats(offered), 12) == 6


def test_a_site_that_does_not_ship_offers_nothing() -> None:
    places = network([site(1), site(2, fulfills=False)], [channel(11, [1, 2])])
    assert Reach(places).sites(11) == (1,)
    assert net({1: 3, 2: 50}, Reach(places), 11, Claims()).net == 3


def test_a_channel_that_is_gone_still_has_what_waits() -> None:
    places = simple({11: [1]})
    assert net({1: 5}, Reach(places), 11, Claims(waiting={99: 2})).net == 3


@given(levels_of, networks, claims_of)
def test_ats_is_never_negative_nor_more_than_the_level(levels: dict[int, int], places: Network, claims: Claims) -> None:
    reach = Reach(places)
    for one in CHANNELS:
        offered = net(levels, reach, one, claims)
        assert 0 <= ats(offered) <= offered.level == sum(levels.get(place, 0) for place in reach.sites(one))


@given(row_lists(), levels_of, networks, claims_of)
def test_ats_never_exceeds_what_an_order_may_take(
    rows: list[StockRow], safety: dict[int, int], places: Network, claims: Claims
) -> None:
    """An order for no more than the ATS can always be allocated, and leaves all that others lay claim to."""
    reach = Reach(places)
    levels = free(row for row in rows if row.status == "available")
    for one in CHANNELS:
        available = ats(net(pool(levels, safety), reach, one, claims))
        stock = FreeStock(supply_of(rows, claims), reach)
        limits = stock.limits(one, [SKU])
        at = {place: stock.free.get((SKU, place), 0) for place in reach.sites(one)}
        may_take = {place: min(there, limits.at.get((SKU, place), there)) for place, there in at.items()}
        assert available <= sum(may_take.values())
        assert available <= limits.units.get(SKU, available)


@given(levels_of, networks, claims_of)
def test_an_aside_is_left_where_its_channel_can_use_it(levels: dict[int, int], places: Network, claims: Claims) -> None:
    """Whatever one channel takes, each other channel by itself still finds its aside, or all that there was."""
    reach = Reach(places)
    for one in CHANNELS:
        asides_only = Claims(asides=claims.asides)
        allowed = leave_claims(reach, one, net(levels, reach, one, asides_only))
        left = {place: levels.get(place, 0) - allowed.get(place, 0) for place in SITES}
        assert all(units >= 0 for units in left.values())
        for other, units in claims.asides.items():
            if other != one:
                before = sum(levels.get(place, 0) for place in reach.sites(other))
                assert sum(left[place] for place in reach.sites(other)) >= min(units, before)


@given(row_lists(), levels_of, networks, claims_of)
def test_the_waterfall_adds_up(rows: list[StockRow], safety: dict[int, int], places: Network, claims: Claims) -> None:
    facts = Facts({SKU: rows}, {(SKU, place): n for place, n in safety.items()}, {SKU: claims}, {})
    availability = Availability(places, facts)
    for one in CHANNELS:
        steps = availability.waterfall(SKU, one)
        running = 0
        for step in steps:
            running += step.quantity
            assert step.running == running
            if step.evidence:
                assert sum(part.quantity for part in step.evidence) == step.quantity
        assert running == availability.ats(SKU, one)
        assert steps[0].key == "on_hand"
        assert steps[-1].key == "ats"


@given(
    st.lists(st.tuples(st.integers(21, 24), st.integers(1, 4)), min_size=1, unique_by=lambda part: part[0]),
    st.fixed_dictionaries(dict.fromkeys(range(21, 25), levels_of)),
    st.fixed_dictionaries(dict.fromkeys(range(21, 25), claims_of)),
    networks,
)
def test_kits_are_whole_and_never_more_than_their_components(
    components: list[tuple[int, int]],
    levels: dict[int, dict[int, int]],
    claims: dict[int, Claims],
    places: Network,
) -> None:
    rows = {
        sku: [
            StockRow(sku * 10 + place, sku, place, "available", "own", "", n, 0, 0, 0, None) for place, n in at.items()
        ]
        for sku, at in levels.items()
    }
    availability = Availability(places, Facts(rows, {}, claims, {SKU: tuple(components)}))
    for one in CHANNELS:
        kits = availability.ats(SKU, one)
        assert kits == availability.waterfall(SKU, one)[-1].running
        for sku, n in components:
            assert kits * n <= availability.ats(sku, one)
        # One kit more is beyond either a component, or what may be taken together at single sites.
        allowed = {sku: leave_claims(availability.reach, one, availability.net(sku, one)) for sku, _ in components}
        together = sum(
            min(allowed[sku].get(place, 0) // n for sku, n in components) for place in availability.reach.sites(one)
        )
        assert kits == together or any((kits + 1) * n > availability.ats(sku, one) for sku, n in components)
