"""What a batch of stated products makes of the catalogue."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stocktower.catalog import CatalogFacts, ProductOutcome, Sku, SupplyTerms, decide_products, find_cycle
from stocktower.catalog.rules import name_of_key
from stocktower.exchange import ProductDocument

EMPTY = CatalogFacts(skus={}, components={}, units={}, channels={"shop": 7})


def sku(code: str, sku_id: int, kind: str = "stocked", **fields: Any) -> Sku:
    """A SKU that is there."""
    plain = {
        "name": code, "stock_unit": "each", "barcode": "", "category": "", "weight_grams": None, "cost_minor": None,
        "price_minor": None, "currency": "", "backorder": False, "active": True,
    }  # fmt: skip
    return Sku(sku_id=sku_id, code=code, kind=kind, **{**plain, **fields})


KNOWN = CatalogFacts(
    skus={"CUP": sku("CUP", 1, cost_minor=250), "LID": sku("LID", 2), "SET": sku("SET", 3, "kit")},
    components={3: {1: 1, 2: 1}},
    units={1: {"case": 12}},
    channels={"shop": 7},
)


def test_a_new_kit_and_its_components_come_in_any_order() -> None:
    kit = ProductDocument("SET", "Set", components=(("CUP", 1), ("LID", 2), ("CUP", 1)), units=(("box", 6),))
    plan = decide_products([kit, ProductDocument("CUP", "Cup"), ProductDocument("LID", "Lid")], EMPTY)
    assert [result.outcome for result in plan.results] == [ProductOutcome.NEW] * 3
    assert plan.components == {"SET": {"CUP": 2, "LID": 2}}
    assert {one.code: one.kind for one in plan.new} == {"SET": "kit", "CUP": "stocked", "LID": "stocked"}
    assert plan.units == [("SET", "box", 6)]


def test_what_is_left_out_stays() -> None:
    plan = decide_products([ProductDocument("CUP", "CUP"), ProductDocument("SET", "")], KNOWN)
    assert [result.outcome for result in plan.results] == [ProductOutcome.REPEATED] * 2
    assert [plan.new, plan.changed, plan.components, plan.units] == [[], [], {}, []]


def test_how_it_is_ordered_is_kept_column_by_column() -> None:
    facts = replace(KNOWN, supply={1: SupplyTerms("Clay", 12, None, 9)})
    stated = ProductDocument("CUP", "CUP", order_multiple=6, lead_time_days=0)
    plan = decide_products([stated, ProductDocument("LID", "LID", supplier="Clay")], facts)
    assert plan.supply == {"CUP": SupplyTerms("Clay", 12, 6, 0), "LID": SupplyTerms("Clay")}
    assert plan.fields == {"CUP": ["supply"], "LID": ["supply"]}
    again = decide_products([ProductDocument("CUP", "CUP", supplier="Clay", moq=12)], facts)
    assert (again.results[0].outcome, again.supply) == (ProductOutcome.REPEATED, {})


def test_changes_are_named() -> None:
    stated = [
        ProductDocument("CUP", "Mug", cost_minor=300, units=(("case", 12), ("pallet", 480))),
        ProductDocument("SET", "SET", components=(("CUP", 2), ("LID", 1))),
    ]
    plan = decide_products(stated, KNOWN)
    assert [result.outcome for result in plan.results] == [ProductOutcome.CHANGED] * 2
    assert plan.fields == {"CUP": ["name", "cost_minor", "units"], "SET": ["components"]}
    assert plan.units == [("CUP", "pallet", 480)]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (ProductDocument(" ", "x"), "has no SKU"),
        (ProductDocument("NEW", "x", cost_minor=-1), "cost of NEW is negative"),
        (ProductDocument("NEW", "x", currency="DOLLAR"), "DOLLAR"),
        (ProductDocument("CUP", "x", stock_unit="gram"), "stocked by each"),
        (ProductDocument("CUP", "x", components=(("LID", 1),)), "cannot become a kit"),
        (ProductDocument("CUP", "x", units=(("case", 10),)), "is 12 each and cannot become 10"),
        (ProductDocument("NEW", "x", units=(("case", 10), ("case", 12))), "is 10 each and cannot become 12"),
        (ProductDocument("NEW", "x", units=(("each", 2),)), "is 1 each and cannot become 2"),
        (ProductDocument("NEW", "x", units=(("case", 0),)), "above zero"),
        (ProductDocument("NEW", "x", listings=(("till", "A", 1),)), "channel till, which is not known (shop)"),
        (ProductDocument("NEW", "x", listings=(("shop", "A", 0),)), "packs of 0"),
        (ProductDocument("NEW", "x", components=(("GHOST", 1),)), "component GHOST of kit NEW is not known"),
        (ProductDocument("NEW", "x", components=(("NEW", 1),)), "would hold itself: NEW > NEW"),
        (ProductDocument("NEW", "x", components=(("CUP", 0),)), "holds 0 of CUP"),
        (ProductDocument("NEW", "x", moq=0), "moq of NEW is 0; state a whole number from 1"),
        (ProductDocument("NEW", "x", lead_time_days=-1), "lead_time_days of NEW is -1"),
        (ProductDocument("SET", "x", supplier="Clay"), "SET is a kit and is not ordered"),
    ],
)
def test_refusals_say_why(document: ProductDocument, problem: str) -> None:
    plan = decide_products([document, ProductDocument("FINE", "Fine")], KNOWN)
    refused, fine = plan.results
    assert refused.outcome == ProductOutcome.REFUSED
    assert problem in refused.problem
    assert (fine.outcome, fine.problem) == (ProductOutcome.NEW, "")
    assert [one.code for one in plan.new] == ["FINE"]


def test_a_kit_waits_for_no_refused_component() -> None:
    stated = [ProductDocument("KIT", "Kit", components=(("BAD", 1),)), ProductDocument("BAD", "Bad", cost_minor=-1)]
    plan = decide_products(stated, EMPTY)
    assert [result.outcome for result in plan.results] == [ProductOutcome.REFUSED] * 2
    assert not plan.new


def test_one_listing_stands_for_one_sku() -> None:
    stated = [ProductDocument(code, code, listings=(("shop", "KEY", 1),)) for code in ("A", "B")]
    results = decide_products(stated, EMPTY).results
    assert results[0].outcome == ProductOutcome.NEW
    assert "claimed by A and by B" in results[1].problem


def test_of_two_documents_on_one_sku_the_later_counts() -> None:
    plan = decide_products([ProductDocument("A", "old"), ProductDocument("A", "new")], EMPTY)
    assert [one.name for one in plan.new] == ["new"]
    assert [result.outcome for result in plan.results] == [ProductOutcome.NEW] * 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ABCD"), st.lists(st.tuples(st.sampled_from("ABCDX"), st.integers(-1, 3)), max_size=3)
        ),
        max_size=6,
    )
)
def test_kits_never_hold_themselves_nor_what_is_not_there(stated: list[tuple[str, list[tuple[str, int]]]]) -> None:
    plan = decide_products([ProductDocument(code, code, components=tuple(parts)) for code, parts in stated], EMPTY)
    kinds = {one.code: one.kind for one in plan.new}
    assert len(kinds) == len(plan.new)
    assert set(plan.components) == {code for code, kind in kinds.items() if kind == "kit"}
    for kit, parts in plan.components.items():
        assert parts
        assert find_cycle(kit, plan.components) == []
        assert all(code in kinds and quantity > 0 for code, quantity in parts.items())


@pytest.mark.parametrize(
    ("key", "name", "expected"),
    [
        ("name:Blue cup", "", "Blue cup"),
        ("name:", "Blue cup", "Blue cup"),
        ("CUP-2PK", "Blue cup", ""),
        ("", "Blue cup", ""),
    ],
)
def test_a_name_counts_only_where_there_is_no_sku(key: str, name: str, expected: str) -> None:
    assert name_of_key(key, name) == expected
