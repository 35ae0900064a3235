"""Canonical documents: what every outside message is translated into before anything is decided.

Money is whole minor units of the document's currency; instants are aware; quantities are whole units of the listing.
"""

from datetime import date, datetime

import msgspec

Struct = msgspec.Struct


class Address(Struct, frozen=True, gc=False, omit_defaults=True):
    """Where something goes; coordinates only where the source knows them."""

    name: str = ""
    company: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    """Code of the state or province, upper case where the source gives a code."""
    postal_code: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2."""
    phone: str = ""
    latitude: float | None = None
    longitude: float | None = None


class LineDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """One line of an order as the channel states it."""

    line_ref: str
    """Stable within the order: the channel's line id, else the line's place."""
    listing: str
    """The channel's SKU text, or `name:` and the listing name where there is no SKU."""
    name: str
    quantity: int
    unit_price_minor: int
    discount_minor: int = 0
    """Of the whole line, positive."""
    tax_minor: int | None = None
    """Of the whole line where the channel states it by line."""
    shipping_minor: int | None = None
    shipped: int = 0
    """Units that the channel says are already shipped."""
    cancelled: int = 0
    shipped_estimated: bool = False
    """The channel says that some units are shipped, not how many: `shipped` is all but one."""
    requires_shipping: bool = True
    """False: nothing is sent for it (a tip, a service, a digital good)."""
    duties_minor: int | None = None
    """Of the whole line where the channel states it by line."""


class PaymentDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """One tender of an order."""

    method: str
    reference: str
    amount_minor: int
    state: str
    """pending, authorized, captured, partially_refunded, refunded, voided, expired or failed."""
    refunded_minor: int = 0
    authorized_at: datetime | None = None
    """When it was authorized, or paid, as far as the source says."""
    tenders: tuple[str, ...] = ()
    """The tenders of a split payment whose shares the channel does not state; amounts are of all of them together."""


class OrderDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """One order of a channel, whole, as last stated by it."""

    order_ref: str
    """The channel's own immutable id where the file has one, else the number."""
    number: str
    placed_at: datetime
    currency: str
    lines: tuple[LineDocument, ...]
    goods_minor: int
    """Sum of quantity x unit price, before discounts; tax included where tax_included."""
    discount_minor: int = 0
    """All discounts of the order, line discounts included, positive."""
    shipping_minor: int = 0
    tax_minor: int = 0
    total_minor: int = 0
    """As stated by the channel; goods - discount + shipping (+ tax where not included) + duties when it foots."""
    refunded_minor: int = 0
    tax_included: bool = False
    payments: tuple[PaymentDocument, ...] = ()
    financial_state: str = "pending"
    """pending, authorized, paid, partially_paid, partially_refunded, refunded or voided."""
    fulfillment_state: str = "unfulfilled"
    """unfulfilled, partial or fulfilled: all units of the order shipped according to the channel."""
    fulfilled_at: datetime | None = None
    cancelled_at: datetime | None = None
    marketplace_tax: bool = False
    """The marketplace collects and remits the tax: memo only."""
    custody: str = "merchant"
    """`merchant`, or `marketplace` where the channel ships from its own warehouse (FBA)."""
    ship_service: str = ""
    ship_by_at: datetime | None = None
    email: str = ""
    ship_to: Address = Address()
    bill_to: Address = Address()
    terms_days: int | None = None
    """Net payment terms granted to the buyer; None: paid at order."""
    risk: str = ""
    """`high` sets a fraud hold."""
    tags: tuple[str, ...] = ()
    note: str = ""
    stated_at: datetime | None = None
    """When the channel last changed it, where the source says so."""
    amounts_stated: bool = True
    """False: the source leaves out prices or the total (a trimmed export, a pending order); what is missing is 0,
    and the total proves nothing."""
    duties_minor: int = 0
    """Customs duties that the customer pays to us, on top of goods, shipping and tax: owed to the customs."""
    address_stated: bool = True
    """False: the source leaves parts of addresses out (a report without streets); what is missing proves nothing."""
    customer_class: str = ""
    """What kind of customer it is to the merchant, such as `vip`; rules of priority match it."""
    hold: str = ""
    """The reference under which its cart or checkout holds stock: the order takes that hold over."""


class ProductDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """One SKU of the catalogue, with its kit components, units and listings."""

    sku: str
    name: str
    barcode: str = ""
    category: str = ""
    stock_unit: str = "each"
    weight_grams: int | None = None
    cost_minor: int | None = None
    price_minor: int | None = None
    currency: str = ""
    backorder: bool = False
    active: bool = True
    components: tuple[tuple[str, int], ...] = ()
    """(component SKU, quantity): not empty makes it a kit; a component may be a kit itself."""
    materials: tuple[tuple[str, int], ...] = ()
    """(SKU, quantity): not empty makes it an assembled SKU, stocked itself and made of these."""
    tracking: str = ""
    """none, lot or serial; empty: as it is."""
    units: tuple[tuple[str, int], ...] = ()
    """(unit, stock units in it)."""
    listings: tuple[tuple[str, str, int], ...] = ()
    """(channel code, listing key, pack quantity)."""
    supplier: str = ""
    """Who delivers it; empty: as it is."""
    moq: int | None = None
    """The least that an order of it may be, in stock units."""
    order_multiple: int | None = None
    lead_time_days: int | None = None
    """From the supplier's confirmation to receipt."""


class ListingDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a channel says of one of its listings; what is left out stays as it was."""

    listing: str
    """The SKU or id by which the channel names it."""
    sku: str = ""
    """Ours."""
    barcode: str = ""
    pack_quantity: int | None = None
    """Units of our SKU in one sold unit."""
    title: str = ""
    price_minor: int | None = None
    currency: str = ""
    status: str = ""
    """active, inactive or removed; empty: as it is, active at first."""


class StockLine(Struct, frozen=True, gc=False, omit_defaults=True):
    """What one site says it holds of one SKU, absolute."""

    sku: str
    quantity: int
    status: str = "available"
    row: int = 0
    """Line of the file, for errors and cases."""
    unit: str = ""
    cost_minor: int | None = None
    """Unit cost in the entity's currency; used when stock is opened or found."""
    as_of: datetime | None = None
    """When this line was counted; None: at the instant of the document."""
    owner: str = ""
    """own, supplier, or consignor:CODE; empty: who owns what lies at the site."""
    lot: str = ""
    """The lot or serial number, of a SKU that is tracked by one."""
    expires_on: date | None = None
    """The last day on which the lot may be sold."""
    made_on: date | None = None
    bin: str = ""
    """Where it lies inside a site that keeps bins; empty: it is not put away."""


class StockDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """A snapshot: what a site held at an instant, some or all of its SKUs."""

    site: str
    as_of: datetime | None
    lines: tuple[StockLine, ...]
    opening: bool = False
    """Cut-over: posts against opening equity."""
    part: int = 0
    all_lots: bool = False
    """Of a tracked SKU in a status that is named, the lots that are not named are none."""
    complete: bool = False
    """On the last part: this snapshot, with its earlier parts, is the whole of the site; what is left out is none."""
    whole: bool = False
    """On the earlier parts of a whole site: what it says is none is judged by what it names, not by all of the site."""
    parts: int = 0
    """On the last part of a whole site: how many there are; 0: this is the only one."""
    statuses: tuple[str, ...] = ()
    """Of a whole site: the statuses that it is the whole of; none: those that it names."""
    unreadable: int = 0
    """On the last part: rows that could not be read, so that it is not the whole after all."""
    bins: bool = False
    """Every line says where its units lie: a line without a bin is not put away. Else that is said by those that name
    one, and of rows of which no line does nothing is known."""


class StatementLine(Struct, frozen=True, gc=False, omit_defaults=True):
    """What an outside system believes of one SKU at one place, in its own words."""

    location: str
    """Its code of the place, or ours; empty where the system speaks of one site."""
    sku: str
    """A code of ours, a barcode, or how a channel lists it."""
    quantity: int
    status: str = ""
    """Its word; empty: available."""
    unit: str = ""
    """Empty: the stock unit."""
    lot: str = ""
    row: int = 0


class StatementDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """A part of what an outside system states of an instant, to be compared with ours; it moves nothing."""

    system: str
    as_of: datetime
    digest: str
    """Of the whole statement: one instant, one content, one comparison."""
    lines: tuple[StatementLine, ...]
    part: int = 0
    parts: int = 0
    """Only on the last part: how many there are."""
    complete: bool = False
    """The whole of each place that it names; what is left out is zero."""
    unreadable: int = 0
    """Only on the last part: rows that could not be read, so that it is not the whole after all."""


class ConfirmationLine(Struct, frozen=True, gc=False, omit_defaults=True):
    """Units of one line that a confirmation is about."""

    quantity: int
    sku: str = ""
    line_ref: str = ""
    lot: str = ""
    """The lot or serial number that was sent."""
    bin: str = ""
    """The bin that it was taken from."""


class ConfirmationDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a site reports of an order: acknowledged, picked, short_picked, packed or shipped."""

    order: str
    """The order's number or reference."""
    kind: str
    occurred_at: datetime
    site: str = ""
    """Site code; empty where the order has one open request."""
    lines: tuple[ConfirmationLine, ...] = ()
    """Empty: all that is outstanding."""
    carrier: str = ""
    tracking: str = ""
    row: int = 0


class KeptRow(Struct, frozen=True, gc=False, omit_defaults=True):
    """What could not be read, kept whole, with the reason and the fix."""

    file: str
    line: int
    column: str
    problem: str
    fix: str
    rows: tuple[str, ...]
    """The physical rows as they stood."""
