"""From moves of a lot, and the assemblies that it had a part in, to an EPCIS 2.0 document. Pure.

The business step says what was done, the disposition what the units are since (Core Business Vocabulary 2.0). A count
states what was seen; every other event states the units that moved.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from .model import LotEvent, Merchant, Part, Transformation

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
DIGITAL_LINK = "https://id.gs1.org"
GTIN_LENGTHS = (8, 12, 13, 14)

_STEPS = {
    "opening": "stocking",
    "receipt": "receiving",
    "count": "stock_taking",
    "shipped": "shipping",
    "status_change": "holding",
}
"""By the reason of a move; others are told by where the units are since."""
_DISPOSITIONS = {
    "available": "sellable_accessible",
    "quarantine": "non_sellable_other",
    "damaged": "damaged",
    "returns_hold": "returned",
    "in_transit": "in_transit",
    "expired": "expired",
}
_UNITS = {"gram": "GRM", "kilogram": "KGM", "millimetre": "MMT", "metre": "MTR", "millilitre": "MLT", "litre": "LTR"}
"""UN/ECE Recommendation 20; pieces have no unit."""


def to_document(merchant: Merchant, events: Iterable[LotEvent | Transformation]) -> dict[str, Any]:
    """An EPCISDocument of object and transformation events, in the order given."""
    return {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _instant(merchant.now),
        "epcisBody": {"eventList": [_event(merchant, event) for event in events]},
    }


def _event(merchant: Merchant, event: LotEvent | Transformation) -> dict[str, Any]:
    return to_transformation(merchant, event) if isinstance(event, Transformation) else to_event(merchant, event)


def to_event(merchant: Merchant, event: LotEvent) -> dict[str, Any]:
    """One move as an ObjectEvent."""
    leaves_custody = event.reason == "shipped"
    place = {"id": f"{_own(merchant)}:site:{quote(event.site, safe='')}"}
    found: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventID": f"{_own(merchant)}:move:{event.event_id}",
        "eventTime": _instant(event.occurred_at),
        "recordTime": _instant(event.recorded_at),
        "eventTimeZoneOffset": _offset(event.occurred_at, event.zone),
        "action": "OBSERVE",
        "bizStep": _STEPS.get(event.reason, "storing" if event.delta > 0 else "removing"),
        "disposition": "in_transit" if leaves_custody else _DISPOSITIONS.get(event.status, "non_sellable_other"),
        "readPoint": place,
    }
    if not leaves_custody:
        found["bizLocation"] = place
    units = event.quantity_after if event.reason == "count" else abs(event.delta)
    part = Part(event.sku, event.gtin, event.lot, event.is_serial, event.unit, units)
    if event.is_serial:
        found["epcList"] = [_name(merchant, part)] if units else []
    else:
        found["quantityList"] = [_quantity(merchant, part)]
    if event.order:
        order = f"{_own(merchant)}:order:{quote(event.order, safe='')}"
        found["bizTransactionList"] = [{"type": "po", "bizTransaction": order}]
    return found


def to_transformation(merchant: Merchant, event: Transformation) -> dict[str, Any]:
    """An assembly as a TransformationEvent: what went in, and what came out, whole."""
    place = {"id": f"{_own(merchant)}:site:{quote(event.site, safe='')}"}
    name = f"{_own(merchant)}:assembly:{event.event_id}"
    found: dict[str, Any] = {
        "type": "TransformationEvent",
        "eventID": name,
        "transformationID": name,
        "eventTime": _instant(event.occurred_at),
        "recordTime": _instant(event.recorded_at),
        "eventTimeZoneOffset": _offset(event.occurred_at, event.zone),
        "bizStep": "disassembling" if event.is_apart else "assembling",
        "disposition": _DISPOSITIONS["available"],
        "readPoint": place,
        "bizLocation": place,
    }
    for side, parts in (("input", event.inputs), ("output", event.outputs)):
        pieces = [_name(merchant, part) for part in parts if part.is_serial]
        classes = [_quantity(merchant, part) for part in parts if not part.is_serial]
        found |= {f"{side}EPCList": pieces} if pieces else {}
        found |= {f"{side}QuantityList": classes} if classes else {}
    return found


def encode(document: dict[str, Any]) -> bytes:
    """The document as JSON text, for people and machines."""
    return msgspec.json.format(msgspec.json.encode(document))


def is_gtin(text: str) -> bool:
    """Whether a barcode is a GTIN: its last digit checks the others (GS1 General Specifications, 7.9)."""
    if len(text) not in GTIN_LENGTHS or not text.isascii() or not text.isdigit():
        return False
    digits = [int(one) for one in text]
    total = sum(digit * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits[:-1])))
    return (10 - total % 10) % 10 == digits[-1]


def _own(merchant: Merchant) -> str:
    """How the merchant's own addresses begin."""
    return f"urn:stocktower:{quote(merchant.code, safe='')}"


def _quantity(merchant: Merchant, part: Part) -> dict[str, Any]:
    """Units of a class: of a lot, or of a SKU that has none."""
    found: dict[str, Any] = {"epcClass": _name(merchant, part), "quantity": part.units}
    return found | ({"uom": _UNITS[part.unit]} if part.unit in _UNITS else {})


def _name(merchant: Merchant, part: Part) -> str:
    """What identifies the units: a GS1 Digital Link, or an address of the merchant's own."""
    lot = quote(part.lot, safe="")
    if is_gtin(part.gtin):
        link = f"{DIGITAL_LINK}/01/{part.gtin.zfill(14)}"
        return f"{link}/{'21' if part.is_serial else '10'}/{lot}" if lot else link
    name = f"{_own(merchant)}:sku:{quote(part.sku, safe='')}"
    return f"{name}:{'serial' if part.is_serial else 'lot'}:{lot}" if lot else name


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _offset(at: datetime, zone: str) -> str:
    text = at.astimezone(ZoneInfo(zone)).strftime("%z")
    return f"{text[:3]}:{text[3:5]}"
