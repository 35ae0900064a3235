"""Count sheets: planned, counted blind, counted again; who approves does it by the acts of the sheet's case."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import Provide
from litestar.params import FromPath, JSONBody, QueryParameter

from stocktower import access, catalog, counting
from stocktower.counting import Accuracy, CountItem, CountSheet, Entered, Finished, SheetRow, Variances
from stocktower.platform import Transaction
from stocktower.web.api.writes import REFUSALS, Key, RequestHash, once, provide_request_hash
from stocktower.web.desk import AtDesk


class SheetList(msgspec.Struct, frozen=True):
    """A page of sheets, and how many there are of both sorts."""

    sheets: list[SheetRow]
    unfinished: int
    closed: int


class PlanRequest(msgspec.Struct, frozen=True):
    """What a site is to count: what is due and fits into its day (or `lines`), or some SKUs whatever is due."""

    site: str
    lines: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    skus: Annotated[list[str], msgspec.Meta(max_length=1000)] = []
    """Codes or barcodes."""
    dry_run: bool = False


class ProposedLine(msgspec.Struct, frozen=True):
    """A row to be counted, and why; its quantity stays hidden."""

    sku: str
    status: str
    grade: str
    """A, B or C."""
    why: str
    bin: str | None
    """At a site with bins: the place of the row that is counted; empty: what lies in no bin."""


class PlanAnswer(msgspec.Struct, frozen=True):
    """The sheet that was made, or would be."""

    site: str
    sheet: int | None
    """Its number; None: nothing is due, or a dry run."""
    lines: list[ProposedLine]
    waiting: int
    """Rows that are due and did not fit."""


class CountedLine(msgspec.Struct, frozen=True):
    """What was counted of one row: by the number of its line, or by code or barcode."""

    quantity: Annotated[int, msgspec.Meta(ge=0)]
    sku: str = ""
    line: int = 0
    unit: str = ""
    """Empty: the stock unit."""
    status: str = ""
    lot: str = ""
    """The lot or serial number, of a SKU that is tracked by one."""
    round: int = 0
    """Which count of the line it is meant for; 0: the one under way."""
    counted_at: datetime | None = None
    """None: now."""
    found: bool = False
    """It lay there and is not on the sheet."""
    bin: str | None = None
    """Where a row is counted bin by bin: the bin; empty: in none; nothing: the only place of it on the sheet."""


class EntryRequest(msgspec.Struct, frozen=True):
    """What one person counted; each line is written, repeated, corrected or refused alone."""

    lines: Annotated[list[CountedLine], msgspec.Meta(min_length=1, max_length=1000)]


class EntryAnswer(msgspec.Struct, frozen=True):
    """One result a line, in their order."""

    entered: list[Entered]


class FinishRequest(msgspec.Struct, frozen=True):
    """The end of a round."""

    rest_not_found: bool = False
    """Nothing was found of the lines that are not counted."""


class DropRequest(msgspec.Struct, frozen=True):
    """Why a sheet is dropped."""

    note: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class DropAnswer(msgspec.Struct, frozen=True):
    """The sheet that was dropped, and how many lines it had."""

    sheet: int
    lines: int


class AccuracyRow(msgspec.Struct, frozen=True):
    """How right the books were where a site was counted in a month."""

    site: str
    figures: Accuracy
    line_permille: int
    value_permille: int | None


class AccuracyAnswer(msgspec.Struct, frozen=True):
    """By month and site, the newest first."""

    accuracy: list[AccuracyRow]


WRITES = {"request_hash": Provide(provide_request_hash)}
SiteQuery = Annotated[str, QueryParameter(description="Code of a site; nothing: all of them.")]


@get("/api/v1/counts", sync_to_thread=True, tags=["Counts"])
def list_sheets(
    desk: AtDesk,
    site: SiteQuery = "",
    closed: Annotated[bool, QueryParameter(description="Those that are done, in place of unfinished ones.")] = False,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
    offset: Annotated[int, QueryParameter(ge=0)] = 0,
) -> SheetList:
    """Count sheets, the newest first; their differences only when all of a sheet is counted."""
    with desk.reading() as tx:
        network = desk.network(tx)
        found = counting.list_sheets(tx, network, site=site, closed=closed, limit=limit, offset=offset)
        return SheetList(found, *counting.count_sheets(tx, network, site))


@post(
    "/api/v1/counts", sync_to_thread=True, status_code=201, tags=["Counts"], responses=REFUSALS,
    dependencies=WRITES,
)  # fmt: skip
def plan(desk: AtDesk, data: JSONBody[PlanRequest], request_hash: RequestHash, key: Key = None) -> Response[PlanAnswer]:
    """Make the sheet of a site; a dry run says what is due and makes none."""
    desk.require(access.Permission.COUNT_STOCK)

    def do(tx: Transaction) -> PlanAnswer:
        planned = counting.plan(tx, data.site, lines=data.lines, skus=data.skus)
        skus = catalog.load_skus(tx, {one.row.sku_id for one in planned.lines})
        lines = [
            ProposedLine(skus[one.row.sku_id].code, one.row.status, one.grade, one.why, one.bin)
            for one in planned.lines
        ]
        return PlanAnswer(planned.site, None if data.dry_run else planned.number, lines, planned.waiting)

    if data.dry_run:
        return Response(desk.carry_out(do, dry_run=True), status_code=200)
    return once(desk, key, request_hash, PlanAnswer, 201, do)


@get("/api/v1/counts/accuracy", sync_to_thread=True, tags=["Counts"])
def accuracy(desk: AtDesk, site: SiteQuery = "") -> AccuracyAnswer:
    """How right the books were where they were counted, by month and site."""
    with desk.reading() as tx:
        network = desk.network(tx)
        codes = {one.site_id: one.code for one in network.sites.values()}
        return AccuracyAnswer([
            AccuracyRow(codes.get(one.site_id, str(one.site_id)), one, one.line_permille, one.value_permille)
            for one in counting.load_accuracy(tx, network, site)
        ])  # fmt: skip


@get("/api/v1/counts/{number:int}", sync_to_thread=True, tags=["Counts"])
def get_sheet(desk: AtDesk, number: FromPath[int]) -> CountSheet:
    """A sheet as its counters see it: no expected quantity, and of what was counted only your own."""
    with desk.reading() as tx:
        return counting.load_sheet(tx, desk.network(tx), number, reader=desk.person.name)


@post(
    "/api/v1/counts/{number:int}/entries", sync_to_thread=True, status_code=200, tags=["Counts"],
    responses=REFUSALS, dependencies=WRITES,
)  # fmt: skip
def enter(
    desk: AtDesk, number: FromPath[int], data: JSONBody[EntryRequest], request_hash: RequestHash, key: Key = None
) -> Response[EntryAnswer]:
    """Write what you counted; what cannot be meant is refused with the field and the fix, the rest is kept."""
    desk.require(access.Permission.COUNT_STOCK)
    items = [
        CountItem(
            one.quantity, sku=one.sku, line_no=one.line, unit=one.unit, status=one.status, lot=one.lot, round=one.round,
            counted_at=one.counted_at, found=one.found, bin=one.bin,
        )
        for one in data.lines
    ]  # fmt: skip
    return once(
        desk, key, request_hash, EntryAnswer, 200, lambda tx: EntryAnswer(counting.enter(tx, number, items))
    )  # fmt: skip


@post(
    "/api/v1/counts/{number:int}/finish", sync_to_thread=True, status_code=200, tags=["Counts"],
    responses=REFUSALS, dependencies=WRITES,
)  # fmt: skip
def finish(
    desk: AtDesk, number: FromPath[int], data: JSONBody[FinishRequest], request_hash: RequestHash, key: Key = None
) -> Response[Finished]:
    """End the round: it is counted again where it has to be, waits for approval, or becomes stock."""
    desk.require(access.Permission.COUNT_STOCK)
    rest = data.rest_not_found
    return once(
        desk, key, request_hash, Finished, 200, lambda tx: counting.finish(tx, number, rest_not_found=rest)
    )  # fmt: skip


@post(
    "/api/v1/counts/{number:int}/drop", sync_to_thread=True, status_code=200, tags=["Counts"],
    responses=REFUSALS, dependencies=WRITES,
)  # fmt: skip
def drop(
    desk: AtDesk, number: FromPath[int], data: JSONBody[DropRequest], request_hash: RequestHash, key: Key = None
) -> Response[DropAnswer]:
    """Close a sheet that is being counted, without any effect; one that waits is rejected by the acts of its case."""
    desk.require(access.Permission.APPROVE_COUNTS)
    return once(
        desk, key, request_hash, DropAnswer, 200,
        lambda tx: DropAnswer(number, counting.drop(tx, number, data.note)),
    )  # fmt: skip


@get("/api/v1/counts/{number:int}/variances", sync_to_thread=True, tags=["Counts"], responses=REFUSALS)
def variances(desk: AtDesk, number: FromPath[int]) -> Variances:
    """What differs, line by line with every count, and the case to approve it by; refused while it is counted."""
    with desk.reading() as tx:
        return counting.load_variances(tx, desk.network(tx), number)
