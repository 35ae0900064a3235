"""From moves of a lot to an EPCIS 2.0 document. Pure.

The business step says what was done, the disposition what the units are since (Core Business Vocabulary 2.0). A count
states what was seen; every other event states the units that moved.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from .model import LotEvent, Merchant

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


def to_document(merchant: Merchant, events: Iterable[LotEvent]) -> dict[str, Any]:
    """An EPCISDocument of object events, in the order given."""
    return {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _instant(merchant.now),
        "epcisBody": {"eventList": [to_event(merchant, event) for event in events]},
    }


def _step(event: LotEvent) -> str:
    """What was done; what an assembly makes comes of it by name, what goes in by that of the assembled SKU."""
    if event.reason == "assembly":
        return "assembling" if (event.counterpart == "assembly") == (event.delta > 0) else "disassembling"
    return _STEPS.get(event.reason, "storing" if event.delta > 0 else "removing")


def to_event(merchant: Merchant, event: LotEvent) -> dict[str, Any]:
    """One move as an ObjectEvent."""
    leaves_custody = event.reason == "shipped"
    place = {"id": f"urn:stocktower:{quote(merchant.code, safe='')}:site:{quote(event.site, safe='')}"}
    found: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventID": f"urn:stocktower:{quote(merchant.code, safe='')}:move:{event.event_id}",
        "eventTime": _instant(event.occurred_at),
        "recordTime": _instant(event.recorded_at),
        "eventTimeZoneOffset": _offset(event.occurred_at, event.zone),
        "action": "OBSERVE",
        "bizStep": _step(event),
        "disposition": "in_transit" if leaves_custody else _DISPOSITIONS.get(event.status, "non_sellable_other"),
        "readPoint": place,
    }
    if not leaves_custody:
        found["bizLocation"] = place
    units = event.quantity_after if event.reason == "count" else abs(event.delta)
    if event.is_serial:
        found["epcList"] = [_name(merchant, event)] if units else []
    else:
        quantity: dict[str, Any] = {"epcClass": _name(merchant, event), "quantity": units}
        if event.unit in _UNITS:
            quantity["uom"] = _UNITS[event.unit]
        found["quantityList"] = [quantity]
    if event.order:
        order = f"urn:stocktower:{quote(merchant.code, safe='')}:order:{quote(event.order, safe='')}"
        found["bizTransactionList"] = [{"type": "po", "bizTransaction": order}]
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


def _name(merchant: Merchant, event: LotEvent) -> str:
    """What identifies the units: a GS1 Digital Link, or an address of the merchant's own."""
    lot = quote(event.lot, safe="")
    if is_gtin(event.gtin):
        return f"{DIGITAL_LINK}/01/{event.gtin.zfill(14)}/{'21' if event.is_serial else '10'}/{lot}"
    kind = "serial" if event.is_serial else "lot"
    return f"urn:stocktower:{quote(merchant.code, safe='')}:sku:{quote(event.sku, safe='')}:{kind}:{lot}"


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _offset(at: datetime, zone: str) -> str:
    text = at.astimezone(ZoneInfo(zone)).strftime("%z")
    return f"{text[:3]}:{text[3:5]}"
