"""One set of formulas: on whole numbers, on arrays, and beside a model in plain Python that shares no code."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from stocktower import sourcing
from stocktower.inventory import Claims, FreeStock, Limits, Reach, StockRow, Supply, SupplyRow, Terms
from stocktower.inventory.formulas.claims import Kept
from stocktower.inventory.offers.availability import Availability, Facts
from stocktower.inventory.offers.offers import NEVER, KitFacts, Many, group_kits, levels_of, offer_all
from stocktower.model import Sourcing
from stocktower.network import Network
from tests.inventory.places import channel, network, site

SCENES = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SITES = (1, 2, 3)
CHANNELS = (11, 12, 13)
SKUS = (71, 72)
KIT = 90
OWNERS = ["own", "maker", "supplier"]

units = st.integers(0, 20)
some_sites = st.none() | st.sets(st.sampled_from(SITES), min_size=1).map(frozenset)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Three sites and three channels, each with its own sites, owners and wish for shelf life."""
    channels = [
        replace(
            channel(one, draw(st.lists(st.sampled_from(SITES), min_size=1, unique=True))),
            owners=draw(st.sampled_from([("own", "supplier"), ("own", "maker"), ("*",)])),
            min_shelf_life_days=draw(st.sampled_from([0, 0, 3, 10])),
        )
        for one in CHANNELS
    ]
    zones = draw(st.tuples(*[st.sampled_from(["UTC", "Asia/Tokyo", "America/Los_Angeles"])] * len(SITES)))
    return network(
        [
            replace(site(one, fulfills=draw(st.integers(0, 9)) > 0), timezone=zone)
            for one, zone in zip(SITES, zones, strict=True)
        ],
        channels,
    )


@st.composite
def rows_of(draw: st.DrawFn, sku_id: int) -> list[StockRow]:
    """Rows of a SKU, never over-allocated; some expire, some are not ours, some are not sellable."""
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from(SITES), st.sampled_from(OWNERS), st.sampled_from([None, 1, 2, 5, 12])),
            unique=True,
            max_size=4,
        )
    )
    rows: list[StockRow] = []
    for number, (place, owner, days) in enumerate(keys, start=1):
        quantity = draw(units)
        expires_at = None if days is None else NOW + timedelta(days=days)
        rows.append(
            StockRow(
                sku_id * 100 + number, sku_id, place, "available", owner, "" if days is None else f"L{days}", quantity,
                draw(st.integers(0, quantity)), 0, 0, None, expires_at, draw(st.integers(0, 5)) > 0,
            )
        )  # fmt: skip
    return rows


claims_of = st.builds(
    Claims,
    asides=st.dictionaries(st.sampled_from(CHANNELS), units, max_size=2),
    waiting=st.dictionaries(st.sampled_from(CHANNELS), st.integers(1, 8), max_size=2),
    placed=st.lists(st.builds(Kept, st.sampled_from(CHANNELS), units, some_sites), max_size=1).map(tuple),
    exclusive=st.lists(
        st.builds(Kept, st.sampled_from(CHANNELS), st.just(1), some_sites),
        max_size=2,
        unique_by=lambda one: one.channel_id,
    ).map(tuple),
)
terms_of = st.dictionaries(
    st.sampled_from(CHANNELS),
    st.builds(
        Terms,
        cap=st.none() | units,
        share=st.sampled_from([100, 100, 50, 33]),
        own=st.integers(0, 5),
        floor=st.integers(0, 6),
        placed=st.lists(st.builds(Kept, st.just(0), units, some_sites), max_size=1).map(tuple),
    ),
    max_size=2,
)
safety_of = st.dictionaries(st.sampled_from(SITES), st.integers(0, 5))


class Scene(Struct):
    """A network and the facts of some SKUs."""

    network: Network
    facts: Facts


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Any stock, claims and rules of three SKUs, and a kit of some of them."""
    components = draw(
        st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 3)), min_size=1, unique_by=lambda part: part[0])
    )
    facts = Facts(
        {sku: draw(rows_of(sku)) for sku in SKUS},
        {(sku, place): n for sku in SKUS for place, n in draw(safety_of).items()},
        {sku: draw(claims_of) for sku in SKUS},
        {KIT: tuple(components)},
        {sku: dict[int, Terms](draw(terms_of).items()) for sku in (*SKUS, KIT)},
        now=NOW,
    )
    return Scene(draw(networks()), facts)


def model_free(scene: Scene, sku: int, place: int, on: int) -> int:
    """What a channel may sell of what is free at a site."""
    who = scene.network.channels[on]
    if place not in who.site_ids or not scene.network.sites[place].fulfills:
        return 0
    return sum(
        row.quantity - row.allocated for row in scene.facts.rows[sku] if row.site_id == place and sells(scene, row, on)
    )


def sells(scene: Scene, row: StockRow, on: int) -> bool:
    """Whether a channel may sell a row: status, owner, and the days that it still keeps."""
    who, where = scene.network.channels[on], scene.network.sites[row.site_id]
    if not row.sellable or row.site_id not in who.site_ids or not where.fulfills:
        return False
    if "*" not in who.owners and row.owner not in who.owners:
        return False
    if row.expires_at is None or not who.min_shelf_life_days:
        return True
    zone = ZoneInfo(where.timezone)
    last_day = (row.expires_at - timedelta(microseconds=1)).astimezone(zone).date()
    return (last_day - NOW.astimezone(zone).date()).days >= who.min_shelf_life_days


class Model:
    """ATS of one SKU in one channel by the text of the design, where every channel may sell the same rows."""

    def __init__(self, scene: Scene, sku: int) -> None:
        self.scene, self.sku = scene, sku
        self.claims = scene.facts.claims[sku]

    def pool(self, on: int, place: int) -> int:
        """Free less safety stock, never below zero, nothing where others sell alone."""
        safety = self.scene.facts.safety.get((self.sku, place), 0)
        return max(0, model_free(self.scene, self.sku, place, on) - safety)

    def alone(self, on: int, place: int) -> bool:
        """Whether others sell alone at a site, and this channel does not."""
        holders = {one.channel_id for one in self.claims.exclusive if one.sites is None or place in one.sites}
        also = any(one.channel_id == on and (one.sites is None or place in one.sites) for one in self.claims.exclusive)
        return bool(holders - {on}) and not also

    def sites(self, on: int) -> list[int]:
        """The sites that serve a channel and ship."""
        return [place for place in self.scene.network.channels[on].site_ids if self.scene.network.sites[place].fulfills]

    def open(self, on: int) -> dict[int, int]:
        """The pool at each site that the channel may use."""
        return {place: self.pool(on, place) for place in self.sites(on) if not self.alone(on, place)}

    def kept(self, on: int) -> int:
        """All that is kept for a channel."""
        total = self.claims.asides.get(on, 0) + sum(one.units for one in self.claims.placed if one.channel_id == on)
        for one in self.claims.exclusive:
            if one.channel_id == on:
                total += sum(
                    self.pool(on, place) for place in self.sites(on) if one.sites is None or place in one.sites
                )
        return total

    def ats(self, on: int) -> int:
        """max(0, min(cap, floor(share x (net + own)) - own)), and no more than capped sites leave."""
        mine = self.open(on)
        left = sum(mine.values())
        for other, waits in self.claims.waiting.items():
            if other == on:
                left -= waits
            elif set(self.sites(on)) & set(self.open(other)):
                left -= max(0, waits - self.kept(other))
        asides = [(other, n, None) for other, n in self.claims.asides.items()]
        asides += [(one.channel_id, one.units, one.sites) for one in self.claims.placed]
        for other, n, where in asides:
            if other == on or not set(self.sites(on)) & set(self.sites(other)):
                continue
            theirs = {place: n for place, n in self.open(other).items() if where is None or place in where}
            if not any(place in self.sites(on) for place in theirs):
                continue
            left -= max(0, n - sum(there for place, there in theirs.items() if place not in mine))
        terms = self.scene.facts.terms[self.sku].get(on, Terms())
        figure = (left + terms.own) * terms.share // 100 - terms.own if terms.share != 100 else left
        for one in terms.placed:
            inside = sum(n for place, n in mine.items() if one.sites is None or place in one.sites)
            figure = min(figure, sum(mine.values()) - inside + min(inside, one.units))
        return max(0, figure if terms.cap is None else min(terms.cap, figure))


def plain(scene: Scene) -> Scene:
    """The same, where each channel may sell all that lies at its sites."""
    channels = {
        one: replace(facts, owners=("*",), min_shelf_life_days=0) for one, facts in scene.network.channels.items()
    }
    return Scene(replace(scene.network, channels=channels), scene.facts)


@SCENES
@given(scenes())
def test_ats_is_what_the_design_says(scene: Scene) -> None:
    scene = plain(scene)
    availability = Availability(scene.network, scene.facts)
    for sku in SKUS:
        model = Model(scene, sku)
        for on in CHANNELS:
            assert availability.ats(sku, on) == model.ats(on)


@SCENES
@given(scenes())
def test_only_rows_that_a_channel_may_sell_count(scene: Scene) -> None:
    availability = Availability(scene.network, replace(scene.facts, claims={}, terms={}))
    for sku in SKUS:
        for on in CHANNELS:
            free = {place: model_free(scene, sku, place, on) for place in SITES}
            assert availability.free(sku, on) == sum(free.values())
            safety = {place: scene.facts.safety.get((sku, place), 0) for place in SITES}
            assert availability.ats(sku, on) == sum(max(0, free[place] - safety[place]) for place in SITES)


@SCENES
@given(scenes())
def test_the_steps_add_up(scene: Scene) -> None:
    availability = Availability(scene.network, scene.facts)
    for sku in (*SKUS, KIT):
        for on in CHANNELS:
            steps = [availability.waterfall(sku, on), availability.shown_waterfall(sku, on, 3, 2)]
            for one in steps:
                running = 0
                for step in one:
                    running += step.quantity
                    assert step.running == running
                    assert not step.evidence or sum(part.quantity for part in step.evidence) == step.quantity
            assert steps[0][-1].running == availability.ats(sku, on) == steps[1][0].quantity
            assert steps[1][-1].running == 3 * availability.shown(sku, on, 3, 2)


def columns_of(scene: Scene, stocked: Any) -> list[Any]:
    """The sellable rows with something free as the database gives them."""
    rows = [
        (
            row.sku_id,
            row.site_id,
            OWNERS.index(row.owner) + 1,
            NEVER if row.expires_at is None else int(row.expires_at.timestamp()) * 1_000_000,
            row.quantity - row.allocated,
        )
        for sku in stocked.tolist()
        for row in scene.facts.rows[sku]
        if row.sellable and row.quantity > row.allocated
    ]
    return list(np.array(rows, np.int64).reshape(-1, 5).T)


def arrays(scene: Scene) -> tuple[Many, list[KitFacts]]:
    """The facts of a scene, an array for each figure."""
    stocked = np.array(SKUS, np.int64)
    reach = Reach(scene.network, NOW)

    def column(of: Mapping[int, Any], default: int = 0) -> Any:
        return np.array([of.get(sku, default) for sku in SKUS], np.int64)

    claims = scene.facts.claims
    every = Claims(
        {on: column({sku: claims[sku].asides.get(on, 0) for sku in SKUS}) for on in CHANNELS},
        {on: column({sku: claims[sku].waiting.get(on, 0) for sku in SKUS}) for on in CHANNELS},
        tuple(Kept(one.channel_id, column({sku: one.units}), one.sites) for sku in SKUS for one in claims[sku].placed),
        tuple(
            Kept(one.channel_id, column({sku: one.units}), one.sites) for sku in SKUS for one in claims[sku].exclusive
        ),
    )
    terms = {}
    for on in CHANNELS:
        of = {sku: scene.facts.terms[sku].get(on, Terms()) for sku in SKUS}
        caps = {sku: one.cap for sku, one in of.items() if one.cap is not None}
        terms[on] = Terms(
            column(caps, 2**40),
            column({sku: one.share for sku, one in of.items()}),
            column({sku: one.own if one.share != 100 else 0 for sku, one in of.items()}),
            column({sku: one.floor for sku, one in of.items()}),
            tuple(
                Kept(on, column({sku: kept.units}, 2**40), kept.sites) for sku, one in of.items() for kept in one.placed
            ),
        )
    safety = {place: column({sku: scene.facts.safety.get((sku, place), 0) for sku in SKUS}) for place in SITES}
    levels = levels_of(reach, OWNERS, stocked, columns_of(scene, stocked))
    kits = [replace(group, terms=scene.facts.terms[KIT]) for group in group_kits(stocked, dict(scene.facts.kits))]
    return Many(stocked, levels, safety, every, terms), kits


@SCENES
@given(scenes())
def test_arrays_say_what_whole_numbers_say(scene: Scene) -> None:
    availability = Availability(scene.network, scene.facts)
    many, kits = arrays(scene)
    wanted = np.array([*SKUS, KIT], np.int64)
    offers = offer_all(Reach(scene.network, NOW), many, kits, wanted)
    for on in CHANNELS:
        assert offers.ats(on).tolist() == [availability.ats(sku, on) for sku in wanted.tolist()]
        told = offers.shown(on, offers.places(wanted), 2, 1).tolist()
        assert told == [availability.shown(sku, on, 2, 1) for sku in wanted.tolist()]


def stock_of(scene: Scene) -> FreeStock:
    """What lock_supply gives for the facts of a scene."""
    claims = scene.facts.claims
    rows = {
        sku: [
            SupplyRow(
                row.stock_id,
                sku,
                row.site_id,
                row.quantity,
                row.allocated,
                0,
                row.owner,
                row.lot,
                row.expires_at,
                row.sellable,
            )
            for row in scene.facts.rows[sku]
            if row.sellable and row.quantity > row.allocated
        ]
        for sku in SKUS
    }
    supply = Supply(
        {sku: found for sku, found in rows.items() if found},
        {sku: dict(claims[sku].asides) for sku in SKUS},
        {sku: dict(claims[sku].waiting) for sku in SKUS},
        locked=frozenset(SKUS),
        bound=claims,
    )
    return FreeStock(supply, Reach(scene.network, NOW))


@SCENES
@given(scenes(), st.sampled_from(CHANNELS), st.sampled_from((*SKUS, KIT)), st.data())
def test_an_order_for_what_is_available_is_always_allocated(
    scene: Scene, on: int, sku: int, data: st.DataObject
) -> None:
    """Of a SKU or a kit, from rows that the channel may sell."""
    available = Availability(scene.network, scene.facts).ats(sku, on)
    if not available:
        return
    quantity = data.draw(st.integers(1, available))
    components = scene.facts.kits.get(sku, ((sku, 1),))
    stock = stock_of(scene)
    places = replace(scene.network, channels={on: replace(scene.network.channels[on], max_splits=9)})
    order = sourcing.SourcingRequest(1, on, "US", "", (sourcing.SourcingLine(1, quantity, components),))
    limits: Limits = stock.limits(on, [part for part, _ in components])
    choice = sourcing.decide(order, stock.free, places, Sourcing(), limits)
    assert not choice.missing
    rows = {row.stock_id: row for found in scene.facts.rows.values() for row in found}
    for _, place, kits in choice.assignments:
        for part, n in components:
            for grant in stock.take(1, 1, part, place, kits * n, on):
                assert sells(scene, rows[grant.stock_id], on)


@SCENES
@given(scenes(), st.sampled_from(CHANNELS), st.sampled_from(SKUS))
def test_what_expires_first_leaves_first(scene: Scene, on: int, sku: int) -> None:
    """Among rows that the channel may sell, where nobody else lays claim to them."""
    scene = Scene(scene.network, replace(scene.facts, claims=dict.fromkeys(SKUS, Claims()), terms={}))
    stock = stock_of(scene)
    rows = {row.stock_id: row for row in scene.facts.rows[sku]}
    for place in scene.network.channels[on].site_ids:
        may = stock.limits(on, [sku]).at.get((sku, place), stock.free.get((sku, place), 0))
        order: list[datetime] = []
        for _ in range(may):
            [grant] = stock.take(1, 1, sku, place, 1, on)
            order.append(rows[grant.stock_id].expires_at or datetime.max.replace(tzinfo=UTC))
        assert order == sorted(order)
