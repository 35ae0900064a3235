"""What the events of an order say, in words for people. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from stocktower import sourcing

Data = Mapping[str, Any]
Names = Mapping[str, Mapping[int, str]]
"""`site` and `sku` codes by id."""


def _units(lines: Any, at: int = -1) -> int:
    return sum(line[at] for line in lines or ())


def _plural(count: int, word: str = "unit") -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _site(data: Data, names: Names) -> str:
    site_id = data.get("site_id", 0)
    return names.get("site", {}).get(site_id, str(site_id))


def _sku(sku_id: int, names: Names) -> str:
    return names.get("sku", {}).get(sku_id, f"SKU {sku_id}")


def _captured(data: Data, names: Names) -> str:
    kind = "as history" if data.get("is_history") else ""
    return f"Captured {kind} with {_plural(data.get('units', 0))} on {_plural(data.get('lines', 0), 'line')}".replace(
        "  ", " "
    )


def _changed(data: Data, names: Names) -> str:
    said = ", ".join(data.get("changes") or ()) or "nothing that matters"
    return f"The channel changed it: {said}"


def _cancelled(data: Data, names: Names) -> str:
    stuck = _units(data.get("stuck"))
    late = f"; {_plural(stuck)} are picked already" if stuck else ""
    return f"{_plural(_units(data.get('lines')))} cancelled ({data.get('reason', '')}){late}"


def _reserved(data: Data, names: Names) -> str:
    by_site: dict[int, int] = {}
    for _, _, site_id, units in data.get("lines") or ():
        by_site[site_id] = by_site.get(site_id, 0) + units
    places = ", ".join(f"{units:,} at {_site({'site_id': site_id}, names)}" for site_id, units in by_site.items())
    return f"Reserved {places}"


def _returned(data: Data, names: Names) -> str:
    reason = data.get("reason")
    return f"Gave back {_plural(_units(data.get('lines')))}{f': {reason}' if reason else ''}"


def _superseded(data: Data, names: Names) -> str:
    units = _plural(_units(data.get("units")))
    return f"Took over the {units} that its cart {data.get('reference', '')} held"


def _backordered(data: Data, names: Names) -> str:
    return f"{_plural(data.get('quantity', 0))} of {_sku(data.get('sku_id', 0), names)} backordered"


def _preordered(data: Data, names: Names) -> str:
    day = data.get("promised_on")
    sku = _sku(data.get("sku_id", 0), names)
    return f"{_plural(data.get('quantity', 0))} of {sku} promised from inbound{f' by {day}' if day else ''}"


def _moved(data: Data, names: Names) -> str:
    before, after = data.get("before") or "no date", data.get("after") or "no date"
    late = ", later than the customer was told" if data.get("late") else ""
    return f"The promise of line {data.get('line_no', 0)} moved from {before} to {after}{late}"


def _routed(data: Data, names: Names) -> str:
    choice = msgspec.convert(data.get("choice") or {"by": "none"}, sourcing.Reason)
    return f"Routed to {', '.join(choice.sites)}: {sourcing.explain(choice)}" if choice.sites else "No plan serves it"


def _released(data: Data, names: Names) -> str:
    parts = [
        f"{number} to {_site({'site_id': site_id}, names)} ({_plural(units)})"
        for _, number, site_id, units in data.get("fulfillments") or ()
    ]
    return f"Released {', '.join(parts)}"


def _reported(verb: str) -> Callable[[Data, Names], str]:
    def say(data: Data, names: Names) -> str:
        units = _units(data.get("lines"))
        what = f" {_plural(units)}" if units else ""
        return f"{_site(data, names)} {verb}{what} ({data.get('number', '')})"

    return say


def _shipped(data: Data, names: Names) -> str:
    units = _plural(sum(line.get("quantity", 0) for line in data.get("revenue") or ()))
    if data.get("nothing_sent"):
        return f"{units} done, for which nothing is sent"
    if data.get("elsewhere"):
        return f"The channel shipped {units} itself"
    parcel = " ".join(part for part in (data.get("carrier", ""), data.get("tracking", "")) if part)
    return f"{_site(data, names)} shipped {units} ({data.get('number', '')}){f' with {parcel}' if parcel else ''}"


def _refused(data: Data, names: Names) -> str:
    return f"An older word of the channel came late and was refused: {'; '.join(data.get('reasons') or ())}"


def _refunded(data: Data, names: Names) -> str:
    before = data.get("before_shipment_minor", 0)
    amount = data.get("amount_minor", 0)
    when = "before shipment" if before == amount else "after shipment" if not before else "in part before shipment"
    return f"Refunded {when} by {data.get('method', '')}"


def _hold_set(data: Data, names: Names) -> str:
    return f"Held for {str(data.get('name', '')).replace('_', ' ')}: {data.get('reason', '')}"


def _hold_cleared(data: Data, names: Names) -> str:
    reason = data.get("reason")
    return f"Hold {str(data.get('name', '')).replace('_', ' ')} cleared{f': {reason}' if reason else ''}"


_SENTENCES: dict[str, Callable[[Data, Names], str]] = {
    "order.captured": _captured,
    "order.changed": _changed,
    "order.change_refused": _refused,
    "order.cancelled": _cancelled,
    "order.validated": lambda data, names: "Validated",
    "order.reserved": _reserved,
    "order.routed": _routed,
    "order.released": _released,
    "allocation.released": _returned,
    "line.backordered": _backordered,
    "order.prioritized": lambda data, names: (
        f"Ranks {data.get('rank', 0)} by {data.get('rule', '')}: {', '.join(data.get('reasons') or ()) or 'any order'}"
    ),
    "line.preordered": _preordered,
    "promise.moved": _moved,
    "promise.told": lambda data, names: f"The customer was told: {data.get('told_on') or 'no date yet'}",
    "hold.superseded": _superseded,
    "hold.lapsed": lambda data, names: (
        f"The hold of its cart {data.get('reference', '')} "
        f"{'passed to another order' if data.get('state') == 'superseded' else 'was over before it came'}"
    ),
    "hold.set": _hold_set,
    "hold.cleared": _hold_cleared,
    "address.corrected": lambda data, names: (
        f"The address was corrected: {', '.join(str(part).replace('_', ' ') for part in data.get('parts') or ())}"
    ),
    "total.accepted": lambda data, names: "The stated total was accepted",
    "fulfillment.acknowledged": _reported("acknowledged"),
    "fulfillment.picked": _reported("picked"),
    "fulfillment.short_picked": _reported("did not find"),
    "fulfillment.packed": _reported("packed"),
    "fulfillment.cancelled": _reported("was told not to send"),
    "fulfillment.shipped": _shipped,
    "refund.issued": _refunded,
    "payment.authorized": lambda data, names: f"Payment authorised by {data.get('method', '')}",
    "payment.captured": lambda data, names: f"Payment captured by {data.get('method', '')}",
    "payment.voided": lambda data, names: f"Payment by {data.get('method', '')} voided",
    "payment.expired": lambda data, names: f"Payment authorisation by {data.get('method', '')} expired",
    "payment.failed": lambda data, names: f"Payment by {data.get('method', '')} failed",
}


def sentence(kind: str, data: Data, names: Names) -> str:
    """One event in words; a kind without words is said as it is."""
    say = _SENTENCES.get(kind)
    return say(data, names) if say else kind.replace(".", " ").replace("_", " ").capitalize()


# What an order waits for once something has happened; what is not named changes nothing.
_WAITS = {
    "order.captured": "",
    "line.backordered": "stock",
    "line.preordered": "inbound",
    "order.reserved": "",
    "hold.cleared": "",
    "order.released": "the site",
    "fulfillment.acknowledged": "the site",
    "fulfillment.picked": "the site",
    "fulfillment.packed": "the site",
    "fulfillment.short_picked": "stock",
    "fulfillment.shipped": "",
    "order.cancelled": "",
}


def waits_after(kind: str, data: Data, before: str) -> str:
    """What an order waits for after an event, as far as the event tells."""
    if kind == "hold.set":
        return str(data.get("name", "")).replace("_", " ")
    return _WAITS.get(kind, before)
