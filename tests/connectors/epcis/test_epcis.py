"""Lots in the words of GS1 EPCIS 2.0: by properties, and by the official schema where it is at hand."""

import json
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from stocktower.connectors.epcis import LotEvent, Merchant, Part, Transformation, encode, is_gtin, to_document

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = ROOT.parent / "shared" / "data" / "contracts" / "epcis" / "EPCIS-JSON-Schema.json"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

texts = st.text(min_size=1, max_size=20)
events = st.builds(
    LotEvent,
    event_id=st.integers(1, 10**12).map(lambda number: f"{number}-1"),
    sku=texts,
    gtin=st.sampled_from(["", "4006381333931", "4006381333932", "96385074", "036000291452", "not one"]),
    lot=texts,
    is_serial=st.booleans(),
    unit=st.sampled_from(["each", "gram", "millimetre", "roll"]),
    site=texts,
    zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
    status=st.sampled_from(["available", "quarantine", "damaged", "expired", "in_transit", "ours"]),
    counterpart=texts,
    reason=st.sampled_from(["opening", "receipt", "count", "shipped", "status_change", "adjustment", "transfer"]),
    delta=st.integers(-1000, 1000).filter(bool),
    quantity_after=st.integers(0, 10**6),
    order=st.sampled_from(["", "#1001", "A/1 ä"]),
    occurred_at=st.integers(0, 400).map(lambda days: NOW - timedelta(days=days)),
    recorded_at=st.just(NOW),
)

parts = st.builds(
    Part,
    sku=texts,
    gtin=st.sampled_from(["", "4006381333931", "not one"]),
    lot=texts | st.just(""),
    is_serial=st.booleans(),
    unit=st.sampled_from(["each", "gram"]),
    units=st.integers(1, 1000),
)
some_parts = st.lists(parts, min_size=1, max_size=3, unique_by=lambda one: (one.gtin, one.lot)).map(tuple)
transformations = st.builds(
    Transformation,
    event_id=st.integers(1, 10**12).map(str),
    site=texts,
    zone=st.sampled_from(["UTC", "Asia/Kolkata"]),
    is_apart=st.booleans(),
    inputs=some_parts,
    outputs=some_parts,
    occurred_at=st.just(NOW - timedelta(days=3)),
    recorded_at=st.just(NOW),
)


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    if not SCHEMA.exists():
        warnings.warn("the official EPCIS schema is not at hand: documents are not checked against it", stacklevel=1)
        pytest.skip("the official EPCIS schema is not at hand")
    return Draft7Validator(
        json.loads(SCHEMA.read_text(encoding="utf-8")), format_checker=Draft7Validator.FORMAT_CHECKER
    )


@given(st.lists(events | transformations, max_size=4), texts)
def test_every_document_passes_the_official_schema(
    validator: Draft7Validator, given: list[LotEvent | Transformation], code: str
) -> None:
    document = json.loads(encode(to_document(Merchant(code, NOW), given)))
    assert [error.message for error in validator.iter_errors(document)] == []


def test_the_schema_can_refuse(validator: Draft7Validator) -> None:
    document = to_document(Merchant("acme", NOW), [])
    document["epcisBody"]["eventList"] = [{"type": "ObjectEvent", "action": "SEEN"}]
    assert list(validator.iter_errors(document))


def one(**changes: Any) -> dict[str, Any]:
    """The event of a receipt, changed."""
    figures = {
        "event_id": "7-1", "sku": "MILK", "gtin": "4006381333931", "lot": "L/1", "is_serial": False, "unit": "each",
        "site": "EAST", "zone": "America/New_York", "status": "available", "counterpart": "supplier",
        "reason": "receipt", "delta": 12, "quantity_after": 30, "order": "", "occurred_at": NOW, "recorded_at": NOW,
    } | changes  # fmt: skip
    return to_document(Merchant("acme", NOW), [LotEvent(**figures)])["epcisBody"]["eventList"][0]


def test_a_receipt() -> None:
    assert one() == {
        "type": "ObjectEvent",
        "eventID": "urn:stocktower:acme:move:7-1",
        "eventTime": "2026-06-01T12:00:00.000Z",
        "recordTime": "2026-06-01T12:00:00.000Z",
        "eventTimeZoneOffset": "-04:00",
        "action": "OBSERVE",
        "bizStep": "receiving",
        "disposition": "sellable_accessible",
        "readPoint": {"id": "urn:stocktower:acme:site:EAST"},
        "bizLocation": {"id": "urn:stocktower:acme:site:EAST"},
        "quantityList": [{"epcClass": "https://id.gs1.org/01/04006381333931/10/L%2F1", "quantity": 12}],
    }


def test_a_shipment_names_its_order_and_leaves_the_place() -> None:
    shipped = one(reason="shipped", delta=-2, order="#1001", unit="gram")
    assert shipped["bizStep"] == "shipping"
    assert shipped["disposition"] == "in_transit"
    assert "bizLocation" not in shipped
    assert shipped["quantityList"][0]["uom"] == "GRM"
    assert shipped["quantityList"][0]["quantity"] == 2
    assert shipped["bizTransactionList"] == [{"type": "po", "bizTransaction": "urn:stocktower:acme:order:%231001"}]


def test_a_count_says_what_was_seen_and_a_serial_is_one_thing() -> None:
    assert one(reason="count", delta=-1)["quantityList"][0]["quantity"] == 30
    assert one(is_serial=True, lot="S1")["epcList"] == ["https://id.gs1.org/01/04006381333931/21/S1"]
    assert one(gtin="", is_serial=True)["epcList"] == ["urn:stocktower:acme:sku:MILK:serial:L%2F1"]


def test_an_assembly_is_one_event_with_what_went_in_and_what_came_out() -> None:
    milk = Part("MILK", "4006381333931", "L/1", is_serial=False, unit="gram", units=4)
    cups = Part("CUP", "", "", is_serial=False, unit="each", units=2)
    radio = Part("RADIO", "", "R1", is_serial=True, unit="each", units=1)
    made = Transformation("7", "EAST", "UTC", False, (milk, cups), (radio,), NOW, NOW)
    found = to_document(Merchant("acme", NOW), [made])["epcisBody"]["eventList"][0]
    assert (found["type"], found["bizStep"]) == ("TransformationEvent", "assembling")
    assert found["eventID"] == found["transformationID"] == "urn:stocktower:acme:assembly:7"
    assert found["inputQuantityList"] == [
        {"epcClass": "https://id.gs1.org/01/04006381333931/10/L%2F1", "quantity": 4, "uom": "GRM"},
        {"epcClass": "urn:stocktower:acme:sku:CUP", "quantity": 2},
    ]
    assert found["outputEPCList"] == ["urn:stocktower:acme:sku:RADIO:serial:R1"]
    assert not {"inputEPCList", "outputQuantityList", "action"} & set(found)
    apart = Transformation("8", "EAST", "UTC", True, (radio,), (milk,), NOW, NOW)
    assert to_document(Merchant("acme", NOW), [apart])["epcisBody"]["eventList"][0]["bizStep"] == "disassembling"


@given(st.integers(0, 10**12 - 1))
def test_one_check_digit_of_ten_is_right(number: int) -> None:
    assert sum(is_gtin(f"{number:012d}{digit}") for digit in range(10)) == 1
