"""One transfer, one delivery, one assembly: what was told of it and what it came to."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import QueryParameter

from stocktower import catalog
from stocktower.inventory import views as ledger
from stocktower.web.desk import AtDesk


class TransferFigures(msgspec.Struct, frozen=True):
    """A line: ordered = open + shipped + cancelled; shipped = in transit + what became of the others."""

    sku: str
    lot: str
    status: str
    owner: str
    ordered: int
    open: int
    shipped: int
    ahead: int
    """Of the shipped: units of which the source has not said that they left."""
    in_transit: int
    arrived: int
    damaged: int
    lost: int
    claimed: int
    returned: int
    cancelled: int


class TransferStep(msgspec.Struct, frozen=True):
    """One step of one line."""

    sku: str
    lot: str
    step: str
    units: int
    document: str
    actor: str
    message_id: int
    occurred_at: datetime
    recorded_at: datetime


class TransferState(msgspec.Struct, frozen=True):
    """A transfer."""

    transfer_id: int
    reference: str
    origin: str
    destination: str
    state: str
    ordered_at: datetime
    expected_at: datetime | None
    closed_at: datetime | None
    lines: list[TransferFigures]
    steps: list[TransferStep]


class ReceivedLine(msgspec.Struct, frozen=True):
    """Units of one SKU that came, or, below zero, did not come after all."""

    sku: str
    lot: str
    status: str
    units: int
    cost_minor: int | None
    on_order: bool
    actor: str
    message_id: int
    occurred_at: datetime
    recorded_at: datetime


class ReceiptState(msgspec.Struct, frozen=True):
    """A delivery."""

    receipt_id: int
    reference: str
    site: str
    inbound: str
    received_at: datetime
    entries: list[ReceivedLine]


class AssemblyLine(msgspec.Struct, frozen=True):
    """What an assembly did to a SKU or lot."""

    sku: str
    lot: str
    units: int
    """Below zero: they went in."""


class AssemblyState(msgspec.Struct, frozen=True):
    """An assembly."""

    assembly_id: int
    reference: str
    site: str
    sku: str
    units: int
    """Below zero: taken apart."""
    actor: str
    occurred_at: datetime
    lines: list[AssemblyLine]


Reference = Annotated[str, QueryParameter(description="Its number.")]


@get("/api/v1/transfers", sync_to_thread=True, tags=["Goods"])
def get_transfer(desk: AtDesk, reference: Reference) -> TransferState:
    """One transfer with every step that was told of it."""
    with desk.reading() as tx:
        found = ledger.find_transfers(tx, [reference])
        paper = ledger.load_transfer_paper(tx, found[reference]) if reference in found else None
        if paper is None:
            raise NotFoundException(f"There is no transfer {reference}.")
        codes = {key: sku.code for key, sku in catalog.load_skus(tx, {line.sku_id for line in paper.lines}).items()}
        sites, one = desk.network(tx).sites, paper.transfer
        lines = {
            line.line_no: TransferFigures(
                codes[line.sku_id], line.lot, line.status, line.owner, line.ordered, line.open, line.shipped,
                line.ahead, line.in_transit, line.arrived, line.damaged, line.lost, line.claimed, line.returned,
                line.cancelled,
            )
            for line in paper.lines
        }  # fmt: skip
        steps = [
            TransferStep(
                lines[change.line_no].sku, lines[change.line_no].lot, change.kind, change.units, change.document,
                change.actor, change.message_id, change.occurred_at, change.recorded_at,
            )
            for change in paper.changes
        ]  # fmt: skip
        return TransferState(
            one.transfer_id, one.reference, sites[one.from_site_id].code, sites[one.to_site_id].code, one.state,
            one.ordered_at, one.expected_at, one.closed_at, list(lines.values()), steps,
        )  # fmt: skip


@get("/api/v1/receipts", sync_to_thread=True, tags=["Goods"])
def get_receipt(
    desk: AtDesk, reference: Reference, site: Annotated[str, QueryParameter(description="Code of the site.")]
) -> ReceiptState:
    """One delivery with each word about it, corrections below zero."""
    with desk.reading() as tx:
        site_id = desk.network(tx).site_ids.get(site, 0)
        paper = ledger.load_receipt_paper(tx, ledger.find_receipt(tx, site_id, reference))
        if paper is None:
            raise NotFoundException(f"There is no delivery {reference} at {site}.")
        skus = catalog.load_skus(tx, {line.sku_id for line in paper.lines})
        entries = [
            ReceivedLine(
                skus[line.sku_id].code, line.lot, line.status, line.units, line.cost_minor, line.inbound_id != 0,
                line.actor, line.message_id, line.occurred_at, line.recorded_at,
            )
            for line in paper.lines
        ]  # fmt: skip
        one = paper.receipt
        return ReceiptState(one.receipt_id, one.reference, site, one.inbound_reference, one.received_at, entries)


@get("/api/v1/assemblies", sync_to_thread=True, tags=["Goods"])
def get_assembly(desk: AtDesk, reference: Reference) -> AssemblyState:
    """One assembly with what went in and what came out."""
    with desk.reading() as tx:
        paper = ledger.load_assembly_paper(tx, ledger.find_assembly(tx, reference))
        if paper is None:
            raise NotFoundException(f"There is no assembly {reference}.")
        one = paper.assembly
        skus = catalog.load_skus(tx, {one.sku_id, *(line.sku_id for line in paper.lines)})
        return AssemblyState(
            one.assembly_id, one.reference, desk.network(tx).sites[one.site_id].code, skus[one.sku_id].code, one.units,
            one.actor, one.occurred_at,
            [AssemblyLine(skus[line.sku_id].code, line.lot, line.delta) for line in paper.lines],
        )  # fmt: skip
