"""What a steward works with: the checks as they are declared, the quality of a SKU, duplicates, merges."""

from datetime import datetime

from msgspec import Struct


class Check(Struct, frozen=True):
    """One thing that master data should be; what fails costs its weight of the hundred points of a SKU."""

    name: str
    words: str
    """What is wrong where it fails."""
    weight: int
    fix: str
    opens_case: bool = False
    """Whether it costs money by itself: SKUs that are sold and fail it are one case."""


CHECKS: tuple[Check, ...] = (
    Check(
        "clashing_barcode", "another SKU has the same barcode", 25,
        "Give each its own barcode, or merge the two where they are one thing.", True,
    ),
    Check(
        "kit_of_inactive", "the kit holds a SKU that is not sold any more", 20,
        "State the kit with what it holds now, or take it off sale.", True,
    ),
    Check(
        "unit_mismatch", "channels list it under one name in packs of different sizes", 15,
        "Map the listing with the same pack on each channel, or give the other pack a name of its own.", True,
    ),
    Check(
        "orphan_listing", "it is not active, and a channel still lists it", 15,
        "Map the listing to the SKU that is sold, merge into it, or make the SKU active.", True,
    ),
    Check("missing_cost", "no cost is stated", 12, "State its unit cost: stock that is found is valued with it."),
    Check("missing_weight", "no weight is stated", 10, "State weight_grams: carriers and splits are priced by it."),
    Check(
        "invalid_gtin", "the check digit of its barcode is wrong", 10,
        "Scan the barcode again: a digit was mistyped or lost.",
    ),
    Check("duplicate_name", "another SKU has the same name", 10, "Merge the two, or say in the names how they differ."),
    Check("missing_barcode", "no barcode is stated", 8, "Scan its barcode, or state that of the supplier."),
    Check("missing_price", "no price is stated", 8, "State its price: what is at stake is told by it."),
    Check(
        "pack_without_unit", "a channel sells it in packs that are no unit of it", 8,
        "State the pack as a unit of the SKU, so that sites can count and receive it.",
    ),
    Check(
        "other_barcode", "a channel lists it with another barcode", 12,
        "Look whether the listing is mapped to the right SKU, or correct one of the barcodes.",
    ),
    Check(
        "no_supplier", "it is sold and bought, and nothing says of whom", 7,
        "State its supplier with the product, or in a [[supply]] table.",
    ),
    Check(
        "no_lead_time", "it is sold and bought or made, and nothing says how long that takes", 7,
        "State lead_time_days with the product, or in a [[supply]] table; three deliveries measure it.",
    ),
    Check("not_listed", "it has stock, and no channel lists or ever sold it", 6, "List it, or write the stock off."),
    Check("missing_category", "no category is stated", 5, "State its category."),
    Check("name_is_code", "its name is its code", 5, "Give it a name that people know."),
    Check(
        "silent_listing", "a channel's listing of it was never told and never ordered", 4,
        "Check the listing's key against the channel, or take it out.",
    ),
)  # fmt: skip
CHECK_BY_NAME: dict[str, Check] = {check.name: check for check in CHECKS}


class Failure(Struct, frozen=True):
    """A check that a SKU fails."""

    sku_id: int
    name: str
    detail: str
    since: datetime

    @property
    def check(self) -> Check:
        """The check."""
        return CHECK_BY_NAME[self.name]


class Quality(Struct, frozen=True):
    """How good the master data of a SKU is, and what it touches; money in the book currency."""

    sku_id: int
    score: int
    failing: int
    units_sold: int
    sold_minor: int
    at_stake_minor: int
    checked_at: datetime


class CheckCount(Struct, frozen=True):
    """How many SKUs fail a check, and how many of them are sold."""

    name: str
    skus: int
    sold: int
    at_stake_minor: int


class Member(Struct, frozen=True, gc=False):
    """A SKU as it is compared with others that may be the same."""

    sku_id: int
    code: str
    name: str
    kind: str
    stock_unit: str
    barcode: str
    category: str
    weight_grams: int | None
    price_minor: int | None
    currency: str


class Duplicate(Struct, frozen=True):
    """Two SKUs that may be one, how likely (0 to 100), and why."""

    first_id: int
    second_id: int
    score: int
    reasons: str
    state: str
    proposed_at: datetime


class Merge(Struct, frozen=True):
    """A merge that was done, and whether it was undone."""

    merge_id: int
    loser_id: int
    survivor_id: int
    actor: str
    note: str
    merged_at: datetime
    undone_at: datetime | None
    undone_by: str | None
    data: bytes


class PlaceFinding(Struct, frozen=True):
    """What is wrong with a site or a channel, and the fix."""

    place: str
    code: str
    problem: str
    fix: str
