"""Kits of kits come down to stocked SKUs exactly; what would hold itself is refused with the way; assembled SKUs."""

import threading
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower.catalog import (
    ProductOutcome,
    ProductResult,
    expand,
    find_cycle,
    find_skus,
    load_kits_of,
    load_listing_versions,
    load_materials,
    load_resolved,
    map_listing,
    resolve_listings,
    take_products,
)
from stocktower.exchange import ProductDocument
from stocktower.network import store as network_store
from stocktower.platform import Database, Transaction, load_events_after, load_invariants


def broken(tx: Transaction) -> list[str]:
    """The invariants of the catalogue that do not hold."""
    return [one.name for one in load_invariants("stocktower.catalog") if tx.tuples(one.query)]


def product(code: str, *components: tuple[str, int], materials: tuple[tuple[str, int], ...] = ()) -> ProductDocument:
    """A product that holds others."""
    return ProductDocument(code, code, components=components, materials=materials)


def problems(results: Iterable[ProductResult]) -> dict[str, str]:
    """Why products were refused."""
    return {result.sku: result.problem for result in results if result.outcome == ProductOutcome.REFUSED}


SHOP = (
    product("CRATE", ("SIX", 2), ("LID", 1)),
    product("SIX", ("CUP", 6), ("SET", 1)),
    product("SET", ("CUP", 1), ("LID", 2)),
    product("CUP"),
    product("LID"),
)


@st.composite
def graphs(draw: st.DrawFn) -> dict[int, dict[int, int]]:
    """Kits 1..n, each of kits and SKUs with smaller numbers; 0, -1 and -2 are stocked."""
    count = draw(st.integers(1, 7))
    return {
        kit: draw(st.dictionaries(st.integers(-2, kit - 1), st.integers(1, 4), min_size=1, max_size=4))
        for kit in range(1, count + 1)
    }


@given(graphs())
def test_a_kit_comes_down_to_what_one_gets_by_unpacking_it(kits: dict[int, dict[int, int]]) -> None:
    top = max(kits)
    boxes, loose = {top: 1}, dict[int, int]()
    while boxes:
        kit, number = boxes.popitem()
        for inner, units in kits[kit].items():
            target = boxes if inner in kits else loose
            target[inner] = target.get(inner, 0) + number * units
    assert expand([top], kits) == {top: loose}


@given(graphs(), st.data())
def test_a_way_back_to_itself_is_found_wherever_there_is_one(
    kits: dict[int, dict[int, int]], data: st.DataObject
) -> None:
    low, high = data.draw(st.integers(1, max(kits))), data.draw(st.integers(1, max(kits)))
    holds = {str(kit): {str(inner): units for inner, units in inside.items()} for kit, inside in kits.items()}
    assert not any(find_cycle(kit, holds) for kit in holds)
    holds[str(low)] = {**holds[str(low)], str(high): 1}
    for kit in holds:
        path = find_cycle(kit, holds)
        if path:
            assert path[0] == path[-1] == kit
            assert all(after in holds[before] for before, after in pairwise(path))
    reached, seen = [str(high)], set[str]()
    while reached:
        at = reached.pop()
        if at not in seen:
            seen.add(at)
            reached += holds.get(at, {})
    assert bool(find_cycle(str(low), holds)) == (str(low) in seen)


def test_nested_kits_resolve_to_what_is_stocked_also_in_packs(tx: Transaction) -> None:
    network_store.insert_channels(tx, ["shop"])
    ((_, _, channel_id),) = network_store.ask_ids(tx).get()
    assert problems(take_products(tx, SHOP)) == {}
    sku = {code: one.sku_id for code, one in find_skus(tx, [one.sku for one in SHOP]).items()}
    # A crate: 2 x (6 cups + a set of a cup and 2 lids) + a lid.
    assert dict(load_resolved(tx, [sku["CRATE"]])[sku["CRATE"]].components) == {sku["CUP"]: 14, sku["LID"]: 5}
    assert {code: sorted(load_kits_of(tx, [sku[code]])[sku[code]]) for code in ("CUP", "LID")} == {
        "CUP": sorted([sku["CRATE"], sku["SIX"], sku["SET"]]), "LID": sorted([sku["CRATE"], sku["SIX"], sku["SET"]]),
    }  # fmt: skip
    map_listing(tx, channel_id, "PALLET", sku["CRATE"], 10, "tester")
    found = resolve_listings(tx, [(channel_id, "PALLET", "")])[channel_id, "PALLET"]
    assert (found.pack_quantity, dict(found.components)) == (10, {sku["CUP"]: 14, sku["LID"]: 5})
    assert broken(tx) == []


def test_a_change_deep_in_a_kit_reaches_the_kits_above_and_says_so(tx: Transaction) -> None:
    take_products(tx, SHOP)
    sku = {code: one.sku_id for code, one in find_skus(tx, [one.sku for one in SHOP]).items()}
    tx.write_events()
    before = len(load_events_after(tx, 0, 100)[0])
    take_products(tx, [product("SET", ("CUP", 2), ("LID", 2))])
    assert dict(load_resolved(tx, [sku["CRATE"]])[sku["CRATE"]].components) == {sku["CUP"]: 16, sku["LID"]: 5}
    tx.write_events()
    told = load_events_after(tx, 0, 100)[0][before:]
    assert {(one.kind, one.subject_id) for one in told} == {
        ("sku.changed", sku["SET"]), ("sku.changed", sku["SIX"]), ("sku.changed", sku["CRATE"]),
    }  # fmt: skip
    assert broken(tx) == []


@pytest.mark.parametrize(
    ("stated", "refused"),
    [
        ([product("SET", ("CRATE", 1))], {"SET": "SET > CRATE > SIX > SET"}),
        ([product("SIX", ("SIX", 1))], {"SIX": "SIX > SIX"}),
        ([product("A", ("B", 1)), product("B", ("A", 1)), product("C", ("A", 1))],
         {"A": "A > B > A", "B": "B > A > B", "C": "component A of kit C is not known"}),
        ([product("BIG", ("SIX", 999_999_999))], {"BIG": "state smaller quantities"}),
        ([product("TEA", materials=(("SET", 1),))], {"TEA": "SET of TEA is a kit"}),
        ([product("TEA", materials=(("POT", 1),)), product("POT", materials=(("TEA", 2),))],
         {"TEA": "TEA > POT > TEA", "POT": "POT > TEA > POT"}),
        ([product("TEA", ("CUP", 1), materials=(("LID", 1),))], {"TEA": "state one of the two"}),
        ([product("SET", materials=(("LID", 1),))], {"SET": "cannot be assembled"}),
        ([product("TEA", materials=(("GONE", 1),))], {"TEA": "material GONE of assembled SKU TEA is not known"}),
        ([product("TEA", materials=(("LID", 0),))], {"TEA": "above zero"}),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_with_the_way(
    tx: Transaction, stated: list[ProductDocument], refused: dict[str, str]
) -> None:
    take_products(tx, SHOP)
    found = problems(take_products(tx, stated))
    assert found.keys() == refused.keys()
    for code, words in refused.items():
        assert words in found[code]
    assert broken(tx) == []


def test_an_assembled_sku_is_stocked_and_made_of_others(tx: Transaction) -> None:
    take_products(tx, [*SHOP, product("LAMP", materials=(("CUP", 1), ("LID", 3))), product("PLAIN")])
    take_products(tx, [product("PLAIN", materials=(("LAMP", 2), ("LID", 1), ("LID", 1)))])
    sku = find_skus(tx, ["LAMP", "PLAIN", "CUP", "LID"])
    assert [sku[code].kind for code in ("LAMP", "PLAIN", "CUP")] == ["assembled", "assembled", "stocked"]
    ids = {code: one.sku_id for code, one in sku.items()}
    made = load_materials(tx, ids.values())
    assert {ids["LAMP"]: dict(made[ids["LAMP"]]), ids["PLAIN"]: dict(made[ids["PLAIN"]])} == {
        ids["LAMP"]: {ids["CUP"]: 1, ids["LID"]: 3}, ids["PLAIN"]: {ids["LAMP"]: 2, ids["LID"]: 2},
    }  # fmt: skip
    assert load_resolved(tx, [ids["LAMP"]])[ids["LAMP"]].components == ((ids["LAMP"], 1),)
    assert broken(tx) == []


def test_how_a_sku_is_tracked_is_frozen_once_it_has_stock(tx: Transaction) -> None:
    take_products(tx, [*SHOP, ProductDocument("PHONE", "Phone", tracking="serial")])
    sku = find_skus(tx, ["CUP", "LID", "PHONE"])
    assert [sku[code].tracking for code in ("CUP", "PHONE")] == ["none", "serial"]
    stated = [ProductDocument(code, code, tracking="lot") for code in ("CUP", "LID", "SET", "PHONE")]
    found = problems(take_products(tx, stated, in_use=lambda _: {sku["CUP"].sku_id, sku["PHONE"].sku_id}))
    assert found == {
        "CUP": "CUP is tracked by none and has stock; it cannot change to lot: make a new SKU for it",
        "PHONE": "PHONE is tracked by serial and has stock; it cannot change to lot: make a new SKU for it",
        "SET": "SET is a kit and holds no stock; state the tracking of its components",
    }
    assert {one.code: one.tracking for one in find_skus(tx, ["CUP", "LID", "PHONE"]).values()} == {
        "CUP": "none", "LID": "lot", "PHONE": "serial",
    }  # fmt: skip


def test_a_listing_keeps_every_meaning_that_it_had(tx: Transaction) -> None:
    network_store.insert_channels(tx, ["shop"])
    ((_, _, channel_id),) = network_store.ask_ids(tx).get()
    take_products(tx, SHOP)
    sku = find_skus(tx, ["CUP"])["CUP"].sku_id
    assert map_listing(tx, channel_id, "CUPS", sku, 6, "ann")
    assert not map_listing(tx, channel_id, "CUPS", sku, 6, "bob")
    assert map_listing(tx, channel_id, "CUPS", sku, 12, "bob")
    versions = load_listing_versions(tx, channel_id, "CUPS")
    assert [(one.version, one.pack_quantity, one.mapped_by) for one in versions] == [(1, 6, "ann"), (2, 12, "bob")]
    assert broken(tx) == []


def test_two_who_would_close_a_circle_together_do_not(database: Database) -> None:
    merchant_id = database.ensure_merchant("kits")
    with database.transaction(merchant_id, actor="tester") as tx:
        take_products(tx, [*SHOP, product("A", ("B", 1)), product("B", ("CUP", 1)), product("C", ("D", 1)),
                           product("D", ("CUP", 1))])  # fmt: skip
    barrier = threading.Barrier(2)
    refused: list[dict[str, str]] = []

    def state(document: ProductDocument) -> None:
        barrier.wait()
        for _ in range(20):
            try:
                with database.transaction(merchant_id, actor="tester") as tx:
                    found = problems(take_products(tx, [document]))
            except Exception as error:
                if type(error).__name__ != "DeadlockDetected":
                    raise
            else:
                refused.append(found)
                return

    threads = [threading.Thread(target=state, args=(one,)) for one in (product("B", ("C", 1)), product("D", ("A", 1)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(one) for one in refused) == [0, 1]
    with database.reading(merchant_id) as tx:
        assert broken(tx) == []


def test_two_kits_of_one_outer_kit_change_at_once(database: Database) -> None:
    merchant_id = database.ensure_merchant("inside")
    with database.transaction(merchant_id, actor="tester") as tx:
        kits = [product("A", ("LID", 1)), product("B", ("CUP", 1)), product("OUTER", ("A", 1), ("B", 1))]
        take_products(tx, [*SHOP, *kits])

    def state() -> None:
        with database.transaction(merchant_id, actor="tester") as tx:
            take_products(tx, [product("B", ("CUP", 3))])

    other = threading.Thread(target=state)
    with database.transaction(merchant_id, actor="tester") as tx:
        take_products(tx, [product("A", ("LID", 2))])
        other.start()
        other.join(timeout=0.5)
        assert other.is_alive()
    other.join()
    with database.reading(merchant_id) as tx:
        assert broken(tx) == []
        outer = find_skus(tx, ["OUTER"])["OUTER"].sku_id
        assert sorted(units for _, units in load_resolved(tx, [outer])[outer].components) == [2, 3]
