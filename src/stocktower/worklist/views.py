"""Cases as pages and the API read them."""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from stocktower.platform import Transaction

from . import store
from .kinds import kind_text
from .model import Case, CaseDetail, CaseFilter, CasePage, CaseWaiter, KindCount
from .rules import assess, in_order, severity

WAITERS_SHOWN = 100


def load_cases(tx: Transaction, filters: CaseFilter, *, limit: int = 50, offset: int = 0) -> CasePage:
    """A page of cases: open ones in the order asked for, closed ones by when they were closed."""
    if filters.state == "closed":
        total = store.count_closed_cases(tx, filters.kind, filters.role)
        return CasePage(_assess(tx, store.load_closed_cases(tx, filters.kind, filters.role, limit, offset)), total)
    # Cases are by cause, so the open ones are few however much waits; their severity depends on the clock.
    found = in_order(_assess(tx, store.load_open_cases(tx, filters.kind, filters.role)), filters.sort)
    return CasePage(tuple(found[offset : offset + limit]), len(found))


def load_case(tx: Transaction, number: int) -> CaseDetail | None:
    """The case with a number, with what waits, its history, what fixes it and the acts allowed; None: no such case."""
    case_id = store.find_case(tx, number)
    return None if case_id is None else load_case_by_id(tx, case_id)


def load_case_by_id(tx: Transaction, case_id: int) -> CaseDetail | None:
    """The case with an id; None: no such case."""
    found = _assess(tx, store.load_cases_by_id(tx, [case_id]))
    if not found:
        return None
    text = kind_text(found[0].kind)
    return CaseDetail(
        case=found[0],
        waiters=tuple(store.load_waiters(tx, case_id, WAITERS_SHOWN, 0)),
        history=tuple(store.load_history(tx, case_id)),
        fix=text.fix,
        actions=text.actions if found[0].state == "open" else (),
    )


def load_cases_by_id(tx: Transaction, case_ids: Collection[int]) -> list[Case]:
    """Some cases, in the order of their numbers; those that are not known are missing."""
    return list(_assess(tx, store.load_cases_by_id(tx, sorted(case_ids)))) if case_ids else []


def load_cases_of(tx: Transaction, subject: str, subject_id: int) -> list[Case]:
    """The cases that one object waits for, or waited for, in the order of their numbers."""
    ids = sorted({case_id for _, case_id, _ in store.load_case_ids_of(tx, subject, [subject_id])})
    return list(_assess(tx, store.load_cases_by_id(tx, ids))) if ids else []


def load_open_cases_of(tx: Transaction, subject: str, subject_ids: Sequence[int]) -> dict[int, list[Case]]:
    """The open cases that each of some objects waits for; only those that wait are in the answer."""
    waits = [
        (subject_id, case_id)
        for subject_id, case_id, waiting in store.load_case_ids_of(tx, subject, subject_ids)
        if waiting
    ]
    cases = {case.case_id: case for case in _assess(tx, store.load_cases_by_id(tx, [case_id for _, case_id in waits]))}
    found: dict[int, list[Case]] = {}
    for subject_id, case_id in waits:
        if cases[case_id].state == "open":
            found.setdefault(subject_id, []).append(cases[case_id])
    return found


def load_waiters(tx: Transaction, case_id: int, *, limit: int = WAITERS_SHOWN, offset: int = 0) -> list[CaseWaiter]:
    """A page of what a case holds up or held up: what still waits first, then the soonest due."""
    return store.load_waiters(tx, case_id, limit, offset)


def load_waiting(tx: Transaction, kind: str, cause_keys: Sequence[str], subject: str) -> dict[str, list[int]]:
    """The ids of one sort of object that wait for the open cases of some causes, by cause key."""
    found: dict[str, list[int]] = {}
    for key, subject_id in store.load_waiting_subjects(tx, str(kind), cause_keys, subject):
        found.setdefault(key, []).append(subject_id)
    return found


def count_kinds(tx: Transaction) -> list[KindCount]:
    """The open cases by kind with the units and the money at risk, the most money first."""
    return [
        replace(item, severity=severity(item.money_minor, item.at_risk_at, tx.now))
        for item in store.count_open_kinds(tx)
    ]


def _assess(tx: Transaction, cases: Sequence[Case]) -> tuple[Case, ...]:
    return tuple(assess(cases, tx.now))
