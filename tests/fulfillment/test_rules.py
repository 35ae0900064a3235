"""A request's figures never add up to more than was asked, whatever sites report."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stocktower.fulfillment import Report, ReportKind, Request, RequestLine, RequestState, cancel_units, decide_report
from stocktower.fulfillment.rules import derive_state

AT = datetime(2026, 6, 1, tzinfo=UTC)


def request(*quantities: int) -> Request:
    """A request for lines 1, 2, ..."""
    lines = [RequestLine(line_no, 100 + line_no, units) for line_no, units in enumerate(quantities, start=1)]
    until = AT + timedelta(hours=24)
    return Request(
        1, 1, "1-F1", 1, 1, RequestState.RELEASED, AT, until, None, None, None, "", "", sum(quantities), lines
    )  # fmt: skip


REPORTS = st.builds(
    Report,
    kind=st.sampled_from(list(ReportKind)),
    occurred_at=st.integers(0, 100).map(lambda minutes: AT + timedelta(minutes=minutes)),
    units=st.none() | st.dictionaries(st.integers(1, 4), st.integers(1, 9), min_size=1),
    by=st.sampled_from(["site", "site", "site", "channel"]),
)
STEPS = st.lists(REPORTS | st.tuples(st.integers(1, 4), st.integers(1, 9)), max_size=15)


@given(st.lists(st.integers(1, 8), min_size=1, max_size=3), STEPS)
def test_figures_stay_inside_what_was_asked(quantities: list[int], steps: list[Report | tuple[int, int]]) -> None:
    known = request(*quantities)
    for step in steps:
        shipped = [line.shipped for line in known.lines]
        if isinstance(step, tuple):
            back = cancel_units(known, *step)
            assert 0 <= back <= step[1]
        else:
            effect = decide_report(known, step)
            for problem in effect.problems:
                assert 0 <= problem.taken < problem.stated
            if step.kind == ReportKind.SHIPPED:
                moved = dict(effect.moved)
                after = [line.shipped - was for line, was in zip(known.lines, shipped, strict=True)]
                assert [moved.get(line.line_no, 0) for line in known.lines] == after
        for line, was in zip(known.lines, shipped, strict=True):
            assert line.shipped >= was
            assert min(line.picked, line.packed, line.shipped, line.short, line.cancelled, line.outstanding) >= 0
            assert line.shipped <= line.packed <= line.picked <= line.live
        assert known.state == derive_state(known)


def test_what_the_channel_said_is_confirmed_by_the_site_once() -> None:
    known = request(5)
    decide_report(known, Report(ReportKind.SHIPPED, AT, {1: 3}, by="channel"))
    effect = decide_report(known, Report(ReportKind.SHIPPED, AT, {1: 2}, tracking="S"))
    assert (effect.changed, effect.moved, effect.problems) == (True, (), ())
    effect = decide_report(known, Report(ReportKind.SHIPPED, AT, {1: 2}, tracking="T"))
    assert effect.moved == ((1, 1),)
    assert effect.problems == ()
    assert (known.lines[0].shipped, known.tracking, known.lines[0].ahead) == (4, "S, T", 0)


def test_a_report_of_everything_needs_no_lines() -> None:
    known = request(2, 3)
    effect = decide_report(known, Report(ReportKind.SHIPPED, AT))
    assert effect.moved == ((1, 2), (2, 3))
    assert known.state == RequestState.SHIPPED
    assert not decide_report(known, Report(ReportKind.SHIPPED, AT)).changed


def test_an_acknowledgement_after_shipment_is_no_news() -> None:
    known = request(2)
    decide_report(known, Report(ReportKind.SHIPPED, AT))
    assert not decide_report(known, Report(ReportKind.ACKNOWLEDGED, AT)).changed


def test_what_is_picked_cannot_be_called_back() -> None:
    known = request(5)
    decide_report(known, Report(ReportKind.PICKED, AT, {1: 3}))
    assert cancel_units(known, 1, 5) == 2
    assert (known.lines[0].outstanding, known.state) == (3, RequestState.PICKED)
