"""What a batch of listings that channels state makes of what is known: which SKU each stands for, and why one cannot be
mapped. Pure.

The SKU that is named counts first, else the one that it stands for already, else the only one with its barcode, else
the one whose code the channel uses itself.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, structs

from stocktower.exchange import ListingDocument

from .model import Listing, Sku

LISTING_STATES = ("active", "inactive", "removed")
LARGEST_PACK = 1_000_000_000


class StatedListing(Struct, frozen=True):
    """What a channel says of one of its listings."""

    channel_id: int
    key: str
    sku_code: str
    """Ours, as it was stated; empty where it was not."""
    barcode: str
    pack_quantity: int | None
    title: str
    price_minor: int | None
    currency: str
    status: str


class ListingFacts(Struct, frozen=True):
    """What is there of what a batch names."""

    skus: Mapping[str, Sku]
    """By code; codes of merged SKUs name their survivors."""
    by_id: Mapping[int, Sku]
    by_barcode: Mapping[str, Sequence[Sku]]
    mapped: Mapping[tuple[int, str], Listing]
    stated: Mapping[tuple[int, str], StatedListing]


class ListingOutcome(StrEnum):
    """What became of a stated listing."""

    MAPPED = "mapped"
    """It stands for a SKU, newly or for another one than before."""
    KNOWN = "known"
    """It stands for what it stood for."""
    UNMAPPED = "unmapped"
    """Nothing says which SKU it is; what is said of it is kept."""
    REFUSED = "refused"


class ListingResult(Struct, frozen=True):
    """What became of one stated listing, and why where it is not mapped."""

    key: str
    outcome: ListingOutcome
    problem: str = ""


class ListingPlan(Struct, frozen=True):
    """What to write."""

    results: list[ListingResult]
    """One a document, in its order."""
    stated: dict[tuple[int, str], StatedListing]
    mappings: dict[tuple[int, str], tuple[int, int]]
    """(channel, key) -> (SKU, pack quantity), of those that are stated to stand for something else."""


def decide_listings(documents: Sequence[tuple[int, ListingDocument]], facts: ListingFacts) -> ListingPlan:
    """Take each listing, given with its channel, one after another: what was stated before it counts."""
    plan = ListingPlan([], {}, {})
    stated, mapped, by_id = dict(facts.stated), dict(facts.mapped), dict(facts.by_id)
    for channel_id, document in documents:
        problem = refuse_listing(document)
        if problem:
            plan.results.append(ListingResult(document.listing, ListingOutcome.REFUSED, problem))
            continue
        place = (channel_id, document.listing)
        one = _merge(channel_id, document, stated.get(place))
        known = mapped.get(place)
        sku, problem = find_sku(one, structs.replace(facts, mapped=mapped, by_id=by_id))
        if sku is None and known is not None:
            fix = "what it stands for stays; add that SKU and try again, or name another"
            plan.results.append(ListingResult(one.key, ListingOutcome.REFUSED, f"sku: {problem}; {fix}"))
            continue
        plan.stated[place] = stated[place] = one
        if sku is None:
            plan.results.append(ListingResult(one.key, ListingOutcome.UNMAPPED, problem))
            continue
        pack = one.pack_quantity or (known.pack_quantity if known else 1)
        is_new = known is None or (known.sku_id, known.pack_quantity) != (sku.sku_id, pack)
        if is_new:
            plan.mappings[place] = (sku.sku_id, pack)
            mapped[place], by_id[sku.sku_id] = Listing(*place, sku.sku_id, pack, ""), sku
        plan.results.append(ListingResult(one.key, ListingOutcome.MAPPED if is_new else ListingOutcome.KNOWN))
    return plan


def find_sku(one: StatedListing, facts: ListingFacts) -> tuple[Sku | None, str]:
    """The SKU that a listing stands for, or why nothing says which; what is mapped and names none stays as it is."""
    if one.sku_code:
        found = facts.skus.get(one.sku_code)
        return found, "" if found else f"our SKU {one.sku_code} is not known"
    known = facts.mapped.get((one.channel_id, one.key))
    if known is not None:
        return facts.by_id.get(known.sku_id), ""
    alike = facts.by_barcode.get(one.barcode, ()) if one.barcode else ()
    if len(alike) == 1:
        return alike[0], ""
    if one.key in facts.skus:
        return facts.skus[one.key], ""
    if alike:
        return None, f"barcode {one.barcode} is of {', '.join(sku.code for sku in alike)}"
    return None, "it names no SKU of ours" + (f", and no SKU has barcode {one.barcode}" if one.barcode else "")


def refuse_listing(document: ListingDocument) -> str:
    """Why a listing cannot be meant, as `field: words; fix`; empty where it can."""
    if not document.listing.strip():
        return "listing: it has no key; state the SKU or id by which the channel names it"
    if document.pack_quantity is not None and not 1 <= document.pack_quantity <= LARGEST_PACK:
        return f"pack_quantity: {document.pack_quantity} is no pack; state a whole number above zero"
    if document.price_minor is not None and document.price_minor < 0:
        return "price: it is below zero; state zero or more"
    if document.status and document.status not in LISTING_STATES:
        return f"status: {document.status!r} is no state of a listing; state one of {', '.join(LISTING_STATES)}"
    return ""


def _merge(channel_id: int, document: ListingDocument, known: StatedListing | None) -> StatedListing:
    """What a document leaves out stays as it was."""
    before = known or StatedListing(channel_id, document.listing, "", "", None, "", None, "", "active")
    return StatedListing(
        channel_id,
        document.listing,
        document.sku or before.sku_code,
        document.barcode or before.barcode,
        before.pack_quantity if document.pack_quantity is None else document.pack_quantity,
        document.title or before.title,
        before.price_minor if document.price_minor is None else document.price_minor,
        document.currency or before.currency,
        document.status or before.status,
    )
