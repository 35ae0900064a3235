"""The statements of the room, one typed function each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from stocktower.platform import Transaction, load_queries

from .model import Case, CaseWaiter, HistoryEntry, KindCount
from .rules import Cause

_Q = load_queries(__package__)

# The server's table of locks is shared and small: whoever changes more causes at once takes one lock on all of them.
MOST_LOCKS = 400


class NewCase(msgspec.Struct, frozen=True):
    """A case about to be opened."""

    case_id: int
    number: int
    kind: str
    cause_key: str
    title: str
    role: str
    due_at: datetime
    data: dict[str, Any] = {}


class CaseKey(msgspec.Struct, frozen=True):
    """A case and its cause."""

    case_id: int
    number: int
    kind: str
    cause_key: str


class WaiterRow(msgspec.Struct, frozen=True):
    """A waiter of one case, as it is written."""

    case_id: int
    subject: str
    subject_id: int
    units: int
    money_minor: int
    due_at: datetime | None


def _causes(causes: Sequence[Cause]) -> dict[str, list[str]]:
    return {"kinds": [kind for kind, _ in causes], "cause_keys": [key for _, key in causes]}


def _items(items: Sequence[tuple[str, int]]) -> dict[str, list[Any]]:
    return {"subjects": [subject for subject, _ in items], "subject_ids": [subject_id for _, subject_id in items]}


def _case(row: tuple[Any, ...]) -> Case:
    columns = [*row]
    columns[12] = msgspec.json.decode(columns[12])
    return Case(*columns)


def lock_causes(tx: Transaction, causes: Sequence[Cause]) -> None:
    """Wait until nobody else changes the cases of these causes."""
    if len(causes) > MOST_LOCKS:
        tx.execute(_Q.lock_all_causes)
    else:
        tx.execute(_Q.share_all_causes)
        tx.execute(_Q.lock_causes, **_causes(causes))


def load_causes(tx: Transaction, case_ids: Sequence[int]) -> list[CaseKey]:
    """The causes of some cases."""
    return tx.fetch(_Q.load_causes, CaseKey, case_ids=list(case_ids))


def has_open(tx: Transaction, kind: str) -> bool:
    """Whether any case of a kind is open, without a lock."""
    return bool(tx.value(_Q.has_open, kind=str(kind)))


def load_open_causes(tx: Transaction, causes: Sequence[Cause]) -> set[Cause]:
    """Which causes have an open case, without a lock."""
    return {(kind, key) for kind, key in tx.tuples(_Q.load_open_causes, **_causes(causes))}


def take_numbers(tx: Transaction, count: int) -> list[int]:
    """New case numbers, ascending."""
    return tx.values(_Q.take_numbers, count=count)


def insert_cases(tx: Transaction, cases: Sequence[NewCase]) -> list[NewCase]:
    """Open cases; those that were really opened come back (without their data)."""
    return tx.fetch(
        _Q.insert_cases,
        NewCase,
        case_ids=[case.case_id for case in cases],
        numbers=[case.number for case in cases],
        kinds=[case.kind for case in cases],
        cause_keys=[case.cause_key for case in cases],
        titles=[case.title for case in cases],
        roles=[case.role for case in cases],
        due_ats=[case.due_at for case in cases],
        datas=[msgspec.json.encode(case.data).decode() for case in cases],
    )


def lock_open_causes(tx: Transaction, causes: Sequence[Cause]) -> dict[Cause, int]:
    """The ids of the open cases of some causes, locked."""
    return {(kind, key): case_id for kind, key, case_id in tx.tuples(_Q.lock_open_causes, **_causes(causes))}


def restate_cases(tx: Transaction, rows: Sequence[tuple[int, str, dict[str, Any]]]) -> None:
    """The title and data of open cases, as last stated: (case_id, title, data)."""
    tx.execute(
        _Q.restate_cases,
        case_ids=[case_id for case_id, _, _ in rows],
        titles=[title for _, title, _ in rows],
        datas=[msgspec.json.encode(data).decode() for _, _, data in rows],
    )


def upsert_waiters(tx: Transaction, rows: Sequence[WaiterRow]) -> None:
    """Who waits for which case."""
    tx.execute(
        _Q.upsert_waiters,
        case_ids=[row.case_id for row in rows],
        subjects=[row.subject for row in rows],
        subject_ids=[row.subject_id for row in rows],
        units=[row.units for row in rows],
        money_minors=[row.money_minor for row in rows],
        due_ats=[row.due_at for row in rows],
    )


def load_cases_waited_for(tx: Transaction, items: Sequence[tuple[str, int]], kinds: Sequence[str]) -> list[CaseKey]:
    """The open cases of some kinds that (subject, id) pairs wait for."""
    return tx.fetch(_Q.load_cases_waited_for, CaseKey, kinds=list(kinds), **_items(items))


def lock_cases(tx: Transaction, case_ids: Sequence[int]) -> list[CaseKey]:
    """The open ones of some cases, locked."""
    return tx.fetch(_Q.lock_cases, CaseKey, case_ids=list(case_ids))


def load_cases_left(tx: Transaction, items: Sequence[tuple[str, str, str, int]]) -> list[CaseKey]:
    """The open cases that objects wait for, given as (kind, cause key, subject, id)."""
    return tx.fetch(_Q.load_cases_left, CaseKey, **_left(items))


def record_left_cases(tx: Transaction, case_ids: Sequence[int], items: Sequence[tuple[str, str, str, int]]) -> None:
    """(kind, cause key, subject, id) wait no longer, where the case is one of these."""
    tx.execute(_Q.record_left_cases, case_ids=list(case_ids), **_left(items))


def _left(items: Sequence[tuple[str, str, str, int]]) -> dict[str, list[Any]]:
    return {
        "kinds": [kind for kind, _, _, _ in items],
        "cause_keys": [cause_key for _, cause_key, _, _ in items],
        "subjects": [subject for _, _, subject, _ in items],
        "subject_ids": [subject_id for _, _, _, subject_id in items],
    }


def record_left(tx: Transaction, case_ids: Sequence[int], items: Sequence[tuple[str, int]]) -> None:
    """(subject, id) pairs wait no longer for these cases."""
    tx.execute(_Q.record_left, case_ids=list(case_ids), **_items(items))


def load_empty_cases(tx: Transaction, case_ids: Sequence[int]) -> set[int]:
    """Which of these cases nobody waits for."""
    return set(tx.values(_Q.load_empty_cases, case_ids=list(case_ids)))


def record_closed(tx: Transaction, case_ids: Sequence[int], outcome: str, closed_by: str) -> None:
    """Close cases, and let go what waits for them."""
    tx.execute(_Q.record_closed, case_ids=list(case_ids), outcome=outcome, closed_by=closed_by)
    tx.execute(_Q.record_all_left, case_ids=list(case_ids))


def add_history(tx: Transaction, case_ids: Sequence[int], actor: str, act: str, data: dict[str, Any]) -> None:
    """The same entry to the history of each of these cases, which the caller has locked."""
    tx.execute(_Q.add_history, case_ids=list(case_ids), actor=actor, act=act, data=msgspec.json.encode(data).decode())


def load_open_cases(tx: Transaction, kind: str, role: str) -> list[Case]:
    """Every open case of a kind and role (empty: all)."""
    return [_case(row) for row in tx.tuples(_Q.load_open_cases, kind=kind, role=role)]


def load_closed_cases(tx: Transaction, kind: str, role: str, limit: int, offset: int) -> list[Case]:
    """A page of the closed cases of a kind and role (empty: all), the last closed first."""
    return [_case(row) for row in tx.tuples(_Q.load_closed_cases, kind=kind, role=role, limit=limit, offset=offset)]


def count_closed_cases(tx: Transaction, kind: str, role: str) -> int:
    """How many cases of a kind and role (empty: all) are closed."""
    return tx.value(_Q.count_closed_cases, kind=kind, role=role) or 0


def load_cases_by_id(tx: Transaction, case_ids: Sequence[int]) -> list[Case]:
    """Cases by id, in the order of their numbers."""
    return [_case(row) for row in tx.tuples(_Q.load_cases_by_id, case_ids=list(case_ids))]


def find_case(tx: Transaction, number: int) -> int | None:
    """The id of the case with a number."""
    return tx.value(_Q.find_case, number=number)


def load_case_ids_of(tx: Transaction, subject: str, subject_ids: Sequence[int]) -> list[tuple[int, int, bool]]:
    """(subject id, case id, still waits) of every case that some objects wait or waited for."""
    return [
        (subject_id, case_id, waits)
        for subject_id, case_id, waits in tx.tuples(_Q.load_case_ids_of, subject=subject, subject_ids=list(subject_ids))
    ]


def load_waiters(tx: Transaction, case_id: int, limit: int, offset: int) -> list[CaseWaiter]:
    """A page of what a case holds up, or held up."""
    return tx.fetch(_Q.load_waiters, CaseWaiter, case_id=case_id, limit=limit, offset=offset)


def load_waiting_subjects(tx: Transaction, kind: str, cause_keys: Sequence[str], subject: str) -> list[tuple[str, int]]:
    """(cause key, subject id) of all of one sort that wait for open cases of some causes."""
    return [
        (key, subject_id)
        for key, subject_id in tx.tuples(
            _Q.load_waiting_subjects, kind=kind, cause_keys=list(cause_keys), subject=subject
        )
    ]


def load_history(tx: Transaction, case_id: int) -> list[HistoryEntry]:
    """What was done about a case, in order."""
    return [
        HistoryEntry(sequence, at, actor, act, msgspec.json.decode(data))
        for sequence, at, actor, act, data in tx.tuples(_Q.load_history, case_id=case_id)
    ]


def count_open_kinds(tx: Transaction) -> list[KindCount]:
    """The open cases by kind, the most money first."""
    return tx.fetch(_Q.count_open_kinds, KindCount)
