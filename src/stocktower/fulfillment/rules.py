"""Pure decisions on requests: what a report changes, what can still be called back, and the state that follows."""

from collections.abc import Iterable

from .model import Effect, Problem, Report, ReportKind, Request, RequestLine, RequestState

NO_EFFECT = Effect(changed=False)


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
    if kind == ReportKind.SHIPPED and report.by == "site" and request.shipped_by == "channel":
        return _confirm_word_of_channel(request, report)
    take = {
        ReportKind.PICKED: _pick,
        ReportKind.PACKED: _pack,
        ReportKind.SHORT_PICKED: _miss,
        ReportKind.SHIPPED: _ship,
    }[ReportKind(kind)]
    moved: list[tuple[int, int]] = []
    problems: list[Problem] = []
    for line, stated in _stated(request, report, problems):
        taken = take(line, line.outstanding if stated is None else stated)
        if taken:
            moved.append((line.line_no, taken))
        # Picking what is picked already, or shipped, is a late word and no problem.
        if stated is not None and taken < stated and kind in (ReportKind.SHIPPED, ReportKind.SHORT_PICKED):
            problems.append(Problem(line.line_no, stated, taken, "more than outstanding"))
    if moved:
        _note(request, report)
    return Effect(bool(moved), tuple(moved), tuple(problems))


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
    """What every report that moved units also says."""
    if request.acknowledged_at is None:
        request.acknowledged_at = report.occurred_at
    if report.kind == ReportKind.SHIPPED:
        request.shipped_at = report.occurred_at
        request.shipped_by = report.by
        _note_parcel(request, report)
    request.state = derive_state(request)


def _note_parcel(request: Request, report: Report) -> None:
    """The first carrier stands; every tracking number is kept."""
    request.carrier = request.carrier or report.carrier
    if report.tracking and report.tracking not in request.tracking.split(", "):
        request.tracking = f"{request.tracking}, {report.tracking}" if request.tracking else report.tracking


def _confirm_word_of_channel(request: Request, report: Report) -> Effect:
    """The site says itself what its channel had said: the parcel becomes known, what is more than that moves."""
    lines = {line.line_no: line for line in request.lines}
    moved: list[tuple[int, int]] = []
    problems: list[Problem] = []
    stated = report.units or {line_no: line.shipped + line.outstanding for line_no, line in lines.items()}
    for line_no, units in stated.items():
        line = lines.get(line_no)
        known = line.shipped if line else 0
        taken = _ship(line, units - known) if line else 0
        if taken:
            moved.append((line_no, taken))
        if units > known + taken:
            problems.append(
                Problem(line_no, units, known + taken, "more than outstanding" if line else "not in the request")
            )
    request.shipped_by = "site"
    _note_parcel(request, report)
    request.state = derive_state(request)
    return Effect(True, tuple(moved), tuple(problems))
