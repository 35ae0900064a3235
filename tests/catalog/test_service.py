"""Products, listings and what keys stand for, against the database."""

import msgspec
import psycopg
import pytest

from stocktower.catalog import (
    PackNotPositive,
    ProductOutcome,
    Resolved,
    UnknownSku,
    find_skus,
    load_kits_of,
    load_listings,
    load_listings_of,
    load_resolved,
    load_skus,
    load_units,
    map_listing,
    resolve_listings,
    search,
    take_products,
)
from stocktower.exchange import ProductDocument
from stocktower.network import store as network_store
from stocktower.platform import Transaction, load_events_after, load_invariants

SHOP = (
    ProductDocument("CUP", "Blue cup", barcode="4001", cost_minor=250, units=(("case", 12), ("pallet", 480))),
    ProductDocument("LID", "Lid", listings=(("shop", "SHOP-LID-4", 4),)),
    ProductDocument("SET", "Cup with lid", components=(("CUP", 1), ("LID", 2))),
    ProductDocument("TWIN-A", "Twin"),
    ProductDocument("TWIN-B", "Twin"),
    ProductDocument("OLD", "Old thing", active=False),
)


@pytest.fixture
def shop(tx: Transaction) -> int:
    """The id of a channel, with products in the catalogue."""
    network_store.insert_channels(tx, ["shop"])
    assert [result.outcome for result in take_products(tx, SHOP)] == [ProductOutcome.NEW] * len(SHOP)
    ((_, _, channel_id),) = network_store.ask_ids(tx).get()
    return channel_id


def ids(tx: Transaction) -> dict[str, int]:
    """The SKU ids by code."""
    return {code: sku.sku_id for code, sku in find_skus(tx, [document.sku for document in SHOP]).items()}


def kinds(tx: Transaction) -> list[tuple[str, int]]:
    """What was emitted, with its subject."""
    tx.write_events()
    return [(event.kind, event.subject_id) for event in load_events_after(tx, 0, 100)[0]]


def test_products_are_read_back(tx: Transaction, shop: int) -> None:
    sku = ids(tx)
    cup = load_skus(tx, [sku["CUP"]])[sku["CUP"]]
    assert (cup.code, cup.name, cup.kind, cup.stock_unit, cup.cost_minor, cup.active) == (
        "CUP", "Blue cup", "stocked", "each", 250, True,
    )  # fmt: skip
    assert load_units(tx, sku.values()) == {sku["CUP"]: {"case": 12, "pallet": 480}}
    assert load_resolved(tx, [sku["SET"], sku["CUP"]]) == {
        sku["SET"]: Resolved(sku["SET"], 1, ((sku["CUP"], 1), (sku["LID"], 2))),
        sku["CUP"]: Resolved(sku["CUP"], 1, ((sku["CUP"], 1),)),
    }
    assert load_kits_of(tx, [sku["LID"], sku["OLD"]]) == {sku["LID"]: [sku["SET"]]}
    assert [listing.key for listing in load_listings(tx, shop)] == ["SHOP-LID-4"]
    assert load_listings_of(tx, [sku["LID"]])[sku["LID"]][0].pack_quantity == 4


def test_a_repeat_changes_nothing(tx: Transaction, shop: int) -> None:
    before = kinds(tx)
    assert {result.outcome for result in take_products(tx, SHOP)} == {ProductOutcome.REPEATED}
    assert kinds(tx) == before


def test_events_name_what_happened(tx: Transaction, shop: int) -> None:
    sku = ids(tx)
    assert kinds(tx) == [("sku.created", sku[document.sku]) for document in SHOP] + [("listing.mapped", sku["LID"])]
    results = take_products(
        tx,
        [
            ProductDocument("SET", "Cup with lid", components=(("CUP", 2),)),
            ProductDocument("CUP", "Blue cup", cost_minor=260, listings=(("shop", "SHOP-LID-4", 1),)),
            ProductDocument("BAD", "Bad", components=(("GHOST", 1),)),
        ],
    )
    assert [(result.outcome, result.sku_id) for result in results] == [
        (ProductOutcome.CHANGED, sku["SET"]), (ProductOutcome.CHANGED, sku["CUP"]), (ProductOutcome.REFUSED, None),
    ]  # fmt: skip
    assert kinds(tx)[-3:] == [
        ("sku.changed", sku["SET"]), ("sku.changed", sku["CUP"]), ("listing.mapped", sku["CUP"]),
    ]  # fmt: skip
    assert load_resolved(tx, [sku["SET"]])[sku["SET"]].components == ((sku["CUP"], 2),)
    last = load_events_after(tx, 0, 100)[0][-1]
    assert msgspec.json.decode(last.data) == {
        "sku_id": sku["CUP"], "channel_id": shop, "key": "SHOP-LID-4", "pack_quantity": 1,
    }  # fmt: skip


def test_keys_resolve_by_listing_then_code_then_name(tx: Transaction, shop: int) -> None:
    sku = ids(tx)
    map_listing(tx, shop, "CUP", sku["LID"], 3, "ada")
    found = resolve_listings(
        tx,
        [
            (shop, "CUP", "Blue cup"),
            (shop + 1, "CUP", "Blue cup"),
            (shop, "SHOP-LID-4", ""),
            (shop, "SET", "whatever"),
            (shop, "name:Blue cup", "Blue cup"),
            (shop, "name:Twin", "Twin"),
            (shop, "CUP-2PK", "Blue cup"),
            (shop, "OLD", "Old thing"),
            (shop, "name:Old thing", "Old thing"),
            (shop, "CUP", "Blue cup"),
        ],
    )
    assert found == {
        (shop, "CUP"): Resolved(sku["LID"], 3, ((sku["LID"], 1),)),
        (shop + 1, "CUP"): Resolved(sku["CUP"], 1, ((sku["CUP"], 1),)),
        (shop, "SHOP-LID-4"): Resolved(sku["LID"], 4, ((sku["LID"], 1),)),
        (shop, "SET"): Resolved(sku["SET"], 1, ((sku["CUP"], 1), (sku["LID"], 2))),
        (shop, "name:Blue cup"): Resolved(sku["CUP"], 1, ((sku["CUP"], 1),)),
    }
    assert resolve_listings(tx, []) == {}


def test_mapping_a_listing(tx: Transaction, shop: int) -> None:
    sku = ids(tx)
    assert map_listing(tx, shop, "CUP-2PK", sku["CUP"], 2, "ada")
    assert not map_listing(tx, shop, "CUP-2PK", sku["CUP"], 2, "ben")
    assert kinds(tx)[-1] == ("listing.mapped", sku["CUP"])
    assert [listing.mapped_by for listing in load_listings_of(tx, [sku["CUP"]])[sku["CUP"]]] == ["ada"]
    with pytest.raises(UnknownSku):
        map_listing(tx, shop, "CUP-2PK", 1, 1, "ada")
    with pytest.raises(PackNotPositive):
        map_listing(tx, shop, "CUP-2PK", sku["CUP"], 0, "ada")


def test_search(tx: Transaction, shop: int) -> None:
    assert [sku.code for sku in search(tx, "cup").skus] == ["CUP", "SET"]
    assert [sku.code for sku in search(tx, "4001").skus] == ["CUP"]
    page = search(tx, limit=2, offset=4)
    assert ([sku.code for sku in page.skus], page.total) == (["TWIN-A", "TWIN-B"], 6)


def test_invariants_hold_and_find_what_is_broken(tx: Transaction, shop: int) -> None:
    invariants = load_invariants("stocktower.catalog")
    assert {invariant.name: tx.tuples(invariant.query) for invariant in invariants if tx.tuples(invariant.query)} == {}
    sku = ids(tx)
    tx.connection.execute("UPDATE catalog.sku SET kind = 'kit' WHERE sku_id = %s", (sku["LID"],))
    broken = {invariant.name for invariant in invariants if tx.tuples(invariant.query)}
    assert broken == {"kits_have_components", "parts_are_what_kits_come_down_to"}


def test_the_database_refuses_an_empty_pack(tx: Transaction, shop: int) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="listing_pack_positive"), tx.savepoint():
        tx.connection.execute("UPDATE catalog.listing SET pack_quantity = 0")
