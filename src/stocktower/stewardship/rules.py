"""Pure rules of master data: check digits, names that are nearly equal, whether two SKUs are one, what places lack."""

import re
from collections.abc import Iterable, Sequence
from itertools import combinations

from stocktower.model import Configuration
from stocktower.network import locate

from .model import CHECK_BY_NAME, Member, PlaceFinding

PROPOSED = 70
"""From this score on two SKUs are proposed for merging."""
LARGEST_BLOCK = 50
"""SKUs that are compared with each other; what more of them share tells nothing."""
_GTIN = re.compile(r"\d{8}|\d{12,14}", re.ASCII)
_WORD = re.compile(r"[^\W_]+")


def is_gtin(text: str) -> bool:
    """Whether a barcode has the form of a GTIN: 8, 12, 13 or 14 digits."""
    return _GTIN.fullmatch(text) is not None


def has_right_check_digit(text: str) -> bool:
    """Whether the last digit of a GTIN is what the others make it."""
    digits = [int(digit) for digit in text.zfill(14)]
    total = sum(digit * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits[:13]))
    return (10 - total % 10) % 10 == digits[13]


def score_of(failing: Iterable[str]) -> int:
    """The points that a SKU has left of a hundred."""
    return max(0, 100 - sum(CHECK_BY_NAME[name].weight for name in set(failing)))


def plain_words(name: str) -> list[str]:
    """The words of a name without case, order and punctuation."""
    return sorted(_WORD.findall(name.casefold()))


def likeness(first: str, second: str) -> float:
    """How much of two texts is the same, 0 to 1: pairs of letters that both have."""
    a, b = " ".join(plain_words(first)), " ".join(plain_words(second))
    if a == b:
        return 1.0 if a else 0.0
    pairs_a, pairs_b = _pairs(a), _pairs(b)
    if not pairs_a or not pairs_b:
        return 0.0
    return 2 * len(pairs_a & pairs_b) / (len(pairs_a) + len(pairs_b))


def _pairs(text: str) -> set[tuple[str, int]]:
    """Each pair of letters, and which time it comes."""
    seen: dict[str, int] = {}
    found: set[tuple[str, int]] = set()
    for at in range(len(text) - 1):
        pair = text[at : at + 2]
        seen[pair] = seen.get(pair, 0) + 1
        found.add((pair, seen[pair]))
    return found


def compare_members(first: Member, second: Member) -> tuple[int, str]:
    """How likely two SKUs are one (0 to 100), and why; the same whichever comes first."""
    if first.kind != second.kind or first.stock_unit != second.stock_unit or "kit" in (first.kind, second.kind):
        return 0, ""
    same = likeness(first.name, second.name)
    score, reasons = 60 * same, ["the same name" if same == 1 else f"names {same:.0%} alike"]
    if first.barcode and first.barcode == second.barcode:
        score += 30
        reasons.append("the same barcode")
    elif first.barcode and second.barcode:
        score -= 25
    for name, points, one, other in (
        ("category", 5, first.category, second.category),
        ("weight", 8, first.weight_grams, second.weight_grams),
        ("price", 7, (first.price_minor, first.currency), (second.price_minor, second.currency)),
    ):
        if one == other and one not in ("", None) and one != (None, first.currency):
            score += points
            reasons.append(f"the same {name}")
    if _numbers(first.name) != _numbers(second.name):
        # Sizes and models: 250 ml and 350 ml are two things, however alike they are named.
        score -= 40
    return max(0, min(100, round(score))), ", ".join(reasons)


def _numbers(name: str) -> set[str]:
    return {word for word in plain_words(name) if any(char.isdigit() for char in word)}


def propose(blocks: Iterable[Sequence[Member]]) -> dict[tuple[int, int], tuple[int, str]]:
    """The pairs of each block that are likely to be one SKU, by (smaller id, larger id)."""
    found: dict[tuple[int, int], tuple[int, str]] = {}
    for block in blocks:
        if len(block) > LARGEST_BLOCK:
            continue
        for one, other in combinations(block, 2):
            pair = (min(one.sku_id, other.sku_id), max(one.sku_id, other.sku_id))
            if pair[0] == pair[1] or pair in found:
                continue
            score, reasons = compare_members(one, other)
            if score >= PROPOSED:
                found[pair] = (score, reasons)
    return found


def check_places(configuration: Configuration) -> list[PlaceFinding]:
    """What sites and channels of a configuration lack, that works without it and worse."""
    found: list[PlaceFinding] = []
    fulfilling = {site.code for site in configuration.sites if site.fulfills and site.kind != "virtual"}
    for site in configuration.sites:
        known = site.latitude is not None and site.longitude is not None
        if not site.country:
            fix = "state country, and region or latitude and longitude"
            found.append(PlaceFinding("site", site.code, "it has no country: no distance to it is known", fix))
        elif not known and locate(site.country, site.region) is None:
            problem = f"where {site.region or site.country} lies is not known"
            found.append(PlaceFinding("site", site.code, problem, "state latitude and longitude"))
        elif not known and not site.region:
            problem = "it stands in the middle of its country"
            found.append(PlaceFinding("site", site.code, problem, "state its region, or latitude and longitude"))
        if site.kind in ("warehouse", "store", "3pl") and not any(
            site.code in one.sites for one in configuration.channels
        ):
            fix = "name it under sites of a channel, or take it out"
            found.append(PlaceFinding("site", site.code, "no channel is served by it", fix))
    for channel in configuration.channels:
        if not fulfilling & set(channel.sites):
            fix = "name a site that ships orders"
            found.append(PlaceFinding("channel", channel.code, "none of its sites ships orders", fix))
    return found
