"""Rules of what channels are offered, of the configuration and of people: what holds, and what it counts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stocktower import inventory, model
from stocktower.exchange import ProductDocument
from stocktower.inventory import Rule, RuleRefused, Rules, StaleRules
from stocktower.inventory.formulas.terms import resolve
from stocktower.model import ChannelRule, Configuration
from stocktower.network import Group
from stocktower.platform import Transaction, take_due
from tests.inventory.places import simple
from tests.inventory.world import PRODUCTS, TEXT, World, broken

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PLACES = msgspec.structs.replace(
    simple({11: [1, 2], 12: [2, 3]}),
    groups={"COAST": Group("COAST", "", 1, frozenset({1, 2})), "BAY": Group("BAY", "", 2, frozenset({2}))},
)
GROUPS = """
[[groups]]
code = "COAST"

"""
WITH_GROUP = GROUPS + TEXT.replace('code = "EAST"\n', 'code = "EAST"\ngroup = "COAST"\n').replace(
    'code = "WEST"\n', 'code = "WEST"\ngroup = "COAST"\n'
)
ALL = [
    *PRODUCTS,
    ProductDocument("MUG", "Mug", category="kitchen"),
    ProductDocument("PAN", "Pan", category="kitchen"),
]


def rule_of(number: int, kind: str, quantity: int, **more: Any) -> Rule:
    """A rule of channel 11 that holds always and everywhere, unless said."""
    given: dict[str, Any] = {
        "rule_id": number, "scope": f"{kind}{number}", "kind": kind, "channel_id": 11, "sku_id": 0, "category": "",
        "site_id": 0, "site_group": "", "mode": "", "quantity": quantity, "days": 0, "over_days": 0, "starts_at": None,
        "ends_at": None, "counts_from": None, "by_person": False, "actor": "", "recorded_at": NOW,
    }  # fmt: skip
    return Rule(**(given | more))


def offered(rules: Sequence[Rule], **more: Any) -> Any:
    """What rules come to for SKU 7 of the kitchen."""
    general, of_sku = [one for one in rules if not one.sku_id], [one for one in rules if one.sku_id]
    return resolve(Rules(general, {7: of_sku}, {7: "kitchen"}, **more), 7, PLACES, NOW)


def test_the_most_specific_rule_holds() -> None:
    everything = rule_of(1, "cap", 100)
    category = rule_of(2, "cap", 50, category="kitchen")
    sku = rule_of(3, "cap", 10, sku_id=7)
    window = rule_of(4, "cap", 5, sku_id=7, ends_at=NOW + timedelta(days=1))
    person = rule_of(5, "cap", 4, sku_id=7, by_person=True)
    rules = [everything, category, sku]
    assert [offered(rules[:n]).terms[11].cap for n in (1, 2, 3)] == [100, 50, 10]
    assert offered([*rules, person]).terms[11].cap == 4
    assert offered([window, person, *rules]).terms[11].cap == 5
    assert offered([rule_of(6, "cap", 1, category="garden"), everything]).terms[11].cap == 100


def test_a_window_begins_at_its_instant_and_ends_before_it() -> None:
    assert offered([rule_of(1, "cap", 5, starts_at=NOW)]).terms[11].cap == 5
    assert offered([rule_of(1, "cap", 5, ends_at=NOW)]).terms == {}


def test_each_site_has_the_safety_stock_of_the_nearest_place() -> None:
    rules = [
        rule_of(1, "safety_stock", 1, channel_id=0),
        rule_of(2, "safety_stock", 2, channel_id=0, site_group="COAST"),
        rule_of(3, "safety_stock", 3, channel_id=0, site_group="BAY"),
        rule_of(4, "safety_stock", 4, channel_id=0, site_id=3),
        rule_of(5, "safety_stock", 9, channel_id=0, site_group="BAY", mode="days"),
    ]
    assert offered(rules[:4]).safety == {1: (2, 2), 2: (3, 3), 3: (4, 4), 4: (1, 1)}
    assert offered(rules, cover={(5, 7, 2): 30}).safety[2] == (30, 5)
    assert offered(rules, cover={(5, 7, 2): 6}).safety[2] == (9, 5)


RULES = st.lists(
    st.builds(
        dict,
        kind=st.sampled_from(["set_aside", "share", "cap", "floor", "exclusive", "safety_stock"]),
        channel=st.sampled_from(["web", "b2b"]),
        what=st.sampled_from(["", "sku:CUP", "sku:ROPE", "sku:MUG", "category:kitchen", "sku:SET"]),
        where=st.sampled_from(["", "", "site:EAST", "site:WEST", "group:COAST"]),
        mode=st.sampled_from(["", "level", "quota", "days"]),
        units=st.integers(0, 12),
        window=st.sampled_from([(None, None), (-1, 1), (1, 2), (-2, None)]),
    ),
    max_size=6,
)


def stated(drawn: dict[str, Any]) -> ChannelRule:
    """A rule that makes sense."""
    what, where = drawn["what"].partition(":"), drawn["where"].partition(":")
    kind, mode = drawn["kind"], drawn["mode"]
    allowed = {"set_aside": ("level", "quota"), "safety_stock": ("days",)}.get(kind, ())
    mode = mode if mode in allowed else ""
    placed = kind in ("cap", "exclusive", "safety_stock") or (kind == "set_aside" and mode != "quota")
    start, end = (None if days is None else NOW + timedelta(days=days) for days in drawn["window"])
    return ChannelRule(
        kind,
        "" if kind == "safety_stock" else drawn["channel"],
        what[2] if what[0] == "sku" else "",
        what[2] if what[0] == "category" else "",
        where[2] if placed and where[0] == "site" else "",
        where[2] if placed and where[0] == "group" else "",
        mode,
        None if kind == "share" else min(1, drawn["units"]) if kind == "exclusive" else drawn["units"],
        drawn["units"] * 8 if kind == "share" else 100,
        3 if mode == "days" else 0,
        starts_at=start,
        ends_at=end,
    )


@pytest.fixture
def world(tx: Transaction) -> World:
    """The merchant with a group of sites and SKUs of one category."""
    return World(tx, WITH_GROUP, ALL)


def configuration(tx: Transaction) -> Configuration:
    """What is applied."""
    return model.load_applied(tx).configuration


def set_rules(tx: Transaction, world: World, rules: Sequence[ChannelRule]) -> list[int]:
    """Set rules one after the other."""
    return [inventory.set_rule(tx, configuration(tx), world.network, one, None).rule_ids[0] for one in rules]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.data())
def test_arrays_and_pages_read_the_same_rules(worker_rules: tuple[Transaction, World], data: st.DataObject) -> None:
    tx, world = worker_rules
    rules = {model.rule_scope(one): one for one in map(stated, data.draw(RULES))}
    kits = {"share", "set_aside", "exclusive", "safety_stock"}
    with tx.connection.transaction(force_rollback=True):
        set_rules(tx, world, [one for one in rules.values() if not (one.sku == "SET" and one.kind in kits)])
        inventory.measure_cover(tx, take_due(tx, inventory.COVER, 100))
        one = inventory.load_availability(tx, world.sku.values(), world.network)
        offers = inventory.load_offers(tx, world.sku.values(), world.network)
        for channel_id in world.channel.values():
            places = offers.sku_ids.tolist()
            assert offers.ats(channel_id).tolist() == [one.ats(sku, channel_id) for sku in places]
            told = offers.shown(channel_id, offers.places(places), 2, 1).tolist()
            assert told == [one.shown(sku, channel_id, 2, 1) for sku in places]
            for sku in places:
                assert one.waterfall(sku, channel_id)[-1].running == one.ats(sku, channel_id)
        assert broken(tx) == []


@pytest.fixture
def worker_rules(tx: Transaction, world: World) -> tuple[Transaction, World]:
    """Stock, orders that ship and orders that wait."""
    world.count(tx, "EAST", {"CUP": 30, "LID": 40, "ROPE": 12, "MUG": 9, "PAN": 3})
    world.count(tx, "WEST", {"CUP": 12, "LID": 5, "MUG": 4})
    world.order(tx, 1, "CUP", 5)
    world.order(tx, 2, "CUP", 3, channel="b2b")
    world.order(tx, 3, "MUG", 14)
    world.order(tx, 4, "ROPE", 4, channel="b2b")
    world.ship(tx, 1, "CUP", 5)
    return tx, world


def test_a_quota_is_used_up_by_its_orders_whether_shipped_or_given_back(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 100})
    world.order(tx, 1, "CUP", 7, channel="b2b", placed_at=tx.now - timedelta(days=3))
    world.order(tx, 2, "CUP", 6, channel="b2b", placed_at=tx.now - timedelta(hours=1))
    cup, web = world.sku["CUP"], world.channel["web"]
    starts = tx.now - timedelta(days=1)
    set_rules(tx, world, [ChannelRule("set_aside", "b2b", "CUP", mode="quota", quantity=40, starts_at=starts)])

    def available() -> int:
        return inventory.load_availability(tx, [cup], world.network).ats(cup, web)

    # 87 are free; of 40 set aside, 6 are used: what was placed before the quota began does not count.
    assert available() == 87 - 34
    world.order(tx, 3, "CUP", 10, channel="b2b")
    assert available() == 77 - 24
    world.ship(tx, 3, "CUP", 10)
    assert available() == 77 - 24
    world.order(tx, 4, "CUP", 20)
    assert available() == 57 - 24
    assert broken(tx) == []
    # Another figure of the same quota goes on counting from the same begin.
    set_rules(tx, world, [ChannelRule("set_aside", "b2b", "CUP", mode="quota", quantity=20, starts_at=starts)])
    assert available() == 57 - 4
    assert broken(tx) == []


def test_a_share_counts_what_its_channel_used(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 40})
    cup, web = world.sku["CUP"], world.channel["web"]
    set_rules(tx, world, [ChannelRule("share", "web", "CUP", percent=25)])
    steps = []
    for number, units in enumerate((4, 3, 3), start=1):
        steps.append(inventory.load_availability(tx, [cup], world.network).ats(cup, web))
        world.order(tx, number, "CUP", units)
    availability = inventory.load_availability(tx, [cup], world.network)
    assert [*steps, availability.ats(cup, web)] == [10, 6, 3, 0]
    assert [(step.key, step.quantity) for step in availability.waterfall(cup, web)][-3:] == [
        ("share", -20), ("own", -10), ("ats", 0)
    ]  # fmt: skip
    assert broken(tx) == []


def test_exclusive_means_that_others_sell_nothing_and_take_nothing(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 10})
    world.count(tx, "WEST", {"CUP": 5})
    cup = world.sku["CUP"]
    set_rules(tx, world, [ChannelRule("exclusive", "b2b", "CUP", site="EAST")])
    one = inventory.load_availability(tx, [cup], world.network)
    assert [one.ats(cup, world.channel[code]) for code in ("web", "b2b")] == [5, 10]
    stock = inventory.FreeStock(inventory.lock_supply(tx, [cup]), world.reach)
    limits = stock.limits(world.channel["web"], [cup])
    assert (limits.units, limits.at[cup, world.site["EAST"]]) == ({cup: 5}, 0)


def test_a_window_turns_by_itself(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 10})
    cup, web = world.sku["CUP"], world.channel["web"]
    begin, end = tx.now + timedelta(hours=1), tx.now + timedelta(hours=2)
    [rule_id] = set_rules(tx, world, [ChannelRule("cap", "web", "CUP", quantity=3, starts_at=begin, ends_at=end)])
    seen = []
    for at in (tx.now, begin, end):
        tx.now = at
        due = take_due(tx, inventory.WINDOW, 10)
        changed = inventory.turn_rules(tx, due)
        seen.append((due, changed, inventory.load_availability(tx, [cup], world.network).ats(cup, web)))
    assert seen == [([], set(), 10), ([rule_id], {cup}, 3), ([rule_id], {cup}, 10)]
    assert not inventory.load_rules(tx, [cup]).by_sku
    assert inventory.load_rules(tx, [cup], at=begin).by_sku[cup][0].rule_id == rule_id


def test_days_of_cover_follow_what_ships(tx: Transaction, world: World) -> None:
    world.count(tx, "EAST", {"CUP": 100})
    world.order(tx, 1, "CUP", 14)
    world.ship(tx, 1, "CUP", 14, at=tx.now - timedelta(days=2))
    cup, web = world.sku["CUP"], world.channel["web"]
    rule = ChannelRule("safety_stock", sku="CUP", mode="days", days=3, over_days=7, quantity=2)
    [rule_id] = set_rules(tx, world, [rule])
    assert take_due(tx, inventory.COVER, 10) == [rule_id]
    assert inventory.measure_cover(tx, [rule_id]) == {cup}
    # 14 in 7 days: 2 a day, 6 for three days at EAST; 2 at least.
    assert inventory.load_availability(tx, [cup], world.network).ats(cup, web) == 86 - 6
    tx.now += timedelta(days=30)
    assert inventory.measure_cover(tx, take_due(tx, inventory.COVER, 10)) == {cup}
    assert inventory.load_availability(tx, [cup], world.network).ats(cup, web) == 86 - 2
    assert broken(tx) == []


def test_a_change_is_made_on_the_version_that_it_was_based_on(tx: Transaction, world: World) -> None:
    cap = ChannelRule("cap", "web", "CUP", quantity=3)
    made = inventory.set_rule(tx, configuration(tx), world.network, cap, None)
    with pytest.raises(StaleRules, match="--base"):
        inventory.set_rule(tx, configuration(tx), world.network, cap, made.version - 1)
    ended = inventory.end_rule(tx, made.rule_ids[0], made.version)
    assert ended.ended_ids == made.rule_ids
    with pytest.raises(RuleRefused, match="is meant now"):
        inventory.end_rule(tx, made.rule_ids[0], None)


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (ChannelRule("cap", "shop", quantity=1), "channel"),
        (ChannelRule("cap", "web"), "quantity"),
        (ChannelRule("cap", "web", "CUP", "kitchen", quantity=1), "category"),
        (ChannelRule("cap", "web", group="MOON", quantity=1), "group"),
        (ChannelRule("share", "web", site="EAST", percent=5), "site"),
        (ChannelRule("share", "web", percent=101), "percent"),
        (ChannelRule("set_aside", "web", "SET", quantity=1), "sku"),
        (ChannelRule("cap", "web", "NONE", quantity=1), "sku"),
        (ChannelRule("safety_stock", mode="days"), "days"),
        (ChannelRule("cap", "web", quantity=1, ends_at=NOW - timedelta(days=1)), "ends_at"),
    ],
)
def test_what_cannot_be_meant_names_the_field(tx: Transaction, world: World, rule: ChannelRule, field: str) -> None:
    with pytest.raises(RuleRefused) as refused:
        inventory.set_rule(tx, configuration(tx), world.network, rule, None)
    assert refused.value.field == field
    assert refused.value.fix


def test_the_configuration_replaces_its_own_rules_and_no_persons(tx: Transaction, world: World) -> None:
    set_rules(tx, world, [ChannelRule("cap", "web", "CUP", quantity=3)])
    text = WITH_GROUP + '[[channel_rules]]\nkind = "floor"\nchannel = "web"\ncategory = "kitchen"\nquantity = 4\n'
    text = text.replace('[[set_asides]]\nchannel = "b2b"\nsku = "ROPE"\nquantity = 5\n', "")
    outcome = model.apply_configuration(tx, text, base_version=None, author="tester", file="stocktower.toml")
    inventory.apply_rules(tx, outcome.configuration, world.network, world.sku)
    meant = inventory.load_rules(tx, world.sku.values())
    found = sorted((one.kind, one.quantity, one.by_person) for of in meant.by_sku.values() for one in of)
    assert found == [("cap", 3, True), ("safety_stock", 2, False)]
    assert [(one.kind, one.category, one.quantity) for one in meant.general] == [("floor", "kitchen", 4)]
    before = inventory.load_rules(tx, [0])
    inventory.apply_rules(tx, outcome.configuration, world.network, world.sku)
    assert inventory.load_rules(tx, [0]).general == before.general
    assert broken(tx) == []
