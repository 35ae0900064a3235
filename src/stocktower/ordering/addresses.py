"""Whether an order can be shipped to where it goes. Pure, and conservative: only what no carrier can do without.

What is wrong is said by naming the part, never by what stands in it: a hold and its events outlive the personal data.
"""

import re

from stocktower.exchange import Address, OrderDocument
from stocktower.kernel import COUNTRIES, country_code
from stocktower.network import ChannelFacts

_NEED_POSTAL_CODE = frozenset({
    "AT", "AU", "BE", "BR", "CA", "CH", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HU", "IN", "IT", "JP",
    "KR", "LI", "LT", "LU", "LV", "MX", "NL", "NO", "NZ", "PL", "PR", "PT", "SE", "SG", "SK", "TR", "US",
})  # fmt: skip
"""Where mail does not go without one; elsewhere it may be left out."""
_NEED_NO_CITY = frozenset({
    "AE", "AG", "CO", "GI", "HK", "ID", "JP", "KY", "MC", "MO", "NR", "SG", "SM", "VA", "VG",
})  # fmt: skip
"""Where the place is the country, or is told by the region or the street."""
_PICKED_UP = re.compile(
    r"pick[\s-]*up|click\s*(?:&|and|\+)\s*collect|\bcollect(?:ion)?\s+(?:in|at|from)\b"
    r"|\babholung|\bafhalen|\bretrait\b|\brecogida|\britiro\b",
    re.I,
)
"""How channels name a service by which nothing is sent."""


def decide_unshippable(to: Address, *, whole: bool = True) -> list[str]:
    """What is wrong with where something is to go, in words; nothing when it can be shipped to.

    `whole`: nothing of it was left out by its source; else it needs no more than a country and any place in it.
    """
    country = country_code(to.country)
    found: list[str] = []
    if not country:
        found.append("no country")
    elif country not in COUNTRIES:
        found.append("its country is none of ISO 3166")
    if not whole:
        if not any(map(_says_something, (to.postal_code, to.city, to.street))):
            found.append("neither street, city nor postal code")
        return found
    if not _says_something(to.street):
        found.append("no street")
    if country not in _NEED_NO_CITY and not _says_something(to.city):
        found.append("no city")
    if country in _NEED_POSTAL_CODE and not _says_something(to.postal_code):
        found.append(f"no postal code, which {country} needs")
    return found


def _says_something(text: str) -> bool:
    """Whether there is a letter or digit in it: a dash or a dot stands for nothing."""
    return any(map(str.isalnum, text))


def is_shipped_to_somebody(document: OrderDocument, channel: ChannelFacts) -> bool:
    """Whether something of an order still has to go to an address: not over the counter, picked up or by wire."""
    return (
        channel.kind != "store"
        and document.custody != "marketplace"
        and not (document.ship_service and _PICKED_UP.search(document.ship_service))
        and any(line.requires_shipping and line.quantity > line.cancelled + line.shipped for line in document.lines)
    )
