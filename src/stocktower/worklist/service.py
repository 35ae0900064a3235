"""Commands on cases, inside the caller's transaction and set-based.

Locks: each call takes those of its causes in one order, and keeps them until the transaction ends. A command that makes
one call cannot meet another in a circle; so gather the raises of a batch into one call, after the locks on stock.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from stocktower.model import Configuration, case_policy
from stocktower.platform import Event, Transaction

from . import store
from .model import NOTHING, Raise
from .rules import Cause, merge

RESOLVED_ITSELF = "resolved itself"
MANY = 100
"""Causes, of more than which it is asked first whether anything of their kind is open at all."""


def raise_cases(tx: Transaction, configuration: Configuration, raises: Sequence[Raise]) -> dict[Cause, int]:
    """Open a case for each cause that has none open, add the waiters to it, and give back the case id of each cause.

    Concurrent raises of one cause meet in one case; the case stays locked until the transaction ends.
    """
    merged = merge(raises)
    if not merged:
        return {}
    causes = list(merged)
    store.lock_causes(tx, causes)
    known = store.load_open_causes(tx, causes)
    fresh = [merged[cause] for cause in causes if cause not in known]
    opened = _open(tx, configuration, fresh) if fresh else set[Cause]()
    case_ids = store.lock_open_causes(tx, causes)
    again = [(case_ids[cause], item.title, item.data) for cause, item in merged.items() if cause not in opened]
    if again:
        store.restate_cases(tx, again)
    _add_waiters(tx, merged, case_ids)
    return {cause: case_ids[cause] for cause in merged}


def _open(tx: Transaction, configuration: Configuration, raises: Sequence[Raise]) -> set[Cause]:
    """Open cases, with an entry in their history and an event; gives back the causes that were really opened."""
    numbers = store.take_numbers(tx, len(raises))
    ids = tx.new_ids(len(raises))
    fresh: list[store.NewCase] = []
    for item, case_id, number in zip(raises, ids, numbers, strict=True):
        policy = case_policy(configuration, item.kind)
        due_at = tx.now + timedelta(hours=policy.sla_hours)
        fresh.append(
            store.NewCase(case_id, number, str(item.kind), item.cause_key, item.title, policy.role, due_at, item.data)
        )
    opened = store.insert_cases(tx, fresh)
    if opened:
        store.add_history(tx, [case.case_id for case in opened], tx.actor, "opened", {})
        tx.emit_all(_event(tx, "case.opened", case.case_id, msgspec.to_builtins(case)) for case in opened)
    return {(case.kind, case.cause_key) for case in opened}


def _add_waiters(tx: Transaction, merged: Mapping[Cause, Raise], case_ids: Mapping[Cause, int]) -> None:
    rows = [
        store.WaiterRow(
            case_ids[cause], waiter.subject, waiter.subject_id, waiter.units, waiter.money_minor, waiter.due_at
        )
        for cause, item in merged.items()
        for waiter in item.waiters
    ]
    if rows:
        store.upsert_waiters(tx, rows)


def close_case(tx: Transaction, case_id: int, outcome: str, by: str = "") -> bool:
    """Close one case and let go all that waits for it; False where it is not open. `by`: the transaction's actor."""
    return bool(close_cases(tx, [case_id], outcome, by))


def close_cases(tx: Transaction, case_ids: Sequence[int], outcome: str, by: str = "") -> list[int]:
    """Close the open ones of some cases; gives back which."""
    return _close(tx, _lock(tx, store.load_causes(tx, case_ids)), outcome, by) if case_ids else []


def close_by_cause(tx: Transaction, kind: str, cause_keys: Sequence[str], outcome: str, by: str = "") -> list[int]:
    """Close the open cases of some causes of one kind; gives back which."""
    if not cause_keys:
        return []
    if len(cause_keys) > MANY and not store.has_open(tx, kind):
        return []
    causes = [(str(kind), key) for key in sorted(set(cause_keys))]
    if not store.load_open_causes(tx, causes):
        return []
    store.lock_causes(tx, causes)
    return _close(tx, store.lock_cases(tx, list(store.lock_open_causes(tx, causes).values())), outcome, by)


def drop_waiters(tx: Transaction, items: Sequence[tuple[str, int]], kinds: Sequence[str]) -> list[int]:
    """(subject, id) pairs wait no longer for cases of these kinds; a case whose last waiter left closes by itself.

    Gives back the cases that closed. Costs one look where nothing waits.
    """
    if not items or not kinds:
        return []
    waited_for = store.load_cases_waited_for(tx, items, [str(kind) for kind in kinds])
    if not waited_for:
        return []
    locked = _lock(tx, waited_for)
    case_ids = [case.case_id for case in locked]
    if not case_ids:
        return []
    store.record_left(tx, case_ids, items)
    empty = store.load_empty_cases(tx, case_ids)
    return _close(tx, [case for case in locked if case.case_id in empty], RESOLVED_ITSELF, "")


def leave_cases(tx: Transaction, items: Sequence[tuple[str, str, str, int]]) -> list[int]:
    """(kind, cause key, subject, id): each waits no longer for that one cause; else like drop_waiters."""
    if not items:
        return []
    waited_for = store.load_cases_left(tx, items)
    if not waited_for:
        return []
    locked = _lock(tx, waited_for)
    case_ids = [case.case_id for case in locked]
    if not case_ids:
        return []
    store.record_left_cases(tx, case_ids, items)
    empty = store.load_empty_cases(tx, case_ids)
    return _close(tx, [case for case in locked if case.case_id in empty], RESOLVED_ITSELF, "")


def note_act(tx: Transaction, case_id: int, act: str, by: str = "", data: dict[str, Any] = NOTHING) -> None:
    """Write into the history of a case what was tried or done about it; it may be closed already."""
    _lock(tx, store.load_causes(tx, [case_id]))
    store.add_history(tx, [case_id], by or tx.actor, act, data)


def _lock(tx: Transaction, cases: Sequence[store.CaseKey]) -> list[store.CaseKey]:
    """Those of the cases that are open once nobody else changes them."""
    store.lock_causes(tx, [(case.kind, case.cause_key) for case in cases])
    return store.lock_cases(tx, [case.case_id for case in cases])


def _close(tx: Transaction, cases: Sequence[store.CaseKey], outcome: str, by: str) -> list[int]:
    """Close cases that are locked and open."""
    case_ids = [case.case_id for case in cases]
    if not case_ids:
        return []
    actor = by or tx.actor
    store.record_closed(tx, case_ids, outcome, actor)
    store.add_history(tx, case_ids, actor, "closed", {"outcome": outcome})
    tx.emit_all(
        _event(tx, "case.closed", case.case_id, {**msgspec.to_builtins(case), "outcome": outcome}) for case in cases
    )
    return case_ids


def _event(tx: Transaction, kind: str, case_id: int, data: dict[str, Any]) -> Event:
    return Event(kind=kind, subject="case", subject_id=case_id, occurred_at=tx.now, data=msgspec.json.encode(data))
