"""The worklist owns cases: one open case a cause, who waits for it, what was done about it.

A case is opened and gets waiters by `raise_cases`, and closes when somebody resolves it or its last waiter leaves; then
nothing waits for it any more. It is data only: an act is a name, and the edge knows the command behind it.
"""

from .kinds import ACTIONS, KINDS, KindText, kind_text
from .model import (
    Case,
    CaseDetail,
    CaseFilter,
    CasePage,
    CaseWaiter,
    HistoryEntry,
    KindCount,
    Raise,
    Severity,
    Waiter,
    case_label,
    parse_case_number,
)
from .rules import Cause, severity
from .service import (
    RESOLVED_ITSELF,
    close_by_cause,
    close_case,
    close_cases,
    drop_waiters,
    leave_cases,
    note_act,
    raise_cases,
)
from .views import (
    count_kinds,
    load_case,
    load_case_by_id,
    load_cases,
    load_cases_by_id,
    load_cases_of,
    load_open_cases_of,
    load_waiters,
    load_waiting,
)

__all__ = [
    "ACTIONS",
    "KINDS",
    "RESOLVED_ITSELF",
    "Case",
    "CaseDetail",
    "CaseFilter",
    "CasePage",
    "CaseWaiter",
    "Cause",
    "HistoryEntry",
    "KindCount",
    "KindText",
    "Raise",
    "Severity",
    "Waiter",
    "case_label",
    "close_by_cause",
    "close_case",
    "close_cases",
    "count_kinds",
    "drop_waiters",
    "kind_text",
    "leave_cases",
    "load_case",
    "load_case_by_id",
    "load_cases",
    "load_cases_by_id",
    "load_cases_of",
    "load_open_cases_of",
    "load_waiters",
    "load_waiting",
    "note_act",
    "parse_case_number",
    "raise_cases",
    "severity",
]
