"""Canonical documents of goods that move: what will come, what came, what goes from site to site, what is adjusted.

Quantities are whole numbers of the stated unit (none: the SKU's stock unit), instants are aware, costs are whole minor
units of the entity's currency.
"""

from datetime import date, datetime

import msgspec

Struct = msgspec.Struct


class InboundLine(Struct, frozen=True, gc=False, omit_defaults=True):
    """What is to come of one SKU, as a whole: a repeat does not add to it."""

    sku: str
    quantity: int
    """Zero: nothing more will come."""
    expected_at: datetime | None = None
    """When it can be used; None: nobody knows."""
    line: str = ""
    """Tells apart lines of one reference that have the same SKU."""
    lot: str = ""
    unit: str = ""
    cost_minor: int | None = None
    row: int = 0


class InboundDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a supplier or a workshop will deliver to a site."""

    reference: str
    site: str
    lines: tuple[InboundLine, ...]
    kind: str = "purchase"
    """purchase or production; transfers make their own."""
    supplier: str = ""
    confirmed: bool = True
    stated_at: datetime | None = None


class ReceiptLine(Struct, frozen=True, gc=False, omit_defaults=True):
    """What came of one SKU."""

    sku: str
    quantity: int
    """In good order."""
    damaged: int = 0
    """Beside them."""
    line: str = ""
    lot: str = ""
    expires_on: date | None = None
    unit: str = ""
    cost_minor: int | None = None
    row: int = 0
    bin: str = ""
    """Where what came in good order was put; empty: it is not put away."""


class ReceiptDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """A delivery under the number that the site gave it, whole: the same number again is a correction."""

    reference: str
    site: str
    lines: tuple[ReceiptLine, ...]
    inbound: str = ""
    """Reference of what it was expected under; empty: blind."""
    received_at: datetime | None = None
    complete: bool = False
    """Nothing more will come of the inbound at this site."""


class TransferLine(Struct, frozen=True, gc=False, omit_defaults=True):
    """Units of one SKU in a step of a transfer."""

    sku: str
    quantity: int
    damaged: int = 0
    """Of an arrival: arrived, but broken; beside the quantity."""
    lot: str = ""
    unit: str = ""
    row: int = 0


class TransferDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """One step of a transfer between two sites: ordered, shipped, arrived, closed, cancelled, or what became of units
    that do not arrive: lost, claimed (from the carrier), returned.
    """

    reference: str
    step: str
    lines: tuple[TransferLine, ...] = ()
    """Empty: all that is outstanding of the step."""
    origin: str = ""
    destination: str = ""
    """Site codes; needed to order it."""
    occurred_at: datetime | None = None
    expected_at: datetime | None = None
    document: str = ""
    """Number of the paper that says so; two equal partial steps need different ones, or the second is a repetition."""


class AdjustmentDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """A change of one stock row by a difference, for a reason of the configuration."""

    reference: str
    site: str
    sku: str
    quantity: int
    """The difference: below zero takes out."""
    reason: str
    status: str = "available"
    lot: str = ""
    unit: str = ""
    cost_minor: int | None = None
    note: str = ""
    occurred_at: datetime | None = None
    row: int = 0


class AssemblyLot(Struct, frozen=True, gc=False, omit_defaults=True):
    """A lot or serial number that units of an assembly are taken from, or that they become."""

    sku: str
    lot: str
    quantity: int | None = None
    """None: all that no other lot is named for; one of a serial number."""
    expires_on: date | None = None
    """Of what is made; else it keeps as long as the first of what is in it."""


class AssemblyDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """Units of an assembled SKU that are made of its materials at one site, or taken apart."""

    reference: str
    site: str
    sku: str
    quantity: int
    disassemble: bool = False
    lots: tuple[AssemblyLot, ...] = ()
    """What is made of a tracked SKU names its lots; of what is taken, the first to expire go first."""
    unit: str = ""
    occurred_at: datetime | None = None


class BinMoveLine(Struct, frozen=True, gc=False, omit_defaults=True):
    """Units of one stock row that went from bin to bin."""

    sku: str
    quantity: int
    origin: str = ""
    """The bin that they lay in; empty: they were not put away."""
    destination: str = ""
    """The bin that they lie in now; empty: they are taken out of bins."""
    status: str = "available"
    lot: str = ""
    owner: str = ""
    """Empty: who owns what lies at the site."""
    unit: str = ""
    row: int = 0


class BinMoveDocument(Struct, frozen=True, gc=False, omit_defaults=True):
    """What went from bin to bin inside one site, under one number: the sums of its stock rows stay as they are."""

    reference: str
    site: str
    lines: tuple[BinMoveLine, ...]
    occurred_at: datetime | None = None
