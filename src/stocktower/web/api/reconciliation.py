"""Statements of outside systems, and how our stock compares with them."""

import hashlib
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody, QueryParameter

from stocktower import access, catalog, exchange, reconciliation
from stocktower.model import System
from stocktower.platform import Transaction
from stocktower.web.api.orders import Accepted, receive
from stocktower.web.api.writes import REFUSALS, Key, RequestHash, once, provide_request_hash
from stocktower.web.desk import AtDesk
from stocktower.web.problems import Unprocessable

MOST_LINES = 10_000


class StatedLine(msgspec.Struct, frozen=True):
    """What the system believes of one SKU, in its own words."""

    sku: str
    quantity: int
    site: str = ""
    """Its code of the place, or ours; empty where it speaks of one site."""
    status: str = ""
    unit: str = ""
    lot: str = ""


class StatementRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement as of an instant; longer ones come as a file."""

    as_of: datetime
    lines: list[StatedLine]
    complete: bool = False
    """The whole of each site that it names."""


class CauseAnswer(msgspec.Struct, frozen=True):
    """What stands of one cause now."""

    cause: str
    lines: int
    units: int
    value_minor: int
    since_at: datetime


class SystemAnswer(msgspec.Struct, frozen=True):
    """How a system agrees with us."""

    system: str
    name: str
    kind: str
    as_of: datetime | None
    overdue_at: datetime | None
    compared: int
    matched: int
    within: int
    different: int
    unknown: int
    units_apart: int
    value_apart_minor: int
    causes: list[CauseAnswer]


class SystemsAnswer(msgspec.Struct, frozen=True):
    """All systems of the applied configuration."""

    systems: list[SystemAnswer]


class LineAnswer(msgspec.Struct, frozen=True):
    """A line that differs, both figures as of the instant; `recorded` is what we had recorded by then."""

    sku: str
    site: str
    status: str
    lot: str
    as_of: datetime
    ours: int
    recorded: int
    theirs: int
    cause: str
    confidence: int
    reason: str
    trend: str
    since_at: datetime
    value_minor: int
    evidence: dict[str, Any]


class LinesAnswer(msgspec.Struct, frozen=True):
    """Lines that differ, the most money first."""

    lines: list[LineAnswer]


@get("/api/v1/reconciliation", sync_to_thread=True, tags=["Reconciliation"])
def list_systems(desk: AtDesk) -> SystemsAnswer:
    """How each outside system agrees with us, and what stands by likely cause."""
    with desk.reading() as tx:
        return SystemsAnswer([_system(one) for one in reconciliation.load_status(tx)])


def _system(one: reconciliation.SystemStatus) -> SystemAnswer:
    run = one.run
    return SystemAnswer(
        one.system.code, one.system.name, one.system.kind, run.as_of if run else None, one.overdue_at,
        run.compared if run else 0, run.matched if run else 0, run.within if run else 0, run.different if run else 0,
        run.unknown if run else 0, run.units_apart if run else 0, run.value_apart_minor if run else 0,
        [CauseAnswer(group.cause, group.lines, group.units, group.value_minor, group.since_at) for group in one.groups],
    )  # fmt: skip


@get("/api/v1/reconciliation/{system:str}/lines", sync_to_thread=True, tags=["Reconciliation"])
def list_lines(
    desk: AtDesk,
    system: FromPath[str],
    cause: Annotated[str, QueryParameter(description="Only lines of this cause.")] = "",
    sku: Annotated[str, QueryParameter(description="Only lines of this SKU.")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    offset: Annotated[int, QueryParameter(ge=0)] = 0,
) -> LinesAnswer:
    """The lines that differ from a system, each with its likely cause and what shows it."""
    if cause and cause not in set(reconciliation.Cause):
        known = ", ".join(sorted(reconciliation.Cause))
        raise Unprocessable(f"{cause} is not a cause", field="cause", fix=f"Name one of {known}.")
    with desk.reading() as tx:
        found = reconciliation.load_status(tx, system)
        if not found:
            raise NotFoundException(f"There is no system {system}.")
        row = found[0].row
        sku_id = _sku_id(tx, sku)
        lines = (
            reconciliation.load_lines(tx, row.system_id, cause=cause, sku_id=sku_id, limit=limit, offset=offset)
            if row
            else []
        )
        codes = {one.sku_id: one.code for one in catalog.load_skus(tx, {line.sku_id for line, _ in lines}).values()}
        sites = desk.network(tx).sites
        return LinesAnswer([_line(line, as_of, codes, sites[line.site_id].code) for line, as_of in lines])


def _sku_id(tx: Transaction, code: str) -> int:
    if not code:
        return 0
    found = catalog.find_skus(tx, [code]).get(code)
    if found is None:
        raise NotFoundException(f"There is no SKU {code}.")
    return found.sku_id


def _line(line: reconciliation.Difference, as_of: datetime, codes: dict[int, str], site: str) -> LineAnswer:
    evidence: dict[str, Any] = msgspec.json.decode(line.evidence)
    return LineAnswer(
        codes.get(line.sku_id, ""), site, line.status, line.lot, as_of, line.ours, line.recorded, line.theirs,
        line.cause, line.confidence, str(evidence.pop("reason", "")), line.trend, line.since_at, line.value_minor,
        evidence,
    )  # fmt: skip


@post(
    "/api/v1/reconciliation/{system:str}/statements", sync_to_thread=True, status_code=202, tags=["Reconciliation"],
    responses=REFUSALS, dependencies={"request_hash": Provide(provide_request_hash)},
)  # fmt: skip
def take_statement(
    desk: AtDesk, system: FromPath[str], data: JSONBody[StatementRequest], request_hash: RequestHash, key: Key = None
) -> Response[Accepted]:
    """Say what a system believes of the stock; it is compared and changes nothing. The same statement again is one."""
    desk.require(access.Permission.IMPORT_FILES)
    if data.as_of.tzinfo is None:
        raise Unprocessable("as_of has no offset", field="as_of", fix="Write it like 2026-06-08T10:05:00-04:00.")
    if len(data.lines) > MOST_LINES:
        problem = f"{len(data.lines):,} lines are too many for one request"
        raise Unprocessable(problem, field="lines", fix="Send them as a file: POST /api/v1/imports?kind=statement")

    def write(tx: Transaction) -> Accepted:
        configured = _configured(tx, system)
        digest = hashlib.sha256(msgspec.json.encode(data)).hexdigest()[:32]
        document = exchange.StatementDocument(
            system, data.as_of, digest,
            tuple(
                exchange.StatementLine(one.site, one.sku, one.quantity, one.status, one.unit, one.lot, place)
                for place, one in enumerate(data.lines, start=1)
            ),
            parts=1, complete=data.complete or configured.complete,
        )  # fmt: skip
        return receive(tx, f"system/{system}", exchange.STATEMENT, f"{data.as_of.isoformat()}/{digest}/0", document)

    return once(desk, key, request_hash, Accepted, 202, write)


def _configured(tx: Transaction, code: str) -> System:
    found = reconciliation.load_status(tx, code)
    if not found:
        raise NotFoundException(f"There is no system {code}.")
    return found[0].system
