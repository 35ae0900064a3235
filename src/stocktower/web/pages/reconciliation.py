"""Reconciliation: how each outside system agrees with us, why it does not, and the lines with both figures."""

from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from markupsafe import Markup

from stocktower import catalog, network, reconciliation, worklist
from stocktower.platform import Transaction
from stocktower.reconciliation import Cause, Difference
from stocktower.web import charts, labels
from stocktower.web.desk import AtDesk

PAGE = 100
UNKNOWN_SHOWN = 50
TONES = {Cause.TIMING: "waiting", Cause.TOLERANCE: "quiet", Cause.SHRINKAGE: "broken"}
NAMES = {
    Cause.MISSED_MESSAGE: "Missed message",
    Cause.UNIT_ERROR: "Unit",
    Cause.MAPPING: "Mapping",
    Cause.STATUS: "Status",
    Cause.LOCATION: "Location",
    Cause.LOT: "Lot",
    Cause.DUPLICATE: "Duplicate",
    Cause.SHRINKAGE: "Shrinkage",
    Cause.TIMING: "Timing",
    Cause.TOLERANCE: "Within tolerance",
}


class Link(msgspec.Struct, frozen=True):
    """A piece of evidence, and where it is."""

    text: str
    href: str


class Line(msgspec.Struct, frozen=True):
    """A line that differs, with what shows why."""

    difference: Difference
    code: str
    site: str
    as_of: Any
    reason: str
    evidence: tuple[Link, ...]


def lines_of(tx: Transaction, found: list[tuple[Difference, Any]]) -> list[Line]:
    """Lines with names and links."""
    skus = catalog.load_skus(tx, {line.sku_id for line, _ in found} | _others(found))
    sites = network.load_network(tx).sites
    lines: list[Line] = []
    for line, as_of in found:
        evidence: dict[str, Any] = msgspec.json.decode(line.evidence)
        code = skus[line.sku_id].code if line.sku_id in skus else str(line.sku_id)
        site = sites[line.site_id].code if line.site_id in sites else str(line.site_id)
        links = links_of(code, evidence, skus, sites)
        lines.append(Line(line, code, site, as_of, str(evidence.get("reason", "")), links))
    return lines


def _others(found: list[tuple[Difference, Any]]) -> set[int]:
    """The other SKUs that evidence names."""
    evidence: list[dict[str, Any]] = [msgspec.json.decode(line.evidence) for line, _ in found]
    return {one["sku_id"] for one in evidence if "sku_id" in one}


def links_of(
    code: str, evidence: dict[str, Any], skus: dict[int, catalog.Sku], sites: dict[int, network.SiteFacts]
) -> tuple[Link, ...]:
    """Where the evidence of a line is."""
    links = [Link("move", labels.history_href(code, stock_id)) for stock_id, _ in evidence.get("moves", ())[:1]]
    more = evidence.get("count", 0)
    if links and more > 1:
        links = [Link(f"{more} moves", links[0].href)]
    links += [Link("order", f"/orders/{order_id}") for order_id in evidence.get("orders", ())[:3]]
    links += [Link("message", f"/messages/{message_id}") for message_id in evidence.get("messages", ())[:3]]
    if evidence.get("inbound"):
        first = evidence["references"].partition(", ")[0]
        links.append(Link(evidence["references"], f"/inbound?q={quote(f'reference:{first}')}"))
    if evidence.get("sku_id") in skus:
        other = skus[evidence["sku_id"]].code
        links.append(Link(other, labels.sku_href(other)))
    if evidence.get("site_id") in sites:
        links.append(Link(sites[evidence["site_id"]].code, labels.sku_href(code)))
    return tuple(links)


def trend(values: tuple[int, ...], title: str) -> Markup:
    """How many units were apart over the last runs."""
    return charts.sparkline(values, title)


@get("/reconciliation", sync_to_thread=True)
def reconciliation_page(desk: AtDesk) -> Response[str]:
    """Every system: its last statement, how much of it agrees, and what differs by likely cause."""
    with desk.reading() as tx:
        systems = reconciliation.load_status(tx)
        cases = {case.cause_key: case for case in _cases(tx)}
        return desk.show(
            tx, "reconciliation.html", title="Reconciliation", systems=systems, cases=cases, names=NAMES, tones=TONES,
            words=reconciliation.CAUSE_WORDS, trend=trend, cause_key=reconciliation.cause_key,
        )  # fmt: skip


def _cases(tx: Transaction) -> tuple[worklist.Case, ...]:
    wanted = worklist.CaseFilter(kind="stock_difference")
    late = worklist.CaseFilter(kind="statement_overdue")
    return (
        *worklist.load_cases(tx, wanted, limit=500).cases,
        *worklist.load_cases(tx, late, limit=100).cases,
    )


@get("/reconciliation/{code:str}", sync_to_thread=True)
def system_page(
    desk: AtDesk, code: FromPath[str], cause: FromQuery[str] = "", sku: FromQuery[str] = "", page: FromQuery[int] = 1
) -> Response[str]:
    """One system: the lines that differ with both figures as of its instant, why, and how it went over time."""
    offset = max(0, page - 1) * PAGE
    with desk.reading() as tx:
        found = reconciliation.load_status(tx, code)
        if not found:
            raise NotFoundException(f"There is no system {code}.")
        (status,) = found
        wanted = catalog.find_skus(tx, [sku]).get(sku) if sku else None
        lines: list[Line] = []
        unknown: list[reconciliation.UnknownLine] = []
        runs: list[reconciliation.Run] = []
        allowances: list[reconciliation.Allowance] = []
        if status.row is not None and (wanted is not None or not sku):
            sku_id = wanted.sku_id if wanted else 0
            listed = reconciliation.load_lines(
                tx, status.row.system_id, cause=cause, sku_id=sku_id, limit=PAGE + 1, offset=offset
            )
            lines = lines_of(tx, listed)
            runs = reconciliation.load_runs(tx, status.row.system_id)
            allowances = reconciliation.load_allowances(tx, status.row.system_id)
        if status.run is not None and cause in ("", Cause.MAPPING):
            unknown = reconciliation.load_unknown(tx, status.run.run_id, limit=UNKNOWN_SHOWN)
        return desk.show(
            tx, "reconciliation_system.html", title=f"{status.system.name}: stock compared", one=status,
            lines=lines[:PAGE], has_more=len(lines) > PAGE, number_of_page=max(1, page), cause=cause, sku=sku,
            unknown=unknown, problems=reconciliation.PROBLEMS, runs=runs, allowances=allowances, names=NAMES,
            tones=TONES, words=reconciliation.CAUSE_WORDS, href=f"/reconciliation/{quote(code)}",
            case=next(
                (case for case in _cases(tx) if cause and case.cause_key == reconciliation.cause_key(code, cause)), None
            ),
        )  # fmt: skip
