"""What a batch of stated listings makes of what is known, without a database."""

from hypothesis import given
from hypothesis import strategies as st

from stocktower.catalog import Listing, ListingOutcome, Sku
from stocktower.catalog.listing_rules import ListingFacts, StatedListing, decide_listings
from stocktower.exchange import ListingDocument

SHOP = 7


def sku(code: str, sku_id: int, barcode: str = "") -> Sku:
    """A SKU that is there."""
    return Sku(sku_id, code, code, "stocked", "each", barcode, "", None, None, None, "", False, True)


CUP, LID, TWIN = sku("CUP", 1, "111"), sku("LID", 2, "222"), sku("TWIN", 3, "222")
FACTS = ListingFacts(
    skus={"CUP": CUP, "LID": LID, "TWIN": TWIN},
    by_id={1: CUP},
    by_barcode={"111": [CUP], "222": [LID, TWIN]},
    mapped={(SHOP, "K"): Listing(SHOP, "K", 1, 6, "ann")},
    stated={(SHOP, "K"): StatedListing(SHOP, "K", "", "999", None, "A cup", 500, "USD", "active")},
)


def decide(*documents: ListingDocument) -> tuple[list[ListingOutcome], dict[tuple[int, str], tuple[int, int]]]:
    """(outcomes, mappings)"""
    plan = decide_listings([(SHOP, one) for one in documents], FACTS)
    return [one.outcome for one in plan.results], plan.mappings


def test_the_sku_that_is_named_counts_then_the_barcode_then_the_code() -> None:
    outcomes, mappings = decide(
        ListingDocument("A", sku="LID", barcode="111", pack_quantity=3),
        ListingDocument("B", barcode="111"),
        ListingDocument("CUP"),
        ListingDocument("C", barcode="222"),
        ListingDocument("D", barcode="333"),
        ListingDocument("E", sku="GONE"),
    )
    assert outcomes == [*["mapped"] * 3, *["unmapped"] * 3]
    assert mappings == {(SHOP, "A"): (2, 3), (SHOP, "B"): (1, 1), (SHOP, "CUP"): (1, 1)}


def test_what_is_mapped_stays_where_nothing_else_is_named() -> None:
    assert decide(ListingDocument("K", barcode="222", title="New")) == ([ListingOutcome.KNOWN], {})
    assert decide(ListingDocument("K", pack_quantity=12)) == ([ListingOutcome.MAPPED], {(SHOP, "K"): (1, 12)})
    assert decide(ListingDocument("K", sku="LID")) == ([ListingOutcome.MAPPED], {(SHOP, "K"): (2, 6)})
    plan = decide_listings([(SHOP, ListingDocument("K", sku="GONE"))], FACTS)
    assert (plan.results[0].outcome, plan.stated) == (ListingOutcome.REFUSED, {})
    assert "our SKU GONE is not known" in plan.results[0].problem


def test_what_is_left_out_stays() -> None:
    plan = decide_listings([(SHOP, ListingDocument("K", status="inactive"))], FACTS)
    assert plan.stated[SHOP, "K"] == StatedListing(SHOP, "K", "", "999", None, "A cup", 500, "USD", "inactive")


def test_what_cannot_be_meant_names_its_field() -> None:
    broken = (
        ListingDocument(" "), ListingDocument("X", pack_quantity=0), ListingDocument("X", price_minor=-1),
        ListingDocument("X", status="gone"),
    )  # fmt: skip
    problems = [one.problem for one in decide_listings([(SHOP, one) for one in broken], FACTS).results]
    assert [one.partition(":")[0] for one in problems] == ["listing", "pack_quantity", "price", "status"]


documents = st.builds(
    ListingDocument,
    st.sampled_from(["A", "B", "K", "CUP"]),
    sku=st.sampled_from(["", "CUP", "LID"]),
    barcode=st.sampled_from(["", "111", "222"]),
    pack_quantity=st.none() | st.integers(1, 3),
)


@given(st.lists(documents, max_size=6))
def test_a_batch_is_what_its_statements_are_one_after_another(batch: list[ListingDocument]) -> None:
    plan = decide_listings([(SHOP, one) for one in batch], FACTS)
    stated, mapped, by_id = dict(FACTS.stated), dict(FACTS.mapped), {1: CUP, 2: LID}
    for one in batch:
        step = decide_listings([(SHOP, one)], ListingFacts(FACTS.skus, by_id, FACTS.by_barcode, mapped, stated))
        stated |= step.stated
        mapped |= {key: Listing(*key, *found, "") for key, found in step.mappings.items()}
    assert {**FACTS.stated, **plan.stated} == stated
    now = {key: (one.sku_id, one.pack_quantity) for key, one in FACTS.mapped.items()} | plan.mappings
    assert now == {key: (one.sku_id, one.pack_quantity) for key, one in mapped.items()}
