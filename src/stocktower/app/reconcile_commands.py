"""Commands of reconciliation: compare again, how each system agrees with us, and the lines that differ, with why."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter
from cyclopts.validators import Number

from stocktower import access, catalog, network, reconciliation
from stocktower.app.options import HomeOption, JsonFlag, actor, opened
from stocktower.app.output import CommandFailed, out, say_json, say_table
from stocktower.app.reads import find_sku

app = App(name="reconcile", help="Compare stock with what other systems state of it; nothing is changed by it.")

SystemOption = Annotated[str | None, Parameter(name="--system", help="Code of one system; else all.")]
CauseOption = Annotated[str | None, Parameter(name="--cause", help="Only lines of this cause.")]
LimitOption = Annotated[int, Parameter(validator=Number(gte=1, lte=100_000), help="Lines that are shown.")]


class LineView(msgspec.Struct, frozen=True):
    """A line that differs, with both figures as of the instant."""

    sku: str
    site: str
    status: str
    lot: str
    as_of: datetime
    ours: int
    recorded: int
    theirs: int
    delta: int
    cause: str
    confidence: int
    reason: str
    trend: str
    since_at: datetime
    within: bool
    value_minor: int
    evidence: dict[str, Any]


@app.command
def run(*, system: SystemOption = None, home: HomeOption = None, json: JsonFlag = False) -> None:
    """Compare the newest statement of each system once more: what was recorded or mapped since counts."""
    with opened(home) as tower, tower.transaction(actor()) as tx:
        try:
            runs = reconciliation.compare_again(tx, system or "")
        except reconciliation.UnknownSystem as error:
            raise CommandFailed(str(error), code=3) from None
        codes = {one.row.system_id: one.system.code for one in reconciliation.load_status(tx) if one.row is not None}
        data = {"system": system or "all", "runs": [run.run_id for run in runs]}
        access.record_act(tx, "reconciliation.run", "system", 0, data)
    if json:
        say_json({"runs": runs})
        return
    rows = [
        (codes.get(one.system_id, ""), one.as_of.strftime("%Y-%m-%d %H:%M"), one.compared, one.matched, one.within,
         one.different, one.unknown, one.resolved, one.units_apart)
        for one in runs
    ]  # fmt: skip
    columns = ("System", "As of", ">Lines", ">Agree", ">Within", ">Differ", ">Unknown", ">Resolved", ">Units apart")
    say_table("Compared", columns, rows, empty="no system has sent a statement: stocktower import statement FILE")


@app.command
def status(*, system: SystemOption = None, home: HomeOption = None, json: JsonFlag = False) -> None:
    """How each system agrees with us: its last statement, the match rate, and what stands by cause."""
    with opened(home) as tower, tower.reading() as tx:
        found = reconciliation.load_status(tx, system or "")
    if system and not found:
        raise CommandFailed(f"--system {system}: not a system of the applied configuration", code=3)
    if json:
        say_json({"systems": found})
        return
    if not found:
        out.print("No system is configured: add one under [[systems]], and apply.")
    for one in found:
        said = "never compared" if one.run is None else (
            f"as of {one.run.as_of:%Y-%m-%d %H:%M} UTC: {one.run.share_of_lines:.1%} of {one.run.compared:,} lines and "
            f"{one.run.share_of_units:.1%} of the units agree, {one.run.unknown:,} lines unknown"
        )  # fmt: skip
        rows = [
            (group.cause, group.lines, group.units, group.value_minor, group.since_at.strftime("%Y-%m-%d %H:%M"))
            for group in one.groups
        ]
        columns = ("Cause", ">Lines", ">Units", ">Value (minor)", "Since")
        say_table(f"{one.system.code}: {said}", columns, rows, empty="nothing stands between us")


@app.command
def show(
    system: str,
    /,
    *,
    cause: CauseOption = None,
    sku: Annotated[str | None, Parameter(help="Only lines of this SKU.")] = None,
    limit: LimitOption = 50,
    home: HomeOption = None,
    json: JsonFlag = False,
) -> None:
    """The lines that differ from SYSTEM, with both figures as of the instant, the likely cause and why."""
    if cause is not None and cause not in set(reconciliation.Cause):
        raise CommandFailed(f"--cause {cause}: not a cause; one of {', '.join(sorted(reconciliation.Cause))}")
    with opened(home) as tower, tower.reading() as tx:
        found = reconciliation.load_status(tx, system)
        if not found or found[0].row is None:
            raise CommandFailed(f"{system}: not a system of the applied configuration", code=3)
        sku_id = find_sku(tx, sku).sku_id if sku else 0
        lines = reconciliation.load_lines(tx, found[0].row.system_id, cause=cause or "", sku_id=sku_id, limit=limit)
        codes = {one.sku_id: one.code for one in catalog.load_skus(tx, {line.sku_id for line, _ in lines}).values()}
        sites = {one.site_id: one.code for one in network.load_network(tx).sites.values()}
        views = [view_of(line, as_of, codes, sites) for line, as_of in lines]
        unknown = reconciliation.load_unknown(tx, found[0].run.run_id, limit=limit) if found[0].run else []
    if json:
        say_json({"system": system, "lines": views, "unknown": unknown})
        return
    columns = ("SKU", "Site", "Status", ">Ours", ">Theirs", ">Apart", "Cause", ">Sure %", "Why", "Trend")
    rows = [
        (one.sku, one.site, one.status + (f" {one.lot}" if one.lot else ""), one.ours, one.theirs, one.delta, one.cause,
         one.confidence, one.reason, one.trend)
        for one in views
    ]  # fmt: skip
    say_table(f"{system}: lines that differ", columns, rows, empty="none")
    if unknown and cause in (None, reconciliation.Cause.MAPPING):
        said = [
            (one.row_no, one.sku, one.location, one.quantity, reconciliation.PROBLEMS.get(one.problem, one.problem))
            for one in unknown
        ]
        say_table("Lines that name nothing of ours", (">Row", "SKU", "Place", ">Quantity", "Why"), said, empty="none")


def view_of(line: reconciliation.Difference, as_of: datetime, codes: dict[int, str], sites: dict[int, str]) -> LineView:
    """A line in codes, with its evidence."""
    evidence: dict[str, Any] = msgspec.json.decode(line.evidence)
    return LineView(
        codes.get(line.sku_id, ""), sites.get(line.site_id, ""), line.status, line.lot, as_of, line.ours, line.recorded,
        line.theirs, line.delta, line.cause, line.confidence, str(evidence.pop("reason", "")), line.trend,
        line.since_at, line.within, line.value_minor, evidence,
    )  # fmt: skip
