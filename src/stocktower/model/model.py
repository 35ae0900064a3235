"""The configuration file as data: what a merchant states about itself, and who owns which step."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import msgspec

from .snapshots import SnapshotRule


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all configuration tables: unknown keys are errors."""


class Merchant(Struct, frozen=True):
    """Who the merchant is."""

    code: str
    name: str
    timezone: str = "UTC"


class LegalEntity(Struct, frozen=True):
    """A legal entity with one book currency."""

    code: str
    name: str
    currency: str
    country: str = ""


class Rate(Struct, frozen=True):
    """A stated exchange rate: 1 unit of `source` is `rate` units of `target` from a date on."""

    source: str
    target: str
    rate: Decimal
    since: date = date(1970, 1, 1)


class Site(Struct, frozen=True):
    """A place that holds or supplies stock."""

    code: str
    name: str
    kind: Literal["warehouse", "store", "3pl", "dropship", "marketplace", "virtual"]
    entity: str = ""
    """Empty: the only legal entity."""
    country: str = ""
    region: str = ""
    postal_code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    timezone: str = ""
    priority: int = 50
    """Lower is preferred."""
    protected: bool = False
    """Used only where no plan without it serves the order at an accepted number of splits."""
    ships_to: tuple[str, ...] = ()
    """Countries served; empty: all."""
    safety_stock: int = 0
    """Default per SKU."""
    acknowledge_hours: int = 24
    fulfills: bool = True
    """False: holds stock but does not ship orders."""
    group: str = ""
    """The group that it belongs to."""
    bins: bool = False
    """True: it keeps bins, and where its units lie in them is known."""


class SiteGroup(Struct, frozen=True):
    """A part of the network between the whole of it and a site, such as a region."""

    code: str
    name: str = ""
    parent: str = ""
    """The group above it; empty: the network."""


class Channel(Struct, frozen=True):
    """A place where the merchant sells."""

    code: str
    name: str
    kind: Literal["shopify", "amazon", "b2b", "store", "other"]
    currency: str
    live_from: datetime
    sites: tuple[str, ...]
    """Sites that serve it."""
    format: Literal["shopify", "amazon", "csv"] = "csv"
    entity: str = ""
    timezone: str = ""
    """For dates without an offset; empty: the merchant's."""
    tax_included: bool = False
    marketplace_tax: bool = False
    priority: int = 50
    """Lower is served first when stock is short."""
    authorization_days: int = 7
    terms_days: int | None = None
    ship_by_hours: int | None = None
    """The promise to ship, in hours after it was placed; None: none, or by the cutoff below."""
    ship_by_cutoff: str = ""
    """HH:MM in the channel's zone: orders placed before it today, or since yesterday's, must ship by it today."""
    max_splits: int = 3
    ship_partial: bool = False
    """True: what is reserved is released while the rest of the order waits."""
    takes_preorders: bool = False
    """It is told what may be ordered ahead, and from when on that ships."""
    publish_every_minutes: int = 0
    """0: at each run."""
    post_history: bool = False
    hold_high_risk: bool = True
    owners: tuple[str, ...] = ("own", "supplier")
    """Whose goods it may sell: `own`, `supplier` (drop-ship), `consignor:CODE`, or `*` for all."""
    min_shelf_life_days: int = 0
    """Days that goods must still keep, from today in the zone of their site."""
    publish_slow_every_minutes: int | None = None
    """For what sells slowly; None: four times publish_every_minutes."""
    listings_per_minute: int | None = None
    """How many listings it takes; None: any number."""
    listings_at_once: int | None = None
    """How many it takes after a pause; None: as many as in a minute."""
    acknowledge_within_minutes: int | None = None
    """How soon it says that it has a publication; None: it never says, and is taken to have it at once."""
    backlog_within_minutes: int = 60
    """How long what is due to be told may wait."""
    lag_minutes: int = 0
    """From told to effective, until it is measured."""


class Status(Struct, frozen=True):
    """A state of physical stock that the merchant adds to the built-in ones."""

    code: str
    name: str = ""
    sellable: bool = False
    """Its stock may be offered and allocated."""


class Consignor(Struct, frozen=True):
    """Somebody whose goods we hold and sell: they are never ours, and are owed for when they are sold."""

    code: str
    name: str = ""


class SafetyStock(Struct, frozen=True):
    """Quantity at a SKU x site that is not offered to channels."""

    site: str
    sku: str
    quantity: int


class SetAside(Struct, frozen=True):
    """A level kept for one channel of one SKU."""

    channel: str
    sku: str
    quantity: int


class ListingVelocity(Struct, frozen=True):
    """The velocity class of a SKU in a channel, set where it would be computed."""

    channel: str
    sku: str
    velocity: Literal["fast", "normal", "slow"]


class PublicationRules(Struct, frozen=True):
    """When a change is worth telling, what is fast, and how a channel's lag becomes a buffer."""

    window_days: int = 14
    """Over which sales are counted."""
    recompute_minutes: int = 60
    """How often velocity, lag and buffers are computed."""
    fast_cover_days: int = 3
    """What lasts no longer than so many days is fast."""
    slow_cover_days: int = 30
    """What lasts so many days, or does not sell, is slow."""
    fast_units: int = 1
    """Differences below so many listed units, or below the percentage, are not told; zero and over-exposure always."""
    fast_percent: int = 0
    normal_units: int = 1
    normal_percent: int = 2
    slow_units: int = 1
    slow_percent: int = 5
    lag_window_days: int = 7
    """Over which lag is measured."""
    buffer_percent: int = 95
    """How surely the buffer holds for what others sell during the lag; 0: no buffers."""
    buffer_at_most: int = 50
    """Units."""
    low_stock: int = 5
    """Of so many units, a dark channel is shown nothing."""
    dark_after: int = 4
    """A channel is behind past its objective, and dark past so many times of it."""
    tighten_times: int = 2
    """By how much the buffer grows while a channel is behind or dark."""


class ChannelRule(Struct, frozen=True):
    """A rule on what a channel is offered, or on what is offered to nobody (safety stock)."""

    kind: Literal["set_aside", "share", "cap", "floor", "exclusive", "safety_stock"]
    channel: str = ""
    """The channel that it is for; of safety stock none."""
    sku: str = ""
    category: str = ""
    """Neither a SKU nor a category: everything."""
    site: str = ""
    group: str = ""
    """Neither a site nor a group: the whole network."""
    mode: Literal["", "level", "quota", "days"] = ""
    """Of what is set aside: a level kept all the time (so unless stated), or a quota that the channel's orders use up.
    Of safety stock: `days` of cover."""
    quantity: int | None = None
    """Stock units; of `days` the least. Of `exclusive` 1 (so unless stated), or 0: not."""
    percent: int = 100
    """Of a share."""
    days: int = 0
    """Days of cover."""
    over_days: int = 28
    """By what was shipped in so many days before."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class Sourcing(Struct, frozen=True):
    """The order in which candidate plans are compared, after `serves` and `stock`."""

    prefer: tuple[Literal["protected", "splits", "priority", "distance"], ...] = (
        "protected",
        "splits",
        "priority",
        "distance",
    )


class Holds(Struct, frozen=True):
    """How long the soft holds of carts last while they are being paid."""

    extend_minutes: int = 10
    """By which a hold that would expire is extended while a payment of its cart is under way."""
    longest_minutes: int = 120
    """After it was given a hold is not extended any more, whatever the payment."""


class Receiving(Struct, frozen=True):
    """How far a receipt may differ from what was expected before somebody has to look: the larger of both."""

    over_percent: int = 0
    over_units: int = 0
    short_percent: int = 0
    short_units: int = 0
    wait_hours: int = 4
    """How long a receipt or a step of a transfer waits for the order that it names before somebody has to look."""


class CountClass(Struct, frozen=True):
    """How often the SKUs of a class are counted, and which difference is none."""

    interval_days: int
    tolerance_units: int = 0
    tolerance_percent: Decimal = Decimal(0)
    """Of what was expected; the larger of the two counts."""


class Counting(Struct, frozen=True):
    """Cycle counts: what is planned, what is counted again, what somebody has to approve."""

    every_morning: bool = False
    """Warehouses and stores get a sheet by themselves."""
    plan_at: str = "05:00"
    """HH:MM in the site's own zone."""
    lines_per_day: int = 50
    """How many lines a site can count in a day."""
    window_days: int = 90
    """Days of shipments by whose value SKUs are classed."""
    a_percent: int = 80
    b_percent: int = 15
    """Shares of that value; the rest is C."""
    a: CountClass = CountClass(30)
    b: CountClass = CountClass(90, 0, Decimal(1))
    c: CountClass = CountClass(180, 1, Decimal(2))
    recounts: int = 2
    """How often a line is counted again before the approver decides."""
    same_person_recounts: bool = False
    approve_line_minor: int = 10_000
    approve_net_minor: int = 50_000
    """A line or a sheet whose difference is worth more waits for approval; in book currency at catalogue cost."""


class Priority(Struct, frozen=True):
    """Which orders are served before others when stock is short; the first rule that fits an order counts."""

    rank: int
    """Lower is served first; the same scale as the priority of channels, which counts where no rule fits."""
    name: str = ""
    channels: tuple[str, ...] = ()
    """Empty: any; so are the other conditions. All that are stated must fit."""
    customer_classes: tuple[str, ...] = ()
    """One of them is the customer's class, or a tag of the order."""
    services: tuple[str, ...] = ()
    """The shipping service that was bought."""
    within_hours: int | None = None
    """It has to ship within so many hours after it was placed."""
    takes: bool = False
    """Where it is short, it takes what is not released of orders of a higher rank number that give."""
    gives: bool = False
    """What is not released of it may be taken so,"""
    protect_hours: int = 48
    """but not so many hours before it has to ship."""


class SupplyRule(Struct, frozen=True):
    """How SKUs come: from whom, how long it takes, and how they are ordered."""

    supplier: str
    site: str
    """Where it is delivered, or made, or from where it is sent."""
    skus: tuple[str, ...] = ()
    """Empty: every SKU that no other table names."""
    kind: Literal["purchased", "assembled", "dropship"] = "purchased"
    """What is sent by its supplier is not ordered by a proposal."""
    lead_time_days: int | None = None
    """From confirmation to receipt; used until enough deliveries were received to measure it."""
    spread_days: int = 0
    """So much longer it takes where it takes long: nine of ten come within both."""
    moq: int = 1
    """The least quantity of an order."""
    order_multiple: int = 1
    cover_days: int = 28
    """An order covers so many days beyond the lead time."""
    window_days: int = 56
    """Days over which demand is measured."""
    service_percent: int = 95
    """How often stock should last until the order comes."""
    promise: bool = False
    """Whether any quantity may be promised beyond the lead time."""


class Promises(Struct, frozen=True):
    """How dates are promised for what comes."""

    handling_days: int = 0
    """From when goods can be used at a site until they ship."""
    tolerance_days: int = 0
    """A promise that moves by no more than so many days is no case."""


class Preorder(Struct, frozen=True):
    """A SKU that may be ordered before it is there, from what is confirmed to come."""

    sku: str
    channels: tuple[str, ...] = ()
    """Empty: all."""
    release_on: date | None = None
    """Nothing of it ships before this day, in the merchant's zone."""


class AdjustmentReason(Struct, frozen=True):
    """Why stock may be adjusted, what stands against it in the books, and from when on a second person must agree."""

    code: str
    name: str
    account: str
    """Posting role of the account against inventory."""
    direction: Literal["in", "out", "both"] = "both"
    approve_units_over: int | None = None
    approve_value_over: int | None = None
    """Minor units of the book currency."""


class CasePolicy(Struct, frozen=True):
    """Who answers for a kind of case, and how soon."""

    role: str
    sla_hours: int


class OperatingModel(Struct, frozen=True):
    """Which system owns which domain and step, and when things happen."""

    preset: Literal["oms-led", "erp-centric", "commerce-centric", "hub"] = "oms-led"
    domains: dict[str, str] = {}
    """domain -> system; over the preset's."""
    steps: dict[str, str] = {}
    """step -> system; over the preset's."""
    reserve_at: str = "capture"
    """When stock is reserved: `capture`, so that held orders reserve too."""
    revenue_at: str = "shipment"
    """When revenue is recognised: `shipment`, when control passes."""
    overrides: dict[str, str] = {}
    """act -> the one role that may do it, whatever roles allow by themselves."""


class System(Struct, frozen=True):
    """An outside system that states what it believes of our stock, to be compared; it changes nothing here."""

    code: str
    name: str
    kind: Literal["erp", "wms", "3pl", "marketplace"]
    sites: tuple[str, ...] = ()
    """Sites that it speaks of; empty: all."""
    channel: str = ""
    """The channel by whose listings it names SKUs, beside codes and barcodes."""
    every_hours: int = 0
    """A statement is expected so often; 0: not by age."""
    times: tuple[str, ...] = ()
    """HH:MM in its zone: a statement is expected at each of these."""
    grace_hours: int = 2
    """How late a statement may be before that is a case."""
    timezone: str = ""
    """Empty: the merchant's."""
    complete: bool = False
    """True: a statement is the whole of each site that it names, so that what is left out is zero."""
    tolerance_units: int = 0
    tolerance_percent: Decimal = Decimal(0)
    """A difference within either is none."""
    window_hours: int = 24
    """How far apart in time the same figure may be and still be a matter of timing."""
    statuses: dict[str, str] = {}
    """Its word for a status = ours; an empty text leaves such rows out."""
    locations: dict[str, str] = {}
    """Its code of a place = our site."""


class Demo(Struct, frozen=True):
    """Only for demonstrations: a clock that stands still."""

    now: datetime


class Configuration(Struct, frozen=True):
    """The whole file, one version of it."""

    merchant: Merchant
    entities: tuple[LegalEntity, ...]
    sites: tuple[Site, ...]
    channels: tuple[Channel, ...]
    operating_model: OperatingModel = OperatingModel()
    groups: tuple[SiteGroup, ...] = ()
    rates: tuple[Rate, ...] = ()
    safety_stock: tuple[SafetyStock, ...] = ()
    set_asides: tuple[SetAside, ...] = ()
    statuses: tuple[Status, ...] = ()
    consignors: tuple[Consignor, ...] = ()
    channel_rules: tuple[ChannelRule, ...] = ()
    sourcing: Sourcing = Sourcing()
    holds: Holds = Holds()
    receiving: Receiving = Receiving()
    snapshots: tuple[SnapshotRule, ...] = ()
    reasons: tuple[AdjustmentReason, ...] = ()
    """For adjustments; beside the defaults."""
    counting: Counting = Counting()
    promises: Promises = Promises()
    preorders: tuple[Preorder, ...] = ()
    priorities: tuple[Priority, ...] = ()
    publication: PublicationRules = PublicationRules()
    velocities: tuple[ListingVelocity, ...] = ()
    supply: tuple[SupplyRule, ...] = ()
    accounts: dict[str, str] = {}
    """posting role -> account name; over the defaults."""
    cases: dict[str, CasePolicy] = {}
    """case kind -> policy; over the defaults."""
    systems: tuple[System, ...] = ()
    """Outside truths that stock is compared with."""
    demo: Demo | None = None
