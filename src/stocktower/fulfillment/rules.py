"""Pure decisions on requests: what a report changes, what can still be called back, and the state that follows."""

from collections.abc import Iterable

from .model import Effect, Problem, Report, ReportKind, Request, RequestLine, RequestState

NO_EFFECT = Effect(changed=False)
BY_CHANNEL = "channel"


def derive_state(request: Request) -> RequestState:
    """The state that a request's figures amount to."""
    live = shipped = picked = packed = 0
    for line in request.lines:
        live += line.quantity - line.short - line.cancelled
        shipped += line.shipped
        picked += line.picked
        packed += line.packed
    if live == 0:
        return RequestState.CANCELLED
    if shipped == live:
        return RequestState.SHIPPED
    if shipped:
        return RequestState.PARTIALLY_SHIPPED
    if packed == live:
        return RequestState.PACKED
    if picked == live:
        return RequestState.PICKED
    return RequestState.ACKNOWLEDGED if request.acknowledged_at is not None else RequestState.RELEASED


def decide_report(request: Request, report: Report) -> Effect:
    """Take a report over into a request, as far as the request goes; a report of an earlier state changes nothing."""
    kind = report.kind
    if kind == ReportKind.ACKNOWLEDGED:
        if request.acknowledged_at is not None or not request.is_open:
            return NO_EFFECT
        request.acknowledged_at = report.occurred_at
        request.state = derive_state(request)
        return Effect(changed=True)
    take = {
        ReportKind.PICKED: _pick,
        ReportKind.PACKED: _pack,
        ReportKind.SHORT_PICKED: _miss,
        ReportKind.SHIPPED: _ship,
    }[ReportKind(kind)]
    moved: list[tuple[int, int]] = []
    problems: list[Problem] = []
    repeated = 0
    for line, stated in _stated(request, report, problems):
        told = _hear_again(line, stated, report)
        units = line.outstanding if stated is None else stated - told
        taken = take(line, units)
        repeated += told
        if taken:
            moved.append((line.line_no, taken))
        # Picking what is picked already, or shipped, is a late word and no problem.
        if stated is not None and taken < units and kind in (ReportKind.SHIPPED, ReportKind.SHORT_PICKED):
            problems.append(Problem(line.line_no, stated, told + taken, "more than outstanding"))
        if taken and kind == ReportKind.SHIPPED and report.by == BY_CHANNEL:
            line.ahead += taken
    if moved or repeated:
        _note(request, report)
    return Effect(bool(moved or repeated), tuple(moved), tuple(problems))


def _hear_again(line: RequestLine, stated: int | None, report: Report) -> int:
    """Units of a site's report that its channel had told of before: they do not move again."""
    if report.kind != ReportKind.SHIPPED or report.by == BY_CHANNEL:
        return 0
    told = line.ahead if stated is None else min(stated, line.ahead)
    line.ahead -= told
    return told


def cancel_units(request: Request, line_no: int, units: int) -> int:
    """Call back units of a line that are not picked yet; gives back how many could be."""
    for line in request.lines:
        if line.line_no == line_no:
            free = min(units, line.quantity - line.short - line.cancelled - max(line.picked, line.shipped))
            if free > 0:
                line.cancelled += free
                request.state = derive_state(request)
                return free
    return 0


def _stated(request: Request, report: Report, problems: list[Problem]) -> Iterable[tuple[RequestLine, int | None]]:
    """The lines that a report is about, with the units stated (None: all that is outstanding)."""
    if report.units is None:
        return [(line, None) for line in request.lines]
    lines = {line.line_no: line for line in request.lines}
    problems.extend(
        Problem(line_no, units, 0, "not in the request")
        for line_no, units in report.units.items()
        if line_no not in lines
    )
    return [(line, report.units[line_no]) for line_no, line in lines.items() if line_no in report.units]


def _pick(line: RequestLine, units: int) -> int:
    taken = max(0, min(units, line.live - line.picked))
    line.picked += taken
    return taken


def _pack(line: RequestLine, units: int) -> int:
    taken = max(0, min(units, line.live - line.packed))
    line.packed += taken
    line.picked = max(line.picked, line.packed)
    return taken


def _miss(line: RequestLine, units: int) -> int:
    taken = max(0, min(units, line.outstanding))
    line.short += taken
    line.picked = min(line.picked, line.live)
    line.packed = min(line.packed, line.picked)
    return taken


def _ship(line: RequestLine, units: int) -> int:
    taken = max(0, min(units, line.outstanding))
    line.shipped += taken
    line.packed = max(line.packed, line.shipped)
    line.picked = max(line.picked, line.packed)
    return taken


def _note(request: Request, report: Report) -> None:
    """What every report that says something new also says: the first carrier stands, every tracking number is kept."""
    if request.acknowledged_at is None:
        request.acknowledged_at = report.occurred_at
    if report.kind == ReportKind.SHORT_PICKED:
        request.short_at = max(report.occurred_at, request.short_at or report.occurred_at)
    if report.kind == ReportKind.SHIPPED:
        request.shipped_at = report.occurred_at
        request.carrier = request.carrier or report.carrier
        if report.tracking and report.tracking not in request.tracking.split(", "):
            request.tracking = f"{request.tracking}, {report.tracking}" if request.tracking else report.tracking
    request.state = derive_state(request)
