"""The events that the books read, with the part of their data that a posting needs; other fields are passed over."""

from datetime import date, datetime

import msgspec
from msgspec import Struct

SUPPLIER = "supplier"
OWN = "own"
"""Owner of the goods that are ours: only these are valued."""


class StockChanged(Struct, frozen=True):
    """Units of a SKU came to a site or left it; the cost is a unit cost in the entity's currency."""

    sku_id: int
    site_id: int
    delta: int
    owner: str = OWN
    cost_minor: int | None = None
    reason: str = ""
    against: str = ""
    """Posting role of the account against inventory, where the event states one."""


class PaymentCaptured(Struct, frozen=True):
    """Money of a customer came in."""

    order_id: int
    entity: str
    channel_id: int
    method: str
    amount_minor: int
    currency: str


class RevenueShare(Struct, frozen=True):
    """The share of a line's frozen amounts that a shipment carries, net of tax where prices include it."""

    goods_minor: int
    discount_minor: int = 0
    shipping_minor: int = 0
    tax_minor: int = 0
    duties_minor: int = 0


class ShippedStock(Struct, frozen=True):
    """Units of a stocked SKU that went out; the unit cost only where the source knows it."""

    sku_id: int
    quantity: int
    cost_minor: int | None = None
    owner: str = ""
    """Whose they were; empty: who owns what lies at the site."""


class Shipped(Struct, frozen=True):
    """Control passed to the customer."""

    site_id: int
    entity: str
    channel_id: int
    currency: str
    revenue: tuple[RevenueShare, ...] = ()
    stock: tuple[ShippedStock, ...] = ()
    number: str = ""
    marketplace_tax: bool = False
    """The marketplace collects and remits the tax: it is not posted."""


class RefundedShares(Struct, frozen=True):
    """What a refund gives back of what was shipped; goods before the discount."""

    goods_minor: int = 0
    discount_minor: int = 0
    shipping_minor: int = 0
    tax_minor: int = 0
    duties_minor: int = 0


class RefundIssued(Struct, frozen=True):
    """Money went back to a customer."""

    order_id: int
    entity: str
    channel_id: int
    currency: str
    method: str
    amount_minor: int
    before_shipment_minor: int = 0
    after: RefundedShares = RefundedShares()
    marketplace_tax: bool = False


class TransferLine(Struct, frozen=True):
    """Units of one line of a transfer that moved."""

    line_no: int
    sku_id: int
    units: int
    owner: str = OWN


class TransferMoved(Struct, frozen=True):
    """A step of a transfer."""

    transfer_id: int
    reference: str
    from_site_id: int
    to_site_id: int
    lines: tuple[TransferLine, ...] = ()


class AssembledSku(Struct, frozen=True):
    """By how much a SKU changed in an assembly; below zero it went in."""

    sku_id: int
    units: int


class Assembled(Struct, frozen=True):
    """Goods of ours became others at one site; each SKU at most once."""

    reference: str
    sku_id: int
    site_id: int
    lines: tuple[AssembledSku, ...]


Data = StockChanged | PaymentCaptured | Shipped | RefundIssued | TransferMoved | Assembled

_TYPES: dict[str, type[Data]] = {
    "stock.opened": StockChanged,
    "stock.received": StockChanged,
    "stock.adjusted": StockChanged,
    "stock.counted": StockChanged,
    "payment.captured": PaymentCaptured,
    "fulfillment.shipped": Shipped,
    "refund.issued": RefundIssued,
    "transfer.shipped": TransferMoved,
    "transfer.arrived": TransferMoved,
    "transfer.lost": TransferMoved,
    "transfer.claimed": TransferMoved,
    "transfer.returned": TransferMoved,
    "assembly.made": Assembled,
    "assembly.undone": Assembled,
}
KINDS: tuple[str, ...] = tuple(_TYPES)
"""The kinds of event that the books read."""

_DECODERS = {kind: msgspec.json.Decoder(data_type) for kind, data_type in _TYPES.items()}


class Happening(Struct, frozen=True):
    """An event as a posting rule sees it: `occurred_on` is the merchant's own day."""

    position: int
    kind: str
    subject: str
    subject_id: int
    occurred_on: date
    recorded_at: datetime
    data: Data


def read_data(kind: str, data: bytes) -> Data | None:
    """The data of an event; None where the books do not read its kind; raises msgspec.ValidationError."""
    decoder = _DECODERS.get(kind)
    return None if decoder is None else decoder.decode(data)
